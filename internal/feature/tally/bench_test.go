package tally

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"
)

// synthetic makes a big city's election: ballots of up to most projects by uneven popularity, with hardly any two alike.
func synthetic(ballots, projects, most int, t VoteType) *Election {
	r := rand.New(rand.NewPCG(7, 11))
	e := &Election{VoteType: t, Budget: Int(5_000_000)}
	weight := make([]float64, projects)
	for i := range projects {
		e.Projects = append(e.Projects, Project{ID: fmt.Sprint(i + 1), Cost: Decimal{1_000_000 + r.Int64N(60_000_000), 2}})
		weight[i] = 0.05 + r.Float64()*r.Float64()
	}
	for range ballots {
		var b Ballot
		n := 1 + r.IntN(most)
		for len(b.Choices) < n {
			if i := r.IntN(projects); r.Float64() < weight[i] && !slices.Contains(b.Choices, i) {
				b.Choices = append(b.Choices, i)
				if t.scored() {
					b.Points = append(b.Points, Int(1+r.Int64N(10)))
				}
			}
		}
		e.Ballots = append(e.Ballots, b)
	}
	return e
}

var timed = []Rule{GreedyCost, GreedyCard, MESCost, MESCard, MESCostU, Phragmen, Approval, Knapsack, Score, MESCostAdd1, MESCostPlain, MESCostAdd1U}

// worked is how long f kept this process working: the time that passed, or what
// the processors were taken for if that is less, because other tests share them.
func worked(f func()) time.Duration {
	cpu := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			panic(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began, before := time.Now(), cpu()
	f()
	return min(time.Since(began), cpu()-before)
}

// TestSpeed holds the demand: 60,000 ballots over 110 projects in 2 s, with add1 in 10 s.
func TestSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("counts 60,000 ballots")
	}
	e := synthetic(60_000, 110, 15, Approvals)
	for _, rule := range timed {
		limit := 2 * time.Second
		if rule == MESCostAdd1 || rule == MESCostPlain || rule == MESCostAdd1U {
			limit = 10 * time.Second
		}
		var r *Result
		var err error
		took := worked(func() { r, err = Count(e, rule, Options{}) })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-20s %8s, %d selected, %d steps", rule, took.Round(time.Millisecond), len(r.Order), r.Steps)
		if took > limit {
			t.Errorf("%s took %s, may take %s", rule, took, limit)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	e := synthetic(60_000, 110, 15, Approvals)
	for _, rule := range timed {
		b.Run(string(rule), func(b *testing.B) {
			for range b.N {
				if _, err := Count(e, rule, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	ranked := synthetic(60_000, 110, 15, Ordinal)
	for _, rule := range []Rule{Schulze, InstantRunoff} {
		b.Run(string(rule), func(b *testing.B) {
			for range b.N {
				if _, err := Count(ranked, rule, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestStepsAtOnce: steps that run beside each other give what single steps give.
func TestStepsAtOnce(t *testing.T) {
	e := synthetic(2_600, 40, 9, Approvals)
	c := &count{e: e}
	var err error
	if c.m, err = newMoney(e, Int(40)); err != nil {
		t.Fatal(err)
	}
	c.p = newProfile(e)
	if len(c.p.groups) < 2000 {
		t.Fatalf("only %d groups: nothing would run at once", len(c.p.groups))
	}
	step := new(big.Int).Mul(c.m.increment, big.NewInt(c.p.n))
	alone := newEqualShares(c, true)
	next := c.stepper(newEqualShares(c, true), true, c.m.budget, step)
	money := new(big.Int).Set(c.m.budget)
	for range 25 {
		money.Add(money, step)
		want, got := alone.run(money, c.m.budget, nil), next()
		if !slices.Equal(want.order, got.order) || want.over != got.over || want.cost.Cmp(got.cost) != 0 {
			t.Fatalf("with %s: got %v, want %v", money, got, want)
		}
	}
}
