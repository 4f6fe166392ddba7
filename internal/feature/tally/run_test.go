package tally

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Three voters with a budget of 9, so 3 each.
const small = `META
key;value
budget;9
vote_type;approval
PROJECTS
project_id;cost;name
a;6;Alpha
b;4;Beta
c;1;Gamma
d;7;Delta
VOTES
voter_id;vote
1;a,b
2;a,b,c
3;a,d
`

func TestRunJSON(t *testing.T) {
	var out bytes.Buffer
	if err := Run(&out, strings.NewReader(small), "mes_cost_u", 0, true); err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	// a has three votes: 2 each, 1 left each. b (4) has 2 behind it: out. c: voter 2 pays 1. Greedy then adds nothing: 2 are
	// left, b and d do not fit.
	want := map[string]any{
		"rule": "mes_cost_u", "selected": []any{"a", "c"}, "order": []any{"a", "c"}, "cost": 7.0, "budget": 9.0, "voters": 3.0,
		"steps": 0.0, "per_voter": "3", "warnings": []any{},
		"projects": []any{
			map[string]any{"id": "a", "name": "Alpha", "cost": 6.0, "votes": 3.0, "selected": true},
			map[string]any{"id": "b", "name": "Beta", "cost": 4.0, "votes": 2.0, "selected": false},
			map[string]any{"id": "c", "name": "Gamma", "cost": 1.0, "votes": 1.0, "selected": true},
			map[string]any{"id": "d", "name": "Delta", "cost": 7.0, "votes": 1.0, "selected": false},
		},
		"shares": []any{
			map[string]any{"project": "a", "payments": []any{map[string]any{"each": "2", "voters": 3.0}}},
			map[string]any{"project": "c", "payments": []any{map[string]any{"each": "1", "voters": 1.0}}},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestRunRefuses(t *testing.T) {
	var out bytes.Buffer
	if err := Run(&out, strings.NewReader(small), "lottery", 1, false); !errors.Is(err, ErrRule) {
		t.Errorf("unknown rule: %v", err)
	}
	if err := Run(&out, strings.NewReader(small), "irv", 1, false); !errors.Is(err, ErrRule) {
		t.Errorf("irv of approvals: %v", err)
	}
	if err := Run(&out, strings.NewReader(small), "mes_cost_add1", -1, false); err == nil {
		t.Error("negative increment accepted")
	}
	var p *ParseError
	if err := Run(&out, strings.NewReader(strings.Replace(small, "3;a,d", "3;a,e", 1)), "mes_cost", 1, false); !errors.As(err, &p) || p.Line != 15 {
		t.Errorf("unknown project: %v", err)
	}
	if out.Len() > 0 {
		t.Errorf("wrote %q beside errors", out.String())
	}
}

// TestShares: what the voters of a real election paid, added up by voter, is what the projects cost, and nobody paid more
// than her budget.
func TestShares(t *testing.T) {
	for _, rule := range []Rule{MESCost, MESCard, MESCostAdd1, MESCostPlain, Phragmen} {
		e := readFixture(t, "Netherlands_Assen_2024.pb")
		r, err := Count(e, rule, Options{})
		if err != nil {
			t.Fatal(err)
		}
		sum := new(big.Rat)
		for i := range e.Ballots {
			mine := new(big.Rat)
			for _, p := range r.PaidBy(i) {
				mine.Add(mine, p.Amount)
			}
			if r.PerVoter != nil && mine.Cmp(r.PerVoter) > 0 {
				t.Errorf("%s: ballot %d paid %s of %s", rule, i, mine, r.PerVoter)
			}
			sum.Add(sum, mine)
		}
		if sum.Cmp(r.Cost) != 0 {
			t.Errorf("%s: paid %s, cost %s", rule, sum, r.Cost)
		}
	}
	r, err := Count(readFixture(t, "Netherlands_Assen_2024.pb"), GreedyCost, Options{})
	if err != nil || len(r.Shares) != 0 || len(r.PaidBy(0)) != 0 || r.PaidBy(-1) != nil {
		t.Errorf("greedy has shares: %v %v", r.Shares, err)
	}
}

// TestScored holds what points mean: nothing for the budgeting rules, which ask what a ballot lists; everything for score.
func TestScored(t *testing.T) {
	e := readFixture(t, "Poland_Czestochowa_2024_Grabowka.pb")
	if e.VoteType != Cumulative || len(e.Projects) != 16 || len(e.Ballots) != 461 {
		t.Fatalf("%s, %d projects, %d ballots", e.VoteType, len(e.Projects), len(e.Ballots))
	}
	// By points the city took project 261 (753 points, 190,000 of 250,115) and then 60 (569, 59,400); 692 does not fit.
	byScore, err := Count(e, Score, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var official []string // a subset: the city stopped before the cheap ones
	at := column(e.ProjectColumns, "selected")
	for _, p := range e.Projects {
		if p.Cells[at] == "1" {
			official = append(official, p.ID)
		}
	}
	for _, id := range official {
		if !slices.Contains(byScore.Selected, id) {
			t.Errorf("score leaves out the official winner %s: %v", id, byScore.Selected)
		}
	}
	text := strings.NewReplacer("approval", "cumulative", "voter_id;vote", "voter_id;vote;points",
		"1;a,b", "1;a,b;1,9", "2;a,b,c", "2;a,b,c;1,9,0", "3;a,d", "3;a,d;1,2").Replace(small)
	s, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Parse(strings.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []Rule{GreedyCost, GreedyCard, MESCost, MESCard, MESCostU, MESCostAdd1, MESCostPlain, MESCostAdd1U, Phragmen} {
		want, err := Count(plain, rule, Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Count(s, rule, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Order, " "); got != strings.Join(want.Order, " ") {
			t.Errorf("%s: %s, want as without points %v", rule, got, want.Order)
		}
	}
}

// TestLongWayToTheEnd: when everything fits the budget add1 ends with everything, however far the last project is.
func TestLongWayToTheEnd(t *testing.T) {
	e, err := Parse(strings.NewReader(strings.NewReplacer("budget;9", "budget;100000000000000000", "d;7", "d;99999999999999000").Replace(small)))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for _, rule := range []Rule{MESCostAdd1, MESCostPlain, MESCostAdd1U} {
		r, err := Count(e, rule, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Selected, " "); got != "a b c d" || r.Steps == 0 {
			t.Errorf("%s: %s after %d steps", rule, got, r.Steps)
		}
	}
	// A project dearer than the whole budget can never be bought: plain add1 must not wait for it.
	e, err = Parse(strings.NewReader(strings.NewReplacer("budget;9", "budget;12", "d;7", "d;999999999").Replace(small)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Count(e, MESCostPlain, Options{})
	if err != nil || strings.Join(r.Selected, " ") != "a b c" {
		t.Errorf("with an impossible project: %v, %v", r.Selected, err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// TestSpeedOfCommand counts from the file to the printed ids.
func TestSpeedOfCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("counts 60,000 ballots")
	}
	var file bytes.Buffer
	if err := Write(&file, synthetic(60_000, 110, 15, Approvals)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var err error
	took := worked(func() { err = Run(&out, bytes.NewReader(file.Bytes()), "mes_cost", 1, true) })
	if err != nil {
		t.Fatal(err)
	}
	if took > 2*time.Second {
		t.Errorf("took %s, may take 2s", took)
	} else {
		t.Logf("%d bytes read and counted in %s, %d bytes written", file.Len(), took, out.Len())
	}
}

// TestNotice: the fixtures keep their source and licence beside them.
func TestNotice(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(fixtures, "README.md"))
	if err != nil || !strings.Contains(string(text), "pabulib.org") || !strings.Contains(string(text), "licence") {
		t.Errorf("source or licence missing: %v", err)
	}
}
