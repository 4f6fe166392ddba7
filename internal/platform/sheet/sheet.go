// Package sheet reads and writes tables (表格): CSV and XLSX, in and out of every list; and takes the text out of tables and
// PDF files for the publication gate.
//
// # Coming in
//
// A file is bounded before it is unpacked (bytes, archive entries, unpacked size, rows, columns, cell length), so that a
// small file cannot fill the memory. Formulas, macros and NUL are refused, each with its row and column. CSV may be UTF-8,
// UTF-16 with a byte order mark, or GBK (GB 18030), as Chinese spreadsheet programs write; the delimiter may be comma,
// semicolon or tab. Cells are trimmed and in NFC. Empty rows are passed over, yet counted, so that row numbers are those a
// spreadsheet program shows.
//
// # Going out
//
// A text that a spreadsheet program could take for a formula is written with an apostrophe before it, in both formats.
// Reading takes exactly that apostrophe away again: what was exported can be imported unchanged.
package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Kind is a format of file.
type Kind string

// The kinds. PDF is only read, by [Text].
const (
	CSV  Kind = "csv"
	XLSX Kind = "xlsx"
	PDF  Kind = "pdf"
)

// KindOf tells the kind of a file by its name's ending; ok is false for another one.
func KindOf(name string) (kind Kind, ok bool) {
	switch kind := Kind(strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")); kind {
	case CSV, XLSX, PDF:
		return kind, true
	}
	return "", false
}

// Limits bound what is read. A zero field stands for its default.
type Limits struct {
	Bytes    int64 // of the file, 20 MiB
	Unpacked int64 // of all entries of an XLSX, or all streams of a PDF, 200 MiB
	Entries  int   // of an XLSX, 1,000; objects of a PDF are bounded by its bytes
	Rows     int   // highest row number, 100,000
	Columns  int   // 200
	Cell     int   // characters of one cell, 32,767 as in Excel
}

func (l Limits) filled() Limits {
	set := func(n *int, to int) {
		if *n == 0 {
			*n = to
		}
	}
	if l.Bytes == 0 {
		l.Bytes = 20 << 20
	}
	if l.Unpacked == 0 {
		l.Unpacked = 200 << 20
	}
	set(&l.Entries, 1_000)
	set(&l.Rows, 100_000)
	set(&l.Columns, 200)
	set(&l.Cell, 32_767)
	return l
}

// CellError is a fault at a place of a table. Row 0 means the file as a whole, an empty Column the whole row.
type CellError struct {
	Row    int    // as a spreadsheet program counts, from 1
	Column string // its letters: A, B, … AA
	Title  string // the column's heading, where known
	// Key is the text key of the message and Args what the message needs. The keys of this package:
	// sheet.empty sheet.kind sheet.unreadable sheet.encoding sheet.quotes sheet.too_big sheet.too_many_rows sheet.too_many_columns
	// sheet.cell_too_long sheet.formula sheet.macros sheet.nul sheet.column_missing sheet.column_twice. Importers add their own.
	Key  string
	Args []any
}

// Error is for the log; people are shown the text of Key.
func (e CellError) Error() string {
	where := "file"
	if e.Row > 0 {
		where = fmt.Sprintf("row %d", e.Row)
	}
	if e.Column != "" {
		where += " column " + e.Column
	}
	if len(e.Args) > 0 {
		return fmt.Sprintf("%s: %s %v", where, e.Key, e.Args)
	}
	return where + ": " + e.Key
}

// Errors are several faults, in the order of the table.
type Errors []CellError

// Error names the first one.
func (e Errors) Error() string {
	if len(e) == 0 {
		return "no errors"
	}
	if len(e) == 1 {
		return e[0].Error()
	}
	return fmt.Sprintf("%v and %d more", e[0], len(e)-1)
}

// Unwrap lets errors.As find a CellError.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i := range e {
		all[i] = e[i]
	}
	return all
}

// ErrUnreadable says that a file's text could not be read, or not all of it, so nothing may be concluded from it.
var ErrUnreadable = errors.New("sheet: the file's text cannot be read")

// Reader gives the rows of a table.
type Reader interface {
	// Next gives the next row that is not empty, or io.EOF after the last one. A fault of the file is a CellError or Errors; after
	// it nothing more can be read.
	Next() (Row, error)
	// Close lets go of what the reader holds.
	Close() error
}

// Open begins to read a CSV file or the first visible sheet of an XLSX file. It reads r to its end. The error is a CellError
// or Errors, or one of r.
func Open(r io.Reader, kind Kind, limits Limits) (Reader, error) {
	limits = limits.filled()
	data, err := readAll(r, limits.Bytes)
	if err != nil {
		return nil, err
	}
	switch kind {
	case CSV:
		return newCSV(data, limits)
	case XLSX:
		return newXLSX(data, limits)
	}
	return nil, CellError{Key: "sheet.kind", Args: []any{string(kind)}}
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("sheet: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, CellError{Key: "sheet.too_big", Args: []any{limit}}
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, CellError{Key: "sheet.empty"}
	}
	return data, nil
}

// Letters names a column, 0 being A.
func Letters(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}

// clean checks and normalises the cells of a row; blank tells that nothing is in them.
func clean(number int, cells []string, limits Limits) (row Row, blank bool, err error) {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) == 0 {
		return Row{}, true, nil
	}
	switch {
	case number > limits.Rows:
		return Row{}, false, CellError{Row: number, Key: "sheet.too_many_rows", Args: []any{limits.Rows}}
	case len(cells) > limits.Columns:
		return Row{}, false, CellError{Row: number, Column: Letters(limits.Columns), Key: "sheet.too_many_columns", Args: []any{limits.Columns}}
	}
	for i, cell := range cells {
		fault := func(key string, args ...any) error {
			return CellError{Row: number, Column: Letters(i), Key: key, Args: args}
		}
		if strings.IndexByte(cell, 0) >= 0 {
			return Row{}, false, fault("sheet.nul")
		}
		if len(cell) > limits.Cell && len([]rune(cell)) > limits.Cell {
			return Row{}, false, fault("sheet.cell_too_long", limits.Cell)
		}
		cell = strings.TrimSpace(cell)
		if formula(cell) {
			return Row{}, false, fault("sheet.formula")
		}
		cells[i] = norm.NFC.String(restore(cell))
	}
	return Row{Number: number, Cells: cells}, false, nil
}

// call finds what spreadsheet programs run though it does not begin with =: +SUM(1) and @cmd|' /C calc'!A1. A number, a phone
// such as +86(025) or a lone dash is none.
var call = regexp.MustCompile(`^[+\-@＋－＠][^\n]*([A-Za-z][A-Za-z0-9._]*\s*\(|\|[^\n]*!)`)

func formula(cell string) bool {
	return strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "＝") || call.MatchString(cell)
}

// risky tells whether a spreadsheet program could take a text for a formula; full-width signs count in East Asian versions.
func risky(text string) bool {
	for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(text, sign) {
			return true
		}
	}
	return false
}

// neutral writes an apostrophe before a risky text, and before one that already has apostrophes there, so that restore is
// its exact inverse.
func neutral(text string) string {
	if risky(strings.TrimLeft(text, "'")) {
		return "'" + text
	}
	return text
}

// restore takes the apostrophe of neutral away.
func restore(text string) string {
	if rest, ok := strings.CutPrefix(text, "'"); ok && risky(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return text
}
