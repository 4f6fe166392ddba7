package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/feature/signin"
)

// visitor is a browser with cookies and without scripts.
type visitor struct {
	t *testing.T
	s *site
	*http.Client
}

func (s *site) visitor() *visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &visitor{s.t, s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// get reads a page and fails unless the status is want.
func (v *visitor) get(want int, path string) string {
	v.t.Helper()
	res, err := v.Client.Get(v.s.url + path)
	return v.read(want, path, res, err)
}

// post sends a form; on a 303 it returns where to.
func (v *visitor) post(want int, path string, form url.Values) string {
	v.t.Helper()
	res, err := v.Client.PostForm(v.s.url+path, form)
	if err == nil && want == http.StatusSeeOther && res.StatusCode == want {
		res.Body.Close()
		return res.Header.Get("Location")
	}
	return v.read(want, path, res, err)
}

func (v *visitor) read(want int, path string, res *http.Response, err error) string {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if res.StatusCode != want {
		v.t.Fatalf("%s: %d, want %d (to %q)\n%s", path, res.StatusCode, want, res.Header.Get("Location"), regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(b), ""))
	}
	return string(b)
}

// enter signs a visitor in with the demo's password.
func (v *visitor) enter(name string) *visitor {
	v.t.Helper()
	if to := v.post(303, "/signin/password", url.Values{"name": {name}, "password": {demo.Password}}); strings.HasPrefix(to, "/signin") {
		v.t.Fatalf("sign-in of %s leads to %s", name, to)
	}
	return v
}

// me is the account of the session, "" for none.
func (v *visitor) me() string {
	v.t.Helper()
	res, err := v.Client.Get(v.s.url + "/api/v1/me")
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	var m member.MeJSON
	if err := json.NewDecoder(res.Body).Decode(&m); err != nil {
		v.t.Fatal(err)
	}
	return m.ID
}

func (v *visitor) contains(page string, want ...string) {
	v.t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			v.t.Errorf("the page lacks %q", w)
		}
	}
}

func (s *site) account(name string) member.Account {
	s.t.Helper()
	a, err := s.Member.Find(context.Background(), s.DB, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

var shownCode = regexp.MustCompile(`验证码：(\d{6})`)

// byPhone signs in with a phone and the code that a demo shows.
func (v *visitor) byPhone(phone, next string) string {
	v.t.Helper()
	to := v.post(303, "/signin/code", url.Values{"phone": {phone}, "_next": {next}})
	found := shownCode.FindStringSubmatch(v.get(200, to))
	if found == nil {
		v.t.Fatal("no code on the page")
	}
	return v.post(303, "/signin", url.Values{"code": {found[1]}, "_next": {next}})
}

func TestSignInByPhone(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		v := s.visitor()
		v.post(422, "/signin/code", url.Values{"phone": {"12345"}})
		to := v.post(303, "/signin/code", url.Values{"phone": {"+86 139-1234-5678"}, "_next": {"/me/level"}})
		page := v.get(200, to)
		v.contains(page, "139****5678")
		code := shownCode.FindStringSubmatch(page)[1]
		other := "000000"
		if code == other {
			other = "000001"
		}
		v.post(422, "/signin", url.Values{"code": {other}})
		if v.me() != "" {
			t.Fatal("a wrong code signed in")
		}
		if to := v.post(303, "/signin", url.Values{"code": {code}, "_next": {"/me/level"}}); to != "/me/level" {
			t.Errorf("after sign-in: %s", to)
		}
		first := v.me()
		if a := s.account(first); a.Level != actor.V1 || a.Phone != "13912345678" {
			t.Errorf("new account: %+v", a)
		}
		v.contains(v.get(200, "/me/level"), "手机已验证")
		again := s.visitor()
		again.byPhone("13912345678", "")
		if again.me() != first {
			t.Error("the same phone made a second account")
		}
		if to := again.post(303, "/signout", nil); to != "/" || again.me() != "" {
			t.Error("still signed in after signing out")
		}
		// A code is good once, for five minutes, for its own phone.
		third := s.visitor()
		third.post(303, "/signin/code", url.Values{"phone": {"13912345678"}})
		third.post(422, "/signin", url.Values{"code": {code}})
		late := shownCode.FindStringSubmatch(third.get(200, "/signin/code"))[1]
		s.clock.Advance(signin.CodeKept + time.Second)
		third.post(422, "/signin", url.Values{"code": {late}})
	})
}

func TestSignInStaysLocalAndTellsNothing(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		v := s.visitor()
		wrong := v.post(422, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {"not the password"}})
		absent := v.post(422, "/signin/password", url.Values{"name": {"demo-nobodyxx"}, "password": {"not the password"}})
		ops := regexp.MustCompile(`value="[^"]*"`)
		if ops.ReplaceAllString(wrong, "") != ops.ReplaceAllString(absent, "") {
			t.Error("the page tells whether an account exists")
		}
		for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/signout"} {
			if to := s.visitor().post(303, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {demo.Password}, "_next": {next}}); to != "/" {
				t.Errorf("next %q leads to %q", next, to)
			}
		}
		// Guessing ends: ten tries by account, whoever asks.
		limited := false
		for range 15 {
			res, err := s.visitor().PostForm(s.url+"/signin/password", url.Values{"name": {"demo-neighbour"}, "password": {"guess"}})
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			limited = limited || res.StatusCode == 429 && res.Header.Get("Retry-After") != ""
		}
		if !limited {
			t.Error("fifteen guesses were all answered")
		}
	})
}

// TestExpiredFormIsKept: a form sent without a session is there after signing in.
func TestExpiredFormIsKept(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		v := s.visitor()
		form := url.Values{"public_name": {"晚霞"}, "_op": {"op-of-the-lost-form"}}
		to := v.post(303, "/me/profile", form)
		if !strings.HasPrefix(to, "/signin?") {
			t.Fatal(to)
		}
		u, _ := url.Parse(to)
		to = v.post(303, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {demo.Password}, "_next": {u.Query().Get("next")}})
		if !strings.HasPrefix(to, "/drafts/op-of-the-lost-form") {
			t.Fatalf("after signing in: %s", to)
		}
		v.contains(v.get(200, to), "晚霞", `action="/me/profile"`, `value="op-of-the-lost-form"`)
		v.post(303, "/me/profile", form)
		if a := s.account("demo-resident"); a.PublicName != "晚霞" {
			t.Errorf("name is %q", a.PublicName)
		}
	})
}

func TestChangeOfPhoneAndPasswordEndsOtherSessions(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		here, there := s.visitor().enter("demo-resident"), s.visitor().enter("demo-resident")
		v := here
		v.contains(v.get(200, "/me/security"), "（就是这台）", "退出其他所有设备")
		to := v.post(303, "/me/phone", url.Values{"phone": {"13600000001"}})
		code := shownCode.FindStringSubmatch(v.get(200, to))[1]
		v.post(303, "/me/phone/code", url.Values{"code": {code}})
		if here.me() == "" || there.me() != "" {
			t.Error("after a change of phone: the other session must end, this one stay")
		}
		if a := s.account("demo-resident"); a.Phone != "13600000001" {
			t.Error("the phone did not change")
		}
		there.enter("demo-resident")
		v.post(422, "/me/password", url.Values{"old_password": {"wrong"}, "new_password": {"long enough for this"}})
		v.post(422, "/me/password", url.Values{"old_password": {demo.Password}, "new_password": {"short"}})
		v.post(303, "/me/password", url.Values{"old_password": {demo.Password}, "new_password": {"long enough for this"}})
		if here.me() == "" || there.me() != "" {
			t.Error("after a change of password: the other session must end, this one stay")
		}
		// A phone of somebody else is not told from a wrong code.
		to = v.post(303, "/me/phone", url.Values{"phone": {s.account("demo-neighbour").Phone}})
		code = shownCode.FindStringSubmatch(v.get(200, to))[1]
		v.post(422, "/me/phone/code", url.Values{"code": {code}})
		v.post(303, "/me/sessions/end", nil)
	})
}

func TestSecondFactor(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		if err := s.Place.Set(ctx, "", demo.District, "signin.second_factor", "true"); err != nil {
			t.Fatal(err)
		}
		v := s.visitor()
		if to := v.post(303, "/signin/password", url.Values{"name": {"demo-community"}, "password": {demo.Password}}); to != "/signin/second" {
			t.Fatalf("staff without a second factor go to %s", to)
		}
		if v.me() != "" {
			t.Fatal("signed in before the second factor")
		}
		page := v.get(200, "/signin/second")
		secret := strings.ReplaceAll(regexp.MustCompile(`([A-Z2-7]{4} ){4,}[A-Z2-7]{1,4}`).FindString(page), " ", "")
		code, err := totp.GenerateCode(secret, s.clock.Now())
		if err != nil {
			t.Fatal(err, secret)
		}
		page = v.post(200, "/signin/second", url.Values{"code": {code}})
		v.contains(page, "不再显示", `href="/staff"`)
		spare := regexp.MustCompile(`[2-9A-Z]{5}-[2-9A-Z]{5}`).FindAllString(page, -1)
		if len(spare) != 10 || v.me() == "" {
			t.Fatalf("after the first code: %d recovery codes", len(spare))
		}
		if a := s.account("demo-community"); a.TOTP == "" || strings.Contains(a.TOTP, secret) {
			t.Error("the secret must lie sealed")
		}
		v = s.visitor()
		v.post(303, "/signin/password", url.Values{"name": {"demo-community"}, "password": {demo.Password}})
		v.post(422, "/signin/second", url.Values{"code": {code}}) // used before
		s.clock.Advance(30 * time.Second)
		if code, err = totp.GenerateCode(secret, s.clock.Now()); err != nil {
			t.Fatal(err)
		}
		v.post(303, "/signin/second", url.Values{"code": {code}})
		if v.me() == "" {
			t.Error("not signed in after both factors")
		}
		if to := s.visitor().post(303, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {demo.Password}}); to != "/" {
			t.Errorf("a resident needs no second factor, went to %s", to)
		}
		s.recover(spare)
	})
}

// recover signs in by recovery codes, each of which is good once and which lie
// hashed, and takes the lost authenticator out with another one.
func (s *site) recover(spare []string) {
	t := s.t
	t.Helper()
	var kept []string
	if err := s.DB.Select(t.Context(), &kept, `SELECT hash FROM recovery_codes`); err != nil || len(kept) != 10 || strings.Contains(strings.Join(kept, ""), spare[0][:5]) {
		t.Errorf("kept as %v, %v", kept, err)
	}
	begin := func() *visitor {
		v := s.visitor()
		v.post(303, "/signin/password", url.Values{"name": {"demo-community"}, "password": {demo.Password}})
		v.contains(v.get(200, "/signin/second"), "/signin/recovery")
		return v
	}
	s.visitor().post(303, "/signin/recovery", url.Values{"recovery": {spare[0]}}) // without the first factor it leads to the sign-in
	v := begin()
	v.post(422, "/signin/recovery", url.Values{"recovery": {"22222-22222"}})
	if v.me() != "" {
		t.Fatal("signed in by a wrong recovery code")
	}
	// As it is typed from paper.
	if to := v.post(303, "/signin/recovery", url.Values{"recovery": {strings.ToLower(strings.ReplaceAll(spare[0], "-", " "))}}); to != "/me/security?done=recovery" || v.me() == "" {
		t.Fatalf("a recovery code leads to %s", to)
	}
	v.contains(v.get(200, "/me/security"), "还剩 9 个")
	begin().post(422, "/signin/recovery", url.Values{"recovery": {spare[0]}})

	// One account's code opens no other.
	other := s.visitor()
	other.post(303, "/signin/password", url.Values{"name": {"demo-community2"}, "password": {demo.Password}})
	other.post(422, "/signin/recovery", url.Values{"recovery": {spare[1]}})

	page := v.post(200, "/me/recovery", url.Values{"proof": {spare[1]}})
	fresh := regexp.MustCompile(`[2-9A-Z]{5}-[2-9A-Z]{5}`).FindAllString(page, -1)
	if len(fresh) != 10 || slices.Contains(fresh, spare[2]) {
		t.Fatalf("%d new codes", len(fresh))
	}
	v.post(422, "/me/recovery", url.Values{"proof": {spare[2]}}) // void with the others
	v.post(422, "/me/totp/off", url.Values{"proof": {"000000"}})
	v.post(303, "/me/totp/off", url.Values{"proof": {fresh[0]}})
	if a := s.account("demo-community"); a.TOTP != "" {
		t.Error("the lost authenticator still counts")
	}
	if err := s.DB.Select(t.Context(), &kept, `SELECT hash FROM recovery_codes`); err != nil || len(kept) != 0 {
		t.Errorf("codes without a factor: %v %v", kept, err)
	}
}

func TestLevelTakesTwoStaff(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		newcomer := s.account("demo-newcomer")
		check := url.Values{"level": {"3"}, "how": {"lease"}, "real_name": {"周小明"}, "dwelling": {demo.CommunityA + "001"}}
		path := "/staff/people/" + newcomer.ID + "/check"
		for who, want := range map[string]int{"demo-resident": 404, "demo-community-b": 404, "demo-street": 404, "demo-admin": 404} {
			if r := s.do("POST", path, who, check); r.Status != want {
				t.Errorf("check by %s: %d, want %d", who, r.Status, want)
			}
		}
		s.must(422, "POST", path, "demo-community", url.Values{"level": {"3"}, "how": {"lease"}, "real_name": {"周小明"}, "dwelling": {demo.CommunityB + "001"}})
		s.must(303, "POST", path, "demo-community", check)
		open := s.do("GET", "/staff/checks", "demo-community2", nil)
		ask := regexp.MustCompile(`/staff/checks/([^/"]+)/confirm`).FindSubmatch(open.Body)
		if ask == nil {
			t.Fatal("the second person does not see the check")
		}
		confirm := "/staff/checks/" + string(ask[1]) + "/confirm"
		s.must(403, "POST", confirm, "demo-community", url.Values{})
		s.must(404, "POST", confirm, "demo-community-b", url.Values{})
		if s.account("demo-newcomer").Level != actor.V1 {
			t.Fatal("one person was enough")
		}
		s.must(303, "POST", confirm, "demo-community2", url.Values{})
		s.must(404, "POST", confirm, "demo-community2", url.Values{})
		if a := s.account("demo-newcomer"); a.Level != actor.V3 || a.Home != demo.CommunityA || a.Dwelling != demo.CommunityA+"001" {
			t.Errorf("after both: %+v", a)
		}
		if me := s.must(200, "GET", "/api/v1/me", "demo-newcomer", nil); me["level"] != "V3" {
			t.Errorf("me: %v", me)
		}
	})
}

func TestStaffLookIsSeen(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.account("demo-resident")
		page := "/staff/people/" + a.ID
		if r := s.do("GET", page, "demo-community", nil); r.Status != 200 || bytes.Contains(r.Body, []byte(a.Phone)) {
			t.Errorf("masked page: %d, whole phone %v", r.Status, bytes.Contains(r.Body, []byte(a.Phone)))
		}
		for _, who := range []string{"demo-community-b", "demo-street", "demo-admin", "demo-auditor", "demo-neighbour", "demo-grid"} {
			s.must(404, "GET", page, who, nil)
		}
		s.must(422, "POST", page+"/reveal", "demo-community", url.Values{"field": {"phone"}})
		r := s.do("POST", page+"/reveal", "demo-community", url.Values{"field": {"phone"}, "reason": {"电话回访纱窗的事"}})
		if r.Status != 200 || !bytes.Contains(r.Body, []byte(a.Phone)) {
			t.Errorf("revealed: %d", r.Status)
		}
		if err := s.Member.WriteLooks(context.Background()); err != nil {
			t.Fatal(err)
		}
		mine := s.do("GET", "/me/looks", "demo-resident", nil)
		for _, want := range []string{"电话回访纱窗的事", "手机号（已遮住中间）", "洲岛家园社区"} {
			if !bytes.Contains(mine.Body, []byte(want)) {
				t.Errorf("who looked lacks %q", want)
			}
		}
		if bytes.Contains(s.do("GET", "/staff/people?q=%E6%9D%8E", "demo-community", nil).Body, []byte("李阿姨")) == false {
			t.Error("the search by name finds nobody")
		}
		if bytes.Contains(s.do("GET", "/staff/people?q=%E7%8E%8B%E5%A5%B3%E5%A3%AB", "demo-community", nil).Body, []byte("/staff/people/"+s.account("demo-outsider").ID)) {
			t.Error("a resident of another community is found")
		}
		if bytes.Contains(s.do("GET", "/staff/people", "demo-community", nil).Body, []byte(a.ID)) {
			t.Error("people are listed without a name being asked for")
		}
	})
}

func TestFamily(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		elder := s.account("demo-neighbour")
		s.must(303, "POST", "/me/family", "demo-resident", url.Values{"phone": {elder.Phone}, "relation": {"child"}})
		s.must(303, "POST", "/me/family", "demo-resident", url.Values{"phone": {"13999999999"}, "relation": {"child"}}) // nobody's: answered alike
		page := s.do("GET", "/me/family", "demo-neighbour", nil)
		ask := regexp.MustCompile(`/me/family/([^/"]+)/agree`).FindSubmatch(page.Body)
		if ask == nil {
			t.Fatal("the elder does not see the request")
		}
		agree := "/me/family/" + string(ask[1]) + "/agree"
		s.must(404, "POST", agree, "demo-outsider", url.Values{})
		s.must(404, "POST", agree, "demo-resident", url.Values{})
		s.must(303, "POST", agree, "demo-neighbour", url.Values{})
		me, _, err := s.Member.Actor(context.Background(), s.account("demo-resident").ID)
		if err != nil || !me.Guards(elder.ID) {
			t.Fatalf("does not act for the elder: %v %v", me.Wards, err)
		}
		if !bytes.Contains(s.do("GET", "/me/consents", "demo-neighbour", nil).Body, []byte("同意 李阿姨 为我代办")) {
			t.Error("the consent is not on the elder's record")
		}
		end := regexp.MustCompile(`/me/consents/([^/"]+)/end`).FindSubmatch(s.do("GET", "/me/consents", "demo-neighbour", nil).Body)
		s.must(404, "POST", "/me/consents/"+string(end[1])+"/end", "demo-resident", url.Values{})
		s.must(303, "POST", "/me/consents/"+string(end[1])+"/end", "demo-neighbour", url.Values{})
		if me, _, err = s.Member.Actor(context.Background(), me.ID); err != nil || me.Guards(elder.ID) {
			t.Error("acting for the elder outlives the consent")
		}
		s.must(422, "POST", "/me/family/child", "demo-resident", url.Values{"public_name": {"豆豆"}, "born": {"2001-01-01"}})
		s.must(303, "POST", "/me/family/child", "demo-resident", url.Values{"public_name": {"豆豆"}, "born": {"2018-06-01"}})
		if me, _, err = s.Member.Actor(context.Background(), me.ID); err != nil || len(me.Wards) != 1 {
			t.Errorf("wards: %v %v", me.Wards, err)
		}
	})
}

func TestVolunteerIsOneClick(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.must(303, "POST", "/me/volunteer", "demo-newcomer", url.Values{})
		a, _, err := s.Member.Actor(context.Background(), s.account("demo-newcomer").ID)
		if err != nil || !a.Has(actor.Volunteer, demo.CommunityA) {
			t.Fatalf("roles: %v %v", a.Roles, err)
		}
		s.must(200, "POST", "/api/v1/wishes/"+s.wish("demo-resident", nil)+"/claim", "demo-newcomer", object{})
		s.must(303, "POST", "/me/volunteer/end", "demo-newcomer", url.Values{})
		if a, _, _ = s.Member.Actor(context.Background(), a.ID); a.Holds(actor.Volunteer) {
			t.Error("still a volunteer")
		}
	})
}

func TestExportAndErase(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		a := s.account("demo-resident")
		wish := s.wish("demo-resident", nil)
		s.must(200, "POST", "/api/v1/wishes/"+wish+"/withdraw", "demo-resident", object{"note": "已经自己修好了，谢谢大家"})
		r := s.do("GET", "/me/data.zip", "demo-resident", nil)
		z, err := zip.NewReader(bytes.NewReader(r.Body), int64(len(r.Body)))
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
		s.must(422, "POST", "/me/erase", "demo-resident", url.Values{})
		s.must(409, "POST", "/me/erase", "demo-community", url.Values{"sure": {"true"}})
		s.must(303, "POST", "/me/erase", "demo-resident", url.Values{"sure": {"true"}})
		s.must(401, "GET", "/api/v1/me", "demo-resident", nil)
		s.visitor().post(422, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {demo.Password}})
		gone, err := s.Member.Find(ctx, s.DB, a.ID)
		if err != nil || gone.State != "erased" || gone.Phone+gone.RealName+gone.PublicName+gone.Password+gone.Home != "" {
			t.Errorf("what is left: %+v %v", gone, err)
		}
		var words int
		if err := s.DB.Get(ctx, &words, `SELECT count(*) FROM event_words w JOIN events e ON e.seq = w.seq WHERE e.actor = ? AND w.words <> ''`, a.ID); err != nil || words != 0 {
			t.Errorf("%d notes are left, %v", words, err)
		}
		for _, rep := range verified(t, s) {
			t.Error(rep)
		}
	})
}

// verified is what `linli verify` complains of.
func verified(t *testing.T, s *site) (faults []string) {
	t.Helper()
	_, faults, err := s.Journal.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return faults
}

func TestRolesAndHandOver(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		give := func(role, place string) url.Values {
			return url.Values{"account": {"demo-neighbour"}, "role": {role}, "place": {place}}
		}
		roles := func(name string) []actor.Role {
			a, _, err := s.Member.Actor(context.Background(), s.account(name).ID)
			if err != nil {
				t.Fatal(err)
			}
			return a.Roles
		}
		s.must(404, "POST", "/staff/roles", "demo-resident", give(actor.GridWorker, demo.CommunityA+"901"))
		s.must(422, "POST", "/staff/roles", "demo-community", give(actor.GridWorker, demo.CommunityB+"901"))
		s.must(422, "POST", "/staff/roles", "demo-community", give(actor.Staff, demo.CommunityA))
		s.must(422, "POST", "/staff/roles", "demo-district", give(actor.Admin, demo.District))
		s.must(303, "POST", "/staff/roles", "demo-community", give(actor.GridWorker, demo.CommunityA+"902"))
		if len(roles("demo-neighbour")) != 1 {
			t.Fatalf("roles: %v", roles("demo-neighbour"))
		}
		s.must(303, "POST", "/staff/roles", "demo-street", give(actor.Staff, demo.CommunityA))
		if len(roles("demo-neighbour")) != 1 {
			t.Fatal("one person made staff")
		}
		ask := regexp.MustCompile(`/staff/checks/([^/"]+)/confirm`).FindSubmatch(s.do("GET", "/staff/checks", "demo-district", nil).Body)
		if ask == nil {
			t.Fatal("the second person does not see the role")
		}
		s.must(403, "POST", "/staff/checks/"+string(ask[1])+"/confirm", "demo-street", url.Values{})
		s.must(404, "POST", "/staff/checks/"+string(ask[1])+"/confirm", "demo-community", url.Values{})
		s.must(303, "POST", "/staff/checks/"+string(ask[1])+"/confirm", "demo-district", url.Values{})
		if len(roles("demo-neighbour")) != 2 {
			t.Fatalf("roles: %v", roles("demo-neighbour"))
		}
		// The worker leaves; the grid passes on at once, the powerful post by a second person.
		s.must(303, "POST", "/staff/handovers", "demo-street", url.Values{"account": {"demo-neighbour"}, "successor": {"demo-volunteer"}})
		if len(roles("demo-neighbour")) != 0 {
			t.Errorf("still holds %v", roles("demo-neighbour"))
		}
		s.must(404, "GET", "/staff", "demo-neighbour", nil)
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

func TestGroupAppliesAndActs(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		ctx := context.Background()
		s.must(303, "POST", "/groups", "demo-neighbour", url.Values{"name": {"江心洲合唱团"}, "kind": {actor.Club}, "about": {"每周三晚在活动室排练"}})
		waiting := s.Group.Applied(demo.CommunityA)
		if len(waiting) != 1 {
			t.Fatalf("%d wait", len(waiting))
		}
		g := waiting[0]
		s.must(404, "GET", "/groups/"+g.ID, "", nil)
		s.must(404, "GET", "/api/v1/groups/"+g.ID, "", nil)
		a, _, _ := s.Member.Actor(ctx, s.account("demo-neighbour").ID)
		if a.ActsFor(g.ID) {
			t.Fatal("acts before being verified")
		}
		s.must(404, "POST", "/staff/groups/"+g.ID+"/verify", "demo-community-b", url.Values{})
		s.must(303, "POST", "/staff/groups/"+g.ID+"/verify", "demo-community", url.Values{"to": {"2027-12-31"}})
		s.must(409, "POST", "/staff/groups/"+g.ID+"/verify", "demo-community", url.Values{})
		if a, _, _ = s.Member.Actor(ctx, a.ID); !a.ActsFor(g.ID) {
			t.Fatal("does not act after being verified")
		}
		if r := s.do("GET", "/groups/"+g.ID, "", nil); !bytes.Contains(r.Body, []byte("经办人")) {
			t.Error("the page does not name who acts for it")
		}
		// An agent names members, never another agent; staff name agents with an end date.
		post := url.Values{"account": {"demo-outsider"}, "role": {actor.Member}, "post": {"声部长"}}
		s.must(404, "POST", "/groups/"+g.ID+"/posts", "demo-resident", post)
		s.must(303, "POST", "/groups/"+g.ID+"/posts", "demo-neighbour", post)
		post.Set("role", actor.Agent)
		s.must(422, "POST", "/groups/"+g.ID+"/posts", "demo-neighbour", post)
		s.must(422, "POST", "/groups/"+g.ID+"/posts", "demo-community", post)
		post.Set("to", "2027-06-30")
		s.must(303, "POST", "/groups/"+g.ID+"/posts", "demo-community", post)
		s.clock.Set(time.Date(2027, 7, 1, 0, 0, 1, 0, time.FixedZone("CST", 8*3600)))
		if o, _, _ := s.Member.Actor(ctx, s.account("demo-outsider").ID); o.ActsFor(g.ID) {
			t.Error("an agent acts past the end date")
		}
		s.clock.Set(time.Date(2028, 1, 1, 0, 0, 1, 0, time.FixedZone("CST", 8*3600)))
		if r, err := s.Member.Fresh(ctx, s.DB, a); err != nil || r.ActsFor(g.ID) {
			t.Error("a group acts past its term")
		}
		if faults := verified(t, s); len(faults) > 0 {
			t.Error(faults)
		}
	})
}

func TestResponsibilities(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		at := s.clock.Now().UnixMilli()
		var ids []string
		for _, g := range s.Group.At(demo.District, "") {
			ids = append(ids, g.ID)
		}
		add := func(by, group, place, category, part string) int {
			return s.do("POST", "/staff/responsibilities", by, url.Values{"group": {group}, "place": {place}, "category": {category}, "part": {part}}).Status
		}
		for _, c := range []struct {
			by, group, place, category, part string
			want                             int
		}{
			{"demo-resident", ids[0], demo.CommunityA, "*", "responsible", 404},
			{"demo-community", ids[0], demo.District, "*", "responsible", 422},
			{"demo-community", "nobody", demo.CommunityA, "*", "responsible", 422},
			{"demo-district", ids[0], demo.District, "*", "responsible", 303},
			{"demo-district", ids[1], demo.District, "环境设施", "supporting", 303},
			{"demo-community", ids[2], demo.CommunityA, "环境设施", "responsible", 303},
		} {
			if got := add(c.by, c.group, c.place, c.category, c.part); got != c.want {
				t.Errorf("%v: %d", c, got)
			}
		}
		for _, c := range []struct{ place, category, main, support string }{
			{demo.CommunityA, "环境设施", ids[2], ids[1]}, {demo.CommunityA, "医疗健康", ids[0], ""}, {demo.CommunityB, "环境设施", ids[0], ids[1]},
		} {
			main, support := s.Group.Responsible(c.place, c.category, at)
			if strings.Join(main, " ") != c.main || strings.Join(support, " ") != c.support {
				t.Errorf("%s %s: %v supported by %v", c.place, c.category, main, support)
			}
		}
		if r := s.do("GET", "/responsibilities", "", nil); !bytes.Contains(r.Body, []byte("环境设施")) {
			t.Error("the public list lacks a line")
		}

		// The list routes: whom it names hears of a new public wish of the category, and of no other.
		water, _, err := s.Member.Actor(t.Context(), s.account("demo-water").ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := add("demo-district", water.Agencies()[0].Group, demo.CommunityA, "环境设施", "supporting"); got != 303 {
			t.Fatal(got)
		}
		s.clock.Advance(time.Minute)
		s.wish("demo-resident", object{"title": "路灯不亮了", "category": "环境设施"})
		s.wish("demo-resident", object{"title": "想学剪纸", "category": "文化体育"})
		s.wish("demo-resident", object{"title": "自家水管的事", "category": "环境设施", "visibility": "private"})
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		box := string(s.do("GET", "/inbox", "demo-water", nil).Body)
		if !strings.Contains(box, "按权责清单，新的微心愿「路灯不亮了」请您单位配合") || strings.Contains(box, "想学剪纸") || strings.Contains(box, "自家水管") {
			t.Errorf("the list does not route as it says")
		}
		if faults := verified(t, s); len(faults) > 0 {
			t.Error(faults)
		}
	})
}

func TestSettingsAndPlaces(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		set := func(by, place, key, value string) int {
			return s.do("POST", "/staff/settings/"+place+"/"+key, by, url.Values{"value": {value}}).Status
		}
		for _, c := range []struct {
			by, place, key, value string
			want                  int
		}{
			{"demo-community", demo.CommunityA, "wish.tier_span", "3wd", 303}, {"demo-community", demo.CommunityA, "wish.tier_span", "soon", 422},
			{"demo-community", demo.CommunityB, "wish.tier_span", "3wd", 404}, {"demo-resident", demo.CommunityA, "wish.tier_span", "3wd", 404},
			{"demo-community", demo.CommunityA, "signin.second_factor", "false", 404}, {"demo-admin", demo.District, "signin.second_factor", "true", 303},
			{"demo-community", demo.CommunityA, "site.demo", "false", 404}, {"demo-admin", demo.District, "site.demo", "false", 404},
		} {
			if got := set(c.by, c.place, c.key, c.value); got != c.want {
				t.Errorf("%v: %d", c, got)
			}
		}
		if s.Place.Text(demo.CommunityA, "wish.tier_span") != "3wd" || s.Place.Text(demo.CommunityB, "wish.tier_span") != "2wd" {
			t.Error("a setting reaches where it must not, or not where it must")
		}
		s.must(303, "POST", "/staff/places/"+demo.CommunityA+"/grids", "demo-community", url.Values{"grid": {demo.CommunityA + "901"}, "buildings": {demo.CommunityA + "001", demo.CommunityA + "002"}})
		s.must(422, "POST", "/staff/places/"+demo.CommunityA+"/grids", "demo-community", url.Values{"grid": {demo.CommunityB + "901"}})
		s.must(303, "POST", "/staff/places/"+demo.CommunityA+"/parts", "demo-community", url.Values{"level": {"building"}, "code": {"010"}, "name": {"洲岛家园10幢"}})
		s.must(422, "POST", "/staff/places/"+demo.CommunityA+"/parts", "demo-community", url.Values{"level": {"grid"}, "code": {"011"}, "name": {"错的网格"}})
		s.must(303, "POST", "/staff/calendar/"+demo.CommunityA, "demo-community", url.Values{"date": {"2026-11-19"}, "day": {"off"}, "occasion": {"社区停电"}})
		if s.Place.Calendar(demo.CommunityA).IsWorkday(noon.AddDate(0, 0, 1)) || !s.Place.Calendar(demo.CommunityB).IsWorkday(noon.AddDate(0, 0, 1)) {
			t.Error("the day off is not laid over the calendar of its place alone")
		}
		if faults := verified(t, s); len(faults) > 0 {
			t.Error(faults)
		}
	})
}

func TestTokens(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		r := s.do("POST", "/me/tokens", "demo-resident", url.Values{"label": {"报表"}, "days": {"30"}})
		tok := regexp.MustCompile(`linli_[\w-]{43}`).FindString(string(r.Body))
		if r.Status != 200 || tok == "" {
			t.Fatalf("%d %q", r.Status, tok)
		}
		s.must(200, "GET", "/api/v1/me", tok, nil)
		if bytes.Contains(s.do("GET", "/me/tokens", "demo-resident", nil).Body, []byte(tok)) {
			t.Error("a token is shown twice")
		}
		s.clock.Advance(31 * 24 * time.Hour)
		s.must(401, "GET", "/api/v1/me", tok, nil)
		s.must(303, "POST", "/me/tokens/"+member.HashToken(tok)+"/end", "demo-resident", url.Values{})
	})
}
