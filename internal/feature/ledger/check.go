package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"linli/internal/platform/db"
	"linli/internal/platform/tlog"
)

func (s *Service) verifier(r row) (note.Verifier, error) {
	v, err := note.NewVerifier(r.Public)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: its key: %w", r.Origin, err)
	}
	return v, nil
}

// check recomputes every log from the events and names what does not agree.
func (s *Service) check(ctx context.Context, q db.Queryer) ([]string, error) {
	all, err := logs(ctx, q)
	if err != nil {
		return nil, err
	}
	c := &checker{s: s, q: q}
	for i, r := range all {
		if i > 0 && r.Before != all[i-1].Checkpoint {
			c.fault("ledger %s does not begin with the last checkpoint of %s", r.Origin, all[i-1].Origin)
		}
		if err := c.log(ctx, r); err != nil {
			return nil, err
		}
	}
	err = c.missing(ctx)
	return c.faults, err
}

// checker walks the logs in order. What rules held from which event on is
// learnt from the entries themselves.
type checker struct {
	s      *Service
	q      db.Queryer
	faults []string
	at     position // of the last event an entry told of
	rules  rules
	held   []heldRules
}

type heldRules struct {
	from  position
	rules rules
}

func (c *checker) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// log checks one log: that its tiles and root follow from its entries, that
// its checkpoint is signed and a beginning of what it has reached, and that
// its entries are those of the events.
func (c *checker) log(ctx context.Context, r row) error {
	at, err := r.tree()
	if err != nil {
		c.fault("%v", err)
		return nil
	}
	if r.Size == 0 {
		return nil
	}
	files := resources{q: c.q, log: r.Number}
	c.signed(ctx, r, at, files)
	// The whole of it, with what is not signed yet, is audited under a checkpoint
	// made for this moment.
	var seed [32]byte
	key, err := tlog.NewKey(r.Origin, seed[:])
	if err != nil {
		return err
	}
	log := tlog.Log{Origin: r.Origin, Key: key}
	msg, err := log.Sign(at)
	if err != nil {
		return err
	}
	w := &walk{checker: c, log: r}
	_, err = tlog.Audit(ctx, headed{files, msg}, r.Origin, w.visit(ctx), key.Verifier())
	switch {
	case errors.Is(err, tlog.ErrAbsent), errors.Is(err, tlog.ErrChanged):
		c.fault("ledger %s: %v", r.Origin, err)
	case err != nil:
		return err
	}
	return nil
}

// headed reads a log under another head than its own.
type headed struct {
	tlog.Reader
	head []byte
}

func (h headed) Read(ctx context.Context, path string) ([]byte, error) {
	if path == tlog.CheckpointPath {
		return h.head, nil
	}
	return h.Reader.Read(ctx, path)
}

func (c *checker) signed(ctx context.Context, r row, at tlog.Tree, files tlog.Reader) {
	if r.Signed == 0 {
		return
	}
	v, err := c.s.verifier(r)
	if err != nil {
		c.fault("%v", err)
		return
	}
	cp, err := tlog.OpenCheckpoint([]byte(r.Checkpoint), r.Origin, v)
	if err != nil {
		c.fault("ledger %s: its checkpoint: %v", r.Origin, err)
		return
	}
	if cp.Size != r.Signed {
		c.fault("ledger %s: its checkpoint is of %d entries, not of %d", r.Origin, cp.Size, r.Signed)
		return
	}
	proof, err := tlog.Consistency(ctx, files, at, cp.Size)
	if err == nil {
		err = tlog.CheckConsistency(proof, cp.Tree, at)
	}
	if err != nil {
		c.fault("ledger %s: what was signed with %d entries is not the beginning of what is there: %v", r.Origin, cp.Size, err)
	}
}

// walk goes through the entries of one log with the events they tell of.
type walk struct {
	*checker
	log   row
	ahead []pair
}

func (w *walk) visit(ctx context.Context) func(index int64, entry []byte) error {
	return func(index int64, entry []byte) error {
		if len(w.ahead) == 0 {
			var err error
			if w.ahead, err = pairs(ctx, w.q, w.log.Number, index, 1000); err != nil {
				return err
			}
		}
		name := fmt.Sprintf("entry %d of ledger %s", index, w.log.Origin)
		if len(w.ahead) == 0 || w.ahead[0].Idx != index {
			w.fault("%s: what it tells of is not noted", name)
			return nil
		}
		p := w.ahead[0]
		w.ahead = w.ahead[1:]
		w.one(name, index, p, entry)
		return nil
	}
}

func (w *walk) one(name string, index int64, p pair, entry []byte) {
	var e Entry
	if err := json.Unmarshal(entry, &e); err != nil {
		w.fault("%s: %v", name, err)
		return
	}
	here := position{p.XID, p.Seq}
	switch e.Type {
	case typeCheckpoint:
		if index != 0 || e.Checkpoint != w.log.Before {
			w.fault("%s: not the checkpoint of the ledger before", name)
		}
	case typeRules:
		var rs rules
		if err := json.Unmarshal(e.Rules, &rs); err != nil || p.Seq == 0 || p.Leaf != "" {
			w.fault("%s: its rules cannot be read", name)
			return
		}
		w.rules = rs
		w.held = append(w.held, heldRules{here, rs})
	default:
		about := fmt.Sprintf("event %d (%s %s version %d)", p.Seq, p.Kind, p.Subject, p.Version)
		if p.Seq == 0 {
			w.fault("%s: its event is gone", name)
			return
		}
		if !w.at.before(here) {
			w.fault("%s: %s is out of order", name, about)
		}
		w.at = here
		rule, ok := w.rules.find(p.Event)
		want, err := entryOf(rule, p.Event)
		if !ok || err != nil || !bytes.Equal(want.encode(), entry) || p.Leaf != want.Hash {
			w.fault("%s: it does not say what %s is", name, about)
		}
	}
}

// missing names events that ought to have entered and did not.
func (c *checker) missing(ctx context.Context) error {
	if len(c.held) == 0 {
		return nil
	}
	until, err := read(ctx, c.q)
	if err != nil {
		return err
	}
	first := c.held[0].from
	at := position{first.XID, first.Seq - 1}
	next := 0
	for {
		events, err := left(ctx, c.q, at, until, 1000)
		if err != nil || len(events) == 0 {
			return err
		}
		for _, e := range events {
			at = position{e.XID, e.Seq}
			for next+1 < len(c.held) && !at.before(c.held[next+1].from) {
				next++
			}
			if _, ok := c.held[next].rules.find(e); ok {
				c.fault("event %d (%s %s version %d) is not in the ledger", e.Seq, e.Kind, e.Subject, e.Version)
			}
		}
	}
}
