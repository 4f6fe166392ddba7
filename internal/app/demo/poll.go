package demo

import (
	"fmt"
	"slices"
	"time"

	"linli/internal/core/actor"
	"linli/internal/feature/ballot"
	"linli/internal/platform/db"
)

// pollText is a poll beside those of projects. Options are titles, with costs in yuan where there is a budget.
type pollText struct {
	question, rule, nature, basis string
	options                       []any
	budget, most                  int64
}

func costly(title string, yuan int64) any { return map[string]any{"title": title, "cost": yuan * 100} }

var (
	shelfPoll = pollText{"快递柜放在哪里最方便？", "schulze", ballot.Opinions, "居民议事会提出，征求大家的排序", []any{"南门门卫室旁", "3 幢和 4 幢之间", "社区服务站门口", "北门车棚边"}, 0, 0}
	clubPoll  = pollText{"今年的兴趣班，您最想要哪几个？", "score", ballot.Opinions, "文体队伍年度计划征求意见", []any{"书法", "广场舞", "手机摄影", "太极拳", "戏曲"}, 0, 0}
	stairPoll = pollText{"十万元美化楼道，钱花在哪里？", "knapsack", ballot.Ranking, "社区公共收益年度安排，居民代表会议商定交付投票",
		[]any{costly("重新粉刷 5 至 9 幢楼道", 46_000), costly("楼道扶手换新", 28_000), costly("每层装折叠休息凳", 19_000), costly("单元门口装信报箱", 24_000), costly("楼道清理和防火门维修", 33_000)}, 100_000, 0}
	gymPoll  = pollText{"健身角添三样器材，选哪三样？", "approval", ballot.Ranking, "体育部门赠送三件器材，由居民选", []any{"漫步机", "上肢牵引器", "乒乓球台", "单杠", "儿童秋千", "太极推手器"}, 0, 3}
	namePoll = pollText{"新建的口袋公园叫什么名字？", "irv", ballot.Opinions, "街道向居民征求公园名称", []any{"洲心园", "望江小园", "邻里角", "梅子园"}, 0, 0}
	feast    = pollText{"新春联欢会定在哪一天？", "approval", ballot.Opinions, "活动小组筹备会", []any{"腊月廿三（周六）上午", "腊月廿四（周日）下午", "正月初六上午"}, 0, 1}
)

// put announces a poll in the community's name.
func (y *projectYear) put(t pollText, opens, closes time.Time) (string, error) {
	a, err := y.actor("demo-community")
	if err != nil {
		return "", err
	}
	in := map[string]any{
		"question": t.question, "rule": t.rule, "nature": t.nature, "basis": t.basis, "options": t.options, "place": CommunityA,
		"opens": opens.Format(time.RFC3339), "closes": closes.Format(time.RFC3339), "roll": map[string]any{"place": CommunityA, "level": "V3"},
	}
	if t.budget > 0 {
		in["budget"] = map[string]any{"amount": t.budget * 100}
	}
	if t.most > 0 {
		in["max_choices"] = t.most
	}
	var id string
	err = y.h.DB.Write(y.ctx, func(tx *db.Tx) error {
		p, err := y.h.Ballot.Make(y.ctx, tx, a, in)
		if err == nil {
			id = p.ID
		}
		return err
	})
	return id, err
}

// marks draws a ballot: earlier options are liked more, and nobody spends more than there is.
func (y *projectYear) marks(t pollText) []string {
	n := len(t.options)
	order, taste := y.rnd.Perm(n), make([]int, n)
	for i := range taste {
		taste[i] = i + y.rnd.IntN(n)
	}
	slices.SortFunc(order, func(a, b int) int { return taste[a] - taste[b] })
	var out []string
	left := t.budget * 100
	for k, i := range order {
		mark := fmt.Sprint(i + 1)
		switch t.rule {
		case "score":
			mark += fmt.Sprint(":", max(1, ballot.MaxPoints-k))
		case "knapsack":
			if cost := t.options[i].(map[string]any)["cost"].(int64); cost > left {
				continue
			} else {
				left -= cost
			}
		case "approval":
			if k >= int(t.most) || k > 0 && y.rnd.IntN(4) == 0 {
				continue
			}
		}
		out = append(out, mark)
	}
	return out
}

// asked are two polls that were over long ago, by ranks and by points.
func (y *projectYear) asked() error {
	for _, t := range []pollText{shelfPoll, clubPoll} {
		opens := y.now.Now().Add(time.Hour)
		id, err := y.put(t, opens, opens.AddDate(0, 0, 6))
		if err == nil {
			err = y.fill(id, 0.8, false, func() []string { return y.marks(t) })
		}
		if err == nil {
			err = y.pass(7)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// asking are the polls that are open at the end of the year, and one that is to come.
func (y *projectYear) asking() error {
	for i, t := range []pollText{stairPoll, gymPoll, namePoll} {
		opens := y.now.Now().Add(30 * time.Minute)
		id, err := y.put(t, opens, y.end.AddDate(0, 0, 3+2*i).Truncate(time.Hour))
		if err == nil {
			err = y.fill(id, 0.5, true, func() []string { return y.marks(t) })
		}
		if err != nil {
			return err
		}
	}
	_, err := y.put(feast, y.end.AddDate(0, 0, 3).Truncate(time.Hour), y.end.AddDate(0, 0, 10).Truncate(time.Hour))
	return err
}

// fill opens a poll that is due and lets a part of the roll vote; spare leaves
// the kept accounts their own.
func (y *projectYear) fill(poll string, part float64, spare bool, choose func() []string) error {
	for range 2 {
		if err := y.h.Ballot.Work(y.ctx); err != nil {
			return err
		}
		y.now.Advance(time.Hour)
	}
	if err := y.h.Ballot.Work(y.ctx); err != nil {
		return err
	}
	lines, err := y.roll()
	if err != nil {
		return err
	}
	var own []string
	for _, name := range kept {
		a, err := y.actor(name)
		if err != nil {
			return err
		}
		own = append(own, a.ID)
	}
	for _, id := range lines {
		if spare && slices.Contains(own, id) || y.rnd.Float64() > part {
			continue
		}
		choices := choose()
		if _, err := y.h.Ballot.Vote(actor.With(y.ctx, actor.Actor{ID: id}), poll, func() (any, error) { return choices, nil }); err != nil {
			return err
		}
	}
	y.wait()
	return nil
}

// roll lists who may vote in the community.
func (y *projectYear) roll() ([]string, error) {
	es, err := y.h.Member.Electors(y.ctx, y.h.DB, CommunityA, actor.V3, y.now.Now().UnixMilli())
	var ids []string
	for _, e := range es {
		ids = append(ids, e.ID)
	}
	return ids, err
}
