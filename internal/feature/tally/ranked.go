package tally

import (
	"encoding/binary"
	"fmt"
	"math/big"
)

// countRanking counts by the rules that first rank all projects and then take from the top: Options.Seats projects, or
// without seats whatever fits the budget, skipping what does not.
func countRanking(e *Election, m *money, rule Rule, o Options) (*Result, error) {
	if (rule == Schulze || rule == InstantRunoff) && e.VoteType != Ordinal {
		return nil, fmt.Errorf("%w: %s needs ranked (ordinal) ballots, these are %s", ErrRule, rule, e.VoteType)
	}
	r := &Result{Rule: rule, Budget: e.Budget, Voters: int64(len(e.Ballots))}
	counted := e
	if rule == Knapsack {
		counted = withinBudget(e, m)
		r.Invalid = int64(len(e.Ballots) - len(counted.Ballots))
		r.Voters -= r.Invalid
	}
	p := newProfile(counted)
	r.Votes = p.votes
	ranking := make([]int, len(e.Projects))
	for i := range ranking {
		ranking[i] = i
	}
	switch rule {
	case Schulze:
		ranking = schulze(e, m, p.votes)
	case InstantRunoff:
		ranking = instantRunoff(e, m, p.votes)
	case Score:
		_, score := countVotes(e)
		sortBy(ranking, func(a, b int) bool {
			if d := score[a].Cmp(score[b]); d != 0 {
				return d > 0
			}
			return before(e, m, p.votes, a, b)
		})
	default:
		sortBy(ranking, func(a, b int) bool { return before(e, m, p.votes, a, b) })
	}
	// Projects without votes can be reached by money left over, where SupportedOnly does not say otherwise, never by an empty seat.
	c := &count{e: e, m: m, p: p, res: r}
	left := new(big.Int).Set(m.budget)
	for _, i := range ranking {
		r.Ranking = append(r.Ranking, e.Projects[i].ID)
		switch {
		case o.Seats > 0:
			if len(c.order) < o.Seats && p.votes[i] > 0 {
				c.order = append(c.order, i)
			}
		case o.SupportedOnly && p.votes[i] == 0:
		case m.cost[i].Cmp(left) <= 0:
			left.Sub(left, m.cost[i])
			c.order = append(c.order, i)
		}
	}
	c.finish()
	return r, nil
}

// withinBudget leaves out the knapsack ballots that spend more than the budget.
func withinBudget(e *Election, m *money) *Election {
	out := *e
	out.Ballots = nil
	sum := new(big.Int)
	for _, b := range e.Ballots {
		sum.SetInt64(0)
		for _, i := range b.Choices {
			sum.Add(sum, m.cost[i])
		}
		if sum.Cmp(m.budget) <= 0 {
			out.Ballots = append(out.Ballots, b)
		}
	}
	return &out
}

// order is a ranking that so many ballots have in common.
type order struct {
	choices []int
	count   int64
}

// orders groups identical rankings.
func orders(e *Election) []order {
	known := map[string]int{}
	var out []order
	var key []byte
	for _, b := range e.Ballots {
		key = key[:0]
		for _, i := range b.Choices {
			key = binary.AppendUvarint(key, uint64(i))
		}
		k, ok := known[string(key)]
		if !ok {
			k = len(out)
			known[string(key)] = k
			out = append(out, order{choices: b.Choices})
		}
		out[k].count++
	}
	return out
}

// Pairwise counts for each pair of projects how many ballots prefer the first to the second. A listed project is preferred
// to those listed after it and to all that are not listed; between projects that are not listed there is no preference.
func Pairwise(e *Election) [][]int64 {
	n := len(e.Projects)
	d := make([][]int64, n)
	for i := range d {
		d[i] = make([]int64, n)
	}
	after := make([]bool, n)
	for _, o := range orders(e) {
		for i := range after {
			after[i] = true
		}
		for _, a := range o.choices {
			after[a] = false
			for b, worse := range after {
				if worse {
					d[a][b] += o.count
				}
			}
		}
	}
	return d
}

// StrongestPaths gives for each pair the strength of the strongest path of pairwise victories from the first to the second, 0
// where there is none. The strength of a path is that of its weakest victory, that of a victory the number of ballots for
// it (winning votes). Source: Markus Schulze, The Schulze Method of Voting, arXiv:1804.02973, section 2.
func StrongestPaths(d [][]int64) [][]int64 {
	n := len(d)
	p := make([][]int64, n)
	for i := range p {
		p[i] = make([]int64, n)
		for j := range p[i] {
			if d[i][j] > d[j][i] {
				p[i][j] = d[i][j]
			}
		}
	}
	for k := range p {
		for i := range p {
			if i == k {
				continue
			}
			for j := range p {
				if j != i && j != k {
					p[i][j] = max(p[i][j], min(p[i][k], p[k][j]))
				}
			}
		}
	}
	return p
}

// schulze ranks the projects: a stands before b when its strongest path to b is stronger than b's to a. That relation is
// transitive; where it leaves several projects unbeaten the tie-break of the package decides among them.
func schulze(e *Election, m *money, votes []int64) []int {
	p := StrongestPaths(Pairwise(e))
	open := make([]int, len(p))
	for i := range open {
		open[i] = i
	}
	sortBy(open, func(a, b int) bool { return before(e, m, votes, a, b) })
	ranking := make([]int, 0, len(p))
	for len(open) > 0 {
		for k, a := range open {
			unbeaten := true
			for _, b := range open {
				unbeaten = unbeaten && p[b][a] <= p[a][b]
			}
			if unbeaten {
				ranking = append(ranking, a)
				open = append(open[:k], open[k+1:]...)
				break
			}
		}
	}
	return ranking
}

// instantRunoff ranks by elimination: each ballot counts for its best project still in; the project with the fewest is
// out, of equals the one that comes last in the tie-break of the package. Who stays longer ranks higher.
func instantRunoff(e *Election, m *money, votes []int64) []int {
	all := orders(e)
	at := make([]int, len(all)) // index of each order's best project still in
	open := make([]int, len(e.Projects))
	in := make([]bool, len(e.Projects))
	for i := range open {
		open[i], in[i] = i, true
	}
	sortBy(open, func(a, b int) bool { return before(e, m, votes, a, b) })
	ranking := make([]int, len(open))
	first := make([]int64, len(e.Projects))
	for len(open) > 0 {
		clear(first)
		for k, o := range all {
			for at[k] < len(o.choices) && !in[o.choices[at[k]]] {
				at[k]++
			}
			if at[k] < len(o.choices) {
				first[o.choices[at[k]]] += o.count
			}
		}
		last := len(open) - 1
		for k := last; k >= 0; k-- {
			if first[open[k]] < first[open[last]] {
				last = k
			}
		}
		out := open[last]
		ranking[len(open)-1] = out
		in[out] = false
		open = append(open[:last], open[last+1:]...)
	}
	return ranking
}
