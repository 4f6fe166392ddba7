package ballot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/place"
	"linli/internal/feature/tally"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// importKey carries the election whose voters are the roll of an imported poll.
type importKey struct{}

// plainID is an option's id that can stand in a list of choices.
var plainID = regexp.MustCompile(`^[0-9A-Za-z._/-]{1,32}$`)

// FromPabulib makes the poll that a Pabulib election was: over, in yuan, its
// roll those who voted. Nothing is written. The rule is that of META unless one
// is given.
func FromPabulib(e *tally.Election, rule tally.Rule, code string, now int64) (*Poll, error) {
	if rule == "" {
		rule = ruleOf(e)
	}
	p := &Poll{
		Question: shorten(oneOf(e.Value("description"), e.Value("unit"), "Pabulib"), maxTitle), Rule: rule, Nature: Ranking, Unit: Person,
		Basis:     shorten("由 Pabulib 文件导入，名册为全部投票人。"+strings.Join(strings.Fields(e.Value("country")+" "+e.Value("unit")+" "+e.Value("subunit")+" "+e.Value("instance")+" "+e.Value("currency")), " "), 500),
		RollPlace: code, RollLevel: actor.V3,
	}
	p.Locate(code)
	p.MaxChoices, _ = strconv.Atoi(e.Value("max_length"))
	p.MaxChoices = max(0, min(p.MaxChoices, len(e.Projects)))
	p.Opens, p.Closes = span(e, now)
	var err error
	if p.Budget, err = fenOf(e.Budget); err != nil {
		return nil, fmt.Errorf("budget: %w", err)
	}
	switch {
	case len(e.Projects) < 2:
		return nil, fmt.Errorf("a poll has at least two projects, the file %d", len(e.Projects))
	case p.Ranked() && e.VoteType != tally.Ordinal, p.Scored() && e.VoteType != tally.Scoring && e.VoteType != tally.Cumulative:
		return nil, fmt.Errorf("the rule %s does not fit %s ballots", rule, e.VoteType)
	case !slices.Contains(tally.Rules(), rule):
		return nil, fmt.Errorf("unknown rule %q", rule)
	}
	plain := !slices.ContainsFunc(e.Projects, func(x tally.Project) bool { return !plainID.MatchString(x.ID) })
	order := make([]int, len(e.Projects)) // serials keep the order of the ids, which decides ties
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(e.Projects[a].ID, e.Projects[b].ID) })
	p.Options = make([]Option, len(e.Projects))
	for n, i := range order {
		x := e.Projects[i]
		o := Option{ID: x.ID, Title: shorten(oneOf(x.Name, x.ID), maxTitle)}
		if !plain {
			o.ID = fmt.Sprintf("%0*d", len(strconv.Itoa(len(order))), n+1)
		}
		if o.Cost, err = fenOf(x.Cost); err != nil {
			return nil, fmt.Errorf("project %q: %w", x.ID, err)
		}
		p.Options[i] = o
	}
	return p, nil
}

// Import writes an imported poll down with its ballots. It is closed and
// counted by the next work.
func (s *Service) Import(ctx context.Context, tx *db.Tx, a actor.Actor, e *tally.Election, p *Poll) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	code := place.Trim(p.RollPlace)
	if !s.Places.Known(code) {
		return fault.Field1("place", "poll.fault.place")
	}
	if d := Staff.Is(a, p); !d.OK() {
		return fault.New(fault.Denied, "poll.reason.staff")
	}
	p.Author = a.ID
	c := &flow.Change{Actor: a, At: now}
	c.Code("rule", string(p.Rule))
	c.Code("imported", len(e.Ballots))
	if err := s.Machine.Born(ctx, tx, p, "", c); err != nil {
		return err
	}
	if _, err := s.Machine.Step(context.WithValue(ctx, importKey{}, e), tx, a, journal.Request{ID: p.ID, Do: "open"}); err != nil {
		return err
	}
	casts := make([]Cast, len(e.Ballots))
	for i, b := range e.Ballots {
		var cs []Choice
		for j, at := range b.Choices {
			x := Choice{Option: p.Options[at].ID}
			if p.Scored() {
				pts := b.Points[j]
				if pts.Scale != 0 || pts.Unscaled < 0 {
					return fmt.Errorf("ballot %d: points %s are not a whole number", i+1, pts)
				}
				x.Points = pts.Unscaled
			}
			cs = append(cs, x)
		}
		voter := imported(i)
		casts[i] = Cast{Poll: p.ID, Household: voter, Voter: voter, Receipt: newReceipt(), Choices: Encode(cs)}
	}
	return fillBox(ctx, tx, casts)
}

// imported names a voter of an imported poll: no account, only a number.
func imported(i int) string { return fmt.Sprintf("import:%08d", i+1) }

// importedRoll is the roll of an imported poll: everybody on it has voted.
func importedRoll(p *Poll, e *tally.Election) []RollLine {
	lines := make([]RollLine, len(e.Ballots))
	for i := range lines {
		lines[i] = RollLine{Poll: p.ID, Voter: imported(i), Household: imported(i), Voted: true}
	}
	var salt [16]byte
	rand.Read(salt[:])
	p.RollSalt = hex.EncodeToString(salt[:])
	p.RollSize, p.RollHash = int64(len(lines)), rollHash(p.RollSalt, lines)
	return lines
}

// ruleOf translates the rule of META; what the file's city counted by is not known otherwise.
func ruleOf(e *tally.Election) tally.Rule {
	switch {
	case e.VoteType == tally.Ordinal:
		return tally.Schulze
	case e.Value("rule") == "equalshares/add1":
		return tally.MESCostPlain
	case strings.HasPrefix(e.Value("rule"), "equalshares"):
		return tally.MESCost
	}
	if r := tally.Rule(e.Value("rule")); slices.Contains(tally.Rules(), r) { // of our own polls
		return r
	}
	return tally.GreedyCost
}

// span reads when the vote was; a file that does not tell it was of the day before.
func span(e *tally.Election, now int64) (opens, closes int64) {
	at := func(key string) int64 {
		for _, layout := range []string{"02.01.2006", "2006-01-02", "2006"} {
			if t, err := time.ParseInLocation(layout, e.Value(key), clock.China); err == nil {
				return t.UnixMilli()
			}
		}
		return 0
	}
	day := (24 * time.Hour).Milliseconds()
	if closes = at("date_end") + day; closes <= day || closes > now {
		closes = now
	}
	if opens = at("date_begin"); opens == 0 || opens >= closes {
		opens = closes - day
	}
	return opens, closes
}

// fenOf turns an amount of the file into 分.
func fenOf(d tally.Decimal) (int64, error) {
	for ; d.Scale < 2; d.Scale++ {
		if d.Unscaled > 1<<58 {
			return 0, fmt.Errorf("%s is too much money", d)
		}
		d.Unscaled *= 10
	}
	for ; d.Scale > 2; d.Scale-- {
		if d.Unscaled%10 != 0 {
			return 0, fmt.Errorf("%s has more than two decimals", d)
		}
		d.Unscaled /= 10
	}
	return d.Unscaled, nil
}

func oneOf(texts ...string) string {
	for _, t := range texts {
		if t = strings.Join(strings.Fields(t), " "); t != "" {
			return t
		}
	}
	return ""
}

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// Newest is the id of the poll that was closed last and whose ballots are published, "" for none.
func (s *Service) Newest(ctx context.Context) (string, error) {
	return newestPublished(ctx, s.Journal.DB)
}
