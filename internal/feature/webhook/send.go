package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/outbound"
)

const (
	reader = "webhook" // name of the place in the log
	fresh  = 7 * 24 * time.Hour
	leased = time.Minute // longer than any try
	kept   = 90 * 24 * time.Hour
	atOnce = 8                  // subscriptions served at the same time by one node
	pause  = 5 * time.Minute    // of a subscription after a failure, at most
	enough = 4 * 24 * time.Hour // of nothing but failures, then it is disabled
)

// waits are the times between tries that Standard Webhooks proposes.
var waits = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Faults of a try, as the log shows them.
const (
	faultAddress  = "address"  // not a public one
	faultRedirect = "redirect" // no redirect is followed
	faultStatus   = "status"   // any other answer than 2xx
	faultAway     = "away"     // no answer in time
)

// reader notes for each subscription what it hears of. Reset takes nothing
// back: what was sent stays sent, and a log read anew sends nothing twice.
func (s *Service) reader() journal.Reader {
	return journal.Reader{Name: reader, Apply: s.apply, Reset: func(context.Context, *db.Tx) error { return nil }}
}

func (s *Service) apply(ctx context.Context, tx *db.Tx, events []event.Event) error {
	hooks, err := activeHooks(ctx, tx)
	if err != nil || len(hooks) == 0 {
		return err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	for _, e := range events {
		if e.At <= now-fresh.Milliseconds() {
			continue
		}
		for _, h := range hooks {
			if !s.hears(h, e) {
				continue
			}
			if err := addDelivery(ctx, tx, Delivery{ID: id.New(), Webhook: h.ID, Seq: e.Seq, NextAt: now, CreatedAt: now}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Work sends what is due, each subscription's messages one after another, up to
// atOnce subscriptions at a time. A subscription that fails waits; it keeps no
// other from its messages. Any number of nodes may do it at once.
func (s *Service) Work(ctx context.Context) error {
	list, err := due(ctx, s.journal.DB, s.journal.DB.Clock().Now().UnixMilli(), 200)
	if err != nil || len(list) == 0 {
		return err
	}
	by := map[string][]Delivery{}
	for _, d := range list {
		by[d.Webhook] = append(by[d.Webhook], d)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	slots := make(chan struct{}, atOnce)
	for _, ds := range by {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			for _, d := range ds {
				ok, err := s.try(ctx, d)
				if err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
				if !ok || err != nil || ctx.Err() != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Forget drops the log of messages when it is too old.
func (s *Service) Forget(ctx context.Context) error {
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return forget(ctx, tx, now-kept.Milliseconds())
	})
}

// stillMay reads the owner's roles anew.
func (s *Service) stillMay(ctx context.Context, q db.Queryer, h Hook) (bool, error) {
	a, err := s.people.Fresh(ctx, q, actor.Actor{ID: h.Owner})
	if fault.Is(err, fault.SignIn) { // the account is closed
		return false, nil
	}
	return may(a, h.Place), err
}

// stop sets a subscription out of work and takes back what waits.
func stop(ctx context.Context, tx *db.Tx, h Hook, state, reason string, now int64) error {
	h.State, h.Reason, h.ChangedAt = state, reason, now
	if err := saveHook(ctx, tx, h); err != nil {
		return err
	}
	return dropWaiting(ctx, tx, h.ID, now)
}

// try takes a message for this node and sends it; ok says that the next one may follow.
func (s *Service) try(ctx context.Context, d Delivery) (ok bool, err error) {
	var h Hook
	var e event.Event
	var until int64
	mine := false
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		mine = false
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		// The subscription's lock first: ending it waits for nobody's message.
		if h, err = hookByID(ctx, tx, d.Webhook, tx.Lock()); err != nil || h.State != Active {
			return err
		}
		allowed, err := s.stillMay(ctx, tx, h)
		if err != nil {
			return err
		}
		if !allowed {
			return stop(ctx, tx, h, Ended, becauseRight, now)
		}
		until = now + leased.Milliseconds()
		if mine, err = lease(ctx, tx, d.ID, now, until); err != nil || !mine {
			return err
		}
		e, err = eventAt(ctx, tx, d.Seq)
		return err
	})
	if err != nil || !mine {
		return false, err
	}
	d.Tries++
	status, retry, why := s.post(ctx, h, d, e)
	if ctx.Err() != nil && status == 0 {
		return false, ctx.Err() // the lease runs out and another try follows
	}
	err = s.journal.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		d := d
		d.Status, d.Fault = status, why
		switch {
		case why == "":
			d.State, d.EndedAt = "sent", now
		case status == http.StatusGone, d.Tries > len(waits):
			d.State, d.EndedAt = "failed", now
		default:
			d.NextAt = now + max(waits[d.Tries-1], retry).Milliseconds()
		}
		if err := finish(ctx, tx, d, until); err != nil {
			return err
		}
		return after(ctx, tx, d, now)
	})
	return why == "", err
}

// after is what a try means for its subscription: all is well, wait a while, or
// do without it.
func after(ctx context.Context, tx *db.Tx, d Delivery, now int64) error {
	h, err := hookByID(ctx, tx, d.Webhook, tx.Lock())
	if err != nil || h.State != Active {
		return err
	}
	if d.State == "sent" {
		if h.FailingAt == 0 && h.HoldUntil == 0 {
			return nil
		}
		h.FailingAt, h.HoldUntil = 0, 0
		return saveHook(ctx, tx, h)
	}
	if h.FailingAt == 0 {
		h.FailingAt = now
	}
	switch {
	case d.Status == http.StatusGone:
		return stop(ctx, tx, h, Disabled, becauseGone, now)
	case d.State == "failed", now-h.FailingAt > enough.Milliseconds():
		return stop(ctx, tx, h, Disabled, becauseFailing, now)
	}
	h.HoldUntil = min(d.NextAt, now+pause.Milliseconds())
	return saveHook(ctx, tx, h)
}

// post sends one message. why is "" when it was taken; retry is how long the
// receiver asks to be left alone.
func (s *Service) post(ctx context.Context, h Hook, d Delivery, e event.Event) (status int, retry time.Duration, why string) {
	body, err := bodyOf(e)
	if err != nil {
		return 0, 0, faultAway
	}
	ctx, cancel := context.WithTimeout(ctx, leased/2)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return 0, 0, faultAddress
	}
	at := s.journal.DB.Clock().Now().Unix()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Linli-Webhook/1")
	r.Header.Set("Webhook-Id", "msg_"+d.ID)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at, 10))
	r.Header.Set("Webhook-Signature", Sign(s.key(h), "msg_"+d.ID, at, body))
	resp, err := s.client.Do(r)
	switch {
	case errors.Is(err, outbound.ErrAddress), errors.Is(err, outbound.ErrHost), errors.Is(err, outbound.ErrScheme):
		return 0, 0, faultAddress
	case err != nil:
		return 0, 0, faultAway
	}
	_, _ = io.Copy(io.Discard, resp.Body) // bounded; what it says is of no use
	resp.Body.Close()
	switch {
	case resp.StatusCode/100 == 2:
		return resp.StatusCode, 0, ""
	case resp.StatusCode/100 == 3:
		return resp.StatusCode, 0, faultRedirect
	}
	if sec, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && sec > 0 {
		retry = min(time.Duration(min(sec, 86400))*time.Second, 24*time.Hour)
	}
	return resp.StatusCode, retry, faultStatus
}
