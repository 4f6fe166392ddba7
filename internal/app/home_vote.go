package app

import (
	"cmp"
	"slices"
	"time"

	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/ballot"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// openPolls lists the open polls of a place, "" for all, those that close
// first before the others.
func (h *House) openPolls(c *web.Call, place string, most int) ([]*ballot.Poll, error) {
	v := matter.ViewOf(c)
	v.Brief = true
	in := flow.Input{"state": string(ballot.Open)}
	if place != "" {
		in["place"] = place
	}
	polls, err := h.Ballot.Kind.List(c.Context(), h.DB, v, in, page.Ask{Limit: most})
	slices.SortStableFunc(polls, func(a, b *ballot.Poll) int { return cmp.Compare(a.Closes, b.Closes) })
	return polls, err
}

func (h *House) pollCard(p ui.Page, o *ballot.Poll) ui.Card {
	return ui.Card{
		Title: o.Question, URL: "/polls/" + o.ID, Facts: []string{h.Place.Name(o.Place)},
		Tag: ui.Tag{State: string(o.State), Label: p.T("poll.state." + string(o.State)), Tone: ui.Busy},
		Due: text.Left(p.Lang, time.UnixMilli(o.Closes), p.Now),
	}
}

// openVotes shows the open votes of a place; who is signed in sees which of
// them wait for the own ballot.
func (h *House) openVotes(c *web.Call, p ui.Page, place string) ([]ui.Card, error) {
	polls, err := h.openPolls(c, place, 10)
	if err != nil {
		return nil, err
	}
	cards, err := h.ballotsLeft(c, p)
	if err != nil {
		return nil, err
	}
	for _, o := range polls {
		c.ShownUntil(o.Closes)
		card := h.pollCard(p, o)
		if !slices.ContainsFunc(cards, func(left ui.Card) bool { return left.URL == card.URL }) {
			cards = append(cards, card)
		}
	}
	return cards, nil
}

// ballotsLeft are the open polls in which the caller may vote and has not yet,
// wherever they are held; none for who is not signed in.
func (h *House) ballotsLeft(c *web.Call, p ui.Page) ([]ui.Card, error) {
	if !c.Actor.Known() {
		return nil, nil
	}
	polls, err := h.openPolls(c, "", 50)
	if err != nil {
		return nil, err
	}
	var cards []ui.Card
	for _, o := range polls {
		e, err := h.Ballot.Eligible(c.Context(), h.DB, o, c.Actor, c.Now())
		if err != nil {
			return nil, err
		}
		if e.Eligible && !e.Voted {
			card := h.pollCard(p, o)
			card.Tag = ui.Tag{State: "left", Label: p.T("home.not_voted"), Tone: ui.Wait}
			cards = append(cards, card)
		}
	}
	return cards, nil
}
