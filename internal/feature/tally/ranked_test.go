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

// TestSchulzePaper: the worked examples of the paper (section 3 of arXiv:1804.02973), as the Condorcet project holds them in
// Tests/src/Algo/Methods/Schulze/SchulzeTest.php (github.com/julien-boudry/Condorcet). Where the paper leaves several
// potential winners, the rule's tie-break takes the one with more ballots, then the lower cost, then the smaller id.
func TestSchulzePaper(t *testing.T) {
	const five = "3 adebcf, 3 bfecda, 4 cabfde, 1 dbcefa, 4 defabc, 2 ecbdfa, 2 facdbe"
	for _, x := range []struct{ name, candidates, lines, winners string }{
		{"1", "abcd", "8 acdb, 2 badc, 4 cdba, 4 dbac, 3 dcba", "d"},
		{"2", "abcd", "3 abcd, 2 cbda, 2 dabc, 2 dbca", "bd"},
		{"3", "abcd", "12 abcd, 6 adbc, 9 bcda, 15 cdab, 21 dbac", "d"},
		{"4", "abcd", "6 acdb, 1 badc, 3 cbda, 3 dbac, 2 dcba", "ad"},
		{"5, situation 1", "abcdef", five, "a"},
		{"5, situation 2: two voters more, with a first", "abcdef", five + ", 2 aefcbd", "d"},
		{"6, situation 1", "abcd", "3 abdc, 5 adbc, 1 adcb, 2 badc, 2 bdca, 4 cabd, 6 cbad, 2 dbca, 5 dcab", "a"},
		{"6, situation 2: e is added", "abcde", "3 abdec, 5 adebc, 1 adecb, 2 badec, 2 bdeca, 4 cabde, 6 cbade, 2 dbeca, 5 decab", "b"},
		{"8", "abcde", "9 adbec, 6 bcade, 5 bcdea, 2 cdbea, 6 decba, 14 eacbd, 2 ecabd, 1 edacb", "b"},
		{"9", "abcde", "9 adbec, 1 baced, 6 cbade, 2 cdbea, 5 cdeab, 6 decab, 14 ebacd, 2 ebcad", "e"},
		{"10", "abcde", "5 acbed, 5 adecb, 8 bedac, 3 cabed, 7 caebd, 2 cbade, 7 dceba, 8 ebadc", "e"},
	} {
		e := ranked(x.candidates, x.lines)
		if got := unbeaten(Pairwise(e), x.candidates); got != x.winners {
			t.Errorf("example %s: potential winners %s, want %s", x.name, got, x.winners)
		}
		r, err := Count(e, Schulze, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Selected[0] != x.winners[:1] {
			t.Errorf("example %s: selected %v", x.name, r.Selected)
		}
	}
}

// TestSchulzeEqualRanks: example 7 of the paper has ballots with equal ranks, which no ballot here can have; its pairwise
// counts are made by hand. By winning votes, the measure used here, d wins.
func TestSchulzeEqualRanks(t *testing.T) {
	const candidates = "abcd"
	d := make([][]int64, 4)
	for i := range d {
		d[i] = make([]int64, 4)
	}
	for _, line := range strings.Split("6 a>b>c>d, 8 ab>cd, 8 ac>bd, 18 ac>d>b, 8 acd>b, 40 b>acd, 4 c>b>d>a, 9 c>d>a>b, 8 cd>ab, 14 d>a>b>c, 11 d>b>c>a, 4 d>c>a>b", ", ") {
		n, vote, _ := strings.Cut(line, " ")
		count, err := ParseDecimal(n)
		if err != nil {
			t.Fatal(err)
		}
		ranks := strings.Split(vote, ">")
		for i, better := range ranks {
			for _, x := range better {
				for _, y := range strings.Join(ranks[i+1:], "") {
					d[strings.IndexRune(candidates, x)][strings.IndexRune(candidates, y)] += count.Unscaled
				}
			}
		}
	}
	if got := unbeaten(d, candidates); got != "d" {
		t.Errorf("potential winners %s of %v, want d", got, d)
	}
}

// unbeaten names the candidates from whom no path is weaker than the one back.
func unbeaten(d [][]int64, candidates string) (out string) {
	p := StrongestPaths(d)
next:
	for i, c := range candidates {
		for j := range p {
			if p[j][i] > p[i][j] {
				continue next
			}
		}
		out += string(c)
	}
	return out
}

// TestBurlington is the mayor's election of 2009 among its three finalists, the best known case in which instant runoff and
// the pairwise winner part (tabulated in W. D. Smith and B. Olson, rangevoting.org/Burlington.html).
func TestBurlington(t *testing.T) {
	e := ranked("MKW", "1332 MKW, 767 MWK, 455 M, 2043 KMW, 371 KWM, 568 K, 1513 WMK, 495 WKM, 1289 W")
	for rule, want := range map[Rule]string{InstantRunoff: "K W M", Schulze: "M K W"} {
		r, err := Count(e, rule, Options{})
		if err != nil || strings.Join(r.Ranking, " ") != want {
			t.Errorf("%s: %v %v, want %s", rule, r.Ranking, err, want)
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
