package ui

import (
	"strconv"
	"time"

	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/web"
	"linli/internal/ui/text"
)

// Shell makes the frame of a page for one call: reader, community, language,
// care mode. app provides it; title is already in words, section a Section constant.
type Shell func(c *web.Call, title, section string) Page

// NewOperation returns a fresh operation id for a form.
func NewOperation() string { return id.New() }

// Moves turns what a lifecycle offers into action forms of a page. Kind names
// the texts (wish.do.claim, wish.field.amount), url is the matter's page.
// Sent is what came back with a fault, nil at first sight.
func Moves(p Page, kind, url string, version int64, actions []flow.Action, sent *Sent) []Action {
	out := make([]Action, 0, len(actions))
	for _, a := range actions {
		u := Action{
			Do: a.Do, Label: p.T(a.Label), Enabled: a.Enabled, Primary: a.Primary, URL: url + "/" + a.Do, OpID: NewOperation(), Version: version,
			Danger: a.Do == "withdraw" || a.Do == "cancel" || a.Do == "retract",
		}
		if a.Reason != "" && !a.Enabled {
			u.Reason = p.T(a.Reason)
		}
		u.Fields = FieldsOf(p, kind, a.Fields, sent.of(a.Do))
		for i := range u.Fields {
			u.Fields[i].ID = "f-" + a.Do + "-" + u.Fields[i].Name
		}
		u.Open = sent != nil && sent.Do == a.Do
		out = append(out, u)
	}
	return out
}

// Sent is a form that came back: what was typed and what to mend.
type Sent struct {
	Do     string // the move, "" for a create form
	Values map[string][]string
	Fault  *fault.Error
}

func (s *Sent) of(do string) *Sent {
	if s == nil || s.Do != do {
		return nil
	}
	return s
}

// why is the refusal in words: of a field that no form of the page shows, else of the whole.
func (s *Sent) why(p Page) string {
	if fields := s.Fault.Fields; len(fields) > 0 {
		return p.TArgs(fields[0].Key, fields[0].Args)
	}
	return p.TArgs(s.Fault.Key, s.Fault.Args)
}

// FieldsOf draws lifecycle fields as form fields with labels
// "KIND.field.NAME", hints "KIND.hint.NAME" where such a text exists, and
// options "KIND.NAME.VALUE".
func FieldsOf(p Page, kind string, fields []flow.Field, sent *Sent) []Field {
	var out []Field
	for _, f := range fields {
		out = append(out, fieldOf(p, kind, "", f, sent)...)
	}
	return out
}

func fieldOf(p Page, kind, prefix string, f flow.Field, sent *Sent) []Field {
	name := prefix + f.Name
	if f.Kind == flow.Object {
		var out []Field
		for _, g := range f.Fields {
			g.Required = g.Required && f.Required
			out = append(out, fieldOf(p, kind, name+".", g, sent)...)
		}
		return out
	}
	u := Field{Name: name, Label: p.T(kind + ".field." + name), Required: f.Required}
	if p.Has(kind + ".hint." + name) {
		u.Hint = p.T(kind + ".hint." + name)
	}
	if sent != nil {
		if vs := sent.Values[name]; len(vs) > 0 {
			u.Value, u.Values = vs[0], vs
		}
		if sent.Fault != nil {
			for _, e := range sent.Fault.Fields {
				if e.Name == name {
					u.Error = p.TArgs(e.Key, e.Args)
				}
			}
		}
	}
	switch f.Kind {
	case flow.Long:
		u.Type, u.Rows = AreaField, 3
		u.MaxLen = int(f.Max)
	case flow.Int:
		u.Type, u.Min = NumberField, strconv.FormatInt(f.Min, 10)
		if f.Max > 0 {
			u.Max = strconv.FormatInt(f.Max, 10)
		}
	case flow.Bool:
		u.Type = CheckField
	case flow.Enum:
		u.Type = SelectField
		if len(f.Values) <= 5 {
			u.Type = RadioField
		}
		for _, v := range f.Values {
			label := v
			if p.Has(kind + "." + f.Name + "." + v) {
				label = p.T(kind + "." + f.Name + "." + v)
			}
			u.Options = append(u.Options, Option{Value: v, Label: label})
		}
	case flow.Moment:
		u.Type = TimeField
	case flow.Files:
		u.Type = PhotoField
	default:
		u.MaxLen = int(f.Max)
	}
	return []Field{u}
}

// TArgs resolves a text whose arguments come as a map, as faults carry them.
func (p Page) TArgs(key string, args map[string]any) string { return text.Filled(p.Lang, key, args) }

// Lamp says by word, icon and colour how urgent something due at a moment is
// (UTC ms): none without a day, soon within the given span, late afterwards.
func Lamp(p Page, at, now, soon int64, none string) Tag {
	left := text.Left(p.Lang, time.UnixMilli(at), time.UnixMilli(now))
	switch {
	case at == 0:
		return Tag{State: "none", Label: none}
	case at <= now:
		return Tag{State: "late", Label: left, Tone: Bad}
	case at-now <= soon:
		return Tag{State: "soon", Label: left, Tone: Warn}
	}
	return Tag{State: "calm", Label: left, Tone: Good}
}
