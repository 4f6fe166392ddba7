package text

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func folder(zh, en string) fstest.MapFS {
	return fstest.MapFS{"locale/zh-CN.json": {Data: []byte(zh)}, "locale/en.json": {Data: []byte(en)}}
}

// fresh gives a test catalogues of its own.
func fresh(t *testing.T, folders ...fstest.MapFS) {
	t.Helper()
	old, oldAsked := current.Load(), asked
	t.Cleanup(func() { current.Store(old); asked = oldAsked })
	current.Store(nil)
	asked = map[string]bool{}
	for _, f := range folders {
		Add(f)
	}
}

func TestT(t *testing.T) {
	fresh(t, folder(
		`{"a.left":"还有 {n} 天","a.who":"{who}认领了{amount}","a.zh":"只有中文"}`,
		`{"a.left":"{n} days left","a.left_one":"{n} day left","a.who":"{who} claimed {amount}"}`,
	))
	for _, c := range []struct {
		lang, key string
		args      []any
		want      string
	}{
		{"zh-CN", "a.left", []any{"n", 1}, "还有 1 天"},
		{"en", "a.left", []any{"n", 1}, "1 day left"},
		{"en", "a.left", []any{"n", int64(1)}, "1 day left"},
		{"en-GB", "a.left", []any{"n", 12345}, "12,345 days left"},
		{"", "a.left", []any{"n", 0}, "还有 0 天"},
		{"zh-CN", "a.who", []any{"who", "{amount}", "amount", "7"}, "{amount}认领了7"},
		{"zh-CN", "a.who", []any{"who", "老张"}, "老张认领了{amount}"},
		{"zh-CN", "a.who", []any{"who"}, "{who}认领了{amount}"},
		{"en", "a.zh", nil, "只有中文"},
		{"en", "a.none", []any{"n", 1}, "a.none"},
	} {
		if got := T(c.lang, c.key, c.args...); got != c.want {
			t.Errorf("T(%q, %q, %v) = %q, want %q", c.lang, c.key, c.args, got, c.want)
		}
	}
}

func TestMissing(t *testing.T) {
	fresh(t, folder(
		`{"a.same":"{n}","a.zh":"x","a.diff":"{n} {m}","a.empty":""}`,
		`{"a.same":"{n}","a.same_one":"one","a.en":"x","a.en_one":"x","a.diff":"{n}","a.empty":"x"}`,
	))
	T("en", "a.nobody")
	want := []string{"asked for but absent: a.nobody", "empty: a.empty", "en lacks a.zh", "placeholders differ: a.diff", "zh-CN lacks a.en", "zh-CN lacks a.en_one"}
	if got := Missing(); !slices.Equal(got, want) {
		t.Errorf("Missing() = %q\nwant %q", got, want)
	}
}

func TestAddRefuses(t *testing.T) {
	good := folder(`{"a.x":"甲"}`, `{"a.x":"x"}`)
	fresh(t, good)
	Add(good) // twice is once
	for name, bad := range map[string]fstest.MapFS{
		"other words": folder(`{"a.x":"乙"}`, `{"a.x":"x"}`),
		"no JSON":     folder(`{`, `{}`),
		"nested":      folder(`{"a":{"b":"c"}}`, `{}`),
		"no English":  {"locale/zh-CN.json": {Data: []byte(`{}`)}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			Add(bad)
		}()
	}
	if got := T("zh-CN", "a.x"); got != "甲" {
		t.Errorf("after refused folders a.x is %q", got)
	}
}

func TestUnknown(t *testing.T) {
	fresh(t, folder(`{"a.x":"甲"}`, `{"a.x":"x"}`))
	got, err := Unknown(fstest.MapFS{
		"page.templ":    {Data: []byte(`{ p.T("a.x") } { p.T("a.lost", "n", 3) } { p.T("a.part_" + s) }`)},
		"web.go":        {Data: []byte(`text.T(lang, "b.lost")`)},
		"page_templ.go": {Data: []byte(`p.T("c.generated")`)},
		"web_test.go":   {Data: []byte(`p.T("c.test")`)},
	})
	if err != nil || strings.Join(got, " ") != "a.lost b.lost" {
		t.Errorf("Unknown = %q, %v", got, err)
	}
}

func TestTimes(t *testing.T) {
	fresh(t, folder(
		`{"time.today":"今天","time.tomorrow":"明天","time.yesterday":"昨天","time.now":"现在","time.left_days":"还有{n}天","time.left_hours":"还有{n}小时","time.left_minutes":"还有{n}分","time.over_days":"超{n}天","time.over_hours":"超{n}小时","time.over_minutes":"超{n}分"}`,
		`{"time.today":"today","time.tomorrow":"tomorrow","time.yesterday":"yesterday","time.now":"now","time.left_days":"{n}d","time.left_hours":"{n}h","time.left_minutes":"{n}m","time.over_days":"{n}d late","time.over_hours":"{n}h late","time.over_minutes":"{n}m late"}`,
	))
	now := time.Date(2026, 5, 6, 23, 30, 0, 0, Zone)
	for _, c := range []struct {
		at                 time.Time
		moment, left, engl string
	}{
		{now, "今天 23:30", "现在", "today 23:30"},
		{now.Add(40 * time.Minute), "明天 00:10", "还有40分", "tomorrow 00:10"},
		{now.Add(-24 * time.Hour), "昨天 23:30", "超1天", "yesterday 23:30"},
		{now.Add(-59 * time.Second), "今天 23:29", "现在", "today 23:29"},
		{now.Add(47*time.Hour + 59*time.Minute), "5月8日 周五 23:29", "还有1天", "Fri 8 May 23:29"},
		{time.Date(2027, 1, 1, 9, 0, 0, 0, Zone), "2027年1月1日 09:00", "还有239天", "1 Jan 2027 09:00"},
		{time.Date(2026, 5, 6, 15, 0, 0, 0, time.UTC), "今天 23:00", "超30分", "today 23:00"},
		{time.Date(2026, 5, 6, 16, 0, 0, 0, time.UTC), "明天 00:00", "还有30分", "tomorrow 00:00"},
		{now.Add(5 * time.Hour), "明天 04:30", "还有5小时", "tomorrow 04:30"},
	} {
		if got := Moment("zh-CN", c.at, now); got != c.moment {
			t.Errorf("Moment(%v) = %q, want %q", c.at, got, c.moment)
		}
		if got := Moment("en", c.at, now); got != c.engl {
			t.Errorf("English Moment(%v) = %q, want %q", c.at, got, c.engl)
		}
		if got := Left("zh-CN", c.at, now); got != c.left {
			t.Errorf("Left(%v) = %q, want %q", c.at, got, c.left)
		}
	}
	for at, want := range map[time.Time]string{
		time.Date(2026, 5, 7, 0, 0, 0, 0, Zone):  "今天 24:00",
		time.Date(2026, 5, 10, 0, 0, 0, 0, Zone): "5月9日 周六 24:00",
		time.Date(2027, 1, 1, 0, 0, 0, 0, Zone):  "12月31日 周四 24:00",
		time.Date(2026, 5, 9, 9, 0, 0, 0, Zone):  "5月9日 周六 09:00",
	} {
		if got := Deadline("zh-CN", at, now); got != want {
			t.Errorf("Deadline(%v) = %q, want %q", at, got, want)
		}
	}
	if got := Date("en", now) + "|" + Date("zh-CN", now) + "|" + Day("en", now); got != "6 May 2026|2026年5月6日|Wed 6 May" {
		t.Error(got)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 100: "100", -100: "-100"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
	for fen, want := range map[int64]string{0: "¥0", 5: "¥0.05", 1250: "¥12.50", 3_800_000: "¥38,000", -99: "-¥0.99"} {
		if got := Money(fen); got != want {
			t.Errorf("Money(%d) = %q, want %q", fen, got, want)
		}
	}
}
