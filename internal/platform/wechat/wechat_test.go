package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/core/clock"
	"linli/internal/platform/outbound"
)

// shelf keeps a token as a database row would.
type shelf struct {
	mu    sync.Mutex
	token Token
	until int64 // of the right to replace it
}

func (s *shelf) Load(context.Context, string) (Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, nil
}

func (s *shelf) Claim(_ context.Context, _, old string, now, until int64) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.Value != old || s.until > now {
		return false, nil
	}
	s.until = until
	return true, nil
}

func (s *shelf) Save(_ context.Context, _ string, t Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.until = t, 0
	return nil
}

// platform is WeChat, as far as it is asked here.
type platform struct {
	mu      sync.Mutex
	fetched int
	good    string // the token it takes
	answer  string // to a message, "" for yes
	path    string
	message map[string]any
	down    bool
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	body := map[string]any{}
	if r.Method == "POST" {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			fmt.Fprint(w, `{"errcode":47001,"errmsg":"data format error"}`)
			return
		}
	}
	q := r.URL.Query()
	switch r.URL.Path {
	case "/cgi-bin/stable_token":
		if body["appid"] != "APP" || body["secret"] != "SECRET" || body["grant_type"] != "client_credential" {
			fmt.Fprint(w, `{"errcode":40125,"errmsg":"invalid appsecret"}`)
			return
		}
		if p.good == "" || body["force_refresh"] == true {
			p.fetched++
			p.good = fmt.Sprint("token-", p.fetched)
		}
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":7200}`, p.good)
	case "/cgi-bin/message/template/send", "/cgi-bin/message/subscribe/bizsend":
		if q.Get("access_token") != p.good || p.good == "" {
			fmt.Fprint(w, `{"errcode":40001,"errmsg":"invalid credential, access_token is invalid or not latest"}`)
			return
		}
		if p.answer != "" {
			fmt.Fprint(w, p.answer)
			return
		}
		p.path, p.message = r.URL.Path, body
		fmt.Fprint(w, `{"errcode":0,"errmsg":"ok","msgid":200228332}`)
	case "/sns/oauth2/access_token":
		switch {
		case q.Get("appid") != "APP" || q.Get("secret") != "SECRET" || q.Get("grant_type") != "authorization_code":
			fmt.Fprint(w, `{"errcode":40013,"errmsg":"invalid appid"}`)
		case q.Get("code") == "good":
			fmt.Fprint(w, `{"access_token":"A","expires_in":7200,"refresh_token":"R","openid":"openid-1","scope":"snsapi_base","unionid":"union-1"}`)
		case q.Get("code") == "used":
			fmt.Fprint(w, `{"errcode":40163,"errmsg":"code been used"}`)
		default:
			fmt.Fprint(w, `{"errcode":40029,"errmsg":"invalid code"}`)
		}
	default:
		http.NotFound(w, r)
	}
}

var local = outbound.Policy{Plain: true, Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

type rig struct {
	*platform
	*shelf
	clock *clock.Fake
	url   string
}

func (r *rig) node(t *testing.T) *Client {
	t.Helper()
	c, err := New("APP", "SECRET", r.url, r.shelf, local, r.clock)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func start(t *testing.T) *rig {
	r := &rig{platform: &platform{}, shelf: &shelf{}, clock: clock.NewFake(time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC))}
	srv := httptest.NewServer(r.platform)
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

var news = Message{ID: "0197-0000-delivery", To: "openid-1", Template: "T1", URL: "https://linli.example/wishes/1", Data: map[string]string{"thing1": "一袋米 & 油"}}

var _ Sender = (*Client)(nil)

func TestSend(t *testing.T) {
	r := start(t)
	c := r.node(t)
	if err := c.Send(t.Context(), news); err != nil {
		t.Fatal(err)
	}
	if want := `map[client_msg_id:01970000delivery data:map[thing1:map[value:一袋米 & 油]] template_id:T1 touser:openid-1 url:https://linli.example/wishes/1]`; fmt.Sprint(r.message) != want {
		t.Errorf("%v", r.message)
	}
	m := news
	m.Kind, m.URL = Subscription, ""
	if err := c.Send(t.Context(), m); err != nil || r.path != "/cgi-bin/message/subscribe/bizsend" || r.message["url"] != nil || r.message["page"] != nil {
		t.Errorf("%v %s %v", err, r.path, r.message)
	}
	if r.fetched != 1 {
		t.Errorf("fetched %d tokens for two messages", r.fetched)
	}
}

// TestOneNodeFetches: many nodes that need a token at once ask WeChat once.
func TestOneNodeFetches(t *testing.T) {
	r := start(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	sent, waiting := 0, 0
	for range 12 {
		c := r.node(t)
		wg.Go(func() {
			err := c.Send(t.Context(), news)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				sent++
			case errors.Is(err, ErrRenewing) && !outbound.IsPermanent(err):
				waiting++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if r.fetched != 1 || sent == 0 || sent+waiting != 12 {
		t.Errorf("fetched %d, sent %d, waiting %d", r.fetched, sent, waiting)
	}
}

func TestTokenIsRenewed(t *testing.T) {
	r := start(t)
	c := r.node(t)
	send := func(when string, want int) {
		t.Helper()
		if err := c.Send(t.Context(), news); err != nil || r.fetched != want {
			t.Errorf("%s: %v, fetched %d, want %d", when, err, r.fetched, want)
		}
	}
	send("first", 1)
	r.clock.Advance(2*time.Hour - early - time.Second)
	send("in time", 1)
	r.clock.Advance(2 * time.Second)
	r.good = "" // WeChat makes a new one when asked
	send("soon over", 2)
	r.good = "renewed-elsewhere" // and refuses ours
	send("refused", 3)
	// A node that died with the right in its hands is waited for no longer
	// than the lease; the old token serves meanwhile.
	r.clock.Advance(2*time.Hour - early)
	r.shelf.until = r.clock.Now().Add(lease).UnixMilli()
	send("while another renews", 3)
	r.clock.Advance(early + time.Second)
	r.shelf.until = r.clock.Now().Add(lease).UnixMilli()
	if err := c.Send(t.Context(), news); !errors.Is(err, ErrRenewing) {
		t.Errorf("without any token: %v", err)
	}
	r.clock.Advance(lease + time.Second)
	r.good = ""
	send("after the lease", 4)
}

func TestRefusals(t *testing.T) {
	for answer, permanent := range map[string]bool{
		`{"errcode":43004,"errmsg":"require subscribe"}`:   true,
		`{"errcode":43101,"errmsg":"user refuse"}`:         true,
		`{"errcode":40037,"errmsg":"invalid template_id"}`: true,
		`{"errcode":-1,"errmsg":"system error"}`:           false,
		`{"errcode":45009,"errmsg":"reach max api limit"}`: false,
		`<html>`:          false,
		`{"errcode":"x"}`: false,
		`{"errcode":40001,"errmsg":"still a wrong token"}`: false,
		`{"errmsg":"` + strings.Repeat("x", 2<<20) + `"}`:  false,
	} {
		r := start(t)
		r.answer = answer
		err := r.node(t).Send(t.Context(), news)
		if err == nil || outbound.IsPermanent(err) != permanent {
			t.Errorf("%.60s: permanent %v, %v", answer, outbound.IsPermanent(err), err)
		}
	}
	r := start(t)
	r.down = true
	if err := r.node(t).Send(t.Context(), news); err == nil || outbound.IsPermanent(err) || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("down: %v", err)
	}
}

func TestSignIn(t *testing.T) {
	r := start(t)
	c := r.node(t)
	u, err := url.Parse(c.AuthorizeURL("https://linli.example/signin/wechat?next=/a", "state-1"))
	if q := u.Query(); err != nil || u.Host != "open.weixin.qq.com" || u.Fragment != "wechat_redirect" || q.Get("appid") != "APP" || q.Get("state") != "state-1" ||
		q.Get("redirect_uri") != "https://linli.example/signin/wechat?next=/a" || q.Get("scope") != "snsapi_base" || q.Get("response_type") != "code" {
		t.Errorf("%v %v", u, err)
	}
	if p, err := c.Exchange(t.Context(), "good"); err != nil || p != (Person{"openid-1", "union-1"}) {
		t.Errorf("%v %v", p, err)
	}
	for _, code := range []string{"used", "invented", "", "good&appid=OTHER"} {
		p, err := c.Exchange(t.Context(), code)
		if !outbound.IsPermanent(err) || p != (Person{}) {
			t.Errorf("%q: %v %v", code, p, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Exchange(ctx, "good"); err == nil || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "good") {
		t.Errorf("a secret in an error: %v", err)
	}
}

func TestPrivateNetworkNeedsConfiguration(t *testing.T) {
	r := start(t)
	c, err := New("APP", "SECRET", r.url, r.shelf, outbound.Policy{Plain: true}, r.clock)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), news); !errors.Is(err, outbound.ErrAddress) || r.fetched != 0 {
		t.Errorf("%v", err)
	}
	for _, bad := range [][3]string{{"", "S", ""}, {"A", "", ""}, {"A", "S", "://"}, {"A", "S", "nothing"}} {
		if _, err := New(bad[0], bad[1], bad[2], r.shelf, outbound.Policy{}, r.clock); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}
