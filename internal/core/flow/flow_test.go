package flow

import (
	"slices"
	"strings"
	"testing"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
)

// loan is the little matter of these tests: a tool lent among neighbours.
type loan struct {
	Head
	Helper string
	Left   int64
	Raised int64 // when the circle was last widened
	Tier   int
}

const (
	open  State = "open"
	lent  State = "lent"
	back  State = "back"
	shut  State = "shut"
	day         = int64(24 * 3600 * 1000)
	start       = int64(1_700_000_000_000)
)

type days map[string]int64

func (d days) After(_, setting string, from int64) int64 {
	if d[setting] == 0 {
		return 0
	}
	return from + d[setting]*day
}

var spans = days{"loan.tier_days": 2, "loan.open_days": 30, "loan.back_days": 7}

func author() Who[*loan] {
	return By("author", func(a actor.Actor, m *loan) access.Decision { return access.When(a.ID == m.Author) })
}

func life() *Table[*loan] {
	volunteer := By("volunteer", func(a actor.Actor, m *loan) access.Decision {
		switch {
		case !a.Known():
			return access.Hidden
		case a.Level < V(3):
			return access.No("loan.needs_v3")
		}
		return access.When(a.ID != m.Author)
	})
	helper := By("helper", func(a actor.Actor, m *loan) access.Decision { return access.When(a.ID != "" && a.ID == m.Helper) })
	return &Table[*loan]{
		Name: "loan", Start: open, Ends: []State{back, shut},
		Audience: func(m *loan) string {
			if m.State == open {
				return event.Public
			}
			return event.Private
		},
		Moves: []Move[*loan]{
			{Do: "lend", From: In(open), To: lent, By: volunteer, Primary: true,
				If:    []Guard[*loan]{{"loan.none_left", func(m *loan, _ actor.Actor, _ int64) bool { return m.Left > 0 }}},
				Takes: []Field{{Name: "amount", Kind: Int, Min: 1, Max: 9}, Note()},
				Effect: func(m *loan, c *Change) error {
					n, ok := c.In.Int("amount")
					if !ok {
						n = m.Left
					}
					if n > m.Left {
						return fault.New(fault.Conflict, "loan.none_left")
					}
					m.Left, m.Helper = m.Left-n, c.Actor.ID
					return nil
				},
				Tells: func(m *loan, _ *Change) []event.Tell { return []event.Tell{event.ToAccount(m.Author, "author")} }},
			{Do: "raise", From: In(open), By: Time[*loan](), Effect: func(m *loan, c *Change) error { m.Tier, m.Raised = m.Tier+1, c.At; return nil }},
			{Do: "expire", From: In(open), To: shut, By: Time[*loan]()},
			{Do: "give_back", From: In(lent), By: helper.Or(author()), Takes: []Field{Note()},
				Then: []Branch[*loan]{{"all_lent", func(m *loan) bool { return m.Left == 0 }, back}}, To: open},
			{Do: "overdue", From: In(lent), To: back, By: Time[*loan]()},
			{Do: "close", From: In(open, lent), To: shut, By: author(), Takes: []Field{Reason()}},
			// A second row of the same move with other rights and another condition.
			{Do: "close", From: In(open), To: shut, By: volunteer,
				If: []Guard[*loan]{{"loan.not_stale", func(m *loan, _ actor.Actor, now int64) bool { return now > m.Since+20*day }}}},
		},
		Deadlines: []Deadline[*loan]{
			{In: In(open), Do: "raise", At: func(m *loan, s Spans) int64 {
				if m.Tier >= 3 {
					return 0
				}
				return s.After(m.Scope(), "loan.tier_days", max(m.Raised, m.Since))
			}},
			{In: In(open), Do: "expire", After: "loan.open_days"},
			{In: In(lent), Do: "overdue", After: "loan.back_days"},
		},
	}
}

// V names a level without spelling the package each time.
func V(n int) actor.Level { return actor.Level(n) }

func newLoan(t *Table[*loan], left int64) *loan {
	m := &loan{Left: left, Tier: 1}
	m.ID, m.Author = "one", "ann"
	m.Locate("320105004004")
	t.Born(m, "", &Change{Actor: actor.Actor{ID: "ann"}, At: start}, spans)
	return m
}

var (
	ann     = actor.Actor{ID: "ann", Level: actor.V3}
	bob     = actor.Actor{ID: "bob", Level: actor.V3}
	novice  = actor.Actor{ID: "novice", Level: actor.V1}
	visitor = actor.Actor{}
)

func TestTableIsSound(t *testing.T) {
	if err := life().Check(); err != nil {
		t.Fatal(err)
	}
	if got := life().States(); !slices.Equal(got, []State{open, lent, shut, back}) {
		t.Errorf("states %v", got)
	}
	if got := life().Names(); !slices.Equal(got, []string{"lend", "raise", "expire", "give_back", "overdue", "close"}) {
		t.Errorf("names %v", got)
	}
	if got := life().Fields("close"); len(got) != 1 || got[0].Name != "reason" {
		t.Errorf("close takes %v", got)
	}
}

func TestCheckFindsEachMistake(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(l *Table[*loan])
		want string
	}{
		{"no name", func(l *Table[*loan]) { l.Name = "" }, "needs a name and a start"},
		{"no start", func(l *Table[*loan]) { l.Start = "" }, "needs a name and a start"},
		{"no audience", func(l *Table[*loan]) { l.Audience = nil }, "who may know"},
		{"unreachable", func(l *Table[*loan]) { l.Ends = append(l.Ends, "lost") }, "state lost cannot be reached"},
		{"island", func(l *Table[*loan]) {
			l.Moves = append(l.Moves, Move[*loan]{Do: "swim", From: In("sea"), To: open, By: author()})
		}, "state sea cannot be reached"},
		{"trap", func(l *Table[*loan]) { l.Ends = In(back) }, "state shut is a trap"},
		{"doubled", func(l *Table[*loan]) { l.Moves = append(l.Moves, l.Moves[0]) }, "lend from open by volunteer stands twice"},
		{"no do", func(l *Table[*loan]) { l.Moves[0].Do = "" }, "a row has no name"},
		{"no actor", func(l *Table[*loan]) { l.Moves[0].By = Who[*loan]{} }, "lend has no actor"},
		{"nowhere", func(l *Table[*loan]) { l.Moves[0].From = nil }, "lend starts nowhere"},
		{"branch", func(l *Table[*loan]) { l.Moves[3].Then[0].When = nil }, "branch without a condition"},
		{"guard", func(l *Table[*loan]) { l.Moves[0].If[0].Reason = "" }, "guard without a condition or a reason"},
		{"field twice", func(l *Table[*loan]) { l.Moves[0].Takes = []Field{Note(), Note()} }, "without a name of its own"},
		{"field hidden", func(l *Table[*loan]) { l.Moves[0].Takes = []Field{{Name: "_op", Kind: Text}} }, "without a name of its own"},
		{"field kind", func(l *Table[*loan]) { l.Moves[0].Takes = []Field{{Name: "a"}} }, "is of no kind"},
		{"nested kind", func(l *Table[*loan]) {
			l.Moves[0].Takes = []Field{{Name: "a", Kind: Object, Fields: []Field{{Name: "b", Kind: "colour"}}}}
		}, "lend.a takes b"},
		{"enum", func(l *Table[*loan]) { l.Moves[0].Takes = []Field{{Name: "a", Kind: Enum}} }, "has no values"},
		{"deadline without move", func(l *Table[*loan]) { l.Deadlines[0].Do = "melt" }, "melt in open has no move by the clock"},
		{"deadline by a person", func(l *Table[*loan]) { l.Deadlines[1].Do = "close" }, "close in open has no move by the clock"},
		{"deadline nowhere", func(l *Table[*loan]) { l.Deadlines[1].In = nil }, "expire is in no state"},
		{"deadline both", func(l *Table[*loan]) { l.Deadlines[0].After = "loan.open_days" }, "either After or At"},
		{"deadline neither", func(l *Table[*loan]) { l.Deadlines[1].After = "" }, "either After or At"},
		{"deadline refused", func(l *Table[*loan]) { l.Moves[2].If = l.Moves[0].If }, "expire in open could be refused"},
		{"deadline for ever", func(l *Table[*loan]) { l.Deadlines[0].At, l.Deadlines[0].After = nil, "loan.tier_days" }, "raise stays in open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := life()
			c.harm(l)
			if err := l.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Check says %v, want %q", err, c.want)
			}
		})
	}
}

func TestMayAnswersInTheContractsOrder(t *testing.T) {
	l := life()
	for _, c := range []struct {
		name  string
		m     func(m *loan)
		a     actor.Actor
		do    string
		after int64
		kind  fault.Kind
		key   string
	}{
		{"unknown move", nil, bob, "fly", 0, fault.NotFound, "fault.not_found"},
		{"nobody", nil, visitor, "lend", 0, fault.Denied, "fault.denied"},
		{"with a reason", nil, novice, "lend", 0, fault.Denied, "loan.needs_v3"},
		{"right before state", func(m *loan) { m.State = shut }, novice, "lend", 0, fault.Denied, "loan.needs_v3"},
		{"state", func(m *loan) { m.State = shut }, bob, "lend", 0, fault.Conflict, "fault.state"},
		{"guard", func(m *loan) { m.Left = 0 }, bob, "lend", 0, fault.Conflict, "loan.none_left"},
		{"second row, guard", nil, bob, "close", 0, fault.Conflict, "loan.not_stale"},
		{"clock's own", nil, ann, "expire", 0, fault.Denied, "fault.denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newLoan(l, 3)
			if c.m != nil {
				c.m(m)
			}
			row, err := l.May(m, c.a, c.do, start+c.after)
			if row != nil || !fault.Is(err, c.kind) || fault.Of(err).Key != c.key {
				t.Errorf("May says %v, want %v %s", err, c.kind, c.key)
			}
		})
	}
	m := newLoan(l, 3)
	if _, err := l.May(m, bob, "close", start+21*day); err != nil {
		t.Errorf("the second row of close: %v", err)
	}
}

func TestGuardOfOneRowDoesNotHideAnother(t *testing.T) {
	l := life()
	never := []Guard[*loan]{{"never", func(*loan, actor.Actor, int64) bool { return false }}}
	l.Moves = append([]Move[*loan]{{Do: "close", From: In(open), To: shut, By: Who[*loan]{Name: "author2", Is: author().Is}, If: never}}, l.Moves...)
	row, err := l.May(newLoan(l, 1), ann, "close", start)
	if err != nil || row.By.Name != "author" {
		t.Errorf("May says %v, %v", row, err)
	}
}

func TestApplyChangesHeadAndNotesTheEvent(t *testing.T) {
	l := life()
	m := newLoan(l, 2)
	if m.State != open || m.Version != 1 || m.DueDo != "raise" || m.DueAt != start+2*day {
		t.Fatalf("born %+v", m.Head)
	}
	row, err := l.May(m, bob, "lend", start+day)
	if err != nil {
		t.Fatal(err)
	}
	c := &Change{Actor: bob, At: start + day, In: Input{"amount": int64(2), "note": "on Monday"}}
	if err := l.Apply(m, row, c, spans); err != nil {
		t.Fatal(err)
	}
	if m.State != lent || m.Version != 2 || m.Since != start+day || m.DueDo != "overdue" || m.DueAt != start+8*day {
		t.Errorf("after lend %+v", m.Head)
	}
	if c.From != open || c.To != lent || c.Words["note"] != "on Monday" || c.Codes["amount"] != int64(2) || c.Codes["note"] != nil {
		t.Errorf("change %+v", c)
	}
	if len(c.Tell) != 1 || c.Tell[0].To != "account:ann" || c.Audience != event.Private {
		t.Errorf("told %v, audience %s", c.Tell, c.Audience)
	}
	row, _ = l.May(m, bob, "give_back", start+2*day)
	if err := l.Apply(m, row, &Change{Actor: bob, At: start + 2*day}, spans); err != nil || m.State != back || m.DueAt != 0 {
		t.Errorf("the branch led to %s (%v), due %d", m.State, err, m.DueAt)
	}
}

func TestTextsOfNestedFieldsAreWords(t *testing.T) {
	fields := []Field{
		{Name: "quantity", Kind: Object, Fields: []Field{{Name: "total", Kind: Int}, {Name: "unit", Kind: Text, Max: 8}, {Name: "pin", Kind: Text, Silent: true}}},
		{Name: "secret", Kind: Text, Silent: true},
	}
	in, err := Decode(fields, map[string]any{"quantity": map[string]any{"total": int64(3), "unit": "张", "pin": "1234"}, "secret": "s"})
	if err != nil {
		t.Fatal(err)
	}
	c := &Change{In: in}
	c.note(fields)
	if q, _ := c.Codes["quantity"].(map[string]any); len(q) != 1 || q["total"] != int64(3) || len(c.Codes) != 1 {
		t.Errorf("codes %v", c.Codes)
	}
	if len(c.Words) != 1 || c.Words["quantity.unit"] != "张" {
		t.Errorf("words %v", c.Words)
	}
}

func TestSettleOnlyEndsInAnInternalFaultForABrokenTable(t *testing.T) {
	l := life()
	l.Moves[2].If = l.Moves[0].If // expire may now be refused
	m := newLoan(l, 0)
	if _, err := l.Settle(m, start+40*day, spans); !fault.Is(err, fault.Internal) {
		t.Errorf("a refused deadline gives %v; a reader would be told of a conflict", err)
	}
	l = life()
	l.Deadlines[0].At = func(*loan, Spans) int64 { return start }
	m = newLoan(l, 1)
	if _, err := l.Settle(m, start+day, spans); !fault.Is(err, fault.Internal) {
		t.Errorf("a deadline without end gives %v", err)
	}
}

func TestMatrixShowsEachRight(t *testing.T) {
	l := life()
	gone := newLoan(l, 0)
	got := l.Matrix([]Sample[*loan]{{"fresh", newLoan(l, 2)}, {"none left", gone}},
		[]Sample[actor.Actor]{{"ann", ann}, {"bob", bob}, {"novice", novice}, {"visitor", visitor}}, start)
	want := `fresh (open)
  ann                close
  bob                lend close-
  novice             lend- close-
  visitor            .
none left (open)
  ann                close
  bob                lend- close-
  novice             lend- close-
  visitor            .
`
	if got != want {
		t.Errorf("matrix\n%s\nwant\n%s", got, want)
	}
}

func TestHandbookNamesEveryMoveAndState(t *testing.T) {
	page := life().Handbook(func(key string) string { return "«" + key + "»" })
	for _, want := range []string{
		"# «loan.kind»", "[*] --> open", "open --> lent: «loan.do.lend»", "lent --> back: «loan.do.give_back»",
		"shut --> [*]", "| `close` «loan.do.close» | «loan.state.open», «loan.state.lent» | «loan.state.shut» | author | `reason`* |",
		"helper / author", "`loan.none_left`", "| «loan.state.open» | `expire` | `loan.open_days` |", "a moment of its own",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q\n%s", want, page)
		}
	}
}

func TestScope(t *testing.T) {
	for place, want := range map[string]string{
		"320105004004901": "320105004004", "320105004004": "320105004004", "320105004": "320105004", "320105": "320105",
	} {
		var h Head
		h.Locate(place)
		if h.Scope() != want {
			t.Errorf("the scope of %s is %s, want %s", place, h.Scope(), want)
		}
	}
}
