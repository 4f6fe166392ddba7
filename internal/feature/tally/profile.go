package tally

import (
	"encoding/binary"
	"math/big"
	"slices"
	"strings"
)

// profile is an election's ballots made ready for counting: identical ballots are one group with a number, since under
// every rule here they fare the same.
type profile struct {
	n          int64 // ballots, empty ones too
	groups     []group
	count      []int64   // of each group: its ballots
	groupOf    []int32   // ballot → group
	supporters [][]int32 // per project: the groups that list it
	votes      []int64   // per project: the ballots that list it
}

type group struct {
	choices []int32 // projects, ascending
}

// newProfile groups the ballots by what they list.
func newProfile(e *Election) *profile {
	p := &profile{
		n: int64(len(e.Ballots)), groupOf: make([]int32, len(e.Ballots)),
		supporters: make([][]int32, len(e.Projects)), votes: make([]int64, len(e.Projects)),
	}
	known := make(map[string]int32)
	var key []byte
	var list []int32
	for k := range e.Ballots {
		list = list[:0]
		for _, i := range e.Ballots[k].Choices {
			list = append(list, int32(i))
		}
		slices.Sort(list)
		key = key[:0]
		for _, i := range list {
			key = binary.AppendUvarint(key, uint64(i))
		}
		g, ok := known[string(key)]
		if !ok {
			g = int32(len(p.groups))
			known[string(key)] = g
			p.groups, p.count = append(p.groups, group{slices.Clone(list)}), append(p.count, 0)
		}
		p.count[g]++
		p.groupOf[k] = g
	}
	for g := range p.groups {
		for _, i := range p.groups[g].choices {
			p.supporters[i] = append(p.supporters[i], int32(g))
			p.votes[i] += p.count[g]
		}
	}
	return p
}

// countVotes gives per project the ballots that list it and the sum of its points (for approvals the same number).
func countVotes(e *Election) (votes []int64, score []*big.Rat) {
	votes, score = make([]int64, len(e.Projects)), make([]*big.Rat, len(e.Projects))
	unscaled := make([][19]big.Int, len(e.Projects))
	add := new(big.Int)
	for k := range e.Ballots {
		b := &e.Ballots[k]
		for j, i := range b.Choices {
			votes[i]++
			d := Int(1)
			if b.Points != nil {
				d = b.Points[j]
			}
			unscaled[i][d.Scale].Add(&unscaled[i][d.Scale], add.SetInt64(d.Unscaled))
		}
	}
	for i := range score {
		score[i] = new(big.Rat)
		for s := range unscaled[i] {
			if unscaled[i][s].Sign() != 0 {
				score[i].Add(score[i], new(big.Rat).SetFrac(&unscaled[i][s], big.NewInt(pow10[s])))
			}
		}
	}
	return votes, score
}

// amount writes an exact decimal fraction without trailing zeros; a fraction that has no finite decimal form within 18
// places is written as numerator/denominator.
func amount(r *big.Rat) string {
	n, exact := r.FloatPrec()
	if !exact || n > 18 {
		return r.RatString()
	}
	s := r.FloatString(n)
	if n > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
