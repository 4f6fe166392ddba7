package place

import (
	"embed"

	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

// Part is what places hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{Name: "place", Texts: texts, Routes: append(s.Routes(), s.pages()...)}
}
