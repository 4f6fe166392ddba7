// Package event is the spine: one Event for each thing that happened,
// append-only, written in the transaction of what it tells. An event holds
// ids, codes, audience and hashes. Words people wrote lie beside it with
// their own salt and can be erased without changing the event.
package event

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Audiences of an event.
const (
	Public  = "public"  // anyone may know
	Private = "private" // only who may see the subject
	Staff   = "staff"   // 居民看不到
)

// Event is one thing that happened.
type Event struct {
	Seq       int64  `db:"seq"` // position in the log of this database
	XID       int64  `db:"xid"` // transaction id on PostgreSQL, 0 on SQLite
	At        int64  `db:"at"`  // UTC ms; for a clock's move, when it was due
	Kind      string `db:"kind"`
	Subject   string `db:"subject"`
	Version   int64  `db:"version"` // the subject's version after it; 1 is its creation
	Do        string `db:"move"`
	FromState string `db:"from_state"`
	ToState   string `db:"to_state"`
	Actor     string `db:"actor"`    // account id, "clock", or "" for the system
	AsGroup   string `db:"as_group"` // group in whose name
	Place     string `db:"place"`
	Audience  string `db:"audience"`
	Data      string `db:"data"`       // JSON object of ids, codes and numbers
	WordsHash string `db:"words_hash"` // hex sha256(salt ‖ words), "" without words
	Hash      string `db:"hash"`       // hex sha256 over all fields but seq and xid
}

// Sum returns the hash that e.Hash must hold: SHA-256 over the fields in
// their order, each preceded by its length, so no two events share a form.
func (e Event) Sum() string {
	h := sha256.New()
	for _, f := range []string{
		strconv.FormatInt(e.At, 10), e.Kind, e.Subject, strconv.FormatInt(e.Version, 10), e.Do, e.FromState,
		e.ToState, e.Actor, e.AsGroup, e.Place, e.Audience, e.Data, e.WordsHash,
	} {
		h.Write([]byte(strconv.Itoa(len(f))))
		h.Write([]byte{':'})
		h.Write([]byte(f))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Words are the texts that belong to an event: note, reason, what was changed.
type Words map[string]string

// Encode returns the stored form of the words and its hash under salt.
func (w Words) Encode(salt string) (text, hash string) {
	b, _ := json.Marshal(w) // a map of strings always encodes
	return string(b), HashWords(salt, string(b))
}

// HashWords returns hex sha256(salt ‖ words).
func HashWords(salt, words string) string {
	s := sha256.Sum256([]byte(salt + words))
	return hex.EncodeToString(s[:])
}

// Tell is a person, a group's agents, the holders of a role on a place or who
// follows something, who should hear of an event, and why.
type Tell struct {
	To  string `json:"to"`            // "account:ID", "group:ID", "role:NAME:PLACE" or "follow:TARGET"
	Why string `json:"why"`           // text key of the reason, such as "author"
	Act bool   `json:"act,omitempty"` // an act of theirs is needed
}

// Payload is what Data decodes to.
type Payload struct {
	Tell  []Tell         `json:"tell,omitempty"`
	Codes map[string]any `json:"codes,omitempty"`
}

// Decode returns the event's payload.
func (e Event) Decode() (Payload, error) {
	var p Payload
	err := json.Unmarshal([]byte(e.Data), &p)
	return p, err
}

// ToAccount, ToGroup, ToRole and ToFollowers name who is told.
func ToAccount(id, why string) Tell { return Tell{To: "account:" + id, Why: why} }
func ToGroup(id, why string) Tell   { return Tell{To: "group:" + id, Why: why} }
func ToRole(role, place, why string) Tell {
	return Tell{To: "role:" + role + ":" + place, Why: why}
}

// ToFollowers tells who follows a target: a matter by its id, or the channel
// of a place by its code, with those of the places below.
func ToFollowers(target string) Tell { return Tell{To: "follow:" + target, Why: "follower"} }

// Asks marks tells as needing an act of the person told.
func Asks(t Tell) Tell { t.Act = true; return t }

// Target splits To into its kind and the rest.
func (t Tell) Target() (kind, rest string) {
	kind, rest, _ = strings.Cut(t.To, ":")
	return kind, rest
}

// Unique drops repeated tells of one target, keeping one that asks for an act.
func Unique(ts []Tell) []Tell {
	var out []Tell
	for _, t := range ts {
		i := slices.IndexFunc(out, func(o Tell) bool { return o.To == t.To })
		switch {
		case t.To == "account:" || t.To == "group:":
		case i < 0:
			out = append(out, t)
		case t.Act && !out[i].Act:
			out[i] = t
		}
	}
	return out
}
