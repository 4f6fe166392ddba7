package stats_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/feature/stats"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/ui/text"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)

func config(dir, url string, c clock.Clock) app.Config {
	return app.Config{Data: dir, DB: url, Clock: c, BaseURL: "http://linli.test", Secret: []byte("a secret of the tests")}
}

type site struct {
	*app.House
	t     *testing.T
	clock *clock.Fake
	url   string
}

func each(t *testing.T, f func(t *testing.T, s *site)) {
	ctx := context.Background()
	dbtest.EachFrom(t, "people", func(url string) error {
		h, err := app.Open(ctx, config(t.TempDir(), url, clock.NewFake(noon.AddDate(0, -2, 0))))
		if err != nil {
			return err
		}
		defer h.Close()
		if _, err := h.Migrate(ctx); err != nil {
			return err
		}
		return demo.People(ctx, h)
	}, func(t *testing.T, url string) {
		now := clock.NewFake(noon)
		h, err := app.Open(ctx, config(t.TempDir(), url, now))
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(h.Handler())
		t.Cleanup(func() { srv.Close(); h.Close() })
		f(t, &site{h, t, now, srv.URL})
	})
}

// as returns a context in which a demo account acts.
func (s *site) as(name string) context.Context {
	s.t.Helper()
	acc, err := s.Member.Find(context.Background(), s.DB, name)
	if err != nil {
		s.t.Fatal(err)
	}
	a, _, err := s.Member.Actor(context.Background(), acc.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return actor.With(context.Background(), a)
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// wish files a wish and leads it through moves "account do field=value …".
func (s *site) wish(visibility string, moves ...string) string {
	s.t.Helper()
	id, err := s.Wish.File(s.as("demo-resident"), map[string]any{
		"title": "窗户擦一下", "body": "周末上午都方便", "place": demo.CommunityA, "category": "家政清洁", "visibility": visibility,
	})
	s.must(err)
	for _, m := range moves {
		f := strings.Fields(m)
		in := map[string]any{}
		for _, kv := range f[2:] {
			k, v, _ := strings.Cut(kv, "=")
			in[k] = v
		}
		s.must(s.Wish.Do(s.as(f[0]), id, f[1], in))
	}
	return id
}

func (s *site) get(path, token string) (int, string) {
	s.t.Helper()
	req, _ := http.NewRequest("GET", s.url+path, nil)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	s.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.must(err)
	return res.StatusCode, string(b)
}

func (s *site) figures(query, token string) (f stats.Figures) {
	s.t.Helper()
	s.must(s.Journal.Drain(context.Background(), s.Readers()...))
	s.clock.Advance(time.Minute) // past what is kept
	status, body := s.get("/api/v1/stats?"+query, token)
	if status != 200 {
		s.t.Fatalf("%d %s", status, body)
	}
	s.must(json.Unmarshal([]byte(body), &f))
	return f
}

// The figures are those of the story told here, at every level, and a private
// wish is in none of them.
func TestFiguresCountWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		done := []string{"demo-volunteer claim", "demo-volunteer deliver"}
		s.wish("public", append(done, "demo-resident confirm solved=yes satisfied=yes")...)
		s.wish("public", append(done, "demo-resident confirm solved=partly satisfied=none")...)
		s.wish("public", append(done, "demo-resident confirm solved=no satisfied=no")...)
		s.wish("public", done...) // nobody will say a word
		s.wish("public")          // nobody will come
		gone := s.wish("public", "demo-volunteer claim", "demo-volunteer release", "demo-resident withdraw")
		before := s.figures("place="+demo.CommunityA, "")
		if k := before.Kind("wish"); k.Now["open"] != 1 || k.Now["delivered"] != 1 || k.Published != 6 || k.Moves["claim"] != 5 || k.Categories["家政清洁"] != 6 {
			t.Errorf("%+v", k)
		}
		s.wish("private")
		s.clock.Advance(100 * 24 * time.Hour)
		s.must(s.Work(context.Background()))
		from := noon.Format(time.DateOnly)
		for _, place := range []string{demo.CommunityA, demo.Street, demo.District, ""} {
			f := s.figures("from="+from+"&place="+place, "")
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
		empty := s.figures("from=2020-01-01&to=2020-12-31", "")
		for _, r := range empty.Rates {
			if r.Percent != nil {
				t.Error("a rate of nothing")
			}
		}
		if status, body := s.get("/stats?place="+demo.Street, ""); status != 200 || !strings.Contains(body, "25.0") || strings.Contains(body, gone) {
			t.Errorf("dashboard %d", status)
		}
	})
}

// Counters made step by step are those made anew, verify agrees, and a changed
// counter is named.
func TestRebuildAndVerify(t *testing.T) {
	ctx := context.Background()
	each(t, func(t *testing.T, s *site) {
		s.wish("public", "demo-volunteer claim", "demo-volunteer deliver", "demo-resident confirm solved=yes satisfied=fairly")
		s.wish("private", "demo-resident withdraw")
		part := s.Stats.Part()
		dump := func() (lines []string) {
			s.must(s.Journal.Drain(ctx, part.Readers...))
			s.must(s.DB.Select(ctx, &lines, `SELECT kind || ' ' || what || ' ' || place || ' ' || day || ' ' || n FROM stats_counts WHERE n <> 0
				UNION ALL SELECT subject || kind || place || state || answered FROM stats_matters ORDER BY 1`))
			return lines
		}
		was := dump()
		s.must(s.Journal.Rebuild(ctx, part.Readers[0]))
		if now := dump(); strings.Join(was, "\n") != strings.Join(now, "\n") || len(was) < 30 {
			t.Errorf("rebuilt otherwise:\n%s\n\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		if faults, err := part.Checks[0].Do(ctx, s.DB); err != nil || len(faults) > 0 {
			t.Fatal(faults, err)
		}
		s.must(s.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE stats_counts SET n = n + 1 WHERE what = 'answered' AND place = ?`, demo.CommunityA)
			return err
		}))
		if faults, _ := part.Checks[0].Do(ctx, s.DB); len(faults) != 1 || !strings.Contains(faults[0], "answered") {
			t.Errorf("%q", faults)
		}
	})
}

// Too few residents are told to nobody; staff are told of smaller numbers.
func TestPersonsAreTold(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		f := s.figures("place="+demo.Street, "")
		if f.Least != 10 || f.Residents == nil || *f.Residents < 30 {
			t.Fatalf("%+v", f)
		}
		for _, p := range f.Places {
			if p.Residents != nil && *p.Residents > 0 && *p.Residents < 10 {
				t.Errorf("%s tells of %d", p.Name, *p.Residents)
			}
		}
		if f := s.figures("place="+demo.Street, "demo-street"); f.Least != 5 {
			t.Errorf("staff are told from %d on", f.Least)
		}
		if f := s.figures("place="+demo.Street, "demo-community"); f.Least != 10 {
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
	each(t, func(t *testing.T, h *site) {
		h.wish("public", "demo-volunteer claim", "demo-volunteer deliver", "demo-resident confirm solved=yes satisfied=yes")
		h.must(h.Journal.Drain(context.Background(), h.Readers()...))
		for path, want := range s {
			if status, body := h.get(path, ""); status != want {
				t.Errorf("%s: %d, want %d\n%.300s", path, status, want, body)
			}
		}
		boundary := `{"type":"Polygon","coordinates":[[[118.7,32.0],[118.8,32.0],[118.8,32.1],[118.7,32.0]]]}`
		p, err := h.Place.Get(demo.CommunityA)
		h.must(err)
		p.Boundary = boundary
		h.must(h.Place.Put(context.Background(), "", p))
		h.clock.Advance(time.Minute)
		_, body := h.get("/stats?place="+demo.Street, "")
		if strings.Count(body, `class="stats-map"`) != 1 || strings.Count(body, `<path class="shade-4"`) != 1 {
			t.Error("no map of the one place with a boundary")
		}
		if n := strings.Count(body, "<figure"); n == 0 || n > 6 {
			t.Errorf("%d charts", n)
		}
		if _, csv := h.get("/stats.csv?chart=months&place="+demo.CommunityA, ""); !strings.Contains(csv, "2026-11,1,1") {
			t.Errorf("%q", csv)
		}
	})
}

func TestTextsAreComplete(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
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
