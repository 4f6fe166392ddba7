package tally

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var ratsEqual = cmp.Comparer(func(a, b *big.Rat) bool {
	return a == b || a != nil && b != nil && a.Cmp(b) == 0
})

// TestWithinBudget: no rule spends more than there is, none selects a project twice, and the order holds what is selected.
func TestWithinBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := genElection(Approvals, ChooseOne, Ordinal, Cumulative, Scoring).Draw(t, "election")
		for _, rule := range Rules() {
			r, err := Count(e, rule, Options{Increment: Decimal{max(1, e.Budget.Unscaled/30), e.Budget.Scale}})
			if err != nil {
				if (rule == Schulze || rule == InstantRunoff) && e.VoteType != Ordinal {
					continue
				}
				t.Fatal(err)
			}
			if r.Cost.Cmp(e.Budget.Rat()) > 0 {
				t.Fatalf("%s spends %s of %s", rule, r.Cost, e.Budget)
			}
			sorted := slices.Clone(r.Order)
			slices.Sort(sorted)
			if !slices.Equal(sorted, r.Selected) || len(slices.Compact(sorted)) != len(r.Order) {
				t.Fatalf("%s: order %v, selected %v", rule, r.Order, r.Selected)
			}
		}
	})
}

// TestRecount: the same ballots in another order, written to a file and read back, give the same result.
func TestRecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := genElection(Approvals, Ordinal, Cumulative).Draw(t, "election")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		mixed := *e
		mixed.Ballots = slices.Clone(e.Ballots)
		r.Shuffle(len(mixed.Ballots), func(i, j int) { mixed.Ballots[i], mixed.Ballots[j] = mixed.Ballots[j], mixed.Ballots[i] })
		if e.VoteType != Ordinal {
			for k, b := range mixed.Ballots {
				b.Choices, b.Points = slices.Clone(b.Choices), slices.Clone(b.Points)
				r.Shuffle(len(b.Choices), func(i, j int) {
					b.Choices[i], b.Choices[j] = b.Choices[j], b.Choices[i]
					if b.Points != nil {
						b.Points[i], b.Points[j] = b.Points[j], b.Points[i]
					}
				})
				mixed.Ballots[k] = b
			}
		}
		var file strings.Builder
		if err := Write(&file, &mixed); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(strings.NewReader(file.String()))
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Increment: Decimal{max(1, e.Budget.Unscaled/30), e.Budget.Scale}}
		for _, rule := range Rules() {
			a, errA := Count(e, rule, o)
			b, errB := Count(again, rule, o)
			if (errA == nil) != (errB == nil) {
				t.Fatalf("%s: %v, %v", rule, errA, errB)
			}
			if errA != nil {
				continue
			}
			for name, d := range map[string]string{
				"order": cmp.Diff(a.Order, b.Order), "ranking": cmp.Diff(a.Ranking, b.Ranking),
				"shares": cmp.Diff(a.Shares, b.Shares, ratsEqual), "votes": cmp.Diff(a.Votes, b.Votes),
			} {
				if d != "" {
					t.Fatalf("%s: %s %s", rule, name, d)
				}
			}
		}
	})
}

// TestCohesiveGroups: extended justified representation up to one project (Peters, Pierczyński and Skowron 2021, theorem 2). When
// voters of a group all approve the projects T and their part of the budget pays for T, then some member of the group has
// at least the utility of T, or would have more with one project of T on top. All sets T are tried; the worst group for a
// T is that of all its approvers whom the outcome serves too little.
func TestCohesiveGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := genElection(Approvals).Draw(t, "election")
		for _, rule := range []Rule{MESCost, MESCard, MESCostU} {
			r, err := Count(e, rule, Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := len(e.Projects)
			utility := func(i int) *big.Rat {
				if rule == MESCard {
					return big.NewRat(1, 1)
				}
				return e.Projects[i].Cost.Rat()
			}
			won := make([]bool, n)
			for i, p := range e.Projects {
				won[i] = slices.Contains(r.Selected, p.ID)
			}
			for set := 1; set < 1<<n; set++ {
				cost, want := new(big.Rat), new(big.Rat)
				for i := range n {
					if set>>i&1 == 1 {
						cost.Add(cost, e.Projects[i].Cost.Rat())
						want.Add(want, utility(i))
					}
				}
				var unserved int64
				for _, b := range e.Ballots {
					have, all := new(big.Rat), true
					for i := range n {
						approves := slices.Contains(b.Choices, i)
						if set>>i&1 == 1 && !approves {
							all = false
						}
						if approves && won[i] {
							have.Add(have, utility(i))
						}
					}
					served := have.Cmp(want) >= 0
					for i := range n {
						if set>>i&1 == 1 && !won[i] && new(big.Rat).Add(have, utility(i)).Cmp(want) > 0 {
							served = true
						}
					}
					if all && !served {
						unserved++
					}
				}
				part := new(big.Rat).Mul(e.Budget.Rat(), big.NewRat(unserved, int64(max(1, len(e.Ballots)))))
				if unserved > 0 && part.Cmp(cost) >= 0 {
					t.Fatalf("%s: %d voters with %s of the budget agree on the set %b of cost %s and get too little from %v",
						rule, unserved, part, set, cost, r.Selected)
				}
			}
		}
	})
}

// TestMonotone holds what is truly monotone: a further vote for a selected project never drops it under greedy_cost and the
// plain tallies; ranking the Schulze winner higher never makes it lose. (Equal shares, Phragmén and instant runoff are not
// monotone in this sense, and equal shares not in the budget; nothing is claimed for them.)
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := genElection(Approvals, Ordinal).Draw(t, "election")
		if len(e.Ballots) == 0 {
			return
		}
		voter := rapid.IntRange(0, len(e.Ballots)-1).Draw(t, "voter")
		lifted := func(project int) *Election {
			out := *e
			out.Ballots = slices.Clone(e.Ballots)
			b := &out.Ballots[voter]
			b.Choices = slices.Clone(b.Choices)
			if at := slices.Index(b.Choices, project); at < 0 {
				b.Choices = append(b.Choices, project)
			} else if at > 0 {
				b.Choices[at-1], b.Choices[at] = b.Choices[at], b.Choices[at-1]
			}
			return &out
		}
		for _, rule := range []Rule{GreedyCost, Approval, Schulze} {
			if rule == Schulze && e.VoteType != Ordinal {
				continue
			}
			o := Options{}
			if rule != GreedyCost {
				o.Seats = rapid.IntRange(1, 3).Draw(t, "seats")
			}
			if rule == Schulze {
				o.Seats = 1
			}
			was, err := Count(e, rule, o)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range e.Projects {
				if !slices.Contains(was.Selected, p.ID) {
					continue
				}
				if rule == Schulze && was.Ranking[0] != p.ID {
					continue
				}
				now, err := Count(lifted(i), rule, o)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Contains(now.Selected, p.ID) {
					t.Fatalf("%s: %s had %v, loses with one more vote: %v", rule, p.ID, was.Order, now.Order)
				}
			}
		}
	})
}
