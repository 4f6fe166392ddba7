package ballot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/feature/tally"
	"linli/internal/platform/db"
)

// Result is the outcome of a poll as everybody may read it after the close.
// Money is 分.
type Result struct {
	Roll        int64          `json:"roll"`
	Voters      int64          `json:"voters"`
	Invalid     int64          `json:"invalid"`
	Changed     int64          `json:"changed"`
	Paper       int64          `json:"paper"`
	Corrections int64          `json:"corrections" doc:"of the frozen roll, each by two persons"`
	Options     []OptionResult `json:"options"`
	Rule        tally.Rule     `json:"rule"`
	Order       []string       `json:"order" doc:"ids of the selected options, in the order of selection"`
	Pairwise    [][]int64      `json:"pairwise,omitempty" doc:"of ranked ballots: how many put the option of the row before that of the column"`
	Ranking     []string       `json:"ranking,omitempty" doc:"all options, best first, where the rule ranks"`
	Budget      int64          `json:"budget"`
	Cost        int64          `json:"cost" doc:"of what is selected"`
	Increment   int64          `json:"increment" doc:"yuan per voter and step of the add1 rules"`
	Published   bool           `json:"published" doc:"the list of ballots may be read"`
	BallotsHash string         `json:"ballots_hash" doc:"SHA-256 over the lines RECEIPT CHOICES in order of receipts"`
}

// OptionResult is what one option got.
type OptionResult struct {
	ID       string `json:"id"`
	Votes    int64  `json:"votes"`
	Points   int64  `json:"points,omitempty"`
	Firsts   int64  `json:"firsts,omitempty" doc:"ballots that rank it first"`
	Selected bool   `json:"selected"`
}

// Count is a closed poll counted in memory.
type Count struct {
	Poll    *Poll
	Ballots []Sealed
	Tally   *tally.Result
	Result  Result
}

type countKey struct{}

// countsKept bounds how many counts are kept in memory.
const countsKept = 8

// count counts a closed poll from its ballots, or remembers the count. Ballots
// of a closed poll never change, so neither does what is remembered.
func (s *Service) count(ctx context.Context, poll string) (*Count, error) {
	s.mu.Lock() // one count at a time: a large one fills the machine
	defer s.mu.Unlock()
	if n := s.counts[poll]; n != nil {
		return n, nil
	}
	p, err := store{}.Load(ctx, s.Journal.DB, poll, "")
	if err != nil {
		return nil, err
	}
	if p.State != Closed {
		return nil, fault.New(fault.Conflict, "poll.reason.before_close")
	}
	bs, err := ballotsOf(ctx, s.Journal.DB, poll)
	if err != nil {
		return nil, err
	}
	n, err := countBallots(p, bs)
	if err != nil {
		return nil, err
	}
	if len(s.counts) >= countsKept {
		s.counts = map[string]*Count{}
	}
	s.counts[poll] = n
	return n, nil
}

// ResultOf tells the result of a poll; before the close it is a Conflict at every door.
func (s *Service) ResultOf(ctx context.Context, poll string, now int64) (*Poll, Result, error) {
	p, err := s.closed(ctx, poll, now)
	if err != nil {
		return p, Result{}, err
	}
	if r, ok, err := storedResult(ctx, s.Journal.DB, poll); err != nil || ok {
		return p, r, err
	}
	n, err := s.count(ctx, poll)
	if err != nil {
		return p, Result{}, err
	}
	return p, n.Result, nil
}

// closed loads a poll that is over. When its time has just come, the sweeper
// is not waited for: the close is its work, done a moment early.
func (s *Service) closed(ctx context.Context, poll string, now int64) (*Poll, error) {
	if !id.Valid(poll) {
		return nil, fault.Absent()
	}
	for range 2 {
		p, err := store{}.Load(ctx, s.Journal.DB, poll, "")
		switch {
		case err == db.ErrNoRows:
			return nil, fault.Absent()
		case err != nil:
			return nil, err
		case p.State == Closed:
			return p, nil
		case p.State != Open || p.Closes > now:
			return p, fault.New(fault.Conflict, "poll.reason.before_close")
		}
		if _, err := s.Machine.Sweep(ctx); err != nil {
			return nil, err
		}
	}
	return nil, &fault.Error{Kind: fault.Unavailable, Key: "fault.unavailable", Retry: time.Second}
}

// Outcome is what other features decide by.
type Outcome struct {
	Done          bool  // the poll is closed and counted
	Roll, Voters  int64 //
	Votes         map[string]int64
	Selected      map[string]bool // by project
	Closed        int64           // when, UTC ms
	Question      string
	Opens, Closes int64
	State         string
}

// OutcomeOf tells how projects fared in a poll, once it is counted.
func (s *Service) OutcomeOf(ctx context.Context, q db.Queryer, poll string) (Outcome, error) {
	p, err := store{}.Load(ctx, q, poll, "")
	if err != nil {
		return Outcome{}, err
	}
	o := Outcome{Question: p.Question, Opens: p.Opens, Closes: p.Closes, State: string(p.State), Votes: map[string]int64{}, Selected: map[string]bool{}}
	r, ok, err := storedResult(ctx, q, poll)
	if err != nil || !ok {
		return o, err
	}
	o.Done, o.Roll, o.Voters, o.Closed = true, r.Roll, r.Voters, p.Since
	for _, x := range r.Options {
		if op := p.Option(x.ID); op != nil && op.Project != "" {
			o.Votes[op.Project], o.Selected[op.Project] = x.Votes, x.Selected
		}
	}
	return o, nil
}

// countBallots counts the published ballots of a poll: the same on every machine.
func countBallots(p *Poll, bs []Sealed) (*Count, error) {
	e := election(p, bs)
	r := Result{
		Roll: p.RollSize, Voters: p.Voters, Invalid: p.Invalid, Changed: p.Changed, Paper: p.Paper, Corrections: p.Corrected, Rule: p.Rule, Budget: p.Budget,
		Increment: increment(p, int64(len(bs))), Published: p.Voters-p.Invalid >= PublishFrom, BallotsHash: ballotsHash(bs),
	}
	t, err := tally.Count(e, p.Rule, tally.Options{Increment: tally.Int(r.Increment), SupportedOnly: true})
	if err != nil {
		return nil, fmt.Errorf("count poll %s: %w", p.ID, err)
	}
	points := pointsOf(p, e)
	firsts := make([]int64, len(p.Options))
	if p.Ranked() {
		r.Pairwise = tally.Pairwise(e)
		for _, b := range e.Ballots {
			if len(b.Choices) > 0 {
				firsts[b.Choices[0]]++
			}
		}
	}
	for i, o := range p.Options {
		chosen := slices.Contains(t.Selected, o.ID) // never what nobody wants: SupportedOnly
		r.Options = append(r.Options, OptionResult{o.ID, t.Votes[i], points[i], firsts[i], chosen})
		if chosen {
			r.Cost += o.Cost
		}
	}
	r.Order, r.Ranking = t.Order, t.Ranking
	return &Count{Poll: p, Ballots: bs, Tally: t, Result: r}, nil
}

func pointsOf(p *Poll, e *tally.Election) []int64 {
	sum := make([]int64, len(p.Options))
	if p.Scored() {
		for _, b := range e.Ballots {
			for i, c := range b.Choices {
				sum[c] += b.Points[i].Unscaled
			}
		}
	}
	return sum
}

// increment is what each voter gets more in a step of the add1 rules: 1 % of
// the budget per voter, in whole yuan so that `linli count` can be given it.
func increment(p *Poll, voters int64) int64 {
	if voters == 0 {
		return 1
	}
	yuan := 100 * 100 * voters // 分 in a yuan, times 100 %
	return max(1, (p.Budget+yuan-1)/yuan)
}

// election is the poll as a Pabulib election, amounts in yuan. Without a
// budget each option costs one and as many are paid for as can be selected.
func election(p *Poll, bs []Sealed) *tally.Election {
	e := &tally.Election{VoteType: tally.Approvals, Budget: tally.Int(int64(p.seats())), Ballots: make([]tally.Ballot, len(bs))}
	switch {
	case p.Ranked():
		e.VoteType = tally.Ordinal
	case p.Scored():
		e.VoteType = tally.Scoring
	}
	if p.Budget > 0 {
		e.Budget = tally.Decimal{Unscaled: p.Budget, Scale: 2}
	}
	index := map[string]int{}
	for i, o := range p.Options {
		index[o.ID] = i
		cost := tally.Int(1)
		if p.Budget > 0 {
			cost = tally.Decimal{Unscaled: o.Cost, Scale: 2}
		}
		e.Projects = append(e.Projects, tally.Project{ID: o.ID, Name: o.Title, Cost: cost})
	}
	for i, b := range bs {
		t := tally.Ballot{Voter: b.Receipt}
		for _, c := range DecodeChoices(b.Choices) {
			t.Choices = append(t.Choices, index[c.Option])
			if p.Scored() {
				t.Points = append(t.Points, tally.Int(c.Points))
			}
		}
		e.Ballots[i] = t
	}
	date := func(ms int64) string { return time.UnixMilli(ms).In(clock.China).Format("02.01.2006") }
	e.Meta = []tally.Field{
		{Key: "description", Value: p.Question}, {Key: "country", Value: "China"}, {Key: "unit", Value: p.RollPlace},
		{Key: "instance", Value: p.ID}, {Key: "rule", Value: string(p.Rule)}, {Key: "currency", Value: "CNY"},
		{Key: tally.SupportedOnly, Value: "1"}, {Key: "comment", Value: "#1: an option without a single vote is not selected, even where money or a seat is left"},
		{Key: "date_begin", Value: date(p.Opens)}, {Key: "date_end", Value: date(p.Closes)},
	}
	return e
}

func ballotsHash(bs []Sealed) string {
	h := sha256.New()
	for _, b := range bs {
		h.Write([]byte(b.Receipt + " " + b.Choices + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Published loads the count of a poll whose ballots may be read.
func (s *Service) Published(ctx context.Context, poll string, now int64) (*Count, error) {
	p, err := s.closed(ctx, poll, now)
	if err != nil {
		return nil, err
	}
	if !p.Published() {
		return nil, fault.New(fault.Conflict, "poll.reason.few", "n", PublishFrom)
	}
	return s.count(ctx, poll)
}

// CSV is the published list: one ballot a line, in the order of the receipts.
func (n *Count) CSV() []byte {
	var b bytes.Buffer
	b.WriteString("receipt,choices\n")
	for _, x := range n.Ballots {
		b.WriteString(x.Receipt + "," + x.Choices + "\n") // hex, digits, colons and spaces: nothing to quote
	}
	return b.Bytes()
}

// PB is the poll as a Pabulib file, for `linli count`.
func (n *Count) PB() ([]byte, error) {
	var b bytes.Buffer
	err := tally.Write(&b, election(n.Poll, n.Ballots))
	return b.Bytes(), err
}

// Share is what one ballot helped to pay for, by option. Fen is rounded to 分.
type Share struct {
	Option Option
	Fen    int64
}

// Mine finds a ballot by its receipt: what it chose and, under rules with
// shares, what its share paid for.
func (n *Count) Mine(receipt string) (choices []Choice, paid []Share, ok bool) {
	receipt = strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(receipt))
	i, ok := slices.BinarySearchFunc(n.Ballots, receipt, func(b Sealed, r string) int { return strings.Compare(b.Receipt, r) })
	if !ok {
		return nil, nil, false
	}
	for _, x := range n.Tally.PaidBy(i) {
		fen := new(big.Rat).Mul(x.Amount, big.NewRat(100, 1))
		num := new(big.Int).Add(new(big.Int).Mul(fen.Num(), big.NewInt(2)), fen.Denom()) // round half up
		num.Quo(num, new(big.Int).Mul(fen.Denom(), big.NewInt(2)))
		paid = append(paid, Share{*n.Poll.Option(x.Project), num.Int64()})
	}
	return DecodeChoices(n.Ballots[i].Choices), paid, true
}

// faultsOf recomputes every closed poll: the result from the published ballots,
// the hashes that the events published, and that counted ballots are no more
// than the roll has marks.
func faultsOf(ctx context.Context, q db.Queryer) ([]string, error) {
	faults, err := strays(ctx, q)
	if err != nil {
		return nil, err
	}
	for after := ""; ; {
		ids, err := pollIDs(ctx, q, after)
		if err != nil || len(ids) == 0 {
			return faults, err
		}
		after = ids[len(ids)-1]
		for _, poll := range ids {
			fs, err := faultsOfPoll(ctx, q, poll)
			if err != nil {
				return nil, err
			}
			for _, f := range fs {
				faults = append(faults, "poll "+poll+": "+f)
			}
		}
	}
}

func faultsOfPoll(ctx context.Context, q db.Queryer, poll string) (faults []string, err error) {
	p, err := store{}.Load(ctx, q, poll, "")
	if err != nil || p.State == Draft {
		return nil, err
	}
	roll, err := rollOf(ctx, q, poll)
	if err != nil {
		return nil, err
	}
	published := func(do, name string) (string, error) {
		data, err := eventData(ctx, q, poll, do)
		if err != nil {
			return "", err
		}
		var d struct {
			Codes map[string]any `json:"codes"`
		}
		if err := json.Unmarshal([]byte(data), &d); err != nil {
			return "", err
		}
		v, _ := d.Codes[name].(string)
		return v, nil
	}
	was, err := published("open", "roll_hash")
	if err != nil {
		return nil, err
	}
	made, err := correctionsOf(ctx, q, poll, true)
	if err != nil {
		return nil, err
	}
	first, err := uncorrected(roll, made)
	if err != nil || int64(len(made)) != p.Corrected || rollHash(p.RollSalt, first) != was {
		faults = append(faults, "the roll without its corrections is not the one published at the opening")
	}
	last := was
	if len(made) > 0 {
		if last, err = published("countersign", "roll_hash"); err != nil {
			return nil, err
		}
	}
	if h := rollHash(p.RollSalt, roll); int64(len(roll)) != p.RollSize || h != p.RollHash || h != last {
		faults = append(faults, "the roll is not the one published last")
	}
	if p.State != Closed {
		return faults, nil
	}
	var voted int64
	for _, l := range roll {
		if l.Voted {
			voted++
		}
	}
	bs, err := ballotsOf(ctx, q, poll)
	if err != nil {
		return nil, err
	}
	if voted != p.Voters || int64(len(bs)) != p.Voters-p.Invalid {
		faults = append(faults, fmt.Sprintf("%d marks on the roll, %d voters, %d ballots and %d invalid ones disagree", voted, p.Voters, len(bs), p.Invalid))
	}
	r, ok, err := storedResult(ctx, q, poll)
	if err != nil || !ok {
		return faults, err // not counted yet
	}
	if was, err = published("count", "ballots_hash"); err != nil {
		return nil, err
	}
	n, err := countBallots(p, bs)
	if err != nil {
		return nil, err
	}
	if n.Result.BallotsHash != was || p.BallotsHash != was {
		faults = append(faults, "the ballots are not those published at the close")
	}
	again, _ := json.Marshal(n.Result) // both are plain data
	stored, _ := json.Marshal(r)
	if !bytes.Equal(again, stored) {
		faults = append(faults, "the result is not what its ballots give")
	}
	return faults, nil
}
