package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"linli/internal/app"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/feature/award"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// activityText is one of the activities of the year.
type activityText struct{ host, kind, title, body, where, bring string }

var activityTexts = []activityText{
	{"demo-party", "扶老护幼", "党员陪老人过重阳", "陪独居老人包饺子、聊家常，给 80 岁以上的老人送一份手工重阳糕。", "社区食堂二楼", "围裙"},
	{"demo-society", "家政清洁", "江堤捡拾垃圾", "沿江堤步道走三公里，把白色垃圾带回来。夹子和袋子都备好。", "江堤 2 号门", "水杯、遮阳帽"},
	{"demo-community", "政策宣传", "医保缴费一对一帮办", "带上身份证和手机，志愿者手把手帮您在网上缴费。", "社区服务大厅", ""},
	{"demo-society", "医疗健康", "眼健康筛查", "免费查视力、眼压，疑似白内障的由医院接续诊疗。", "社区卫生室", "医保卡"},
	{"demo-community", "文化体育", "邻里八段锦", "每周一次，跟着老师慢慢练，零基础也行。", "中心广场", "宽松衣服"},
	{"demo-party", "治安巡逻", "夏夜平安巡逻", "两人一组，走一圈看看消防通道和路灯，回来填一张小卡片。", "1幢门口", "手电"},
	{"demo-society", "解难纾困", "磨刀修伞缝补一条街", "巧手志愿者现场帮忙，给残疾人和 80 岁以上老人上门。", "菜场东门", ""},
	{"demo-community", "矛盾调处", "楼道堆物议事茶话会", "请一单元和二单元的邻居一起坐下来，商量堆物怎么清、车放哪里。", "党员服务站", ""},
	{"demo-community", "扶老护幼", "四点半课堂", "放学后陪孩子写作业、读书，家长六点前来接。", "社区阅览室", ""},
	{"demo-society", "文化体育", "全民艺术课堂·素描", "艺术学院的老师来教，画材由主办方提供。", "文化活动室", ""},
}

// Activities makes a year of activities, awards and the points that follow,
// through the use-cases that people use, and sets the clock back to where it stood.
func Activities(ctx context.Context, h *app.House, year *clock.Fake, rnd *rand.Rand) error {
	start := year.Now()
	y := &activityYear{h: h, year: year, rnd: rnd, ids: map[string]string{}}
	for _, n := range append([]string{"demo-society", "demo-party", "demo-community", "demo-community2", "demo-expert1", "demo-expert2"}, y.people()...) {
		acc, err := h.Member.Find(ctx, h.DB, n)
		if err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
		y.ids[n] = acc.ID
	}
	end := start.AddDate(1, 0, 0)
	for i := range 22 { // over the year, each played to its end
		at := start.Add(time.Duration(i) * end.Sub(start) / 23)
		if err := y.play(ctx, activityTexts[i%len(activityTexts)], at, 6+rnd.IntN(5)); err != nil {
			return fmt.Errorf("activity %d: %w", i, err)
		}
	}
	if err := y.award(ctx, end.AddDate(0, -2, 0)); err != nil {
		return err
	}
	if err := y.byHand(ctx, end.AddDate(0, 0, -20)); err != nil {
		return err
	}
	if err := y.onCall(ctx, end.AddDate(0, -1, 0)); err != nil {
		return err
	}
	for i := range 8 { // what one may sign up for today
		t := activityTexts[(i*3)%len(activityTexts)]
		year.Set(end.Add(-time.Duration(30+i*7) * time.Hour))
		if err := y.call(ctx, t, end.AddDate(0, 0, 1+i*2), 4+i*4, i); err != nil {
			return err
		}
	}
	year.Set(end)
	if _, err := h.Activity.Machine.Sweep(ctx); err != nil {
		return err
	}
	if err := h.Journal.Drain(ctx, h.Points.Reader()); err != nil {
		return err
	}
	year.Set(start)
	return nil
}

type activityYear struct {
	h    *app.House
	year *clock.Fake
	rnd  *rand.Rand
	ids  map[string]string
}

// people come to activities.
func (y *activityYear) people() []string {
	out := []string{"demo-volunteer", "demo-volunteer2", "demo-resident", "demo-neighbour", "demo-newcomer", "demo-outsider", "demo-grid"}
	for i := 1; i <= 13; i++ {
		out = append(out, fmt.Sprintf("demo-unit%d", i))
	}
	return out
}

func (y *activityYear) as(ctx context.Context, name string) context.Context {
	return actor.With(ctx, actor.Actor{ID: y.ids[name], Level: actor.V2})
}

func (y *activityYear) draft(ctx context.Context, t activityText, starts time.Time, capacity int, more map[string]any) (string, error) {
	raw := map[string]any{
		"title": t.title, "kind": t.kind, "body": t.body, "place": CommunityA, "location_note": t.where, "bring": t.bring, "insurance": "社区已为参加者投保意外险",
		"starts": starts.Format(time.RFC3339), "ends": starts.Add(2 * time.Hour).Format(time.RFC3339), "capacity": int64(capacity),
	}
	for k, v := range more {
		raw[k] = v
	}
	id, err := y.h.Activity.File(y.as(ctx, t.host), raw)
	if err != nil {
		return "", err
	}
	by := t.host
	if by == "demo-party" {
		by = "demo-community"
	}
	return id, y.h.Activity.Do(y.as(ctx, by), id, "publish", nil)
}

// morning is nine or fourteen o'clock on a day.
func (y *activityYear) morning(at time.Time) time.Time {
	d := at.In(clock.China)
	return time.Date(d.Year(), d.Month(), d.Day(), 9+5*y.rnd.IntN(2), 0, 0, 0, clock.China)
}

// play runs an activity from the call to the confirmed hours.
func (y *activityYear) play(ctx context.Context, t activityText, at time.Time, come int) error {
	starts := y.morning(at.AddDate(0, 0, 4))
	y.year.Set(at)
	id, err := y.draft(ctx, t, starts, 12, nil)
	if err != nil {
		return err
	}
	names := y.people()
	y.rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	names = append([]string{"demo-volunteer", "demo-volunteer2"}[y.rnd.IntN(2):][:1], names...)
	for i, n := range names[:come] {
		y.year.Set(at.Add(time.Duration(i+1) * 20 * time.Minute))
		if err := y.h.Activity.Do(y.as(ctx, n), id, "sign_up", nil); err != nil && i > 0 && n != names[0] {
			return err
		}
	}
	y.year.Set(starts.Add(-5 * time.Minute))
	for i, n := range names[:come] {
		if i == come-1 && come > 7 { // one does not come
			continue
		}
		y.year.Set(starts.Add(time.Duration(i-4) * time.Minute))
		code := map[string]any{"code": y.h.Activity.QRCode(id, y.year.Now().UnixMilli())}
		if err := y.h.Activity.Do(y.as(ctx, n), id, "check_in", code); err != nil && n != names[0] {
			return err
		}
	}
	y.year.Set(starts.Add(2 * time.Hour))
	organiser := t.host
	if err := y.h.Activity.Do(y.as(ctx, organiser), id, "finish", nil); err != nil {
		return err
	}
	y.year.Set(starts.Add(26 * time.Hour))
	return y.h.Activity.Do(y.as(ctx, organiser), id, "confirm_hours", nil)
}

// call publishes an activity that is still to come; some are full already.
func (y *activityYear) call(ctx context.Context, t activityText, at time.Time, capacity, i int) error {
	more := map[string]any{}
	if i == 2 {
		more["series"] = "FREQ=WEEKLY;COUNT=4"
	}
	if i == 3 {
		more["reserved"] = int64(3)
	}
	id, err := y.draft(ctx, t, y.morning(at), capacity, more)
	if err != nil {
		return err
	}
	names := y.people()
	y.rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for k, n := range names[:2+y.rnd.IntN(7)] {
		raw := map[string]any{}
		if k%4 == 3 {
			raw["party"] = int64(2)
		}
		if n == "demo-resident" && i%2 == 0 {
			continue
		}
		if err := y.h.Activity.Do(y.as(ctx, n), id, "sign_up", raw); err != nil {
			return err
		}
	}
	return nil
}

// award plays a round from nomination to the honour roll.
func (y *activityYear) award(ctx context.Context, at time.Time) error {
	y.year.Set(at)
	do := func(as, id, do string, raw map[string]any) error {
		_, err := y.h.Award.Machine.Do(y.as(ctx, as), journal.Request{ID: id, Do: do, Read: journal.Reading(raw)}, func(*db.Tx, *award.Award, actor.Actor, int64) (any, error) { return nil, nil })
		return err
	}
	id, err := y.h.Award.File(y.as(ctx, "demo-community"), flow.Input{
		"title": "洲岛家园服务之星", "place": CommunityA, "criteria": "常年参加志愿服务，邻居都说好；不看岗位，不看身份。",
		"opens": at.UnixMilli(), "closes": at.AddDate(0, 0, 10).UnixMilli(), "notice_days": int64(5),
	})
	if err != nil {
		return err
	}
	for _, n := range [][3]string{
		{"demo-resident", "demo-volunteer", "一年里几乎每个周末都来陪老人，下雨天也没有落下。"},
		{"demo-neighbour", "demo-volunteer2", "谁家水管漏了喊一声就到，修完不喝一口水。"},
		{"demo-grid", "菜场裁缝王师傅", "给残疾人和八十岁以上的老人补衣服，从来不收钱。"},
	} {
		if err := do(n[0], id, "nominate", map[string]any{"person": n[1], "reason": n[2]}); err != nil {
			return err
		}
	}
	for _, n := range []string{"demo-volunteer", "demo-volunteer2"} {
		if err := do(n, id, "consent", map[string]any{"agree": true}); err != nil {
			return err
		}
	}
	y.year.Set(at.AddDate(0, 0, 11))
	for _, opinion := range []string{"事迹属实，居民反映好。", "走访了六户，都说好。", "菜场管理方和老人都证实。"} {
		w, err := y.h.Award.Machine.Store.Load(ctx, y.h.DB, id, "")
		if err != nil {
			return err
		}
		for _, n := range w.Nominees {
			if n.State == "nominated" {
				if err := do("demo-expert1", id, "review", map[string]any{"nominee": n.ID, "ok": true, "reason": opinion}); err != nil {
					return err
				}
				break
			}
		}
	}
	if err := do("demo-community", id, "publish", nil); err != nil {
		return err
	}
	y.year.Set(at.AddDate(0, 0, 17))
	return do("demo-community2", id, "confirm", nil)
}

// byHand keys points that came before there were rules: one proposes, another
// agrees, and everybody reads it.
func (y *activityYear) byHand(ctx context.Context, at time.Time) error {
	y.year.Set(at)
	id, err := y.h.Points.File(y.as(ctx, "demo-community"), flow.Input{
		"reason": "平台上线前的周末巡河，有签到表和照片，补记积分。", "people": []string{"demo-volunteer", "demo-neighbour"}, "amount": int64(30), "place": CommunityA,
	})
	if err != nil {
		return err
	}
	y.year.Set(at.Add(26 * time.Hour))
	return y.h.Points.Do(y.as(ctx, "demo-community2"), id, "agree")
}

// onCall lets the volunteers say what they can do, when and how far.
func (y *activityYear) onCall(ctx context.Context, at time.Time) error {
	y.year.Set(at)
	for _, v := range []struct {
		name string
		in   flow.Input
	}{
		{"demo-volunteer", flow.Input{"on_call": true, "skills": []string{"扶老护幼", "医疗健康", "政策宣传"}, "radius": "community"}},
		{"demo-volunteer2", flow.Input{"on_call": true, "skills": []string{"家政清洁", "解难纾困", "环境设施"}, "free": []string{"6am", "6pm", "7am", "7pm"}, "radius": "street"}},
	} {
		a, _, err := y.h.Member.Actor(ctx, y.ids[v.name])
		if err != nil {
			return err
		}
		err = y.h.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := y.h.Volunteer.Offer(ctx, tx, a, v.in)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
