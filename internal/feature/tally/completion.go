package tally

import (
	"math/big"
	"runtime"
	"sort"
	"sync"
)

// completion says how equal shares goes on when money is left.
type completion int

const (
	stay            completion = iota // it does not
	untilExhaustive                   // add1: more virtual money until no supported project fits the budget any more
	untilOverspent                    // add1: more virtual money until the outcome would cost more than the budget
)

// equalShares counts by the method of equal shares and returns the selected projects in order.
func (c *count) equalShares(byCost bool, how completion) []int {
	s := newEqualShares(c, byCost)
	total := new(big.Int).Set(c.m.budget)
	step := new(big.Int).Mul(c.m.increment, big.NewInt(c.p.n))
	o := s.run(total, nil, nil)
	switch {
	case how == stay || step.Sign() == 0:
	case c.allFit():
		total, c.res.Steps = c.firstWhole(s, o, total, step)
	default:
		ahead := c.stepper(s, byCost, total, step)
		for !c.done(o, how) {
			next := ahead()
			if next.over {
				break
			}
			o = next
			total.Add(total, step)
			c.res.Steps++
		}
	}
	// Once more with the final money, now writing down who pays what.
	c.res.paid = make([][]Paid, len(c.p.groups))
	o = s.run(total, nil, func(project int, b bid) { c.record(s, project, b) })
	if c.p.n > 0 {
		c.res.PerVoter = c.m.rat(total, big.NewInt(c.p.n))
	}
	c.order = o.order
	return o.order
}

// stepper gives the outcomes after one, two, three … steps from total on. Steps do not depend on each other, so for a
// big election it runs as many at once as there are processors, four at most; what it ran in vain is thrown away.
func (c *count) stepper(s *equalShares, byCost bool, total, step *big.Int) func() outcome {
	runners := []*equalShares{s}
	if len(c.p.groups) >= 2000 {
		for len(runners) < min(runtime.GOMAXPROCS(0), 4) {
			runners = append(runners, newEqualShares(c, byCost))
		}
	}
	at := new(big.Int).Set(total)
	var ready []outcome
	return func() outcome {
		if len(ready) == 0 {
			ready = make([]outcome, len(runners))
			var all sync.WaitGroup
			for k, r := range runners {
				money := new(big.Int).Set(at.Add(at, step))
				all.Go(func() { ready[k] = r.run(money, c.m.budget, nil) })
			}
			all.Wait()
		}
		next := ready[0]
		ready = ready[1:]
		return next
	}
}

// allFit tells whether all supported projects fit the budget together, so that add1 can only end by taking them all.
func (c *count) allFit() bool {
	sum := new(big.Int)
	for i, cost := range c.m.cost {
		if c.p.votes[i] > 0 {
			sum.Add(sum, cost)
		}
	}
	return sum.Cmp(c.m.budget) <= 0
}

// firstWhole finds a number of steps after which all supported projects are bought, by doubling and halving: an election
// whose projects all fit may need as many steps as its least liked project costs. The outcome is the same as by single
// steps; the number of steps is the first unless more virtual money undoes a selection in between.
func (c *count) firstWhole(s *equalShares, o outcome, total, step *big.Int) (*big.Int, int64) {
	supported := 0
	for _, v := range c.p.votes {
		if v > 0 {
			supported++
		}
	}
	at := func(k int64) *big.Int {
		t := new(big.Int).Mul(step, big.NewInt(k))
		return t.Add(t, total)
	}
	whole := func(k int64) bool { return len(s.run(at(k), nil, nil).order) == supported }
	if len(o.order) == supported {
		return total, 0
	}
	hi := int64(1)
	for !whole(hi) {
		hi *= 2
	}
	lo := hi / 2 // not whole
	k := lo + 1 + int64(sort.Search(int(hi-lo-1), func(k int) bool { return whole(lo + 1 + int64(k)) }))
	return at(k), k
}

// done tells whether add1 stops at this outcome without trying a further step.
func (c *count) done(o outcome, how completion) bool {
	left := new(big.Int).Sub(c.m.budget, o.cost)
	final := o.allRich
	for i, cost := range c.m.cost {
		if o.bought[i] || c.p.votes[i] == 0 {
			continue // nobody's money can buy a project without supporters
		}
		if how == untilExhaustive && cost.Cmp(left) <= 0 {
			return false
		}
		if cost.Cmp(c.m.budget) <= 0 {
			final = false
		}
	}
	// When everything that costs no more than the budget is bought at full prices, more money changes nothing until
	// something dearer than the budget is bought too, which would overspend.
	return how == untilExhaustive || final
}

// record writes down the payments for one purchase.
func (c *count) record(s *equalShares, project int, b bid) {
	id := c.e.Projects[project].ID
	sum := payments{}
	full := c.m.rat(b.num, new(big.Int).Mul(s.den, big.NewInt(b.mass)))
	rest := map[string]*big.Rat{} // by history
	for _, g := range s.p.supporters[project] {
		each := full
		switch {
		case s.spent[g]:
			continue
		case s.poor[g]:
			key := s.history(g)
			if each = rest[key]; each == nil {
				each = c.m.rat(s.left(g), s.den)
				rest[key] = each
			}
		}
		sum.add(each, c.p.count[g])
		if each.Sign() > 0 {
			c.res.paid[g] = append(c.res.paid[g], Paid{id, each})
		}
	}
	c.res.Shares = append(c.res.Shares, Share{id, sum.list()})
}

// payments adds up how many voters paid the same amount.
type payments map[*big.Rat]int64

func (p payments) add(each *big.Rat, voters int64) {
	if each.Sign() != 0 {
		p[each] += voters
	}
}

// list gives the payments, largest first, equal amounts together.
func (p payments) list() []Payment {
	out := make([]Payment, 0, len(p))
	for each, voters := range p {
		out = append(out, Payment{each, voters})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Each.Cmp(out[j].Each) > 0 })
	merged := out[:0]
	for _, x := range out {
		if n := len(merged); n > 0 && merged[n-1].Each.Cmp(x.Each) == 0 {
			merged[n-1].Voters += x.Voters
			continue
		}
		merged = append(merged, x)
	}
	return merged
}

// sortBy sorts indices by a strict order.
func sortBy(list []int, before func(a, b int) bool) {
	sort.Slice(list, func(x, y int) bool { return before(list[x], list[y]) })
}
