package app_test

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"linli/internal/app/demo"
	"linli/internal/core/actor"
)

// TestCounterConsent: an elder without a phone is registered at the counter
// and lets family act; two members of staff it takes, the elder hears of it by
// a call, and can take it back.
func TestCounterConsent(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for as, want := range map[string]int{"demo-resident": 404, "demo-grid": 404, "demo-street": 200, "demo-admin": 200} {
			s.must(want, "GET", "/staff/counter", as, nil)
			s.must(404, "POST", "/staff/counter", as, url.Values{"real_name": {"王桂英"}, "public_name": {"王奶奶"}})
		}
		s.must(422, "POST", "/staff/counter", "demo-community", url.Values{"real_name": {"王桂英"}, "public_name": {"王奶奶"}, "phone": {"身份证"}})
		s.must(422, "POST", "/staff/counter", "demo-community", url.Values{"real_name": {"王桂英"}, "public_name": {"王奶奶"}, "phone": {s.account("demo-neighbour").Phone}})
		made := s.do("POST", "/staff/counter", "demo-community", url.Values{"real_name": {"王桂英"}, "public_name": {"王奶奶"}, "phone": {"025-86821999"}})
		found := regexp.MustCompile(`^/staff/counter/([0-9a-f-]{36})\?`).FindStringSubmatch(made.Header.Get("Location"))
		if made.Status != 303 || found == nil {
			t.Fatalf("%d %s", made.Status, made.Header.Get("Location"))
		}
		elder, at := found[1], "/staff/counter/"+found[1]
		if a := s.account(elder); a.HasChannel || a.Phone != "02586821999" || a.Level != actor.V1 {
			t.Fatalf("%+v", a)
		}
		consent := func(guardian string) url.Values {
			return url.Values{"guardian": {guardian}, "relation": {"child"}, "how": {"signed"}}
		}
		s.must(422, "POST", at, "demo-community", consent("13999999999"))
		s.must(403, "POST", at, "demo-community", consent("demo-community")) // staff never approve themselves
		s.must(404, "POST", at, "demo-community-b", consent("demo-resident"))
		s.must(303, "POST", at, "demo-community", consent(s.account("demo-resident").Phone))
		s.must(409, "POST", at, "demo-community2", consent("demo-resident"))
		guards := func() bool {
			t.Helper()
			a, _, err := s.Member.Actor(t.Context(), s.account("demo-resident").ID)
			if err != nil {
				t.Fatal(err)
			}
			return a.Guards(elder)
		}
		if guards() {
			t.Fatal("acts before the second person confirmed")
		}
		confirm := regexp.MustCompile(`/staff/counter/consents/[0-9a-f-]+/confirm`).FindString(string(s.do("GET", "/staff/counter", "demo-community2", nil).Body))
		if confirm == "" {
			t.Fatal("the second person sees nothing to confirm")
		}
		if bytes.Contains(s.do("GET", "/staff/counter", "demo-community", nil).Body, []byte(confirm)) {
			t.Error("who wrote it down is offered to confirm it")
		}
		s.must(403, "POST", confirm, "demo-community", url.Values{})
		s.must(404, "POST", confirm, "demo-community-b", url.Values{})
		s.must(303, "POST", confirm, "demo-community2", url.Values{})
		s.must(409, "POST", confirm, "demo-community2", url.Values{})
		if !guards() {
			t.Fatal("confirmed, but the family does not act")
		}
		slip := s.do("GET", strings.Replace(confirm, "confirm", "slip", 1), "demo-community2", nil)
		if slip.Status != 200 || !bytes.Contains(slip.Body, []byte("我，王桂英，同意由")) {
			t.Errorf("slip: %d", slip.Status)
		}
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Notify.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if calls := s.do("GET", "/staff/calls/"+elder, "demo-community", nil); !bytes.Contains(calls.Body, []byte("由家人代办")) {
			t.Errorf("the elder is not to be told by phone: %d", calls.Status)
		}
		var how, by string
		if err := s.DB.Get(t.Context(), &how, `SELECT how FROM consents WHERE account = ?`, elder); err != nil || how != "counter_signed" {
			t.Errorf("on the register as %q, %v", how, err)
		}
		if err := s.DB.Get(t.Context(), &by, `SELECT by_whom FROM guardians WHERE ward = ?`, elder); err != nil || by != s.account("demo-community").ID {
			t.Errorf("by %q, %v", by, err)
		}
		if faults := verified(t, s); len(faults) > 0 {
			t.Error(faults)
		}

		// The family gives it up by itself, and it may be given anew.
		s.must(303, "POST", "/me/family/"+elder+"/end", "demo-resident", url.Values{})
		if bytes.Contains(s.do("GET", at, "demo-community", nil).Body, []byte("/end\"")) || guards() {
			t.Error("ended by the family, but it stands")
		}
		s.clock.Advance(time.Minute)
		s.must(303, "POST", at, "demo-community2", consent("demo-resident"))
		confirm = regexp.MustCompile(`/staff/counter/consents/[0-9a-f-]+/confirm`).FindString(string(s.do("GET", at, "demo-community", nil).Body))
		s.must(303, "POST", confirm, "demo-community", url.Values{})
		end := strings.Replace(confirm, "confirm", "end", 1)
		s.must(404, "POST", end, "demo-community-b", url.Values{})
		s.must(303, "POST", end, "demo-community", url.Values{})
		if guards() {
			t.Error("taken back at the counter, but the family acts")
		}

		// Where a community says so, one person is enough.
		if err := s.Place.Set(t.Context(), "", demo.CommunityA, "counter.two_staff", "false"); err != nil {
			t.Fatal(err)
		}
		s.clock.Advance(time.Minute)
		s.must(303, "POST", at, "demo-community", consent("demo-resident"))
		if !guards() {
			t.Error("one person is not enough where the community says so")
		}
		if faults := verified(t, s); len(faults) > 0 {
			t.Error(faults)
		}
	})
}
