package volunteer

import (
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
)

type move = flow.Move[*Record]

var (
	confirmFields = []flow.Field{{Name: "minutes", Kind: flow.Int, Max: 24 * 60}, {Name: "reason", Kind: flow.Long, Max: 2000}}
	correctFields = []flow.Field{{Name: "minutes", Kind: flow.Int, Required: true, Max: 24 * 60}, flow.Reason()}
)

// Life is everything that can happen to service hours. Hours are never
// confirmed by time, and never by who served.
var Life = &flow.Table[*Record]{
	Name:  "service",
	Start: Stated,
	Ends:  []flow.State{Confirmed, Refused, Withdrawn, Revoked},
	Moves: []move{
		{Do: "confirm", From: flow.In(Stated), To: Confirmed, By: confirmer, Takes: confirmFields, Effect: confirm, Tells: helperHears, Primary: true},
		{Do: "refuse", From: flow.In(Stated), To: Refused, By: confirmer, Takes: []flow.Field{flow.Reason()}, Tells: helperHears},
		{Do: "withdraw", From: flow.In(Stated), To: Withdrawn, By: helper},
		{Do: "correct", From: flow.In(Confirmed), By: confirmer, Takes: correctFields, Effect: correct, Tells: helperHears},
		{Do: "revoke", From: flow.In(Confirmed), To: Revoked, By: staff, Takes: []flow.Field{flow.Reason()}, Effect: revoke, Tells: helperHears},
		{Do: "remind", From: flow.In(Stated), By: flow.Time[*Record](), Effect: remind, Tells: reminded},
	},
	Deadlines: []flow.Deadline[*Record]{{In: flow.In(Stated), At: reminds, Do: "remind"}},
	Audience:  func(*Record) string { return event.Private },
}

func confirm(r *Record, c *flow.Change) error {
	if n, ok := c.In.Int("minutes"); ok && n != r.Minutes {
		if c.In.Text("reason") == "" {
			return fault.Field1("reason", "service.reason_needed")
		}
		c.Code("was", r.Minutes)
		r.Minutes = n
	}
	r.ConfirmedBy, r.ConfirmedAt = c.Actor.ID, c.At
	r.tell(c)
	return nil
}

// correct changes confirmed hours; the reason is the volunteer's to read.
func correct(r *Record, c *flow.Change) error {
	n, _ := c.In.Int("minutes")
	c.Code("was", r.Minutes)
	r.Minutes = n
	r.tell(c)
	return nil
}

func revoke(r *Record, c *flow.Change) error {
	c.Code("was", r.Minutes)
	r.tell(c)
	return nil
}

func remind(r *Record, _ *flow.Change) error { r.Reminded++; return nil }

// tell notes what points and figures need, so that they need not ask back.
func (r *Record) tell(c *flow.Change) {
	c.Code("account", r.Author)
	c.Code("minutes", r.Minutes)
	c.Code("source", r.Source)
	c.Code("kind", r.Kind)
}
