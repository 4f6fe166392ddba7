package volunteer

import (
	"context"
	"errors"
	"strings"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
)

// Profile is what a volunteer offers: skills, free times and how far to go.
type Profile struct {
	Account   string `db:"account"`
	Place     string `db:"place"`  // where from: a community or a building
	Skills    string `db:"skills"` // kinds of service, spaces between
	Free      string `db:"free"`   // "1pm 6am": weekday from Monday 1 to Sunday 7, am pm or eve
	Radius    string `db:"radius"` // building, community, street, district
	OnCall    bool   `db:"on_call"`
	Version   int64  `db:"version"`
	ChangedAt int64  `db:"changed_at"`
}

// Radii say how far a volunteer goes: the own building, community, street or district.
var Radii = []string{"building", "community", "street", "district"}

// Times are the parts of a week.
var Times = func() []string {
	var out []string
	for _, d := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		for _, t := range []string{"am", "pm", "eve"} {
			out = append(out, d+t)
		}
	}
	return out
}()

var profileFields = []flow.Field{
	{Name: "on_call", Kind: flow.Bool},
	{Name: "skills", Kind: flow.Refs, Max: 10},
	{Name: "free", Kind: flow.Refs, Max: 21},
	{Name: "radius", Kind: flow.Enum, Values: Radii},
	{Name: "place", Kind: flow.Text, Max: 20},
}

// Kinds of service a volunteer may offer.
var Kinds = []string{"政策宣传", "医疗健康", "家政清洁", "扶老护幼", "解难纾困", "文化体育", "矛盾调处", "治安巡逻", "环境设施", "其他"}

// Offer saves what the caller offers.
func (s *Service) Offer(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input) (Profile, error) {
	if !a.Holds(actor.Volunteer) && !a.Holds(actor.PartyMember) && len(a.Agencies()) == 0 {
		return Profile{}, fault.New(fault.Denied, "service.reason.volunteers")
	}
	p := Profile{Account: a.ID, OnCall: in.Bool("on_call"), Radius: in.Text("radius"), Place: place.Trim(in.Text("place"))}
	var faults fault.Fields
	p.Skills = known(in.List("skills"), Kinds, "skills", &faults)
	p.Free = known(in.List("free"), Times, "free", &faults)
	if p.Radius == "" {
		p.Radius = "community"
	}
	if p.Place == "" {
		p.Place = a.Home
	}
	if !s.Places.Known(p.Place) {
		faults.Add("place", "service.no_place")
	}
	if err := faults.Err(); err != nil {
		return p, err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return p, err
	}
	p.ChangedAt = now
	if p.Version, err = saveProfile(ctx, tx, p); err != nil {
		return p, err
	}
	return p, s.Journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "volunteer", Subject: "volunteer:" + a.ID, Version: p.Version, Do: "offer", Actor: a.ID, Place: access.Up(p.Place, access.Community), Audience: event.Private,
	}, nil)
}

func known(list, allowed []string, field string, faults *fault.Fields) string {
	for _, v := range list {
		ok := false
		for _, k := range allowed {
			ok = ok || k == v
		}
		if !ok {
			faults.Add(field, "fault.one_of", "values", strings.Join(allowed, " "))
			break
		}
	}
	return strings.Join(list, " ")
}

// reach is the place within which the volunteer goes.
func (p Profile) reach() string {
	switch p.Radius {
	case "district":
		return access.Up(p.Place, access.District)
	case "street":
		return access.Up(p.Place, access.Street)
	case "community":
		return access.Up(p.Place, access.Community)
	}
	return p.Place
}

// suits reports whether the volunteer offers this kind of help.
func (p Profile) suits(kind string) bool {
	return p.Skills == "" || strings.Contains(" "+p.Skills+" ", " "+kind+" ")
}

// freeAt reports whether the volunteer is free at a moment.
func (p Profile) freeAt(at int64) bool {
	t := time.UnixMilli(at).In(clock.China)
	d := (int(t.Weekday())+6)%7 + 1
	part := "am"
	if t.Hour() >= 18 {
		part = "eve"
	} else if t.Hour() >= 12 {
		part = "pm"
	}
	return p.Free == "" || strings.Contains(" "+p.Free+" ", " "+string(rune('0'+d))+part+" ")
}

// Near lists open wishes within the caller's radius and skills, newest first.
func (s *Service) Near(ctx context.Context, q db.Queryer, a actor.Actor, limit int) ([]Help, error) {
	p, err := profile(ctx, q, a.ID)
	if errors.Is(err, db.ErrNoRows) {
		p, err = Profile{Place: a.Home, Radius: "community"}, nil
	}
	if err != nil || p.reach() == "" {
		return nil, err
	}
	all, err := s.Wishes.Open(ctx, q, a, p.reach(), 5*limit)
	var out []Help
	for _, h := range all {
		if p.suits(h.Kind) && len(out) < limit {
			out = append(out, h)
		}
	}
	return out, err
}

// OnCall lists accounts on call whose radius covers place, who offer the kind and are free at the moment.
func (s *Service) OnCall(ctx context.Context, q db.Queryer, where, kind string, at int64) ([]string, error) {
	ps, err := onCall(ctx, q, access.Up(where, access.District), 1000)
	var out []string
	for _, p := range ps {
		if access.Covers(p.reach(), where) && p.suits(kind) && p.freeAt(at) {
			out = append(out, p.Account)
		}
	}
	return out, err
}
