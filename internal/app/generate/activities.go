package generate

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/feature/activity"
	"linli/internal/feature/points"
	"linli/internal/feature/volunteer"
	"linli/internal/platform/db"
)

// called is what people of each kind of activity are called to.
var called = map[string][]string{
	"政策宣传": {"医保缴费一对一帮办", "加装电梯政策讲解", "高龄津贴上门登记"},
	"医疗健康": {"眼健康筛查", "量血压测血糖", "急救知识小课堂"},
	"家政清洁": {"江堤捡拾垃圾", "楼道大扫除", "油烟机清洗日"},
	"扶老护幼": {"四点半课堂", "陪老人包饺子", "老人理发日"},
	"解难纾困": {"磨刀修伞缝补一条街", "旧家电上门搬运", "爱心衣物整理"},
	"文化体育": {"邻里八段锦", "全民艺术课堂·素描", "社区读书会"},
	"矛盾调处": {"楼道堆物议事茶话会", "车位共享商量会", "养宠公约座谈"},
	"治安巡逻": {"夏夜平安巡逻", "消防通道巡查", "放学路护学岗"},
}

// activitiesAtOnce is how many activities one transaction writes, with some
// seventy rows each.
const activitiesAtOnce = 40

// lives are some activities with all that happened to them and came of them.
type lives struct {
	activities []*activity.Activity
	services   []*volunteer.Record
	entries    []points.Entry
	told
}

// makeActivities invents activities and lets people serve in them: hours are
// confirmed, and points follow within the caps.
func (m *maker) makeActivities(ctx context.Context) error {
	meter, err := m.house.Points.Meter(ctx, m.house.DB)
	if err != nil {
		return err
	}
	h := m.house
	return assemble(ctx, m.size.Activities, activitiesAtOnce, func(from, to int) (b lives, err error) {
		for i := from; i < to && err == nil; i++ {
			err = m.activity(i, &b, meter)
		}
		return b, err
	}, func(b lives) error {
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			if err := h.Activity.Keep(ctx, tx, b.activities); err != nil {
				return err
			}
			if err := h.Volunteer.Keep(ctx, tx, b.services); err != nil {
				return err
			}
			if err := h.Journal.AppendAll(ctx, tx, b.events); err != nil {
				return err
			}
			return h.Points.Keep(ctx, tx, b.entries)
		})
		m.count(len(b.activities), b.rows)
		return err
	})
}

// activity invents the i-th activity with its story.
func (m *maker) activity(i int, b *lives, meter *points.Meter) error {
	r := m.rnd
	at := m.moment(i, m.size.Activities)
	key, err := m.id(at)
	if err != nil {
		return err
	}
	home := pick(r, m.places).Code
	for len(m.people[home]) == 0 {
		home = pick(r, m.places).Code
	}
	boss := m.staffOf(home)
	start := at.AddDate(0, 0, 2+r.IntN(9))
	start = time.Date(start.Year(), start.Month(), start.Day(), pick(r, []int{8, 9, 14, 15, 19}), 0, 0, 0, clock.China)
	a := &activity.Activity{
		Kind: pick(r, activity.Kinds), LocationNote: pick(r, []string{"社区活动室", "中心广场", "3幢门口", "服务大厅", "江堤2号门"}), Starts: start.UnixMilli(),
		Ends: start.Add(time.Duration(1+r.IntN(3)) * time.Hour).UnixMilli(), Capacity: int64(8 + r.IntN(20)), Insurance: "社区已为参加者投保意外险", ChangedAt: at.UnixMilli(),
	}
	a.Title = pick(r, called[a.Kind])
	a.Body = a.Title + "，欢迎左邻右舍报名参加。"
	a.ID, a.Author, a.Cutoff = key, boss.ID, a.Starts
	a.Locate(home)
	s := &story[*activity.Activity]{life: activity.Life, matter: a, spans: m.house.Place}
	born := &flow.Change{Actor: boss, At: at.UnixMilli()}
	born.Code("kind", a.Kind)
	born.Code("starts", a.Starts)
	born.Code("capacity", a.Capacity)
	activity.Life.Born(a, activity.Draft, born, s.spans)
	born.Audience = activity.Life.Audience(a)
	s.note(born)
	until := m.size.Until.UnixMilli()
	for _, c := range m.day(r, a, boss) {
		if c.At >= until {
			break
		}
		if err := s.settle(c.At); err != nil {
			return err
		}
		if c.Do == "check_in" && waits(a, c.Actor.ID) {
			continue
		}
		if err := s.move(c); err != nil {
			return err
		}
		for _, served := range a.Certified(c.At) {
			if err := m.serve(served, boss, c.At, b, meter); err != nil {
				return err
			}
		}
	}
	if err := s.settle(until); err != nil {
		return err
	}
	a.Entries = slices.DeleteFunc(a.Entries, func(e *activity.Entry) bool { return e.At == 0 }) // never asked
	b.activities = append(b.activities, a)
	b.rows += 1 + int64(len(a.Entries))
	return b.tell(activity.Life.Name, a.Head, activity.Life.Audience(a), s.changes)
}

// waits reports whether a person stands in the waiting line.
func waits(a *activity.Activity, account string) bool {
	return slices.ContainsFunc(a.Entries, func(e *activity.Entry) bool { return e.Account == account && e.State == activity.Waits })
}

// day is what people mean to do about an activity, in the order of time: sign
// up, now and then stay away, check in, and the organiser's close.
func (m *maker) day(r *rand.Rand, a *activity.Activity, boss actor.Actor) []*flow.Change {
	begun := a.CreatedAt + hour
	changes := []*flow.Change{{Do: "publish", Actor: boss, At: begun}}
	if r.IntN(30) == 0 {
		return append(changes, &flow.Change{Do: "cancel", Actor: boss, At: begun + 20*hour, In: flow.Input{"reason": "雷雨天气，改期再约。"}})
	}
	var there []*flow.Change
	home := m.people[a.Community]
	seen := map[string]bool{}
	for range min(len(home), 4+r.IntN(int(a.Capacity))) {
		id := pick(r, home)
		if helpers := m.volunteers[a.Community]; len(helpers) > 0 && r.IntN(2) == 0 {
			id = pick(r, helpers)
		}
		key, err := m.id(time.UnixMilli(begun))
		if err != nil || seen[id] {
			continue
		}
		seen[id] = true
		// The entry is named by the seed; signing up fills it in.
		a.Entries = append(a.Entries, &activity.Entry{ID: key, Activity: a.ID, Account: id, State: activity.Left})
		person := actor.Actor{ID: id, Level: actor.V2, Home: a.Community}
		changes = append(changes, &flow.Change{Do: "sign_up", Actor: person, At: begun + 1 + r.Int64N(a.Starts-begun-1), In: flow.Input{}})
		switch n := r.IntN(20); {
		case n == 0:
			changes = append(changes, &flow.Change{Do: "withdraw", Actor: person, At: a.Starts - 2*hour})
		case n > 2:
			c := &flow.Change{Do: "check_in", Actor: person, At: a.Starts - 10*60_000 + r.Int64N(20*60_000)}
			c.Code("how", pick(r, []string{"qr", "qr", "qr", "spoken", "list"}))
			there = append(there, c)
		}
	}
	changes = append(changes, there...)
	changes = append(changes, &flow.Change{Do: "finish", Actor: boss, At: a.Ends})
	if r.IntN(40) > 0 { // else the hours wait
		changes = append(changes, &flow.Change{Do: "confirm_hours", Actor: boss, At: a.Ends + int64(1+r.IntN(40))*hour, In: flow.Input{}})
	}
	slices.SortStableFunc(changes, func(x, y *flow.Change) int { return int(min(1, max(-1, x.At-y.At))) })
	return changes
}

// serve notes hours that were confirmed, and the points for them.
func (m *maker) serve(served *volunteer.Record, boss actor.Actor, at int64, b *lives, meter *points.Meter) error {
	var err error
	if served.ID, err = m.id(time.UnixMilli(at)); err != nil {
		return err
	}
	c := volunteer.Attest(boss, served, "", at)
	c.Tell = nil
	volunteer.Life.Born(served, volunteer.Confirmed, c, m.house.Place)
	first := len(b.events)
	if err := b.tell(volunteer.Life.Name, served.Head, volunteer.Life.Audience(served), []step{{c, 1}}); err != nil {
		return err
	}
	b.services = append(b.services, served)
	given := meter.Served(b.events[first].Event, served.Author, served.Minutes)
	b.entries = append(b.entries, given...)
	b.rows += 1 + 2*int64(len(given))
	return nil
}
