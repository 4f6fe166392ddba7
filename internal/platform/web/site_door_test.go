package web_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"linli/internal/core/flow"
	"linli/internal/platform/web"
)

func TestMethodsAndUnknownPaths(t *testing.T) {
	s := one(t)
	for _, c := range []struct {
		method, path, allow string
		status              int
	}{
		{"PUT", "/api/v1/lamps", "GET, HEAD, POST", 405},
		{"DELETE", "/api/v1/lamps/x", "GET, HEAD", 405},
		{"GET", "/api/v1/lamps/x/mend", "POST", 405},
		{"GET", "/api/v1/other", "", 404},
		{"POST", "/api/", "", 404},
	} {
		w := s.ask(c.method, c.path, "")
		if p := readProblem(t, w); p.Status != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, w.Code, w.Header().Get("Allow"))
		}
	}
	if p := readProblem(t, s.ask("GET", "/api/v1/other", "", "Authorization: Bearer wrong")); p.Status != 401 {
		t.Errorf("a wrong token at an unknown path: %d", p.Status)
	}
	if p := readProblem(t, s.ask("PUT", "/api/v1/lamps", "", "Authorization: Bearer wrong")); p.Status != 401 {
		t.Errorf("a wrong token with a wrong method: %d", p.Status)
	}
	if w := s.ask("DELETE", "/lamps", ""); w.Code != 405 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := s.ask("HEAD", "/api/v1/lamps", ""); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
	if w := s.ask("GET", "/go", ""); w.Code != 303 || w.Header().Get("Location") != "/lamps" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

func TestEveryAnswerHasTheGuardsHeaders(t *testing.T) {
	s := one(t)
	for _, path := range []string{"/lamps", "/api/v1/lamps", "/nothing", "/api/v1/panic", "/lamps.csv"} {
		h := s.ask("GET", path, "").Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "script-src 'self'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "same-origin", "Strict-Transport-Security": "max-age", "Vary": "Cookie",
		} {
			if !strings.Contains(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: %s", path, h.Get("Content-Security-Policy"))
		}
	}
}

func TestPagesAnswerFaultsAsPages(t *testing.T) {
	s := one(t)
	for _, c := range []struct {
		method, path, body, want string
		status                   int
		headers                  []string
	}{
		{"GET", "/nothing", "", "fault fault.not_found ", 404, nil},
		{"GET", "/lamps?limit=1000", "", "fault fault.invalid ", 422, nil},
		{"GET", "/lamps", "", "fault fault.token ", 401, []string{"Authorization: Bearer wrong"}},
		{"POST", "/shaky", "a=1", "fault fault.internal with id", 500, []string{asForm}},
		{"POST", "/shaky", "a=1", "fault fault.cross_origin ", 403, []string{asForm, "Sec-Fetch-Site: cross-site"}},
		{"POST", "/shaky", "{}", "fault fault.media_type ", 415, []string{asJSON}},
		{"POST", "/shaky", "a=" + strings.Repeat("x", 1<<20), "fault fault.too_large ", 413, []string{asForm}},
	} {
		w := s.ask(c.method, c.path, c.body, c.headers...)
		if w.Code != c.status || w.Body.String() != c.want || w.Header().Get("Cache-Control") != "private, no-store" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s %s: %d %q %v", c.method, c.path, w.Code, w.Body, w.Header())
		}
	}
	if p := readProblem(t, s.ask("POST", "/api/v1/lamps", "{}", asBob, asJSON, "Sec-Fetch-Site: cross-site")); p.Status != 403 {
		t.Errorf("%+v", p)
	}
}

func TestSignInLeadsBackWithinTheSite(t *testing.T) {
	s := one(t)
	for referer, want := range map[string]string{
		"http://linli.example/lamps/new": "/signin?next=%2Flamps%2Fnew",
		"http://evil.example/lamps/new":  "/signin?next=%2F",
		"http://linli.example//evil":     "/signin?next=%2F",
		"":                               "/signin?next=%2F",
		"javascript:alert(1)":            "/signin?next=%2F",
	} {
		w := s.ask("POST", "/lamps", "title=a", asForm, "Referer: "+referer)
		if w.Code != 303 || w.Header().Get("Location") != want {
			t.Errorf("from %q to %s", referer, w.Header().Get("Location"))
		}
	}
}

func TestQueryParameters(t *testing.T) {
	s := one(t)
	for _, c := range []struct {
		query  string
		status int
	}{
		{"", 200}, {"?limit=100", 200}, {"?q=" + strings.Repeat("%e7%81%af", 100), 200}, {"?ids=a&ids=b", 200}, {"?ids=a%20b", 200},
		{"?limit=0", 422}, {"?limit=101", 422}, {"?limit=-1", 422}, {"?limit=x", 422}, {"?limit=99999999999999999999", 422},
		{"?cursor=x", 422}, {"?cursor=" + strings.Repeat("A", 300), 422}, {"?q=" + strings.Repeat("%e7%81%af", 101), 422},
		{"?q=%00", 422}, {"?q=%ff", 422}, {"?unknown=1", 422}, {"?q=%zz", 400}, {"?a;b", 400}, {"?=1", 422},
	} {
		w := s.ask("GET", "/api/v1/lamps"+c.query, "")
		if w.Code != c.status {
			t.Errorf("%s: %d %s", c.query, w.Code, w.Body)
		}
		if w := s.ask("GET", "/lamps"+c.query, ""); w.Code >= 500 {
			t.Errorf("page %s: %d", c.query, w.Code)
		}
	}
}

func TestLimits(t *testing.T) {
	s := one(t)
	until := func(most int, ask func() *httptest.ResponseRecorder) (passed int, last *httptest.ResponseRecorder) {
		for range most {
			if last = ask(); last.Code == 429 {
				return passed, last
			}
			passed++
		}
		return passed, last
	}
	far := "Remote: 203.0.113.7"
	n, w := until(5000, func() *httptest.ResponseRecorder { return s.ask("GET", "/api/v1/lamps", "", far) })
	if n < 200 || w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d anonymous reads, then %d %v", n, w.Code, w.Header())
	}
	if p := readProblem(t, w); p.Code != "limited" {
		t.Errorf("%+v", p)
	}
	if w := s.ask("GET", "/api/v1/lamps", "", "Remote: 203.0.114.7"); w.Code != 200 {
		t.Errorf("another prefix: %d", w.Code)
	}
	if n, _ := until(1000, func() *httptest.ResponseRecorder { return s.ask("GET", "/api/v1/lamps", "", far, asBob) }); n != 1000 {
		t.Errorf("signed-in reads are limited after %d", n)
	}
	if n, _ := until(1000, func() *httptest.ResponseRecorder { return s.ask("GET", "/api/v1/lamps", "") }); n != 1000 {
		t.Errorf("loopback is limited after %d", n)
	}
	if n, w := until(5000, func() *httptest.ResponseRecorder { return s.ask("POST", "/api/v1/lamps", "{}", asBob, asJSON) }); n < 300 || w.Code != 429 {
		t.Errorf("%d writes of one account, then %d", n, w.Code)
	}
	if n, w := until(100, func() *httptest.ResponseRecorder {
		return s.ask("POST", "/signin", "a=b", asForm, "Remote: 198.51.100.1")
	}); n != 10 || w.Code != 429 {
		t.Errorf("%d sign-ins, then %d", n, w.Code)
	}
	if n, w := until(5000, func() *httptest.ResponseRecorder {
		return s.ask("GET", "/api/v1/lamps", "", "Remote: 192.0.2.1", "Authorization: Bearer guess")
	}); n < 200 || w.Code != 429 {
		t.Errorf("%d guessed tokens, then %d", n, w.Code)
	}
}

// The document has the structure OpenAPI 3.1 demands and names each door once.
func TestOpenAPI(t *testing.T) {
	s := one(t)
	b, err := s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI    string
		Info       struct{ Title, Version string }
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || doc.Info.Title == "" || doc.Info.Version == "" {
		t.Errorf("%+v", doc.Info)
	}
	ids := map[string]bool{}
	for path, item := range doc.Paths {
		for method, raw := range item {
			var op struct {
				OperationID string
				Parameters  []struct {
					Name, In string
					Required bool
					Schema   map[string]any
				}
				RequestBody *struct {
					Content map[string]struct{ Schema map[string]any }
				}
				Responses map[string]struct{ Description string }
			}
			if err := json.Unmarshal(raw, &op); err != nil {
				t.Fatal(err)
			}
			if !slices.Contains([]string{"get", "post"}, method) || op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s is called %q", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
			for _, p := range op.Parameters {
				if p.Name == "" || p.Schema == nil || !slices.Contains([]string{"path", "query", "header"}, p.In) || p.In == "path" && (!p.Required || !strings.Contains(path, "{"+p.Name+"}")) {
					t.Errorf("%s: parameter %+v", path, p)
				}
			}
			if n := strings.Count(path, "{"); n != len(slices.DeleteFunc(slices.Clone(op.Parameters), func(p struct {
				Name, In string
				Required bool
				Schema   map[string]any
			}) bool {
				return p.In != "path"
			})) {
				t.Errorf("%s has %d path parameters", path, n)
			}
			if method == "post" && (op.RequestBody == nil || len(op.RequestBody.Content) != 1) {
				t.Errorf("%s takes no body", path)
			}
			if len(op.Responses) < 2 || op.Responses["default"].Description == "" {
				t.Errorf("%s answers %v", path, op.Responses)
			}
		}
	}
	// What takes a text or an object says so.
	for _, f := range []flow.Field{
		{Kind: flow.Refs, Fields: []flow.Field{{Name: "title", Kind: flow.Text}}},
		{Kind: flow.Object, Short: "title", Fields: []flow.Field{{Name: "title", Kind: flow.Text}}},
	} {
		sc := web.FieldSchema(f)
		if f.Kind == flow.Refs {
			sc = sc.Items
		}
		if len(sc.OneOf) != 2 || sc.OneOf[0].Type != "string" || sc.OneOf[1].Properties["title"] == nil {
			t.Errorf("%s: %+v", f.Kind, sc)
		}
	}
	for _, want := range []string{"list-lamps", "create-lamp", "mend-lamp", "upload"} {
		if !ids[want] {
			t.Errorf("%s is missing", want)
		}
	}
	for _, m := range strings.Split(string(b), `"$ref": "#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(m, `"`)
		if doc.Components.Schemas[name] == nil {
			t.Errorf("$ref to %s leads nowhere", name)
		}
	}
	create := string(doc.Paths["/api/v1/lamps"]["post"])
	for _, want := range []string{`"additionalProperties": false`, `"required": [`, `"201"`, `"bearer"`, `"maxLength": 80`, `"application/json"`, "Idempotency-Key"} {
		if !strings.Contains(create, want) {
			t.Errorf("creating lacks %s:\n%s", want, create)
		}
	}
	if strings.Contains(string(b), "$schema") {
		t.Error("links built from the Host header")
	}
}
