// Package place is where things are (地点与网格): district 区 → street 街道 →
// community 社区 → grid 网格 and building 楼栋 → unit 单元, by the statistical
// code (GB/T 2260 six digits, GB/T 10114 three and three, then local serials)
// in significant digits, so that "there or below" is a prefix. It also keeps
// each place's settings and working-day calendar.
//
// The whole directory is small (a district has a few thousand places) and is
// kept in memory until the next place event.
package place

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/calendar"
	"linli/internal/core/fault"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/internal/ui"
)

// Levels of places.
const (
	Province  = "province"
	City      = "city"
	District  = "district"
	Street    = "street"
	Community = "community"
	Grid      = "grid"
	Building  = "building"
	Unit      = "unit"
)

// Place is one place. Times are UTC ms, 0 for open ends: it is in use from
// ValidFrom until just before ValidTo. One that has ended keeps its name and
// its matters; nothing new begins there.
type Place struct {
	Code      string `db:"code" json:"code"`
	Parent    string `db:"parent" json:"parent"`
	Level     string `db:"level" json:"level"`
	Name      string `db:"name" json:"name"`
	Phone     string `db:"phone" json:"phone"`
	Hours     string `db:"hours" json:"hours"`
	Look      string `db:"look" json:"-"`
	Boundary  string `db:"boundary" json:"-"`
	ValidFrom int64  `db:"valid_from" json:"-"`
	ValidTo   int64  `db:"valid_to" json:"-"`
	Version   int64  `db:"version" json:"-"`
}

// Trim brings a zero-padded code of any source into significant digits:
// 320105000000 → 320105.
func Trim(code string) string {
	switch {
	case len(code) >= access.Community && strings.HasSuffix(code, "000000") && len(code) <= 12:
		return code[:access.District]
	case len(code) == access.Community && strings.HasSuffix(code, "000"):
		return code[:access.Street]
	case len(code) == 9 && strings.HasSuffix(code, "000"):
		return code[:access.District]
	}
	return code
}

// LevelOf tells a code's level by its length: district 6, street 9, community
// 12, grid (serials 901–999) and building 15, unit 17; "" for no code at all.
func LevelOf(code string) string {
	for _, r := range code {
		if r < '0' || r > '9' {
			return ""
		}
	}
	switch len(code) {
	case 2:
		return Province
	case 4:
		return City
	case 6:
		return District
	case 9:
		return Street
	case 12:
		return Community
	case 15:
		if code[12] == '9' && code[13:] != "00" {
			return Grid
		}
		return Building
	case 17:
		return Unit
	}
	return ""
}

// ParentOf is the code of the place above.
func ParentOf(code string) string {
	for _, n := range []int{15, 12, 9, 6, 4, 2} {
		if len(code) > n {
			return code[:n]
		}
	}
	return ""
}

// Service answers questions about places from memory.
type Service struct {
	Page ui.Shell // wired by app

	journal  *journal.Journal
	defaults map[string]part.Setting
	known    *journal.Memo[struct{}, *directory]
}

type directory struct {
	places    map[string]Place
	order     []Place // by code
	settings  map[[2]string]string
	days      map[string][]calendar.Row
	calendars sync.Map // place → calendar.Calendar
}

// New returns the service; features declare their settings before use.
func New(j *journal.Journal) *Service {
	s := &Service{journal: j, defaults: map[string]part.Setting{}}
	s.known = journal.NewMemo(j, func(ctx context.Context, _ struct{}) (*directory, error) { return load(ctx, j.DB) }, "place")
	s.Define(
		part.Setting{Key: "site.demo", Default: "false", Kind: "bool"}, // filled by `linli demo`
		part.Setting{Key: "site.place", Default: "", Kind: "place"},    // shown to who has chosen no community
	)
	return s
}

// Define declares settings with their defaults.
func (s *Service) Define(defs ...part.Setting) {
	for _, d := range defs {
		if _, twice := s.defaults[d.Key]; twice {
			panic("place: setting " + d.Key + " stands twice")
		}
		if d.Kind == "span" && d.Default != "never" {
			calendar.MustSpan(d.Default)
		}
		s.defaults[d.Key] = d
	}
}

// Defined lists all settings by key.
func (s *Service) Defined() []part.Setting {
	var out []part.Setting
	for _, d := range s.defaults {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b part.Setting) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// now returns the directory as of the last place event.
func (s *Service) now() *directory {
	d, err := s.known.Get(context.Background(), struct{}{})
	if err != nil {
		s.journal.Log.Error("load places", "err", err)
	}
	if d == nil {
		return &directory{}
	}
	return d
}

// Get returns a place by its code.
func (s *Service) Get(code string) (Place, error) {
	p, ok := s.now().places[code]
	if !ok {
		return Place{}, fault.Absent()
	}
	return p, nil
}

// Known reports whether the code is that of a place that is in use today.
func (s *Service) Known(code string) bool {
	p, ok := s.now().places[code]
	return ok && p.usedAt(s.journal.DB.Clock().Now().UnixMilli())
}

func (p Place) usedAt(now int64) bool {
	return p.ValidFrom <= now && (p.ValidTo == 0 || now < p.ValidTo)
}

// Name returns a place's name, or its code when it is unknown.
func (s *Service) Name(code string) string {
	if p, ok := s.now().places[code]; ok {
		return p.Name
	}
	return code
}

// Path returns the names from the district down to the place: "建邺区 江心洲街道 洲岛家园社区".
func (s *Service) Path(code string) string {
	var names []string
	d := s.now()
	for c := code; c != ""; c = ParentOf(c) {
		if p, ok := d.places[c]; ok && p.Level != City && p.Level != Province {
			names = append(names, p.Name)
		}
	}
	slices.Reverse(names)
	return strings.Join(names, " ")
}

// Below lists the places in use of one level ("" for all) at or below code, by code.
func (s *Service) Below(code, level string) []Place {
	now := s.journal.DB.Clock().Now().UnixMilli()
	return slices.DeleteFunc(s.All(code, level), func(p Place) bool { return !p.usedAt(now) })
}

// All is Below with the places that have ended or not yet begun.
func (s *Service) All(code, level string) []Place {
	d := s.now()
	from, _ := slices.BinarySearchFunc(d.order, code, func(p Place, c string) int { return strings.Compare(p.Code, c) })
	var out []Place
	for _, p := range d.order[from:] {
		if !strings.HasPrefix(p.Code, code) {
			break
		}
		if level == "" || p.Level == level {
			out = append(out, p)
		}
	}
	return out
}

// Phone is the help number of the place, or of the nearest place above that has one.
func (s *Service) Phone(code string) (phone, hours string) {
	d := s.now()
	for c := code; c != ""; c = ParentOf(c) {
		if p := d.places[c]; p.Phone != "" {
			return p.Phone, p.Hours
		}
	}
	return "", ""
}

// Text returns a setting of the place: its own, that of the nearest place above, or the default.
func (s *Service) Text(place, key string) string {
	d := s.now()
	for c := place; ; c = ParentOf(c) {
		if v, ok := d.settings[[2]string{c, key}]; ok {
			return v
		}
		if c == "" { // the installation's own
			break
		}
	}
	def, ok := s.defaults[key]
	if !ok {
		panic("place: no setting " + key)
	}
	return def.Default
}

// Bool returns a setting that is yes or no.
func (s *Service) Bool(place, key string) bool { return s.Text(place, key) == "true" }

// Span returns a setting that is a span of time; ok is false for "never".
func (s *Service) Span(place, key string) (span calendar.Span, ok bool) {
	span, err := calendar.ParseSpan(s.Text(place, key))
	return span, err == nil
}

// After is the moment that lies a setting's span after from, on the place's
// calendar; 0 when the setting says never. It implements flow.Spans.
func (s *Service) After(place, key string, from int64) int64 {
	span, ok := s.Span(place, key)
	if !ok {
		return 0
	}
	return s.Calendar(place).Add(time.UnixMilli(from), span).UnixMilli()
}

// Calendar is the working-day calendar of a place: the State Council's, with
// the rows of every place above and of its own laid over it.
func (s *Service) Calendar(place string) calendar.Calendar {
	d := s.now()
	if c, ok := d.calendars.Load(place); ok {
		return c.(calendar.Calendar)
	}
	c := calendar.China()
	for _, p := range []string{"", access.Up(place, 6), access.Up(place, 9), access.Up(place, 12)} {
		if rows := d.days[p]; len(rows) > 0 {
			if with, err := c.With(rows); err == nil { // rows are checked when they are written
				c = with
			}
		}
	}
	d.calendars.Store(place, c)
	return c
}
