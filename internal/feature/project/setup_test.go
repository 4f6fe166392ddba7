package project_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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

// noon is where the clock of these tests stands: a working Wednesday.
var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)

// house is a node with the demo's people and a test server before it.
type house struct {
	*app.House
	t     testing.TB
	clock *clock.Fake
	url   string
}

func prepare(url string) error {
	dir, err := os.MkdirTemp("", "linli-project-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	h, err := app.Open(context.Background(), config(dir, url, clock.NewFake(noon)))
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := h.Migrate(context.Background()); err != nil {
		return err
	}
	return demo.People(context.Background(), h)
}

func config(dir, url string, c clock.Clock) app.Config {
	return app.Config{Data: dir, DB: url, Clock: c, BaseURL: "http://linli.test", Secret: []byte("a secret of the tests")}
}

func eachHouse(t *testing.T, f func(t *testing.T, h *house)) {
	dbtest.EachFrom(t, "people", prepare, func(t *testing.T, url string) { f(t, open(t, url, clock.NewFake(noon))) })
}

func open(t testing.TB, url string, now *clock.Fake) *house {
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
	return &house{House: h, t: t, clock: now, url: srv.URL}
}

type object = map[string]any

// do sends a JSON request as an account, "" for nobody.
func (h *house) do(method, path, as string, body any, header ...string) (int, []byte) {
	h.t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			h.t.Fatal(err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, h.url+path, r)
	if err != nil {
		h.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
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
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, b
}

// must sends a request and fails unless the status is want.
func (h *house) must(want int, method, path, as string, body any, header ...string) object {
	h.t.Helper()
	status, b := h.do(method, path, as, body, header...)
	if status != want {
		h.t.Fatalf("%s %s as %q: %d, want %d\n%s", method, path, as, status, want, b)
	}
	o := object{}
	if len(b) > 0 && b[0] == '{' {
		if err := json.Unmarshal(b, &o); err != nil {
			h.t.Fatal(err)
		}
	}
	return o
}

// proposal proposes a project of community A and returns its id.
func (h *house) proposal(who string, more object) string {
	h.t.Helper()
	body := object{"title": "3幢门口加装坡道和扶手", "body": "3幢住着六位坐轮椅的老人，门口三级台阶，下雨天家人抬着走。", "place": demo.CommunityA,
		"cost": 68_000_00, "ownership": "public", "fund": "服务群众经费", "upkeep": "社区", "serves": "3幢 42 户"}
	for k, v := range more {
		body[k] = v
	}
	return h.must(201, "POST", "/api/v1/projects", who, body)["id"].(string)
}

// move makes a move of a project and returns it.
func (h *house) move(want int, who, id, do string, body object) object {
	h.t.Helper()
	if body == nil {
		body = object{}
	}
	return h.must(want, "POST", "/api/v1/projects/"+id+"/"+do, who, body)
}

// discussed takes a new project as far as a summarised council.
func (h *house) discussed(more object) string {
	h.t.Helper()
	id := h.proposal("demo-resident", more)
	h.move(200, "demo-community", id, "screen", object{"ok": true, "reason": "属于微实事，现场看过，确有需要"})
	h.move(200, "demo-party", id, "study", object{"result": "support", "note": "支委会研究同意"})
	h.move(200, "demo-community", id, "discuss", nil)
	h.move(200, "demo-neighbour", id, "position", object{"kind": "for", "text": "我父亲就住 3 幢，支持"})
	h.move(200, "demo-community", id, "summarise", object{"heard": "大家支持", "doing": "照此办理"})
	return id
}

// verify runs all checks of projects and polls.
func (h *house) verify() {
	h.t.Helper()
	for _, p := range h.Parts() {
		if p.Name != "ballot" && p.Name != "project" {
			continue
		}
		for _, c := range p.Checks {
			faults, err := c.Do(context.Background(), h.DB)
			if err != nil || len(faults) > 0 {
				h.t.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

func sqlite(t *testing.T) string { return dbtest.SQLiteFromTemplate(t, "people", prepare) }

func fake() *clock.Fake { return clock.NewFake(noon) }

var update = flag.Bool("update", false, "write golden files anew")

// golden compares text with a file of testdata; -update writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s has changed; run with -update and read the difference:\n%s", name, text)
	}
}

// overseer makes an account that acts for A's supervision committee.
func (h *house) overseer() {
	h.t.Helper()
	ctx := context.Background()
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := h.Member.Find(ctx, tx, "overseer"); err == nil {
			return nil
		}
		a := member.Account{Name: "overseer", PublicName: "监督委员", Level: actor.V3, Home: demo.CommunityA}
		g := h.Group.At(demo.CommunityA, actor.Oversight)[0]
		if err := h.Member.Create(ctx, tx, "", &a, member.Grant{Role: actor.Member, Group: g.ID, Post: "主任"}); err != nil {
			return err
		}
		return h.Member.KeepToken(ctx, tx, a.ID, "test", "overseer", 0)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// lastTold is whom the last event of a project is told to.
func (h *house) lastTold(id string) string {
	h.t.Helper()
	var data string
	if err := h.DB.Get(context.Background(), &data, `SELECT data FROM events WHERE subject = ? ORDER BY version DESC LIMIT 1`, id); err != nil {
		h.t.Fatal(err)
	}
	return data
}
