package search

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
)

// dump is all that the index holds, as far as it can be read back.
func (r *rig) dump() []string {
	r.Helper()
	var out []string
	err := r.journal.DB.Select(r.Context(), &out, `SELECT doc || ' ' || kind || ' ' || subject || ' ' || place || ' ' || title || ' ' || at || ' ' || version || ' ' || sum{{pg  || ' ' || words::text}} FROM search_docs ORDER BY doc`)
	if err != nil {
		r.Fatal(err)
	}
	if r.journal.DB.Engine == db.SQLite {
		var terms []string
		if err := r.journal.DB.Write(r.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(r.Context(), `CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocab USING fts5vocab(main, search_fts, 'instance')`); err != nil {
				return err
			}
			return tx.Select(r.Context(), &terms, `SELECT term || ' ' || doc || ' ' || col || ' ' || "offset" FROM temp.vocab ORDER BY 1`)
		}); err != nil {
			r.Fatal(err)
		}
		out = append(out, terms...)
	}
	return out
}

func TestRebuildIsTheSame(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		rnd := rand.New(rand.NewPCG(3, 4))
		var subjects []string
		for i := range 90 {
			m := matter{title: fmt.Sprintf("心愿第%d号", i), body: strings.Repeat("孩子要书包", rnd.IntN(4)), place: home, public: rnd.IntN(3) > 0}
			if len(subjects) > 9 && rnd.IntN(2) == 0 {
				r.put("wish", subjects[rnd.IntN(len(subjects))], m)
			} else {
				subjects = append(subjects, r.put("wish", "", m))
			}
			if rnd.IntN(5) == 0 {
				r.drain()
			}
		}
		r.drain()
		before := r.dump()
		if len(before) < 20 {
			t.Fatalf("%d lines", len(before))
		}
		if err := r.journal.Rebuild(t.Context(), r.reader()); err != nil {
			t.Fatal(err)
		}
		if after := r.dump(); !slices.Equal(before, after) {
			t.Errorf("differs: %d lines before, %d after", len(before), len(after))
		}
		if faults, err := r.check(t.Context(), r.journal.DB); err != nil || len(faults) != 0 {
			t.Errorf("%v, %v", faults, err)
		}
	})
}

func TestCheckNamesWhatDiffers(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var w []string
		for i := range 8 {
			w = append(w, r.put("wish", "", matter{title: fmt.Sprint("心愿", i), body: "孩子要书包", place: home, public: i != 1}))
		}
		if faults, err := r.check(t.Context(), r.journal.DB); err != nil || len(faults) != 0 {
			t.Errorf("before the reader's first step: %v, %v", faults, err)
		}
		r.drain()
		r.put("wish", w[7], matter{title: "还没有读到", place: home, public: true})
		if faults, err := r.check(t.Context(), r.journal.DB); err != nil || len(faults) != 0 {
			t.Fatalf("%v, %v", faults, err)
		}
		// Without the log's knowledge:
		gone, changed := r.shelves["wish"][w[0]], r.shelves["wish"][w[2]]
		gone.public, changed.title = false, "改了"
		r.shelves["wish"][w[0]], r.shelves["wish"][w[2]] = gone, changed
		m := r.shelves["wish"][w[1]]
		m.public = true
		r.shelves["wish"][w[1]] = m
		stranger := id.New()
		err := r.journal.DB.Write(t.Context(), func(tx *db.Tx) error {
			d := &document{"wish", stranger, "x", "x", home, 1}
			if err := insert(t.Context(), tx, d, 1); err != nil {
				return err
			}
			if tx.Engine() == db.SQLite {
				if err := untoken(t.Context(), tx, number(w[3])); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), `INSERT INTO search_fts (rowid, words, scope) VALUES (?, ?, ?), (5, 'a', 'b')`, number(w[3]), "别的", "wish")
				return err
			}
			_, err := tx.Exec(t.Context(), `UPDATE search_docs SET words = '''别的'':1' WHERE subject = ?`, w[3])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		faults, err := r.check(t.Context(), r.journal.DB)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{w[0]: true, w[1]: true, w[2]: true, w[3]: true, stranger: true}
		if r.journal.DB.Engine == db.SQLite {
			want["words 5 "] = true
		}
		if len(faults) != len(want) {
			t.Errorf("%d faults: %q", len(faults), faults)
		}
		for s := range maps.Keys(want) {
			if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, s) }) {
				t.Errorf("%s is not named in %q", s, faults)
			}
		}
	})
}

// TestNumbers: numbers order as ids do, and two matters that would have one number both are found.
func TestNumbers(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{1})
	var ids []string
	for i := range 2000 {
		s, err := id.At(start.Add(time.Duration(i/4)*time.Millisecond), rnd)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s)
	}
	slices.Sort(ids)
	for i := 1; i < len(ids); i++ {
		if number(ids[i-1]) > number(ids[i]) || number(ids[i]) <= 0 {
			t.Fatalf("%s %d, %s %d", ids[i-1], number(ids[i-1]), ids[i], number(ids[i]))
		}
	}
	each(t, func(t *testing.T, r *rig) {
		base := ids[7]
		twins := []string{base[:33] + "111", base[:33] + "222", base[:33] + "333"}
		if number(twins[0]) != number(twins[1]) {
			t.Fatal("no twins")
		}
		for _, s := range twins {
			r.put("wish", s, matter{title: "双胞胎", place: home, public: true})
		}
		r.drain()
		if got := r.ids("双胞", "", "", 1); len(got) != 3 {
			t.Errorf("page by page: %v", got)
		}
		hide := r.shelves["wish"][twins[1]]
		hide.public = false
		r.put("wish", twins[1], hide)
		r.drain()
		r.finds("双胞", twins[0], twins[2])
	})
}

// TestTheIndexIsUsed: no search reads documents that do not match.
func TestTheIndexIsUsed(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		fill(t, r, 50, 2000)
		cond, args := r.Where("wish", "e.subject", "口琴") // rare: reading every row is right for a word that many have
		for what, q := range map[string]struct {
			sql  string
			args []any
		}{
			"search":  {found, []any{r.wanted("轮椅", "wish", home), "", int64(1) << 62, 21}},
			"similar": {`SELECT ` + plain + walk, []any{r.anyOf(pairsOf("想借一辆轮椅"), "wish", "320105004109"), "", int64(1) << 62, 1000}},
			"list":    {`SELECT e.subject FROM events e WHERE ` + cond, args},
		} {
			var plan []string
			if r.journal.DB.Engine == db.Postgres {
				if err := r.journal.DB.Select(t.Context(), &plan, `EXPLAIN `+q.sql, q.args...); err != nil {
					t.Fatal(err)
				}
				if all := strings.Join(plan, "\n"); !strings.Contains(all, "Bitmap Index Scan on search_docs_words") || strings.Contains(all, "Seq Scan on search_docs") {
					t.Errorf("%s:\n%s", what, all)
				}
				continue
			}
			var steps []struct {
				ID, Parent, NotUsed int
				Detail              string
			}
			if err := r.journal.DB.Select(t.Context(), &steps, `EXPLAIN QUERY PLAN `+q.sql, q.args...); err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				plan = append(plan, s.Detail)
			}
			all := strings.Join(plan, "\n")
			if !strings.Contains(all, "search_fts VIRTUAL TABLE INDEX") || strings.Contains(all, "SCAN d\n") || strings.Contains(all, "SCAN sd") {
				t.Errorf("%s:\n%s", what, all)
			}
			if what != "list" && strings.Contains(all, "TEMP B-TREE") {
				t.Errorf("%s sorts:\n%s", what, all)
			}
		}
	})
}

// TestNoPlanIsKept: PostgreSQL plans each search for its own words; a kept statement would get one plan for all words.
func TestNoPlanIsKept(t *testing.T) {
	r := open(t, dbtest.PostgresFromTemplate(t, "migrated", migrated))
	for range 8 {
		r.finds("轮椅")
		if _, err := r.Similar(t.Context(), r.journal.DB, "wish", home, "借轮椅", 3); err != nil {
			t.Fatal(err)
		}
	}
	var kept []string
	if err := r.journal.DB.Select(t.Context(), &kept, `SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%words @@%' AND statement NOT LIKE '%pg_prepared_statements%'`); err != nil || len(kept) != 0 {
		t.Errorf("kept: %q, %v", kept, err)
	}
}
