package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

// TestHandOverOfMatters: what a worker has begun passes to the successor by
// name; without one it is listed as having nobody, until somebody is named.
// What the worker asks for as a neighbour is nobody else's.
func TestHandOverOfMatters(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		draft := s.must(201, "POST", "/api/v1/posts", "demo-community", object{"title": "写了一半的通知", "body": "正文。", "channel": "community", "place": demo.CommunityA})["id"].(string)
		out := s.must(201, "POST", "/api/v1/posts", "demo-community", object{"title": "已经发布的通知", "body": "正文。", "channel": "community", "place": demo.CommunityA})["id"].(string)
		s.must(200, "POST", "/api/v1/posts/"+out+"/publish", "demo-community", object{})
		s.wish("demo-community", object{"title": "我自己的心愿"})
		unit := s.Group.At(demo.CommunityA, actor.Committee)[0]
		err := s.DB.Write(t.Context(), func(tx *db.Tx) error {
			return s.Member.Give(t.Context(), tx, "", s.account("demo-community").ID, member.Grant{Role: actor.Agent, Group: unit.ID})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, as := range []string{"demo-resident", "demo-grid"} {
			s.must(404, "GET", "/staff/handovers", as, nil)
			s.must(404, "POST", "/staff/handovers", as, url.Values{"account": {"demo-community"}})
		}
		s.must(422, "POST", "/staff/handovers", "demo-street", url.Values{"account": {"demo-street"}})
		s.must(422, "POST", "/staff/handovers", "demo-street", url.Values{"account": {"demo-resident"}}) // holds no office
		s.must(422, "POST", "/staff/handovers", "demo-community2", url.Values{"account": {"demo-district"}})
		s.must(303, "POST", "/staff/handovers", "demo-street", url.Values{"account": {"demo-community"}})
		if a, _, err := s.Member.Actor(t.Context(), s.account("demo-community").ID); err != nil || a.Holds(actor.Staff) || a.ActsFor(unit.ID) {
			t.Fatalf("still holds %v, %v", a.Roles, err)
		}
		page := string(s.do("GET", "/staff/handovers", "demo-street", nil).Body)
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
		s.must(404, "POST", name, "demo-community-b", url.Values{"successor": {"demo-community2"}})
		s.must(422, "POST", name, "demo-street", url.Values{"successor": {"demo-community"}})
		s.must(303, "POST", name, "demo-street", url.Values{"successor": {"demo-community2"}})
		s.must(409, "POST", name, "demo-street", url.Values{"successor": {"demo-community2"}})
		if a, _, err := s.Member.Actor(t.Context(), s.account("demo-community2").ID); err != nil || !a.ActsFor(unit.ID) {
			t.Errorf("the successor does not act for the group: %v, %v", a.Roles, err)
		}
		page = string(s.do("GET", "/staff/handovers", "demo-community2", nil).Body)
		if !strings.Contains(page, "写了一半的通知") || strings.Contains(page, "没有人接手。") {
			t.Error("the successor does not see what passed")
		}
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if box := string(s.do("GET", "/inbox", "demo-community2", nil).Body); !strings.Contains(box, "离岗同事没办完的事交给您了") {
			t.Error("the successor is not told")
		}
		// The successor goes on with it.
		s.must(200, "POST", "/api/v1/posts/"+draft+"/publish", "demo-community2", object{})
		if faults := verified(t, s); len(faults) > 0 {
			t.Error(faults)
		}
	})
}
