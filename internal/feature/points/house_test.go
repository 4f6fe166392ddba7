package points_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
)

var morning = time.Date(2026, 11, 18, 8, 0, 0, 0, clock.China)

type object = apptest.Object

// house is a house with helpers for points.
type house struct{ *apptest.House }

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	apptest.Plan{Now: morning}.Each(t, func(t *testing.T, h *apptest.House) { f(t, &house{h}) })
}

// settle lets all readers follow the log.
func (h *house) settle() {
	h.T.Helper()
	h.Read()
	h.Sound()
}

func (h *house) balance(as string) float64 {
	h.T.Helper()
	return h.Must(200, "GET", "/api/v1/points/me", as, nil)["balance"].(float64)
}

// served lets as serve for hours in an activity of the society, confirmed by it.
func (h *house) served(as string, hours int) string {
	h.T.Helper()
	start := h.Clock.Now().Add(time.Hour)
	o := h.Must(201, "POST", "/api/v1/activities", "demo-society", object{
		"title": "为老服务", "kind": "扶老护幼", "place": demo.CommunityA, "starts": start.Format(time.RFC3339),
		"ends": start.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339), "capacity": 5,
	})
	id := o["id"].(string)
	path := "/api/v1/activities/" + id
	h.Must(200, "POST", path+"/publish", "demo-society", nil)
	h.Must(200, "POST", path+"/sign_up", as, nil)
	h.Clock.Advance(time.Hour)
	h.Must(200, "POST", path+"/check_in", as, object{"code": h.Activity.QRCode(id, h.Clock.Now().UnixMilli())})
	h.Clock.Advance(time.Duration(hours) * time.Hour)
	h.Must(200, "POST", path+"/finish", "demo-society", nil)
	h.Must(200, "POST", path+"/confirm_hours", "demo-society", nil)
	return path
}

// Points follow confirmed service, within the caps, once; a correction takes
// back and gives anew; reading the log again gives nothing.
func TestServiceGivesPoints(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		path := h.served("demo-volunteer", 2)
		h.settle()
		if b := h.balance("demo-volunteer"); b != 20 {
			t.Fatalf("two hours gave %v", b)
		}
		if err := h.Journal.Rebuild(context.Background(), h.Points.Reader()); err != nil {
			t.Fatal(err)
		}
		if b := h.balance("demo-volunteer"); b != 20 {
			t.Errorf("after reading the log again: %v", b)
		}
		person := h.Must(200, "GET", path+"/roster", "demo-society", nil)["items"].([]any)[0].(object)["id"]
		h.Must(200, "POST", path+"/confirm_hours", "demo-society", object{"person": person, "minutes": 60, "reason": "只来了一个小时"})
		h.settle()
		if b := h.balance("demo-volunteer"); b != 10 {
			t.Errorf("after the correction: %v", b)
		}
		items := h.Must(200, "GET", "/api/v1/points/ledger", "demo-volunteer", nil)["items"].([]any)
		var sum float64
		for _, i := range items {
			l := i.(object)
			sum += l["amount"].(float64)
			if l["cause"] == "" || l["keyed_by"] == "" || l["rule_version"] != 1.0 {
				t.Errorf("a line without cause, rule version or who: %v", l)
			}
		}
		if len(items) != 3 || sum != 10 {
			t.Errorf("%d lines, Σ %v", len(items), sum)
		}
		h.served("demo-volunteer", 12) // 14:00 to 02:00: eight hours a day are what counts
		h.settle()
		if b := h.balance("demo-volunteer"); b != 90 {
			t.Errorf("twelve hours on top gave %v, want the day's cap", b-10)
		}
		if status := h.Do("GET", "/api/v1/points/ledger?account=residents:"+h.Must(200, "GET", "/api/v1/me", "demo-volunteer", nil)["id"].(string), "demo-neighbour", nil).Status; status != 404 {
			t.Errorf("a neighbour reads the ledger: %d", status)
		}
		h.served("demo-party", 1)
		h.settle()
		if accounts := h.Must(200, "GET", "/api/v1/points/me", "demo-party", nil)["accounts"].([]any); len(accounts) != 2 || accounts[1].(object)["balance"] != 10.0 {
			t.Errorf("a party member holds %v", accounts)
		}
	})
}

// A wish gives its helpers points when the resident has confirmed, not before,
// and never to who confirmed.
func TestWishGivesPoints(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		path := "/api/v1/wishes/" + h.Must(201, "POST", "/api/v1/wishes", "demo-resident", object{"title": "想请人修纱窗", "body": "厨房的纱窗破了", "place": demo.CommunityA, "category": "家政清洁"})["id"].(string)
		h.Must(200, "POST", path+"/claim", "demo-volunteer", nil)
		if status := h.Do("POST", "/api/v1/services", "demo-volunteer", object{"wish": path[len("/api/v1/wishes/"):], "minutes": 30}).Status; status != 409 {
			t.Errorf("hours before delivery: %d", status)
		}
		h.Must(200, "POST", path+"/deliver", "demo-volunteer", nil)
		h.settle()
		if b := h.balance("demo-volunteer"); b != 0 {
			t.Errorf("before the resident's word: %v", b)
		}
		h.Must(200, "POST", path+"/confirm", "demo-resident", object{"solved": "yes", "satisfied": "yes"})
		h.settle()
		if b := h.balance("demo-volunteer"); b != 20 {
			t.Errorf("after the resident's word: %v", b)
		}
		hours := "/api/v1/services/" + h.Must(201, "POST", "/api/v1/services", "demo-volunteer", object{"wish": path[len("/api/v1/wishes/"):], "minutes": 90})["id"].(string)
		if status := h.Do("POST", hours+"/confirm", "demo-volunteer", nil).Status; status != 403 {
			t.Errorf("own hours confirmed: %d", status)
		}
		if status := h.Do("GET", hours, "demo-neighbour", nil).Status; status != 404 {
			t.Errorf("a neighbour reads the hours: %d", status)
		}
		h.Must(200, "POST", hours+"/confirm", "demo-resident", nil)
		h.settle()
		if b := h.balance("demo-volunteer"); b != 35 {
			t.Errorf("with 90 minutes confirmed: %v", b)
		}
	})
}

// Keyed by hand: two persons, a reason, public, in the anomaly list; a reversal
// refers to its original once.
func TestByHand(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if status := h.Do("POST", "/api/v1/points-batches", "demo-resident", object{"reason": "x"}).Status; status != 403 {
			t.Errorf("a resident keys points: %d", status)
		}
		b := h.Must(201, "POST", "/api/v1/points-batches", "demo-community", object{"reason": "补记七月防汛值守", "people": []string{"demo-volunteer", "demo-volunteer2"}, "amount": 30})
		path := "/api/v1/points-batches/" + b["id"].(string)
		if status := h.Do("GET", path, "demo-resident", nil).Status; status != 404 {
			t.Errorf("a proposal is public: %d", status)
		}
		if status := h.Do("POST", path+"/agree", "demo-community", nil).Status; status != 403 {
			t.Errorf("one person alone: %d", status)
		}
		h.Must(200, "POST", path+"/agree", "demo-community2", nil)
		h.settle()
		if b := h.balance("demo-volunteer2"); b != 30 {
			t.Errorf("keyed 30, holds %v", b)
		}
		public := h.Must(200, "GET", path, "", nil)
		if public["by_hand"] != true || public["reason"] != "补记七月防汛值守" || public["people"] != nil || public["count"] != 2.0 {
			t.Errorf("the public reads %v", public)
		}
		var hand bool
		for _, a := range h.Must(200, "GET", "/api/v1/points/anomalies?place="+demo.CommunityA, "demo-community", nil)["items"].([]any) {
			o := a.(object)
			hand = hand || o["kind"] == "hand" && o["account"] == b["id"] && o["count"] == 2.0
		}
		if !hand {
			t.Error("the batch is not in the anomaly list")
		}
		line := h.Must(200, "GET", "/api/v1/points/ledger", "demo-volunteer2", nil)["items"].([]any)[0].(object)
		if line["kind"] != "hand" || line["agreed_by"] == "" {
			t.Errorf("the line reads %v", line)
		}
		for i, want := range []int{200, 409} { // two proposals to take the same entry back: only one is booked
			status := 0
			if i == 0 {
				r := h.Must(201, "POST", "/api/v1/points-batches", "demo-community", object{"reason": "记错了人", "entry": line["id"]})
				other := h.Must(201, "POST", "/api/v1/points-batches", "demo-community2", object{"reason": "记错了人", "entry": line["id"]})
				status = h.Do("POST", "/api/v1/points-batches/"+r["id"].(string)+"/agree", "demo-community2", nil).Status
				if again := h.Do("POST", "/api/v1/points-batches/"+other["id"].(string)+"/agree", "demo-community", nil).Status; again != 409 {
					t.Errorf("taken back twice: %d", again)
				}
			} else {
				status = h.Do("POST", "/api/v1/points-batches", "demo-community", object{"reason": "记错了人", "entry": line["id"]}).Status
			}
			if status != want {
				t.Errorf("reversal %d: %d, want %d", i, status, want)
			}
		}
		h.settle()
		if b := h.balance("demo-volunteer2"); b != 0 {
			t.Errorf("after taking back: %v", b)
		}
	})
}

// A rule changes from a day to come on, after a trial on last month's events.
func TestRuleChange(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.served("demo-volunteer", 2)
		h.served("demo-neighbour", 1)
		h.settle()
		change := object{"book": "residents", "code": "service", "points": 15}
		if status := h.Do("POST", "/api/v1/points/rules", "demo-community", change).Status; status != 403 {
			t.Errorf("a community changes the rules: %d", status)
		}
		p := h.Must(200, "POST", "/api/v1/points/rules/preview", "demo-district", change)
		if p["was"] != 30.0 || p["would"] != 45.0 || p["people"] != 2.0 || p["gaining"] != 2.0 {
			t.Errorf("preview %v", p)
		}
		if status := h.Do("POST", "/api/v1/points/rules", "demo-district", object{"book": "residents", "code": "service", "points": 15, "from": "2026-01-01"}).Status; status != 422 {
			t.Errorf("a rule for the past: %d", status)
		}
		h.Must(201, "POST", "/api/v1/points/rules", "demo-district", change)
		h.Clock.Advance(24 * time.Hour)
		h.served("demo-volunteer", 2)
		h.settle()
		if b := h.balance("demo-volunteer"); b != 50 {
			t.Errorf("20 by the first version and 30 by the second: %v", b)
		}
		rules := h.Must(200, "GET", "/api/v1/points/rules", "", nil)["items"].([]any)
		for _, r := range rules {
			if o := r.(object); o["code"] == "service" && o["book"] == "residents" && (o["in_force"] == true) != (o["version"] == 2.0) {
				t.Errorf("in force: %v", o)
			}
		}
		for _, path := range []string{"/points", "/points/hand", "/me/points", "/staff/points", "/honours", "/awards", "/activities", "/me/service", "/volunteer/on-call", "/certificates"} {
			for _, as := range []string{"demo-district", "demo-party", ""} {
				r := h.Do("GET", path, as, nil)
				want := 200
				switch {
				case as == "" && (strings.HasPrefix(path, "/me") || path == "/staff/points" || path == "/volunteer/on-call"):
					want = 303
				case path == "/staff/points" && as == "demo-party":
					want = 403
				}
				if r.Status != want {
					t.Errorf("%s as %q: %d, want %d: %d bytes", path, as, r.Status, want, len(r.Body))
				}
			}
		}
	})
}

// A round of an award: nominated, reviewed by another, noticed, objected,
// looked at again, confirmed by a second person, on the roll, with points.
func TestAward(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.served("demo-volunteer", 2)
		at := func(d int) string { return h.Clock.Now().AddDate(0, 0, d).Format(time.RFC3339) }
		round := object{"title": "2026年度服务之星", "place": demo.CommunityA, "criteria": "常年为邻里服务", "opens": at(0), "closes": at(10), "notice_days": 3}
		if status := h.Do("POST", "/api/v1/awards", "demo-resident", round).Status; status != 403 {
			t.Errorf("a resident opens a round: %d", status)
		}
		official := object{}
		for k, v := range round {
			official[k] = v
		}
		official["title"] = "先进个人"
		if status := h.Do("POST", "/api/v1/awards", "demo-community", official).Status; status != 422 {
			t.Errorf("an official name without a document: %d", status)
		}
		path := "/api/v1/awards/" + h.Must(201, "POST", "/api/v1/awards", "demo-community", round)["id"].(string)
		for q, want := range map[string]int{"服务之星": 1, "为邻里": 1, "%": 0} {
			if found := h.Must(200, "GET", "/api/v1/awards?q="+url.QueryEscape(q), "", nil)["items"].([]any); len(found) != want {
				t.Errorf("?q=%s finds %d rounds, want %d", q, len(found), want)
			}
		}
		h.Must(200, "POST", path+"/nominate", "demo-resident", object{"person": "demo-volunteer", "reason": "每周来陪老人"})
		h.Must(200, "POST", path+"/nominate", "demo-neighbour", object{"person": "菜场裁缝王师傅", "reason": "免费给老人补衣服"})
		if status := h.Do("POST", path+"/nominate", "demo-neighbour", object{"person": "demo-volunteer", "reason": "再推荐"}).Status; status != 409 {
			t.Errorf("nominated twice: %d", status)
		}
		if ns := h.Must(200, "GET", path, "", nil)["nominees"].([]any); len(ns) != 0 {
			t.Errorf("nominees are public before the notice: %v", ns)
		}
		if text := h.Do("GET", path+"/timeline", "", nil).Body; strings.Contains(text, "每周来陪老人") || strings.Contains(text, "李阿姨") {
			t.Error("the timeline names who nominated, or why")
		}
		h.Must(200, "POST", path+"/consent", "demo-volunteer", object{"agree": true})
		for _, n := range h.Must(200, "GET", path, "demo-expert1", nil)["nominees"].([]any) {
			o := n.(object)
			if o["name"] == "热心的小陈" && o["minutes"] != 120.0 {
				t.Errorf("evidence %v", o["minutes"])
			}
			h.Must(200, "POST", path+"/review", "demo-expert1", object{"nominee": o["id"], "ok": true, "reason": "事迹属实"})
		}
		if status := h.Do("POST", path+"/vote", "demo-resident", object{}).Status; status != 403 {
			t.Errorf("a vote where it is off: %d", status)
		}
		h.Must(200, "POST", path+"/publish", "demo-community", nil)
		ns := h.Must(200, "GET", path, "", nil)["nominees"].([]any)
		if len(ns) != 2 {
			t.Fatalf("noticed: %v", ns)
		}
		h.Must(200, "POST", path+"/object", "demo-outsider", object{"nominee": ns[1].(object)["id"], "reason": "请再核实"})
		h.Clock.Advance(4 * 24 * time.Hour)
		if status := h.Do("POST", path+"/confirm", "demo-community2", nil).Status; status != 409 {
			t.Errorf("confirmed over an objection: %d", status)
		}
		h.Must(200, "POST", path+"/review", "demo-expert2", object{"nominee": ns[1].(object)["id"], "ok": true, "reason": "已走访核实"})
		if status := h.Do("POST", path+"/confirm", "demo-community", nil).Status; status != 403 {
			t.Errorf("one person published and confirmed: %d", status)
		}
		h.Must(200, "POST", path+"/confirm", "demo-community2", nil)
		h.settle()
		if b := h.balance("demo-volunteer"); b != 120 {
			t.Errorf("20 for service and 100 for the award: %v", b)
		}
		for _, page := range []string{"/honours", "/honours/" + ns[0].(object)["id"].(string), "/honours/" + ns[1].(object)["id"].(string) + "/certificate", path[len("/api/v1"):]} {
			if r := h.Do("GET", page, "", nil); r.Status != 200 || !strings.Contains(r.Body, "2026年度服务之星") {
				t.Errorf("%s: %d", page, r.Status)
			}
		}
	})
}
