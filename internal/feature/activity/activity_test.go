package activity_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
)

// The story: 30 sign up at once for 20 places, 20 are in and 10 wait in
// order, 3 cancel and 3 move up, people check in by code and by list, the hours
// are confirmed, a certificate is verified by a stranger.
func TestStory(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const boss = "demo-society"
		path := h.published(boss, nil)
		together(30, func(i int) {
			if r := h.Do("POST", path+"/sign_up", fmt.Sprintf("r%03d", i), nil); r.Status != 200 {
				t.Errorf("sign up %d: %d %s", i, r.Status, r.Body)
			}
		})
		count, _ := h.roster(path, boss)
		if count["in"] != 20 || count["waiting"] != 10 {
			t.Fatalf("roster %v, want 20 in and 10 waiting", count)
		}
		var in, line []string // by place in line
		line = make([]string, 11)
		for i := range 30 {
			as := fmt.Sprintf("r%03d", i)
			mine := h.Must(200, "GET", path, as, nil)["mine"].(object)
			if mine["state"] == "in" {
				in = append(in, as)
			} else {
				line[int(mine["place_in_line"].(float64))] = as
			}
		}
		for _, as := range in[:3] {
			h.Must(200, "POST", path+"/withdraw", as, nil)
		}
		count, _ = h.roster(path, boss)
		if count["in"] != 17 || count["offered"] != 3 || count["waiting"] != 7 || count["cancelled"] != 3 {
			t.Fatalf("after 3 cancelled: %v", count)
		}
		for i, as := range line[1:4] { // the first three of the line, by whichever door
			if m := h.Must(200, "GET", path, as, nil)["mine"].(object); m["state"] != "offered" {
				t.Fatalf("number %d in the line is %v", i+1, m)
			}
			h.Must(200, "POST", path+"/"+[]string{"promote", "sign_up", "promote"}[i], as, nil)
		}
		if m := h.Must(200, "GET", path, line[4], nil)["mine"].(object); m["place_in_line"] != 1.0 {
			t.Errorf("the fourth is now %v", m)
		}
		h.Sound()

		id := path[strings.LastIndex(path, "/")+1:]
		h.Clock.Advance(25 * time.Hour) // it begins
		now := h.Clock.Now().UnixMilli()
		h.Must(200, "POST", path+"/check_in", in[3], object{"code": h.Activity.QRCode(id, now)})
		h.Must(200, "POST", path+"/check_in", in[4], object{"code": h.Activity.SpokenCode(id, now)})
		h.Must(200, "POST", path+"/check_in", line[1], object{"code": "http://linli.test/activities/" + id + "/here?code=" + h.Activity.QRCode(id, now)})
		_, items := h.roster(path, boss)
		var absent object
		for _, it := range items {
			if it["state"] == "in" && it["checked_in"] == nil {
				absent = it
			}
		}
		h.Must(200, "POST", path+"/mark", boss, object{"persons": []any{absent["id"]}})
		h.Must(200, "POST", path+"/mark", boss, object{"persons": []any{absent["id"]}}) // a list sent twice acts once
		h.Clock.Advance(90 * time.Minute)
		h.Must(200, "POST", path+"/check_out", in[3], nil)
		h.Clock.Advance(time.Hour)
		o := h.Must(200, "POST", path+"/finish", boss, nil)
		if o["state"] != "finished" || o["came"] != 4.0 {
			t.Fatalf("finished: %v %v", o["state"], o["came"])
		}
		count, _ = h.roster(path, boss)
		if count["in"] != 4 || count["absent"] != 16 {
			t.Errorf("after the end: %v", count)
		}
		if m := h.Must(200, "GET", path, in[8], nil)["mine"].(object); m["state"] != "absent" && m["checked_in"] == nil {
			t.Errorf("who did not come reads %v", m)
		}
		if r := h.Do("GET", path+"/roster", in[3], nil); r.Status != http.StatusForbidden {
			t.Errorf("a participant reads the roster: %d", r.Status)
		}
		if o := h.Must(200, "POST", path+"/confirm_hours", boss, nil); o["state"] != "closed" {
			t.Fatalf("after confirming all: %v", o["state"])
		}
		hours := h.Must(200, "GET", path, in[3], nil)["hours"].(object)
		if hours["minutes"] != 90.0 || hours["state"] != "confirmed" {
			t.Errorf("hours %v, want the attended 90 minutes", hours)
		}
		h.Must(200, "POST", path+"/confirm_hours", boss, object{"person": entryOf(t, h, path, boss, in[3]), "minutes": 60, "reason": "中途离开半小时"})
		if h := h.Must(200, "GET", path, in[3], nil)["hours"].(object); h["minutes"] != 60.0 {
			t.Errorf("corrected hours %v", h)
		}
		cert := h.Must(201, "POST", "/api/v1/certificates", in[3], object{"from": "2026-01-01", "to": "2026-12-31"})
		if cert["minutes"] != 60.0 {
			t.Errorf("certificate over %v minutes", cert["minutes"])
		}
		serial := cert["serial"].(string)
		whole := h.page("/certificates/"+serial+"?code="+cert["code"].(string), "", "证明有效", "江边捡拾垃圾")
		if strings.Contains(whole, "居民0") || !strings.Contains(whole, "居***") {
			t.Error("a stranger reads the name unmasked")
		}
		if strings.Contains(h.page("/certificates/"+serial, "", "居***"), "江边捡拾垃圾") {
			t.Error("the serial alone gives the details")
		}
		h.page("/certificates/"+serial+"?code=AAAAAAAA", "", "校验码不符")
		if r := h.Do("GET", "/certificates/ZY202611-XXXXXXXX", "", nil); r.Status != 404 {
			t.Errorf("an unknown serial: %d", r.Status)
		}
		paper := h.Do("POST", "/certificates/"+serial+"/print", in[3], url.Values{"document_code": {"320105-TEST-99"}})
		if paper.Status != 200 || !strings.Contains(paper.Body, "320105-TEST-99") {
			t.Errorf("the paper: %d", paper.Status)
		}
		if r := h.Do("POST", "/certificates/"+serial+"/print", in[4], url.Values{"document_code": {"x"}}); r.Status != 404 {
			t.Errorf("another prints it: %d", r.Status)
		}
		h.Must(200, "POST", "/api/v1/certificates/"+serial+"/revoke", "demo-community", object{"reason": "重复出具"})
		h.page("/certificates/"+serial, "", "证明已撤销")
		h.Sound()
	})
}

func entryOf(t *testing.T, h *house, path, boss, as string) string {
	t.Helper()
	name := "居民" + strings.TrimPrefix(as, "r")
	_, items := h.roster(path, boss)
	for _, it := range items {
		if it["name"] == name {
			return it["id"].(string)
		}
	}
	t.Fatalf("%s is not on the roster", name)
	return ""
}

// 200 at once for the last 3 places: exactly 3, on two nodes.
func TestLastPlaces(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		nodes := []*apptest.House{h.House}
		if strings.HasPrefix(h.DB.URL, "postgres") {
			nodes = append(nodes, h.Node())
		}
		path := h.published("demo-community", object{"capacity": 3})
		var in, waiting atomic.Int64
		together(extra, func(i int) {
			r := nodes[i%len(nodes)].Do("POST", path+"/sign_up", fmt.Sprintf("r%03d", i), nil)
			switch {
			case r.Status != 200:
				t.Errorf("%d: %s", r.Status, r.Body)
			case strings.Contains(r.Body, `"mine":{"state":"in"`):
				in.Add(1)
			case strings.Contains(r.Body, `"mine":{"state":"waiting"`):
				waiting.Add(1)
			}
		})
		count, _ := h.roster(path, "demo-community")
		if in.Load() != 3 || waiting.Load() != extra-3 || count["in"] != 3 || count["waiting"] != extra-3 {
			t.Errorf("%d in, %d waiting by the replies; roster %v", in.Load(), waiting.Load(), count)
		}
		h.Sound()
	})
}

// One phone that checks in three people is on the list of what to look at; two
// on one phone are a family, and its mark says nothing at another activity.
func TestOneDevice(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ids := []string{}
		for range 2 {
			path := h.published("demo-community", nil)
			ids = append(ids, path[len("/api/v1/activities/"):])
			for i := range 4 {
				h.Must(200, "POST", path+"/sign_up", fmt.Sprintf("r%03d", i), nil)
			}
		}
		h.Clock.Advance(25 * time.Hour)
		cookie := ""
		in := func(id, as string) {
			t.Helper()
			form := url.Values{"code": {h.Activity.QRCode(id, h.Clock.Now().UnixMilli())}}
			var header []string
			if cookie != "" {
				header = []string{"Cookie", cookie}
			}
			r := h.Do("POST", "/activities/"+id+"/check_in", as, form, header...)
			if r.Status != 303 {
				t.Fatalf("%s checks in: %d", as, r.Status)
			}
			for _, ck := range (&http.Response{Header: r.Header}).Cookies() {
				if ck.Name == "door" {
					cookie = "door=" + ck.Value
				}
			}
		}
		devices := func() (out []string) {
			for _, it := range h.Must(200, "GET", "/api/v1/points/anomalies?place="+demo.CommunityA, "demo-community", nil)["items"].([]any) {
				if o := it.(object); o["kind"] == "device" {
					out = append(out, fmt.Sprint(o["other"], " ", o["count"]))
				}
			}
			return out
		}
		in(ids[0], "r000")
		in(ids[0], "r001")
		in(ids[1], "r002")
		if got := devices(); len(got) > 0 {
			t.Errorf("two on one phone: %v", got)
		}
		in(ids[0], "r003")
		if got := devices(); len(got) != 1 || got[0] != "activity:"+ids[0]+" 3" {
			t.Errorf("three on one phone: %v", got)
		}
		h.page("/staff/points", "demo-community", "一部手机给三个以上的人签到", "江边捡拾垃圾")
		h.Sound()
	})
}

// Who ends an activity early ends the hours too: nobody is certified a time
// that was not served.
func TestEndedEarly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		path := h.published("demo-community", nil)
		id := path[len("/api/v1/activities/"):]
		for _, as := range []string{"r000", "r001"} {
			h.Must(200, "POST", path+"/sign_up", as, nil)
		}
		h.Clock.Advance(25 * time.Hour)
		h.Must(200, "POST", path+"/check_in", "r000", object{"code": h.Activity.QRCode(id, h.Clock.Now().UnixMilli())})
		h.Clock.Advance(45 * time.Minute) // of two hours
		h.Must(200, "POST", path+"/finish", "demo-community", nil)
		_, items := h.roster(path, "demo-community")
		for _, it := range items {
			if it["state"] == "absent" { // was there all the same, without a phone
				h.Must(200, "POST", path+"/mark", "demo-community", object{"persons": []any{it["id"]}, "at": h.Clock.Now().Add(-30 * time.Minute).Format(time.RFC3339)})
			}
		}
		h.Must(200, "POST", path+"/confirm_hours", "demo-community", nil)
		for as, want := range map[string]float64{"r000": 45, "r001": 30} {
			if h := h.Must(200, "GET", path, as, nil)["hours"].(object); h["minutes"] != want {
				t.Errorf("%s: %v minutes, want %v", as, h["minutes"], want)
			}
		}
		h.Sound()
	})
}

// One person asks many times at once and has one place.
func TestOnePersonManyTaps(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		path := h.published("demo-community", object{"capacity": 30})
		var ok atomic.Int64
		together(20, func(int) {
			switch r := h.Do("POST", path+"/sign_up", "demo-neighbour", nil); r.Status {
			case 200:
				ok.Add(1)
			case 409:
			default:
				t.Errorf("%d %s", r.Status, r.Body)
			}
		})
		if count, _ := h.roster(path, "demo-community"); ok.Load() != 1 || count["in"] != 1 {
			t.Errorf("%d of 20 taps took a place, roster %v", ok.Load(), count)
		}
	})
}

// A replayed, old or foreign code is refused with a plain text.
func TestCodes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		path, other := h.published("demo-community", nil), h.published("demo-community", nil)
		id, otherID := path[len("/api/v1/activities/"):], other[len("/api/v1/activities/"):]
		for _, as := range []string{"r000", "r001", "r002", "r003", "r004"} {
			h.Must(200, "POST", path+"/sign_up", as, nil)
		}
		in := func(as, code string) apptest.Reply { return h.Do("POST", path+"/check_in", as, object{"code": code}) }
		if r := in("r000", h.Activity.QRCode(id, h.Clock.Now().UnixMilli())); r.Status != 409 {
			t.Errorf("a day too early: %d", r.Status)
		}
		h.Clock.Advance(25 * time.Hour)
		now := h.Clock.Now().UnixMilli()
		code := h.Activity.QRCode(id, now)
		refused := func(name string, r apptest.Reply) {
			if r.Status != 409 || !strings.Contains(r.Body, "签到") {
				t.Errorf("%s: %d %s", name, r.Status, r.Body)
			}
		}
		if r := in("r000", code); r.Status != 200 {
			t.Fatalf("the right code: %d %s", r.Status, r.Body)
		}
		refused("replayed", in("r000", code))
		refused("another activity's", in("r001", h.Activity.QRCode(otherID, now)))
		refused("another activity's spoken", in("r001", h.Activity.SpokenCode(otherID, now)))
		h.Clock.Advance(30 * time.Second)
		if r := in("r001", code); r.Status != 200 {
			t.Errorf("the code of the step before: %d", r.Status)
		}
		h.Clock.Advance(31 * time.Second)
		refused("61 seconds old", in("r002", code))
		if r := h.Do("POST", path+"/check_in", "r100", object{"code": h.Activity.QRCode(id, h.Clock.Now().UnixMilli())}); r.Status != 403 {
			t.Errorf("who did not sign up: %d", r.Status)
		}
		for range 12 {
			in("r003", "000000")
		}
		if r := in("r003", h.Activity.QRCode(id, h.Clock.Now().UnixMilli())); r.Status != http.StatusTooManyRequests {
			t.Errorf("after many guesses: %d", r.Status)
		}
		if r := in("r004", strings.ToLower(h.Activity.QRCode(id, h.Clock.Now().UnixMilli()))); r.Status != 200 {
			t.Errorf("small letters: %d", r.Status)
		}
	})
}

// Families, reserved places, shifts, offers that lapse, cut-off.
func TestPlaces(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const boss = "demo-community"
		path := h.published(boss, object{"capacity": 6, "reserved": 2})
		h.Must(200, "POST", path+"/sign_up", "r000", object{"party": 3})
		o := h.Must(200, "POST", path+"/sign_up", "r001", object{"party": []string{"小明", "小红"}})
		if o["mine"].(object)["state"] != "waiting" {
			t.Errorf("two more of a public four: %v", o["mine"])
		}
		if o := h.Must(200, "POST", path+"/sign_up", "r002", nil); o["mine"].(object)["state"] != "in" || o["free"] != 0.0 {
			t.Errorf("the fourth: %v, free %v", o["mine"], o["free"])
		}
		h.Must(200, "POST", path+"/enter", boss, object{"names": []string{"陈奶奶", "孙爷爷"}})
		if o := h.Must(200, "GET", path, "", nil); o["taken"] != 6.0 {
			t.Errorf("taken %v", o["taken"])
		}
		if r := h.Do("POST", path+"/sign_up", "r003", object{"party": 5}); r.Status != 422 {
			t.Errorf("a party that never fits: %d", r.Status)
		}
		if r := h.Do("POST", path+"/sign_up", "r003", object{"party": 0}); r.Status != 422 {
			t.Errorf("nobody: %d", r.Status)
		}
		h.Must(200, "POST", path+"/withdraw", "r000", nil) // three leave: the family of two is asked
		if m := h.Must(200, "GET", path, "r001", nil)["mine"].(object); m["state"] != "offered" || m["until"] == nil {
			t.Errorf("the family is %v", m)
		}
		h.Must(200, "POST", path+"/sign_up", "r004", nil)
		h.Must(200, "POST", path+"/sign_up", "r005", nil)
		h.Clock.Advance(13 * time.Hour) // the offer lapsed: half of the time to the start
		if m := h.Must(200, "GET", path, "r005", nil)["mine"].(object); m["state"] != "offered" {
			t.Errorf("next in the line is %v", m)
		}
		if m := h.Must(200, "GET", path, "r001", nil)["mine"].(object); m["state"] != "cancelled" {
			t.Errorf("who let it lapse is %v", m)
		}
		if _, err := h.Activity.Machine.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.Sound()
		h.Clock.Advance(12*time.Hour + time.Minute)
		if r := h.Do("POST", path+"/withdraw", "r002", nil); r.Status != 409 {
			t.Errorf("after the cut-off: %d", r.Status)
		}
		h.Must(200, "POST", path+"/remove", boss, object{"person": entryOf(t, h, path, boss, "r002"), "reason": "电话说生病了"})

		start := h.Clock.Now().Add(24 * time.Hour).In(clock.China)
		at := func(h int) string {
			return time.Date(start.Year(), start.Month(), start.Day(), h, 0, 0, 0, clock.China).Format(time.RFC3339)
		}
		path = h.published(boss, object{"starts": at(8), "ends": at(12), "capacity": 2, "shifts": []any{
			object{"title": "早班", "starts": at(8), "ends": at(10), "capacity": 1}, object{"starts": at(10), "ends": at(12), "capacity": 1},
		}})
		for i, want := range []float64{1, 2} {
			if m := h.Must(200, "POST", path+"/sign_up", fmt.Sprintf("r01%d", i), nil)["mine"].(object); m["shift"] != want {
				t.Errorf("sign-up %d is in shift %v", i, m["shift"])
			}
		}
		if r := h.Do("POST", path+"/sign_up", "r012", object{"shift": 3}); r.Status != 422 {
			t.Errorf("no such shift: %d", r.Status)
		}
		h.Sound()
	})
}

// Who may do what, and what may not be seen.
func TestRights(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		path := h.drafted("demo-volunteer", nil)
		for as, want := range map[string]int{"demo-volunteer": 200, "demo-community": 200, "demo-street": 200, "demo-resident": 404, "": 404, "demo-community-b": 404} {
			if r := h.Do("GET", path, as, nil); r.Status != want {
				t.Errorf("draft as %q: %d, want %d", as, r.Status, want)
			}
		}
		if r := h.Do("POST", path+"/publish", "demo-volunteer", nil); r.Status != 403 {
			t.Errorf("a volunteer publishes: %d", r.Status)
		}
		h.Must(200, "POST", path+"/publish", "demo-community", nil)
		if r := h.Do("POST", "/api/v1/activities", "demo-resident", object{}); r.Status != 403 {
			t.Errorf("a resident drafts: %d", r.Status)
		}
		if r := h.Do("POST", "/api/v1/activities", "demo-community", object{"title": "x", "kind": "什么"}); r.Status != 422 {
			t.Errorf("missing fields: %d", r.Status)
		}
		h.Must(200, "POST", path+"/sign_up", "demo-newcomer", nil)
		h.Must(200, "POST", path+"/sign_up", "demo-outsider", nil)
		unit := h.Must(200, "GET", "/api/v1/me", "demo-unit1", nil)["roles"].([]any)[0].(object)["group"].(string)
		h.Must(200, "POST", path+"/sign_up", "demo-unit1", object{"as": unit})
		if r := h.Do("POST", path+"/sign_up", "demo-unit2", object{"as": unit}); r.Status != 422 {
			t.Errorf("in another's name: %d", r.Status)
		}
		if r := h.Do("POST", path+"/sign_up", "demo-newcomer", nil); r.Status != 409 {
			t.Errorf("twice: %d", r.Status)
		}
		closed := h.published("demo-community", object{"audience": "volunteers"})
		if r := h.Do("POST", closed+"/sign_up", "demo-resident", nil); r.Status != 403 {
			t.Errorf("not a volunteer: %d", r.Status)
		}
		local := h.published("demo-community", object{"audience": "residents"})
		if r := h.Do("POST", local+"/sign_up", "demo-outsider", nil); r.Status != 403 {
			t.Errorf("not a resident: %d", r.Status)
		}
		told := h.Must(200, "GET", path+"/timeline", "", nil)["items"].([]any)
		for _, it := range told {
			if o := it.(object); o["do"] == "sign_up" && o["by"] != "一位参加者" {
				t.Errorf("the public timeline names %v", o["by"])
			}
		}
		if r := h.Do("POST", path+"/cancel", "demo-resident", object{"reason": "x"}); r.Status != 403 {
			t.Errorf("a resident cancels: %d", r.Status)
		}
		h.Must(200, "POST", path+"/cancel", "demo-community", object{"reason": "台风预警"})
		if r := h.Do("POST", path+"/sign_up", "demo-resident", nil); r.Status != 409 {
			t.Errorf("after the end: %d", r.Status)
		}
		if r := h.Do("GET", "/api/v1/activities/nonsense", "", nil); r.Status != 404 {
			t.Errorf("a malformed id: %d", r.Status)
		}
	})
}

// Unconfirmed hours: the organiser is reminded after 2 working days, the
// community after 5, and nothing confirms itself; nobody confirms the own hours.
func TestReminders(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		path := h.published("demo-society", nil)
		id := path[len("/api/v1/activities/"):]
		h.Must(200, "POST", path+"/sign_up", "demo-society", nil)
		h.Must(200, "POST", path+"/sign_up", "r000", nil)
		h.Clock.Advance(25 * time.Hour)
		for _, as := range []string{"demo-society", "r000"} {
			h.Must(200, "POST", path+"/check_in", as, object{"code": h.Activity.QRCode(id, h.Clock.Now().UnixMilli())})
		}
		h.Clock.Advance(4 * time.Hour) // finished by itself
		if o := h.Must(200, "GET", path, "", nil); o["state"] != "finished" {
			t.Fatalf("state %v", o["state"])
		}
		h.Clock.Advance(20 * 24 * time.Hour)
		if _, err := h.Activity.Machine.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var reminds int
		for _, it := range h.Must(200, "GET", path+"/timeline", "demo-society", nil)["items"].([]any) {
			if it.(object)["do"] == "remind" {
				reminds++
			}
		}
		if o := h.Must(200, "GET", path, "", nil); reminds != 2 || o["state"] != "finished" {
			t.Errorf("%d reminders, state %v", reminds, o["state"])
		}
		if o := h.Must(200, "POST", path+"/confirm_hours", "demo-society", nil); o["state"] != "finished" {
			t.Errorf("own hours were confirmed: %v", o["state"])
		}
		if r := h.Do("POST", path+"/confirm_hours", "demo-society", nil); r.Status != 403 {
			t.Errorf("only the own hours are left: %d %s", r.Status, r.Body)
		}
		if o := h.Must(200, "POST", path+"/confirm_hours", "demo-community", nil); o["state"] != "closed" {
			t.Errorf("confirmed by the community: %v", o["state"])
		}
		h.Sound()
	})
}

// A social worker who was in the line herself answers for herself on the
// activity's page; for the next one she answers on the organiser's, and stays there.
func TestAnOrganiserInTheLine(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const boss = "demo-society"
		path := h.published(boss, object{"capacity": 1})
		for _, as := range []string{"demo-resident", boss, "demo-neighbour"} {
			h.Must(200, "POST", path+"/sign_up", as, nil)
		}
		h.Must(200, "POST", path+"/withdraw", "demo-resident", nil)
		one := strings.TrimPrefix(path, "/api/v1")
		if page := h.page(one, boss, "轮到您了"); !strings.Contains(page, `action="`+one+`/promote"`) || strings.Contains(page, `action="`+one+`/sign_up"`) {
			t.Error("no button for her own place, or a form to sign up beside it")
		}
		if page := h.page(one+"/organise", boss, "报名名单"); strings.Contains(page, "/promote") {
			t.Error("before she has answered she could take another's place for hers")
		}
		for _, press := range []struct{ do, lands string }{{"/promote", one}, {"/organise/promote", one + "/organise"}} {
			if r := h.Do("POST", one+press.do, boss, url.Values{}); r.Status != 303 || r.Header.Get("Location") != press.lands {
				t.Errorf("%s: %d to %s, want %s", press.do, r.Status, r.Header.Get("Location"), press.lands)
			}
			h.Do("POST", path+"/withdraw", boss, nil) // her place goes to the neighbour, whom she then takes in by hand
		}
		if mine := h.Must(200, "GET", path, "demo-neighbour", nil)["mine"].(object); mine["state"] != "in" {
			t.Errorf("the neighbour reads %v", mine)
		}
		if r := h.Do("POST", one+"/organise/promote", boss, url.Values{}); r.Status != 409 || !strings.Contains(r.Body, "报名名单") {
			t.Errorf("with nobody left in the line: %d, not on the organiser's page", r.Status)
		}
	})
}
