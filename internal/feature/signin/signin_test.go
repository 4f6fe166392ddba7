package signin_test

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/feature/signin"
)

// contains fails for each text that a page lacks.
func contains(t testing.TB, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
}

var shownCode = regexp.MustCompile(`验证码：(\d{6})`)

// byPhone signs in with a phone and the code that a demo shows.
func byPhone(t *testing.T, v *apptest.Visitor, phone, next string) string {
	t.Helper()
	to := v.Post(303, "/signin/code", url.Values{"phone": {phone}, "_next": {next}})
	found := shownCode.FindStringSubmatch(v.Get(200, to))
	if found == nil {
		t.Fatal("no code on the page")
	}
	return v.Post(303, "/signin", url.Values{"code": {found[1]}, "_next": {next}})
}

func TestSignInByPhone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		v := h.Visitor()
		v.Post(422, "/signin/code", url.Values{"phone": {"12345"}})
		to := v.Post(303, "/signin/code", url.Values{"phone": {"+86 139-1234-5678"}, "_next": {"/me/level"}})
		page := v.Get(200, to)
		contains(t, page, "139****5678")
		code := shownCode.FindStringSubmatch(page)[1]
		other := "000000"
		if code == other {
			other = "000001"
		}
		v.Post(422, "/signin", url.Values{"code": {other}})
		if v.Me() != "" {
			t.Fatal("a wrong code signed in")
		}
		if to := v.Post(303, "/signin", url.Values{"code": {code}, "_next": {"/me/level"}}); to != "/me/level" {
			t.Errorf("after sign-in: %s", to)
		}
		first := v.Me()
		if a := h.Account(first); a.Level != actor.V1 || a.Phone != "13912345678" {
			t.Errorf("new account: %+v", a)
		}
		contains(t, v.Get(200, "/me/level"), "手机已验证")
		again := h.Visitor()
		byPhone(t, again, "13912345678", "")
		if again.Me() != first {
			t.Error("the same phone made a second account")
		}
		if to := again.Post(303, "/signout", nil); to != "/" || again.Me() != "" {
			t.Error("still signed in after signing out")
		}
		// A code is good once, for five minutes, for its own phone.
		third := h.Visitor()
		third.Post(303, "/signin/code", url.Values{"phone": {"13912345678"}})
		third.Post(422, "/signin", url.Values{"code": {code}})
		late := shownCode.FindStringSubmatch(third.Get(200, "/signin/code"))[1]
		h.Clock.Advance(signin.CodeKept + time.Second)
		third.Post(422, "/signin", url.Values{"code": {late}})
	})
}

func TestSignInStaysLocalAndTellsNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		v := h.Visitor()
		wrong := v.Post(422, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {"not the password"}})
		absent := v.Post(422, "/signin/password", url.Values{"name": {"demo-nobodyxx"}, "password": {"not the password"}})
		ops := regexp.MustCompile(`value="[^"]*"`)
		if ops.ReplaceAllString(wrong, "") != ops.ReplaceAllString(absent, "") {
			t.Error("the page tells whether an account exists")
		}
		for _, next := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/signout"} {
			if to := h.Visitor().Post(303, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {demo.Password}, "_next": {next}}); to != "/" {
				t.Errorf("next %q leads to %q", next, to)
			}
		}
		// Guessing ends: ten tries by account, whoever asks.
		limited := false
		for range 15 {
			r := h.Visitor().Send("/signin/password", url.Values{"name": {"demo-neighbour"}, "password": {"guess"}})
			limited = limited || r.Status == 429 && r.Header.Get("Retry-After") != ""
		}
		if !limited {
			t.Error("fifteen guesses were all answered")
		}
	})
}

// TestExpiredFormIsKept: a form sent without a session is there after signing in.
func TestExpiredFormIsKept(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		v := h.Visitor()
		form := url.Values{"public_name": {"晚霞"}, "_op": {"op-of-the-lost-form"}}
		to := v.Post(303, "/me/profile", form)
		if !strings.HasPrefix(to, "/signin?") {
			t.Fatal(to)
		}
		u, _ := url.Parse(to)
		to = v.Post(303, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {demo.Password}, "_next": {u.Query().Get("next")}})
		if !strings.HasPrefix(to, "/drafts/op-of-the-lost-form") {
			t.Fatalf("after signing in: %s", to)
		}
		contains(t, v.Get(200, to), "晚霞", `action="/me/profile"`, `value="op-of-the-lost-form"`)
		v.Post(303, "/me/profile", form)
		if a := h.Account("demo-resident"); a.PublicName != "晚霞" {
			t.Errorf("name is %q", a.PublicName)
		}
	})
}

func TestChangeOfPhoneAndPasswordEndsOtherSessions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		here, there := h.Visitor().SignIn("demo-resident"), h.Visitor().SignIn("demo-resident")
		v := here
		contains(t, v.Get(200, "/me/security"), "（就是这台）", "退出其他所有设备")
		to := v.Post(303, "/me/phone", url.Values{"phone": {"13600000001"}})
		code := shownCode.FindStringSubmatch(v.Get(200, to))[1]
		v.Post(303, "/me/phone/code", url.Values{"code": {code}})
		if here.Me() == "" || there.Me() != "" {
			t.Error("after a change of phone: the other session must end, this one stay")
		}
		if a := h.Account("demo-resident"); a.Phone != "13600000001" {
			t.Error("the phone did not change")
		}
		there.SignIn("demo-resident")
		v.Post(422, "/me/password", url.Values{"old_password": {"wrong"}, "new_password": {"long enough for this"}})
		v.Post(422, "/me/password", url.Values{"old_password": {demo.Password}, "new_password": {"short"}})
		v.Post(303, "/me/password", url.Values{"old_password": {demo.Password}, "new_password": {"long enough for this"}})
		if here.Me() == "" || there.Me() != "" {
			t.Error("after a change of password: the other session must end, this one stay")
		}
		// A phone of somebody else is not told from a wrong code.
		to = v.Post(303, "/me/phone", url.Values{"phone": {h.Account("demo-neighbour").Phone}})
		code = shownCode.FindStringSubmatch(v.Get(200, to))[1]
		v.Post(422, "/me/phone/code", url.Values{"code": {code}})
		v.Post(303, "/me/sessions/end", nil)
	})
}

// One device ended from another is signed out with its next request; its own
// and a stranger's sessions stay.
func TestADeviceIsEndedFromAnother(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		here, there, stranger := h.Visitor().SignIn("demo-resident"), h.Visitor().SignIn("demo-resident"), h.Visitor().SignIn("demo-neighbour")
		there.Get(200, "/me/security")
		end := regexp.MustCompile(`/me/sessions/([\w-]{43})/end`).FindString(here.Get(200, "/me/security"))
		if end == "" {
			t.Fatal("the other device is not listed")
		}
		stranger.Post(303, end, nil)
		if here.Me() == "" || there.Me() == "" {
			t.Error("ended by somebody else")
		}
		here.Post(303, end, nil)
		if here.Me() == "" || there.Me() != "" || stranger.Me() == "" {
			t.Error("the other device must be signed out, and no one else")
		}
		if to := there.Leave("/me/security"); !strings.HasPrefix(to, "/signin") {
			t.Errorf("a page of the device that was ended leads to %s", to)
		}
	})
}

// A code that was guessed at five times is void, also for who knows it then; a
// new one is good.
func TestACodeGuessedTooOftenIsVoid(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		v := h.Visitor()
		code := func() string {
			t.Helper()
			return shownCode.FindStringSubmatch(v.Get(200, v.Post(303, "/signin/code", url.Values{"phone": {"13912345678"}})))[1]
		}
		good := code()
		other := "000000"
		if good == other {
			other = "000001"
		}
		for range 5 {
			v.Post(422, "/signin", url.Values{"code": {other}})
		}
		v.Post(422, "/signin", url.Values{"code": {good}})
		if v.Me() != "" {
			t.Fatal("signed in by a code that was guessed at")
		}
		v.Post(303, "/signin", url.Values{"code": {code()}})
		if v.Me() == "" {
			t.Error("not signed in by a new code")
		}
	})
}

func TestSecondFactor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		ctx := context.Background()
		if err := h.Place.Set(ctx, "", demo.District, "signin.second_factor", "true"); err != nil {
			t.Fatal(err)
		}
		v := h.Visitor()
		if to := v.Post(303, "/signin/password", url.Values{"name": {"demo-community"}, "password": {demo.Password}}); to != "/signin/second" {
			t.Fatalf("staff without a second factor go to %s", to)
		}
		if v.Me() != "" {
			t.Fatal("signed in before the second factor")
		}
		page := v.Get(200, "/signin/second")
		secret := strings.ReplaceAll(regexp.MustCompile(`([A-Z2-7]{4} ){4,}[A-Z2-7]{1,4}`).FindString(page), " ", "")
		code, err := totp.GenerateCode(secret, h.Clock.Now())
		if err != nil {
			t.Fatal(err, secret)
		}
		page = v.Post(200, "/signin/second", url.Values{"code": {code}})
		contains(t, page, "不再显示", `href="/staff"`)
		spare := regexp.MustCompile(`[2-9A-Z]{5}-[2-9A-Z]{5}`).FindAllString(page, -1)
		if len(spare) != 10 || v.Me() == "" {
			t.Fatalf("after the first code: %d recovery codes", len(spare))
		}
		if a := h.Account("demo-community"); a.TOTP == "" || strings.Contains(a.TOTP, secret) {
			t.Error("the secret must lie sealed")
		}
		v = h.Visitor()
		v.Post(303, "/signin/password", url.Values{"name": {"demo-community"}, "password": {demo.Password}})
		v.Post(422, "/signin/second", url.Values{"code": {code}}) // used before
		h.Clock.Advance(30 * time.Second)
		if code, err = totp.GenerateCode(secret, h.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		v.Post(303, "/signin/second", url.Values{"code": {code}})
		if v.Me() == "" {
			t.Error("not signed in after both factors")
		}
		if to := h.Visitor().Post(303, "/signin/password", url.Values{"name": {"demo-resident"}, "password": {demo.Password}}); to != "/" {
			t.Errorf("a resident needs no second factor, went to %s", to)
		}
		recoverBy(h, spare)
	})
}

// recoverBy signs in by recovery codes, each of which is good once and which lie
// hashed, and takes the lost authenticator out with another one.
func recoverBy(h *apptest.House, spare []string) {
	t := h.T
	t.Helper()
	var kept []string
	if err := h.DB.Select(t.Context(), &kept, `SELECT hash FROM recovery_codes`); err != nil || len(kept) != 10 || strings.Contains(strings.Join(kept, ""), spare[0][:5]) {
		t.Errorf("kept as %v, %v", kept, err)
	}
	begin := func() *apptest.Visitor {
		v := h.Visitor()
		v.Post(303, "/signin/password", url.Values{"name": {"demo-community"}, "password": {demo.Password}})
		contains(t, v.Get(200, "/signin/second"), "/signin/recovery")
		return v
	}
	h.Visitor().Post(303, "/signin/recovery", url.Values{"recovery": {spare[0]}}) // without the first factor it leads to the sign-in
	v := begin()
	v.Post(422, "/signin/recovery", url.Values{"recovery": {"22222-22222"}})
	if v.Me() != "" {
		t.Fatal("signed in by a wrong recovery code")
	}
	// As it is typed from paper.
	if to := v.Post(303, "/signin/recovery", url.Values{"recovery": {strings.ToLower(strings.ReplaceAll(spare[0], "-", " "))}}); to != "/me/security?done=recovery" || v.Me() == "" {
		t.Fatalf("a recovery code leads to %s", to)
	}
	contains(t, v.Get(200, "/me/security"), "还剩 9 个")
	begin().Post(422, "/signin/recovery", url.Values{"recovery": {spare[0]}})

	// One account's code opens no other.
	other := h.Visitor()
	other.Post(303, "/signin/password", url.Values{"name": {"demo-community2"}, "password": {demo.Password}})
	other.Post(422, "/signin/recovery", url.Values{"recovery": {spare[1]}})

	page := v.Post(200, "/me/recovery", url.Values{"proof": {spare[1]}})
	fresh := regexp.MustCompile(`[2-9A-Z]{5}-[2-9A-Z]{5}`).FindAllString(page, -1)
	if len(fresh) != 10 || slices.Contains(fresh, spare[2]) {
		t.Fatalf("%d new codes", len(fresh))
	}
	v.Post(422, "/me/recovery", url.Values{"proof": {spare[2]}}) // void with the others
	v.Post(422, "/me/totp/off", url.Values{"proof": {"000000"}})
	v.Post(303, "/me/totp/off", url.Values{"proof": {fresh[0]}})
	if a := h.Account("demo-community"); a.TOTP != "" {
		t.Error("the lost authenticator still counts")
	}
	if err := h.DB.Select(t.Context(), &kept, `SELECT hash FROM recovery_codes`); err != nil || len(kept) != 0 {
		t.Errorf("codes without a factor: %v %v", kept, err)
	}
}

func TestTokens(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		r := h.Do("POST", "/me/tokens", "demo-resident", url.Values{"label": {"报表"}, "days": {"30"}})
		tok := regexp.MustCompile(`linli_[\w-]{43}`).FindString(r.Body)
		if r.Status != 200 || tok == "" {
			t.Fatalf("%d %q", r.Status, tok)
		}
		h.Must(200, "GET", "/api/v1/me", tok, nil)
		if strings.Contains(h.Do("GET", "/me/tokens", "demo-resident", nil).Body, tok) {
			t.Error("a token is shown twice")
		}
		h.Clock.Advance(31 * 24 * time.Hour)
		h.Must(401, "GET", "/api/v1/me", tok, nil)
		h.Must(303, "POST", "/me/tokens/"+member.HashToken(tok)+"/end", "demo-resident", url.Values{})
	})
}
