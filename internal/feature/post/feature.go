package post

import (
	"context"
	"embed"
	"time"

	"linli/internal/platform/part"
)

//go:embed locale
var texts embed.FS

//go:embed post.css
var assets embed.FS

// Part is what posts hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "post", Texts: texts, Assets: assets, Routes: s.routes(), Lives: []part.Life{Life},
		Works: []part.Work{{Name: "post hours", Every: time.Second, Do: func(ctx context.Context) error {
			_, err := s.Machine.Sweep(ctx)
			return err
		}}},
		Checks: []part.Check{{Name: "posts: states against events, figures against rows", Do: faultsOf}},
	}
}
