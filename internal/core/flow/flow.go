// Package flow is the one engine behind everything in Linli that moves: a
// wish, a project, an activity. A feature declares the life of its matter as
// one plain Table; from the table come the server's check, the buttons with
// their reasons, the API's actions, due dates, the timeline, who is told, the
// handbook page with its diagram and the golden state × actor matrix.
//
// The engine is small on purpose: no nesting, no parallel states, no I/O. An
// effect changes the matter in memory; platform/journal loads and saves it.
package flow

import (
	"slices"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
)

// State is a state of a matter; its values are the words of the contract.
type State string

// Head is the part of a matter that the engine reads and writes. A feature
// embeds it in its row type. Times are UTC milliseconds, 0 for none.
type Head struct {
	ID        string `db:"id"`
	State     State  `db:"state"`
	Version   int64  `db:"version"` // 1 at creation, +1 with each move
	Since     int64  `db:"since"`   // when the present state was entered
	DueAt     int64  `db:"due_at"`  // when time itself moves the matter next
	DueDo     string `db:"due_do"`
	Place     string `db:"place"`     // where it is, as exact as it is known publicly
	Community string `db:"community"` // 12 digits, "" for a matter of a street or district
	Street    string `db:"street"`    // 9 digits, "" for a matter of a district
	Author    string `db:"author"`    // account id
	CreatedAt int64  `db:"created_at"`
}

// Header gives the engine its part of a matter.
func (h *Head) Header() *Head { return h }

// Locate sets the place columns from a place code.
func (h *Head) Locate(place string) {
	h.Place = place
	h.Community = access.Up(place, access.Community)
	h.Street = access.Up(place, access.Street)
}

// Scope is the smallest place whose settings and calendar rule the matter.
func (h *Head) Scope() string {
	if h.Community != "" {
		return h.Community
	}
	if h.Street != "" {
		return h.Street
	}
	return h.Place
}

// Matter is a row with a life: a pointer to a struct that embeds Head.
type Matter interface{ Header() *Head }

// Table is everything that can happen to a kind of matter.
type Table[T Matter] struct {
	Name      string // kind: "wish"
	Start     State
	Ends      []State // where a life may rest for ever
	Moves     []Move[T]
	Deadlines []Deadline[T]
	// Audience says who may know of what happens to m: an event.* audience.
	Audience func(m T) string
}

// Move is one row: what is done, from where to where, by whom, if what holds.
type Move[T Matter] struct {
	Do      string
	From    []State
	To      State       // "" stays
	Then    []Branch[T] // evaluated after Effect, the first that holds decides; else To
	By      Who[T]
	If      []Guard[T]
	Takes   []Field
	Effect  func(m T, c *Change) error
	Tells   func(m T, c *Change) []event.Tell
	Primary bool // the button that most people come for
}

// Branch is a conditional target, as data, so that Check and diagram see it.
type Branch[T Matter] struct {
	Name string
	When func(m T) bool
	To   State
}

// Who is a named rule about the actor.
type Who[T Matter] struct {
	Name string
	Is   func(a actor.Actor, m T) access.Decision
}

// Or allows what either rule allows.
func (w Who[T]) Or(o Who[T]) Who[T] {
	return Who[T]{Name: w.Name + "|" + o.Name, Is: func(a actor.Actor, m T) access.Decision {
		if d := w.Is(a, m); d.OK() {
			return d
		} else {
			return d.Or(o.Is(a, m))
		}
	}}
}

// Time is the rule of moves that only the clock makes.
func Time[T Matter]() Who[T] {
	return Who[T]{Name: "clock", Is: func(a actor.Actor, _ T) access.Decision {
		return access.When(a.ID == actor.Clock.ID)
	}}
}

// Guard is a named condition on the matter; Reason is the text key shown while it does not hold.
type Guard[T Matter] struct {
	Reason string
	OK     func(m T, a actor.Actor, now int64) bool
}

// Deadline says when time makes a move by itself: After a span that is a
// setting of the place, counted From a moment (default: since the state was
// entered) on the working-day calendar, or At a moment. A zero moment is never.
type Deadline[T Matter] struct {
	In    []State
	Do    string
	After string
	From  func(m T) int64
	At    func(m T, s Spans) int64
}

// Spans resolves a setting that is a span of time: the moment that lies the
// span after from, on the calendar of place; 0 when the setting is "never".
type Spans interface {
	After(place, setting string, from int64) int64
}

// Change is one move being made.
type Change struct {
	Do       string
	Actor    actor.Actor
	At       int64 // UTC ms
	In       Input
	AsGroup  string
	From, To State
	Codes    map[string]any // ids, codes, numbers for the event
	Words    event.Words    // what people wrote
	Tell     []event.Tell
	Audience string // set to override the table's
	Spans    Spans  // settings of the place, for effects that set a day
}

// Code notes an id, code or number on the event.
func (c *Change) Code(name string, v any) {
	if c.Codes == nil {
		c.Codes = map[string]any{}
	}
	c.Codes[name] = v
}

// Say notes a text on the event.
func (c *Change) Say(name, text string) {
	if text == "" {
		return
	}
	if c.Words == nil {
		c.Words = event.Words{}
	}
	c.Words[name] = text
}

// In lists states, for rows that read as sentences.
func In(s ...State) []State { return s }

// By returns a rule with its name.
func By[T Matter](name string, is func(a actor.Actor, m T) access.Decision) Who[T] {
	return Who[T]{Name: name, Is: is}
}

// States returns every state the table names, in order of first mention.
func (t *Table[T]) States() []State {
	out := []State{t.Start}
	add := func(s State) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, m := range t.Moves {
		for _, s := range m.From {
			add(s)
		}
		add(m.To)
		for _, b := range m.Then {
			add(b.To)
		}
	}
	for _, s := range t.Ends {
		add(s)
	}
	return out
}

// Kind is the name of the kind of matter.
func (t *Table[T]) Kind() string { return t.Name }

// Names returns each move's name once, in the table's order.
func (t *Table[T]) Names() []string {
	var out []string
	for _, m := range t.Moves {
		if !slices.Contains(out, m.Do) {
			out = append(out, m.Do)
		}
	}
	return out
}

// Fields returns what the move called do takes, from whichever of its rows takes most.
func (t *Table[T]) Fields(do string) []Field {
	var fs []Field
	for _, m := range t.Moves {
		if m.Do == do && len(m.Takes) > len(fs) {
			fs = m.Takes
		}
	}
	return fs
}
