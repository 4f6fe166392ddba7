package notify_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/id"
	"linli/internal/platform/db"
)

// TestInboxFollowsAWish: everybody hears in their own part, who acted hears
// nothing, and the badge counts only what needs the person's own act.
func TestInboxFollowsAWish(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.wish("demo-newcomer", nil)
		s.read()
		badge, texts := s.inbox("demo-community")
		if badge != 1 || !slices.Equal(texts, []string{"有新的微心愿「想请人帮忙修纱窗」，请审核"}) {
			t.Errorf("staff: %d %v", badge, texts)
		}
		if badge, texts := s.inbox("demo-newcomer"); badge != 0 || len(texts) != 0 {
			t.Errorf("the author hears of the own act: %d %v", badge, texts)
		}
		s.must(200, "POST", "/api/v1/wishes/"+w+"/approve", "demo-community2", object{})
		s.read()
		if badge, _ := s.inbox("demo-community"); badge != 0 {
			t.Error("a colleague has reviewed it, but it still waits")
		}
		if _, texts := s.inbox("demo-volunteer"); !slices.Equal(texts, []string{"有新的微心愿「想请人帮忙修纱窗」，您能帮一把吗"}) {
			t.Errorf("volunteer: %v", texts)
		}
		s.must(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		s.must(200, "POST", "/api/v1/wishes/"+w+"/deliver", "demo-volunteer", object{})
		s.read()
		badge, texts = s.inbox("demo-newcomer")
		if badge != 1 || len(texts) != 3 || texts[0] != "您的微心愿「想请人帮忙修纱窗」已送到，请确认是否满意" {
			t.Errorf("author: %d %v", badge, texts)
		}
		s.must(200, "POST", "/api/v1/wishes/"+w+"/add", "demo-newcomer", object{"note": "谢谢，我先试试。"})
		s.read()
		if badge, _ := s.inbox("demo-newcomer"); badge != 1 {
			t.Error("a remark confirms nothing")
		}
		s.must(200, "POST", "/api/v1/wishes/"+w+"/confirm", "demo-newcomer", object{"solved": "yes", "satisfied": "yes"})
		s.read()
		if badge, _ := s.inbox("demo-newcomer"); badge != 0 {
			t.Error("confirmed, but it still waits")
		}
		if _, texts := s.inbox("demo-volunteer"); texts[0] != "您帮助的微心愿「想请人帮忙修纱窗」已经实现，谢谢您" {
			t.Errorf("volunteer: %v", texts)
		}
		s.verify()
	})
}

func (s *site) verify() {
	s.t.Helper()
	for _, p := range s.Parts() {
		if p.Name != "notify" {
			continue
		}
		for _, c := range p.Checks {
			if faults, err := c.Do(s.t.Context(), s.DB); err != nil || len(faults) > 0 {
				s.t.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

// TestRolesEnd: what came by a role is gone with the role, badge included.
func TestRolesEnd(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.wish("demo-newcomer", object{"visibility": "private", "title": "想找人陪我去医院"})
		s.read()
		if badge, texts := s.inbox("demo-community"); badge != 1 || len(texts) != 1 {
			t.Fatalf("%d %v", badge, texts)
		}
		staff := s.account("demo-community")
		if err := s.DB.Write(t.Context(), func(tx *db.Tx) error { return s.Member.End(t.Context(), tx, "", staff, actor.Staff) }); err != nil {
			t.Fatal(err)
		}
		if badge, texts := s.inbox("demo-community"); badge != 0 || len(texts) != 0 {
			t.Errorf("after the role: %d %v", badge, texts)
		}
		if page := s.must(200, "GET", "/inbox", "demo-community", nil); strings.Contains(page, "医院") {
			t.Error("the page shows the title after the role")
		}
	})
}

// TestReadMarks: marking is a POST, one's own rows only, and survives a rebuild.
func TestReadMarks(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.wish("demo-resident", nil)
		s.must(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		s.must(200, "POST", "/api/v1/wishes/"+w+"/release", "demo-volunteer", object{})
		s.read()
		items := s.json(200, "GET", "/api/v1/inbox", "demo-resident", nil)["items"].([]any)
		if len(items) != 2 {
			t.Fatalf("%d items", len(items))
		}
		one := items[1].(object)["id"].(string)
		for path, as := range map[string]string{"/api/v1/inbox/" + one + "/read": "demo-neighbour", "/api/v1/inbox/" + id.New() + "/read": "demo-resident", "/api/v1/inbox/none/read": "demo-resident"} {
			s.must(404, "POST", path, as, object{})
		}
		s.must(401, "POST", "/api/v1/inbox/"+one+"/read", "", object{})
		status, _, header := s.do("POST", "/inbox/"+one+"/open", "demo-resident", url.Values{"_op": {"1"}})
		if status != 303 || header.Get("Location") != "/wishes/"+w {
			t.Errorf("%d to %s", status, header.Get("Location"))
		}
		unread := func() int {
			return len(s.json(200, "GET", "/api/v1/inbox?show=unread", "demo-resident", nil)["items"].([]any))
		}
		if n := unread(); n != 1 {
			t.Errorf("%d unread after one was opened", n)
		}
		before := s.must(200, "GET", "/api/v1/inbox", "demo-resident", nil)
		for _, r := range s.Readers() {
			if r.Name == "notify" {
				if err := s.Journal.Rebuild(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.read()
		if after := s.must(200, "GET", "/api/v1/inbox", "demo-resident", nil); after != before {
			t.Errorf("the inbox made anew differs:\n%s\n%s", before, after)
		}
		s.must(200, "POST", "/api/v1/inbox/read", "demo-resident", object{"upto": items[0].(object)["id"]})
		if n := unread(); n != 0 {
			t.Errorf("%d unread after all were read", n)
		}
		s.verify()
	})
}

// TestFanOut: more holders of a role than one transaction takes all hear once,
// and who is asked after it was settled is not asked any more.
func TestFanOut(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		const many = 450
		ids := s.volunteers(many)
		w := s.wish("demo-resident", nil)
		s.read()
		s.read()
		seen := map[string]int{}
		for _, a := range s.rows(w) {
			seen[a]++
		}
		for _, a := range ids {
			if seen[a] != 1 {
				t.Fatalf("%s was told %d times", a, seen[a])
			}
		}
		if len(seen) != many+2 { // and the demo's two volunteers
			t.Errorf("%d were told", len(seen))
		}
		s.verify()
	})
}

func TestPages(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.wish("demo-newcomer", nil)
		s.read()
		page := s.must(200, "GET", "/inbox", "demo-community", nil)
		for _, want := range []string{"等您处理", "请审核", "全部标为已读", `class="badge"`} {
			if !strings.Contains(page, want) {
				t.Errorf("the inbox lacks %s", want)
			}
		}
		s.must(200, "POST", "/api/v1/wishes/"+w+"/approve", "demo-community", object{})
		s.read()
		for _, path := range []string{"/inbox", "/inbox?show=act", "/inbox?show=unread", "/inbox?show=none&cursor=x", "/inbox/settings", "/inbox/log"} {
			for _, who := range []string{"demo-newcomer", "demo-admin"} {
				s.must(200, "GET", path, who, nil)
			}
			if status, _, _ := s.do("GET", path, "", nil); status != 401 && status != 303 {
				t.Errorf("%s anonymously: %d", path, status)
			}
		}
		if status, body, h := s.do("GET", "/sw.js", "", nil); status != 200 || !strings.Contains(body, "addEventListener") || !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") {
			t.Errorf("service worker: %d", status)
		}
		_ = demo.CommunityA
	})
}
