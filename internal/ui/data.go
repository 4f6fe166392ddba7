package ui

import (
	"strings"

	"github.com/a-h/templ"
)

// Tab is one of several views of a list; each has an address.
type Tab struct {
	Label string
	URL   string
	Count int // shown when above zero
	Here  bool
}

// Filter is a GET form above a list.
type Filter struct {
	Action string
	Fields []Field // text, select and hidden
	Clear  string  // address without any filter; empty when none is set
}

// Table is a list for staff and for figures. On a phone every row becomes a card that names its columns.
type Table struct {
	Caption string
	Hidden  bool // the caption is for readers of the screen only
	Columns []Column
	Rows    []Row
	Select  string // name of a checkbox at each row, for batch actions; empty for none
	FormID  string // the form those checkboxes belong to
	Foot    []Cell
}

// Column is a column's head.
type Column struct {
	Label  string
	Short  bool   // a word or two that stay on one line where the table is one
	Number bool   // figures: right-aligned, digits of one width
	Sort   string // address that sorts by it; empty for none
	Sorted string // "ascending", "descending" or empty
}

// Row is a line of a table. Its first cell names it.
type Row struct {
	ID    string // value of its checkbox
	Tone  Tone
	Cells []Cell
}

// Cell is text, a link, or a component.
type Cell struct {
	Text string
	URL  string
	Body templ.Component
	Idle bool // says little, such as a nought: greyed, and left out of the card on a phone
}

// Stat is one large figure: a number that is a link where there is a list behind it.
type Stat struct {
	Label string
	Value string
	Unit  string
	Note  string // what it is reckoned from: 87 / 92, 未评价 5
	URL   string
	Tone  Tone
}

func (c Column) class() string {
	switch {
	case c.Number:
		return "num"
	case c.Short:
		return "short"
	}
	return ""
}

func (t Table) class(i int, c Cell) string {
	class := ""
	if i < len(t.Columns) {
		class = t.Columns[i].class()
	}
	if c.Idle || c == (Cell{}) {
		class = strings.TrimSpace(class + " idle")
	}
	return class
}

func (t Table) label(i int) string {
	if i < len(t.Columns) {
		return t.Columns[i].Label
	}
	return ""
}

func (c Column) attributes() templ.Attributes {
	a := templ.Attributes{"scope": "col"}
	if c.Sorted != "" {
		a["aria-sort"] = c.Sorted
	}
	return a
}

// member ties a checkbox to the batch form it belongs to, which stands elsewhere on the page.
func (t Table) member() templ.Attributes {
	if t.FormID == "" {
		return nil
	}
	return templ.Attributes{"form": t.FormID}
}

// firstText names a row for readers of the screen.
func firstText(r Row) string {
	if len(r.Cells) == 0 || r.Cells[0].Text == "" {
		return r.ID
	}
	return r.Cells[0].Text
}

// bare keeps the word "optional" off a filter, where everything is.
func bare(f Field) Field {
	f.bare = true
	return f
}
