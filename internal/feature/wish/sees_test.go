package wish_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/wish"
	"linli/internal/platform/db"
	"linli/internal/platform/golden"
	"linli/internal/platform/matter"
)

// samples are wishes in every state of their life, as the matrix sees them.
func samples(h *house) []flow.Sample[*wish.Wish] {
	resident, grid, volunteer := h.Actor("demo-resident").ID, h.Actor("demo-grid").ID, h.Actor("demo-volunteer").ID
	unit := h.Actor("demo-unit1")
	party := h.Actor("demo-party")
	base := func(state flow.State, change func(w *wish.Wish)) *wish.Wish {
		w := &wish.Wish{Title: "修纱窗", Visibility: wish.Public, Tier: 1, TierAt: apptest.Noon.UnixMilli(), Rank: wish.AtCommunity}
		w.ID, w.State, w.Version, w.Author, w.Since = "01a20000-0000-7000-8000-000000000000", state, 1, resident, apptest.Noon.UnixMilli()
		w.Locate(demo.CommunityA)
		if change != nil {
			change(w)
		}
		return w
	}
	held := func(w *wish.Wish) {
		w.Claims = append(w.Claims, &wish.Claim{ID: "c1", Account: volunteer, Amount: 1, State: wish.Held})
		w.Taken = 1
	}
	brought := func(w *wish.Wish) {
		w.Claims = append(w.Claims, &wish.Claim{ID: "c1", Account: volunteer, Amount: 1, Delivered: 1, State: wish.Brought})
		w.Taken, w.Done = 1, 1
	}
	shared := func(w *wish.Wish) {
		w.Total, w.Unit, w.Tier, w.Taken = 7000, "斤", 2, 600
		w.Claims = append(w.Claims,
			&wish.Claim{ID: "c1", Account: party.ID, Group: party.Agencies()[0].Group, State: wish.Held, Lead: true},
			&wish.Claim{ID: "c2", Account: unit.ID, Group: unit.Agencies()[0].Group, Amount: 600, State: wish.Held})
	}
	type s = flow.Sample[*wish.Wish]
	return []s{
		{Name: "review", Value: base(wish.Review, nil)},
		{Name: "open", Value: base(wish.Open, nil)},
		{Name: "open, for the street", Value: base(wish.Open, func(w *wish.Wish) { w.Tier, w.Rank = 3, wish.AtStreet })},
		{Name: "open, shared and led", Value: base(wish.Open, shared)},
		{Name: "open, private", Value: base(wish.Open, func(w *wish.Wish) { w.Visibility = wish.Private })},
		{Name: "open, private, given to a volunteer", Value: base(wish.Open, func(w *wish.Wish) { w.Visibility, w.OfferedTo = wish.Private, volunteer })},
		{Name: "review, private, risen to the street", Value: base(wish.Review, func(w *wish.Wish) { w.Visibility, w.Rank = wish.Private, wish.AtStreet })},
		{Name: "open, on behalf", Value: base(wish.Open, func(w *wish.Wish) { w.Author, w.HelpedName = grid, "老张" })},
		{Name: "claimed", Value: base(wish.Claimed, held)},
		{Name: "delivered", Value: base(wish.Delivered, brought)},
		{Name: "delivered, on behalf of an account", Value: base(wish.Delivered, func(w *wish.Wish) { w.Author, w.Helped = grid, resident; brought(w) })},
		{Name: "fulfilled", Value: base(wish.Fulfilled, brought)},
		{Name: "fulfilled, disputed before", Value: base(wish.Fulfilled, func(w *wish.Wish) { brought(w); w.Disputes = 1 })},
		{Name: "disputed", Value: base(wish.Disputed, brought)},
		{Name: "lapsed", Value: base(wish.Lapsed, brought)},
		{Name: "returned", Value: base(wish.Returned, nil)},
		{Name: "withdrawn", Value: base(wish.Withdrawn, nil)},
		{Name: "expired", Value: base(wish.Expired, nil)},
		{Name: "converted", Value: base(wish.Converted, nil)},
	}
}

// TestMatrix: who sees and may do what in every state is a text to review.
// Write it anew with -update.
func TestMatrix(t *testing.T) {
	if err := wish.Life.Check(); err != nil {
		t.Fatal(err)
	}
	h := one(t)
	actors := []flow.Sample[actor.Actor]{{Name: "anonymous"}}
	for _, name := range accounts() {
		if strings.HasPrefix(name, "demo-unit") && name != "demo-unit1" && name != "demo-unit2" {
			continue // the others are like the second
		}
		actors = append(actors, flow.Sample[actor.Actor]{Name: name, Value: h.Actor(name)})
	}
	var b strings.Builder
	seen := map[flow.State]bool{}
	for _, s := range samples(h) {
		seen[s.Value.State] = true
		var who []string
		for _, a := range actors {
			if wish.Sees(a.Value, s.Value) {
				who = append(who, a.Name)
			}
		}
		if len(who) == len(actors) {
			who = []string{"everybody"}
		}
		b.WriteString(wish.Life.Matrix([]flow.Sample[*wish.Wish]{s}, actors, apptest.Noon.UnixMilli()))
		fmt.Fprintf(&b, "  seen by %s\n\n", strings.Join(who, " "))
	}
	for _, st := range wish.Life.States() {
		if !seen[st] {
			t.Errorf("no sample is %s", st)
		}
	}
	golden.Check(t, "testdata/matrix.txt", b.String())
}

// TestSeesSQL: the list shows exactly what Sees allows, for wishes and actors
// drawn at random, on both engines.
func TestSeesSQL(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		rnd := rand.New(rand.NewPCG(7, 7))
		var actors []actor.Actor
		for _, n := range accounts() {
			actors = append(actors, h.Actor(n))
		}
		some := func() actor.Actor { return actors[rnd.IntN(len(actors))] }
		places := []string{demo.CommunityA, demo.CommunityB, demo.CommunityA + "001", demo.Street, demo.District}
		var all []*wish.Wish
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			for range 300 {
				w := &wish.Wish{Title: "t", Body: "b", Category: "其他", Visibility: []string{wish.Public, wish.Private}[rnd.IntN(2)], Tier: 1,
					Rank: []string{wish.AtCommunity, wish.AtStreet, wish.AtDistrict}[rnd.IntN(3)]}
				w.Author = some().ID
				w.Locate(places[rnd.IntN(len(places))])
				if rnd.IntN(3) == 0 {
					w.Helped = some().ID
				}
				if rnd.IntN(3) == 0 {
					w.OfferedTo = some().ID
				}
				for range rnd.IntN(3) {
					a := some()
					c := &wish.Claim{ID: fmt.Sprintf("%016x", rnd.Uint64()), Account: a.ID, State: []string{wish.Held, wish.Brought, wish.Released, wish.Missed}[rnd.IntN(4)]}
					if g := a.Agencies(); len(g) > 0 {
						c.Group = g[0].Group
						c.Account = some().ID
					}
					w.Claims = append(w.Claims, c)
				}
				states := wish.Life.States()
				if err := h.Wish.Machine.Born(ctx, tx, w, states[rnd.IntN(len(states))], &flow.Change{Actor: actors[0]}); err != nil {
					return err
				}
				all = append(all, w)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// Beside the demo's: a guardian, staff of a grid and of the whole city, a member of a group.
		guardian := h.Actor("demo-neighbour")
		guardian.Wards = []string{h.Actor("demo-resident").ID, h.Actor("demo-newcomer").ID}
		staff := func(place string) actor.Actor {
			a := h.Actor("demo-expert1")
			a.Roles = []actor.Role{{Name: actor.Staff, Place: place}}
			return a
		}
		member := h.Actor("demo-outsider")
		member.Roles = []actor.Role{{Name: actor.Member, Group: h.Actor("demo-unit4").Agencies()[0].Group}, {Name: actor.Staff, Place: demo.CommunityB}}
		both := h.Actor("demo-expert2")
		both.Roles = []actor.Role{{Name: actor.Staff, Place: demo.Street, Group: h.Actor("demo-unit5").Agencies()[0].Group}}
		for _, a := range append(actors, actor.Actor{}, guardian, staff(demo.CommunityA+"901"), staff("3201"), member, both) {
			found := map[string]bool{}
			v := matter.View{Actor: a, Now: apptest.Noon.UnixMilli()}
			for after := ""; ; {
				rows, err := h.Wish.Kind.List(ctx, h.DB, v, flow.Input{}, page.Ask{Limit: 100, After: after})
				if err != nil {
					t.Fatal(err)
				}
				for i, w := range rows {
					if i < 100 {
						found[w.ID], after = true, w.ID
					}
				}
				if len(rows) <= 100 {
					break
				}
			}
			for _, w := range all {
				if sees := wish.Sees(a, w); sees != found[w.ID] {
					t.Errorf("%s (%v): Sees %v, SQL %v for %s %s at %s, rank %s", a.Name, a.Roles, sees, found[w.ID], w.Visibility, w.State, w.Place, w.Rank)
				}
			}
		}
		// These rows were made for the eye of this test, not through moves.
		if err := h.DB.Write(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM wish_claims`); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `DELETE FROM wishes`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestPrivateIsAbsent: at every door a private wish answers a stranger byte for
// byte as one that does not exist.
func TestPrivateIsAbsent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		photo := h.photo("demo-resident")
		id := h.file("demo-resident", object{"visibility": "private", "title": "私下想问的一件事", "photos": []string{photo}})
		h.Clock.Advance(time.Second)
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		const absent = "01900000-0000-7000-8000-000000000000"
		doors := []struct{ method, path string }{
			{"GET", "/wishes/ID"}, {"GET", "/wishes/ID?done=claim"}, {"GET", "/wishes/ID/receipt"}, {"GET", "/wishes/ID/slip"},
			{"GET", "/api/v1/wishes/ID"}, {"GET", "/api/v1/wishes/ID/timeline"},
		}
		for _, do := range wish.Life.Names() {
			doors = append(doors, struct{ method, path string }{"POST", "/api/v1/wishes/ID/" + do}, struct{ method, path string }{"POST", "/wishes/ID/" + do})
		}
		for _, as := range []string{"", "demo-neighbour", "demo-volunteer", "demo-party", "demo-grid", "demo-community-b", "demo-street", "demo-district", "demo-admin", "demo-auditor"} {
			for _, d := range doors {
				at := func(id string) apptest.Reply {
					var body any
					if d.method == "POST" && strings.HasPrefix(d.path, "/api/") {
						body = object{"x": 1}
					}
					return h.Do(d.method, strings.ReplaceAll(d.path, "ID", id), as, body)
				}
				one, none := at(id), at(absent)
				if as == "" && d.method == "POST" {
					if one.Status != none.Status {
						t.Errorf("%s %s anonymous: %d and %d", d.method, d.path, one.Status, none.Status)
					}
					continue // asked to sign in, whatever it is
				}
				if one.Status != 404 || none.Status != 404 || strings.ReplaceAll(one.Body, id, absent) != none.Body {
					t.Errorf("%s %s as %q: %d and %d, bodies alike: %v", d.method, d.path, as, one.Status, none.Status, strings.ReplaceAll(one.Body, id, absent) == none.Body)
				}
			}
			for _, list := range []string{"/api/v1/wishes?limit=100", "/wishes", "/api/v1/wishes?state=open", "/api/v1/wishes?q=私下", "/wishes?q=私下"} {
				if r := h.Do("GET", list, as, nil); strings.Contains(r.Body, id) || strings.Contains(r.Body, "私下想问") {
					t.Errorf("%s as %q shows it", list, as)
				}
			}
			for _, f := range []string{"/files/" + photo, "/files/" + photo + "/thumbnail"} {
				if r := h.Do("GET", f, as, nil); r.Status != 404 {
					t.Errorf("%s as %q: %d", f, as, r.Status)
				}
			}
		}
		for _, as := range []string{"demo-resident", "demo-community"} {
			if r := h.Do("GET", "/wishes/"+id, as, nil); r.Status != 200 {
				t.Errorf("%s does not see it: %d", as, r.Status)
			}
			if r := h.Do("GET", "/files/"+photo, as, nil); r.Status != 200 {
				t.Errorf("%s does not see its photograph: %d", as, r.Status)
			}
		}
		h.move(200, "demo-community", id, "offer", object{"to": "demo-volunteer2"})
		h.move(200, "demo-volunteer2", id, "claim", nil)
		h.move(404, "demo-volunteer", id, "claim", nil)
	})
}

// photo uploads a picture and returns its id.
func (h *house) photo(as string) string {
	h.T.Helper()
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		h.T.Fatal(err)
	}
	return h.Upload(as, "田头.jpg", picture.Bytes())
}

// TestOwnAreSearchedWhole: a search among one's own finds private ones too, and
// nobody else's by it.
func TestOwnAreSearchedWhole(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.file("demo-resident", object{"visibility": "private", "title": "私下想问WiFi的一件事"})
		h.Read()
		for _, c := range []struct {
			as, query string
			want      int
		}{
			{"demo-resident", "mine=true&q=wifi", 1}, {"demo-resident", "mine=true&q=" + url.QueryEscape("私下"), 1},
			{"demo-resident", "mine=true&q=" + url.QueryEscape("没有的"), 0}, {"demo-neighbour", "mine=true&q=wifi", 0},
			{"demo-neighbour", "q=" + url.QueryEscape("私下"), 0}, {"demo-resident", "q=" + url.QueryEscape("私下"), 0}, // the index holds what everybody may read
		} {
			items := h.must(200, "GET", "/wishes?"+c.query, c.as, nil)["items"].([]any)
			if len(items) != c.want || c.want == 1 && items[0].(object)["id"] != id {
				t.Errorf("%s, %s: %v", c.as, c.query, items)
			}
		}
	})
}
