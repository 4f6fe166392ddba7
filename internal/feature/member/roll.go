package member

import (
	"context"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/platform/db"
)

// VotingAge is how old a voter is at least, in years.
const VotingAge = 18

// Elector is one person on a roll 名册.
type Elector struct {
	ID       string `db:"id"`
	Dwelling string `db:"dwelling"`
}

// unitCode is the length of a stairwell's code; a dwelling's code that goes on
// names one flat, and who lives there is one household.
const unitCode = 17

// Household is the key of the elector's household: the flat where it is
// registered, else the person is a household of its own.
func (e Elector) Household() string {
	if len(e.Dwelling) > unitCode {
		return "flat:" + e.Dwelling
	}
	return e.ID
}

// Electors lists, by id, the grown-up residents of a place whose identity is
// confirmed to level: what a roll is drawn up from.
func (s *Service) Electors(ctx context.Context, q db.Queryer, place string, level actor.Level, at int64) ([]Elector, error) {
	until := time.UnixMilli(at).In(clock.China).AddDate(-VotingAge, 0, 0).UnixMilli()
	return electors(ctx, q, place, level, until)
}

// ElectorsNamed finds residents of a place by public name, real name, phone or
// account name, exactly as written: staff who enter a paper ballot hold it in
// their hands.
func (s *Service) ElectorsNamed(ctx context.Context, q db.Queryer, place, name string) ([]Account, error) {
	return electorsNamed(ctx, q, place, name, 20)
}

// Underage reports whether a person whose day of birth is known is too young to vote.
func (a Account) Underage(at int64) bool {
	return a.Born != 0 && a.Born > time.UnixMilli(at).In(clock.China).AddDate(-VotingAge, 0, 0).UnixMilli()
}

// Post is the title under which an account holds a role: 人大代表 of an expert.
func (s *Service) Post(ctx context.Context, q db.Queryer, account, role string) (string, error) {
	return postOf(ctx, q, account, role)
}

// StaffAround lists the staff of a place, of the places above and below it.
func (s *Service) StaffAround(ctx context.Context, q db.Queryer, place string, at int64) ([]string, error) {
	return staffAround(ctx, q, place, at)
}

// Expert is one of the experts who may be convened for a place.
type Expert struct {
	ID   string `db:"id"`
	Name string `db:"name"`
	Post string `db:"post"`
}

// ExpertsAround lists the experts of a place and of those above it, by kind.
func (s *Service) ExpertsAround(ctx context.Context, q db.Queryer, place string, at int64) ([]Expert, error) {
	return expertsAround(ctx, q, place, at)
}

// InGroup lists who belongs to a group in whatever role.
func (s *Service) InGroup(ctx context.Context, q db.Queryer, group string, at int64) ([]string, error) {
	return inGroup(ctx, q, group, at)
}
