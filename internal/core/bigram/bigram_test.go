package bigram

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"
)

func TestDocument(t *testing.T) {
	for text, want := range map[string]string{
		"洲岛家园 3幢":                "洲岛 岛家 家园 园 3 幢",
		"7000斤蔬菜，卖不掉!":           "7000 斤蔬 蔬菜 菜 卖不 不掉 掉",
		"ＷｉＦｉ ㎡ Café Ⅲ ①":        "wifi m2 cafe iii 1",
		"ﾌﾟﾛ がぎ":                 "プロ ロ がぎ ぎ",
		"𠮷野":                     "z20bb7z野 野",
		"a'b\"c\\d:e*(f)-g NEAR": "a b c d e f g near",
		"😀\x00\xff \u200b":       "",
		"привет":                 "z43fzz440zz438zz432zz435zz442z",
		"":                       "",
	} {
		if got := Document(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got, want := TSVector("家园家园 园"), "'家园':1,3 '园家':2 '园':4,5"; got != want {
		t.Errorf("TSVector = %s, want %s", got, want)
	}
}

func TestQueries(t *testing.T) {
	for query, want := range map[string][2]string{
		"蔬":          {`"蔬"*`, `'蔬':*`},
		"蔬菜":         {`"蔬菜"`, `'蔬菜'`},
		"卖蔬菜":        {`"卖蔬 蔬菜"`, `'卖蔬' <-> '蔬菜'`},
		"Wi 50 蔬 蔬菜": {`"wi"* AND "50" AND "蔬"* AND "蔬菜"`, `'wi':* & '50' & '蔬':* & '蔬菜'`},
		"蔬菜 蔬菜":      {`"蔬菜"`, `'蔬菜'`},
		`" OR *`:     {`"or"*`, `'or':*`},
		"，！":         {"", ""},
	} {
		if got := [2]string{Match(query), TSQuery(query)}; got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("蔬菜 ", MaxTokens)
	if n := len(strings.Fields(Document(long))); n != MaxTokens {
		t.Errorf("%d tokens of a long text", n)
	}
	if n := strings.Count(TSVector(long), ","); n > 2*maxPositions {
		t.Errorf("%d positions in a vector", n)
	}
	if n := len(Document(strings.Repeat("ж", 5000))); n > 2046 {
		t.Errorf("a word of %d bytes", n)
	}
	if n := len(strings.Fields(Match(strings.Repeat("蔬菜果", 5000)))); n != MaxQuery {
		t.Errorf("%d tokens in a long query", n)
	}
}

func TestLike(t *testing.T) {
	wish := "老人住院，7000斤蔬菜卖不掉，求帮忙"
	for _, tt := range []struct {
		a, b     string
		from, to float64
	}{
		{wish, wish, 1, 1},
		{wish, "老人住院 ７０００斤蔬菜卖不掉 求帮忙", 1, 1},
		{wish, "家里七千斤蔬菜卖不掉，求大家帮忙", 0.4, 0.8},
		{wish, "三幢楼道灯坏了", 0, 0},
		{"蔬菜蔬菜蔬菜", "蔬菜", 0.33, 0.34},
		{"", "", 0, 0},
		{"！", "！", 0, 0},
	} {
		got, back := like(tt.a)(tt.b), like(tt.b)(tt.a)
		if got != back || got < tt.from || got > tt.to {
			t.Errorf("%q and %q: %.3f, back %.3f, want %.2f to %.2f", tt.a, tt.b, got, back, tt.from, tt.to)
		}
	}
}

// index is a table of texts on one engine.
type index struct {
	find func(query string) ([]int, error) // ascending
}

func newFTS5(t testing.TB, texts []string) index {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`CREATE VIRTUAL TABLE f USING fts5(words, content='', contentless_delete=1)`); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if _, err := tx.Exec(`INSERT INTO f(rowid, words) VALUES (?, ?)`, i, Document(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return index{func(query string) ([]int, error) {
		rows, err := db.Query(`SELECT rowid FROM f WHERE f MATCH ? ORDER BY rowid`, Match(query))
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var ids []int
		for rows.Next() {
			var id int
			if err := rows.Scan(&id); err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return ids, rows.Err()
	}}
}

// newPostgres uses the server of `make test`; a temporary table lives and dies with the connection.
func newPostgres(t testing.TB, texts []string) index {
	t.Helper()
	url := os.Getenv("LINLI_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("LINLI_REQUIRE_POSTGRES") == "1" {
			t.Fatal("LINLI_TEST_POSTGRES is not set")
		}
		t.Skip("LINLI_TEST_POSTGRES is not set; make test sets it")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	if _, err := conn.Exec(ctx, `CREATE TEMPORARY TABLE f (id bigint, words tsvector)`); err != nil {
		t.Fatal(err)
	}
	var vectors []string
	for _, text := range texts {
		vectors = append(vectors, TSVector(text))
	}
	if _, err := conn.Exec(ctx, `INSERT INTO f SELECT n - 1, v::tsvector FROM unnest($1::text[]) WITH ORDINALITY AS u(v, n)`, vectors); err != nil {
		t.Fatal(err)
	}
	return index{func(query string) ([]int, error) {
		rows, err := conn.Query(ctx, `SELECT id FROM f WHERE words @@ $1::text::tsquery ORDER BY id`, TSQuery(query))
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, pgx.RowTo[int])
	}}
}

// expected finds by looking at the text itself. It knows only queries made of Chinese and of numbers.
func expected(texts []string, query string) []int {
	var ids []int
	for i, text := range texts {
		all := true
		for _, part := range strings.Fields(query) {
			if part[0] < utf8.RuneSelf {
				all = all && slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }), part)
			} else {
				all = all && strings.Contains(text, part)
			}
		}
		if all {
			ids = append(ids, i)
		}
	}
	return ids
}

// Three characters only, so that texts overlap in many ways.
func randomText(r *rand.Rand, words int) string {
	var b strings.Builder
	for range 1 + r.IntN(words) {
		if r.IntN(4) == 0 {
			fmt.Fprintf(&b, " %d ", r.IntN(30))
			continue
		}
		for range 1 + r.IntN(5) {
			b.WriteString([]string{"洲", "岛", "𠮷"}[r.IntN(3)])
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

func TestEnginesFindWhatIsThere(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var texts, queries []string
	for range 300 {
		texts = append(texts, randomText(r, 6))
	}
	for range 300 {
		queries = append(queries, randomText(r, 2))
	}
	for name, open := range map[string]func(testing.TB, []string) index{"fts5": newFTS5, "postgres": newPostgres} {
		t.Run(name, func(t *testing.T) {
			idx, found := open(t, texts), 0
			for _, query := range queries {
				got, err := idx.find(query)
				if err != nil {
					t.Fatalf("%q: %v", query, err)
				}
				if want := expected(texts, query); !slices.Equal(got, want) {
					t.Fatalf("%q (%s): found %v, want %v", query, Match(query), got, want)
				}
				found += len(got)
			}
			if found < 1000 {
				t.Errorf("only %d finds: the test says little", found)
			}
		})
	}
}

func TestOneCharacterFindsAtAnyPlace(t *testing.T) {
	idx := newFTS5(t, []string{"蔬菜", "吃蔬", "卖蔬菜吧", "蔬", "水果"})
	if got, err := idx.find("蔬"); err != nil || !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("found %v, %v", got, err)
	}
}

func FuzzEnginesTakeAnything(f *testing.F) {
	for _, seed := range []string{
		"洲岛家园 3幢", `"' OR 1=1 --`, "a* NEAR(b, 2) ^c {d}: e", "\x00\xff\xfe", "\\'", "x:1A & !y | <-> z", "𠮷\u3099\u0301e\u0301",
		"ﷺ ½ ﾞ ㍿ 🏳️‍🌈 \u202e", "ก็ हिन्दी ئۇيغۇر བོད", strings.Repeat("ab洲", 100),
	} {
		f.Add(seed)
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		f.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	f.Cleanup(func() { db.Close() })
	if _, err := db.Exec(`CREATE VIRTUAL TABLE f USING fts5(words, content='', contentless_delete=1);
		CREATE VIRTUAL TABLE v USING fts5vocab(f, instance)`); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := db.Exec(`DELETE FROM f`); err != nil {
			t.Fatal(err)
		}
		document := Document(text)
		if _, err := db.Exec(`INSERT INTO f(rowid, words) VALUES (1, ?)`, document); err != nil {
			t.Fatalf("document %q: %v", document, err)
		}
		// unicode61 kept every token as it is.
		var stored int
		if err := db.QueryRow(`SELECT count(*) FROM v`).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if words := len(strings.Fields(document)); stored != words {
			t.Fatalf("document %q: %d tokens stored, %d written", document, stored, words)
		}
		match := Match(text)
		if (match == "") != (document == "") || (match == "") != (TSQuery(text) == "") || (match == "") != (TSVector(text) == "") {
			t.Fatalf("%q: some forms are empty: %q %q %q %q", text, document, match, TSVector(text), TSQuery(text))
		}
		if match == "" {
			return
		}
		var found int
		if err := db.QueryRow(`SELECT count(*) FROM f WHERE f MATCH ?`, match).Scan(&found); err != nil {
			t.Fatalf("match %q: %v", match, err)
		}
		if found != 1 {
			t.Fatalf("%q does not find itself: document %q, match %q", text, document, match)
		}
		for _, literal := range []string{TSVector(text), TSQuery(text)} {
			if strings.ContainsAny(literal, "\\\"\x00") || !utf8.ValidString(literal) {
				t.Fatalf("unsafe literal %q", literal)
			}
		}
		if s := like(text)(text); s != 1 {
			t.Fatalf("%q is like itself by %v", text, s)
		}
	})
}

func BenchmarkDocument(b *testing.B) {
	text := strings.Repeat("老人住院，家里7000斤蔬菜卖不掉，希望邻居和共建单位食堂帮忙。", 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Document(text)
	}
}
