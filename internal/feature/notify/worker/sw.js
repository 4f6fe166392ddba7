// The service worker shows what was pushed and opens its page. It keeps
// nothing: pages always come from the house.

self.addEventListener("push", (event) => {
	let m = {};
	try {
		m = event.data.json();
	} catch {
		// A message that cannot be read still has to be shown.
	}
	event.waitUntil(self.registration.showNotification(m.title || "邻里", { tag: m.tag, data: m.url || "/inbox", lang: "zh-CN" }));
});

self.addEventListener("notificationclick", (event) => {
	event.notification.close();
	const to = new URL(event.notification.data, self.location.origin);
	if (to.origin !== self.location.origin) return;
	event.waitUntil(
		self.clients.matchAll({ type: "window" }).then((open) => {
			const here = open.find((c) => c.url === to.href);
			return here ? here.focus() : self.clients.openWindow(to.href);
		}),
	);
});
