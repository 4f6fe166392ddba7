package wish

import (
	"context"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/gate"
	"linli/internal/core/page"
	"linli/internal/feature/file"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// Finder finds wishes by words; the search feature implements it.
type Finder interface {
	// Where returns a condition on the SQL expression id and its values.
	Where(kind, id, query string) (cond string, args []any)
}

// Converter makes another matter out of a wish, in the same transaction, and
// returns its reference "project:ID".
type Converter interface {
	FromWish(ctx context.Context, tx *db.Tx, by actor.Actor, w *Wish) (ref string, err error)
}

// Service is the use-cases of wishes and the only writer of their tables.
type Service struct {
	Journal    *journal.Journal
	Machine    *journal.Machine[*Wish]
	Kind       *matter.Kind[*Wish]
	Members    *member.Service
	Groups     *group.Service
	Places     *place.Service
	Files      *file.Service
	Finder     Finder
	Converters map[string]Converter // by what a wish may become
	Page       ui.Shell
	open       *journal.Memo[string, []Alike] // by place
}

// New returns the service; Finder, Converters and Page are wired by app.
func New(j *journal.Journal, members *member.Service, groups *group.Service, places *place.Service, files *file.Service) *Service {
	s := &Service{Journal: j, Members: members, Groups: groups, Places: places, Files: files, Converters: map[string]Converter{}}
	s.open = journal.NewMemo(j, func(ctx context.Context, code string) ([]Alike, error) { return openTitles(ctx, j.DB, code) }, "wish")
	places.Define(Settings...)
	s.Machine = &journal.Machine[*Wish]{Journal: j, Life: Life, Store: store{}, Sees: Sees, Prepare: s.prepare}
	s.Kind = &matter.Kind[*Wish]{
		Plural: "wishes", Machine: s.Machine, Names: members, Fields: CreateFields, Filter: listFields,
		Show: func(ctx context.Context, q db.Queryer, w *Wish, v matter.View) (any, error) {
			return s.json(ctx, q, w, v)
		},
		Create: s.Create, List: s.list, Out: JSON{}, Public: []string{"wish", "member", "group", "place"},
	}
	return s
}

var onBehalfField = flow.Field{Name: "on_behalf_of", Kind: flow.Object, Short: "name", Fields: []flow.Field{
	{Name: "name", Kind: flow.Text, Max: 80},
	{Name: "account", Kind: flow.Ref},
	{Name: "phone", Kind: flow.Text, Max: 20},
	{Name: "consent_how", Kind: flow.Enum, Values: []string{"spoken", "phone", "written", "guardian"}},
	{Name: "consent_by", Kind: flow.Text, Max: 80},
	{Name: "consent_at", Kind: flow.Moment},
}}

// CreateFields are the fields of a new wish (CONTRACT §3).
var CreateFields = []flow.Field{
	{Name: "title", Kind: flow.Text, Required: true, Max: 80},
	{Name: "body", Kind: flow.Long, Required: true, Max: 5000},
	{Name: "place", Kind: flow.Text, Required: true, Max: 20},
	required(categoryField),
	{Name: "location_note", Kind: flow.Text, Max: 200},
	quantityField, priceField,
	{Name: "visibility", Kind: flow.Enum, Values: []string{Public, Private}},
	onBehalfField, wantedField,
	{Name: "photos", Kind: flow.Files, Max: 9},
}

// RecordFields are those of 即办即记, one form and ten seconds.
var RecordFields = []flow.Field{
	{Name: "title", Kind: flow.Text, Required: true, Max: 80},
	{Name: "body", Kind: flow.Long, Max: 5000},
	{Name: "place", Kind: flow.Text, Required: true, Max: 20},
	required(categoryField),
	{Name: "on_behalf_of", Kind: flow.Object, Short: "name", Fields: onBehalfField.Fields},
	{Name: "as", Kind: flow.Ref},
	{Name: "photos", Kind: flow.Files, Max: 9},
}

var listFields = []flow.Field{
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "state", Kind: flow.Enum, Values: stateNames()},
	{Name: "category", Kind: flow.Enum, Values: Categories},
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

// Create files a wish for the caller of a door and returns it as JSON.
func (s *Service) Create(ctx context.Context, c *web.Call) (any, error) {
	raw, _ := c.Raw() // what is wrong with it is said when it is its turn
	read := func() (flow.Input, error) { return c.Body(CreateFields) }
	return s.file(ctx, read, c.T, s.similarTo(ctx, raw), s.draft)
}

// CreateOnSpot writes down a wish that was met on the spot 当场办好, for a door.
func (s *Service) CreateOnSpot(ctx context.Context, c *web.Call) (any, error) {
	read := func() (flow.Input, error) { return c.Body(RecordFields) }
	return s.file(ctx, read, c.T, nil, s.onSpot)
}

// File files a wish from plain values for the actor of ctx, as POST /wishes
// does, and returns its id. It is for filling and imports.
func (s *Service) File(ctx context.Context, raw map[string]any) (string, error) {
	read := func() (flow.Input, error) { return flow.Decode(CreateFields, raw) }
	return wishID(s.file(ctx, read, silent, nil, s.draft))
}

// Record is File for a wish that was met on the spot.
func (s *Service) Record(ctx context.Context, raw map[string]any) (string, error) {
	read := func() (flow.Input, error) { return flow.Decode(RecordFields, raw) }
	return wishID(s.file(ctx, read, silent, nil, s.onSpot))
}

// Do makes a move from plain values for the actor of ctx.
func (s *Service) Do(ctx context.Context, id, do string, raw map[string]any) error {
	_, err := s.Machine.Do(ctx, journal.Request{ID: id, Do: do, Read: journal.Reading(raw)}, func(*db.Tx, *Wish, actor.Actor, int64) (any, error) {
		return nil, nil
	})
	return err
}

func silent(key string, _ ...any) string { return key }

func wishID(out any, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return out.(JSON).ID, nil
}

// drafting makes the wish of a request: what it looks like, where its life
// begins, and its first event. It asks the right first and reads the fields last.
type drafting func(ctx context.Context, tx *db.Tx, a actor.Actor, read func() (flow.Input, error), now int64) (*Wish, flow.Input, flow.State, *flow.Change, error)

func (s *Service) file(ctx context.Context, read func() (flow.Input, error), say matter.Say, alike []Alike, draft drafting) (any, error) {
	var out JSON
	err := s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		w, in, start, change, err := draft(ctx, tx, a, read, now)
		if err != nil {
			return nil, err
		}
		if err := s.Machine.Born(ctx, tx, w, start, change); err != nil {
			return nil, err
		}
		photos := in.List("photos")
		w.bare = len(photos) == 0
		if !w.bare {
			if err := s.Files.AttachPhotos(ctx, tx, a, photos, "wish", w.ID); err != nil {
				return nil, err
			}
		}
		if out, err = s.json(ctx, tx, w, matter.View{Actor: a, Now: now, Say: say}); err != nil {
			return nil, err
		}
		out.Warnings = warnings(w, alike, say)
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// draft checks the fields of a new wish and decides where its life begins.
func (s *Service) draft(ctx context.Context, tx *db.Tx, a actor.Actor, read func() (flow.Input, error), now int64) (*Wish, flow.Input, flow.State, *flow.Change, error) {
	in, err := read()
	if err != nil {
		return nil, nil, "", nil, err
	}
	w := &Wish{
		Title: in.Text("title"), Body: in.Text("body"), Category: in.Text("category"), LocationNote: in.Text("location_note"),
		PriceNote: in.Text("price_note"), Visibility: in.Text("visibility"), WantedBy: in.Moment("wanted_by"), Rank: AtCommunity,
	}
	w.Author = a.ID
	if w.Visibility == "" {
		w.Visibility = Public
	}
	if q := in.Object("quantity"); q != nil {
		w.Total, _ = q.Int("total")
		w.Unit = q.Text("unit")
	}
	var faults fault.Fields
	s.locate(w, in.Text("place"), &faults)
	if w.WantedBy != 0 && w.WantedBy <= now {
		faults.Add("wanted_by", "wish.past")
	}
	if err := s.onBehalf(ctx, tx, a, w, in.Object("on_behalf_of"), now, &faults); err != nil {
		return nil, nil, "", nil, err
	}
	MoneyFaults(&faults, map[string]string{"title": w.Title, "body": w.Body, "location_note": w.LocationNote, "price_note": w.PriceNote})
	if err := faults.Err(); err != nil {
		return nil, nil, "", nil, err
	}
	c := &flow.Change{Actor: a, At: now}
	c.Code("category", w.Category)
	if w.OnBehalf() {
		c.Code("on_behalf", w.ConsentHow)
	}
	w.ask(now)
	if !s.Reviews(a, w.Place) {
		c.Tell = asked(w)
		return w, in, Open, c, nil
	}
	c.Tell = reviewersAct(w, c)
	return w, in, Review, c, nil
}

// Reviews reports whether a wish of this author about a place is looked at by
// staff before anybody is asked.
func (s *Service) Reviews(a actor.Actor, place string) bool {
	review := s.Places.Text(place, "wish.review")
	return review != "none" && !(review == "unverified" && a.Level >= actor.V3) && !a.StaffReaching(place)
}

func (s *Service) locate(w *Wish, code string, faults *fault.Fields) {
	code = place.Trim(code)
	if len(code) < access.District || !s.Places.Known(code) {
		faults.Add("place", "wish.no_place")
		return
	}
	w.Locate(code)
	if w.Community == "" {
		w.Rank = AtStreet
		if w.Street == "" {
			w.Rank = AtDistrict
		}
	}
}

// onBehalf fills in for whom a wish is filed, with the consent on record.
func (s *Service) onBehalf(ctx context.Context, tx *db.Tx, a actor.Actor, w *Wish, o flow.Input, now int64, faults *fault.Fields) error {
	if o == nil {
		return nil
	}
	name, account := o.Text("name"), o.Text("account")
	if account == "" && name != "" { // a plain text may be an account
		if acc, err := s.Members.Find(ctx, tx, name); err == nil {
			account, name = acc.ID, ""
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	switch {
	case account != "":
		acc, err := s.Members.Find(ctx, tx, account)
		if fault.Is(err, fault.NotFound) {
			faults.Add("on_behalf_of.account", "wish.no_person")
			return nil
		}
		if err != nil {
			return err
		}
		w.Helped = acc.ID
	case name != "":
		w.HelpedName, w.HelpedPhone = name, o.Text("phone")
	default:
		faults.Add("on_behalf_of.name", "fault.required")
		return nil
	}
	if w.Helped == a.ID {
		w.Helped = ""
		return nil
	}
	if !MayFile(a) && !a.Guards(w.Helped) {
		faults.Add("on_behalf_of", "wish.reason.who_files")
	}
	w.ConsentHow, w.ConsentBy, w.ConsentAt = o.Text("consent_how"), o.Text("consent_by"), o.Moment("consent_at")
	if w.ConsentHow == "" {
		w.ConsentHow = "spoken"
		if a.Guards(w.Helped) {
			w.ConsentHow = "guardian"
		}
	}
	if w.ConsentAt == 0 || w.ConsentAt > now {
		w.ConsentAt = now
	}
	return nil
}

// MayFile reports whether an actor may file for others and record what was met
// on the spot: staff, grid workers, building heads, volunteers, party members
// and organisations' agents. Family may file for their own.
func MayFile(a actor.Actor) bool {
	return a.Holds(actor.Staff) || a.Holds(actor.GridWorker) || a.Holds(actor.BuildingHead) ||
		a.Holds(actor.Volunteer) || a.Holds(actor.PartyMember) || len(a.Agencies()) > 0
}

// onSpot is a wish that somebody at the door has already met.
func (s *Service) onSpot(ctx context.Context, tx *db.Tx, a actor.Actor, read func() (flow.Input, error), now int64) (*Wish, flow.Input, flow.State, *flow.Change, error) {
	w := &Wish{Visibility: Public, Rank: AtCommunity, OnSpot: true, Outcome: "yes", Satisfied: "none", Channel: "desk", Tier: 1, TierAt: now}
	w.Author = a.ID
	if !MayFile(a) {
		return nil, nil, "", nil, fault.New(fault.Denied, "wish.reason.volunteer_first")
	}
	in, err := read()
	if err != nil {
		return nil, nil, "", nil, err
	}
	w.Title, w.Body, w.Category = in.Text("title"), in.Text("body"), in.Text("category")
	if w.Body == "" {
		w.Body = w.Title
	}
	var faults fault.Fields
	s.locate(w, in.Text("place"), &faults)
	if err := s.onBehalf(ctx, tx, a, w, in.Object("on_behalf_of"), now, &faults); err != nil {
		return nil, nil, "", nil, err
	}
	MoneyFaults(&faults, map[string]string{"title": w.Title, "body": w.Body})
	c := &flow.Change{Do: "record", Actor: a, At: now}
	s.speakAs(a, c, in, &faults)
	if err := faults.Err(); err != nil {
		return nil, nil, "", nil, err
	}
	c.Code("category", w.Category)
	c.Tell = []event.Tell{event.ToAccount(w.Helped, "helped")}
	return w, in, Fulfilled, c, nil
}

// speakAs decides in whose name an act is done: the group named, the one group
// the account acts for, else the person.
func (s *Service) speakAs(a actor.Actor, c *flow.Change, in flow.Input, faults *fault.Fields) {
	as := in.Text("as")
	agencies := a.Agencies()
	switch {
	case as == "" && len(agencies) == 1:
		c.AsGroup = agencies[0].Group
	case as == "", as == a.ID, as == "self":
	case a.ActsFor(as):
		c.AsGroup = as
	default:
		faults.Add("as", "wish.reason.not_your_group")
	}
}

// prepare looks up what a move needs before its effect.
func (s *Service) prepare(ctx context.Context, tx *db.Tx, w *Wish, c *flow.Change) error {
	if photos := c.In.List("photos"); len(photos) > 0 {
		if err := s.Files.AttachPhotos(ctx, tx, c.Actor, photos, "wish", w.ID); err != nil {
			return err
		}
	}
	switch c.Do {
	case "claim":
		var faults fault.Fields
		s.speakAs(c.Actor, c, c.In, &faults)
		return faults.Err()
	case "offer":
		acc, err := s.Members.Find(ctx, tx, c.In.Text("to"))
		if fault.Is(err, fault.NotFound) {
			return fault.Field1("to", "wish.no_person")
		}
		if err != nil {
			return err
		}
		if acc.ID == w.Author || acc.ID == w.Helped {
			return fault.Field1("to", "wish.reason.own_claim")
		}
		c.In["to"] = acc.ID
	case "convert":
		conv, ok := s.Converters[c.In.Text("to")]
		if !ok {
			return fault.Field1("to", "wish.reason.no_converter")
		}
		ref, err := conv.FromWish(ctx, tx, c.Actor, w)
		if err != nil {
			return err
		}
		c.Code("became", ref)
	}
	return nil
}

func (s *Service) list(ctx context.Context, q db.Queryer, v matter.View, in flow.Input, ask page.Ask) ([]*Wish, error) {
	f := Filter{Place: place.Trim(in.Text("place")), State: in.Text("state"), Category: in.Text("category"), Mine: in.Bool("mine")}
	if f.Mine && !v.Actor.Known() {
		return nil, fault.New(fault.SignIn, "fault.sign_in")
	}
	if text := in.Text("q"); text != "" && f.Mine { // one's own are few, and some are in no index: they are private
		f.Where, f.Args = db.Contains(text, "w.title", "w.body")
	} else if text != "" {
		if s.Finder == nil {
			return nil, nil
		}
		if f.Where, f.Args = s.Finder.Where("wish", "w.id", text); f.Where == "" {
			return nil, nil
		}
	}
	return list(ctx, q, v.Actor, f, ask, v.Now)
}

// MaySee reports whether an actor may see a wish, for its files and other doors.
func (s *Service) MaySee(ctx context.Context, a actor.Actor, id string) (bool, error) {
	_, err := s.Machine.Read(ctx, s.Journal.DB, a, id, s.Journal.DB.Clock().Now().UnixMilli())
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Document is the text a wish is found by; nothing for one that not everybody may read.
func (s *Service) Document(ctx context.Context, q db.Queryer, id string) (title, text, place string, at int64, public bool, err error) {
	w, err := (store{}).Load(ctx, q, id, "")
	if err != nil {
		return "", "", "", 0, false, err
	}
	return w.Title, strings.Join([]string{w.Title, w.Body, w.Category}, "\n"), w.Place, w.CreatedAt, w.open(), nil
}

// MoneyFaults notes collection codes and card numbers in the texts of fields.
func MoneyFaults(faults *fault.Fields, texts map[string]string) {
	for _, name := range []string{"title", "body", "location_note", "price_note"} {
		if hits := gate.Money(texts[name]); len(hits) > 0 {
			faults.Add(name, "wish.money", "word", hits[0].Word)
		}
	}
}

// Erase takes the words of a person's wishes out, in the transaction of the
// person's erasure. What happened stays; its event makes search forget too.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, account string) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	gone, err := blank(ctx, tx, account, text.T(text.Chinese, "wish.erased"))
	for i := 0; i < len(gone) && err == nil; i++ {
		w := gone[i]
		c := &flow.Change{Do: "erase", Actor: actor.Actor{ID: account}, At: now, From: w.State, To: w.State}
		err = s.Journal.Append(ctx, tx, Life.Name, &w.Head, c, Life.Audience(w))
	}
	return err
}
