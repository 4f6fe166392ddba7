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
