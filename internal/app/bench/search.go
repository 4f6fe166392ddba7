package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/bigram"
	"linli/internal/core/id"
	"linli/internal/feature/search"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// Search is measured among these posts and the wishes of the list.
const posts = 10_000

// queries are words of two characters and one of three: one that many matters
// have, one that few have, one that none has.
var queries = []struct{ name, q, place, kind string }{
	{"search, many have it", "纱窗", "", ""},
	{"search, few have it", "口琴", "", ""},
	{"search, none has it", "飞机", "", ""},
	{"search, in a community, a kind", "理发", demo.CommunityA, "wishes"},
	{"search, three characters", "防诈骗", "", ""},
}

// indexed fills the search index by its own reader, so that every line is
// measured in a house whose matters are found.
func indexed(ctx context.Context, h *app.House, plain *sql.DB) error {
	begun := time.Now()
	if err := tellOfAll(ctx, h); err != nil {
		return err
	}
	if err := h.Journal.Drain(ctx, h.Search.Part().Readers...); err != nil {
		return err
	}
	if h.DB.Engine == db.Postgres {
		if _, err := plain.ExecContext(ctx, `VACUUM ANALYZE search_docs`); err != nil {
			return err
		}
	}
	fmt.Printf("%d posts and %d wishes indexed in %.1f s\n\n", posts, *wishes, time.Since(begun).Seconds())
	return nil
}

// searches compares GET /api/v1/search, as the handler answers it, with the
// bare query on the index through database/sql and its rows as JSON.
func searches(h *app.House, site http.Handler, plain *sql.DB) error {
	fmt.Printf("\na search may cost %.0f × the bare query\n", listMark)
	for _, c := range queries {
		if !strings.Contains(c.name, *only) {
			continue
		}
		if err := searchLine(site, h.DB.Engine, plain, c.name, c.q, c.place, c.kind); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// tellOfAll adds the posts, and for each matter the event from which the index hears of it.
func tellOfAll(ctx context.Context, h *app.House) error {
	author, err := h.Member.Find(ctx, h.DB, "demo-community")
	if err != nil {
		return err
	}
	// Posts come between the wishes, as they do in life: newest first meets both.
	var first, last string
	if err := h.DB.Get(ctx, &first, `SELECT min(id) FROM wishes`); err != nil {
		return err
	}
	if err := h.DB.Get(ctx, &last, `SELECT max(id) FROM wishes`); err != nil {
		return err
	}
	begun, step := born(first), born(last).Sub(born(first))/posts
	// A language has a long tail of words; PostgreSQL plans by it.
	rnd := mrand.New(mrand.NewPCG(20, 26))
	phrases := make([]string, 400)
	for i := range phrases {
		for range 4 {
			phrases[i] += string(rune('一' + rnd.IntN(3000)))
		}
	}
	topics := []string{"防诈骗提醒：陌生来电要当心", "周六上午洲岛家园清洁日", "居家养老服务点搬到二楼", "停水通知：今晚十点到明早六点", "暑期少儿书法班报名"}
	now := h.DB.Clock().Now().UnixMilli()
	for done := 0; done < posts; {
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			for end := min(done+1000, posts); done < end; done++ {
				body := "请大家互相转告，有不明白的地方打社区电话。" + phrases[done%len(phrases)] + phrases[done*7%len(phrases)]
				if done%500 == 0 {
					body += "会吹口琴的邻居也请来。"
				}
				post, err := id.At(begun.Add(time.Duration(done)*step), rand.Reader)
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `INSERT INTO posts (id, state, version, since, due_at, due_do, place, community, street, author, created_at, title, body, summary,
					channel, heading, topic, reach, lift_to, publish_at, published_at, shown_at, pinned, publisher, returned)
					VALUES (?, 'published', 1, ?, 0, '', ?, ?, ?, ?, ?, ?, ?, '', 'community', '', 'news', ?, '', 0, ?, ?, 0, ?, '')`,
					post, now, demo.CommunityA, demo.CommunityA, demo.CommunityA[:9], author.ID, now, topics[done%len(topics)], body,
					demo.CommunityA, now, now, author.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		for kind, table := range map[string]string{"wish": "wishes", "post": "posts"} {
			if _, err := tx.Exec(ctx, `INSERT INTO events (xid, at, kind, subject, version, move, from_state, to_state, actor, as_group, place, audience, data, words_hash, hash)
				SELECT `+journal.XID+`, since, '`+kind+`', id, version, 'create', '', state, author, '', place, 'public', '{}', '', ''
				FROM `+table+` t WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = t.id)`); err != nil {
				return err
			}
		}
		return nil
	})
}

// born is the moment in a UUIDv7, to the millisecond.
func born(id string) time.Time {
	ms, _ := strconv.ParseInt(strings.ReplaceAll(id, "-", "")[:12], 16, 64) // the house made it
	return time.UnixMilli(ms)
}

func searchLine(site http.Handler, engine db.Engine, plain *sql.DB, name, q, place, kind string) error {
	text, x := `SELECT d.kind, d.subject, d.place, d.title, d.at FROM search_fts CROSS JOIN search_docs d ON d.doc = search_fts.rowid
		WHERE search_fts MATCH ? ORDER BY search_fts.rowid DESC LIMIT 21`, "words : ("+bigram.Match(q)+")"
	if engine == db.Postgres {
		text, x = `SELECT d.kind, d.subject, d.place, d.title, d.at FROM search_docs d WHERE d.words @@ $1::tsquery ORDER BY d.doc DESC LIMIT 21`, bigram.TSQuery(q)
	}
	bare := func() (int, error) {
		rows, err := plain.Query(text, x)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		var hits []search.Hit
		for rows.Next() {
			var h search.Hit
			var at int64
			if err := rows.Scan(&h.Kind, &h.ID, &h.Place, &h.Title, &at); err != nil {
				return 0, err
			}
			h.At = time.UnixMilli(at).UTC()
			hits = append(hits, h)
		}
		if err := json.NewEncoder(io.Discard).Encode(hits); err != nil {
			return 0, err
		}
		return len(hits), rows.Err()
	}
	path := "/api/v1/search?" + url.Values{"q": {q}, "place": {place}, "kind": {kind}}.Encode()
	return versus(name, func() error { return ask(site, "GET", path, "demo-resident", "") }, bare)
}
