package app

import (
	"slices"
	"time"

	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/wish"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// over lists where a wish needs nobody any more.
var over = []flow.State{wish.Fulfilled, wish.Lapsed, wish.Withdrawn, wish.Expired, wish.Converted}

func (h *House) myWishes(c *web.Call, p ui.Page, _ string) ([]ui.Card, error) {
	return h.wishCards(c, p, flow.Input{"mine": true}, func(w *wish.Wish) bool { return !slices.Contains(over, w.State) }, true)
}

func (h *House) openWishes(c *web.Call, p ui.Page, place string) ([]ui.Card, error) {
	return h.wishCards(c, p, flow.Input{"place": place, "state": "open"}, func(w *wish.Wish) bool { return w.Visibility == wish.Public }, false)
}

func (h *House) wishCards(c *web.Call, p ui.Page, in flow.Input, want func(*wish.Wish) bool, steps bool) ([]ui.Card, error) {
	v := matter.ViewOf(c)
	v.Brief = true
	list, err := h.Wish.Kind.List(c.Context(), h.DB, v, in, page.Ask{Limit: 30})
	if err != nil {
		return nil, err
	}
	var cards []ui.Card
	for _, w := range list {
		if !want(w) {
			continue
		}
		card := ui.Card{Title: w.Title, URL: "/wishes/" + w.ID, Tag: wishTag(p, w.State), Facts: []string{h.Place.Name(w.Place)}}
		if w.Total > 0 {
			card.Bar = &ui.Progress{Label: c.T("home.taken"), Done: w.Taken, Total: w.Total, Unit: w.Unit}
		}
		if w.DueAt != 0 {
			c.ShownUntil(w.DueAt)
			if steps && w.State != wish.Open {
				key := "wish.promise." + string(w.State) // says who is to act
				if !p.Has(key) {
					key = "home.next"
				}
				card.Due = c.T(key, "at", text.Deadline(p.Lang, time.UnixMilli(w.DueAt), p.Now))
			}
		}
		if steps {
			card.Steps = wishSteps(c, w.State)
		}
		cards = append(cards, card)
	}
	return cards, nil
}

func wishTag(p ui.Page, s flow.State) ui.Tag {
	tone := map[flow.State]ui.Tone{wish.Review: ui.Wait, wish.Open: ui.Wait, wish.Claimed: ui.Busy, wish.Delivered: ui.Busy, wish.Disputed: ui.Warn, wish.Returned: ui.Warn}[s]
	return ui.Tag{State: string(s), Label: p.T("wish.state." + string(s)), Tone: tone}
}

// wishSteps is where a wish stands, in the four words everybody knows.
func wishSteps(c *web.Call, s flow.State) []ui.Step {
	at := map[flow.State]int{wish.Review: 0, wish.Returned: 0, wish.Open: 1, wish.Claimed: 2, wish.Delivered: 3, wish.Disputed: 3}[s]
	var out []ui.Step
	for i, name := range []string{"filed", "claimed", "delivered", "confirmed"} {
		st := ui.StepAhead
		switch {
		case i < at:
			st = ui.StepDone
		case i == at:
			st = ui.StepHere
		}
		out = append(out, ui.Step{Label: c.T("wish.step." + name), State: st})
	}
	return out
}
