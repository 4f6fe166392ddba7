package ballot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// Eligibility answers 我能投吗. Reason and Remedy are text keys.
type Eligibility struct {
	Eligible       bool
	Reason, Remedy string
	Voted          bool   // the caller's household has a ballot in the box
	Household      string // whose ballot the caller's would be
}

// Eligible tells whether a may vote in p: before the opening by what would be
// so today, from then on by the frozen roll.
func (s *Service) Eligible(ctx context.Context, q db.Queryer, p *Poll, a actor.Actor, now int64) (Eligibility, error) {
	no := func(reason, remedy string) (Eligibility, error) {
		return Eligibility{Reason: "poll.not." + reason, Remedy: "poll.remedy." + remedy}, nil
	}
	if !a.Known() {
		return no("sign_in", "sign_in")
	}
	if p.State != Draft {
		l, err := rollLine(ctx, q, p.ID, a.ID)
		if err != nil {
			return Eligibility{}, err
		}
		if l == nil {
			if reason, remedy := unfit(p, a); reason != "" {
				return no(reason, remedy)
			}
			return no("roll", "roll")
		}
		e := Eligibility{Eligible: true, Voted: l.Voted, Household: l.Household}
		if !p.Running(now) {
			e.Eligible, e.Reason, e.Remedy = false, "poll.not.over", "poll.remedy.over"
			return e, nil
		}
		return s.boxed(ctx, q, p, a, e)
	}
	if reason, remedy := unfit(p, a); reason != "" {
		return no(reason, remedy)
	}
	es, err := s.Members.Find(ctx, q, a.ID)
	if err != nil {
		return Eligibility{}, err
	}
	if es.Underage(now) {
		return no("age", "age")
	}
	return Eligibility{Eligible: true}, nil
}

// unfit says why an account would not be drawn up on the roll, "" when it would.
func unfit(p *Poll, a actor.Actor) (reason, remedy string) {
	switch {
	case !access.Covers(p.RollPlace, a.Home):
		return "place", "place"
	case a.Level < p.RollLevel:
		return "level", "level_" + p.RollLevel.String()
	}
	return "", ""
}

// boxed looks whether a ballot of the household stands in the way.
func (s *Service) boxed(ctx context.Context, q db.Queryer, p *Poll, a actor.Actor, e Eligibility) (Eligibility, error) {
	refuse := func(reason string) (Eligibility, error) {
		return Eligibility{Reason: "poll.not." + reason, Remedy: "poll.remedy." + reason, Voted: e.Voted, Household: e.Household}, nil
	}
	b, err := inBox(ctx, q, p.ID, e.Household)
	switch {
	case err != nil:
		return e, err
	case b != nil && b.Paper:
		return refuse("paper")
	case b != nil && b.Voter != a.ID:
		return refuse("family")
	case b != nil:
		return e, nil
	}
	w, err := paperOf(ctx, q, p.ID, e.Household, "")
	if err != nil {
		return e, err
	}
	if w != nil {
		return refuse("paper_entry")
	}
	return e, nil
}

// newReceipt is 128 random bits.
func newReceipt() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Vote puts the ballot of the caller in, or changes it; the last one counts.
// Whatever is repeated or changed gives the same receipt. It leaves nothing
// behind but the ballot and the mark that the caller has voted.
func (s *Service) Vote(ctx context.Context, poll string, read func() (any, error)) (string, error) {
	if !id.Valid(poll) {
		return "", fault.Absent()
	}
	if err := s.openDue(ctx, poll); err != nil {
		return "", err
	}
	journal.SetQuiet(ctx)
	var receipt string
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
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
		now, err := tx.Now(ctx) // after the row is held: the close waits for us, or was before us
		if err != nil {
			return nil, err
		}
		e, err := s.Eligible(ctx, tx, p, a, now)
		if err != nil {
			return nil, err
		}
		if err := refusal(p, e, s.Places.Name(p.RollPlace), now); err != nil {
			return nil, err
		}
		raw, err := read()
		if err != nil {
			return nil, err
		}
		cs, err := readChoices(p, raw)
		if err != nil {
			return nil, err
		}
		got, ok, err := putOnline(ctx, tx, Cast{Poll: p.ID, Household: e.Household, Voter: a.ID, Receipt: newReceipt(), Choices: Encode(cs)})
		if err != nil {
			return nil, err
		}
		if !ok { // a ballot of the household came in beside us
			return nil, fault.New(fault.Conflict, "poll.not.family")
		}
		receipt = got
		return nil, markVoted(ctx, tx, p.ID, a.ID)
	})
	if errors.As(err, new(*journal.Replayed)) {
		// The same act again: nothing is put in, the receipt is told once more.
		if again, rerr := s.Receipt(ctx, poll, actor.From(ctx)); rerr == nil {
			return again, nil
		}
	}
	return receipt, err
}

// refusal is the fault of who may not vote now, where being what the roll's
// place is called: by right first, then by state.
func refusal(p *Poll, e Eligibility, where string, now int64) error {
	switch {
	case e.Reason == "poll.not.over", p.State == Open && now >= p.Closes && e.Household != "":
		return fault.New(fault.Late, "poll.late")
	case e.Reason == "poll.not.paper" || e.Reason == "poll.not.family" || e.Reason == "poll.not.paper_entry":
		return fault.New(fault.Conflict, e.Reason)
	case !e.Eligible:
		return fault.New(fault.Denied, e.Reason, "place", where)
	case p.State == Draft:
		return fault.New(fault.Conflict, "poll.not.yet")
	}
	return nil
}

// openDue opens an announced poll whose time has come before the sweeper does.
func (s *Service) openDue(ctx context.Context, poll string) error {
	p, err := store{}.Load(ctx, s.Journal.DB, poll, "")
	if errors.Is(err, db.ErrNoRows) {
		return fault.Absent()
	}
	if err != nil || p.State != Draft || p.Opens > s.Journal.DB.Clock().Now().UnixMilli() {
		return err
	}
	return s.step(ctx, poll, "open")
}

// Receipt tells a voter the receipt of her ballot while the poll is open;
// afterwards nobody knows whose it is, and it is Late.
func (s *Service) Receipt(ctx context.Context, poll string, a actor.Actor) (string, error) {
	b, err := s.OwnBallot(ctx, poll, a)
	if err != nil {
		return "", err
	}
	if b == nil {
		return "", fault.New(fault.Conflict, "poll.no_receipt")
	}
	return b.Receipt, nil
}

// OwnBallot is the caller's own ballot while the poll is open, nil for none.
func (s *Service) OwnBallot(ctx context.Context, poll string, a actor.Actor) (*Cast, error) {
	l, err := rollLine(ctx, s.Journal.DB, poll, a.ID)
	if err != nil || l == nil {
		return nil, err
	}
	b, err := inBox(ctx, s.Journal.DB, poll, l.Household)
	if err != nil || b == nil || b.Voter != a.ID || b.Paper {
		return nil, err
	}
	return b, nil
}

// Keep keeps a checked ballot that is not put in yet, so that its voter finds
// it again and can be reminded. It tells the choices back.
func (s *Service) Keep(ctx context.Context, poll string, raw any) (*Poll, []Choice, error) {
	if !id.Valid(poll) {
		return nil, nil, fault.Absent()
	}
	if err := s.openDue(ctx, poll); err != nil {
		return nil, nil, err
	}
	var p *Poll
	var cs []Choice
	err := s.Journal.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if p, err = share(ctx, tx, poll); err != nil {
			return err
		}
		a := actor.From(ctx)
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		e, err := s.Eligible(ctx, tx, p, a, now)
		if err != nil {
			return err
		}
		if err := refusal(p, e, s.Places.Name(p.RollPlace), now); err != nil {
			return err
		}
		if cs, err = readChoices(p, raw); err != nil {
			return err
		}
		return saveDraft(ctx, tx, poll, a.ID, Encode(cs))
	})
	return p, cs, err
}

// Unfinished lists open polls for which the account has checked but not put in a ballot.
func (s *Service) Unfinished(ctx context.Context, q db.Queryer, account string, now int64) ([]*Poll, error) {
	return unfinished(ctx, q, account, now)
}

// Waiting lists open polls in which the account may vote and has not, soonest closing first.
func (s *Service) Waiting(ctx context.Context, q db.Queryer, account string, now int64, limit int) ([]*Poll, error) {
	return waiting(ctx, q, account, now, limit)
}

// Draft is the ballot that a voter has checked but not put in, none when there is none.
func (s *Service) Draft(ctx context.Context, poll, voter string) ([]Choice, error) {
	kept, err := readDraft(ctx, s.Journal.DB, poll, voter)
	return DecodeChoices(kept), err
}
