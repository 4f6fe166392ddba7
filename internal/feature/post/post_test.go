package post_test

import (
	"net/url"
	"strings"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
)

type object = apptest.Object

// house is a house with helpers for posts.
type house struct{ *apptest.House }

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, h *apptest.House) { f(t, &house{h}) })
}

// draft writes a post and returns its id.
func (h *house) draft(as string, more object) string {
	h.T.Helper()
	body := object{"title": "周六上午停水通知", "body": "因管网检修，**周六上午 8 点至 12 点**停水，请提前储水。", "channel": "community", "place": demo.CommunityA}
	for k, v := range more {
		if v == nil {
			delete(body, k)
			continue
		}
		body[k] = v
	}
	o := h.Must(201, "POST", "/api/v1/posts", as, body)
	if o["state"] != "draft" {
		h.T.Fatalf("a new post is %v", o["state"])
	}
	return o["id"].(string)
}

func (h *house) publish(as string, more object) string {
	h.T.Helper()
	id := h.draft(as, more)
	if o := h.Must(200, "POST", "/api/v1/posts/"+id+"/publish", as, object{}); o["state"] != "published" {
		h.T.Fatalf("published: %v", o["state"])
	}
	return id
}

// lists reports whether the list at path holds the id.
func (h *house) lists(path, as, id string) bool {
	h.T.Helper()
	for _, it := range h.Must(200, "GET", path, as, nil)["items"].([]any) {
		if it.(object)["id"] == id {
			return true
		}
	}
	return false
}

// TestPushedDown: a district post is read in every community below at once; a
// retracted one is gone from page, list, feed, search and cache.
func TestPushedDown(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		doors := func(place string) []string {
			return []string{"/api/v1/posts?place=" + place, "/posts?place=" + place, "/feeds/posts.atom?place=" + place}
		}
		for _, p := range []string{demo.CommunityA, demo.CommunityB, demo.Street, demo.District} {
			for _, d := range doors(p) {
				h.Do("GET", d, "", nil) // into the cache
			}
		}
		id := h.publish("demo-district", object{"channel": "district", "place": demo.District, "topic": "policy", "title": "建邺区既有住宅加装电梯补贴办法"})
		for _, p := range []string{demo.CommunityA, demo.CommunityB, demo.Street, demo.District} {
			for _, d := range doors(p) {
				if !strings.Contains(h.Do("GET", d, "", nil).Body, id) {
					t.Errorf("%s does not show the district's post", d)
				}
			}
		}
		h.Must(200, "GET", "/api/v1/posts/"+id, "", nil)
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		found := "/api/v1/search?kind=posts&q=" + url.QueryEscape("电梯")
		if !h.lists(found, "", id) {
			t.Error("search does not find the post")
		}
		page := h.Do("GET", "/posts/"+id, "", nil)
		if page.Status != 200 || !strings.Contains(page.Body, "加装电梯") {
			t.Fatalf("%d", page.Status)
		}
		h.Must(403, "POST", "/api/v1/posts/"+id+"/retract", "demo-community", object{})
		h.Must(200, "POST", "/api/v1/posts/"+id+"/retract", "demo-district", object{"reason": "口径有误"})
		for _, d := range append(doors(demo.CommunityA), doors(demo.District)...) {
			if strings.Contains(h.Do("GET", d, "", nil).Body, id) {
				t.Errorf("%s still shows the retracted post", d)
			}
		}
		for _, d := range []string{"/posts/" + id, "/api/v1/posts/" + id, "/api/v1/posts/" + id + "/timeline", "/api/v1/posts/" + id + "/comments"} {
			if r := h.Do("GET", d, "demo-resident", nil); r.Status != 404 {
				t.Errorf("%s: %d", d, r.Status)
			}
			if r := h.Do("GET", d, "", nil); r.Status != 404 {
				t.Errorf("%s: %d", d, r.Status)
			}
		}
		if h.lists(found, "", id) {
			t.Error("search still finds the retracted post")
		}
		// A community's post is read there, above, and not beside.
		own := h.publish("demo-community", nil)
		for place, want := range map[string]bool{demo.CommunityA: true, demo.Street: true, demo.District: true, demo.CommunityB: false} {
			if got := h.lists("/api/v1/posts?place="+place, "", own); got != want {
				t.Errorf("at %s: %v", place, got)
			}
		}
		// Lifted with the consent of the level above, it is read beside.
		h.Must(200, "POST", "/api/v1/posts/"+own+"/lift", "demo-community", object{})
		if h.lists("/api/v1/posts?place="+demo.CommunityB, "", own) {
			t.Error("lifted without consent")
		}
		h.Must(409, "POST", "/api/v1/posts/"+own+"/lift", "demo-community2", object{})
		h.Must(403, "POST", "/api/v1/posts/"+own+"/lift", "demo-community-b", object{})
		if o := h.Must(200, "POST", "/api/v1/posts/"+own+"/lift", "demo-street", object{}); o["reach"] != demo.Street {
			t.Errorf("reach %v", o["reach"])
		}
		if !h.lists("/api/v1/posts?place="+demo.CommunityB, "", own) {
			t.Error("not read beside")
		}
		if o := h.Must(200, "POST", "/api/v1/posts/"+own+"/lift", "demo-district", object{}); o["reach"] != demo.District {
			t.Errorf("reach %v", o["reach"])
		}
		h.Must(409, "POST", "/api/v1/posts/"+own+"/lift", "demo-district", object{})
		h.Sound("post")
	})
}
