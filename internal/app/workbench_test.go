package app_test

import (
	"bytes"
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linli/internal/app/demo"
)

// A batch is previewed with its number, then made by the wishes' own
// lifecycle: what may not be done on a wish's page is not done here.
func TestBatchMovesManyAfterAPreview(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		var ids []string
		for range 5 {
			ids = append(ids, s.wish("demo-newcomer", nil)) // below V3: reviewed
		}
		open := s.wish("demo-resident", nil)
		elsewhere := s.wish("demo-outsider", object{"place": demo.CommunityB})
		if r := s.do("GET", "/staff/matters?state=review", "demo-community", nil); r.Status != 200 || !bytes.Contains(r.Body, []byte(ids[0])) {
			t.Fatalf("%d", r.Status)
		}
		form := url.Values{"wish": append(append([]string{}, ids...), open, elsewhere), "do": {"approve"}, "_op": {"00000000-0000-4000-8000-0000000000a1"}}
		r := s.do("POST", "/staff/matters", "demo-community", form)
		if r.Status != 200 || !bytes.Contains(r.Body, []byte("将影响 5 条")) || !bytes.Contains(r.Body, []byte("2 条")) {
			t.Fatalf("%d %s", r.Status, regexp.MustCompile(`\d+ 条[^<]*`).FindAll(r.Body, -1))
		}
		state := func(id string) string {
			return s.must(200, "GET", "/api/v1/wishes/"+id, "demo-community", nil)["state"].(string)
		}
		if state(ids[0]) != "review" {
			t.Error("a preview changed something")
		}
		form.Set("sure", "true")
		form.Set("_op", "00000000-0000-4000-8000-0000000000a2")
		if r := s.do("POST", "/staff/matters", "demo-community", form); r.Status != 200 || !bytes.Contains(r.Body, []byte("已办理 5 条")) {
			t.Fatalf("%d", r.Status)
		}
		for _, id := range ids {
			if got := state(id); got != "open" {
				t.Errorf("%s is %s", id, got)
			}
		}
		form.Set("_op", "00000000-0000-4000-8000-0000000000a3")
		form.Set("do", "return")
		if r := s.do("POST", "/staff/matters", "demo-community", form); r.Status != 422 {
			t.Errorf("sent back without a reason: %d", r.Status)
		}
		for _, as := range []string{"demo-resident", "demo-volunteer", "demo-admin", "demo-auditor"} {
			if r := s.do("GET", "/staff/matters", as, nil); r.Status != 403 {
				t.Errorf("%s: %d", as, r.Status)
			}
			if r := s.do("POST", "/staff/matters", as, form); r.Status != 403 {
				t.Errorf("%s: %d", as, r.Status)
			}
		}
		if _, faults, err := s.Journal.Verify(context.Background()); err != nil || len(faults) > 0 {
			t.Error(faults, err)
		}
	})
}

// A view kept under a name is there again, for its owner only.
func TestViewsAreKept(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		r := s.do("POST", "/staff/matters/views", "demo-community", url.Values{
			"name": {"待审家政"}, "state": {"review"}, "category": {"家政清洁"}, "place": {demo.CommunityA}, "_op": {"00000000-0000-4000-8000-0000000000b1"},
		})
		if r.Status != 303 || !strings.Contains(r.Header.Get("Location"), "state=review") {
			t.Fatalf("%d %.300s", r.Status, r.Body)
		}
		if r := s.do("GET", "/staff/matters", "demo-community", nil); !bytes.Contains(r.Body, []byte("待审家政")) {
			t.Error("the view is gone")
		}
		if r := s.do("GET", "/staff/matters", "demo-community2", nil); bytes.Contains(r.Body, []byte("待审家政")) {
			t.Error("a colleague's view is shown")
		}
		if r := s.do("POST", "/staff/matters/views", "demo-community", url.Values{"name": {"某人"}, "author": {s.account("demo-resident").ID}}); r.Status != 422 {
			t.Errorf("a view of one person is kept: %d", r.Status)
		}
	})
}

func TestPoster(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		r := s.do("GET", "/poster/"+demo.CommunityA, "", nil)
		if r.Status != 200 || !bytes.Contains(r.Body, []byte("<svg")) || !bytes.Contains(r.Body, []byte("025-86821234")) || !bytes.Contains(r.Body, []byte("洲岛家园社区")) {
			t.Errorf("%d %.300s", r.Status, r.Body)
		}
		if r := s.do("GET", "/poster/999", "", nil); r.Status != 404 {
			t.Errorf("%d", r.Status)
		}
		if r := s.do("GET", "/staff/reports", "demo-community", nil); r.Status != 200 || !bytes.Contains(r.Body, []byte("/staff/export")) {
			t.Errorf("reports: %d", r.Status)
		}
	})
}

// What waits for staff is on the desk whatever its kind, for the level whose
// word is next and not for those above it.
func TestTheDeskHasEveryKind(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.wish("demo-newcomer", object{"title": "楼道灯想换一盏"}) // below V3: reviewed
		s.must(201, "POST", "/api/v1/projects", "demo-resident", object{"title": "加装晾衣架", "body": "大家都觉得需要，想请社区看看怎么办。", "place": demo.CommunityA})
		now := s.clock.Now()
		day := func(n int) string { return now.AddDate(0, 0, n).UTC().Format("2006-01-02T15:04:05Z") }
		s.must(201, "POST", "/api/v1/activities", "demo-community", object{
			"title": "周六义诊", "kind": "医疗健康", "place": demo.CommunityA, "starts": day(3), "ends": day(4), "capacity": 20,
		})
		s.must(201, "POST", "/api/v1/polls", "demo-community", object{
			"question": "先做哪一件", "rule": "approval", "options": []any{object{"title": "晾衣架"}, object{"title": "石凳"}}, "place": demo.CommunityA,
			"opens": day(2), "closes": day(9), "roll": object{"place": demo.CommunityA, "level": "V3"},
		})
		s.must(201, "POST", "/api/v1/awards", "demo-community", object{
			"title": "季度服务之星", "place": demo.CommunityA, "criteria": "服务时长与口碑", "opens": day(0), "closes": day(1),
		})
		page := func(as, query string) string {
			r := s.do("GET", "/staff/todo?"+query, as, nil)
			if r.Status != 200 {
				t.Fatalf("%s: %d", as, r.Status)
			}
			return string(r.Body)
		}
		desk := page("demo-community", "why=sign")
		for _, title := range []string{"楼道灯想换一盏", "加装晾衣架", "周六义诊", "先做哪一件"} {
			if !strings.Contains(desk, title) {
				t.Errorf("%s does not wait on the desk", title)
			}
			if strings.Contains(page("demo-street", ""), title) {
				t.Errorf("%s waits for the street too", title)
			}
			if strings.Contains(page("demo-community-b", ""), title) {
				t.Errorf("%s waits for another community", title)
			}
		}
		if strings.Contains(page("demo-community", "kind=poll.kind"), "加装晾衣架") {
			t.Error("a project waits among the polls")
		}
		home := s.do("GET", "/staff", "demo-community", nil)
		for _, number := range []string{"sign", "soon", "late", "callback"} {
			if !bytes.Contains(home.Body, []byte(`href="/staff/todo?why=`+number+`"`)) {
				t.Errorf("the number %s leads nowhere", number)
			}
		}
	})
}

// Polls and award rounds are found by two characters; who is nominated is not.
func TestPollsAndAwardsAreFound(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		now := s.clock.Now()
		day := func(n int) string { return now.AddDate(0, 0, n).UTC().Format("2006-01-02T15:04:05Z") }
		s.must(201, "POST", "/api/v1/polls", "demo-community", object{
			"question": "先修哪一处", "rule": "approval", "options": []any{object{"title": "北门门禁"}, object{"title": "凉亭栏杆"}}, "place": demo.CommunityA,
			"opens": day(2), "closes": day(9), "roll": object{"place": demo.CommunityA, "level": "V3"},
		})
		s.must(201, "POST", "/api/v1/awards", "demo-community", object{
			"title": "年度巡逻标兵", "place": demo.CommunityA, "criteria": "夜间值守", "opens": day(0), "closes": day(1),
		})
		if err := s.Journal.Drain(t.Context(), s.Readers()...); err != nil {
			t.Fatal(err)
		}
		for q, kind := range map[string]string{"凉亭": "polls", "标兵": "awards", "值守": "awards"} {
			items := s.must(200, "GET", "/api/v1/search?q="+url.QueryEscape(q), "", nil)["items"].([]any)
			if len(items) != 1 || items[0].(object)["kind"] != kind {
				t.Errorf("%s finds %v", q, items)
			}
		}
	})
}
