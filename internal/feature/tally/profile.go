package tally

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"sort"
	"strings"
)

// profile is an election's ballots made ready for counting: identical ballots are one group with a number, since under
// every rule here they fare the same.
type profile struct {
	n       int64 // ballots, empty ones too
	groups  []group
	count   []int64 // of each group: its ballots
	groupOf []int32 // ballot → group
	// supporters holds, per project, the groups that support it, by the weight they give it (1 for approvals, else points).
	supporters [][]segment
	votes      []int64 // per project: ballots that support it
	total      []int64 // per project: the sum of weights
}

type group struct {
	choices []int32 // projects with a weight above zero, ascending
}

type segment struct {
	weight int64
	groups []int32
}

// maxPoints bounds the points of one project on one ballot, in the smallest decimal that the file uses.
const maxPoints = 1 << 31

// newProfile groups the ballots. With points, scored ballots weigh a project by its points, scaled to whole numbers alike for
// all; otherwise every supported project weighs 1.
func newProfile(e *Election, points bool) (*profile, error) {
	p := &profile{
		n: int64(len(e.Ballots)), groupOf: make([]int32, len(e.Ballots)),
		supporters: make([][]segment, len(e.Projects)), votes: make([]int64, len(e.Projects)), total: make([]int64, len(e.Projects)),
	}
	points = points && e.VoteType.scored()
	var scale uint8
	if points {
		for _, b := range e.Ballots {
			for _, d := range b.Points {
				if d.Sign() > 0 {
					scale = max(scale, d.Scale)
				}
			}
		}
	}
	known := make(map[string]int32)
	var key []byte
	var weights [][]int64
	for k := range e.Ballots {
		b := &e.Ballots[k]
		type choice struct {
			project int32
			weight  int64
		}
		list := make([]choice, 0, len(b.Choices))
		for j, i := range b.Choices {
			w := int64(1)
			if e.VoteType.scored() && b.Points[j].Sign() <= 0 {
				continue
			}
			if points {
				s := b.Points[j].scaled(scale)
				if !s.IsInt64() || s.Int64() > maxPoints {
					return nil, fmt.Errorf("points %s of project %q are too many or too fine to count", b.Points[j], short(e.Projects[i].ID))
				}
				w = s.Int64()
			}
			list = append(list, choice{int32(i), w})
		}
		sort.Slice(list, func(x, y int) bool { return list[x].project < list[y].project })
		key = key[:0]
		for _, c := range list {
			key = binary.AppendUvarint(key, uint64(c.project))
			if points {
				key = binary.AppendUvarint(key, uint64(c.weight))
			}
		}
		g, ok := known[string(key)]
		if !ok {
			g = int32(len(p.groups))
			known[string(key)] = g
			gr := group{choices: make([]int32, len(list))}
			ws := make([]int64, len(list))
			for j, c := range list {
				gr.choices[j], ws[j] = c.project, c.weight
			}
			p.groups = append(p.groups, gr)
			p.count = append(p.count, 0)
			weights = append(weights, ws)
		}
		p.count[g]++
		p.groupOf[k] = g
	}
	segmentOf := make([]map[int64]int, len(e.Projects))
	for g := range p.groups {
		for j, i := range p.groups[g].choices {
			w := weights[g][j]
			if segmentOf[i] == nil {
				segmentOf[i] = map[int64]int{}
			}
			s, ok := segmentOf[i][w]
			if !ok {
				s = len(p.supporters[i])
				segmentOf[i][w] = s
				p.supporters[i] = append(p.supporters[i], segment{weight: w})
			}
			p.supporters[i][s].groups = append(p.supporters[i][s].groups, int32(g))
			p.votes[i] += p.count[g]
			p.total[i] += w * p.count[g] // at most 2^28 ballots of 2^31 points
		}
	}
	return p, nil
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
