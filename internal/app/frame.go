package app

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/app/workbench"
	"linli/internal/core/access"
	"linli/internal/core/fault"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// placeCookie keeps the community a visitor has chosen.
const placeCookie = "place"

// page is the frame of a page for one call. It implements ui.Shell.
func (h *House) page(c *web.Call, title, section string) ui.Page {
	p := ui.Page{Title: title, Path: c.R.URL.RequestURI(), Now: h.Config.Clock.Now(), Frame: &h.frame}
	p.Look = ui.Look{Lang: c.Lang, Care: c.Care, TextSize: c.Size, Section: section, Demo: h.Demo(), Site: h.Config.Site}
	code := h.community(c)
	p.Community = ui.Community{Name: h.Place.Name(code), Code: code}
	p.Community.Phone, p.Community.Hours = h.Place.Phone(code)
	if c.Actor.Known() {
		p.Me.SignedIn = true
		p.Me.Desk = workbench.DeskOf(c.Actor)
		p.Me.Badge, _ = h.Notify.Badge(c.R.Context(), c.Actor)              // and without its number
		p.Me.Name, _ = h.Member.PublicName(c.R.Context(), h.DB, c.Actor.ID) // the frame stands without a name
	}
	return p
}

// serves reports whether a page of the address is there.
func (h *House) serves(path string) bool {
	h.doorsOnce.Do(func() {
		h.doors = map[string]bool{}
		for _, r := range h.Web.Routes() {
			if r.Method == "GET" {
				h.doors[strings.TrimSuffix(r.Path, "{$}")] = true
			}
		}
	})
	path, _, _ = strings.Cut(path, "?")
	return h.doors[path]
}

// community is where the reader is: the place chosen, else home, else the
// place of the first role, else the installation's first community.
func (h *House) community(c *web.Call) string {
	if ck, err := c.R.Cookie(placeCookie); err == nil && h.Place.Known(ck.Value) {
		return ck.Value
	}
	if c.Actor.Home != "" {
		return c.Actor.Home
	}
	for _, r := range c.Actor.Roles {
		if len(r.Place) >= access.District {
			return r.Place
		}
	}
	return h.Default()
}

func inLayout(p ui.Page, body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Layout(p).Render(templ.WithChildren(ctx, body), w)
	})
}

// routes are the house's own doors: health, the API's description, preferences.
func (h *House) routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/healthz", Name: "healthz", Summary: "Alive", Do: func(c *web.Call) (any, error) {
			return web.Raw{Type: "text/plain; charset=utf-8", Body: []byte("ok\n")}, nil
		}},
		{Method: "GET", Path: "/readyz", Name: "readyz", Summary: "Can serve", Do: h.ready},
		{Method: "GET", Path: "/api/v1/openapi.json", Name: "openapi", Summary: "This description", Do: func(c *web.Call) (any, error) {
			b, err := h.Web.OpenAPI()
			return web.Raw{Type: "application/json; charset=utf-8", Body: b, Header: map[string]string{"Cache-Control": "no-cache"}}, err
		}},
		{Method: "GET", Path: "/.well-known/security.txt", Name: "security-txt", Summary: "Whom to tell of a weakness (RFC 9116)", Do: h.securityText},
		{Method: "POST", Path: "/prefs", Name: "set-preferences", Summary: "Language, care mode, text size, community", Do: h.preferences},
	}
}

func (h *House) ready(c *web.Call) (any, error) {
	if err := h.DB.Ping(c.Context()); err != nil {
		return nil, &fault.Error{Kind: fault.Unavailable, Key: "fault.unavailable", Cause: err}
	}
	pending, err := h.Pending(c.Context())
	if err != nil || pending {
		return nil, &fault.Error{Kind: fault.Unavailable, Key: "fault.unavailable", Cause: err}
	}
	return web.Raw{Type: "text/plain; charset=utf-8", Body: []byte("ready\n")}, nil
}

// securityText says whom to tell of a weakness; it expires half a year from
// the first of this month, so that it is renewed by being served.
func (h *House) securityText(c *web.Call) (any, error) {
	contact := h.Config.Site.ComplaintsURL
	if contact == "" {
		contact = h.Config.BaseURL + "/about"
	}
	now := h.Config.Clock.Now()
	expires := time.Date(now.Year(), now.Month()+6, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
	text := "Contact: " + contact + "\nExpires: " + expires + "\nPreferred-Languages: zh, en\nCanonical: " + h.Config.BaseURL + "/.well-known/security.txt\n"
	return web.Raw{Type: "text/plain; charset=utf-8", Body: []byte(text), Header: map[string]string{"Cache-Control": "public, max-age=3600"}}, nil
}

// preferences keeps how a reader wants to see the site, in cookies that hold
// no person.
func (h *House) preferences(c *web.Call) (any, error) {
	form := c.Form()
	for name, allowed := range map[string][]string{
		"lang": {"zh-CN", "en"}, "care": {"on", "off", "1", "0"}, "size": {ui.SizeStandard, ui.SizeLarge, ui.SizeExtra, ui.SizeLargest},
	} {
		for _, v := range allowed {
			if form.Get(name) == v {
				if name == "care" {
					v = map[string]string{"on": "1", "1": "1", "off": "0", "0": "0"}[v]
				}
				h.remember(c, name, v)
			}
		}
	}
	if code := form.Get("place"); code != "" && h.Place.Known(code) {
		h.remember(c, placeCookie, code)
	}
	to := form.Get("back")
	if to == "" {
		to = form.Get("next")
	}
	return web.Redirect(web.LocalPath(to)), nil
}

func (h *House) remember(c *web.Call, name, value string) {
	http.SetCookie(c.W, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.R.TLS != nil,
	})
}

// Demo reports whether this place was filled by `linli demo`.
func (h *House) Demo() bool { return h.Place.Text("", "site.demo") == "true" }

// Default is the community shown to who has not chosen one.
func (h *House) Default() string { return h.Place.Text("", "site.place") }
