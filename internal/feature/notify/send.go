package notify

import (
	"context"
	"errors"
	"strings"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/platform/db"
	"linli/internal/platform/outbound"
	"linli/internal/ui/text"
)

// leased is for how long one node alone may try a delivery. It is longer than
// any try, so a second node sends only what the first has dropped by dying.
const leased = 2 * time.Minute

// waits are the times between tries; after the last a delivery has failed.
var waits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 8 * time.Hour}

const (
	kept  = 90 * 24 * time.Hour // of the log of deliveries
	slice = 500                 // rows forgotten in one transaction
)

// Faults of a delivery, as a person reads them.
const (
	faultRefused = "refused" // the other side will never take it
	faultAway    = "away"    // it could not be reached
	faultNoWay   = "no_way"  // the person has no such address any more
)

// Work spreads, plans and sends what is due. Any number of nodes may do it at once.
func (s *Service) Work(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = s.spread(ctx); err != nil {
			return err
		}
	}
	for more := true; more; {
		var err error
		if more, err = s.plan(ctx, 50); err != nil {
			return err
		}
	}
	if len(s.Channels) == 0 {
		return nil
	}
	return s.sendDue(ctx)
}

// Forget drops the log of deliveries when it is too old, and messages that ask
// for nothing any more. It goes in slices, so that others may write in between.
func (s *Service) Forget(ctx context.Context) error {
	err := s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return forgetDeliveries(ctx, tx, now-kept.Milliseconds())
	})
	from := s.keptFrom()
	for more := from > 0; more && err == nil; {
		err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
			n, err := forgetRows(ctx, tx, from, slice)
			more = n == slice
			return err
		})
	}
	return err
}

func (s *Service) channel(name string) Channel {
	for _, c := range s.Channels {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

func (s *Service) sendDue(ctx context.Context) error {
	now := s.journal.DB.Clock().Now().UnixMilli()
	due, err := dueDeliveries(ctx, s.journal.DB, now, 50)
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range due {
		if s.channel(d.Channel) == nil {
			continue // taken out of the configuration: it waits
		}
		if err := s.try(ctx, d); err != nil {
			if ctx.Err() != nil {
				return err
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// try takes a delivery for this node, sends it and writes what became of it.
func (s *Service) try(ctx context.Context, d Delivery) error {
	var until int64
	var letters []Letter
	var where []address
	mine := false
	err := s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		until = now + leased.Milliseconds()
		if mine, err = lease(ctx, tx, d.ID, now, until); err != nil || !mine {
			return err
		}
		letters, where, err = s.compose(ctx, tx, d)
		if err != nil {
			return err
		}
		if len(letters) == 0 { // read meanwhile, done meanwhile, or nowhere to go
			mine = false
			end := Delivery{ID: d.ID, State: "dropped", NextAt: d.NextAt, EndedAt: now}
			if len(where) == 0 {
				end.State, end.Fault = "failed", faultNoWay
			}
			return finish(ctx, tx, end, until)
		}
		return nil
	})
	if err != nil || !mine {
		return err
	}
	d.Tries++
	c := s.channel(d.Channel)
	sent, ended := false, []address(nil)
	var last error
	for i, l := range letters {
		each, cancel := context.WithTimeout(ctx, leased/time.Duration(2*len(letters)))
		err := c.Send(each, l)
		cancel()
		switch {
		case err == nil:
			sent = true
		case gone(err):
			ended = append(ended, where[i])
			last = outbound.Permanent(err)
		case last == nil || outbound.IsPermanent(last):
			last = err
		}
	}
	if ctx.Err() != nil && !sent {
		return ctx.Err() // the lease runs out and another try follows
	}
	if last != nil && !sent {
		s.journal.Log.Warn("delivery", "channel", d.Channel, "id", d.ID, "try", d.Tries, "err", outbound.Plainly(last))
	}
	return s.journal.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		for _, a := range ended {
			if err := dropAddress(ctx, tx, a.Account, a.ID); err != nil {
				return err
			}
		}
		return finish(ctx, tx, outcome(d, sent, last, now), until)
	})
}

// outcome is what a try makes of a delivery.
func outcome(d Delivery, sent bool, last error, now int64) Delivery {
	switch {
	case sent:
		d.State, d.EndedAt, d.Fault = "sent", now, ""
	case outbound.IsPermanent(last):
		d.State, d.EndedAt, d.Fault = "failed", now, faultRefused
	case d.Tries > len(waits):
		d.State, d.EndedAt, d.Fault = "failed", now, faultAway
	default:
		d.NextAt, d.Fault = now+waits[d.Tries-1].Milliseconds(), faultAway
	}
	return d
}

// compose writes the letters of a delivery, one for each address. Without
// letters there is nothing to say any more; without addresses nowhere to go.
func (s *Service) compose(ctx context.Context, q db.Queryer, d Delivery) ([]Letter, []address, error) {
	p, err := s.people.Reach(ctx, q, d.Account)
	if err != nil {
		return nil, nil, err
	}
	var to []address
	if p.Active() {
		if to, err = s.reaches(ctx, q, s.channel(d.Channel), p); err != nil {
			return nil, nil, err
		}
	}
	if len(to) == 0 {
		return nil, nil, nil
	}
	l := Letter{ID: d.ID}
	if day, ok := strings.CutPrefix(d.Item, digestItem); ok {
		err = s.composeDigest(ctx, q, d, day, &l)
	} else {
		err = s.composeOne(ctx, q, d, &l)
	}
	if err != nil || l.Title == "" {
		return nil, to, err
	}
	letters := make([]Letter, len(to))
	for i, a := range to {
		letters[i] = l
		letters[i].To = a.Address
	}
	return letters, to, nil
}

// outward is the sentence of a row for the world outside, where a title is
// said only when anybody may read the matter.
func (s *Service) outward(ctx context.Context, q db.Queryer, r Row) (string, error) {
	title := ""
	if r.Audience == event.Public {
		var err error
		if title, err = s.title(ctx, q, r.Kind, r.Subject); err != nil {
			return "", err
		}
	}
	return Sentence(text.Chinese, r.Kind, r.Do, r.Why, r.ToState, title), nil
}

func (s *Service) composeOne(ctx context.Context, q db.Queryer, d Delivery, l *Letter) error {
	r, err := rowByID(ctx, q, d.Account, d.Item)
	if errors.Is(err, db.ErrNoRows) || err == nil && (r.ReadAt != 0 || r.Act && r.DoneAt != 0) {
		return nil
	}
	if err != nil {
		return err
	}
	if l.Title, err = s.outward(ctx, q, r); err != nil {
		return err
	}
	at, err := s.path(ctx, q, r.Kind, r.Subject)
	l.Text, l.URL, l.Urgent = l.Title, s.Base+at, r.Act
	return err
}

func (s *Service) composeDigest(ctx context.Context, q db.Queryer, d Delivery, day string, l *Letter) error {
	hours, err := hoursOf(ctx, q, d.Account)
	if err != nil {
		return err
	}
	date, err := time.ParseInLocation("2006-01-02", day, clock.China)
	if err != nil {
		return err
	}
	end := date.Add(time.Duration(hours.DigestAt) * time.Minute)
	rows, err := digested(ctx, q, d.Account, d.Channel, end.AddDate(0, 0, -1).UnixMilli(), end.UnixMilli())
	if err != nil || len(rows) == 0 {
		return err
	}
	var lines []string
	for _, r := range rows {
		line, err := s.outward(ctx, q, r)
		if err != nil {
			return err
		}
		lines = append(lines, "· "+line)
	}
	l.Title = text.T(text.Chinese, "notify.digest_title", "n", len(rows))
	l.Text = l.Title + "\n\n" + strings.Join(lines, "\n")
	l.URL = s.Base + "/inbox"
	return nil
}
