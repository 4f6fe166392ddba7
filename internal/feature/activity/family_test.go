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
func (s *site) child(as string, age int) string {
	s.t.Helper()
	ctx := context.Background()
	parent, err := s.Member.Find(ctx, s.DB, as)
	if err != nil {
		s.t.Fatal(err)
	}
	k := member.Account{Name: fmt.Sprintf("%s-child%d", as, age), PublicName: "小朋友", Level: actor.V1, Home: demo.CommunityA, Born: s.clock.Now().AddDate(-age, 0, -1).UnixMilli()}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.Member.Create(ctx, tx, parent.ID, &k); err != nil {
			return err
		}
		if err := s.Member.KeepToken(ctx, tx, k.ID, "test", k.Name, 0); err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return s.Member.Guard(ctx, tx, parent.ID, k.ID, "parent", parent.ID, now, now+365*24*3600*1000)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return k.ID
}

// A child under 14 comes through the guardian alone, with an entry and hours of
// the child's own; nobody else signs it up, and nobody confirms the own child's hours.
func TestChildThroughGuardian(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		kid := s.child("r000", 10)
		teen := s.child("r000", 15)
		path := s.published("demo-community", nil)
		if r := s.do("POST", path+"/sign_up", "r000-child10", nil); r.Status != 403 || !strings.Contains(r.Body, "监护人") {
			t.Errorf("a child alone: %d %s", r.Status, r.Body)
		}
		s.must(200, "POST", path+"/sign_up", "r000-child15", nil)
		if r := s.do("POST", path+"/sign_up", "r001", object{"as": kid}); r.Status != 422 {
			t.Errorf("a stranger signs the child up: %d %s", r.Status, r.Body)
		}
		o := s.must(200, "POST", path+"/sign_up", "r000", object{"as": kid})
		if o["mine"] != nil || len(o["family"].([]any)) != 2 {
			t.Errorf("after the child: mine %v, family %v", o["mine"], o["family"])
		}
		if r := s.do("POST", path+"/sign_up", "r000", object{"as": kid}); r.Status != 409 {
			t.Errorf("the child twice: %d", r.Status)
		}
		s.must(200, "POST", path+"/sign_up", "r000", nil)
		s.page("/activities/"+path[len("/api/v1/activities/"):], "r000", "小朋友")
		old := s.published("demo-community", object{"minimum_age": 12})
		if r := s.do("POST", old+"/sign_up", "r000", object{"as": kid}); r.Status != 403 || !strings.Contains(r.Body, "12") {
			t.Errorf("too young: %d %s", r.Status, r.Body)
		}
		s.must(200, "POST", old+"/sign_up", "r000", object{"as": teen})
		s.must(200, "POST", old+"/withdraw", "r000", object{"as": teen})

		id := path[len("/api/v1/activities/"):]
		s.clock.Advance(25 * time.Hour)
		code := s.Activity.QRCode(id, s.clock.Now().UnixMilli())
		s.page("/activities/"+id+"/here?code="+code, "r000", "小朋友", "我自己")
		s.must(200, "POST", path+"/check_in", "r000", object{"code": code, "as": kid})
		s.must(200, "POST", path+"/check_in", "r000", object{"code": code})
		if r := s.do("POST", path+"/check_in", "r000", object{"code": code, "as": kid}); r.Status != 409 {
			t.Errorf("the child's code replayed: %d", r.Status)
		}
		s.clock.Advance(2 * time.Hour)
		s.must(200, "POST", path+"/finish", "demo-community", nil)
		s.must(200, "POST", path+"/confirm_hours", "demo-community", nil)
		cert := s.must(201, "POST", "/api/v1/certificates", "r000", object{"from": "2026-01-01", "to": "2026-12-31", "person": kid})
		if cert["minutes"] != 120.0 {
			t.Errorf("the child's certificate: %v", cert)
		}
		if r := s.do("POST", "/api/v1/certificates", "r001", object{"from": "2026-01-01", "to": "2026-12-31", "person": kid}); r.Status != 422 {
			t.Errorf("a stranger's certificate of the child: %d", r.Status)
		}
		s.verify()
	})
}

// Who comes is reminded the day before, once for each time that is set.
func TestDayBefore(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		start := s.clock.Now().Add(80 * time.Hour)
		path := s.published("demo-community", object{"capacity": 1, "starts": start.Format(time.RFC3339), "ends": start.Add(time.Hour).Format(time.RFC3339)})
		s.must(200, "POST", path+"/sign_up", "r000", nil)
		s.must(200, "POST", path+"/sign_up", "r001", nil) // waits
		reminded := func() (n int) {
			if _, err := s.Activity.Machine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.DB.Get(t.Context(), &n, `SELECT count(*) FROM events WHERE kind = 'activity_day'`); err != nil {
				t.Fatal(err)
			}
			return n
		}
		s.clock.Set(start.Add(-25 * time.Hour))
		if n := reminded(); n != 0 {
			t.Errorf("%d reminders too early", n)
		}
		s.clock.Set(start.Add(-24*time.Hour + time.Minute))
		if n := reminded(); n != 1 {
			t.Errorf("%d reminders the day before", n)
		}
		if n := reminded(); n != 1 {
			t.Errorf("%d reminders after a second look", n)
		}
		if err := s.Journal.Drain(t.Context(), s.Readers()...); err != nil {
			t.Fatal(err)
		}
		s.page("/inbox", "r000", "明天有活动「江边捡拾垃圾」")
		if strings.Contains(s.page("/inbox", "r001"), "明天有活动") {
			t.Error("who waits is reminded of coming")
		}
		s.must(200, "POST", path+"/amend", "demo-community", object{"starts": start.Add(48 * time.Hour).Format(time.RFC3339)})
		s.clock.Set(start.Add(25 * time.Hour))
		if n := reminded(); n != 2 {
			t.Errorf("%d reminders after another day was set", n)
		}
		soon := s.published("demo-community", nil)
		s.must(200, "POST", soon+"/sign_up", "r002", nil)
		s.clock.Advance(2 * time.Hour)
		if o := s.must(200, "GET", soon, "", nil); o["state"] != "published" {
			t.Errorf("state %v", o["state"])
		}
		s.verify()
		s.verify()
	})
}

// Volunteers on call are asked when a wish opens for which they have the skill,
// the time and the reach, and are asked no more once somebody took it.
func TestOnCallIsAsked(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.must(303, "POST", "/volunteer/on-call", "demo-volunteer", url.Values{"on_call": {"true"}, "skills": {"扶老护幼"}, "radius": {"street"}})
		s.must(303, "POST", "/volunteer/on-call", "demo-volunteer2", url.Values{"on_call": {"true"}, "skills": {"文化体育"}, "radius": {"street"}})
		s.page("/volunteer/on-call", "demo-volunteer", "扶老护幼")
		ask := func(place, as, visibility string) string {
			o := s.must(201, "POST", "/api/v1/wishes", as, object{"title": "想请人陪老人散步", "body": "老人腿脚慢，想有人陪着走走。", "place": place, "category": "扶老护幼", "visibility": visibility})
			return "/api/v1/wishes/" + o["id"].(string)
		}
		badge := func(as string) int {
			if err := s.Journal.Drain(t.Context(), s.Readers()...); err != nil {
				t.Fatal(err)
			}
			if err := s.Journal.Drain(t.Context(), s.Readers()...); err != nil { // what a reader said, the inbox reads
				t.Fatal(err)
			}
			return strings.Count(s.page("/inbox", as), "有邻居需要您这样的帮手")
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
		s.must(200, "POST", near+"/claim", "demo-volunteer", nil)
		badge("demo-volunteer")
		var open int
		if err := s.DB.Get(t.Context(), &open, `SELECT count(*) FROM inbox WHERE kind = 'on_call' AND act = 1 AND done_at = 0`); err != nil || open != 1 {
			t.Errorf("%d calls still want an answer (%v)", open, err)
		}
		s.verify()
	})
}

// One thread 一事一线: a wish becomes an activity, and either page leads to the other.
func TestWishBecomesActivity(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		o := s.must(201, "POST", "/api/v1/wishes", "demo-resident", object{"title": "请讲讲垃圾分类的新规定", "body": "楼下厨余垃圾总是混着扔，想请人讲一讲。", "place": demo.CommunityA, "category": "政策宣传"})
		wish := o["id"].(string)
		became := s.must(200, "POST", "/api/v1/wishes/"+wish+"/convert", "demo-community", object{"to": "activity"})["became"].(string)
		id, ok := strings.CutPrefix(became, "activity:")
		if !ok {
			t.Fatalf("became %q", became)
		}
		s.must(200, "POST", "/api/v1/activities/"+id+"/publish", "demo-community", nil)
		s.page("/wishes/"+wish, "demo-resident", `href="/activities/`+id+`"`)
		s.page("/activities/"+id, "demo-resident", `href="/wishes/`+wish+`"`, "请讲讲垃圾分类的新规定")
		if a := s.must(200, "GET", "/api/v1/activities/"+id, "", nil); a["origin"] != "wish:"+wish || a["kind"] != "政策宣传" {
			t.Errorf("origin %v, kind %v", a["origin"], a["kind"])
		}
		s.verify()
	})
}
