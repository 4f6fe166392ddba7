package sheet

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// The objects of a PDF (ISO 32000-1, 7.3) are nil, bool, float64, pdfName, pdfString, []any, pdfDict, pdfRef, *pdfStream, and
// in content streams pdfWord for operators.
type (
	pdfName   string
	pdfString string
	pdfWord   string
	pdfDict   map[pdfName]any
	pdfRef    int
	pdfStream struct {
		dict pdfDict
		raw  []byte
	}
)

// pdfFile is a file's objects by number. They are found by looking for them, not by the cross-reference table, so that a
// broken or lying table hides nothing; of an object written several times the last one holds.
type pdfFile struct {
	objects map[int]any
	trailer pdfDict
	left    int64 // bytes that may still be unpacked
}

var objectStart = regexp.MustCompile(`(\d{1,9})[ \t\r\n\x00\f]+\d{1,5}[ \t\r\n\x00\f]+obj`)

func readPDF(data []byte, limits Limits) (*pdfFile, error) {
	if !bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return nil, errors.New("not a PDF")
	}
	f := &pdfFile{objects: map[int]any{}, trailer: pdfDict{}, left: limits.Unpacked}
	for at := 0; ; {
		t := bytes.Index(data[at:], []byte("trailer"))
		if t < 0 {
			break
		}
		at += t + len("trailer")
		window := data[:min(at+4096, len(data))] // so that many bad ones cost little
		if dict, ok := (&pdfParser{data: window, at: at}).value(0).(pdfDict); ok {
			f.addTrailer(dict)
		}
	}
	for at := 0; ; {
		m := objectStart.FindSubmatchIndex(data[at:])
		if m == nil {
			break
		}
		number, _ := strconv.Atoi(string(data[at+m[2] : at+m[3]]))
		p := &pdfParser{data: data, at: at + m[1]}
		value := p.value(0)
		if dict, ok := value.(pdfDict); ok {
			if stream := p.stream(dict); stream != nil {
				value = stream
			}
		}
		f.objects[number] = value
		if at = p.at; at >= len(data) { // what follows an object without end was swallowed by it
			return nil, errors.New("damaged")
		}
	}
	for _, object := range f.objects {
		if stream, ok := object.(*pdfStream); ok && stream.dict["Type"] == pdfName("XRef") {
			f.addTrailer(stream.dict)
		}
	}
	if f.trailer["Encrypt"] != nil {
		return nil, errors.New("encrypted")
	}
	return f, f.unpackObjects()
}

func (f *pdfFile) addTrailer(dict pdfDict) {
	for _, key := range []pdfName{"Root", "Encrypt", "Info"} {
		if dict[key] != nil {
			f.trailer[key] = dict[key]
		}
	}
}

// unpackObjects reads the object streams (7.5.7).
func (f *pdfFile) unpackObjects() error {
	packed := map[int]any{}
	for _, object := range f.objects {
		stream, ok := object.(*pdfStream)
		if !ok || stream.dict["Type"] != pdfName("ObjStm") {
			continue
		}
		data, err := f.decode(stream)
		if err != nil {
			return err
		}
		first, _ := f.get(stream.dict["First"]).(float64)
		count, _ := f.get(stream.dict["N"]).(float64)
		index := &pdfParser{data: data}
		for range int(min(count, float64(len(data)))) {
			number, ok1 := index.value(0).(float64)
			offset, ok2 := index.value(0).(float64)
			if at := first + offset; ok1 && ok2 && at >= 0 && at < float64(len(data)) {
				packed[int(number)] = (&pdfParser{data: data, at: int(at)}).value(0)
			}
		}
	}
	for number, object := range packed {
		if _, plain := f.objects[number]; !plain {
			f.objects[number] = object
		}
	}
	return nil
}

// get follows a reference.
func (f *pdfFile) get(value any) any {
	for range 20 {
		ref, ok := value.(pdfRef)
		if !ok {
			return value
		}
		value = f.objects[int(ref)]
	}
	return nil
}

func (f *pdfFile) dict(value any) pdfDict {
	switch v := f.get(value).(type) {
	case pdfDict:
		return v
	case *pdfStream:
		return v.dict
	}
	return nil
}

func (f *pdfFile) array(value any) []any {
	if a, ok := f.get(value).([]any); ok {
		return a
	}
	return nil
}

// decode unpacks a stream by its filters (7.4).
func (f *pdfFile) decode(s *pdfStream) ([]byte, error) {
	filters := f.array(s.dict["Filter"])
	if name, ok := f.get(s.dict["Filter"]).(pdfName); ok {
		filters = []any{name}
	}
	data := s.raw
	for _, filter := range filters {
		var in io.Reader
		switch name, _ := f.get(filter).(pdfName); name {
		case "FlateDecode", "Fl":
			z, err := zlib.NewReader(bytes.NewReader(data))
			if err != nil {
				return nil, err
			}
			in = z
		case "ASCII85Decode", "A85":
			in = ascii85.NewDecoder(bytes.NewReader(bytes.TrimSuffix(bytes.TrimSpace(data), []byte("~>"))))
		case "ASCIIHexDecode", "AHx":
			in = hex.NewDecoder(bytes.NewReader(bytes.TrimSuffix(bytes.Join(bytes.Fields(data), nil), []byte(">"))))
		default:
			return nil, fmt.Errorf("filter %s", name)
		}
		unpacked, err := io.ReadAll(&counter{r: in, left: f.left})
		f.left -= int64(len(unpacked))
		if err != nil {
			return nil, err
		}
		data = unpacked
	}
	return data, nil
}

// pdfParser reads objects from bytes.
type pdfParser struct {
	data []byte
	at   int
}

func pdfSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0 || c == '\f'
}

func pdfDelimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

func (p *pdfParser) skip() {
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case pdfSpace(c):
			p.at++
		case c == '%':
			for p.at < len(p.data) && p.data[p.at] != '\n' && p.data[p.at] != '\r' {
				p.at++
			}
		default:
			return
		}
	}
}

// pdfEnd marks the end of an array, a dictionary or the data.
type pdfEnd byte

// value reads the next object; at the end of the data it is pdfEnd(0).
func (p *pdfParser) value(depth int) any {
	p.skip()
	if p.at >= len(p.data) || depth > 60 {
		p.at = len(p.data)
		return pdfEnd(0)
	}
	rest := p.data[p.at:]
	switch c := rest[0]; {
	case bytes.HasPrefix(rest, []byte("<<")):
		p.at += 2
		dict := pdfDict{}
		for {
			key := p.value(depth + 1)
			if _, over := key.(pdfEnd); over {
				return dict
			}
			value := p.value(depth + 1)
			if _, over := value.(pdfEnd); over {
				return dict
			}
			if name, ok := key.(pdfName); ok {
				dict[name] = value
			}
		}
	case bytes.HasPrefix(rest, []byte(">>")):
		p.at += 2
		return pdfEnd('>')
	case c == '[':
		p.at++
		array := []any{}
		for {
			value := p.value(depth + 1)
			if _, over := value.(pdfEnd); over {
				return array
			}
			array = append(array, value)
		}
	case c == ']':
		p.at++
		return pdfEnd(']')
	case c == '(':
		return p.literal()
	case c == '<':
		end := bytes.IndexByte(rest, '>')
		if end < 0 {
			p.at = len(p.data)
			return pdfEnd(0)
		}
		p.at += end + 1
		digits := bytes.Join(bytes.Fields(rest[1:end]), nil)
		if len(digits)%2 == 1 {
			digits = append(digits, '0')
		}
		decoded := make([]byte, len(digits)/2)
		n, _ := hex.Decode(decoded, digits)
		return pdfString(decoded[:n])
	case c == '/':
		p.at++
		return pdfName(unescapeName(p.word()))
	case c == '{' || c == '}' || c == ')' || c == '>':
		p.at++
		return pdfWord(c)
	}
	word := p.word()
	if n, err := strconv.ParseFloat(string(word), 64); err == nil && bytes.IndexByte([]byte("+-.0123456789"), word[0]) >= 0 {
		return p.reference(n)
	}
	switch string(word) {
	case "null":
		return nil
	case "true", "false":
		return string(word) == "true"
	}
	return pdfWord(word)
}

func (p *pdfParser) word() []byte {
	start := p.at
	for p.at < len(p.data) && !pdfSpace(p.data[p.at]) && !pdfDelimiter(p.data[p.at]) {
		p.at++
	}
	return p.data[start:p.at]
}

var referenceRest = regexp.MustCompile(`^[ \t\r\n]+\d{1,5}[ \t\r\n]+R(?:[^A-Za-z0-9]|$)`)

// reference reads "12 0 R", of which n is the beginning, or leaves n a number.
func (p *pdfParser) reference(n float64) any {
	if n < 0 || n != float64(int(n)) {
		return n
	}
	window := p.data[p.at:min(p.at+24, len(p.data))]
	if m := referenceRest.Find(window); m != nil {
		p.at += bytes.IndexByte(m, 'R') + 1
		return pdfRef(int(n))
	}
	return n
}

func unescapeName(word []byte) []byte {
	if bytes.IndexByte(word, '#') < 0 {
		return word
	}
	var out []byte
	for i := 0; i < len(word); i++ {
		if word[i] == '#' && i+2 < len(word) {
			if b, err := hex.DecodeString(string(word[i+1 : i+3])); err == nil {
				out = append(out, b[0])
				i += 2
				continue
			}
		}
		out = append(out, word[i])
	}
	return out
}

// literal reads (text) with its escapes (7.3.4.2).
func (p *pdfParser) literal() any {
	var out []byte
	depth := 0
	for ; p.at < len(p.data); p.at++ {
		c := p.data[p.at]
		switch {
		case c == '(':
			if depth++; depth > 1 {
				out = append(out, c)
			}
		case c == ')':
			if depth--; depth == 0 {
				p.at++
				return pdfString(out)
			}
			out = append(out, c)
		case c == '\\' && p.at+1 < len(p.data):
			p.at++
			switch e := p.data[p.at]; {
			case e >= '0' && e <= '7':
				n := 0
				for k := 0; k < 3 && p.at < len(p.data) && p.data[p.at] >= '0' && p.data[p.at] <= '7'; k++ {
					n = n*8 + int(p.data[p.at]-'0')
					p.at++
				}
				p.at--
				out = append(out, byte(n))
			case e == '\r':
				if p.at+1 < len(p.data) && p.data[p.at+1] == '\n' {
					p.at++
				}
			case e == '\n':
			default:
				if i := bytes.IndexByte([]byte("nrtbf"), e); i >= 0 {
					e = "\n\r\t\b\f"[i]
				}
				out = append(out, e)
			}
		default:
			out = append(out, c)
		}
	}
	return pdfString(out)
}

// stream reads the data after a dictionary, or gives nil when there is none.
func (p *pdfParser) stream(dict pdfDict) *pdfStream {
	p.skip()
	if !bytes.HasPrefix(p.data[min(p.at, len(p.data)):], []byte("stream")) {
		return nil
	}
	start := p.at + len("stream")
	if bytes.HasPrefix(p.data[start:], []byte("\r\n")) {
		start += 2
	} else if start < len(p.data) && (p.data[start] == '\n' || p.data[start] == '\r') {
		start++
	}
	if n, ok := dict["Length"].(float64); ok && n >= 0 && n <= float64(len(p.data)-start) {
		end := start + int(n)
		if bytes.HasPrefix(bytes.TrimLeft(p.data[end:min(end+16, len(p.data))], "\r\n \t"), []byte("endstream")) {
			p.at = end
			return &pdfStream{dict, p.data[start:end]}
		}
	}
	end := len(p.data)
	if n := bytes.Index(p.data[start:], []byte("endstream")); n >= 0 {
		end = start + n
	}
	p.at = end
	return &pdfStream{dict, p.data[start:end]}
}
