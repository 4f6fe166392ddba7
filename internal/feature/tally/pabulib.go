package tally

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// VoteType says what a ballot expresses; the values are Pabulib's.
type VoteType string

// The vote types of Pabulib.
const (
	Approvals  VoteType = "approval"
	Ordinal    VoteType = "ordinal"
	Cumulative VoteType = "cumulative"
	Scoring    VoteType = "scoring"
	ChooseOne  VoteType = "choose-1"
)

// scored reports whether ballots carry points.
func (t VoteType) scored() bool { return t == Cumulative || t == Scoring }

// Election is what a Pabulib file holds. The texts of unknown columns and keys are kept and written back.
type Election struct {
	Meta     []Field // in order, keys as written; budget, vote_type, num_projects and num_votes are written from the data
	VoteType VoteType
	Budget   Decimal
	Projects []Project
	Ballots  []Ballot

	ProjectColumns []string // header of the PROJECTS section; nil for the default
	VoteColumns    []string // header of the VOTES section; nil for the default

	Warnings []Warning // what Parse tolerated
}

// Field is a key with its value.
type Field struct{ Key, Value string }

// Project is one option of the vote.
type Project struct {
	ID   string
	Name string
	Cost Decimal
	// Cells are the row's other texts by column; those of project_id, cost and name are not looked at.
	Cells []string
}

// Ballot is one row of votes. Several rows of one voter are several ballots, as everywhere in Pabulib.
type Ballot struct {
	Voter   string
	Choices []int     // indices into Election.Projects, each once; for ordinal ballots best first
	Points  []Decimal // beside Choices in scored elections, else nil
	Cells   []string
}

// Warning is something in the file that Parse passed over.
type Warning struct {
	Line int
	Text string
}

// Value gives the first value of a META key, compared without case, or "".
func (e *Election) Value(key string) string {
	for _, f := range e.Meta {
		if strings.EqualFold(f.Key, key) {
			return f.Value
		}
	}
	return ""
}

// ParseError is malformed input and where it stands.
type ParseError struct {
	Line int // from 1; 0 when the fault is not in one line
	Text string
}

func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Text)
}

func fault(line int, format string, a ...any) error {
	return &ParseError{Line: line, Text: fmt.Sprintf(format, a...)}
}

// maxFile bounds what Parse reads: the largest Pabulib files have some 20 MB.
const maxFile = 512 << 20

// maxVotes bounds the ballots and the projects, so that sums of votes and points stay within 62 bits.
const maxVotes = 1 << 28

// Parse reads a Pabulib .pb file. It is lenient where real files differ (byte order mark, line ends, spaces, quotes, a missing
// META header, short rows, decimal commas, unknown keys and columns, absent vote columns, empty votes) and strict where a
// count would be in doubt: an unknown project, one that stands twice with different costs, a missing or negative cost, a vote
// with fewer points than projects. What it tolerated in doubt stands in Election.Warnings (the first hundred).
// Such faults are a *ParseError with the line.
func Parse(r io.Reader) (*Election, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, errors.New("file larger than 512 MiB")
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if i := strings.IndexByte(text, 0); i >= 0 {
		return nil, fault(1+strings.Count(text[:i], "\n"), "NUL character: not a UTF-8 text file")
	}
	p := &parser{rows: newRows(text), e: &Election{}, index: map[string]int{}, voters: map[string]bool{}}
	if err := p.read(); err != nil {
		return nil, err
	}
	return p.e, nil
}

type parser struct {
	*rows
	e       *Election
	section string
	header  []string // nil until read
	index   map[string]int
	seen    map[string]bool

	idAt, costAt, nameAt      int
	voterAt, voteAt, pointsAt int
	// The last ballot (from 1) that lists a project, and at which place.
	listed                     []struct{ ballot, at int }
	voters                     map[string]bool
	repeated                   int // rows of voters who have one already
	typeLine, budgetLine       int
	budget                     string
	hasBudget                  bool
	numVotesLine, numProjsLine int
}

func (p *parser) warn(line int, format string, a ...any) {
	if len(p.e.Warnings) < 100 {
		p.e.Warnings = append(p.e.Warnings, Warning{line, fmt.Sprintf(format, a...)})
	}
}

// sectionName recognises a title line: the word alone, other fields empty.
func sectionName(fields []string) string {
	name := strings.ToLower(fields[0])
	if name != "meta" && name != "projects" && name != "votes" {
		return ""
	}
	for _, f := range fields[1:] {
		if f != "" {
			return ""
		}
	}
	return name
}

func (p *parser) read() error {
	p.seen = map[string]bool{}
	for p.next() {
		if !utf8.ValidString(strings.Join(p.fields, "")) {
			return fault(p.started, "not UTF-8")
		}
		if name := sectionName(p.fields); name != "" {
			if p.seen[name] {
				return fault(p.started, "section %s stands twice", strings.ToUpper(name))
			}
			if name == "votes" && !p.seen["projects"] {
				return fault(p.started, "section VOTES stands before PROJECTS")
			}
			if p.section == "meta" {
				if err := p.endMeta(); err != nil {
					return err
				}
			}
			p.seen[name], p.section, p.header = true, name, nil
			continue
		}
		if p.blank() {
			continue
		}
		var err error
		switch p.section {
		case "meta":
			err = p.meta()
		case "projects":
			err = p.project()
		case "votes":
			err = p.vote()
		default:
			err = fault(p.started, "expected the section META, found %q", short(p.fields[0]))
		}
		if err != nil {
			return err
		}
	}
	if p.section == "meta" {
		if err := p.endMeta(); err != nil {
			return err
		}
	}
	for _, s := range []string{"meta", "projects", "votes"} {
		if !p.seen[s] {
			return fault(0, "section %s is missing", strings.ToUpper(s))
		}
	}
	p.assumeApprovals()
	if p.repeated > 0 {
		p.warn(0, "%d rows repeat a voter_id; every row counts as a ballot", p.repeated)
	}
	p.compare("num_projects", p.numProjsLine, len(p.e.Projects))
	p.compare("num_votes", p.numVotesLine, len(p.e.Ballots))
	return nil
}

// compare warns when a number given in META is not what the file holds; the file's rows count.
func (p *parser) compare(key string, line, have int) {
	if v := p.e.Value(key); v != "" && v != fmt.Sprint(have) {
		p.warn(line, "%s is %s but the file holds %d", key, short(v), have)
	}
}

func (p *parser) meta() error {
	f := p.fields
	if p.header == nil {
		p.header = []string{"key", "value"}
		if strings.EqualFold(f[0], "key") && len(f) > 1 && strings.EqualFold(f[1], "value") {
			return nil
		}
		p.warn(p.started, "META without the header key;value")
	}
	key, value := f[0], ""
	switch {
	case len(f) == 1:
		// "rule: greedy" stands in the format's own example.
		if k, v, ok := strings.Cut(key, ":"); ok && strings.TrimSpace(v) != "" {
			key, value = strings.TrimSpace(k), strings.TrimSpace(v)
		}
	default:
		// A value with unquoted semicolons is one value; empty cells behind it are a spreadsheet's.
		last := len(f)
		for last > 2 && f[last-1] == "" {
			last--
		}
		value = strings.Join(f[1:last], ";")
	}
	p.e.Meta = append(p.e.Meta, Field{key, value})
	switch strings.ToLower(key) {
	case "budget":
		if p.hasBudget {
			return fault(p.started, "budget stands twice")
		}
		p.budget, p.budgetLine, p.hasBudget = value, p.started, true
	case "vote_type":
		p.typeLine = p.started
	case "num_votes":
		p.numVotesLine = p.started
	case "num_projects":
		p.numProjsLine = p.started
	}
	return nil
}

func (p *parser) endMeta() error {
	if !p.hasBudget {
		return fault(0, "META has no budget")
	}
	var err error
	if p.e.Budget, err = ParseDecimal(p.budget); err != nil {
		return fault(p.budgetLine, "budget: %v", err)
	}
	if p.e.Budget.Sign() < 0 {
		return fault(p.budgetLine, "budget is negative")
	}
	t := VoteType(strings.ToLower(p.e.Value("vote_type")))
	switch t {
	case Approvals, Ordinal, Cumulative, Scoring, ChooseOne, "":
		p.e.VoteType = t
	default:
		return fault(p.typeLine, "unknown vote_type %q", short(string(t)))
	}
	return nil
}

// column finds a header name, compared without case, or -1.
func column(header []string, name string) int {
	for i, h := range header {
		if strings.EqualFold(h, name) {
			return i
		}
	}
	return -1
}

// cell gives a field, or "" when the row is short or the field says None, as exports of Python do.
func (p *parser) cell(i int) string {
	if i < 0 || i >= len(p.fields) || strings.EqualFold(p.fields[i], "none") {
		return ""
	}
	return p.fields[i]
}

// assumeApprovals settles the vote type of a file that does not tell it.
func (p *parser) assumeApprovals() {
	if p.e.VoteType == "" {
		p.e.VoteType = Approvals
		p.warn(p.started, "META has no vote_type; taken as %s", p.e.VoteType)
	}
}

// blank tells whether all fields of the row are empty, as in the rows that spreadsheets leave behind a table.
func (p *parser) blank() bool {
	for _, f := range p.fields {
		if f != "" {
			return false
		}
	}
	p.warn(p.started, "row of empty fields passed over")
	return true
}

func (p *parser) project() error {
	if p.header == nil {
		p.header = append([]string{}, p.fields...)
		p.e.ProjectColumns = p.header
		p.idAt, p.costAt, p.nameAt = column(p.header, "project_id"), column(p.header, "cost"), column(p.header, "name")
		if p.costAt < 0 {
			return fault(p.started, "PROJECTS needs the columns project_id and cost")
		}
		if p.idAt < 0 {
			if p.costAt == 0 {
				return fault(p.started, "PROJECTS needs the column project_id")
			}
			p.idAt, p.header[0] = 0, "project_id"
			p.warn(p.started, "PROJECTS has no column project_id; its first column is taken")
		}
		return nil
	}
	pr := Project{Name: p.cell(p.nameAt), Cells: append([]string{}, p.fields...)}
	if p.idAt < len(p.fields) {
		pr.ID = p.fields[p.idAt] // a project may be called "None"
	}
	if pr.ID == "" {
		return fault(p.started, "project without an id")
	}
	if strings.ContainsAny(pr.ID, ",\r\n") {
		return fault(p.started, "project id %q has a comma or a line end", short(pr.ID))
	}
	cost := p.cell(p.costAt)
	if cost == "" {
		return fault(p.started, "project %q has no cost", short(pr.ID))
	}
	var err error
	if pr.Cost, err = ParseDecimal(cost); err != nil {
		return fault(p.started, "cost of project %q: %v", short(pr.ID), err)
	}
	if pr.Cost.Sign() < 0 {
		return fault(p.started, "project %q has a negative cost", short(pr.ID))
	}
	if i, twice := p.index[pr.ID]; twice {
		if p.e.Projects[i].Cost != pr.Cost {
			return fault(p.started, "project %q stands twice with different costs", short(pr.ID))
		}
		p.warn(p.started, "project %q stands twice", short(pr.ID))
		return nil
	}
	if len(p.fields) > len(p.header) {
		p.warn(p.started, "row has %d fields, the header %d", len(p.fields), len(p.header))
	}
	p.index[pr.ID] = len(p.e.Projects)
	p.e.Projects = append(p.e.Projects, pr)
	p.listed = append(p.listed, struct{ ballot, at int }{})
	return nil
}

func (p *parser) vote() error {
	if p.header == nil {
		p.header = append([]string{}, p.fields...)
		p.e.VoteColumns = p.header
		p.voterAt, p.voteAt, p.pointsAt = column(p.header, "voter_id"), column(p.header, "vote"), column(p.header, "points")
		if p.voteAt < 0 {
			return fault(p.started, "VOTES needs the column vote")
		}
		if p.e.VoteType == "" && p.pointsAt >= 0 {
			p.e.VoteType = Cumulative
			p.warn(p.started, "META has no vote_type; taken as %s", p.e.VoteType)
		}
		p.assumeApprovals()
		if p.e.VoteType.scored() && p.pointsAt < 0 {
			return fault(p.started, "%s votes need the column points", p.e.VoteType)
		}
		return nil
	}
	if len(p.e.Ballots) >= maxVotes {
		return fault(p.started, "more than %d votes", maxVotes)
	}
	if len(p.fields) > len(p.header) {
		p.warn(p.started, "row has %d fields, the header %d", len(p.fields), len(p.header))
	}
	b := Ballot{Voter: p.cell(p.voterAt), Cells: append([]string{}, p.fields...)}
	vote := ""
	if p.voteAt < len(p.fields) {
		vote = p.fields[p.voteAt]
	}
	if _, called := p.index[vote]; !called && strings.EqualFold(vote, "none") {
		vote = ""
	}
	var points []string
	if p.e.VoteType.scored() {
		points = split(p.cell(p.pointsAt))
	}
	chosen := split(vote)
	if p.e.VoteType.scored() && len(points) == 0 && len(chosen) > 0 {
		p.warn(p.started, "vote without points; taken as empty")
		chosen = nil
	}
	if len(points) != len(chosen) && p.e.VoteType.scored() {
		if len(points) < len(chosen) {
			return fault(p.started, "vote lists %d projects but %d points", len(chosen), len(points))
		}
		p.warn(p.started, "vote lists %d projects but %d points; the rest is passed over", len(chosen), len(points))
	}
	b.Choices = make([]int, 0, len(chosen))
	for k, id := range chosen {
		i, ok := p.index[id]
		if !ok {
			return fault(p.started, "vote for the unknown project %q", short(id))
		}
		var d Decimal
		if p.e.VoteType.scored() {
			var err error
			if d, err = ParseDecimal(points[k]); err != nil {
				return fault(p.started, "points of project %q: %v", short(id), err)
			}
		}
		if now := len(p.e.Ballots) + 1; p.listed[i].ballot != now {
			p.listed[i].ballot, p.listed[i].at = now, len(b.Choices)
		} else {
			if p.e.VoteType.scored() {
				b.Points[p.listed[i].at] = d
			}
			p.warn(p.started, "vote lists project %q twice; counted once", short(id))
			continue
		}
		b.Choices = append(b.Choices, i)
		if p.e.VoteType.scored() {
			b.Points = append(b.Points, d)
		}
	}
	if b.Voter != "" {
		if p.voters[b.Voter] {
			p.repeated++
		}
		p.voters[b.Voter] = true
	}
	p.e.Ballots = append(p.e.Ballots, b)
	return nil
}

// split cuts a list at commas; empty entries do not count ("1,2," lists two).
func split(list string) []string {
	if list == "" {
		return nil
	}
	out := make([]string, 0, 1+strings.Count(list, ","))
	for _, s := range strings.Split(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// short bounds a text that is repeated in a message.
func short(s string) string {
	if utf8.RuneCountInString(s) <= 60 {
		return s
	}
	return string([]rune(s)[:60]) + "…"
}
