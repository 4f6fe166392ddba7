package ledger

import (
	"embed"
	"time"

	"linli/internal/platform/journal"
	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

// signEvery is how long an entry waits for its checkpoint at most.
const signEvery = 5 * time.Second

// Part is what the ledger hands to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "ledger", Texts: texts, Routes: s.routes(),
		Readers: []journal.Reader{s.reader()},
		Works:   []part.Work{{Name: "ledger checkpoint", Every: signEvery, Do: s.Publish}},
		Checks:  []part.Check{{Name: "ledger: recomputed from the events", Do: s.check}},
	}
}
