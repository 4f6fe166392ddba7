package e2e_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"linli/e2e/browser"
	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
	"linli/internal/feature/signin"
)

// peoplePages are those about people, by who reads them.
var peoplePages = map[string][]string{
	"":              {"/", "/say", "/services", "/about", "/help", "/places", "/groups", "/responsibilities", "/signin", "/signin?by=password", "/retention", "/say?place=" + demo.CommunityB},
	"demo-resident": {"/", "/me", "/me/profile", "/me/family", "/me/level", "/me/volunteer", "/me/looks", "/me/consents", "/me/security", "/me/data", "/me/tokens", "/groups/apply"},
	"demo-community": {"/staff", "/staff/people?q=李", "/staff/counter", "/staff/handovers", "/staff/checks", "/staff/roles", "/staff/places", "/staff/groups", "/staff/responsibilities",
		"/staff/settings", "/staff/calendar"},
}

// TestPeoplePagesForAll holds the pages to the numbers of UX in both languages
// and modes; the workbench has no care mode of its own.
func TestPeoplePagesForAll(t *testing.T) {
	s := theSite(t)
	for _, lang := range []string{"zh-CN", "en"} {
		for _, care := range []bool{false, true} {
			name := lang + map[bool]string{true: "/care", false: "/standard"}[care]
			t.Run(name, func(t *testing.T) {
				for who, pages := range peoplePages {
					if care && who == "demo-community" {
						continue
					}
					p := s.visit(t, who, browser.Options{Width: 390, Height: 844, Mobile: true, Lang: lang, Care: care})
					for _, path := range pages {
						p.Open(s.URL + path)
						if p.Status() != http.StatusOK {
							t.Errorf("%s as %q: %d", path, who, p.Status())
							continue
						}
						shoot(p, strings.NewReplacer("/", "-", "?", "-").Replace(name+path))
						for _, v := range p.Axe() {
							t.Errorf("%s: %v", path, v)
						}
						for _, v := range p.TargetSizes(map[bool]float64{true: 60, false: 44}[care]) {
							t.Errorf("%s: %v", path, v)
						}
						if care {
							for _, v := range p.SmallText(18) {
								t.Errorf("%s: %s", path, v)
							}
						}
						if !p.ReflowOK(320) {
							t.Errorf("%s scrolls sideways at 320 px", path)
						}
						for _, v := range append(p.Problems(), p.Strangers()...) {
							t.Errorf("%s: %s", path, v)
						}
						if lang == "en" && regexp.MustCompile(`\b(member|group|place|setting|home|about|me|desk|help|counter|handover|retention|say)\.[a-z_.]+\b`).MatchString(p.Text("main")) {
							t.Errorf("%s shows a key instead of words", path)
						}
					}
				}
			})
		}
	}
}

// TestSignInWithoutScript: a new neighbour signs in by phone, becomes a
// volunteer in one tap and signs out, with scripts off.
func TestSignInWithoutScript(t *testing.T) {
	s := theSite(t)
	p := browser.New(t, browser.Options{Width: 390, Height: 844, Mobile: true, NoScript: true})
	p.Open(s.URL + "/me/volunteer")
	p.Fill("手机号", "139 0000 7788")
	p.Click("获取验证码")
	code := regexp.MustCompile(`验证码：(\d{6})`).FindStringSubmatch(p.Text("main"))
	if code == nil {
		t.Fatalf("no code is shown: %s", p.Text("main"))
	}
	p.Fill("验证码", code[1])
	p.Click("main form.form >> 登录")
	if !strings.HasSuffix(p.URL(), "/me/volunteer") {
		t.Fatalf("signed in at %s: %s", p.URL(), p.Text("main"))
	}
	p.Click("登记为志愿者")
	if !p.Has("您现在是志愿者了") {
		t.Errorf("not a volunteer: %s", p.Text("main"))
	}
	p.Open(s.URL + "/places")
	p.Click("洲岛和园社区")
	if !strings.Contains(p.Text("header"), "洲岛和园社区") {
		t.Error("the community did not change")
	}
	p.Open(s.URL + "/me")
	p.Click("退出登录")
	p.Open(s.URL + "/me")
	if !strings.Contains(p.URL(), "/signin?next=%2Fme") {
		t.Errorf("after signing out: %s", p.URL())
	}
}

// servedAs serves a demo of its own under a name, with the given ways to sign in.
func servedAs(t *testing.T, host string, providers func(base string) []signin.Provider) (*app.House, string) {
	t.Helper()
	ctx := context.Background()
	data := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + host + ":" + port
	h, err := app.Open(ctx, app.Config{Data: data, BaseURL: base, Providers: providers(base)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := demo.People(ctx, h); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h.Handler())
	srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	t.Cleanup(func() { srv.Close(); h.Close() })
	return h, base
}

// TestPasskey makes a passkey in the browser and signs in with nothing else.
func TestPasskey(t *testing.T) {
	h, base := servedAs(t, "localhost", func(string) []signin.Provider { return nil })
	p := browser.New(t, browser.Options{})
	p.Passkeys()
	p.Open(base + "/signin?by=password")
	p.Fill("账号", "demo-community")
	p.Fill("密码", demo.Password)
	p.Click("main form.form >> 登录")
	p.Open(base + "/me/security")
	p.Click("添加通行密钥")
	p.Wait("通行密钥已添加")
	p.Open(base + "/me")
	p.Click("退出登录")
	p.Open(base + "/signin")
	p.Click("用通行密钥登录")
	p.Wait("社工小赵，今天要办的")
	// The password alone no longer signs in: a second factor is owed.
	other := browser.New(t, browser.Options{})
	other.Open(base + "/signin?by=password")
	other.Fill("账号", "demo-community")
	other.Fill("密码", demo.Password)
	other.Click("main form.form >> 登录")
	if !strings.HasSuffix(other.URL(), "/signin/second") {
		t.Errorf("a password alone leads to %s", other.URL())
	}
	var uses int
	if err := h.DB.Get(context.Background(), &uses, `SELECT count(*) FROM passkeys WHERE used_at > 0`); err != nil || uses != 1 {
		t.Errorf("%d used passkeys, %v", uses, err)
	}
}

// TestRealProvider signs in through panva's oidc-provider under node.
func TestRealProvider(t *testing.T) {
	leaveOut := func(why string) {
		if os.Getenv("LINLI_REQUIRE_NODE") == "1" {
			t.Fatal(why)
		}
		t.Skip("left out: " + why)
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			leaveOut(tool + " is not installed")
		}
	}
	dir := filepath.Join(t.TempDir(), "oidc")
	if err := os.CopyFS(dir, os.DirFS("oidc")); err != nil {
		t.Fatal(err)
	}
	install := exec.Command("npm", "ci", "--prefer-offline", "--fetch-retries=5", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		leaveOut("npm ci: " + err.Error() + "\n" + string(out))
	}
	var issuer string
	oidc := &signin.OIDC{ClientID: "linli", Secret: "a secret between the two of them", Client: http.DefaultClient}
	h, base := servedAs(t, "127.0.0.1", func(base string) []signin.Provider {
		issuer = startProvider(t, dir, base+"/signin/oidc/callback")
		oidc.Issuer = issuer
		return []signin.Provider{oidc}
	})
	signIn := func(login string) string {
		p := browser.New(t, browser.Options{})
		p.Open(base + "/signin?next=/me/level")
		p.Click("用统一身份登录")
		if !strings.HasPrefix(p.URL(), issuer) {
			t.Fatalf("sent to %s: %s", p.URL(), p.Text())
		}
		p.Fill("input[name=login]", login)
		p.Fill("input[name=password]", "any")
		p.Click("button[type=submit]")
		p.Click("button[type=submit]") // consent
		p.Wait("手机已验证")
		if !strings.HasSuffix(p.URL(), "/me/level") {
			t.Errorf("back at %s", p.URL())
		}
		var account string
		if err := h.DB.Get(context.Background(), &account, `SELECT account FROM sessions WHERE account <> '' ORDER BY seen DESC LIMIT 1`); err != nil {
			t.Fatal(err)
		}
		return account
	}
	first, second := signIn("zhang-san"), signIn("li-si")
	if first == second {
		t.Error("two people share one account")
	}
	if again := signIn("zhang-san"); again != first {
		t.Errorf("the same person is %s, was %s", again, first)
	}
	plain := func(what string, p *browser.Page) {
		t.Helper()
		if p.Status() != http.StatusBadRequest || !p.Has("请从登录页重新开始") {
			t.Errorf("tampered %s: %d %s", what, p.Status(), p.Text("main"))
		}
		p.Open(base + "/me")
		if !strings.Contains(p.URL(), "/signin") {
			t.Errorf("tampered %s, and signed in at %s", what, p.URL())
		}
	}
	p := browser.New(t, browser.Options{})
	p.Open(base + "/signin/oidc/callback?code=another&state=another")
	plain("answer", p)
	for _, what := range []string{"state", "code", "nonce", "issuer"} {
		h.SignIn.Providers = []signin.Provider{&tampered{OIDC: oidc, what: what}}
		if what == "issuer" {
			h.SignIn.Providers = []signin.Provider{&tampered{OIDC: &signin.OIDC{Issuer: "http://issuer.example", ClientID: oidc.ClientID, Secret: oidc.Secret,
				Client: &http.Client{Transport: otherIssuer{issuer}}}}}
		}
		p := browser.New(t, browser.Options{})
		p.Open(base + "/signin")
		p.Click("用统一身份登录")
		p.Fill("input[name=login]", "wang-wu")
		p.Fill("input[name=password]", "any")
		p.Click("button[type=submit]")
		p.Click("button[type=submit]")
		p.Wait("请从登录页重新开始")
		plain(what, p)
	}
}

// tampered is a provider between which and us somebody changes one thing.
type tampered struct {
	*signin.OIDC
	what string
}

// AuthURL implements signin.Provider.
func (m *tampered) AuthURL(ctx context.Context, back string, try signin.Try) (string, error) {
	switch m.what {
	case "state":
		try.State += "x"
	case "nonce":
		try.Nonce += "x"
	}
	return m.OIDC.AuthURL(ctx, back, try)
}

// Subject implements signin.Provider.
func (m *tampered) Subject(ctx context.Context, back, code string, try signin.Try) (string, error) {
	if m.what == "code" {
		code += "x"
	}
	return m.OIDC.Subject(ctx, back, code, try)
}

// otherIssuer answers for http://issuer.example with what the real provider
// says, so that the token names another issuer than the one that was asked.
type otherIssuer struct{ real string }

// RoundTrip implements http.RoundTripper.
func (o otherIssuer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "issuer.example" {
		return http.DefaultTransport.RoundTrip(r)
	}
	res, err := http.Get(o.real + r.URL.Path)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	said := strings.Replace(string(body), `"issuer":"`+o.real+`"`, `"issuer":"http://issuer.example"`, 1)
	res.Body = io.NopCloser(strings.NewReader(said))
	res.ContentLength = int64(len(said))
	return res, nil
}

// TestRecovery sets an authenticator up, keeps the recovery codes, loses the
// phone and comes in by one of them; the pages hold UX's numbers.
func TestRecovery(t *testing.T) {
	_, base := servedAs(t, "localhost", func(string) []signin.Provider { return nil })
	enter := func() *browser.Page {
		p := browser.New(t, phone)
		p.Open(base + "/signin?by=password")
		p.Fill("账号", "demo-resident")
		p.Fill("密码", demo.Password)
		p.Click("main form.form >> 登录")
		return p
	}
	hold := func(name string, p *browser.Page) {
		t.Helper()
		shoot(p, name)
		for _, v := range p.Axe() {
			t.Errorf("%s: %v", name, v)
		}
		for _, v := range p.TargetSizes(44) {
			t.Errorf("%s: %v", name, v)
		}
		if !p.ReflowOK(320) {
			t.Errorf("%s does not reflow", name)
		}
	}
	p := enter()
	p.Open(base + "/me/security")
	p.Click("设置动态口令")
	secret := strings.ReplaceAll(regexp.MustCompile(`([A-Z2-7]{4} ){4,}[A-Z2-7]{1,4}`).FindString(p.Text("main")), " ", "")
	code, err := totp.GenerateCode(secret, clock.System{}.Now())
	if err != nil {
		t.Fatal(err, secret)
	}
	p.Fill("#f-totp-code", code)
	p.Click("启用")
	p.Wait("恢复码")
	hold("recovery-codes", p)
	codes := regexp.MustCompile(`[2-9A-Z]{5}-[2-9A-Z]{5}`).FindAllString(p.Text("main"), -1)
	if len(codes) != 10 {
		t.Fatalf("%d codes: %s", len(codes), p.Text("main"))
	}
	p.Click("我抄好了，继续")
	hold("security-second", p)
	p = enter()
	hold("signin-second", p)
	p.Click("手机不在身边？用恢复码登录")
	hold("signin-recovery", p)
	p.Fill("恢复码", "ABCDE-23456")
	p.Click("main form.form >> 登录")
	if !p.Has("这个恢复码不对") {
		t.Errorf("a wrong code: %s", p.Text("main"))
	}
	p.Fill("恢复码", strings.ToLower(codes[3]))
	p.Click("main form.form >> 登录")
	if !p.Has("还剩 9 个没用过") {
		t.Errorf("came in at %s: %s", p.URL(), p.Text("main"))
	}
}

// startProvider runs the provider until the test ends and returns its address.
func startProvider(t *testing.T, dir, redirect string) string {
	t.Helper()
	cmd := exec.Command("node", "provider.mjs", redirect)
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // it ends by itself
		io.Copy(io.Discard, out)
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("the provider says nothing: ", err)
	}
	return strings.TrimSpace(line)
}
