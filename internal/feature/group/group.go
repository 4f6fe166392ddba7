// Package group is the many parties that govern together (组织): party
// organisations 党组织, residents' committees 居委会, oversight committees
// 居务监督委员会, owners' committees 业委会, property companies 物业, councils
// 议事协调委员会, social organisations 社会组织, partner units 共建单位,
// departments 职能部门 and clubs. One core serves all kinds: a name, a place,
// terms and rules; who acts for a group is a role of the member feature.
//
// The directory is kept in memory until the next group event.
package group

import (
	"context"
	"slices"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/ui"
)

// Kinds lists the kinds of groups; labels are texts "group.kind.K".
var Kinds = []string{
	actor.Party, actor.Society, actor.Unit, actor.Department, actor.Committee, actor.Owners, actor.Property,
	actor.Council, actor.Oversight, actor.Club,
}

// Group is one party. Times are UTC ms, 0 for open ends.
type Group struct {
	ID         string `db:"id" json:"id"`
	Kind       string `db:"kind" json:"kind"`
	Name       string `db:"name" json:"name"`
	Place      string `db:"place" json:"place"`
	Registered string `db:"registered" json:"registered"` // credit code, or the street's record number
	About      string `db:"about" json:"about"`
	Rules      string `db:"rules" json:"rules"`
	Phone      string `db:"phone" json:"phone"`
	State      string `db:"state" json:"state"`
	FromAt     int64  `db:"from_at" json:"-"`
	ToAt       int64  `db:"to_at" json:"-"`
	Version    int64  `db:"version" json:"version"`
	CreatedAt  int64  `db:"created_at" json:"-"`
}

// Service answers questions about groups from memory.
type Service struct {
	journal *journal.Journal
	known   *journal.Memo[struct{}, directory]

	Page  ui.Shell // wired by app, as are the next two
	Posts Posts
	Files Files
	Names Places
}

// Holder is who holds a role or post in a group, from a date to a date.
type Holder struct {
	Grant, Account, Name string // id of the role; account; public name
	Role, Post, Letter   string // Letter is the file of the 经办人's letter
	FromAt, ToAt         int64
}

// Posts knows who holds what in a group; the member feature is behind it.
type Posts interface {
	Fresh(ctx context.Context, q db.Queryer, a actor.Actor) (actor.Actor, error)
	In(ctx context.Context, q db.Queryer, group string) ([]Holder, error)
	Appoint(ctx context.Context, tx *db.Tx, by, group string, h Holder) error
	Dismiss(ctx context.Context, tx *db.Tx, by, group, grant string) error
	// AccountOf finds an account by the name it signs in with; Absent when there is none.
	AccountOf(ctx context.Context, q db.Queryer, name string) (account string, err error)
}

// Files keeps the letters of 经办人; the file feature is behind it.
type Files interface {
	Attach(ctx context.Context, tx *db.Tx, a actor.Actor, ids []string, kind, subject string) error
}

// Places names places.
type Places interface {
	Name(code string) string
	Known(code string) bool
	Choices(code string, levels ...string) []ui.Option
}

// New returns the service.
func New(j *journal.Journal) *Service {
	return &Service{journal: j, known: journal.NewMemo(j, func(ctx context.Context, _ struct{}) (directory, error) { return load(ctx, j.DB) }, "group")}
}

type directory struct {
	groups map[string]Group
	duties []Duty // 权责清单
}

func load(ctx context.Context, q db.Queryer) (d directory, err error) {
	list, err := all(ctx, q)
	if err != nil {
		return d, err
	}
	d.groups = make(map[string]Group, len(list))
	for _, g := range list {
		d.groups[g.ID] = g
	}
	d.duties, err = allDuties(ctx, q)
	return d, err
}

// now returns the directory as of the last group event.
func (s *Service) now() directory {
	d, err := s.known.Get(context.Background(), struct{}{})
	if err != nil {
		s.journal.Log.Error("load groups and responsibilities", "err", err)
	}
	return d
}

// Get returns a group.
func (s *Service) Get(group string) (Group, bool) { g, ok := s.now().groups[group]; return g, ok }

// Active returns a group that may act at a moment.
func (s *Service) Active(group string, at int64) (Group, bool) {
	g, ok := s.now().groups[group]
	return g, ok && g.State == "active" && g.FromAt <= at && (g.ToAt == 0 || at < g.ToAt)
}

// Name returns a group's name, "" when unknown.
func (s *Service) Name(group string) string { return s.now().groups[group].Name }

// PlaceOf returns a group's place, "" when unknown.
func (s *Service) PlaceOf(group string) string { return s.now().groups[group].Place }

// At lists active groups of a kind ("" for all) at or below a place, by name.
func (s *Service) At(place, kind string) []Group {
	var out []Group
	for _, g := range s.now().groups {
		if g.State == "active" && strings.HasPrefix(g.Place, place) && (kind == "" || g.Kind == kind) {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b Group) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return out
}

// Put creates a group, or changes the one with its id, with its event. By is
// the account that did it, "" for the operator.
func (s *Service) Put(ctx context.Context, tx *db.Tx, by string, g *Group) error {
	if !slices.Contains(Kinds, g.Kind) {
		return fault.Field1("kind", "fault.one_of", "values", strings.Join(Kinds, " "))
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	do := "change"
	if g.ID == "" {
		g.ID, do = id.New(), "create"
	}
	if g.State == "" {
		g.State = "active"
	}
	if g.CreatedAt == 0 {
		g.CreatedAt = now
	}
	if g.Version, err = save(ctx, tx, *g); err != nil {
		return err
	}
	if g.Version == 1 {
		do = "create"
	}
	audience := event.Public
	if g.State == "applied" || g.State == "refused" {
		audience = event.Private
	}
	return s.journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "group", Subject: g.ID, Version: g.Version, Do: do, ToState: g.State, Actor: by, Place: g.Place, Audience: audience,
	}, nil)
}

// KindOf tells a group's kind and whether it may act at a moment.
func (s *Service) KindOf(group string, at int64) (kind string, active bool) {
	g, ok := s.Active(group, at)
	return g.Kind, ok
}

// Term is from when to when a group may act, 0 for an open end.
func (s *Service) Term(group string) (from, to int64) {
	g := s.now().groups[group]
	return g.FromAt, g.ToAt
}
