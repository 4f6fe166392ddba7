// Package volunteer is what volunteers 志愿者 have done and can do: service hours
// 服务时长 from activities, wishes and visits, each confirmed by somebody else
// than who served; certificates 志愿服务记录证明 drawn from confirmed hours
// alone; and who is on call 网约志愿者, with skills, free times and a radius.
//
// Read lifecycle.go first: it is everything that can happen to hours.
package volunteer

import (
	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/flow"
	"linli/internal/platform/part"
)

// States of service hours.
const (
	Stated    flow.State = "stated"    // 待确认: the helper's own word
	Confirmed flow.State = "confirmed" // 已确认
	Refused   flow.State = "refused"   // 未确认
	Withdrawn flow.State = "withdrawn" // 已撤回
	Revoked   flow.State = "revoked"   // 已撤销
)

// Record is the service of one person at one occasion. Times are UTC ms.
type Record struct {
	flow.Head          // Author is who served
	Source      string `db:"source"` // "activity:ID", "wish:ID" or "visit:ID"
	Title       string `db:"title"`
	Kind        string `db:"kind"` // one of the eight kinds, or a wish's category
	Group       string `db:"grp"`  // in whose name
	Note        string `db:"note"`
	ServedAt    int64  `db:"served_at"`
	Minutes     int64  `db:"minutes"`
	Attended    int64  `db:"attended"` // minutes by check-in and out, or as first stated
	Owner       string `db:"owner"`    // who may confirm: the person helped, the activity's author
	Host        string `db:"host"`     // group whose agents may confirm too
	ConfirmedBy string `db:"confirmed_by"`
	ConfirmedAt int64  `db:"confirmed_at"`
	Reminded    int    `db:"reminded"`
}

// Settings are the rules a community may set otherwise.
var Settings = []part.Setting{
	{Key: "service.remind_span", Default: "2wd", Kind: "span"},
	{Key: "service.remind_community_span", Default: "5wd", Kind: "span"},
	{Key: "certificate.in_charge", Default: "", Kind: "text"}, // 负责人, printed on certificates
}

// confirms reports whether the actor may say what hours the service took:
// never who served, nor a guardian for the own child.
func (r *Record) confirms(a actor.Actor) bool {
	return a.Known() && a.ID != r.Author && !a.Guards(r.Author) && (a.ID == r.Owner || a.Guards(r.Owner) || a.ActsFor(r.Host) || a.StaffReaching(r.Place))
}

// Sees is the one rule of who may know of a record; store.go says the same in SQL.
func Sees(a actor.Actor, r *Record) bool {
	return a.Known() && (a.ID == r.Author || a.Guards(r.Author) || a.ID == r.Owner || a.Guards(r.Owner) || a.ActsFor(r.Host) || a.StaffReaching(r.Place))
}

var (
	helper = flow.By("helper", func(a actor.Actor, r *Record) access.Decision { return access.When(a.Known() && a.ID == r.Author) })

	confirmer = flow.By("confirmer", func(a actor.Actor, r *Record) access.Decision {
		if a.Known() && (a.ID == r.Author || a.Guards(r.Author)) && (a.StaffReaching(r.Place) || a.ActsFor(r.Host)) {
			return access.No("service.reason.own")
		}
		return access.When(r.confirms(a))
	})

	staff = flow.By("staff", func(a actor.Actor, r *Record) access.Decision {
		return access.When(a.ID != r.Author && !a.Guards(r.Author) && a.StaffReaching(r.Place))
	})
)

func reminds(r *Record, s flow.Spans) int64 {
	switch r.Reminded {
	case 0:
		return s.After(r.Scope(), "service.remind_span", r.Since)
	case 1:
		return s.After(r.Scope(), "service.remind_community_span", r.Since)
	}
	return 0
}

// asks asks the person helped; staff where nobody is named.
func asks(r *Record, _ *flow.Change) []event.Tell {
	if r.Owner == "" {
		return []event.Tell{event.Asks(event.ToRole(actor.Staff, r.Scope(), "staff"))}
	}
	return []event.Tell{event.Asks(event.ToAccount(r.Owner, "helped"))}
}

func reminded(r *Record, c *flow.Change) []event.Tell {
	if r.Reminded > 1 {
		return []event.Tell{event.Asks(event.ToRole(actor.Staff, r.Scope(), "staff"))}
	}
	return asks(r, c)
}

func helperHears(r *Record, _ *flow.Change) []event.Tell {
	return []event.Tell{event.ToAccount(r.Author, "hours")}
}
