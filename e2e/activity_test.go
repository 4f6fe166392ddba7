package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/e2e/browser"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/id"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

// asks sends a request to the API as a demo account and returns what came back.
func (s *site) asks(t testing.TB, want int, method, path, as string, body any) map[string]any {
	t.Helper()
	if body == nil {
		body = struct{}{}
	}
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(method, s.URL+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+as)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	var out map[string]any
	if err == nil && res.StatusCode == want {
		err = json.Unmarshal(text, &out)
	}
	if err != nil || res.StatusCode != want {
		t.Errorf("%s %s as %s: %d, want %d (%v) %s", method, path, as, res.StatusCode, want, err, text)
	}
	return out
}

// residents makes n people who are all alike, so that what follows is the same
// whoever of them wins a race; each is asked for by a name of its own.
func residents(t *testing.T, s *site, n int) []string {
	t.Helper()
	ctx := t.Context()
	names := make([]string, n)
	for i := range names {
		names[i] = id.New()
		err := s.House.DB.Write(ctx, func(tx *db.Tx) error {
			a := member.Account{Name: names[i], PublicName: fmt.Sprintf("居民%d号", i+1), Level: actor.V2, Home: demo.CommunityA, Demo: true, HasChannel: true}
			if err := s.House.Member.Create(ctx, tx, "", &a); err != nil {
				return err
			}
			return s.House.Member.KeepToken(ctx, tx, a.ID, "demo", names[i], 0)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// TestActivity is 微行动 and 微星光 from page to page: an organiser writes and
// publishes an activity, thirty sign up at once for twenty places, three cancel
// and three move up, people check in by QR on a phone and by the organiser's
// list, the hours are confirmed, points follow, and a stranger verifies the
// certificate.
func TestActivity(t *testing.T) {
	s := theSite(t)
	boss := s.visit(t, "demo-society", browser.Options{})
	boss.Open(s.URL + "/activities/new")
	title := fmt.Sprintf("江边捡拾垃圾%d", time.Now().UnixNano()%100_000)
	boss.Fill("title", title)
	boss.Fill("kind", "家政清洁")
	boss.Fill("starts", time.Now().In(clock.China).Add(90*time.Minute).Format("2006-01-02T15:04"))
	boss.Fill("capacity", "20")
	boss.Click("存为草稿")
	boss.Click("发布")
	address := boss.URL()
	if !strings.Contains(boss.Text("main"), "报名中") {
		t.Fatalf("not published: %s", boss.Text("main"))
	}
	activity := address[strings.LastIndex(address, "/")+1:]
	path := "/api/v1/activities/" + activity

	people := residents(t, s, 30)
	var wg sync.WaitGroup
	for _, as := range people {
		wg.Go(func() { s.asks(t, 200, "POST", path+"/sign_up", as, nil) })
	}
	wg.Wait()
	states := func() (in []string, offered []string, waiting int) {
		for _, as := range people {
			switch mine := s.asks(t, 200, "GET", path, as, nil)["mine"].(map[string]any); mine["state"] {
			case "in":
				in = append(in, as)
			case "offered":
				offered = append(offered, as)
			case "waiting":
				waiting++
			}
		}
		return in, offered, waiting
	}
	in, _, waiting := states()
	if len(in) != 20 || waiting != 10 {
		t.Fatalf("%d in and %d waiting", len(in), waiting)
	}
	for _, as := range in[:3] {
		s.asks(t, 200, "POST", path+"/withdraw", as, nil)
	}
	in, offered, waiting := states()
	if len(in) != 17 || len(offered) != 3 || waiting != 7 {
		t.Fatalf("after three cancelled: %d in, %d offered, %d waiting", len(in), len(offered), waiting)
	}

	lucky := s.visit(t, offered[0], phone)
	lucky.Open(address)
	shoot(lucky, "activity-offered")
	lucky.Click("确认参加")
	if !strings.Contains(lucky.Text("main"), "您已报名") {
		t.Fatalf("the place was not taken: %s", lucky.Text("main"))
	}
	lucky.Open(address + "/here?code=" + s.House.Activity.QRCode(activity, time.Now().UnixMilli())) // what the phone reads from the QR
	lucky.Click("main form button")
	if !strings.Contains(lucky.Text("main"), "已签到") {
		t.Fatalf("not checked in: %s", lucky.Text("main"))
	}
	shoot(lucky, "activity-checked-in")
	late := s.visit(t, in[0], phone)
	late.Open(address + "/here?code=" + s.House.Activity.QRCode(activity, time.Now().Add(-61*time.Second).UnixMilli()))
	late.Click("main form button")
	if !strings.Contains(late.Text("main"), "签到码已过期") {
		t.Fatalf("an old code: %s", late.Text("main"))
	}

	boss.Open(address + "/organise")
	shoot(boss, "activity-organise")
	for _, v := range boss.Axe() {
		t.Errorf("organiser's page: %s", v)
	}
	listed := s.asks(t, 200, "GET", path+"/roster", "demo-society", nil)["items"].([]any)
	volunteer := ""
	for _, it := range listed {
		if o := it.(map[string]any); o["state"] == "in" && o["checked_in"] == nil {
			volunteer = o["id"].(string)
			break
		}
	}
	boss.Click(`input[name="persons"][value="` + volunteer + `"]`)
	boss.Click("为勾选的人签到")
	if o := s.asks(t, 200, "GET", path, "demo-society", nil); o["came"] != 2.0 {
		t.Fatalf("by QR and by list: %v came", o["came"])
	}
	boss.Click("结束活动")
	person := ""
	for _, it := range s.asks(t, 200, "GET", path+"/roster", "demo-society", nil)["items"].([]any) {
		if o := it.(map[string]any); o["how"] == "qr" {
			person = o["id"].(string)
		}
	}
	// It ended before it began, on the clock of a test: the organiser writes the
	// hours of one person, with a reason, then confirms what is left.
	boss.Fill("person", person)
	boss.Fill("minutes", "120")
	boss.Fill("reason", "提前到场布置")
	shoot(boss, "activity-hours")
	boss.Click(`form[action$="/confirm_hours"] button[type="submit"]`)
	boss.Click(`form[action$="/confirm_hours"] button[type="submit"]`)
	if said := boss.Text("main"); !strings.Contains(said, "已确认") {
		t.Errorf("after the hours: %s", said)
	}

	deadline := time.Now().Add(20 * time.Second)
	for {
		if s.asks(t, 200, "GET", "/api/v1/points/me", offered[0], nil)["accounts"].([]any)[0].(map[string]any)["received"].(float64) >= 20 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no points for two confirmed hours")
		}
		if err := s.House.Journal.Drain(t.Context(), s.House.Points.Reader()); err != nil {
			t.Fatal(err)
		}
	}
	lucky.Open(s.URL + "/me/points")
	if !strings.Contains(lucky.Text("main"), "志愿服务") {
		t.Errorf("my ledger: %s", lucky.Text("main"))
	}
	year := time.Now().In(clock.China)
	lucky.Open(s.URL + "/me/service")
	lucky.Fill("from", year.AddDate(0, 0, -1).Format(time.DateOnly))
	lucky.Fill("to", year.AddDate(0, 0, 2).Format(time.DateOnly))
	lucky.Click("生成证明")
	paper := regexp.MustCompile(`(ZY\d{6}-\w{8})[\s\S]*校验码\s*(\w{8})`).FindStringSubmatch(lucky.Text("main"))
	if paper == nil {
		t.Fatalf("the holder reads no serial and code: %s", lucky.Text("main"))
	}
	serial, code := paper[1], paper[2]
	stranger := s.visit(t, "", phone)
	stranger.Open(s.URL + "/certificates")
	stranger.Fill("serial", serial)
	stranger.Fill("code", code)
	stranger.Click("核验")
	if said := stranger.Text("main"); !strings.Contains(said, "证明有效") || !strings.Contains(said, title) || !strings.Contains(said, "*") {
		t.Fatalf("a stranger reads: %s", said)
	}
	shoot(stranger, "certificate")
	for _, v := range stranger.Axe() {
		t.Errorf("certificate: %s", v)
	}
	for _, page := range []string{"/activities", "/activities/" + activity, "/honours", "/points", "/points/hand", "/awards", "/activities?place=" + demo.CommunityA + "&show=past"} {
		stranger.Open(s.URL + page)
		if stranger.Status() != http.StatusOK || !stranger.ReflowOK(320) {
			t.Errorf("%s: %d, or it scrolls sideways at 320 px", page, stranger.Status())
		}
		for _, v := range stranger.Axe() {
			t.Errorf("%s: %s", page, v)
		}
	}
}
