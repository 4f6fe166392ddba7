package stats

import (
	"cmp"
	"context"
	"slices"

	"linli/internal/core/access"
	"linli/internal/core/event"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// people is the one kind whose cells count persons.
const people = "member"

// matters are the kinds that figures are told of: those a reader finds as a list
// of their own. A comment, an hour served or a change of a rule is none.
var matters = []string{"activity", "award", "meeting", "opinion", "poll", "post", "project", "request", "wish"}

// told are codes of events that are figures of their own: what people said of
// a matter, and what it is about. Nothing that names anybody is among them.
var told = []string{"solved", "satisfied", "channel"}

// cell is one counter.
type cell struct {
	Kind  string `db:"kind"`
	What  string `db:"what"`
	Place string `db:"place"`
	Day   string `db:"day"`
}

// matter is where a matter stands, as far as figures go.
type matter struct {
	Subject  string `db:"subject"`
	Kind     string `db:"kind"`
	Place    string `db:"place"`
	State    string `db:"state"` // "" while it is not everybody's to know
	Category string `db:"category"`
	Shown    bool   `db:"shown"`    // was in the public's eye once
	Answered bool   `db:"answered"` // somebody took it up
}

// tally is what events amount to. It is pure: the reader and verify share it.
type tally struct {
	counts  map[cell]int64
	matters map[string]*matter
}

func newTally() *tally { return &tally{counts: map[cell]int64{}, matters: map[string]*matter{}} }

// counted reports whether an event is about a matter or a person.
func counted(e event.Event) bool { return e.Kind == people || slices.Contains(matters, e.Kind) }

// answers are the moves by which somebody takes a matter up 响应.
var answers = map[string]string{"wish": "claim", "request": "accept"}

// add counts one event. The matters it needs are in t already, if there are any.
func (t *tally) add(e event.Event) error {
	if !counted(e) {
		return nil
	}
	p, err := e.Decode()
	if err != nil {
		return err
	}
	m := t.matters[e.Subject]
	if m == nil {
		m = &matter{Subject: e.Subject, Kind: e.Kind}
		t.matters[e.Subject] = m
	}
	was := *m
	if v, ok := p.Codes["category"].(string); ok && e.FromState == "" {
		m.Category = v
	}
	switch {
	case e.Kind == people:
		m.Place, m.State = e.Place, "here"
		if e.Do == "erase" || e.Do == "close" {
			m.State = ""
		}
	case e.Audience == event.Public:
		m.Place, m.State = e.Place, e.ToState
	case e.ToState != e.FromState: // the matter left the public's eye, or never was in it
		m.State = ""
	}
	if was.State != m.State || was.Place != m.Place {
		t.bump(was.Kind, "now:"+was.State, was.Place, "", -1, was.State != "")
		t.bump(m.Kind, "now:"+m.State, m.Place, "", 1, m.State != "")
	}
	day := dayOf(e.At)
	if e.Kind == people {
		t.bump(people, "came", m.Place, day, 1, e.Version == 1)
		return nil
	}
	if e.Audience != event.Public {
		return nil // nobody's figure
	}
	if !m.Shown {
		m.Shown = true
		t.bump(e.Kind, "published", e.Place, day, 1, true)
		t.bump(e.Kind, "category:"+m.Category, e.Place, day, 1, m.Category != "")
	}
	t.bump(e.Kind, "do:"+e.Do, e.Place, day, 1, true)
	t.bump(e.Kind, "in:"+e.ToState, e.Place, day, 1, e.ToState != "" && e.ToState != e.FromState)
	for _, name := range told {
		if v, ok := p.Codes[name].(string); ok {
			t.bump(e.Kind, name+":"+v, e.Place, day, 1, true)
		}
	}
	// The first who takes it up answers; what ends without anybody was not answered.
	switch e.Do {
	case answers[e.Kind]:
		t.bump(e.Kind, "answered", e.Place, day, 1, !m.Answered)
		m.Answered = true
	case "expire":
		t.bump(e.Kind, "unanswered", e.Place, day, 1, !m.Answered)
	}
	return nil
}

// bump adds to a counter at every level above the place.
func (t *tally) bump(kind, what, place, day string, n int64, holds bool) {
	if !holds {
		return
	}
	for _, level := range levels {
		if code := access.Up(place, level); code != "" {
			t.counts[cell{kind, what, code, day}] += n
		}
	}
}

// sorted lists the counters in one order, those that stand at nothing left out.
func (t *tally) sorted() []cell {
	var cells []cell
	for c, n := range t.counts {
		if n != 0 {
			cells = append(cells, c)
		}
	}
	slices.SortFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.What, b.What), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Day, b.Day))
	})
	return cells
}

// readerName is the reader's place in the log.
const readerName = "stats"

func (s *Service) reader() journal.Reader {
	return journal.Reader{Name: readerName, Batch: 128, Apply: apply, Reset: reset}
}

// apply adds events to the figures, in the transaction that moves the cursor.
func apply(ctx context.Context, tx *db.Tx, events []event.Event) error {
	t := newTally()
	for _, e := range events {
		if _, ok := t.matters[e.Subject]; !ok && counted(e) {
			m, err := loadMatter(ctx, tx, e.Subject)
			if err != nil {
				return err
			}
			if m != nil {
				t.matters[e.Subject] = m
			}
		}
		if err := t.add(e); err != nil {
			return err
		}
	}
	return save(ctx, tx, t)
}
