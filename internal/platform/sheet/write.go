package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Writer writes a table row by row, in constant memory but for an XLSX's own archive.
type Writer struct {
	csv    *csv.Writer
	out    io.Writer
	file   *excelize.File
	stream *excelize.StreamWriter
	row    int
}

// maxCell is how many characters Excel allows in a cell.
const maxCell = 32_767

// NewWriter begins a table of a kind, CSV or XLSX, with the sheet's name (at most 31 characters without []:*?/\; unused in
// CSV). CSV is UTF-8 with byte order mark and CRLF, which Excel needs to read Chinese.
func NewWriter(w io.Writer, kind Kind, name string) (*Writer, error) {
	switch kind {
	case CSV:
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return nil, err
		}
		out := csv.NewWriter(w)
		out.UseCRLF = true
		return &Writer{csv: out, out: w}, nil
	case XLSX:
		file := excelize.NewFile()
		if err := file.SetSheetName("Sheet1", name); err != nil {
			return nil, fmt.Errorf("sheet: name %q: %w", name, err)
		}
		stream, err := file.NewStreamWriter(name)
		if err != nil {
			return nil, err
		}
		return &Writer{out: w, file: file, stream: stream}, nil
	}
	return nil, fmt.Errorf("sheet: cannot write %q", kind)
}

// Write writes a row of strings, ints, int64s, float64s, bools, times (to the minute, in the time's own zone) and nils
// (empty). Strings are neutralised as the package says; numbers are numbers. It fails on another type and on a text that no
// cell holds.
func (w *Writer) Write(cells ...any) error {
	w.row++
	texts, values := make([]string, len(cells)), make([]any, len(cells))
	for i, cell := range cells {
		switch v := cell.(type) {
		case nil:
			continue
		case string:
			if utf8.RuneCountInString(v) >= maxCell {
				return fmt.Errorf("sheet: row %d, column %s: text too long for a cell", w.row, Letters(i))
			}
			texts[i] = neutral(v)
			values[i] = texts[i]
			continue
		case int:
			texts[i] = strconv.Itoa(v)
		case int64:
			texts[i] = strconv.FormatInt(v, 10)
		case float64:
			texts[i] = strconv.FormatFloat(v, 'f', -1, 64)
		case bool:
			texts[i] = strconv.FormatBool(v)
		case time.Time:
			texts[i] = v.Format("2006-01-02 15:04")
			values[i] = texts[i] // as text: Excel's dates have no zone
			continue
		default:
			return fmt.Errorf("sheet: row %d, column %s: cannot write a %T", w.row, Letters(i), cell)
		}
		values[i] = cell
	}
	if w.csv != nil {
		return w.csv.Write(texts)
	}
	return w.stream.SetRow(fmt.Sprintf("A%d", w.row), values)
}

// Close writes what is left. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.csv != nil {
		w.csv.Flush()
		return w.csv.Error()
	}
	defer w.file.Close()
	if err := w.stream.Flush(); err != nil {
		return err
	}
	_, err := w.file.WriteTo(w.out)
	return err
}
