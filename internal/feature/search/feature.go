package search

import (
	"embed"

	"linli/internal/platform/journal"
	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

// reader is the name of the index's place in the log.
const reader = "search"

// Part is what search hands to the house. All sources are registered before.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "search", Texts: texts, Routes: s.routes(),
		Readers: []journal.Reader{s.reader()},
		Checks:  []part.Check{{Name: "search: the index against what anybody may read", Do: s.check}},
	}
}

// reader follows the events of all kinds that have a source. A batch is small,
// because documents are split into tokens while SQLite's one writer waits.
func (s *Service) reader() journal.Reader {
	return journal.Reader{Name: reader, Kinds: s.kinds(), Batch: 16, Apply: s.apply, Reset: reset}
}
