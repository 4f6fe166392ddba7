// Keeps what is typed into a form on this phone until it is sent: forms marked data-draft, by their id and address.
// Files, passwords, one-time codes and hidden fields are never kept. A draft older than a week is forgotten. Sending only
// marks a draft: it goes once another page has arrived (app.js), or this one with a newer version, so that a connection
// that breaks on the way loses nothing.

const week = 7 * 24 * 60 * 60 * 1000;
const skip = new Set(["hidden", "password", "file", "submit", "button"]);

const keyOf = (form) => "draft:" + location.pathname + "#" + form.id;

const versionOf = (form) => form.elements._version?.value;

function fieldsOf(form) {
	return [...form.elements].filter((el) => el.name && !skip.has(el.type) && el.autocomplete !== "one-time-code");
}

function read(form) {
	try {
		const kept = JSON.parse(localStorage.getItem(keyOf(form)));
		if (!kept) return null;
		if (Date.now() - kept.at > week || (kept.sent && kept.version !== versionOf(form))) {
			localStorage.removeItem(keyOf(form));
			return null;
		}
		return kept.values;
	} catch {
		return null;
	}
}

function write(form, sent = false) {
	const values = {};
	for (const el of fieldsOf(form)) {
		if (el.type === "checkbox" || el.type === "radio") {
			if (el.checked) (values[el.name] ??= []).push(el.value);
		} else if (el.value !== el.defaultValue) {
			values[el.name] = [el.value];
		}
	}
	try {
		if (Object.keys(values).length) localStorage.setItem(keyOf(form), JSON.stringify({ at: Date.now(), sent, version: versionOf(form), values }));
		else localStorage.removeItem(keyOf(form));
	} catch {
		// No room or no permission: the form works all the same.
	}
}

const changed = (el) => (el.type === "checkbox" || el.type === "radio" ? el.checked !== el.defaultChecked : !el.options && el.value !== el.defaultValue);

function fill(form, values) {
	const fields = fieldsOf(form);
	const newer = new Set(fields.filter(changed).map((el) => el.name)); // answered before this script came
	for (const el of fields) {
		const kept = values[el.name];
		if (!kept || newer.has(el.name)) continue;
		if (el.type === "checkbox" || el.type === "radio") el.checked = kept.includes(el.value);
		else el.value = kept[0];
	}
}

export function start(words) {
	for (const form of document.querySelectorAll("form[data-draft]")) {
		if (!form.id) continue;
		const answered = form.querySelector("[aria-invalid]"); // the server sent the form back: its values are newer
		const values = answered ? null : read(form);
		if (values) {
			fill(form, values);
			const note = document.createElement("p");
			note.className = "draft";
			note.setAttribute("role", "status");
			const drop = document.createElement("button");
			drop.type = "button";
			drop.textContent = words.discard;
			drop.addEventListener("click", () => {
				localStorage.removeItem(keyOf(form));
				form.reset();
				note.remove();
			});
			note.append(words.draft, drop);
			form.prepend(note);
			form.closest("details")?.setAttribute("open", "");
		}
		let timer;
		form.addEventListener("input", () => {
			clearTimeout(timer);
			timer = setTimeout(write, 300, form);
		});
		form.addEventListener("submit", () => {
			clearTimeout(timer);
			write(form, true);
		});
		form.dataset.draft = "ready";
	}
}
