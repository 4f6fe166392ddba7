package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
	"linli/migrations"
)

// tool is the matter of these tests: something lent, so many times.
type tool struct {
	flow.Head
	Left   int64  `db:"left_over"`
	Hidden bool   `db:"hidden"`
	Holder string `db:"holder"`
}

var at0 = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

var life = &flow.Table[*tool]{
	Name: "tool", Start: "open", Ends: flow.In("gone"),
	Audience: func(m *tool) string {
		if m.Hidden {
			return event.Private
		}
		return event.Public
	},
	Moves: []flow.Move[*tool]{
		{Do: "lend", From: flow.In("open"), By: flow.By("resident", func(a actor.Actor, m *tool) access.Decision {
			if a.Level < actor.V3 {
				return access.No("tool.needs_v3")
			}
			return access.Yes
		}),
			If:    []flow.Guard[*tool]{{Reason: "tool.none_left", OK: func(m *tool, _ actor.Actor, _ int64) bool { return m.Left > 0 }}},
			Takes: []flow.Field{{Name: "amount", Kind: flow.Int, Min: 1, Max: 100}, flow.Note()},
			Effect: func(m *tool, c *flow.Change) error {
				n, ok := c.In.Int("amount")
				if !ok {
					n = 1
				}
				if n > m.Left {
					return fault.New(fault.Conflict, "tool.none_left", "left", m.Left)
				}
				m.Left, m.Holder = m.Left-n, c.Actor.ID
				return nil
			},
			Tells: func(m *tool, _ *flow.Change) []event.Tell { return []event.Tell{event.ToAccount(m.Author, "author")} },
		},
		{Do: "hide", From: flow.In("open"), By: flow.By("author", author), Effect: func(m *tool, _ *flow.Change) error { m.Hidden = true; return nil }},
		{Do: "fade", From: flow.In("open"), To: "faded", By: flow.Time[*tool](), Effect: func(m *tool, _ *flow.Change) error { m.Hidden = true; return nil }},
		{Do: "vanish", From: flow.In("faded"), To: "gone", By: flow.Time[*tool]()},
		{Do: "revive", From: flow.In("faded"), To: "open", By: flow.By("author", author)},
	},
	Deadlines: []flow.Deadline[*tool]{
		{In: flow.In("open"), Do: "fade", After: "tool.fade"},
		{In: flow.In("faded"), Do: "vanish", After: "tool.vanish"},
	},
}

func author(a actor.Actor, m *tool) access.Decision { return access.When(a.ID == m.Author) }

// spans: a tool fades after 10 days and vanishes after 5 more.
type spans struct{}

func (spans) After(_, setting string, from int64) int64 {
	return from + map[string]time.Duration{"tool.fade": 10 * day, "tool.vanish": 5 * day}[setting].Milliseconds()
}

type store struct{}

func (store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*tool, error) {
	m := &tool{}
	return m, q.Get(ctx, m, `SELECT * FROM tools WHERE id = ?`+suffix, id)
}

func (store) Insert(ctx context.Context, tx *db.Tx, m *tool) error {
	_, err := tx.Exec(ctx, `INSERT INTO tools (id, state, version, since, due_at, due_do, place, community, street, author, created_at, left_over, hidden, holder)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, m.ID, m.State, m.Version, m.Since, m.DueAt, m.DueDo, m.Place, m.Community, m.Street, m.Author, m.CreatedAt, m.Left, m.Hidden, m.Holder)
	return err
}

func (store) Save(ctx context.Context, tx *db.Tx, m *tool, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE tools SET state = ?, version = ?, since = ?, due_at = ?, due_do = ?, left_over = ?, hidden = ?, holder = ? WHERE id = ? AND version = ?`,
		m.State, m.Version, m.Since, m.DueAt, m.DueDo, m.Left, m.Hidden, m.Holder, m.ID, was)
	return n == 1, err
}

func (store) Due(ctx context.Context, q db.Queryer, now int64, limit int) ([]string, error) {
	var ids []string
	err := q.Select(ctx, &ids, `SELECT id FROM tools WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
	return ids, err
}

const toolsTable = `-- +goose Up
CREATE TABLE tools (
    id {{code}} PRIMARY KEY, state {{code}} NOT NULL, version bigint NOT NULL, since bigint NOT NULL, due_at bigint NOT NULL, due_do {{code}} NOT NULL,
    place {{code}} NOT NULL, community {{code}} NOT NULL, street {{code}} NOT NULL, author {{code}} NOT NULL, created_at bigint NOT NULL,
    left_over bigint NOT NULL CHECK (left_over >= 0), hidden boolean NOT NULL, holder {{code}} NOT NULL
);
CREATE INDEX tools_due ON tools (due_at);
CREATE TABLE heard (reader {{code}} NOT NULL, seq bigint NOT NULL, n bigint NOT NULL, PRIMARY KEY (reader, seq));
-- +goose Down
DROP TABLE heard;
DROP TABLE tools;
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
	_, err = d.Migrate(context.Background(), fstest.MapFS{"0001_core.sql": {Data: core}, "9001_tool.sql": {Data: []byte(toolsTable)}})
	return errors.Join(err, d.Close())
}

// actors knows who has lost a level since she signed in.
type actors map[string]actor.Level

func (f actors) Fresh(_ context.Context, _ db.Queryer, a actor.Actor) (actor.Actor, error) {
	if l, ok := f[a.ID]; ok {
		a.Level = l
	}
	return a, nil
}

// house is one node.
type house struct {
	*journal.Journal
	tools *journal.Machine[*tool]
	clock *clock.Fake
	fresh actors
}

func node(t testing.TB, url string) *house {
	t.Helper()
	c := clock.NewFake(at0)
	d, err := db.Open(context.Background(), url, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	j := journal.New(d, slog.New(slog.NewTextHandler(io.Discard, nil)))
	h := &house{Journal: j, clock: c, fresh: actors{}}
	j.Actors, j.Spans = h.fresh, spans{}
	h.tools = &journal.Machine[*tool]{Journal: j, Life: life, Store: store{}, Sees: func(a actor.Actor, m *tool) bool {
		return !m.Hidden || a.ID == m.Author
	}}
	return h
}

func each(t *testing.T, body func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.EachFrom(t, "tools", prepare, func(t *testing.T, url string) { body(t, node(t, url)) })
}

var (
	ann    = actor.Actor{ID: "ann", Level: actor.V3}
	bob    = actor.Actor{ID: "bob", Level: actor.V3}
	novice = actor.Actor{ID: "novice", Level: actor.V1}
)

// born makes a tool of ann's.
func (h *house) born(t testing.TB, left int64, hidden bool) *tool {
	t.Helper()
	m := &tool{Left: left, Hidden: hidden}
	m.Author = "ann"
	m.Locate("320105004004")
	err := h.Write(actor.With(context.Background(), ann), func(tx *db.Tx) (any, error) {
		return nil, h.tools.Born(context.Background(), tx, m, "", &flow.Change{Actor: ann})
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func show(_ *db.Tx, m *tool, _ actor.Actor, _ int64) (any, error) {
	return map[string]any{"id": m.ID, "left": m.Left, "version": m.Version}, nil
}

// lend makes the move as a, with the JSON body, under key when it is not "".
func (h *house) lend(a actor.Actor, id, body, key string) (any, error) {
	return h.act(a, journal.Request{ID: id, Do: "lend"}, body, key)
}

func (h *house) act(a actor.Actor, r journal.Request, body, key string) (any, error) {
	ctx := actor.With(context.Background(), a)
	if key != "" {
		ctx = journal.WithAct(ctx, act(a, r.ID, key, body))
	}
	if r.Read == nil {
		raw := map[string]any{}
		if err := json.Unmarshal([]byte(body), &raw); err != nil {
			panic(err)
		}
		if n, ok := raw["amount"].(float64); ok {
			raw["amount"] = int64(n)
		}
		r.Read = journal.Reading(raw)
	}
	return h.tools.Do(ctx, r, show)
}

func act(a actor.Actor, path, key, body string) *journal.Act {
	return &journal.Act{Account: a.ID, Method: "POST", Path: "/tools/" + path, Key: key, Body: "hash of " + body,
		Render: func(out any) (journal.Reply, error) {
			b, err := json.Marshal(out)
			return journal.Reply{Status: 200, Location: "/tools/" + path, Body: string(b)}, err
		}}
}

func (h *house) load(t testing.TB, id string) *tool {
	t.Helper()
	m, err := store{}.Load(context.Background(), h.DB, id, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (h *house) number(t testing.TB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := h.DB.Get(context.Background(), &n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}
