package activity

import (
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
)

// routes are all doors of activities.
func (s *Service) routes() []web.Route {
	api := s.Kind.API()
	for i := range api {
		if api[i].Name == "sign_up-activity" { // a party is a number or names
			api[i].Do = func(c *web.Call) (any, error) { return s.move(c, "sign_up") }
		}
	}
	api = append(api,
		web.Route{Method: "GET", Path: "/api/v1/activities/{id}/roster", Name: "roster-activity", Summary: "Who comes, whole; for organisers", SignedIn: true,
			Out: struct {
				Items []RosterItem `json:"items"`
			}{}, Do: s.rosterJSON},
		web.Route{Method: "GET", Path: "/activities.ics", Name: "calendar-place", Summary: "Calendar of a place", Public: []string{"activity", "place"},
			Query: []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}}, Do: s.calendarAt},
		web.Route{Method: "GET", Path: "/activities/{id}/calendar.ics", Name: "calendar-activity", Summary: "Calendar of one activity", Public: []string{"activity", "place"}, Do: s.calendarOne},
		web.Route{Method: "GET", Path: "/calendar/{token}", Name: "calendar-person", Summary: "Calendar of a person, by a secret address", Do: s.calendarMine},
	)
	return append(api, s.pages()...)
}

// move is Kind.Move with a party given as a number or as names.
func (s *Service) move(c *web.Call, do string) (any, error) {
	version, verr := c.Version()
	req := journal.Request{ID: c.Path("id"), Do: do, IfMatch: version, Read: func(fs []flow.Field) (flow.Input, error) {
		if verr != nil {
			return nil, verr
		}
		raw, err := c.Raw()
		if err != nil {
			return nil, err
		}
		normalParty(raw)
		splitNames(raw)
		return flow.Decode(fs, raw)
	}}
	return s.Machine.Do(c.Context(), req, func(tx *db.Tx, m *Activity, a actor.Actor, now int64) (any, error) {
		return s.show(c.Context(), tx, m, matter.View{Actor: a, Now: now, Say: c.T})
	})
}

func (s *Service) rosterJSON(c *web.Call) (any, error) {
	m, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	if !m.mayRead(c.Actor) {
		return nil, fault.New(fault.Denied, "activity.reason.roster")
	}
	items, err := s.Roster(c.Context(), s.Journal.DB, m)
	return map[string]any{"items": items}, err
}

const icsType = "text/calendar; charset=utf-8"

func (s *Service) calendarAt(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	b, err := s.CalendarAt(c.Context(), s.Journal.DB, place.Trim(in.Text("place")), c.Base(), c.Now())
	return web.Raw{Type: icsType, Body: b, Header: map[string]string{"Cache-Control": "public, max-age=300"}}, err
}

func (s *Service) calendarOne(c *web.Call) (any, error) {
	m, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	b := s.calendar(m.Title, c.Base(), []*Activity{m}, c.Now())
	return web.Raw{Type: icsType, Body: b, Header: map[string]string{"Content-Disposition": `attachment; filename="activity.ics"`}}, nil
}

func (s *Service) calendarMine(c *web.Call) (any, error) {
	b, err := s.CalendarOf(c.Context(), s.Journal.DB, c.Path("token"), c.Base(), c.Now())
	return web.Raw{Type: icsType, Body: b}, err
}

// splitNames lets names be typed into one line.
func splitNames(raw map[string]any) {
	if text, ok := raw["names"].(string); ok {
		raw["names"] = namesIn(text)
	}
}
