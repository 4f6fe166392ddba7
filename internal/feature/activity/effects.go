package activity

import (
	"slices"

	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
)

// The fields each move takes.
var (
	partyField = flow.Field{Name: "party", Kind: flow.Int, Min: 1, Max: MaxParty}
	namesField = flow.Field{Name: "names", Kind: flow.Refs, Max: MaxParty, Silent: true}
	shiftField = flow.Field{Name: "shift", Kind: flow.Int, Min: 1, Max: maxShifts}

	// as is a group one speaks for, or a person one is guardian of.
	asField   = flow.Field{Name: "as", Kind: flow.Ref}
	forFields = []flow.Field{asField}

	signUpFields  = []flow.Field{partyField, namesField, shiftField, asField}
	enterFields   = []flow.Field{{Name: "names", Kind: flow.Refs, Required: true, Max: MaxParty, Silent: true}, shiftField, flow.Note()}
	removeFields  = []flow.Field{{Name: "person", Kind: flow.Ref, Required: true}, flow.Reason()}
	checkInFields = []flow.Field{{Name: "code", Kind: flow.Text, Required: true, Max: 200, Silent: true}, asField}
	markFields    = []flow.Field{{Name: "persons", Kind: flow.Refs, Required: true, Max: 500, Silent: true}, {Name: "at", Kind: flow.Moment}}
	hoursFields   = []flow.Field{{Name: "person", Kind: flow.Ref}, {Name: "minutes", Kind: flow.Int, Max: 24 * 60}, {Name: "reason", Kind: flow.Long, Max: 2000}}
	correctFields = []flow.Field{{Name: "person", Kind: flow.Ref, Required: true}, {Name: "minutes", Kind: flow.Int, Required: true, Max: 24 * 60}, flow.Reason()}
	cancelFields  = []flow.Field{flow.Reason(), {Name: "series", Kind: flow.Bool}}
	amendFields   = []flow.Field{
		{Name: "starts", Kind: flow.Moment}, {Name: "ends", Kind: flow.Moment}, {Name: "cutoff", Kind: flow.Moment},
		{Name: "capacity", Kind: flow.Int, Min: 1, Max: MaxCapacity}, {Name: "location_note", Kind: flow.Text, Max: 200}, flow.Note(),
	}
)

func publish(m *Activity, c *flow.Change) error {
	m.Sequence++
	m.ChangedAt = c.At
	return nil
}

// amend changes time, place in words or capacity; those who signed up are told.
func amend(m *Activity, c *flow.Change) error {
	starts, ends := m.Starts, m.Ends
	if v := c.In.Moment("starts"); v != 0 {
		ends += v - starts // the length stays unless an end is given
		starts = v
	}
	if v := c.In.Moment("ends"); v != 0 {
		ends = v
	}
	if (starts != m.Starts || ends != m.Ends) && len(m.Shifts) > 0 {
		return fault.New(fault.Conflict, "activity.reason.has_shifts")
	}
	if ends <= starts || ends <= c.At {
		return fault.Field1("ends", "activity.ends_first")
	}
	if m.State == Running && starts > c.At && starts != m.Starts {
		return fault.Field1("starts", "activity.reason.has_begun")
	}
	if m.Cutoff == m.Starts || m.Cutoff > ends {
		m.Cutoff = starts
	}
	if v := c.In.Moment("cutoff"); v != 0 {
		if v > ends {
			return fault.Field1("cutoff", "activity.cutoff_late")
		}
		m.Cutoff = v
	}
	if v, ok := c.In.Int("capacity"); ok {
		if v < m.Taken || v < m.Reserved {
			return fault.New(fault.Conflict, "activity.reason.below_taken", "taken", max(m.Taken, m.Reserved))
		}
		m.Capacity = v
	}
	if v := c.In.Text("location_note"); v != "" {
		m.LocationNote = v
	}
	m.Starts, m.Ends = starts, ends
	m.Sequence++
	m.ChangedAt = c.At
	if m.State != Draft {
		m.fill(c)
	}
	return nil
}

func cancel(m *Activity, c *flow.Change) error {
	m.Sequence++
	m.ChangedAt = c.At
	return nil
}

// signUp gives a place, or one in the waiting line; an offered place is confirmed.
func signUp(m *Activity, c *flow.Change) error {
	c.Audience = event.Private // who comes is not everybody's business
	whom := whom(c)
	e := m.entry(whom)
	switch {
	case e != nil && e.State == Offered:
		return acceptOffer(m, c)
	case e != nil && e.State != Left:
		return fault.New(fault.Conflict, "activity.reason.already")
	}
	party, given := c.In.Int("party")
	names := c.In.List("names")
	switch {
	case len(names) > 0 && given && party != int64(len(names)):
		return fault.Field1("party", "activity.party_names")
	case len(names) > 0:
		party = int64(len(names))
	case !given:
		party = 1
	}
	shift, err := m.choose(c, party)
	if err != nil {
		return err
	}
	if e == nil {
		e = &Entry{ID: id.New(), Activity: m.ID, Account: whom}
		m.Entries = append(m.Entries, e)
	}
	e.Group, e.Names, e.Party, e.Shift, e.Kept, e.At, e.Until = c.AsGroup, nameList(names), party, shift, false, c.At, 0
	if m.tooMany(e) {
		return fault.Field1("party", "activity.party_many")
	}
	m.admit(e)
	c.Code("entry", e.ID)
	c.Code("state", e.State)
	return nil
}

// whom is the account that comes: the actor, or the ward named.
func whom(c *flow.Change) string {
	if as := c.In.Text("as"); c.Actor.Guards(as) {
		return as
	}
	return c.Actor.ID
}

// choose finds the shift: the one named, or the first with room, or the last.
func (m *Activity) choose(c *flow.Change, party int64) (int, error) {
	n, given := c.In.Int("shift")
	switch {
	case given && m.shift(int(n)) == nil:
		return 0, fault.Field1("shift", "activity.no_shift")
	case given:
		return int(n), nil
	}
	for _, s := range m.Shifts {
		if party <= s.Capacity-s.Taken {
			return s.Number, nil
		}
	}
	return len(m.Shifts), nil
}

// tooMany reports a party that would wait for ever.
func (m *Activity) tooMany(e *Entry) bool {
	most := m.Capacity - m.Reserved
	if e.Kept {
		most = m.Capacity
	}
	if s := m.shift(e.Shift); s != nil {
		most = min(most, s.Capacity)
	}
	return e.Party > most
}

// admit seats the entry where there is room, else puts it at the end of the line.
func (m *Activity) admit(e *Entry) {
	e.dirty = true
	if m.fits(e) {
		e.State = In
		m.seat(e, 1)
		return
	}
	m.NextLine++
	e.State, e.Line = Waits, m.NextLine
	m.Waiting++
}

// release takes the entry out.
func (m *Activity) release(e *Entry, state string) {
	switch e.State {
	case In, Offered:
		m.seat(e, -1)
	case Waits:
		m.Waiting--
	}
	if e.InAt != 0 {
		m.Came--
		e.InAt, e.OutAt, e.How, e.Device = 0, 0, "", ""
	}
	e.State, e.Until, e.dirty = state, 0, true
}

// next is the first entry in a state, in the order of the line.
func (m *Activity) next(state string) *Entry {
	var first *Entry
	for _, e := range m.Entries {
		if e.State == state && (first == nil || e.Line < first.Line) {
			first = e
		}
	}
	return first
}

// fill offers free places in the order of the line. A family for which there
// is no room keeps its place in it.
func (m *Activity) fill(c *flow.Change) {
	if m.Waiting == 0 || c.At >= m.Ends {
		return
	}
	line := slices.DeleteFunc(slices.Clone(m.Entries), func(e *Entry) bool { return e.State != Waits })
	slices.SortFunc(line, func(a, b *Entry) int { return int(a.Line - b.Line) })
	for _, e := range line {
		if m.fits(e) {
			m.bring(e, c, m.window(c.At, c.Spans))
		}
	}
}

// bring moves a waiting entry up: a place is kept until a moment, or taken at once.
func (m *Activity) bring(e *Entry, c *flow.Change, until int64) {
	m.Waiting--
	m.seat(e, 1)
	e.State, e.Until, e.dirty = Offered, until, true
	if until == 0 {
		e.State = In
	}
	ids, _ := c.Codes["offered"].([]string)
	c.Code("offered", append(ids, e.ID))
}

func withdraw(m *Activity, c *flow.Change) error {
	c.Audience = event.Private
	e := m.own(c.Actor, c.In.Text("as"), (*Entry).live)
	switch {
	case e == nil:
		return fault.Field1("as", "activity.no_entry")
	case e.InAt != 0:
		return fault.New(fault.Conflict, "activity.reason.checked_in")
	case e.State == In && c.At >= m.Cutoff:
		return fault.New(fault.Conflict, "activity.reason.past_cutoff")
	}
	c.Code("entry", e.ID)
	m.release(e, Left)
	m.fill(c)
	return nil
}

func remove(m *Activity, c *flow.Change) error {
	c.Audience = event.Staff // the reason may tell of an illness
	e := m.byID(c.In.Text("person"))
	if e == nil || !e.live() {
		return fault.Field1("person", "activity.no_entry")
	}
	m.release(e, Left)
	m.fill(c)
	return nil
}

func acceptOffer(m *Activity, c *flow.Change) error {
	c.Audience = event.Private
	e := m.own(c.Actor, c.In.Text("as"), (*Entry).offered)
	if e == nil {
		return fault.Field1("as", "activity.no_entry")
	}
	m.confirmOffer(e)
	c.Code("entry", e.ID)
	return nil
}

func (m *Activity) confirmOffer(e *Entry) { e.State, e.Until, e.dirty = In, 0, true }

// promoteNext: the organiser has asked by phone. The first who was offered a
// place is in; with none, the first in the line for whom there is room.
func promoteNext(m *Activity, c *flow.Change) error {
	c.Audience = event.Private
	if e := m.next(Offered); e != nil {
		m.confirmOffer(e)
		c.Code("entry", e.ID)
		return nil
	}
	line := slices.DeleteFunc(slices.Clone(m.Entries), func(e *Entry) bool { return e.State != Waits })
	slices.SortFunc(line, func(a, b *Entry) int { return int(a.Line - b.Line) })
	for _, e := range line {
		kept := e.Kept
		e.Kept = true // the organiser may give reserved places
		if m.fits(e) {
			m.bring(e, c, 0)
			c.Code("entry", e.ID)
			return nil
		}
		e.Kept = kept
	}
	return fault.New(fault.Conflict, "activity.reason.full")
}

// enter writes down people without a phone; reserved places are for them.
func enter(m *Activity, c *flow.Change) error {
	c.Audience = event.Staff
	names := c.In.List("names")
	shift, err := m.choose(c, int64(len(names)))
	if err != nil {
		return err
	}
	e := &Entry{ID: id.New(), Activity: m.ID, Names: nameList(names), Party: int64(len(names)), Shift: shift, Kept: true, At: c.At}
	if m.tooMany(e) {
		return fault.Field1("names", "activity.party_many")
	}
	m.Entries = append(m.Entries, e)
	m.admit(e)
	c.Code("entry", e.ID)
	c.Code("state", e.State)
	return nil
}

// lapseOffers: who did not confirm in time gives the place to the next.
func lapseOffers(m *Activity, c *flow.Change) error {
	c.Audience = event.Private
	var gone []string
	for _, e := range m.Entries {
		if e.State == Offered && e.Until != 0 && e.Until <= c.At {
			m.release(e, Left)
			gone = append(gone, e.ID)
			c.Tell = append(c.Tell, event.ToAccount(e.Account, "offer_lapsed"))
		}
	}
	c.Code("lapsed", gone)
	m.fill(c)
	return nil
}

// checkIn notes that the person is there; Prepare has checked the code.
func checkIn(m *Activity, c *flow.Change) error {
	c.Audience = event.Private
	e := m.own(c.Actor, c.In.Text("as"), (*Entry).expected)
	switch {
	case e == nil && m.own(c.Actor, c.In.Text("as"), (*Entry).live) != nil:
		return fault.New(fault.Conflict, "activity.reason.checked_in")
	case e == nil:
		return fault.Field1("as", "activity.no_entry")
	case e.State == Waits:
		return fault.New(fault.Conflict, "activity.reason.still_waiting")
	}
	how, _ := c.Codes["how"].(string)
	m.arrive(e, c.At, how)
	e.Device = c.In.Text("device")
	c.Code("entry", e.ID)
	return nil
}

func (m *Activity) arrive(e *Entry, at int64, how string) {
	e.State, e.Until, e.InAt, e.How, e.dirty = In, 0, at, how, true
	m.Came++
}

// mark is the organiser's list: who is there, from a phone that may have been
// offline since. Who is marked already stays as first marked, so that a list
// sent twice acts once.
func mark(m *Activity, c *flow.Change) error {
	c.Audience = event.Private
	at := c.In.Moment("at")
	if at == 0 || at > c.At || at < m.Starts-earlyMost {
		at = max(min(c.At, m.Ends), m.Starts-earlyMost)
	}
	var ids []string
	for _, ref := range c.In.List("persons") {
		e := m.byID(ref)
		if e == nil || e.State != In && e.State != Offered && e.State != Absent {
			return fault.Field1("persons", "activity.no_entry")
		}
		if e.InAt != 0 {
			continue
		}
		m.arrive(e, at, "list")
		if m.State == Finished && m.Since < m.Ends {
			e.OutAt = max(m.Since, at) // it had been ended early
		}
		ids = append(ids, e.ID)
	}
	c.Code("entries", ids)
	return nil
}

func checkOut(m *Activity, c *flow.Change) error {
	c.Audience = event.Private
	e := m.own(c.Actor, c.In.Text("as"), (*Entry).inside)
	if e == nil {
		return fault.Field1("as", "activity.no_entry")
	}
	e.OutAt, e.dirty = max(c.At, e.InAt), true
	c.Code("entry", e.ID)
	return nil
}

// finish ends the serving; who did not come is absent, who waited is let go.
func finish(m *Activity, c *flow.Change) error {
	m.sweep = true
	if c.At < m.Ends {
		m.endedAt = c.At // nobody served on after the organiser had ended it
	}
	for _, e := range m.Entries {
		switch {
		case e.inside() && m.endedAt != 0:
			e.OutAt, e.dirty = max(m.endedAt, e.InAt), true
		case e.State == In && e.InAt == 0:
			e.State = Absent
		case e.State == Offered:
			m.seat(e, -1)
			e.State, e.Until = Left, 0
		case e.State == Waits:
			e.State = Left
		}
	}
	m.Waiting = 0
	c.Code("came", m.Came)
	return nil
}

// confirmHours confirms the attended time of all, or of one person other than
// attended, with a reason. Nobody confirms the own hours.
func confirmHours(m *Activity, c *flow.Change) error {
	person := c.In.Text("person")
	minutes, given := c.In.Int("minutes")
	reason := c.In.Text("reason")
	var todo []*Entry
	for _, e := range m.Entries { // Prepare has loaded all who came
		if e.InAt != 0 && !e.Confirmed && (person == "" || e.ID == person) {
			todo = append(todo, e)
		}
	}
	if person != "" && len(todo) == 0 {
		return fault.Field1("person", "activity.no_entry")
	}
	if given && person == "" {
		return fault.Field1("person", "fault.required")
	}
	if reason != "" {
		c.Audience = event.Staff // the volunteer reads it with the hours
	}
	own := false
	for _, e := range todo {
		n := m.minutes(e)
		if e.Account == c.Actor.ID || c.Actor.Guards(e.Account) {
			own = true
			continue
		}
		if given && minutes != n {
			if reason == "" {
				return fault.Field1("reason", "activity.reason_needed")
			}
			m.certify(e, minutes, reason)
			continue
		}
		m.certify(e, n, "")
	}
	if own && len(m.served) == 0 && len(todo) == 1 {
		return fault.New(fault.Denied, "activity.reason.own_hours")
	}
	c.Code("confirmed", len(m.served))
	return nil
}

func (m *Activity) certify(e *Entry, minutes int64, reason string) {
	e.Confirmed, e.dirty = true, true
	m.Confirmed++
	m.served = append(m.served, &Served{Account: e.Account, Group: e.Group, Minutes: minutes, Attended: m.minutes(e), Reason: reason})
}

// correctHours changes hours confirmed before; the volunteer is told why.
func correctHours(m *Activity, c *flow.Change) error {
	e := m.byID(c.In.Text("person"))
	switch {
	case e == nil || !e.Confirmed || e.Account == "":
		return fault.Field1("person", "activity.no_entry")
	case e.Account == c.Actor.ID || c.Actor.Guards(e.Account):
		return fault.New(fault.Denied, "activity.reason.own_hours")
	}
	c.Audience = event.Staff // the volunteer reads the reason with the hours
	minutes, _ := c.In.Int("minutes")
	m.served = append(m.served, &Served{Account: e.Account, Minutes: minutes, Reason: c.In.Text("reason"), Again: true})
	return nil
}

// callUp reminds who comes; done tells them.
func callUp(m *Activity, c *flow.Change) error {
	m.CalledUp = m.Starts
	c.Audience = event.Private
	return nil
}

func remind(m *Activity, c *flow.Change) error {
	m.Reminded++
	c.Audience = event.Private
	return nil
}
