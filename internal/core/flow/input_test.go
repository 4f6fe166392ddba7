package flow

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"linli/internal/core/fault"
)

var every = []Field{
	{Name: "title", Kind: Text, Required: true},
	{Name: "body", Kind: Long, Max: 20},
	{Name: "amount", Kind: Int, Min: -1, Max: 100},
	{Name: "money", Kind: Int},
	{Name: "urgent", Kind: Bool},
	{Name: "kind", Kind: Enum, Values: []string{"家政清洁", "其他"}},
	{Name: "at", Kind: Moment},
	{Name: "to", Kind: Ref},
	{Name: "groups", Kind: Refs, Max: 3},
	{Name: "photos", Kind: Files},
	{Name: "quantity", Kind: Object, Fields: []Field{{Name: "total", Kind: Int, Required: true, Min: 1}, {Name: "unit", Kind: Text, Max: 8}}},
}

func object(t testing.TB, text string) map[string]any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil {
		t.Skip(err)
	}
	return o
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Input
		bad      string // "field key" of each fault
	}{
		{"least", `{"title":" 修灯 "}`, Input{"title": "修灯"}, ""},
		{"all", `{"title":"t","body":"a\r\nb\rc","amount":-1,"money":199,"urgent":true,"kind":"其他","at":"2026-05-01T08:00:00+08:00","to":"g1","groups":["a","b"],"photos":[],"quantity":{"total":2,"unit":"张"}}`,
			Input{"title": "t", "body": "a\nb\nc", "amount": int64(-1), "money": int64(199), "urgent": true, "kind": "其他", "at": time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).UnixMilli(),
				"to": "g1", "groups": []string{"a", "b"}, "photos": []string(nil), "quantity": Input{"total": int64(2), "unit": "张"}}, ""},
		{"form", `{"title":"t","amount":" 7 ","urgent":"on","at":"2026-05-01T08:00","groups":"a, b","kind":"","to":""}`,
			Input{"title": "t", "amount": int64(7), "urgent": true, "at": time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), "groups": []string{"a", "b"}}, ""},
		{"null is absent", `{"title":"t","amount":null,"quantity":null}`, Input{"title": "t"}, ""},
		{"missing", `{}`, nil, "title fault.required"},
		{"blank", `{"title":" 　\n"}`, nil, "title fault.required"},
		{"unknown", `{"title":"t","z":1,"a":{"title":1}}`, nil, "a fault.unknown_field,z fault.unknown_field"},
		{"unknown inside", `{"title":"t","quantity":{"total":1,"price":2}}`, nil, "quantity.price fault.unknown_field"},
		{"required inside", `{"title":"t","quantity":{}}`, nil, "quantity.total fault.required"},
		{"nul", `{"title":"a\u0000b"}`, nil, "title fault.nul"},
		{"nul in a list", `{"title":"t","groups":["a\u0000"]}`, nil, "groups fault.nul"},
		{"wrong types", `{"title":1,"body":[],"amount":"x","urgent":"yes","at":5,"to":{},"groups":{"a":1},"photos":[1],"quantity":[]}`, nil,
			"title fault.text,body fault.text,amount fault.number,urgent fault.bool,at fault.moment,to fault.text,groups fault.list,photos fault.list,quantity fault.object"},
		{"fractions", `{"title":"t","amount":1.0,"money":1e3}`, nil, "amount fault.number,money fault.number"},
		{"huge", `{"title":"t","amount":99999999999999999999,"money":3000000000}`, nil, "amount fault.number,money fault.between"},
		{"bounds", `{"title":"t","amount":-2,"kind":"a","groups":["a","b","c","d"]}`, nil, "amount fault.between,kind fault.one_of,groups fault.too_many"},
		{"lengths", `{"title":"` + strings.Repeat("灯", 81) + `","body":"` + strings.Repeat("x", 21) + `"}`, nil, "title fault.too_long,body fault.too_long"},
		{"moments", `{"title":"t","at":"0001-01-01"}`, nil, "at fault.moment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Decode(every, object(t, c.in))
			var bad []string
			if err != nil {
				for _, f := range fault.Of(err).Fields {
					bad = append(bad, f.Name+" "+f.Key)
				}
			}
			if s := strings.Join(bad, ","); s != c.bad {
				t.Errorf("faults %q, want %q", s, c.bad)
			}
			if c.want != nil && !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %#v\nwant %#v", got, c.want)
			}
		})
	}
	if in, err := Decode(every[:1], map[string]any{"title": strings.Repeat("灯", 80)}); err != nil || utf8.RuneCountInString(in.Text("title")) != 80 {
		t.Errorf("80 characters are refused: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"title":"修灯","amount":3,"quantity":{"total":1,"unit":"张"},"groups":["a"],"at":"2026-01-02T03:04:05Z"}`)
	f.Add(`{"title":"e\u0301 \ud83d","body":"\u0000","urgent":"on","photos":"a b,c"}`)
	f.Fuzz(func(t *testing.T, text string) {
		in, err := Decode(every, object(t, text))
		if err != nil {
			e := fault.Of(err)
			if e.Kind != fault.Invalid || len(e.Fields) == 0 {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, field := range every {
			v, ok := in[field.Name]
			if !ok {
				if field.Required {
					t.Fatalf("%s is missing", field.Name)
				}
				continue
			}
			switch field.Kind {
			case Text, Long, Enum, Ref:
				s := v.(string)
				if s == "" || !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") || strings.TrimSpace(s) != s || !norm.NFC.IsNormalString(s) {
					t.Fatalf("%s holds %q", field.Name, s)
				}
				if int64(utf8.RuneCountInString(s)) > field.max() && field.Kind != Enum {
					t.Fatalf("%s is too long", field.Name)
				}
			case Int:
				if n := v.(int64); n < field.Min || field.Max != 0 && n > field.Max {
					t.Fatalf("%s is %d", field.Name, n)
				}
			case Refs, Files:
				if int64(len(v.([]string))) > field.max() {
					t.Fatalf("%s holds %d", field.Name, len(v.([]string)))
				}
			}
		}
		// What was accepted is accepted again and means the same.
		kept, err := json.Marshal(in.wire())
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(every, object(t, string(kept)))
		if err != nil || !reflect.DeepEqual(in, again) {
			t.Fatalf("%#v comes back as %#v (%v)", in, again, err)
		}
	})
}

// wire is the JSON form a client would send for what was decoded.
func (in Input) wire() map[string]any {
	o := map[string]any{}
	for k, v := range in {
		switch x := v.(type) {
		case Input:
			v = x.wire()
		case int64:
			if k == "at" {
				v = time.UnixMilli(x).UTC().Format("2006-01-02T15:04:05.999Z07:00")
			}
		case []string:
			if x == nil {
				v = []string{}
			}
		}
		o[k] = v
	}
	return o
}

func FuzzClean(f *testing.F) {
	f.Add("a\r\nb\r \u00a0e\u0301\u3000")
	f.Add("\u0344\u0f71\u0f72\xff")
	f.Fuzz(func(t *testing.T, s string) {
		clean, key := Clean(s)
		if (key == "") != (utf8.ValidString(s) && !strings.ContainsRune(s, 0)) {
			t.Fatalf("%q gives %q", s, key)
		}
		if again, _ := Clean(clean); again != clean {
			t.Fatalf("%q becomes %q, then %q", s, clean, again)
		}
	})
}
