// Package award is 评先评优: a round names its criteria, people are nominated
// by themselves, others or a group, a panel reviews them on their real service,
// a public notice gives everybody time to object, a second person confirms,
// and the honour roll 光荣榜 keeps the names and their stories.
//
// Read lifecycle.go first. There is never a ranking of residents: the roll is
// in the order of the years, evidence is shown with the person's consent, and
// boards compare teams and communities alone.
package award

import (
	"regexp"
	"slices"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
)

// States of a round.
const (
	Open      flow.State = "open"      // 推荐中
	Review    flow.State = "review"    // 评审中
	Notice    flow.State = "notice"    // 公示中
	Confirmed flow.State = "confirmed" // 已确认
	Ended     flow.State = "ended"     // 无人入选
)

// Award is one round. Times are UTC ms.
type Award struct {
	flow.Head
	Title        string `db:"title"`
	Criteria     string `db:"criteria"`
	Opens        int64  `db:"opens"`
	Closes       int64  `db:"closes"`
	Issuer       string `db:"issuer"`
	Basis        string `db:"basis"` // number of the document an official name needs
	NoticeDays   int64  `db:"notice_days"`
	NoticeUntil  int64  `db:"notice_until"`
	AdvisoryVote bool   `db:"advisory_vote"`
	PublishedBy  string `db:"published_by"`
	ConfirmedBy  string `db:"confirmed_by"`

	Nominees []*Nominee `db:"-"`
}

// States of a nominee.
const (
	Nominated = "nominated"
	Passed    = "passed"
	NotPassed = "refused"
	Objected  = "objected" // 有异议，待复核
	Declined  = "declined" // by the person
	Honoured  = "honoured"
)

// Nominee is a person, with or without an account, whom somebody named.
type Nominee struct {
	ID        string `db:"id"`
	Award     string `db:"award"`
	Account   string `db:"account"` // "" for a person without one
	Name      string `db:"name"`    // as the nominator wrote it
	By        string `db:"by_account"`
	ByGroup   string `db:"by_group"`
	Reason    string `db:"reason"`
	State     string `db:"state"`
	Consent   bool   `db:"consent"` // the person lets evidence and story be shown
	Reviewer  string `db:"reviewer"`
	Opinion   string `db:"opinion"`
	Objection string `db:"objection"`
	Objector  string `db:"objector"`
	Minutes   int64  `db:"minutes"` // confirmed service in the year before the nomination
	Wishes    int64  `db:"wishes"`
	Votes     int64  `db:"votes"`
	At        int64  `db:"at"`
}

// nominee finds whom a move is about: the one named, or the only one in the states.
func (w *Award) nominee(ref string, states ...string) (*Nominee, int) {
	var found *Nominee
	n := 0
	for _, m := range w.Nominees {
		if ref != "" && m.ID == ref || ref == "" && slices.Contains(states, m.State) {
			found = m
			n++
		}
	}
	return found, n
}

func (w *Award) any(states ...string) bool {
	return slices.ContainsFunc(w.Nominees, func(m *Nominee) bool { return slices.Contains(states, m.State) })
}

// of returns the person's own nomination, nil when there is none.
func (w *Award) of(account string) *Nominee {
	i := slices.IndexFunc(w.Nominees, func(m *Nominee) bool { return account != "" && m.Account == account })
	if i < 0 {
		return nil
	}
	return w.Nominees[i]
}

// staff reports whether the actor is staff of the round's place or above.
func (w *Award) staff(a actor.Actor) bool { return a.Known() && a.StaffReaching(w.Place) }

// panel reports whether the actor may review: staff and experts of the place.
func (w *Award) panel(a actor.Actor) bool { return w.staff(a) || a.Has(actor.Expert, w.Place) }

// official are the names that only a document of an authority may confer
// (评比达标表彰活动管理办法); a community's own names are 服务之星 or 榜样人物.
var official = []string{"先进", "优秀", "表彰"}

// number is the form of such a document's number: 宁委〔2026〕5号.
var number = regexp.MustCompile(`[〔\[（(]?\d{4}[〕\]）)]?\s*\d+\s*号`)

// needsBasis reports whether the name asks for a document that is not named.
func needsBasis(title, basis string) bool {
	return slices.ContainsFunc(official, func(w string) bool { return strings.Contains(title, w) }) && !number.MatchString(basis)
}
