// Package ballot is 居民议事投票: polls that residents vote in, and the box that
// keeps their ballots. A poll says what it is for (意见征集 or 项目排序), who
// may vote (the roll 名册, frozen and hashed at the opening), by which rule it
// is counted, and until when. Read lifecycle.go first.
//
// Secrecy: while the poll is open one table ties a voter to a ballot, so that
// it can be changed and always has one receipt; the close empties it and
// writes the ballots anew in the order of their random receipts. Putting in a
// ballot writes no event, no key body and no log line; the roll keeps that
// somebody voted, not when. What this does not prevent: who runs the database
// can read the box while the poll is open, and a backup from that time holds it.
//
// Other features decide with it: they make polls by Service.Make and read
// Service.Outcome.
package ballot

import (
	"slices"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/feature/tally"
)

// States of a poll.
const (
	Draft  flow.State = "draft"  // 未开始: announced, open to everybody's eyes
	Open   flow.State = "open"   // 投票中
	Closed flow.State = "closed" // 已结束
)

// Natures of a poll. 居民会议表决 is not offered before its thresholds are data.
const (
	Opinions = "意见征集"
	Ranking  = "项目排序"
)

// Units: whose one ballot it is.
const (
	Person    = "person"
	Household = "household"
)

// Poll is one poll. Times are UTC ms, money is 分.
type Poll struct {
	flow.Head
	Question    string      `db:"question"`
	Rule        tally.Rule  `db:"rule"`
	Nature      string      `db:"nature"`
	Unit        string      `db:"unit"`
	Basis       string      `db:"basis"`       // on what decision or rule the poll rests
	Budget      int64       `db:"budget"`      // 0 for none
	MaxChoices  int         `db:"max_choices"` // 0 for no limit
	Opens       int64       `db:"opens"`
	Closes      int64       `db:"closes"`
	RollPlace   string      `db:"roll_place"`
	RollLevel   actor.Level `db:"roll_level"`
	RollSize    int64       `db:"roll_size"`
	RollSalt    string      `db:"roll_salt"` // kept from the public: ids are few enough to be tried
	RollHash    string      `db:"roll_hash"`
	Asked       int64       `db:"asked"`     // corrections of the roll that wait for a second person
	Corrected   int64       `db:"corrected"` // corrections made since the opening
	Early       bool        `db:"early"`     // closed before its time
	Voters      int64       `db:"voters"`    // ballots in the box, set at the close as those below
	Invalid     int64       `db:"invalid"`   // paper ballots that could not be read as a vote
	Changed     int64       `db:"changed"`   // ballots that were changed before the close
	Paper       int64       `db:"paper"`     // ballots on paper and by telephone
	Counted     bool        `db:"counted"`
	BallotsHash string      `db:"ballots_hash"` // of the published list

	Options []Option `db:"-"`

	correcting Correction // what the present move is about
}

// Option is one thing to choose.
type Option struct {
	Poll    string `db:"poll" json:"-"`
	ID      string `db:"id" json:"id"` // "1", "2", … of equal length within a poll
	Title   string `db:"title" json:"title"`
	Cost    int64  `db:"cost" json:"cost"`
	Project string `db:"project" json:"project"` // id of the project it stands for, "" for none
}

// PublishFrom is how many ballots there are at least before the list of them
// is published; with fewer a reader could tell whose is which.
const PublishFrom = 20

// Published reports whether the list of ballots may be read.
func (p *Poll) Published() bool { return p.State == Closed && p.Voters-p.Invalid >= PublishFrom }

// Running reports whether ballots are taken at a moment.
func (p *Poll) Running(now int64) bool { return p.State == Open && now < p.Closes }

// Ranked reports whether a ballot is an order of preference.
func (p *Poll) Ranked() bool { return p.Rule == tally.Schulze || p.Rule == tally.InstantRunoff }

// Scored reports whether a ballot gives points.
func (p *Poll) Scored() bool { return p.Rule == tally.Score }

// MaxPoints is the most points one option can be given in a poll by score.
const MaxPoints = 5

// budgeted reports whether the rule spends a budget on options with costs.
func budgeted(r tally.Rule) bool {
	return !slices.Contains([]tally.Rule{tally.Approval, tally.Score, tally.Schulze, tally.InstantRunoff}, r)
}

// seats is how many options are selected where there is no budget.
func (p *Poll) seats() int {
	if p.Budget > 0 {
		return 0
	}
	return max(p.MaxChoices, 1)
}

// Option returns an option by its id.
func (p *Poll) Option(id string) *Option {
	i := slices.IndexFunc(p.Options, func(o Option) bool { return o.ID == id })
	if i < 0 {
		return nil
	}
	return &p.Options[i]
}
