package app_test

import (
	"strings"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
)

// TestSayFromAPoster: the code of a poster leads to a page that anybody reads,
// with the place filled in on every way on.
func TestSayFromAPoster(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		plain := h.Do("GET", "/say", "", nil) // into the cache
		for _, as := range []string{"", "demo-resident"} {
			at := demo.CommunityB
			page := h.Do("GET", "/say?place="+at, as, nil).Body
			for _, want := range []string{"地点已经替您填好", "/wishes/new?place=" + at, "/projects/new?place=" + at, h.Place.Name(demo.CommunityB)} {
				if !strings.Contains(page, want) {
					t.Errorf("as %q the page lacks %s", as, want)
				}
			}
		}
		if again := h.Do("GET", "/say?place=nonsense", "", nil); again.Status != 200 || strings.Contains(again.Body, "替您填好") {
			t.Errorf("a place that is not there: %d", again.Status)
		}
		if strings.Contains(plain.Body, "place=") {
			t.Error("the plain page names a place")
		}
		form := h.Do("GET", "/wishes/new?place="+demo.CommunityB, "demo-resident", nil).Body
		if !strings.Contains(form, demo.CommunityB) {
			t.Error("the form forgets the place")
		}
		if form := h.Do("GET", "/projects/new?place="+demo.CommunityB, "demo-resident", nil).Body; !strings.Contains(form, demo.CommunityB) {
			t.Error("the proposal forgets the place")
		}
	})
}

// TestVotesLeft: who may vote and has not finds it at home, on the own page
// and in the inbox, until the ballot is in the box.
func TestVotesLeft(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		poll := h.Must(201, "POST", "/api/v1/polls", "demo-community", object{"question": "先修哪一件", "rule": "greedy_card", "budget": object{"amount": 100000}, "options": []object{{"title": "路灯", "cost": 60000}, {"title": "长椅", "cost": 40000}}, "place": demo.CommunityA,
			"opens": apptest.Noon.Add(-1), "closes": apptest.Noon.AddDate(0, 0, 7), "roll": object{"place": demo.CommunityA, "level": "V3"}})
		id := poll["id"].(string)
		if poll["state"] != "open" {
			h.Must(200, "POST", "/api/v1/polls/"+id+"/open", "demo-community", object{})
		}
		options := h.Must(200, "GET", "/api/v1/polls/"+id, "demo-resident", nil)["options"].([]any)
		waits := func(as string) (n int) {
			for _, path := range []string{"/", "/me", "/inbox"} {
				body := h.Do("GET", path, as, nil).Body
				if strings.Contains(body, "您还没投") && strings.Contains(body, "先修哪一件") {
					n++
				}
			}
			return n
		}
		if n := waits("demo-resident"); n != 3 {
			t.Errorf("it waits on %d of 3 pages", n)
		}
		if n := waits("demo-outsider"); n != 0 {
			t.Errorf("who may not vote is asked on %d pages", n)
		}
		h.Must(200, "POST", "/api/v1/polls/"+id+"/ballots", "demo-resident", object{"choices": []any{options[0].(object)["id"]}})
		if n := waits("demo-resident"); n != 0 {
			t.Errorf("voted, and still asked on %d pages", n)
		}
	})
}
