package ui

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/web"
)

// With sets children into a component that frames them, so that a page made of
// partials alone needs no template of its own.
func With(frame templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return frame.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}

// Whole is a page of the parts, for residents.
func Whole(p Page, parts ...templ.Component) templ.Component { return With(Layout(p), parts...) }

// Bench is a page of the parts, in the workbench.
func Bench(p Page, parts ...templ.Component) templ.Component { return With(StaffLayout(p), parts...) }

// Paragraph is a sentence or two of running text.
func Paragraph(words string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "<p>"+templ.EscapeString(words)+"</p>")
		return err
	})
}

// Nothing draws nothing. It may be compared with.
var Nothing templ.Component = nothing{}

type nothing struct{}

func (nothing) Render(context.Context, io.Writer) error { return nil }

// If is the component when it holds, else nothing.
func If(holds bool, c func() templ.Component) templ.Component {
	if !holds {
		return Nothing
	}
	return c()
}

// Asking is a form with its fields and its one button.
type Asking struct {
	Form   Form
	Fields []Field
	Button Button
	Before templ.Component // above the fields; none when nil
}

// Ask draws a form. An empty operation id is replaced by a fresh one, except
// in a form that only asks (GET).
func Ask(p Page, a Asking) templ.Component {
	if a.Form.OpID == "" && a.Form.Method != "get" {
		a.Form.OpID = NewOperation()
	}
	if a.Before == nil {
		a.Before = Nothing
	}
	return With(FormFor(p, a.Form), a.Before, Inputs(p, a.Fields), With(Buttons(), SubmitButton(p, a.Button)))
}

// FaultSummary stands above a form that came back with a fault: the fields to
// mend, or, where no field is at fault, what the fault says.
func FaultSummary(p Page, f *fault.Error, fields ...Field) templ.Component {
	if f == nil {
		return Nothing
	}
	errs := Errors(fields)
	if len(errs) == 0 {
		for _, e := range f.Fields {
			errs = append(errs, FieldError{ID: "main", Message: p.TArgs(e.Key, e.Args)})
		}
	}
	if len(errs) == 0 {
		errs = []FieldError{{ID: "main", Message: p.TArgs(f.Key, f.Args)}}
	}
	return ErrorSummary(p, errs)
}

// Sheet is a form drawn from declared fields: labels are the texts
// "KIND.field.NAME", as FieldsOf has it.
type Sheet struct {
	Kind    string
	ID      string // sets apart several sheets of one page
	Action  string
	Button  string
	Fields  []flow.Field
	Dress   map[string]Field // what a field's kind does not say: type, value, options, hint
	Sent    *Sent
	Hidden  []Option // Value under the name Label
	Quiet   bool
	Danger  bool
	Files   bool
	Version int64
}

// Draw returns the summary of faults, to stand above everything else of the
// page, and the form.
func (s Sheet) Draw(p Page) (summary, form templ.Component) {
	fields := FieldsOf(p, s.Kind, s.Fields, s.Sent)
	for i := range fields {
		f := &fields[i]
		if s.ID != "" {
			f.ID = "f-" + s.ID + "-" + f.Name
		}
		d, ok := s.Dress[f.Name]
		if !ok {
			continue
		}
		for _, set := range []struct {
			to   *string
			from string
		}{{&f.Type, d.Type}, {&f.Label, d.Label}, {&f.Hint, d.Hint}, {&f.Complete, d.Complete}, {&f.Accept, d.Accept}, {&f.Min, d.Min}, {&f.Max, d.Max}} {
			if set.from != "" {
				*set.to = set.from
			}
		}
		if s.Sent == nil {
			f.Value, f.Values = d.Value, d.Values
		}
		if d.Options != nil {
			f.Options = d.Options
		}
		if d.MaxLen != 0 {
			f.MaxLen = d.MaxLen
		}
		if f.Type == PasswordField || f.Type == CodeField {
			f.Value = ""
		}
	}
	hidden := s.Hidden
	if s.Version > 0 {
		hidden = append(hidden, Option{Label: web.VersionField, Value: strconv.FormatInt(s.Version, 10)})
	}
	summary = Nothing
	if s.Sent != nil {
		summary = FaultSummary(p, s.Sent.Fault, fields...)
	}
	return summary, Ask(p, Asking{
		Form: Form{ID: s.ID, Action: s.Action, Hidden: hidden, Files: s.Files}, Fields: fields,
		Button: Button{Label: s.Button, Quiet: s.Quiet, Danger: s.Danger},
	})
}

// Back is what came back of a form with its fault; nil when there is none.
func Back(c *web.Call, do string, err error) *Sent {
	if err == nil {
		return nil
	}
	return &Sent{Do: do, Values: c.Form(), Fault: fault.Of(err)}
}

// Line sets words and an act in a row.
func Line(words string, act templ.Component) templ.Component {
	return With(Inset(), Paragraph(words), act)
}

// Press is a form of nothing but its button; whom it is about stands beside
// the label, so that it is understood out of its place.
func Press(p Page, action, label, about string) templ.Component {
	if about != "" {
		label += " " + about
	}
	return With(FormFor(p, Form{Action: action, OpID: NewOperation()}), SubmitButton(p, Button{Label: label, Quiet: true}))
}

// PressRow is Press in a row of a table, which says to the eye whom it is about.
func PressRow(p Page, action, label, about string) templ.Component {
	return With(FormFor(p, Form{Action: action, OpID: NewOperation()}), SubmitButton(p, Button{Label: label, About: about, Quiet: true}))
}

// Details hides its children behind a line that opens them.
// It stands open where a field in it is to be mended.
func Details(summary string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		var b strings.Builder
		if err := templ.GetChildren(ctx).Render(templ.ClearChildren(ctx), &b); err != nil {
			return err
		}
		return details(summary, strings.Contains(b.String(), " data-wrong"), templ.Raw(b.String())).Render(templ.ClearChildren(ctx), w)
	})
}
