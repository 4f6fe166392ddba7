// Package generate invents people and matters in any number for load tests
// (压力测试数据), reproducible by a seed. Nothing is written past the rules:
// each matter is led through its own lifecycle table in memory, the clock's
// moves included, and is then stored with every event of its story, so that
// `linli verify` finds a generated place as clean as a real one.
//
// Nobody is told of invented matters: their events carry no addressees.
package generate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// Size is how much to invent.
type Size struct {
	People, Wishes, Activities, Posts int

	Seed  uint64
	Until time.Time // the last day of the data, at whose beginning the clock stands
}

func (s Size) all() int { return s.People + s.Wishes + s.Activities + s.Posts }

// MostPeople bounds one run; the reference district has 170,000.
const MostPeople = 1_000_000

// span is how far the data reaches back: the reference district's years.
const span = 3 * 365 * 24 * time.Hour

// slice is how many people or wishes one transaction writes. A place that is
// being filled has no other writer that would have to wait.
const slice = 400

// Progress hears how many of all matters and people are done.
type Progress func(done, all int)

// Done says what was written.
type Done struct {
	People     int           `json:"people"`
	Wishes     int           `json:"wishes"`
	Activities int           `json:"activities"`
	Posts      int           `json:"posts"`
	Rows       int64         `json:"rows"`
	Took       time.Duration `json:"-"`
}

// maker carries one run.
type maker struct {
	house *app.House
	clock *clock.Fake
	rnd   *rand.Rand
	bytes *rand.ChaCha8 // ids
	size  Size
	tell  Progress
	done  int
	rows  int64

	places     []place.Place // communities
	staff      []actor.Actor // who publishes, the nearest first
	people     map[string][]string
	volunteers map[string][]string
	everyone   []string // volunteers of all places
}

// Fill writes the data into an empty place, where it makes the demo's district
// first, or into a demo. It refuses any other place: invented people have no
// business among real ones.
func Fill(ctx context.Context, c app.Config, size Size, tell Progress) (Done, error) {
	switch {
	case min(size.People, size.Wishes, size.Activities, size.Posts) < 0:
		return Done{}, errors.New("a number is below zero")
	case size.People > MostPeople:
		return Done{}, fmt.Errorf("at most %d people a run", MostPeople)
	case size.Wishes > 0 && size.People == 0:
		return Done{}, errors.New("wishes need people to have them: add --people")
	case size.Activities > 0 && size.People == 0:
		return Done{}, errors.New("activities need people to come: add --people")
	}
	m := &maker{
		size: size, tell: tell, clock: clock.NewFake(size.Until.Add(-span)), people: map[string][]string{}, volunteers: map[string][]string{},
		rnd: rand.New(rand.NewPCG(size.Seed, 0x6c696e6c69)),
	}
	var key [32]byte
	for i := range 8 {
		key[i] = byte(size.Seed >> (8 * i))
	}
	m.bytes = rand.NewChaCha8(key)
	c.Clock, c.Fill = m.clock, true
	h, err := app.Open(ctx, c)
	if err != nil {
		return Done{}, err
	}
	defer h.Close()
	m.house = h
	if _, err := h.Migrate(ctx); err != nil {
		return Done{}, err
	}
	if err := m.district(ctx); err != nil {
		return Done{}, err
	}
	begun := clock.System{}.Now()
	if err := m.makePeople(ctx); err != nil {
		return Done{}, taken(err)
	}
	for _, make := range []func(context.Context) error{m.makeWishes, m.makeActivities, m.makePosts} {
		if err := make(ctx); err != nil {
			return Done{}, taken(err)
		}
	}
	if err := h.DB.Settle(ctx); err != nil {
		return Done{}, err
	}
	return Done{People: size.People, Wishes: size.Wishes, Activities: size.Activities, Posts: size.Posts, Rows: m.rows, Took: clock.System{}.Now().Sub(begun)}, nil
}

func taken(err error) error {
	if db.Duplicate(err) {
		return errors.New("the data of this seed are here already: choose another --seed")
	}
	return err
}

func (m *maker) district(ctx context.Context) error {
	if m.house.Default() == "" && len(m.house.Place.Below("", "")) == 0 {
		if err := demo.People(ctx, m.house); err != nil {
			return err
		}
	}
	if !m.house.Demo() {
		return errors.New("this place holds data that is not a demo: name another folder with --data")
	}
	m.places = m.house.Place.Below("", place.Community)
	if len(m.places) == 0 {
		return errors.New("no community to live in")
	}
	// A demo that was made today has had no staff three years ago: invented matters have.
	for _, of := range []struct{ name, place string }{
		{"demo-community", demo.CommunityA}, {"demo-community-b", demo.CommunityB}, {"demo-street", demo.Street}, {"demo-district", demo.District},
	} {
		acc, err := m.house.Member.Find(ctx, m.house.DB, of.name)
		if err != nil {
			return err
		}
		m.staff = append(m.staff, actor.Actor{ID: acc.ID, Level: actor.V3, Roles: []actor.Role{{Name: actor.Staff, Place: of.place}}})
	}
	return nil
}

// staffOf is who works for a place: the district's staff reaches every one.
func (m *maker) staffOf(place string) actor.Actor {
	i := slices.IndexFunc(m.staff, func(a actor.Actor) bool { return a.StaffReaching(place) })
	return m.staff[max(i, 0)]
}

// count notes rows written and tells the progress.
func (m *maker) count(matters int, rows int64) {
	m.done += matters
	m.rows += rows
	if m.tell != nil {
		m.tell(m.done, m.size.all())
	}
}

// moment is a time of day at which people are about, day by day through the
// whole span for the i-th of n.
func (m *maker) moment(i, n int) time.Time {
	day := time.Duration(i) * (span / (24 * time.Hour)) / time.Duration(max(n, 1))
	return m.size.Until.Add(-span).Add(day*24*time.Hour + 7*time.Hour + time.Duration(m.rnd.Int64N(int64(14*time.Hour/time.Millisecond)))*time.Millisecond)
}

func (m *maker) id(at time.Time) (string, error) { return id.At(at, m.bytes) }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// assemble makes n things in slices and keeps them: the next slice is thought
// up while the last one is written.
func assemble[T any](ctx context.Context, n, each int, think func(from, to int) (T, error), keep func(T) error) error {
	type thought struct {
		slice T
		err   error
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	thoughts := make(chan thought, 2)
	go func() {
		defer close(thoughts)
		for from := 0; from < n; from += each {
			t, err := think(from, min(n, from+each))
			select {
			case thoughts <- thought{t, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for t := range thoughts {
		if t.err != nil {
			return t.err
		}
		if err := keep(t.slice); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// told are the events of some matters, with the number of rows they make.
type told struct {
	events []journal.Entry
	rows   int64
}

func (b *told) tell(kind string, h flow.Head, audience string, changes []step) error {
	for _, s := range changes {
		h.Version = s.version
		e, err := journal.EntryOf(kind, &h, s.change, audience)
		if err != nil {
			return err
		}
		b.events = append(b.events, e)
		if b.rows++; len(e.Words) > 0 {
			b.rows++
		}
	}
	return nil
}

// story leads a matter through its life and keeps every change with the version it led to.
type story[T flow.Matter] struct {
	life    *flow.Table[T]
	matter  T
	spans   flow.Spans
	changes []step
}

type step struct {
	change  *flow.Change
	version int64
}

func (s *story[T]) note(cs ...*flow.Change) {
	first := s.matter.Header().Version - int64(len(cs))
	for i, c := range cs {
		c.Tell = nil
		s.changes = append(s.changes, step{c, first + int64(i) + 1})
	}
}

// settle makes the moves that time makes up to now.
func (s *story[T]) settle(now int64) error {
	done, err := s.life.Settle(s.matter, now, s.spans)
	s.note(done...)
	return err
}

// move makes a move if the table allows it then; else the story goes on without it.
func (s *story[T]) move(c *flow.Change) error {
	if err := s.settle(c.At); err != nil {
		return err
	}
	row, err := s.life.May(s.matter, c.Actor, c.Do, c.At)
	if err != nil {
		return nil
	}
	if err := s.life.Apply(s.matter, row, c, s.spans); err != nil {
		return err
	}
	s.note(c)
	return nil
}
