package tally

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ranked makes an election of lines such as "5 ACBED": five voters, best first. Every project costs 1, the budget is 1.
func ranked(candidates, lines string) *Election {
	e := &Election{VoteType: Ordinal, Budget: Int(1)}
	for _, c := range candidates {
		e.Projects = append(e.Projects, Project{ID: string(c), Cost: Int(1)})
	}
	for _, line := range strings.Split(lines, ",") {
		count, vote, _ := strings.Cut(strings.TrimSpace(line), " ")
		d, err := ParseDecimal(count)
		if err != nil {
			panic(err)
		}
		for range d.Unscaled {
			var b Ballot
			for _, c := range vote {
				b.Choices = append(b.Choices, strings.IndexRune(candidates, c))
			}
			e.Ballots = append(e.Ballots, b)
		}
	}
	return e
}

// TestSchulze: examples by Markus Schulze, from his paper (arXiv:1804.02973, section 3) and from the articles he wrote on
// the method. d is the matrix of pairwise preferences printed there, p that of strongest paths.
func TestSchulze(t *testing.T) {
	for _, x := range []struct {
		name, candidates, lines, ranking string
		d, p                             [][]int64
	}{
		{
			"paper, example 1 (21 voters)", "abcd", "8 acdb, 2 badc, 4 cdba, 4 dbac, 3 dcba", "dacb",
			[][]int64{{0, 8, 14, 10}, {13, 0, 6, 2}, {7, 15, 0, 12}, {11, 19, 9, 0}},
			[][]int64{{0, 14, 14, 12}, {13, 0, 13, 12}, {13, 15, 0, 12}, {13, 19, 13, 0}},
		},
		{
			"45 voters", "ABCDE", "5 ACBED, 5 ADECB, 8 BEDAC, 3 CABED, 7 CAEBD, 2 CBADE, 7 DCEBA, 8 EBADC", "EACBD",
			[][]int64{{0, 20, 26, 30, 22}, {25, 0, 16, 33, 18}, {19, 29, 0, 17, 24}, {15, 12, 28, 0, 14}, {23, 27, 21, 31, 0}},
			[][]int64{{0, 28, 28, 30, 24}, {25, 0, 28, 33, 24}, {25, 29, 0, 29, 24}, {25, 28, 28, 0, 24}, {25, 28, 28, 31, 0}},
		},
		{
			"30 voters, 4 candidates", "ABCD", "5 ACBD, 2 ACDB, 3 ADCB, 4 BACD, 3 CBDA, 3 CDBA, 1 DACB, 5 DBAC, 4 DCBA", "DACB",
			[][]int64{{0, 11, 20, 14}, {19, 0, 9, 12}, {10, 21, 0, 17}, {16, 18, 13, 0}}, nil,
		},
		{
			"30 voters, 5 candidates", "ABCDE",
			"3 ABDEC, 5 ADEBC, 1 ADECB, 2 BADEC, 2 BDECA, 4 CABDE, 6 CBADE, 2 DBECA, 5 DECAB", "BADEC",
			[][]int64{{0, 18, 11, 21, 21}, {12, 0, 14, 17, 19}, {19, 16, 0, 10, 10}, {9, 13, 20, 0, 30}, {9, 11, 20, 0, 0}}, nil,
		},
		{
			// B and D are both unbeaten: 5 against 5 on their strongest paths; the ids decide.
			"9 voters, two potential winners", "ABCD", "3 ABCD, 2 DABC, 2 DBCA, 2 CBDA", "",
			[][]int64{{0, 5, 5, 3}, {4, 0, 7, 5}, {4, 2, 0, 5}, {6, 4, 4, 0}},
			[][]int64{{0, 5, 5, 5}, {5, 0, 7, 5}, {5, 5, 0, 5}, {6, 5, 5, 0}},
		},
		{
			"Condorcet winner", "MNCK", "42 MNCK, 26 NCKM, 15 CKNM, 17 KCNM", "NCKM", nil, nil,
		},
		{
			// Unlisted projects are worse than listed ones and equal among themselves.
			"short ballots", "ABC", "3 A, 2 BC, 2 CB", "BCA", [][]int64{{0, 3, 3}, {4, 0, 2}, {4, 2, 0}}, nil,
		},
	} {
		e := ranked(x.candidates, x.lines)
		d := Pairwise(e)
		if diff := cmp.Diff(x.d, d); x.d != nil && diff != "" {
			t.Errorf("%s: pairwise %s", x.name, diff)
		}
		if diff := cmp.Diff(x.p, StrongestPaths(d)); x.p != nil && diff != "" {
			t.Errorf("%s: paths %s", x.name, diff)
		}
		r, err := Count(e, Schulze, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(r.Ranking, "")
		if x.ranking == "" {
			if got[0] != 'B' {
				t.Errorf("%s: winner %c, want B", x.name, got[0])
			}
			continue
		}
		if got != x.ranking || r.Selected[0] != x.ranking[:1] || len(r.Selected) != 1 {
			t.Errorf("%s: ranking %s, want %s; selected %v", x.name, got, x.ranking, r.Selected)
		}
	}
}

func TestInstantRunoff(t *testing.T) {
	for _, x := range []struct{ name, candidates, lines, ranking string }{
		{"capital of Tennessee", "MNCK", "42 MNCK, 26 NCKM, 15 CKNM, 17 KCNM", "KMNC"},
		{"majority at once", "ABC", "6 ABC, 3 BCA, 2 CBA", "ABC"},
		{"exhausted ballots", "ABC", "4 A, 3 B, 2 C", "ABC"},
		// B and C have two first votes each; C is listed on more ballots, so B goes, and C gets its votes.
		{"tie by votes", "ABC", "3 AC, 2 BC, 2 C", "CAB"},
		// All alike: the smaller id stays.
		{"tie by id", "ABC", "1 ABC, 1 BCA, 1 CAB", "ABC"},
	} {
		r, err := Count(ranked(x.candidates, x.lines), InstantRunoff, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Ranking, ""); got != x.ranking {
			t.Errorf("%s: %s, want %s", x.name, got, x.ranking)
		}
	}
	if _, err := Count(&Election{VoteType: Approvals}, InstantRunoff, Options{}); !errors.Is(err, ErrRule) {
		t.Errorf("approvals cannot be counted by instant runoff, got %v", err)
	}
}

func TestPlainTallies(t *testing.T) {
	e, err := Parse(strings.NewReader(`META
key;value
budget;100
vote_type;cumulative
PROJECTS
project_id;cost
a;60
b;50
c;40
d;10
VOTES
voter_id;vote;points
1;a,b;1,9
2;a;2.5
3;a,c;1,0
4;c,d;5,1
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		rule     Rule
		seats    int
		selected string
		ranking  string
		invalid  int64
	}{
		{Approval, 0, "a c", "a c d b", 0}, // a 3, c 2; b and d 1 each: d is cheaper; a 60 + c 40 leave nothing
		{Approval, 2, "a c", "a c d b", 0},
		{Approval, 9, "a b c d", "a c d b", 0},
		{Score, 0, "b c d", "b c a d", 0}, // 9, 5, 4.5, 1
		{Score, 1, "b", "b c a d", 0},
		{Knapsack, 2, "a c", "c a d b", 1}, // the first ballot spends 110; then a and c have 2 each, c is cheaper
	} {
		r, err := Count(e, x.rule, Options{Seats: x.seats})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Selected, " "); got != x.selected || strings.Join(r.Ranking, " ") != x.ranking || r.Invalid != x.invalid {
			t.Errorf("%s, %d seats: selected %s, ranking %v, invalid %d", x.rule, x.seats, got, r.Ranking, r.Invalid)
		}
	}
}
