package ballot

import (
	"embed"
	"time"

	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

// Part is what polls hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "ballot", Texts: texts, Routes: s.routes(), Lives: []part.Life{Life},
		Works:  []part.Work{{Name: "polls: open, close, count", Every: time.Second, Do: s.Work}},
		Checks: []part.Check{{Name: "polls: recount from the published ballots, rolls against their hashes", Do: faultsOf}},
	}
}
