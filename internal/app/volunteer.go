package app

import (
	"context"
	"errors"
	"slices"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/activity"
	"linli/internal/feature/volunteer"
	"linli/internal/feature/wish"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
)

// wishesForVolunteers tells volunteering of wishes. It implements volunteer.Wishes.
type wishesForVolunteers struct{ *wish.Service }

// Help returns a wish as the helper sees it.
func (s wishesForVolunteers) Help(ctx context.Context, q db.Queryer, helper actor.Actor, id string) (volunteer.Help, error) {
	w, err := s.Machine.Read(ctx, q, helper, id, s.Journal.DB.Clock().Now().UnixMilli())
	if err != nil {
		return volunteer.Help{}, err
	}
	h := helpOf(w)
	for _, c := range w.Claims {
		if c.Account == helper.ID && c.State == wish.Brought {
			h.Brought, h.Group = true, c.Group
		}
	}
	return h, nil
}

// Called returns a public wish that is open.
func (s wishesForVolunteers) Called(ctx context.Context, q db.Queryer, id string) (volunteer.Help, bool, error) {
	w, err := s.Machine.Store.Load(ctx, q, id, "")
	if errors.Is(err, db.ErrNoRows) {
		return volunteer.Help{}, false, nil
	}
	if err != nil || w.Visibility != wish.Public || w.State != wish.Open {
		return volunteer.Help{}, false, err
	}
	return helpOf(w), true, nil
}

// Open lists open wishes below place that the actor may see, newest first.
func (s wishesForVolunteers) Open(ctx context.Context, q db.Queryer, a actor.Actor, place string, limit int) ([]volunteer.Help, error) {
	v := matter.View{Actor: a, Now: s.Journal.DB.Clock().Now().UnixMilli(), Brief: true}
	ws, err := s.Kind.List(ctx, q, v, flow.Input{"place": place, "state": string(wish.Open)}, page.Ask{Limit: limit})
	out := make([]volunteer.Help, 0, len(ws))
	for _, w := range ws {
		if w.Author != a.ID {
			out = append(out, helpOf(w))
		}
	}
	return out, err
}

func helpOf(w *wish.Wish) volunteer.Help {
	h := volunteer.Help{ID: w.ID, Title: w.Title, Place: w.Place, Kind: w.Category, Owner: w.Author, URL: "/wishes/" + w.ID}
	if w.OnBehalf() {
		h.Owner = w.Helped // "" for a person without an account: the community confirms
	}
	return h
}

// activityFromWish makes an activity out of a wish. It implements wish.Converter.
type activityFromWish struct{ *activity.Service }

// FromWish drafts the activity; a private wish does not lend it its words.
func (s activityFromWish) FromWish(ctx context.Context, tx *db.Tx, by actor.Actor, w *wish.Wish) (string, error) {
	o := activity.Origin{Ref: "wish:" + w.ID, Title: w.Title, Body: w.Body, Place: w.Place, Kind: w.Category}
	if w.Visibility == wish.Private {
		o.Ref, o.Title, o.Body, o.Place = "", w.Category, "", w.Scope()
	}
	return s.FromOrigin(ctx, tx, by, o)
}

// wishesForPoints tells the ledger of points who fulfilled a wish. It
// implements points.Wishes.
type wishesForPoints struct{ *wish.Service }

// Fulfillers lists the accounts whose part was brought, each once. A wish met
// on the spot has none: nobody but its helper has confirmed it.
func (s wishesForPoints) Fulfillers(ctx context.Context, q db.Queryer, id string) ([]string, error) {
	w, err := s.Machine.Store.Load(ctx, q, id, "")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range w.Claims {
		if c.State == wish.Brought && c.Delivered > 0 && !slices.Contains(out, c.Account) {
			out = append(out, c.Account)
		}
	}
	return out, nil
}
