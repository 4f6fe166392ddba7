package sheet

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// pdfFont turns codes into text (9.10) and measures them.
type pdfFont struct {
	wide    bool              // codes of two bytes
	unicode map[uint32]string // the font's ToUnicode map; nil when it has none
	named   map[uint32]string // a simple font's encoding
	decode  func(codes string) (string, error)
	widths  map[uint32]float64 // in text space, of size 1
	usual   float64            // the width of other codes
}

// load reads a font once.
func (p *painter) load(value any) *pdfFont {
	dict := p.file.dict(value)
	if dict == nil {
		return nil
	}
	key := fmt.Sprintf("%p", dict)
	if font, ok := p.fonts[key]; ok {
		return font
	}
	font := &pdfFont{widths: map[uint32]float64{}, usual: 0.5}
	p.fonts[key] = font
	if stream, ok := p.file.get(dict["ToUnicode"]).(*pdfStream); ok {
		data, err := p.file.decode(stream)
		if err != nil {
			p.fail(err)
		}
		font.unicode = readCMap(data)
	}
	if p.file.get(dict["Subtype"]) == pdfName("Type0") {
		p.composite(font, dict)
	} else {
		p.simple(font, dict)
	}
	return font
}

// composite reads a Type0 font. Without ToUnicode its codes are known only under the predefined maps for Chinese.
func (p *painter) composite(font *pdfFont, dict pdfDict) {
	font.wide, font.usual = true, 1
	encoding, _ := p.file.get(dict["Encoding"]).(pdfName)
	switch {
	case strings.HasPrefix(string(encoding), "UniGB-UTF16"), strings.HasPrefix(string(encoding), "UniGB-UCS2"):
		font.decode = func(codes string) (string, error) { return utf16BE(codes), nil }
	case strings.HasPrefix(string(encoding), "GB"):
		font.decode = func(codes string) (string, error) {
			return simplifiedchinese.GB18030.NewDecoder().String(codes)
		}
	}
	descendants := p.file.array(dict["DescendantFonts"])
	if len(descendants) == 0 {
		return
	}
	cid := p.file.dict(descendants[0])
	if w, ok := p.file.get(cid["DW"]).(float64); ok {
		font.usual = w / 1000
	}
	list := p.file.array(cid["W"]) // 9.7.4.3: c [w1 w2 …] or c1 c2 w
	for i := 0; i+1 < len(list); {
		first, _ := p.file.get(list[i]).(float64)
		if each := p.file.array(list[i+1]); each != nil {
			for k, w := range each {
				width, _ := p.file.get(w).(float64)
				font.widths[uint32(first)+uint32(k)] = width / 1000
			}
			i += 2
			continue
		}
		if i+2 >= len(list) {
			return
		}
		last, _ := p.file.get(list[i+1]).(float64)
		width, _ := p.file.get(list[i+2]).(float64)
		for code := max(first, 0); code <= min(last, 65535) && p.ops < maxOps; code++ {
			font.widths[uint32(code)] = width / 1000
			p.ops++
		}
		i += 3
	}
}

// simple reads a font of one-byte codes: its encoding with the differences, or ASCII and Windows-1252.
func (p *painter) simple(font *pdfFont, dict pdfDict) {
	unit := 0.001
	if m := p.file.array(dict["FontMatrix"]); len(m) == 6 { // a Type3 font has a space of its own
		if u, ok := p.file.get(m[0]).(float64); ok {
			unit = u
		}
	}
	first, _ := p.file.get(dict["FirstChar"]).(float64)
	for i, w := range p.file.array(dict["Widths"]) {
		width, _ := p.file.get(w).(float64)
		font.widths[uint32(first)+uint32(i)] = width * unit
	}
	encoding := p.file.get(dict["Encoding"])
	descriptor := p.file.dict(dict["FontDescriptor"])
	embedded := descriptor["FontFile"] != nil || descriptor["FontFile2"] != nil || descriptor["FontFile3"] != nil
	base := true
	if encoding == nil && embedded || p.file.get(dict["Subtype"]) == pdfName("Type3") {
		base = false // the codes mean what the font file says
	}
	font.named = map[uint32]string{}
	if base {
		for code := range uint32(256) {
			if r := charmap.Windows1252.DecodeByte(byte(code)); code >= 32 {
				font.named[code] = string(r)
			}
		}
	}
	if differences, ok := encoding.(pdfDict); ok {
		code := uint32(0)
		for _, d := range p.file.array(differences["Differences"]) {
			switch v := p.file.get(d).(type) {
			case float64:
				code = uint32(max(v, 0))
			case pdfName:
				delete(font.named, code)
				if text, known := glyph(string(v)); known {
					font.named[code] = text
				}
				code++
			}
		}
	}
}

// glyphs are the names of the Adobe Glyph List that matter for numbers; names of one letter are that letter.
var glyphs = map[string]string{
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"space": " ", "nbspace": " ", "hyphen": "-", "minus": "-", "endash": "-", "emdash": "-", "period": ".", "comma": ",", "colon": ":", "semicolon": ";",
	"slash": "/", "plus": "+", "parenleft": "(", "parenright": ")", "at": "@", "underscore": "_", "periodcentered": "·", "numbersign": "#",
}

// glyph is the text of a glyph's name. A name of letters only, such as quoteright, is some sign that is no digit and reads as
// a blank; one like g27 says nothing.
func glyph(name string) (text string, known bool) {
	name, _, _ = strings.Cut(name, ".")
	if text, ok := glyphs[name]; ok {
		return text, true
	}
	if len(name) == 1 {
		return name, true
	}
	for _, prefix := range []string{"uni", "u"} {
		if digits, ok := strings.CutPrefix(name, prefix); ok && len(digits) >= 4 && len(digits) <= 6 {
			if r, err := strconv.ParseUint(digits, 16, 32); err == nil {
				return string(rune(r)), true
			}
		}
	}
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return "", false
		}
	}
	return " ", len(name) > 1
}

// read gives the text of codes, the number of glyphs and their width. An error says that some code has no known text.
func (f *pdfFont) read(codes pdfString) (text string, glyphs int, width float64, err error) {
	var out strings.Builder
	step := 1
	if f.wide {
		step = 2
	}
	if f.wide && f.unicode == nil && f.decode != nil {
		text, err := f.decode(string(codes))
		n := len([]rune(text))
		return text, n, float64(n) * f.usual, err
	}
	for i := 0; i+step <= len(codes); i += step {
		code := uint32(codes[i])
		if f.wide {
			code = code<<8 | uint32(codes[i+1])
		}
		if w, ok := f.widths[code]; ok {
			width += w
		} else {
			width += f.usual
		}
		glyphs++
		s, known := f.unicode[code]
		if !known {
			s, known = f.named[code]
		}
		if !known {
			s, err = "\ufffd", errors.New("a font without character map")
		}
		out.WriteString(s)
	}
	return out.String(), glyphs, width, err
}

func utf16BE(s string) string {
	units := make([]uint16, len(s)/2)
	for i := range units {
		units[i] = uint16(s[2*i])<<8 | uint16(s[2*i+1])
	}
	return string(utf16.Decode(units))
}

// readCMap reads the bfchar and bfrange parts of a ToUnicode map (9.10.3).
func readCMap(data []byte) map[uint32]string {
	codes := map[uint32]string{}
	in := &pdfParser{data: data}
	var args []any
	for ranges := 0; ; {
		value := in.value(0)
		if end, over := value.(pdfEnd); over {
			if end == 0 {
				return codes
			}
			continue
		}
		word, ok := value.(pdfWord)
		if !ok {
			args = append(args, value)
			continue
		}
		switch word {
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				if to, ok := args[i+1].(pdfString); ok {
					codes[codeOf(args[i])] = utf16BE(string(to))
				}
			}
		case "endbfrange":
			for i := 0; i+2 < len(args) && ranges < maxCodes/16; i += 3 {
				ranges++
				bfrange(codes, codeOf(args[i]), codeOf(args[i+1]), args[i+2])
			}
		}
		args = args[:0]
	}
}

// maxCodes bounds a map; a font has at most 65,536 codes.
const maxCodes = 1 << 17

func bfrange(codes map[uint32]string, from, to uint32, value any) {
	if to < from || to-from > 65535 || len(codes) > maxCodes {
		return
	}
	switch v := value.(type) {
	case pdfString:
		units := []byte(v)
		if len(units) < 2 {
			return
		}
		last := len(units) - 2
		start := uint32(units[last])<<8 | uint32(units[last+1])
		for code := from; code <= to; code++ {
			unit := start + code - from
			units[last], units[last+1] = byte(unit>>8), byte(unit)
			codes[code] = utf16BE(string(units))
		}
	case []any:
		for i, element := range v {
			if s, ok := element.(pdfString); ok && from+uint32(i) <= to {
				codes[from+uint32(i)] = utf16BE(string(s))
			}
		}
	}
}

func codeOf(value any) uint32 {
	s, _ := value.(pdfString)
	var code uint32
	for i := range min(len(s), 4) {
		code = code<<8 | uint32(s[i])
	}
	return code
}
