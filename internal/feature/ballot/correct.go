package ballot

import (
	"context"
	"errors"
	"slices"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
)

// Correction 更正 is a change of a frozen roll: who was forgotten is added, who
// should not be there is taken off. One of the staff asks for it, another makes
// it; it is published as a number with the new hash, never with a name.
type Correction struct {
	ID        string `db:"id"`
	Poll      string `db:"poll"`
	Voter     string `db:"voter"`
	Household string `db:"household"`
	Change    string `db:"change"`
	AskedBy   string `db:"asked_by"`
	AskedAt   int64  `db:"asked_at"`
	SignedBy  string `db:"signed_by"`
	SignedAt  int64  `db:"signed_at"` // 0 while it waits for a second person
}

// Changes of a roll.
const (
	Add    = "add"
	Remove = "remove"
)

// correctionsMost bounds how many corrections wait at a time.
const correctionsMost = 50

var (
	correctFields = []flow.Field{
		{Name: "change", Kind: flow.Enum, Required: true, Values: []string{Add, Remove}},
		{Name: "voter", Kind: flow.Text, Required: true, Max: 80, Silent: true}, // id or account name
		flow.Reason(),
	}
	correctionField = []flow.Field{{Name: "correction", Kind: flow.Ref, Silent: true}} // may be left out where only one waits

	correctionWaits = guard{Reason: "poll.reason.no_correction", OK: func(p *Poll, _ actor.Actor, _ int64) bool { return p.Asked > 0 }}
)

// asked counts a correction that waits; prepareCorrect has written it down.
func asked(p *Poll, _ *flow.Change) error {
	p.Asked++
	return nil
}

// corrected publishes the roll as it is now; sign has changed it.
func corrected(p *Poll, c *flow.Change) error {
	p.Asked--
	p.Corrected++
	c.Code("change", p.correcting.Change)
	c.Code("roll", p.RollSize)
	c.Code("roll_hash", p.RollHash)
	return nil
}

func dropped(p *Poll, _ *flow.Change) error {
	p.Asked--
	return nil
}

// correctedTold tells the voter, and who asked.
func correctedTold(p *Poll, _ *flow.Change) []event.Tell {
	return []event.Tell{event.ToAccount(p.correcting.Voter, "corrected"), event.ToAccount(p.correcting.AskedBy, "staff")}
}

func staffSigns(p *Poll, _ *flow.Change) []event.Tell {
	return []event.Tell{event.Asks(event.ToRole(actor.Staff, p.Scope(), "staff"))}
}

// askCorrection checks what is asked for against the roll and writes it down.
func (s *Service) askCorrection(ctx context.Context, tx *db.Tx, p *Poll, c *flow.Change) error {
	if p.Asked >= correctionsMost {
		return fault.New(fault.Conflict, "poll.reason.corrections", "n", correctionsMost)
	}
	acc, err := s.Members.Find(ctx, tx, c.In.Text("voter"))
	if fault.Is(err, fault.NotFound) {
		return fault.Field1("voter", "poll.fault.nobody")
	}
	if err != nil {
		return err
	}
	l, err := rollLine(ctx, tx, p.ID, acc.ID)
	if err != nil {
		return err
	}
	w := Correction{ID: id.New(), Poll: p.ID, Voter: acc.ID, Change: c.In.Text("change"), AskedBy: c.Actor.ID, AskedAt: c.At}
	switch {
	case acc.ID == c.Actor.ID:
		return fault.Field1("voter", "poll.fault.own_roll")
	case w.Change == Remove && l == nil:
		return fault.Field1("voter", "poll.fault.voter")
	case w.Change == Remove:
		w.Household = l.Household
	case l != nil:
		return fault.Field1("voter", "poll.fault.on_roll")
	default:
		if w.Household, err = s.household(ctx, tx, p, acc.ID, c.At); err != nil {
			return err
		}
	}
	waiting, err := correctionsOf(ctx, tx, p.ID, false)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(waiting, func(o Correction) bool { return o.Voter == w.Voter }) {
		return fault.New(fault.Conflict, "poll.reason.asked_already")
	}
	return insertCorrection(ctx, tx, w)
}

// household looks up whose ballot a forgotten voter's would be; who would not
// have been drawn up today is not added either.
func (s *Service) household(ctx context.Context, tx *db.Tx, p *Poll, account string, now int64) (string, error) {
	es, err := s.Members.Electors(ctx, tx, p.RollPlace, p.RollLevel, now)
	if err != nil {
		return "", err
	}
	for _, e := range es {
		switch {
		case e.ID != account:
		case p.Unit == Household:
			return e.Household(), nil
		default:
			return e.ID, nil
		}
	}
	return "", fault.Field1("voter", "poll.fault.unfit")
}

// choose finds the waiting correction that a move is about, the only one when
// it names none.
func (s *Service) choose(ctx context.Context, tx *db.Tx, p *Poll, c *flow.Change) error {
	waiting, err := correctionsOf(ctx, tx, p.ID, false)
	if err != nil {
		return err
	}
	ref := c.In.Text("correction")
	if ref == "" && len(waiting) == 1 {
		ref = waiting[0].ID
	}
	i := slices.IndexFunc(waiting, func(w Correction) bool { return w.ID == ref })
	if i < 0 {
		return fault.Field1("correction", "poll.fault.correction")
	}
	p.correcting = waiting[i]
	return nil
}

// sign makes a correction that another of the staff asked for, and draws up
// the hash of the roll anew. A ballot of who is taken off leaves the box.
func (s *Service) sign(ctx context.Context, tx *db.Tx, p *Poll, c *flow.Change) error {
	if err := s.choose(ctx, tx, p, c); err != nil {
		return err
	}
	w := &p.correcting
	switch {
	case w.AskedBy == c.Actor.ID:
		return fault.New(fault.Denied, "poll.reason.own_correction")
	case w.Voter == c.Actor.ID:
		return fault.New(fault.Denied, "poll.fault.own_roll")
	}
	w.SignedBy, w.SignedAt = c.Actor.ID, c.At
	if err := signCorrection(ctx, tx, *w); err != nil {
		return err
	}
	if w.Change == Add {
		if err := insertRoll(ctx, tx, []RollLine{{Poll: p.ID, Voter: w.Voter, Household: w.Household}}); err != nil {
			return err
		}
	} else if err := strike(ctx, tx, *w); err != nil {
		return err
	}
	roll, err := rollOf(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	p.RollSize, p.RollHash = int64(len(roll)), rollHash(p.RollSalt, roll)
	return nil
}

// Corrections lists what waits for a second person.
func (s *Service) Corrections(ctx context.Context, poll string) ([]Correction, error) {
	return correctionsOf(ctx, s.Journal.DB, poll, false)
}

// uncorrected gives the roll back as it was at the opening.
func uncorrected(roll []RollLine, made []Correction) ([]RollLine, error) {
	was := slices.Clone(roll)
	for _, w := range slices.Backward(made) {
		i, found := slices.BinarySearchFunc(was, w.Voter, func(l RollLine, v string) int {
			switch {
			case l.Voter < v:
				return -1
			case l.Voter > v:
				return 1
			}
			return 0
		})
		switch {
		case found == (w.Change == Remove):
			return nil, errors.New("a correction does not fit the roll")
		case found:
			was = slices.Delete(was, i, i+1)
		default:
			was = slices.Insert(was, i, RollLine{Poll: w.Poll, Voter: w.Voter, Household: w.Household})
		}
	}
	return was, nil
}
