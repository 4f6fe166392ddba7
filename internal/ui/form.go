package ui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// The kinds of field. An empty Type is TextField.
const (
	TextField     = "text"
	AreaField     = "textarea"
	NumberField   = "number"
	PhoneField    = "tel"
	EmailField    = "email"
	PasswordField = "password"
	CodeField     = "code" // a one-time code
	DateField     = "date"
	TimeField     = "datetime-local"
	SelectField   = "select"
	RadioField    = "radio"    // one of a few, as cards
	CheckField    = "checkbox" // yes or no
	ChecksField   = "checks"   // several of a few
	FileField     = "file"
	PhotoField    = "photos"
	HiddenField   = "hidden"
)

// Field is one question of a form.
type Field struct {
	Name     string
	Label    string
	Hint     string
	Value    string
	Values   []string // what is chosen in a ChecksField
	Error    string   // what to mend, already in words; empty when all is well
	Required bool
	Type     string
	Options  []Option // of select, radio and checks; of a text, what is suggested
	Min, Max string   // of numbers and dates
	Step     string   // of numbers; empty is whole numbers
	MaxLen   int      // characters
	Rows     int      // of a textarea; 0 is 4
	Unit     string   // said after a number: 斤, 元
	Accept   string   // types of files
	Complete string   // the autocomplete attribute
	ID       string   // of the input; empty is "f-" and the name
	Wide     bool     // takes the full width even for a short answer
	Thirds   bool     // checks stand three in a row: morning, afternoon, evening
	bare     bool     // never says that it is optional
}

// Option is one answer to choose.
type Option struct {
	Value, Label, Hint string
	Icon               string
	Disabled           bool
}

// FieldError is one line of the summary of errors: its link leads to the field.
type FieldError struct{ ID, Message, Label string }

// Form is the frame around fields. Its OpID makes a double tap act once; a form inside the shell has none.
type Form struct {
	ID     string // also the key under which a draft is kept on the phone
	Action string
	Method string // empty is post
	OpID   string
	Hidden []Option // further values that travel unseen: Value under the name Label
	Files  bool     // has files to send
	Draft  bool     // keeps what is typed on the phone until it is sent
	Class  string
}

// Button is a submit button. Name and Value tell several of them apart.
type Button struct {
	Label       string
	About       string // what it is about, for readers of the screen: the row it stands in says it to the eye
	Name, Value string
	Icon        string
	Quiet       bool // not the one primary button of the page
	Danger      bool
}

// Answer is one line of "check your answers" 核对: a question, what was answered, and where to change it.
type Answer struct {
	Label string
	Value string
	URL   string // where 改 leads; no link when empty
	Body  templ.Component
}

// Choose is a field to choose from options; where there are none its value is typed.
func Choose(value string, options []Option) Field {
	if len(options) == 0 {
		return Field{Value: value}
	}
	return Field{Type: SelectField, Options: options, Value: value}
}

// Errors gathers the faults of fields for ErrorSummary, in the order of the page.
func Errors(fields []Field) []FieldError {
	var out []FieldError
	for _, f := range fields {
		if f.Error != "" {
			out = append(out, FieldError{ID: f.id(), Message: f.Error, Label: f.Label})
		}
	}
	return out
}

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return "f-" + f.Name
}

func (f Field) kind() string {
	if f.Type == "" {
		return TextField
	}
	return f.Type
}

// grouped reports whether the field is several inputs under one question.
func (f Field) grouped() bool { return f.kind() == RadioField || f.kind() == ChecksField }

func (f Field) chosen(o Option) bool {
	if f.kind() == ChecksField {
		return slices.Contains(f.Values, o.Value)
	}
	return f.Value == o.Value
}

// optionID is the id of the i-th answer; the first has the field's own id, so that the error summary leads to it.
func (f Field) optionID(i int) string {
	if i == 0 {
		return f.id()
	}
	return f.id() + "-" + strconv.Itoa(i+1)
}

// describe ties hint and error to the input for readers of the screen.
func (f Field) describe() templ.Attributes {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.id()+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.id()+"-error")
	}
	a := templ.Attributes{}
	if len(ids) > 0 {
		a["aria-describedby"] = strings.Join(ids, " ")
	}
	if f.Error != "" && !f.grouped() {
		a["aria-invalid"] = "true"
	}
	return a
}

// attributes are those of a single input.
func (f Field) attributes() templ.Attributes {
	a := f.describe()
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	if f.Required {
		a["required"] = true
	}
	if f.MaxLen > 0 {
		a["maxlength"] = strconv.Itoa(f.MaxLen)
	}
	set("min", f.Min)
	set("max", f.Max)
	set("autocomplete", f.Complete)
	switch f.kind() {
	case TextField:
		if len(f.Options) > 0 {
			a["list"] = f.id() + "-list"
		}
	case NumberField:
		a["inputmode"] = "numeric"
		if f.Step != "" {
			a["inputmode"] = "decimal"
			a["step"] = f.Step
		}
	case CodeField:
		a["inputmode"] = "numeric"
		a["autocomplete"] = "one-time-code"
		a["spellcheck"] = "false"
	case FileField, PhotoField:
		accept := f.Accept
		if accept == "" && f.kind() == PhotoField {
			accept = "image/*"
		}
		set("accept", accept)
		if f.kind() == PhotoField {
			a["multiple"] = true
			a["data-photos"] = true
		}
	}
	return a
}

func (f Field) inputType() string {
	switch f.kind() {
	case CodeField:
		return TextField
	case PhotoField:
		return FileField
	}
	return f.kind()
}

// class makes short answers short boxes: the width says how much is expected.
func (f Field) class() string {
	switch f.kind() {
	case NumberField, CodeField:
		return "input input-short"
	case DateField, TimeField, PhoneField:
		return "input input-medium"
	}
	return "input"
}

func (f Field) rows() string {
	if f.Rows > 0 {
		return strconv.Itoa(f.Rows)
	}
	return "4"
}

func (f Form) method() string {
	if f.Method == "" {
		return "post"
	}
	return f.Method
}

func (f Form) attributes() templ.Attributes {
	a := templ.Attributes{}
	if f.ID != "" {
		a["id"] = f.ID
	}
	if f.Files {
		a["enctype"] = "multipart/form-data"
	}
	if f.Draft {
		a["data-draft"] = true
	}
	return a
}

func (b Button) class() string {
	switch {
	case b.Danger:
		return "button button-danger"
	case b.Quiet:
		return "button button-quiet"
	}
	return "button"
}

// CellFault is one fault of an imported table. Row counts from 1, the header included, as a spreadsheet shows it.
type CellFault struct {
	Row     int
	Column  string
	Message string
}

func choiceType(f Field) string {
	if f.kind() == ChecksField {
		return "checkbox"
	}
	return "radio"
}

func faultTable(p Page, rows []CellFault) Table {
	t := Table{
		Caption: p.T("form.table_errors", "n", len(rows)),
		Columns: []Column{{Label: p.T("form.row")}, {Label: p.T("form.column")}, {Label: p.T("form.mend")}},
	}
	for _, r := range rows {
		t.Rows = append(t.Rows, Row{Cells: []Cell{{Text: p.T("form.row_number", "n", r.Row)}, {Text: r.Column}, {Text: r.Message}}})
	}
	return t
}
