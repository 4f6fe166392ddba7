// Asks the browser for leave to notify, and gives its address to the house.

const bytes = (key) => Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const send = (path, body) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

const box = document.querySelector("[data-push]");
if (box && "serviceWorker" in navigator && "PushManager" in window) {
	const button = box.querySelector("button");
	const status = box.querySelector("[role=status]");
	const worker = await navigator.serviceWorker.register(box.dataset.worker);
	const show = (on) => (button.textContent = on ? box.dataset.off : box.dataset.on);
	let subscription = await worker.pushManager.getSubscription();
	show(subscription);
	box.hidden = false;
	button.addEventListener("click", async () => {
		button.disabled = true;
		status.textContent = "";
		try {
			if (subscription) {
				await send("/api/v1/push/end", { endpoint: subscription.endpoint });
				await subscription.unsubscribe();
				subscription = null;
			} else {
				const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(box.dataset.push) });
				const kept = await send("/api/v1/push", { endpoint: made.endpoint, p256dh: text(made.getKey("p256dh")), auth: text(made.getKey("auth")) });
				if (!kept.ok) {
					await made.unsubscribe();
					throw new Error(String(kept.status));
				}
				subscription = made;
			}
		} catch {
			status.textContent = box.dataset.refused;
		}
		show(subscription);
		button.disabled = false;
	});
}
