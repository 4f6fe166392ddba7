package tally

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
)

// report is the JSON form of a result.
type report struct {
	Rule     Rule         `json:"rule"`
	Selected []string     `json:"selected"`
	Order    []string     `json:"order"`
	Ranking  []string     `json:"ranking,omitempty"`
	Cost     json.Number  `json:"cost"`
	Budget   json.Number  `json:"budget"`
	Voters   int64        `json:"voters"`
	Invalid  int64        `json:"invalid,omitempty"`
	Projects []line       `json:"projects"`
	Steps    *int64       `json:"steps,omitempty"`
	PerVoter string       `json:"per_voter,omitempty"`
	Shares   []shareLine  `json:"shares"`
	Warnings []warnedLine `json:"warnings"`
}

type line struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Cost     json.Number `json:"cost"`
	Votes    int64       `json:"votes"`
	Selected bool        `json:"selected"`
}

type shareLine struct {
	Project  string    `json:"project"`
	Payments []payLine `json:"payments"`
}

type payLine struct {
	Each   string `json:"each"`
	Voters int64  `json:"voters"`
}

type warnedLine struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// SupportedOnly is the META key, "1" in the files of Linli's own polls, that asks for [Options.SupportedOnly]. Other tools do
// not know it; what they select beyond has no vote.
const SupportedOnly = "supported_only"

// Run reads a Pabulib file, counts it and writes the ids of the selected projects, one a line, sorted as strings; asJSON
// writes an object with the order of selection, costs and shares too. increment is what each voter gets more in an add1
// step, in currency units; 0 means 1. Costs in the JSON are exact; what each voter paid is rounded to six decimals. Nothing
// is written when it fails. Warnings of the parser appear in the JSON only.
func Run(w io.Writer, pb io.Reader, rule string, increment int64, asJSON bool) error {
	if !slices.Contains(Rules(), Rule(rule)) {
		names := make([]string, 0, len(Rules()))
		for _, r := range Rules() {
			names = append(names, string(r))
		}
		return fmt.Errorf("%w %q; the rules are %s", ErrRule, rule, strings.Join(names, " "))
	}
	e, err := Parse(pb)
	if err != nil {
		return err
	}
	r, err := Count(e, Rule(rule), Options{Increment: Int(increment), SupportedOnly: e.Value(SupportedOnly) == "1"})
	if err != nil {
		return err
	}
	if !asJSON {
		var b strings.Builder
		for _, id := range r.Selected {
			b.WriteString(id)
			b.WriteByte('\n')
		}
		_, err = io.WriteString(w, b.String())
		return err
	}
	out := report{
		Rule: r.Rule, Selected: r.Selected, Order: r.Order, Ranking: r.Ranking,
		Cost: json.Number(amount(r.Cost)), Budget: json.Number(r.Budget.String()),
		Voters: r.Voters, Invalid: r.Invalid, Projects: []line{}, Shares: []shareLine{}, Warnings: []warnedLine{},
	}
	if r.PerVoter != nil {
		out.Steps, out.PerVoter = &r.Steps, rounded(r.PerVoter)
	}
	for i, p := range e.Projects {
		_, selected := slices.BinarySearch(r.Selected, p.ID)
		out.Projects = append(out.Projects, line{p.ID, p.Name, json.Number(p.Cost.String()), r.Votes[i], selected})
	}
	for _, s := range r.Shares {
		l := shareLine{s.Project, []payLine{}}
		for _, p := range s.Payments {
			// Payments that differ only beyond the sixth decimal are shown as one.
			each := rounded(p.Each)
			if n := len(l.Payments); n > 0 && l.Payments[n-1].Each == each {
				l.Payments[n-1].Voters += p.Voters
				continue
			}
			l.Payments = append(l.Payments, payLine{each, p.Voters})
		}
		out.Shares = append(out.Shares, l)
	}
	for _, x := range e.Warnings {
		out.Warnings = append(out.Warnings, warnedLine(x))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// rounded writes an amount with at most six decimals, halves away from zero.
func rounded(r *big.Rat) string {
	s := r.FloatString(6)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}
