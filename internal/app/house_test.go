package app_test

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

// noon is where the clock of most tests stands: a working Wednesday.
var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)

// site is a house with the demo's people behind a test server.
type site struct {
	*app.House
	t     *testing.T
	clock *clock.Fake
	url   string
}

// eachSite runs the test on a house of its own on both engines.
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
	}, func(t *testing.T, url string) { f(t, open(t, url)) })
}

func config(dir, url string, c clock.Clock) app.Config {
	return app.Config{Data: dir, DB: url, Clock: c, BaseURL: "http://linli.test", Secret: []byte("a secret of the tests")}
}

func open(t *testing.T, url string) *site {
	t.Helper()
	now := clock.NewFake(noon)
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

// reply is an answer read whole.
type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// json decodes the body as an object.
func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(r.Body, &o); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, r.Body)
	}
	return o
}

// do sends a request as an account ("" for anonymous). A map body goes as
// JSON, url.Values as a form.
func (s *site) do(method, path, as string, body any, header ...string) reply {
	s.t.Helper()
	var r io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case string:
		r, kind = strings.NewReader(b), "application/json"
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
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
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
	return reply{res.StatusCode, res.Header, b}
}

// must sends a request and fails unless the status is want.
func (s *site) must(want int, method, path, as string, body any, header ...string) map[string]any {
	s.t.Helper()
	r := s.do(method, path, as, body, header...)
	if r.Status != want {
		s.t.Fatalf("%s %s as %q: %d, want %d\n%s", method, path, as, r.Status, want, r.Body)
	}
	if len(r.Body) == 0 || !strings.HasPrefix(path, "/api/") {
		return nil
	}
	return r.json(s.t)
}

type object = map[string]any

// wish files a wish and returns its id.
func (s *site) wish(as string, more object) string {
	s.t.Helper()
	body := object{"title": "想请人帮忙修纱窗", "body": "厨房的纱窗破了，蚊子飞进来，自己修不好。", "place": demo.CommunityA, "category": "家政清洁"}
	for k, v := range more {
		body[k] = v
	}
	return s.must(201, "POST", "/api/v1/wishes", as, body)["id"].(string)
}
