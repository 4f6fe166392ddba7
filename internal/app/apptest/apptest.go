// Package apptest (整屋测试) opens the whole house for tests: the demo's people
// on a clock that stands still, behind a test server, on both engines.
//
//	apptest.Each(t, func(t *testing.T, h *apptest.House) {
//		id := h.FileWish("demo-resident", nil)
//		h.Must(200, "POST", "/api/v1/wishes/"+id+"/claim", "demo-volunteer", nil)
//		h.Sound()
//	})
//
// What only one feature's tests need stays with them, in a struct that embeds
// *House.
package apptest

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/feature/member"
	"linli/internal/platform/dbtest"
)

// Noon is where the clock stands unless a plan says otherwise: a working Wednesday.
var Noon = time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)

// House is a house behind a test server. It is safe for concurrent use but for
// what ends a test at once: Must and all that is built on it.
type House struct {
	*app.House
	T     testing.TB
	Clock *clock.Fake
	URL   string // of the server

	client *http.Client
}

// Object is a JSON object.
type Object = map[string]any

// Plan says how houses differ from the plain ones. The zero plan is plain.
type Plan struct {
	Name   string                                        // of Fill: one process makes its people once for each name
	Fill   func(ctx context.Context, h *app.House) error // makes more people than the demo's
	Since  time.Time                                     // when the people came; Now if zero
	Now    time.Time                                     // where the clock stands; Noon if zero
	Config func(*app.Config)                             // changes the configuration
}

// Each runs the test on both engines, on a plain house of its own each.
func Each(t *testing.T, f func(t *testing.T, h *House)) {
	t.Helper()
	Plan{}.Each(t, f)
}

// SQLite opens a plain house on SQLite alone, for what no engine can change.
func SQLite(t testing.TB) *House {
	t.Helper()
	return Plan{}.open(t, dbtest.SQLiteFromTemplate(t, Plan{}.key(), Plan{}.prepare(t)))
}

// Postgres opens a plain house on PostgreSQL alone, for what only it does.
func Postgres(t testing.TB) *House {
	t.Helper()
	return Plan{}.open(t, dbtest.PostgresFromTemplate(t, Plan{}.key(), Plan{}.prepare(t)))
}

// Each is the function Each for houses of this plan.
func (p Plan) Each(t *testing.T, f func(t *testing.T, h *House)) {
	t.Helper()
	dbtest.EachFrom(t, p.key(), p.prepare(t), func(t *testing.T, url string) { f(t, p.open(t, url)) })
}

func (p Plan) open(t testing.TB, url string) *House {
	t.Helper()
	c := Config(t, url, clock.NewFake(p.now()))
	if p.Config != nil {
		p.Config(&c)
	}
	return Serve(t, c)
}

// Node opens a further node on the same database, by the same clock.
func (h *House) Node() *House {
	h.T.Helper()
	c := h.Config
	c.Data = h.T.TempDir()
	return Serve(h.T, c)
}

// Config is the configuration of the tests on a database, "" for SQLite in a
// folder of the test.
func Config(t testing.TB, url string, now clock.Clock) app.Config {
	return app.Config{Data: t.TempDir(), DB: url, Clock: now, BaseURL: "http://linli.test", Secret: []byte("a secret of the tests")}
}

// Serve opens a house that was made by other means. House.Clock is nil if that
// of the configuration is no fake one.
func Serve(t testing.TB, c app.Config) *House {
	t.Helper()
	h, err := app.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h.Handler())
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	now, _ := c.Clock.(*clock.Fake)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
		h.Close()
	})
	return &House{House: h, T: t, Clock: now, URL: srv.URL, client: &http.Client{CheckRedirect: stay, Transport: transport}}
}

func (p Plan) now() time.Time {
	if p.Now.IsZero() {
		return Noon
	}
	return p.Now
}

func (p Plan) since() time.Time {
	if p.Since.IsZero() {
		return p.now()
	}
	return p.Since
}

func (p Plan) key() string { return fmt.Sprint("people ", p.Name, p.since().UnixMilli()) }

func (p Plan) prepare(t testing.TB) func(url string) error {
	return func(url string) error {
		ctx := context.Background()
		h, err := app.Open(ctx, Config(t, url, clock.NewFake(p.since())))
		if err != nil {
			return err
		}
		defer h.Close()
		if _, err := h.Migrate(ctx); err != nil {
			return err
		}
		if err := demo.People(ctx, h); err != nil || p.Fill == nil {
			return err
		}
		return p.Fill(ctx, h)
	}
}

// Read lets the named readers of events follow the log to its end, all of them
// if none is named.
func (h *House) Read(names ...string) {
	h.T.Helper()
	for _, r := range h.Readers() {
		if len(names) > 0 && !slices.Contains(names, r.Name) {
			continue
		}
		if err := h.Journal.Drain(h.T.Context(), r); err != nil {
			h.T.Fatal(err)
		}
	}
}

// Sound fails on what `linli verify` finds; with names of parts, on what the
// checks of these alone find.
func (h *House) Sound(parts ...string) {
	h.T.Helper()
	if len(parts) == 0 {
		reports, err := h.Verify(context.Background())
		if err != nil {
			h.T.Fatal(err)
		}
		for _, r := range reports {
			for _, f := range r.Faults {
				h.T.Errorf("%s: %s", r.Name, f)
			}
		}
	}
	for _, p := range h.Parts() {
		if !slices.Contains(parts, p.Name) {
			continue
		}
		for _, c := range p.Checks {
			if faults, err := c.Do(context.Background(), h.DB); err != nil || len(faults) > 0 {
				h.T.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

// Account is an account by its name or id.
func (h *House) Account(name string) member.Account {
	h.T.Helper()
	a, err := h.Member.Find(context.Background(), h.DB, name)
	if err != nil {
		h.T.Fatalf("%s: %v", name, err)
	}
	return a
}

// Actor is an account with its roles of this moment.
func (h *House) Actor(name string) actor.Actor {
	h.T.Helper()
	a, _, err := h.Member.Actor(context.Background(), h.Account(name).ID)
	if err != nil {
		h.T.Fatalf("%s: %v", name, err)
	}
	return a
}

// FileWish files a wish in community A and returns its id; more says how it
// differs from a plain one.
func (h *House) FileWish(as string, more Object) string {
	h.T.Helper()
	body := Object{"title": "想请人帮忙修纱窗", "body": "厨房的纱窗破了，蚊子飞进来，自己修不好。", "place": demo.CommunityA, "category": "家政清洁"}
	for k, v := range more {
		body[k] = v
	}
	return h.Must(201, "POST", "/api/v1/wishes", as, body)["id"].(string)
}

// Upload sends a file and returns its id.
func (h *House) Upload(as, name string, content []byte) string {
	h.T.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("file", name)
	if err != nil {
		h.T.Fatal(err)
	}
	f.Write(content)
	w.Close()
	return h.Must(201, "POST", "/api/v1/files", as, b.Bytes(), "Content-Type", w.FormDataContentType())["id"].(string)
}
