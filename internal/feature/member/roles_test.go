package member_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

// give gives a role as the operator does.
func give(h *apptest.House, name string, g member.Grant) {
	h.T.Helper()
	ctx := context.Background()
	id := h.Account(name).ID
	if err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.Member.Give(ctx, tx, "", id, g) }); err != nil {
		h.T.Fatal(err)
	}
}

// A role gives its rights from its first moment to its last and not a moment
// longer, to a token and to a session that is open meanwhile, though nothing
// happens in between.
func TestRolesBeginAndEndByTheClock(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		from, to := apptest.Noon.Add(time.Hour), apptest.Noon.Add(3*time.Hour)
		v := h.Visitor().SignIn("demo-neighbour")
		give(h, "demo-neighbour", member.Grant{Role: actor.Staff, Place: demo.CommunityA, FromAt: from.UnixMilli(), ToAt: to.UnixMilli()})
		for _, c := range []struct {
			at   time.Time
			want int
		}{{from.Add(-time.Millisecond), 404}, {from, 200}, {to.Add(-time.Millisecond), 200}, {to, 404}} {
			h.Clock.Set(c.at)
			if r := h.Do("GET", "/staff/people", "demo-neighbour", nil); r.Status != c.want {
				t.Errorf("by token at %s: %d, want %d", c.at, r.Status, c.want)
			}
			v.Get(c.want, "/staff/people")
			fresh, err := h.Member.Fresh(t.Context(), h.DB, actor.Actor{ID: h.Account("demo-neighbour").ID})
			if err != nil || fresh.Has(actor.Staff, demo.CommunityA) != (c.want == 200) {
				t.Errorf("fresh at %s: %v %v", c.at, fresh.Roles, err)
			}
		}
	})
}

// A move asks anew what its actor may do: what was read before the role ended
// counts for nothing.
func TestAMoveTakesNoStaleRole(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		ctx := t.Context()
		wish := h.FileWish("demo-newcomer", nil) // waits for review
		stale := actor.With(ctx, h.Actor("demo-community"))
		if err := h.DB.Write(ctx, func(tx *db.Tx) error {
			return h.Member.End(ctx, tx, "", h.Account("demo-community").ID, actor.Staff)
		}); err != nil {
			t.Fatal(err)
		}
		if err := h.Wish.Do(stale, wish, "approve", map[string]any{}); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied) {
			t.Errorf("approved by who was staff: %v", err)
		}
		if err := h.Wish.Do(actor.With(ctx, h.Actor("demo-community2")), wish, "approve", map[string]any{}); err != nil {
			t.Errorf("approved by who is staff: %v", err)
		}
		h.Sound()
	})
}

// Who acts for a group acts no longer when the group's term is over, or when it
// is ended before.
func TestAGroupThatEndsGivesNoRole(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		ctx := t.Context()
		put := func(g group.Group) {
			t.Helper()
			if err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.Group.Put(ctx, tx, "", &g) }); err != nil {
				t.Fatal(err)
			}
		}
		acts := func(name, group string) bool {
			me := h.Must(200, "GET", "/api/v1/me", name, nil)["roles"].([]any)
			listed := slices.ContainsFunc(me, func(r any) bool { return r.(object)["group"] == group })
			if acts := h.Actor(name).ActsFor(group); acts != listed {
				t.Errorf("%s acts for the group: %v, and the API says %v", name, acts, listed)
			}
			return listed
		}
		unit := h.Actor("demo-unit1").Agencies()[0].Group
		g, _ := h.Group.Get(unit)
		until := apptest.Noon.Add(time.Hour)
		g.ToAt = until.UnixMilli()
		put(g)
		if !acts("demo-unit1", unit) {
			t.Fatal("does not act within the term")
		}
		h.Clock.Set(until)
		if acts("demo-unit1", unit) {
			t.Error("acts past the term of the group")
		}
		society := h.Actor("demo-society").Agencies()[0].Group
		g, _ = h.Group.Get(society)
		g.State = "ended"
		put(g)
		if acts("demo-society", society) {
			t.Error("acts for a group that was ended")
		}
	})
}

// A hundred who sign in by one phone at once, on two nodes, are one person.
func TestAPhoneIsOneAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		nodes := []*apptest.House{h}
		if h.DB.Engine == db.Postgres {
			nodes = append(nodes, h.Node())
		}
		ids := make([]string, 100)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range ids {
			wg.Go(func() {
				<-start
				a, err := nodes[i%len(nodes)].Member.ByPhone(context.Background(), "13912345678", demo.CommunityA)
				if err != nil {
					t.Error(err)
				}
				ids[i] = a.ID
			})
		}
		close(start)
		wg.Wait()
		slices.Sort(ids)
		if all := slices.Compact(ids); len(all) != 1 || all[0] == "" {
			t.Errorf("%d accounts: %v", len(all), all)
		}
		var n int
		if err := h.DB.Get(t.Context(), &n, `SELECT count(*) FROM accounts WHERE phone = '13912345678'`); err != nil || n != 1 {
			t.Error(fmt.Sprint(n, " accounts are kept"), err)
		}
		h.Sound()
	})
}
