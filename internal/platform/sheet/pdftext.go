package sheet

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// pdfText reads the pages in order, then the strings of forms, notes and properties.
func pdfText(data []byte, limits Limits) (string, error) {
	f, err := readPDF(data, limits)
	if err != nil {
		if errors.Is(err, errTooBig) {
			return "", CellError{Key: "sheet.too_big", Args: []any{limits.Unpacked}}
		}
		return "", fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	p := &painter{file: f, fonts: map[string]*pdfFont{}}
	pages := 0
	p.pages(f.dict(f.trailer["Root"])["Pages"], nil, map[pdfRef]bool{}, &pages)
	if pages == 0 {
		p.fail(errors.New("no pages"))
	}
	p.strings()
	// Fonts map Chinese characters to look-alikes such as U+2F9D ⾝, which the compatibility form makes plain again.
	text := norm.NFKC.String(strings.ToValidUTF8(p.out.String(), "\ufffd"))
	if errors.Is(p.err, errTooBig) {
		return text, CellError{Key: "sheet.too_big", Args: []any{limits.Unpacked}}
	}
	if p.err != nil {
		return text, fmt.Errorf("%w: %w", ErrUnreadable, p.err)
	}
	return text, nil
}

// matrix is [a b c d e f] of 8.3.3.
type matrix [6]float64

func (m matrix) mul(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// painter runs content streams and writes the text they show.
type painter struct {
	file  *pdfFile
	fonts map[string]*pdfFont
	out   strings.Builder
	err   error // the first thing that could not be read
	depth int
	ops   int

	shown, images bool // on this page

	// Graphics and text state, 8.4 and 9.3. The font is part of what q saves.
	ctm, tm, line            matrix
	stack                    []saved
	font                     *pdfFont
	size, chars, words       float64
	scale, leading, rise     float64
	lastX, lastY, lastHeight float64 // where the last text ended, on the page
	begun                    bool
}

type saved struct {
	ctm  matrix
	font *pdfFont
	size float64
}

// maxOps bounds the work for one file: forms can call forms.
const maxOps = 20_000_000

func (p *painter) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// pages walks the page tree; resources are inherited.
func (p *painter) pages(node any, resources pdfDict, seen map[pdfRef]bool, count *int) {
	if ref, ok := node.(pdfRef); ok {
		if seen[ref] {
			return
		}
		seen[ref] = true
	}
	dict := p.file.dict(node)
	if dict == nil || p.depth > 60 {
		p.fail(errors.New("a page is missing"))
		return
	}
	if own := p.file.dict(dict["Resources"]); own != nil {
		resources = own
	}
	if kids := p.file.array(dict["Kids"]); kids != nil {
		p.depth++
		for _, kid := range kids {
			p.pages(kid, resources, seen, count)
		}
		p.depth--
		return
	}
	*count++
	p.shown, p.images, p.begun = false, false, false
	var content []byte
	parts := p.file.array(dict["Contents"])
	if parts == nil && dict["Contents"] != nil {
		parts = []any{dict["Contents"]}
	}
	for _, part := range parts {
		stream, ok := p.file.get(part).(*pdfStream)
		if !ok {
			p.fail(errors.New("a page's content is missing"))
			continue
		}
		data, err := p.file.decode(stream)
		if err != nil {
			p.fail(err)
			continue
		}
		content = append(append(content, data...), '\n')
	}
	p.ctm, p.stack = matrix{1, 0, 0, 1, 0, 0}, nil
	p.run(content, resources)
	p.out.WriteByte('\n')
	if p.images && !p.shown {
		p.fail(errors.New("a page is a picture without text"))
	}
}

// run interprets a content stream.
func (p *painter) run(content []byte, resources pdfDict) {
	in := &pdfParser{data: content}
	var args []any
	for {
		value := in.value(0)
		if end, over := value.(pdfEnd); over {
			if end == 0 {
				return
			}
			continue
		}
		op, ok := value.(pdfWord)
		if !ok {
			if len(args) < 64 {
				args = append(args, value)
			}
			continue
		}
		if p.ops++; p.ops > maxOps {
			p.fail(errTooBig)
			return
		}
		if op == "BI" { // an inline picture: its data are no operators
			p.images = true
			skipInline(in)
		} else {
			p.do(string(op), args, resources)
		}
		args = args[:0]
	}
}

func skipInline(in *pdfParser) {
	for in.at < len(in.data) {
		i := strings.Index(string(in.data[in.at:min(in.at+1<<16, len(in.data))]), "EI")
		if i < 0 {
			in.at = min(in.at+1<<16-1, len(in.data))
			if len(in.data)-in.at <= 1 {
				in.at = len(in.data)
			}
			continue
		}
		at := in.at + i
		in.at = at + 2
		if (at == 0 || pdfSpace(in.data[at-1])) && (at+2 >= len(in.data) || pdfSpace(in.data[at+2])) {
			return
		}
	}
}

func (p *painter) do(op string, args []any, resources pdfDict) {
	n := make([]float64, 6)
	for i := range min(len(args), 6) {
		n[i], _ = args[i].(float64)
	}
	switch op {
	case "q":
		if len(p.stack) < 1000 {
			p.stack = append(p.stack, saved{p.ctm, p.font, p.size})
		}
	case "Q":
		if last := len(p.stack) - 1; last >= 0 {
			p.ctm, p.font, p.size = p.stack[last].ctm, p.stack[last].font, p.stack[last].size
			p.stack = p.stack[:last]
		}
	case "cm":
		p.ctm = matrix(n).mul(p.ctm)
	case "BT":
		p.tm, p.line = matrix{1, 0, 0, 1, 0, 0}, matrix{1, 0, 0, 1, 0, 0}
	case "Tf":
		p.size = n[1]
		p.font = nil
		if len(args) == 2 {
			if name, ok := args[0].(pdfName); ok {
				p.font = p.load(p.file.dict(resources["Font"])[name])
			}
		}
	case "Tc":
		p.chars = n[0]
	case "Tw":
		p.words = n[0]
	case "Tz":
		p.scale = n[0]/100 - 1
	case "TL":
		p.leading = n[0]
	case "Ts":
		p.rise = n[0]
	case "Td":
		p.move(n[0], n[1])
	case "TD":
		p.leading = -n[1]
		p.move(n[0], n[1])
	case "Tm":
		p.tm, p.line = matrix(n), matrix(n)
	case "T*":
		p.move(0, -p.leading)
	case "Tj", "'", "\"":
		if op != "Tj" {
			p.move(0, -p.leading)
		}
		if op == "\"" {
			p.words, p.chars = n[0], n[1]
		}
		if len(args) > 0 {
			if text, ok := args[len(args)-1].(pdfString); ok {
				p.show(text)
			}
		}
	case "TJ":
		if len(args) == 0 {
			return
		}
		array, _ := args[0].([]any)
		for _, part := range array {
			switch v := part.(type) {
			case pdfString:
				p.show(v)
			case float64:
				p.advance(-v / 1000 * p.size * (1 + p.scale))
			}
		}
	case "Do":
		if len(args) == 1 {
			if name, ok := args[0].(pdfName); ok {
				p.object(p.file.get(p.file.dict(resources["XObject"])[name]), resources)
			}
		}
	}
}

// object paints a form, or notes a picture.
func (p *painter) object(value any, resources pdfDict) {
	stream, ok := value.(*pdfStream)
	if !ok {
		return
	}
	if p.file.get(stream.dict["Subtype"]) == pdfName("Image") {
		p.images = true
		return
	}
	if p.depth > 20 {
		p.fail(errors.New("forms within forms"))
		return
	}
	data, err := p.file.decode(stream)
	if err != nil {
		p.fail(err)
		return
	}
	if own := p.file.dict(stream.dict["Resources"]); own != nil {
		resources = own
	}
	ctm, stack := p.ctm, p.stack
	if m := p.file.array(stream.dict["Matrix"]); len(m) == 6 {
		var form matrix
		for i := range m {
			form[i], _ = p.file.get(m[i]).(float64)
		}
		p.ctm = form.mul(p.ctm)
	}
	p.stack = nil
	p.depth++
	p.run(data, resources)
	p.depth--
	p.ctm, p.stack = ctm, stack
}

func (p *painter) move(x, y float64) {
	p.line = matrix{1, 0, 0, 1, x, y}.mul(p.line)
	p.tm = p.line
}

func (p *painter) advance(x float64) { p.tm = matrix{1, 0, 0, 1, x, 0}.mul(p.tm) }

// show writes a string of codes. Whether it continues the text before, follows it after a blank or stands on another line is
// told by where it stands on the page.
func (p *painter) show(codes pdfString) {
	if len(codes) == 0 {
		return
	}
	if p.font == nil {
		p.fail(errors.New("text without a font"))
		return
	}
	at := p.tm.mul(p.ctm)
	x, y := at[4], at[5]
	height := math.Abs(p.size) * math.Hypot(at[2], at[3])
	if p.begun {
		tall := max(height, p.lastHeight, 0.01)
		switch gap := x - p.lastX; {
		case math.Abs(y-p.lastY) > 0.4*tall:
			p.out.WriteByte('\n')
		case gap > 0.2*tall || gap < -0.5*tall:
			p.out.WriteByte(' ')
		}
	}
	text, glyphs, width, err := p.font.read(codes)
	if err != nil {
		p.fail(err)
	}
	p.out.WriteString(text)
	p.shown = p.shown || strings.TrimSpace(text) != ""
	moved := width*p.size + float64(glyphs)*p.chars
	if !p.font.wide {
		moved += float64(strings.Count(string(codes), " ")) * p.words
	}
	p.advance(moved * (1 + p.scale))
	end := p.tm.mul(p.ctm)
	p.lastX, p.lastY, p.lastHeight, p.begun = end[4], end[5], height, true
}

// strings writes what stands outside of pages: properties, notes, values of form fields. Files within the file are named as
// unreadable.
func (p *painter) strings() {
	numbers := make([]int, 0, len(p.file.objects))
	for number := range p.file.objects {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		p.stringsOf(p.file.objects[number], 0)
	}
}

func (p *painter) stringsOf(value any, depth int) {
	if depth > 20 {
		return
	}
	switch v := value.(type) {
	case *pdfStream:
		if v.dict["Type"] == pdfName("EmbeddedFile") {
			p.fail(errors.New("an attachment"))
		}
		p.stringsOf(v.dict, depth)
	case []any:
		for _, element := range v {
			p.stringsOf(element, depth+1)
		}
	case pdfDict:
		for _, key := range []pdfName{"Title", "Author", "Subject", "Keywords", "Contents", "V", "DV", "TU", "T", "ActualText", "Alt", "RC", "URI", "Opt"} {
			if s, ok := p.file.get(v[key]).(pdfString); ok {
				p.out.WriteString(documentString(s) + "\n")
			}
		}
		if _, form := v["XFA"]; form {
			p.fail(errors.New("an XFA form"))
		}
		for _, element := range v {
			switch element.(type) {
			case pdfDict, []any:
				p.stringsOf(element, depth+1)
			}
		}
	}
}

// documentString reads a text string (7.9.2.2): UTF-16BE or UTF-8 with byte order mark, else PDFDocEncoding, of which the
// printable ASCII and Latin-1 characters are read.
func documentString(s pdfString) string {
	text := string(s)
	switch {
	case strings.HasPrefix(text, "\xfe\xff"):
		return utf16BE(text[2:])
	case strings.HasPrefix(text, "\xef\xbb\xbf"):
		return strings.ToValidUTF8(text[3:], "\ufffd")
	}
	runes := make([]rune, 0, len(text))
	for i := range len(text) {
		runes = append(runes, rune(text[i]))
	}
	if out := string(runes); utf8.ValidString(out) {
		return out
	}
	return ""
}
