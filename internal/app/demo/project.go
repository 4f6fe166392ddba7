package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"linli/internal/app"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/feature/member"
	"linli/internal/feature/project"
	"linli/internal/feature/tally"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// projectText is a proposal as a resident writes it; cost in yuan.
type projectText struct {
	who, title, body, serves string
	cost                     int64
	worry, suggest           string
}

var (
	rampText = projectText{"demo-resident", "3幢门口加装坡道和扶手", "3幢住着六位坐轮椅的老人，门口三级台阶，下雨天要家人抬着走。想修一条缓坡，两边装扶手。", "3幢 42 户，轮椅和婴儿车都用得上", 68_000,
		"坡道会不会太陡，下雪滑不滑？", "扶手两侧都装，一高一低两道"}

	firstTexts = []projectText{
		{"demo-neighbour", "中心花园条凳换防腐木", "中心花园十二条石凳，冬天冰、夏天烫，木条烂了三条，老人坐不住。换成防腐木条，修一修靠背。", "每天在花园歇脚的老人", 42_000, "木条几年又要烂，谁来换？", "凳子旁边留一个放轮椅的位置"},
		{"demo-volunteer", "公共晾衣架二十组", "小区里到处拉绳子晒被子，挡路也不好看。想在南边空地上装二十组晾衣架，晒衣晒被有地方。", "1 至 9 幢居民", 38_000, "会不会挡住一楼的光？", "离一楼窗户五米以上"},
		{"demo-society", "北门非机动车充电棚", "电动车推上楼充电、飞线充电都有，去年冒过一次烟。北门空地可以建一排带灭火器的充电棚。", "有电动车的 300 多户", 156_000, "离窗户近会不会吵？", "装能自动断电的插座"},
		{"demo-volunteer2", "楼道声控灯整体更换", "5 至 9 幢楼道灯坏了一半，老人晚上下楼打手电。整体换成声控的节能灯。", "5 至 9 幢 260 户", 98_000, "太灵敏了晚上一直亮", "每层留一盏常亮的小灯"},
		{"demo-grid", "儿童活动区软垫翻新", "滑梯下面的软垫开裂翘边，上个月有孩子绊倒了。换新的软垫，顺便修一修秋千。", "有小孩的家庭", 72_000, "味道大不大？", "用看得到检测报告的材料"},
	}
	nowTexts = []projectText{
		{"demo-resident", "便民饮水点和一排遮阳伞", "夏天带孩子、遛弯的人多，没有喝水的地方。想在活动区边上装一个饮水点、几把遮阳伞。", "活动区的大人小孩", 26_000, "水质谁来查？", "水质检测贴在机器上"},
		{"demo-neighbour", "东门人行道路面修补", "东门到公交站这段路面碎了好几块，一下雨就积水，推车的、走路的都绕到车道上。", "每天去坐公交的居民", 54_000, "修的时候从哪里走？", "分两段修，留一半能走"},
		{"demo-volunteer", "社区书屋加装一部爬楼机", "书屋在二楼没有电梯，轮椅上不去。装一部爬楼机，培训几位志愿者会用。", "行动不便的读者", 31_000, "坏了谁修？", "和厂家签三年维护"},
	}
	talkText  = projectText{"demo-volunteer2", "河边步道装太阳能路灯", "河边步道晚上一片黑，散步的人多，去年有人崴了脚。想沿步道装二十盏太阳能灯。", "晚上散步的居民", 88_000, "会不会照到低楼层睡觉？", "十点以后调暗一半"}
	newText   = projectText{"demo-resident", "快递柜旁边加一个遮雨棚", "下雨天取快递全淋湿，老人滑倒过。想在快递柜上面搭一个三米宽的棚子。", "取快递的居民", 12_000, "", ""}
	ownedText = projectText{"demo-neighbour", "2幢外墙保温层维修", "2幢北面墙皮鼓起来，怕掉下来砸到人。", "2幢居民", 180_000, "", ""}
	otherText = projectText{"demo-volunteer", "燃气管道接口异味", "4幢楼下好像有燃气味，想请人来修。", "4幢居民", 0, "", ""}
	vagueText = projectText{"demo-society", "搞一个活动中心", "希望有个活动中心。", "", 0, "", ""}
	sameText  = projectText{"demo-grid", "3幢单元门前修无障碍坡道", "3幢单元门前有台阶，轮椅进出不便，建议修坡道。", "3幢居民", 60_000, "", ""}
)

// projectYear plays a year of projects and polls.
type projectYear struct {
	ctx  context.Context
	h    *app.House
	now  *clock.Fake
	rnd  *rand.Rand
	seen map[string]actor.Actor
}

// Projects makes a year of livelihood projects and their polls.
func Projects(ctx context.Context, h *app.House, year *clock.Fake, rnd *rand.Rand) error {
	y := &projectYear{ctx: ctx, h: h, now: year, rnd: rnd, seen: map[string]actor.Actor{}}
	start := year.Now()
	at := func(month, day int) time.Time { return start.AddDate(0, month, day).Truncate(time.Hour).Add(time.Hour) }

	if err := y.overseer(); err != nil {
		return err
	}
	// A ramp, from the proposal to the rating.
	year.Set(at(0, 10))
	ramp, err := y.talked(rampText)
	if err != nil {
		return err
	}
	year.Advance(50 * time.Hour)
	same, err := y.propose(sameText, "public")
	if err != nil {
		return err
	}
	err = y.moves(same, "demo-community", "merge", map[string]any{"into": ramp, "note": "和 3 幢坡道是同一件事，合在一起办"})
	if err == nil {
		err = y.moves(ramp, "demo-community", "poll", nil)
	}
	if err == nil {
		err = y.ballots(ramp, 0.7, false, func() []string { return []string{[]string{"1", "1", "1", "1", "2"}[rnd.IntN(5)]} })
	}
	if err == nil {
		err = y.pass(8, 9)
	}
	if err == nil {
		err = y.built(ramp, 60_000_00, []string{"拆除旧台阶", "浇筑坡道", "安装两侧扶手"}, true)
	}
	if err != nil {
		return fmt.Errorf("ramp: %w", err)
	}

	// Five projects in one poll by equal shares; one is behind in votes.
	year.Set(at(6, 4))
	first, err := y.several(firstTexts, 300_000_00, time.Time{})
	if err != nil {
		return fmt.Errorf("first poll: %w", err)
	}
	if err := y.pass(8, 9); err != nil {
		return err
	}
	if err := y.outcome(first); err != nil {
		return fmt.Errorf("after the first poll: %w", err)
	}

	// What is going on at the end of the year.
	year.Set(at(11, 18))
	for _, t := range []struct {
		text      projectText
		ownership string
		do        string
		in        map[string]any
	}{
		{otherText, "unclear", "screen", map[string]any{"ok": false, "reason": "闻到异味请马上打燃气抢修电话；这件事由燃气公司负责，社区已转过去", "to": "燃气公司 96077"}},
		{vagueText, "unclear", "screen", map[string]any{"ok": false, "reason": "请写清楚想要什么样的活动、在哪里、为了哪些人"}},
	} {
		id, err := y.propose(t.text, t.ownership)
		if err == nil {
			err = y.moves(id, "demo-community", t.do, t.in)
		}
		if err != nil {
			return err
		}
	}
	if _, err := y.discussed(ownedText, "owners"); err != nil {
		return err
	}
	year.Set(at(11, 20))
	if _, err := y.several(nowTexts, 60_000_00, start.AddDate(1, 0, 4)); err != nil {
		return fmt.Errorf("the poll that is open: %w", err)
	}
	if next := at(11, 25); next.After(year.Now()) {
		year.Set(next)
	}
	if _, err := y.discussed(talkText, "public"); err != nil {
		return err
	}
	_, err = y.propose(newText, "unclear")
	return err
}

// overseer is a member of the supervision committee 居务监督委员会, who accepts
// beside the residents that are drawn.
const overseer = "committee-song"

func (y *projectYear) overseer() error {
	return y.h.DB.Write(y.ctx, func(tx *db.Tx) error {
		a := member.Account{Name: overseer, PublicName: "监督委员老宋", Level: actor.V3, Home: CommunityA, Demo: true}
		gs := y.h.Group.At(CommunityA, actor.Oversight)
		if len(gs) == 0 {
			return errors.New("the demo has no supervision committee")
		}
		return y.h.Member.Create(y.ctx, tx, "", &a, member.Grant{Role: actor.Member, Group: gs[0].ID, Post: "委员"})
	})
}

func (y *projectYear) actor(name string) (actor.Actor, error) {
	if a, ok := y.seen[name]; ok {
		return a, nil
	}
	acc, err := y.h.Member.Find(y.ctx, y.h.DB, name)
	if err != nil {
		return actor.Actor{}, err
	}
	a, _, err := y.h.Member.Actor(y.ctx, acc.ID)
	y.seen[name] = a
	return a, err
}

func (y *projectYear) propose(t projectText, ownership string) (string, error) {
	a, err := y.actor(t.who)
	if err != nil {
		return "", err
	}
	p := &project.Project{Title: t.title, Body: t.body, Cost: t.cost * 100, Ownership: ownership, Serves: t.serves}
	if t.cost > 0 {
		p.Fund, p.Upkeep = "微实事专项资金", "社区居委会，物业协助"
	}
	err = y.h.DB.Write(y.ctx, func(tx *db.Tx) error {
		p.Head.ID = ""
		return y.h.Project.Propose(y.ctx, tx, a, p, CommunityA)
	})
	y.now.Advance(time.Duration(20+y.rnd.IntN(200)) * time.Minute)
	return p.ID, err
}

func (y *projectYear) moves(id, who, do string, in map[string]any) error {
	a, err := y.actor(who)
	if err != nil {
		return err
	}
	err = y.h.DB.Write(y.ctx, func(tx *db.Tx) error {
		_, err := y.h.Project.Machine.Step(y.ctx, tx, a, journal.Request{ID: id, Do: do, Read: journal.Reading(in)})
		return err
	})
	if err != nil {
		return fmt.Errorf("%s by %s: %w", do, who, err)
	}
	y.now.Advance(time.Duration(20+y.rnd.IntN(300)) * time.Minute)
	return nil
}

var supports = []string{"支持，我家就用得上", "早该办了", "支持，希望早点动工", "支持，我可以来帮忙看工地", "很有必要", "支持，费用要公开"}

// discussed takes a proposal into the council and lets people speak.
func (y *projectYear) discussed(t projectText, ownership string) (string, error) {
	id, err := y.propose(t, ownership)
	if err != nil {
		return "", err
	}
	steps := []struct {
		who, do string
		in      map[string]any
	}{
		{"demo-community", "screen", map[string]any{"ok": true, "reason": "社工和网格员现场看过，确有需要，属于微实事范围"}},
		{"demo-party", "study", map[string]any{"result": "support", "note": "社区党组织研究同意，交居民议事"}},
		{"demo-community", "discuss", nil},
	}
	for i, who := range []string{"demo-resident", "demo-neighbour", "demo-volunteer", "demo-volunteer2"} {
		if who != t.who && y.rnd.IntN(4) > 0 {
			steps = append(steps, struct {
				who, do string
				in      map[string]any
			}{who, "position", map[string]any{"kind": "for", "text": supports[(i+y.rnd.IntN(len(supports)))%len(supports)]}})
		}
	}
	for kind, text := range map[string]string{"worry": t.worry, "suggest": t.suggest} {
		if text != "" {
			steps = append(steps, struct {
				who, do string
				in      map[string]any
			}{map[string]string{"worry": "demo-newcomer", "suggest": "demo-society"}[kind], "position", map[string]any{"kind": kind, "text": text}})
		}
	}
	for _, s := range steps {
		if err := y.moves(id, s.who, s.do, s.in); err != nil {
			return id, err
		}
	}
	return id, nil
}

// talked is discussed, every suggestion answered and the council summarised.
func (y *projectYear) talked(t projectText) (string, error) {
	id, err := y.discussed(t, "public")
	if err != nil {
		return id, err
	}
	p, err := y.read(id)
	if err != nil {
		return id, err
	}
	for _, v := range p.Voices {
		if v.Kind == project.Suggest {
			if err := y.moves(id, "demo-community", "answer", map[string]any{"voice": v.ID, "verdict": "adopted", "reason": "已写进方案，施工时照此办理"}); err != nil {
				return id, err
			}
		}
	}
	return id, y.moves(id, "demo-community", "summarise", map[string]any{
		"heard": "大家支持办这件事。担心：" + t.worry + " 建议：" + t.suggest + "。",
		"doing": "建议已采纳写进方案；担心的事由社工和施工方一起回应，施工前贴出图纸和联系人。",
	})
}

func (y *projectYear) read(id string) (*project.Project, error) {
	return y.h.Project.Machine.Read(y.ctx, y.h.DB, actor.Actor{}, id, y.now.Now().UnixMilli())
}

// several discusses projects and puts them to the vote together, by equal
// shares, until closes or for a week.
func (y *projectYear) several(texts []projectText, budget int64, closes time.Time) ([]string, error) {
	var ids []string
	var options []any
	for _, t := range texts {
		id, err := y.talked(t)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
		options = append(options, map[string]any{"title": t.title, "cost": t.cost * 100, "project": id})
	}
	opens, spare := y.now.Now().Add(time.Hour), !closes.IsZero()
	if !spare {
		closes = opens.AddDate(0, 0, 7)
	}
	a, err := y.actor("demo-community")
	if err != nil {
		return nil, err
	}
	err = y.h.DB.Write(y.ctx, func(tx *db.Tx) error {
		p, err := y.h.Ballot.Make(y.ctx, tx, a, map[string]any{
			"question": "这些实事，先办哪几件？", "rule": string(tally.MESCostAdd1U), "options": options, "place": CommunityA,
			"opens": opens.Format(time.RFC3339), "closes": closes.Format(time.RFC3339), "roll": map[string]any{"place": CommunityA, "level": "V3"},
			"budget": map[string]any{"amount": budget}, "basis": "网上议事会汇总后，由社区居民代表会议商定交付投票；资金来自微实事专项",
		})
		if err != nil {
			return err
		}
		return y.h.Project.Polled(y.ctx, tx, a, p.ID, ids)
	})
	if err != nil {
		return nil, err
	}
	weight := make([]int, len(ids)) // some are dearer to people than others
	for i := range weight {
		weight[i] = max(8-2*i, 2)
	}
	return ids, y.ballots(ids[0], 0.75, spare, func() []string {
		var out []string
		for i := range ids {
			if y.rnd.IntN(10) < weight[i] {
				out = append(out, fmt.Sprint(i+1))
			}
		}
		if len(out) == 0 {
			out = []string{"1"}
		}
		return out
	})
}

// kept are the accounts that whoever tries the demo signs in with; their
// ballots in the poll that is open at the end are theirs to put in.
var kept = []string{"demo-resident", "demo-neighbour", "demo-volunteer", "demo-volunteer2", "demo-society", "demo-party", "demo-grid"}

// ballots lets a part of the roll vote in the poll of a project; spare leaves
// the kept accounts their own.
func (y *projectYear) ballots(id string, part float64, spare bool, choose func() []string) error {
	p, err := y.read(id)
	if err != nil {
		return err
	}
	if err := y.h.Ballot.Work(y.ctx); err != nil {
		return err
	}
	y.now.Advance(2 * time.Hour)
	if err := y.h.Ballot.Work(y.ctx); err != nil {
		return err
	}
	es, err := y.h.Member.Electors(y.ctx, y.h.DB, CommunityA, actor.V3, y.now.Now().UnixMilli())
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
	for _, e := range es {
		if spare && slices.Contains(own, e.ID) || y.rnd.Float64() > part {
			continue
		}
		choices := choose()
		if _, err := y.h.Ballot.Vote(actor.With(y.ctx, actor.Actor{ID: e.ID}), p.Poll, func() (any, error) { return choices, nil }); err != nil {
			return err
		}
	}
	return nil
}

// pass lets days go by, a while for the poll and a while for the notice.
func (y *projectYear) pass(days ...int) error {
	for _, n := range days {
		y.now.Advance(time.Duration(n) * 24 * time.Hour)
		for range 2 {
			if err := y.h.Ballot.Work(y.ctx); err != nil {
				return err
			}
			if err := y.h.Project.Work(y.ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// built plans a selected project, spends by two persons, and reaches its
// milestones; all of them when it is to be finished and rated.
func (y *projectYear) built(id string, budget int64, steps []string, finished bool) error {
	due := y.now.Now().AddDate(0, 2, 0).Format(time.RFC3339)
	if err := y.moves(id, "demo-community", "plan", map[string]any{"budget": budget, "due": due, "milestones": steps,
		"contractor": "江心洲市政工程队", "warranty": "两年，坏了一周内来修"}); err != nil {
		return err
	}
	for i, step := range steps {
		if err := y.pass(6 + y.rnd.IntN(6)); err != nil {
			return err
		}
		if err := y.moves(id, "demo-community", "spend", map[string]any{"amount": budget / int64(len(steps)+1), "what": step + "进度款"}); err != nil {
			return err
		}
		if err := y.moves(id, "demo-community2", "countersign", nil); err != nil {
			return err
		}
		if i == len(steps)-1 && !finished {
			return nil
		}
		if err := y.moves(id, "demo-community", "milestone", map[string]any{"note": "按图纸完成，已贴照片"}); err != nil {
			return err
		}
	}
	p, err := y.read(id)
	if err != nil {
		return err
	}
	said := 0
	for _, v := range p.Voices {
		if v.Kind == project.Juror && said < 4 {
			if err := y.moves(id, v.Account, "accept", map[string]any{"ok": true, "note": pickOf(y.rnd, []string{"走了一遍，很稳", "和图纸一样", "同意", "晚上也看过了"})}); err != nil {
				return err
			}
			said++
		}
		if p, err = y.read(id); err != nil || p.State != project.Acceptance {
			break
		}
	}
	if err == nil && p.State == project.Acceptance {
		err = y.moves(id, overseer, "accept", map[string]any{"ok": true, "note": "与报价、合同和图纸相符"})
	}
	if err != nil {
		return err
	}
	if err := y.pass(91); err != nil {
		return err
	}
	for _, who := range []string{"demo-resident", "demo-neighbour", "demo-volunteer"} {
		if err := y.moves(id, who, "rate", map[string]any{"satisfied": pickOf(y.rnd, []string{"yes", "yes", "fairly"})}); err != nil {
			return err
		}
	}
	return nil
}

// outcome goes on with the projects of a poll: the selected are built, one of
// them as far as acceptance, and what is behind goes through the panel.
func (y *projectYear) outcome(ids []string) error {
	n := 0
	for _, id := range ids {
		p, err := y.read(id)
		if err != nil {
			return err
		}
		switch p.State {
		case project.Selected:
			n++
			if n > 2 {
				continue // on the fast track, the plan is being drawn up
			}
			err = y.built(id, p.Cost, []string{"进场、围挡", "主体施工", "清场、试用"}, n == 1)
		case project.Panel:
			err = y.panel(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (y *projectYear) panel(id string) error {
	if err := y.moves(id, "demo-street", "panel", map[string]any{"experts": []string{"demo-expert1", "demo-expert3", "demo-expert4"}, "note": "请三位专家到现场看一看"}); err != nil {
		return err
	}
	for who, text := range map[string]string{
		"demo-expert1": "居民有需要，只是这次票数靠后，建议缩小规模先做一处",
		"demo-expert3": "资金不大，可以和明年的路面养护一起做",
		"demo-expert4": "材料要选环保的，面积可以减半",
	} {
		if err := y.moves(id, who, "opinion", map[string]any{"verdict": "adjust", "text": text}); err != nil {
			return err
		}
	}
	return y.moves(id, "demo-street", "decide", map[string]any{"verdict": "adjust", "reason": "采纳专家意见，面积减半、先做滑梯一侧，列入下半年计划"})
}
