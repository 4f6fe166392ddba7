package notify

import (
	"context"
	"strings"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/id"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

// Ways a person hears on a channel.
const (
	Now    = "now"    // everything at once
	Digest = "digest" // what needs an act at once, the rest once a day
	ActAt  = "act"    // only what needs an act
	Never  = "off"
)

// Hows lists them in the order a form shows them.
var Hows = []string{Digest, Now, ActAt, Never}

// fresh is how old an event may be and still go out: a log read again from the
// start, or a node that slept, must not wake people with last year's news.
const fresh = 7 * 24 * time.Hour

// Hours are when a person is not to be disturbed and when the digest comes, in
// minutes of the day in China.
type Hours struct {
	QuietFrom int `db:"quiet_from"`
	QuietTo   int `db:"quiet_to"`
	DigestAt  int `db:"digest_at"`
}

var usualHours = Hours{QuietFrom: 21 * 60, QuietTo: 8 * 60, DigestAt: 18 * 60}

// quiet reports whether t lies in the quiet hours, which may pass midnight.
// Two equal moments are no quiet hours.
func (h Hours) quiet(t time.Time) bool {
	m := minute(t)
	if h.QuietFrom <= h.QuietTo {
		return m >= h.QuietFrom && m < h.QuietTo
	}
	return m >= h.QuietFrom || m < h.QuietTo
}

func minute(t time.Time) int { t = t.In(clock.China); return t.Hour()*60 + t.Minute() }

// next is the first moment at or after t at the given minute of the day.
func next(t time.Time, minuteOfDay int) time.Time {
	t = t.In(clock.China)
	at := time.Date(t.Year(), t.Month(), t.Day(), 0, minuteOfDay, 0, 0, clock.China)
	if at.Before(t) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// Awake is the first moment at or after t outside the quiet hours.
func (h Hours) Awake(t time.Time) time.Time {
	if h.quiet(t) {
		return next(t, h.QuietTo)
	}
	return t
}

// Digest is when the digest that holds what happened at t is sent, and its item.
func (h Hours) Digest(t time.Time) (at time.Time, item string) {
	at = next(t, h.DigestAt)
	item = digestItem + at.Format("2006-01-02")
	return h.Awake(at), item
}

const digestItem = "digest:"

// how a person hears of a kind on a channel: as they said for the kind, else
// for every kind, else as usual on the channel.
func how(prefs []Pref, kind string, c Channel) string {
	found := c.Usual()
	for _, p := range prefs {
		if p.Channel != c.Name() {
			continue
		}
		if p.Kind == kind {
			return p.How
		}
		if p.Kind == "" {
			found = p.How
		}
	}
	return found
}

// person is what planning knows of one account.
type person struct {
	member.Reach
	prefs []Pref
	hours Hours
	on    []Channel // those that reach the person
}

func (s *Service) person(ctx context.Context, q db.Queryer, account string) (p person, err error) {
	if p.Reach, err = s.people.Reach(ctx, q, account); err != nil || !p.Active() {
		return p, err
	}
	for _, c := range s.Channels {
		to, err := s.reaches(ctx, q, c, p.Reach)
		if err != nil {
			return p, err
		}
		if len(to) > 0 {
			p.on = append(p.on, c)
		}
	}
	if len(p.on) == 0 {
		return p, nil
	}
	if p.prefs, err = prefsOf(ctx, q, account); err != nil {
		return p, err
	}
	p.hours, err = hoursOf(ctx, q, account)
	return p, err
}

// plan decides for rows nobody has looked at how they go out beside the inbox,
// at most limit in one transaction; it reports whether there may be more.
func (s *Service) plan(ctx context.Context, limit int) (more bool, err error) {
	probe, err := unplanned(ctx, s.journal.DB, 1)
	if err != nil || len(probe) == 0 {
		return false, err
	}
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		if err := alone(ctx, tx); err != nil {
			return err
		}
		rows, err := unplanned(ctx, tx, limit)
		if err != nil {
			return err
		}
		more = len(rows) == limit
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		people := map[string]person{}
		for _, r := range rows {
			p, ok := people[r.Account]
			if !ok {
				if p, err = s.person(ctx, tx, r.Account); err != nil {
					return err
				}
				people[r.Account] = p
			}
			if err := s.planOne(ctx, tx, r, p, now); err != nil {
				return err
			}
			if err := setPlanned(ctx, tx, r.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return more, err
}

func (s *Service) planOne(ctx context.Context, tx *db.Tx, r Row, p person, now int64) error {
	if !p.Active() {
		return nil
	}
	isNew := r.At > now-fresh.Milliseconds() && (!r.Act || r.DoneAt == 0)
	if !p.HasChannel && strings.HasPrefix(r.Target, "account:") {
		if err := s.tellFamily(ctx, tx, r); err != nil {
			return err
		}
		if isNew && p.Home != "" {
			return addCall(ctx, tx, callOf(r, p.Home))
		}
		return nil
	}
	if !isNew {
		return nil
	}
	for _, c := range p.on {
		h := how(p.prefs, r.Kind, c)
		var at time.Time
		item := r.ID
		switch {
		case h == Never, h == ActAt && !r.Act:
			continue
		case h == Digest && !r.Act:
			at, item = p.hours.Digest(time.UnixMilli(max(r.At, now)))
		default:
			at = p.hours.Awake(time.UnixMilli(now))
		}
		d := Delivery{ID: id.New(), Account: r.Account, Channel: c.Name(), Item: item, NextAt: at.UnixMilli(), CreatedAt: now}
		if err := addDelivery(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

func callOf(r Row, community string) Call {
	return Call{
		ID: r.ID, Account: r.Account, Community: community, At: r.At, Kind: r.Kind, Subject: r.Subject, Version: r.Version, Do: r.Do,
		ToState: r.ToState, Place: r.Place, Audience: r.Audience, Why: r.Why, Act: r.Act,
	}
}

// tellFamily puts what a person without a live channel is told into the inbox
// of those the person named.
func (s *Service) tellFamily(ctx context.Context, tx *db.Tx, r Row) error {
	family, err := s.people.GuardiansOf(ctx, tx, r.Account, r.At)
	if err != nil {
		return err
	}
	e, err := eventAt(ctx, tx, r.Seq)
	if err != nil {
		return err
	}
	for _, account := range family {
		if account == e.Actor || account == r.Account {
			continue
		}
		f := r
		f.ID, f.Account, f.Target, f.Why = rowID(account, r.Subject, r.Version, r.At), account, "ward:"+r.Account, "family"
		if err := put(ctx, tx, f); err != nil {
			return err
		}
	}
	return nil
}
