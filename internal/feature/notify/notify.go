// Package notify tells people what concerns them (通知、收件箱、待电话告知).
//
// A reader of events turns each event's tells — a person, a group's agents,
// the holders of a role — into one inbox row for each person. The inbox is
// there for everybody; e-mail, browser push, SMS and WeChat are added where
// the installation and the person have them. What needs a person's own act
// goes out at once, quiet hours apart; the rest comes once a day in a digest.
// For who has no live channel a line enters the call list of the community,
// with plain words to read out, and the family named by the person is told too.
//
// The inbox can be made anew from the events at any time; what was read, sent
// and called is kept apart and is never done twice.
package notify

import (
	"context"
	"errors"
	"slices"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// Title gives the title of a matter; the feature that owns the kind is asked
// through it. A matter that is not there is ErrNoRows, NotFound or "".
type Title interface {
	Title(ctx context.Context, q db.Queryer, id string) (string, error)
}

// TitleFunc is a Title that is one function.
type TitleFunc func(ctx context.Context, q db.Queryer, id string) (string, error)

// Title calls f.
func (f TitleFunc) Title(ctx context.Context, q db.Queryer, id string) (string, error) {
	return f(ctx, q, id)
}

// People tells who is meant and how they are reached; member implements it.
type People interface {
	AgentsOf(ctx context.Context, q db.Queryer, group string, at int64) ([]string, error)
	HoldersOf(ctx context.Context, q db.Queryer, role, place, after string, at int64, limit int) ([]string, error)
	GuardiansOf(ctx context.Context, q db.Queryer, account string, at int64) ([]string, error)
	Reach(ctx context.Context, q db.Queryer, account string) (member.Reach, error)
	Fresh(ctx context.Context, q db.Queryer, a actor.Actor) (actor.Actor, error)
	PublicName(ctx context.Context, q db.Queryer, account string) (string, error)
	Looked(viewer, subject, field, matter string, now int64)
}

// Followers tells who follows a target, a post or a channel at or below a
// place; the post feature implements it. It lists accounts behind after, in
// order, that followed at a moment (UTC ms).
type Followers interface {
	FollowersOf(ctx context.Context, q db.Queryer, target, after string, at int64, limit int) ([]string, error)
}

// Groups lists groups at or below a place.
type Groups interface {
	At(place, kind string) []group.Group
}

// Places names places and tells their settings.
type Places interface {
	Name(code string) string
	After(place, key string, from int64) int64
	Define(defs ...part.Setting)
}

// Settings are the rules of messages, with their defaults.
var Settings = []part.Setting{
	{Key: "notify.inbox_kept", Default: "365d", Kind: "span"}, // then what asks for nothing is removed
}

// Service is the inbox, what goes out, and the call list.
type Service struct {
	Page    ui.Shell  // wired by app
	Follows Followers // nil where nothing can be followed; wired by app
	// Routes adds whom the responsibility list 权责清单 names for what happened;
	// it may be nil. It answers the same for the same event at any time.
	Routes func(ctx context.Context, q db.Queryer, e event.Event) ([]event.Tell, error)
	// Left lists what waits for the caller without having been told, such as
	// votes not cast; it may be nil. Wired by app.
	Left     func(c *web.Call, p ui.Page) ([]ui.Card, error)
	Channels []Channel // beside the inbox, in the order a person sees them; wired by app
	PushKey  string    // public key for PushManager.subscribe, "" when push is not set up
	PushTest func(endpoint, p256dh, auth string) error
	Base     string // configured address of the site, without a slash at its end

	journal *journal.Journal
	people  People
	groups  Groups
	places  Places
	kinds   map[string]source
}

type source struct {
	path  string
	title Title
}

// New returns the service without kinds and channels.
func New(j *journal.Journal, people People, groups Groups, places Places) *Service {
	places.Define(Settings...)
	return &Service{journal: j, people: people, groups: groups, places: places, kinds: map[string]source{}}
}

// Register says where a kind's matters are read, "/wishes/{id}", and who knows
// their titles; title may be nil. It panics on a kind that stands twice.
func (s *Service) Register(kind, path string, title Title) {
	if _, twice := s.kinds[kind]; twice {
		panic("notify: kind " + kind + " stands twice")
	}
	s.kinds[kind] = source{path, title}
}

// Row is one thing a person was told of.
type Row struct {
	ID       string `db:"id"`
	Account  string `db:"account"`
	Seq      int64  `db:"seq"`
	At       int64  `db:"at"` // UTC ms
	Kind     string `db:"kind"`
	Subject  string `db:"subject"`
	Version  int64  `db:"version"`
	Do       string `db:"move"`
	ToState  string `db:"to_state"`
	Place    string `db:"place"`
	Audience string `db:"audience"`
	Target   string `db:"target"`  // whom the event named
	Why      string `db:"why"`     // in which part: author, staff, asked, family
	Act      bool   `db:"act"`     // an act of the person is needed
	DoneAt   int64  `db:"done_at"` // since when it is not needed any more
	Planned  bool   `db:"planned"`
	ReadAt   int64  `db:"read_at"`
}

// Open reports whether the person has to act still.
func (r Row) Open() bool { return r.Act && r.DoneAt == 0 }

// for whom a row stands: a row that came by a role or a group is for its
// holders only, and roles end when they end.
func holds(a actor.Actor, target string) bool {
	kind, rest, _ := strings.Cut(target, ":")
	switch kind {
	case "role":
		name, place, _ := strings.Cut(rest, ":")
		if name == actor.Agent {
			return a.Holds(actor.Agent)
		}
		return slices.ContainsFunc(a.Roles, func(r actor.Role) bool { return r.Name == name && r.Place == place })
	case "group":
		return a.ActsFor(rest)
	case "ward":
		return a.Guards(rest)
	}
	return true
}

// Badge is how many matters need the actor's own act.
func (s *Service) Badge(ctx context.Context, a actor.Actor) (int, error) {
	if !a.Known() {
		return 0, nil
	}
	counts, err := openAsks(ctx, s.journal.DB, a.ID)
	n := 0
	for _, c := range counts {
		if holds(a, c.Target) {
			n += c.N
		}
	}
	return n, err
}

// title asks for a matter's title; "" when there is none.
func (s *Service) title(ctx context.Context, q db.Queryer, kind, subject string) (string, error) {
	src, ok := s.kinds[kind]
	if !ok || src.title == nil {
		return "", nil
	}
	t, err := src.title.Title(ctx, q, subject)
	if errors.Is(err, db.ErrNoRows) || fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return t, err
}

// Located is a Title whose matters are read on the page of another one, as a
// comment is on its post's. "" is a matter that is not there.
type Located interface {
	Path(ctx context.Context, q db.Queryer, id string) (string, error)
}

// path is where a matter is read, on this site.
func (s *Service) path(ctx context.Context, q db.Queryer, kind, subject string) (string, error) {
	src, ok := s.kinds[kind]
	if !ok {
		return "/inbox", nil
	}
	if l, ok := src.title.(Located); ok {
		if at, err := l.Path(ctx, q, subject); err != nil || at != "" {
			return at, err
		}
	}
	return strings.ReplaceAll(src.path, "{id}", subject), nil
}

// TitleOf is what a matter of a registered kind is called, "" when it is gone.
func (s *Service) TitleOf(ctx context.Context, q db.Queryer, kind, id string) (string, error) {
	return s.title(ctx, q, kind, id)
}

// PathOf is where a matter of a registered kind is read, on this site.
func (s *Service) PathOf(ctx context.Context, q db.Queryer, kind, id string) (string, error) {
	return s.path(ctx, q, kind, id)
}

// Sentence says what happened to a matter, in one sentence without its place
// and time. The most fitting of the texts notify.KIND.DO.STATE.WHY, .DO.WHY,
// .DO.STATE and .DO is taken, else one is built from the names of kind and
// move. title "" leaves the title out.
func Sentence(lang, kind, do, why, state, title string) string {
	said := built(lang, kind, do, title)
	base := "notify." + kind + "." + do
	for _, key := range []string{base + "." + state + "." + why, base + "." + why, base + "." + state, base} {
		if text.Has(lang, key) {
			said = text.T(lang, key, "title", title)
			break
		}
	}
	said = untitled(said, title)
	if why == "family" {
		return text.T(lang, "notify.family", "text", said)
	}
	return said
}

// built is the sentence for a move that has none of its own.
func built(lang, kind, do, title string) string {
	kindKey, doKey := kind+".kind", kind+".do."+do
	if !text.Has(lang, kindKey) || !text.Has(lang, doKey) {
		return text.T(lang, "notify.plain")
	}
	return text.T(lang, "notify.generic", "kind", text.T(lang, kindKey), "do", text.T(lang, doKey), "title", title)
}

// untitled takes the empty marks out of a sentence without a title.
func untitled(sentence, title string) string {
	if title != "" {
		return sentence
	}
	return strings.NewReplacer("「」", "", " “”", "", "“” ", "").Replace(sentence)
}
