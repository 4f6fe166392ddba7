package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
	"linli/internal/platform/web"
	"linli/migrations"
)

// lamp is the matter of these tests. It is reported broken and mended.
type lamp struct {
	flow.Head
	Title  string `db:"title"`
	Hidden bool   `db:"hidden"`
}

func (l *lamp) Location() string { return "/api/v1/lamps/" + l.ID }

type lampView struct {
	ID      string     `json:"id"`
	Title   string     `json:"title"`
	State   flow.State `json:"state"`
	Version int64      `json:"version"`
}

func (v lampView) Location() string { return "/api/v1/lamps/" + v.ID }

var createFields = []flow.Field{
	{Name: "title", Kind: flow.Text, Required: true, Max: 80},
	{Name: "quantity", Kind: flow.Object, Fields: []flow.Field{{Name: "total", Kind: flow.Int, Min: 1, Max: 9}}},
	{Name: "photos", Kind: flow.Files},
	{Name: "visibility", Kind: flow.Enum, Values: []string{"public", "private"}},
}

var life = &flow.Table[*lamp]{
	Name: "lamp", Start: "dark", Ends: flow.In("bright"), Audience: func(*lamp) string { return event.Public },
	Moves: []flow.Move[*lamp]{{Do: "mend", From: flow.In("dark"), To: "bright", Takes: []flow.Field{flow.Note()},
		By: flow.By("resident", func(a actor.Actor, _ *lamp) access.Decision {
			if a.Level < actor.V3 {
				return access.No("lamp.needs_v3")
			}
			return access.Yes
		})}},
}

type store struct{}

func (store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*lamp, error) {
	m := &lamp{}
	return m, q.Get(ctx, m, `SELECT * FROM lamps WHERE id = ?`+suffix, id)
}

func (store) Insert(ctx context.Context, tx *db.Tx, m *lamp) error {
	_, err := tx.Exec(ctx, `INSERT INTO lamps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.State, m.Version, m.Since, m.DueAt, m.DueDo, m.Place, m.Community, m.Street, m.Author, m.CreatedAt, m.Title, m.Hidden)
	return err
}

func (store) Save(ctx context.Context, tx *db.Tx, m *lamp, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE lamps SET state = ?, version = ?, since = ? WHERE id = ? AND version = ?`, m.State, m.Version, m.Since, m.ID, was)
	return n == 1, err
}

func (store) Due(context.Context, db.Queryer, int64, int) ([]string, error) { return nil, nil }

const lampsTable = `-- +goose Up
CREATE TABLE lamps (id {{code}} PRIMARY KEY, state {{code}}, version bigint, since bigint, due_at bigint, due_do {{code}}, place {{code}},
    community {{code}}, street {{code}}, author {{code}}, created_at bigint, title text, hidden boolean);
-- +goose Down
DROP TABLE lamps;
`

func prepare(url string) error {
	core, err := migrations.Files.ReadFile("0001_core.sql")
	if err != nil {
		return err
	}
	d, err := db.Open(context.Background(), url, clock.System{})
	if err != nil {
		return err
	}
	_, err = d.Migrate(context.Background(), fstest.MapFS{"0001_core.sql": {Data: core}, "9001_lamp.sql": {Data: []byte(lampsTable)}})
	return errors.Join(err, d.Close())
}

// who knows the bearer tokens of the tests.
type who struct{}

func (who) Identify(_ context.Context, r *http.Request) (actor.Actor, error) {
	switch token := r.Header.Get("Authorization"); token {
	case "":
		return actor.Actor{}, nil
	case "Bearer ann", "Bearer bob":
		return actor.Actor{ID: token[7:], Level: actor.V3}, nil
	case "Bearer novice":
		return actor.Actor{ID: "novice", Level: actor.V1}, nil
	}
	return actor.Actor{}, fault.New(fault.SignIn, "fault.token")
}

func (who) Fresh(_ context.Context, _ db.Queryer, a actor.Actor) (actor.Actor, error) { return a, nil }

// shelf keeps uploads and drafts by writing down their names.
type shelf struct{ files, drafts []string }

func (s *shelf) Keep(_ context.Context, a actor.Actor, name string, r io.Reader) (string, error) {
	if name == "bad.svg" {
		return "", fault.Field1("photos", "file.type")
	}
	s.files = append(s.files, a.ID+":"+name)
	return "file-" + name, nil
}

type drafts struct{ *shelf }

func (d drafts) Keep(_ context.Context, account, operation, path, form string) error {
	d.shelf.drafts = append(d.shelf.drafts, account+" "+operation+" "+path+" "+form)
	return nil
}

type site struct {
	*web.Server
	http.Handler
	journal *journal.Journal
	lamps   *journal.Machine[*lamp]
	clock   *clock.Fake
	shelf   *shelf
	log     *bytes.Buffer
	renders atomic.Int64
	due     int64
}

func text(_, key string, args map[string]any) string {
	s := key
	for _, k := range slices.Sorted(maps.Keys(args)) {
		s += fmt.Sprintf(" %s=%v", k, args[k])
	}
	return s
}

func component(s string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, s); return err })
}

func newSite(t testing.TB, url string) *site {
	t.Helper()
	s := &site{clock: clock.NewFake(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)), shelf: &shelf{}, log: &bytes.Buffer{}}
	d, err := db.Open(context.Background(), url, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	log := slog.New(slog.NewTextHandler(s.log, nil))
	s.journal = journal.New(d, log)
	s.journal.Actors = who{}
	s.lamps = &journal.Machine[*lamp]{Journal: s.journal, Life: life, Store: store{}, Sees: func(a actor.Actor, m *lamp) bool {
		return !m.Hidden || a.ID == m.Author
	}}
	s.Server = &web.Server{
		Identity: who{}, Files: s.shelf, Drafts: drafts{s.shelf}, Clock: s.clock, Log: log, BaseURL: "https://linli.example", Text: text,
		Fault: func(_ *web.Call, f *fault.Error, id string) templ.Component {
			return component("fault " + f.Key + " " + map[bool]string{true: "with id", false: ""}[id != ""])
		},
		Generation: s.journal.Generation,
	}
	s.Server.Handle(s.routes()...)
	s.Handler = s.Server.Handler()
	return s
}

func (s *site) routes() []web.Route {
	view := func(_ *db.Tx, m *lamp, _ actor.Actor, _ int64) (any, error) {
		return lampView{m.ID, m.Title, m.State, m.Version}, nil
	}
	create := func(c *web.Call) (any, error) {
		var out any
		err := s.journal.Write(c.Context(), func(tx *db.Tx) (any, error) {
			in, err := c.Body(createFields)
			if err != nil {
				return nil, err
			}
			m := &lamp{Title: in.Text("title"), Hidden: in.Text("visibility") == "private"}
			if in.Has("photos") {
				m.Title += " " + strings.Join(in.List("photos"), ",")
			}
			m.Author = c.Actor.ID
			m.Locate("320105004004")
			if err := s.lamps.Born(c.Context(), tx, m, "", &flow.Change{Actor: c.Actor}); err != nil {
				return nil, err
			}
			out, err = view(tx, m, c.Actor, 0)
			return out, err
		})
		return out, err
	}
	mend := func(c *web.Call) (any, error) {
		v, verr := c.Version()
		return s.lamps.Do(c.Context(), journal.Request{ID: c.Path("id"), Do: "mend", IfMatch: v, Read: func(fs []flow.Field) (flow.Input, error) {
			if verr != nil {
				return nil, verr
			}
			return c.Body(fs)
		}}, view)
	}
	list := func(c *web.Call) (string, error) {
		s.renders.Add(1)
		in, err := c.Query()
		if err != nil {
			return "", err
		}
		if _, err := web.PageOf(in); err != nil {
			return "", err
		}
		c.ShownUntil(s.due)
		return fmt.Sprintf("q=%s lang=%s care=%v size=%s", in.Text("q"), c.Lang, c.Care, c.Size), nil
	}
	query := append(web.Paging(), flow.Field{Name: "q", Kind: flow.Text, Max: 100}, flow.Field{Name: "ids", Kind: flow.Refs})
	return []web.Route{
		{Method: "GET", Path: "/api/v1/lamps", Name: "list-lamps", Query: query, Out: struct{ Items []lampView }{}, Public: []string{"lamp"},
			Do: func(c *web.Call) (any, error) {
				s, err := list(c)
				return map[string]string{"shown": s}, err
			}},
		{Method: "GET", Path: "/lamps", Name: "page-lamps", Query: query, Public: []string{"lamp"},
			Do: func(c *web.Call) (any, error) { s, err := list(c); return component(s), err }},
		{Method: "GET", Path: "/lamps.csv", Name: "csv-lamps", Public: []string{"lamp"}, Do: func(c *web.Call) (any, error) {
			s.renders.Add(1)
			return web.Raw{Type: "text/csv", Body: []byte("a,b\n"), Header: map[string]string{"Content-Disposition": "attachment"}}, nil
		}},
		{Method: "POST", Path: "/api/v1/lamps", Name: "create-lamp", Body: createFields, Out: lampView{}, Status: 201, SignedIn: true, Do: create},
		{Method: "GET", Path: "/api/v1/lamps/{id}", Name: "read-lamp", Out: lampView{}, Public: []string{"lamp"}, Do: func(c *web.Call) (any, error) {
			m, err := s.lamps.Read(c.Context(), s.journal.DB, c.Actor, c.Path("id"), c.Now())
			if err != nil {
				return nil, err
			}
			return view(nil, m, c.Actor, 0)
		}},
		{Method: "POST", Path: "/api/v1/lamps/{id}/mend", Name: "mend-lamp", Body: life.Fields("mend"), Out: lampView{}, SignedIn: true, Do: mend},
		{Method: "POST", Path: "/lamps", Name: "form-lamp", SignedIn: true, After: func(out any) string { return "/lamps/" + out.(lampView).ID },
			Do: func(c *web.Call) (any, error) {
				out, err := create(c)
				if err != nil {
					return component("form again: " + err.Error()), err
				}
				return out, nil
			}},
		{Method: "POST", Path: "/lamps/{id}/mend", Name: "form-mend", SignedIn: true, Quiet: true, Do: mend},
		{Method: "POST", Path: "/signin", Name: "signin", Guard: "signin", Do: func(c *web.Call) (any, error) {
			return nil, fault.New(fault.Unavailable, "fault.unavailable")
		}},
		{Method: "POST", Path: "/shaky", Name: "shaky", Do: func(c *web.Call) (any, error) {
			return component("never shown"), errors.New("secret of the house")
		}},
		{Method: "GET", Path: "/api/v1/panic", Name: "panic", Do: func(*web.Call) (any, error) { panic("secret of the house") }},
		{Method: "POST", Path: "/api/v1/files", Name: "upload", Type: "multipart/form-data", MaxBytes: 20 << 20, SignedIn: true, Do: func(c *web.Call) (any, error) {
			return map[string]int{"files": len(c.Uploads("file"))}, nil
		}},
		{Method: "GET", Path: "/api/v1/tree/{path...}", Name: "tree", Out: []lampView{}, Do: func(c *web.Call) (any, error) { return c.Path("path"), nil }},
		{Method: "GET", Path: "/go", Name: "go", Do: func(*web.Call) (any, error) { return web.Redirect("/lamps"), nil }},
	}
}

// each runs the body with a site on both engines; on SQLite alone when the
// database does not matter.
func each(t *testing.T, body func(t *testing.T, s *site)) {
	t.Helper()
	dbtest.EachFrom(t, "lamps", prepare, func(t *testing.T, url string) { body(t, newSite(t, url)) })
}

func one(t testing.TB) *site {
	t.Helper()
	return newSite(t, dbtest.SQLiteFromTemplate(t, "lamps", prepare))
}

// ask sends a request. Headers are "Name: value".
func (s *site) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://linli.example"+path, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, "http://linli.example"+path, nil)
	}
	r.RemoteAddr = "127.0.0.1:5000"
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		if k == "Remote" {
			r.RemoteAddr = v + ":5000"
			continue
		}
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

const (
	asAnn    = "Authorization: Bearer ann"
	asBob    = "Authorization: Bearer bob"
	asNovice = "Authorization: Bearer novice"
	asJSON   = "Content-Type: application/json"
	asForm   = "Content-Type: application/x-www-form-urlencoded"
)

// born makes a lamp of ann's and returns its id.
func (s *site) born(t testing.TB, visibility string) string {
	t.Helper()
	w := s.ask("POST", "/api/v1/lamps", `{"title":"灯","visibility":"`+visibility+`"}`, asAnn, asJSON)
	if w.Code != 201 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return strings.TrimPrefix(w.Header().Get("Location"), "/api/v1/lamps/")
}
