package search

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
	"linli/migrations"
)

// start is a Saturday afternoon in Nanjing.
var start = time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)

const (
	island = "320105004"    // a street
	home   = "320105004004" // a community of it
	other  = "320105002001" // a community of another street
)

// shelf is a source whose matters stand in memory.
type shelf map[string]matter

type matter struct {
	title, body, place string
	public             bool
	version            int64
}

func (s shelf) Document(_ context.Context, _ db.Queryer, id string) (title, text, place string, at int64, public bool, err error) {
	m, ok := s[id]
	if !ok {
		return "", "", "", 0, false, fault.Absent()
	}
	return m.title, m.title + "\n" + m.body, m.place, start.UnixMilli(), m.public, nil
}

type names struct{}

func (names) Name(code string) string { return "地点" + code }

// rig is what a test works with.
type rig struct {
	*Service
	testing.TB
	shelves map[string]shelf
	rand    *rand.ChaCha8
	born    int
}

func open(t testing.TB, url string) *rig {
	t.Helper()
	d, err := db.Open(t.Context(), url, clock.NewFake(start))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	r := &rig{TB: t, shelves: map[string]shelf{"wish": {}, "post": {}}, rand: rand.NewChaCha8([32]byte{7})}
	r.Service = New(journal.New(d, slog.New(slog.DiscardHandler)), names{})
	r.Register("wish", "wishes", r.shelves["wish"])
	r.Register("post", "posts", r.shelves["post"])
	return r
}

func migrated(url string) error {
	d, err := db.Open(context.Background(), url, clock.NewFake(start))
	if err != nil {
		return err
	}
	defer d.Close()
	own := fstest.MapFS{} // the log and the index: no other feature's tables are needed
	for _, name := range []string{"0001_core.sql", "0005_search.sql"} {
		b, err := migrations.Files.ReadFile(name)
		if err != nil {
			return err
		}
		own[name] = &fstest.MapFile{Data: b}
	}
	_, err = d.Migrate(context.Background(), own)
	return err
}

func each(t *testing.T, body func(t *testing.T, r *rig)) {
	dbtest.EachFrom(t, "migrated", migrated, func(t *testing.T, url string) { body(t, open(t, url)) })
}

// put changes a matter and says so in the log, without letting the index read it.
func (r *rig) put(kind, subject string, m matter) string {
	r.Helper()
	if subject == "" {
		r.born++
		var err error
		if subject, err = id.At(start.Add(time.Duration(r.born)*time.Second), r.rand); err != nil {
			r.Fatal(err)
		}
	}
	m.version = r.shelves[kind][subject].version + 1
	r.shelves[kind][subject] = m
	err := r.journal.DB.Write(r.Context(), func(tx *db.Tx) error {
		return r.journal.AppendEvent(r.Context(), tx, event.Event{Kind: kind, Subject: subject, Version: m.version, Do: "x", Place: m.place, Audience: event.Private}, nil)
	})
	if err != nil {
		r.Fatal(err)
	}
	return subject
}

func (r *rig) drain() {
	r.Helper()
	if err := r.journal.Drain(r.Context(), r.reader()); err != nil {
		r.Fatal(err)
	}
}

// ids walks all pages of a search.
func (r *rig) ids(query, place, kind string, limit int) []string {
	r.Helper()
	out := []string{}
	ask := page.Ask{Limit: limit}
	for {
		p, err := r.Search(r.Context(), r.journal.DB, query, place, kind, ask)
		if err != nil {
			r.Fatalf("%q: %v", query, err)
		}
		for _, h := range p.Items {
			out = append(out, h.ID)
		}
		if p.Next == nil {
			return out
		}
		if len(out) > 1000 {
			r.Fatalf("%q: the pages do not end", query)
		}
		if ask, err = page.Parse(limit, *p.Next); err != nil {
			r.Fatal(err)
		}
	}
}

func (r *rig) finds(query string, want ...string) {
	r.Helper()
	got := r.ids(query, "", "", 20)
	slices.Reverse(want)
	if !slices.Equal(got, want) {
		r.Errorf("%q finds %v, want %v", query, got, want)
	}
}

func TestWords(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		lamp := r.put("wish", "", matter{title: "路灯坏了", body: "3幢门口的路灯不亮，晚上看不清路", place: home + "003", public: true})
		chair := r.put("wish", "", matter{title: "想借一辆轮椅", body: "母亲出院，借用两周。WiFi 密码不用", place: home, public: true})
		clinic := r.put("post", "", matter{title: "周六义诊", body: "志愿者 volunteers 在洲岛家园社区量血压 ２５０ ㎡", place: home, public: true})
		secret := r.put("wish", "", matter{title: "轮椅和路灯", body: "只给网格员看", place: home, public: false})
		r.drain()
		for query, want := range map[string][]string{
			"路灯": {lamp}, "轮椅": {chair}, "灯": {lamp}, "路": {lamp}, "区": {clinic}, "家园社": {clinic}, "洲岛家园社区": {clinic},
			"路 坏了": {lamp}, "坏了 路灯": {lamp}, "灯路": {}, "路灯 轮椅": {}, "门口的路灯不亮": {lamp},
			"volun": {clinic}, "VOLUNTEERS": {clinic}, "wifi": {chair}, "ｗｉｆｉ": {chair}, "250": {clinic}, "25": {}, "3幢": {lamp}, "m2": {clinic}, "㎡": {clinic},
			"网格员": {}, "社": {clinic}, "的": {lamp}, "用": {chair}, "": {}, "！？…": {}, "🙂": {}, "  ": {},
		} {
			r.finds(query, want...)
		}
		if h, err := r.Search(t.Context(), r.journal.DB, "路灯", "", "", page.Ask{Limit: 5}); err != nil || len(h.Items) != 1 || h.Items[0] != (Hit{
			Kind: "wishes", ID: lamp, Title: "路灯坏了", Place: home + "003", PlaceName: "地点" + home + "003", At: start, URL: "/wishes/" + lamp,
		}) {
			t.Errorf("%+v, %v", h, err)
		}
		_ = secret
	})
}

// TestHostileQueries: nothing a person can type is read as an operator, leaves the scope or breaks a query.
func TestHostileQueries(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.put("wish", "", matter{title: "社区食堂", body: "or and not near wish 320105", place: home, public: true})
		r.put("post", "", matter{title: "通知", body: "停水", place: other, public: true})
		r.drain()
		for _, query := range []string{
			`"`, `""`, `'`, `''`, `\`, `"社区" OR "停水"`, `社区 OR 停水`, `社区" OR words:"停水`, `社区) OR (停水`, `NOT 停水`, `-停水`, `*`, `社*区`, `停水*`, `^社区`, `{words scope}:停水`,
			`scope:post`, `words : 停水`, `NEAR(社区 停水, 9)`, `社区 + 停水`, `'停水' | '社区'`, `社区 & !停水`, `社区 <-> 停水`, `停水:*`, `社区'::tsquery`, `'; DROP TABLE search_docs; --`, `{{pg x}}`, `{{sqlite`, `}}`, `?`, `$1`, `%`, `_`,
			strings.Repeat("社", 100), strings.Repeat("社 ", 50), strings.Repeat(`"`, 100), "社\u202e区", "社\u0301区", "\U0010ffff", "@wish", "@320105", "'@wish'", "z40z",
		} {
			for _, kind := range []string{"", "wish"} {
				p, err := r.Search(t.Context(), r.journal.DB, query, "", kind, page.Ask{Limit: 20})
				if err != nil {
					t.Errorf("%q: %v", query, err)
				}
				for _, h := range p.Items {
					if kind != "" && h.Kind != "wishes" {
						t.Errorf("%q leaves its kind", query)
					}
				}
			}
			if _, err := r.Similar(t.Context(), r.journal.DB, "wish", home, query, 3); err != nil {
				t.Errorf("similar to %q: %v", query, err)
			}
		}
		r.finds(`停水" OR "社区`) // both words and "or", which no one matter has
		r.finds("scope")
		r.finds("post") // a kind is no word
		for _, place := range []string{`"`, `x' | '`, "32010500400", home + `" OR "`, "３２", "-1", " "} {
			if got := r.ids("社区", place, "", 20); len(got) != 0 {
				t.Errorf("place %q finds %v", place, got)
			}
		}
		if got := r.ids("社区", "", `wish" OR "post`, 20); len(got) != 0 {
			t.Errorf("a made-up kind finds %v", got)
		}
	})
}

// TestNothingPrivate follows one matter through being shown and hidden, with the index up to date and behind.
func TestNothingPrivate(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		shown := matter{title: "教老人用手机", body: "周三下午", place: home, public: true}
		hidden := shown
		hidden.public = false
		w := r.put("wish", "", hidden)
		r.drain()
		r.finds("手机")
		r.put("wish", w, shown)
		r.drain()
		r.finds("手机", w)
		r.put("wish", w, hidden)
		r.finds("手机") // before the reader has come to it
		r.drain()
		r.finds("手机")
		if ids, err := r.Similar(t.Context(), r.journal.DB, "wish", home, "教老人用手机", 3); err != nil || len(ids) != 0 {
			t.Errorf("similar: %v, %v", ids, err)
		}
		if cond, args := r.Where("wish", "e.subject", "手机"); len(r.where(cond, args)) != 0 {
			t.Error("a list still finds it")
		}
		r.put("wish", w, shown)
		r.put("wish", w, matter{title: "教老人用平板", body: "周四", place: other, public: true})
		r.drain()
		r.finds("手机")
		r.finds("平板", w)
		if got := r.ids("平板", home, "", 9); len(got) != 0 {
			t.Error("is still found where it was")
		}
		delete(r.shelves["wish"], w)
		if err := r.journal.DB.Write(t.Context(), func(tx *db.Tx) error {
			return r.journal.AppendEvent(t.Context(), tx, event.Event{Kind: "wish", Subject: w, Version: 99, Audience: event.Private}, nil)
		}); err != nil {
			t.Fatal(err)
		}
		r.finds("平板")
		r.drain()
		r.finds("平板")
		var left int
		if err := r.journal.DB.Get(t.Context(), &left, `SELECT count(*) FROM {{sqlite search_fts}}{{pg search_docs}}`); err != nil || left != 0 {
			t.Errorf("%d left, %v", left, err)
		}
	})
}

// where lists the matters on which a condition holds, newest first.
func (r *rig) where(cond string, args []any) []string {
	r.Helper()
	ids := []string{}
	if cond == "" {
		return ids
	}
	if err := r.journal.DB.Select(r.Context(), &ids, `SELECT e.subject FROM events e WHERE e.version = 1 AND `+cond+` ORDER BY e.subject DESC`, args...); err != nil {
		r.Fatal(err)
	}
	return ids
}

// TestAgainstPlainReading compares both doors with reading every text, for many queries, places and kinds, page by page.
func TestAgainstPlainReading(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		rnd := rand.New(rand.NewPCG(1, 2))
		chars := []rune("社区心愿老人孩子路灯")
		text := func(n int) string {
			var b strings.Builder
			for range n {
				b.WriteRune(chars[rnd.IntN(len(chars))])
			}
			return b.String()
		}
		all := map[string]string{} // id → kind
		for i := range 240 {
			kind := []string{"wish", "wish", "post"}[i%3]
			m := matter{title: text(2 + rnd.IntN(4)), body: text(rnd.IntN(30)), place: []string{home, home + "901", other, island, "320105"}[rnd.IntN(5)], public: rnd.IntN(4) > 0}
			all[r.put(kind, "", m)] = kind
		}
		r.drain()
		for s, kind := range all { // and change some
			if m := r.shelves[kind][s]; rnd.IntN(4) == 0 {
				m.body, m.public = text(rnd.IntN(30)), rnd.IntN(3) > 0
				r.put(kind, s, m)
			}
		}
		r.drain()
		found := 0
		for i := range 150 {
			query := text(1 + i%4)
			place := []string{"", "32", "320105", island, home, other}[rnd.IntN(6)]
			kind := []string{"", "wish", "post"}[rnd.IntN(3)]
			want, listed := []string{}, []string{}
			for s, k := range all {
				m := r.shelves[k][s]
				if m.public && (strings.Contains(m.title, query) || strings.Contains(m.body, query)) {
					if (kind == "" || kind == k) && strings.HasPrefix(m.place, place) {
						want = append(want, s)
					}
					if k == "wish" {
						listed = append(listed, s)
					}
				}
			}
			for _, l := range [][]string{want, listed} {
				sort.Sort(sort.Reverse(sort.StringSlice(l)))
			}
			found += len(want)
			if got := r.ids(query, place, kind, 1+rnd.IntN(9)); !slices.Equal(got, want) {
				t.Fatalf("%q in %q of %q: %d found, want %d", query, place, kind, len(got), len(want))
			}
			if got := r.where(r.Where("wish", "e.subject", query)); !slices.Equal(got, listed) {
				t.Fatalf("%q as a condition: %d found, want %d", query, len(got), len(listed))
			}
		}
		if found < 500 {
			t.Errorf("only %d found: the queries are too hard to tell anything", found)
		}
	})
}

func TestSimilar(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		lamp := r.put("wish", "", matter{title: "3幢门口路灯坏了", body: "晚上很黑", place: home, public: true})
		r.put("wish", "", matter{title: "路灯坏了", body: "", place: other, public: true})
		r.put("wish", "", matter{title: "路灯坏了", body: "", place: home, public: false})
		r.put("post", "", matter{title: "路灯坏了", body: "", place: home, public: true})
		r.put("wish", "", matter{title: "想要一本书", body: "说到路灯坏了", place: home, public: true})
		near := r.put("wish", "", matter{title: "小区路灯坏了好几天", body: "", place: home + "002", public: true})
		r.drain()
		for _, c := range []struct {
			place, text string
			limit       int
			want        []string
		}{
			{home, "路灯坏了", 3, []string{lamp, near}},
			{home, "路灯坏了\n就在小区北门，老人走路不方便，请尽快来修，谢谢", 3, []string{lamp, near}},
			{home, "路灯坏了", 1, []string{lamp}},
			{home + "002", "路灯坏了", 3, []string{near}},
			{home, "借轮椅", 3, nil}, {home, "灯", 3, nil}, {home, "", 3, nil}, {home, "路灯坏了", 0, nil}, {`x"`, "路灯坏了", 3, nil},
		} {
			if got, err := r.Similar(t.Context(), r.journal.DB, "wish", c.place, c.text, c.limit); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q in %s: %v, want %v (%v)", c.text, c.place, got, c.want, err)
			}
		}
		ids, err := r.Similar(t.Context(), r.journal.DB, "wish", "", "路灯坏了", 9)
		if err != nil || len(ids) != 3 {
			t.Errorf("everywhere: %v, %v", ids, err)
		}
	})
}
