package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the floors' own driver

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
	"linli/internal/core/id"
	"linli/internal/platform/db"
)

// fill makes the demo's people and n wishes in bulk.
func fill(ctx context.Context, c app.Config, n int) error {
	c.Fill = true
	h, err := app.Open(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := h.Migrate(ctx); err != nil {
		return err
	}
	if err := demo.People(ctx, h); err != nil {
		return err
	}
	author, err := h.Member.Find(ctx, h.DB, "demo-neighbour")
	if err != nil {
		return err
	}
	titles := []string{"想请人帮忙修纱窗", "家里老人想理发", "楼道灯不亮", "想学用手机挂号", "孩子放学没人接", "阳台漏水想请人看看"}
	body := "厨房的纱窗破了，蚊子飞进来，自己修不好，想请一位师傅来看看，材料费我来出。"
	now := clock.System{}.Now().UnixMilli()
	for done := 0; done < n; {
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			for i := 0; i < 1000 && done < n; i++ {
				place := demo.CommunityA
				if done%3 == 0 {
					place = demo.CommunityB
				}
				state := []string{"open", "claimed", "fulfilled", "fulfilled", "fulfilled"}[done%5]
				if _, err := tx.Exec(ctx, wishInsert, bareWish(state, place, author.ID, titles[done%len(titles)], body, "家政清洁", now)...); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return h.DB.Settle(ctx)
}

// wishInsert is the row of a wish, written out: what filing one cannot do without.
const wishInsert = `INSERT INTO wishes (id, state, version, since, due_at, due_do, place, community, street, author, created_at,
	title, body, category, location_note, price_note, total, unit, claimed, delivered, visibility, wanted_by,
	tier, tier_at, rank, offered_to, helped, helped_name, helped_phone, consent_how, consent_by, consent_at,
	outcome, satisfied, channel, disputes, on_spot, same_hand, reviewer, urged_at, origin, became)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
	$33, $34, $35, $36, $37, $38, $39, $40, $41, $42)`

func bareWish(state, place, author, title, body, category string, at int64) []any {
	return []any{
		id.New(), state, 1, at, 0, "", place, place, place[:9], author, at,
		title, body, category, "", "", 0, "", 0, 0, "public", 0,
		1, at, "community", "", "", "", "", "", "", 0,
		"", "", "", 0, 0, 0, "", 0, "", "",
	}
}

// floors is the least that each line could cost.
type floors struct {
	ctx       context.Context
	plain     *sql.DB // readers
	one       *sql.DB // a writer whose every insert is a commit
	page      []byte  // the shell of a page
	wish      string
	me        string      // the resident who reads the list
	list      *sql.Stmt   // listQuery
	insertOne *sql.Stmt   // wishInsert
	stock     chan string // open wishes for claims
}

func newFloors(ctx context.Context, h *app.House) (*floors, error) {
	f := &floors{ctx: ctx}
	var err error
	if h.DB.Engine == db.SQLite {
		file := "file:" + filepath.Join(h.Config.Data, "linli.db")
		if f.plain, err = sql.Open("sqlite", file+"?_pragma=query_only(on)&_pragma=busy_timeout(10000)&_pragma=cache_size(-16384)"); err != nil {
			return nil, err
		}
		// A copy of the house, so that the floor's inserts do not wait for ours.
		own := filepath.Join(h.Config.Data, "floor.db")
		if err := copyTo(ctx, file, own); err != nil {
			return nil, err
		}
		if f.one, err = sql.Open("sqlite", "file:"+own+
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_txlock=immediate"); err != nil {
			return nil, err
		}
		f.one.SetMaxOpenConns(1)
	} else {
		f.plain, f.one = h.DB.Handle(), h.DB.Handle()
	}
	me, err := h.Member.Find(ctx, h.DB, "demo-resident")
	if err != nil {
		return nil, err
	}
	f.me = me.ID
	if f.list, err = f.plain.Prepare(listQuery); err != nil {
		return nil, err
	}
	if f.insertOne, err = f.one.Prepare(wishInsert); err != nil {
		return nil, err
	}
	if err := f.plain.QueryRow(`SELECT id FROM wishes WHERE state = 'open' AND community = '` + demo.CommunityA + `' ORDER BY id DESC LIMIT 1`).Scan(&f.wish); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/wishes?place="+demo.CommunityA, nil))
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("the list page answers %d", w.Code)
	}
	f.page = w.Body.Bytes()
	f.stock = make(chan string, 1<<16)
	rows, err := f.plain.Query(`SELECT id FROM wishes WHERE state = 'open' ORDER BY id LIMIT 60000`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		f.stock <- one
	}
	return f, rows.Err()
}

func copyTo(ctx context.Context, file, path string) error {
	d, err := sql.Open("sqlite", file)
	if err != nil {
		return err
	}
	defer d.Close()
	_, err = d.ExecContext(ctx, `VACUUM INTO ?`, path)
	return err
}

// row is what an item of the list shows.
type row struct {
	id, state, place, community, street, author, title, body, category, note, price, unit, visibility string
	rank, offered, helped, helpedName, outcome, satisfied, channel, origin, became                    string
	version, due, created, total, claimed, delivered, wanted, tier, onSpot, sameHand                  int64
}

// rows runs the list's own query, with what a signed-in resident may see, and
// hands each row to put.
func (f *floors) rows(put func(r *row)) error {
	me := f.me
	rows, err := f.list.Query(me, me, me, me, demo.CommunityA, 21)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.state, &r.version, &r.due, &r.place, &r.community, &r.street, &r.author, &r.created, &r.title, &r.body,
			&r.category, &r.note, &r.price, &r.total, &r.unit, &r.claimed, &r.delivered, &r.visibility, &r.wanted, &r.tier, &r.rank,
			&r.offered, &r.helped, &r.helpedName, &r.outcome, &r.satisfied, &r.channel, &r.onSpot, &r.sameHand, &r.origin, &r.became); err != nil {
			return err
		}
		put(&r)
	}
	return rows.Err()
}

// listQuery is the query of a signed-in resident's list, written out.
const listQuery = `SELECT w.id, w.state, w.version, w.due_at, w.place, w.community, w.street, w.author, w.created_at,
	w.title, w.body, w.category, w.location_note, w.price_note, w.total, w.unit, w.claimed, w.delivered, w.visibility, w.wanted_by,
	w.tier, w.rank, w.offered_to, w.helped, w.helped_name, w.outcome, w.satisfied, w.channel, w.on_spot, w.same_hand, w.origin, w.became
	FROM wishes w WHERE (w.visibility = 'public' AND w.state IN ('open', 'claimed', 'delivered', 'fulfilled', 'disputed', 'lapsed', 'expired', 'converted')
		OR w.author = $1 OR w.helped = $2 OR w.offered_to = $3
		OR w.id IN (SELECT c.wish FROM wish_claims c WHERE c.account = $4 AND c.state IN ('held', 'delivered')))
	AND w.community = $5 ORDER BY w.id DESC LIMIT $6 + 0`

// bare is a handler of a floor.
type bare func(w http.ResponseWriter, r *http.Request) error

func (f bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := f(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// listPage is the query and a page of the same size appended by hand.
func (f *floors) listPage(w http.ResponseWriter, _ *http.Request) error {
	b := make([]byte, 0, len(f.page)+4096)
	b = append(b, f.page[:len(f.page)/2]...)
	err := f.rows(func(r *row) {
		b = append(b, `<li><a href="/wishes/`...)
		b = append(b, r.id...)
		b = append(b, `">`...)
		b = append(b, html.EscapeString(r.title)...)
		b = append(b, `</a><p>`...)
		b = append(b, html.EscapeString(r.body)...)
		b = append(b, `</p><span>`...)
		b = append(b, r.category...)
		b = append(b, r.place...)
		b = append(b, r.state...)
		b = strconv.AppendInt(b, r.created, 10)
		b = append(b, `</span></li>`...)
	})
	b = append(b, f.page[len(f.page)/2:]...)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b)
	return err
}

func (f *floors) listJSON(w http.ResponseWriter, _ *http.Request) error {
	b := append(make([]byte, 0, 16<<10), `{"items":[`...)
	err := f.rows(func(r *row) {
		for _, s := range []string{
			`{"id":`, r.id, `,"title":`, r.title, `,"body":`, r.body, `,"category":`, r.category, `,"place":`, r.place, `,"state":`, r.state,
			`,"author":`, r.author, `,"location_note":`, r.note, `,"price_note":`, r.price, `,"visibility":`, r.visibility, `,"outcome":`, r.outcome,
			`,"satisfied":`, r.satisfied, `,"channel":`, r.channel, `,"origin":`, r.origin, `,"became":`, r.became,
		} {
			if len(s) > 0 && (s[0] == ',' || s[0] == '{') {
				b = append(b, s...)
			} else {
				b = strconv.AppendQuote(b, s)
			}
		}
		b = append(b, `,"version":`...)
		b = strconv.AppendInt(b, r.version, 10)
		b = append(b, `,"created_at":"`...)
		b = time.UnixMilli(r.created).UTC().AppendFormat(b, time.RFC3339)
		b = append(b, `"},`...)
	})
	b = append(b, `]}`...)
	w.Header().Set("Content-Type", "application/json")
	w.Write(b)
	return err
}

// wishPage is the three queries a wish page cannot do without.
func (f *floors) wishPage(w http.ResponseWriter, _ *http.Request) error {
	b := append(make([]byte, 0, len(f.page)), f.page...)
	var title, body, state string
	if err := f.plain.QueryRow(`SELECT title, body, state FROM wishes WHERE id = '`+f.wish+`'`).Scan(&title, &body, &state); err != nil {
		return err
	}
	b = append(b, title+body+state...)
	for _, q := range []string{
		`SELECT id, state FROM wish_claims WHERE wish = '` + f.wish + `' ORDER BY id`,
		`SELECT actor, to_state FROM events WHERE subject = '` + f.wish + `' ORDER BY version`,
	} {
		rows, err := f.plain.Query(q)
		if err != nil {
			return err
		}
		for rows.Next() {
			var x, y string
			if err := rows.Scan(&x, &y); err != nil {
				rows.Close()
				return err
			}
			b = append(b, x+y...)
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	w.Write(b)
	return nil
}

// memory writes a page that lies ready.
func (f *floors) memory(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("ETag", `"x"`)
	w.Write(f.page)
	return nil
}

// insert is one durable wish as it was sent, nothing but its row, in a
// transaction of its own.
func (f *floors) insert(w http.ResponseWriter, r *http.Request) error {
	var sent struct{ Title, Body, Place, Category string }
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		return err
	}
	tx, err := f.one.Begin()
	if err != nil {
		return err
	}
	one := bareWish("open", sent.Place, f.me, sent.Title, sent.Body, sent.Category, clock.System{}.Now().UnixMilli())
	if _, err := tx.Stmt(f.insertOne).Exec(one...); err != nil {
		tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, err = fmt.Fprintf(w, `{"id":%q,"state":"open","title":%q}`, one[0], sent.Title)
	return err
}

// claim takes a fresh open wish each time.
func (f *floors) claim(site http.Handler) func() error {
	return func() error {
		select {
		case one := <-f.stock:
			return ask(site, "POST", "/api/v1/wishes/"+one+"/claim", "demo-volunteer", `{}`)
		default:
			return fmt.Errorf("no open wishes left: use more -wishes")
		}
	}
}
