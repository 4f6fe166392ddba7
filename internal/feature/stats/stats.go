// Package stats is the figures 数据看板: how many matters were raised, answered,
// solved, and how content people were, by place, kind and day; the public
// dashboard and the wall display 大屏 that show them.
//
// Every figure is counted from events by a reader (count.go), never by asking
// the tables of other features, and can be built again from zero. Only what
// anybody may know is counted: a private wish is in no figure. Cells that count
// persons are told from 10 on in public and from 5 on to staff, and no hidden
// one can be reckoned from the others (suppress.go).
package stats

import (
	"sync"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/clock"
	"linli/internal/feature/place"
	"linli/internal/platform/journal"
	"linli/internal/ui"
)

// The least number of persons a cell tells of.
const (
	LeastPublic = 10
	LeastStaff  = 5
)

// Service answers for figures.
type Service struct {
	journal *journal.Journal
	places  *place.Service
	Page    ui.Shell

	mu   sync.Mutex
	kept map[question]answer
}

// New returns the service; Page is wired by app.
func New(j *journal.Journal, places *place.Service) *Service {
	return &Service{journal: j, places: places, kept: map[question]answer{}}
}

// Figures lag behind events by a moment anyway; they are reckoned at most so
// often for the same question.
const (
	keptFor  = 5 * time.Second
	keptMost = 256
)

type question struct {
	place, from, to string
	staff           bool
}

type answer struct {
	figures *Figures
	until   time.Time
}

// levels a place is counted at.
var levels = []int{access.District, access.Street, access.Community}

// dayOf is the day of a moment, in China.
func dayOf(ms int64) string { return time.UnixMilli(ms).In(clock.China).Format(time.DateOnly) }
