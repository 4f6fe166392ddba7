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
	"sync"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
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
	mu      sync.Mutex
	gen     uint64
	dir     map[string]Group
}

// New returns the service.
func New(j *journal.Journal) *Service { return &Service{journal: j} }

func (s *Service) now() map[string]Group {
	gen := s.journal.Generation("group")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir != nil && s.gen == gen {
		return s.dir
	}
	list, err := all(context.Background(), s.journal.DB)
	if err != nil {
		s.journal.Log.Error("load groups", "err", err)
		return s.dir
	}
	dir := make(map[string]Group, len(list))
	for _, g := range list {
		dir[g.ID] = g
	}
	s.dir, s.gen = dir, gen
	return dir
}

// Get returns a group.
func (s *Service) Get(group string) (Group, bool) { g, ok := s.now()[group]; return g, ok }

// Active returns a group that may act at a moment.
func (s *Service) Active(group string, at int64) (Group, bool) {
	g, ok := s.now()[group]
	return g, ok && g.State == "active" && g.FromAt <= at && (g.ToAt == 0 || at < g.ToAt)
}

// Name returns a group's name, "" when unknown.
func (s *Service) Name(group string) string { return s.now()[group].Name }

// At lists active groups of a kind ("" for all) at or below a place, by name.
func (s *Service) At(place, kind string) []Group {
	var out []Group
	for _, g := range s.now() {
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
	return s.journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "group", Subject: g.ID, Version: g.Version, Do: do, ToState: g.State, Actor: by, Place: g.Place, Audience: event.Public,
	}, nil)
}

// KindOf tells a group's kind and whether it may act at a moment.
func (s *Service) KindOf(group string, at int64) (kind string, active bool) {
	g, ok := s.Active(group, at)
	return g.Kind, ok
}
