package points

import (
	"context"
	"encoding/json"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// causeKinds are the kinds of events behind each cause of a rule. There is
// none for ballots, opinions, likes or reports, and a test keeps it so.
var causeKinds = map[string]string{"service": "service", "wish": "wish", "award": "award"}

// Gain is what an event gives one person, before any rule.
type Gain struct {
	Cause   string // service, wish, award
	Person  string
	Minutes int64
	Undo    bool // takes back what the same subject gave before
}

// Wishes tells who fulfilled a wish; app wires the wish feature.
type Wishes interface {
	Fulfillers(ctx context.Context, q db.Queryer, wish string) ([]string, error)
}

// gains reads what an event gives. Only what others have confirmed gives
// anything: hours confirmed, a wish confirmed by the resident, an award confirmed.
func (s *Service) gains(ctx context.Context, q db.Queryer, e event.Event) ([]Gain, error) {
	switch {
	case e.Kind == "service" && e.Do == "confirm":
		var c struct {
			Account string `json:"account"`
			Minutes int64  `json:"minutes"`
		}
		err := codes(e, &c)
		return []Gain{{Cause: "service", Person: c.Account, Minutes: c.Minutes}}, err
	case e.Kind == "service" && (e.Do == "correct" || e.Do == "revoke"):
		var c struct {
			Account string `json:"account"`
			Minutes int64  `json:"minutes"`
		}
		if err := codes(e, &c); err != nil {
			return nil, err
		}
		out := []Gain{{Cause: "service", Person: c.Account, Undo: true}}
		if e.Do == "correct" {
			out = append(out, Gain{Cause: "service", Person: c.Account, Minutes: c.Minutes})
		}
		return out, nil
	case e.Kind == "wish" && e.ToState == "fulfilled" && e.Do == "confirm":
		people, err := s.Wishes.Fulfillers(ctx, q, e.Subject)
		var out []Gain
		for _, p := range people {
			if p != e.Actor {
				out = append(out, Gain{Cause: "wish", Person: p})
			}
		}
		return out, err
	case e.Kind == "wish" && e.Do == "dispute":
		people, err := s.Wishes.Fulfillers(ctx, q, e.Subject)
		var out []Gain
		for _, p := range people {
			out = append(out, Gain{Cause: "wish", Person: p, Undo: true})
		}
		return out, err
	case e.Kind == "award" && e.Do == "confirm":
		var c struct {
			People []string `json:"people"`
		}
		err := codes(e, &c)
		var out []Gain
		for _, p := range c.People {
			out = append(out, Gain{Cause: "award", Person: p})
		}
		return out, err
	}
	return nil, nil
}

func codes(e event.Event, into any) error {
	var p struct {
		Codes json.RawMessage `json:"codes"`
	}
	if err := json.Unmarshal([]byte(e.Data), &p); err != nil || p.Codes == nil {
		return err
	}
	return json.Unmarshal(p.Codes, into)
}

// Reader awards points for what happened. Reading the log again awards nothing
// twice: an entry's id follows from its cause, rule and account.
func (s *Service) Reader() journal.Reader {
	return journal.Reader{
		Name: "points", Kinds: []string{"service", "wish", "award"},
		Apply: func(ctx context.Context, tx *db.Tx, events []event.Event) error {
			all, err := rules(ctx, tx)
			if err != nil {
				return err
			}
			for _, e := range events {
				if err := s.award(ctx, tx, all, e); err != nil {
					return err
				}
			}
			return nil
		},
		Reset: func(context.Context, *db.Tx) error { return nil }, // a ledger keeps what it holds
	}
}

func (s *Service) award(ctx context.Context, tx *db.Tx, all []Rule, e event.Event) error {
	gains, err := s.gains(ctx, tx, e)
	if err != nil {
		return err
	}
	for _, g := range gains {
		if g.Undo {
			if err := s.takeBack(ctx, tx, e, g.Person); err != nil {
				return err
			}
			continue
		}
		for _, r := range inForce(all, g.Cause, e.At) {
			may, err := s.mayHold(ctx, tx, r.Book, g.Person)
			if err != nil {
				return err
			}
			if !may {
				continue
			}
			entry := entryOf(r, g, e)
			if known, err := has(ctx, tx, entry.ID); err != nil || known {
				if err != nil {
					return err
				}
				continue
			}
			today, month, err := spent(ctx, tx, entry.Payee, r.Code, e.At)
			if err != nil {
				return err
			}
			if entry.Amount = r.capped(r.worth(g.Minutes), today, month); entry.Amount == 0 {
				continue
			}
			if err := s.post(ctx, tx, "award", entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeBack reverses what a subject gave a person before this event and has not
// been reversed yet. Points already given away cannot be taken back; the
// anomaly list shows such a case.
func (s *Service) takeBack(ctx context.Context, tx *db.Tx, e event.Event, person string) error {
	given, err := standing(ctx, tx, e.Subject, person)
	if err != nil {
		return err
	}
	for _, g := range given {
		if g.Version >= e.Version { // given for this event or later: the log is being read again
			continue
		}
		u := g.undo(e.At)
		u.KeyedBy = e.Actor
		held, err := balance(ctx, tx, u.Payer)
		if err != nil {
			return err
		}
		if held.Balance < u.Amount {
			continue
		}
		if err := s.post(ctx, tx, "reverse", u); err != nil {
			return err
		}
	}
	return nil
}

// mayHold reports whether a person has an account in a book: everybody among
// residents, party members in theirs.
func (s *Service) mayHold(ctx context.Context, q db.Queryer, book, person string) (bool, error) {
	if person == "" {
		return false, nil
	}
	a, err := s.Members.Fresh(ctx, q, actor.Actor{ID: person})
	if fault.Is(err, fault.SignIn) { // closed in the meantime
		return false, nil
	}
	return err == nil && (book == Residents || a.Holds(actor.PartyMember)), err
}

// post writes an entry and its event.
func (s *Service) post(ctx context.Context, tx *db.Tx, do string, e Entry) error {
	if err := post(ctx, tx, []Entry{e}); err != nil {
		return err
	}
	return s.Journal.AppendEvent(ctx, tx, told(do, e), nil)
}

func payload(codes map[string]any) string {
	b, _ := json.Marshal(event.Payload{Codes: codes}) // texts and numbers always encode
	return string(b)
}
