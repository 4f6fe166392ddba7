package e2e_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"linli/e2e/browser"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/feature/notify"
	"linli/internal/platform/db"
)

// called counts the people of toCall: no two accounts share a phone number.
var called atomic.Int64

// toCall makes a person without a live channel to whom something was brought,
// and returns the account.
func toCall(t *testing.T, s *site) string {
	t.Helper()
	ctx := t.Context()
	a := member.Account{PublicName: "周奶奶", Level: actor.V3, Home: demo.CommunityA, Demo: true, Phone: fmt.Sprintf("136%08d", called.Add(1))}
	err := s.House.DB.Write(ctx, func(tx *db.Tx) error { a.ID = ""; return s.House.Member.Create(ctx, tx, "", &a) })
	if err != nil {
		t.Fatal(err)
	}
	as := func(name string) actor.Actor {
		acc, err := s.House.Member.Find(ctx, s.House.DB, name)
		if err != nil {
			t.Fatal(err)
		}
		return actor.Actor{ID: acc.ID}
	}
	wish, err := s.House.Wish.File(actor.With(ctx, as("demo-grid")), map[string]any{"title": "想请人修水龙头", "body": "厨房的水龙头滴水，自己拧不紧。",
		"place": demo.CommunityA, "category": "家政清洁", "on_behalf_of": map[string]any{"account": a.ID, "consent_how": "spoken"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []string{"claim", "deliver"} {
		if err := s.House.Wish.Do(actor.With(ctx, as("demo-volunteer")), wish, do, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range s.House.Readers() {
		if r.Name == "notify" {
			if err := s.House.Journal.Drain(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.House.Notify.Work(ctx); err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// TestInbox goes from the badge to what waits and to its page, and marks all
// as read, without scripts.
func TestInbox(t *testing.T) {
	s := theSite(t)
	toCall(t, s)
	p := s.visit(t, "demo-community", browser.Options{Width: 390, Height: 844, Mobile: true, NoScript: true})
	p.Open(s.URL + "/me")
	p.Click("消息")
	if p.Text("h1") != "收件箱" {
		t.Fatalf("%s", p.Text("main"))
	}
	shoot(p, "inbox")
	if p.Has("全部标为已读") {
		p.Click("全部标为已读")
		if !strings.Contains(p.Text("main"), "已全部标为已读") && !strings.Contains(p.Text("body"), "已全部标为已读") {
			t.Errorf("nothing says that all is read: %s", p.Text("main"))
		}
	}
}

// TestCalling reads out, notes that nobody answered, and ticks.
func TestCalling(t *testing.T) {
	s := theSite(t)
	account := toCall(t, s)
	p := s.visit(t, "demo-community2", browser.Options{})
	p.Open(s.URL + "/staff/calls")
	shoot(p, "calls")
	if !strings.Contains(p.Text("main"), "周奶奶") {
		t.Fatalf("the list lacks the person: %s", p.Text("main"))
	}
	p.Open(s.URL + "/staff/calls/" + account)
	shoot(p, "call")
	if !strings.Contains(p.Text("main"), "周奶奶您好") {
		t.Fatalf("%s", p.Text("main"))
	}
	p.Click("没有打通")
	p.Open(s.URL + "/staff/calls/" + account)
	p.Click("已告知")
	if !strings.HasSuffix(p.URL(), "/staff/calls?done=ticked") {
		t.Errorf("after the tick at %s: %s", p.URL(), p.Text("main"))
	}
}

// TestNotifyPagesForAll holds every page of inbox, call list and webhooks to
// axe, targets and reflow: on a phone, in care mode, in English.
func TestNotifyPagesForAll(t *testing.T) {
	s := theSite(t)
	account := toCall(t, s)
	if len(s.House.Notify.Channels) == 0 {
		s.House.Notify.Channels = []notify.Channel{notify.ByEmail(nil)} // shows the whole form; nothing is due here
	}
	for name, o := range map[string]browser.Options{
		"phone": {Width: 390, Height: 844, Mobile: true}, "care": {Width: 390, Height: 844, Mobile: true, Care: true}, "english": {Lang: "en"},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.visit(t, "demo-community", o)
			for _, path := range []string{"/inbox", "/inbox?show=act", "/inbox/settings", "/inbox/log", "/staff/calls", "/staff/calls/" + account, "/staff/calls/" + account + "/slip", "/staff/webhooks"} {
				p.Open(s.URL + path)
				if p.Status() != 200 {
					t.Errorf("%s: %d", path, p.Status())
					continue
				}
				shoot(p, "notify-"+name+strings.ReplaceAll(strings.ReplaceAll(path, account, "id"), "/", "-"))
				for _, v := range p.Axe() {
					t.Errorf("%s: %v", path, v)
				}
				for _, small := range p.TargetSizes(24) {
					t.Errorf("%s: small target %v", path, small)
				}
				if !p.ReflowOK(320) {
					t.Errorf("%s does not reflow", path)
				}
				for _, w := range p.Problems() {
					t.Errorf("%s: %s", path, w)
				}
			}
		})
	}
}
