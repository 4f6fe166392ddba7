// Keeps the sum of a ballot in sight: how many are chosen, how much of the budget is used. Without it the limits stand
// there all the same, and the server says what is too much.

for (const bar of document.querySelectorAll("[data-ballot]")) {
	const form = bar.closest("form");
	const { words, over, max, budget } = bar.dataset;
	const costs = JSON.parse(bar.dataset.costs);
	const line = bar.querySelector("[data-sum]");
	const yuan = (fen) => "¥" + (fen / 100).toLocaleString("en");
	const show = () => {
		const marks = [...form.querySelectorAll("input[name=choices]:checked, select[name^=rank], select[name^=points]")]
			.filter((el) => el.type === "checkbox" || (el.value !== "" && el.value !== "0"))
			.map((el) => (el.type === "checkbox" ? el.value : el.name.split(".")[1]));
		const used = marks.reduce((sum, id) => sum + (costs[id] ?? 0), 0);
		const much = (max > 0 && marks.length > max) || (budget > 0 && bar.dataset.strict && used > budget);
		line.textContent = words.replace("{n}", marks.length).replace("{used}", yuan(used)) + (much ? " · " + over : "");
		bar.classList.toggle("ballot-over", much);
	};
	form.addEventListener("input", show);
	form.addEventListener("reset", () => setTimeout(show));
	addEventListener("pageshow", show);
	show();
}
