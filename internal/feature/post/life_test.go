package post

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/golden"
	"linli/migrations"
)

const (
	communityA = "320105004004"
	street     = "320105004"
	district   = "320105"
)

func staffAt(place string) actor.Actor {
	return actor.Actor{ID: "staff-" + place, Level: actor.V3, Roles: []actor.Role{{Name: actor.Staff, Place: place}}}
}

// actors are the columns of the matrix, as the demo has them.
var actors = []struct {
	name string
	actor.Actor
}{
	{"anonymous", actor.Actor{}},
	{"resident", actor.Actor{ID: "resident", Level: actor.V3, Home: communityA}},
	{"author", actor.Actor{ID: "author", Level: actor.V3, Roles: []actor.Role{{Name: actor.Agent, Group: "g", GroupKind: actor.Party}}}},
	{"grid", actor.Actor{ID: "grid", Roles: []actor.Role{{Name: actor.GridWorker, Place: communityA + "901"}}}},
	{"community", staffAt(communityA)},
	{"writer", actor.Actor{ID: "writer", Roles: []actor.Role{{Name: actor.Staff, Place: communityA}}}},
	{"community-b", staffAt("320105004005")},
	{"street", staffAt(street)},
	{"district", staffAt(district)},
	{"auditor", actor.Actor{ID: "auditor", Roles: []actor.Role{{Name: actor.Auditor, Place: district}}}},
	{"admin", actor.Actor{ID: "admin", Roles: []actor.Role{{Name: actor.Admin, Place: district}}}},
}

// samples are posts in every state worth telling apart.
func samples() map[string]*Post {
	made := func(state flow.State, place, author string, change func(*Post)) *Post {
		p := &Post{Title: "t", Body: "b"}
		p.ID, p.State, p.Version, p.Author = id.New(), state, 1, author
		p.Locate(place)
		p.Reach, p.Channel = place, levelOf(place)
		if change != nil {
			change(p)
		}
		return p
	}
	return map[string]*Post{
		"draft":             made(Draft, communityA, "author", nil),
		"draft of staff":    made(Draft, communityA, "writer", nil),
		"two persons":       made(Submitted, communityA, "writer", func(p *Post) { p.TwoPersons = true }),
		"submitted":         made(Submitted, communityA, "author", nil),
		"waits for hour":    made(Submitted, communityA, "writer", func(p *Post) { p.Publisher, p.PublishAt = "writer", 9e12 }),
		"published":         made(Published, communityA, "writer", nil),
		"published, pinned": made(Published, communityA, "writer", func(p *Post) { p.Pinned = true }),
		"asked to lift":     made(Published, communityA, "writer", func(p *Post) { p.LiftTo = street }),
		"lifted to street":  made(Published, communityA, "writer", func(p *Post) { p.Reach = street }),
		"of the street":     made(Published, street, "staff-"+street, nil),
		"of the district":   made(Published, district, "staff-"+district, nil),
		"draft of district": made(Draft, district, "staff-"+district, nil),
		"retracted":         made(Retracted, communityA, "writer", nil),
	}
}

func TestLife(t *testing.T) {
	if err := Life.Check(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# What each may do with a post. (move): shown, with a reason why not. -: may not even see it.\n")
	all := samples()
	var names []string
	for n := range all {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(&b, "\n%s\n", n)
		for _, a := range actors {
			p := all[n]
			line := "-"
			if Sees(a.Actor, p) {
				var acts []string
				for _, act := range Life.Actions(p, a.Actor, 1) {
					if act.Enabled {
						acts = append(acts, act.Do)
					} else {
						acts = append(acts, "("+act.Do+" "+act.Reason+")")
					}
				}
				line = "reads " + strings.Join(acts, " ")
			}
			fmt.Fprintf(&b, "  %-12s %s\n", a.name, strings.TrimRight(line, " "))
		}
	}
	golden.Check(t, "testdata/matrix.txt", b.String())
}

// withDB runs the test on a migrated database of both engines.
func withDB(t *testing.T, f func(t *testing.T, d *db.DB)) {
	dbtest.EachFrom(t, "migrated", func(url string) error {
		d, err := db.Open(context.Background(), url, clock.NewFake(time.UnixMilli(1)))
		if err != nil {
			return err
		}
		defer d.Close()
		_, err = d.Migrate(context.Background(), migrations.Files)
		return err
	}, func(t *testing.T, url string) {
		d, err := db.Open(t.Context(), url, clock.NewFake(time.UnixMilli(1)))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		f(t, d)
	})
}

// TestSeesSQL compares the rule with the same rule in SQL.
func TestSeesSQL(t *testing.T) {
	withDB(t, func(t *testing.T, d *db.DB) {
		all := samples()
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for _, p := range all {
				if err := (store{}).Insert(t.Context(), tx, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range actors {
			got, err := list(t.Context(), d, a.Actor, Filter{}, page.Ask{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for n, p := range all {
				listed := slices.ContainsFunc(got, func(o *Post) bool { return o.ID == p.ID })
				if listed != Sees(a.Actor, p) {
					t.Errorf("%s, %s: the list says %v", n, a.name, listed)
				}
			}
		}
	})
}

// TestListIsWalked: with 10,000 posts the list of a community reads a page's
// worth of index entries, and keyset pages neither lose nor repeat a row.
func TestListIsWalked(t *testing.T) {
	withDB(t, func(t *testing.T, d *db.DB) {
		const n = 10_000
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			for i := range n {
				place := fmt.Sprintf("320105%03d%03d", 1+i%6, 1+i/6%12)
				switch {
				case i%50 == 0:
					place = district
				case i%20 == 0:
					place = place[:9]
				}
				p := &Post{Title: "t", Body: "b", Topic: Topics[i%len(Topics)], ShownAt: int64(1000 + i/3), PublishedAt: int64(1000 + i/3)}
				p.ID, p.State, p.Version = id.New(), Published, 1
				p.Locate(place)
				p.Reach, p.Channel = place, levelOf(place)
				if err := (store{}).Insert(t.Context(), tx, p); err != nil {
					return err
				}
			}
			if d.Engine == db.Postgres {
				_, err := tx.Exec(t.Context(), `ANALYZE posts`)
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []string{"320105004004", "320105004", "320105", ""} {
			query, args := listQuery(actor.Actor{}, Filter{Place: place, State: string(Published)}, page.Ask{Limit: 20})
			var plan []string
			if d.Engine == db.Postgres {
				var raw string
				if err := d.Get(t.Context(), &raw, `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) `+query, args...); err != nil {
					t.Fatal(err)
				}
				var top []map[string]any
				if err := json.Unmarshal([]byte(raw), &top); err != nil {
					t.Fatal(err)
				}
				plan = scans(top[0]["Plan"].(map[string]any))
			} else {
				var rows []struct {
					ID, Parent, NotUsed int
					Detail              string
				}
				if err := d.Select(t.Context(), &rows, `EXPLAIN QUERY PLAN `+query, args...); err != nil {
					t.Fatal(err)
				}
				for _, r := range rows {
					if strings.HasPrefix(r.Detail, "SCAN p") && !strings.Contains(r.Detail, "USING INDEX") && !strings.Contains(r.Detail, "COVERING INDEX") {
						plan = append(plan, r.Detail)
					}
				}
			}
			if len(plan) > 0 {
				t.Errorf("%q reads too much: %q", place, plan)
			}
			seen := map[string]bool{}
			ask := page.Ask{Limit: 97}
			last := int64(1 << 62)
			for {
				rows, err := list(t.Context(), d, actor.Actor{}, Filter{Place: place}, ask)
				if err != nil {
					t.Fatal(err)
				}
				cut := page.Cut(rows, ask, func(p *Post) string { return p.ID })
				for _, p := range cut.Items {
					if seen[p.ID] || p.ShownAt > last {
						t.Fatalf("%q: %s stands twice or out of order", place, p.ID)
					}
					seen[p.ID], last = true, p.ShownAt
				}
				if cut.Next == nil {
					break
				}
				ask.After = cut.Items[len(cut.Items)-1].ID
			}
			var want int
			if err := d.Get(t.Context(), &want, `SELECT count(*) FROM posts WHERE place = ? OR place = ? OR place >= ? AND place < ?`,
				cutTo(place, 6), cutTo(place, 9), place, place+":"); err != nil {
				t.Fatal(err)
			}
			if len(seen) != want {
				t.Errorf("%q: %d posts, want %d", place, len(seen), want)
			}
		}
	})
}

func cutTo(place string, n int) string {
	if len(place) < n {
		return "none"
	}
	return place[:n]
}

// scans names the nodes of a plan that went through many rows of posts.
func scans(node map[string]any) []string {
	var out []string
	rows, _ := node["Actual Rows"].(float64)
	removed, _ := node["Rows Removed by Filter"].(float64)
	if node["Relation Name"] == "posts" && rows+removed > 2000 {
		out = append(out, fmt.Sprintf("%v: %v rows", node["Node Type"], rows+removed))
	}
	subs, _ := node["Plans"].([]any)
	for _, s := range subs {
		out = append(out, scans(s.(map[string]any))...)
	}
	return out
}
