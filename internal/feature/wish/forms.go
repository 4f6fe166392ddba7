package wish

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// offers bounds the list of helpers that staff choose from.
const offers = 50

// moves are the forms of what the reader may do with the wish: references
// become choices by name, and what cannot matter here is not asked.
func (s *Service) moves(ctx context.Context, p ui.Page, w *Wish, j JSON, v matter.View, sent *ui.Sent) ([]ui.Action, error) {
	offered := slices.DeleteFunc(Life.Actions(w, v.Actor, v.Now), func(a flow.Action) bool {
		countless := w.Total == 0 && (a.Do == "amend" || a.Do == "enough") // a reason at each would only be in the way
		return countless || a.Do == "convert" && len(s.Converters) == 0
	})
	acts := ui.Moves(p, "wish", j.URL, w.Version, offered, sent)
	for i := range acts {
		d := dresser{s: s, p: p, w: w, j: j, a: v.Actor, do: acts[i].Do, fresh: sent == nil || sent.Do != acts[i].Do}
		if d.do == "offer" {
			var err error
			if d.helpers, err = s.helpers(ctx, p, w); err != nil {
				return nil, err
			}
		}
		var fields []ui.Field
		for _, f := range acts[i].Fields {
			if d.dress(&f) {
				fields = append(fields, f)
			}
		}
		acts[i].Fields = append(fields, Kept(sent, acts[i].Do)...)
		if key := "wish.explain." + d.do; p.Has(key) {
			acts[i].Hint = p.T(key)
		}
		if d.do == "enough" {
			acts[i].Hint = p.T("wish.hint.enough", "amount", amountOf(p, w.Taken, w.Unit))
		}
	}
	slices.SortStableFunc(acts, func(a, b ui.Action) int { return weight(a) - weight(b) })
	return acts, nil
}

// weight puts what most people come for first, and what is not possible last.
func weight(a ui.Action) int {
	switch {
	case !a.Enabled:
		return 2
	case !a.Primary:
		return 1
	}
	return 0
}

// tolerant lists moves that another one in between does not spoil: what is
// left decides, not the version a person saw.
var tolerant = []string{"claim", "release", "urge", "add"}

// Kept carries photographs of a form that came back: they are uploaded already.
func Kept(sent *ui.Sent, do string) []ui.Field {
	if sent == nil || sent.Do != do {
		return nil
	}
	var out []ui.Field
	for _, id := range sent.Values["photos"] {
		if id != "" {
			out = append(out, ui.Field{Name: "photos", Type: ui.HiddenField, Value: id})
		}
	}
	return out
}

// dresser fits the fields of one move to one reader.
type dresser struct {
	s       *Service
	p       ui.Page
	w       *Wish
	j       JSON
	a       actor.Actor
	do      string
	fresh   bool // the form is seen for the first time
	helpers []ui.Option
}

// start sets what stands in a field that nobody has filled yet.
func (d dresser) start(f *ui.Field, value string) {
	if d.fresh {
		f.Value = value
	}
}

// dress fits one field; false leaves it out.
func (d dresser) dress(f *ui.Field) bool {
	w := d.w
	switch f.Name {
	case "amount":
		if w.Total == 0 {
			return false
		}
		f.Unit = w.Unit
		if d.do == "claim" {
			f.Max, f.Hint = strconv.FormatInt(w.Left(), 10), d.p.T("wish.hint.left", "amount", amountOf(d.p, w.Left(), w.Unit))
			return true
		}
		f.Hint = d.p.T("wish.hint.delivered")
	case "as":
		return d.s.AsField(d.p, d.a, f, d.fresh)
	case "lead":
		return w.lead() == nil && leads(d.a)
	case "claim":
		options := d.claims()
		if len(options) == 0 || len(options) == 1 && w.claim(options[0].Value).mine(d.a) {
			return false // there is no other it could be
		}
		f.Type, f.Required, f.Options = ui.SelectField, true, append([]ui.Option{{Label: d.p.T("wish.choose")}}, options...)
	case "to":
		if d.do == "convert" {
			f.Type = ui.RadioField
			f.Options = slices.DeleteFunc(f.Options, func(o ui.Option) bool { return d.s.Converters[o.Value] == nil })
			return true
		}
		if len(d.helpers) == 0 {
			f.Hint = d.p.T("wish.hint.to")
			return true
		}
		f.Type, f.Options = ui.SelectField, d.helpers
	case "channel":
		return d.channel(f)
	case "category":
		d.start(f, w.Category)
	case "quantity.total", "quantity.unit":
		if w.Total > 0 {
			d.start(f, map[string]string{"quantity.total": strconv.FormatInt(w.Total, 10), "quantity.unit": w.Unit}[f.Name])
		}
	case "wanted_by":
		f.Type = ui.DateField
	case "title", "body":
		d.start(f, map[string]string{"title": w.Title, "body": w.Body}[f.Name])
	}
	return true
}

// AsField makes a field the choice in whose name one acts: the one group is
// suggested, of several the person chooses, and who acts for none is not asked.
// fresh is whether the form is seen for the first time.
func (s *Service) AsField(p ui.Page, a actor.Actor, f *ui.Field, fresh bool) bool {
	var options []ui.Option
	for _, r := range a.Agencies() {
		options = append(options, ui.Option{Value: r.Group, Label: s.Groups.Name(r.Group)})
	}
	switch len(options) {
	case 0:
		return false
	case 1:
		if fresh {
			f.Value = options[0].Value
		}
	default:
		options = append([]ui.Option{{Label: p.T("wish.choose")}}, options...)
		f.Required = true
	}
	f.Type, f.Hint = ui.SelectField, p.T("wish.hint.as")
	f.Options = append(options, ui.Option{Value: "self", Label: p.T("wish.as_self")})
	return true
}

// leads reports whether the actor may lead in any name it may use.
func leads(a actor.Actor) bool {
	return mayLead(a, "") || slices.ContainsFunc(a.Agencies(), func(r actor.Role) bool { return mayLead(a, r.Group) })
}

// claims are the claims the move may be about.
func (d dresser) claims() []ui.Option {
	state := Held
	if d.w.State == Disputed {
		state = Brought
	}
	var out []ui.Option
	for _, c := range d.j.Claims {
		k := d.w.claim(c.ID)
		if c.State != state || !c.Mine && (d.do == "deliver" || !d.w.staff(d.a)) || k == nil {
			continue
		}
		label := c.As
		if d.w.Total > 0 {
			label += " · " + amountOf(d.p, c.Amount, d.w.Unit)
		}
		if c.Lead {
			label += " · " + d.p.T("claim.leads")
		}
		out = append(out, ui.Option{Value: c.ID, Label: label})
	}
	return out
}

// channel asks through whom the word came, where that is not plain.
func (d dresser) channel(f *ui.Field) bool {
	family := d.a.Guards(d.w.Author) || d.a.Guards(d.w.Helped)
	if d.w.benefits(d.a) || family {
		return false
	}
	f.Options = slices.DeleteFunc(f.Options, func(o ui.Option) bool { return o.Value == "self" || o.Value == "family" })
	f.Required = true
	return true
}

// helpers are people who took wishes here lately, by their public names.
func (s *Service) helpers(ctx context.Context, p ui.Page, w *Wish) ([]ui.Option, error) {
	ids, err := helpersOf(ctx, s.Journal.DB, w.Scope(), offers)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	out := []ui.Option{{Label: p.T("wish.choose")}}
	for _, id := range ids {
		name, err := s.Members.PublicName(ctx, s.Journal.DB, id)
		if err != nil {
			return nil, err
		}
		if name != "" && id != w.Author && id != w.Helped {
			out = append(out, ui.Option{Value: id, Label: name})
		}
	}
	if len(out) == 1 {
		return nil, nil
	}
	return out, nil
}

// FaultOf says what is wrong with a form as a whole, when no field is at fault.
func FaultOf(p ui.Page, sent *ui.Sent) string {
	if sent == nil || sent.Fault == nil || len(sent.Fault.Fields) > 0 {
		return ""
	}
	return p.TArgs(sent.Fault.Key, sent.Fault.Args)
}

// errorsOf gathers what is to be mended in the forms of a page.
func errorsOf(p ui.Page, acts []ui.Action, sent *ui.Sent) []ui.FieldError {
	if sent == nil || sent.Fault == nil {
		return nil
	}
	var out []ui.FieldError
	for _, a := range acts {
		if a.Do == sent.Do {
			out = ui.Errors(a.Fields)
		}
	}
	for _, f := range sent.Fault.Fields {
		if !slices.ContainsFunc(out, func(e ui.FieldError) bool { return strings.HasSuffix(e.ID, "-"+f.Name) }) {
			name := f.Name // of a field this form does not have
			if key := "wish.field." + f.Name; p.Has(key) {
				name = p.T(key)
			}
			out = append(out, ui.FieldError{ID: "main", Message: name + "：" + p.TArgs(f.Key, f.Args)})
		}
	}
	return out
}

// move makes one move from the wish's page; a form that cannot be taken comes
// back with what to mend, and a lost race with what else could be done.
func (s *Service) move(c *web.Call, do string) (any, error) {
	if slices.Contains(tolerant, do) {
		c.Form().Del(web.VersionField)
	}
	out, err := s.chosen(c, do)
	if err == nil {
		out, err = s.Kind.Move(c, do)
	}
	if err == nil || Replayed(err) {
		return out, err
	}
	sent := &ui.Sent{Do: do, Values: c.Form(), Fault: fault.Of(err)}
	page, perr := s.screen(c, sent)
	if perr != nil {
		return nil, err
	}
	return page, err
}

// chosen asks people who act for several groups to say for which: the API's
// default, the person, is not what a form left open means.
func (s *Service) chosen(c *web.Call, do string) (any, error) {
	if do != "claim" || len(c.Actor.Agencies()) < 2 || c.Form().Get("as") != "" {
		return nil, nil
	}
	if w, err := s.Kind.Read(c); err != nil {
		return nil, err
	} else if _, err := Life.May(w, c.Actor, do, c.Now()); err != nil {
		return nil, err
	}
	return nil, fault.Field1("as", "wish.reason.choose_as")
}

// Replayed reports whether an act was done before: its first answer stands.
func Replayed(err error) bool {
	var before *journal.Replayed
	return errors.As(err, &before)
}
