package sheet

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

type csvReader struct {
	in     *csv.Reader
	text   string
	limits Limits
	offset int64 // how far in text rows and lines are counted
	row    int
	line   int // of offset, from 1
}

func newCSV(data []byte, limits Limits) (Reader, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(strings.NewReader(text))
	in.Comma = delimiter(text)
	in.FieldsPerRecord = -1
	return &csvReader{in: in, text: text, limits: limits, line: 1}, nil
}

func (r *csvReader) Close() error { return nil }

func (r *csvReader) Next() (Row, error) {
	for {
		cells, err := r.in.Read()
		if err == io.EOF {
			return Row{}, io.EOF
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return Row{}, CellError{Row: r.row + 1 + bad.StartLine - r.line, Key: "sheet.quotes"}
		}
		if err != nil {
			return Row{}, err
		}
		// The csv package drops empty lines, a spreadsheet program counts them; a line break within a cell counts for neither.
		start, _ := r.in.FieldPos(0)
		r.row += 1 + start - r.line
		end := r.in.InputOffset()
		r.line += strings.Count(r.text[r.offset:end], "\n")
		r.offset = end
		row, blank, err := clean(r.row, cells, r.limits)
		if err != nil || !blank {
			return row, err
		}
	}
}

// decode reads bytes as UTF-8, UTF-16 with a byte order mark or GB 18030, which holds all of GBK. The first that fits is
// right: Chinese in GBK is practically never valid UTF-8.
func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return decode16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return decode16(data[2:], binary.BigEndian)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")), bytes.HasPrefix(data, []byte("%PDF-")):
		return "", CellError{Key: "sheet.kind", Args: []any{string(CSV)}}
	case !utf8.Valid(data):
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return "", CellError{Key: "sheet.encoding"}
		}
		return string(decoded), nil
	}
	if !utf8.Valid(data) {
		return "", CellError{Key: "sheet.encoding"}
	}
	return string(data), nil
}

func decode16(data []byte, order binary.ByteOrder) (string, error) {
	if len(data)%2 != 0 {
		return "", CellError{Key: "sheet.encoding"}
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	runes := utf16.Decode(units)
	for _, r := range runes {
		if r == utf8.RuneError {
			return "", CellError{Key: "sheet.encoding"}
		}
	}
	return string(runes), nil
}

// delimiter is the sign that the first line has most of; a comma when it has none.
func delimiter(text string) rune {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	best, most := ',', strings.Count(line, ",")
	for _, sign := range []rune{'\t', ';'} {
		if n := strings.Count(line, string(sign)); n > most {
			best, most = sign, n
		}
	}
	return best
}
