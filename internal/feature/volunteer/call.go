package volunteer

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// askedMost bounds how many on-call volunteers are asked at once: enough that
// one comes, few enough that each is really asked.
const askedMost = 30

// States of a call, in its events.
const (
	calling = "calling"
	ended   = "ended"
)

// Reader asks those on call (网约志愿者) when a public wish opens: who offers this
// kind of help, is free at this hour, and goes as far as the place. When the
// wish is open no more, nobody is asked any longer.
func (s *Service) Reader() journal.Reader {
	return journal.Reader{
		Name: "oncall", Kinds: []string{"wish"},
		Apply: func(ctx context.Context, tx *db.Tx, events []event.Event) error {
			for _, e := range events {
				if err := s.call(ctx, tx, e); err != nil {
					return err
				}
			}
			return nil
		},
		Reset: func(context.Context, *db.Tx) error { return nil }, // who was asked was asked
	}
}

func (s *Service) call(ctx context.Context, tx *db.Tx, e event.Event) error {
	const open = "open"
	if (e.ToState == open) == (e.FromState == open) {
		return nil
	}
	subject := "call:" + e.Subject
	last, read, err := lastCall(ctx, tx, subject, e.Version)
	if err != nil || read { // the log is being read again
		return err
	}
	call := event.Event{At: e.At, Kind: "on_call", Subject: subject, Version: last.Version + 1, Actor: actor.Clock.ID, Place: e.Place, Audience: event.Private}
	p := event.Payload{Codes: map[string]any{"version": e.Version}}
	switch {
	case e.ToState != open && last.ToState == calling:
		call.Do, call.FromState, call.ToState = "end", calling, ended
	case e.ToState == open:
		h, ok, err := s.Wishes.Called(ctx, tx, e.Subject)
		if err != nil || !ok {
			return err
		}
		ids, err := s.OnCall(ctx, tx, h.Place, h.Kind, e.At)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == e.Actor || id == h.Owner })
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids[:min(len(ids), askedMost)] {
			p.Tell = append(p.Tell, event.Asks(event.ToAccount(id, "on_call")))
		}
		call.Do, call.FromState, call.ToState = "ask", last.ToState, calling
	default:
		return nil
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	call.Data = string(data)
	return s.Journal.AppendEvent(ctx, tx, call, nil)
}

// Calls gives the title and page of what those on call are asked for. It
// implements what the inbox asks of a kind.
type Calls struct{ *Service }

// Title is the wish's; "" when it cannot be helped with any more.
func (c Calls) Title(ctx context.Context, q db.Queryer, subject string) (string, error) {
	h, _, err := c.Wishes.Called(ctx, q, strings.TrimPrefix(subject, "call:"))
	return h.Title, err
}

// Path is the wish's page.
func (c Calls) Path(_ context.Context, _ db.Queryer, subject string) (string, error) {
	return "/wishes/" + strings.TrimPrefix(subject, "call:"), nil
}
