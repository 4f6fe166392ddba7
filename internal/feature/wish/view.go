package wish

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"linli/internal/core/flow"
	"linli/internal/platform/matter"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// tones says what kind of news a state is.
var tones = map[flow.State]ui.Tone{
	Review: ui.Wait, Open: ui.Wait, Claimed: ui.Busy, Delivered: ui.Busy, Fulfilled: ui.Good, Disputed: ui.Warn,
	Lapsed: ui.Off, Returned: ui.Warn, Withdrawn: ui.Off, Expired: ui.Off, Converted: ui.Plain,
}

func stateTag(p ui.Page, state string) ui.Tag {
	return ui.Tag{State: state, Label: p.T("wish.state." + state), Tone: tones[flow.State(state)]}
}

// amountOf says a number with its unit: 600 斤.
func amountOf(p ui.Page, n int64, unit string) string {
	if unit == "" {
		unit = p.T("wish.piece")
	}
	return text.Number(n) + " " + unit
}

func moment(p ui.Page, ms int64) string { return text.Moment(p.Lang, time.UnixMilli(ms), p.Now) }

// Deadline says by when.
func Deadline(p ui.Page, ms int64) string { return text.Deadline(p.Lang, time.UnixMilli(ms), p.Now) }

// promise is what happens next with a wish and by when: the day of the answer,
// of delivery, of one's own act. Empty when no day is set.
func promise(p ui.Page, j JSON) string {
	switch flow.State(j.State) {
	case Review, Claimed, Delivered, Returned:
		if j.DueAt != nil {
			return p.T("wish.promise."+j.State, "at", Deadline(p, j.DueAt.UnixMilli()))
		}
	case Open:
		if j.WantedBy != nil {
			return p.T("wish.promise.wanted", "at", text.Day(p.Lang, *j.WantedBy))
		}
	}
	return ""
}

// card shows a wish in a list.
func card(p ui.Page, j JSON) ui.Card {
	c := ui.Card{
		Title: j.Title, URL: j.URL, Tag: stateTag(p, j.State), Due: promise(p, j),
		Facts: []string{j.PlaceName, p.T("wish.category." + j.Category), text.Day(p.Lang, j.CreatedAt)},
	}
	if j.Body != j.Title {
		c.Text = cut(j.Body, 64)
	}
	if j.OnSpot {
		c.Facts = append(c.Facts, p.T("wish.do.record"))
	}
	if j.Visibility == Private {
		c.Facts = append(c.Facts, p.T("wish.private"))
	}
	if q := j.Quantity; q != nil {
		c.Bar = &ui.Progress{Label: p.T("wish.taken"), Done: q.Claimed, Total: q.Total, Unit: q.Unit}
	}
	return c
}

// cut shortens a text for a card to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

// steps shows where a wish stands: filed, reviewed where it was, claimed,
// delivered, confirmed.
func steps(p ui.Page, j JSON, story []matter.TimelineItem) []ui.Step {
	names := []string{"filed", "claimed", "delivered", "confirmed"}
	when := map[string]string{"filed": text.Day(p.Lang, j.CreatedAt)}
	for _, it := range story {
		switch {
		case it.To == string(Review), it.Do == "return":
			names = []string{"filed", "reviewed", "claimed", "delivered", "confirmed"}
		case it.Do == "approve":
			when["reviewed"] = text.Day(p.Lang, it.At)
		}
		if it.To != it.From {
			for step, states := range map[string][]flow.State{"claimed": {Claimed}, "delivered": {Delivered}, "confirmed": {Fulfilled, Lapsed}} {
				if slices.Contains(states, flow.State(it.To)) {
					when[step] = text.Day(p.Lang, it.At)
				}
			}
		}
	}
	at := map[flow.State]string{
		Review: "reviewed", Returned: "reviewed", Open: "claimed", Claimed: "delivered", Delivered: "confirmed", Disputed: "confirmed",
	}[flow.State(j.State)]
	over := slices.Contains([]flow.State{Withdrawn, Expired, Converted, Lapsed}, flow.State(j.State))
	if j.OnSpot {
		names, at, over = []string{"filed", "delivered"}, "", false
	}
	var out []ui.Step
	state := ui.StepDone
	for i, n := range names {
		s := ui.Step{Label: p.T("wish.step." + n), When: when[n], State: state}
		switch {
		case n == at:
			s.State, s.When, state = ui.StepHere, "", ui.StepAhead
			if d := promise(p, j); d != "" {
				s.When = d
			}
		case over && i > 0 && when[n] == "", flow.State(j.State) == Lapsed && n == "confirmed":
			s.State, s.When = ui.StepSkipped, ""
		case s.State == ui.StepAhead:
			s.When = ""
		}
		out = append(out, s)
	}
	return out
}

// number reads a number of an event's codes, which came through JSON.
func number(v any) (int64, bool) {
	switch n := v.(type) {
	case float64:
		return int64(n), true
	case int64:
		return n, true
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}

// told is the headline of one line of the story.
func told(p ui.Page, j JSON, it matter.TimelineItem) string {
	unit := ""
	if j.Quantity != nil {
		unit = j.Quantity.Unit
	}
	title := p.T("wish.do." + it.Do)
	say := func(variant string, pairs ...any) string { return p.T("wish.told."+variant, pairs...) }
	amount, counted := number(it.Codes["amount"])
	switch it.Do {
	case "claim":
		switch lead, _ := it.Codes["lead"].(bool); {
		case lead && amount == 0:
			return say("lead")
		case lead && j.Quantity != nil:
			return say("lead_amount", "amount", amountOf(p, amount, unit))
		case counted && j.Quantity != nil:
			return say("claim", "amount", amountOf(p, amount, unit))
		}
	case "deliver":
		if counted && j.Quantity != nil {
			return say("deliver", "amount", amountOf(p, amount, unit))
		}
		return say("deliver_all")
	case "amend":
		if q, ok := it.Codes["quantity"].(map[string]any); ok {
			if n, ok := number(q["total"]); ok {
				return say("amend", "amount", amountOf(p, n, unit))
			}
		}
	case "raise":
		if n, ok := number(it.Codes["tier"]); ok {
			return say("raise_" + strconv.FormatInt(n, 10))
		}
		return say("review_up")
	case "lapse":
		if it.To == string(Lapsed) {
			return p.T("wish.state.lapsed")
		}
		return say("lease")
	case "expire":
		return p.T("wish.state." + it.To)
	case "confirm":
		solved, _ := it.Codes["solved"].(string)
		satisfied, _ := it.Codes["satisfied"].(string)
		channel, _ := it.Codes["channel"].(string)
		title = say("confirm", "solved", p.T("wish.solved."+solved), "satisfied", p.T("wish.satisfied."+satisfied), "channel", p.T("wish.channel."+channel))
		if same, _ := it.Codes["same_hand"].(bool); same {
			title += p.T("wish.told.same_hand")
		}
	case "approve":
		if changed, ok := it.Codes["changed"].(map[string]any); ok {
			for _, f := range []string{"category", "quantity", "wanted_by", "price_note"} {
				if _, ok := changed[f]; ok {
					title += p.T("wish.told.changed", "what", p.T("wish.field."+f))
				}
			}
		}
	}
	return title
}

// entries tells the story, newest first.
func entries(p ui.Page, j JSON, story []matter.TimelineItem) []ui.Entry {
	var out []ui.Entry
	for _, it := range slices.Backward(story) {
		e := ui.Entry{At: it.At, Title: told(p, j, it), Who: it.By, Note: it.Note}
		switch it.To {
		case string(Fulfilled):
			e.Tone = ui.Good
		case string(Disputed), string(Returned):
			e.Tone = ui.Warn
		case string(Delivered):
			e.Tone = ui.Busy
		}
		if it.Do == "deliver" {
			e.Tone = ui.Good
		}
		out = append(out, e)
	}
	return out
}

var claimTones = map[string]ui.Tone{Held: ui.Busy, Brought: ui.Good, Released: ui.Off, Missed: ui.Off}

// claimRows lists who took what; claims that were given back are not worth a line.
func claimRows(p ui.Page, j JSON) []ui.ClaimRow {
	var out []ui.ClaimRow
	for _, c := range j.Claims {
		if c.State != Held && c.State != Brought {
			continue
		}
		r := ui.ClaimRow{Who: c.As, Lead: c.Lead, Mine: c.Mine, Tag: ui.Tag{State: c.State, Label: p.T("wish.claim." + c.State), Tone: claimTones[c.State]}}
		if j.Quantity != nil {
			r.What = amountOf(p, c.Amount, j.Quantity.Unit)
			if c.State == Brought {
				r.What = amountOf(p, c.Delivered, j.Quantity.Unit)
			}
		}
		if c.Lead && c.Amount == 0 {
			r.What, r.Tag = "", ui.Tag{State: c.State, Label: p.T("wish.claim.leading"), Tone: ui.Busy}
			out = append(out, r)
			continue
		}
		if c.State == Held && c.Until != nil {
			r.Until = p.T("wish.until", "at", Deadline(p, c.Until.UnixMilli()))
		}
		out = append(out, r)
	}
	return out
}

// claimCard is the box by which helpers take the wish. act is the claim move
// as it is offered to the reader, nil when it is not.
func claimCard(p ui.Page, w *Wish, j JSON, act *ui.Action) *ui.Claim {
	if j.OnSpot || !slices.Contains([]flow.State{Open, Claimed, Delivered, Disputed, Fulfilled, Lapsed}, w.State) {
		return nil
	}
	c := &ui.Claim{Rows: claimRows(p, j)}
	if j.Quantity != nil {
		c.Bar = &ui.Progress{Label: p.T("wish.taken"), Done: j.Quantity.Claimed, Total: j.Quantity.Total, Unit: j.Quantity.Unit}
	}
	if j.Lead != nil {
		c.Lead = j.Lead.Name
	}
	switch {
	case w.State != Open:
		c.Level = p.T("wish.level.taken")
		if w.State != Claimed && len(c.Rows) == 0 && c.Bar == nil {
			return nil
		}
	case w.Visibility == Private:
		c.Level = p.T("wish.level.private")
	default:
		c.Level = p.T("wish.level." + strconv.Itoa(w.Tier))
		if w.DueDo == "raise" && w.DueAt != 0 {
			c.Rises = p.T("wish.rises."+strconv.Itoa(w.Tier+1), "at", moment(p, w.DueAt))
		}
	}
	if w.State == Open {
		c.Settle = p.T("wish.settle")
		switch {
		case act != nil && act.Enabled:
			c.Action = act
		case act != nil:
			c.ReadOnly = act.Reason
		}
	}
	return c
}

// facts describe a wish.
func (s *Service) facts(p ui.Page, w *Wish, j JSON) []ui.Fact {
	fs := []ui.Fact{
		{Label: p.T("wish.fact.place"), Value: s.Places.Path(j.Place)},
		{Label: p.T("wish.fact.category"), Value: p.T("wish.category." + j.Category)},
		{Label: p.T("wish.fact.by"), Value: j.Author},
	}
	add := func(key, value string) {
		if value != "" {
			fs = append(fs, ui.Fact{Label: p.T("wish.fact." + key), Value: value})
		}
	}
	if j.OnBehalf {
		fs[2].Value = p.T("wish.on_behalf", "who", j.Author)
	}
	if q := j.Quantity; q != nil {
		add("quantity", amountOf(p, q.Total, q.Unit))
		if q.Delivered > 0 {
			add("delivered", amountOf(p, q.Delivered, q.Unit))
		}
	}
	if j.WantedBy != nil {
		add("wanted", text.Day(p.Lang, *j.WantedBy))
	}
	add("price", j.PriceNote)
	add("spot", j.LocationNote)
	if j.Visibility == Private {
		add("visibility", p.T("wish.visibility.private"))
	}
	if w.OnBehalf() && (j.Mine || j.Contact != nil) && w.ConsentHow != "" {
		who := w.ConsentBy
		if who == "" {
			who = p.T("wish.the_person")
		}
		add("consent", p.T("wish.consent", "how", p.T("wish.consent_how."+w.ConsentHow), "who", who, "at", text.Date(p.Lang, time.UnixMilli(w.ConsentAt))))
	}
	add("number", j.Number)
	return fs
}

func photos(p ui.Page, j JSON) []ui.Photo {
	var out []ui.Photo
	for i, f := range j.Photos {
		if f.Thumbnail != nil {
			out = append(out, ui.Photo{URL: *f.Thumbnail, Full: f.URL, Alt: p.T("wish.photo", "n", i+1)})
		}
	}
	return out
}

// contactFacts are how to reach the person helped.
func contactFacts(p ui.Page, j JSON) []ui.Fact {
	var out []ui.Fact
	if j.Contact.Name != "" {
		out = append(out, ui.Fact{Label: p.T("wish.fact.name"), Value: j.Contact.Name})
	}
	if j.Contact.Phone != "" {
		out = append(out, ui.Fact{Label: p.T("wish.field.phone"), Body: dialLink(j.Contact.Phone)})
	}
	return out
}

// cutRef splits "project:ID" into the path of the kind and the id.
func cutRef(ref string) (path, id string, ok bool) {
	kind, id, _ := strings.Cut(ref, ":")
	path, ok = map[string]string{"activity": "activities", "project": "projects"}[kind]
	return path, id, ok && id != ""
}
