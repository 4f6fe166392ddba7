// Buttons that need scripts (copy, print) and the count of characters left.

export function start(words) {
	for (const button of document.querySelectorAll("[data-print]")) {
		button.hidden = false;
		button.addEventListener("click", () => print());
	}
	for (const button of document.querySelectorAll("[data-copy]")) {
		const source = document.getElementById(button.dataset.copy);
		if (!source || !navigator.clipboard) continue;
		button.hidden = false;
		const label = button.querySelector("span");
		label.setAttribute("role", "status");
		button.addEventListener("click", async () => {
			await navigator.clipboard.writeText(source.textContent.trim());
			label.textContent = words.copied;
		});
	}
	for (const line of document.querySelectorAll("[data-count]")) {
		const area = document.getElementById(line.dataset.count);
		const show = () => (line.textContent = line.dataset.words.replace("{n}", area.maxLength - area.value.length));
		area.addEventListener("input", show);
		show();
	}
}
