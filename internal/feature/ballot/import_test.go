package ballot_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/feature/ballot"
	"linli/internal/feature/tally"
	"linli/internal/platform/db"
)

// TestPabulibThroughTheHouse takes real elections in as polls that are over:
// their published ballots count as the file does, and what is written out again
// counts the same under every rule.
func TestPabulibThroughTheHouse(t *testing.T) {
	files, err := filepath.Glob("../tally/testdata/pabulib/*.pb")
	if err != nil || len(files) != 4 {
		t.Fatalf("%v %v", files, err)
	}
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		for _, f := range files {
			if strings.Contains(f, "Warszawa") || strings.Contains(f, "Gdynia") {
				continue // approvals again, of more voters
			}
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			e, err := tally.Parse(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			p, err := ballot.FromPabulib(e, "", demo.CommunityA, apptest.Noon.UnixMilli())
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			staff := h.actor("demo-community")
			if err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.Ballot.Import(ctx, tx, h.actor("demo-resident"), e, p) }); !fault.Is(err, fault.Denied) {
				t.Errorf("a resident imports a poll: %v", err)
			}
			if err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.Ballot.Import(ctx, tx, staff, e, p) }); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if err := h.Ballot.Work(ctx); err != nil {
				t.Fatal(err)
			}
			base := "/api/v1/polls/" + p.ID
			r := h.Must(200, "GET", base+"/result", "", nil)
			if r["voters"] != float64(len(e.Ballots)) || r["roll"] != float64(len(e.Ballots)) {
				t.Errorf("%s: %v", f, r)
			}
			pb := h.Do("GET", base+"/ballots.pb", "", nil).Body
			again, err := tally.Parse(strings.NewReader(pb))
			if err != nil {
				t.Fatal(err)
			}
			for _, rule := range tally.Rules() {
				if rule == tally.Schulze || rule == tally.InstantRunoff || rule == tally.Score || rule == tally.Knapsack {
					continue // of other ballots
				}
				want, err := tally.Count(e, rule, tally.Options{SupportedOnly: true})
				if err != nil {
					t.Fatal(err)
				}
				got, err := tally.Count(again, rule, tally.Options{SupportedOnly: true})
				if err != nil || !slices.Equal(got.Order, want.Order) {
					t.Errorf("%s by %s: %v %v, want %v", f, rule, got.Order, err, want.Order)
				}
				if rule == p.Rule && fmt.Sprint(r["order"]) != fmt.Sprint(want.Order) {
					t.Errorf("%s: the poll selects %v, want %v", f, r["order"], want.Order)
				}
			}
		}
		if id, err := h.Ballot.Newest(ctx); err != nil || id == "" {
			t.Errorf("newest %q %v", id, err)
		}
		h.Sound("ballot")
	})
}

func TestPabulibThatIsNoPoll(t *testing.T) {
	const file = "META\nkey;value\nbudget;100\nvote_type;approval\nPROJECTS\nproject_id;cost\na;60\nb;50\nVOTES\nvoter_id;vote\n1;a\n"
	for name, x := range map[string]struct{ old, new, rule, want string }{
		"one project":      {"b;50\n", "", "", "two projects"},
		"rule of others":   {"", "", "irv", "does not fit"},
		"no rule":          {"", "", "lottery", "unknown rule"},
		"three decimals":   {"a;60", "a;60.005", "", "two decimals"},
		"a budget too big": {"budget;100", "budget;999999999999999999", "", "too much money"},
	} {
		e, err := tally.Parse(strings.NewReader(strings.Replace(file, x.old, x.new, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ballot.FromPabulib(e, tally.Rule(x.rule), demo.CommunityA, apptest.Noon.UnixMilli()); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	odd := strings.NewReplacer("a;60", "z 1;60", "1;a", "1;z 1").Replace(file) // an id that cannot stand in a list of choices
	e, err := tally.Parse(strings.NewReader(odd))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ballot.FromPabulib(e, "", demo.CommunityA, apptest.Noon.UnixMilli())
	if err != nil || p.Options[0].ID != "2" || p.Options[1].ID != "1" || p.Options[0].Title != "z 1" {
		t.Errorf("serials keep the order of ids: %+v %v", p, err)
	}
}

// actor is an account of the demo as it acts.
func (h *house) actor(name string) actor.Actor {
	h.T.Helper()
	acc, err := h.Member.Find(context.Background(), h.DB, name)
	if err != nil {
		h.T.Fatal(err)
	}
	a, _, err := h.Member.Actor(context.Background(), acc.ID)
	if err != nil {
		h.T.Fatal(err)
	}
	return a
}
