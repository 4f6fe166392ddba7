package project

import (
	"embed"
	"time"

	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

//go:embed project.css
var assets embed.FS

// Part is what projects hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "project", Texts: texts, Assets: assets, Routes: s.routes(), Lives: []part.Life{Life},
		Works: []part.Work{{Name: "projects: publish results, deadlines", Every: time.Second, Do: s.Work}},
		Checks: []part.Check{{Name: "projects: money signed by two, votes within voters, states against events", Do: faultsOf},
			{Name: "projects: residents drawn again", Do: drawFaults}},
	}
}
