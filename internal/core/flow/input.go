package flow

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"linli/internal/core/fault"
)

// FieldKind is how a field is read and drawn.
type FieldKind string

const (
	Text   FieldKind = "text"   // one line
	Long   FieldKind = "long"   // several lines
	Int    FieldKind = "int"    // whole number; money in 分
	Bool   FieldKind = "bool"   //
	Enum   FieldKind = "enum"   // one of Values
	Moment FieldKind = "moment" // RFC 3339 in JSON, local date and time in a form
	Ref    FieldKind = "ref"    // an opaque id
	Refs   FieldKind = "refs"   // several ids
	Files  FieldKind = "files"  // ids of uploaded files
	Object FieldKind = "object" // nested Fields
)

// Field is one input of a move, as data: the decoder, the form, the API's
// actions and OpenAPI read it.
type Field struct {
	Name     string
	Kind     FieldKind
	Required bool
	Min, Max int64 // bounds of Int; Max runes of Text and Long, items of Refs and Files; 0 = the kind's own
	Values   []string
	Fields   []Field // of an Object; of Refs that the feature decodes itself, the form of an item that is no text
	Short    string  // of an Object: the nested field that a plain text fills
	Silent   bool    // never written to an event
}

// Bounds of texts where a field names none (CONTRACT §3).
const (
	maxText = 80
	maxNote = 2000
	maxRefs = 50
)

// Note is the optional remark that most moves take.
func Note() Field { return Field{Name: "note", Kind: Long, Max: maxNote} }

// Reason is the required explanation of a refusal.
func Reason() Field { return Field{Name: "reason", Kind: Long, Required: true, Max: maxNote} }

// Input holds the decoded fields of a move: string, int64, bool, []string or Input.
type Input map[string]any

// Text returns a text, enum or ref field, "" when absent.
func (in Input) Text(name string) string { s, _ := in[name].(string); return s }

// Int returns a number; ok is false when it was not given.
func (in Input) Int(name string) (n int64, ok bool) { n, ok = in[name].(int64); return }

// Bool returns a flag, false when absent.
func (in Input) Bool(name string) bool { b, _ := in[name].(bool); return b }

// Has reports whether the field was given.
func (in Input) Has(name string) bool { _, ok := in[name]; return ok }

// List returns a refs or files field.
func (in Input) List(name string) []string { l, _ := in[name].([]string); return l }

// Object returns a nested field, nil when absent.
func (in Input) Object(name string) Input { o, _ := in[name].(Input); return o }

// Moment returns a moment in UTC ms, 0 when absent.
func (in Input) Moment(name string) int64 { n, _ := in[name].(int64); return n }

// note copies texts to the event's words and the rest to its codes.
func (c *Change) note(fields []Field) {
	for name, v := range c.split(fields, c.In, "") {
		c.Code(name, v)
	}
}

// split says the texts of in, those of nested objects as "quantity.unit", and
// returns what is left for the codes: only words can be erased later.
func (c *Change) split(fields []Field, in Input, prefix string) map[string]any {
	codes := map[string]any{}
	for _, f := range fields {
		v, ok := in[f.Name]
		if !ok || f.Silent {
			continue
		}
		switch f.Kind {
		case Text, Long:
			s, _ := v.(string)
			c.Say(prefix+f.Name, s)
		case Object:
			o, _ := v.(Input)
			if left := c.split(f.Fields, o, prefix+f.Name+"."); len(left) > 0 {
				codes[f.Name] = left
			}
		default:
			codes[f.Name] = v
		}
	}
	return codes
}

// Decode reads the fields from a decoded JSON object. Unknown names, NUL and
// values out of bounds are faults, all of them named at once.
func Decode(fields []Field, raw map[string]any) (Input, error) {
	var faults fault.Fields
	in := decode(fields, raw, "", &faults)
	return in, faults.Err()
}

func decode(fields []Field, raw map[string]any, prefix string, faults *fault.Fields) Input {
	in := Input{}
	for name := range raw {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			faults.Add(prefix+name, "fault.unknown_field")
		}
	}
	slices.SortFunc(*faults, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range fields {
		v, ok := raw[f.Name]
		if !ok || v == nil || v == "" && f.Kind != Text && f.Kind != Long {
			if f.Required {
				faults.Add(prefix+f.Name, "fault.required")
			}
			continue
		}
		if got, ok := f.read(v, prefix, faults); ok {
			in[f.Name] = got
		}
	}
	return in
}

func (f Field) read(v any, prefix string, faults *fault.Fields) (any, bool) {
	name := prefix + f.Name
	bad := func(key string, pairs ...any) (any, bool) { faults.Add(name, key, pairs...); return nil, false }
	switch f.Kind {
	case Text, Long, Enum, Ref:
		s, ok := v.(string)
		if !ok {
			return bad("fault.text")
		}
		s, key := Clean(s)
		if key != "" {
			return bad(key)
		}
		if s == "" {
			if f.Required {
				return bad("fault.required")
			}
			return nil, false
		}
		if f.Kind == Enum {
			if !slices.Contains(f.Values, s) {
				return bad("fault.one_of", "values", strings.Join(f.Values, " "))
			}
			return s, true
		}
		if most := f.max(); int64(utf8.RuneCountInString(s)) > most {
			return bad("fault.too_long", "max", most)
		}
		return s, true
	case Int:
		n, ok := wholeNumber(v)
		if !ok {
			return bad("fault.number")
		}
		most := f.Max
		if most == 0 {
			most = math.MaxInt32
		}
		if n < f.Min || n > most {
			return bad("fault.between", "min", f.Min, "max", most)
		}
		return n, true
	case Bool:
		switch b := v.(type) {
		case bool:
			return b, true
		case string:
			if b == "true" || b == "on" {
				return true, true
			}
			if b == "false" {
				return false, true
			}
		}
		return bad("fault.bool")
	case Moment:
		s, ok := v.(string)
		if !ok {
			return bad("fault.moment")
		}
		t, err := ParseMoment(s)
		if err != nil {
			return bad("fault.moment")
		}
		return t.UnixMilli(), true
	case Refs, Files:
		return f.readList(v, bad)
	case Object:
		o, ok := v.(map[string]any)
		if s, plain := v.(string); plain && f.Short != "" {
			o, ok = map[string]any{f.Short: s}, true
		}
		if !ok {
			return bad("fault.object")
		}
		before := len(*faults)
		in := decode(f.Fields, o, name+".", faults)
		return in, len(*faults) == before
	}
	panic("flow: field " + f.Name + " has no kind")
}

func (f Field) readList(v any, bad func(string, ...any) (any, bool)) (any, bool) {
	var list []string
	switch l := v.(type) {
	case string:
		list = strings.Fields(strings.ReplaceAll(l, ",", " "))
	case []string:
		list = slices.Clone(l)
	case []any:
		for _, e := range l {
			s, ok := e.(string)
			if !ok {
				return bad("fault.list")
			}
			list = append(list, s)
		}
	default:
		return bad("fault.list")
	}
	if most := f.max(); int64(len(list)) > most {
		return bad("fault.too_many", "max", most)
	}
	for i, s := range list {
		s, key := Clean(s)
		if key != "" {
			return bad(key)
		}
		if s == "" || len(s) > 200 {
			return bad("fault.list")
		}
		list[i] = s
	}
	if f.Required && len(list) == 0 {
		return bad("fault.required")
	}
	return list, true
}

func (f Field) max() int64 {
	switch {
	case f.Max != 0:
		return f.Max
	case f.Kind == Long:
		return maxNote
	case f.Kind == Refs || f.Kind == Files:
		return maxRefs
	}
	return maxText
}

// Clean brings a text into its stored form: NFC, LF line ends, no space
// around. NUL and broken UTF-8 are refused by a fault key, never stripped.
func Clean(s string) (clean, faultKey string) {
	if strings.ContainsRune(s, 0) {
		return "", "fault.nul"
	}
	if !utf8.ValidString(s) {
		return "", "fault.utf8"
	}
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return strings.TrimSpace(s), ""
}

// ParseMoment reads RFC 3339, or what a form's date and time inputs send, in China's zone.
func ParseMoment(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if err == nil {
			break
		}
		t, err = time.ParseInLocation(layout, s, zone)
	}
	if err == nil && (t.Year() < 1900 || t.Year() > 2200) {
		return t, fmt.Errorf("year %d", t.Year())
	}
	return t.UTC().Truncate(time.Millisecond), err
}

var zone = time.FixedZone("CST", 8*3600)

func wholeNumber(v any) (int64, bool) {
	switch n := v.(type) {
	case json.Number:
		i, err := strconv.ParseInt(n.String(), 10, 64)
		return i, err == nil
	case string:
		i, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
		return i, err == nil
	case int64:
		return n, true
	case int:
		return int64(n), true
	}
	return 0, false
}
