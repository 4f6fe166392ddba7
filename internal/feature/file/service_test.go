package file

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/blob"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
	"linli/internal/platform/outbound"
	"linli/internal/platform/web"
	"linli/migrations"
)

// house is the feature with everything real but who asks.
type house struct {
	*Service
	t     *testing.T
	db    *db.DB
	clock *clock.Fake
	dir   string
	site  http.Handler
	seen  wishes
}

// wishes says of each wish who may see it: "" anybody.
type wishes map[string][]string

func (w wishes) MaySee(_ context.Context, a actor.Actor, subject string) (bool, error) {
	for _, who := range w[subject] {
		if who == "" || who == a.ID {
			return true, nil
		}
	}
	return false, nil
}

type bearer struct{}

func (bearer) Identify(_ context.Context, r *http.Request) (actor.Actor, error) {
	return actor.Actor{ID: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")}, nil
}

func migrated(url string) error {
	d, err := db.Open(context.Background(), url, clock.System{})
	if err != nil {
		return err
	}
	_, err = d.Migrate(context.Background(), migrations.Files)
	return errors.Join(err, d.Close())
}

func each(t *testing.T, body func(h *house)) {
	dbtest.EachFrom(t, "migrated", migrated, func(t *testing.T, url string) {
		h := &house{t: t, clock: clock.NewFake(time.Now()), dir: t.TempDir(), seen: wishes{}}
		var err error
		if h.db, err = db.Open(t.Context(), url, h.clock); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.db.Close() })
		blobs, err := blob.Open("file:"+h.dir, outbound.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		log := slog.New(slog.DiscardHandler)
		h.Service = New(journal.New(h.db, log), blobs)
		h.View("wish", h.seen)
		s := &web.Server{
			Identity: bearer{}, Clock: h.clock, Log: log, Files: h.Service, Generation: h.journal.Generation,
			Text: func(_, key string, _ map[string]any) string { return key },
			Fault: func(_ *web.Call, f *fault.Error, _ string) templ.Component {
				return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
					_, err := io.WriteString(w, f.Key)
					return err
				})
			},
		}
		s.Handle(h.Routes()...)
		h.site = s.Handler()
		body(h)
	})
}

var _ web.Files = (*Service)(nil)

func (h *house) ask(r *http.Request, who string) *httptest.ResponseRecorder {
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	w := httptest.NewRecorder()
	h.site.ServeHTTP(w, r)
	return w
}

func form(field, name string, content []byte) *http.Request {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	p, _ := m.CreateFormFile(field, name)
	p.Write(content)
	m.Close()
	r := httptest.NewRequest("POST", "/api/v1/files", &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return r
}

func (h *house) upload(who, name string, content []byte) Meta {
	h.t.Helper()
	w := h.ask(form("file", name, content), who)
	var m Meta
	if err := json.Unmarshal(w.Body.Bytes(), &m); w.Code != http.StatusCreated || err != nil {
		h.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return m
}

func (h *house) get(path, who string) *httptest.ResponseRecorder {
	return h.ask(httptest.NewRequest("GET", path, nil), who)
}

func (h *house) attach(who, subject string, ids ...string) error {
	return h.db.Write(h.t.Context(), func(tx *db.Tx) error {
		return h.Attach(h.t.Context(), tx, actor.Actor{ID: who}, ids, "wish", subject)
	})
}

// files lists what lies in the blob store.
func (h *house) files() (keys []string) {
	h.blobs.Walk(h.t.Context(), func(i blob.Info) error { keys = append(keys, i.Key); return nil })
	return keys
}

func TestUploadAndRead(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		photo := withExif(jpegOf(sample(900, 600)), []byte("MM\x00*\x00\x00\x00\x08\x00\x00"))
		w := h.ask(form("file", "照片.JPG", photo), "ann")
		var m Meta
		json.Unmarshal(w.Body.Bytes(), &m)
		if w.Code != 201 || w.Header().Get("Location") != "/files/"+m.ID || !id.Valid(m.ID) || m.Name != "照片.JPG" || m.Type != "image/jpeg" ||
			m.URL != "/files/"+m.ID || m.Thumbnail == nil || *m.Thumbnail != m.URL+"/thumbnail" || m.Bytes == 0 {
			t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		w = h.get(m.URL, "ann")
		if w.Code != 200 || int64(w.Body.Len()) != m.Bytes || w.Header().Get("Content-Type") != "image/jpeg" || w.Header().Get("Content-Disposition") != "inline" ||
			w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "private, no-store" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
		if w := h.get(*m.Thumbnail, "ann"); w.Code != 200 || int64(w.Body.Len()) >= m.Bytes {
			t.Errorf("thumbnail %d, %d bytes", w.Code, w.Body.Len())
		}
		d := h.upload("ann", "名单 \"x\".csv", []byte("姓名,数量\n"))
		if d.Thumbnail != nil {
			t.Error("a table has a thumbnail")
		}
		w = h.get(d.URL, "ann")
		if cd := w.Header().Get("Content-Disposition"); !strings.HasPrefix(cd, "attachment; filename*=utf-8''%E5") || w.Body.String() != "姓名,数量\n" ||
			!strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%q %v", cd, w.Header())
		}
		if w := h.get(d.URL+"/thumbnail", "ann"); w.Code != 404 {
			t.Errorf("thumbnail of a table: %d", w.Code)
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		ok := jpegOf(sample(4, 4))
		two := func() *http.Request {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			for range 2 {
				p, _ := m.CreateFormFile("file", "a.jpg")
				p.Write(ok)
			}
			m.Close()
			r := httptest.NewRequest("POST", "/api/v1/files", &b)
			r.Header.Set("Content-Type", m.FormDataContentType())
			return r
		}()
		field := func() *http.Request {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			m.WriteField("subject", "x")
			p, _ := m.CreateFormFile("file", "a.jpg")
			p.Write(ok)
			m.Close()
			r := httptest.NewRequest("POST", "/api/v1/files", &b)
			r.Header.Set("Content-Type", m.FormDataContentType())
			return r
		}()
		plain := httptest.NewRequest("POST", "/api/v1/files", bytes.NewReader(ok))
		plain.Header.Set("Content-Type", "image/jpeg")
		cut := form("file", "a.jpg", ok)
		body, _ := io.ReadAll(cut.Body)
		cut.Body, cut.ContentLength = io.NopCloser(bytes.NewReader(body[:len(body)/2])), int64(len(body)/2)
		for name, c := range map[string]struct {
			r      *http.Request
			who    string
			status int
		}{
			"nobody":        {form("file", "a.jpg", ok), "", 401},
			"no file":       {form("photo", "a.jpg", ok), "ann", 422},
			"two files":     {two, "ann", 422},
			"other field":   {field, "ann", 422},
			"not multipart": {plain, "ann", 415},
			"cut off":       {cut, "ann", 400},
			"empty":         {form("file", "a.jpg", nil), "ann", 422},
			"too big":       {form("file", "a.jpg", append(bytes.Clone(ok), make([]byte, MaxBytes)...)), "ann", 413},
			"far too big":   {form("file", "a.jpg", make([]byte, MaxBytes+1<<20)), "ann", 413},
			"svg":           {form("file", "a.svg", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")), "ann", 415},
			"html":          {form("file", "a.txt", []byte("<!doctype html><p>")), "ann", 415},
			"half an image": {form("file", "a.jpg", ok[:len(ok)/2]), "ann", 422},
			"bomb":          {form("file", "a.png", pngClaiming(50_000, 50_000)), "ann", 413},
		} {
			if w := h.ask(c.r, c.who); w.Code != c.status || !strings.Contains(w.Header().Get("Content-Type"), "problem+json") {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		if left := h.files(); len(left) != 0 {
			t.Errorf("refused files left %v", left)
		}
		var n int
		if err := h.db.Get(t.Context(), &n, `SELECT count(*) FROM files`); err != nil || n != 0 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestNotVisibleIsAbsent: who may not see the matter gets, byte for byte, the
// answer for a file that never was.
func TestNotVisibleIsAbsent(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		m := h.upload("ann", "a.jpg", jpegOf(sample(20, 20)))
		other := h.upload("ann", "b.txt", []byte("text"))
		wish := id.New()
		same := func(when, who string) {
			t.Helper()
			absent := h.get("/files/"+id.New(), who)
			for _, path := range []string{m.URL, m.URL + "/thumbnail", "/files/nonsense", "/files/" + strings.ToUpper(m.ID), other.URL + "/thumbnail"} {
				w := h.get(path, who)
				if w.Code != 404 || w.Body.String() != absent.Body.String() || fmt.Sprint(w.Header()) != fmt.Sprint(absent.Header()) {
					t.Errorf("%s, %q, %s: %d %v %s", when, who, path, w.Code, w.Header(), w.Body)
				}
			}
		}
		same("loose", "")
		same("loose", "bob")
		h.seen[wish] = []string{"bob"}
		if err := h.attach("ann", wish, m.ID); err != nil {
			t.Fatal(err)
		}
		same("private", "")
		same("private", "carl")
		for _, who := range []string{"ann", "bob"} {
			if w := h.get(m.URL, who); w.Code != 200 || w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("ETag") != "" {
				t.Errorf("%s: %d %v", who, w.Code, w.Header())
			}
		}
		h.seen[wish] = nil // bob's right has ended
		same("ended", "bob")
		h.seen[wish] = []string{""}
		for _, who := range []string{"", "bob"} {
			for _, path := range []string{m.URL, m.URL + "/thumbnail"} {
				w := h.get(path, who)
				tag := w.Header().Get("ETag")
				if w.Code != 200 || tag == "" || w.Header().Get("Cache-Control") != "private, no-cache" {
					t.Fatalf("public: %d %v", w.Code, w.Header())
				}
				r := httptest.NewRequest("GET", path, nil)
				r.Header.Set("If-None-Match", tag)
				if w := h.ask(r, who); w.Code != 304 || w.Body.Len() != 0 {
					t.Errorf("again: %d", w.Code)
				}
				h.seen[wish] = nil
				if w := h.ask(r, who); w.Code != 404 {
					t.Errorf("a known tag opens a closed door: %d", w.Code)
				}
				h.seen[wish] = []string{""}
			}
		}
		err := h.db.Write(t.Context(), func(tx *db.Tx) error { return h.Drop(t.Context(), tx, wish) })
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"", "ann", "bob"} {
			same("dropped", who)
		}
		// A kind nobody answers for is seen by the uploader alone.
		err = h.db.Write(t.Context(), func(tx *db.Tx) error {
			return h.Attach(t.Context(), tx, actor.Actor{ID: "ann"}, []string{other.ID}, "unknown", id.New())
		})
		if err != nil || h.get(other.URL, "ann").Code != 200 || h.get(other.URL, "bob").Code != 404 {
			t.Errorf("kind without a viewer: %v", err)
		}
	})
}

func TestUploadActsOnce(t *testing.T) {
	each(t, func(h *house) {
		t := h.t
		replies := map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				r := form("file", "a.png", pngOf(sample(2, 2)))
				r.Header.Set("Idempotency-Key", "key-0001-of-this-test")
				w := h.ask(r, "ann")
				mu.Lock()
				defer mu.Unlock()
				replies[fmt.Sprint(w.Code, w.Body)]++
			})
		}
		wg.Wait()
		var n int
		h.db.Get(t.Context(), &n, `SELECT count(*) FROM files`)
		if len(replies) != 1 || n != 1 || len(h.files()) != 2 {
			t.Errorf("replies %v, %d rows, blobs %v", replies, n, h.files())
		}
	})
}

func TestKeepLeavesTheKeyToTheForm(t *testing.T) {
	each(t, func(h *house) {
		ctx := journal.WithAct(h.t.Context(), &journal.Act{Account: "ann", Method: "POST", Path: "/wishes", Key: "k", Body: "b",
			Render: func(any) (journal.Reply, error) { return journal.Reply{}, errors.New("used up by a file") }})
		for range 2 {
			if got, err := h.Keep(ctx, actor.Actor{ID: "ann"}, "a.txt", strings.NewReader("x")); err != nil || !id.Valid(got) {
				h.t.Errorf("%q %v", got, err)
			}
		}
	})
}

func TestLooseFilesAreBounded(t *testing.T) {
	each(t, func(h *house) {
		for range LooseMost {
			if _, err := h.Keep(h.t.Context(), actor.Actor{ID: "ann"}, "a.txt", strings.NewReader("x")); err != nil {
				h.t.Fatal(err)
			}
		}
		if w := h.ask(form("file", "a.txt", []byte("x")), "ann"); w.Code != 429 || w.Header().Get("Retry-After") == "" {
			h.t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := h.ask(form("file", "a.txt", []byte("x")), "bob"); w.Code != 201 {
			h.t.Errorf("bob pays for ann: %d", w.Code)
		}
	})
}

// failing is a blob store whose disk is full.
type failing struct{ blob.Store }

func (failing) Put(context.Context, string, io.Reader) error { return errors.New("no space left") }

func TestStorageDown(t *testing.T) {
	each(t, func(h *house) {
		h.blobs = failing{h.blobs}
		if w := h.ask(form("file", "a.txt", []byte("x")), "ann"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
			h.t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
