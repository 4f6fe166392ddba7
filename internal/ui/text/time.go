package text

import (
	"fmt"
	"strings"
	"time"
)

// Zone is the zone all times are shown in: China has had one zone without daylight saving since 1991.
var Zone = time.FixedZone("CST", 8*60*60)

var (
	weekdays = [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}
	months   = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
)

// Date writes the day of t with its year: "2026年5月3日", "3 May 2026".
func Date(lang string, t time.Time) string {
	t = t.In(Zone)
	if Normal(lang) == English {
		return fmt.Sprintf("%d %s %d", t.Day(), months[t.Month()-1], t.Year())
	}
	return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
}

// Day writes the day of t with its weekday and without the year: "5月3日 周日", "Sun 3 May".
func Day(lang string, t time.Time) string {
	t = t.In(Zone)
	if Normal(lang) == English {
		return fmt.Sprintf("%s %d %s", t.Weekday().String()[:3], t.Day(), months[t.Month()-1])
	}
	return fmt.Sprintf("%d月%d日 %s", t.Month(), t.Day(), weekdays[t.Weekday()])
}

// Clock writes the time of day: "18:00".
func Clock(t time.Time) string { return t.In(Zone).Format("15:04") }

// Moment writes day and time as a person says it on the day now: the year only when it differs from now's, and
// 今天, 明天, 昨天 where they apply: "今天 18:00", "5月3日 周日 18:00", "2025年12月31日 18:00".
func Moment(lang string, t, now time.Time) string {
	t, now = t.In(Zone), now.In(Zone)
	day := Day(lang, t)
	switch diff := dayNumber(t) - dayNumber(now); {
	case diff == 0:
		day = T(lang, "time.today")
	case diff == 1:
		day = T(lang, "time.tomorrow")
	case diff == -1:
		day = T(lang, "time.yesterday")
	case t.Year() != now.Year():
		day = Date(lang, t)
	}
	return day + " " + Clock(t)
}

// Deadline is Moment for a time limit: the end of a day is 24:00 of it, not 00:00 of the next, which people take for a
// day more.
func Deadline(lang string, t, now time.Time) string {
	if t = t.In(Zone); t.Hour() == 0 && t.Minute() == 0 {
		return strings.TrimSuffix(Moment(lang, t.Add(-time.Minute), now), "23:59") + "24:00"
	}
	return Moment(lang, t, now)
}

// Left says how long it is from now until t in the largest fitting unit, rounded down: "还有 3 天", "还有 5 小时",
// "还有 20 分钟"; after t, "已过期 2 天" and so on; under a minute either way "就是现在".
func Left(lang string, t, now time.Time) string {
	d := t.Sub(now)
	key := "time.left"
	if d < 0 {
		key, d = "time.over", -d
	}
	switch {
	case d >= 24*time.Hour:
		return T(lang, key+"_days", "n", int(d/(24*time.Hour)))
	case d >= time.Hour:
		return T(lang, key+"_hours", "n", int(d/time.Hour))
	case d >= time.Minute:
		return T(lang, key+"_minutes", "n", int(d/time.Minute))
	default:
		return T(lang, "time.now")
	}
}

// Money writes an amount given in 分 as yuan, with 角 and 分 only where they are not zero: "¥38,000", "¥12.50".
func Money(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	s := sign + "¥" + Number(fen/100)
	if fen%100 != 0 {
		s += fmt.Sprintf(".%02d", fen%100)
	}
	return s
}

// dayNumber counts days of Zone so that two moments can be compared by calendar day.
func dayNumber(t time.Time) int64 {
	_, offset := t.Zone()
	return (t.Unix() + int64(offset)) / (24 * 60 * 60)
}
