package tally

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The slow counts below follow the definitions word by word with fractions, one voter at a time, and know nothing of groups,
// classes and bounds. The fast ones must agree with them on everything.

type slow struct {
	e       *Election
	byCost  bool
	left    []*big.Rat
	payment map[string][]*big.Rat
}

func (s *slow) weight(v, project int) *big.Rat {
	if slices.Contains(s.e.Ballots[v].Choices, project) {
		return big.NewRat(1, 1)
	}
	return new(big.Rat)
}

func (s *slow) total(project int) *big.Rat {
	sum := new(big.Rat)
	for v := range s.e.Ballots {
		sum.Add(sum, s.weight(v, project))
	}
	return sum
}

// first is the tie-break.
func (s *slow) first(a, b int) bool {
	if d := s.total(a).Cmp(s.total(b)); d != 0 {
		return d > 0
	}
	if d := s.e.Projects[a].Cost.Rat().Cmp(s.e.Projects[b].Cost.Rat()); d != 0 {
		return d < 0
	}
	return s.e.Projects[a].ID < s.e.Projects[b].ID
}

// rho is the least price at which the supporters' payments reach the cost: nil when they cannot.
func (s *slow) rho(project int) *big.Rat {
	cost := s.e.Projects[project].Cost.Rat()
	type supporter struct{ limit, left, weight *big.Rat }
	var list []supporter
	mass, sum := new(big.Rat), new(big.Rat)
	for v := range s.e.Ballots {
		if w := s.weight(v, project); w.Sign() > 0 {
			list = append(list, supporter{new(big.Rat).Quo(s.left[v], w), s.left[v], w})
			mass.Add(mass, w)
			sum.Add(sum, s.left[v])
		}
	}
	if sum.Cmp(cost) < 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b supporter) int { return a.limit.Cmp(b.limit) })
	rest := new(big.Rat).Set(cost)
	for _, x := range list {
		rho := new(big.Rat).Quo(rest, mass)
		if rho.Cmp(x.limit) <= 0 {
			return rho
		}
		rest.Sub(rest, x.left)
		mass.Sub(mass, x.weight)
	}
	panic("affordable but no price found")
}

// run is equal shares with the given money per voter.
func (s *slow) run(perVoter *big.Rat) (order []int) {
	s.left, s.payment = nil, map[string][]*big.Rat{}
	for range s.e.Ballots {
		s.left = append(s.left, new(big.Rat).Set(perVoter))
	}
	open := map[int]bool{}
	var free []int
	for i, p := range s.e.Projects {
		if s.total(i).Sign() > 0 {
			if p.Cost.Sign() == 0 {
				free = append(free, i)
			} else {
				open[i] = true
			}
		}
	}
	sortBy(free, s.first)
	order = append(order, free...)
	for {
		best, bestKey, bestRho := -1, new(big.Rat), new(big.Rat)
		for i := range open {
			rho := s.rho(i)
			if rho == nil {
				continue
			}
			key := new(big.Rat).Set(rho)
			if s.byCost {
				key.Quo(key, s.e.Projects[i].Cost.Rat())
			}
			if d := key.Cmp(bestKey); best < 0 || d < 0 || d == 0 && s.first(i, best) {
				best, bestKey, bestRho = i, key, rho
			}
		}
		if best < 0 {
			return order
		}
		delete(open, best)
		order = append(order, best)
		pays := make([]*big.Rat, len(s.left))
		for v := range s.left {
			pay := new(big.Rat).Mul(bestRho, s.weight(v, best))
			if pay.Cmp(s.left[v]) > 0 {
				pay.Set(s.left[v])
			}
			pays[v] = pay
			s.left[v] = new(big.Rat).Sub(s.left[v], pay)
		}
		s.payment[s.e.Projects[best].ID] = pays
	}
}

func (s *slow) cost(order []int) *big.Rat {
	sum := new(big.Rat)
	for _, i := range order {
		sum.Add(sum, s.e.Projects[i].Cost.Rat())
	}
	return sum
}

func (s *slow) add1(plain bool, step *big.Rat) []int {
	b := s.e.Budget.Rat()
	per := new(big.Rat)
	supported := 0
	for i := range s.e.Projects {
		if s.total(i).Sign() > 0 {
			supported++
		}
	}
	if len(s.e.Ballots) == 0 {
		return s.run(per)
	}
	per.Quo(b, big.NewRat(int64(len(s.e.Ballots)), 1))
	out := s.run(per)
	for {
		exhaustive := true
		for i, p := range s.e.Projects {
			fits := new(big.Rat).Add(s.cost(out), p.Cost.Rat()).Cmp(b) <= 0
			if s.total(i).Sign() > 0 && !slices.Contains(out, i) && fits {
				exhaustive = false
			}
		}
		if exhaustive && !plain || len(out) == supported {
			break
		}
		per = new(big.Rat).Add(per, step)
		next := s.run(per)
		if s.cost(next).Cmp(b) > 0 {
			break
		}
		out = next
	}
	return out
}

func (s *slow) phragmen() (order []int) {
	load := make([]*big.Rat, len(s.e.Ballots))
	for v := range load {
		load[v] = new(big.Rat)
	}
	open := map[int]bool{}
	for i, p := range s.e.Projects {
		if p.Cost.Rat().Cmp(s.e.Budget.Rat()) <= 0 {
			open[i] = true
		}
	}
	for len(open) > 0 {
		var tied []int
		var least *big.Rat // nil is infinite
		for i := range open {
			var l *big.Rat
			if n := s.total(i); n.Sign() > 0 {
				l = s.e.Projects[i].Cost.Rat()
				for v := range load {
					if s.weight(v, i).Sign() > 0 {
						l.Add(l, load[v])
					}
				}
				l.Quo(l, n)
			}
			switch {
			case len(tied) == 0, l != nil && (least == nil || l.Cmp(least) < 0):
				tied, least = []int{i}, l
			case l == nil && least == nil, l != nil && l.Cmp(least) == 0:
				tied = append(tied, i)
			}
		}
		sortBy(tied, s.first)
		for _, i := range tied {
			if new(big.Rat).Add(s.cost(order), s.e.Projects[i].Cost.Rat()).Cmp(s.e.Budget.Rat()) > 0 {
				return order
			}
		}
		delete(open, tied[0])
		order = append(order, tied[0])
		for v := range load {
			if s.weight(v, tied[0]).Sign() > 0 {
				load[v] = least
			}
		}
	}
	return order
}

func (s *slow) greedy(perCost bool) (order []int) {
	queue := index(len(s.e.Projects))
	value := func(i int) (v *big.Rat, infinite bool) {
		v = s.total(i)
		if cost := s.e.Projects[i].Cost.Rat(); perCost {
			if cost.Sign() == 0 {
				return v, v.Sign() > 0
			}
			v.Quo(v, cost)
		}
		return v, false
	}
	sortBy(queue, func(a, b int) bool {
		x, xi := value(a)
		y, yi := value(b)
		switch {
		case xi != yi:
			return xi
		case !xi && x.Cmp(y) != 0:
			return x.Cmp(y) > 0
		}
		return s.first(a, b)
	})
	for _, i := range queue {
		if new(big.Rat).Add(s.cost(order), s.e.Projects[i].Cost.Rat()).Cmp(s.e.Budget.Rat()) <= 0 {
			order = append(order, i)
		}
	}
	return order
}

// genElection draws a small election in which ties, exhausted voters and equal ballots are common.
func genElection(types ...VoteType) *rapid.Generator[*Election] {
	return rapid.Custom(func(t *rapid.T) *Election {
		e := &Election{VoteType: rapid.SampledFrom(types).Draw(t, "type")}
		scale := uint8(rapid.IntRange(0, 2).Draw(t, "scale"))
		top := rapid.SampledFrom([]int64{3, 12, 97, 5000}).Draw(t, "top")
		for i := range rapid.IntRange(1, 7).Draw(t, "projects") {
			c := rapid.Int64Range(0, top).Draw(t, "cost")
			e.Projects = append(e.Projects, Project{ID: fmt.Sprint(i + 5), Cost: Decimal{c, scale}})
		}
		e.Budget = Decimal{rapid.Int64Range(0, 3*top).Draw(t, "budget"), scale}
		for range rapid.IntRange(0, 12).Draw(t, "voters") {
			var b Ballot
			for _, i := range rapid.Permutation(index(len(e.Projects))).Draw(t, "order") {
				if rapid.IntRange(0, 2).Draw(t, "in") != 0 {
					continue
				}
				b.Choices = append(b.Choices, i)
				if e.VoteType.scored() {
					b.Points = append(b.Points, Decimal{rapid.Int64Range(-1, 6).Draw(t, "points"), uint8(rapid.IntRange(0, 1).Draw(t, "ps"))})
				}
			}
			for range rapid.SampledFrom([]int{1, 1, 1, 2, 5}).Draw(t, "times") {
				e.Ballots = append(e.Ballots, b)
			}
		}
		return e
	})
}

func index(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func ids(e *Election, order []int) string {
	var out []string
	for _, i := range order {
		out = append(out, e.Projects[i].ID)
	}
	return strings.Join(out, " ")
}

// TestAgainstDefinition compares order, shares and single voters' payments of the fast counts with the slow ones.
func TestAgainstDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := genElection(Approvals, Approvals, ChooseOne, Ordinal, Cumulative, Scoring).Draw(t, "election")
		per := new(big.Rat)
		if len(e.Ballots) > 0 {
			per.Quo(e.Budget.Rat(), big.NewRat(int64(len(e.Ballots)), 1))
		}
		// Some twenty steps suffice for the slow count.
		step := Decimal{1, e.Budget.Scale}
		for _, p := range e.Projects {
			step.Unscaled = max(step.Unscaled, p.Cost.Unscaled/20)
		}
		for _, rule := range []Rule{GreedyCost, GreedyCard, MESCost, MESCard, MESCostAdd1, MESCostPlain, Phragmen} {
			s := &slow{e: e, byCost: rule != MESCard}
			var want []int
			switch rule {
			case GreedyCost, GreedyCard:
				want = s.greedy(rule == GreedyCard)
			case MESCost, MESCard:
				want = s.run(per)
			case MESCostAdd1, MESCostPlain:
				want = s.add1(rule == MESCostPlain, step.Rat())
			case Phragmen:
				want = s.phragmen()
			}
			got, err := Count(e, rule, Options{Increment: step})
			if err != nil {
				t.Fatal(err)
			}
			if g := strings.Join(got.Order, " "); g != ids(e, want) {
				t.Fatalf("%s: got %s, want %s", rule, g, ids(e, want))
			}
			for _, share := range got.Shares {
				sum := new(big.Rat)
				for _, p := range share.Payments {
					sum.Add(sum, new(big.Rat).Mul(p.Each, big.NewRat(p.Voters, 1)))
				}
				i := slices.IndexFunc(e.Projects, func(p Project) bool { return p.ID == share.Project })
				if sum.Cmp(e.Projects[i].Cost.Rat()) != 0 {
					t.Fatalf("%s: payments for %s add up to %s, cost %s", rule, share.Project, sum, e.Projects[i].Cost)
				}
			}
			if rule != MESCost && rule != MESCard {
				continue
			}
			for v := range e.Ballots {
				for _, p := range got.PaidBy(v) {
					if p.Amount.Cmp(s.payment[p.Project][v]) != 0 {
						t.Fatalf("%s: voter %d paid %s for %s, want %s", rule, v, p.Amount, p.Project, s.payment[p.Project][v])
					}
				}
			}
		}
	})
}

// TestRealAgainstDefinition compares on a real election with many distinct ballots, at budgets that leave voters with odd sums.
func TestRealAgainstDefinition(t *testing.T) {
	if testing.Short() {
		t.Skip("counts slowly")
	}
	e := readFixture(t, "Poland_Warszawa_2017_Marysin_Polnocny.pb")
	for _, budget := range []int64{124_802, 150_001, 199_999, 260_003} {
		e.Budget = Int(budget)
		per := new(big.Rat).Quo(e.Budget.Rat(), big.NewRat(int64(len(e.Ballots)), 1))
		for _, rule := range []Rule{MESCost, MESCard, Phragmen} {
			s := &slow{e: e, byCost: rule == MESCost}
			var want []int
			if rule == Phragmen {
				want = s.phragmen()
			} else {
				want = s.run(per)
			}
			r, err := Count(e, rule, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(r.Order, " "); got != ids(e, want) {
				t.Errorf("%s with %d: got %s, want %s", rule, budget, got, ids(e, want))
			}
		}
	}
}
