package post

import (
	"context"
	"slices"
	"strings"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/calendar"
	"linli/internal/core/fault"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
)

// Heading is what a disclosure column must hold, and how often.
type Heading struct {
	Column string
	Name   string
	Every  calendar.Span
}

// Headings reads the rule of a place: a line each, "column heading span".
// Lines that cannot be read are passed over.
func (s *Service) Headings(code string) []Heading {
	var out []Heading
	for line := range strings.SplitSeq(s.Places.Text(code, "post.disclosure"), "\n") {
		f := strings.Fields(line)
		if len(f) != 3 || !slices.Contains(Columns, f[0]) {
			continue
		}
		if span, err := calendar.ParseSpan(f[2]); err == nil {
			out = append(out, Heading{f[0], f[1], span})
		}
	}
	return out
}

// checkHeading: a post of a column names one of its headings, others none.
func (s *Service) checkHeading(p *Post, faults *fault.Fields) {
	if !slices.Contains(Columns, p.Channel) {
		if p.Heading != "" {
			faults.Add("heading", "post.heading_where")
		}
		return
	}
	var names []string
	for _, h := range s.Headings(p.Place) {
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

type disclosed struct {
	Channel     string `db:"channel"`
	Heading     string `db:"heading"`
	ID          string `db:"id"`
	Title       string `db:"title"`
	PublishedAt int64  `db:"published_at"`
}

// Duty is one heading of one place with what was last disclosed under it.
type Duty struct {
	Heading
	Place  string
	PostID string // "" when nothing was disclosed yet
	Title  string
	Last   int64 // UTC ms
	Due    int64 // when the next is due; 0 when nothing was disclosed yet, which is overdue
}

// Overdue reports whether the duty is late at a moment.
func (d Duty) Overdue(now int64) bool { return d.Due <= now }

// Duties lists every heading of a place in the order of its rule.
func (s *Service) Duties(ctx context.Context, q db.Queryer, code string) ([]Duty, error) {
	rows, err := lastDisclosed(ctx, q, code)
	if err != nil {
		return nil, err
	}
	cal := s.Places.Calendar(code)
	var out []Duty
	for _, h := range s.Headings(code) {
		d := Duty{Heading: h, Place: code}
		for _, r := range rows {
			if r.Channel == h.Column && r.Heading == h.Name {
				d.PostID, d.Title, d.Last = r.ID, r.Title, r.PublishedAt
				d.Due = cal.Add(time.UnixMilli(r.PublishedAt), h.Every).UnixMilli()
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// overdueMost bounds how many places one look goes through.
const overdueMost = 200

// Overdue lists what is overdue at a place and below, by place, for its staff.
func (s *Service) Overdue(ctx context.Context, q db.Queryer, code string, now int64) ([]Duty, error) {
	var out []Duty
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
