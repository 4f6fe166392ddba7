package notify_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/feature/notify"
	"linli/internal/feature/wish"
	"linli/internal/platform/golden"
	"linli/internal/ui/text"
)

// TestSentences compares the sentence of every move of a wish, for everybody
// the move may tell, with a golden text in both languages: a change of words
// or of the lifecycle shows as a change of text.
func TestSentences(t *testing.T) {
	apptest.Serve(t, apptest.Config(t, "", clock.NewFake(apptest.Noon))) // adds the texts of all features
	whys := []string{"author", "helped", "staff", "asked", "claimer", "lead", "offered", "family"}
	var out []string
	for _, lang := range text.Languages() {
		for _, m := range wish.Life.Moves {
			states := []flow.State{m.To}
			if m.To == "" {
				states = slices.Clone(m.From)
			}
			for _, b := range m.Then {
				states = append(states, b.To)
			}
			for _, state := range states {
				said := map[string][]string{} // sentence → for whom
				for _, why := range whys {
					one := notify.Sentence(lang, "wish", m.Do, why, string(state), "修纱窗")
					said[one] = append(said[one], why)
				}
				for one, whom := range said {
					out = append(out, fmt.Sprintf("%s %s→%s: %s (%s)", lang, m.Do, state, one, strings.Join(whom, " ")))
				}
			}
		}
		for _, untold := range [][4]string{
			{"wish", "deliver", "author", "delivered"}, {"wish", "no_such", "author", "open"}, {"poll", "close", "author", "closed"},
			{"unknown", "thing", "author", ""}, {"activity", "check_in", "organiser", "running"},
		} {
			out = append(out, fmt.Sprintf("%s without a title %v: %s", lang, untold, notify.Sentence(lang, untold[0], untold[1], untold[2], untold[3], "")))
		}
	}
	slices.Sort(out)
	got := strings.Join(slices.Compact(out), "\n") + "\n"
	golden.Check(t, "testdata/sentences.txt", got)
	for _, bad := range []string{"对不起", "无效", "禁止", "非法", "「」", "“”", "{", "notify."} {
		if strings.Contains(got, bad) {
			t.Errorf("a sentence holds %q", bad)
		}
	}
}

// TestTexts: both languages hold the same keys with the same placeholders.
func TestTexts(t *testing.T) {
	words := map[string]map[string]string{}
	for _, lang := range text.Languages() {
		raw, err := os.ReadFile("locale/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]string{}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		words[lang] = m
	}
	for k, v := range words[text.Chinese] {
		e, ok := words[text.English][k]
		if !ok || e == "" || v == "" || strings.Contains(v, "{title}") != strings.Contains(e, "{title}") {
			t.Errorf("%s: %q against %q", k, v, e)
		}
		for _, bad := range []string{"对不起", "无效", "禁止", "非法"} {
			if strings.Contains(v, bad) {
				t.Errorf("%s says %s", k, bad)
			}
		}
	}
	text.Add(os.DirFS("."))
	if missing, err := text.Unknown(os.DirFS(".")); err != nil || len(missing) > 0 {
		t.Errorf("%v %v", missing, err)
	}
}

// TestWays: quiet hours over midnight, and the day a digest belongs to.
func TestWays(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 11, 18, h, m, 0, 0, clock.China) }
	night := notify.Hours{QuietFrom: 21 * 60, QuietTo: 8 * 60, DigestAt: 18 * 60}
	for _, c := range []struct {
		hours notify.Hours
		at    time.Time
		want  time.Time
	}{
		{night, at(12, 0), at(12, 0)}, {night, at(21, 0), at(32, 0)}, {night, at(7, 59), at(8, 0)}, {night, at(8, 0), at(8, 0)},
		{notify.Hours{QuietFrom: 13 * 60, QuietTo: 14 * 60}, at(13, 30), at(14, 0)}, {notify.Hours{QuietFrom: 60, QuietTo: 60}, at(1, 0), at(1, 0)},
	} {
		if got := c.hours.Awake(c.at); !got.Equal(c.want) {
			t.Errorf("%+v at %s: %s, want %s", c.hours, c.at, got, c.want)
		}
	}
	for _, c := range []struct {
		at, want time.Time
		item     string
	}{
		{at(12, 0), at(18, 0), "digest:2026-11-18"}, {at(18, 0), at(18, 0), "digest:2026-11-18"}, {at(18, 1), at(42, 0), "digest:2026-11-19"},
	} {
		if got, item := night.Digest(c.at); !got.Equal(c.want) || item != c.item {
			t.Errorf("digest of %s: %s %s", c.at, got, item)
		}
	}
}
