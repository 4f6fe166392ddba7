package ballot

import (
	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/flow"
)

type (
	move  = flow.Move[*Poll]
	guard = flow.Guard[*Poll]
)

// Life is everything that can happen to a poll. Ballots are not among it: they
// leave no event.
//
// The clock opens and counts through the poll's works and not by a deadline,
// because both need more than the poll itself: the roll, the box. It closes by
// a deadline, so that every reading of a poll shows it closed from that moment on.
var Life = &flow.Table[*Poll]{
	Name:  "poll",
	Start: Draft,
	Ends:  []flow.State{Closed},
	Moves: []move{
		{Do: "open", From: flow.In(Draft), To: Open, By: Staff, Effect: opened, Tells: author, Primary: true},
		{Do: "open", From: flow.In(Draft), To: Open, By: byTime, Effect: opened, Tells: author},
		{Do: "close", From: flow.In(Open), To: Closed, By: Staff, Takes: []flow.Field{flow.Reason()}, Effect: closedEarly, Tells: author},
		{Do: "close", From: flow.In(Open), To: Closed, By: byTime, Tells: author},
		// The roll 名册 is frozen; a mistake in it is corrected by two persons, in public.
		{Do: "correct", From: flow.In(Open), By: Staff, Takes: correctFields, Effect: asked, Tells: staffSigns},
		{Do: "countersign", From: flow.In(Open), By: Staff, If: []guard{correctionWaits}, Takes: correctionField, Effect: corrected, Tells: correctedTold},
		{Do: "drop", From: flow.In(Open), By: Staff, If: []guard{correctionWaits}, Takes: correctionField, Effect: dropped},
		{Do: "count", From: flow.In(Closed), By: byTime, If: []guard{notCounted}, Effect: counted, Tells: author},
	},
	Deadlines: []flow.Deadline[*Poll]{
		{In: flow.In(Open), At: func(p *Poll, _ flow.Spans) int64 { return p.Closes }, Do: "close"},
	},
	Audience: func(*Poll) string { return event.Public },
}

var (
	byTime = flow.Time[*Poll]()

	// Staff is who looks after a poll: staff of its place and of its roll's.
	Staff = flow.By("staff", func(a actor.Actor, p *Poll) access.Decision {
		return access.When(a.StaffReaching(p.Place) && a.StaffReaching(p.RollPlace))
	})

	notCounted = guard{Reason: "poll.reason.counted", OK: func(p *Poll, _ actor.Actor, _ int64) bool { return !p.Counted }}
)

// opened publishes the size and the salted hash of the roll, which Prepare has frozen.
func opened(p *Poll, c *flow.Change) error {
	c.Code("roll", p.RollSize)
	c.Code("roll_hash", p.RollHash)
	return nil
}

func closedEarly(p *Poll, c *flow.Change) error {
	p.Early = true
	c.Code("closes", p.Closes)
	return nil
}

// counted publishes what the ballots are and what they decide; Prepare has counted.
func counted(p *Poll, c *flow.Change) error {
	p.Counted = true
	c.Code("ballots_hash", p.BallotsHash)
	return nil
}

func author(p *Poll, _ *flow.Change) []event.Tell {
	return []event.Tell{event.ToAccount(p.Author, "author")}
}

// Sees: polls are public from the day they are announced, so that everybody
// can ask beforehand whether they may vote.
func Sees(actor.Actor, *Poll) bool { return true }
