package ask

import (
	"net/url"

	"github.com/a-h/templ"

	"linli/internal/core/fault"
	"linli/internal/core/qr"
	"linli/internal/feature/wish"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// receipt proves to the author that a wish was filed: number, what happens
// next, by when, whom to call, and a code that leads to it.
func (s *Service) receipt(c *web.Call, slip bool) (any, error) {
	w, err := s.Wishes.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	if !c.Actor.Known() { // anybody may see the wish, but whose receipt it is must be known
		return web.Redirect("/signin?next=" + url.QueryEscape(c.R.URL.RequestURI())), nil
	}
	if !w.Followed(c.Actor) {
		return nil, fault.Absent()
	}
	shown, err := s.Wishes.Kind.Show(c.Context(), s.DB, w, matter.ViewOf(c))
	if err != nil {
		return nil, err
	}
	j := shown.(wish.JSON)
	p := s.Page(c, c.T("wish.receipt"), ui.Wishes)
	p.NoIndex = true
	if name := s.Places.Name(w.Scope()); name != p.Community.Name {
		p.Community = ui.Community{Name: name, Code: w.Scope()}
		p.Community.Phone, p.Community.Hours = s.Places.Phone(w.Scope())
	}
	address := c.Base() + j.URL
	if c.Base() == "" {
		address = j.URL
	}
	svg, err := qr.SVG(address, 168, p.T("wish.receipt_code"))
	if err != nil {
		return nil, err
	}
	r := ui.Receipt{
		Title: p.T("wish.sent_to", "place", s.Places.Name(w.Scope())), Name: p.T("wish.fact.number"), Number: j.Number,
		Next: p.T("wish.next." + j.State), Date: s.answerBy(p, w), Code: templ.Raw(svg), CodeAlt: p.T("wish.receipt_code"), Print: j.URL + "/slip",
		Links: []ui.Link{{Label: p.T("wish.see"), URL: j.URL}, {Label: p.T("problem.home"), URL: "/"}},
	}
	if w.State == wish.Open && w.Visibility == wish.Private {
		r.Next = p.T("wish.next.private")
	}
	if slip {
		p.Back = ui.Link{Label: p.T("wish.receipt"), URL: j.URL + "/receipt"}
		return s.slipScreen(p, j, r), nil
	}
	return s.receiptScreen(p, r), nil
}

// answerBy is the day by which the author hears something: of the review, of
// the next circle, of the delivery. A private wish is answered like a review.
func (s *Service) answerBy(p ui.Page, w *wish.Wish) string {
	at := w.DueAt
	if w.State == wish.Open && w.Visibility == wish.Private {
		at = s.Places.After(w.Scope(), "wish.review_span", w.Since)
	}
	if at == 0 || w.State != wish.Review && w.State != wish.Open && w.State != wish.Claimed && w.State != wish.Returned && w.State != wish.Delivered {
		return ""
	}
	return p.T("wish.before", "at", wish.Deadline(p, at))
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
