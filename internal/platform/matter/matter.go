// Package matter gives a kind of matter its doors from its lifecycle table:
// list, create, read, move and timeline under /api/v1, and the move forms of
// its pages. A feature fills in a Kind; nothing about moves is written twice.
package matter

import (
	"context"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/web"
)

// Say resolves a text in the language of one caller.
type Say func(key string, pairs ...any) string

// Names says who did something, as others may read it: the unit of staff and
// groups, the public name of a person, never a phone.
type Names interface {
	Label(ctx context.Context, q db.Queryer, e event.Event, say func(key string, pairs ...any) string) (string, error)
}

// View is one reading of a matter: by whom, when, in which language.
type View struct {
	Actor actor.Actor
	Now   int64
	Say   Say
	Brief bool // an item of a list: without actions and claims
}

// Kind is a kind of matter with its doors.
type Kind[T flow.Matter] struct {
	Plural  string // path segment: "wishes"
	Machine *journal.Machine[T]
	Names   Names
	// Fields of a create, and parameters of the list beside limit and cursor.
	Fields []flow.Field
	Filter []flow.Field
	// Create makes a matter from checked fields in one write and returns it shown.
	Create func(ctx context.Context, c *web.Call) (any, error)
	// List returns a page of matters the actor may see.
	List func(ctx context.Context, q db.Queryer, v View, in flow.Input, ask page.Ask) ([]T, error)
	// Show renders a matter as JSON and pages know it. Its type is Out.
	Show func(ctx context.Context, q db.Queryer, m T, v View) (any, error)
	Out  any // zero value of Show's result
	// Kinds of events an anonymous rendering depends on; default the matter's own.
	Public []string
}

// Action is one possible move in JSON.
type Action struct {
	Do      string  `json:"do"`
	Label   string  `json:"label"`
	Enabled bool    `json:"enabled"`
	Reason  string  `json:"reason"`
	Fields  []Field `json:"fields"`
}

// Field is one input of a move in JSON.
type Field struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Type     string   `json:"type"`
	Required bool     `json:"required"`
	Min      int64    `json:"min,omitempty"`
	Max      int64    `json:"max,omitempty"`
	Values   []string `json:"values,omitempty"`
	Fields   []Field  `json:"fields,omitempty"`
}

// Actions renders what the viewer may do, in the viewer's language.
func (k *Kind[T]) Actions(m T, v View) []Action {
	out := []Action{}
	for _, a := range k.Machine.Life.Actions(m, v.Actor, v.Now) {
		j := Action{Do: a.Do, Label: v.Say(a.Label), Enabled: a.Enabled, Fields: fields(k.Machine.Life.Name, a.Fields, v.Say)}
		if a.Reason != "" && !a.Enabled {
			j.Reason = v.Say(a.Reason)
		}
		out = append(out, j)
	}
	return out
}

func fields(kind string, fs []flow.Field, say Say) []Field {
	out := make([]Field, 0, len(fs))
	for _, f := range fs {
		out = append(out, Field{
			Name: f.Name, Label: say(kind + ".field." + f.Name), Type: string(f.Kind), Required: f.Required,
			Min: f.Min, Max: f.Max, Values: f.Values, Fields: fields(kind, f.Fields, say),
		})
	}
	return out
}

// TimelineItem is one line of a matter's story.
type TimelineItem struct {
	Seq  int64     `json:"seq"`
	At   time.Time `json:"at"`
	Do   string    `json:"do"`
	From string    `json:"from"`
	To   string    `json:"to"`
	By   string    `json:"by"`
	Note string    `json:"note"`
	// Codes are the ids and numbers of the event, for pages.
	Codes map[string]any `json:"-"`
}

// Timeline tells a matter's story to a viewer who may see the matter.
func (k *Kind[T]) Timeline(ctx context.Context, q db.Queryer, m T, v View) ([]TimelineItem, error) {
	told, err := k.Machine.Journal.Timeline(ctx, q, m.Header().ID)
	if err != nil {
		return nil, err
	}
	items := make([]TimelineItem, 0, len(told))
	for _, t := range told {
		by, err := k.Names.Label(ctx, q, t.Event, v.Say)
		if err != nil {
			return nil, err
		}
		p, err := t.Decode()
		if err != nil {
			return nil, err
		}
		it := TimelineItem{Seq: t.Version, At: Time(t.At), Do: t.Do, From: t.FromState, To: t.ToState, By: by, Codes: p.Codes}
		if t.Audience != event.Staff || v.Actor.StaffReaching(m.Header().Place) {
			w := t.Texts()
			for _, name := range []string{"note", "reason", "text", "changed"} {
				if it.Note == "" {
					it.Note = w[name]
				}
			}
		}
		items = append(items, it)
	}
	return items, nil
}

// Time turns a stored moment into JSON's RFC 3339 in UTC.
func Time(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// TimeOrNull is Time, or null for none.
func TimeOrNull(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := Time(ms)
	return &t
}

// ViewOf is how this call sees things.
func ViewOf(c *web.Call) View { return View{Actor: c.Actor, Now: c.Now(), Say: c.T} }

// Read loads a matter as this call may see it.
func (k *Kind[T]) Read(c *web.Call) (T, error) {
	return k.Machine.Read(c.Context(), k.Machine.Journal.DB, c.Actor, c.Path("id"), c.Now())
}

// Move makes the move named in the path with the request's fields. The reply
// is what show returns, rendered inside the transaction.
func (k *Kind[T]) Move(c *web.Call, do string) (any, error) {
	version, verr := c.Version()
	req := journal.Request{ID: c.Path("id"), Do: do, IfMatch: version, Read: func(fs []flow.Field) (flow.Input, error) {
		if verr != nil {
			return nil, verr
		}
		return c.Body(fs)
	}}
	return k.Machine.Do(c.Context(), req, func(tx *db.Tx, m T, a actor.Actor, now int64) (any, error) {
		return k.Show(c.Context(), tx, m, View{Actor: a, Now: now, Say: c.T})
	})
}

// Listing reads a page of the kind by the request's parameters, shown briefly.
func (k *Kind[T]) Listing(c *web.Call) (page.Of[any], error) {
	in, err := c.Query()
	if err != nil {
		return page.Of[any]{}, err
	}
	ask, err := web.PageOf(in)
	if err != nil {
		return page.Of[any]{}, err
	}
	v := ViewOf(c)
	v.Brief = true
	q := k.Machine.Journal.DB
	ms, err := k.List(c.Context(), q, v, in, ask)
	if err != nil {
		return page.Of[any]{}, err
	}
	cut := page.Cut(ms, ask, func(m T) string { return m.Header().ID })
	out := page.Of[any]{Items: make([]any, 0, len(cut.Items)), Next: cut.Next}
	for _, m := range cut.Items {
		c.ShownUntil(m.Header().DueAt)
		o, err := k.Show(c.Context(), q, m, v)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, o)
	}
	return out, nil
}

// API returns the five doors of the kind, one route a move.
func (k *Kind[T]) API() []web.Route {
	base := "/api/v1/" + k.Plural
	kind := k.Machine.Life.Name
	public := k.Public
	if public == nil {
		public = []string{kind, "member", "group"}
	}
	routes := []web.Route{
		{Method: "GET", Path: base, Name: "list-" + k.Plural, Summary: "List " + k.Plural + ", newest first", Out: page.Of[any]{},
			Query: append(k.Filter, web.Paging()...), Public: public,
			Do: func(c *web.Call) (any, error) { return k.Listing(c) }},
		{Method: "GET", Path: base + "/{id}", Name: "read-" + kind, Summary: "Read one", Out: k.Out, Public: public,
			Do: func(c *web.Call) (any, error) {
				m, err := k.Read(c)
				if err != nil {
					return nil, err
				}
				c.ShownUntil(m.Header().DueAt)
				return k.Show(c.Context(), k.Machine.Journal.DB, m, ViewOf(c))
			}},
		{Method: "GET", Path: base + "/{id}/timeline", Name: "timeline-" + kind, Summary: "All that happened, oldest first", Public: public,
			Out: struct {
				Items []TimelineItem `json:"items"`
			}{},
			Do: func(c *web.Call) (any, error) {
				m, err := k.Read(c)
				if err != nil {
					return nil, err
				}
				items, err := k.Timeline(c.Context(), k.Machine.Journal.DB, m, ViewOf(c))
				return map[string]any{"items": items}, err
			}},
	}
	if k.Create != nil {
		routes = append(routes, web.Route{Method: "POST", Path: base, Name: "create-" + kind, Summary: "Create one", Body: k.Fields, Out: k.Out,
			Status: 201, SignedIn: true, Do: func(c *web.Call) (any, error) { return k.Create(c.Context(), c) }})
	}
	for _, do := range k.Machine.Life.Names() {
		routes = append(routes, web.Route{Method: "POST", Path: base + "/{id}/" + do, Name: do + "-" + kind, Summary: "Move: " + do,
			Body: k.Machine.Life.Fields(do), Out: k.Out, SignedIn: true, Do: func(c *web.Call) (any, error) { return k.Move(c, do) }})
	}
	return routes
}
