package signin_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/notify"
	"linli/internal/feature/signin"
	"linli/internal/platform/wechat"
)

type object = map[string]any

// provider is an OpenID provider of the tests, which can be told to lie.
type provider struct {
	*httptest.Server
	key  *rsa.PrivateKey
	asks map[string]url.Values // by code

	nonce, issuer, audience string        // in place of the right ones
	forged                  bool          // signed by another key
	age                     time.Duration // of the token
}

var signer = func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}()

func newProvider(t *testing.T) *provider {
	p := &provider{key: signer, asks: map[string]url.Values{}}
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	b64 := base64.RawURLEncoding.EncodeToString
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, object{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, object{"keys": []object{{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k", "n": b64(p.key.N.Bytes()), "e": b64(big.NewInt(int64(p.key.E)).Bytes())}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		ask, ok := p.asks[r.FormValue("code")]
		delete(p.asks, r.FormValue("code"))
		proof := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if !ok || b64(proof[:]) != ask.Get("code_challenge") || ask.Get("code_challenge_method") != "S256" {
			w.WriteHeader(http.StatusBadRequest)
			reply(w, object{"error": "invalid_grant"})
			return
		}
		claims := object{"iss": p.URL, "aud": "linli", "sub": "person-7", "nonce": ask.Get("nonce"), "iat": time.Now().Add(-p.age).Unix(), "exp": time.Now().Add(time.Minute - p.age).Unix()}
		for name, v := range map[string]string{"nonce": p.nonce, "iss": p.issuer, "aud": p.audience} {
			if v != "" {
				claims[name] = v
			}
		}
		head, _ := json.Marshal(object{"alg": "RS256", "kid": "k", "typ": "JWT"})
		body, _ := json.Marshal(claims)
		said := b64(head) + "." + b64(body)
		sum := sha256.Sum256([]byte(said))
		key := p.key
		if p.forged {
			key, _ = rsa.GenerateKey(rand.Reader, 2048)
		}
		sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Error(err)
		}
		reply(w, object{"access_token": "a", "token_type": "Bearer", "id_token": said + "." + b64(sig)})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// agree is the person's consent at the provider: the address the browser is sent back to.
func (p *provider) agree(t *testing.T, to string) url.Values {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, p.URL+"/auth?") {
		t.Fatalf("sent to %q, %v", to, err)
	}
	code := "code-" + u.Query().Get("state")
	p.asks[code] = u.Query()
	if back := u.Query().Get("redirect_uri"); back != "http://linli.test/signin/oidc/callback" {
		t.Errorf("asks to come back to %q", back)
	}
	return url.Values{"code": {code}, "state": {u.Query().Get("state")}}
}

func TestSignInByOpenID(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		p := newProvider(t)
		h.SignIn.Providers = []signin.Provider{&signin.OIDC{Issuer: p.URL, ClientID: "linli", Secret: "s", Client: http.DefaultClient}}
		v := h.Visitor()
		contains(t, v.Get(200, "/signin"), "用统一身份登录")
		back := p.agree(t, v.Leave("/signin/oidc?next=/me/level"))
		if to := v.Leave("/signin/oidc/callback?" + back.Encode()); to != "/me/level" {
			t.Errorf("after sign-in: %s", to)
		}
		first := v.Me()
		if first == "" || h.Account(first).Level != actor.V1 {
			t.Fatal("no account at V1")
		}
		v.Get(400, "/signin/oidc/callback?"+back.Encode()) // an answer counts once
		again := h.Visitor()
		again.Leave("/signin/oidc/callback?" + p.agree(t, again.Leave("/signin/oidc")).Encode())
		if again.Me() != first {
			t.Error("the same person made a second account")
		}
		var kept string
		if err := h.DB.Get(context.Background(), &kept, `SELECT subject FROM identities`); err != nil || strings.Contains(kept, "person-7") || len(kept) != 64 {
			t.Errorf("the subject is kept as %q, %v", kept, err)
		}
		// Who is signed in ties the provider to that account; another person's stays that person's.
		other := h.Visitor().SignIn("demo-resident")
		other.Get(409, "/signin/oidc/callback?"+p.agree(t, other.Leave("/signin/oidc")).Encode())

		for name, lie := range map[string]func(back url.Values){
			"state":     func(b url.Values) { b.Set("state", "another") },
			"no state":  func(b url.Values) { b.Del("state") },
			"code":      func(b url.Values) { b.Set("code", "another") },
			"no code":   func(b url.Values) { b.Del("code"); b.Set("error", "access_denied") },
			"nonce":     func(url.Values) { p.nonce = "another" },
			"issuer":    func(url.Values) { p.issuer = "https://evil.example" },
			"audience":  func(url.Values) { p.audience = "another" },
			"signature": func(url.Values) { p.forged = true },
			"expired":   func(url.Values) { p.age = time.Hour },
			"pkce":      func(b url.Values) { p.asks[b.Get("code")].Set("code_challenge", "another") },
		} {
			v := h.Visitor()
			back := p.agree(t, v.Leave("/signin/oidc"))
			lie(back)
			page := v.Get(400, "/signin/oidc/callback?"+back.Encode())
			if v.Me() != "" || !strings.Contains(page, "请从登录页重新开始") {
				t.Errorf("tampered %s: session of %q, page without a plain word", name, v.Me())
			}
			p.nonce, p.issuer, p.audience, p.forged, p.age = "", "", "", false, 0
		}
		// An answer meant for another browser is worth nothing here.
		stolen := p.agree(t, h.Visitor().Leave("/signin/oidc"))
		victim := h.Visitor()
		victim.Leave("/signin/oidc")
		victim.Get(400, "/signin/oidc/callback?"+stolen.Encode())
		if victim.Me() != "" {
			t.Error("signed in by the answer to another browser")
		}
	})
}

// stubWeChat knows one person by one code.
type stubWeChat struct{}

func (stubWeChat) AuthorizeURL(redirect, state string) string {
	return "https://open.weixin.qq.com/?" + url.Values{"redirect_uri": {redirect}, "state": {state}}.Encode()
}

func (stubWeChat) Exchange(_ context.Context, code string) (wechat.Person, error) {
	if code != "good" {
		return wechat.Person{}, errors.New("40029")
	}
	return wechat.Person{OpenID: "o-1"}, nil
}

func TestSignInByWeChat(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		h.SignIn.Providers = []signin.Provider{app.WeChat{Client: stubWeChat{}}}
		v := h.Visitor()
		u, err := url.Parse(v.Leave("/signin/wechat"))
		if err != nil || u.Query().Get("redirect_uri") != "http://linli.test/signin/wechat/callback" {
			t.Fatal(u, err)
		}
		v.Get(400, "/signin/wechat/callback?"+url.Values{"code": {"good"}, "state": {"another"}}.Encode())
		u, _ = url.Parse(v.Leave("/signin/wechat"))
		v.Get(400, "/signin/wechat/callback?"+url.Values{"code": {"bad"}, "state": {u.Query().Get("state")}}.Encode())
		u, _ = url.Parse(v.Leave("/signin/wechat"))
		v.Leave("/signin/wechat/callback?" + url.Values{"code": {"good"}, "state": {u.Query().Get("state")}}.Encode())
		if v.Me() == "" {
			t.Error("not signed in")
		}
		var kept int
		if err := h.DB.Get(t.Context(), &kept, `SELECT count(*) FROM notify_addresses`); err != nil || kept != 0 {
			t.Errorf("an openid is kept where nothing goes out by WeChat: %d, %v", kept, err)
		}
	})
}

// sentByWeChat keeps what would have gone out.
type sentByWeChat struct{ messages []wechat.Message }

func (w *sentByWeChat) Send(_ context.Context, m wechat.Message) error {
	w.messages = append(w.messages, m)
	return nil
}

// TestWeChatBringsMessages: who ties WeChat to the account gets there what
// needs an act, until the tie is undone.
func TestWeChatBringsMessages(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		out := &sentByWeChat{}
		h.SignIn.Providers = []signin.Provider{app.WeChat{Client: stubWeChat{}}}
		h.Notify.Channels = []notify.Channel{notify.ByWeChat(out, "template-1")}
		v := h.Visitor().SignIn("demo-resident")
		contains(t, v.Get(200, "/me/security"), "还没有绑定微信")
		u, err := url.Parse(v.Leave("/signin/wechat"))
		if err != nil {
			t.Fatal(err)
		}
		if to := v.Leave("/signin/wechat/callback?" + url.Values{"code": {"good"}, "state": {u.Query().Get("state")}}.Encode()); to != "/me/security?done=linked" {
			t.Fatalf("tied, and led to %s", to)
		}
		ask := func(title string) {
			t.Helper()
			w := h.Must(201, "POST", "/api/v1/wishes", "demo-resident", object{"title": title, "body": "想请人来看看。", "place": demo.CommunityA, "category": "家政清洁"})["id"].(string)
			h.Must(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
			h.Must(200, "POST", "/api/v1/wishes/"+w+"/deliver", "demo-volunteer", object{})
			if err := h.Work(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := h.Notify.Work(t.Context()); err != nil { // what the readers of this round have written
				t.Fatal(err)
			}
		}
		ask("修纱窗")
		if len(out.messages) != 1 || out.messages[0].To != "o-1" || out.messages[0].Template != "template-1" || !strings.Contains(out.messages[0].Data["thing1"], "修纱窗") {
			t.Fatalf("%+v", out.messages)
		}
		contains(t, v.Get(200, "/me/security"), "已绑定微信")
		v.Post(404, "/me/ties/oidc/end", nil)
		v.Post(303, "/me/ties/wechat/end", nil)
		if ask("换灯泡"); len(out.messages) != 1 {
			t.Errorf("told by WeChat after the tie was undone: %+v", out.messages)
		}
	})
}
