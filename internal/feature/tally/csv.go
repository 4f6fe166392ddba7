package tally

import "strings"

// rows cuts a Pabulib text into rows of fields by the same lenient reading as Python's csv module with delimiter ";",
// which the reference tools use: a field that begins with a double quote runs to the closing quote, over line ends too, and ""
// within it is one quote; text after the closing quote is appended; a quote inside an unquoted field is itself. A quote
// that is never closed is taken literally, so that one stray quote cannot swallow the rest of the file.
// Lines end in LF, CRLF or CR. Fields are trimmed of white space.
type rows struct {
	text string
	at   int // next byte
	line int // line of the next byte, from 1

	fields  []string
	started int // line on which the last row began
}

func newRows(text string) *rows { return &rows{text: text, line: 1} }

// next reads one row, passing over lines without text. It reports false at the end.
func (r *rows) next() bool {
	for r.at < len(r.text) {
		r.started = r.line
		r.fields = r.fields[:0]
		for r.field() {
		}
		if len(r.fields) > 1 || r.fields[0] != "" {
			return true
		}
	}
	return false
}

// field reads one field and reports whether another follows in the row.
func (r *rows) field() bool {
	if r.at < len(r.text) && r.text[r.at] == '"' {
		if more, ok := r.quoted(); ok {
			return more
		}
	}
	rest := r.text[r.at:]
	end := strings.IndexAny(rest, ";\r\n")
	if end < 0 {
		end = len(rest)
	}
	r.fields = append(r.fields, strings.TrimSpace(rest[:end]))
	r.at += end
	return r.separator()
}

// separator passes the ";" or line end after a field and reports whether it was ";".
func (r *rows) separator() bool {
	if r.at >= len(r.text) {
		return false
	}
	c := r.text[r.at]
	r.at++
	switch c {
	case ';':
		return true
	case '\r':
		if r.at < len(r.text) && r.text[r.at] == '\n' {
			r.at++
		}
	}
	r.line++
	return false
}

// quoted reads a field that begins with a quote; ok is false, and nothing is read, when the quote is never closed.
func (r *rows) quoted() (more, ok bool) {
	var b strings.Builder
	at, lines := r.at+1, 0
	for {
		i := strings.IndexByte(r.text[at:], '"')
		if i < 0 {
			return false, false
		}
		b.WriteString(r.text[at : at+i])
		at += i + 1
		if at >= len(r.text) || r.text[at] != '"' {
			break
		}
		b.WriteByte('"')
		at++
	}
	inside := r.text[r.at:at]
	lines = strings.Count(inside, "\n") + strings.Count(inside, "\r") - strings.Count(inside, "\r\n")
	rest := r.text[at:]
	end := strings.IndexAny(rest, ";\r\n")
	if end < 0 {
		end = len(rest)
	}
	b.WriteString(rest[:end])
	r.fields = append(r.fields, strings.TrimSpace(b.String()))
	r.at, r.line = at+end, r.line+lines
	return r.separator(), true
}

// quote writes a field so that rows reads it back.
func quote(b *strings.Builder, s string) {
	if !strings.ContainsAny(s, ";\"\r\n") {
		b.WriteString(s)
		return
	}
	b.WriteByte('"')
	b.WriteString(strings.ReplaceAll(s, `"`, `""`))
	b.WriteByte('"')
}
