package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"linli/internal/app"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/feature/member"
	"linli/internal/feature/project"
	"linli/internal/feature/tally"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// projectYear plays a year of projects and polls.
type projectYear struct {
	ctx  context.Context
	h    *app.House
	now  *clock.Fake
	end  time.Time
	rnd  *rand.Rand
	seen map[string]actor.Actor
	dark string // a project behind in votes, before the panel at the end of the year
	last string // a project whose last step is reached in the last days
}

// Projects makes a year of livelihood projects and their polls.
func Projects(ctx context.Context, h *app.House, year *clock.Fake, rnd *rand.Rand) error {
	y := &projectYear{ctx: ctx, h: h, now: year, end: year.Now().AddDate(1, 0, 0), rnd: rnd, seen: map[string]actor.Actor{}}
	for _, part := range []struct {
		name string
		days int // before the end of the year
		do   func() error
	}{
		{"supervision committee", 360, y.overseer},
		{"ramp", 355, y.ramp},
		{"polls for an opinion", 215, y.asked},
		{"five projects", 200, y.five},
		{"one behind and one ahead", 28, y.behind},
		{"what came in", 22, y.incoming},
		{"their results", 17, func() error { return y.pass(0) }},
		{"the notice", 13, y.fared},
		{"what is going on", 9, y.present},
	} {
		y.until(part.days)
		if err := part.do(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	y.until(0)
	return y.pass(0)
}

// until moves the clock on to nine o'clock of a day so many days before the end of the year.
func (y *projectYear) until(days int) {
	at := y.end.AddDate(0, 0, -days).In(clock.China)
	if at = time.Date(at.Year(), at.Month(), at.Day(), 9, 0, 0, 0, clock.China); days == 0 {
		at = y.end
	}
	if at.After(y.now.Now()) {
		y.now.Set(at)
	}
}

// wait lets some minutes go by; nobody does anything at night.
func (y *projectYear) wait() {
	y.now.Advance(time.Duration(15+y.rnd.IntN(110)) * time.Minute)
	if at := y.now.Now().In(clock.China); at.Hour() < 8 || at.Hour() >= 20 {
		day := at.AddDate(0, 0, at.Hour()/20)
		y.now.Set(time.Date(day.Year(), day.Month(), day.Day(), 8, 30+y.rnd.IntN(90), 0, 0, clock.China))
	}
}

// ramp goes from the proposal to the rating, another's proposal merged into it.
func (y *projectYear) ramp() error {
	id, err := y.talked(rampText)
	if err != nil {
		return err
	}
	same, err := y.propose(sameText, "public")
	if err != nil {
		return err
	}
	if err := y.moves(same, "demo-community", "merge", map[string]any{"into": id, "note": "和 3 幢坡道是同一件事，合在一起办"}); err != nil {
		return err
	}
	if err := y.alone(id, 80); err != nil {
		return err
	}
	if err := y.pass(9, 9); err != nil {
		return err
	}
	if _, err := y.fate(id); err != nil {
		return err
	}
	if err := y.plan(id, 60_000_00, []string{"拆除旧台阶", "浇筑坡道", "安装两侧扶手"}); err != nil {
		return err
	}
	for range 3 {
		if err := y.step(id, 60_000_00/4); err != nil {
			return err
		}
	}
	if err := y.accepted(id, 9); err != nil {
		return err
	}
	if err := y.pass(91); err != nil {
		return err
	}
	return y.rated(id)
}

// five projects share one poll by equal shares; two of them are behind in votes.
func (y *projectYear) five() error {
	ids, err := y.several(firstTexts, 300_000_00, time.Time{})
	if err != nil {
		return err
	}
	if err := y.pass(8, 9); err != nil {
		return err
	}
	var chosen, behind []string
	for _, id := range ids {
		switch state, err := y.fate(id); {
		case err != nil:
			return err
		case state == project.Selected:
			chosen = append(chosen, id)
		case state == project.Panel:
			behind = append(behind, id)
		}
	}
	for _, id := range behind {
		built, err := y.panel(id)
		if err != nil {
			return err
		}
		if built {
			y.last = id
		}
	}
	steps := []string{"进场、围挡", "主体施工", "清场、试用"}
	for i, id := range chosen[:min(3, len(chosen))] {
		p, err := y.read(id)
		if err != nil {
			return err
		}
		y.until([]int{0: 180, 1: 140, 2: 100}[i])
		if err := y.plan(id, p.Cost, steps); err != nil {
			return err
		}
		for range steps[:3-i/2] { // the third is being built to this day
			if err := y.step(id, p.Cost/4); err != nil {
				return err
			}
		}
		if i < 2 {
			if err := y.accepted(id, 9); err != nil {
				return err
			}
		}
	}
	y.until(52)
	if err := y.rated(chosen[0]); err != nil {
		return err
	}
	if len(chosen) > 2 {
		y.until(45)
		in := map[string]any{"until": y.end.AddDate(0, 0, 26).Format(time.RFC3339), "reason": "连续阴雨，防水层要等干透再做；插座改用能自动断电的，重新到货"}
		if err := y.moves(chosen[2], "demo-community", "delay", in); err != nil {
			return err
		}
	}
	if y.last == "" {
		return nil
	}
	// What the panel let be built is finished only at the end of the year.
	y.until(40)
	if err := y.plan(y.last, 36_000_00, []string{"先做滑梯一侧", "清场、试用"}); err != nil {
		return err
	}
	return y.step(y.last, 12_000_00)
}

// behind has few votes, its panel is sitting; another of the same days is on the fast track.
func (y *projectYear) behind() error {
	var err error
	if y.dark, err = y.talked(panelText); err != nil {
		return err
	}
	if err := y.alone(y.dark, 12); err != nil {
		return err
	}
	id, err := y.talked(netText)
	if err != nil {
		return err
	}
	return y.alone(id, 90)
}

// incoming are proposals in all their first stages.
func (y *projectYear) incoming() error {
	for _, t := range []struct {
		text projectText
		in   map[string]any
	}{
		{otherText, map[string]any{"ok": false, "reason": "闻到异味请马上打燃气抢修电话；这件事由燃气公司负责，社区已转过去", "to": "燃气公司 96077"}},
		{vagueText, map[string]any{"ok": false, "reason": "请写清楚想要什么样的活动、在哪里、为了哪些人"}},
		{heldText, map[string]any{"ok": true, "reason": "现场看过，围网确有两处破洞，属于微实事范围"}},
		{seenText, map[string]any{"ok": true, "reason": "残联和居民都提过，属于微实事范围"}},
	} {
		id, err := y.propose(t.text, "public")
		if err == nil {
			err = y.moves(id, "demo-community", "screen", t.in)
		}
		if err == nil && t.text.title == seenText.title {
			err = y.moves(id, "demo-party", "study", map[string]any{"result": "support", "note": "支委会研究同意，下周开始网上议事"})
		}
		if err != nil {
			return err
		}
	}
	_, err := y.discussed(ownedText, "owners")
	return err
}

// fared is liked by most and stands in public notice.
func (y *projectYear) fared() error {
	id, err := y.talked(noticeText)
	if err == nil {
		err = y.alone(id, 85)
	}
	return err
}

// present is what goes on at the end of the year.
func (y *projectYear) present() error {
	if err := y.sitting(); err != nil {
		return err
	}
	if y.last != "" { // being looked at by those who were drawn
		if err := y.moves(y.last, "demo-community", "milestone", map[string]any{"note": "软垫铺好，边缘压实，检测报告已贴"}); err != nil {
			return err
		}
		if err := y.accepted(y.last, 2); err != nil {
			return err
		}
	}
	if _, err := y.several(nowTexts, 60_000_00, y.end.AddDate(0, 0, 4)); err != nil {
		return err
	}
	if err := y.asking(); err != nil {
		return err
	}
	if _, err := y.talked(summedText); err != nil {
		return err
	}
	if _, err := y.discussed(talkText, "public"); err != nil {
		return err
	}
	_, err := y.propose(newText, "unclear")
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
	y.wait()
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
	y.wait()
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
	for _, said := range []struct{ who, kind, text string }{{"demo-newcomer", "worry", t.worry}, {"demo-society", "suggest", t.suggest}} {
		if said.text != "" {
			steps = append(steps, struct {
				who, do string
				in      map[string]any
			}{said.who, "position", map[string]any{"kind": said.kind, "text": said.text}})
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

// ballots lets a part of the roll vote in the poll of a project.
func (y *projectYear) ballots(id string, part float64, spare bool, choose func() []string) error {
	p, err := y.read(id)
	if err != nil {
		return err
	}
	return y.fill(p.Poll, part, spare, choose)
}

// fate is the state of a project after its poll and notice; it lets days go by
// until then, for a holiday lengthens the notice, but none past the end of the year.
func (y *projectYear) fate(id string) (flow.State, error) {
	for {
		p, err := y.read(id)
		if err != nil {
			return "", err
		}
		if p.State != project.Polling && p.State != project.Notice || y.now.Now().After(y.end.AddDate(0, 0, -2)) {
			return p.State, nil
		}
		if err := y.pass(1); err != nil {
			return "", err
		}
	}
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
