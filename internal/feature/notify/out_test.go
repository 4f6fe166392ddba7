package notify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/core/clock"
	"linli/internal/feature/member"
	"linli/internal/feature/notify"
	"linli/internal/platform/db"
	"linli/internal/platform/outbound"
	"linli/internal/platform/wechat"
)

// stub is a channel that keeps what it is given, or fails as told.
type stub struct {
	name, usual string
	mu          sync.Mutex
	letters     []notify.Letter
	fail        func(try int) error
	tries       int
}

func (c *stub) Name() string           { return c.name }
func (c *stub) Usual() string          { return c.usual }
func (*stub) To(r member.Reach) string { return r.Phone }
func (c *stub) Send(_ context.Context, l notify.Letter) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries++
	if c.fail != nil {
		if err := c.fail(c.tries); err != nil {
			return err
		}
	}
	c.letters = append(c.letters, l)
	return nil
}

func (c *stub) take() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.letters {
		out = append(out, l.Title)
	}
	c.letters = nil
	return out
}

func email() *stub { return &stub{name: notify.Email, usual: notify.Digest} }

// TestDigestAndQuietHours: what needs an act goes out at once, in the quiet
// hours when they end; the rest comes once a day; what was read meanwhile is
// not told again. No private title leaves the house.
func TestDigestAndQuietHours(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		mail := email()
		h.Notify.Channels = []notify.Channel{mail}
		w := h.FileWish("demo-resident", object{"visibility": "private", "title": "想找人陪我去医院"})
		h.read()
		got := mail.take()
		if len(got) != 2 { // both staff of the community, at once
			t.Errorf("staff: %v", got)
		}
		for _, title := range got {
			if title != "私下的微心愿需要您找人帮办" {
				t.Errorf("a letter says %q", title)
			}
		}
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/offer", "demo-community", object{"to": "demo-volunteer"})
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		h.read()
		mail.take() // the volunteer was asked and had claimed already, or was told
		h.Clock.Set(time.Date(2026, 11, 18, 17, 59, 0, 0, clock.China))
		h.read()
		if got := mail.take(); len(got) != 0 {
			t.Errorf("before the hour of the digest: %v", got)
		}
		h.Clock.Set(time.Date(2026, 11, 18, 18, 0, 0, 0, clock.China))
		h.read()
		if got := mail.take(); len(got) == 0 || got[0] != "今天有1件与您有关的事" {
			t.Errorf("digest: %v", got)
		}
		h.Clock.Set(time.Date(2026, 11, 18, 23, 0, 0, 0, clock.China))
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/deliver", "demo-volunteer", object{})
		h.read()
		if got := mail.take(); len(got) != 0 {
			t.Errorf("in the quiet hours: %v", got)
		}
		h.Clock.Set(time.Date(2026, 11, 19, 8, 0, 0, 0, clock.China))
		h.read()
		if got := mail.take(); len(got) != 1 || got[0] != "您的微心愿已送到，请确认是否满意" {
			t.Errorf("after the quiet hours: %v", got)
		}
		h.read()
		if got := mail.take(); len(got) != 0 {
			t.Errorf("once more: %v", got)
		}
	})
}

// TestRetries: a channel that is away is tried again with growing pauses and
// given up at last; a refusal ends at once; the person can read both.
func TestRetries(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		away := email()
		away.fail = func(int) error { return errors.New("connection refused") }
		h.Notify.Channels = []notify.Channel{away}
		h.FileWish("demo-newcomer", nil) // asks two staff
		h.read()
		if away.tries != 2 {
			t.Fatalf("%d tries", away.tries)
		}
		h.read()
		if away.tries != 2 {
			t.Error("tried again at once")
		}
		if page := h.Text(200, "GET", "/inbox/log", "demo-community", nil); !strings.Contains(page, "对方暂时联系不上") || !strings.Contains(page, "等待发送") {
			t.Error("the log does not say that it is tried again")
		}
		for range 12 {
			h.Clock.Advance(8 * time.Hour)
			h.read()
		}
		if away.tries != 2*6 {
			t.Errorf("%d tries in all", away.tries)
		}
		if page := h.Text(200, "GET", "/inbox/log", "demo-community", nil); !strings.Contains(page, "没有送到") {
			t.Error("the log does not say that it was given up")
		}
		refuses := email()
		refuses.fail = func(int) error { return outbound.Permanent(errors.New("no such user")) }
		h.Notify.Channels = []notify.Channel{refuses}
		h.Clock.Set(apptest.Noon.AddDate(0, 0, 7))
		h.FileWish("demo-newcomer", object{"title": "想换个灯泡"})
		h.read()
		h.Clock.Advance(time.Hour)
		h.read()
		if refuses.tries != 2 {
			t.Errorf("a refusal was tried %d times", refuses.tries)
		}
		if page := h.Text(200, "GET", "/inbox/log", "demo-community", nil); !strings.Contains(page, "对方拒收") {
			t.Error("the log does not say that it was refused")
		}
	})
}

// TestTwoNodesSendOnce: nodes that read, plan and send at the same time tell
// and send everything exactly once.
func TestTwoNodesSendOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		mail := &stub{name: notify.Email, usual: notify.Now}
		nodes := []*apptest.House{h.House, h.Node(), h.Node()}
		for _, n := range nodes {
			n.Notify.Channels = []notify.Channel{mail}
		}
		for i := range 12 {
			h.FileWish("demo-newcomer", object{"title": fmt.Sprintf("心愿%d", i)})
		}
		var wg sync.WaitGroup
		for _, n := range nodes {
			for range 2 {
				wg.Go(func() {
					for _, r := range n.Readers() {
						if r.Name == "notify" {
							if err := n.Journal.Drain(context.Background(), r); err != nil {
								t.Error(err)
							}
						}
					}
					if err := n.Notify.Work(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		h.read()
		seen := map[string]int{}
		for _, l := range mail.letters {
			seen[l.ID]++
			if seen[l.ID] > 1 {
				t.Errorf("%s was sent %d times", l.ID, seen[l.ID])
			}
		}
		if len(mail.letters) != 24 {
			t.Errorf("%d letters, want one for each wish and member of staff", len(mail.letters))
		}
	})
}

// TestOldNews: a log read again from its start wakes nobody.
func TestOldNews(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		mail := &stub{name: notify.Email, usual: notify.Now}
		h.Notify.Channels = []notify.Channel{mail}
		h.FileWish("demo-newcomer", nil)
		h.Clock.Advance(10 * 24 * time.Hour)
		h.read()
		if got := mail.take(); len(got) != 0 {
			t.Errorf("old news went out: %v", got)
		}
		if badge, _ := h.inbox("demo-community"); badge != 1 {
			t.Error("the inbox does not hold it")
		}
	})
}

// TestPreferences: what a person says of a kind beats what they say of all,
// and off is off.
func TestPreferences(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		mail := email()
		h.Notify.Channels = []notify.Channel{mail}
		form := func(pairs ...string) map[string][]string {
			f := map[string][]string{"_op": {fmt.Sprint(pairs)}}
			for i := 0; i < len(pairs); i += 2 {
				f[pairs[i]] = []string{pairs[i+1]}
			}
			return f
		}
		h.Text(303, "POST", "/inbox/settings", "demo-community", values(form("email", "off", "quiet_from", "22:00", "quiet_to", "07:00", "digest_at", "19:00")))
		h.Text(303, "POST", "/inbox/settings", "demo-community2", values(form("email", "off")))
		h.Text(303, "POST", "/inbox/settings/kind", "demo-community2", values(form("kind", "wish", "channel", "email", "how", "now")))
		if page := h.Text(200, "GET", "/inbox/settings", "demo-community", nil); !strings.Contains(page, `value="19:00" selected`) {
			t.Error("the form does not show what was saved")
		}
		h.Text(422, "POST", "/inbox/settings", "demo-community", values(form("email", "sometimes")))
		h.Text(422, "POST", "/inbox/settings/kind", "demo-community", values(form("kind", "nothing", "channel", "email", "how", "now")))
		h.FileWish("demo-newcomer", nil)
		h.read()
		if got := mail.take(); len(got) != 1 {
			t.Errorf("%v", got)
		}
	})
}

// TestHostilePush: an address that is no push service of a known browser is
// refused when it is brought, and nothing is ever sent there.
func TestHostilePush(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.Notify.PushTest = func(endpoint, _, _ string) error {
			if !strings.HasPrefix(endpoint, "https://fcm.googleapis.com/") {
				return errors.New("not on the list")
			}
			return nil
		}
		good := object{"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "p256dh": "BA", "auth": "aa"}
		for _, endpoint := range []string{"http://127.0.0.1:80/", "https://169.254.169.254/latest", "https://evil.example/", "file:///etc/passwd"} {
			h.Text(422, "POST", "/api/v1/push", "demo-resident", object{"endpoint": endpoint, "p256dh": "BA", "auth": "aa"})
		}
		h.Text(200, "POST", "/api/v1/push", "demo-resident", good)
		h.Text(200, "POST", "/api/v1/push", "demo-neighbour", good) // the browser changed hands
		n := 0
		if err := h.DB.Get(t.Context(), &n, `SELECT count(*) FROM notify_addresses WHERE account = ?`, h.Account("demo-resident").ID); err != nil || n != 0 {
			t.Errorf("%d addresses left with who signed out, %v", n, err)
		}
		h.Text(200, "POST", "/api/v1/push/end", "demo-resident", object{"endpoint": good["endpoint"]})
		if err := h.DB.Get(t.Context(), &n, `SELECT count(*) FROM notify_addresses`); err != nil || n != 1 {
			t.Errorf("somebody else ended it: %d, %v", n, err)
		}
		h.Text(200, "POST", "/api/v1/push/end", "demo-neighbour", object{"endpoint": good["endpoint"]})
		if err := h.DB.Get(t.Context(), &n, `SELECT count(*) FROM notify_addresses`); err != nil || n != 0 {
			t.Errorf("%d left, %v", n, err)
		}
	})
}

// TestErase: an erased person leaves nothing here.
func TestErase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.FileWish("demo-newcomer", nil)
		h.read()
		staff := h.Account("demo-community").ID
		if err := h.DB.Write(t.Context(), func(tx *db.Tx) error { return h.Notify.Erase(t.Context(), tx, staff) }); err != nil {
			t.Fatal(err)
		}
		if _, texts := h.inbox("demo-community"); len(texts) != 0 {
			t.Errorf("%v", texts)
		}
	})
}

// TestTokens: of many nodes one renews the access token, and again only when
// its right has run out.
func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		tokens := notify.Tokens{DB: h.DB}
		ctx := t.Context()
		if k, err := tokens.Load(ctx, "wx1"); err != nil || k != (wechat.Token{}) {
			t.Fatalf("%v %v", k, err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 20 {
			wg.Go(func() {
				mine, err := tokens.Claim(ctx, "wx1", "", 1000, 2000)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if mine {
					won++
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d nodes renew", won)
		}
		if mine, err := tokens.Claim(ctx, "wx1", "", 2000, 3000); err != nil || !mine {
			t.Errorf("the right does not run out: %v", err)
		}
		if err := tokens.Save(ctx, "wx1", wechat.Token{Value: "a", Until: 9000}); err != nil {
			t.Fatal(err)
		}
		if mine, err := tokens.Claim(ctx, "wx1", "", 2500, 3000); err != nil || mine {
			t.Errorf("a token that is no longer the old one may be replaced: %v", err)
		}
		if k, err := tokens.Load(ctx, "wx1"); err != nil || k.Value != "a" || k.Until != 9000 {
			t.Errorf("%v %v", k, err)
		}
	})
}
