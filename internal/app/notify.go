package app

import (
	"context"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/feature/activity"
	"linli/internal/feature/notify"
	"linli/internal/feature/search"
	"linli/internal/feature/volunteer"
	"linli/internal/feature/wish"
	"linli/internal/platform/db"
	"linli/internal/platform/mail"
	"linli/internal/platform/outbound"
	"linli/internal/platform/push"
	"linli/internal/platform/sms"
	"linli/internal/platform/wechat"
)

// Senders are the ways out that are configured, nil for none.
type Senders struct {
	Mail                    mail.Sender
	SMS                     sms.Sender
	SMSTemplate             string
	WeChatApp, WeChatSecret string
	WeChatTemplate          string
	PushContact             string // an address push services may write to; "" turns push off
}

// Outward fills in how messages leave the house. get reads the environment:
// LINLI_SMTP, LINLI_SMS with LINLI_SMS_NOTICE_TEMPLATE (parameter title),
// LINLI_WECHAT_APP and _SECRET with LINLI_WECHAT_NOTICE_TEMPLATE (field
// thing1), LINLI_PUSH_CONTACT (mailto: or https: address). With none of them
// set everything stays in the inbox.
func (c *Config) Outward(get func(key string) string) error {
	if s := get("LINLI_SMTP"); s != "" {
		m, err := mail.New(s, outbound.Policy{})
		if err != nil {
			return err
		}
		c.Senders.Mail = m
	}
	if t := get("LINLI_SMS_NOTICE_TEMPLATE"); t != "" {
		a, err := sms.New(get("LINLI_SMS"), outbound.Policy{}, clock.System{})
		if err != nil {
			return fmt.Errorf("LINLI_SMS_NOTICE_TEMPLATE: %w", err)
		}
		c.Senders.SMS, c.Senders.SMSTemplate = a, t
	}
	if t := get("LINLI_WECHAT_NOTICE_TEMPLATE"); t != "" {
		c.Senders.WeChatApp, c.Senders.WeChatSecret, c.Senders.WeChatTemplate = get("LINLI_WECHAT_APP"), get("LINLI_WECHAT_SECRET"), t
		if c.Senders.WeChatApp == "" {
			return errors.New("LINLI_WECHAT_NOTICE_TEMPLATE: want LINLI_WECHAT_APP and LINLI_WECHAT_SECRET too")
		}
	}
	if c.Senders.PushContact = get("LINLI_PUSH_CONTACT"); c.Senders.PushContact != "" && !strings.HasPrefix(c.BaseURL, "https://") {
		return errors.New("LINLI_PUSH_CONTACT: browsers take notices from https only, set LINLI_BASE_URL")
	}
	return nil
}

// Outbound is where calls of features may go.
func (c Config) Outbound() outbound.Policy {
	if !c.Private {
		return outbound.Policy{}
	}
	return outbound.Policy{Plain: true, Private: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}
}

// documented gives the titles of a kind that search can find too.
func documented(s search.Source) notify.Title {
	return notify.TitleFunc(func(ctx context.Context, q db.Queryer, id string) (string, error) {
		title, _, _, _, _, err := s.Document(ctx, q, id)
		return title, err
	})
}

// joinNotify tells the inbox where matters are read and what they are called,
// and by what ways messages go out.
func (h *House) joinNotify() {
	n := h.Notify
	n.Follows, n.Left, n.Routes = h.Post, h.ballotsLeft, h.routed
	n.Register("wish", "/wishes/{id}", documented(h.Wish))
	n.Register("activity", "/activities/{id}", documented(h.Activity))
	n.Register("project", "/projects/{id}", documented(h.Project))
	n.Register("post", "/posts/{id}", notify.TitleFunc(h.Post.TitleOf))
	n.Register("post_comment", "/posts", h.Post.UnderPosts())
	n.Register("award", "/awards/{id}", notify.TitleFunc(func(ctx context.Context, q db.Queryer, id string) (string, error) {
		w, err := h.Award.Machine.Store.Load(ctx, q, id, "")
		if err != nil {
			return "", err
		}
		return w.Title, nil
	}))
	n.Register("pointsbatch", "/points/hand", nil)
	n.Register("poll", "/polls/{id}", notify.TitleFunc(func(ctx context.Context, q db.Queryer, id string) (string, error) {
		p, err := h.Ballot.Machine.Store.Load(ctx, q, id, "")
		if err != nil {
			return "", err
		}
		return p.Question, nil
	}))
	n.Register("member", "/me/family", nil)
	n.Register("counter", "/me/family", h.Counter)
	n.Register("service", "/me/service", nil)
	n.Register("certificate", "/me/service", nil)
	n.Register("activity_day", "/activities", activity.Days{Service: h.Activity})
	n.Register("on_call", "/volunteer/on-call", volunteer.Calls{Service: h.Volunteer})
	n.Register("handover", "/staff/handovers", nil)
	if err := h.channels(); err != nil {
		h.Config.Log.Error("a way out is not set up; the inbox goes on without it", "err", err)
	}
}

// routed tells of a new public wish whom the responsibility list 权责清单 names
// for its category at its place: who is responsible, and who must support.
func (h *House) routed(ctx context.Context, q db.Queryer, e event.Event) ([]event.Tell, error) {
	if e.Kind != "wish" || e.ToState != string(wish.Open) || e.Do != "create" && e.Do != "approve" || e.Audience != event.Public {
		return nil, nil
	}
	w, err := h.Wish.Machine.Store.Load(ctx, q, e.Subject, "")
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var tells []event.Tell
	responsible, supporting := h.Group.Responsible(w.Place, w.Category, e.At)
	for _, g := range responsible {
		tells = append(tells, event.ToGroup(g, "responsible"))
	}
	for _, g := range supporting {
		tells = append(tells, event.ToGroup(g, "supporting"))
	}
	return tells, nil
}

func (h *House) channels() error {
	s, n := h.Config.Senders, h.Notify
	if s.Mail != nil {
		n.Channels = append(n.Channels, notify.ByEmail(s.Mail))
	}
	if s.PushContact != "" {
		private, public, err := pushKeys(h.Config.Secret)
		if err != nil {
			return err
		}
		w, err := push.New(private, public, s.PushContact, outbound.Policy{})
		if err != nil {
			return err
		}
		n.Channels = append(n.Channels, notify.ByPush(w))
		n.PushKey = w.Public()
		n.PushTest = func(endpoint, p256dh, auth string) error {
			return w.Check(push.Subscription{Endpoint: endpoint, P256dh: p256dh, Auth: auth})
		}
	}
	if s.SMS != nil {
		n.Channels = append(n.Channels, notify.BySMS(s.SMS, s.SMSTemplate))
	}
	if s.WeChatTemplate != "" {
		c, err := wechat.New(s.WeChatApp, s.WeChatSecret, "", notify.Tokens{DB: h.DB}, outbound.Policy{}, h.Config.Clock)
		if err != nil {
			return err
		}
		n.Channels = append(n.Channels, notify.ByWeChat(c, s.WeChatTemplate))
	}
	return nil
}

// pushKeys derives the installation's VAPID key from its secret, so that all
// nodes have the same and none is kept. A hash that is no scalar of P-256
// (chance 2⁻³²) is followed by the next.
func pushKeys(secret []byte) (private, public string, err error) {
	for i := byte(0); ; i++ {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte{'v', 'a', 'p', 'i', 'd', i})
		k, err := ecdh.P256().NewPrivateKey(m.Sum(nil))
		if err == nil {
			e := base64.RawURLEncoding
			return e.EncodeToString(k.Bytes()), e.EncodeToString(k.PublicKey().Bytes()), nil
		}
		if i == 255 {
			return "", "", err
		}
	}
}
