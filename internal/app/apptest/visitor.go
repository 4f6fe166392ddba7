package apptest

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"linli/internal/app/demo"
)

// Visitor is a browser with cookies and without scripts. It follows no redirect.
type Visitor struct {
	h      *House
	client *http.Client
}

// Visitor opens a browser that nobody is signed in with.
func (h *House) Visitor() *Visitor {
	h.T.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.T.Fatal(err)
	}
	return &Visitor{h, &http.Client{Jar: jar, CheckRedirect: stay, Transport: h.client.Transport}}
}

// Get reads a page and fails unless the status is want.
func (v *Visitor) Get(want int, path string) string {
	v.h.T.Helper()
	res, err := v.client.Get(v.h.URL + path)
	return v.wanted(want, path, res, err).Body
}

// Leave opens a page that must send the browser elsewhere, and returns where to.
func (v *Visitor) Leave(path string) string {
	v.h.T.Helper()
	res, err := v.client.Get(v.h.URL + path)
	return v.wanted(http.StatusSeeOther, path, res, err).Header.Get("Location")
}

// Send sends a form, whatever the answer. It is safe for concurrent use.
func (v *Visitor) Send(path string, form url.Values) Reply {
	v.h.T.Helper()
	r, err := read(v.client.PostForm(v.h.URL+path, form))
	if err != nil {
		v.h.T.Errorf("%s: %v", path, err)
	}
	return r
}

// Post sends a form and fails unless the status is want. It returns the page,
// or where to if the browser is sent elsewhere.
func (v *Visitor) Post(want int, path string, form url.Values) string {
	v.h.T.Helper()
	res, err := v.client.PostForm(v.h.URL+path, form)
	r := v.wanted(want, path, res, err)
	if r.Status == http.StatusSeeOther {
		return r.Header.Get("Location")
	}
	return r.Body
}

var tag = regexp.MustCompile(`<[^>]*>`)

func (v *Visitor) wanted(want int, path string, res *http.Response, err error) Reply {
	v.h.T.Helper()
	r, err := read(res, err)
	if err != nil {
		v.h.T.Fatal(err)
	}
	if r.Status != want {
		v.h.T.Fatalf("%s: %d, want %d (to %q)\n%s", path, r.Status, want, r.Header.Get("Location"), tag.ReplaceAllString(r.Body, ""))
	}
	return r
}

// SignIn signs in with the demo's password.
func (v *Visitor) SignIn(name string) *Visitor {
	v.h.T.Helper()
	if to := v.Post(303, "/signin/password", url.Values{"name": {name}, "password": {demo.Password}}); strings.HasPrefix(to, "/signin") {
		v.h.T.Fatalf("sign-in of %s leads to %s", name, to)
	}
	return v
}

// Me is the account that is signed in, "" for none.
func (v *Visitor) Me() string {
	v.h.T.Helper()
	res, err := v.client.Get(v.h.URL + "/api/v1/me")
	r, err := read(res, err)
	if err != nil {
		v.h.T.Fatal(err)
	}
	id, _ := r.JSON(v.h.T)["id"].(string)
	return id
}
