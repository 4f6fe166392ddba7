package stats

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// determined solves the tree's sums for the hidden figures and says which of
// them have one value only, by elimination over the rationals.
func determined(tree []Node, hidden []bool) []int {
	column := map[int]int{}
	var unknown []int
	for i, h := range hidden {
		if h {
			column[i] = len(unknown)
			unknown = append(unknown, i)
		}
	}
	var rows [][]*big.Rat
	for p := range tree {
		row := make([]*big.Rat, len(unknown))
		for i := range row {
			row[i] = new(big.Rat)
		}
		any, parts := false, 0
		for i, n := range tree {
			if n.Parent == p {
				parts++
				if c, ok := column[i]; ok {
					row[c].SetInt64(1)
					any = true
				}
			}
		}
		if c, ok := column[p]; ok && parts > 0 {
			row[c].SetInt64(-1)
			any = true
		}
		if parts > 0 && any {
			rows = append(rows, row)
		}
	}
	rank := 0
	for c := range unknown {
		pivot := -1
		for r := rank; r < len(rows); r++ {
			if rows[r][c].Sign() != 0 {
				pivot = r
				break
			}
		}
		if pivot < 0 {
			continue
		}
		rows[rank], rows[pivot] = rows[pivot], rows[rank]
		inv := new(big.Rat).Inv(rows[rank][c])
		for i := range rows[rank] {
			rows[rank][i] = new(big.Rat).Mul(rows[rank][i], inv)
		}
		for r := range rows {
			if r != rank && rows[r][c].Sign() != 0 {
				f := new(big.Rat).Set(rows[r][c])
				for i := range rows[r] {
					rows[r][i] = new(big.Rat).Sub(rows[r][i], new(big.Rat).Mul(f, rows[rank][i]))
				}
			}
		}
		rank++
	}
	var out []int
	for r := range rank {
		n, last := 0, 0
		for c := range unknown {
			if rows[r][c].Sign() != 0 {
				n, last = n+1, c
			}
		}
		if n == 1 {
			out = append(out, unknown[last])
		}
	}
	return out
}

// No hidden figure can be reckoned from those shown, none below k is shown,
// zero is shown, and nothing is hidden where nothing is small.
func TestSuppressLeavesNothingToReckon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.Int64Range(2, 12).Draw(t, "k")
		n := rapid.IntRange(1, 30).Draw(t, "nodes")
		tree := make([]Node, n)
		tree[0].Parent = -1
		for i := 1; i < n; i++ {
			tree[i].Parent = rapid.IntRange(-1, i-1).Draw(t, "parent")
		}
		for i := n - 1; i >= 0; i-- {
			leaf := true
			for _, c := range tree {
				leaf = leaf && c.Parent != i
			}
			if leaf {
				tree[i].N = rapid.Int64Range(0, 2*k).Draw(t, "persons")
			}
			if p := tree[i].Parent; p >= 0 {
				tree[p].N += tree[i].N
			}
		}
		hidden := Suppress(tree, k)
		small := false
		for i, c := range tree {
			if c.N > 0 && c.N < k {
				small = true
				if !hidden[i] {
					t.Fatalf("%d is shown: %v", c.N, tree)
				}
			}
			if hidden[i] && c.N == 0 {
				t.Fatalf("zero is hidden at %d: %v", i, tree)
			}
		}
		if d := determined(tree, hidden); len(d) > 0 {
			t.Fatalf("figures %v can be reckoned: %v hidden %v", d, tree, hidden)
		}
		for i := range tree {
			if hidden[i] && !small {
				t.Fatalf("hidden without need: %v %v", tree, hidden)
			}
		}
	})
}

func TestSuppressExamples(t *testing.T) {
	for _, c := range []struct {
		name string
		tree []Node
		want []bool
	}{
		{"alone", []Node{{-1, 3}}, []bool{true}},
		{"enough", []Node{{-1, 20}, {0, 10}, {0, 10}}, []bool{false, false, false}},
		{"one small needs a companion", []Node{{-1, 43}, {0, 3}, {0, 15}, {0, 25}}, []bool{false, true, true, false}},
		{"two small ones below k together need a third", []Node{{-1, 30}, {0, 3}, {0, 2}, {0, 25}}, []bool{false, true, true, true}},
		{"zero is no companion", []Node{{-1, 3}, {0, 3}, {0, 0}}, []bool{true, true, false}},
	} {
		got := Suppress(c.tree, 10)
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}
