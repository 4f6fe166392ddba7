package activity

import (
	"context"
	"slices"
	"strings"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/door"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/gate"
	"linli/internal/core/page"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/feature/volunteer"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// Finder finds activities by words; the search feature implements it.
type Finder interface {
	// Where returns a condition on the SQL expression id and its values, "" when nothing can match.
	Where(kind, id, query string) (cond string, args []any)
}

// Service is the use-cases of activities and the only writer of their tables.
type Service struct {
	Journal *journal.Journal
	Machine *journal.Machine[*Activity]
	Kind    *matter.Kind[*Activity]
	Members *member.Service
	Groups  *group.Service
	Places  *place.Service
	Hours   *volunteer.Service
	Finder  Finder
	Page    ui.Shell
	Secret  []byte // of the installation; keys check-in codes and calendar addresses

	tries door.Tries
}

// New returns the service; Finder, Secret and Page are wired by app.
func New(j *journal.Journal, members *member.Service, groups *group.Service, places *place.Service, hours *volunteer.Service) *Service {
	s := &Service{Journal: j, Members: members, Groups: groups, Places: places, Hours: hours}
	places.Define(Settings...)
	s.Machine = &journal.Machine[*Activity]{Journal: j, Life: Life, Store: store{}, Sees: Sees, Prepare: s.prepare, Done: s.done}
	s.Kind = &matter.Kind[*Activity]{
		Plural: "activities", Machine: s.Machine, Names: names{members}, Fields: createFields, Filter: listFields,
		Create: s.create, List: s.list, Show: s.show, Out: JSON{}, Public: []string{"activity", "member", "group", "place"},
	}
	return s
}

// maxShifts and maxHosts bound what an activity may hold.
const (
	maxShifts = 20
	maxHosts  = 20
)

var createFields = []flow.Field{
	{Name: "title", Kind: flow.Text, Required: true, Max: 80},
	{Name: "kind", Kind: flow.Enum, Required: true, Values: Kinds},
	{Name: "place", Kind: flow.Text, Required: true, Max: 20},
	{Name: "starts", Kind: flow.Moment, Required: true},
	{Name: "ends", Kind: flow.Moment, Required: true},
	{Name: "capacity", Kind: flow.Int, Required: true, Min: 1, Max: MaxCapacity},
	{Name: "body", Kind: flow.Long, Max: 5000},
	{Name: "location_note", Kind: flow.Text, Max: 200},
	{Name: "reserved", Kind: flow.Int, Max: MaxCapacity},
	{Name: "cutoff", Kind: flow.Moment},
	{Name: "hosts", Kind: flow.Refs, Max: maxHosts, Fields: hostFields},
	{Name: "shifts", Kind: flow.Refs, Max: maxShifts, Fields: shiftFields},
	{Name: "skills", Kind: flow.Text, Max: 200},
	{Name: "insurance", Kind: flow.Text, Max: 200},
	{Name: "bring", Kind: flow.Text, Max: 200},
	{Name: "series", Kind: flow.Text, Max: 200},
	{Name: "except", Kind: flow.Refs, Max: 100},
	{Name: "audience", Kind: flow.Text, Max: 80},
	{Name: "minimum_age", Kind: flow.Int, Max: 120},
}

var listFields = []flow.Field{
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "within", Kind: flow.Enum, Values: Reaches},
	{Name: "state", Kind: flow.Enum, Values: stateNames()},
	{Name: "kind", Kind: flow.Enum, Values: Kinds},
	{Name: "day", Kind: flow.Moment},
	{Name: "from", Kind: flow.Moment},
	{Name: "to", Kind: flow.Moment},
	{Name: "free", Kind: flow.Bool},
	{Name: "q", Kind: flow.Text, Max: 100},
	{Name: "mine", Kind: flow.Bool},
}

func stateNames() []string {
	var out []string
	for _, s := range Life.States() {
		out = append(out, string(s))
	}
	return out
}

// create drafts an activity for the caller.
func (s *Service) create(ctx context.Context, c *web.Call) (any, error) {
	return s.file(ctx, c.Raw, c.T)
}

// File drafts an activity from plain values for the actor of ctx, as POST
// /activities does, and returns its id. It is for filling and imports.
func (s *Service) File(ctx context.Context, raw map[string]any) (string, error) {
	out, err := s.file(ctx, func() (map[string]any, error) { return raw, nil }, silent)
	if err != nil {
		return "", err
	}
	return out.(JSON).ID, nil
}

// Do makes a move from plain values for the actor of ctx.
func (s *Service) Do(ctx context.Context, id, do string, raw map[string]any) error {
	_, err := s.Machine.Do(ctx, journal.Request{ID: id, Do: do, Read: journal.Reading(raw)}, func(*db.Tx, *Activity, actor.Actor, int64) (any, error) {
		return nil, nil
	})
	return err
}

func silent(key string, _ ...any) string { return key }

func (s *Service) file(ctx context.Context, read func() (map[string]any, error), say matter.Say) (any, error) {
	var out JSON
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		m, err := s.Enter(ctx, tx, a, read)
		if err != nil {
			return nil, err
		}
		out, err = s.json(ctx, tx, m, matter.View{Actor: a, Now: m.ChangedAt, Say: say})
		return out, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func born(m *Activity, a actor.Actor, now int64) *flow.Change {
	c := &flow.Change{Actor: a, At: now}
	c.Code("kind", m.Kind)
	c.Code("starts", m.Starts)
	c.Code("capacity", m.Capacity)
	return c
}

// mayCreate: staff, grid workers, building heads, volunteers, party members
// and whoever acts for a group may draft; publishing is another matter.
func mayCreate(a actor.Actor) bool {
	return a.Holds(actor.Staff) || a.Holds(actor.GridWorker) || a.Holds(actor.BuildingHead) || a.Holds(actor.Volunteer) ||
		a.Holds(actor.PartyMember) || len(a.Agencies()) > 0
}

// draft checks the fields of a new activity.
func (s *Service) draft(a actor.Actor, raw map[string]any, now int64) (*Activity, error) {
	var faults fault.Fields
	hosts := takeHosts(raw, &faults)
	shifts := takeShifts(raw, &faults)
	in, err := flow.Decode(createFields, raw)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Key: "fault.invalid", Fields: append(faults, fault.Of(err).Fields...)}
	}
	m := &Activity{
		Title: in.Text("title"), Body: in.Text("body"), Kind: in.Text("kind"), LocationNote: in.Text("location_note"),
		Starts: in.Moment("starts"), Ends: in.Moment("ends"), Cutoff: in.Moment("cutoff"), Audience: in.Text("audience"),
		Skills: in.Text("skills"), Insurance: in.Text("insurance"), Bring: in.Text("bring"), Rule: in.Text("series"), ChangedAt: now,
	}
	m.Author = a.ID
	m.Capacity, _ = in.Int("capacity")
	m.Reserved, _ = in.Int("reserved")
	m.MinimumAge, _ = in.Int("minimum_age")
	code := place.Trim(in.Text("place"))
	if len(code) < access.District || !s.Places.Known(code) {
		faults.Add("place", "activity.no_place")
	} else {
		m.Locate(code)
	}
	switch {
	case m.Ends <= m.Starts:
		faults.Add("ends", "activity.ends_first")
	case m.Ends <= now:
		faults.Add("ends", "activity.past")
	case m.Ends-m.Starts > 31*24*3600*1000:
		faults.Add("ends", "activity.long")
	}
	if m.Cutoff == 0 {
		m.Cutoff = m.Starts
	} else if m.Cutoff > m.Ends {
		faults.Add("cutoff", "activity.cutoff_late")
	}
	if m.Reserved >= m.Capacity {
		faults.Add("reserved", "fault.between", "min", 0, "max", m.Capacity-1)
	}
	m.Hosts = s.hosts(a, hosts, &faults)
	m.Shifts = m.fixShifts(shifts, &faults)
	m.setSeries(in.List("except"), &faults)
	for _, f := range []struct{ name, text string }{{"title", m.Title}, {"body", m.Body}, {"bring", m.Bring}} {
		if hits := gate.Money(f.text); len(hits) > 0 {
			faults.Add(f.name, "activity.money", "word", hits[0].Word)
		}
	}
	return m, faults.Err()
}

// hosts checks the groups; without any, it is the one the author acts for.
func (s *Service) hosts(a actor.Actor, list []Host, faults *fault.Fields) []Host {
	if len(list) == 0 {
		if as := a.Agencies(); len(as) == 1 {
			return []Host{{Group: as[0].Group}}
		}
	}
	var out []Host
	for i, h := range list {
		if _, ok := s.Groups.Get(h.Group); !ok {
			faults.Add("hosts", "activity.no_group")
			return nil
		}
		if slices.ContainsFunc(out, func(o Host) bool { return o.Group == h.Group }) {
			faults.Add("hosts", "activity.host_twice")
			return nil
		}
		h.Position = i
		out = append(out, h)
	}
	return out
}

// prepare looks up what a move needs before its effect.
func (s *Service) prepare(ctx context.Context, tx *db.Tx, m *Activity, c *flow.Change) error {
	switch c.Do {
	case "sign_up":
		if err := s.oldEnough(ctx, tx, m, c); err != nil {
			return err
		}
		return speakAs(c)
	case "check_in":
		how, err := s.checkCode(m, c.Actor.ID, c.In.Text("code"), c.At)
		if err != nil {
			return err
		}
		c.Code("how", how)
		c.In["device"], _ = ctx.Value(deviceKey{}).(string)
	case "remove":
		return gather(ctx, tx, m, []string{c.In.Text("person")}, false)
	case "mark":
		return gather(ctx, tx, m, c.In.List("persons"), false)
	case "confirm_hours":
		return gather(ctx, tx, m, nil, true)
	case "amend", "cancel":
		if m.State == Draft {
			return nil
		}
		ids, err := accountsOf(ctx, tx, m.ID, In, Offered, Waits)
		for _, account := range ids {
			c.Tell = append(c.Tell, event.ToAccount(account, "participant"))
		}
		return err
	}
	return nil
}

// oldEnough refuses who is known to be too young on the day, and a child under
// 14 who comes without the guardian.
func (s *Service) oldEnough(ctx context.Context, tx *db.Tx, m *Activity, c *flow.Change) error {
	acc, err := s.Members.Find(ctx, tx, whom(c))
	if err != nil {
		return err
	}
	if acc.ID == c.Actor.ID && member.Child(acc.Born, c.At) {
		return fault.New(fault.Denied, "activity.reason.child")
	}
	if acc.Born == 0 || m.MinimumAge == 0 { // not on record: the organiser asks at the door
		return nil
	}
	of := time.UnixMilli(acc.Born).In(clock.China).AddDate(int(m.MinimumAge), 0, 0)
	if time.UnixMilli(m.Starts).Before(of) {
		return fault.New(fault.Denied, "activity.reason.too_young", "age", m.MinimumAge)
	}
	return nil
}

// speakAs decides in whose name somebody comes: the person's own, unless a
// group is named that the person acts for.
func speakAs(c *flow.Change) error {
	as := c.In.Text("as")
	switch {
	case as == "", as == c.Actor.ID, as == "self", c.Actor.Guards(as):
	case c.Actor.ActsFor(as):
		c.AsGroup = as
	default:
		return fault.Field1("as", "activity.reason.not_your_group")
	}
	return nil
}

// done writes what follows from a move elsewhere, in its transaction.
func (s *Service) done(ctx context.Context, tx *db.Tx, m *Activity, c *flow.Change) error {
	switch c.Do {
	case "publish":
		return s.repeat(ctx, tx, m, c)
	case "cancel":
		if c.In.Bool("series") && m.Series != "" {
			return s.cancelRest(ctx, tx, m, c)
		}
	case "confirm_hours":
		return s.certify(ctx, tx, m, c)
	case "call_up":
		return s.remindAll(ctx, tx, m, c)
	}
	return nil
}

// certify hands the confirmed attendance to the volunteers' records.
func (s *Service) certify(ctx context.Context, tx *db.Tx, m *Activity, c *flow.Change) error {
	todo := m.served
	m.served = nil
	for _, v := range todo {
		if v.Account == "" { // came with others or without an account: counted, not certified
			continue
		}
		if v.Again {
			if err := s.Hours.Correct(ctx, tx, c.Actor, "activity:"+m.ID, v.Account, v.Minutes, v.Reason); err != nil {
				return err
			}
			continue
		}
		if err := s.Hours.Certify(ctx, tx, c.Actor, m.record(v, c.At), v.Reason, c.At); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) list(ctx context.Context, q db.Queryer, v matter.View, in flow.Input, ask page.Ask) ([]*Activity, error) {
	f := Filter{
		Place: around(place.Trim(in.Text("place")), in.Text("within")), State: in.Text("state"), Kind: in.Text("kind"), From: in.Moment("from"), To: in.Moment("to"),
		Free: in.Bool("free"), Mine: in.Bool("mine"),
	}
	if day := in.Moment("day"); day != 0 {
		f.From, f.To = dayOf(day)
	}
	if f.Mine && !v.Actor.Known() {
		return nil, fault.New(fault.SignIn, "fault.sign_in")
	}
	if text := in.Text("q"); text != "" {
		if s.Finder == nil {
			return nil, nil
		}
		if f.Where, f.Args = s.Finder.Where("activity", "a.id", text); f.Where == "" {
			return nil, nil
		}
	}
	return list(ctx, q, v.Actor, f, ask, v.Now)
}

// Reaches are how far around a place one may look for an activity. Places have
// codes, not coordinates, so distance goes by what lies around.
var Reaches = []string{"community", "street", "district"}

// around is the part of the map that lies within a reach of a place.
func around(code, within string) string {
	level, ok := map[string]int{"community": access.Community, "street": access.Street, "district": access.District}[within]
	if !ok || len(code) < level {
		return code
	}
	return access.Up(code, level)
}

// dayOf is the day in China that holds a moment.
func dayOf(at int64) (from, to int64) {
	t := time.UnixMilli(at).In(clock.China)
	start := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, clock.China)
	return start.UnixMilli(), start.AddDate(0, 0, 1).UnixMilli()
}

// Document is the text an activity is found by; nothing for a draft.
func (s *Service) Document(ctx context.Context, q db.Queryer, id string) (title, text, place string, at int64, public bool, err error) {
	m := &Activity{}
	if m, err = (store{}).Load(ctx, q, id, ""); err != nil {
		return "", "", "", 0, false, err
	}
	return m.Title, strings.Join([]string{m.Title, m.Body, m.Kind, m.LocationNote}, "\n"), m.Place, m.CreatedAt, m.State != Draft, nil
}

// Origin is what an activity grows out of: a wish 一事一线.
type Origin struct{ Ref, Title, Body, Place, Kind string }

// FromOrigin drafts an activity out of another matter, inside its transaction,
// a week ahead from nine to eleven for twenty people; the organiser mends the
// rest before publishing. It returns the reference "activity:ID".
func (s *Service) FromOrigin(ctx context.Context, tx *db.Tx, by actor.Actor, o Origin) (string, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return "", err
	}
	t := time.UnixMilli(now).In(clock.China).AddDate(0, 0, 7)
	start := time.Date(t.Year(), t.Month(), t.Day(), 9, 0, 0, 0, clock.China)
	m := &Activity{
		Title: o.Title, Body: o.Body, Kind: "解难纾困", Origin: o.Ref, Starts: start.UnixMilli(), Ends: start.Add(2 * time.Hour).UnixMilli(), Capacity: 20, ChangedAt: now,
	}
	if slices.Contains(Kinds, o.Kind) {
		m.Kind = o.Kind
	}
	m.Cutoff, m.Author = m.Starts, by.ID
	m.Locate(o.Place)
	c := born(m, by, now)
	c.Code("origin", o.Ref)
	if err := s.Machine.Born(ctx, tx, m, Draft, c); err != nil {
		return "", err
	}
	return "activity:" + m.ID, nil
}

// names says who did what: of those who come and go only the kind of person,
// unless it is the reader; organisers read the roster.
type names struct{ *member.Service }

// Label implements matter.Names.
func (n names) Label(ctx context.Context, q db.Queryer, e event.Event, say func(key string, pairs ...any) string) (string, error) {
	own := slices.Contains([]string{"sign_up", "withdraw", "check_in", "check_out"}, e.Do) || e.Do == "promote" && e.AsGroup == "" && e.Audience == event.Private
	if own && e.Actor != actor.From(ctx).ID {
		return say("activity.somebody"), nil
	}
	return n.Service.Label(ctx, q, e, say)
}
