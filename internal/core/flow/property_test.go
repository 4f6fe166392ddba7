package flow

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
)

// walk makes random moves by random people at random moments, as a service
// would: settle, ask, apply. It returns the loan and the last moment.
func walk(t *rapid.T, l *Table[*loan]) (*loan, int64) {
	m := newLoan(l, rapid.Int64Range(0, 4).Draw(t, "left"))
	now := start
	for range rapid.IntRange(0, 6).Draw(t, "moves") {
		now += rapid.Int64Range(0, 12*day).Draw(t, "pause")
		if _, err := l.Settle(m, now, spans); err != nil {
			t.Fatal(err)
		}
		a := rapid.SampledFrom([]actor.Actor{ann, bob, novice, visitor}).Draw(t, "who")
		row, err := l.May(m, a, rapid.SampledFrom(l.Names()).Draw(t, "do"), now)
		if err != nil {
			continue
		}
		next := *m
		if l.Apply(&next, row, &Change{Actor: a, At: now, In: Input{"reason": "r"}}, spans) == nil {
			*m = next
		}
	}
	return m, now
}

func TestSettlingTwiceEqualsSettlingOnce(t *testing.T) {
	l := life()
	rapid.Check(t, func(t *rapid.T) {
		m, now := walk(t, l)
		between := now + rapid.Int64Range(0, 60*day).Draw(t, "between")
		end := between + rapid.Int64Range(0, 60*day).Draw(t, "end")

		once, twice := *m, *m
		all, err := l.Settle(&once, end, spans)
		if err != nil {
			t.Fatal(err)
		}
		first, err := l.Settle(&twice, between, spans)
		if err != nil {
			t.Fatal(err)
		}
		second, err := l.Settle(&twice, end, spans)
		if err != nil {
			t.Fatal(err)
		}
		if once != twice {
			t.Fatalf("at once %+v, in two steps %+v", once, twice)
		}
		if steps := append(first, second...); len(steps)+len(all) > 0 && !reflect.DeepEqual(all, steps) {
			t.Fatalf("at once %v, in two steps %v", all, steps)
		}
		again, err := l.Settle(&once, end, spans)
		if err != nil || len(again) != 0 || once != twice {
			t.Fatalf("settling again made %d moves, %v", len(again), err)
		}
		if once.DueAt != 0 && once.DueAt <= end {
			t.Fatalf("still overdue at %d: %+v", end, once.Head)
		}
		for i, c := range all {
			if c.At > end || i > 0 && c.At < all[i-1].At {
				t.Fatalf("change %d at %d is out of order", i, c.At)
			}
		}
		if once.Version != m.Version+int64(len(all)) {
			t.Fatalf("%d changes, version %d after %d", len(all), once.Version, m.Version)
		}
	})
}

// What is offered succeeds, what succeeds is offered: the buttons and the
// server's check are one rule.
func TestActionsAreExactlyWhatMayAllows(t *testing.T) {
	l := life()
	rapid.Check(t, func(t *rapid.T) {
		m, now := walk(t, l)
		if rapid.Bool().Draw(t, "wake") {
			if _, err := l.Settle(m, now, spans); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range []actor.Actor{ann, bob, novice, visitor} {
			offered := l.Actions(m, a, now)
			for _, do := range l.Names() {
				_, err := l.May(m, a, do, now)
				n := 0
				for _, act := range offered {
					if act.Do != do {
						continue
					}
					n++
					if act.Enabled != (err == nil) {
						t.Fatalf("%s is offered %s enabled=%v in %s, but May says %v", a.ID, do, act.Enabled, m.State, err)
					}
					if !act.Enabled && act.Reason != fault.Of(err).Key {
						t.Fatalf("%s: the button says %q, the server %q", do, act.Reason, fault.Of(err).Key)
					}
				}
				if n > 1 {
					t.Fatalf("%s is offered %d times", do, n)
				}
				if err == nil && n == 0 {
					t.Fatalf("%s may %s in %s but is not offered it", a.ID, do, m.State)
				}
			}
		}
	})
}

// In tables of random rows too: several rows of one move with various rights
// and guards must answer alike at both doors.
func TestActionsAgreeWithMayOnRandomTables(t *testing.T) {
	yes := func(*loan, actor.Actor, int64) bool { return true }
	no := func(*loan, actor.Actor, int64) bool { return false }
	whos := []Who[*loan]{author(), life().Moves[0].By, By("nobody", func(actor.Actor, *loan) access.Decision { return access.Hidden }), Time[*loan]()}
	rapid.Check(t, func(t *rapid.T) {
		l := &Table[*loan]{Name: "loan", Start: open}
		for i := range rapid.IntRange(1, 8).Draw(t, "rows") {
			row := Move[*loan]{
				Do:   rapid.SampledFrom([]string{"a", "b"}).Draw(t, "do"),
				From: rapid.SliceOfDistinct(rapid.SampledFrom([]State{open, lent}), func(s State) State { return s }).Draw(t, "from"),
				By:   rapid.SampledFrom(whos).Draw(t, "by"),
			}
			for k := range rapid.IntRange(0, 2).Draw(t, "guards") {
				ok := yes
				if rapid.Bool().Draw(t, "fails") {
					ok = no
				}
				row.If = append(row.If, Guard[*loan]{fmt.Sprintf("g%d.%d", i, k), ok})
			}
			l.Moves = append(l.Moves, row)
		}
		m := newLoan(l, 1)
		for _, a := range []actor.Actor{ann, bob, novice, visitor} {
			offered := l.Actions(m, a, start)
			for _, do := range l.Names() {
				_, err := l.May(m, a, do, start)
				i := slices.IndexFunc(offered, func(o Action) bool { return o.Do == do })
				if (err == nil) != (i >= 0 && offered[i].Enabled) {
					t.Fatalf("%s %s: May says %v, offered %+v", a.ID, do, err, offered)
				}
				if i >= 0 && err != nil && fault.Is(err, fault.Denied) && offered[i].Reason == "" {
					t.Fatalf("%s %s is shown disabled without a reason", a.ID, do)
				}
			}
		}
	})
}
