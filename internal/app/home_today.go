package app

import (
	"cmp"
	"slices"
	"time"

	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/activity"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// nearDays is how far ahead the home page looks for activities.
const nearDays = 7

func (h *House) nextActivities(c *web.Call, p ui.Page, place string) ([]ui.Card, error) {
	v := matter.ViewOf(c)
	v.Brief = true
	list, err := h.Activity.Kind.List(c.Context(), h.DB, v, flow.Input{"place": place, "state": string(activity.Published)}, page.Ask{Limit: 50})
	if err != nil {
		return nil, err
	}
	until := p.Now.AddDate(0, 0, nearDays).UnixMilli()
	list = slices.DeleteFunc(list, func(a *activity.Activity) bool { return a.Starts < p.Now.UnixMilli() || a.Starts > until })
	slices.SortFunc(list, func(a, b *activity.Activity) int { return cmp.Compare(a.Starts, b.Starts) })
	var cards []ui.Card
	for _, a := range list {
		c.ShownUntil(a.Starts)
		facts := []string{text.Moment(p.Lang, time.UnixMilli(a.Starts), p.Now), h.Place.Name(a.Place)}
		if free := a.Capacity - a.Taken - a.Reserved; free > 0 {
			facts = append(facts, p.T("home.free", "n", free))
		}
		cards = append(cards, ui.Card{Title: a.Title, URL: "/activities/" + a.ID, Facts: facts})
	}
	return cards, nil
}
