// Makes pages pleasanter where scripts run. Nothing here is needed: every flow completes without it. Each helper is
// fetched only by pages that have something for it to do.

const words = document.body.dataset;

if (document.querySelector("[data-draft]:not(body)")) import("./draft.js").then((m) => m.start(words));
if (document.querySelector("[data-photos-box]")) import("./photos.js").then((m) => m.start(words));
const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
if (Recognition && document.querySelector("form[data-draft] textarea")) import("./voice.js").then((m) => m.start(words, Recognition));
if (document.querySelector("[data-copy], [data-print], [data-count]")) import("./handy.js").then((m) => m.start(words));

// A draft that was sent from another page has arrived, or this page would not be here.
try {
	for (const key of Object.keys(localStorage)) {
		if (!key.startsWith("draft:") || key.startsWith("draft:" + location.pathname + "#")) continue;
		if (JSON.parse(localStorage.getItem(key)).sent) localStorage.removeItem(key);
	}
} catch {
	// No storage: nothing was kept.
}

// Whoever signs out leaves nothing typed behind for the next person at this device.
for (const form of document.querySelectorAll('form[action="/signout"]')) {
	form.addEventListener("submit", () => {
		try {
			for (const key of Object.keys(localStorage)) if (key.startsWith("draft:")) localStorage.removeItem(key);
		} catch {
			// No storage: nothing was kept.
		}
	});
}

// ＋我要说 opens its sheet on the spot.
const sheet = document.getElementById("say-sheet");
if (sheet?.showModal) {
	for (const link of document.querySelectorAll("a[data-say]")) {
		link.addEventListener("click", (event) => {
			if (event.ctrlKey || event.metaKey || event.shiftKey) return;
			event.preventDefault();
			sheet.showModal();
		});
	}
	sheet.addEventListener("click", (event) => {
		if (event.target === sheet) sheet.close();
	});
}

// A form is sent once: the second tap waits for the answer of the first. Coming back by the back button frees it.
for (const form of document.querySelectorAll("form[data-once]")) {
	form.addEventListener("submit", (event) => {
		if (form.dataset.sent) {
			event.preventDefault();
			return;
		}
		form.dataset.sent = "1";
		const button = event.submitter;
		if (!button) return;
		button.setAttribute("aria-disabled", "true");
		button.dataset.label = button.textContent;
		setTimeout(() => (button.textContent = words.sending), 400);
	});
}
addEventListener("pageshow", (event) => {
	if (!event.persisted) return;
	for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
	for (const button of document.querySelectorAll("button[data-label]")) {
		button.removeAttribute("aria-disabled");
		button.textContent = button.dataset.label;
	}
});

// After an error the summary is read first.
document.querySelector("[data-focus]")?.focus();

// Without network, say so once and say that nothing is lost.
let strip;
function network() {
	if (navigator.onLine && !strip) return;
	strip ??= Object.assign(document.createElement("p"), { className: "offline" });
	strip.setAttribute("role", "status");
	strip.textContent = navigator.onLine ? words.online : words.offline;
	document.querySelector("main")?.before(strip);
}
addEventListener("offline", network);
addEventListener("online", network);
network();
