package stats

import (
	"embed"

	"linli/internal/platform/journal"
	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

//go:embed stats.css
var assets embed.FS

// Part is what figures hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "stats", Texts: texts, Assets: assets, Routes: s.routes(),
		Readers: []journal.Reader{s.reader()},
		Checks:  []part.Check{{Name: "figures: counters against events", Do: check}},
	}
}
