package notify_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linli/internal/core/id"
	"linli/internal/feature/member"
	"linli/internal/feature/notify"
)

func values(v map[string][]string) url.Values { return v }

var uptoField = regexp.MustCompile(`name="upto" value="(\d+)"`)

// TestCallList: what concerns a person without a live channel is one line to
// read out, for the staff of the person's own community alone; the family
// named hears it too; a tick ends it and keeps who told.
func TestCallList(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		mail := &stub{name: notify.Email, usual: notify.Now}
		h.Notify.Channels = []notify.Channel{mail}
		elder := h.elder("陈奶奶", "demo-neighbour")
		w := h.FileWish("demo-grid", object{"on_behalf_of": object{"account": elder}})
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/deliver", "demo-volunteer", object{})
		h.read()
		list := h.Text(200, "GET", "/staff/calls", "demo-community", nil)
		if !strings.Contains(list, "陈奶奶") || !strings.Contains(list, "139****5678") || strings.Contains(list, "13912345678") {
			t.Errorf("the list lacks the person, or shows the whole phone:\n%s", list)
		}
		for _, who := range []string{"demo-resident", "demo-grid", "demo-street", "demo-district", "demo-admin", "demo-auditor", "demo-volunteer"} {
			h.Text(404, "GET", "/staff/calls", who, nil)
		}
		at := "/staff/calls/" + elder
		for _, who := range []string{"demo-community-b", "demo-street", "demo-resident", "demo-admin"} {
			for _, path := range []string{at, at + "/slip"} {
				h.Text(404, "GET", path, who, nil)
			}
			h.Text(404, "POST", at+"/tick", who, url.Values{"how": {"phone"}, "upto": {"1"}, "_op": {"x" + who}})
		}
		h.Text(404, "GET", "/staff/calls/"+id.New(), "demo-community", nil)
		h.Text(404, "GET", "/staff/calls/"+h.Account("demo-resident").ID, "demo-community", nil)
		page := h.Text(200, "GET", at, "demo-community", nil)
		for _, want := range []string{"陈奶奶您好，我是洲岛家园社区的工作人员", "已送到，请确认是否满意", "这件事需要您说一声", "13912345678", "025-86821234"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
		if n := strings.Count(page, "<li>您的微心愿「想请人帮忙修纱窗」"); n != 1 {
			t.Errorf("%d lines about one matter: only the newest is read out", n)
		}
		if slip := h.Text(200, "GET", at+"/slip", "demo-community", nil); !strings.Contains(slip, "给您的消息") || strings.Contains(slip, "13912345678") {
			t.Error("the slip is not fit to be left at a door")
		}
		if err := h.Member.WriteLooks(t.Context()); err != nil {
			t.Fatal(err)
		}
		looks, err := h.Member.LooksAt(t.Context(), h.DB, elder, 0, 10)
		staff := h.Account("demo-community").ID
		if err != nil || !slices.ContainsFunc(looks, func(l member.Look) bool { return l.Viewer == staff && l.Field == "phone" && l.Matter == "wish:"+w }) {
			t.Errorf("that staff looked at the phone is not kept: %v %v", looks, err)
		}
		_, texts := h.inbox("demo-neighbour")
		if len(texts) == 0 || texts[0] != "家人的消息：您的微心愿「想请人帮忙修纱窗」已送到，请确认是否满意" {
			t.Errorf("family: %v", texts)
		}
		if badge, _ := h.inbox("demo-neighbour"); badge != 1 {
			t.Errorf("the family may confirm, its badge says %d", badge)
		}
		h.Text(303, "POST", at+"/missed", "demo-community", url.Values{"_op": {"m"}})
		if page := h.Text(200, "GET", at, "demo-community", nil); !strings.Contains(page, "1 次") {
			t.Error("that nobody answered is not kept")
		}
		h.Text(422, "POST", at+"/tick", "demo-community", url.Values{"_op": {"t0"}})
		upto := uptoField.FindStringSubmatch(page)
		if upto == nil {
			t.Fatal("the form has no moment")
		}
		for range 2 { // a double tap
			h.Text(303, "POST", at+"/tick", "demo-community", url.Values{"how": {"visit"}, "upto": {upto[1]}, "_op": {"t1"}})
		}
		after := h.Text(200, "GET", "/staff/calls", "demo-community", nil)
		if !strings.Contains(after, "没有要打的电话") || !strings.Contains(after, "最近已告知") || !strings.Contains(after, "社工小赵") {
			t.Error("the tick is not kept")
		}
		h.Text(404, "GET", at, "demo-community", nil)
		for _, r := range h.Readers() {
			if r.Name == "notify" {
				if err := h.Journal.Rebuild(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.read()
		if again := h.Text(200, "GET", "/staff/calls", "demo-community", nil); !strings.Contains(again, "没有要打的电话") {
			t.Error("a log read anew has the person called again")
		}
		h.verify()
	})
}

// TestCallListKeepsSecrets: a private matter of another community is told
// without its title, because the caller may not see it.
func TestCallListKeepsSecrets(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		elder := h.elder("陈奶奶", "")
		w := h.FileWish("demo-community-b", object{"place": "320105004005", "visibility": "private", "title": "想请人陪去医院复查", "on_behalf_of": object{"account": elder}})
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/offer", "demo-community-b", object{"to": "demo-volunteer"})
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		h.read()
		page := h.Text(200, "GET", "/staff/calls/"+elder, "demo-community", nil)
		if strings.Contains(page, "医院") || !strings.Contains(page, "您的微心愿有人认领了") {
			t.Error("the line says a title that the caller may not see, or nothing")
		}
	})
}
