package ballot

import (
	"context"
	"errors"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

var PaperFields = []flow.Field{
	{Name: "voter", Kind: flow.Text, Required: true, Max: 80}, // id or account name
	{Name: "invalid", Kind: flow.Bool},
}

// Entry tells a clerk what became of an entry.
type Entry struct {
	Done    bool   `json:"done"`    // both entries agree, the ballot is in the box
	Receipt string `json:"receipt"` // for the voter, once done
}

// Enter takes one of the two entries of a paper or telephone ballot, by two
// different staff. From the first on the voter cannot vote online; who has
// voted online has no ballot on paper. The second entry must agree.
func (s *Service) Enter(ctx context.Context, poll string, raw func() (map[string]any, error)) (Entry, error) {
	if !id.Valid(poll) {
		return Entry{}, fault.Absent()
	}
	journal.SetQuiet(ctx)
	var out Entry
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		out = Entry{}
		p, err := share(ctx, tx, poll)
		if errors.Is(err, db.ErrNoRows) {
			return nil, fault.Absent()
		}
		if err != nil {
			return nil, err
		}
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		if !Staff.Is(a, p).OK() {
			return nil, fault.New(fault.Denied, "poll.reason.staff")
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case p.State == Draft:
			return nil, fault.New(fault.Conflict, "poll.not.yet")
		case !p.Running(now):
			return nil, fault.New(fault.Late, "poll.late")
		}
		w, err := s.readPaper(ctx, tx, p, a, raw)
		if err != nil {
			return nil, err
		}
		return nil, s.enter(ctx, tx, p, w, &out)
	})
	return out, err
}

func (s *Service) readPaper(ctx context.Context, tx *db.Tx, p *Poll, a actor.Actor, raw func() (map[string]any, error)) (Paper, error) {
	w := Paper{Poll: p.ID, Staff: a.ID}
	o, err := raw()
	if err != nil {
		return w, err
	}
	rest := map[string]any{}
	for k, v := range o {
		if k != "choices" {
			rest[k] = v
		}
	}
	in, err := flow.Decode(PaperFields, rest)
	if err != nil {
		return w, err
	}
	acc, err := s.Members.Find(ctx, tx, in.Text("voter"))
	if fault.Is(err, fault.NotFound) {
		return w, fault.Field1("voter", "poll.fault.voter")
	}
	if err != nil {
		return w, err
	}
	l, err := rollLine(ctx, tx, p.ID, acc.ID)
	switch {
	case err != nil:
		return w, err
	case l == nil:
		return w, fault.Field1("voter", "poll.fault.voter")
	case acc.ID == a.ID:
		return w, fault.Field1("voter", "poll.fault.own_paper")
	}
	w.Voter, w.Household = acc.ID, l.Household
	if w.Invalid = in.Bool("invalid"); w.Invalid {
		return w, nil
	}
	cs, err := readChoices(p, o["choices"])
	w.Choices = Encode(cs)
	return w, err
}

func (s *Service) enter(ctx context.Context, tx *db.Tx, p *Poll, w Paper, out *Entry) error {
	b, err := inBox(ctx, tx, p.ID, w.Household)
	if err != nil {
		return err
	}
	if b != nil {
		return fault.New(fault.Conflict, "poll.reason.voted_already")
	}
	first, err := paperOf(ctx, tx, p.ID, w.Household, tx.Lock())
	switch {
	case err != nil:
		return err
	case first == nil || first.Staff == w.Staff:
		ok, err := keepPaper(ctx, tx, w)
		if err == nil && !ok { // a colleague's first entry came in beside ours
			err = db.Repeat(fault.New(fault.Conflict, "fault.version"))
		}
		return err
	case first.Voter != w.Voter || first.Choices != w.Choices || first.Invalid != w.Invalid:
		return fault.New(fault.Conflict, "poll.reason.entries_differ")
	}
	receipt := newReceipt()
	ok, err := putPaper(ctx, tx, Cast{Poll: p.ID, Household: w.Household, Voter: w.Voter, Receipt: receipt, Choices: w.Choices, Invalid: w.Invalid})
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Conflict, "poll.reason.voted_already")
	}
	if _, err := dropPaper(ctx, tx, p.ID, w.Household); err != nil {
		return err
	}
	out.Done, out.Receipt = true, receipt
	return markVoted(ctx, tx, p.ID, w.Voter)
}

// Withdraw takes a first entry back, by any of the staff: the voter would
// rather vote online, or the two entries differ and the sheet is read anew.
func (s *Service) Withdraw(ctx context.Context, poll, voter string) error {
	return s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		p, err := share(ctx, tx, poll)
		if errors.Is(err, db.ErrNoRows) {
			return nil, fault.Absent()
		}
		if err != nil {
			return nil, err
		}
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		if !Staff.Is(a, p).OK() {
			return nil, fault.New(fault.Denied, "poll.reason.staff")
		}
		l, err := rollLine(ctx, tx, poll, voter)
		if err != nil {
			return nil, err
		}
		if l == nil {
			return nil, fault.Absent()
		}
		ok, err := dropPaper(ctx, tx, poll, l.Household)
		if err == nil && !ok {
			err = fault.New(fault.Conflict, "poll.reason.no_entry")
		}
		return nil, err
	})
}

// PapersWaiting lists first entries that wait for a second, without what they chose.
func (s *Service) PapersWaiting(ctx context.Context, poll string) ([]Paper, error) {
	return papersWaiting(ctx, s.Journal.DB, poll)
}
