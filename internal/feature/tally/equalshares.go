package tally

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
)

// The method of equal shares (等额分摊法). Every voter gets the same part of the budget. In each round the project that costs
// its supporters least per unit of utility is bought: each pays ρ, or all she has left if that is less, where ρ is the price
// at which the payments add up to the cost. A project whose supporters cannot pay is out.
//
// Exactness. All amounts are whole numbers over one common denominator D: the budget b0 of a voter and the price ρ of every
// round. What a voter has left is exactly nothing once she paid all she had, and until then b0 minus the prices of the bought
// projects that she supports; so an exact evaluation counts the payments of the poor by round, in machine words, and needs
// only a few dozen operations on big numbers.
//
// Speed. For each group of identical ballots hi is an upper bound of what its voters have left, a whole number of 2^-shift
// smallest money units, off by at most slack. With it lower computes in machine words a bound below which a project's ρ
// cannot lie. Bounds only rise from round to round, since money only goes; so projects are looked at in the order of their
// last bounds, and those whose bound exceeds the exact best are never evaluated. This is the lazy evaluation of the
// reference implementations, with proven bounds in place of floating-point numbers.
type equalShares struct {
	p      *profile
	m      *money
	e      *Election
	byCost bool // utility is the cost, else 1 a project

	shift  int     // see above; may be negative
	cost   []int64 // costs in the unit of hi, rounded down
	stakes []stake
	slack  int64
	spent  []bool  // of each group: it has paid all it had
	poor   []bool  // of each group: result of the last exact evaluation
	round  []int32 // of each project: the round that bought it, or -1

	den   *big.Int   // D
	b0    *big.Int   // numerator
	price []*big.Int // numerators of ρ by round

	paid       []int64 // by round: scratch
	key        []byte  // scratch
	unit, x, y big.Int // scratch
}

// stake is what the voters of one group of identical ballots have. Count stands beside the money because both are read together.
type stake struct {
	hi    int64 // upper bound of what each has left
	count int64
}

// candidate is a project that may still be bought.
type candidate struct {
	project int
	key     uint64 // lower bound of the price per utility, see bound
	rest    int64  // the bound as a fraction: rest/mass is a lower bound of ρ in the unit of hi
	mass    int64
	fresh   bool // settled in this round
	passes  int  // calls of lower in this round
	checked bool // evaluated exactly in this round
}

// bid is an exact price: ρ = num / (D·mass).
type bid struct {
	num  *big.Int
	mass int64
}

// outcome is what one run buys.
type outcome struct {
	order   []int
	cost    *big.Int
	bought  []bool
	allRich bool // nobody ever paid less than the full price
	over    bool // cost exceeds the limit; the run was broken off
}

func newEqualShares(c *count, byCost bool) *equalShares {
	s := &equalShares{p: c.p, m: c.m, e: c.e, byCost: byCost}
	n := len(c.p.groups)
	s.stakes, s.spent, s.poor = make([]stake, n), make([]bool, n), make([]bool, n)
	s.cost, s.round = make([]int64, len(c.e.Projects)), make([]int32, len(c.e.Projects))
	return s
}

// start gives every voter total/n and forgets all purchases. It reports false when there is no money or nobody to have it.
func (s *equalShares) start(total *big.Int) bool {
	if s.p.n == 0 || total.Sign() == 0 {
		return false
	}
	n := big.NewInt(s.p.n)
	// Sums of hi over all voters must stay below 2^62: give b0 as many bits as that leaves.
	s.shift = 60 - bits.Len64(uint64(s.p.n)) - (total.BitLen() - n.BitLen() + 1)
	b := s.scale(new(big.Int).Set(total))
	b.Quo(b, n)
	for g := range s.stakes {
		s.stakes[g] = stake{b.Int64() + 1, s.p.count[g]}
	}
	clear(s.spent)
	for i := range s.round {
		s.round[i] = -1
	}
	s.slack = 1
	s.den, s.b0, s.price = n, new(big.Int).Set(total), s.price[:0]
	for i, c := range s.m.cost {
		// What costs more than all the money there is gets the largest number; it is dropped at once.
		if s.cost[i] = math.MaxInt64; c.Cmp(total) <= 0 {
			s.cost[i] = s.scale(new(big.Int).Set(c)).Int64()
		}
	}
	return true
}

// scale multiplies by 2^shift in place, rounding down.
func (s *equalShares) scale(x *big.Int) *big.Int {
	if s.shift >= 0 {
		return x.Lsh(x, uint(s.shift))
	}
	return x.Rsh(x, uint(-s.shift))
}

// run buys projects until none can be bought or the cost exceeds the limit. pay, when not nil, is called for each purchase
// after s.poor is set and before the money goes.
func (s *equalShares) run(total, limit *big.Int, pay func(project int, b bid)) outcome {
	o := outcome{cost: new(big.Int), bought: make([]bool, len(s.e.Projects)), allRich: true}
	var free []int
	for i := range s.m.cost {
		if s.m.cost[i].Sign() == 0 && s.p.votes[i] > 0 {
			free = append(free, i)
		}
	}
	// What is supported and costs nothing is bought first, as in pabutools.
	sortBy(free, func(a, b int) bool { return before(s.e, s.m, s.p.votes, a, b) })
	for _, i := range free {
		o.order, o.bought[i] = append(o.order, i), true
	}
	if !s.start(total) {
		return o
	}
	var open []*candidate
	for i, c := range s.m.cost {
		// What all supporters together cannot pay even now never comes up.
		if c.Sign() > 0 && s.p.votes[i] > 0 && c.Cmp(total) <= 0 && s.p.votes[i]*s.stakes[0].hi >= s.cost[i] {
			k := &candidate{project: i, rest: s.cost[i], mass: s.p.votes[i]}
			k.key = s.bound(k)
			open = append(open, k)
		}
	}
	for {
		best, b := s.cheapest(&open)
		if best == nil {
			return o
		}
		i := best.project
		o.order, o.bought[i] = append(o.order, i), true
		o.cost.Add(o.cost, s.m.cost[i])
		if limit != nil && o.cost.Cmp(limit) > 0 {
			o.over = true
			return o
		}
		if pay != nil {
			pay(i, b)
		}
		if s.buy(i, b) {
			o.allRich = false
		}
	}
}

// cheapest finds the affordable project with the lowest price per utility, takes it off the list together with those that
// turned out unaffordable, and leaves in s.poor which of its supporters pay all they have. It gives nil when none is left.
func (s *equalShares) cheapest(open *[]*candidate) (*candidate, bid) {
	var best, last *candidate
	var b bid
	ceiling := uint64(math.MaxUint64)
	for _, c := range *open {
		c.fresh, c.checked, c.passes = false, false, 0
	}
	for {
		var next *candidate
		at := -1
		for k, c := range *open {
			if !c.checked && (next == nil || c.key < next.key) {
				next, at = c, k
			}
		}
		if next == nil || best != nil && next.key > ceiling {
			break
		}
		if !next.fresh {
			var affordable bool
			if affordable, next.fresh = s.lower(next); !affordable {
				*open = append((*open)[:at], (*open)[at+1:]...)
				continue
			}
			// Two passes could alternate between two bounds by rounding; a few tell as much.
			if next.passes++; next.passes > 30 {
				next.fresh = true
			}
			if !next.fresh {
				continue
			}
		}
		got, ok := s.evaluate(next)
		last = next
		if !ok {
			*open = append((*open)[:at], (*open)[at+1:]...)
			continue
		}
		next.checked = true
		if best != nil {
			d := s.compare(next.project, got, best.project, b)
			if d > 0 || d == 0 && before(s.e, s.m, s.p.votes, best.project, next.project) {
				continue
			}
		}
		best, b = next, got
		ceiling = s.ceiling(best.project, b)
	}
	if best == nil {
		return nil, bid{}
	}
	if last != best {
		s.evaluate(best)
	}
	for k, c := range *open {
		if c == best {
			*open = append((*open)[:k], (*open)[k+1:]...)
			break
		}
	}
	return best, b
}

// lower raises the candidate's bound to what its supporters have now. affordable is false when they certainly cannot pay;
// settled is true when another call would not raise the bound further.
//
// For any set of supporters taken as poor, the ρ at which their money and the others' ρ make up the cost is not above
// the true one, because true payments are never higher than these. Taking as poor those who have less than the bound so
// far and repeating raises the bound towards the true ρ. If that makes everyone poor, their money is less than the cost.
func (s *equalShares) lower(c *candidate) (affordable, settled bool) {
	rest, mass := s.cost[c.project], s.p.votes[c.project]
	t := c.rest / c.mass
	for _, g := range s.p.supporters[c.project] {
		v := &s.stakes[g]
		n := v.count & ((v.hi - t) >> 63) // none unless hi < t, without a branch to mispredict
		rest -= n * v.hi
		mass -= n
	}
	if mass == 0 {
		return false, true
	}
	rest = max(rest, 0)
	settled = rest == c.rest && mass == c.mass
	c.rest, c.mass = rest, mass
	c.key = s.bound(c)
	return true, settled
}

// bound turns rest/mass into a lower bound of the price per utility: for cost utility ρ/cost in units of 2^-62, else ρ in
// units of hi/2^16.
func (s *equalShares) bound(c *candidate) uint64 {
	if s.byCost {
		q, _ := bits.Div64(uint64(c.rest)>>2, uint64(c.rest)<<62, uint64(s.cost[c.project])+1)
		return q / uint64(c.mass)
	}
	hi, lo := bits.Mul64(uint64(c.rest), 1<<16)
	if hi >= uint64(c.mass) {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, uint64(c.mass))
	return q
}

// ceiling is not below the exact price per utility in the unit of bound.
func (s *equalShares) ceiling(project int, b bid) uint64 {
	x := s.x.Set(b.num)
	y := s.y.Mul(s.den, s.unit.SetInt64(b.mass))
	if s.byCost {
		x.Lsh(x, 62)
		y.Mul(y, s.m.cost[project])
	} else {
		s.scale(x.Lsh(x, 16))
		x.Add(x, s.unit.SetInt64(1))
	}
	if x.Quo(x, y); !x.IsUint64() || x.Uint64() == math.MaxUint64 {
		return math.MaxUint64
	}
	return x.Uint64() + 1
}

// compare compares two exact prices per utility.
func (s *equalShares) compare(i int, a bid, j int, b bid) int {
	x := s.x.Mul(a.num, s.unit.SetInt64(b.mass))
	y := s.y.Mul(b.num, s.unit.SetInt64(a.mass))
	if s.byCost {
		x.Mul(x, s.m.cost[j])
		y.Mul(y, s.m.cost[i])
	}
	return x.Cmp(y)
}

// evaluate computes the exact ρ of a project from its bound and leaves in s.poor which supporters have less than ρ; it
// reports false when they cannot pay. Each pass takes the last pass's poor as given; ρ rises until nobody changes sides.
func (s *equalShares) evaluate(c *candidate) (bid, bool) {
	supporters := s.p.supporters[c.project]
	t := c.rest / c.mass
	for _, g := range supporters {
		s.poor[g] = s.stakes[g].hi < t
	}
	for {
		b, ok := s.without(c.project)
		if !ok {
			return bid{}, false
		}
		changed := false
		t := s.threshold(b)
		var known map[string]bool // by history
		for _, g := range supporters {
			poor := s.stakes[g].hi < t
			if !poor && s.stakes[g].hi-s.slack <= t {
				// Too close for the bounds to tell.
				key := s.history(g)
				if poor, ok = known[key]; !ok {
					poor = s.less(g, b)
					if known == nil {
						known = map[string]bool{}
					}
					known[key] = poor
				}
			}
			if poor != s.poor[g] {
				s.poor[g], changed = poor, true
			}
		}
		if !changed {
			return b, true
		}
	}
}

// without is the price for the others when those in s.poor pay all they have; it reports false when there are no others.
func (s *equalShares) without(project int) (bid, bool) {
	s.paid = append(s.paid[:0], make([]int64, len(s.price))...)
	mass, voters := s.p.votes[project], int64(0)
	for _, g := range s.p.supporters[project] {
		if !s.poor[g] {
			continue
		}
		n := s.p.count[g]
		mass -= n
		if s.spent[g] {
			continue
		}
		voters += n
		for _, i := range s.p.groups[g].choices {
			if r := s.round[i]; r >= 0 {
				s.paid[r] += n
			}
		}
	}
	if mass == 0 {
		return bid{}, false
	}
	num := new(big.Int).Mul(s.m.cost[project], s.den)
	if voters > 0 {
		num.Sub(num, s.x.Mul(s.b0, s.unit.SetInt64(voters)))
		for r, n := range s.paid {
			if n != 0 {
				num.Add(num, s.x.Mul(s.price[r], s.unit.SetInt64(n)))
			}
		}
	}
	return bid{num, mass}, true
}

// threshold is ρ in the unit of hi, rounded down (or towards zero when negative).
func (s *equalShares) threshold(b bid) int64 {
	x := s.scale(s.x.Set(b.num))
	y := s.y.Mul(s.den, s.unit.SetInt64(b.mass))
	if x.Quo(x, y); !x.IsInt64() {
		return math.MaxInt64 / 2
	}
	return min(x.Int64(), math.MaxInt64/2)
}

// history names the rounds that a group's voters have paid for: where it is the same, so is what they have left.
func (s *equalShares) history(g int32) string {
	if s.spent[g] {
		return "spent"
	}
	s.key = s.key[:0]
	for _, i := range s.p.groups[g].choices {
		if r := s.round[i]; r >= 0 {
			s.key = binary.LittleEndian.AppendUint32(s.key, uint32(r))
		}
	}
	return string(s.key)
}

// left is the exact numerator of what a voter of the group has left.
func (s *equalShares) left(g int32) *big.Int {
	sum := new(big.Int)
	if s.spent[g] {
		return sum
	}
	sum.Set(s.b0)
	for _, i := range s.p.groups[g].choices {
		if r := s.round[i]; r >= 0 {
			sum.Sub(sum, s.price[r])
		}
	}
	return sum
}

// less tells exactly whether a voter of the group has less than ρ.
func (s *equalShares) less(g int32, b bid) bool {
	l := s.left(g)
	return l.Mul(l, s.unit.SetInt64(b.mass)).Cmp(b.num) < 0
}

// buy takes the payments for a project, as told by s.poor, and reports whether anyone paid less than the full price.
func (s *equalShares) buy(project int, b bid) (short bool) {
	t := s.threshold(b)
	for _, g := range s.p.supporters[project] {
		if s.poor[g] {
			s.stakes[g].hi, s.spent[g], short = 0, true, true
		} else {
			s.stakes[g].hi -= t
		}
	}
	s.round[project] = int32(len(s.price))
	s.slack++
	g := new(big.Int).GCD(nil, nil, b.num, big.NewInt(b.mass))
	if m := s.unit.Quo(big.NewInt(b.mass), g); m.Cmp(big.NewInt(1)) != 0 {
		s.den = new(big.Int).Mul(s.den, m)
		s.b0.Mul(s.b0, m)
		for _, p := range s.price {
			p.Mul(p, m)
		}
	}
	s.price = append(s.price, g.Quo(b.num, g))
	return short
}
