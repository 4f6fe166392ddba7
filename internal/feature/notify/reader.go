package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// reader is the name of the inbox's place in the log.
const reader = "notify"

const (
	fan      = 200 // people told of one tell in one transaction; the others follow
	agencies = 500 // agents of all groups of a place told of one tell
)

// wordsOnly are moves that say something without settling what was asked.
var wordsOnly = []string{"add", "urge", "comment", "contact"}

// takenBack is the state of a matter that its readers are not to find any
// more: what followers were told of it goes with it.
const takenBack = "retracted"

func (s *Service) reader() journal.Reader {
	return journal.Reader{Name: reader, Batch: 8, Apply: s.apply, Reset: reset}
}

func (s *Service) apply(ctx context.Context, tx *db.Tx, events []event.Event) error {
	for _, e := range events {
		if err := s.applyOne(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) applyOne(ctx context.Context, tx *db.Tx, e event.Event) error {
	p, err := e.Decode()
	if err != nil {
		return nil // verify of the log names it; the inbox goes on
	}
	if err := settle(ctx, tx, e); err != nil {
		return err
	}
	if s.Routes != nil {
		routed, err := s.Routes(ctx, tx, e)
		if err != nil {
			return err
		}
		p.Tell = append(p.Tell, routed...)
	}
	old := e.At < s.keptFrom()
	// Who is meant twice is told once, of that which asks for an act.
	rows := map[string]Row{}
	var order []string
	for _, t := range p.Tell {
		if old && !t.Act {
			continue
		}
		people, more, err := s.expand(ctx, tx, t, "", e.At)
		if err != nil {
			return err
		}
		if more != "" {
			if err := keepFanout(ctx, tx, e, t, more); err != nil {
				return err
			}
		}
		for _, account := range people {
			old, twice := rows[account]
			if account == e.Actor || twice && (old.Act || !t.Act) {
				continue
			}
			if !twice {
				order = append(order, account)
			}
			rows[account] = rowOf(e, account, t)
		}
	}
	for _, account := range order {
		if err := put(ctx, tx, rows[account]); err != nil {
			return err
		}
	}
	return nil
}

// keptFrom is the moment before which the inbox holds only what still asks for
// an act; 0 keeps everything.
func (s *Service) keptFrom() int64 {
	now := s.journal.DB.Clock().Now().UnixMilli()
	if end := s.places.After("", "notify.inbox_kept", now); end != 0 {
		return 2*now - end // as long back as the span reaches ahead
	}
	return 0
}

// settle ends what was asked about the subject: for everybody when its state
// has changed, else for who acted and those asked together with them.
func settle(ctx context.Context, tx *db.Tx, e event.Event) error {
	if e.ToState == takenBack {
		if err := untell(ctx, tx, e.Subject); err != nil {
			return err
		}
	}
	switch {
	case e.ToState != e.FromState && e.FromState != "":
		return settleAll(ctx, tx, e.Subject, e.Seq, e.At)
	case e.Actor == "" || e.Actor == actor.Clock.ID || slices.Contains(wordsOnly, e.Do):
		return nil
	}
	if e.Kind == "member" && !strings.HasPrefix(e.Do, "family") {
		return nil // an account has no states; signing in or a new name answers nothing
	}
	return settleOf(ctx, tx, e.Subject, e.Actor, e.Seq, e.At)
}

// expand lists the accounts of a tell behind after, and after whom to go on
// when there are more of them than one transaction takes.
func (s *Service) expand(ctx context.Context, q db.Queryer, t event.Tell, after string, at int64) (people []string, more string, err error) {
	kind, rest := t.Target()
	switch kind {
	case "account":
		return []string{rest}, "", nil
	case "group":
		people, err = s.people.AgentsOf(ctx, q, rest, at)
		return people, "", err
	case "role":
		role, place, _ := strings.Cut(rest, ":")
		if role == actor.Agent {
			return s.agentsAt(ctx, q, place, at)
		}
		if people, err = s.people.HoldersOf(ctx, q, role, place, after, at, fan); len(people) == fan {
			more = people[fan-1]
		}
		return people, more, err
	case "follow":
		if s.Follows == nil {
			return nil, "", nil
		}
		if people, err = s.Follows.FollowersOf(ctx, q, rest, after, at, fan); len(people) == fan {
			more = people[fan-1]
		}
		return people, more, err
	}
	return nil, "", nil
}

// agentsAt lists who acts for the groups of a place: their role lies in the
// group, the group at the place.
func (s *Service) agentsAt(ctx context.Context, q db.Queryer, place string, at int64) (people []string, more string, err error) {
	for _, g := range s.groups.At(place, "") {
		if g.Place != place || len(people) >= agencies {
			continue
		}
		agents, err := s.people.AgentsOf(ctx, q, g.ID, at)
		if err != nil {
			return nil, "", err
		}
		people = append(people, agents...)
	}
	return people, "", nil
}

func rowOf(e event.Event, account string, t event.Tell) Row {
	return Row{
		ID: rowID(account, e.Subject, e.Version, e.At), Account: account, Seq: e.Seq, At: e.At, Kind: e.Kind, Subject: e.Subject, Version: e.Version,
		Do: e.Do, ToState: e.ToState, Place: e.Place, Audience: e.Audience, Target: t.To, Why: t.Why, Act: t.Act,
	}
}

// rowID follows from the person and the event, so that a row made anew is the
// same row: marks of reading and deliveries stay with it. It sorts by time, and
// what happened to one matter in one millisecond by its version.
func rowID(account, subject string, version, at int64) string {
	h := sha256.New()
	var v [8]byte
	binary.BigEndian.PutUint64(v[:], uint64(version))
	_, _ = io.WriteString(h, account+"\n"+subject+"\n") // a hash never fails
	_, _ = h.Write(v[:])
	sum := h.Sum(nil)
	copy(sum, v[6:])
	made, _ := id.At(time.UnixMilli(at), bytes.NewReader(sum)) // 32 bytes are enough
	return made
}

// spread goes on with tells that were too many for one transaction. It reports
// whether there was any.
func (s *Service) spread(ctx context.Context) (did bool, err error) {
	waiting, err := fanouts(ctx, s.journal.DB)
	if err != nil || len(waiting) == 0 {
		return false, err
	}
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		if err := alone(ctx, tx); err != nil {
			return err
		}
		waiting, err := fanouts(ctx, tx)
		if err != nil || len(waiting) == 0 {
			return err
		}
		f := waiting[0]
		e, err := eventAt(ctx, tx, f.Seq)
		if err != nil {
			return err
		}
		t := event.Tell{To: f.Target, Why: f.Why, Act: f.Act}
		people, more, err := s.expand(ctx, tx, t, f.After, e.At)
		if err != nil {
			return err
		}
		for _, account := range people {
			if account == e.Actor {
				continue
			}
			r := rowOf(e, account, t)
			r.DoneAt = f.DoneAt
			if err := put(ctx, tx, r); err != nil {
				return err
			}
		}
		return moveFanout(ctx, tx, f, more)
	})
	return err == nil, err
}
