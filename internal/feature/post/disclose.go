package post

import (
	"context"
	"slices"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/fault"
	"linli/internal/feature/channel"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
)

// checkHeading: a post of a column names one of its headings, others none.
func (s *Service) checkHeading(p *Post, faults *fault.Fields) {
	if !slices.Contains(channel.Columns, p.Channel) {
		if p.Heading != "" {
			faults.Add("heading", "post.heading_where")
		}
		return
	}
	var names []string
	for _, h := range s.Looks.Headings(p.Place) {
		if h.Column == p.Channel {
			if h.Name == p.Heading {
				return
			}
			names = append(names, h.Name)
		}
	}
	if p.Heading == "" {
		faults.Add("heading", "fault.required")
		return
	}
	faults.Add("heading", "fault.one_of", "values", strings.Join(names, " "))
}

// Duties lists every heading of a place with what was last disclosed under it.
func (s *Service) Duties(ctx context.Context, q db.Queryer, code string) ([]channel.Duty, error) {
	rows, err := lastDisclosed(ctx, q, code)
	return s.Looks.Duties(code, rows), err
}

// overdueMost bounds how many places one look goes through.
const overdueMost = 200

// Overdue lists what is overdue at a place and below, by place, for its staff.
func (s *Service) Overdue(ctx context.Context, q db.Queryer, code string, now int64) ([]channel.Duty, error) {
	var out []channel.Duty
	places := s.Places.Below(code, "")
	places = slices.DeleteFunc(places, func(p place.Place) bool { return len(p.Code) > access.Community || len(p.Code) < access.District })
	for i, p := range places {
		if i == overdueMost {
			break
		}
		ds, err := s.Duties(ctx, q, p.Code)
		if err != nil {
			return nil, err
		}
		for _, d := range ds {
			if d.Overdue(now) {
				out = append(out, d)
			}
		}
	}
	return out, nil
}
