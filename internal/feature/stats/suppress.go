package stats

// Node is a figure in a tree of figures: a parent is the sum of its children.
// Parent is an index into the same list, before the child; -1 for a root.
type Node struct {
	Parent int
	N      int64
}

// Suppress says which figures that count persons must be hidden, so that none
// below k is told (k-anonymity) and none that is hidden can be reckoned from
// the others (complementary suppression). What is zero tells of nobody and
// stays.
//
// The tree's sums are equations, hidden figures are unknowns. In a tree an
// unknown is determined exactly when some chain of equations ends in one with
// no other unknown, so it is enough that no equation has a single unknown; and
// the hidden parts of one sum are together at least k, since their sum is known.
func Suppress(tree []Node, k int64) []bool {
	hidden := make([]bool, len(tree))
	children := make([][]int, len(tree))
	for i, n := range tree {
		hidden[i] = n.N > 0 && n.N < k
		if n.Parent >= 0 {
			children[n.Parent] = append(children[n.Parent], i)
		}
	}
	for again := true; again; {
		again = false
		for p, cs := range children {
			if len(cs) == 0 {
				continue
			}
			unknown, sum := 0, int64(0)
			for _, c := range cs {
				if hidden[c] {
					unknown++
					sum += tree[c].N
				}
			}
			enough := unknown >= 2 && sum >= k
			if hidden[p] {
				enough = unknown >= 1
			}
			if unknown == 0 && !hidden[p] || enough {
				continue
			}
			// Hide the least that helps: another part, else the sum itself.
			next := -1
			for _, c := range cs {
				if !hidden[c] && tree[c].N > 0 && (next < 0 || tree[c].N < tree[next].N) {
					next = c
				}
			}
			if next < 0 && !hidden[p] {
				next = p
			}
			if next >= 0 {
				hidden[next], again = true, true
			}
		}
	}
	return hidden
}
