package wish_test

import (
	"fmt"
	"strings"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
)

type object = apptest.Object

// house is a house with helpers for wishes.
type house struct{ *apptest.House }

// each runs the test on a house of its own on both engines. When it ends,
// verify must find nothing to say.
func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		f(t, &house{h})
		h.Sound()
	})
}

// one is each on SQLite alone, for what no engine can change.
func one(t *testing.T) *house {
	t.Helper()
	return &house{apptest.SQLite(t)}
}

// must asks the API and fails unless the status is want.
func (h *house) must(want int, method, path, as string, body any) object {
	h.T.Helper()
	return h.Must(want, method, "/api/v1"+path, as, body)
}

// file files a wish and returns its id.
func (h *house) file(as string, more object) string {
	h.T.Helper()
	body := object{"title": "想请人帮忙修纱窗", "body": "厨房的纱窗破了，自己修不好。", "place": demo.CommunityA, "category": "家政清洁"}
	for k, v := range more {
		body[k] = v
	}
	return h.must(201, "POST", "/wishes", as, body)["id"].(string)
}

// move makes a move and returns the wish.
func (h *house) move(want int, as, id, do string, in object) object {
	h.T.Helper()
	if in == nil {
		in = object{}
	}
	return h.must(want, "POST", "/wishes/"+id+"/"+do, as, in)
}

func (h *house) state(id, want string) {
	h.T.Helper()
	if got := h.must(200, "GET", "/wishes/"+id, "demo-community", nil)["state"]; got != want {
		h.T.Errorf("state %v, want %s", got, want)
	}
}

// story is the timeline in short: "claim open→claimed".
func (h *house) story(as, id string) []string {
	h.T.Helper()
	var out []string
	for i, it := range h.must(200, "GET", "/wishes/"+id+"/timeline", as, nil)["items"].([]any) {
		o := it.(object)
		if o["seq"] != float64(i+1) {
			h.T.Errorf("event %d has seq %v", i+1, o["seq"])
		}
		out = append(out, fmt.Sprintf("%s %s→%s", o["do"], o["from"], o["to"]))
	}
	return out
}

// accounts are all of the demo's.
func accounts() []string {
	out := strings.Fields(`demo-resident demo-neighbour demo-newcomer demo-outsider demo-volunteer demo-volunteer2 demo-society demo-party
		demo-grid demo-community demo-community2 demo-community-b demo-street demo-district demo-water demo-roads demo-auditor demo-admin demo-expert1`)
	for i := 1; i <= 13; i++ {
		out = append(out, fmt.Sprintf("demo-unit%d", i))
	}
	return out
}
