package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/id"
	"linli/internal/feature/webhook"
	"linli/internal/platform/db"
	"linli/internal/ui/text"
)

// receiver is the other side. It checks every signature as the specification
// says, with code of its own, and answers as told.
type receiver struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	secret string
	answer func(n int, w http.ResponseWriter)
	got    []object
	ids    []string
	calls  int
}

func receive(t *testing.T) *receiver {
	r := &receiver{t: t}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls++
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.secret, "whsec_"))
		if err != nil {
			t.Error(err)
		}
		m := hmac.New(sha256.New, key)
		fmt.Fprintf(m, "%s.%s.%s", q.Header.Get("webhook-id"), q.Header.Get("webhook-timestamp"), body)
		if want := "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)); q.Header.Get("webhook-signature") != want {
			t.Errorf("signature %q, want %q", q.Header.Get("webhook-signature"), want)
		}
		if r.answer != nil {
			r.answer(r.calls, w)
			return
		}
		var o object
		if err := json.Unmarshal(body, &o); err != nil {
			t.Error(err)
		}
		r.got = append(r.got, o)
		r.ids = append(r.ids, q.Header.Get("webhook-id"))
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) types() (out []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.got {
		out = append(out, o["type"].(string)+" "+o["data"].(object)["place"].(string))
	}
	return out
}

// subscribe makes a subscription of the account and gives the receiver its secret.
func (h *house) subscribe(as, place string, r *receiver, kinds ...string) string {
	h.T.Helper()
	o := h.Must(201, "POST", "/api/v1/webhooks", as, object{"url": r.URL + "/in?x=1", "place": place, "kinds": kinds})
	r.mu.Lock()
	r.secret, _ = o["secret"].(string)
	r.mu.Unlock()
	if !strings.HasPrefix(r.secret, "whsec_") {
		h.T.Fatalf("secret %q", r.secret)
	}
	return o["id"].(string)
}

// TestSign holds the signature to the example of the Standard Webhooks
// specification's own libraries.
func TestSign(t *testing.T) {
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := webhook.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestPublicOnly: a subscription hears the public events of its place and its
// kinds, each once, and nothing else.
func TestPublicOnly(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := receive(t)
		h.FileWish("demo-resident", object{"title": "在订阅之前"})
		h.Clock.Advance(time.Second)
		h.subscribe("demo-community", demo.CommunityA, r, "wish")
		w := h.FileWish("demo-resident", object{"title": "想修纱窗", "body": "一句不该出门的话"})
		h.FileWish("demo-resident", object{"visibility": "private"})
		h.FileWish("demo-outsider", object{"place": demo.CommunityB})
		h.read()
		h.read()
		if got := r.types(); len(got) != 1 || got[0] != "wish.create "+demo.CommunityA {
			t.Errorf("%v", got)
		}
		if raw, err := json.Marshal(r.got); err != nil || strings.Contains(string(raw), "纱窗") || strings.Contains(string(raw), "出门") || !strings.Contains(string(raw), w) {
			t.Errorf("words left the house, or the id did not: %s", raw)
		}
		for _, rd := range h.Readers() {
			if rd.Name == "webhook" {
				if err := h.Journal.Rebuild(t.Context(), rd); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.read()
		if len(r.got) != 1 {
			t.Errorf("a log read anew sends again: %v", r.types())
		}
		h.checks()
	})
}

func (h *house) checks() {
	h.T.Helper()
	for _, p := range h.Parts() {
		if p.Name != "webhook" {
			continue
		}
		for _, c := range p.Checks {
			if faults, err := c.Do(h.T.Context(), h.DB); err != nil || len(faults) > 0 {
				h.T.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

// TestWhoMay: staff and administrators of the place; others are told so, or
// find nothing.
func TestWhoMay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := receive(t)
		hook := h.subscribe("demo-community", demo.CommunityA, r)
		body := object{"url": r.URL, "place": demo.CommunityA}
		for _, who := range []string{"demo-resident", "demo-volunteer", "demo-grid", "demo-auditor"} {
			h.Text(403, "POST", "/api/v1/webhooks", who, object{"no": 1})
			h.Text(403, "GET", "/api/v1/webhooks", who, nil)
			h.Text(404, "GET", "/staff/webhooks", who, nil)
			h.Text(404, "GET", "/api/v1/webhooks/"+hook, who, nil)
			h.Text(404, "POST", "/api/v1/webhooks/"+hook+"/end", who, object{})
		}
		h.Text(401, "GET", "/api/v1/webhooks", "", nil)
		h.Text(422, "POST", "/api/v1/webhooks", "demo-community-b", body)
		h.Text(404, "GET", "/api/v1/webhooks/"+hook, "demo-community-b", nil)
		h.Text(404, "GET", "/api/v1/webhooks/"+id.New(), "demo-community", nil)
		h.Text(404, "GET", "/api/v1/webhooks/none", "demo-community", nil)
		for _, who := range []string{"demo-community2", "demo-street", "demo-admin"} {
			o := h.Must(200, "GET", "/api/v1/webhooks/"+hook, who, nil)
			if _, there := o["secret"]; there {
				t.Errorf("%s reads somebody else's secret", who)
			}
			h.Text(403, "POST", "/api/v1/webhooks/"+hook+"/rotate", who, object{})
			if page := h.Text(200, "GET", "/staff/webhooks/"+hook, who, nil); strings.Contains(page, "whsec_") || strings.Contains(page, "x=1") {
				t.Errorf("the page shows %s what is secret", who)
			}
		}
		before := h.Must(200, "GET", "/api/v1/webhooks/"+hook, "demo-community", nil)["secret"]
		after := h.Must(200, "POST", "/api/v1/webhooks/"+hook+"/rotate", "demo-community", object{})["secret"]
		if before == after || after == nil {
			t.Errorf("secret %v, then %v", before, after)
		}
		h.Text(409, "POST", "/api/v1/webhooks/"+hook+"/enable", "demo-community", object{})
		h.Text(200, "POST", "/api/v1/webhooks/"+hook+"/end", "demo-street", object{})
		h.Text(409, "POST", "/api/v1/webhooks/"+hook+"/end", "demo-street", object{})
	})
}

// TestBadAddresses: what is not a public https address is refused in words.
func TestBadAddresses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		strict := webhook.New(h.Journal, h.Member, h.Place, app.Config{}.Outbound())
		strict.Page, strict.Secret = h.Webhook.Page, h.Webhook.Secret
		*h.Webhook = *strict
		for _, u := range []string{
			"http://example.org/in", "https://127.0.0.1/in", "https://[::1]/in", "https://169.254.169.254/latest/meta-data", "https://10.0.0.8/", "ftp://example.org/",
			"https://user:pass@example.org/", "https://", "javascript:alert(1)", "//example.org", "https://[::ffff:10.0.0.1]/", strings.Repeat("https://example.org/", 30),
		} {
			h.Text(422, "POST", "/api/v1/webhooks", "demo-community", object{"url": u, "place": demo.CommunityA})
		}
		h.Text(422, "POST", "/api/v1/webhooks", "demo-community", object{"url": "https://example.org/in", "place": "32010500400x"})
		h.Text(422, "POST", "/api/v1/webhooks", "demo-community", object{"url": "https://example.org/in", "place": demo.CommunityA, "kinds": []string{"member"}})
		form := url.Values{"url": {"https://127.0.0.1/"}, "place": {demo.CommunityA}, "_op": {"1"}}
		if r := h.Do("POST", "/staff/webhooks", "demo-community", form); r.Status != 422 || !strings.Contains(r.Body, "https://127.0.0.1/") || !strings.Contains(r.Body, "公网地址") {
			t.Errorf("%d: the form is not shown again", r.Status)
		}
		h.Text(201, "POST", "/api/v1/webhooks", "demo-community", object{"url": "https://example.org/in", "place": demo.CommunityA})
	})
}

// TestHostileReceiver: redirects are not followed, endless answers are cut,
// one that fails waits without keeping others, is tried on the specification's
// schedule and paused at last; 410 pauses at once.
func TestHostileReceiver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		bad, good, elsewhere := receive(t), receive(t), receive(t)
		elsewhere.answer = func(int, http.ResponseWriter) { t.Error("a redirect was followed") }
		bad.answer = func(n int, w http.ResponseWriter) {
			switch n % 3 {
			case 0:
				w.Header().Set("Location", elsewhere.URL)
				w.WriteHeader(302)
			case 1:
				w.WriteHeader(500)
				for range 64 {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil {
						return
					}
				}
			default:
				panic(http.ErrAbortHandler)
			}
		}
		hook := h.subscribe("demo-community", demo.CommunityA, bad)
		h.subscribe("demo-community2", demo.CommunityA, good)
		for i := range 3 {
			h.FileWish("demo-resident", object{"title": fmt.Sprintf("第%d件", i)})
		}
		h.read()
		if len(good.got) != 3 {
			t.Errorf("the good one got %d", len(good.got))
		}
		if bad.calls != 1 {
			t.Errorf("the bad one was called %d times in one round", bad.calls)
		}
		h.read()
		if bad.calls != 1 {
			t.Error("called again at once")
		}
		if page := h.Text(200, "GET", "/staff/webhooks/"+hook, "demo-community", nil); !strings.Contains(page, "对方没有接收") || !strings.Contains(page, "HTTP 500") {
			t.Error("the log does not tell the failure")
		}
		for range 60 {
			h.Clock.Advance(2 * time.Hour)
			h.read()
		}
		o := h.Must(200, "GET", "/api/v1/webhooks/"+hook, "demo-community", nil)
		if o["state"] != "disabled" || o["reason"] != "failing" {
			t.Errorf("%v %v after %d calls", o["state"], o["reason"], bad.calls)
		}
		calls := bad.calls
		h.Clock.Advance(48 * time.Hour)
		h.FileWish("demo-resident", object{"title": "暂停以后"})
		h.read()
		if bad.calls != calls {
			t.Error("a paused subscription is still called")
		}
		bad.answer = nil
		h.Text(200, "POST", "/api/v1/webhooks/"+hook+"/enable", "demo-community", object{})
		h.Clock.Advance(time.Second)
		h.FileWish("demo-resident", object{"title": "重新开始"})
		h.read()
		if len(bad.got) != 1 {
			t.Errorf("after being turned on again it got %v", bad.types())
		}
		bad.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(410) }
		h.FileWish("demo-resident", object{"title": "地址停用"})
		h.read()
		if o := h.Must(200, "GET", "/api/v1/webhooks/"+hook, "demo-community", nil); o["state"] != "disabled" || o["reason"] != "gone" {
			t.Errorf("%v %v after 410", o["state"], o["reason"])
		}
		h.checks()
	})
}

// TestRoleEnds: nothing is sent for who no longer holds the role.
func TestRoleEnds(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := receive(t)
		hook := h.subscribe("demo-community", demo.CommunityA, r)
		h.FileWish("demo-resident", nil)
		staff := h.Account("demo-community").ID
		if err := h.DB.Write(t.Context(), func(tx *db.Tx) error { return h.Member.End(t.Context(), tx, "", staff, actor.Staff) }); err != nil {
			t.Fatal(err)
		}
		h.read()
		if r.calls != 0 {
			t.Error("sent after the role had ended")
		}
		o := h.Must(200, "GET", "/api/v1/webhooks/"+hook, "demo-street", nil)
		if o["state"] != "ended" || o["reason"] != "right" {
			t.Errorf("%v %v", o["state"], o["reason"])
		}
	})
}

// TestTwoNodes: nodes that work at the same time send every message once.
func TestTwoNodes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		r := receive(t)
		h.subscribe("demo-community", demo.CommunityA, r)
		other := h.Node()
		const many = 15
		for i := range many {
			h.FileWish("demo-resident", object{"title": fmt.Sprintf("心愿%d", i)})
		}
		var wg sync.WaitGroup
		for _, n := range []*apptest.House{h.House, other, h.House, other} {
			wg.Go(func() {
				for range 3 {
					for _, rd := range n.Readers() {
						if rd.Name == "webhook" {
							if err := n.Journal.Drain(context.Background(), rd); err != nil {
								t.Error(err)
							}
						}
					}
					if err := n.Webhook.Work(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		h.read()
		seen := map[string]bool{}
		for _, id := range r.ids {
			if seen[id] {
				t.Errorf("%s came twice", id)
			}
			seen[id] = true
		}
		if len(r.ids) != many {
			t.Errorf("%d messages, want %d", len(r.ids), many)
		}
	})
}

func TestTexts(t *testing.T) {
	words := map[string]map[string]string{}
	for _, lang := range text.Languages() {
		raw, err := os.ReadFile("locale/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]string{}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		words[lang] = m
	}
	for k, v := range words[text.Chinese] {
		if words[text.English][k] == "" || v == "" {
			t.Errorf("%s is not said in both languages", k)
		}
		for _, bad := range []string{"对不起", "无效", "禁止", "非法"} {
			if strings.Contains(v, bad) {
				t.Errorf("%s says %s", k, bad)
			}
		}
	}
	text.Add(os.DirFS("."))
	if missing, err := text.Unknown(os.DirFS(".")); err != nil || len(missing) > 0 {
		t.Errorf("%v %v", missing, err)
	}
}
