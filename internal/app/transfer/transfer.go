// Package transfer takes tables in and gives them out (导入导出, Excel 与 CSV):
// places, groups, people, rolls, wishes, activities, posts and more. What comes in is read whole and checked cell
// by cell first; every fault is named by row and column, and nothing is written
// while there is one. What goes out is masked unless a reason is given, and who
// was looked at can see it.
//
// A table of people has the columns listed here and no others: there is no
// column for a national ID number, a label, a score or a remark about a person,
// and a file that brings one is refused (PRODUCT.md, "What Linli refuses").
package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/core/gate"
	"linli/internal/core/id"
	"linli/internal/feature/activity"
	"linli/internal/feature/award"
	"linli/internal/feature/ballot"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/feature/post"
	"linli/internal/feature/project"
	"linli/internal/feature/wish"
	"linli/internal/platform/journal"
	"linli/internal/platform/sheet"
	"linli/internal/ui"
)

// Service takes in and gives out. It is the operator's and the staff's tool.
type Service struct {
	Journal *journal.Journal
	Places  *place.Service
	Groups  *group.Service
	Members *member.Service
	Wishes  *wish.Service
	Page    ui.Shell

	Activities *activity.Service
	Posts      *post.Service
	Projects   *project.Service
	Polls      *ballot.Service
	Awards     *award.Service

	failed sync.Map // of imports that go on by themselves: id → the fault that ended one, until it is seen
}

// Kind is a kind of table.
type Kind struct {
	Name    string
	Columns []sheet.Column // the first synonym is the heading written
	Example []any          // a row of the template

	Operator bool   // only by command, not on the page
	Poll     bool   // belongs to one poll
	Undo     string // the move that takes a matter back, "" for none

	heads []any // of what goes out, where it differs
	// take turns rows into what will be written, noting what is wrong; nil for what only goes out.
	take func(ctx context.Context, s *Service, in Incoming) (Batch, error)
	give func(ctx context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error)
}

// Batch is a checked table, ready to be written whole.
type Batch interface {
	// Size is how many rows it brings.
	Size() int
	// Write writes all of it or nothing, telling how far it is.
	Write(ctx context.Context, r Receipt, tell func(done, all int)) error
}

// Incoming is a table as it was read.
type Incoming struct {
	head   sheet.Header
	rows   []sheet.Row
	faults *faults
	within string // where whoever takes it in is staff; "" for the operator
	kind   Kind
	poll   string
}

// Receipt tells of a table taken in.
type Receipt struct {
	ID     string `json:"id" db:"id"`
	Kind   string `json:"kind" db:"kind"`
	Name   string `json:"name" db:"name"`
	SHA256 string `json:"sha256" db:"sha256"`
	By     string `json:"by" db:"by_whom"`
	Rows   int    `json:"rows" db:"amount"`
	State  string `json:"state" db:"state"`
	At     int64  `json:"at" db:"at"`
	Undone int64  `json:"undone" db:"undone"`
}

// faultsMost is how many faults are named; a file with more is another file.
const faultsMost = 500

type faults struct{ all sheet.Errors }

func (f *faults) add(e sheet.CellError) {
	if len(f.all) < faultsMost {
		f.all = append(f.all, e)
	}
}

// Kinds lists what can come in and go out, by name.
func Kinds() []Kind {
	return []Kind{places, groups, people, roll, wishes, activities, posts, projects, polls, awards}
}

// ComesIn reports whether a table of the kind can be taken in.
func (k Kind) ComesIn() bool { return k.take != nil }

// CanUndo reports whether a table taken in can be taken back as a whole.
func (k Kind) CanUndo() bool { return k.Name == people.Name || k.Undo != "" }

// KindOf finds a kind by its name.
func KindOf(name string) (Kind, bool) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// Source is a file that is to come in.
type Source struct {
	Name   string // its ending tells CSV from XLSX
	Body   io.Reader
	By     string // account, "" for the operator
	Within string // a place: rows about another place are faults; "" for everywhere
	Poll   string // whose roll it is
}

// Read checks a whole file. The error is sheet.Errors, naming each fault by row
// and column, or one of reading. Nothing is written.
func (s *Service) Read(ctx context.Context, kind Kind, src Source) (Batch, Receipt, error) {
	r := Receipt{Kind: kind.Name, Name: src.Name, By: src.By}
	if !kind.ComesIn() {
		return nil, r, sheet.Errors{{Key: "transfer.only_out"}}
	}
	format, ok := sheet.KindOf(src.Name)
	if !ok || format == sheet.PDF {
		return nil, r, sheet.Errors{{Key: "sheet.kind"}}
	}
	raw, err := io.ReadAll(io.LimitReader(src.Body, maxBytes+1))
	if err != nil {
		return nil, r, err
	}
	sum := sha256.Sum256(raw)
	r.SHA256 = hex.EncodeToString(sum[:])
	t, err := sheet.Open(bytes.NewReader(raw), format, sheet.Limits{Bytes: maxBytes})
	if err != nil {
		return nil, r, located(err)
	}
	defer t.Close()
	in := Incoming{faults: &faults{}, within: src.Within, kind: kind, poll: src.Poll}
	if in.head, err = sheet.ReadHeader(t, kind.Columns); err != nil {
		return nil, r, located(err)
	}
	for _, u := range in.head.Unknown {
		in.faults.add(sheet.CellError{Row: in.head.Row.Number, Title: u, Key: "transfer.unknown_column", Args: []any{"column", u}})
	}
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, r, located(err)
		}
		in.rows = append(in.rows, row)
		in.scan(row, kind)
	}
	if len(in.rows) == 0 {
		in.faults.add(sheet.CellError{Key: "sheet.empty"})
	}
	batch, err := kind.take(ctx, s, in)
	if err != nil {
		return nil, r, err
	}
	if len(in.faults.all) > 0 {
		all := in.faults.all
		slices.SortStableFunc(all, func(a, b sheet.CellError) int { return a.Row - b.Row })
		return nil, r, all
	}
	r.Rows = batch.Size()
	return batch, r, nil
}

const maxBytes = 20 << 20

// scan refuses identity numbers and bank cards in any cell: nothing here needs them.
func (in *Incoming) scan(row sheet.Row, kind Kind) {
	for _, c := range kind.Columns {
		for _, hit := range gate.Scan(in.head.Get(row, c.Name)) {
			if hit.Kind == gate.ResidentID || hit.Kind == gate.BankCard {
				in.fault(row, c.Name, "transfer.secret_number", "masked", hit.Masked)
			}
		}
	}
}

func (in *Incoming) get(row sheet.Row, column string) string { return in.head.Get(row, column) }

func (in *Incoming) fault(row sheet.Row, column, key string, args ...any) {
	in.faults.add(in.head.Fault(row, column, key, args...))
}

// text reads a cell of bounded length.
func (in *Incoming) text(row sheet.Row, column string, most int, required bool) string {
	v := in.get(row, column)
	if v == "" && required {
		in.fault(row, column, "fault.required")
	}
	if len([]rune(v)) > most {
		in.fault(row, column, "fault.too_long", "max", most)
	}
	return v
}

// day reads a date, as the first moment of it in China; 0 for an empty cell.
func (in *Incoming) day(row sheet.Row, column string) int64 {
	v := in.get(row, column)
	if v == "" {
		return 0
	}
	t, err := flow.ParseMoment(v)
	if err != nil {
		in.fault(row, column, "fault.moment")
		return 0
	}
	return t.UnixMilli()
}

// date writes what day reads.
func date(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(clock.China).Format(time.DateOnly)
}

// place reads a code that must be known and lie within.
func (in *Incoming) place(s *Service, row sheet.Row, column string, least int) string {
	code := place.Trim(in.text(row, column, 40, true))
	switch {
	case code == "":
	case len(code) < least || !s.Places.Known(code):
		in.fault(row, column, "transfer.no_place", "code", code)
	case !strings.HasPrefix(code, in.within):
		in.fault(row, column, "transfer.elsewhere", "code", code)
	}
	return code
}

// located brings the errors of sheet into one form.
func located(err error) error {
	var many sheet.Errors
	if errors.As(err, &many) {
		return many
	}
	var one sheet.CellError
	if errors.As(err, &one) {
		return sheet.Errors{one}
	}
	return err
}

// Template writes an empty table of a kind with one example row.
func Template(w io.Writer, kind Kind, format sheet.Kind) error {
	t, err := sheet.NewWriter(w, format, kind.Name)
	if err != nil {
		return err
	}
	kind.heads = nil // a template is for what comes in
	if err := t.Write(headings(kind)...); err != nil {
		return err
	}
	if err := t.Write(kind.Example...); err != nil {
		return err
	}
	return t.Close()
}

func headings(kind Kind) []any {
	var head []any
	if kind.heads != nil {
		return kind.heads
	}
	for _, c := range kind.Columns {
		head = append(head, c.Synonyms[0])
	}
	return head
}

// Outgoing is what is asked for.
type Outgoing struct {
	Place string // there or below, "" for everywhere
	Open  bool   // personal fields unmasked
	Poll  string // whose roll it is

	kind Kind
}

// Write gives a kind out as a table and returns how many rows it has.
func (s *Service) Write(ctx context.Context, w io.Writer, kind Kind, format sheet.Kind, ask Outgoing) (int, error) {
	t, err := sheet.NewWriter(w, format, kind.Name)
	if err != nil {
		return 0, err
	}
	if err := t.Write(headings(kind)...); err != nil {
		return 0, err
	}
	ask.kind = kind
	n, err := kind.give(ctx, s, t, ask)
	if err != nil {
		return 0, err
	}
	return n, t.Close()
}

// Take writes a checked table in and returns its receipt.
func (s *Service) Take(ctx context.Context, b Batch, r Receipt, tell func(done, all int)) (Receipt, error) {
	if r.ID == "" {
		r.ID = id.New()
	}
	r.Rows, r.State, r.At = b.Size(), "done", s.Journal.DB.Clock().Now().UnixMilli()
	if tell == nil {
		tell = func(int, int) {}
	}
	return r, b.Write(ctx, r, tell)
}
