package activity

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
	{Key: "activity.confirm_span", Default: "24h", Kind: "span"},          // how long an offered place is kept; never: no confirmation needed
	{Key: "activity.finish_span", Default: "1h", Kind: "span"},            // after the end the activity finishes by itself
	{Key: "activity.remind_span", Default: "2wd", Kind: "span"},           // unconfirmed hours: the organiser is reminded
	{Key: "activity.remind_community_span", Default: "5wd", Kind: "span"}, // then the community
}

// earlyMost is how long before the start one may check in, in ms.
const earlyMost = 2 * 60 * 60 * 1000

// MaxParty bounds a family that signs up with one entry.
const MaxParty = 10

// MaxCapacity bounds an activity.
const MaxCapacity = 100_000

// Sees is the one rule of who may know of an activity; store.go says the same in SQL.
func Sees(a actor.Actor, m *Activity) bool { return m.State != Draft || m.organiser(a) }

// Who acts.
var (
	byTime = flow.Time[*Activity]()

	organiser = flow.By("organiser", func(a actor.Actor, m *Activity) access.Decision { return access.When(m.organiser(a)) })

	// publisher: staff of the place, or who acts for a host. One person is enough.
	publisher = flow.By("publisher", func(a actor.Actor, m *Activity) access.Decision {
		switch {
		case !m.organiser(a):
			return access.Hidden
		case m.hosted(a), a.StaffReaching(m.Place):
			return access.Yes
		}
		return access.No("activity.reason.who_publishes")
	})

	// person may come: anybody whose phone is confirmed, unless the audience says otherwise.
	person = flow.By("person", func(a actor.Actor, m *Activity) access.Decision {
		switch {
		case !a.Known() || a.Level < actor.V1:
			return access.No("activity.reason.sign_in")
		case m.Audience == Residents && !access.Covers(m.home(), a.Home):
			return access.No("activity.reason.residents")
		case m.Audience == Volunteers && !a.Holds(actor.Volunteer):
			return access.No("activity.reason.volunteers")
		case m.Audience == Members && !a.Holds(actor.PartyMember):
			return access.No("activity.reason.members")
		}
		return access.Yes
	})

	participant = flow.By("participant", func(a actor.Actor, m *Activity) access.Decision {
		return access.When(m.own(a, "", (*Entry).live) != nil)
	})

	// comer is a participant; who has not signed up is told so at the door.
	comer = flow.By("comer", func(a actor.Actor, m *Activity) access.Decision {
		switch {
		case m.own(a, "", (*Entry).live) != nil:
			return access.Yes
		case a.Known():
			return access.No("activity.reason.not_signed_up")
		}
		return access.Hidden
	})

	offeredOne = flow.By("offered", func(a actor.Actor, m *Activity) access.Decision {
		return access.When(m.offeredTo(a))
	})
)

// home is the place whose residents an activity for residents is for.
func (m *Activity) home() string {
	if len(m.Place) > access.Community {
		return m.Community
	}
	return m.Place
}

// Conditions.
var (
	notOver  = guard{Reason: "activity.reason.over", OK: func(m *Activity, _ actor.Actor, now int64) bool { return now < m.Ends }}
	notYetIn = guard{Reason: "activity.reason.already", OK: func(m *Activity, a actor.Actor, _ int64) bool {
		return slices.ContainsFunc(append([]string{a.ID}, a.Wards...), func(account string) bool {
			e := m.entry(account)
			return e == nil || e.State == Left || e.State == Offered
		})
	}}
	beforeCutoff = guard{Reason: "activity.reason.past_cutoff", OK: func(m *Activity, a actor.Actor, now int64) bool {
		return now < m.Cutoff || m.own(a, "", func(e *Entry) bool { return e.State == Waits || e.State == Offered }) != nil
	}}
	somebodyWaits = guard{Reason: "activity.reason.nobody_waits", OK: func(m *Activity, _ actor.Actor, _ int64) bool {
		return m.Waiting > 0 || m.next(Offered) != nil
	}}
	doorsOpen    = guard{Reason: "activity.reason.too_early", OK: func(m *Activity, _ actor.Actor, now int64) bool { return now >= m.Starts-earlyMost }}
	notCheckedIn = guard{Reason: "activity.reason.checked_in", OK: func(m *Activity, a actor.Actor, _ int64) bool {
		return m.own(a, "", (*Entry).expected) != nil
	}}
	checkedIn = guard{Reason: "activity.reason.not_in_or_out", OK: func(m *Activity, a actor.Actor, _ int64) bool {
		return m.own(a, "", (*Entry).inside) != nil
	}}
	somebodyCame = guard{Reason: "activity.reason.nobody_came", OK: func(m *Activity, _ actor.Actor, _ int64) bool { return m.Came > 0 }}
)

type branches = []flow.Branch[*Activity]

func nobodyCame(to flow.State) branches {
	return branches{{Name: "nobody came", When: func(m *Activity) bool { return m.Came == 0 }, To: to}}
}

func allConfirmed(to flow.State) branches {
	return branches{{Name: "all confirmed", When: func(m *Activity) bool { return m.Confirmed == m.Came }, To: to}}
}

// Clocks.

func begins(m *Activity, _ flow.Spans) int64 { return m.Starts }

// dayBefore is when those who signed up are reminded; who heard of the time
// within the last day needs no reminder.
func dayBefore(m *Activity, _ flow.Spans) int64 {
	at := m.Starts - 24*60*60*1000
	if m.CalledUp == m.Starts || at <= max(m.Since, m.ChangedAt) {
		return 0
	}
	return at
}

func finishes(m *Activity, s flow.Spans) int64 {
	return s.After(m.Scope(), "activity.finish_span", max(m.Ends, m.Since))
}

// reminds is when unconfirmed hours are asked for: of the organiser, then of the community.
func reminds(m *Activity, s flow.Spans) int64 {
	switch {
	case m.Came == m.Confirmed || m.Reminded >= 2:
		return 0
	case m.Reminded == 1:
		return s.After(m.Scope(), "activity.remind_community_span", m.Since)
	}
	return s.After(m.Scope(), "activity.remind_span", m.Since)
}

// firstOffer is when the first offered place falls back.
func firstOffer(m *Activity, _ flow.Spans) int64 {
	var at int64
	for _, e := range m.Entries {
		if e.State == Offered && e.Until != 0 && (at == 0 || e.Until < at) {
			at = e.Until
		}
	}
	return at
}

// window is until when a place offered at a moment is kept: always before the
// start. 0 when nothing needs to be confirmed any more.
func (m *Activity) window(at int64, s flow.Spans) int64 {
	until := s.After(m.Scope(), "activity.confirm_span", at)
	if until == 0 || at >= m.Cutoff || at >= m.Starts {
		return 0
	}
	return min(until, at+(m.Starts-at)/2+1)
}

// Who is told.

// called tells volunteers of the place that hands are wanted.
func called(m *Activity, _ *flow.Change) []event.Tell {
	return []event.Tell{event.ToRole(actor.Volunteer, m.Scope(), "called")}
}

func signed(m *Activity, c *flow.Change) []event.Tell {
	return append([]event.Tell{event.ToAccount(c.Actor.ID, "participant")}, promoted(m, c)...)
}

// promoted tells those who moved up in this change; they are asked to confirm.
func promoted(m *Activity, c *flow.Change) []event.Tell {
	var ts []event.Tell
	ids, _ := c.Codes["offered"].([]string)
	for _, id := range ids {
		if e := m.byID(id); e != nil {
			t := event.ToAccount(e.Account, "promoted")
			t.Act = e.State == Offered
			ts = append(ts, t)
		}
	}
	return ts
}

func removed(m *Activity, c *flow.Change) []event.Tell {
	ts := promoted(m, c)
	if e := m.byID(c.In.Text("person")); e != nil {
		ts = append(ts, event.ToAccount(e.Account, "participant"))
	}
	return ts
}

// served tells each volunteer of the hours that were confirmed or changed.
func served(m *Activity, _ *flow.Change) []event.Tell {
	var ts []event.Tell
	for _, s := range m.served {
		ts = append(ts, event.ToAccount(s.Account, "hours"))
	}
	return ts
}

// reminded asks the organiser, the second time the community.
func reminded(m *Activity, _ *flow.Change) []event.Tell {
	if m.Reminded > 1 {
		return []event.Tell{event.Asks(event.ToRole(actor.Staff, m.Scope(), "staff"))}
	}
	ts := []event.Tell{event.Asks(event.ToAccount(m.Author, "organiser"))}
	for _, h := range m.Hosts {
		ts = append(ts, event.ToGroup(h.Group, "organiser"))
	}
	return ts
}
