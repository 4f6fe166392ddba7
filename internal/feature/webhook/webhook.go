// Package webhook tells other systems what happened in public (事件推送): staff
// and administrators name an address for their place, and every public event
// at or below it is posted there, signed after Standard Webhooks
// (https://www.standardwebhooks.com, signature v1).
//
// A message holds ids, codes and times, never words and never anything that is
// not public. Only public Internet addresses are called, no redirect is
// followed, time and size are bounded. A subscription belongs to the person
// who made it and ends with the role that allowed it.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/outbound"
	"linli/internal/ui"
)

// States of a subscription, and why it is not active.
const (
	Active   = "active"
	Disabled = "disabled" // by us: its owner may turn it on again
	Ended    = "ended"    // for good

	becauseFailing = "failing" // a message could not be delivered in all its tries
	becauseGone    = "gone"    // the address said so (410)
	becauseRight   = "right"   // the owner's role has ended
	becauseOwner   = "owner"   // somebody of the place ended it
)

// most is how many subscriptions of one place may be active.
const most = 20

// Hook is a subscription. Times are UTC ms.
type Hook struct {
	ID        string `db:"id"`
	Owner     string `db:"owner"`
	Place     string `db:"place"`
	URL       string `db:"url"`
	Kinds     string `db:"kinds"` // of events, divided by spaces; "" for all
	State     string `db:"state"`
	Reason    string `db:"reason"`
	Rotation  int    `db:"rotation"`   // of the secret
	HoldUntil int64  `db:"hold_until"` // left alone until then, after a failure
	FailingAt int64  `db:"failing_at"` // since when nothing was taken, 0 when all is well
	CreatedAt int64  `db:"created_at"`
	ActiveAt  int64  `db:"active_at"` // hears of what happened since
	ChangedAt int64  `db:"changed_at"`
}

// People reads anew who somebody is, and names them.
type People interface {
	Fresh(ctx context.Context, q db.Queryer, a actor.Actor) (actor.Actor, error)
	PublicName(ctx context.Context, q db.Queryer, account string) (string, error)
}

// Places knows places by their codes.
type Places interface {
	Name(code string) string
	Known(code string) bool
}

// Service is the subscriptions and what goes out to them.
type Service struct {
	Page   ui.Shell // wired by app
	Secret []byte   // of the installation; signing secrets are derived from it
	Base   string   // configured address of the site, without a slash at its end
	Kinds  []string // of events one may subscribe to, as in the log

	journal *journal.Journal
	people  People
	places  Places
	policy  outbound.Policy
	client  *http.Client
}

// New returns the service; policy says where messages may go.
func New(j *journal.Journal, people People, places Places, policy outbound.Policy) *Service {
	policy.MaxBytes = 64 << 10 // an answer is read to its end and thrown away
	return &Service{journal: j, people: people, places: places, policy: policy, client: policy.Client()}
}

// may reports whether the actor keeps subscriptions of the place: its staff and
// administrators, or those above it.
func may(a actor.Actor, place string) bool {
	return a.Has(actor.Staff, place) || a.Has(actor.Admin, place)
}

// placesOf lists the places for which the actor may subscribe.
func placesOf(a actor.Actor) []string {
	var out []string
	for _, r := range a.Roles {
		if (r.Name == actor.Staff || r.Name == actor.Admin) && r.Place != "" && !slices.Contains(out, r.Place) {
			out = append(out, r.Place)
		}
	}
	slices.Sort(out)
	return out
}

// hears reports whether an event is for the subscription.
func (s *Service) hears(h Hook, e event.Event) bool {
	kinds := s.Kinds
	if h.Kinds != "" {
		kinds = strings.Fields(h.Kinds)
	}
	return h.State == Active && e.Audience == event.Public && e.At >= h.ActiveAt && access.Covers(h.Place, e.Place) && slices.Contains(kinds, e.Kind)
}

// key is the subscription's signing key: 32 bytes that nobody has to keep.
func (s *Service) key(h Hook) []byte {
	m := hmac.New(sha256.New, s.Secret)
	m.Write([]byte("webhook\n" + h.ID + "\n" + strconv.Itoa(h.Rotation)))
	return m.Sum(nil)
}

// SigningSecret is what the receiver needs to check signatures.
func (s *Service) SigningSecret(h Hook) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(s.key(h))
}

// Sign is the signature of a message after Standard Webhooks:
// base64(HMAC-SHA256(key, id.timestamp.body)) under the name v1. at is in seconds.
func Sign(key []byte, id string, at int64, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + strconv.FormatInt(at, 10) + "."))
	m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Message is the body of a message.
type Message struct {
	Type      string    `json:"type"` // KIND.DO
	Timestamp time.Time `json:"timestamp"`
	Data      Data      `json:"data"`
}

// Data is what happened, in ids and codes.
type Data struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Do      string `json:"do"`
	From    string `json:"from"`
	To      string `json:"to"`
	Version int64  `json:"version"`
	Place   string `json:"place"`
}

func bodyOf(e event.Event) ([]byte, error) {
	return json.Marshal(Message{Type: e.Kind + "." + e.Do, Timestamp: time.UnixMilli(e.At).UTC(),
		Data: Data{e.Kind, e.Subject, e.Do, e.FromState, e.ToState, e.Version, e.Place}})
}

// createFields are what a subscription takes.
var createFields = []flow.Field{
	{Name: "url", Kind: flow.Text, Required: true, Max: 500}, {Name: "place", Kind: flow.Text, Required: true, Max: 20}, {Name: "kinds", Kind: flow.Refs, Max: 30},
}

// checked reads a subscription from decoded fields and says what is wrong.
func (s *Service) checked(in flow.Input) (Hook, error) {
	var faults fault.Fields
	h := Hook{URL: in.Text("url"), Place: in.Text("place"), State: Active}
	u, err := url.Parse(h.URL)
	if err != nil || u.User != nil || u.Fragment != "" || u.Opaque != "" || s.policy.Check(u) != nil {
		faults.Add("url", "webhook.bad_url")
	}
	if !s.places.Known(h.Place) {
		faults.Add("place", "webhook.bad_place")
	}
	var kinds []string
	for _, k := range in.List("kinds") {
		if !slices.Contains(s.Kinds, k) {
			faults.Add("kinds", "fault.one_of", "values", strings.Join(s.Kinds, " "))
			break
		}
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	slices.Sort(kinds)
	h.Kinds = strings.Join(kinds, " ")
	return h, faults.Err()
}
