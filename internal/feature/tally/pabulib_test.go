package tally

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "31850": "31850", "31850.00": "31850", "1000000.5": "1000000.5", "1000,5": "1000.5", " 12 ": "12",
		"1 000 000": "1000000", "1\u00a0000,25": "1000.25", "1'000.5": "1000.5", "1.234,50": "1234.5", "1,234.50": "1234.5",
		"1,234,567": "1234567", "1.234.567": "1234567", "1.234.567,8": "1234567.8", "1e6": "1000000", "1E+06": "1000000",
		"2.5e-1": "0.25", "-3": "-3", "+3": "3", ".5": "0.5", "5.": "5", "0.000": "0", "33333.333333333336": "33333.333333333336",
		"999999999": "999999999", "100000000000000000": "100000000000000000", "0010": "10", "-0.05": "-0.05",
	} {
		d, err := ParseDecimal(in)
		if err != nil || d.String() != want {
			t.Errorf("%q: got %s, %v; want %s", in, d, err, want)
		}
	}
	for _, in := range []string{"", " ", "-", ".", ",", "abc", "12 zł", "1e", "e5", "1e99", "0x10", "1/2", "NaN", "inf", "--1",
		"1234567890123456789", "0.1234567890123456789", "१२", "1;2"} {
		if d, err := ParseDecimal(in); err == nil {
			t.Errorf("%q: got %s, want an error", in, d)
		}
	}
}

// TestFixtures reads every real file and compares with what its own META and columns say.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixtures, "*.pb"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	for _, f := range files {
		e := readFixture(t, filepath.Base(f))
		if len(e.Warnings) > 0 {
			t.Errorf("%s: %v", f, e.Warnings)
		}
		votes, score := countVotes(e)
		for i, p := range e.Projects {
			cell := func(name string) string { return p.Cells[column(e.ProjectColumns, name)] }
			if v := Int(votes[i]).String(); v != cell("votes") {
				t.Errorf("%s project %s: counted %s votes, the file says %s", f, p.ID, v, cell("votes"))
			}
			if e.VoteType.scored() && amount(score[i]) != cell("score") {
				t.Errorf("%s project %s: counted %s points, the file says %s", f, p.ID, amount(score[i]), cell("score"))
			}
		}
		var out bytes.Buffer
		if err := Write(&out, e); err != nil {
			t.Fatal(err)
		}
		data, _ := os.ReadFile(f)
		// Apart from line ends and quotes our files differ in nothing.
		if d := cmp.Diff(strings.ReplaceAll(string(data), "\r\n", "\n"), out.String()); d != "" && !strings.Contains(string(data), `"`) {
			t.Errorf("%s: %s", f, d)
		}
	}
}

const simple = `META
key;value
budget;100
vote_type;approval
PROJECTS
project_id;cost;name
a;60;Alpha
b;50;Beta
VOTES
voter_id;vote
1;a,b
2;b
`

func TestTolerance(t *testing.T) {
	plain, err := Parse(strings.NewReader(simple))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"byte order mark":    "\ufeff" + simple,
		"CRLF":               strings.ReplaceAll(simple, "\n", "\r\n"),
		"CR":                 strings.ReplaceAll(simple, "\n", "\r"),
		"blank lines":        strings.ReplaceAll(simple, "\n", "\n\n"),
		"spaces":             strings.ReplaceAll(strings.ReplaceAll(simple, ";", " ; "), ",", " , "),
		"no last line end":   strings.TrimSuffix(simple, "\n"),
		"small titles":       strings.NewReplacer("META", "meta", "PROJECTS", "Projects", "VOTES", "votes").Replace(simple),
		"title with cells":   strings.NewReplacer("META", "META;", "PROJECTS", "PROJECTS;;", "VOTES", "VOTES;").Replace(simple),
		"large header":       strings.NewReplacer("project_id;cost", "PROJECT_ID;Cost", "vote_type;a", "Vote_Type;A").Replace(simple),
		"quotes everywhere":  strings.NewReplacer("a;60;Alpha", `"a";"60";"Alpha"`, "1;a,b", `"1";"a,b"`, "META", `"META"`).Replace(simple),
		"decimals":           strings.NewReplacer(";100", ";100.00", ";60", ";60,0").Replace(simple),
		"meta header absent": strings.Replace(simple, "key;value\n", "", 1),
		"empty rows":         strings.NewReplacer("VOTES", ";;\nVOTES").Replace(simple) + ";\n",
		"trailing commas":    strings.Replace(simple, "1;a,b", "1;a,b,", 1),
		"repeated choice":    strings.Replace(simple, "1;a,b", "1;a,b,a", 1),
		"repeated project":   strings.Replace(simple, "VOTES", "a;60;Alpha\nVOTES", 1),
		"vote_type absent":   strings.Replace(simple, "vote_type;approval\n", "", 1),
		"colon in meta":      strings.Replace(simple, "vote_type;approval", "vote_type: approval", 1),
	} {
		e, err := Parse(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.Budget != plain.Budget || e.VoteType != plain.VoteType {
			t.Errorf("%s: budget %s, %s", name, e.Budget, e.VoteType)
		}
		for _, x := range [][2]any{{len(plain.Projects), len(e.Projects)}, {len(plain.Ballots), len(e.Ballots)}} {
			if x[0] != x[1] {
				t.Fatalf("%s: %v rows, want %v", name, x[1], x[0])
			}
		}
		for i, p := range plain.Projects {
			if q := e.Projects[i]; q.ID != p.ID || q.Cost != p.Cost || q.Name != p.Name {
				t.Errorf("%s: project %+v", name, q)
			}
		}
		for i, b := range plain.Ballots {
			if d := cmp.Diff(b.Choices, e.Ballots[i].Choices); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
}

func TestVotesThatSayLittle(t *testing.T) {
	text := strings.Replace(simple, "2;b\n", "2;b\n2;\n3\n4;none\n", 1)
	e, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Ballots) != 5 || len(e.Ballots[2].Choices)+len(e.Ballots[3].Choices)+len(e.Ballots[4].Choices) != 0 {
		t.Errorf("ballots %+v", e.Ballots)
	}
	if len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0].Text, "repeat a voter_id") {
		t.Errorf("warnings %v", e.Warnings)
	}
	r, err := Count(e, MESCost, Options{})
	if err != nil || r.Voters != 5 || r.PerVoter.RatString() != "20" {
		t.Errorf("empty ballots have their share of the budget too: %+v, %v", r, err)
	}
}

func TestQuotes(t *testing.T) {
	text := "META\nkey;value\nbudget;5\ndescription;\"one; \"\"two\"\"\nthree\"\ncomment;a;b;;\nPROJECTS\nproject_id;cost;name\n" +
		`1;1;"""Konikowo"" - plac; II"` + "\n" + `2;1;5" pipe "so"` + "\n" + `3;1;"closed" then text` + "\n" + `4;1;"never closed` +
		"\nVOTES\nvoter_id;vote;extra\nv;1,2;x\n"
	e, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range e.Projects {
		names = append(names, p.Name)
	}
	if d := cmp.Diff([]string{`"Konikowo" - plac; II`, `5" pipe "so"`, "closed then text", `"never closed`}, names); d != "" {
		t.Error(d)
	}
	if got := e.Value("DESCRIPTION"); got != "one; \"two\"\nthree" {
		t.Errorf("description %q", got)
	}
	if got := e.Value("comment"); got != "a;b" {
		t.Errorf("comment %q", got)
	}
	var out strings.Builder
	if err := Write(&out, e); err != nil {
		t.Fatal(err)
	}
	again, err := Parse(strings.NewReader(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e.Projects, again.Projects); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(e.Ballots, again.Ballots); d != "" {
		t.Error(d)
	}
}

func TestMalformed(t *testing.T) {
	scored := strings.NewReplacer("approval", "cumulative", "voter_id;vote", "voter_id;vote;points", "1;a,b", "1;a,b;3,4", "2;b", "2;b;5").Replace(simple)
	for _, x := range []struct {
		name, text string
		line       int
		say        string
	}{
		{"empty", "", 0, "META is missing"},
		{"other file", "<html>\n", 1, "expected the section META"},
		{"binary", "META\nkey;value\nbudget;\x001", 3, "NUL"},
		{"not UTF-8", strings.Replace(simple, "Alpha", "\xff", 1), 7, "UTF-8"},
		{"no budget", strings.Replace(simple, "budget;100\n", "", 1), 0, "no budget"},
		{"budget in words", strings.Replace(simple, "100", "much", 1), 3, "budget: not a number"},
		{"negative budget", strings.Replace(simple, "100", "-1", 1), 3, "negative"},
		{"vote type", strings.Replace(simple, "approval", "lottery", 1), 4, "vote_type"},
		{"no cost", strings.Replace(simple, "a;60", "a;", 1), 7, `"a" has no cost`},
		{"cost", strings.Replace(simple, "a;60", "a;6x", 1), 7, "not a number"},
		{"negative cost", strings.Replace(simple, "a;60", "a;-6", 1), 7, "negative cost"},
		{"no id", strings.Replace(simple, "a;60", ";60", 1), 7, "without an id"},
		{"two costs", strings.Replace(simple, "b;50", "a;50", 1), 8, "twice"},
		{"cost column", strings.Replace(simple, "cost", "price", 1), 6, "cost"},
		{"vote column", strings.Replace(simple, ";vote\n", ";choice\n", 1), 10, "column vote"},
		{"unknown project", strings.Replace(simple, "2;b", "2;c", 1), 12, `unknown project "c"`},
		{"after CRLF", strings.ReplaceAll(strings.Replace(simple, "2;b", "2;c", 1), "\n", "\r\n"), 12, `unknown project "c"`},
		{"after a long field", strings.NewReplacer("Alpha", "\"Al\npha\"", "2;b", "2;c").Replace(simple), 13, `unknown project "c"`},
		{"votes first", strings.Replace(simple, "PROJECTS", "VOTES\nPROJECTS", 1), 5, "before PROJECTS"},
		{"no votes section", simple[:strings.Index(simple, "VOTES")], 0, "VOTES is missing"},
		{"twice", simple + "VOTES\n", 13, "twice"},
		{"few points", strings.Replace(scored, "3,4", "3", 1), 11, "2 projects but 1 points"},
		{"points in words", strings.Replace(scored, "3,4", "3,x", 1), 11, "not a number"},
		{"no points", strings.Replace(scored, ";points", "", 1), 10, "need the column points"},
	} {
		_, err := Parse(strings.NewReader(x.text))
		var p *ParseError
		if !errors.As(err, &p) || p.Line != x.line || !strings.Contains(err.Error(), x.say) {
			t.Errorf("%s: got %v, want line %d and %q", x.name, err, x.line, x.say)
		}
	}
	if _, err := Parse(strings.NewReader(scored)); err != nil {
		t.Errorf("the scored text itself: %v", err)
	}
}

// FuzzParse: whatever comes in, Parse neither panics nor takes long, and what it took is read back from what Write wrote.
func FuzzParse(f *testing.F) {
	f.Add(simple)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		var out strings.Builder
		if err := Write(&out, e); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(strings.NewReader(out.String()))
		if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		if e.Budget != again.Budget || e.VoteType != again.VoteType || len(e.Projects) != len(again.Projects) || len(e.Ballots) != len(again.Ballots) {
			t.Fatalf("read back differently from\n%s", out.String())
		}
		for i, p := range e.Projects {
			if q := again.Projects[i]; p.ID != q.ID || p.Cost != q.Cost || p.Name != q.Name {
				t.Fatalf("project %+v read back as %+v from\n%s", p, q, out.String())
			}
		}
		for i, b := range e.Ballots {
			if c := again.Ballots[i]; !cmp.Equal(b.Choices, c.Choices) || !cmp.Equal(b.Points, c.Points) {
				t.Fatalf("ballot %+v read back as %+v from\n%s", b, c, out.String())
			}
		}
		if len(e.Projects) > 20 || len(e.Ballots) > 50 {
			return
		}
		// A file may well ask for 10^17 steps of one unit; some dozens are enough here.
		step := Decimal{max(1, e.Budget.Unscaled/20), e.Budget.Scale}
		for _, rule := range Rules() {
			r, err := Count(e, rule, Options{Increment: step})
			if err == nil && r.Cost.Cmp(e.Budget.Rat()) > 0 {
				t.Fatalf("%s spends %s of %s", rule, r.Cost, e.Budget)
			}
		}
	})
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"31850.00", "1.234,50", "1e6", "-0.5", "1 000", "000000000000000000000001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDecimal(s)
		if err != nil {
			return
		}
		again, err := ParseDecimal(d.String())
		if err != nil || again != d {
			t.Fatalf("%q → %s → %s, %v", s, d, again, err)
		}
	})
}
