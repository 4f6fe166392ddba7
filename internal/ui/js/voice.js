// Writes down what is said, where the browser can: for who finds typing hard. The text stays open to be changed.

export function start(words, Recognition) {
	for (const field of document.querySelectorAll("form[data-draft] textarea")) {
		const button = document.createElement("button");
		button.type = "button";
		button.className = "button button-quiet voice";
		button.textContent = words.voice;
		button.setAttribute("aria-pressed", "false");
		field.after(button);
		let ear = null;
		button.addEventListener("click", () => {
			if (ear) {
				ear.stop();
				return;
			}
			ear = new Recognition();
			ear.lang = "zh-CN";
			ear.continuous = true;
			ear.addEventListener("result", (event) => {
				for (let i = event.resultIndex; i < event.results.length; i++) {
					if (event.results[i].isFinal) field.value += event.results[i][0].transcript;
				}
				field.dispatchEvent(new Event("input", { bubbles: true }));
			});
			ear.addEventListener("end", () => {
				ear = null;
				button.textContent = words.voice;
				button.setAttribute("aria-pressed", "false");
				field.focus();
			});
			ear.start();
			button.textContent = words.voiceStop;
			button.setAttribute("aria-pressed", "true");
		});
	}
}
