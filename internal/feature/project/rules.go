package project

import (
	"slices"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/flow"
	"linli/internal/platform/part"
)

// Settings are the rules a community may set otherwise.
var Settings = []part.Setting{
	{Key: "project.study", Default: "true", Kind: "bool"},        // the party organisation studies what is screened
	{Key: "project.line", Default: "20", Kind: "int"},            // percent of voters that is enough support
	{Key: "project.poll_span", Default: "7d", Kind: "span"},      // how long a poll made for a project runs
	{Key: "project.notice_span", Default: "5wd", Kind: "span"},   // public notice of the result
	{Key: "project.convene_span", Default: "5wd", Kind: "span"},  // the street convenes the panel
	{Key: "project.publish_span", Default: "15wd", Kind: "span"}, // and publishes its decision
	{Key: "project.fast_span", Default: "60wd", Kind: "span"},    // fast track: built by then
	{Key: "project.accept_span", Default: "10wd", Kind: "span"},  // those drawn look at what was built
	{Key: "project.jury", Default: "5", Kind: "int"},             // how many residents are drawn
	{Key: "project.rate_after", Default: "90d", Kind: "span"},    // after acceptance
	{Key: "project.rate_span", Default: "120d", Kind: "span"},    // after acceptance; then 已评价
}

// PanelKinds is how many different kinds of experts a panel needs.
const PanelKinds = 3

// Sees is the one rule of who may know of a project; store.go says the same in SQL.
func Sees(a actor.Actor, p *Project) bool {
	return p.Shown || p.owner(a) || a.StaffReaching(p.Place)
}

// Who acts.
var (
	byTime = flow.Time[*Project]()

	owner = flow.By("owner", func(a actor.Actor, p *Project) access.Decision { return access.When(p.owner(a)) })

	staff = flow.By("staff", func(a actor.Actor, p *Project) access.Decision { return access.When(a.StaffReaching(p.Place)) })

	// screener is staff, but never of one's own proposal.
	screener = flow.By("screener", func(a actor.Actor, p *Project) access.Decision {
		switch {
		case !a.StaffReaching(p.Place):
			return access.Hidden
		case a.ID == p.Author:
			return access.No("project.reason.own_screen")
		}
		return access.Yes
	})

	// street is the staff of the street or above: the community does not judge its own projects.
	street = flow.By("street", func(a actor.Actor, p *Project) access.Decision {
		return access.When(slices.ContainsFunc(a.Roles, func(r actor.Role) bool {
			return r.Name == actor.Staff && len(r.Place) <= access.Street && access.Covers(r.Place, p.Place)
		}))
	})

	// party acts for a party organisation; Prepare asks whether it is the one of the place.
	party = flow.By("party", func(a actor.Actor, p *Project) access.Decision {
		return access.When(slices.ContainsFunc(a.Roles, func(r actor.Role) bool { return r.Name == actor.Agent && r.GroupKind == actor.Party }))
	})

	// resident lives in the community, or in the street or district of a larger project.
	resident = flow.By("resident", func(a actor.Actor, p *Project) access.Decision {
		switch {
		case !a.Known():
			return access.No("project.reason.sign_in")
		case a.Level < actor.V1 || !p.local(a):
			return access.No("project.reason.residents")
		}
		return access.Yes
	})

	expert = flow.By("expert", func(a actor.Actor, p *Project) access.Decision {
		switch {
		case !a.Has(actor.Expert, p.Place):
			return access.Hidden
		case a.ID == p.Author:
			return access.No("project.reason.own_opinion")
		case p.Experts != "" && !slices.Contains(p.convened(), a.ID):
			return access.No("project.reason.not_convened")
		}
		return access.Yes
	})

	// juror was drawn to accept what was built, or acts for the supervision committee.
	juror = flow.By("juror", func(a actor.Actor, p *Project) access.Decision {
		return access.When(a.Known() && (p.by(a.ID, Juror) != nil || p.Oversight != "" && a.Belongs(p.Oversight)))
	})
)

// Conditions.
var (
	allAnswered    = guard{Reason: "project.reason.unanswered", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.unanswered(Suggest) == 0 }}
	ownedByOwners  = guard{Reason: "project.reason.owners", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.Ownership != OwnersOwned }}
	ownershipKnown = guard{Reason: "project.reason.unclear", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.Ownership != Unclear }}
	consentGiven   = guard{Reason: "project.reason.consent", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.Ownership != UnitOwned || p.Consent != "" }}
	fundKnown      = guard{Reason: "project.reason.fund", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.Fund != "" }}
	upkeepKnown    = guard{Reason: "project.reason.upkeep", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.Upkeep != "" }}
	costKnown      = guard{Reason: "project.reason.cost", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.Cost > 0 }}
	notConvened    = guard{Reason: "project.reason.convened", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.ConvenedAt == 0 }}
	spendingWaits  = guard{Reason: "project.reason.no_spending", OK: func(p *Project, _ actor.Actor, _ int64) bool { _, w := p.Spent(); return w > 0 }}
	ratingOpen     = guard{Reason: "project.reason.rate_later", OK: func(p *Project, _ actor.Actor, _ int64) bool { return p.Asked }}

	// heardEnough: three kinds of experts spoke, or all who were called, or the
	// street has waited as long as it may and decides with its own reason.
	heardEnough = guard{Reason: "project.reason.hear_experts", OK: func(p *Project, _ actor.Actor, _ int64) bool {
		if p.kinds() >= PanelKinds || p.Reminded > 0 {
			return true
		}
		called := p.convened()
		return len(called) > 0 && !slices.ContainsFunc(called, func(a string) bool { return p.by(a, Opinion) == nil })
	}}
)

type branches = []flow.Branch[*Project]

func always(*Project) bool       { return true }
func hasWhere(p *Project) bool   { return p.ReferTo != "" }
func studied(p *Project) bool    { return p.Studied }
func notStudied(p *Project) bool { return p.Verdict == "not" }
func allReached(p *Project) bool { return p.next() == nil }

// refused and ok branch a screening by its outcome, which the effect has put into Verdict.
func refused(to flow.State, when func(*Project) bool) flow.Branch[*Project] {
	return flow.Branch[*Project]{Name: "refused to " + string(to), When: func(p *Project) bool { return p.Verdict == "no" && when(p) }, To: to}
}

func ok(to flow.State, when func(*Project) bool) flow.Branch[*Project] {
	return flow.Branch[*Project]{Name: "ok to " + string(to), When: when, To: to}
}

func decided(to flow.State, verdict string) flow.Branch[*Project] {
	return flow.Branch[*Project]{Name: verdict, When: func(p *Project) bool { return p.Verdict == verdict }, To: to}
}

// verdicts counts those drawn who said yes and no; overseen is the committee's word, "" for none yet.
func (p *Project) verdicts() (drawn, yes, no int, overseen string) {
	for _, v := range p.of(Juror) {
		drawn++
		switch v.Verdict {
		case "yes":
			yes++
		case "no":
			no++
		}
	}
	for _, v := range p.of(Overseer) {
		overseen = v.Verdict
	}
	return drawn, yes, no, overseen
}

func isAccepted(p *Project) bool {
	drawn, yes, _, overseen := p.verdicts()
	return 2*yes > drawn && (p.Oversight == "" || overseen == "yes")
}

func isRefused(p *Project) bool {
	drawn, _, no, overseen := p.verdicts()
	return 2*no > drawn || overseen == "no"
}

// Clocks.

// noticeEnd is when the notice is over; not before every objection is answered.
func noticeEnd(p *Project, s flow.Spans) int64 {
	if p.unanswered(Object) > 0 {
		return 0
	}
	end := s.After(p.Scope(), "project.notice_span", p.Since)
	for _, v := range p.of(Object) { // what was answered late moves no clock back
		end = max(end, v.At)
	}
	return end
}

func selectAt(p *Project, s flow.Spans) int64 {
	if !p.Enough() {
		return 0
	}
	return noticeEnd(p, s)
}

func panelAt(p *Project, s flow.Spans) int64 {
	if p.Enough() {
		return 0
	}
	return noticeEnd(p, s)
}

// panelLate: the street has not convened in time, or not published in time.
func panelLate(p *Project, s flow.Spans) int64 {
	switch {
	case p.Reminded == 0 && p.ConvenedAt == 0:
		return s.After(p.Scope(), "project.convene_span", p.Since)
	case p.Reminded < 2:
		return s.After(p.Scope(), "project.publish_span", p.Since)
	}
	return 0
}

func buildingLate(p *Project, _ flow.Spans) int64 {
	if p.Reminded > 0 {
		return 0
	}
	return p.Due
}

func acceptanceLate(p *Project, s flow.Spans) int64 {
	if p.Reminded > 0 {
		return 0
	}
	return s.After(p.Scope(), "project.accept_span", p.Since)
}

func askAt(p *Project, s flow.Spans) int64 {
	if p.Asked {
		return 0
	}
	return s.After(p.Scope(), "project.rate_after", p.AcceptedAt)
}

func finishAt(p *Project, s flow.Spans) int64 {
	if !p.Asked {
		return 0
	}
	return s.After(p.Scope(), "project.rate_span", p.AcceptedAt)
}

// Who is told.

// supporters are the author, whose proposals were merged in, and who spoke for it.
func supporters(p *Project, _ *flow.Change) []event.Tell {
	ts := []event.Tell{event.ToAccount(p.Author, "author")}
	for _, a := range p.Backers {
		ts = append(ts, event.ToAccount(a, "backer"))
	}
	for _, v := range p.of(For, Suggest) {
		ts = append(ts, event.ToAccount(v.Account, "supporter"))
	}
	return ts
}

func authorOnly(p *Project, _ *flow.Change) []event.Tell {
	return []event.Tell{event.ToAccount(p.Author, "author")}
}

func staffActs(p *Project, _ *flow.Change) []event.Tell {
	return []event.Tell{event.Asks(event.ToRole(actor.Staff, p.Scope(), "staff"))}
}

func supportersAndStaff(p *Project, c *flow.Change) []event.Tell {
	return append(supporters(p, c), staffActs(p, c)...)
}

func supportersAndStreet(p *Project, c *flow.Change) []event.Tell {
	place := p.Street
	if place == "" {
		place = p.Scope()
	}
	return append(supporters(p, c), event.Asks(event.ToRole(actor.Staff, place, "staff")))
}

func experts(p *Project, _ *flow.Change) []event.Tell {
	var ts []event.Tell
	for _, a := range p.convened() {
		ts = append(ts, event.Asks(event.ToAccount(a, "expert")))
	}
	return ts
}

// above tells who watches over those who are late.
func above(p *Project, _ *flow.Change) []event.Tell {
	ts := []event.Tell{event.Asks(event.ToRole(actor.Staff, access.Up(p.Place, access.District), "late"))}
	if p.Street != "" {
		ts = append(ts, event.Asks(event.ToRole(actor.Staff, p.Street, "late")))
	}
	return ts
}

func answered(p *Project, c *flow.Change) []event.Tell {
	if v := p.voice(c.In.Text("voice")); v != nil {
		return []event.Tell{event.ToAccount(v.Account, "answered")}
	}
	return nil
}

func supportersAndJury(p *Project, c *flow.Change) []event.Tell {
	ts := supporters(p, c)
	if p.State == Acceptance {
		for _, v := range p.of(Juror) {
			ts = append(ts, event.Asks(event.ToAccount(v.Account, "juror")))
		}
		if p.Oversight != "" {
			ts = append(ts, event.Asks(event.ToGroup(p.Oversight, "oversight")))
		}
	}
	return ts
}

func verdictTold(p *Project, c *flow.Change) []event.Tell {
	if p.State == Acceptance {
		return nil // one of several words; the outcome is told
	}
	return append(supporters(p, c), staffActs(p, c)...)
}
