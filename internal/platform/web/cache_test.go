package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/platform/web"
)

func TestCacheIsValidUntilAnEventADueTimeOrAMinute(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/lamps", "/api/v1/lamps"} {
			s.due = 0
			get := func() string { return s.ask("GET", path, "").Header().Get("ETag") }
			fresh := func(what string, want int64) {
				t.Helper()
				before := s.renders.Load()
				get()
				if n := s.renders.Load() - before; n != want {
					t.Errorf("%s %s: %d renderings, want %d", path, what, n, want)
				}
			}
			fresh("first", 1)
			fresh("second", 0)
			s.born(t, "public")
			fresh("after an event", 1)
			fresh("again", 0)
			s.clock.Advance(61 * time.Second)
			fresh("after a minute", 1)
			s.due = s.clock.Now().Add(10 * time.Second).UnixMilli()
			s.born(t, "public")
			fresh("with a due time", 1)
			s.clock.Advance(9 * time.Second)
			fresh("before it is due", 0)
			s.clock.Advance(2 * time.Second)
			fresh("once it is due", 1)
		}
	})
}

func TestOnlyAnonymousRenderingsAreCached(t *testing.T) {
	s := one(t)
	for range 2 {
		w := s.ask("GET", "/lamps", "", asBob)
		if w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("ETag") != "" {
			t.Errorf("%v", w.Header())
		}
	}
	if n := s.renders.Load(); n != 2 {
		t.Errorf("%d renderings", n)
	}
	w := s.ask("GET", "/lamps", "")
	if w.Header().Get("Cache-Control") != "no-cache" || !strings.Contains(w.Header().Get("Vary"), "Cookie") {
		t.Errorf("%v", w.Header())
	}
}

func TestCacheKeepsEachFormApart(t *testing.T) {
	s := one(t)
	bodies := map[string]string{}
	for _, c := range []struct{ path, header string }{
		{"/lamps", ""}, {"/lamps?q=a", ""}, {"/lamps?q=b", ""}, {"/lamps", "Accept-Language: en"}, {"/lamps", "Cookie: care=1"},
		{"/lamps", "Cookie: size=large"}, {"/api/v1/lamps", ""}, {"/api/v1/lamps?q=a", ""},
	} {
		for range 2 {
			headers := []string{}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			w := s.ask("GET", c.path, "", headers...)
			key := c.path + " " + c.header
			if was, ok := bodies[key]; ok && was != w.Body.String() {
				t.Errorf("%s: %s, then %s", key, was, w.Body)
			}
			bodies[key] = w.Body.String()
		}
	}
	seen := map[string]string{}
	for key, b := range bodies {
		if other, twice := seen[b]; twice {
			t.Errorf("%s and %s answer alike: %s", key, other, b)
		}
		seen[b] = key
	}
	n := s.renders.Load()
	if n != 8 {
		t.Errorf("%d renderings of 8 forms", n)
	}
	// A page ignores what it does not know, a place cookie is a form of its own.
	for _, path := range []string{"/lamps?utm=1", "/lamps?x&y=2"} {
		s.ask("GET", path, "")
	}
	if s.renders.Load() != n {
		t.Error("unknown parameters make new renderings")
	}
	s.ask("GET", "/lamps", "", "Cookie: place=care")
	s.ask("GET", "/lamps", "", "Cookie: place="+strings.Repeat("3", 200))
	if s.renders.Load() != n+2 {
		t.Error("renderings for different places are one")
	}
}

func TestNotModified(t *testing.T) {
	s := one(t)
	etag := s.ask("GET", "/lamps", "").Header().Get("ETag")
	for header, want := range map[string]int{etag: 304, "W/" + etag: 304, `"other", ` + etag: 304, `"other"`: 200} {
		w := s.ask("GET", "/lamps", "", "If-None-Match: "+header)
		if w.Code != want || want == 304 && w.Body.Len() != 0 || w.Header().Get("ETag") != etag {
			t.Errorf("%s: %d %q", header, w.Code, w.Body)
		}
	}
}

func TestHeadersOfRawAnswersAreCachedWithThem(t *testing.T) {
	s := one(t)
	for range 2 {
		w := s.ask("GET", "/lamps.csv", "")
		if w.Header().Get("Content-Disposition") != "attachment" || w.Header().Get("Content-Type") != "text/csv" || w.Body.String() != "a,b\n" {
			t.Errorf("%v %s", w.Header(), w.Body)
		}
	}
	if s.renders.Load() != 1 {
		t.Error("not cached")
	}
}

// After an event many ask for the same page at once: one rendering serves all,
// and a fault is told to each.
func TestManyAtOnceRenderOnce(t *testing.T) {
	for _, c := range []struct {
		name      string
		fault     error
		renders   int64
		wantReply int
	}{{"page", nil, 1, http.StatusOK}, {"fault", fault.Absent(), 100, http.StatusNotFound}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var renders atomic.Int64
				free := make(chan bool)
				s := &web.Server{
					Identity: who{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Text: text, Generation: func(...string) uint64 { return 1 },
					Fault: func(*web.Call, *fault.Error, string) templ.Component { return component("fault") },
				}
				s.Handle(web.Route{Method: "GET", Path: "/popular", Name: "popular", Public: []string{"lamp"}, Do: func(*web.Call) (any, error) {
					renders.Add(1)
					<-free
					return component("all of us"), c.fault
				}})
				s.Unlimited = true
				h := s.Handler()
				var wg sync.WaitGroup
				for range 100 {
					wg.Go(func() {
						w := httptest.NewRecorder()
						h.ServeHTTP(w, httptest.NewRequest("GET", "/popular", nil))
						if w.Code != c.wantReply || c.fault == nil && w.Body.String() != "all of us" {
							t.Errorf("%d %s", w.Code, w.Body)
						}
					})
				}
				synctest.Wait() // all are there, and one of them renders
				if n := renders.Load(); n != 1 {
					t.Errorf("%d renderings at once", n)
				}
				close(free)
				wg.Wait()
				if n := renders.Load(); n != c.renders {
					t.Errorf("%d renderings, want %d", n, c.renders)
				}
			})
		})
	}
}

func TestFaultsAreNotCached(t *testing.T) {
	s := one(t)
	for i := range 2 {
		if w := s.ask("GET", "/lamps?limit=0", ""); w.Code != 422 || w.Header().Get("ETag") != "" || s.renders.Load() != int64(i+1) {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	s := one(t)
	long := strings.Repeat("%e7%81%af", 99)
	for i := range 5000 {
		if w := s.ask("GET", fmt.Sprintf("/lamps?q=%d%s", i%10, long[:9*(i%99)]), ""); w.Code != http.StatusOK {
			t.Fatalf("%d", w.Code)
		}
	}
	if n := s.renders.Load(); n > 990 {
		t.Errorf("%d renderings of 990 pages", n)
	}
}
