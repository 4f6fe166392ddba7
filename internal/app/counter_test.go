package app_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
)

// TestCounterConsent: an elder without a phone is registered at the counter
// and lets family act; two members of staff it takes, the elder hears of it by
// a call, and can take it back.
func TestCounterConsent(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		for as, want := range map[string]int{"demo-resident": 404, "demo-grid": 404, "demo-street": 200, "demo-admin": 200} {
			h.Must(want, "GET", "/staff/counter", as, nil)
			h.Must(404, "POST", "/staff/counter", as, url.Values{"real_name": {"王桂英"}, "public_name": {"王奶奶"}})
		}
		h.Must(422, "POST", "/staff/counter", "demo-community", url.Values{"real_name": {"王桂英"}, "public_name": {"王奶奶"}, "phone": {"身份证"}})
		h.Must(422, "POST", "/staff/counter", "demo-community", url.Values{"real_name": {"王桂英"}, "public_name": {"王奶奶"}, "phone": {h.Account("demo-neighbour").Phone}})
		made := h.Do("POST", "/staff/counter", "demo-community", url.Values{"real_name": {"王桂英"}, "public_name": {"王奶奶"}, "phone": {"025-86821999"}})
		found := regexp.MustCompile(`^/staff/counter/([0-9a-f-]{36})\?`).FindStringSubmatch(made.Header.Get("Location"))
		if made.Status != 303 || found == nil {
			t.Fatalf("%d %s", made.Status, made.Header.Get("Location"))
		}
		elder, at := found[1], "/staff/counter/"+found[1]
		if a := h.Account(elder); a.HasChannel || a.Phone != "02586821999" || a.Level != actor.V1 {
			t.Fatalf("%+v", a)
		}
		consent := func(guardian string) url.Values {
			return url.Values{"guardian": {guardian}, "relation": {"child"}, "how": {"signed"}}
		}
		h.Must(422, "POST", at, "demo-community", consent("13999999999"))
		h.Must(403, "POST", at, "demo-community", consent("demo-community")) // staff never approve themselves
		h.Must(404, "POST", at, "demo-community-b", consent("demo-resident"))
		h.Must(303, "POST", at, "demo-community", consent(h.Account("demo-resident").Phone))
		h.Must(409, "POST", at, "demo-community2", consent("demo-resident"))
		guards := func() bool {
			t.Helper()
			a, _, err := h.Member.Actor(t.Context(), h.Account("demo-resident").ID)
			if err != nil {
				t.Fatal(err)
			}
			return a.Guards(elder)
		}
		if guards() {
			t.Fatal("acts before the second person confirmed")
		}
		confirm := regexp.MustCompile(`/staff/counter/consents/[0-9a-f-]+/confirm`).FindString(h.Do("GET", "/staff/counter", "demo-community2", nil).Body)
		if confirm == "" {
			t.Fatal("the second person sees nothing to confirm")
		}
		if strings.Contains(h.Do("GET", "/staff/counter", "demo-community", nil).Body, confirm) {
			t.Error("who wrote it down is offered to confirm it")
		}
		h.Must(403, "POST", confirm, "demo-community", url.Values{})
		h.Must(404, "POST", confirm, "demo-community-b", url.Values{})
		h.Must(303, "POST", confirm, "demo-community2", url.Values{})
		h.Must(409, "POST", confirm, "demo-community2", url.Values{})
		if !guards() {
			t.Fatal("confirmed, but the family does not act")
		}
		slip := h.Do("GET", strings.Replace(confirm, "confirm", "slip", 1), "demo-community2", nil)
		if slip.Status != 200 || !strings.Contains(slip.Body, "我，王桂英，同意由") {
			t.Errorf("slip: %d", slip.Status)
		}
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.Notify.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if calls := h.Do("GET", "/staff/calls/"+elder, "demo-community", nil); !strings.Contains(calls.Body, "由家人代办") {
			t.Errorf("the elder is not to be told by phone: %d", calls.Status)
		}
		var how, by string
		if err := h.DB.Get(t.Context(), &how, `SELECT how FROM consents WHERE account = ?`, elder); err != nil || how != "counter_signed" {
			t.Errorf("on the register as %q, %v", how, err)
		}
		if err := h.DB.Get(t.Context(), &by, `SELECT by_whom FROM guardians WHERE ward = ?`, elder); err != nil || by != h.Account("demo-community").ID {
			t.Errorf("by %q, %v", by, err)
		}
		h.Sound()

		// The family gives it up by itself, and it may be given anew.
		h.Must(303, "POST", "/me/family/"+elder+"/end", "demo-resident", url.Values{})
		if strings.Contains(h.Do("GET", at, "demo-community", nil).Body, "/end\"") || guards() {
			t.Error("ended by the family, but it stands")
		}
		h.Clock.Advance(time.Minute)
		h.Must(303, "POST", at, "demo-community2", consent("demo-resident"))
		confirm = regexp.MustCompile(`/staff/counter/consents/[0-9a-f-]+/confirm`).FindString(h.Do("GET", at, "demo-community", nil).Body)
		h.Must(303, "POST", confirm, "demo-community", url.Values{})
		end := strings.Replace(confirm, "confirm", "end", 1)
		h.Must(404, "POST", end, "demo-community-b", url.Values{})
		h.Must(303, "POST", end, "demo-community", url.Values{})
		if guards() {
			t.Error("taken back at the counter, but the family acts")
		}

		// Where a community says so, one person is enough.
		if err := h.Place.Set(t.Context(), "", demo.CommunityA, "counter.two_staff", "false"); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(time.Minute)
		h.Must(303, "POST", at, "demo-community", consent("demo-resident"))
		if !guards() {
			t.Error("one person is not enough where the community says so")
		}
		h.Sound()
	})
}
