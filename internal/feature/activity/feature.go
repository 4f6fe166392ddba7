package activity

import (
	"context"
	"embed"
	"time"

	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

//go:embed activity.css activity.js
var assets embed.FS

// Part is what activities hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "activity", Texts: texts, Assets: assets, Routes: s.routes(), Lives: []part.Life{Life},
		Works: []part.Work{{Name: "activity deadlines", Every: time.Second, Do: func(ctx context.Context) error {
			_, err := s.Machine.Sweep(ctx)
			return err
		}}},
		Checks: []part.Check{{Name: "activities: places against entries, states against events", Do: faultsOf}},
	}
}
