package stats_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/stats"
	"linli/internal/platform/db"
	"linli/internal/ui/text"
)

// house is a house with helpers for figures.
type house struct{ *apptest.House }

// each gives a house whose people came two months ago, so that the figures of
// a month have whom to count.
func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	apptest.Plan{Since: apptest.Noon.AddDate(0, -2, 0)}.Each(t, func(t *testing.T, h *apptest.House) { f(t, &house{h}) })
}

// as returns a context in which a demo account acts.
func (h *house) as(name string) context.Context {
	h.T.Helper()
	return actor.With(context.Background(), h.Actor(name))
}

func (h *house) ok(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

// wish files a wish and leads it through moves "account do field=value …".
func (h *house) wish(visibility string, moves ...string) string {
	h.T.Helper()
	id, err := h.Wish.File(h.as("demo-resident"), map[string]any{
		"title": "窗户擦一下", "body": "周末上午都方便", "place": demo.CommunityA, "category": "家政清洁", "visibility": visibility,
	})
	h.ok(err)
	for _, m := range moves {
		f := strings.Fields(m)
		in := map[string]any{}
		for _, kv := range f[2:] {
			k, v, _ := strings.Cut(kv, "=")
			in[k] = v
		}
		h.ok(h.Wish.Do(h.as(f[0]), id, f[1], in))
	}
	return id
}

func (h *house) figures(query, token string) (f stats.Figures) {
	h.T.Helper()
	h.Read()
	h.Clock.Advance(time.Minute) // past what is kept
	h.ok(json.Unmarshal([]byte(h.Text(200, "GET", "/api/v1/stats?"+query, token, nil)), &f))
	return f
}

// The figures are those of the story told here, at every level, and a private
// wish is in none of them.
func TestFiguresCountWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		done := []string{"demo-volunteer claim", "demo-volunteer deliver"}
		h.wish("public", append(done, "demo-resident confirm solved=yes satisfied=yes")...)
		h.wish("public", append(done, "demo-resident confirm solved=partly satisfied=none")...)
		h.wish("public", append(done, "demo-resident confirm solved=no satisfied=no")...)
		h.wish("public", done...) // nobody will say a word
		h.wish("public")          // nobody will come
		gone := h.wish("public", "demo-volunteer claim", "demo-volunteer release", "demo-resident withdraw")
		before := h.figures("place="+demo.CommunityA, "")
		if k := before.Kind("wish"); k.Now["open"] != 1 || k.Now["delivered"] != 1 || k.Published != 6 || k.Moves["claim"] != 5 || k.Categories["家政清洁"] != 6 {
			t.Errorf("%+v", k)
		}
		h.wish("private")
		h.Clock.Advance(100 * 24 * time.Hour)
		h.ok(h.Work(context.Background()))
		from := apptest.Noon.Format(time.DateOnly)
		for _, place := range []string{demo.CommunityA, demo.Street, demo.District, ""} {
			f := h.figures("from="+from+"&place="+place, "")
			k := f.Kind("wish")
			if k.Published != 6 || k.Now["open"] != 0 || k.Now["lapsed"] != 1 || k.Reached["fulfilled"] != 2 || k.Now["expired"] != 1 {
				t.Errorf("%q: %+v", place, k)
			}
			for _, want := range []stats.Rate{
				{Name: "response", Numerator: 5, Denominator: 6},
				{Name: "solved", Numerator: 1, Denominator: 4, NoAnswer: 1},
				{Name: "satisfied", Numerator: 1, Denominator: 4, NoAnswer: 2},
			} {
				for _, r := range f.Rates {
					if r.Name != want.Name {
						continue
					}
					if r.Percent == nil {
						t.Fatalf("no percent of %s", r.Name)
					}
					p := *r.Percent
					if r.Percent = nil; r != want || p != float64(int64(float64(want.Numerator)/float64(want.Denominator)*1000+0.5))/10 {
						t.Errorf("%q: %+v %v, want %+v", place, r, p, want)
					}
				}
			}
		}
		empty := h.figures("from=2020-01-01&to=2020-12-31", "")
		for _, r := range empty.Rates {
			if r.Percent != nil {
				t.Error("a rate of nothing")
			}
		}
		if r := h.Do("GET", "/stats?place="+demo.Street, "", nil); r.Status != 200 || !strings.Contains(r.Body, "25.0") || strings.Contains(r.Body, gone) {
			t.Errorf("dashboard %d", r.Status)
		}
	})
}

// Counters made step by step are those made anew, verify agrees, and a changed
// counter is named.
func TestRebuildAndVerify(t *testing.T) {
	ctx := context.Background()
	each(t, func(t *testing.T, h *house) {
		h.wish("public", "demo-volunteer claim", "demo-volunteer deliver", "demo-resident confirm solved=yes satisfied=fairly")
		h.wish("private", "demo-resident withdraw")
		part := h.Stats.Part()
		dump := func() (lines []string) {
			h.ok(h.Journal.Drain(ctx, part.Readers...))
			h.ok(h.DB.Select(ctx, &lines, `SELECT kind || ' ' || what || ' ' || place || ' ' || day || ' ' || n FROM stats_counts WHERE n <> 0
				UNION ALL SELECT subject || kind || place || state || answered FROM stats_matters ORDER BY 1`))
			return lines
		}
		was := dump()
		h.ok(h.Journal.Rebuild(ctx, part.Readers[0]))
		if now := dump(); strings.Join(was, "\n") != strings.Join(now, "\n") || len(was) < 30 {
			t.Errorf("rebuilt otherwise:\n%s\n\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		if faults, err := part.Checks[0].Do(ctx, h.DB); err != nil || len(faults) > 0 {
			t.Fatal(faults, err)
		}
		h.ok(h.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE stats_counts SET n = n + 1 WHERE what = 'answered' AND place = ?`, demo.CommunityA)
			return err
		}))
		if faults, _ := part.Checks[0].Do(ctx, h.DB); len(faults) != 1 || !strings.Contains(faults[0], "answered") {
			t.Errorf("%q", faults)
		}
	})
}

// Too few residents are told to nobody; staff are told of smaller numbers.
func TestPersonsAreTold(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := h.figures("place="+demo.Street, "")
		if f.Least != 10 || f.Residents == nil || *f.Residents < 30 {
			t.Fatalf("%+v", f)
		}
		for _, p := range f.Places {
			if p.Residents != nil && *p.Residents > 0 && *p.Residents < 10 {
				t.Errorf("%s tells of %d", p.Name, *p.Residents)
			}
		}
		if f := h.figures("place="+demo.Street, "demo-street"); f.Least != 5 {
			t.Errorf("staff are told from %d on", f.Least)
		}
		if f := h.figures("place="+demo.Street, "demo-community"); f.Least != 10 {
			t.Errorf("staff of one community are told of the street from %d on", f.Least)
		}
	})
}

func TestDoors(t *testing.T) {
	s := map[string]int{
		"/api/v1/stats?place=999999": 422, "/api/v1/stats?from=yesterday": 422, "/api/v1/stats?from=2026-02-01&to=2026-01-01": 422,
		"/api/v1/stats?nothing=1": 422, "/stats?from=yesterday": 422, "/stats": 200, "/screen": 200, "/stats.csv?chart=months": 200, "/stats.csv?chart=none": 404,
		"/stats?place=" + demo.District: 200, "/api/v1/stats?place=320105000000&from=2026-01&to=2026-12": 200,
	}
	each(t, func(t *testing.T, h *house) {
		h.wish("public", "demo-volunteer claim", "demo-volunteer deliver", "demo-resident confirm solved=yes satisfied=yes")
		h.Read()
		for path, want := range s {
			if r := h.Do("GET", path, "", nil); r.Status != want {
				t.Errorf("%s: %d, want %d\n%.300s", path, r.Status, want, r.Body)
			}
		}
		boundary := `{"type":"Polygon","coordinates":[[[118.7,32.0],[118.8,32.0],[118.8,32.1],[118.7,32.0]]]}`
		p, err := h.Place.Get(demo.CommunityA)
		h.ok(err)
		p.Boundary = boundary
		h.ok(h.Place.Put(context.Background(), "", p))
		h.Clock.Advance(time.Minute)
		body := h.Do("GET", "/stats?place="+demo.Street, "", nil).Body
		if strings.Count(body, `class="stats-map"`) != 1 || strings.Count(body, `<path class="shade-4"`) != 1 {
			t.Error("no map of the one place with a boundary")
		}
		if n := strings.Count(body, "<figure"); n == 0 || n > 6 {
			t.Errorf("%d charts", n)
		}
		if csv := h.Do("GET", "/stats.csv?chart=months&place="+demo.CommunityA, "", nil).Body; !strings.Contains(csv, "2026-11,1,1") {
			t.Errorf("%q", csv)
		}
	})
}

func TestTextsAreComplete(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, m := range text.Missing() {
			if strings.Contains(m, "stats.") {
				t.Error(m)
			}
		}
	})
	for _, word := range []string{"对不起", "无效", "禁止", "非法"} {
		if strings.Contains(fmt.Sprint(text.T(text.Chinese, "stats.def.all")), word) {
			t.Error(word)
		}
	}
}
