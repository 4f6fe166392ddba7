package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

type xlsxReader struct {
	file     *excelize.File
	rows     *excelize.Rows
	limits   Limits
	row      int
	date1904 bool
}

func newXLSX(data []byte, limits Limits) (_ Reader, err error) {
	// The archive is read by hand first, so that excelize never meets one beyond the bounds.
	if err := inspect(data, limits); err != nil {
		return nil, err
	}
	defer unreadable(&err)
	file, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: limits.Unpacked, UnzipXMLSizeLimit: limits.Unpacked, RawCellValue: true})
	if err != nil {
		return nil, CellError{Key: "sheet.unreadable", Args: []any{err.Error()}}
	}
	r := &xlsxReader{file: file, limits: limits}
	if props, err := file.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		r.date1904 = *props.Date1904
	}
	for _, name := range file.GetSheetList() {
		if visible, err := file.GetSheetVisible(name); err != nil || !visible {
			continue
		}
		if r.rows, err = file.Rows(name); err != nil {
			break
		}
		return r, nil
	}
	file.Close()
	return nil, CellError{Key: "sheet.empty"}
}

// unreadable turns a panic of the library on a broken file into an error.
func unreadable(err *error) {
	if p := recover(); p != nil {
		*err = CellError{Key: "sheet.unreadable", Args: []any{fmt.Sprint(p)}}
	}
}

func (r *xlsxReader) Close() error {
	return errors.Join(r.rows.Close(), r.file.Close())
}

func (r *xlsxReader) Next() (row Row, err error) {
	defer unreadable(&err)
	for r.rows.Next() {
		r.row++
		cells, err := r.rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return Row{}, CellError{Row: r.row, Key: "sheet.unreadable", Args: []any{err.Error()}}
		}
		for i := range cells {
			cells[i] = whole(cells[i])
		}
		row, blank, err := clean(r.row, cells, r.limits)
		if err != nil {
			return Row{}, err
		}
		if !blank {
			row.serial, row.date1904 = true, r.date1904
			return row, nil
		}
	}
	if err := r.rows.Error(); err != nil {
		return Row{}, CellError{Row: r.row + 1, Key: "sheet.unreadable", Args: []any{err.Error()}}
	}
	return Row{}, io.EOF
}

var scientific = regexp.MustCompile(`^[0-9](\.[0-9]+)?[Ee]\+?([0-9]{1,2})$`)

// whole writes a whole number kept as 1.3812345678E10 with all its digits: phones and codes are often kept so.
func whole(cell string) string {
	if len(cell) > 24 || !scientific.MatchString(cell) {
		return cell
	}
	f, err := strconv.ParseFloat(cell, 64)
	if err != nil || f >= 1e18 || f != float64(int64(f)) {
		return cell
	}
	return strconv.FormatInt(int64(f), 10)
}

// maxFaults is how many formulas are named.
const maxFaults = 20

// inspect checks an archive's bounds by really unpacking it, and every worksheet in it, under whatever name, for bounds and
// formulas.
func inspect(data []byte, limits Limits) error {
	archive, err := openZip(data, limits)
	if err != nil {
		return err
	}
	left := limits.Unpacked
	var faults Errors
	for _, entry := range archive.File {
		if strings.HasSuffix(strings.ToLower(entry.Name), "vbaproject.bin") {
			return CellError{Key: "sheet.macros"}
		}
		in, err := entry.Open()
		if err != nil {
			return CellError{Key: "sheet.unreadable", Args: []any{entry.Name}}
		}
		counted := &counter{r: in, left: left}
		err = inspectPart(counted, limits, &faults)
		if err == nil || errors.Is(err, errNotXML) {
			_, err = io.Copy(io.Discard, counted)
		}
		in.Close()
		left = counted.left
		switch {
		case errors.Is(err, errTooBig):
			return CellError{Key: "sheet.too_big", Args: []any{limits.Unpacked}}
		case errors.As(err, &CellError{}):
			return err
		case err != nil:
			return CellError{Key: "sheet.unreadable", Args: []any{entry.Name}}
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

func openZip(data []byte, limits Limits) (*zip.Reader, error) {
	if bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")) { // the old .xls, or an encrypted file
		return nil, CellError{Key: "sheet.kind", Args: []any{string(XLSX)}}
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, CellError{Key: "sheet.unreadable", Args: []any{err.Error()}}
	}
	if len(archive.File) > limits.Entries {
		return nil, CellError{Key: "sheet.too_big", Args: []any{limits.Entries}}
	}
	return archive, nil
}

var (
	errTooBig = errors.New("sheet: unpacks to too much")
	errNotXML = errors.New("sheet: not a worksheet")
)

// counter reads no further than left bytes.
type counter struct {
	r    io.Reader
	left int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, errTooBig
	}
	return n, err
}

// inspectPart reads one part of the archive, if it is a worksheet.
func inspectPart(in io.Reader, limits Limits, faults *Errors) error {
	d := xml.NewDecoder(in)
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errNotXML }
	root, cell := true, ""
	row, column := 0, 0
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if root && !errors.Is(err, errTooBig) {
				return errNotXML
			}
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if root {
			if start.Name.Local != "worksheet" {
				return errNotXML
			}
			root = false
		}
		switch start.Name.Local {
		case "row":
			row, column = row+1, 0
			if n, err := strconv.Atoi(attr(start, "r")); err == nil {
				row = n
			}
			if row > limits.Rows {
				return CellError{Row: row, Key: "sheet.too_many_rows", Args: []any{limits.Rows}}
			}
		case "c":
			column++
			if cell = attr(start, "r"); cell != "" {
				if column, row, err = excelize.CellNameToCoordinates(cell); err != nil {
					return err
				}
			}
			if row > limits.Rows {
				return CellError{Row: row, Key: "sheet.too_many_rows", Args: []any{limits.Rows}}
			}
			if column > limits.Columns {
				return CellError{Row: row, Column: Letters(column - 1), Key: "sheet.too_many_columns", Args: []any{limits.Columns}}
			}
		case "f":
			if len(*faults) < maxFaults {
				*faults = append(*faults, CellError{Row: row, Column: Letters(max(column-1, 0)), Key: "sheet.formula"})
			}
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
