package sheet

import (
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"
)

// Row is one row of a table.
type Row struct {
	Number int      // as a spreadsheet program counts, from 1
	Cells  []string // trimmed, NFC; numbers and dates of an XLSX as it stores them, see Time

	serial   bool // an XLSX: a number may be a date
	date1904 bool
}

// Cell is the text of a column, 0 being A; empty when the row is shorter.
func (r Row) Cell(column int) string {
	if column < 0 || column >= len(r.Cells) {
		return ""
	}
	return r.Cells[column]
}

// timeForms are how people and programs write days and times in China.
var timeForms = []string{
	"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102",
	"2006-1-2 15:04", "2006-1-2 15:04:05", "2006/1/2 15:04", "2006/1/2 15:04:05", "2006年1月2日 15:04", "2006年1月2日15:04", "2006-1-2T15:04:05",
}

// Time reads a cell as a day or a time in zone: text such as 2026-03-04, 2026/3/4 15:30 or 2026年3月4日, or in an XLSX the number
// by which it stores a date. ok is false for anything else, and for years outside 1900 to 9999.
func (r Row) Time(column int, zone *time.Location) (t time.Time, ok bool) {
	text := strings.TrimSuffix(r.Cell(column), "Z")
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, text, zone); err == nil && t.Year() >= 1900 {
			return t, true
		}
	}
	if !r.serial {
		return time.Time{}, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 1 || n >= 2958466 {
		return time.Time{}, false
	}
	wall, err := excelize.ExcelDateToTime(n, r.date1904)
	if err != nil {
		return time.Time{}, false
	}
	wall = wall.Round(time.Second) // a fraction of a day is seldom a whole second
	return time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone), true
}

// Column is what an importer looks for.
type Column struct {
	Name     string   // by which the importer asks for it
	Synonyms []string // headings under which it comes; case, width, spaces, signs and a remark in brackets do not matter
	Required bool
}

// Header is the heading row of a table, mapped to columns.
type Header struct {
	Row     Row
	Unknown []string // headings that no column claims, to be shown: they are not imported
	at      map[string]int
}

// headerRows is how far down the headings may stand: a title and a remark often come first.
const headerRows = 5

// ReadHeader reads up to the heading row: the first of the first five rows that holds every required column, else the one that
// holds the most columns. A required column that is missing and a column that comes twice are Errors.
func ReadHeader(r Reader, columns []Column) (Header, error) {
	var best Header
	var faults Errors
	for i := range headerRows {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			if i == 0 {
				return Header{}, CellError{Key: "sheet.empty"}
			}
			break
		}
		if err != nil {
			return Header{}, err
		}
		header, wrong := mapHeader(row, columns)
		if len(wrong) == 0 && len(header.at) > 0 {
			return header, nil
		}
		if i == 0 || len(header.at) > len(best.at) {
			best, faults = header, wrong
		}
	}
	return best, faults
}

func mapHeader(row Row, columns []Column) (Header, Errors) {
	names := map[string]string{}
	for _, c := range columns {
		names[heading(c.Name)] = c.Name
		for _, s := range c.Synonyms {
			names[heading(s)] = c.Name
		}
	}
	h := Header{Row: row, at: map[string]int{}}
	var wrong Errors
	for i, cell := range row.Cells {
		if heading(cell) == "" {
			continue
		}
		name, known := names[heading(cell)]
		if !known {
			h.Unknown = append(h.Unknown, cell)
		} else if first, twice := h.at[name]; twice {
			wrong = append(wrong, CellError{Row: row.Number, Column: Letters(i), Title: cell, Key: "sheet.column_twice", Args: []any{Letters(first)}})
		} else {
			h.at[name] = i
		}
	}
	for _, c := range columns {
		if _, there := h.at[c.Name]; c.Required && !there {
			title := c.Name
			if len(c.Synonyms) > 0 {
				title = c.Synonyms[0]
			}
			wrong = append(wrong, CellError{Row: row.Number, Title: title, Key: "sheet.column_missing", Args: []any{title}})
		}
	}
	return h, wrong
}

// heading folds what does not tell headings apart: *姓 名（必填） is 姓名.
func heading(text string) string {
	text = norm.NFKC.String(text)
	if i := strings.IndexByte(text, '('); i > 0 {
		text = text[:i]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}

// Has tells whether the table has a column.
func (h Header) Has(name string) bool {
	_, ok := h.at[name]
	return ok
}

// Get is a row's text in a column, empty where the table has none.
func (h Header) Get(row Row, name string) string {
	if i, ok := h.at[name]; ok {
		return row.Cell(i)
	}
	return ""
}

// Time is a row's day or time in a column, see [Row.Time].
func (h Header) Time(row Row, name string, zone *time.Location) (time.Time, bool) {
	if i, ok := h.at[name]; ok {
		return row.Time(i, zone)
	}
	return time.Time{}, false
}

// Fault is an error of a row in a column, with the place filled in.
func (h Header) Fault(row Row, name, key string, args ...any) CellError {
	e := CellError{Row: row.Number, Title: name, Key: key, Args: args}
	if i, ok := h.at[name]; ok {
		e.Column, e.Title = Letters(i), h.Row.Cell(i)
	}
	return e
}
