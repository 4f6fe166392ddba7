package wish

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
	{Key: "wish.review", Default: "all", Kind: "text", Values: []string{"all", "unverified", "none"}}, // who is reviewed: all, unverified (below V3), none
	{Key: "wish.review_span", Default: "24h", Kind: "span"},                                           // then the next level reviews
	{Key: "wish.tier_span", Default: "2wd", Kind: "span"},                                             // how long a circle is asked before it widens
	{Key: "wish.lease_span", Default: "5wd", Kind: "span"},                                            // how long a claim may be held
	{Key: "wish.lead_span", Default: "20wd", Kind: "span"},                                            // how long a lead is held
	{Key: "wish.expire_span", Default: "90d", Kind: "span"},
	{Key: "wish.mend_span", Default: "30d", Kind: "span"},
	{Key: "wish.confirm_span", Default: "7d", Kind: "span"}, // then 逾期未确认
}

const day = 24 * 60 * 60 * 1000 // ms

// open reports whether anybody may read the wish.
func (w *Wish) open() bool { return w.Visibility == Public && slices.Contains(Shown, w.State) }

// Sees is the one rule of who may know of a wish; store.go says the same in SQL.
func Sees(a actor.Actor, w *Wish) bool {
	if w.open() {
		return true
	}
	return a.Known() && (w.owner(a) || w.OfferedTo == a.ID || w.claimedBy(a) || w.staff(a))
}

// staff reports whether the actor is staff who looks after the wish: of its
// community; of the street and district for public ones, and for private ones
// once the wish has risen to them.
func (w *Wish) staff(a actor.Actor) bool {
	if w.Community != "" && a.StaffOf(w.Community) {
		return true
	}
	if w.Visibility == Public {
		return a.StaffReaching(w.Place)
	}
	return w.Rank != AtCommunity && w.Street != "" && a.StaffOf(w.Street) ||
		w.Rank == AtDistrict && a.StaffOf(access.Up(w.Place, access.District))
}

// Who acts.
var (
	byTime = flow.Time[*Wish]()

	owner = flow.By("owner", func(a actor.Actor, w *Wish) access.Decision { return access.When(w.owner(a)) })

	communityStaff = flow.By("staff", func(a actor.Actor, w *Wish) access.Decision { return access.When(w.staff(a)) })

	// reviewer is staff, but never of one's own wish.
	reviewer = flow.By("reviewer", func(a actor.Actor, w *Wish) access.Decision {
		if !w.staff(a) {
			return access.Hidden
		}
		if a.ID == w.Author || a.ID == w.Helped {
			return access.No("wish.reason.own_review")
		}
		return access.Yes
	})

	// helper may claim: volunteers, party members and whoever acts for an
	// organisation at any time, street staff from their circle on. A private
	// wish is for whom staff gave it to.
	helper = flow.By("helper", func(a actor.Actor, w *Wish) access.Decision {
		switch {
		case !a.Known():
			return access.No("wish.reason.sign_in")
		case a.ID == w.Author && !w.OnBehalf(), a.ID == w.Helped:
			return access.No("wish.reason.own_claim")
		case w.OfferedTo == a.ID:
			return access.Yes
		case w.Visibility == Private:
			return access.Hidden
		case a.Holds(actor.Volunteer), a.Holds(actor.PartyMember), len(a.Agencies()) > 0:
			return access.Yes
		case w.Street != "" && a.StaffOf(w.Street):
			if w.Tier >= 3 {
				return access.Yes
			}
			return access.No("wish.reason.street_later")
		}
		return access.No("wish.reason.volunteer_first")
	})

	claimer = flow.By("claimer", func(a actor.Actor, w *Wish) access.Decision {
		return access.When(a.Known() && slices.ContainsFunc(w.Claims, func(c *Claim) bool { return c.live() && c.mine(a) }))
	})

	// claimant took a part at some time; whether it is still held is a question of state.
	claimant = flow.By("claimer", func(a actor.Actor, w *Wish) access.Decision {
		return access.When(a.Known() && slices.ContainsFunc(w.Claims, func(c *Claim) bool { return c.mine(a) }))
	})

	leader = flow.By("lead", func(a actor.Actor, w *Wish) access.Decision {
		c := w.lead()
		return access.When(c != nil && c.mine(a))
	})

	// confirmer speaks for the resident: the resident, family by consent, or on
	// the phone and at the desk the community's staff, its grid workers and who
	// filed it; never the claimers' own people.
	confirmer = flow.By("confirmer", func(a actor.Actor, w *Wish) access.Decision {
		if !w.owner(a) && !w.staff(a) && !(gridWorkerOf(a, w.Community) && Sees(a, w)) {
			return access.Hidden
		}
		if w.claimedBy(a) && !w.benefits(a) {
			return access.No("wish.reason.own_confirm")
		}
		return access.Yes
	})
)

// gridWorkerOf reports whether the actor works in one of the community's grids.
func gridWorkerOf(a actor.Actor, community string) bool {
	return community != "" && slices.ContainsFunc(a.Roles, func(r actor.Role) bool {
		return r.Name == actor.GridWorker && access.Up(r.Place, access.Community) == community
	})
}

// Conditions.
var (
	somethingLeft = guard{Reason: "wish.reason.nothing_left", OK: func(w *Wish, _ actor.Actor, _ int64) bool { return w.Left() > 0 }}
	// ownPart: one's own claim is still held; heldPart: for staff, anybody's is.
	ownPart = guard{Reason: "wish.reason.claim_done", OK: func(w *Wish, a actor.Actor, _ int64) bool {
		return slices.ContainsFunc(w.Claims, func(c *Claim) bool { return c.State == Held && c.mine(a) })
	}}
	heldPart = guard{Reason: "wish.reason.nothing_held", OK: func(w *Wish, a actor.Actor, _ int64) bool {
		staff := w.staff(a)
		return slices.ContainsFunc(w.Claims, func(c *Claim) bool { return c.State == Held && (staff || c.mine(a)) })
	}}
	hasQuantity    = guard{Reason: "wish.reason.no_quantity", OK: func(w *Wish, _ actor.Actor, _ int64) bool { return w.Total > 0 }}
	somethingTaken = guard{Reason: "wish.reason.nothing_taken", OK: func(w *Wish, _ actor.Actor, _ int64) bool { return w.Taken > 0 }}
	notYetDisputed = guard{Reason: "wish.reason.disputed_once", OK: func(w *Wish, _ actor.Actor, _ int64) bool { return w.Disputes == 0 }}
	notUrgedToday  = guard{Reason: "wish.reason.urged_today", OK: func(w *Wish, _ actor.Actor, now int64) bool { return now >= w.UrgedAt+day }}
)

type branches = []flow.Branch[*Wish]

func full(to flow.State) branches {
	return branches{{Name: "full", When: func(w *Wish) bool { return w.Left() == 0 }, To: to}}
}

func some(to flow.State, then ...flow.Branch[*Wish]) branches {
	return append(branches{{Name: "some left", When: func(w *Wish) bool { return w.Left() > 0 }, To: to}}, then...)
}

func allDelivered(to flow.State, then ...flow.Branch[*Wish]) branches {
	return append(branches{{Name: "all delivered", When: func(w *Wish) bool { return w.Done == w.Whole() }, To: to}}, then...)
}

func anyDelivered(to flow.State) branches {
	return branches{{Name: "something delivered", When: func(w *Wish) bool { return w.Done > 0 }, To: to}}
}

func notSolved(to flow.State) branches {
	return branches{{Name: "not solved", When: func(w *Wish) bool { return w.Outcome == "no" }, To: to}}
}

// Clocks.

// risesAt is when the next circle is asked; a wanted_by compresses the tiers
// so that the street is asked before the day comes.
func risesAt(w *Wish, s flow.Spans) int64 {
	if w.Tier >= 3 || w.Visibility == Private {
		return 0
	}
	from := max(w.TierAt, w.Since) // a part given back opens the wish anew: its circle gets its time again
	at := s.After(w.Scope(), "wish.tier_span", from)
	if w.WantedBy > from {
		if soon := from + (w.WantedBy-from)/int64(4-w.Tier); at == 0 || soon < at {
			at = soon
		}
	}
	return at
}

// expiresAt is when an open wish ends unclaimed; not while somebody holds a part.
func expiresAt(w *Wish, s flow.Spans) int64 {
	if slices.ContainsFunc(w.Claims, func(c *Claim) bool { return c.State == Held && c.Amount > 0 }) {
		return 0
	}
	at := s.After(w.Scope(), "wish.expire_span", w.Since)
	if w.WantedBy > w.Since && (at == 0 || w.WantedBy < at) {
		at = w.WantedBy
	}
	return at
}

// firstLease is when the first held claim runs out.
func firstLease(w *Wish, _ flow.Spans) int64 {
	var at int64
	for _, c := range w.Claims {
		if c.State == Held && c.Until != 0 && (at == 0 || c.Until < at) {
			at = c.Until
		}
	}
	return at
}

// reviewAskedAt is since when the present reviewers have been asked; at the
// district nobody comes after.
func reviewAskedAt(w *Wish) int64 {
	if w.Rank == AtDistrict {
		return 0
	}
	return w.TierAt
}

// Who is told.

// opened tells the author what became of the review and asks the first circle;
// a private wish is not for a circle, staff look for a helper.
func opened(w *Wish, _ *flow.Change) []event.Tell { return append(owners(w), asked(w)...) }

func reopened(w *Wish, c *flow.Change) []event.Tell { return append(everyone(w, c), asked(w)...) }

func asked(w *Wish) []event.Tell {
	if w.Visibility == Private {
		return reviewersAct(w, nil)
	}
	return askedCircle(w, nil)
}

// urged reminds who has the next step: the helpers who hold a part, and staff.
func urged(w *Wish, c *flow.Change) []event.Tell {
	ts := reviewersAct(w, c)
	for _, k := range w.Claims {
		if k.State == Held {
			ts = append(ts, event.Asks(event.ToAccount(k.Account, "claimer")))
		}
	}
	return ts
}

func owners(w *Wish) []event.Tell {
	return []event.Tell{event.ToAccount(w.Author, "author"), event.ToAccount(w.Helped, "helped")}
}

func author(w *Wish, _ *flow.Change) []event.Tell { return owners(w) }

func authorActs(w *Wish, _ *flow.Change) []event.Tell {
	return []event.Tell{event.Asks(event.ToAccount(w.Author, "author"))}
}

func ownerActs(w *Wish, c *flow.Change) []event.Tell {
	ts := owners(w)
	if w.State == Delivered {
		for i := range ts {
			ts[i].Act = true
		}
	}
	return append(ts, leadOf(w)...)
}

func leadOf(w *Wish) []event.Tell {
	if c := w.lead(); c != nil {
		return []event.Tell{event.ToAccount(c.Account, "lead"), event.ToGroup(c.Group, "lead")}
	}
	return nil
}

func ownerAndLead(w *Wish, _ *flow.Change) []event.Tell { return append(owners(w), leadOf(w)...) }

// everyone is the owner and all who hold or brought a part.
func everyone(w *Wish, _ *flow.Change) []event.Tell {
	ts := owners(w)
	for _, c := range w.Claims {
		if c.State != Released {
			ts = append(ts, event.ToAccount(c.Account, "claimer"))
		}
	}
	return ts
}

// reviewersAct asks the staff of the level that looks after the wish.
func reviewersAct(w *Wish, _ *flow.Change) []event.Tell {
	level := map[string]int{AtCommunity: access.Community, AtStreet: access.Street, AtDistrict: access.District}[w.Rank]
	place := access.Up(w.Place, level)
	if place == "" {
		place = w.Scope()
	}
	return []event.Tell{event.Asks(event.ToRole(actor.Staff, place, "staff"))}
}

func offered(w *Wish, _ *flow.Change) []event.Tell {
	return []event.Tell{event.Asks(event.ToAccount(w.OfferedTo, "offered"))}
}

// askedCircle tells the circle that is asked from now on.
func askedCircle(w *Wish, _ *flow.Change) []event.Tell {
	switch w.Tier {
	case 1:
		return []event.Tell{event.ToRole(actor.Volunteer, w.Scope(), "asked")}
	case 2:
		return []event.Tell{event.ToRole(actor.Agent, w.Scope(), "asked")}
	}
	return reviewersAct(w, nil) // 街道兜底
}
