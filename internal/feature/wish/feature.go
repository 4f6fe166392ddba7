package wish

import (
	"context"
	"embed"
	"time"

	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

// Part is what wishes hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "wish", Texts: texts, Routes: append(s.Kind.API(), s.pages()...), Lives: []part.Life{Life},
		Works: []part.Work{{Name: "wish deadlines", Every: time.Second, Do: func(ctx context.Context) error {
			_, err := s.Machine.Sweep(ctx)
			return err
		}}},
		Checks: []part.Check{{Name: "wishes: claims against quantities, states against events", Do: faultsOf}},
	}
}
