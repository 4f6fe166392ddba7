package group_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
)

type object = map[string]any

func TestGroupAppliesAndActs(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		ctx := context.Background()
		h.Must(303, "POST", "/groups", "demo-neighbour", url.Values{"name": {"江心洲合唱团"}, "kind": {actor.Club}, "about": {"每周三晚在活动室排练"}})
		waiting := h.Group.Applied(demo.CommunityA)
		if len(waiting) != 1 {
			t.Fatalf("%d wait", len(waiting))
		}
		g := waiting[0]
		h.Must(404, "GET", "/groups/"+g.ID, "", nil)
		h.Must(404, "GET", "/api/v1/groups/"+g.ID, "", nil)
		a, _, _ := h.Member.Actor(ctx, h.Account("demo-neighbour").ID)
		if a.ActsFor(g.ID) {
			t.Fatal("acts before being verified")
		}
		h.Must(404, "POST", "/staff/groups/"+g.ID+"/verify", "demo-community-b", url.Values{})
		h.Must(303, "POST", "/staff/groups/"+g.ID+"/verify", "demo-community", url.Values{"to": {"2027-12-31"}})
		h.Must(409, "POST", "/staff/groups/"+g.ID+"/verify", "demo-community", url.Values{})
		if a, _, _ = h.Member.Actor(ctx, a.ID); !a.ActsFor(g.ID) {
			t.Fatal("does not act after being verified")
		}
		if r := h.Do("GET", "/groups/"+g.ID, "", nil); !strings.Contains(r.Body, "经办人") {
			t.Error("the page does not name who acts for it")
		}
		// An agent names members, never another agent; staff name agents with an end date.
		post := url.Values{"account": {"demo-outsider"}, "role": {actor.Member}, "post": {"声部长"}}
		h.Must(404, "POST", "/groups/"+g.ID+"/posts", "demo-resident", post)
		h.Must(303, "POST", "/groups/"+g.ID+"/posts", "demo-neighbour", post)
		post.Set("role", actor.Agent)
		h.Must(422, "POST", "/groups/"+g.ID+"/posts", "demo-neighbour", post)
		h.Must(422, "POST", "/groups/"+g.ID+"/posts", "demo-community", post)
		post.Set("to", "2027-06-30")
		h.Must(303, "POST", "/groups/"+g.ID+"/posts", "demo-community", post)
		h.Clock.Set(time.Date(2027, 7, 1, 0, 0, 1, 0, time.FixedZone("CST", 8*3600)))
		if o, _, _ := h.Member.Actor(ctx, h.Account("demo-outsider").ID); o.ActsFor(g.ID) {
			t.Error("an agent acts past the end date")
		}
		h.Clock.Set(time.Date(2028, 1, 1, 0, 0, 1, 0, time.FixedZone("CST", 8*3600)))
		if r, err := h.Member.Fresh(ctx, h.DB, a); err != nil || r.ActsFor(g.ID) {
			t.Error("a group acts past its term")
		}
		h.Sound()
	})
}

func TestResponsibilities(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		at := h.Clock.Now().UnixMilli()
		var ids []string
		for _, g := range h.Group.At(demo.District, "") {
			ids = append(ids, g.ID)
		}
		add := func(by, group, place, category, part string) int {
			return h.Do("POST", "/staff/responsibilities", by, url.Values{"group": {group}, "place": {place}, "category": {category}, "part": {part}}).Status
		}
		for _, c := range []struct {
			by, group, place, category, part string
			want                             int
		}{
			{"demo-resident", ids[0], demo.CommunityA, "*", "responsible", 404},
			{"demo-community", ids[0], demo.District, "*", "responsible", 422},
			{"demo-community", "nobody", demo.CommunityA, "*", "responsible", 422},
			{"demo-district", ids[0], demo.District, "*", "responsible", 303},
			{"demo-district", ids[1], demo.District, "环境设施", "supporting", 303},
			{"demo-community", ids[2], demo.CommunityA, "环境设施", "responsible", 303},
		} {
			if got := add(c.by, c.group, c.place, c.category, c.part); got != c.want {
				t.Errorf("%v: %d", c, got)
			}
		}
		for _, c := range []struct{ place, category, main, support string }{
			{demo.CommunityA, "环境设施", ids[2], ids[1]}, {demo.CommunityA, "医疗健康", ids[0], ""}, {demo.CommunityB, "环境设施", ids[0], ids[1]},
		} {
			main, support := h.Group.Responsible(c.place, c.category, at)
			if strings.Join(main, " ") != c.main || strings.Join(support, " ") != c.support {
				t.Errorf("%s %s: %v supported by %v", c.place, c.category, main, support)
			}
		}
		if r := h.Do("GET", "/responsibilities", "", nil); !strings.Contains(r.Body, "环境设施") {
			t.Error("the public list lacks a line")
		}

		// The list routes: whom it names hears of a new public wish of the category, and of no other.
		water, _, err := h.Member.Actor(t.Context(), h.Account("demo-water").ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := add("demo-district", water.Agencies()[0].Group, demo.CommunityA, "环境设施", "supporting"); got != 303 {
			t.Fatal(got)
		}
		h.Clock.Advance(time.Minute)
		h.FileWish("demo-resident", object{"title": "路灯不亮了", "category": "环境设施"})
		h.FileWish("demo-resident", object{"title": "想学剪纸", "category": "文化体育"})
		h.FileWish("demo-resident", object{"title": "自家水管的事", "category": "环境设施", "visibility": "private"})
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		box := h.Do("GET", "/inbox", "demo-water", nil).Body
		if !strings.Contains(box, "按权责清单，新的微心愿「路灯不亮了」请您单位配合") || strings.Contains(box, "想学剪纸") || strings.Contains(box, "自家水管") {
			t.Errorf("the list does not route as it says")
		}
		h.Sound()
	})
}
