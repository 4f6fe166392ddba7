package activity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
)

// morning is where the clock of these tests stands: a working Wednesday.
var morning = time.Date(2026, 11, 18, 8, 0, 0, 0, clock.China)

type object = map[string]any

// site is a house with the demo's people and a hundred residents more.
type site struct {
	*app.House
	t     *testing.T
	clock *clock.Fake
	url   string
}

const extra = 200

func eachSite(t *testing.T, f func(t *testing.T, s *site)) {
	dbtest.EachFrom(t, "people-activity", func(url string) error {
		ctx := context.Background()
		h, err := app.Open(ctx, config(t.TempDir(), url, clock.NewFake(morning)))
		if err != nil {
			return err
		}
		defer h.Close()
		if _, err := h.Migrate(ctx); err != nil {
			return err
		}
		if err := demo.People(ctx, h); err != nil {
			return err
		}
		return h.DB.Write(ctx, func(tx *db.Tx) error {
			for i := range extra {
				a := member.Account{Name: fmt.Sprintf("r%03d", i), PublicName: fmt.Sprintf("居民%03d", i), Level: actor.V1, Home: demo.CommunityA, HasChannel: true}
				if err := h.Member.Create(ctx, tx, "", &a); err != nil {
					return err
				}
				if err := h.Member.KeepToken(ctx, tx, a.ID, "test", a.Name, 0); err != nil {
					return err
				}
			}
			return nil
		})
	}, func(t *testing.T, url string) { f(t, open(t, url, clock.NewFake(morning))) })
}

func config(dir, url string, c clock.Clock) app.Config {
	return app.Config{Data: dir, DB: url, Clock: c, BaseURL: "http://linli.test", Secret: []byte("a secret of the tests")}
}

func open(t *testing.T, url string, now *clock.Fake) *site {
	t.Helper()
	h, err := app.Open(context.Background(), config(t.TempDir(), url, now))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h.Handler())
	t.Cleanup(func() {
		srv.Close()
		h.Close()
	})
	return &site{House: h, t: t, clock: now, url: srv.URL}
}

type reply struct {
	Status int
	Header http.Header
	Body   string
}

var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64},
}

// do sends a request as an account; a map goes as JSON, url.Values as a form.
func (s *site) do(method, path, as string, body any) reply {
	s.t.Helper()
	var r io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case url.Values:
		r, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		j, err := json.Marshal(b)
		if err != nil {
			s.t.Error(err)
		}
		r, kind = bytes.NewReader(j), "application/json"
	}
	req, err := http.NewRequest(method, s.url+path, r)
	if err != nil {
		s.t.Error(err)
		return reply{}
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+as)
	}
	res, err := client.Do(req)
	if err != nil {
		s.t.Error(err)
		return reply{}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Error(err)
	}
	return reply{res.StatusCode, res.Header, string(b)}
}

// must sends a request and fails unless the status is want.
func (s *site) must(want int, method, path, as string, body any) object {
	s.t.Helper()
	r := s.do(method, path, as, body)
	if r.Status != want {
		s.t.Fatalf("%s %s as %q: %d, want %d\n%s", method, path, as, r.Status, want, r.Body)
	}
	if !strings.HasPrefix(path, "/api/") {
		return nil
	}
	var o object
	if err := json.Unmarshal([]byte(r.Body), &o); err != nil {
		s.t.Fatalf("not JSON: %v\n%s", err, r.Body)
	}
	return o
}

// page reads a page and fails unless it is 200 and holds every text.
func (s *site) page(path, as string, want ...string) string {
	s.t.Helper()
	r := s.do("GET", path, as, nil)
	if r.Status != 200 {
		s.t.Fatalf("GET %s as %q: %d\n%s", path, as, r.Status, r.Body)
	}
	for _, w := range want {
		if !strings.Contains(r.Body, w) {
			s.t.Errorf("GET %s as %q: no %q", path, as, w)
		}
	}
	return r.Body
}

// drafted makes an activity the day after at nine and returns its path in the API.
func (s *site) drafted(as string, more object) string {
	s.t.Helper()
	start := s.clock.Now().Add(25 * time.Hour)
	body := object{
		"title": "江边捡拾垃圾", "kind": "家政清洁", "place": demo.CommunityA, "starts": start.Format(time.RFC3339),
		"ends": start.Add(2 * time.Hour).Format(time.RFC3339), "capacity": 20,
	}
	for k, v := range more {
		body[k] = v
	}
	o := s.must(201, "POST", "/api/v1/activities", as, body)
	return "/api/v1/activities/" + o["id"].(string)
}

// published makes and publishes one.
func (s *site) published(as string, more object) string {
	s.t.Helper()
	path := s.drafted(as, more)
	s.must(200, "POST", path+"/publish", as, nil)
	return path
}

// roster counts entries by state and checks that the line is 1, 2, 3 ….
func (s *site) roster(path, as string) (map[string]int, []object) {
	s.t.Helper()
	items := s.must(200, "GET", path+"/roster", as, nil)["items"].([]any)
	count := map[string]int{}
	var out []object
	line := 0.0
	for _, i := range items {
		o := i.(object)
		out = append(out, o)
		count[o["state"].(string)]++
		if n, ok := o["place_in_line"].(float64); ok {
			if line++; n != line {
				s.t.Errorf("place_in_line %v, want %v", n, line)
			}
		} else if o["state"] == "waiting" {
			s.t.Error("a waiting entry without its place in line")
		}
	}
	return count, out
}

// verify fails on anything that does not recompute.
func (s *site) verify() {
	s.t.Helper()
	for _, p := range s.Parts() {
		for _, c := range p.Checks {
			faults, err := c.Do(context.Background(), s.DB)
			if err != nil || len(faults) > 0 {
				s.t.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}
