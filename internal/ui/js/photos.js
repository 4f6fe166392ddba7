// Shows chosen photographs before they are sent and lets each be taken back.

export function start(words) {
	for (const box of document.querySelectorAll("[data-photos-box]")) {
		const input = box.querySelector("input[type=file]");
		const list = document.createElement("ul");
		list.className = "previews";
		box.append(list);
		let urls = [];

		const draw = () => {
			urls.forEach(URL.revokeObjectURL);
			urls = [];
			list.replaceChildren(
				...[...input.files].map((file, i) => {
					const item = document.createElement("li");
					const image = document.createElement("img");
					image.src = URL.createObjectURL(file);
					image.alt = file.name;
					urls.push(image.src);
					const button = document.createElement("button");
					button.type = "button";
					button.textContent = words.remove;
					button.addEventListener("click", () => {
						const rest = new DataTransfer();
						[...input.files].forEach((f, n) => n !== i && rest.items.add(f));
						input.files = rest.files;
						draw();
						input.focus();
					});
					item.append(image, button);
					return item;
				}),
			);
		};
		input.addEventListener("change", draw);
	}
}
