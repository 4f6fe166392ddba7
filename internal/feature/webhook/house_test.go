package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
	"linli/internal/platform/dbtest"
)

// noon is a working Wednesday.
var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)

// site is a house with the demo's people behind a test server.
type site struct {
	*app.House
	t     *testing.T
	clock *clock.Fake
	url   string
	db    string
}

func config(dir, url string, c clock.Clock) app.Config {
	return app.Config{Data: dir, DB: url, Clock: c, BaseURL: "http://linli.test", Secret: []byte("a secret of the tests"), Private: true}
}

func eachSite(t *testing.T, f func(t *testing.T, s *site)) {
	dbtest.EachFrom(t, "people", func(url string) error {
		h, err := app.Open(context.Background(), config(t.TempDir(), url, clock.NewFake(noon)))
		if err != nil {
			return err
		}
		defer h.Close()
		if _, err := h.Migrate(context.Background()); err != nil {
			return err
		}
		return demo.People(context.Background(), h)
	}, func(t *testing.T, url string) { f(t, open(t, url, clock.NewFake(noon))) })
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
	return &site{House: h, t: t, clock: now, url: srv.URL, db: url}
}

type object = map[string]any

func (s *site) do(method, path, as string, body any) (int, string, http.Header) {
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
			s.t.Fatal(err)
		}
		r, kind = bytes.NewReader(j), "application/json"
	}
	req, err := http.NewRequest(method, s.url+path, r)
	if err != nil {
		s.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+as)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func (s *site) must(want int, method, path, as string, body any) string {
	s.t.Helper()
	status, text, _ := s.do(method, path, as, body)
	if status != want {
		s.t.Fatalf("%s %s as %q: %d, want %d\n%s", method, path, as, status, want, text)
	}
	return text
}

func (s *site) json(want int, method, path, as string, body any) object {
	s.t.Helper()
	var o object
	if err := json.Unmarshal([]byte(s.must(want, method, path, as, body)), &o); err != nil {
		s.t.Fatal(err)
	}
	return o
}

// read lets the subscriptions follow the log and sends what is due.
func (s *site) read() {
	s.t.Helper()
	for _, r := range s.Readers() {
		if r.Name == "webhook" {
			if err := s.Journal.Drain(s.t.Context(), r); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	if err := s.Webhook.Work(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) wish(as string, more object) string {
	s.t.Helper()
	body := object{"title": "想请人帮忙修纱窗", "body": "厨房的纱窗破了，蚊子飞进来，自己修不好。", "place": demo.CommunityA, "category": "家政清洁"}
	for k, v := range more {
		body[k] = v
	}
	return s.json(201, "POST", "/api/v1/wishes", as, body)["id"].(string)
}

func (s *site) account(name string) string {
	s.t.Helper()
	a, err := s.Member.Find(s.t.Context(), s.DB, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.ID
}
