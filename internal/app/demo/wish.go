package demo

import (
	"container/heap"
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"linli/internal/app"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

// wishTexts are what residents wish for, one a line: category, marks, title, body.
//
//go:embed wishes.txt
var wishTexts string

// wishText is one of them. Marks say in which season it is asked (夏, 冬), that
// it is private (密), and how much of what is wished for (20床).
type wishText struct {
	category, title, body string
	summer, winter, priv  bool
	total                 int64
	unit                  string
}

func wishTextsOf(raw string) []wishText {
	var out []wishText
	for line := range strings.Lines(raw) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 4 {
			continue
		}
		t := wishText{category: f[0], title: f[2], body: f[3]}
		for _, m := range strings.Fields(f[1]) {
			switch {
			case m == "夏":
				t.summer = true
			case m == "冬":
				t.winter = true
			case m == "密":
				t.priv = true
			default:
				digits := strings.TrimRight(m, strings.TrimLeft(m, "0123456789"))
				t.total, _ = strconv.ParseInt(digits, 10, 64)
				t.unit = strings.TrimPrefix(m, digits)
			}
		}
		out = append(out, t)
	}
	return out
}

func (t wishText) fits(m time.Month) bool {
	switch {
	case t.summer:
		return m >= time.May && m <= time.September
	case t.winter:
		return m >= time.November || m <= time.March
	}
	return true
}

// neighbours are further residents of the two communities, so that wishes come
// from many doors.
var neighbours = []string{
	"王阿姨", "老周", "陈先生", "孙奶奶", "小徐", "朱大爷", "马女士", "胡师傅", "郭大妈", "小林", "何先生", "高奶奶", "罗女士", "梁叔", "宋阿姨",
	"唐先生", "许女士", "韩大爷", "小冯妈妈", "邓师傅", "曹阿姨", "彭先生", "曾女士", "萧奶奶", "田大妈", "董叔", "袁女士", "潘爷爷", "小于", "蒋阿姨",
	"蔡先生", "余大姐", "杜师傅", "叶奶奶", "程女士", "苏叔", "魏大爷", "吕阿姨", "丁先生", "任女士",
}

// wishYear plays a year of wishes: every story plans its steps, and the steps
// of all stories are taken in the order of time. What would come after the end
// is left undone, which is how wishes come to stand in every state today.
type wishYear struct {
	ctx     context.Context
	h       *app.House
	year    *clock.Fake
	rnd     *rand.Rand
	end     time.Time
	ids     map[string]string
	authors []string
	helpers []string
	texts   []wishText
	recent  []int // texts used lately, not to repeat them
	plan    plan
	steps   int
}

type step struct {
	at  time.Time
	seq int
	do  func() error
}

type plan []step

func (p plan) Len() int { return len(p) }
func (p plan) Less(i, j int) bool {
	return p[i].at.Before(p[j].at) || p[i].at.Equal(p[j].at) && p[i].seq < p[j].seq
}
func (p plan) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *plan) Push(s any)   { *p = append(*p, s.(step)) }
func (p *plan) Pop() any     { s := (*p)[len(*p)-1]; *p = (*p)[:len(*p)-1]; return s }

// Wishes makes a year of wishes from where the clock stands, through the
// use-cases that people use, and sets the clock back to where it stood.
func Wishes(ctx context.Context, h *app.House, year *clock.Fake, rnd *rand.Rand) error {
	start := year.Now()
	y := &wishYear{ctx: ctx, h: h, year: year, rnd: rnd, end: start.AddDate(1, 0, 0), ids: map[string]string{}, texts: wishTextsOf(wishTexts)}
	if err := y.people(); err != nil {
		return err
	}
	const stories, fresh = 250, 48
	for i := range stories {
		// Evenly over the year, and densely in the last two weeks, so that much is under way today.
		part := float64(i) / (stories - fresh)
		at := start.Add(time.Duration(part * float64(y.end.Sub(start))))
		if i >= stories-fresh {
			u := rnd.Float64()
			at = y.end.Add(-time.Duration(u*u*u*14*24*60) * time.Minute)
		}
		at = daytime(at, rnd)
		if !at.Before(y.end) {
			at = y.end.Add(-time.Duration(1+rnd.IntN(300)) * time.Minute)
		}
		if at.Before(start) { // before that nobody is there yet
			at = start.Add(time.Duration(1+rnd.IntN(300)) * time.Minute)
		}
		kind := i
		y.at(at, func() error { return y.tell(kind) })
	}
	y.at(start.AddDate(0, 5, 11), y.vegetables)
	y.at(y.end.Add(-6*24*time.Hour), y.disputed)
	y.at(y.end.Add(-20*time.Hour), y.returned)
	y.at(y.end.Add(-50*time.Hour), y.underWay)
	for y.plan.Len() > 0 {
		s := heap.Pop(&y.plan).(step)
		year.Set(s.at)
		if err := s.do(); err != nil {
			return fmt.Errorf("on %s: %w", s.at.Format(time.DateOnly), err)
		}
	}
	year.Set(y.end)
	for {
		n, err := h.Wish.Machine.Sweep(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	year.Set(start)
	return nil
}

// daytime moves a moment into the hours in which people write: 7 to 22 o'clock.
func daytime(t time.Time, rnd *rand.Rand) time.Time {
	d := t.In(clock.China)
	return time.Date(d.Year(), d.Month(), d.Day(), 7+rnd.IntN(15), rnd.IntN(60), rnd.IntN(60), 0, clock.China)
}

// people finds the demo accounts and adds neighbours.
func (y *wishYear) people() error {
	return y.h.DB.Write(y.ctx, func(tx *db.Tx) error {
		names := []string{"demo-resident", "demo-neighbour", "demo-newcomer", "demo-outsider", "demo-volunteer", "demo-volunteer2", "demo-society",
			"demo-party", "demo-grid", "demo-community", "demo-community2", "demo-community-b", "demo-street"}
		for i := 1; i <= 13; i++ {
			names = append(names, fmt.Sprintf("demo-unit%d", i))
		}
		for _, n := range names {
			acc, err := y.h.Member.Find(y.ctx, tx, n)
			if err != nil {
				return fmt.Errorf("%s: %w", n, err)
			}
			y.ids[n] = acc.ID
		}
		y.authors, y.helpers = []string{"demo-neighbour", "demo-resident"}, []string{"demo-volunteer", "demo-volunteer2"}
		for i, public := range neighbours {
			home, level := CommunityA, actor.V3
			if i%9 == 8 {
				home = CommunityB
			}
			if i%7 == 6 {
				level = actor.V1 // reviewed before anybody is asked
			}
			a := member.Account{PublicName: public, Level: level, Home: home, Demo: true, HasChannel: i%5 != 4, Phone: fmt.Sprintf("1390000%04d", i+1)}
			var roles []member.Grant
			if i%6 == 1 {
				roles = append(roles, member.Grant{Role: actor.Volunteer, Place: home})
			}
			if err := y.h.Member.Create(y.ctx, tx, "", &a, roles...); err != nil {
				return err
			}
			y.ids[public] = a.ID
			y.authors = append(y.authors, public)
			if roles != nil {
				y.helpers = append(y.helpers, public)
			}
		}
		return nil
	})
}

func (y *wishYear) as(name string) context.Context {
	return actor.With(y.ctx, actor.Actor{ID: y.ids[name]})
}

// at plans a step; one after the end of the year is never taken.
func (y *wishYear) at(t time.Time, do func() error) {
	if t.Before(y.end) {
		y.steps++
		heap.Push(&y.plan, step{t, y.steps, do})
	}
}

// after plans a step some hours from now, in the hours in which people act
// where the span reaches into them.
func (y *wishYear) after(least, most int, do func() error) {
	var at time.Time
	for range 20 {
		at = y.year.Now().Add(time.Duration(least*60+y.rnd.IntN((most-least)*60+1)) * time.Minute)
		if hour := at.In(clock.China).Hour(); hour >= 7 && hour < 22 {
			break
		}
	}
	y.at(at, do)
}

func (y *wishYear) move(who, id, do string, in map[string]any) error {
	if err := y.h.Wish.Do(y.as(who), id, do, in); err != nil {
		return fmt.Errorf("%s by %s: %w", do, who, err)
	}
	return nil
}

func pickOf[T any](rnd *rand.Rand, of []T) T { return of[rnd.IntN(len(of))] }

// text draws what is wished for, not what was wished for lately.
func (y *wishYear) text(want func(wishText) bool) wishText {
	for try := 0; ; try++ {
		i := y.rnd.IntN(len(y.texts))
		t := y.texts[i]
		if try < 400 && (!t.fits(y.year.Now().In(clock.China).Month()) || !want(t) || contains(y.recent, i)) {
			continue
		}
		if y.recent = append(y.recent, i); len(y.recent) > 60 {
			y.recent = y.recent[1:]
		}
		return t
	}
}

func contains(list []int, v int) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

func plain(t wishText) bool { return t.total == 0 && !t.priv }

func (y *wishYear) fields(t wishText, home string) map[string]any {
	place := home
	if home == CommunityA && y.rnd.IntN(3) > 0 {
		place = fmt.Sprintf("%s%03d", CommunityA, 1+y.rnd.IntN(8))
	}
	f := map[string]any{"title": t.title, "body": t.body, "place": place, "category": t.category}
	if y.rnd.IntN(3) == 0 {
		f["location_note"] = fmt.Sprintf("%d单元%d室", 1+y.rnd.IntN(3), (1+y.rnd.IntN(6))*100+1+y.rnd.IntN(4))
	}
	if y.rnd.IntN(4) == 0 {
		f["wanted_by"] = y.year.Now().AddDate(0, 0, 6+y.rnd.IntN(14)).Format(time.RFC3339)
	}
	if t.priv {
		f["visibility"] = "private"
	}
	if t.total > 0 {
		f["quantity"] = map[string]any{"total": strconv.FormatInt(t.total, 10), "unit": t.unit}
	}
	return f
}

func (y *wishYear) homeOf(name string) string {
	a, _, err := y.h.Member.Actor(y.ctx, y.ids[name])
	if err != nil || a.Home == "" {
		return CommunityA
	}
	return a.Home
}
