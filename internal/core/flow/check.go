package flow

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"linli/internal/core/actor"
)

// Check finds mistakes of the table itself: unreachable states, states that
// are neither left nor ends, doubled rows, rows without an actor or a state,
// fields that cannot be read, deadlines without a move, and moves by the clock
// that could be refused or would repeat for ever (reading settles what is
// overdue, so such a table could not even be shown). It runs at start and fails it.
func (t *Table[T]) Check() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("flow %s: "+format, append([]any{t.Name}, args...)...))
	}
	if t.Name == "" || t.Start == "" {
		bad("needs a name and a start")
	}
	if t.Audience == nil {
		bad("does not say who may know of its events")
	}
	reached := map[State]bool{t.Start: true}
	left := map[State]bool{}
	type rowKey struct {
		do   string
		from State
		by   string
	}
	seen := map[rowKey]bool{}
	for _, m := range t.Moves {
		if m.Do == "" {
			bad("a row has no name")
		}
		if m.By.Is == nil {
			bad("%s has no actor", m.Do)
		}
		for _, b := range m.Then {
			if b.When == nil || b.To == "" {
				bad("%s has a branch without a condition or a target", m.Do)
			}
		}
		for _, g := range m.If {
			if g.OK == nil || g.Reason == "" {
				bad("%s has a guard without a condition or a reason", m.Do)
			}
		}
		checkFields(m.Do, m.Takes, bad)
		if len(m.From) == 0 {
			bad("%s starts nowhere", m.Do)
		}
		for _, f := range m.From {
			k := rowKey{m.Do, f, m.By.Name}
			if seen[k] {
				bad("%s from %s by %s stands twice", m.Do, f, m.By.Name)
			}
			seen[k] = true
			for _, to := range m.targets(f) {
				if to != f {
					left[f] = true
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for _, m := range t.Moves {
			for _, f := range m.From {
				if !reached[f] {
					continue
				}
				for _, to := range m.targets(f) {
					if !reached[to] {
						reached[to], changed = true, true
					}
				}
			}
		}
	}
	for _, s := range t.States() {
		if !reached[s] {
			bad("state %s cannot be reached", s)
		}
		if !left[s] && !slices.Contains(t.Ends, s) {
			bad("state %s is a trap", s)
		}
	}
	for _, d := range t.Deadlines {
		if (d.After == "") == (d.At == nil) {
			bad("deadline %s needs either After or At", d.Do)
		}
		if len(d.In) == 0 {
			bad("deadline %s is in no state", d.Do)
		}
		for _, s := range d.In {
			i := slices.IndexFunc(t.Moves, func(m Move[T]) bool {
				return m.Do == d.Do && slices.Contains(m.From, s) && strings.Contains(m.By.Name, "clock")
			})
			if i < 0 {
				bad("deadline %s in %s has no move by the clock", d.Do, s)
				continue
			}
			m := &t.Moves[i]
			if len(m.If) > 0 {
				bad("deadline %s in %s could be refused: put the condition into At, From or Then", d.Do, s)
			}
			stays := !slices.ContainsFunc(m.targets(s), func(to State) bool { return to != s })
			if stays && d.At == nil && d.From == nil {
				bad("deadline %s stays in %s and would repeat for ever: count it From a moment the move sets", d.Do, s)
			}
		}
	}
	return errors.Join(errs...)
}

func checkFields(of string, fields []Field, bad func(format string, args ...any)) {
	seen := map[string]bool{}
	for _, f := range fields {
		if f.Name == "" || strings.Contains(f.Name, ".") || strings.HasPrefix(f.Name, "_") || seen[f.Name] {
			bad("%s takes a field without a name of its own: %q", of, f.Name)
		}
		seen[f.Name] = true
		switch f.Kind {
		case Text, Long, Int, Bool, Moment, Ref, Refs, Files:
		case Enum:
			if len(f.Values) == 0 {
				bad("%s takes %s, which has no values", of, f.Name)
			}
		case Object:
			checkFields(of+"."+f.Name, f.Fields, bad)
		default:
			bad("%s takes %s, which is of no kind", of, f.Name)
		}
	}
}

func (m *Move[T]) targets(from State) []State {
	var out []State
	for _, b := range m.Then {
		out = append(out, b.To)
	}
	if m.To != "" {
		out = append(out, m.To)
	} else {
		out = append(out, from)
	}
	return out
}

// Sample is a named actor or matter of the golden matrix.
type Sample[V any] struct {
	Name  string
	Value V
}

// Matrix prints which actor may make which move in each sample's state: "x"
// allowed, "-" refused with a reason, "." not offered. A change of rules shows
// as a change of this text.
func (t *Table[T]) Matrix(matters []Sample[T], actors []Sample[actor.Actor], now int64) string {
	var b strings.Builder
	for _, m := range matters {
		fmt.Fprintf(&b, "%s (%s)\n", m.Name, m.Value.Header().State)
		for _, a := range actors {
			var does []string
			for _, act := range t.Actions(m.Value, a.Value, now) {
				mark := act.Do
				if !act.Enabled {
					mark += "-"
				}
				does = append(does, mark)
			}
			if len(does) == 0 {
				does = []string{"."}
			}
			fmt.Fprintf(&b, "  %-18s %s\n", a.Name, strings.Join(does, " "))
		}
	}
	return b.String()
}
