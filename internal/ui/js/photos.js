// Sends chosen photographs at once, each with its progress, and lets each be tried again or taken back. One that has not
// arrived stays in the field and goes with the form, so that nobody has to wait.

export function start(words) {
	for (const box of document.querySelectorAll("[data-photos-box]")) begin(box, words);
}

function begin(box, words) {
	const input = box.querySelector("input[type=file]");
	const list = document.createElement("ul");
	list.className = "previews";
	box.append(list);
	let photos = [];

	// keep leaves in the field what has not arrived.
	const keep = () => {
		const rest = new DataTransfer();
		for (const photo of photos) if (!photo.id) rest.items.add(photo.file);
		input.files = rest.files;
	};

	const send = (photo) => {
		if (!box.dataset.upload) return;
		const body = new FormData();
		body.append("file", photo.file);
		const request = new XMLHttpRequest();
		photo.request = request;
		photo.bar.hidden = false;
		photo.retry.hidden = true;
		photo.says.textContent = "";
		request.upload.addEventListener("progress", (event) => (photo.bar.value = event.loaded / event.total));
		request.addEventListener("loadend", () => {
			photo.request = null;
			photo.bar.hidden = true;
			if (request.status !== 201) {
				photo.retry.hidden = false;
				photo.says.textContent = words.unsent;
				return;
			}
			photo.id = document.createElement("input");
			photo.id.type = "hidden";
			photo.id.name = input.name;
			photo.id.value = JSON.parse(request.responseText).id;
			photo.item.append(photo.id);
			photo.says.textContent = words.sent;
			keep();
		});
		request.open("POST", box.dataset.upload);
		request.setRequestHeader("Idempotency-Key", photo.key);
		request.send(body);
	};

	const add = (file) => {
		const photo = { file, key: `photo-${Date.now()}-${Math.random()}`, item: document.createElement("li") };
		const image = document.createElement("img");
		image.src = URL.createObjectURL(file);
		image.alt = file.name;
		photo.bar = document.createElement("progress");
		photo.bar.setAttribute("aria-label", file.name);
		photo.bar.hidden = true;
		photo.says = document.createElement("span");
		photo.says.setAttribute("role", "status");
		photo.retry = button(words.retry, () => send(photo));
		photo.retry.hidden = true;
		const remove = button(words.remove, () => {
			photo.request?.abort();
			photos = photos.filter((other) => other !== photo);
			photo.item.remove();
			URL.revokeObjectURL(image.src);
			keep();
			input.focus();
		});
		photo.item.append(image, photo.bar, photo.says, photo.retry, remove);
		list.append(photo.item);
		photos.push(photo);
		return photo;
	};

	const take = () => {
		const added = [...input.files].map(add);
		keep();
		added.forEach(send);
	};
	input.addEventListener("change", take);
	if (input.files.length) take(); // chosen before this script came
	input.form?.addEventListener("submit", () => photos.forEach((photo) => photo.request?.abort()));
}

function button(label, act) {
	const b = document.createElement("button");
	b.type = "button";
	b.textContent = label;
	b.addEventListener("click", act);
	return b;
}
