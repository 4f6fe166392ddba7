package points

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/ui/text"
	"linli/migrations"
)

func prepared(url string) error {
	d, err := db.Open(context.Background(), url, clock.System{})
	if err != nil {
		return err
	}
	defer d.Close()
	_, err = d.Migrate(context.Background(), migrations.Files)
	return err
}

func opened(t testing.TB, url string) *db.DB {
	d, err := db.Open(context.Background(), url, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// model is the ledger as a few lines of Go, to hold the tables against.
type model struct {
	held     map[string]int64
	entries  []Entry
	reversed map[int]bool
	n        int
}

func newModel() *model { return &model{held: map[string]int64{}, reversed: map[int]bool{}} }

func (m *model) move(e Entry) {
	m.held[e.Payer] -= e.Amount
	m.held[e.Payee] += e.Amount
	m.entries = append(m.entries, e)
}

// step makes one random operation: an award, points keyed by hand, or the
// reversal of any entry there is. refused says that the ledger must refuse it.
func (m *model) step(r *rand.Rand, people int) (e Entry, refused bool) {
	book := Books[r.IntN(2)]
	person := Account(book, fmt.Sprintf("p%04d", r.IntN(people)))
	m.n++
	e = Entry{ID: fmt.Sprintf("e%08d", m.n), Book: book, Payer: Source(book), Payee: person, Amount: 1 + r.Int64N(100), At: int64(m.n), Kind: ByRule, Cause: "c", Version: 1, Rule: "service", RuleVersion: 1, KeyedBy: "k"}
	switch k := r.IntN(100); {
	case k < 25 && len(m.entries) > 0:
		i := r.IntN(len(m.entries))
		of := m.entries[i]
		if of.Kind == Reversal {
			break
		}
		e = of.undo(int64(m.n))
		e.ID = fmt.Sprintf("e%08d", m.n)
		if m.reversed[i] || m.held[e.Payer] < e.Amount {
			return e, true
		}
		m.reversed[i] = true
	case k < 30:
		e.Kind, e.KeyedBy, e.AgreedBy, e.Batch, e.Rule, e.RuleVersion = ByHand, "k", "l", "b", "", 0
	}
	m.move(e)
	return e, false
}

func (m *model) check(t *testing.T, d *db.DB) {
	t.Helper()
	ctx := context.Background()
	var rows []Balance
	if err := d.Select(ctx, &rows, `SELECT account, book, received, given, balance FROM points_balances`); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, b := range rows {
		sum += b.Balance
		if b.Balance != m.held[b.Account] {
			t.Errorf("%s holds %d, the model %d", b.Account, b.Balance, m.held[b.Account])
		}
		if b.Balance < 0 && personOf(b.Account) != "" {
			t.Errorf("%s stands at %d", b.Account, b.Balance)
		}
	}
	if sum != 0 {
		t.Errorf("Σ = %d", sum)
	}
	var lines int64
	if err := d.Get(ctx, &lines, `SELECT count(*) FROM points_entries`); err != nil {
		t.Fatal(err)
	}
	if lines != int64(len(m.entries)) {
		t.Errorf("%d entries, the model has %d", lines, len(m.entries))
	}
	var twice int64
	if err := d.Get(ctx, &twice, `SELECT count(*) FROM (SELECT reverses FROM points_entries WHERE reverses <> '' GROUP BY reverses HAVING count(*) > 1) x`); err != nil || twice != 0 {
		t.Errorf("%d entries reversed twice (%v)", twice, err)
	}
}

// Random operations one by one: what the model refuses the ledger refuses, and
// the rest agrees, on both engines.
func TestLedgerAgainstModel(t *testing.T) {
	dbtest.EachFrom(t, "points", prepared, func(t *testing.T, url string) {
		d := opened(t, url)
		m, r := newModel(), rand.New(rand.NewPCG(7, 11))
		for range 3000 {
			e, refused := m.step(r, 20)
			err := d.Write(context.Background(), func(tx *db.Tx) error { return post(context.Background(), tx, []Entry{e}) })
			if refused != fault.Is(err, fault.Conflict) || !refused && err != nil {
				t.Fatalf("entry %s: refused %v, but %v", e.ID, refused, err)
			}
		}
		m.check(t, d)
	})
}

// Random operations on SQLite, in slices as a bulk load writes them: Σ = 0 and
// every account as in the model. LINLI_FULL=1, which .ci/run sets, makes it a
// million of them (34 s of one core).
func TestManyOperations(t *testing.T) {
	if testing.Short() {
		t.Skip("many operations")
	}
	total := 100_000
	if os.Getenv("LINLI_FULL") != "" {
		total = 1_000_000
	}
	d := opened(t, db.Loose(dbtest.SQLiteFromTemplate(t, "points", prepared)))
	m, r := newModel(), rand.New(rand.NewPCG(3, 5))
	began := time.Now()
	ops, refusals := 0, 0
	for ops < total {
		var slice []Entry
		for len(slice) < 5_000 && ops < total {
			e, refused := m.step(r, 200)
			ops++
			if refused {
				refusals++
				continue
			}
			slice = append(slice, e)
		}
		if err := d.Write(context.Background(), func(tx *db.Tx) error { return post(context.Background(), tx, slice) }); err != nil {
			t.Fatal(err)
		}
	}
	m.check(t, d)
	t.Logf("%d operations, %d of them refused by the model: %v", ops, refusals, time.Since(began).Round(time.Millisecond))
}

// The tables themselves refuse what must not be.
func TestSchemaRefuses(t *testing.T) {
	dbtest.EachFrom(t, "points", prepared, func(t *testing.T, url string) {
		d := opened(t, url)
		good := Entry{ID: "a", Book: Residents, Payer: Source(Residents), Payee: Account(Residents, "p"), Amount: 5, Kind: ByRule, Cause: "c", KeyedBy: "k"}
		try := func(change func(e *Entry)) error {
			e := good
			change(&e)
			return d.Write(context.Background(), func(tx *db.Tx) error { return post(context.Background(), tx, []Entry{e}) })
		}
		if err := try(func(*Entry) {}); err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(e *Entry){
			"nothing":              func(e *Entry) { e.ID, e.Amount = "b", 0 },
			"to itself":            func(e *Entry) { e.ID, e.Payee = "b", e.Payer },
			"no cause":             func(e *Entry) { e.ID, e.Cause = "b", "" },
			"by hand of one":       func(e *Entry) { e.ID, e.Kind, e.Batch, e.AgreedBy = "b", ByHand, "x", "k" },
			"by hand unagreed":     func(e *Entry) { e.ID, e.Kind, e.Batch = "b", ByHand, "x" },
			"a book of likes":      func(e *Entry) { e.ID, e.Book = "b", "likes" },
			"twice":                func(*Entry) {},
			"more than it holds":   func(e *Entry) { *e = e.undo(1); e.Amount = 6 },
			"a reversal of nought": func(e *Entry) { e.ID, e.Kind = "b", Reversal },
		} {
			if err := try(change); err == nil {
				t.Errorf("%s was booked", name)
			}
		}
		for _, cause := range []string{"ballot", "poll", "opinion", "like", "report"} {
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				_, err := insertRule(context.Background(), tx, Rule{Book: Residents, Code: cause, Version: 1, Cause: cause, Per: "each"})
				return err
			})
			if err == nil {
				t.Errorf("a rule for %s was taken", cause)
			}
		}
	})
}

func TestCaps(t *testing.T) {
	r := Rule{Points: 10, Per: "hour", CapDay: 80, CapMonth: 100}
	for _, c := range []struct{ minutes, today, month, want int64 }{
		{90, 0, 0, 15}, {60, 75, 75, 5}, {60, 80, 80, 0}, {600, 0, 90, 10}, {0, 0, 0, 0}, {600, 0, 0, 80}, {60, 90, 90, 0},
	} {
		if got := r.capped(r.worth(c.minutes), c.today, c.month); got != c.want {
			t.Errorf("%d minutes with %d today and %d this month: %d, want %d", c.minutes, c.today, c.month, got, c.want)
		}
	}
	if got := (Rule{Points: 20, Per: "each"}).capped(20, 1000, 1000); got != 20 {
		t.Errorf("without caps: %d", got)
	}
}

func TestTexts(t *testing.T) {
	if err := Life.Check(); err != nil {
		t.Fatal(err)
	}
	text.Add(texts)
	unknown, err := text.Unknown(os.DirFS("."))
	unknown = slices.DeleteFunc(unknown, func(k string) bool { return !strings.HasPrefix(k, "points") })
	if err != nil || len(unknown) > 0 {
		t.Errorf("%v %v", unknown, err)
	}
	var keys []string
	for _, s := range Life.States() {
		keys = append(keys, "pointsbatch.state."+string(s))
	}
	for _, do := range Life.Names() {
		keys = append(keys, "pointsbatch.do."+do)
	}
	for _, f := range batchFields {
		keys = append(keys, "pointsbatch.field."+f.Name)
	}
	for _, f := range ruleFields {
		keys = append(keys, "points.field."+f.Name)
	}
	for _, k := range keys {
		for _, lang := range text.Languages() {
			if !text.Has(lang, k) {
				t.Errorf("%s has no %s", lang, k)
			}
		}
	}
}

// TestSeesSQL: what a list of batches gives is what Sees says.
func TestSeesSQL(t *testing.T) {
	dbtest.EachFrom(t, "points", prepared, func(t *testing.T, url string) {
		d, ctx := opened(t, url), context.Background()
		r := rand.New(rand.NewPCG(9, 9))
		var all []*Batch
		err := d.Write(ctx, func(tx *db.Tx) error {
			all = nil
			for i := range 60 {
				b := &Batch{Book: Residents, Reason: "r", Amount: 1, AgreedBy: "second"}
				b.ID, b.State, b.Author = fmt.Sprintf("00000000-0000-7000-8000-%012d", i), []flow.State{Proposed, Agreed, Refused, Withdrawn}[r.IntN(4)], []string{"one", "two"}[r.IntN(2)]
				b.Locate([]string{"320105004004", "320105004005", "320105004"}[r.IntN(3)])
				all = append(all, b)
				if err := (batches{}).Insert(ctx, tx, b); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		role := func(name, place string) actor.Actor {
			return actor.Actor{ID: "x", Roles: []actor.Role{{Name: name, Place: place}}}
		}
		for _, a := range []actor.Actor{{}, {ID: "one"}, {ID: "x"}, role(actor.Staff, "320105004004"), role(actor.Staff, "320105004"), role(actor.Auditor, "320105"), role(actor.Admin, "320105")} {
			got, err := listBatches(ctx, d, a, "", "", page.Ask{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range all {
				if listed := slices.ContainsFunc(got, func(o *Batch) bool { return o.ID == b.ID }); listed != Sees(a, b) {
					t.Errorf("%+v: %s by %s at %s: Sees %v, listed %v", a, b.State, b.Author, b.Place, Sees(a, b), listed)
				}
			}
		}
	})
}
