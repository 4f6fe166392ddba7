// Package points is the ledger of 微星光: thanks for what truly happened, in
// two books, residents' 居民积分 and party members' 党员积分, that never mix.
//
// Points come from rules that are data (rules.go) and events that others have
// confirmed (events.go); what is keyed by hand needs two persons and a reason
// and is shown as such to everybody (batch.go). An entry moves points from one
// account to another, so the sum over all lines is zero by its shape; nothing
// is ever changed, an entry is undone by one that refers to it, once.
//
// There are no points for the content of a vote, for likes, or for reporting
// a person: no rule can name such a cause.
package points

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Books of points.
const (
	Residents = "residents"
	Party     = "party"
)

// Books lists the books.
var Books = []string{Residents, Party}

// Kinds of entries.
const (
	ByRule   = "rule"
	ByHand   = "hand"
	Reversal = "reversal"
)

// Entry moves Amount points from Payer to Payee. Times are UTC ms.
type Entry struct {
	ID          string `db:"id"`
	Book        string `db:"book"`
	Payer       string `db:"payer"`
	Payee       string `db:"payee"`
	Amount      int64  `db:"amount"`
	At          int64  `db:"at"`
	Kind        string `db:"kind"`
	Cause       string `db:"cause"`   // subject of the event that is the cause, or the batch
	Version     int64  `db:"version"` // of the subject at that event
	Rule        string `db:"rule"`
	RuleVersion int64  `db:"rule_version"`
	Minutes     int64  `db:"minutes"`   // of service, where the rule counts hours
	KeyedBy     string `db:"keyed_by"`  // who confirmed the cause, or keyed the entry
	AgreedBy    string `db:"agreed_by"` // the second person of a hand-keyed entry
	Batch       string `db:"batch"`
	Reverses    string `db:"reverses"`
	Place       string `db:"place"`
}

// Balance is what an account has received, given and holds.
type Balance struct {
	Account  string `db:"account" json:"account"`
	Book     string `db:"book" json:"book"`
	Received int64  `db:"received" json:"received"`
	Given    int64  `db:"given" json:"given"`
	Balance  int64  `db:"balance" json:"balance"`
}

// Account is a person's account in a book.
func Account(book, person string) string { return book + ":" + person }

// Source is where the points of a book come from; it alone may stand below zero.
func Source(book string) string { return book + ":source" }

// personOf is the person behind an account, "" for a source.
func personOf(account string) string {
	_, person, _ := strings.Cut(account, ":")
	if person == "source" {
		return ""
	}
	return person
}

// entryID names the entry that a cause gives to an account under a rule, so
// that reading the log again finds it there: 128 bits of SHA-256.
func entryID(cause string, version string, rule, account string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{cause, version, rule, account}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// undo is the entry that takes e back.
func (e Entry) undo(at int64) Entry {
	u := e
	u.ID = entryID(e.ID, "", Reversal, e.Payee)
	u.Payer, u.Payee, u.Kind, u.Reverses, u.At = e.Payee, e.Payer, Reversal, e.ID, at
	u.AgreedBy, u.Batch = "", ""
	return u
}
