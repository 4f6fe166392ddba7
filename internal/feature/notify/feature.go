package notify

import (
	"embed"
	"time"

	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
)

//go:embed locale
var texts embed.FS

//go:embed notify.css notify.js
var assets embed.FS

//go:embed worker/sw.js
var worker []byte

// Part is what notify hands to the house. Kinds are registered and channels
// set before.
func (s *Service) Part() part.Part {
	routes := append(s.inboxRoutes(), s.callRoutes()...)
	return part.Part{
		Name: "notify", Texts: texts, Assets: assets, Routes: append(routes, s.settingsRoutes()...),
		Readers: []journal.Reader{s.reader()},
		Works: []part.Work{
			{Name: "notify: what goes out", Every: time.Second, Do: s.Work},
			{Name: "notify: old deliveries and messages", Every: time.Hour, Do: s.Forget, Removes: []part.Removal{{What: "notify.kept.inbox", After: "notify.inbox_kept"}, {What: "notify.kept.log", After: "90d"}}},
		},
		Checks: []part.Check{{Name: "notify: the inbox against what events tell", Do: s.check}},
	}
}

// serviceWorker is served from the root, because a worker reaches only what
// lies below its own address.
func serviceWorker(*web.Call) (any, error) {
	return web.Raw{Type: "text/javascript; charset=utf-8", Body: worker, Header: map[string]string{"Cache-Control": "no-cache"}}, nil
}
