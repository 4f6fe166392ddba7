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
	each(t, func(t *testing.T, h *house) {
		w := h.FileWish("demo-newcomer", nil)
		h.read()
		badge, texts := h.inbox("demo-community")
		if badge != 1 || !slices.Equal(texts, []string{"有新的微心愿「想请人帮忙修纱窗」，请审核"}) {
			t.Errorf("staff: %d %v", badge, texts)
		}
		if badge, texts := h.inbox("demo-newcomer"); badge != 0 || len(texts) != 0 {
			t.Errorf("the author hears of the own act: %d %v", badge, texts)
		}
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/approve", "demo-community2", object{})
		h.read()
		if badge, _ := h.inbox("demo-community"); badge != 0 {
			t.Error("a colleague has reviewed it, but it still waits")
		}
		if _, texts := h.inbox("demo-volunteer"); !slices.Equal(texts, []string{"有新的微心愿「想请人帮忙修纱窗」，您能帮一把吗"}) {
			t.Errorf("volunteer: %v", texts)
		}
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/deliver", "demo-volunteer", object{})
		h.read()
		badge, texts = h.inbox("demo-newcomer")
		if badge != 1 || len(texts) != 3 || texts[0] != "您的微心愿「想请人帮忙修纱窗」已送到，请确认是否满意" {
			t.Errorf("author: %d %v", badge, texts)
		}
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/add", "demo-newcomer", object{"note": "谢谢，我先试试。"})
		h.read()
		if badge, _ := h.inbox("demo-newcomer"); badge != 1 {
			t.Error("a remark confirms nothing")
		}
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/confirm", "demo-newcomer", object{"solved": "yes", "satisfied": "yes"})
		h.read()
		if badge, _ := h.inbox("demo-newcomer"); badge != 0 {
			t.Error("confirmed, but it still waits")
		}
		if _, texts := h.inbox("demo-volunteer"); texts[0] != "您帮助的微心愿「想请人帮忙修纱窗」已经实现，谢谢您" {
			t.Errorf("volunteer: %v", texts)
		}
		h.verify()
	})
}

func (h *house) verify() {
	h.T.Helper()
	for _, p := range h.Parts() {
		if p.Name != "notify" {
			continue
		}
		for _, c := range p.Checks {
			if faults, err := c.Do(h.T.Context(), h.DB); err != nil || len(faults) > 0 {
				h.T.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

// TestRolesEnd: what came by a role is gone with the role, badge included.
func TestRolesEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.FileWish("demo-newcomer", object{"visibility": "private", "title": "想找人陪我去医院"})
		h.read()
		if badge, texts := h.inbox("demo-community"); badge != 1 || len(texts) != 1 {
			t.Fatalf("%d %v", badge, texts)
		}
		staff := h.Account("demo-community").ID
		if err := h.DB.Write(t.Context(), func(tx *db.Tx) error { return h.Member.End(t.Context(), tx, "", staff, actor.Staff) }); err != nil {
			t.Fatal(err)
		}
		if badge, texts := h.inbox("demo-community"); badge != 0 || len(texts) != 0 {
			t.Errorf("after the role: %d %v", badge, texts)
		}
		if page := h.Text(200, "GET", "/inbox", "demo-community", nil); strings.Contains(page, "医院") {
			t.Error("the page shows the title after the role")
		}
	})
}

// TestReadMarks: marking is a POST, one's own rows only, and survives a rebuild.
func TestReadMarks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		w := h.FileWish("demo-resident", nil)
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/release", "demo-volunteer", object{})
		h.read()
		items := h.Must(200, "GET", "/api/v1/inbox", "demo-resident", nil)["items"].([]any)
		if len(items) != 2 {
			t.Fatalf("%d items", len(items))
		}
		one := items[1].(object)["id"].(string)
		for path, as := range map[string]string{"/api/v1/inbox/" + one + "/read": "demo-neighbour", "/api/v1/inbox/" + id.New() + "/read": "demo-resident", "/api/v1/inbox/none/read": "demo-resident"} {
			h.Text(404, "POST", path, as, object{})
		}
		h.Text(401, "POST", "/api/v1/inbox/"+one+"/read", "", object{})
		if r := h.Do("POST", "/inbox/"+one+"/open", "demo-resident", url.Values{"_op": {"1"}}); r.Status != 303 || r.Header.Get("Location") != "/wishes/"+w {
			t.Errorf("%d to %s", r.Status, r.Header.Get("Location"))
		}
		unread := func() int {
			return len(h.Must(200, "GET", "/api/v1/inbox?show=unread", "demo-resident", nil)["items"].([]any))
		}
		if n := unread(); n != 1 {
			t.Errorf("%d unread after one was opened", n)
		}
		before := h.Text(200, "GET", "/api/v1/inbox", "demo-resident", nil)
		for _, r := range h.Readers() {
			if r.Name == "notify" {
				if err := h.Journal.Rebuild(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.read()
		if after := h.Text(200, "GET", "/api/v1/inbox", "demo-resident", nil); after != before {
			t.Errorf("the inbox made anew differs:\n%s\n%s", before, after)
		}
		h.Text(200, "POST", "/api/v1/inbox/read", "demo-resident", object{"upto": items[0].(object)["id"]})
		if n := unread(); n != 0 {
			t.Errorf("%d unread after all were read", n)
		}
		h.verify()
	})
}

// TestFanOut: more holders of a role than one transaction takes all hear once,
// and who is asked after it was settled is not asked any more.
func TestFanOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const many = 450
		ids := h.volunteers(many)
		w := h.FileWish("demo-resident", nil)
		h.read()
		h.read()
		seen := map[string]int{}
		for _, a := range h.rows(w) {
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
		h.verify()
	})
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		w := h.FileWish("demo-newcomer", nil)
		h.read()
		page := h.Text(200, "GET", "/inbox", "demo-community", nil)
		for _, want := range []string{"等您处理", "请审核", "全部标为已读", `class="badge"`} {
			if !strings.Contains(page, want) {
				t.Errorf("the inbox lacks %s", want)
			}
		}
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/approve", "demo-community", object{})
		h.read()
		for _, path := range []string{"/inbox", "/inbox?show=act", "/inbox?show=unread", "/inbox?show=none&cursor=x", "/inbox/settings", "/inbox/log"} {
			for _, who := range []string{"demo-newcomer", "demo-admin"} {
				h.Text(200, "GET", path, who, nil)
			}
			if status := h.Do("GET", path, "", nil).Status; status != 401 && status != 303 {
				t.Errorf("%s anonymously: %d", path, status)
			}
		}
		if r := h.Do("GET", "/sw.js", "", nil); r.Status != 200 || !strings.Contains(r.Body, "addEventListener") || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/javascript") {
			t.Errorf("service worker: %d", r.Status)
		}
		_ = demo.CommunityA
	})
}
