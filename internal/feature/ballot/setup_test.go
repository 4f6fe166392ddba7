package ballot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
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
	dir, err := os.MkdirTemp("", "linli-ballot-")
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

// poll makes a poll of community A that is open unless more says otherwise.
func (h *house) poll(more object) string {
	h.t.Helper()
	body := object{
		"question": "先修哪一样？", "rule": "approval", "options": []any{"防腐条凳", "晾衣架", "路灯"}, "place": demo.CommunityA,
		"opens": noon.Add(-time.Hour), "closes": noon.Add(24 * time.Hour), "roll": object{"place": demo.CommunityA, "level": "V3"},
	}
	for k, v := range more {
		body[k] = v
	}
	return h.must(201, "POST", "/api/v1/polls", "demo-community", body)["id"].(string)
}

// residents makes n more residents at V3 in community A and returns their ids.
func (h *house) residents(n int, change func(i int, a *member.Account)) []string {
	h.t.Helper()
	ids := make([]string, n)
	for from := 0; from < n; from += 200 {
		err := h.DB.Write(context.Background(), func(tx *db.Tx) error {
			for i := from; i < min(n, from+200); i++ {
				a := member.Account{PublicName: fmt.Sprintf("居民%d", i), Level: actor.V3, Home: demo.CommunityA}
				if change != nil {
					change(i, &a)
				}
				if err := h.Member.Create(context.Background(), tx, "", &a); err != nil {
					return err
				}
				ids[i] = a.ID
			}
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return ids
}

// as is a context in which a resident acts.
func as(account string) context.Context {
	return actor.With(context.Background(), actor.Actor{ID: account})
}

// verify runs all checks of polls.
func (h *house) verify() {
	h.t.Helper()
	for _, p := range h.Parts() {
		if p.Name != "ballot" {
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
