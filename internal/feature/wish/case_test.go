package wish_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/app/demo"
	"linli/internal/core/clock"
)

var vegetables = object{
	"title": "老张住院，地里七千斤青菜急着找销路", "body": "人在医院，菜不等人，五天内不收就老了。", "category": "解难纾困",
	"quantity": object{"total": 7000, "unit": "斤"},
}

var parts = []int{900, 800, 700, 600, 600, 500, 500, 500, 400, 400, 400, 400, 300}

// TestVegetables is the literature's own case: filed by the grid worker for a
// resident in hospital, led by the party branch, shared by thirteen units.
func TestVegetables(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		in := object{}
		for k, v := range vegetables {
			in[k] = v
		}
		in["on_behalf_of"] = object{"name": "老张", "phone": "13700008888", "consent_how": "phone", "consent_by": "老张本人"}
		id := h.file("demo-grid", in)
		got := h.move(200, "demo-party", id, "claim", object{"lead": true})
		if lead := got["lead"].(object)["name"]; lead != "中共洲岛家园社区委员会" {
			t.Errorf("led by %v", lead)
		}
		claims := make([]string, len(parts))
		left := 7000
		for i, n := range parts {
			as := fmt.Sprintf("demo-unit%d", i+1)
			if i == 12 { // too much by one is refused with what is left, and takes nothing
				no := h.move(409, as, id, "claim", object{"amount": left + 1})
				if !strings.Contains(no["detail"].(string), "300") {
					t.Errorf("the refusal does not tell what is left: %v", no["detail"])
				}
			}
			got = h.move(200, as, id, "claim", object{"amount": n})
			left -= n
			q := got["quantity"].(object)
			if q["claimed"] != float64(7000-left) {
				t.Fatalf("after %s: %v", as, q)
			}
			for _, c := range got["claims"].([]any) {
				if o := c.(object); o["mine"] == true {
					claims[i] = o["id"].(string)
				}
			}
		}
		if got["state"] != "claimed" {
			t.Fatalf("all is taken, but the wish is %v", got["state"])
		}
		no := h.move(409, "demo-volunteer", id, "claim", object{"amount": 1})
		if !strings.Contains(no["detail"].(string), "没有剩余") {
			t.Errorf("a claim beyond: %v", no["detail"])
		}
		for i := range parts {
			got = h.move(200, fmt.Sprintf("demo-unit%d", i+1), id, "deliver", object{"claim": claims[i]})
		}
		if got["state"] != "delivered" || got["quantity"].(object)["delivered"] != float64(7000) {
			t.Fatalf("all is brought: %v %v", got["state"], got["quantity"])
		}
		h.move(403, "demo-unit3", id, "confirm", object{"solved": "yes", "satisfied": "yes"})
		h.move(403, "demo-party", id, "confirm", object{"solved": "yes", "satisfied": "yes"})
		got = h.move(200, "demo-grid", id, "confirm", object{"solved": "yes", "satisfied": "yes", "channel": "phone"})
		if got["state"] != "fulfilled" || got["channel"] != "phone" || got["same_hand"] != true {
			t.Errorf("confirmed: %v by %v, same hand %v", got["state"], got["channel"], got["same_hand"])
		}
		story := h.story("", id)
		want := append([]string{"create →open", "claim open→open"}, slices.Repeat([]string{"claim open→open"}, 12)...)
		want = append(append(want, "claim open→claimed"), slices.Repeat([]string{"deliver claimed→claimed"}, 12)...)
		want = append(want, "deliver claimed→delivered", "confirm delivered→fulfilled")
		if !slices.Equal(story, want) {
			t.Errorf("the story:\n%s\nwant\n%s", strings.Join(story, "\n"), strings.Join(want, "\n"))
		}
		if anyone := h.Do("GET", "/api/v1/wishes/"+id, "", nil); strings.Contains(anyone.Body, "1370000") || strings.Contains(anyone.Body, `"老张"`) {
			t.Error("anybody reads the contact")
		}
	})
}

// TestVegetablesWithoutLead: the same, filed by the resident, nobody leading.
func TestVegetablesWithoutLead(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.file("demo-resident", vegetables)
		for i, n := range parts {
			h.move(200, fmt.Sprintf("demo-unit%d", i+1), id, "claim", object{"amount": n})
		}
		for i := range parts {
			h.move(200, fmt.Sprintf("demo-unit%d", i+1), id, "deliver", nil)
		}
		got := h.move(200, "demo-resident", id, "confirm", object{"solved": "yes", "satisfied": "fairly"})
		if got["state"] != "fulfilled" || got["channel"] != "self" || got["same_hand"] != false {
			t.Errorf("confirmed: %v %v %v", got["state"], got["channel"], got["same_hand"])
		}
	})
}

// TestClaimsAtOnce: 26 callers at once never take more than there is, and of a
// hundred for the last part one gets it.
func TestClaimsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.file("demo-resident", vegetables)
		race := func(n, amount int) (won, lost int) {
			var wg sync.WaitGroup
			var mu sync.Mutex
			for i := range n {
				wg.Go(func() {
					r := h.Do("POST", "/api/v1/wishes/"+id+"/claim", fmt.Sprintf("demo-unit%d", i%13+1), object{"amount": amount})
					mu.Lock()
					defer mu.Unlock()
					switch r.Status {
					case http.StatusOK:
						won++
					case http.StatusConflict:
						lost++
					default:
						t.Errorf("a racer got %d: %s", r.Status, r.Body)
					}
				})
			}
			wg.Wait()
			return won, lost
		}
		if won, lost := race(26, 400); won != 17 || lost != 9 { // 17 × 400 = 6,800
			t.Errorf("%d of 26 took 400 of 7,000, %d were refused", won, lost)
		}
		if won, lost := race(100, 200); won != 1 || lost != 99 {
			t.Errorf("%d of 100 took the last part, %d were refused", won, lost)
		}
		got := h.must(200, "GET", "/wishes/"+id, "demo-resident", nil)
		if q := got["quantity"].(object); q["claimed"] != float64(7000) || got["state"] != "claimed" {
			t.Errorf("%v %v", got["state"], q)
		}
	})
}

// TestPartsComeBack: a short delivery, a release and a lapsed lease reopen
// their part; the amount can be amended, and enough is enough.
func TestPartsComeBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.file("demo-resident", object{"quantity": object{"total": 100, "unit": "箱"}})
		h.move(200, "demo-unit1", id, "claim", object{"amount": 60})
		h.move(200, "demo-unit2", id, "claim", object{"amount": 40})
		got := h.move(200, "demo-unit1", id, "deliver", object{"amount": 50})
		if q := got["quantity"].(object); got["state"] != "open" || q["claimed"] != float64(90) || q["delivered"] != float64(50) {
			t.Fatalf("a short delivery: %v %v", got["state"], q)
		}
		h.move(409, "demo-unit1", id, "deliver", nil) // once is all
		h.move(422, "demo-unit2", id, "deliver", object{"amount": 41})
		got = h.move(200, "demo-unit2", id, "release", nil)
		if q := got["quantity"].(object); q["claimed"] != float64(50) {
			t.Fatalf("a release: %v", q)
		}
		h.move(409, "demo-resident", id, "amend", object{"quantity": object{"total": 49}})
		h.move(200, "demo-resident", id, "amend", object{"quantity": object{"total": 80}})
		h.move(200, "demo-unit3", id, "claim", object{"amount": 10})
		// The lease of unit3: five working days, 19 20 23 24 25 November.
		h.Clock.Set(time.Date(2026, 11, 26, 0, 0, 1, 0, clock.China))
		got = h.must(200, "GET", "/wishes/"+id, "demo-resident", nil)
		if q := got["quantity"].(object); q["claimed"] != float64(50) {
			t.Fatalf("after the lease: %v", q)
		}
		h.move(409, "demo-unit3", id, "deliver", nil)
		got = h.move(200, "demo-resident", id, "enough", nil)
		if got["state"] != "delivered" || got["quantity"].(object)["total"] != float64(50) {
			t.Errorf("enough: %v %v", got["state"], got["quantity"])
		}
		if s := strings.Join(h.story("demo-resident", id), ", "); !strings.Contains(s, "lapse open→open") {
			t.Errorf("the lapse is not told: %s", s)
		}
	})
}

// TestAmendToWhatWasBrought: what is left after an amend decides the state, so
// no wish waits for helpers who have all come.
func TestAmendToWhatWasBrought(t *testing.T) {
	h := one(t)
	id := h.file("demo-resident", object{"quantity": object{"total": 100, "unit": "箱"}})
	h.move(200, "demo-unit1", id, "claim", object{"amount": 60})
	h.move(200, "demo-unit1", id, "deliver", nil)
	if got := h.move(200, "demo-resident", id, "amend", object{"quantity": object{"total": 60}}); got["state"] != "delivered" {
		t.Errorf("all that is wished for was brought, but the wish is %v", got["state"])
	}
	h.Sound()
}

// TestDisputeOnce goes to the next level, once.
func TestDisputeOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.file("demo-resident", nil)
		h.move(200, "demo-volunteer", id, "claim", nil)
		h.move(200, "demo-volunteer", id, "deliver", nil)
		if got := h.move(200, "demo-resident", id, "confirm", object{"solved": "no", "satisfied": "no"}); got["state"] != "disputed" {
			t.Fatalf("not solved is %v", got["state"])
		}
		h.move(422, "demo-resident", id, "dispute", nil)
		h.move(200, "demo-resident", id, "dispute", object{"reason": "还是坏的"})
		h.move(409, "demo-resident", id, "dispute", object{"reason": "还是坏的"})
		street, err := h.Wish.Waiting(t.Context(), h.Actor("demo-street"), h.Clock.Now().UnixMilli())
		if err != nil || len(street.Items) != 1 || street.Items[0].Why != "dispute" {
			t.Errorf("the street has %+v, %v", street.Items, err)
		}
		if community, _ := h.Wish.Waiting(t.Context(), h.Actor("demo-community"), h.Clock.Now().UnixMilli()); len(community.Items) != 0 {
			t.Errorf("it still waits at the community: %+v", community.Items)
		}
		got := h.move(200, "demo-street", id, "approve", nil)
		if got["state"] != "open" || got["outcome"] != "" {
			t.Errorf("given back to helpers: %v %v", got["state"], got["outcome"])
		}
	})
}

// TestNobodyAnswers: 逾期未确认 is never counted as satisfied, and the word may
// still come.
func TestNobodyAnswers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.file("demo-resident", nil)
		h.move(200, "demo-volunteer", id, "claim", nil)
		h.move(200, "demo-volunteer", id, "deliver", nil)
		h.Clock.Advance(7*24*time.Hour + time.Second)
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := h.must(200, "GET", "/wishes/"+id, "", nil)
		if got["state"] != "lapsed" || got["outcome"] != "" || got["satisfied"] != "" {
			t.Errorf("%v %v %v", got["state"], got["outcome"], got["satisfied"])
		}
		if got := h.move(200, "demo-resident", id, "confirm", object{"solved": "partly", "satisfied": "none"}); got["state"] != "fulfilled" || got["outcome"] != "partly" {
			t.Errorf("late word: %v %v", got["state"], got["outcome"])
		}
	})
}

// TestReviewRises: a review that nobody does within 24 hours is the next
// level's; the author hears what a review completed.
func TestReviewRises(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.file("demo-newcomer", object{"category": "其他"})
		h.state(id, "review")
		if r := h.Do("GET", "/api/v1/wishes/"+id, "", nil); r.Status != 404 {
			t.Errorf("a wish in review is public: %d", r.Status)
		}
		h.Clock.Advance(25 * time.Hour)
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := h.Clock.Now().UnixMilli()
		street, err := h.Wish.Waiting(t.Context(), h.Actor("demo-street"), now)
		if err != nil || len(street.Items) != 1 || street.Late != 1 || street.Sign != 1 {
			t.Fatalf("the street has %+v, %v", street, err)
		}
		got := h.move(200, "demo-street", id, "approve", object{"category": "家政清洁", "quantity": object{"total": 2, "unit": "扇"}})
		if got["state"] != "open" || got["category"] != "家政清洁" || got["tier"] != float64(2) {
			t.Errorf("%v %v %v", got["state"], got["category"], got["tier"])
		}
		if page := h.Do("GET", "/wishes/"+id, "demo-newcomer", nil); !strings.Contains(page.Body, "补全了类别") || !strings.Contains(page.Body, "补全了数量") {
			t.Error("the page does not say what the review completed")
		}
	})
}

// TestReturnedStaysHidden: what staff sent back was never published, and is not
// when its time is over.
func TestReturnedStaysHidden(t *testing.T) {
	h := one(t)
	id := h.file("demo-newcomer", nil)
	h.move(200, "demo-community", id, "return", object{"reason": "请补充时间"})
	h.Clock.Advance(31 * 24 * time.Hour)
	if err := h.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := h.Do("GET", "/api/v1/wishes/"+id, "", nil); r.Status != 404 {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	h.state(id, "withdrawn")
}

// TestCirclesWiden: on the working-day calendar, sooner when a day is set, and
// from the beginning for a part that was given back.
func TestCirclesWiden(t *testing.T) {
	day := func(d, hour int) time.Time { return time.Date(2026, 11, d, hour, 0, 1, 0, clock.China) }
	tier := func(h *house, id string) any {
		return h.must(200, "GET", "/wishes/"+id, "demo-community", nil)["tier"]
	}
	each(t, func(t *testing.T, h *house) {
		h.Clock.Set(day(20, 9)) // a Friday: Saturday and Sunday do not count
		slow := h.file("demo-resident", nil)
		quick := h.file("demo-resident", object{"wanted_by": day(21, 9).Add(12 * time.Hour).Format(time.RFC3339)})
		again := h.file("demo-neighbour", nil)
		h.move(200, "demo-volunteer", again, "claim", nil)
		for _, step := range []struct {
			at          time.Time
			slow, quick float64
		}{{day(20, 20), 1, 1}, {day(20, 22), 1, 2}, {day(21, 9).Add(4 * time.Hour), 1, 3}, {day(24, 8), 1, 3}, {day(24, 10), 2, 3}, {day(26, 10), 3, 3}} {
			h.Clock.Set(step.at)
			if s, q := tier(h, slow), tier(h, quick); s != step.slow || q != step.quick {
				t.Errorf("on %s: tiers %v and %v, want %v and %v", step.at.Format(time.DateTime), s, q, step.slow, step.quick)
			}
			if step.at == day(24, 10) {
				if r := h.move(403, "demo-street", slow, "claim", nil); !strings.Contains(r["detail"].(string), "街道") {
					t.Errorf("the street before its circle: %v", r["detail"])
				}
				h.move(200, "demo-volunteer", again, "release", nil)
			}
		}
		if got := tier(h, again); got != float64(2) { // released two working days ago
			t.Errorf("the released wish is at tier %v", got)
		}
		for _, it := range h.must(200, "GET", "/wishes/"+again+"/timeline", "", nil)["items"].([]any) {
			if o := it.(object); o["do"] == "raise" && o["at"].(string) < "2026-11-26" {
				t.Errorf("the circle widened while the wish was claimed: %v", o["at"])
			}
		}
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w, err := h.Wish.Waiting(t.Context(), h.Actor("demo-street"), h.Clock.Now().UnixMilli()); err != nil || len(w.Items) != 1 || w.Items[0].Why != "street" {
			t.Errorf("街道兜底 does not wait for the street: %+v %v", w, err)
		}
		h.move(200, "demo-street", slow, "claim", nil)
	})
}

// TestPersonInTwoGroups chooses in whose name; the API's default is the person.
func TestPersonInTwoGroups(t *testing.T) {
	h := one(t)
	h.agent("demo-unit1", h.Actor("demo-unit2").Agencies()[0].Group)
	id := h.file("demo-resident", object{"quantity": object{"total": 10, "unit": "箱"}})
	second := h.Actor("demo-unit2").Agencies()[0].Group
	got := h.move(200, "demo-unit1", id, "claim", object{"amount": 1, "as": second})
	if c := got["claims"].([]any)[0].(object); c["as"] != "江心洲中心小学食堂" {
		t.Errorf("claimed as %v", c["as"])
	}
	got = h.move(200, "demo-unit1", id, "claim", object{"amount": 1})
	if c := got["claims"].([]any)[1].(object); c["as"] != "共建单位经办人1" {
		t.Errorf("claimed as %v by default", c["as"])
	}
	h.move(422, "demo-unit1", id, "claim", object{"amount": 1, "as": h.Actor("demo-party").Agencies()[0].Group})
	h.move(422, "demo-unit1", id, "deliver", nil) // which of the two?
	page := h.Do("GET", "/wishes/"+id, "demo-unit1", nil)
	for _, want := range []string{`<option value="` + second + `"`, `name="claim"`, "区机关食堂"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page offers no %s", want)
		}
	}
	if r := h.Do("POST", "/wishes/"+id+"/claim", "demo-unit1", form("amount", "1")); r.Status != 422 || !strings.Contains(r.Body, "请选以谁的名义") {
		t.Errorf("a form without a name: %d", r.Status)
	}
	if r := h.Do("POST", "/wishes/"+id+"/claim", "demo-unit1", form("amount", "1", "as", second)); r.Status != 303 {
		t.Errorf("a form with a name: %d %s", r.Status, r.Body)
	}
}

// TestOwnPeople: claimers' people do not confirm, the resident always may, even
// as a member of the group that helped.
func TestOwnPeople(t *testing.T) {
	h := one(t)
	group := h.Actor("demo-society").Agencies()[0].Group
	id := h.file("demo-resident", nil)
	h.move(200, "demo-society", id, "claim", nil)
	h.join("demo-resident", group)
	h.join("demo-community", group)
	h.move(200, "demo-society", id, "deliver", nil)
	h.move(403, "demo-community", id, "confirm", object{"solved": "yes", "satisfied": "yes"})
	h.move(422, "demo-community2", id, "confirm", object{"solved": "yes", "satisfied": "yes", "channel": "self"})
	if got := h.move(200, "demo-resident", id, "confirm", object{"solved": "yes", "satisfied": "yes"}); got["state"] != "fulfilled" {
		t.Errorf("%v", got["state"])
	}
	grid := h.file("demo-neighbour", nil)
	h.move(200, "demo-volunteer", grid, "claim", nil)
	h.move(200, "demo-volunteer", grid, "deliver", nil)
	if got := h.move(200, "demo-grid", grid, "confirm", object{"solved": "yes", "satisfied": "yes"}); got["channel"] != "phone" {
		t.Errorf("the grid worker called: %v", got["channel"])
	}
}

// TestOnSpot: 即办即记 is for helpers, asks the right before the fields, and
// stands apart.
func TestOnSpot(t *testing.T) {
	h := one(t)
	h.must(403, "POST", "/wishes/record", "demo-resident", object{"nonsense": 1})
	h.must(422, "POST", "/wishes/record", "demo-volunteer", object{"title": "换灯泡"})
	got := h.must(201, "POST", "/wishes/record", "demo-volunteer", object{"title": "帮三单元换了灯泡", "category": "家政清洁", "place": demo.CommunityA})
	if got["state"] != "fulfilled" || got["on_spot"] != true || got["satisfied"] != "none" {
		t.Errorf("%v %v %v", got["state"], got["on_spot"], got["satisfied"])
	}
}
