package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"linli/internal/core/clock"
	"linli/internal/feature/activity"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
	"linli/internal/ui/text"
	"linli/migrations"
)

const (
	hour = int64(3600 * 1000)
	noon = int64(1_795_000_000_000)
)

func calendars(t *testing.T) *Calendar {
	t.Helper()
	d, err := db.Open(context.Background(), dbtest.SQLiteURL(t), clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.Migrate(context.Background(), migrations.Files); err != nil {
		t.Fatal(err)
	}
	return NewCalendar(journal.New(d, nil), nil, place.New(journal.New(d, nil)), nil)
}

// TestCalendar: lines of at most 75 octets that split no character, CRLF, UTC,
// a UID that stays, SEQUENCE and CANCELLED; read back by a parser in Go and,
// where node is present, by two in JavaScript.
func TestCalendar(t *testing.T) {
	s := calendars(t)
	long := strings.Repeat("请带上水杯和手套，穿防滑的鞋；", 20)
	one := &activity.Activity{Title: "江边捡拾垃圾，一起来；把江洲还给白鹭\\n\"引号\"", Body: long + "\n第二行\r\x07", Bring: "手套", LocationNote: "3号门,东侧", Kind: "家政清洁", Starts: noon, Ends: noon + hour, Sequence: 3, ChangedAt: noon - hour}
	one.ID, one.State = "one", activity.Published
	two := &activity.Activity{Title: "重阳节敬老", Kind: "扶老护幼", Starts: noon + 24*hour, Ends: noon + 25*hour, Sequence: 1, ChangedAt: noon}
	two.ID, two.State = "two", activity.Cancelled
	body := s.calendar("洲岛家园社区活动", "https://linli.test", []*activity.Activity{one, two}, noon)
	lines := strings.Split(string(body), "\r\n")
	for _, l := range lines {
		if len(l) > 75 || !utf8.ValidString(l) || strings.ContainsAny(l, "\r\n") {
			t.Errorf("a line of %d octets: %q", len(l), l)
		}
	}
	if strings.Contains(strings.ReplaceAll(string(body), "\r\n", ""), "\n") {
		t.Error("a bare LF")
	}
	if strings.Count(string(body), "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n") != 1 {
		t.Error("no interval at which to look again")
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
		npm := exec.CommandContext(ctx, "npm", "ci", "--prefer-offline", "--fetch-retries=5", "--no-audit", "--no-fund", "--ignore-scripts")
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

// TestTexts: every text the pages name is there in both languages.
func TestTexts(t *testing.T) {
	text.Add(texts)
	unknown, err := text.Unknown(os.DirFS("."))
	unknown = slices.DeleteFunc(unknown, func(k string) bool { return !strings.HasPrefix(k, "calendar") })
	if err != nil || len(unknown) > 0 {
		t.Errorf("%v %v", unknown, err)
	}
}
