package activity_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

// child makes a child of the age with a token, whose guardian is as, and returns its account.
func (h *house) child(as string, age int) string {
	h.T.Helper()
	ctx := context.Background()
	parent, err := h.Member.Find(ctx, h.DB, as)
	if err != nil {
		h.T.Fatal(err)
	}
	k := member.Account{Name: fmt.Sprintf("%s-child%d", as, age), PublicName: "小朋友", Level: actor.V1, Home: demo.CommunityA, Born: h.Clock.Now().AddDate(-age, 0, -1).UnixMilli()}
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		if err := h.Member.Create(ctx, tx, parent.ID, &k); err != nil {
			return err
		}
		if err := h.Member.KeepToken(ctx, tx, k.ID, "test", k.Name, 0); err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return h.Member.Guard(ctx, tx, parent.ID, k.ID, "parent", parent.ID, now, now+365*24*3600*1000)
	})
	if err != nil {
		h.T.Fatal(err)
	}
	return k.ID
}

// A child under 14 comes through the guardian alone, with an entry and hours of
// the child's own; nobody else signs it up, and nobody confirms the own child's hours.
func TestChildThroughGuardian(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		kid := h.child("r000", 10)
		teen := h.child("r000", 15)
		path := h.published("demo-community", nil)
		if r := h.Do("POST", path+"/sign_up", "r000-child10", nil); r.Status != 403 || !strings.Contains(r.Body, "监护人") {
			t.Errorf("a child alone: %d %s", r.Status, r.Body)
		}
		h.Must(200, "POST", path+"/sign_up", "r000-child15", nil)
		if r := h.Do("POST", path+"/sign_up", "r001", object{"as": kid}); r.Status != 422 {
			t.Errorf("a stranger signs the child up: %d %s", r.Status, r.Body)
		}
		o := h.Must(200, "POST", path+"/sign_up", "r000", object{"as": kid})
		if o["mine"] != nil || len(o["family"].([]any)) != 2 {
			t.Errorf("after the child: mine %v, family %v", o["mine"], o["family"])
		}
		if r := h.Do("POST", path+"/sign_up", "r000", object{"as": kid}); r.Status != 409 {
			t.Errorf("the child twice: %d", r.Status)
		}
		h.Must(200, "POST", path+"/sign_up", "r000", nil)
		h.page("/activities/"+path[len("/api/v1/activities/"):], "r000", "小朋友")
		old := h.published("demo-community", object{"minimum_age": 12})
		if r := h.Do("POST", old+"/sign_up", "r000", object{"as": kid}); r.Status != 403 || !strings.Contains(r.Body, "12") {
			t.Errorf("too young: %d %s", r.Status, r.Body)
		}
		h.Must(200, "POST", old+"/sign_up", "r000", object{"as": teen})
		h.Must(200, "POST", old+"/withdraw", "r000", object{"as": teen})

		id := path[len("/api/v1/activities/"):]
		h.Clock.Advance(25 * time.Hour)
		code := h.Activity.QRCode(id, h.Clock.Now().UnixMilli())
		h.page("/activities/"+id+"/here?code="+code, "r000", "小朋友", "我自己")
		h.Must(200, "POST", path+"/check_in", "r000", object{"code": code, "as": kid})
		h.Must(200, "POST", path+"/check_in", "r000", object{"code": code})
		if r := h.Do("POST", path+"/check_in", "r000", object{"code": code, "as": kid}); r.Status != 409 {
			t.Errorf("the child's code replayed: %d", r.Status)
		}
		h.Clock.Advance(2 * time.Hour)
		h.Must(200, "POST", path+"/finish", "demo-community", nil)
		h.Must(200, "POST", path+"/confirm_hours", "demo-community", nil)
		cert := h.Must(201, "POST", "/api/v1/certificates", "r000", object{"from": "2026-01-01", "to": "2026-12-31", "person": kid})
		if cert["minutes"] != 120.0 {
			t.Errorf("the child's certificate: %v", cert)
		}
		if r := h.Do("POST", "/api/v1/certificates", "r001", object{"from": "2026-01-01", "to": "2026-12-31", "person": kid}); r.Status != 422 {
			t.Errorf("a stranger's certificate of the child: %d", r.Status)
		}
		h.Sound()
	})
}

// Who comes is reminded the day before, once for each time that is set.
func TestDayBefore(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		start := h.Clock.Now().Add(80 * time.Hour)
		path := h.published("demo-community", object{"capacity": 1, "starts": start.Format(time.RFC3339), "ends": start.Add(time.Hour).Format(time.RFC3339)})
		h.Must(200, "POST", path+"/sign_up", "r000", nil)
		h.Must(200, "POST", path+"/sign_up", "r001", nil) // waits
		reminded := func() (n int) {
			if _, err := h.Activity.Machine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := h.DB.Get(t.Context(), &n, `SELECT count(*) FROM events WHERE kind = 'activity_day'`); err != nil {
				t.Fatal(err)
			}
			return n
		}
		h.Clock.Set(start.Add(-25 * time.Hour))
		if n := reminded(); n != 0 {
			t.Errorf("%d reminders too early", n)
		}
		h.Clock.Set(start.Add(-24*time.Hour + time.Minute))
		if n := reminded(); n != 1 {
			t.Errorf("%d reminders the day before", n)
		}
		if n := reminded(); n != 1 {
			t.Errorf("%d reminders after a second look", n)
		}
		if err := h.Journal.Drain(t.Context(), h.Readers()...); err != nil {
			t.Fatal(err)
		}
		h.page("/inbox", "r000", "明天有活动「江边捡拾垃圾」")
		if strings.Contains(h.page("/inbox", "r001"), "明天有活动") {
			t.Error("who waits is reminded of coming")
		}
		h.Must(200, "POST", path+"/amend", "demo-community", object{"starts": start.Add(48 * time.Hour).Format(time.RFC3339)})
		h.Clock.Set(start.Add(25 * time.Hour))
		if n := reminded(); n != 2 {
			t.Errorf("%d reminders after another day was set", n)
		}
		soon := h.published("demo-community", nil)
		h.Must(200, "POST", soon+"/sign_up", "r002", nil)
		h.Clock.Advance(2 * time.Hour)
		if o := h.Must(200, "GET", soon, "", nil); o["state"] != "published" {
			t.Errorf("state %v", o["state"])
		}
		h.Sound()
		h.Sound()
	})
}

// Volunteers on call are asked when a wish opens for which they have the skill,
// the time and the reach, and are asked no more once somebody took it.
func TestOnCallIsAsked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.Must(303, "POST", "/volunteer/on-call", "demo-volunteer", url.Values{"on_call": {"true"}, "skills": {"扶老护幼"}, "radius": {"street"}})
		h.Must(303, "POST", "/volunteer/on-call", "demo-volunteer2", url.Values{"on_call": {"true"}, "skills": {"文化体育"}, "radius": {"street"}})
		h.page("/volunteer/on-call", "demo-volunteer", "扶老护幼")
		ask := func(place, as, visibility string) string {
			o := h.Must(201, "POST", "/api/v1/wishes", as, object{"title": "想请人陪老人散步", "body": "老人腿脚慢，想有人陪着走走。", "place": place, "category": "扶老护幼", "visibility": visibility})
			return "/api/v1/wishes/" + o["id"].(string)
		}
		badge := func(as string) int {
			if err := h.Journal.Drain(t.Context(), h.Readers()...); err != nil {
				t.Fatal(err)
			}
			if err := h.Journal.Drain(t.Context(), h.Readers()...); err != nil { // what a reader said, the inbox reads
				t.Fatal(err)
			}
			return strings.Count(h.page("/inbox", as), "有邻居需要您这样的帮手")
		}
		near := ask(demo.CommunityA, "demo-resident", "public")
		ask(demo.CommunityA, "demo-resident", "private")
		ask(demo.CommunityB, "demo-outsider", "public")
		if n := badge("demo-volunteer"); n != 2 {
			t.Errorf("asked %d times, want for the two public wishes of the street", n)
		}
		if n := badge("demo-volunteer2"); n != 0 {
			t.Errorf("another skill is asked %d times", n)
		}
		h.Must(200, "POST", near+"/claim", "demo-volunteer", nil)
		badge("demo-volunteer")
		var open int
		if err := h.DB.Get(t.Context(), &open, `SELECT count(*) FROM inbox WHERE kind = 'on_call' AND act = 1 AND done_at = 0`); err != nil || open != 1 {
			t.Errorf("%d calls still want an answer (%v)", open, err)
		}
		h.Sound()
	})
}

// One thread 一事一线: a wish becomes an activity, and either page leads to the other.
func TestWishBecomesActivity(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := h.Must(201, "POST", "/api/v1/wishes", "demo-resident", object{"title": "请讲讲垃圾分类的新规定", "body": "楼下厨余垃圾总是混着扔，想请人讲一讲。", "place": demo.CommunityA, "category": "政策宣传"})
		wish := o["id"].(string)
		became := h.Must(200, "POST", "/api/v1/wishes/"+wish+"/convert", "demo-community", object{"to": "activity"})["became"].(string)
		id, ok := strings.CutPrefix(became, "activity:")
		if !ok {
			t.Fatalf("became %q", became)
		}
		h.Must(200, "POST", "/api/v1/activities/"+id+"/publish", "demo-community", nil)
		h.page("/wishes/"+wish, "demo-resident", `href="/activities/`+id+`"`)
		h.page("/activities/"+id, "demo-resident", `href="/wishes/`+wish+`"`, "请讲讲垃圾分类的新规定")
		if a := h.Must(200, "GET", "/api/v1/activities/"+id, "", nil); a["origin"] != "wish:"+wish || a["kind"] != "政策宣传" {
			t.Errorf("origin %v, kind %v", a["origin"], a["kind"])
		}
		h.Sound()
	})
}
