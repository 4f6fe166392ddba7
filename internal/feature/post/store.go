package post

import (
	"context"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/channel"
	"linli/internal/platform/db"
)

const columns = `p.id, p.state, p.version, p.since, p.due_at, p.due_do, p.place, p.community, p.street, p.author, p.created_at,
	p.title, p.body, p.summary, p.channel, p.heading, p.topic, p.reach, p.lift_to, p.publish_at, p.published_at, p.shown_at, p.pinned,
	p.publisher, p.returned, p.likes, p.dislikes, p.comments`

// store is the SQL of posts; it implements journal.Store.
type store struct {
	twoPersons func(place string) bool
}

func (s store) Load(ctx context.Context, q db.Queryer, id, suffix string) (*Post, error) {
	p := &Post{}
	if err := q.Get(ctx, p, `SELECT `+columns+` FROM posts p WHERE p.id = ?`+suffix, id); err != nil {
		return nil, err
	}
	p.TwoPersons = s.twoPersons(p.Place)
	return p, nil
}

func (store) Insert(ctx context.Context, tx *db.Tx, p *Post) error {
	_, err := tx.Exec(ctx, `INSERT INTO posts (id, state, version, since, due_at, due_do, place, community, street, author, created_at,
		title, body, summary, channel, heading, topic, reach, lift_to, publish_at, published_at, shown_at, pinned, publisher, returned)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.State, p.Version, p.Since, p.DueAt, p.DueDo, p.Place, p.Community, p.Street, p.Author, p.CreatedAt,
		p.Title, p.Body, p.Summary, p.Channel, p.Heading, p.Topic, p.Reach, p.LiftTo, p.PublishAt, p.PublishedAt, p.ShownAt, bit(p.Pinned), p.Publisher, p.Returned)
	return err
}

// Save leaves likes and comments alone: they have statements of their own.
func (store) Save(ctx context.Context, tx *db.Tx, p *Post, was int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE posts SET state = ?, version = ?, since = ?, due_at = ?, due_do = ?, title = ?, body = ?, summary = ?, heading = ?, topic = ?,
		reach = ?, lift_to = ?, publish_at = ?, published_at = ?, shown_at = ?, pinned = ?, publisher = ?, returned = ? WHERE id = ? AND version = ?`,
		p.State, p.Version, p.Since, p.DueAt, p.DueDo, p.Title, p.Body, p.Summary, p.Heading, p.Topic,
		p.Reach, p.LiftTo, p.PublishAt, p.PublishedAt, p.ShownAt, bit(p.Pinned), p.Publisher, p.Returned, p.ID, was)
	return n == 1, err
}

func (store) Due(ctx context.Context, q db.Queryer, now int64, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT id FROM posts WHERE due_at > 0 AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Filter narrows a list of posts.
type Filter struct {
	Place   string // there, below, and what reaches it from above
	State   string
	Topic   string
	Channel string
	Heading string
	Pinned  bool
	Mine    bool
	Work    bool   // only what is not public: the editor's list
	Where   string // a search's condition on p.id, with Args
	Args    []any
}

// visible is Sees in SQL. TestSeesSQL compares both.
func visible(a actor.Actor) (string, []any) {
	if !a.Known() {
		return `p.state = 'published'`, nil
	}
	or, args := []string{`p.state = 'published'`, `p.author = ?`}, []any{a.ID}
	for _, r := range a.Roles {
		if r.Name == actor.Staff && r.Place != "" {
			or = append(or, `p.place >= ? AND p.place < ?`)
			args = append(args, r.Place, r.Place+":")
		}
	}
	return `(` + strings.Join(or, ` OR `) + `)`, args
}

// list reads posts a may see, newest first, one row more than asked. Of a
// place it merges a few short index walks: what lies there and below, and what
// reaches it from each level above.
func list(ctx context.Context, q db.Queryer, a actor.Actor, f Filter, ask page.Ask) ([]*Post, error) {
	query, args := listQuery(a, f, ask)
	var ps []*Post
	return ps, q.Select(ctx, &ps, query, args...)
}

func listQuery(a actor.Actor, f Filter, ask page.Ask) (string, []any) {
	where, args := visible(a)
	and := func(cond string, vs ...any) { where, args = where+` AND `+cond, append(args, vs...) }
	if f.State != "" {
		and(`p.state = ?`, flow.State(f.State))
	}
	if f.Work {
		and(`p.state <> 'published'`)
	}
	if f.Topic != "" {
		and(`p.topic = ?`, f.Topic)
	}
	if f.Channel != "" {
		and(`p.channel = ?`, f.Channel)
	}
	if f.Heading != "" {
		and(`p.heading = ?`, f.Heading)
	}
	if f.Pinned {
		and(`p.pinned = 1`)
	}
	if f.Mine {
		and(`p.author = ?`, a.ID)
	}
	if f.Where != "" {
		and(f.Where, f.Args...)
	}
	if ask.After != "" { // the cursor names the last row seen; lists are sorted by when it was shown
		and(`(p.shown_at, p.id) < ((SELECT shown_at FROM posts WHERE id = ?), ?)`, ask.After, ask.After)
	}
	limit := ask.Limit + 1
	walks := walksOf(f.Place)
	var b strings.Builder
	var vs []any
	for i, w := range walks {
		if i > 0 {
			b.WriteString(` UNION `)
		}
		cond := where
		if w.cond != "" {
			cond = w.cond + ` AND ` + where
		}
		b.WriteString(`SELECT * FROM (SELECT p.id, p.shown_at FROM posts p WHERE ` + cond + ` ORDER BY p.shown_at DESC, p.id DESC LIMIT ?) AS w`)
		vs = append(append(append(vs, w.args...), args...), limit)
	}
	return `SELECT ` + columns + ` FROM posts p JOIN (` + b.String() + `) AS found ON found.id = p.id
		ORDER BY p.shown_at DESC, p.id DESC LIMIT ?`, append(vs, limit)
}

type walk struct {
	cond string
	args []any
}

// walksOf are the index walks for the readers of a place.
func walksOf(place string) []walk {
	var ws []walk
	for _, level := range []int{access.District, access.Street, access.Community} {
		if len(place) > level { // from above
			ws = append(ws, walk{`p.reach = ?`, []any{place[:level]}})
		}
	}
	switch len(place) {
	case 0:
		return []walk{{}}
	case access.Community:
		ws = append(ws, walk{`p.community = ?`, []any{place}})
	case access.Street: // what was lifted to it lies below it already
		ws = append(ws, walk{`p.street = ?`, []any{place}})
	default:
		ws = append(ws, walk{`p.place >= ? AND p.place < ?`, []any{place, place + ":"}})
	}
	return ws
}

// lastDisclosed is when each heading of a column was last published at a place.
func lastDisclosed(ctx context.Context, q db.Queryer, place string) ([]channel.Disclosed, error) {
	var out []channel.Disclosed
	err := q.Select(ctx, &out, `SELECT p.channel, p.heading, p.id, p.published_at FROM posts p
		WHERE p.place = ? AND p.heading <> '' AND p.state = 'published' AND p.published_at = (SELECT max(o.published_at) FROM posts o
			WHERE o.place = p.place AND o.channel = p.channel AND o.heading = p.heading AND o.state = 'published') ORDER BY p.id`, place)
	return out, err
}

// faultsOf recomputes what the rows must agree on.
func faultsOf(ctx context.Context, q db.Queryer) ([]string, error) {
	var faults []string
	err := q.Select(ctx, &faults, `
		SELECT 'post ' || p.id || ': state ' || p.state || ' version ' || p.version || ' disagree with its last event' FROM posts p
		WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = p.id AND e.version = p.version AND e.to_state = p.state)
			OR EXISTS (SELECT 1 FROM events e WHERE e.subject = p.id AND e.version > p.version)
		UNION ALL
		SELECT 'post ' || p.id || ': its figures disagree with reactions and comments' FROM posts p
		WHERE p.likes <> (SELECT count(*) FROM post_reactions r WHERE r.post = p.id AND r.value = 1)
			OR p.dislikes <> (SELECT count(*) FROM post_reactions r WHERE r.post = p.id AND r.value = -1)
			OR p.comments <> (SELECT count(*) FROM post_comments c WHERE c.post = p.id AND c.state = 'shown')
		UNION ALL
		SELECT 'comment ' || c.id || ': ' || c.reports || ' reports disagree with their rows' FROM post_comments c
		WHERE c.reports <> 0 AND c.reports > (SELECT count(*) FROM post_reports r WHERE r.comment = c.id)
		UNION ALL
		SELECT 'comment ' || c.id || ': hidden without a line in the log' FROM post_comments c
		WHERE c.state = 'hidden' AND NOT EXISTS (SELECT 1 FROM post_moderations m WHERE m.comment = c.id AND m.did = 'hide')`)
	return faults, err
}
