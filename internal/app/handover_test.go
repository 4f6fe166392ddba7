package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

// TestHandOverOfMatters: what a worker has begun passes to the successor by
// name; without one it is listed as having nobody, until somebody is named.
// What the worker asks for as a neighbour is nobody else's.
func TestHandOverOfMatters(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		draft := h.Must(201, "POST", "/api/v1/posts", "demo-community", object{"title": "写了一半的通知", "body": "正文。", "channel": "community", "place": demo.CommunityA})["id"].(string)
		out := h.Must(201, "POST", "/api/v1/posts", "demo-community", object{"title": "已经发布的通知", "body": "正文。", "channel": "community", "place": demo.CommunityA})["id"].(string)
		h.Must(200, "POST", "/api/v1/posts/"+out+"/publish", "demo-community", object{})
		h.FileWish("demo-community", object{"title": "我自己的心愿"})
		unit := h.Group.At(demo.CommunityA, actor.Committee)[0]
		err := h.DB.Write(t.Context(), func(tx *db.Tx) error {
			return h.Member.Give(t.Context(), tx, "", h.Account("demo-community").ID, member.Grant{Role: actor.Agent, Group: unit.ID})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, as := range []string{"demo-resident", "demo-grid"} {
			h.Must(404, "GET", "/staff/handovers", as, nil)
			h.Must(404, "POST", "/staff/handovers", as, url.Values{"account": {"demo-community"}})
		}
		h.Must(422, "POST", "/staff/handovers", "demo-street", url.Values{"account": {"demo-street"}})
		h.Must(422, "POST", "/staff/handovers", "demo-street", url.Values{"account": {"demo-resident"}}) // holds no office
		h.Must(422, "POST", "/staff/handovers", "demo-community2", url.Values{"account": {"demo-district"}})
		h.Must(303, "POST", "/staff/handovers", "demo-street", url.Values{"account": {"demo-community"}})
		if a, _, err := h.Member.Actor(t.Context(), h.Account("demo-community").ID); err != nil || a.Holds(actor.Staff) || a.ActsFor(unit.ID) {
			t.Fatalf("still holds %v, %v", a.Roles, err)
		}
		page := h.Do("GET", "/staff/handovers", "demo-street", nil).Body
		for _, want := range []string{"写了一半的通知", "/posts/" + draft, "无人接手", unit.Name, "还有 3 项没有人接手"} {
			if !strings.Contains(page, want) {
				t.Errorf("the list lacks %s", want)
			}
		}
		for _, not := range []string{"已经发布的通知", "我自己的心愿"} {
			if strings.Contains(page, not) {
				t.Errorf("the list holds %s", not)
			}
		}
		name := regexp.MustCompile(`/staff/handovers/[0-9a-f-]+/name`).FindString(page)
		if name == "" {
			t.Fatal("nobody can be named")
		}
		h.Must(404, "POST", name, "demo-community-b", url.Values{"successor": {"demo-community2"}})
		h.Must(422, "POST", name, "demo-street", url.Values{"successor": {"demo-community"}})
		h.Must(303, "POST", name, "demo-street", url.Values{"successor": {"demo-community2"}})
		h.Must(409, "POST", name, "demo-street", url.Values{"successor": {"demo-community2"}})
		if a, _, err := h.Member.Actor(t.Context(), h.Account("demo-community2").ID); err != nil || !a.ActsFor(unit.ID) {
			t.Errorf("the successor does not act for the group: %v, %v", a.Roles, err)
		}
		page = h.Do("GET", "/staff/handovers", "demo-community2", nil).Body
		if !strings.Contains(page, "写了一半的通知") || strings.Contains(page, "没有人接手。") {
			t.Error("the successor does not see what passed")
		}
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if box := h.Do("GET", "/inbox", "demo-community2", nil).Body; !strings.Contains(box, "离岗同事没办完的事交给您了") {
			t.Error("the successor is not told")
		}
		// The successor goes on with it.
		h.Must(200, "POST", "/api/v1/posts/"+draft+"/publish", "demo-community2", object{})
		h.Sound()
	})
}
