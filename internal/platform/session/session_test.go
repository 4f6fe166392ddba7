package session_test

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
	"time"

	"linli/internal/core/clock"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/session"
	"linli/migrations"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)

// each gives a manager over a fresh database on both engines.
func each(t *testing.T, f func(t *testing.T, m *session.Manager, d *db.DB, now *clock.Fake)) {
	dbtest.EachFrom(t, "migrated", func(url string) error {
		d, err := db.Open(context.Background(), url, clock.NewFake(noon))
		if err != nil {
			return err
		}
		defer d.Close()
		_, err = d.Migrate(context.Background(), migrations.Files)
		return err
	}, func(t *testing.T, url string) {
		now := clock.NewFake(noon)
		d, err := db.Open(t.Context(), url, now)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		f(t, session.New(d, false), d, now)
	})
}

// browser keeps the cookie of one session.
type browser struct {
	t   *testing.T
	url string
	*http.Client
}

// serve puts the manager before acts by path and returns a way to open browsers.
func serve(t *testing.T, m *session.Manager, acts map[string]func(ctx context.Context) string) func() browser {
	mux := http.NewServeMux()
	for path, act := range acts {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Said", act(r.Context())) })
	}
	srv := httptest.NewServer(m.Middleware(mux))
	t.Cleanup(srv.Close)
	return func() browser {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return browser{t, srv.URL, &http.Client{Jar: jar}}
	}
}

func (b browser) get(path string) string {
	b.t.Helper()
	res, err := b.Get(b.url + path)
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	return res.Header.Get("Said")
}

func (b browser) token() string {
	b.t.Helper()
	req, err := http.NewRequest("GET", b.url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(req.URL) {
		return c.Value
	}
	return ""
}

// acts are the doors of these tests.
func acts(t *testing.T, m *session.Manager, now *clock.Fake) map[string]func(ctx context.Context) string {
	return map[string]func(ctx context.Context) string{
		"/plant": func(ctx context.Context) string { m.Put(ctx, "seed", "x"); return "" },
		"/begin": func(ctx context.Context) string {
			if err := m.Begin(ctx, "ann", now.Now().UnixMilli()); err != nil {
				t.Error(err)
			}
			return ""
		},
		"/who": func(ctx context.Context) string { account, _ := m.Account(ctx); return account },
	}
}

// Signing in gives a new token, so that one planted before is worth nothing;
// the store holds no token that would be good for anything.
func TestSigningInChangesTheToken(t *testing.T) {
	each(t, func(t *testing.T, m *session.Manager, d *db.DB, now *clock.Fake) {
		b := serve(t, m, acts(t, m, now))()
		b.get("/plant")
		planted := b.token()
		b.get("/begin")
		if b.token() == planted || planted == "" || b.get("/who") != "ann" {
			t.Errorf("the token planted before is good after: %q is %q", planted, b.get("/who"))
		}
		var n int
		if err := d.Get(t.Context(), &n, `SELECT count(*) FROM sessions WHERE token = ? OR token = ?`, b.token(), planted); err != nil || n != 0 {
			t.Errorf("%d tokens lie open, %v", n, err)
		}
	})
}

// A session ends after its time, and the store forgets it.
func TestASessionEndsByTheClock(t *testing.T) {
	each(t, func(t *testing.T, m *session.Manager, d *db.DB, now *clock.Fake) {
		b := serve(t, m, acts(t, m, now))()
		b.get("/begin")
		now.Set(clock.System{}.Now().Add(session.Kept + time.Minute)) // scs takes the end from the machine's clock
		if who := b.get("/who"); who != "" {
			t.Errorf("still %s", who)
		}
		if err := m.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := d.Get(t.Context(), &n, `SELECT count(*) FROM sessions WHERE account <> ''`); err != nil || n != 0 {
			t.Errorf("%d are kept, %v", n, err)
		}
	})
}

// A session ended elsewhere stays ended, also if one of its own requests was
// under way and writes at its end that it was in use.
func TestASessionEndedDuringARequestStaysEnded(t *testing.T) {
	each(t, func(t *testing.T, m *session.Manager, d *db.DB, now *clock.Fake) {
		doors := acts(t, m, now)
		doors["/slow"] = func(ctx context.Context) string {
			account, _ := m.Account(ctx)
			if err := d.Write(ctx, func(tx *db.Tx) error { return m.EndAll(ctx, tx, "ann") }); err != nil { // from another device, meanwhile
				t.Error(err)
			}
			return account
		}
		b := serve(t, m, doors)()
		b.get("/begin")
		now.Advance(time.Hour) // so that its use is written
		if b.get("/slow") != "ann" {
			t.Fatal("not signed in")
		}
		if who := b.get("/who"); who != "" {
			t.Errorf("%s is signed in again", who)
		}
	})
}
