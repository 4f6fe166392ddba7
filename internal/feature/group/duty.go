package group

import (
	"context"
	"slices"
	"strings"

	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/db"
)

// Parts of a responsibility.
const (
	Responsible = "responsible" // 主责
	Supporting  = "supporting"  // 配合
)

// Every stands for all categories of matters.
const Every = "*"

// Duty is a line of the power and responsibility list 权责清单: a group is
// responsible for, or must support, matters of a category at or below a place.
type Duty struct {
	ID       string `db:"id" json:"id"`
	Group    string `db:"grp" json:"group"`
	Place    string `db:"place" json:"place"`
	Category string `db:"category" json:"category"`
	Part     string `db:"part" json:"part"`
	Basis    string `db:"basis" json:"basis"` // rule or document it rests on
	FromAt   int64  `db:"from_at" json:"-"`
	ToAt     int64  `db:"to_at" json:"-"`
}

// Duties lists the lines in force at a moment at or below a place, or reaching
// it from above: nearest place first, then the category itself before all
// categories, who is responsible before who supports.
func (s *Service) Duties(place string, at int64) []Duty {
	var out []Duty
	for _, d := range s.now().duties {
		g, ok := s.Active(d.Group, at)
		if ok && g.ID != "" && d.FromAt <= at && (d.ToAt == 0 || at < d.ToAt) && (strings.HasPrefix(d.Place, place) || strings.HasPrefix(place, d.Place)) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Duty) int {
		if n := len(b.Place) - len(a.Place); n != 0 {
			return n
		}
		return strings.Compare(order(a), order(b))
	})
	return out
}

func order(d Duty) string {
	special, part := "0", "0"
	if d.Category == Every {
		special = "1"
	}
	if d.Part == Supporting {
		part = "1"
	}
	return d.Place + special + d.Category + part + d.ID
}

// Responsible tells who is responsible for a matter of a category at a place,
// and who must support, for routing: the lines of the nearest place that names
// somebody responsible. Both are empty where nobody is named.
func (s *Service) Responsible(place, category string, at int64) (main, support []string) {
	var near string
	for _, d := range s.Duties(place, at) {
		if !strings.HasPrefix(place, d.Place) || d.Category != category && d.Category != Every {
			continue
		}
		key := d.Place + d.Category
		switch {
		case d.Part == Responsible && near == "":
			near, main = key, []string{d.Group}
		case d.Part == Responsible && near == key && !slices.Contains(main, d.Group):
			main = append(main, d.Group)
		case d.Part == Supporting && !slices.Contains(support, d.Group):
			support = append(support, d.Group)
		}
	}
	return main, slices.DeleteFunc(support, func(g string) bool { return slices.Contains(main, g) })
}

// AddDuty writes a line of the list, with its event on the group.
func (s *Service) AddDuty(ctx context.Context, tx *db.Tx, by string, d Duty) error {
	g, ok := s.Get(d.Group)
	if !ok {
		return fault.Field1("group", "group.no_group")
	}
	if d.Part != Responsible && d.Part != Supporting {
		return fault.Field1("part", "fault.one_of", "values", Responsible+" "+Supporting)
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	d.ID = id.New()
	if d.FromAt == 0 {
		d.FromAt = now
	}
	if err := insertDuty(ctx, tx, d); err != nil {
		return err
	}
	return s.changed(ctx, tx, now, by, g, "duty")
}

// EndDuty ends a line now; it stays on record.
func (s *Service) EndDuty(ctx context.Context, tx *db.Tx, by, duty string) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	group, ok, err := endDuty(ctx, tx, duty, now)
	if err != nil {
		return err
	}
	g, known := s.Get(group)
	if !ok || !known {
		return fault.Absent()
	}
	return s.changed(ctx, tx, now, by, g, "duty_end")
}

// changed raises a group's version and tells what was done.
func (s *Service) changed(ctx context.Context, tx *db.Tx, now int64, by string, g Group, do string) error {
	g, err := bump(ctx, tx, g.ID)
	if err != nil {
		return err
	}
	return s.journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "group", Subject: g.ID, Version: g.Version, Do: do, FromState: g.State, ToState: g.State, Actor: by, Place: g.Place, Audience: event.Public,
	}, nil)
}
