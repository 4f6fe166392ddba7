package wish_test

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
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
)

// noon is where the clock of these tests begins: a working Wednesday.
var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)

type object = map[string]any

// house is the whole house with the demo's people.
type house struct {
	*app.House
	t     *testing.T
	clock *clock.Fake
}

// each runs the test on a house of its own on both engines. When it ends,
// verify must find nothing to say.
func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.EachFrom(t, "people", prepare, func(t *testing.T, url string) {
		h := open(t, url)
		f(t, h)
		h.sound()
	})
}

// one is each on SQLite alone, for what no engine can change.
func one(t *testing.T) *house {
	t.Helper()
	return open(t, dbtest.SQLiteFromTemplate(t, "people", prepare))
}

func config(dir, url string, c clock.Clock) app.Config {
	return app.Config{Data: dir, DB: url, Clock: c, BaseURL: "http://linli.test", Secret: []byte("a secret of the tests")}
}

func prepare(url string) error {
	ctx := context.Background()
	dir, err := tempDir()
	if err != nil {
		return err
	}
	h, err := app.Open(ctx, config(dir, url, clock.NewFake(noon)))
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := h.Migrate(ctx); err != nil {
		return err
	}
	return demo.People(ctx, h)
}

func open(t *testing.T, url string) *house {
	t.Helper()
	c := clock.NewFake(noon)
	h, err := app.Open(context.Background(), config(t.TempDir(), url, c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return &house{h, t, c}
}

// sound asks the invariants of every feature.
func (h *house) sound() {
	h.t.Helper()
	for _, p := range h.Parts() {
		for _, c := range p.Checks {
			faults, err := c.Do(context.Background(), db.Queryer(h.DB))
			if err != nil || len(faults) > 0 {
				h.t.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

type reply struct {
	Status int
	Header http.Header
	Body   string
}

func (r reply) json(t *testing.T) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(r.Body), &o); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, r.Body)
	}
	return o
}

// do sends a request as an account, "" for nobody. url.Values go as a form.
func (h *house) do(method, path, as string, body any) reply {
	var r io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
		kind = ""
	case url.Values:
		r, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	case string:
		r = strings.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			h.t.Fatal(err)
		}
		r = bytes.NewReader(j)
	}
	req := httptest.NewRequest(method, path, r)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+as)
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, req)
	return reply{w.Code, w.Header(), w.Body.String()}
}

// must sends a JSON request and fails unless the status is want.
func (h *house) must(want int, method, path, as string, body any) object {
	h.t.Helper()
	r := h.do(method, "/api/v1"+path, as, body)
	if r.Status != want {
		h.t.Fatalf("%s %s as %q: %d, want %d\n%s", method, path, as, r.Status, want, r.Body)
	}
	return r.json(h.t)
}

// file files a wish and returns its id.
func (h *house) file(as string, more object) string {
	h.t.Helper()
	body := object{"title": "想请人帮忙修纱窗", "body": "厨房的纱窗破了，自己修不好。", "place": demo.CommunityA, "category": "家政清洁"}
	for k, v := range more {
		body[k] = v
	}
	return h.must(201, "POST", "/wishes", as, body)["id"].(string)
}

// move makes a move and returns the wish.
func (h *house) move(want int, as, id, do string, in object) object {
	h.t.Helper()
	if in == nil {
		in = object{}
	}
	return h.must(want, "POST", "/wishes/"+id+"/"+do, as, in)
}

func (h *house) state(id, want string) {
	h.t.Helper()
	if got := h.must(200, "GET", "/wishes/"+id, "demo-community", nil)["state"]; got != want {
		h.t.Errorf("state %v, want %s", got, want)
	}
}

// story is the timeline in short: "claim open→claimed".
func (h *house) story(as, id string) []string {
	h.t.Helper()
	var out []string
	for i, it := range h.must(200, "GET", "/wishes/"+id+"/timeline", as, nil)["items"].([]any) {
		o := it.(object)
		if o["seq"] != float64(i+1) {
			h.t.Errorf("event %d has seq %v", i+1, o["seq"])
		}
		out = append(out, fmt.Sprintf("%s %s→%s", o["do"], o["from"], o["to"]))
	}
	return out
}

func (h *house) actor(name string) actor.Actor {
	h.t.Helper()
	acc, err := h.Member.Find(context.Background(), h.DB, name)
	if err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	a, _, err := h.Member.Actor(context.Background(), acc.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

// accounts are all of the demo's.
func accounts() []string {
	out := strings.Fields(`demo-resident demo-neighbour demo-newcomer demo-outsider demo-volunteer demo-volunteer2 demo-society demo-party
		demo-grid demo-community demo-community2 demo-community-b demo-street demo-district demo-water demo-roads demo-auditor demo-admin demo-expert1`)
	for i := 1; i <= 13; i++ {
		out = append(out, fmt.Sprintf("demo-unit%d", i))
	}
	return out
}
