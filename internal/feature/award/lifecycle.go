package award

import (
	"slices"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
)

type (
	move  = flow.Move[*Award]
	guard = flow.Guard[*Award]
)

// nomineesMost bounds a round.
const nomineesMost = 200

var (
	nomineeField = flow.Field{Name: "nominee", Kind: flow.Ref}
	// silentReason is kept with the nominee, for whom it may be shown; the
	// story of the round is everybody's to read.
	silentReason   = flow.Field{Name: "reason", Kind: flow.Long, Required: true, Max: 2000, Silent: true}
	nominateFields = []flow.Field{
		{Name: "person", Kind: flow.Text, Required: true, Max: 80, Silent: true}, silentReason, {Name: "as", Kind: flow.Ref},
	}
	reviewFields = []flow.Field{{Name: "ok", Kind: flow.Bool, Required: true}, silentReason, nomineeField}
	objectFields = []flow.Field{silentReason, nomineeField}
)

// Life is everything that can happen to a round of an award. Change the rules
// here and nowhere else.
var Life = &flow.Table[*Award]{
	Name:  "award",
	Start: Open,
	Ends:  []flow.State{Confirmed, Ended},
	Moves: []move{
		{Do: "nominate", From: flow.In(Open), By: nominator, If: []guard{hasOpened}, Takes: nominateFields, Effect: nominate, Tells: nominated, Primary: true},
		{Do: "consent", From: flow.In(Open, Review, Notice, Confirmed), By: nomineeSelf, Takes: []flow.Field{{Name: "agree", Kind: flow.Bool, Required: true}}, Effect: consent},
		{Do: "vote", From: flow.In(Open, Review), By: voter, If: []guard{voteOn}, Takes: []flow.Field{nomineeField}, Effect: vote},
		{Do: "close", From: flow.In(Open), To: Review, By: staff, Tells: panelActs},
		{Do: "close", From: flow.In(Open), To: Review, By: byTime, Tells: panelActs},
		{Do: "review", From: flow.In(Open, Review, Notice), By: panel, If: []guard{somebodyToReview}, Takes: reviewFields, Effect: review, Primary: true},
		{Do: "publish", From: flow.In(Open, Review), To: Notice, By: staff, If: []guard{somebodyPassed}, Effect: publish, Tells: passedHear, Primary: true},
		{Do: "object", From: flow.In(Notice), By: objector, Takes: objectFields, Effect: object, Tells: panelActs},
		{Do: "confirm", From: flow.In(Notice), To: Confirmed, By: second, If: []guard{noticeOver, noObjection}, Effect: confirm, Then: nobody(Ended), Tells: passedHear, Primary: true},
		{Do: "end", From: flow.In(Review, Notice), To: Ended, By: staff, Takes: []flow.Field{flow.Reason()}},
	},
	Deadlines: []flow.Deadline[*Award]{{In: flow.In(Open), At: func(w *Award, _ flow.Spans) int64 { return w.Closes }, Do: "close"}},
	Audience:  func(*Award) string { return event.Public },
}

// Who acts.
var (
	byTime = flow.Time[*Award]()
	staff  = flow.By("staff", func(a actor.Actor, w *Award) access.Decision { return access.When(w.staff(a)) })

	nominator = flow.By("person", func(a actor.Actor, _ *Award) access.Decision {
		if !a.Known() || a.Level < actor.V1 {
			return access.No("award.reason.sign_in")
		}
		return access.Yes
	})

	nomineeSelf = flow.By("nominee", func(a actor.Actor, w *Award) access.Decision { return access.When(w.of(a.ID) != nil) })

	voter = flow.By("resident", func(a actor.Actor, w *Award) access.Decision {
		switch {
		case !w.AdvisoryVote:
			return access.Hidden
		case a.Level < actor.V3 || !access.Covers(w.Place, a.Home):
			return access.No("award.reason.residents_vote")
		}
		return access.Yes
	})

	// panel reviews, but never oneself.
	panel = flow.By("panel", func(a actor.Actor, w *Award) access.Decision { return access.When(w.panel(a)) })

	objector = flow.By("anybody", func(a actor.Actor, _ *Award) access.Decision {
		if !a.Known() {
			return access.No("award.reason.sign_in")
		}
		return access.Yes
	})

	// second is another than who published, and not honoured oneself.
	second = flow.By("second", func(a actor.Actor, w *Award) access.Decision {
		switch n := w.of(a.ID); {
		case !w.staff(a):
			return access.Hidden
		case a.ID == w.PublishedBy:
			return access.No("award.reason.two_persons")
		case n != nil && n.State == Passed:
			return access.No("award.reason.own_award")
		}
		return access.Yes
	})
)

// Conditions.
var (
	hasOpened        = guard{Reason: "award.reason.not_open", OK: func(w *Award, _ actor.Actor, now int64) bool { return now >= w.Opens }}
	voteOn           = guard{Reason: "award.reason.nobody", OK: func(w *Award, _ actor.Actor, _ int64) bool { return w.any(Nominated, Passed) }}
	somebodyToReview = guard{Reason: "award.reason.nobody", OK: func(w *Award, _ actor.Actor, _ int64) bool {
		return w.State == Notice && w.any(Objected) || w.State != Notice && w.any(Nominated, Passed, NotPassed)
	}}
	somebodyPassed = guard{Reason: "award.reason.nobody_passed", OK: func(w *Award, _ actor.Actor, _ int64) bool { return w.any(Passed) }}
	noticeOver     = guard{Reason: "award.reason.notice_runs", OK: func(w *Award, _ actor.Actor, now int64) bool { return now >= w.NoticeUntil }}
	noObjection    = guard{Reason: "award.reason.objection", OK: func(w *Award, _ actor.Actor, _ int64) bool { return !w.any(Objected) }}
)

func nobody(to flow.State) []flow.Branch[*Award] {
	return []flow.Branch[*Award]{{Name: "nobody is left", When: func(w *Award) bool { return !w.any(Honoured) }, To: to}}
}

// nominate: Prepare has looked up the person and the evidence.
func nominate(w *Award, c *flow.Change) error {
	c.Audience = event.Private // who is named before the notice is not everybody's business
	if len(w.Nominees) >= nomineesMost {
		return fault.New(fault.Conflict, "award.reason.many")
	}
	account, _ := c.In["account"].(string)
	if w.of(account) != nil {
		return fault.New(fault.Conflict, "award.reason.named_already")
	}
	n := &Nominee{ID: id.New(), Award: w.ID, Account: account, Name: c.In.Text("person"), By: c.Actor.ID, ByGroup: c.AsGroup, Reason: c.In.Text("reason"), State: Nominated, At: c.At}
	n.Consent = account == c.Actor.ID
	n.Minutes, _ = c.In["minutes"].(int64)
	n.Wishes, _ = c.In["wishes"].(int64)
	w.Nominees = append(w.Nominees, n)
	c.Code("nominee", n.ID)
	return nil
}

// consent lets the person show the evidence, or step back altogether.
func consent(w *Award, c *flow.Change) error {
	c.Audience = event.Private
	n := w.of(c.Actor.ID)
	n.Consent = c.In.Bool("agree")
	if !n.Consent && w.State != Confirmed {
		n.State = Declined
	}
	c.Code("nominee", n.ID)
	return nil
}

// vote: Prepare has made sure that it is the person's only one.
func vote(w *Award, c *flow.Change) error {
	c.Audience = event.Private
	delete(c.Codes, "nominee") // whom it was for is told to nobody
	n, found := w.nominee(c.In.Text("nominee"), Nominated, Passed)
	if found != 1 || n.State != Nominated && n.State != Passed {
		return fault.Field1("nominee", "award.which")
	}
	n.Votes++
	return nil
}

func review(w *Award, c *flow.Change) error {
	c.Audience = event.Private
	states := []string{Nominated}
	if w.State == Notice {
		states = []string{Objected}
	}
	n, found := w.nominee(c.In.Text("nominee"), states...)
	switch {
	case found == 0 && c.In.Text("nominee") == "":
		return fault.New(fault.Conflict, "award.reason.nobody")
	case found != 1:
		return fault.Field1("nominee", "award.which")
	case n.State == Declined, w.State == Notice && n.State != Objected:
		return fault.New(fault.Conflict, "award.reason.nobody")
	case n.Account == c.Actor.ID || n.By == c.Actor.ID:
		return fault.New(fault.Denied, "award.reason.own_review")
	}
	n.State = NotPassed
	if c.In.Bool("ok") {
		n.State = Passed
	}
	n.Reviewer, n.Opinion = c.Actor.ID, c.In.Text("reason")
	c.Code("nominee", n.ID)
	return nil
}

func publish(w *Award, c *flow.Change) error {
	w.PublishedBy = c.Actor.ID
	w.NoticeUntil = c.At + w.NoticeDays*24*3600*1000
	return nil
}

// object stops the confirmation of a nominee until the panel has looked again.
func object(w *Award, c *flow.Change) error {
	c.Audience = event.Private
	n, found := w.nominee(c.In.Text("nominee"), Passed)
	if found != 1 || n.State != Passed && n.State != Objected {
		return fault.Field1("nominee", "award.which")
	}
	n.State, n.Objection, n.Objector = Objected, c.In.Text("reason"), c.Actor.ID
	c.Code("nominee", n.ID)
	return nil
}

func confirm(w *Award, c *flow.Change) error {
	w.ConfirmedBy = c.Actor.ID
	people := []string{}
	for _, n := range w.Nominees {
		if n.State == Passed {
			n.State = Honoured
			if n.Account != "" {
				people = append(people, n.Account)
			}
		}
	}
	c.Code("people", people)
	return nil
}

// Who is told.

func nominated(w *Award, c *flow.Change) []event.Tell {
	n := w.Nominees[len(w.Nominees)-1]
	if n.Account == c.Actor.ID {
		return nil
	}
	return []event.Tell{event.ToAccount(n.Account, "nominee")}
}

func panelActs(w *Award, _ *flow.Change) []event.Tell {
	return []event.Tell{event.Asks(event.ToRole(actor.Staff, w.Scope(), "staff"))}
}

func passedHear(w *Award, _ *flow.Change) []event.Tell {
	var ts []event.Tell
	for _, n := range w.Nominees {
		if slices.Contains([]string{Passed, Honoured}, n.State) {
			ts = append(ts, event.ToAccount(n.Account, "nominee"))
		}
	}
	return ts
}
