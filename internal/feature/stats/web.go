package stats

import (
	"bytes"
	"strconv"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/place"
	"linli/internal/platform/sheet"
	"linli/internal/platform/web"
)

// mostYears bounds the time that is reckoned at once.
const mostYears = 10

var asked = []flow.Field{
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "from", Kind: flow.Text, Max: 30},
	{Name: "to", Kind: flow.Text, Max: 30},
}

func (s *Service) routes() []web.Route {
	return []web.Route{
		{
			Method: "GET", Path: "/api/v1/stats", Name: "stats", Summary: "Figures of a place, by days inclusive", Query: asked, Out: Figures{},
			Do: func(c *web.Call) (any, error) { return s.answer(c) },
		},
		{Method: "GET", Path: "/stats", Name: "page-stats", Query: asked, Do: s.dashboard},
		{
			Method: "GET", Path: "/stats.csv", Name: "page-stats-csv", Do: s.csv,
			Query: append([]flow.Field{{Name: "chart", Kind: flow.Text, Max: 20}}, asked...),
		},
		{Method: "GET", Path: "/screen", Name: "page-screen", Query: asked, Do: s.screen},
	}
}

func (s *Service) answer(c *web.Call) (*Figures, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	return s.figures(c, in)
}

// figures reads which place and time are asked for: by default all of the
// installation, and the last twelve months up to today.
func (s *Service) figures(c *web.Call, in flow.Input) (*Figures, error) {
	var faults fault.Fields
	code := place.Trim(in.Text("place"))
	switch {
	case code == "":
		code = s.whole()
	case !s.places.Known(code) || len(code) < access.District:
		faults.Add("place", "stats.no_place")
	}
	for _, level := range []int{access.Community, access.Street, access.District} {
		if up := access.Up(code, level); up != "" { // a building is told of as its community
			code = up
			break
		}
	}
	today := time.UnixMilli(c.Now()).In(clock.China)
	from := day(in.Text("from"), time.Date(today.Year(), today.Month()-11, 1, 0, 0, 0, 0, clock.China), "from", &faults)
	to := day(in.Text("to"), today, "to", &faults)
	if to.Before(from) || to.After(from.AddDate(mostYears, 0, 0)) {
		faults.Add("to", "stats.time")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return s.Figures(c.Context(), code, from.Format(time.DateOnly), to.Format(time.DateOnly), c.Actor.StaffReaching(code))
}

// whole is the district of the installation, "" before there is one.
func (s *Service) whole() string {
	if ds := s.places.Below("", place.District); len(ds) > 0 {
		return ds[0].Code
	}
	return ""
}

// day reads 2026-11-21, 2026-11 or a moment of RFC 3339.
func day(text string, otherwise time.Time, field string, faults *fault.Fields) time.Time {
	if text == "" {
		return otherwise
	}
	for _, layout := range []string{time.DateOnly, "2006-01"} {
		if t, err := time.ParseInLocation(layout, text, clock.China); err == nil && t.Year() >= 1900 {
			if field == "to" && layout == "2006-01" {
				t = t.AddDate(0, 1, -1)
			}
			return t
		}
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil && t.Year() >= 1900 && t.Year() < 10000 {
		return t.In(clock.China)
	}
	faults.Add(field, "stats.day")
	return otherwise
}

// csv gives the figures of one chart as a table.
func (s *Service) csv(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	f, err := s.figures(c, in)
	if err != nil {
		return nil, err
	}
	for _, ch := range s.charts(c, f) {
		if ch.ID != in.Text("chart") {
			continue
		}
		var b bytes.Buffer
		w, err := sheet.NewWriter(&b, sheet.CSV, ch.ID)
		if err != nil {
			return nil, err
		}
		head := []any{c.T("stats.of")}
		for _, series := range ch.Series {
			name := series.Name
			if name == "" {
				name = ch.Unit
			}
			head = append(head, name)
		}
		if err := w.Write(head...); err != nil {
			return nil, err
		}
		for i, label := range ch.Labels {
			row := []any{label}
			for _, series := range ch.Series {
				row = append(row, int64(series.Values[i]))
			}
			if err := w.Write(row...); err != nil {
				return nil, err
			}
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		return web.Raw{Type: "text/csv; charset=utf-8", Body: b.Bytes(), Header: map[string]string{
			"Content-Disposition": `attachment; filename="linli-` + ch.ID + `-` + f.Place + `.csv"`,
		}}, nil
	}
	return nil, fault.Absent()
}

func decimal(p float64) string { return strconv.FormatFloat(p, 'f', 1, 64) }
