// Package push sends web push messages (浏览器推送) to the push service of a
// person's browser: encrypted for that browser alone (RFC 8291) and signed with
// the installation's key (VAPID, RFC 8292).
//
// The browser tells where to send. Only the push services of known browsers
// are called, whatever a subscription says.
package push

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"linli/internal/platform/outbound"
)

// Hosts are the push services of Chrome and Edge on Android, Firefox, Windows
// and Safari.
var Hosts = []string{"fcm.googleapis.com", "updates.push.services.mozilla.com", "*.push.services.mozilla.com", "*.notify.windows.com", "*.push.apple.com"}

// Bounds of a message.
const (
	BodyMost  = 3000 // bytes; a record of 4,096 holds padding and keys too
	TopicMost = 32   // characters of the URL-safe base64 alphabet
)

// ErrGone says that the subscription has ended: forget it.
var ErrGone = errors.New("push: the subscription has ended")

// Subscription is what the browser's PushManager gave.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256dh   string `json:"p256dh"` // the browser's public key, base64
	Auth     string `json:"auth"`   // 16 secret bytes, base64
}

// Message is one message to one browser.
type Message struct {
	To     Subscription
	Body   []byte        // for the service worker
	Topic  string        // a newer message of the same topic replaces a waiting one; "" for none
	Keep   time.Duration // how long the service keeps it for a browser that is away
	Urgent bool          // wakes a phone that saves its battery
}

// Sender sends a message. An error that outbound.IsPermanent knows will not
// pass; any other may.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Web is a Sender. It is safe for concurrent use.
type Web struct {
	public, private, contact string
	net                      outbound.Policy
	client                   *http.Client
}

// NewKeys makes the installation's key pair, base64 as browsers take it.
func NewKeys() (private, public string, err error) { return webpush.GenerateVAPIDKeys() }

// New returns a sender with the installation's key and a contact, an e-mail
// address or https address, that push services may write to. More hosts than
// Hosts are named in net.Hosts.
func New(private, public, contact string, net outbound.Policy) (*Web, error) {
	raw, err := base64.RawURLEncoding.DecodeString(private)
	if err != nil {
		return nil, errors.New("push: the private key is not base64")
	}
	key, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil || base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()) != public {
		return nil, errors.New("push: the keys do not belong together")
	}
	if contact == "" {
		return nil, errors.New("push: no contact given")
	}
	net.Hosts = append(slices.Clone(Hosts), net.Hosts...)
	return &Web{public: public, private: private, contact: contact, net: net, client: net.Client()}, nil
}

// Public is the key that pages give to PushManager.subscribe.
func (w *Web) Public() string { return w.public }

// Check reports why a subscription cannot be used, when a browser brings it.
func (w *Web) Check(s Subscription) error {
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.User != nil || len(s.Endpoint) > 2000 {
		return errors.New("push: the endpoint is not an address")
	}
	if err := w.net.Check(u); err != nil {
		return err
	}
	raw, err := decode(s.P256dh)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(raw)
	}
	if err != nil {
		return errors.New("push: p256dh is not a key")
	}
	if auth, err := decode(s.Auth); err != nil || len(auth) != 16 {
		return errors.New("push: auth is not 16 bytes")
	}
	return nil
}

// decode reads base64 of either alphabet, padded or not.
func decode(s string) ([]byte, error) {
	for _, e := range []*base64.Encoding{base64.RawURLEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.StdEncoding} {
		if b, err := e.DecodeString(s); err == nil {
			return b, nil
		}
	}
	return nil, errors.New("push: not base64")
}

// Send encrypts and hands over the message; the push service has taken it
// when nil is returned.
func (w *Web) Send(ctx context.Context, m Message) error {
	if err := w.Check(m.To); err != nil {
		return outbound.Permanent(err)
	}
	if len(m.Body) > BodyMost || len(m.Topic) > TopicMost {
		return outbound.Permanent(errors.New("push: body or topic too long"))
	}
	urgency := webpush.UrgencyNormal
	if m.Urgent {
		urgency = webpush.UrgencyHigh
	}
	resp, err := webpush.SendNotificationWithContext(ctx, m.Body, &webpush.Subscription{
		Endpoint: m.To.Endpoint, Keys: webpush.Keys{P256dh: m.To.P256dh, Auth: m.To.Auth},
	}, &webpush.Options{
		HTTPClient: w.client, Subscriber: w.contact, VAPIDPublicKey: w.public, VAPIDPrivateKey: w.private,
		TTL: int(m.Keep / time.Second), Topic: m.Topic, Urgency: urgency,
	})
	if err != nil {
		return fmt.Errorf("push: %w", outbound.Plainly(err)) // an endpoint is a secret of its owner
	}
	resp.Body.Close()
	switch s := resp.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusNotFound, s == http.StatusGone:
		return outbound.Permanent(ErrGone)
	case s == http.StatusBadRequest, s == http.StatusRequestEntityTooLarge:
		return outbound.Permanent(fmt.Errorf("push: refused with status %d", s))
	default:
		return fmt.Errorf("push: status %d", s)
	}
}
