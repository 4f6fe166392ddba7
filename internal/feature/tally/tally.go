// Package tally (计票) counts ballots: it turns a list of ballots into a decision that anybody can recompute.
//
// It knows nothing of polls, voters' names or databases. Its input is an [Election] — projects with costs, a budget and
// ballots — read from a Pabulib file ([Parse]) or built by a caller; its output is a [Result]. Every function is pure and
// deterministic: the same ballots in any order give the same result on every machine, because all decisions are made in
// exact integer arithmetic. Fixed-point numbers are used only as proven lower bounds that spare exact evaluations of
// projects which cannot win the round; whatever could win is evaluated exactly.
//
// # Rules
//
//   - greedy_cost: projects by votes, skipping what no longer fits; greedy_card: by votes per cost.
//   - mes_cost, mes_card: the method of equal shares (等额分摊法) of Peters, Pierczyński and Skowron (2021) with cost or
//     cardinality utility, without completion.
//   - mes_cost_u: mes_cost, then greedy_cost with the money left.
//   - mes_cost_add1: mes_cost with every voter's budget raised step by step until no supported project fits any more;
//     the last outcome within the budget counts. mes_cost_add1_plain stops only when the next step would overspend (this
//     reproduces the official results of the cities that use equal shares). mes_cost_add1u: mes_cost_add1, then greedy_cost.
//   - phragmen: Phragmén's sequential rule; it stops when a project next in turn no longer fits.
//   - approval, knapsack, score: plain tallies by votes or points. schulze, irv: ranked ballots.
//
// # Ties
//
// One rule everywhere: more votes, then lower cost, then the smaller id as a string (bytes of UTF-8).
//
// # Ballots that are not approvals
//
// As in pabutools, the satisfaction of the nine budgeting rules asks only whether a ballot lists a project: an ordinal ballot
// approves what it lists, and so does a scored one (cumulative, scoring), however many points it gives; a project listed
// with no points is listed. Points count in the rule score alone; a scoring file's default_score is not added.
package tally

import (
	"errors"
	"fmt"
	"math/big"
	"sort"
)

// Rule names a way to count. The values are those of the command line and of the API.
type Rule string

// The rules; see the package comment.
const (
	GreedyCost    Rule = "greedy_cost"
	GreedyCard    Rule = "greedy_card"
	MESCost       Rule = "mes_cost"
	MESCard       Rule = "mes_card"
	MESCostU      Rule = "mes_cost_u"
	MESCostAdd1   Rule = "mes_cost_add1"
	MESCostPlain  Rule = "mes_cost_add1_plain"
	MESCostAdd1U  Rule = "mes_cost_add1u"
	Phragmen      Rule = "phragmen"
	Approval      Rule = "approval"
	Knapsack      Rule = "knapsack"
	Score         Rule = "score"
	Schulze       Rule = "schulze"
	InstantRunoff Rule = "irv"
)

// Rules lists every rule in the order in which they are explained.
func Rules() []Rule {
	return []Rule{GreedyCost, GreedyCard, MESCost, MESCard, MESCostU, MESCostAdd1, MESCostPlain, MESCostAdd1U, Phragmen,
		Approval, Knapsack, Score, Schulze, InstantRunoff}
}

// ErrRule is returned for a rule that does not exist or does not fit the ballots.
var ErrRule = errors.New("unknown counting rule")

// Options are the settings of a count.
type Options struct {
	// Increment is what each voter gets more in one add1 step, in currency units; 0 means 1. It must not be negative.
	Increment Decimal
	// Seats, when above 0, limits approval, score, schulze and irv to that many projects instead of to the budget.
	Seats int
	// SupportedOnly never selects a project that no ballot lists. Without it what is left of the budget buys such projects
	// too, as in the reference implementations.
	SupportedOnly bool
}

// Result is the outcome of a count.
type Result struct {
	Rule     Rule
	Selected []string // ids of the selected projects, sorted as strings
	Order    []string // the same ids in the order of selection
	Ranking  []string // approval, knapsack, score, schulze, irv: all projects, best first
	Cost     *big.Rat // what the selected projects cost together, in currency units
	Budget   Decimal
	Voters   int64   // ballots counted, empty ones too
	Invalid  int64   // knapsack only: ballots left out because they cost more than the budget
	Votes    []int64 // per project of the election: ballots that support it
	// Steps is the number of add1 steps taken; PerVoter what each voter had to give in the end (equal shares only).
	Steps    int64
	PerVoter *big.Rat
	// Shares tells for each project that voters paid for (equal shares, phragmen) who paid how much, in order of selection.
	// What a utilitarian completion adds is paid by nobody's share and not listed.
	Shares []Share

	groupOf []int32  // ballot → group of identical ballots
	paid    [][]Paid // group → what one of its ballots paid
}

// Share is what one selected project got from its supporters. The payments add up to its cost exactly.
type Share struct {
	Project  string
	Payments []Payment // largest first
}

// Payment says that so many voters paid that much each.
type Payment struct {
	Each   *big.Rat // currency units
	Voters int64
}

// Paid is what one ballot gave to one project, in currency units.
type Paid struct {
	Project string
	Amount  *big.Rat
}

// PaidBy tells what the share of ballot i (its index in Election.Ballots) paid for, in order of selection. It is empty
// for rules without shares. The amounts are shared with the result: do not change them.
func (r *Result) PaidBy(i int) []Paid {
	if i < 0 || i >= len(r.groupOf) {
		return nil
	}
	return r.paid[r.groupOf[i]]
}

// Count counts the election by the rule. The election is not changed. It fails with ErrRule for a rule that does not exist and
// with a plain error for an election that cannot be counted (negative amounts).
func Count(e *Election, rule Rule, o Options) (*Result, error) {
	m, err := newMoney(e, o.Increment)
	if err != nil {
		return nil, err
	}
	switch rule {
	case Approval, Knapsack, Score, Schulze, InstantRunoff:
		return countRanking(e, m, rule, o)
	}
	p := newProfile(e)
	c := &count{e: e, m: m, p: p, supportedOnly: o.SupportedOnly, res: &Result{Rule: rule, Budget: e.Budget, Voters: p.n, Votes: p.votes, groupOf: p.groupOf}}
	switch rule {
	case GreedyCost:
		c.greedy(nil, false)
	case GreedyCard:
		c.greedy(nil, true)
	case MESCost:
		c.equalShares(true, stay)
	case MESCard:
		c.equalShares(false, stay)
	case MESCostU:
		c.greedy(c.equalShares(true, stay), false)
	case MESCostAdd1:
		c.equalShares(true, untilExhaustive)
	case MESCostPlain:
		c.equalShares(true, untilOverspent)
	case MESCostAdd1U:
		c.greedy(c.equalShares(true, untilExhaustive), false)
	case Phragmen:
		c.phragmen()
	default:
		return nil, fmt.Errorf("%w %q", ErrRule, rule)
	}
	c.finish()
	return c.res, nil
}

// count is one running count.
type count struct {
	e     *Election
	m     *money
	p     *profile
	order []int // selected projects

	supportedOnly bool
	res           *Result
}

// finish writes the selection into the result.
func (c *count) finish() {
	r := c.res
	sum := new(big.Int)
	r.Order = make([]string, 0, len(c.order))
	for _, i := range c.order {
		r.Order = append(r.Order, c.e.Projects[i].ID)
		sum.Add(sum, c.m.cost[i])
	}
	r.Selected = append([]string{}, r.Order...)
	sort.Strings(r.Selected)
	r.Cost = c.m.rat(sum, big.NewInt(1))
	if r.paid == nil {
		r.paid = make([][]Paid, len(c.p.groups))
	}
}

// before is the tie-break: more votes, then lower cost, then smaller id.
func before(e *Election, m *money, votes []int64, a, b int) bool {
	if votes[a] != votes[b] {
		return votes[a] > votes[b]
	}
	if d := m.cost[a].Cmp(m.cost[b]); d != 0 {
		return d < 0
	}
	return e.Projects[a].ID < e.Projects[b].ID
}

func (c *count) before(a, b int) bool { return before(c.e, c.m, c.p.votes, a, b) }

// greedy goes through the projects by votes (or votes per cost) and takes what fits beside what is selected already.
// Projects without votes are taken too when money is left, as in pabutools, unless Options.SupportedOnly says otherwise.
func (c *count) greedy(selected []int, perCost bool) {
	c.order = append([]int{}, selected...)
	left := new(big.Int).Set(c.m.budget)
	taken := make([]bool, len(c.e.Projects))
	for _, i := range selected {
		left.Sub(left, c.m.cost[i])
		taken[i] = true
	}
	queue := make([]int, len(c.e.Projects))
	for i := range queue {
		queue[i] = i
	}
	sort.Slice(queue, func(x, y int) bool {
		a, b := queue[x], queue[y]
		if perCost {
			// votes a / cost a > votes b / cost b, where a free project with votes is worth infinitely much.
			l := new(big.Int).Mul(big.NewInt(c.p.votes[a]), c.m.cost[b])
			r := new(big.Int).Mul(big.NewInt(c.p.votes[b]), c.m.cost[a])
			fa, fb := c.m.cost[a].Sign() == 0 && c.p.votes[a] > 0, c.m.cost[b].Sign() == 0 && c.p.votes[b] > 0
			if fa != fb {
				return fa
			}
			za, zb := c.p.votes[a] == 0, c.p.votes[b] == 0
			if za != zb {
				return zb
			}
			if d := l.Cmp(r); d != 0 && !za && !fa {
				return d > 0
			}
		}
		return c.before(a, b)
	})
	for _, i := range queue {
		if !taken[i] && c.m.cost[i].Cmp(left) <= 0 && !(c.supportedOnly && c.p.votes[i] == 0) {
			left.Sub(left, c.m.cost[i])
			c.order = append(c.order, i)
		}
	}
}
