package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/mail"
	"linli/internal/platform/outbound"
	"linli/internal/platform/push"
	"linli/internal/platform/sms"
	"linli/internal/platform/wechat"
)

// Names of the channels, in JSON, rows and texts.
const (
	Email  = "email"
	Push   = "push"
	SMS    = "sms"
	WeChat = "wechat"
)

// Letter is one message to one address. It holds no title of a private matter.
type Letter struct {
	ID     string // of the delivery: a letter sent again has the same
	To     string
	Title  string // one line
	Text   string // whole, in lines
	URL    string // absolute address of where to read it
	Urgent bool   // an act is needed
}

// Channel is a way out beside the inbox. An error that outbound.IsPermanent
// knows ends the try for good; any other is tried again.
type Channel interface {
	Name() string
	Usual() string // how people hear who have not said otherwise
	// To is the address of the account itself, "" where the channel keeps addresses of its own.
	To(r member.Reach) string
	Send(ctx context.Context, l Letter) error
}

// reaches lists the addresses by which a channel reaches a person.
func (s *Service) reaches(ctx context.Context, q db.Queryer, c Channel, r member.Reach) ([]address, error) {
	if to := c.To(r); to != "" {
		return []address{{Account: r.ID, Channel: c.Name(), Address: to}}, nil
	}
	if c.Name() != Push && c.Name() != WeChat {
		return nil, nil
	}
	return addressesOf(ctx, q, r.ID, c.Name())
}

// ByEmail sends through the installation's mail server.
func ByEmail(m mail.Sender) Channel { return byEmail{m} }

type byEmail struct{ sender mail.Sender }

func (byEmail) Name() string             { return Email }
func (byEmail) Usual() string            { return Digest }
func (byEmail) To(r member.Reach) string { return r.Email }
func (c byEmail) Send(ctx context.Context, l Letter) error {
	return c.sender.Send(ctx, mail.Message{ID: l.ID, To: l.To, Subject: l.Title, Text: l.Text + "\n\n" + l.URL + "\n"})
}

// BySMS sends the one approved template, whose parameter "title" is the line.
func BySMS(m sms.Sender, template string) Channel { return bySMS{m, template} }

type bySMS struct {
	sender   sms.Sender
	template string
}

func (bySMS) Name() string             { return SMS }
func (bySMS) Usual() string            { return ActAt }
func (bySMS) To(r member.Reach) string { return r.Phone }
func (c bySMS) Send(ctx context.Context, l Letter) error {
	return c.sender.Send(ctx, sms.Message{ID: l.ID, Phone: l.To, Template: c.template, Params: map[string]string{"title": short(l.Title, 35)}})
}

// ByWeChat sends the one template, whose fields are "thing1", the line, and "time2".
func ByWeChat(m wechat.Sender, template string) Channel { return byWeChat{m, template} }

type byWeChat struct {
	sender   wechat.Sender
	template string
}

func (byWeChat) Name() string           { return WeChat }
func (byWeChat) Usual() string          { return ActAt }
func (byWeChat) To(member.Reach) string { return "" }
func (c byWeChat) Send(ctx context.Context, l Letter) error {
	return c.sender.Send(ctx, wechat.Message{ID: l.ID, Kind: wechat.Template, To: l.To, Template: c.template, URL: l.URL,
		Data: map[string]string{"thing1": short(l.Title, 20)}})
}

// ByPush sends to the browsers a person has allowed.
func ByPush(m push.Sender) Channel { return byPush{m} }

type byPush struct{ sender push.Sender }

func (byPush) Name() string           { return Push }
func (byPush) Usual() string          { return ActAt }
func (byPush) To(member.Reach) string { return "" }
func (c byPush) Send(ctx context.Context, l Letter) error {
	var to push.Subscription
	if err := json.Unmarshal([]byte(l.To), &to); err != nil {
		return outbound.Permanent(err)
	}
	body, err := json.Marshal(map[string]string{"title": short(l.Title, 80), "url": l.URL, "tag": l.ID})
	if err != nil {
		return outbound.Permanent(err)
	}
	return c.sender.Send(ctx, push.Message{To: to, Body: body, Keep: 24 * time.Hour, Urgent: l.Urgent})
}

// gone reports whether an address will never take a message again.
func gone(err error) bool { return errors.Is(err, push.ErrGone) }

// short cuts a line to n characters.
func short(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// addressID names an address without holding it.
func addressID(channel, key string) string {
	sum := sha256.Sum256([]byte(channel + "\n" + key))
	return hex.EncodeToString(sum[:])
}

// Link keeps an address of a person for a channel: a browser's subscription,
// an openid. key is what makes it one and the same.
func (s *Service) Link(ctx context.Context, tx *db.Tx, account, channel, key, addr string, now int64) error {
	return saveAddress(ctx, tx, address{ID: addressID(channel, key), Account: account, Channel: channel, Address: addr, At: now})
}

// Unlink drops the addresses a person has for a channel.
func (s *Service) Unlink(ctx context.Context, tx *db.Tx, account, channel string) error {
	return dropAddresses(ctx, tx, account, channel)
}

// Has reports whether messages go out by a channel.
func (s *Service) Has(channel string) bool { return s.channel(channel) != nil }
