package activity

import (
	"context"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/door"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
)

// JSON is an activity as the API and the pages know it, for one viewer.
type JSON struct {
	ID           string          `json:"id"`
	Title        string          `json:"title"`
	Body         string          `json:"body"`
	Kind         string          `json:"kind"`
	Place        string          `json:"place"`
	PlaceName    string          `json:"place_name"`
	LocationNote string          `json:"location_note"`
	State        string          `json:"state"`
	Version      int64           `json:"version"`
	DueAt        *time.Time      `json:"due_at"`
	CreatedAt    time.Time       `json:"created_at"`
	Starts       time.Time       `json:"starts"`
	Ends         time.Time       `json:"ends"`
	Cutoff       time.Time       `json:"cutoff"`
	Capacity     int64           `json:"capacity"`
	Reserved     int64           `json:"reserved"`
	Taken        int64           `json:"taken"`
	Free         int64           `json:"free"`
	Waiting      int64           `json:"waiting"`
	Came         int64           `json:"came"`
	Hosts        []HostJSON      `json:"hosts"`
	Shifts       []ShiftJSON     `json:"shifts"`
	Audience     string          `json:"audience"`
	MinimumAge   int64           `json:"minimum_age"`
	Skills       string          `json:"skills"`
	Insurance    string          `json:"insurance"`
	Bring        string          `json:"bring"`
	Series       string          `json:"series"`
	Origin       string          `json:"origin"`
	Author       string          `json:"author" doc:"public name"`
	Organiser    bool            `json:"organiser" doc:"whether the caller runs the activity"`
	URL          string          `json:"url"`
	Mine         *Mine           `json:"mine"`
	Family       []FamilyJSON    `json:"family,omitzero" doc:"entries of those the caller is guardian of"`
	Hours        *HoursJSON      `json:"hours,omitempty"`
	CheckIn      *CheckInJSON    `json:"check_in,omitempty"`
	Actions      []matter.Action `json:"actions,omitzero"`

	mine *Entry
}

// Location is the address of a created activity.
func (j JSON) Location() string { return "/api/v1/activities/" + j.ID }

// HostJSON is one host with its part.
type HostJSON struct {
	Group string `json:"group"`
	Name  string `json:"name"`
	Part  string `json:"part"`
}

// ShiftJSON is one shift.
type ShiftJSON struct {
	Number   int       `json:"number"`
	Title    string    `json:"title"`
	Starts   time.Time `json:"starts"`
	Ends     time.Time `json:"ends"`
	Capacity int64     `json:"capacity"`
	Taken    int64     `json:"taken"`
}

// Mine is the caller's own entry.
type Mine struct {
	State       string     `json:"state"`
	PlaceInLine *int64     `json:"place_in_line"`
	Party       int64      `json:"party"`
	Shift       int        `json:"shift"`
	Until       *time.Time `json:"until" doc:"until when an offered place is kept"`
	CheckedIn   *time.Time `json:"checked_in"`
	CheckedOut  *time.Time `json:"checked_out"`
}

// FamilyJSON is the entry of a person the caller acts for.
type FamilyJSON struct {
	ID   string `json:"id" doc:"names the person in as"`
	Name string `json:"name"`
	Mine
}

// HoursJSON is what was confirmed of the caller's own service.
type HoursJSON struct {
	Minutes  int64  `json:"minutes"`
	Attended int64  `json:"attended"`
	State    string `json:"state"`
	ID       string `json:"id"`
}

// CheckInJSON is what the organiser shows and says at the door.
type CheckInJSON struct {
	Code   string    `json:"code" doc:"of the QR, changes every 30 seconds"`
	URL    string    `json:"url" doc:"what the QR holds"`
	Spoken string    `json:"spoken" doc:"six digits to say aloud"`
	Until  time.Time `json:"until" doc:"when the QR changes"`
}

// RosterItem is one line of the roster.
type RosterItem struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	State       string     `json:"state"`
	PlaceInLine *int64     `json:"place_in_line"`
	Names       string     `json:"names" doc:"of a family, or of people without an account"`
	Party       int64      `json:"party"`
	Shift       int        `json:"shift"`
	CheckedIn   *time.Time `json:"checked_in"`
	CheckedOut  *time.Time `json:"checked_out"`
	How         string     `json:"how" doc:"of the check-in: qr, spoken, list"`
	Minutes     int64      `json:"minutes" doc:"attended"`
	Confirmed   bool       `json:"confirmed"`
}

func (s *Service) show(ctx context.Context, q db.Queryer, m *Activity, v matter.View) (any, error) {
	return s.json(ctx, q, m, v)
}

// json shows an activity to one viewer. Who comes is told to organisers by the
// roster alone.
func (s *Service) json(ctx context.Context, q db.Queryer, m *Activity, v matter.View) (JSON, error) {
	j := JSON{
		ID: m.ID, Title: m.Title, Body: m.Body, Kind: m.Kind, Place: m.Place, PlaceName: s.Places.Name(m.Place), LocationNote: m.LocationNote,
		State: string(m.State), Version: m.Version, DueAt: matter.TimeOrNull(m.DueAt), CreatedAt: matter.Time(m.CreatedAt),
		Starts: matter.Time(m.Starts), Ends: matter.Time(m.Ends), Cutoff: matter.Time(m.Cutoff), Capacity: m.Capacity, Reserved: m.Reserved,
		Taken: m.Taken, Free: m.Free(), Waiting: m.Waiting, Came: m.Came, Audience: m.Audience, MinimumAge: m.MinimumAge, Skills: m.Skills,
		Insurance: m.Insurance, Bring: m.Bring, Series: m.Series, Origin: m.Origin, Organiser: m.organiser(v.Actor), URL: "/activities/" + m.ID,
		Hosts: []HostJSON{}, Shifts: []ShiftJSON{},
	}
	var err error
	if j.Author, err = s.Members.PublicName(ctx, q, m.Author); err != nil {
		return j, err
	}
	for _, h := range m.Hosts {
		j.Hosts = append(j.Hosts, HostJSON{h.Group, s.Groups.Name(h.Group), h.Part})
	}
	for _, sh := range m.Shifts {
		j.Shifts = append(j.Shifts, ShiftJSON{sh.Number, sh.Title, matter.Time(sh.Starts), matter.Time(sh.Ends), sh.Capacity, sh.Taken})
	}
	if e := m.entry(v.Actor.ID); e != nil {
		j.mine = e
		if j.Mine, err = mineOf(ctx, q, m, e); err != nil {
			return j, err
		}
		if !v.Brief && (m.State == Finished || m.State == Closed) {
			r, err := s.Hours.Of(ctx, q, "activity:"+m.ID, v.Actor.ID)
			if err != nil {
				return j, err
			}
			if r != nil {
				j.Hours = &HoursJSON{r.Minutes, r.Attended, string(r.State), r.ID}
			}
		}
	}
	if v.Brief {
		return j, nil
	}
	for _, w := range v.Actor.Wards {
		e := m.entry(w)
		if e == nil || e.State == Left {
			continue
		}
		mine, err := mineOf(ctx, q, m, e)
		if err != nil {
			return j, err
		}
		name, err := s.Members.PublicName(ctx, q, w)
		if err != nil {
			return j, err
		}
		j.Family = append(j.Family, FamilyJSON{w, name, *mine})
	}
	if j.Organiser && (m.State == Published || m.State == Running) && v.Now >= m.Starts-earlyMost {
		code := s.QRCode(m.ID, v.Now)
		j.CheckIn = &CheckInJSON{Code: code, URL: "/activities/" + m.ID + "/here?code=" + code, Spoken: s.SpokenCode(m.ID, v.Now), Until: matter.Time((v.Now/door.QRStep + 1) * door.QRStep)}
	}
	j.Actions = s.Kind.Actions(m, v)
	return j, nil
}

func mineOf(ctx context.Context, q db.Queryer, m *Activity, e *Entry) (*Mine, error) {
	mine := &Mine{State: e.State, Party: e.Party, Shift: e.Shift, Until: matter.TimeOrNull(e.Until), CheckedIn: matter.TimeOrNull(e.InAt), CheckedOut: matter.TimeOrNull(e.OutAt)}
	if e.State == Waits {
		n, err := ahead(ctx, q, m.ID, e.Line)
		if err != nil {
			return nil, err
		}
		n++
		mine.PlaceInLine = &n
	}
	return mine, nil
}

// Roster lists who comes, for the organiser.
func (s *Service) Roster(ctx context.Context, q db.Queryer, m *Activity) ([]RosterItem, error) {
	es, err := roster(ctx, q, m.ID)
	if err != nil {
		return nil, err
	}
	out := make([]RosterItem, 0, len(es))
	line := int64(0)
	for _, e := range es {
		if own := m.byID(e.ID); own != nil { // settled in memory
			e = own
		}
		it := RosterItem{
			ID: e.ID, State: e.State, Names: e.Names, Party: e.Party, Shift: e.Shift, CheckedIn: matter.TimeOrNull(e.InAt), CheckedOut: matter.TimeOrNull(e.OutAt),
			How: e.How, Confirmed: e.Confirmed,
		}
		if e.InAt != 0 {
			it.Minutes = m.minutes(e)
		}
		if it.Name, err = s.nameOf(ctx, q, e); err != nil {
			return nil, err
		}
		if e.State == Waits {
			line++
			n := line
			it.PlaceInLine = &n
		}
		out = append(out, it)
	}
	return out, nil
}

func (s *Service) nameOf(ctx context.Context, q db.Queryer, e *Entry) (string, error) {
	if e.Account == "" {
		return e.Names, nil
	}
	name, err := s.Members.PublicName(ctx, q, e.Account)
	if e.Group != "" {
		name = s.Groups.Name(e.Group) + " " + name
	}
	return name, err
}

// Enter drafts an activity in tx in the name of a, as POST /activities does.
func (s *Service) Enter(ctx context.Context, tx *db.Tx, a actor.Actor, read func() (map[string]any, error)) (*Activity, error) {
	if !mayCreate(a) {
		return nil, fault.New(fault.Denied, "activity.reason.who_creates")
	}
	raw, err := read()
	if err != nil {
		return nil, err
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return nil, err
	}
	m, err := s.draft(a, raw, now)
	if err != nil {
		return nil, err
	}
	return m, s.Machine.Born(ctx, tx, m, Draft, born(m, a, now))
}
