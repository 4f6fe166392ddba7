package flow

import (
	"fmt"
	"slices"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
)

// settleMost bounds how many overdue moves one settling makes; more means a
// table whose deadlines feed themselves.
const settleMost = 64

// May finds the row of the table for do in m's present state and asks, in the
// contract's order: may the actor (403), does the state fit (409). An unknown
// move is NotFound.
func (t *Table[T]) May(m T, a actor.Actor, do string, now int64) (*Move[T], error) {
	h := m.Header()
	known, unmet := false, ""
	best := access.Hidden
	for i := range t.Moves {
		row := &t.Moves[i]
		if row.Do != do {
			continue
		}
		known = true
		d := row.By.Is(a, m)
		best = best.Or(d)
		if !d.OK() || !slices.Contains(row.From, h.State) {
			continue
		}
		if reason, ok := row.holds(m, a, now); ok {
			return row, nil
		} else if unmet == "" {
			unmet = reason // another row of the same move may still hold
		}
	}
	switch {
	case !known:
		return nil, fault.Absent()
	case unmet != "":
		return nil, fault.New(fault.Conflict, unmet)
	case best.OK():
		return nil, fault.New(fault.Conflict, "fault.state", "kind", t.Name, "state", string(h.State))
	case best.Reason != "":
		return nil, fault.New(fault.Denied, best.Reason)
	}
	return nil, fault.New(fault.Denied, "fault.denied")
}

// holds asks the row's guards and returns the reason of the first that does not hold.
func (m *Move[T]) holds(v T, a actor.Actor, now int64) (reason string, ok bool) {
	for _, g := range m.If {
		if !g.OK(v, a, now) {
			return g.Reason, false
		}
	}
	return "", true
}

// Apply makes the move: effect, new state, version, next deadline. On an
// error m may be half changed and must be dropped.
func (t *Table[T]) Apply(m T, row *Move[T], c *Change, s Spans) error {
	h := m.Header()
	c.Do, c.From, c.Spans = row.Do, h.State, s
	c.note(row.Takes)
	if row.Effect != nil {
		if err := row.Effect(m, c); err != nil {
			return err
		}
	}
	to := row.To
	for _, b := range row.Then {
		if b.When(m) {
			to = b.To
			break
		}
	}
	if to == "" {
		to = h.State
	}
	if to != h.State {
		h.State, h.Since = to, c.At
	}
	c.To = to
	if c.Audience == "" && t.Audience != nil {
		c.Audience = t.Audience(m) // as it is now, not after further overdue moves
	}
	h.Version++
	t.Schedule(m, s)
	if row.Tells != nil {
		c.Tell = append(c.Tell, row.Tells(m, c)...)
	}
	return nil
}

// Born sets the head of a new matter, in state start or, when that is "", in the table's.
func (t *Table[T]) Born(m T, start State, c *Change, s Spans) {
	h := m.Header()
	if start == "" {
		start = t.Start
	}
	h.State, h.Version, h.Since, h.CreatedAt = start, 1, c.At, c.At
	if c.Do == "" {
		c.Do = "create"
	}
	c.From, c.To = "", start
	t.Schedule(m, s)
}

// Schedule sets the moment and name of the next move that time makes by itself.
func (t *Table[T]) Schedule(m T, s Spans) {
	h := m.Header()
	h.DueAt, h.DueDo = 0, ""
	for _, d := range t.Deadlines {
		if !slices.Contains(d.In, h.State) {
			continue
		}
		var at int64
		if d.At != nil {
			at = d.At(m, s)
		} else {
			from := h.Since
			if d.From != nil {
				from = d.From(m)
			}
			if from != 0 {
				at = s.After(h.Scope(), d.After, from)
			}
		}
		if at != 0 && (h.DueAt == 0 || at < h.DueAt) {
			h.DueAt, h.DueDo = at, d.Do
		}
	}
}

// Settle makes every move that is overdue at now, each at the moment it was
// due, and returns them oldest first. It is pure: reading shows what a move
// would find, only journal writes it down.
func (t *Table[T]) Settle(m T, now int64, s Spans) ([]*Change, error) {
	var done []*Change
	h := m.Header()
	for h.DueAt != 0 && h.DueAt <= now {
		if len(done) == settleMost {
			return nil, fault.New(fault.Internal, "fault.internal")
		}
		c := &Change{Actor: actor.Clock, At: h.DueAt}
		row, err := t.May(m, actor.Clock, h.DueDo, c.At)
		if err == nil {
			err = t.Apply(m, row, c, s)
		}
		if err != nil { // a mistake of the table, never the caller's
			return nil, &fault.Error{Kind: fault.Internal, Key: "fault.internal", Cause: fmt.Errorf("%s %s by the clock: %v", t.Name, h.DueDo, err)}
		}
		done = append(done, c)
	}
	return done, nil
}

// Action is a move as it is offered to one actor. Label and Reason are text keys.
type Action struct {
	Do      string
	Label   string
	Enabled bool
	Reason  string
	Primary bool
	Fields  []Field
}

// Actions lists what a may do to m now, and what a could do but for a reason
// worth telling. Nothing outside this list succeeds.
func (t *Table[T]) Actions(m T, a actor.Actor, now int64) []Action {
	out := []Action{}
	h := m.Header()
	for i := range t.Moves {
		row := &t.Moves[i]
		if row.By.Name == "clock" || !slices.Contains(row.From, h.State) ||
			slices.ContainsFunc(out, func(o Action) bool { return o.Do == row.Do && o.Enabled }) {
			continue
		}
		d := row.By.Is(a, m)
		if d.Verdict == access.Hide {
			continue
		}
		act := Action{Do: row.Do, Label: t.Name + ".do." + row.Do, Enabled: d.OK(), Reason: d.Reason, Primary: row.Primary, Fields: row.Takes}
		if act.Enabled {
			act.Reason, act.Enabled = row.holds(m, a, now)
		}
		if i := slices.IndexFunc(out, func(o Action) bool { return o.Do == row.Do }); i >= 0 {
			if act.Enabled {
				out[i] = act
			}
			continue
		}
		out = append(out, act)
	}
	return out
}
