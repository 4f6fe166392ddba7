package transfer

import (
	"embed"

	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

// Part is what transfer hands to the house.
func (s *Service) Part() part.Part {
	return part.Part{Name: "transfer", Texts: texts, Routes: s.routes()}
}
