package app_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
)

// A batch is previewed with its number, then made by the wishes' own
// lifecycle: what may not be done on a wish's page is not done here.
func TestBatchMovesManyAfterAPreview(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		var ids []string
		for range 5 {
			ids = append(ids, h.FileWish("demo-newcomer", nil)) // below V3: reviewed
		}
		open := h.FileWish("demo-resident", nil)
		elsewhere := h.FileWish("demo-outsider", object{"place": demo.CommunityB})
		if r := h.Do("GET", "/staff/matters?state=review", "demo-community", nil); r.Status != 200 || !strings.Contains(r.Body, ids[0]) {
			t.Fatalf("%d", r.Status)
		}
		form := url.Values{"wish": append(append([]string{}, ids...), open, elsewhere), "do": {"approve"}, "_op": {"00000000-0000-4000-8000-0000000000a1"}}
		r := h.Do("POST", "/staff/matters", "demo-community", form)
		if r.Status != 200 || !strings.Contains(r.Body, "将影响 5 条") || !strings.Contains(r.Body, "2 条") {
			t.Fatalf("%d %s", r.Status, regexp.MustCompile(`\d+ 条[^<]*`).FindAllString(r.Body, -1))
		}
		state := func(id string) string {
			return h.Must(200, "GET", "/api/v1/wishes/"+id, "demo-community", nil)["state"].(string)
		}
		if state(ids[0]) != "review" {
			t.Error("a preview changed something")
		}
		form.Set("sure", "true")
		form.Set("_op", "00000000-0000-4000-8000-0000000000a2")
		if r := h.Do("POST", "/staff/matters", "demo-community", form); r.Status != 200 || !strings.Contains(r.Body, "已办理 5 条") {
			t.Fatalf("%d", r.Status)
		}
		for _, id := range ids {
			if got := state(id); got != "open" {
				t.Errorf("%s is %s", id, got)
			}
		}
		form.Set("_op", "00000000-0000-4000-8000-0000000000a3")
		form.Set("do", "return")
		if r := h.Do("POST", "/staff/matters", "demo-community", form); r.Status != 422 {
			t.Errorf("sent back without a reason: %d", r.Status)
		}
		for _, as := range []string{"demo-resident", "demo-volunteer", "demo-admin", "demo-auditor"} {
			if r := h.Do("GET", "/staff/matters", as, nil); r.Status != 403 {
				t.Errorf("%s: %d", as, r.Status)
			}
			if r := h.Do("POST", "/staff/matters", as, form); r.Status != 403 {
				t.Errorf("%s: %d", as, r.Status)
			}
		}
		if _, faults, err := h.Journal.Verify(context.Background()); err != nil || len(faults) > 0 {
			t.Error(faults, err)
		}
	})
}

// A view kept under a name is there again, for its owner only.
func TestViewsAreKept(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		r := h.Do("POST", "/staff/matters/views", "demo-community", url.Values{
			"name": {"待审家政"}, "state": {"review"}, "category": {"家政清洁"}, "place": {demo.CommunityA}, "_op": {"00000000-0000-4000-8000-0000000000b1"},
		})
		if r.Status != 303 || !strings.Contains(r.Header.Get("Location"), "state=review") {
			t.Fatalf("%d %.300s", r.Status, r.Body)
		}
		if r := h.Do("GET", "/staff/matters", "demo-community", nil); !strings.Contains(r.Body, "待审家政") {
			t.Error("the view is gone")
		}
		if r := h.Do("GET", "/staff/matters", "demo-community2", nil); strings.Contains(r.Body, "待审家政") {
			t.Error("a colleague's view is shown")
		}
		if r := h.Do("POST", "/staff/matters/views", "demo-community", url.Values{"name": {"某人"}, "author": {h.Account("demo-resident").ID}}); r.Status != 422 {
			t.Errorf("a view of one person is kept: %d", r.Status)
		}
	})
}

func TestPoster(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		r := h.Do("GET", "/poster/"+demo.CommunityA, "", nil)
		if r.Status != 200 || !strings.Contains(r.Body, "<svg") || !strings.Contains(r.Body, "025-86821234") || !strings.Contains(r.Body, "洲岛家园社区") {
			t.Errorf("%d %.300s", r.Status, r.Body)
		}
		if r := h.Do("GET", "/poster/999", "", nil); r.Status != 404 {
			t.Errorf("%d", r.Status)
		}
		if r := h.Do("GET", "/staff/reports", "demo-community", nil); r.Status != 200 || !strings.Contains(r.Body, "/staff/export") {
			t.Errorf("reports: %d", r.Status)
		}
	})
}

// What waits for staff is on the desk whatever its kind, for the level whose
// word is next and not for those above it.
func TestTheDeskHasEveryKind(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		h.FileWish("demo-newcomer", object{"title": "楼道灯想换一盏"}) // below V3: reviewed
		h.Must(201, "POST", "/api/v1/projects", "demo-resident", object{"title": "加装晾衣架", "body": "大家都觉得需要，想请社区看看怎么办。", "place": demo.CommunityA})
		now := h.Clock.Now()
		day := func(n int) string { return now.AddDate(0, 0, n).UTC().Format("2006-01-02T15:04:05Z") }
		h.Must(201, "POST", "/api/v1/activities", "demo-community", object{
			"title": "周六义诊", "kind": "医疗健康", "place": demo.CommunityA, "starts": day(3), "ends": day(4), "capacity": 20,
		})
		h.Must(201, "POST", "/api/v1/polls", "demo-community", object{
			"question": "先做哪一件", "rule": "approval", "options": []any{object{"title": "晾衣架"}, object{"title": "石凳"}}, "place": demo.CommunityA,
			"opens": day(2), "closes": day(9), "roll": object{"place": demo.CommunityA, "level": "V3"},
		})
		h.Must(201, "POST", "/api/v1/awards", "demo-community", object{
			"title": "季度服务之星", "place": demo.CommunityA, "criteria": "服务时长与口碑", "opens": day(0), "closes": day(1),
		})
		page := func(as, query string) string {
			r := h.Do("GET", "/staff/todo?"+query, as, nil)
			if r.Status != 200 {
				t.Fatalf("%s: %d", as, r.Status)
			}
			return r.Body
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
		home := h.Do("GET", "/staff", "demo-community", nil)
		for _, number := range []string{"sign", "soon", "late", "callback"} {
			if !strings.Contains(home.Body, `href="/staff/todo?why=`+number+`"`) {
				t.Errorf("the number %s leads nowhere", number)
			}
		}
	})
}

// Polls and award rounds are found by two characters; who is nominated is not.
func TestPollsAndAwardsAreFound(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		now := h.Clock.Now()
		day := func(n int) string { return now.AddDate(0, 0, n).UTC().Format("2006-01-02T15:04:05Z") }
		h.Must(201, "POST", "/api/v1/polls", "demo-community", object{
			"question": "先修哪一处", "rule": "approval", "options": []any{object{"title": "北门门禁"}, object{"title": "凉亭栏杆"}}, "place": demo.CommunityA,
			"opens": day(2), "closes": day(9), "roll": object{"place": demo.CommunityA, "level": "V3"},
		})
		h.Must(201, "POST", "/api/v1/awards", "demo-community", object{
			"title": "年度巡逻标兵", "place": demo.CommunityA, "criteria": "夜间值守", "opens": day(0), "closes": day(1),
		})
		if err := h.Journal.Drain(t.Context(), h.Readers()...); err != nil {
			t.Fatal(err)
		}
		for q, kind := range map[string]string{"凉亭": "polls", "标兵": "awards", "值守": "awards"} {
			items := h.Must(200, "GET", "/api/v1/search?q="+url.QueryEscape(q), "", nil)["items"].([]any)
			if len(items) != 1 || items[0].(object)["kind"] != kind {
				t.Errorf("%s finds %v", q, items)
			}
		}
		for q, n := range map[string]int{"标兵": 1, "值守": 1, "%": 0, "凉亭": 0} { // a list of rounds looks at its rows
			if items := h.Must(200, "GET", "/api/v1/awards?q="+url.QueryEscape(q), "", nil)["items"].([]any); len(items) != n {
				t.Errorf("the list of rounds finds %d for %s, want %d", len(items), q, n)
			}
		}
	})
}
