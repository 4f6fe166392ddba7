package activity

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
	"linli/internal/ui/text"
	"linli/migrations"
)

var update = flag.Bool("update", false, "write golden files anew")

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
	path := filepath.Join("testdata", "matrix.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("the matrix differs; if the change of rules is meant: go test ./internal/feature/activity -run TestLife -update\n%s", got)
	}
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

func service(t *testing.T) *Service {
	t.Helper()
	d, err := db.Open(context.Background(), dbtest.SQLiteURL(t), clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.Migrate(context.Background(), migrations.Files); err != nil {
		t.Fatal(err)
	}
	return &Service{Places: place.New(journal.New(d, nil)), Secret: []byte("secret")}
}

// TestCalendar: lines of at most 75 octets that split no character, CRLF, UTC,
// a UID that stays, SEQUENCE and CANCELLED; read back by a parser in Go and,
// where node is present, by two in JavaScript.
func TestCalendar(t *testing.T) {
	s := service(t)
	long := strings.Repeat("请带上水杯和手套，穿防滑的鞋；", 20)
	one := &Activity{Title: "江边捡拾垃圾，一起来；把江洲还给白鹭\\n\"引号\"", Body: long + "\n第二行\r\x07", Bring: "手套", LocationNote: "3号门,东侧", Kind: "家政清洁", Starts: noon, Ends: noon + hour, Sequence: 3, ChangedAt: noon - hour}
	one.ID, one.State = "one", Published
	two := &Activity{Title: "重阳节敬老", Kind: "扶老护幼", Starts: noon + 24*hour, Ends: noon + 25*hour, Sequence: 1, ChangedAt: noon}
	two.ID, two.State = "two", Cancelled
	body := s.calendar("洲岛家园社区活动", "https://linli.test", []*Activity{one, two}, noon)
	lines := strings.Split(string(body), "\r\n")
	for _, l := range lines {
		if len(l) > 75 || !utf8.ValidString(l) || strings.ContainsAny(l, "\r\n") {
			t.Errorf("a line of %d octets: %q", len(l), l)
		}
	}
	if strings.Contains(strings.ReplaceAll(string(body), "\r\n", ""), "\n") {
		t.Error("a bare LF")
	}
	cal, err := ics.ParseCalendar(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	events := cal.Events()
	if len(events) != 2 || events[0].Id() != "one@linli.test" || events[1].GetProperty(ics.ComponentPropertyStatus).Value != "CANCELLED" ||
		events[0].GetProperty(ics.ComponentPropertySequence).Value != "3" {
		t.Errorf("read back: %+v", events)
	}
	if at, err := events[0].GetStartAt(); err != nil || at.UnixMilli() != noon {
		t.Errorf("starts %v (%v)", at, err)
	}
	if d := events[0].GetProperty(ics.ComponentPropertyDescription).Value; !strings.HasPrefix(d, long) {
		t.Errorf("description %q", d)
	}
	t.Run("node", func(t *testing.T) { parsers(t, body) })
}

// parsers asks ical.js and node-ical what they understand.
func parsers(t *testing.T, body []byte) {
	leaveOut := func(why string) {
		if os.Getenv("LINLI_REQUIRE_NODE") == "1" {
			t.Fatal(why)
		}
		t.Skip("two of three parsers are left out: " + why)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		leaveOut("node is not installed")
	}
	dir := filepath.Join("..", "..", "..", "e2e", "ics")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "ical.js")); err != nil {
		work := t.TempDir()
		for _, f := range []string{"package.json", "package-lock.json", "check.cjs"} {
			b, err := os.ReadFile(filepath.Join(dir, f))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(work, f), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		npm := exec.CommandContext(ctx, "npm", "ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts")
		npm.Dir = work
		if out, err := npm.CombinedOutput(); err != nil {
			leaveOut(fmt.Sprintf("they cannot be fetched (cd e2e/ics && npm ci): %v\n%s", err, out))
		}
		dir = work
	}
	cmd := exec.Command(node, "check.cjs")
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(string(body)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var read [2][]struct {
		UID, Summary, Start, Status string
		Sequence                    int
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, events := range read {
		if len(events) != 2 || events[0].UID != "one@linli.test" || events[0].Sequence != 3 || events[1].Status != "CANCELLED" ||
			!strings.HasPrefix(events[0].Summary, "江边捡拾垃圾，一起来") || events[0].Start != time.UnixMilli(noon).UTC().Format("2006-01-02T15:04:05.000Z") {
			t.Errorf("parser %d read %+v", i+1, events)
		}
	}
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
