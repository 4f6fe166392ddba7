package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"linli/internal/core/event"
	"linli/internal/platform/db"
)

// check compares the inbox with the events it is made from: every row has its
// event and was told by it, and everybody an event names by account has a row.
// Events that the reader has not come to are left out.
func (s *Service) check(ctx context.Context, q db.Queryer) ([]string, error) {
	at, err := position(ctx, q)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil // has never read anything
	}
	if err != nil {
		return nil, err
	}
	faults, err := strays(ctx, q)
	if err != nil {
		return nil, err
	}
	from := s.keptFrom()
	for after := int64(0); ; {
		events, err := telling(ctx, q, at, after, 500)
		if err != nil || len(events) == 0 {
			return faults, err
		}
		for _, e := range events {
			after = e.Seq
			p, err := e.Decode()
			if err != nil {
				continue // the log's own check names it
			}
			rows, err := rowsBySeq(ctx, q, e.Seq)
			if err != nil {
				return nil, err
			}
			if e.At < from {
				continue // forgotten by now, but for what still asks for an act
			}
			if s.Routes != nil {
				routed, err := s.Routes(ctx, q, e)
				if err != nil {
					return nil, err
				}
				p.Tell = append(p.Tell, routed...)
			}
			faults = append(faults, compare(e, p.Tell, rows)...)
		}
	}
}

func compare(e event.Event, tells []event.Tell, rows []Row) (faults []string) {
	told := map[string]bool{}
	for _, t := range tells {
		told[t.To] = true
	}
	has := map[string]bool{}
	for _, r := range rows {
		has[r.Account] = true
		if !told[r.Target] && !strings.HasPrefix(r.Target, "ward:") || r.Kind != e.Kind || r.Subject != e.Subject || r.Version != e.Version || r.Do != e.Do {
			faults = append(faults, fmt.Sprintf("inbox %s: event %d did not tell it", r.ID, e.Seq))
		}
	}
	for _, t := range tells {
		if kind, account := t.Target(); kind == "account" && account != e.Actor && !has[account] {
			faults = append(faults, fmt.Sprintf("event %d: %s is not in the inbox of %s", e.Seq, e.Do, account))
		}
	}
	return faults
}
