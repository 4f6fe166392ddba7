package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"linli/internal/core/id"
)

type problem struct {
	Type, Title, Detail, Code string
	Status                    int
	Errors                    []struct{ Field, Message string }
}

func readProblem(t *testing.T, w *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d: not a problem: %s", w.Code, w.Body)
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("Content-Type %s", ct)
	}
	if p.Status != w.Code || p.Type != "about:blank" || p.Title == "" || p.Detail == "" || p.Code == "" || p.Errors == nil {
		t.Errorf("incomplete: %s", w.Body)
	}
	if strings.Contains(w.Body.String(), "goroutine") || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("it tells too much: %s", w.Body)
	}
	return p
}

// The first fault answers: size and type, identity, visible, an earlier
// reply, right, state, fields. Each row has every later fault as well.
func TestDoorOrder(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		open, hidden, done := s.born(t, "public"), s.born(t, "private"), s.born(t, "public")
		if w := s.ask("POST", "/api/v1/lamps/"+done+"/mend", `{}`, asBob, asJSON, "Idempotency-Key: used"); w.Code != 200 {
			t.Fatal(w.Body)
		}
		big := `{"z":"` + strings.Repeat("x", 1<<20) + `"}`
		mend := func(id string) string { return "/api/v1/lamps/" + id + "/mend" }
		for _, c := range []struct {
			name, path, body string
			headers          []string
			status           int
			code             string
		}{
			{"too large", mend(hidden), big, []string{"Authorization: Bearer wrong", "Content-Type: text/plain"}, 413, "too_large"},
			{"media type", mend(hidden), "a=b", []string{"Authorization: Bearer wrong", asForm}, 415, "media_type"},
			{"no media type", mend(hidden), "{}", []string{"Authorization: Bearer wrong"}, 415, "media_type"},
			{"wrong token", mend(hidden), `{`, []string{"Authorization: Bearer wrong", asJSON}, 401, "token"},
			{"nobody", mend(id.New()), `{`, []string{asJSON}, 401, "sign_in"},
			{"absent", mend(id.New()), `{`, []string{asBob, asJSON}, 404, "not_found"},
			{"malformed id", mend("x"), `{`, []string{asBob, asJSON}, 404, "not_found"},
			{"id with NUL", mend("%00"), `{`, []string{asBob, asJSON, "Idempotency-Key: k"}, 404, "not_found"},
			{"id that is no text", mend("%ff"), `{`, []string{asBob, asJSON, "Idempotency-Key: k"}, 404, "not_found"},
			{"hidden", mend(hidden), `{`, []string{asBob, asJSON, "If-Match: 9"}, 404, "not_found"},
			{"key before state", mend(done), `{"note":"x"}`, []string{asBob, asJSON, "Idempotency-Key: used", "If-Match: 9"}, 422, "key_reused"},
			{"right before state", mend(done), `{`, []string{asNovice, asJSON}, 403, "lamp.needs_v3"},
			{"state before fields", mend(done), `{`, []string{asBob, asJSON}, 409, "state"},
			{"version before fields", mend(open), `{`, []string{asBob, asJSON, "If-Match: 7"}, 409, "version"},
			{"malformed", mend(open), `{`, []string{asBob, asJSON, "If-Match: 1"}, 400, "malformed"},
			{"doubled name", mend(open), `{"note":"a","note":"b"}`, []string{asBob, asJSON}, 400, "malformed"},
			{"doubled name by escape", mend(open), `{"note":"a","n\u006fte":"b"}`, []string{asBob, asJSON}, 400, "malformed"},
			{"deep", mend(open), strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500), []string{asBob, asJSON}, 400, "malformed"},
			{"deep list", mend(open), `{"a":` + strings.Repeat(`[`, 100_000), []string{asBob, asJSON}, 400, "malformed"},
			{"behind", mend(open), `{} {}`, []string{asBob, asJSON}, 400, "malformed"},
			{"list", mend(open), `[]`, []string{asBob, asJSON}, 400, "malformed"},
			{"null", mend(open), `null`, []string{asBob, asJSON}, 400, "malformed"},
			{"not UTF-8", mend(open), "{\"note\":\"\xff\"}", []string{asBob, asJSON}, 400, "malformed"},
			{"unknown field", mend(open), `{"notes":"a"}`, []string{asBob, asJSON}, 422, "invalid"},
			{"NUL", mend(open), `{"note":"a\u0000"}`, []string{asBob, asJSON}, 422, "invalid"},
			{"type", mend(open), `{"note":7}`, []string{asBob, asJSON}, 422, "invalid"},
			{"If-Match is no number", mend(open), `{}`, []string{asBob, asJSON, "If-Match: x"}, 422, "invalid"},
			{"long key", mend(open), `{}`, []string{asBob, asJSON, "Idempotency-Key: " + strings.Repeat("k", 201)}, 422, "invalid"},
			{"key that is no text", mend(open), `{}`, []string{asBob, asJSON, "Idempotency-Key: \xff"}, 422, "invalid"},
		} {
			t.Run(c.name, func(t *testing.T) {
				w := s.ask("POST", c.path, c.body, c.headers...)
				if p := readProblem(t, w); p.Status != c.status || p.Code != c.code {
					t.Errorf("%d %s, want %d %s\n%s", p.Status, p.Code, c.status, c.code, s.log)
				}
			})
		}
		if w := s.ask("POST", mend(open), "", asBob); w.Code != 200 {
			t.Errorf("a move without fields needs no body: %d %s", w.Code, w.Body)
		}
	})
}

func TestChunkedBodiesAreBoundedToo(t *testing.T) {
	s := one(t)
	r := httptest.NewRequest("POST", "/api/v1/lamps", strings.NewReader(`{"title":"`+strings.Repeat("x", 2<<20)+`"}`))
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 413 {
		t.Errorf("%d", w.Code)
	}
}

// A client that writes all before it reads must find the answer, not a broken pipe.
func TestRefusedBodiesAreTakenIn(t *testing.T) {
	s := one(t)
	srv := httptest.NewServer(s)
	defer srv.Close()
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const size = 16 << 20
	fmt.Fprintf(c, "POST /api/v1/lamps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", size)
	if _, err := c.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != 413 {
		t.Errorf("%d", r.StatusCode)
	}
}

func TestWhoSendsWhatCannotBeReadIsAskedFirst(t *testing.T) {
	s := one(t)
	for who, status := range map[string]int{"": 401, asBob: 400} {
		header := []string{"Content-Type: multipart/form-data; boundary=x"}
		if who != "" {
			header = append(header, who)
		}
		if w := s.ask("POST", "/api/v1/files", "nothing", header...); w.Code != status {
			t.Errorf("%q: %d, want %d", who, w.Code, status)
		}
	}
}

func TestAbsentAndHiddenAnswerByteForByteAlike(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		hidden := s.born(t, "private")
		for _, door := range []struct{ method, before, after string }{
			{"GET", "/api/v1/lamps/", ""}, {"POST", "/api/v1/lamps/", "/mend"}, {"POST", "/lamps/", "/mend"},
		} {
			for _, as := range []string{asBob, asNovice} {
				headers := []string{as, asJSON}
				if strings.HasPrefix(door.before, "/lamps") {
					headers[1] = asForm
				}
				var first *httptest.ResponseRecorder
				for _, id := range []string{id.New(), hidden, "x", "%00", "..%2f", "%F0%9F%92%A1"} {
					w := s.ask(door.method, door.before+id+door.after, "", headers...)
					if first == nil {
						first = w
					}
					if w.Code != 404 || w.Body.String() != first.Body.String() || !reflect.DeepEqual(w.Header(), first.Header()) {
						t.Errorf("%s %s: %d %s %v", door.method, id, w.Code, w.Body, w.Header())
					}
				}
			}
		}
		// To an anonymous reader too, and a path that no route has.
		a, b := s.ask("GET", "/api/v1/lamps/"+hidden, ""), s.ask("GET", "/api/v1/nothing", "")
		if a.Code != 404 || a.Body.String() != b.Body.String() || !reflect.DeepEqual(a.Header(), b.Header()) {
			t.Errorf("%s %v\n%s %v", a.Body, a.Header(), b.Body, b.Header())
		}
	})
}

func TestCreateAndReplay(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		post := func(body string) *httptest.ResponseRecorder {
			return s.ask("POST", "/api/v1/lamps", body, asBob, asJSON, "Idempotency-Key: one")
		}
		if w := post(`{"title":""}`); w.Code != 422 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		first := post(`{"title":"路灯"}`)
		if first.Code != 201 || first.Header().Get("Location") == "" || !strings.Contains(first.Body.String(), `"title":"路灯"`) {
			t.Fatalf("%d %s %v", first.Code, first.Body, first.Header())
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				w := post(`{"title":"路灯"}`)
				if w.Code != 201 || w.Body.String() != first.Body.String() || w.Header().Get("Location") != first.Header().Get("Location") ||
					w.Header().Get("Idempotency-Replayed") != "true" || w.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
					t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
				}
			})
		}
		wg.Wait()
		if p := readProblem(t, post(`{"title":"另一盏"}`)); p.Status != 422 || p.Code != "key_reused" {
			t.Errorf("%+v", p)
		}
		var n int
		if err := s.journal.DB.Get(context.Background(), &n, `SELECT count(*) FROM lamps`); err != nil || n != 1 {
			t.Errorf("%d lamps, %v", n, err)
		}
	})
}

func TestFormsAnswerWith303AndReplay(t *testing.T) {
	s := one(t)
	post := func(body string) *httptest.ResponseRecorder { return s.ask("POST", "/lamps", body, asBob, asForm) }
	if w := post("title=&_op=o1"); w.Code != 422 || !strings.HasPrefix(w.Body.String(), "form again: fault.invalid [title: fault.required]") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	first := post("title=a&quantity.total=3&_op=o1")
	if first.Code != 303 || !strings.HasPrefix(first.Header().Get("Location"), "/lamps/0") {
		t.Fatalf("%d %v %s", first.Code, first.Header(), first.Body)
	}
	if w := post("quantity.total=3&_op=o1&title=a"); w.Code != 303 || w.Header().Get("Location") != first.Header().Get("Location") {
		t.Errorf("a double tap: %d %v", w.Code, w.Header())
	}
	if w := post("title=a&_op=o2&a%zz=1"); w.Code != 400 {
		t.Errorf("a broken form: %d %s", w.Code, w.Body)
	}
	deep := post("title=a" + "&" + strings.Repeat("a.", 300_000) + "b=1")
	if deep.Code != 422 {
		t.Errorf("a deep form: %d", deep.Code)
	}
	for range 20 { // a name that is both a value and an object is one fault, each time
		if w := post("title=a&quantity=3&quantity.total=3"); w.Code != 303 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	// A quiet act (a ballot) keeps no reply, but a page must lead somewhere.
	lamp := s.born(t, "public")
	for range 2 {
		w := s.ask("POST", "/lamps/"+lamp+"/mend", "_op=vote", asBob, asForm)
		if w.Code != 303 || w.Header().Get("Location") != "/lamps/"+lamp {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
	}
}

func upload(t *testing.T, fields map[string]string, files map[string]string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := m.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	for k, name := range files {
		w, err := m.CreateFormFile(k, name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("content of " + name))
	}
	m.Close()
	return b.String(), "Content-Type: " + m.FormDataContentType()
}

func TestFilesOfAFormAreKeptBeforeTheTransaction(t *testing.T) {
	s := one(t)
	body, ct := upload(t, map[string]string{"title": "a", "_op": "o1"}, map[string]string{"photos": "x.jpg"})
	if w := s.ask("POST", "/lamps", body, asBob, ct); w.Code != 303 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if len(s.shelf.files) != 1 || s.shelf.files[0] != "bob:x.jpg" {
		t.Errorf("kept %v", s.shelf.files)
	}
	var title string
	if err := s.journal.DB.Get(context.Background(), &title, `SELECT title FROM lamps`); err != nil || title != "a file-x.jpg" {
		t.Errorf("%q, %v", title, err)
	}
	// The same form under the same operation id is the same act.
	if w := s.ask("POST", "/lamps", body, asBob, ct); w.Code != 303 || w.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	body, ct = upload(t, map[string]string{"title": "a"}, map[string]string{"photos": "bad.svg"})
	if w := s.ask("POST", "/lamps", body, asBob, ct); w.Code != 422 || !strings.Contains(w.Body.String(), "photos: file.type") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	body, ct = upload(t, map[string]string{"title": "a"}, map[string]string{"evil": "y.jpg"})
	if w := s.ask("POST", "/lamps", body, asBob, ct); w.Code != 422 {
		t.Errorf("a file nobody asked for: %d %s", w.Code, w.Body)
	}
	n := len(s.shelf.files)
	if w := s.ask("POST", "/lamps", body, ct); w.Code != 303 || !strings.HasPrefix(w.Header().Get("Location"), "/signin") || len(s.shelf.files) != n {
		t.Errorf("who is not signed in leaves files: %d %v", w.Code, s.shelf.files)
	}
	if w := s.ask("POST", "/lamps", "--x\r\nbroken", asBob, "Content-Type: multipart/form-data; boundary=x"); w.Code != 400 {
		t.Errorf("a broken upload: %d %s", w.Code, w.Body)
	}
	if w := s.ask("POST", "/api/v1/files", "x", asBob, "Content-Type: multipart/form-data"); w.Code != 400 {
		t.Errorf("without a boundary: %d %s", w.Code, w.Body)
	}
	body, ct = upload(t, nil, map[string]string{"file": "z.jpg"})
	if w := s.ask("POST", "/api/v1/files", body, asBob, ct); w.Code != 200 || w.Body.String() != "{\"files\":1}\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestDraftsKeepWhatWasTypedButNoSecrets(t *testing.T) {
	s := one(t)
	w := s.ask("POST", "/lamps", "title=a&_op=o%261", asForm, "Referer: http://linli.example/lamps/new?x=1")
	if loc := w.Header().Get("Location"); w.Code != 303 || loc != "/signin?next=%2Flamps%2Fnew%3Fx%3D1%26draft%3Do%25261" {
		t.Errorf("%d %s", w.Code, loc)
	}
	if len(s.shelf.drafts) != 1 || !strings.HasPrefix(s.shelf.drafts[0], " o&1 /lamps ") {
		t.Errorf("%q", s.shelf.drafts)
	}
	s.ask("POST", "/lamps/x/mend", "choice=a&_op=o2", asForm)              // a ballot
	s.ask("POST", "/signin", "password=hunter2&_op=o3", asForm)            // the house is down
	s.ask("POST", "/lamps", "title=a&new_password=hunter2&_op=o4", asForm) // whatever the route
	if len(s.shelf.drafts) != 1 {
		t.Errorf("kept %q", s.shelf.drafts[1:])
	}
	if w := s.ask("POST", "/shaky", "a=b&_op=o5", asBob, asForm); w.Code != 500 || len(s.shelf.drafts) != 2 {
		t.Errorf("%d, drafts %q", w.Code, s.shelf.drafts)
	}
}

func TestInternalFaultsAreLoggedAndNeverShown(t *testing.T) {
	s := one(t)
	for _, w := range []*httptest.ResponseRecorder{s.ask("GET", "/api/v1/panic", ""), s.ask("POST", "/shaky", "", asForm)} {
		if w.Code != 500 || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "never shown") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if n := strings.Count(s.log.String(), "secret of the house"); n != 2 {
		t.Errorf("the log names %d of 2:\n%s", n, s.log)
	}
	if w := s.ask("POST", "/signin", "", asForm); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// Silence after a cancelled context must never look like success.
func TestACancelledRequestIsNotAnswered200(t *testing.T) {
	s := one(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "POST", "/api/v1/lamps", strings.NewReader(`{"title":"a"}`))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Authorization", "Bearer bob")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 503 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
