package volunteer

import (
	"context"
	"embed"
	"time"

	"linli/internal/platform/journal"
	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

// Part is what volunteering hands to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "volunteer", Texts: texts, Routes: s.routes(), Readers: []journal.Reader{s.Reader()}, Lives: []part.Life{Life},
		Works: []part.Work{{Name: "hours to confirm", Every: time.Second, Do: func(ctx context.Context) error {
			_, err := s.Machine.Sweep(ctx)
			return err
		}}},
		Checks: []part.Check{
			{Name: "service hours: states against events, confirmed by others", Do: faultsOf},
			{Name: "certificates: minutes against their lines", Do: certificateFaults},
		},
	}
}
