package activity

import (
	"context"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
)

// routes are all doors of activities.
func (s *Service) routes() []web.Route {
	api := s.Kind.API()
	for i := range api {
		do := strings.TrimSuffix(api[i].Name, "-activity")
		if do == "sign_up" || do == "check_in" { // a party is a number or names; a phone is marked
			api[i].Do = func(c *web.Call) (any, error) { return s.move(c, do) }
		}
	}
	api = append(api,
		web.Route{Method: "GET", Path: "/api/v1/activities/{id}/roster", Name: "roster-activity", Summary: "Who comes, whole; for organisers", SignedIn: true,
			Out: struct {
				Items []RosterItem `json:"items"`
			}{}, Do: s.rosterJSON},
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
		if text, ok := raw["names"].(string); ok { // typed into one line
			raw["names"] = namesIn(text)
		}
		return flow.Decode(fs, raw)
	}}
	ctx := c.Context()
	if do == "check_in" {
		ctx = s.device(c, req.ID)
	}
	return s.Machine.Do(ctx, req, func(tx *db.Tx, m *Activity, a actor.Actor, now int64) (any, error) {
		return s.show(c.Context(), tx, m, matter.View{Actor: a, Now: now, Say: c.T})
	})
}

func (s *Service) rosterJSON(c *web.Call) (any, error) {
	m, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	if !m.organiser(c.Actor) {
		return nil, fault.New(fault.Denied, "activity.reason.roster")
	}
	items, err := s.Roster(c.Context(), s.Journal.DB, m)
	return map[string]any{"items": items}, err
}

// Read is the activity of the path, as the caller may see it.
func (s *Service) Read(c *web.Call) (*Activity, error) { return s.Kind.Read(c) }

// From lists what anybody may see of a place that starts from a moment on, the soonest first.
func (s *Service) From(ctx context.Context, q db.Queryer, place string, from, now int64, most int) ([]*Activity, error) {
	return list(ctx, q, actor.Actor{}, Filter{Place: place, From: from, Soonest: true}, page.Ask{Limit: most}, now)
}
