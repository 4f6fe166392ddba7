package e2e_test

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"linli/e2e/browser"
	"linli/internal/app"
	"linli/internal/app/demo"
)

// site is a demo district served by this process, for the browser tests of
// this package. All share it, so each test makes the matters it looks at.
type site struct {
	URL   string
	House *app.House
	close func()
}

// served is the one site; it ends with the process, its data with scratch.
var served = sync.OnceValues(func() (*site, error) { return serveDemo(filepath.Join(scratch, "site"), "") })

// serveDemo fills a demo district into a folder and a database ("" is SQLite
// in the folder) and serves it.
func serveDemo(data, database string) (*site, error) {
	ctx := context.Background()
	if err := demo.Fill(ctx, app.Config{Data: data, DB: database}, 1); err != nil {
		return nil, err
	}
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	h, err := app.Open(ctx, app.Config{Data: data, DB: database, BaseURL: base})
	if err != nil {
		return nil, err
	}
	if err := h.Journal.StartTail(ctx); err != nil {
		return nil, err
	}
	reading, stop := context.WithCancel(ctx)
	read := make(chan struct{})
	go func() {
		h.Journal.Follow(reading, h.Readers()...)
		close(read)
	}()
	mux := http.NewServeMux()
	mux.Handle("GET /e2e/as/{name}", h.Session.Middleware(enter(h)))
	mux.Handle("/", h.Handler())
	server.Config.Handler = mux
	server.Start()
	return &site{base, h, func() {
		server.Close()
		stop()
		<-read
		h.Close()
	}}, nil
}

// enter signs a browser in without the sign-in page, whose attempts are counted.
func enter(h *app.House) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		acc, err := h.Member.Find(r.Context(), h.DB, r.PathValue("name"))
		if err == nil {
			err = h.Session.Begin(r.Context(), acc.ID, h.Config.Clock.Now().UnixMilli())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, cmp.Or(r.URL.Query().Get("next"), "/wishes"), http.StatusSeeOther)
	})
}

// theSite returns the shared site.
func theSite(t testing.TB) *site {
	t.Helper()
	s, err := served()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// visit opens a browser of its own, signed in as an account of the demo, or
// not at all when as is empty.
func (s *site) visit(t testing.TB, as string, o browser.Options) *browser.Page {
	t.Helper()
	p := browser.New(t, o)
	if as != "" {
		p.Open(s.URL + "/e2e/as/" + as)
		if p.Status() != http.StatusOK {
			t.Fatalf("sign-in as %s: %d %s", as, p.Status(), p.Text())
		}
	}
	return p
}

// become signs a browser in as somebody else, on a page of the site.
func (s *site) become(p *browser.Page, as, path string) {
	p.Open(s.URL + "/e2e/as/" + as + "?next=" + url.QueryEscape(path))
}

// shoot writes a picture of the page where LINLI_SHOTS names a folder.
func shoot(p *browser.Page, name string) {
	if dir := os.Getenv("LINLI_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, name+".png"))
	}
}
