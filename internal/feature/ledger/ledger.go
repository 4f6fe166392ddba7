// Package ledger is the public ledger (公开账本): hashes of decisions, rolls,
// ballots, points, money and rules in a log whose every state is signed, so
// that anyone can check that nothing was quietly changed, removed or slipped
// in afterwards. Nothing personal is in it.
//
// It is a reader of events. What enters is the table Enters below; each entry
// is a line of JSON with the hash of its event. The log is tiled after C2SP
// (platform/tlog) and kept in tables, written in the transaction that moves the
// reader's cursor, so it grows on one node at a time; a checkpoint is signed
// over committed rows only.
//
// It does not prevent a wrong entry from being made, or an operator from
// showing different people different logs; against the latter checkpoints are
// printed, posted and kept by others.
package ledger

import (
	"encoding/json"
	"slices"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/event"
)

// Classes of entries.
const (
	Decision = "decision"
	Roll     = "roll"
	Ballots  = "ballots"
	Points   = "points"
	Money    = "money"
	Rules    = "rules"
)

// Rule says that events of a kind and move ("" for every move) enter, and what
// of them. An open rule takes public events only and tells kind, move and time.
// A sealed one takes all and tells but class, day and hash, because when
// something happened may say to whom. Codes are numbers and hashes of the
// event that the entry repeats in the open.
type Rule struct {
	Kind   string   `json:"kind"`
	Do     string   `json:"do,omitempty"`
	Class  string   `json:"class"`
	Sealed bool     `json:"sealed,omitempty"`
	Codes  []string `json:"codes,omitempty"`
}

// Enters is what the ledger takes. A change of it is itself an entry, and
// holds from the next event on.
var Enters = []Rule{
	{Kind: "poll", Do: "open", Class: Roll, Codes: []string{"roll", "roll_hash"}},
	{Kind: "poll", Do: "countersign", Class: Roll, Codes: []string{"change", "roll", "roll_hash"}},
	{Kind: "poll", Do: "close", Class: Decision},
	{Kind: "poll", Do: "count", Class: Ballots, Codes: []string{"ballots_hash"}},
	{Kind: "opinion", Do: "close", Class: Decision},
	{Kind: "project", Do: "screen", Class: Decision},
	{Kind: "project", Do: "merge", Class: Decision},
	{Kind: "project", Do: "study", Class: Decision},
	{Kind: "project", Do: "notice", Class: Decision},
	{Kind: "project", Do: "select", Class: Decision},
	{Kind: "project", Do: "opinion", Class: Decision},
	{Kind: "project", Do: "decide", Class: Decision},
	{Kind: "project", Do: "plan", Class: Money},
	{Kind: "project", Do: "milestone", Class: Money},
	{Kind: "project", Do: "spend", Class: Money},
	{Kind: "project", Do: "countersign", Class: Money},
	{Kind: "project", Do: "accept", Class: Decision},
	{Kind: "award", Do: "publish", Class: Decision},
	{Kind: "award", Do: "confirm", Class: Decision},
	{Kind: "meeting", Do: "resolve", Class: Decision},
	{Kind: "post", Do: "publish", Class: Decision},
	{Kind: "post", Do: "retract", Class: Decision},
	{Kind: "points", Class: Points, Sealed: true},
	{Kind: "points_rule", Class: Rules},
	{Kind: "service", Do: "confirm", Class: Points, Sealed: true},
	{Kind: "service", Do: "correct", Class: Points, Sealed: true},
	{Kind: "service", Do: "revoke", Class: Points, Sealed: true},
	{Kind: "certificate", Class: Points, Sealed: true},
	{Kind: "grant", Class: Money, Sealed: true},
	{Kind: "fund", Class: Money, Sealed: true},
	{Kind: "place", Do: "settings", Class: Rules, Codes: []string{"setting", "value_hash"}},
	{Kind: "group", Class: Rules},
}

// rules are a table of rules as one entry states it.
type rules []Rule

func (r rules) text() string {
	b, _ := json.Marshal(r) // strings and booleans always encode
	return string(b)
}

// find returns the rule an event enters by.
func (r rules) find(e event.Event) (Rule, bool) {
	i := slices.IndexFunc(r, func(x Rule) bool {
		return x.Kind == e.Kind && (x.Do == "" || x.Do == e.Do) && (x.Sealed || e.Audience == event.Public)
	})
	if i < 0 {
		return Rule{}, false
	}
	return r[i], true
}

// Entry is a line of the ledger. Which of its fields are set depends on Type.
type Entry struct {
	Type       string          `json:"type"` // event, rules or checkpoint
	Class      string          `json:"class,omitempty"`
	Kind       string          `json:"kind,omitempty"`
	Do         string          `json:"do,omitempty"`
	Time       string          `json:"time,omitempty"` // RFC 3339, UTC
	Day        string          `json:"day,omitempty"`  // instead of Time, in China
	Hash       string          `json:"hash,omitempty"` // hex SHA-256 over the event's fields
	Codes      map[string]any  `json:"codes,omitempty"`
	Rules      json.RawMessage `json:"rules,omitempty"`
	Checkpoint string          `json:"checkpoint,omitempty"`
}

// Types of entries.
const (
	typeEvent      = "event"
	typeRules      = "rules"
	typeCheckpoint = "checkpoint"
)

func (e Entry) encode() []byte {
	b, _ := json.Marshal(e) // maps of plain values always encode, keys sorted
	return b
}

// entryOf is what an event leaves in the ledger. Its hash is computed, not
// taken from the row.
func entryOf(r Rule, e event.Event) (Entry, error) {
	out := Entry{Type: typeEvent, Class: r.Class, Hash: e.Sum()}
	at := time.UnixMilli(e.At)
	if r.Sealed {
		out.Day = at.In(clock.China).Format(time.DateOnly)
		return out, nil
	}
	out.Kind, out.Do, out.Time = e.Kind, e.Do, at.UTC().Format(time.RFC3339)
	if len(r.Codes) == 0 {
		return out, nil
	}
	p, err := e.Decode()
	if err != nil {
		return out, err
	}
	for _, c := range r.Codes {
		if v, ok := p.Codes[c]; ok {
			if out.Codes == nil {
				out.Codes = map[string]any{}
			}
			out.Codes[c] = v
		}
	}
	return out, nil
}
