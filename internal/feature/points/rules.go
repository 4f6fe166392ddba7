package points

import (
	"context"
	"slices"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
)

// Rule is one version of a rule: what event gives how much, how often.
type Rule struct {
	Book     string `db:"book" json:"book"`
	Code     string `db:"code" json:"code"`
	Version  int64  `db:"version" json:"version"`
	Cause    string `db:"cause" json:"cause"` // service, wish, award
	Title    string `db:"title" json:"title"`
	Points   int64  `db:"points" json:"points"`
	Per      string `db:"per" json:"per"`             // each, hour
	CapDay   int64  `db:"cap_day" json:"cap_day"`     // most points a day, 0 for none
	CapMonth int64  `db:"cap_month" json:"cap_month"` // most points a month, 0 for none
	Evidence string `db:"evidence" json:"evidence"`
	FromAt   int64  `db:"from_at" json:"-"`
	MadeBy   string `db:"made_by" json:"-"`
	MadeAt   int64  `db:"made_at" json:"-"`
}

var ruleFields = []flow.Field{
	{Name: "book", Kind: flow.Enum, Required: true, Values: Books},
	{Name: "code", Kind: flow.Enum, Required: true, Values: []string{"service", "wish", "award"}},
	{Name: "points", Kind: flow.Int, Required: true, Max: 10_000},
	{Name: "cap_day", Kind: flow.Int, Max: 100_000},
	{Name: "cap_month", Kind: flow.Int, Max: 1_000_000},
	{Name: "from", Kind: flow.Moment},
	{Name: "evidence", Kind: flow.Text, Max: 200},
}

// inForce picks the version of each rule of a cause that holds at a moment.
func inForce(all []Rule, cause string, at int64) []Rule {
	var out []Rule
	for _, r := range all {
		if r.Cause != cause || r.FromAt > at {
			continue
		}
		i := slices.IndexFunc(out, func(o Rule) bool { return o.Book == r.Book && o.Code == r.Code })
		switch {
		case i < 0:
			out = append(out, r)
		case r.Version > out[i].Version:
			out[i] = r
		}
	}
	return out
}

// worth is what the rule gives for minutes of service, or for one occasion.
func (r Rule) worth(minutes int64) int64 {
	if r.Per == "hour" {
		return r.Points * minutes / 60
	}
	return r.Points
}

// capped cuts an award to what the caps of day and month leave.
func (r Rule) capped(amount, today, thisMonth int64) int64 {
	if r.CapDay > 0 {
		amount = min(amount, r.CapDay-today)
	}
	if r.CapMonth > 0 {
		amount = min(amount, r.CapMonth-thisMonth)
	}
	return max(0, amount)
}

// dayAndMonth are the starts of the day and the month, in China, that hold a moment.
func dayAndMonth(at int64) (day, nextDay, month, nextMonth int64) {
	t := time.UnixMilli(at).In(clock.China)
	d := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, clock.China)
	m := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, clock.China)
	return d.UnixMilli(), d.AddDate(0, 0, 1).UnixMilli(), m.UnixMilli(), m.AddDate(0, 1, 0).UnixMilli()
}

// governs reports whether the actor may change rules: staff of a district.
func governs(a actor.Actor) bool {
	return slices.ContainsFunc(a.Roles, func(r actor.Role) bool { return r.Name == actor.Staff && len(r.Place) == access.District })
}

// draft reads a new version of a rule from a form; it holds from the next
// midnight in China on, or later, never for the past.
func (s *Service) draft(ctx context.Context, q db.Queryer, a actor.Actor, in flow.Input, now int64) (Rule, error) {
	if !governs(a) {
		return Rule{}, fault.New(fault.Denied, "points.reason.who_rules")
	}
	all, err := rules(ctx, q)
	if err != nil {
		return Rule{}, err
	}
	var r Rule
	for _, o := range all {
		if o.Book == in.Text("book") && o.Code == in.Text("code") && o.Version > r.Version {
			r = o
		}
	}
	if r.Version == 0 {
		return r, fault.Field1("code", "points.no_rule")
	}
	last := r.FromAt
	r.Version++
	r.Points, _ = in.Int("points")
	if n, ok := in.Int("cap_day"); ok {
		r.CapDay = n
	}
	if n, ok := in.Int("cap_month"); ok {
		r.CapMonth = n
	}
	if t := in.Text("evidence"); t != "" {
		r.Evidence = t
	}
	_, tomorrow, _, _ := dayAndMonth(now)
	r.FromAt, r.MadeBy, r.MadeAt = tomorrow, a.ID, now
	if at := in.Moment("from"); at != 0 {
		r.FromAt = at
	}
	if r.FromAt <= now || r.FromAt < last {
		return r, fault.Field1("from", "points.future")
	}
	return r, nil
}

// Change makes a new version of a rule and tells it to everybody.
func (s *Service) Change(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input) (Rule, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return Rule{}, err
	}
	r, err := s.draft(ctx, tx, a, in, now)
	if err != nil {
		return r, err
	}
	ok, err := insertRule(ctx, tx, r)
	if err != nil {
		return r, err
	}
	if !ok {
		return r, fault.New(fault.Conflict, "points.reason.rule_race")
	}
	data := payload(map[string]any{"book": r.Book, "rule": r.Code, "version": r.Version, "points": r.Points, "per": r.Per, "cap_day": r.CapDay, "cap_month": r.CapMonth, "from": r.FromAt})
	subject := "rule:" + r.Book + ":" + r.Code
	told, err := eventsOf(ctx, tx, subject)
	if err != nil {
		return r, err
	}
	return r, s.Journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "points_rule", Subject: subject, Version: told + 1, Do: "change", Actor: a.ID, Audience: event.Public, Data: data,
	}, nil)
}

// Preview is what a changed rule would have given in the month before.
type Preview struct {
	Rule     Rule  `json:"rule"`
	Events   int   `json:"events"`
	People   int   `json:"people"`
	Was      int64 `json:"was"`   // points under the rule of the time
	Would    int64 `json:"would"` // points under the new one
	Gaining  int   `json:"gaining"`
	Losing   int   `json:"losing"`
	Complete bool  `json:"complete"` // false when there were too many events to try
}

// previewMost bounds how many events of a month a preview reads.
const previewMost = 200_000

// Try reckons a changed rule over the last thirty days, writing nothing.
func (s *Service) Try(ctx context.Context, q db.Queryer, r Rule, now int64) (Preview, error) {
	p := Preview{Rule: r, Complete: true}
	all, err := rules(ctx, q)
	if err != nil {
		return p, err
	}
	type tally struct{ was, would int64 }
	people := map[string]*tally{}
	spent := map[string]int64{} // account, "was" or "would", day or month
	since := now - 30*24*3600*1000
	give := func(which string, rule Rule, account string, at, minutes int64) int64 {
		day, _, month, _ := dayAndMonth(at)
		dk, mk := which+account+time.UnixMilli(day).String(), which+account+"m"+time.UnixMilli(month).String()
		n := rule.capped(rule.worth(minutes), spent[dk], spent[mk])
		spent[dk] += n
		spent[mk] += n
		return n
	}
	events, complete, err := lastEvents(ctx, q, causeKinds[r.Cause], since, previewMost)
	if err != nil {
		return p, err
	}
	p.Complete = complete
	for _, e := range events {
		gains, err := s.gains(ctx, q, e)
		if err != nil {
			return p, err
		}
		for _, g := range gains {
			if g.Cause != r.Cause || g.Undo {
				continue
			}
			may, err := s.mayHold(ctx, q, r.Book, g.Person)
			if err != nil {
				return p, err
			}
			if !may {
				continue
			}
			p.Events++
			t := people[g.Person]
			if t == nil {
				t = &tally{}
				people[g.Person] = t
			}
			for _, old := range inForce(all, r.Cause, e.At) {
				if old.Book == r.Book && old.Code == r.Code {
					t.was += give("was", old, g.Person, e.At, g.Minutes)
				}
			}
			t.would += give("would", r, g.Person, e.At, g.Minutes)
		}
	}
	for _, t := range people {
		p.People++
		p.Was += t.was
		p.Would += t.would
		if t.would > t.was {
			p.Gaining++
		} else if t.would < t.was {
			p.Losing++
		}
	}
	return p, nil
}
