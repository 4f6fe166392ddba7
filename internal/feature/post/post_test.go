package post_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
	"linli/internal/platform/dbtest"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, clock.China)

type object = map[string]any

// site is a house with the demo's people behind a test server.
type site struct {
	*app.House
	t     *testing.T
	clock *clock.Fake
	url   string
}

func config(dir, url string, c clock.Clock) app.Config {
	return app.Config{Data: dir, DB: url, Clock: c, BaseURL: "http://linli.test", Secret: []byte("a secret of the tests")}
}

func eachSite(t *testing.T, f func(t *testing.T, s *site)) {
	dbtest.EachFrom(t, "people", func(url string) error {
		h, err := app.Open(context.Background(), config(t.TempDir(), url, clock.NewFake(noon)))
		if err != nil {
			return err
		}
		defer h.Close()
		if _, err := h.Migrate(context.Background()); err != nil {
			return err
		}
		return demo.People(context.Background(), h)
	}, func(t *testing.T, url string) {
		now := clock.NewFake(noon)
		h, err := app.Open(context.Background(), config(t.TempDir(), url, now))
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(h.Handler())
		t.Cleanup(func() {
			srv.Close()
			h.Close()
		})
		f(t, &site{House: h, t: t, clock: now, url: srv.URL})
	})
}

type reply struct {
	Status int
	Header http.Header
	Body   []byte
}

func (s *site) do(method, path, as string, body any, header ...string) reply {
	s.t.Helper()
	var r io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case url.Values:
		r, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		j, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		r, kind = bytes.NewReader(j), "application/json"
	}
	req, err := http.NewRequest(method, s.url+path, r)
	if err != nil {
		s.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return s.send(req, as, header...)
}

func (s *site) send(req *http.Request, as string, header ...string) reply {
	s.t.Helper()
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+as)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, b}
}

// must sends a request and fails unless the status is want.
func (s *site) must(want int, method, path, as string, body any, header ...string) object {
	s.t.Helper()
	r := s.do(method, path, as, body, header...)
	if r.Status != want {
		s.t.Fatalf("%s %s as %q: %d, want %d\n%s", method, path, as, r.Status, want, r.Body)
	}
	var o object
	if strings.HasPrefix(path, "/api/") {
		if err := json.Unmarshal(r.Body, &o); err != nil {
			s.t.Fatalf("%v\n%s", err, r.Body)
		}
	}
	return o
}

// upload sends a file and returns its id.
func (s *site) upload(as, name string, b []byte) string {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	f, _ := w.CreateFormFile("file", name)
	f.Write(b)
	w.Close()
	req, _ := http.NewRequest("POST", s.url+"/api/v1/files", &body)
	req.Header.Set("Content-Type", w.FormDataContentType())
	r := s.send(req, as)
	var o object
	if r.Status != 201 || json.Unmarshal(r.Body, &o) != nil {
		s.t.Fatalf("upload %s: %d %s", name, r.Status, r.Body)
	}
	return o["id"].(string)
}

// draft writes a post and returns its id.
func (s *site) draft(as string, more object) string {
	s.t.Helper()
	body := object{"title": "周六上午停水通知", "body": "因管网检修，**周六上午 8 点至 12 点**停水，请提前储水。", "channel": "community", "place": demo.CommunityA}
	for k, v := range more {
		if v == nil {
			delete(body, k)
			continue
		}
		body[k] = v
	}
	o := s.must(201, "POST", "/api/v1/posts", as, body)
	if o["state"] != "draft" {
		s.t.Fatalf("a new post is %v", o["state"])
	}
	return o["id"].(string)
}

func (s *site) publish(as string, more object) string {
	s.t.Helper()
	id := s.draft(as, more)
	if o := s.must(200, "POST", "/api/v1/posts/"+id+"/publish", as, object{}); o["state"] != "published" {
		s.t.Fatalf("published: %v", o["state"])
	}
	return id
}

// lists reports whether the list at path holds the id.
func (s *site) lists(path, as, id string) bool {
	s.t.Helper()
	for _, it := range s.must(200, "GET", path, as, nil)["items"].([]any) {
		if it.(object)["id"] == id {
			return true
		}
	}
	return false
}

// TestPushedDown: a district post is read in every community below at once; a
// retracted one is gone from page, list, feed, search and cache.
func TestPushedDown(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		doors := func(place string) []string {
			return []string{"/api/v1/posts?place=" + place, "/posts?place=" + place, "/feeds/posts.atom?place=" + place}
		}
		for _, p := range []string{demo.CommunityA, demo.CommunityB, demo.Street, demo.District} {
			for _, d := range doors(p) {
				s.do("GET", d, "", nil) // into the cache
			}
		}
		id := s.publish("demo-district", object{"channel": "district", "place": demo.District, "topic": "policy", "title": "建邺区既有住宅加装电梯补贴办法"})
		for _, p := range []string{demo.CommunityA, demo.CommunityB, demo.Street, demo.District} {
			for _, d := range doors(p) {
				if !bytes.Contains(s.do("GET", d, "", nil).Body, []byte(id)) {
					t.Errorf("%s does not show the district's post", d)
				}
			}
		}
		s.must(200, "GET", "/api/v1/posts/"+id, "", nil)
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		found := "/api/v1/search?kind=posts&q=" + url.QueryEscape("电梯")
		if !s.lists(found, "", id) {
			t.Error("search does not find the post")
		}
		page := s.do("GET", "/posts/"+id, "", nil)
		if page.Status != 200 || !bytes.Contains(page.Body, []byte("加装电梯")) {
			t.Fatalf("%d", page.Status)
		}
		s.must(403, "POST", "/api/v1/posts/"+id+"/retract", "demo-community", object{})
		s.must(200, "POST", "/api/v1/posts/"+id+"/retract", "demo-district", object{"reason": "口径有误"})
		for _, d := range append(doors(demo.CommunityA), doors(demo.District)...) {
			if bytes.Contains(s.do("GET", d, "", nil).Body, []byte(id)) {
				t.Errorf("%s still shows the retracted post", d)
			}
		}
		for _, d := range []string{"/posts/" + id, "/api/v1/posts/" + id, "/api/v1/posts/" + id + "/timeline", "/api/v1/posts/" + id + "/comments"} {
			if r := s.do("GET", d, "demo-resident", nil); r.Status != 404 {
				t.Errorf("%s: %d", d, r.Status)
			}
			if r := s.do("GET", d, "", nil); r.Status != 404 {
				t.Errorf("%s: %d", d, r.Status)
			}
		}
		if s.lists(found, "", id) {
			t.Error("search still finds the retracted post")
		}
		// A community's post is read there, above, and not beside.
		own := s.publish("demo-community", nil)
		for place, want := range map[string]bool{demo.CommunityA: true, demo.Street: true, demo.District: true, demo.CommunityB: false} {
			if got := s.lists("/api/v1/posts?place="+place, "", own); got != want {
				t.Errorf("at %s: %v", place, got)
			}
		}
		// Lifted with the consent of the level above, it is read beside.
		s.must(200, "POST", "/api/v1/posts/"+own+"/lift", "demo-community", object{})
		if s.lists("/api/v1/posts?place="+demo.CommunityB, "", own) {
			t.Error("lifted without consent")
		}
		s.must(409, "POST", "/api/v1/posts/"+own+"/lift", "demo-community2", object{})
		s.must(403, "POST", "/api/v1/posts/"+own+"/lift", "demo-community-b", object{})
		if o := s.must(200, "POST", "/api/v1/posts/"+own+"/lift", "demo-street", object{}); o["reach"] != demo.Street {
			t.Errorf("reach %v", o["reach"])
		}
		if !s.lists("/api/v1/posts?place="+demo.CommunityB, "", own) {
			t.Error("not read beside")
		}
		if o := s.must(200, "POST", "/api/v1/posts/"+own+"/lift", "demo-district", object{}); o["reach"] != demo.District {
			t.Errorf("reach %v", o["reach"])
		}
		s.must(409, "POST", "/api/v1/posts/"+own+"/lift", "demo-district", object{})
		verify(t, s)
	})
}

func verify(t *testing.T, s *site) {
	t.Helper()
	for _, c := range s.Post.Part().Checks {
		if faults, err := c.Do(t.Context(), s.DB); err != nil || len(faults) > 0 {
			t.Errorf("%s: %v %v", c.Name, faults, err)
		}
	}
}
