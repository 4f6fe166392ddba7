package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"linli/internal/core/fault"
	"linli/internal/platform/web"
)

func FuzzDecodeObject(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"c":"\u00e9","d":-1.5e3}`))
	f.Add([]byte(`{"a":1,"\u0061":2}`))
	f.Add([]byte(`{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := web.DecodeObject(b)
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var want map[string]any
		lax := d.Decode(&want)
		if _, more := d.Token(); lax == nil && more != io.EOF {
			lax = more
		}
		if err != nil {
			if !fault.Is(err, fault.Malformed) {
				t.Fatalf("%v", err)
			}
			return
		}
		// What passes means what encoding/json says it means.
		if lax != nil && got != nil {
			t.Fatalf("%q passes, but is no JSON: %v", b, lax)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is %v, want %v", b, got, want)
		}
	})
}

// Whatever stands in a query, a page and the API answer it as the client's
// fault at worst.
func FuzzQuery(f *testing.F) {
	f.Add("limit=5&q=灯&cursor=abc")
	f.Add("ids=a&ids=b;c&%00=%ff&limit=%31")
	s := one(f)
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/lamps", "/api/v1/lamps"} {
			r := httptest.NewRequest("GET", path, nil)
			r.URL = &url.URL{Path: path, RawQuery: query}
			r.RemoteAddr = "127.0.0.1:1"
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 400 && w.Code != 422 {
				t.Fatalf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}

// The same for bodies, as JSON and as a form.
func FuzzBody(f *testing.F) {
	f.Add(`{"title":"灯","quantity":{"total":2}}`)
	f.Add(`title=a&quantity.total=2&photos=x&photos=y&_op=k`)
	f.Add(`a.b.c.d.e.f.g=1&a=2&%00=1`)
	s := one(f)
	f.Fuzz(func(t *testing.T, body string) {
		for path, kind := range map[string]string{"/lamps": "application/x-www-form-urlencoded", "/api/v1/lamps": "application/json"} {
			r := httptest.NewRequest("POST", path, strings.NewReader(body))
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Authorization", "Bearer bob")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			switch w.Code {
			case 201, 303, 400, 413, 422, 429:
			default:
				t.Fatalf("%s %q: %d %s\n%s", path, body, w.Code, w.Body, s.log)
			}
		}
	})
}
