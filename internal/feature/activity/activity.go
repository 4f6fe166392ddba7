// Package activity is 微行动: party organisations, communities and their
// partners call for hands, people sign up by time and place, serve together,
// and the organiser confirms the hours. Read lifecycle.go first: it is
// everything that can happen to an activity.
//
// An activity may have hundreds of entries. A move therefore works on the
// counters of the row, which is locked, and on the few entries at hand: the
// caller's own, those with an offered place and the head of the waiting line.
package activity

import (
	"slices"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
)

// States of an activity.
const (
	Draft     flow.State = "draft"     // 草稿
	Published flow.State = "published" // 报名中
	Running   flow.State = "running"   // 进行中
	Finished  flow.State = "finished"  // 已结束，待确认时长
	Closed    flow.State = "closed"    // 已办结
	Cancelled flow.State = "cancelled" // 已取消
)

// Kinds are the eight kinds of service.
var Kinds = []string{"政策宣传", "医疗健康", "家政清洁", "扶老护幼", "解难纾困", "文化体育", "矛盾调处", "治安巡逻"}

// Audiences that are a rule; any other text only says whom it suits.
const (
	Residents  = "residents"  // whose home is in the place
	Volunteers = "volunteers" //
	Members    = "members"    // party members
)

// Activity is one activity. Times are UTC ms, 0 for none. The counters count
// people, a family as many as it is, but Waiting, which counts entries.
type Activity struct {
	flow.Head
	Title        string `db:"title"`
	Body         string `db:"body"`
	Kind         string `db:"kind"`
	LocationNote string `db:"location_note"`
	Starts       int64  `db:"starts"`
	Ends         int64  `db:"ends"`
	Cutoff       int64  `db:"cutoff"` // until then one may cancel by oneself
	Capacity     int64  `db:"capacity"`
	Reserved     int64  `db:"reserved"` // places kept for people the organiser writes down
	Taken        int64  `db:"taken"`    // places of those in, offered and, later, absent
	Kept         int64  `db:"kept"`     // of these: written down by the organiser
	Waiting      int64  `db:"waiting"`
	Came         int64  `db:"came"`      // entries checked in
	Confirmed    int64  `db:"confirmed"` // of these: hours confirmed
	NextLine     int64  `db:"next_line"`
	MinimumAge   int64  `db:"minimum_age"`
	Audience     string `db:"audience"`
	Skills       string `db:"skills"`
	Insurance    string `db:"insurance"`
	Bring        string `db:"bring"`
	Rule         string `db:"rule"`   // RRULE of the first of a series
	Except       string `db:"skips"`  // its exceptions: dates, spaces between
	Series       string `db:"series"` // id of the first of the series, "" for none
	Sequence     int64  `db:"sequence"`
	ChangedAt    int64  `db:"changed_at"` // of what a calendar shows
	Reminded     int    `db:"reminded"`
	CalledUp     int64  `db:"called_up"` // the start of which those who come were reminded
	Origin       string `db:"origin"`    // "wish:ID": where it came from

	Hosts   []Host   `db:"-"`
	Shifts  []*Shift `db:"-"`
	Entries []*Entry `db:"-"` // those at hand, see the package comment

	sweep   bool  // all who are still waiting or in without having come: settled by one statement
	endedAt int64 // set when it is ended before its time: who is still inside leaves then
	served  []*Served
}

// Host is a group that holds the activity with others 联办.
type Host struct {
	Activity string `db:"activity"`
	Group    string `db:"grp"`
	Part     string `db:"part"` // what it does: 提供场地
	Position int    `db:"position"`
}

// Shift is a part of the time with a capacity of its own 班次.
type Shift struct {
	Activity string `db:"activity"`
	Number   int    `db:"number"` // from 1
	Title    string `db:"title"`
	Starts   int64  `db:"starts"`
	Ends     int64  `db:"ends"`
	Capacity int64  `db:"capacity"`
	Taken    int64  `db:"taken"`
}

// States of an entry.
const (
	In      = "in"
	Waits   = "waiting"
	Offered = "offered" // a place is kept until the person confirms
	Left    = "cancelled"
	Absent  = "absent" // 未到; only the person and the organiser see it
)

// Entry is a person's word to come, alone or with family.
type Entry struct {
	ID        string `db:"id"`
	Activity  string `db:"activity"`
	Account   string `db:"account"` // "" for people the organiser wrote down
	Group     string `db:"grp"`     // in whose name
	Names     string `db:"names"`   // of a family or of people without account
	Party     int64  `db:"party"`
	Shift     int    `db:"shift"`
	Kept      bool   `db:"kept"` // written down by the organiser
	State     string `db:"state"`
	Line      int64  `db:"line"`
	Until     int64  `db:"until"` // of an offered place
	InAt      int64  `db:"in_at"`
	OutAt     int64  `db:"out_at"`
	How       string `db:"how"`    // of the check-in: qr, spoken, list
	Device    string `db:"device"` // a mark of the browser that checked in, of this activity alone
	Confirmed bool   `db:"confirmed"`
	At        int64  `db:"at"`

	dirty bool
}

// Served is attendance that has just been confirmed, or corrected.
type Served struct {
	Account, Group    string
	Minutes, Attended int64
	Reason            string
	Again             bool // the minutes of one confirmed before
}

// live reports whether the entry still counts.
func (e *Entry) live() bool { return e.State == In || e.State == Waits || e.State == Offered }

func (e *Entry) offered() bool  { return e.State == Offered }
func (e *Entry) expected() bool { return e.live() && e.InAt == 0 }
func (e *Entry) inside() bool   { return e.InAt != 0 && e.OutAt == 0 }

// own is the entry that a move is about: the one of the person named, who is
// the actor or somebody the actor is guardian of; with nobody named the actor's
// own, else the first of a ward. nil when none fits.
func (m *Activity) own(a actor.Actor, of string, fits func(*Entry) bool) *Entry {
	for _, account := range append([]string{a.ID}, a.Wards...) {
		if e := m.entry(account); e != nil && (of == "" || of == account) && fits(e) {
			return e
		}
	}
	return nil
}

// offeredTo tells whether a place waits for the actor's yes, or for a ward's.
func (m *Activity) offeredTo(a actor.Actor) bool { return m.own(a, "", (*Entry).offered) != nil }

// entry returns the account's own entry, nil when there is none at hand.
func (m *Activity) entry(account string) *Entry {
	i := slices.IndexFunc(m.Entries, func(e *Entry) bool { return account != "" && e.Account == account })
	if i < 0 {
		return nil
	}
	return m.Entries[i]
}

func (m *Activity) byID(id string) *Entry {
	i := slices.IndexFunc(m.Entries, func(e *Entry) bool { return e.ID == id })
	if i < 0 {
		return nil
	}
	return m.Entries[i]
}

func (m *Activity) shift(number int) *Shift {
	if number < 1 || number > len(m.Shifts) {
		return nil
	}
	return m.Shifts[number-1]
}

// Free is how many places anybody may still take.
func (m *Activity) Free() int64 { return max(0, m.Capacity-m.Taken-max(0, m.Reserved-m.Kept)) }

// fits reports whether there is room for the entry.
func (m *Activity) fits(e *Entry) bool {
	free := m.Free()
	if e.Kept {
		free = m.Capacity - m.Taken
	}
	s := m.shift(e.Shift)
	return e.Party <= free && (s == nil || e.Party <= s.Capacity-s.Taken)
}

// seat gives (by 1) or takes back (by -1) the entry's places.
func (m *Activity) seat(e *Entry, by int64) {
	m.Taken += by * e.Party
	if e.Kept {
		m.Kept += by * e.Party
	}
	if s := m.shift(e.Shift); s != nil {
		s.Taken += by * e.Party
	}
}

// hosted reports whether the actor acts for one of the hosts.
func (m *Activity) hosted(a actor.Actor) bool {
	return slices.ContainsFunc(m.Hosts, func(h Host) bool { return a.ActsFor(h.Group) })
}

// organiser reports whether the actor runs the activity: its author, who acts
// for a host, and staff of its place or above.
func (m *Activity) organiser(a actor.Actor) bool {
	return a.Known() && (a.ID == m.Author || m.hosted(a) || a.StaffReaching(m.Place))
}

// minutes is the attended time within the activity or the shift, without travel.
func (m *Activity) minutes(e *Entry) int64 {
	from, to := m.Starts, m.Ends
	if s := m.shift(e.Shift); s != nil {
		from, to = s.Starts, s.Ends
	}
	out := e.OutAt
	if out == 0 {
		out = to
	}
	return max(0, (min(out, to)-max(e.InAt, from))/time.Minute.Milliseconds())
}

// nameList joins names of people as they are stored.
func nameList(names []string) string { return strings.Join(names, "、") }
