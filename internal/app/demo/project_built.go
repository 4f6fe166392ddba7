package demo

import (
	"slices"
	"time"

	"linli/internal/feature/project"
)

// alone puts a project to the vote by itself; so many of a hundred are for it.
func (y *projectYear) alone(id string, percent int) error {
	if err := y.moves(id, "demo-community", "poll", nil); err != nil {
		return err
	}
	return y.ballots(id, 0.8, false, func() []string {
		if y.rnd.IntN(100) < percent {
			return []string{"1"}
		}
		return []string{"2"}
	})
}

// plan publishes how a selected project is built.
func (y *projectYear) plan(id string, budget int64, steps []string) error {
	return y.moves(id, "demo-community", "plan", map[string]any{"budget": budget, "due": y.now.Now().AddDate(0, 2, 0).Format(time.RFC3339), "milestones": steps,
		"contractor": "江心洲市政工程队", "warranty": "两年，坏了一周内来修", "note": "三家报价，选了最低的一家；报价单在社区公告栏"})
}

// step pays a part, countersigned by a colleague, and reaches the next milestone.
func (y *projectYear) step(id string, amount int64) error {
	if err := y.pass(6 + y.rnd.IntN(6)); err != nil {
		return err
	}
	p, err := y.read(id)
	if err != nil {
		return err
	}
	title := "进度"
	if i := slices.IndexFunc(p.Milestones, func(m *project.Milestone) bool { return m.DoneAt == 0 }); i >= 0 {
		title = p.Milestones[i].Title
	}
	if err := y.moves(id, "demo-community", "spend", map[string]any{"amount": amount, "what": title + "进度款"}); err != nil {
		return err
	}
	if err := y.moves(id, "demo-community2", "countersign", nil); err != nil {
		return err
	}
	return y.moves(id, "demo-community", "milestone", map[string]any{"note": "按图纸完成"})
}

// accepted lets so many of those drawn say yes, and where they are the most
// the supervision committee too.
func (y *projectYear) accepted(id string, most int) error {
	p, err := y.read(id)
	if err != nil {
		return err
	}
	said := 0
	for _, v := range p.Voices {
		if v.Kind != project.Juror || said == min(most, 4) {
			continue
		}
		if err := y.moves(id, v.Account, "accept", map[string]any{"ok": true, "note": pickOf(y.rnd, []string{"走了一遍，很稳", "和图纸一样", "同意", "晚上也看过了"})}); err != nil {
			return err
		}
		said++
	}
	if most < 3 {
		return nil
	}
	return y.moves(id, overseer, "accept", map[string]any{"ok": true, "note": "与报价、合同和图纸相符"})
}

// rated lets three residents rate what was accepted three months before, a few
// days later where a long holiday kept the works.
func (y *projectYear) rated(id string) error {
	if err := y.pass(0); err != nil {
		return err
	}
	for range 30 {
		p, err := y.read(id)
		if err != nil {
			return err
		}
		if p.Asked {
			break
		}
		if err := y.pass(1); err != nil {
			return err
		}
	}
	for _, who := range []string{"demo-resident", "demo-neighbour", "demo-volunteer"} {
		if err := y.moves(id, who, "rate", map[string]any{"satisfied": pickOf(y.rnd, []string{"yes", "yes", "fairly"})}); err != nil {
			return err
		}
	}
	return nil
}

// verdicts are what the panel says on a project that is behind in votes: the
// play mats are built smaller, the rest waits for a condition.
type verdicts struct {
	verdict string
	words   map[string]string // by expert
	reason  string
}

var (
	smaller = verdicts{"adjust", map[string]string{
		"demo-expert1": "孩子们天天在用，只是这次票数靠后，建议缩小规模先做一处",
		"demo-expert3": "资金不大，可以先做滑梯一侧，另一侧等明年的路面养护",
		"demo-expert4": "材料要选环保的，面积可以减半",
	}, "采纳专家意见，面积减半、先做滑梯一侧，列入下半年计划"}
	later = verdicts{"defer", map[string]string{
		"demo-expert1": "居民有需要，先请物业把坏了的修好用起来",
		"demo-expert3": "整体更换要和明年的线路改造一起做，免得拆两遍",
		"demo-expert4": "同意暂缓，线路改造时一并实施，费用还能省三成",
	}, "条件：2027 年二季度楼道线路改造时一并实施；在这之前由物业维修，社区每月抽查并公布"}
)

// panel lets three experts speak on what is behind in votes, and the street
// decide; built tells that it is to be built.
func (y *projectYear) panel(id string) (built bool, err error) {
	p, err := y.read(id)
	if err != nil {
		return false, err
	}
	v := later
	if p.Title == matText {
		v = smaller
	}
	if err := y.moves(id, "demo-street", "panel", map[string]any{"experts": []string{"demo-expert1", "demo-expert3", "demo-expert4"}, "note": "请三位专家到现场看一看"}); err != nil {
		return false, err
	}
	for _, who := range []string{"demo-expert1", "demo-expert3", "demo-expert4"} {
		if err := y.moves(id, who, "opinion", map[string]any{"verdict": v.verdict, "text": v.words[who]}); err != nil {
			return false, err
		}
	}
	return v.verdict == project.Adjust, y.moves(id, "demo-street", "decide", map[string]any{"verdict": v.verdict, "reason": v.reason})
}

// sitting convenes the panel on the project that was behind; one has spoken.
func (y *projectYear) sitting() error {
	if state, err := y.fate(y.dark); err != nil || state != project.Panel {
		return err
	}
	if err := y.moves(y.dark, "demo-street", "panel", map[string]any{"experts": []string{"demo-expert1", "demo-expert2", "demo-expert5"}, "note": "请三位专家晚上到车库入口看一看"}); err != nil {
		return err
	}
	return y.moves(y.dark, "demo-expert1", "opinion", map[string]any{"verdict": "adjust", "text": "居民说得对，入口确实暗；彩灯晃眼，改成两盏普通照明灯，花费不到三成"})
}
