package member_test

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
)

type object = map[string]any

func TestLevelTakesTwoStaff(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		newcomer := h.Account("demo-newcomer")
		check := url.Values{"level": {"3"}, "how": {"lease"}, "real_name": {"周小明"}, "dwelling": {demo.CommunityA + "001"}}
		path := "/staff/people/" + newcomer.ID + "/check"
		for who, want := range map[string]int{"demo-resident": 404, "demo-community-b": 404, "demo-street": 404, "demo-admin": 404} {
			if r := h.Do("POST", path, who, check); r.Status != want {
				t.Errorf("check by %s: %d, want %d", who, r.Status, want)
			}
		}
		h.Must(422, "POST", path, "demo-community", url.Values{"level": {"3"}, "how": {"lease"}, "real_name": {"周小明"}, "dwelling": {demo.CommunityB + "001"}})
		h.Must(303, "POST", path, "demo-community", check)
		open := h.Do("GET", "/staff/checks", "demo-community2", nil)
		ask := regexp.MustCompile(`/staff/checks/([^/"]+)/confirm`).FindStringSubmatch(open.Body)
		if ask == nil {
			t.Fatal("the second person does not see the check")
		}
		confirm := "/staff/checks/" + ask[1] + "/confirm"
		h.Must(403, "POST", confirm, "demo-community", url.Values{})
		h.Must(404, "POST", confirm, "demo-community-b", url.Values{})
		if h.Account("demo-newcomer").Level != actor.V1 {
			t.Fatal("one person was enough")
		}
		h.Must(303, "POST", confirm, "demo-community2", url.Values{})
		h.Must(404, "POST", confirm, "demo-community2", url.Values{})
		if a := h.Account("demo-newcomer"); a.Level != actor.V3 || a.Home != demo.CommunityA || a.Dwelling != demo.CommunityA+"001" {
			t.Errorf("after both: %+v", a)
		}
		if me := h.Must(200, "GET", "/api/v1/me", "demo-newcomer", nil); me["level"] != "V3" {
			t.Errorf("me: %v", me)
		}
	})
}

func TestStaffLookIsSeen(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		a := h.Account("demo-resident")
		page := "/staff/people/" + a.ID
		if r := h.Do("GET", page, "demo-community", nil); r.Status != 200 || strings.Contains(r.Body, a.Phone) {
			t.Errorf("masked page: %d, whole phone %v", r.Status, strings.Contains(r.Body, a.Phone))
		}
		for _, who := range []string{"demo-community-b", "demo-street", "demo-admin", "demo-auditor", "demo-neighbour", "demo-grid"} {
			h.Must(404, "GET", page, who, nil)
		}
		h.Must(422, "POST", page+"/reveal", "demo-community", url.Values{"field": {"phone"}})
		r := h.Do("POST", page+"/reveal", "demo-community", url.Values{"field": {"phone"}, "reason": {"电话回访纱窗的事"}})
		if r.Status != 200 || !strings.Contains(r.Body, a.Phone) {
			t.Errorf("revealed: %d", r.Status)
		}
		if err := h.Member.WriteLooks(context.Background()); err != nil {
			t.Fatal(err)
		}
		mine := h.Do("GET", "/me/looks", "demo-resident", nil)
		for _, want := range []string{"电话回访纱窗的事", "手机号（已遮住中间）", "洲岛家园社区"} {
			if !strings.Contains(mine.Body, want) {
				t.Errorf("who looked lacks %q", want)
			}
		}
		if strings.Contains(h.Do("GET", "/staff/people?q=%E6%9D%8E", "demo-community", nil).Body, "李阿姨") == false {
			t.Error("the search by name finds nobody")
		}
		if strings.Contains(h.Do("GET", "/staff/people?q=%E7%8E%8B%E5%A5%B3%E5%A3%AB", "demo-community", nil).Body, "/staff/people/"+h.Account("demo-outsider").ID) {
			t.Error("a resident of another community is found")
		}
		if strings.Contains(h.Do("GET", "/staff/people", "demo-community", nil).Body, a.ID) {
			t.Error("people are listed without a name being asked for")
		}
	})
}

func TestFamily(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		elder := h.Account("demo-neighbour")
		h.Must(303, "POST", "/me/family", "demo-resident", url.Values{"phone": {elder.Phone}, "relation": {"child"}})
		h.Must(303, "POST", "/me/family", "demo-resident", url.Values{"phone": {"13999999999"}, "relation": {"child"}}) // nobody's: answered alike
		page := h.Do("GET", "/me/family", "demo-neighbour", nil)
		ask := regexp.MustCompile(`/me/family/([^/"]+)/agree`).FindStringSubmatch(page.Body)
		if ask == nil {
			t.Fatal("the elder does not see the request")
		}
		agree := "/me/family/" + ask[1] + "/agree"
		h.Must(404, "POST", agree, "demo-outsider", url.Values{})
		h.Must(404, "POST", agree, "demo-resident", url.Values{})
		h.Must(303, "POST", agree, "demo-neighbour", url.Values{})
		me, _, err := h.Member.Actor(context.Background(), h.Account("demo-resident").ID)
		if err != nil || !me.Guards(elder.ID) {
			t.Fatalf("does not act for the elder: %v %v", me.Wards, err)
		}
		if !strings.Contains(h.Do("GET", "/me/consents", "demo-neighbour", nil).Body, "同意 李阿姨 为我代办") {
			t.Error("the consent is not on the elder's record")
		}
		end := regexp.MustCompile(`/me/consents/([^/"]+)/end`).FindStringSubmatch(h.Do("GET", "/me/consents", "demo-neighbour", nil).Body)
		h.Must(404, "POST", "/me/consents/"+end[1]+"/end", "demo-resident", url.Values{})
		h.Must(303, "POST", "/me/consents/"+end[1]+"/end", "demo-neighbour", url.Values{})
		if me, _, err = h.Member.Actor(context.Background(), me.ID); err != nil || me.Guards(elder.ID) {
			t.Error("acting for the elder outlives the consent")
		}
		h.Must(422, "POST", "/me/family/child", "demo-resident", url.Values{"public_name": {"豆豆"}, "born": {"2001-01-01"}})
		h.Must(303, "POST", "/me/family/child", "demo-resident", url.Values{"public_name": {"豆豆"}, "born": {"2018-06-01"}})
		if me, _, err = h.Member.Actor(context.Background(), me.ID); err != nil || len(me.Wards) != 1 {
			t.Errorf("wards: %v %v", me.Wards, err)
		}
	})
}

func TestVolunteerIsOneClick(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		h.Must(303, "POST", "/me/volunteer", "demo-newcomer", url.Values{})
		a, _, err := h.Member.Actor(context.Background(), h.Account("demo-newcomer").ID)
		if err != nil || !a.Has(actor.Volunteer, demo.CommunityA) {
			t.Fatalf("roles: %v %v", a.Roles, err)
		}
		h.Must(200, "POST", "/api/v1/wishes/"+h.FileWish("demo-resident", nil)+"/claim", "demo-newcomer", object{})
		h.Must(303, "POST", "/me/volunteer/end", "demo-newcomer", url.Values{})
		if a, _, _ = h.Member.Actor(context.Background(), a.ID); a.Holds(actor.Volunteer) {
			t.Error("still a volunteer")
		}
	})
}

func TestExportAndErase(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		ctx := context.Background()
		a := h.Account("demo-resident")
		wish := h.FileWish("demo-resident", nil)
		h.Must(200, "POST", "/api/v1/wishes/"+wish+"/withdraw", "demo-resident", object{"note": "已经自己修好了，谢谢大家"})
		r := h.Do("GET", "/me/data.zip", "demo-resident", nil)
		z, err := zip.NewReader(strings.NewReader(r.Body), int64(len(r.Body)))
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range z.File {
			rd, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(rd)
			if err != nil || !json.Valid(b) {
				t.Errorf("%s is not JSON: %v", f.Name, err)
			}
			files[f.Name] = string(b)
		}
		if !strings.Contains(files["account.json"], a.Phone) || !strings.Contains(files["acts.json"], "withdraw") || strings.Contains(files["account.json"], "argon2") {
			t.Errorf("the copy lacks something or holds a secret: %v", files["account.json"])
		}
		h.Must(422, "POST", "/me/erase", "demo-resident", url.Values{})
		h.Must(409, "POST", "/me/erase", "demo-community", url.Values{"sure": {"true"}})
		h.Must(303, "POST", "/me/erase", "demo-resident", url.Values{"sure": {"true"}})
		h.Must(401, "GET", "/api/v1/me", "demo-resident", nil)
		h.Visitor().Post(422, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {demo.Password}})
		gone, err := h.Member.Find(ctx, h.DB, a.ID)
		if err != nil || gone.State != "erased" || gone.Phone+gone.RealName+gone.PublicName+gone.Password+gone.Home != "" {
			t.Errorf("what is left: %+v %v", gone, err)
		}
		var words int
		if err := h.DB.Get(ctx, &words, `SELECT count(*) FROM event_words w JOIN events e ON e.seq = w.seq WHERE e.actor = ? AND w.words <> ''`, a.ID); err != nil || words != 0 {
			t.Errorf("%d notes are left, %v", words, err)
		}
		h.Sound()
	})
}

func TestRolesAndHandOver(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		give := func(role, place string) url.Values {
			return url.Values{"account": {"demo-neighbour"}, "role": {role}, "place": {place}}
		}
		roles := func(name string) []actor.Role {
			a, _, err := h.Member.Actor(context.Background(), h.Account(name).ID)
			if err != nil {
				t.Fatal(err)
			}
			return a.Roles
		}
		h.Must(404, "POST", "/staff/roles", "demo-resident", give(actor.GridWorker, demo.CommunityA+"901"))
		h.Must(422, "POST", "/staff/roles", "demo-community", give(actor.GridWorker, demo.CommunityB+"901"))
		h.Must(422, "POST", "/staff/roles", "demo-community", give(actor.Staff, demo.CommunityA))
		h.Must(422, "POST", "/staff/roles", "demo-district", give(actor.Admin, demo.District))
		h.Must(303, "POST", "/staff/roles", "demo-community", give(actor.GridWorker, demo.CommunityA+"902"))
		if len(roles("demo-neighbour")) != 1 {
			t.Fatalf("roles: %v", roles("demo-neighbour"))
		}
		h.Must(303, "POST", "/staff/roles", "demo-street", give(actor.Staff, demo.CommunityA))
		if len(roles("demo-neighbour")) != 1 {
			t.Fatal("one person made staff")
		}
		ask := regexp.MustCompile(`/staff/checks/([^/"]+)/confirm`).FindStringSubmatch(h.Do("GET", "/staff/checks", "demo-district", nil).Body)
		if ask == nil {
			t.Fatal("the second person does not see the role")
		}
		h.Must(403, "POST", "/staff/checks/"+ask[1]+"/confirm", "demo-street", url.Values{})
		h.Must(404, "POST", "/staff/checks/"+ask[1]+"/confirm", "demo-community", url.Values{})
		h.Must(303, "POST", "/staff/checks/"+ask[1]+"/confirm", "demo-district", url.Values{})
		if len(roles("demo-neighbour")) != 2 {
			t.Fatalf("roles: %v", roles("demo-neighbour"))
		}
		// The worker leaves; the grid passes on at once, the powerful post by a second person.
		h.Must(303, "POST", "/staff/handovers", "demo-street", url.Values{"account": {"demo-neighbour"}, "successor": {"demo-volunteer"}})
		if len(roles("demo-neighbour")) != 0 {
			t.Errorf("still holds %v", roles("demo-neighbour"))
		}
		h.Must(404, "GET", "/staff", "demo-neighbour", nil)
		grid := false
		for _, r := range roles("demo-volunteer") {
			grid = grid || r.Name == actor.GridWorker && r.Place == demo.CommunityA+"902"
			if r.Name == actor.Staff {
				t.Error("the successor became staff without a second person")
			}
		}
		if !grid {
			t.Error("the grid has nobody now")
		}
	})
}
