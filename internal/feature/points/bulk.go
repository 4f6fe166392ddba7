package points

import (
	"context"
	"strconv"

	"linli/internal/core/event"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// entryOf is what an event gives a person under a rule, before any cap.
func entryOf(r Rule, g Gain, e event.Event) Entry {
	n := Entry{
		Book: r.Book, Payer: Source(r.Book), Payee: Account(r.Book, g.Person), At: e.At, Kind: ByRule, Cause: e.Subject, Version: e.Version,
		Rule: r.Code, RuleVersion: r.Version, Minutes: g.Minutes, KeyedBy: e.Actor, Place: e.Place,
	}
	n.ID = entryID(e.Subject, strconv.FormatInt(e.Version, 10), r.Book+"/"+r.Code, n.Payee)
	return n
}

// told is the event of an entry.
func told(do string, e Entry) event.Event {
	return event.Event{
		At: e.At, Kind: "points", Subject: e.ID, Version: 1, Do: do, Actor: e.KeyedBy, Place: e.Place, Audience: event.Private,
		Data: payload(map[string]any{"book": e.Book, "amount": e.Amount, "rule": e.Rule, "rule_version": e.RuleVersion, "cause": e.Cause, "payee": e.Payee, "payer": e.Payer, "batch": e.Batch, "reverses": e.Reverses}),
	}
}

// Meter reckons residents' points in memory, for data to test under load: by
// the rules in force and within their caps, as the reader does. The events must
// come a day's or month's together, and nobody else may book meanwhile.
type Meter struct {
	rules []Rule
	spent map[string]int64 // by account, rule and start of day or month
}

// Meter returns a meter over the rules there are.
func (s *Service) Meter(ctx context.Context, q db.Queryer) (*Meter, error) {
	all, err := rules(ctx, q)
	return &Meter{all, map[string]int64{}}, err
}

// Served is what the event of confirmed hours gives.
func (m *Meter) Served(e event.Event, person string, minutes int64) []Entry {
	var out []Entry
	for _, r := range inForce(m.rules, "service", e.At) {
		if r.Book != Residents {
			continue
		}
		n := entryOf(r, Gain{Cause: "service", Person: person, Minutes: minutes}, e)
		day, _, month, _ := dayAndMonth(e.At)
		of := n.Payee + "/" + r.Code + "/"
		d, mo := of+strconv.FormatInt(day, 36), of+"m"+strconv.FormatInt(month, 36)
		if n.Amount = r.capped(r.worth(minutes), m.spent[d], m.spent[mo]); n.Amount > 0 {
			m.spent[d] += n.Amount
			m.spent[mo] += n.Amount
			out = append(out, n)
		}
	}
	return out
}

// Keep books many entries that a meter reckoned, with their events.
func (s *Service) Keep(ctx context.Context, tx *db.Tx, es []Entry) error {
	if err := post(ctx, tx, es); err != nil {
		return err
	}
	events := make([]journal.Entry, 0, len(es))
	for _, e := range es {
		events = append(events, journal.Entry{Event: told("award", e)})
	}
	return s.Journal.AppendAll(ctx, tx, events)
}
