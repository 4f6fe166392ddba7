// Package part is what a feature hands to the house: its texts, doors,
// listeners, clocks, settings and checks. app puts the parts together; a
// feature knows no other part but by an ID, a small interface of its own, or
// a typed event.
package part

import (
	"context"
	"io/fs"
	"time"

	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/web"
)

// Part is a feature as the house sees it.
type Part struct {
	Name    string
	Texts   fs.FS // locale/zh-CN.json and locale/en.json
	Assets  fs.FS // *.css, *.js
	Routes  []web.Route
	Readers []journal.Reader
	Works   []Work
	Lives   []Life
	Checks  []Check
}

// Life is a lifecycle table, without its type of matter.
type Life interface {
	Kind() string
	Check() error
	Handbook(text func(key string) string) string
	Names() []string
}

// Work is done again and again by every node: sweeping deadlines, sending mail.
type Work struct {
	Name    string
	Every   time.Duration
	Do      func(ctx context.Context) error
	Removes []Removal // what it removes when it is old, for everybody to read
}

// Removal is data that is removed by itself 保存期限. What is a text key; After
// is a span such as "90d", or the key of the setting that says it.
type Removal struct{ What, After string }

// Check recomputes something from scratch for `linli verify` and names each
// record that does not agree.
type Check struct {
	Name string
	Do   func(ctx context.Context, q db.Queryer) (faults []string, err error)
}

// Setting is a rule that a place may set otherwise. Kind is span, bool, int,
// place (its code) or text; Values lists the only values of a text, with labels "setting.KEY.VALUE".
type Setting struct {
	Key, Default, Kind string
	Values             []string
}
