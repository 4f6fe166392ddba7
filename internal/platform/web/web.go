// Package web turns use-cases into routes. A feature hands over one list of
// Routes; from it come the mux, the OpenAPI document and the access matrix
// test. Paths below /api/ speak JSON, all others HTML: the path decides, never
// the Accept header. Every door answers faults in the contract's order: size
// and type, identity, visible, an earlier reply, right, state, fields.
package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
)

// Route is one door.
type Route struct {
	Method, Path string       // ServeMux form: "GET", "/api/v1/wishes/{id}"
	Name         string       // operation id, unique
	Summary      string       // one line, for OpenAPI
	Query        []flow.Field // parameters of a GET
	Body         []flow.Field // fields of a POST, for OpenAPI; the handler decodes when it is their turn
	Out          any          // a zero value of what a success returns, for OpenAPI
	Status       int          // of a success, 0 for 200
	SignedIn     bool         // needs an identity
	Guard        string       // rate limit beside the general ones: "signin"
	MaxBytes     int64        // of the body, 0 for 1 MiB
	Type         string       // media type of the body, "" for the path's own (JSON or form)
	Public       []string     // kinds of events an anonymous rendering depends on; it is cached when set
	Do           func(c *Call) (any, error)
	// After says where a page goes when the act is done. It must depend on out
	// alone, because a repeated act answers from what was remembered.
	After func(out any) string
	Quiet bool // its operation key keeps only that it happened (ballots)
}

// API reports whether the route speaks JSON.
func (r *Route) API() bool { return strings.HasPrefix(r.Path, "/api/") }

// unsafe reports whether the route may change something.
func (r *Route) unsafe() bool { return r.Method != "GET" && r.Method != "HEAD" }

// Identity says who sends a request. A token or cookie that is not good is a
// SignIn fault when it was a token, and anonymous when it was a cookie.
type Identity interface {
	Identify(ctx context.Context, r *http.Request) (actor.Actor, error)
}

// Files keeps an uploaded file and returns its id.
type Files interface {
	Keep(ctx context.Context, a actor.Actor, name string, r io.Reader) (string, error)
}

// Drafts keeps a form that could not be taken, under its operation id.
type Drafts interface {
	Keep(ctx context.Context, account, operation, path, form string) error
}

// Server holds what doors need from the house.
type Server struct {
	Identity Identity
	Files    Files
	Drafts   Drafts
	Clock    clock.Clock
	Log      *slog.Logger
	BaseURL  string
	// Text resolves a catalogue key in a language.
	Text func(lang, key string, args map[string]any) string
	// Fault renders the page of a fault. It must not vary by request but for its path.
	Fault func(c *Call, f *fault.Error, id string) templ.Component
	// Generation is the journal's count of events of the kinds.
	Generation func(kinds ...string) uint64
	// Trusted lists peers whose X-Forwarded-For counts, as CIDR prefixes.
	Trusted []string
	Metrics *Metrics
	// Unlimited turns the rate limits off, for benchmarks.
	Unlimited bool

	mux    *http.ServeMux
	routes []Route
	limits limits
	cache  pageCache
}

// Handle adds the routes. A route without a name, or one whose name or path
// stands twice, panics at start.
func (s *Server) Handle(routes ...Route) {
	if s.mux == nil {
		s.mux = http.NewServeMux()
		s.limits.init()
	}
	for i := range routes {
		r := &routes[i]
		if r.Name == "" || r.Do == nil {
			panic("web: route " + r.Method + " " + r.Path + " without a name or a handler")
		}
		for _, o := range s.routes {
			if o.Name == r.Name {
				panic("web: two routes are called " + r.Name)
			}
		}
		s.routes = append(s.routes, *r)
		s.mux.Handle(r.Method+" "+r.Path, s.door(r))
	}
}

// Mount adds a plain handler, for assets and protocols with rules of their own.
func (s *Server) Mount(pattern string, h http.Handler) {
	if s.mux == nil {
		s.mux = http.NewServeMux()
		s.limits.init()
	}
	s.mux.Handle(pattern, h)
}

// Routes lists all routes, for OpenAPI and the access matrix.
func (s *Server) Routes() []Route { return s.routes }

// Handler is the whole site.
func (s *Server) Handler() http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(&Call{W: w, R: r, web: s, route: &Route{Path: r.URL.Path}}, fault.New(fault.Denied, "fault.cross_origin"))
	}))
	return s.guard(cross.Handler(http.HandlerFunc(s.dispatch)))
}

// dispatch answers 404 and 405 in our own form, the mux's being text/plain.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	probe := &headOnly{header: http.Header{}}
	h.ServeHTTP(probe, r)
	c := s.call(w, r, &Route{Path: r.URL.Path})
	a, err := s.Identity.Identify(r.Context(), r)
	if err != nil { // a wrong token is always told
		s.refuse(c, err)
		return
	}
	c.Actor = a
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		s.refuseStatus(c, fault.New(fault.NotFound, "fault.method"), http.StatusMethodNotAllowed)
		return
	}
	s.refuse(c, fault.Absent())
}

type headOnly struct {
	header http.Header
	status int
}

func (p *headOnly) Header() http.Header         { return p.header }
func (p *headOnly) WriteHeader(status int)      { p.status = status }
func (p *headOnly) Write(b []byte) (int, error) { return len(b), nil }
