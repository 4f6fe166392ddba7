package e2e_test

import (
	"context"
	"net/http"
	"net/http/httptest"
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
}

// served is the one site; it ends with the process, its data with scratch.
var served = sync.OnceValues(func() (*site, error) {
	ctx := context.Background()
	data := filepath.Join(scratch, "site")
	if err := demo.Fill(ctx, app.Config{Data: data}, 1); err != nil {
		return nil, err
	}
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	h, err := app.Open(ctx, app.Config{Data: data, BaseURL: base})
	if err != nil {
		return nil, err
	}
	if err := h.Journal.StartTail(ctx); err != nil {
		return nil, err
	}
	go h.Journal.Follow(ctx, h.Readers()...)
	mux := http.NewServeMux()
	mux.Handle("GET /e2e/as/{name}", h.Session.Middleware(enter(h)))
	mux.Handle("/", h.Handler())
	server.Config.Handler = mux
	server.Start()
	return &site{base, h}, nil
})

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
		http.Redirect(w, r, "/wishes", http.StatusSeeOther)
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

// shoot writes a picture of the page where LINLI_SHOTS names a folder.
func shoot(p *browser.Page, name string) {
	if dir := os.Getenv("LINLI_SHOTS"); dir != "" {
		p.Screenshot(filepath.Join(dir, name+".png"))
	}
}
