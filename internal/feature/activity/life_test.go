package activity

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
	"linli/internal/platform/golden"
	"linli/internal/ui/text"
	"linli/migrations"
)

const (
	district, street, communityA, communityB = "320105", "320105004", "320105004004", "320105004005"
	hour                                     = int64(3600 * 1000)
	noon                                     = int64(1_795_000_000_000)
)

func actors() []flow.Sample[actor.Actor] {
	on := func(id string, roles ...actor.Role) actor.Actor {
		return actor.Actor{ID: id, Level: actor.V3, Home: communityA, Roles: roles}
	}
	return []flow.Sample[actor.Actor]{
		{Name: "anonymous"}, {Name: "newcomer", Value: actor.Actor{ID: "newcomer", Level: actor.V1, Home: communityA}},
		{Name: "resident", Value: on("resident")}, {Name: "outsider", Value: actor.Actor{ID: "outsider", Level: actor.V3, Home: communityB}},
		{Name: "volunteer", Value: on("volunteer", actor.Role{Name: actor.Volunteer, Place: communityA})},
		{Name: "author", Value: on("author", actor.Role{Name: actor.Volunteer, Place: communityA})},
		{Name: "host", Value: on("host", actor.Role{Name: actor.Agent, Group: "g", GroupKind: actor.Society})},
		{Name: "staff", Value: on("staff", actor.Role{Name: actor.Staff, Place: communityA})},
		{Name: "staff of B", Value: on("staffb", actor.Role{Name: actor.Staff, Place: communityB})},
		{Name: "street", Value: on("street", actor.Role{Name: actor.Staff, Place: street})},
		{Name: "clock", Value: actor.Clock},
	}
}

func matters() []flow.Sample[*Activity] {
	made := func(state flow.State, change func(m *Activity)) *Activity {
		m := &Activity{Capacity: 2, Starts: noon, Ends: noon + 2*hour, Cutoff: noon, Hosts: []Host{{Group: "g"}}}
		m.ID, m.State, m.Version, m.Author = "m", state, 1, "author"
		m.Locate(communityA)
		if change != nil {
			change(m)
		}
		return m
	}
	entry := func(account, state string) func(m *Activity) {
		return func(m *Activity) {
			e := &Entry{ID: "e", Account: account, Party: 1, State: state}
			m.Entries = append(m.Entries, e)
			if state == Waits {
				m.Waiting++
			} else {
				m.seat(e, 1)
			}
		}
	}
	return []flow.Sample[*Activity]{
		{Name: "draft", Value: made(Draft, nil)}, {Name: "published", Value: made(Published, nil)},
		{Name: "published, resident in", Value: made(Published, entry("resident", In))},
		{Name: "published, resident waits", Value: made(Published, entry("resident", Waits))},
		{Name: "published, resident offered", Value: made(Published, entry("resident", Offered))},
		{Name: "published for residents", Value: made(Published, func(m *Activity) { m.Audience = Residents })},
		{Name: "running, resident checked in", Value: made(Running, func(m *Activity) { entry("resident", In)(m); m.Entries[0].InAt, m.Came = noon, 1 })},
		{Name: "finished, resident came", Value: made(Finished, func(m *Activity) { entry("resident", In)(m); m.Entries[0].InAt, m.Came = noon, 1 })},
		{Name: "closed", Value: made(Closed, func(m *Activity) { m.Came, m.Confirmed = 1, 1 })}, {Name: "cancelled", Value: made(Cancelled, nil)},
	}
}

// TestLife holds the table to its own rules and the rules to the golden matrix.
func TestLife(t *testing.T) {
	if err := Life.Check(); err != nil {
		t.Fatal(err)
	}
	got := Life.Matrix(matters(), actors(), noon-hour)
	golden.Check(t, "testdata/matrix.txt", got)
}

// TestSeesSQL: what a list gives is what Sees says, for random drafts and actors.
func TestSeesSQL(t *testing.T) {
	dbtest.EachFrom(t, "activity-sees", func(url string) error {
		d, err := db.Open(context.Background(), url, clock.System{})
		if err != nil {
			return err
		}
		defer d.Close()
		_, err = d.Migrate(context.Background(), migrations.Files)
		return err
	}, func(t *testing.T, url string) {
		ctx := context.Background()
		d, err := db.Open(ctx, url, clock.System{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		r := rand.New(rand.NewPCG(1, 2))
		var all []*Activity
		err = d.Write(ctx, func(tx *db.Tx) error {
			all = nil
			for i := range 120 {
				m := &Activity{Capacity: 5, Starts: noon, Ends: noon + hour, Kind: Kinds[i%8]}
				m.ID, m.State, m.Version = fmt.Sprintf("00000000-0000-7000-8000-%012d", i), []flow.State{Draft, Draft, Published, Closed}[r.IntN(4)], 1
				m.Author = []string{"author", "resident", "staff"}[r.IntN(3)]
				m.Locate([]string{district, street, communityA, communityB, communityA + "001"}[r.IntN(5)])
				if r.IntN(2) == 0 {
					m.Hosts = []Host{{Group: "g"}}
				}
				all = append(all, m)
				if err := (store{}).Insert(ctx, tx, m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range actors() {
			got, err := list(ctx, d, a.Value, Filter{}, page.Ask{Limit: 200}, noon)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range all {
				listed := slices.ContainsFunc(got, func(o *Activity) bool { return o.ID == m.ID })
				if sees := Sees(a.Value, m); sees != listed {
					t.Errorf("%s: %s at %s by %s: Sees %v, listed %v", a.Name, m.State, m.Place, m.Author, sees, listed)
				}
			}
		}
	})
}

// TestSeries: occurrences by rule, without the exceptions, bounded.
func TestSeries(t *testing.T) {
	start := time.Date(2026, 9, 5, 9, 0, 0, 0, clock.China) // a Saturday
	for _, c := range []struct {
		rule   string
		except []string
		want   int
		fault  string
	}{
		{"FREQ=WEEKLY;COUNT=8", nil, 8, ""}, {"RRULE:freq=weekly;count=8", []string{"2026-10-03"}, 7, ""}, {"FREQ=DAILY;UNTIL=20260908T160000Z", nil, 4, ""},
		{"FREQ=MONTHLY;BYDAY=1SA;COUNT=12", nil, 12, ""}, {"FREQ=WEEKLY", nil, 0, "activity.rule"}, {"FREQ=HOURLY;COUNT=4", nil, 0, "activity.rule"},
		{"FREQ=DAILY;COUNT=500", nil, 0, "activity.rule"}, {"每周一次", nil, 0, "activity.rule"}, {"FREQ=WEEKLY;COUNT=1", nil, 0, "activity.rule_short"},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3", nil, 0, "activity.rule"}, {"FREQ=WEEKLY;COUNT=8", []string{"十月"}, 0, "activity.except"},
	} {
		m := &Activity{Rule: c.rule, Starts: start.UnixMilli()}
		var faults fault.Fields
		m.setSeries(c.except, &faults)
		got := ""
		if len(faults) > 0 {
			got = faults[0].Key
		}
		if strings.TrimSuffix(got, "_short") != strings.TrimSuffix(c.fault, "_short") {
			t.Errorf("%s: %q, want %q", c.rule, got, c.fault)
			continue
		}
		if c.want > 0 {
			if all, err := m.occurrences(); err != nil || len(all) != c.want || all[0] != start {
				t.Errorf("%s: %d (%v), want %d", c.rule, len(all), err, c.want)
			}
		}
	}
}

// TestCodesOfTime: a QR code holds for its own half minute and the next, on any node.
func TestCodesOfTime(t *testing.T) {
	s, other := &Service{Secret: []byte("a")}, &Service{Secret: []byte("a")}
	m := &Activity{}
	m.ID = "m"
	for age := int64(0); age < 90; age++ {
		at := noon + 7_000
		_, err := s.checkCode(m, fmt.Sprint(age), other.QRCode("m", at-age*1000), at)
		if ok := err == nil; age >= 61 && ok || age <= 30 && !ok {
			t.Errorf("a code %d seconds old: %v", age, err)
		}
	}
	if c := s.SpokenCode("m", noon); len(c) != 6 || strings.Trim(c, "0123456789") != "" {
		t.Errorf("spoken code %q", c)
	}
}

func TestTexts(t *testing.T) {
	text.Add(texts)
	unknown, err := text.Unknown(os.DirFS("."))
	unknown = slices.DeleteFunc(unknown, func(k string) bool { return !strings.HasPrefix(k, "activity.") })
	if err != nil || len(unknown) > 0 {
		t.Errorf("%v %v", unknown, err)
	}
	keys := []string{"activity.kind"}
	for _, s := range Life.States() {
		keys = append(keys, "activity.state."+string(s))
	}
	for _, do := range Life.Names() {
		keys = append(keys, "activity.do."+do)
		for _, f := range Life.Fields(do) {
			keys = append(keys, "activity.field."+f.Name)
		}
	}
	for _, f := range slices.Concat(createFields, listFields) {
		keys = append(keys, "activity.field."+f.Name)
	}
	for _, row := range Life.Moves {
		for _, g := range row.If {
			keys = append(keys, g.Reason)
		}
	}
	for _, k := range keys {
		for _, lang := range text.Languages() {
			if !text.Has(lang, k) {
				t.Errorf("%s has no %s", lang, k)
			}
		}
	}
}
