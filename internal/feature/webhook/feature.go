package webhook

import (
	"embed"
	"time"

	"linli/internal/platform/journal"
	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

// Part is what webhooks hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "webhook", Texts: texts, Routes: s.routes(), Readers: []journal.Reader{s.reader()},
		Works: []part.Work{
			{Name: "webhooks: what goes out", Every: time.Second, Do: s.Work},
			{Name: "webhooks: old messages", Every: time.Hour, Do: s.Forget, Removes: []part.Removal{{What: "webhook.kept", After: "90d"}}},
		},
		Checks: []part.Check{{Name: "webhooks: only public events of their places", Do: faultsOf}},
	}
}
