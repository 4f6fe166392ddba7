package tally

import "math/big"

// phragmen counts by Phragmén's sequential rule. Every voter earns money at the same pace from nothing; as soon as the
// supporters of a project together have its cost, they buy it and have nothing left. Said the other way round: buying a
// project brings all its supporters to one new load, (their loads + cost) / their number, and the project with the lowest
// new load is next. As in pabutools the count ends when one of the projects next in turn does not fit the money left,
// projects dearer than the whole budget never take part, and projects without supporters come last.
//
// A voter's load is that of the last purchase she took part in, so the loads of a project's supporters are counted by round
// and the sums are exact whole numbers over a common denominator.
func (c *count) phragmen() {
	var open []int
	for i, cost := range c.m.cost {
		if cost.Cmp(c.m.budget) <= 0 && !(c.supportedOnly && c.p.votes[i] == 0) {
			open = append(open, i)
		}
	}
	sortBy(open, c.before)
	left := new(big.Int).Set(c.m.budget)
	den := big.NewInt(1)
	load := []*big.Int{new(big.Int)}         // numerators by round; round 0 is "nothing yet"
	last := make([]int32, len(c.p.groups))   // round of each group's last purchase
	at := make([][]int64, len(c.e.Projects)) // per project: its supporters by round
	for i := range at {
		at[i] = []int64{c.p.votes[i]}
	}
	c.res.paid = make([][]Paid, len(c.p.groups))
	x, y, unit := new(big.Int), new(big.Int), new(big.Int)
	for len(open) > 0 {
		// The new load of a project is num/(den·votes); open is in tie-break order, so the first of equals is it.
		best, fits := -1, true
		var least *big.Int
		for k, i := range open {
			fit := c.m.cost[i].Cmp(left) <= 0
			if c.p.votes[i] == 0 {
				if best < 0 {
					best, fits = k, fit
				} else if c.p.votes[open[best]] == 0 {
					fits = fits && fit
				}
				continue
			}
			num := new(big.Int).Mul(c.m.cost[i], den)
			for r, n := range at[i] {
				if n != 0 {
					num.Add(num, x.Mul(load[r], unit.SetInt64(n)))
				}
			}
			d := -1
			if best >= 0 && c.p.votes[open[best]] > 0 {
				x.Mul(num, unit.SetInt64(c.p.votes[open[best]]))
				y.Mul(least, unit.SetInt64(c.p.votes[i]))
				d = x.Cmp(y)
			}
			switch {
			case d < 0:
				best, least, fits = k, num, fit
			case d == 0:
				fits = fits && fit
			}
		}
		if !fits {
			return
		}
		i := open[best]
		open = append(open[:best], open[best+1:]...)
		c.order = append(c.order, i)
		left.Sub(left, c.m.cost[i])
		if c.p.votes[i] == 0 {
			continue
		}
		votes := big.NewInt(c.p.votes[i])
		g := new(big.Int).GCD(nil, nil, least, votes)
		if m := new(big.Int).Quo(votes, g); m.Cmp(big.NewInt(1)) != 0 {
			den.Mul(den, m)
			for _, l := range load {
				l.Mul(l, m)
			}
		}
		load = append(load, g.Quo(least, g))
		c.bought(i, load, den, last, at)
	}
}

// bought brings the supporters of a project to the newest load and writes down what they paid.
func (c *count) bought(project int, load []*big.Int, den *big.Int, last []int32, at [][]int64) {
	now := int32(len(load) - 1)
	for i := range at {
		at[i] = append(at[i], 0)
	}
	id := c.e.Projects[project].ID
	sum := payments{}
	each := map[int32]*big.Rat{}
	for _, g := range c.p.supporters[project] {
		before, n := last[g], c.p.count[g]
		for _, i := range c.p.groups[g].choices {
			at[i][before] -= n
			at[i][now] += n
		}
		if each[before] == nil {
			each[before] = c.m.rat(new(big.Int).Sub(load[now], load[before]), den)
		}
		sum.add(each[before], n)
		if each[before].Sign() > 0 {
			c.res.paid[g] = append(c.res.paid[g], Paid{id, each[before]})
		}
		last[g] = now
	}
	c.res.Shares = append(c.res.Shares, Share{id, sum.list()})
}
