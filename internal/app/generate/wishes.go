package generate

import (
	"context"
	"math/rand/v2"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/feature/wish"
	"linli/internal/platform/db"
)

// asked is what people of each category ask for.
var asked = map[string][]string{
	"政策宣传": {"想了解医保缴费办法", "请讲讲加装电梯的补贴", "高龄津贴怎么申请"},
	"医疗健康": {"想量血压测血糖", "请陪同去医院复查", "想学用血糖仪"},
	"家政清洁": {"请帮忙擦一次窗户", "厨房油烟机想清洗", "楼道想清扫一次"},
	"扶老护幼": {"请周三下午陪孩子写作业", "请陪老人散散步", "想要一位一起下棋的朋友"},
	"解难纾困": {"地里的青菜卖不出去", "轮椅轮胎坏了想借一辆", "旧冰箱想有人帮忙搬"},
	"文化体育": {"想找人一起练太极", "孩子想借几本绘本", "想学用手机拍照"},
	"矛盾调处": {"楼上漏水想请人说和", "车位停放想坐下谈谈", "晚上跳舞声音大想商量"},
	"治安巡逻": {"晚上路口想有人看看", "电动车楼道充电请提醒", "小区东门灯不亮"},
	"环境设施": {"石凳面板想换防腐木", "单元门口积水", "路灯坏了两盏"},
	"其他":   {"想要一盆绿萝", "想学写毛笔字", "请帮忙修一下收音机"},
}

var (
	wheres = []string{"在家里就可以", "在小区东门附近", "在3号楼一楼", "在社区活动室", "在河边健身步道"}
	whens  = []string{"这周内方便就好", "最好是周末上午", "工作日白天都在家", "晚上七点以后", "不着急，哪天都行"}
)

const hour = int64(time.Hour / time.Millisecond)

// makeWishes invents wishes and lets them live: most are met within days.
func (m *maker) makeWishes(ctx context.Context) error {
	type lived struct {
		wishes []*wish.Wish
		told
	}
	return assemble(ctx, m.size.Wishes, slice, func(from, to int) (b lived, err error) {
		for i := from; i < to; i++ {
			w, changes, err := m.wish(i)
			if err != nil {
				return b, err
			}
			b.wishes = append(b.wishes, w)
			b.rows += 1 + int64(len(w.Claims))
			if err := b.tell(wish.Life.Name, w.Head, wish.Life.Audience(w), changes); err != nil {
				return b, err
			}
		}
		return b, nil
	}, func(b lived) error {
		err := m.house.DB.Write(ctx, func(tx *db.Tx) error {
			for _, w := range b.wishes {
				if err := m.house.Wish.Machine.Store.Insert(ctx, tx, w); err != nil {
					return err
				}
			}
			return m.house.Journal.AppendAll(ctx, tx, b.events)
		})
		m.count(len(b.wishes), b.rows)
		return err
	})
}

func (m *maker) wish(i int) (*wish.Wish, []step, error) {
	r := m.rnd
	at := m.moment(i, m.size.Wishes)
	key, err := m.id(at)
	if err != nil {
		return nil, nil, err
	}
	home := pick(r, m.places).Code
	for len(m.people[home]) == 0 {
		home = pick(r, m.places).Code
	}
	w := &wish.Wish{Category: pick(r, wish.Categories), Visibility: wish.Public, Rank: wish.AtCommunity, Tier: 1, TierAt: at.UnixMilli()}
	w.Title = pick(r, asked[w.Category])
	w.Body = w.Title + "，" + pick(r, wheres) + "，" + pick(r, whens) + "。"
	w.ID, w.Author = key, pick(r, m.people[home])
	w.Locate(home)
	if r.IntN(20) == 0 {
		w.Visibility = wish.Private
	}
	if r.IntN(15) == 0 {
		w.Total, w.Unit, w.Tier = int64(10*(1+r.IntN(50))), pick(r, []string{"斤", "份", "人次"}), 2
	}
	s := &story[*wish.Wish]{life: wish.Life, matter: w, spans: m.house.Place}
	author := actor.Actor{ID: w.Author, Level: actor.V3, Home: home}
	born := &flow.Change{Actor: author, At: at.UnixMilli()}
	born.Code("category", w.Category)
	wish.Life.Born(w, wish.Open, born, s.spans)
	born.Audience = wish.Life.Audience(w)
	s.note(born)
	until := m.size.Until.UnixMilli()
	for _, c := range m.plan(r, w, author) {
		if c.At >= until {
			break
		}
		if err := s.move(c); err != nil {
			return nil, nil, err
		}
	}
	err = s.settle(until)
	return w, s.changes, err
}

// plan is what people mean to do about a wish; what the rules do not allow
// when the time has come is left out.
func (m *maker) plan(r *rand.Rand, w *wish.Wish, author actor.Actor) []*flow.Change {
	if r.IntN(25) == 0 {
		return []*flow.Change{{Do: "withdraw", Actor: author, At: w.CreatedAt + int64(1+r.IntN(40))*hour}}
	}
	helpers := m.volunteers[w.Community]
	if len(helpers) == 0 {
		helpers = m.everyone
	}
	if r.IntN(12) == 0 { // nobody comes
		return nil
	}
	helper := actor.Actor{ID: pick(r, helpers), Level: actor.V3, Roles: []actor.Role{{Name: actor.Volunteer, Place: w.Community}}}
	t := w.CreatedAt + int64(1+r.IntN(72))*hour
	claim := &flow.Change{Do: "claim", Actor: helper, At: t, In: flow.Input{}}
	t += int64(1+r.IntN(80)) * hour
	deliver := &flow.Change{Do: "deliver", Actor: helper, At: t, In: flow.Input{}}
	if r.IntN(4) == 0 {
		deliver.In["note"] = pick(r, []string{"已经办好，请查看。", "按约定时间到了，老人很高兴。", "东西送到门口了。"})
	}
	if r.IntN(10) == 0 { // never confirmed: it lapses
		return []*flow.Change{claim, deliver}
	}
	t += int64(1+r.IntN(100)) * hour
	confirm := &flow.Change{Do: "confirm", Actor: author, At: t, In: flow.Input{
		"solved":    pick(r, []string{"yes", "yes", "yes", "yes", "yes", "yes", "yes", "partly", "no"}),
		"satisfied": pick(r, []string{"yes", "yes", "yes", "yes", "fairly", "fairly", "none", "no"}),
	}}
	return []*flow.Change{claim, deliver, confirm}
}
