// Package story shows every partial and shell of the product with invented data (样例页), for the eye at /dev/pages and for
// the tests of package ui.
package story

import (
	"context"
	"io"
	"time"

	"linli/internal/ui"
	"linli/internal/ui/chart"
	"linli/internal/ui/text"

	"github.com/a-h/templ"
)

// Story is one partial or page shown with invented data, for the eye and for tests.
type Story struct {
	Name      string // such as "zh-CN/care/stepper"
	Component templ.Component
}

// storyNow is the moment the stories play in.
var storyNow = time.Date(2026, 5, 6, 9, 30, 0, 0, text.Zone)

// Stories returns every partial in its shell, in both languages, in standard and in care mode.
func Stories() []Story {
	var out []Story
	for _, lang := range text.Languages() {
		for _, care := range []bool{false, true} {
			mode := "standard"
			if care {
				mode = "care"
			}
			p := storyPage(lang, care)
			for _, tale := range tales {
				q := p
				q.Title = tale.name
				if tale.set != nil {
					tale.set(&q)
				}
				out = append(out, Story{Name: lang + "/" + mode + "/" + tale.name, Component: tale.show(q)})
			}
		}
	}
	return out
}

func storyPage(lang string, care bool) ui.Page {
	return ui.Page{
		Path: "/dev/pages", NoIndex: true, Now: storyNow,
		Look: ui.Look{
			Lang: lang, Care: care, Demo: true,
			Community: ui.Community{Name: "洲岛家园社区", Code: "320105004004", Phone: "025-8600 1234", Hours: say(lang, "每天 8:30–20:00", "daily 8:30–20:00")},
			Me:        ui.Me{SignedIn: true, Name: say(lang, "张先生", "Mr Zhang"), Badge: 2},
			Site:      ui.Site{Organiser: "建邺区江心洲街道办事处", ICP: "苏ICP备00000000号-1", PoliceICP: "苏公网安备00000000000000号", ComplaintsURL: "/help#complaints"},
		},
	}
}

type tale struct {
	name string
	set  func(*ui.Page)
	show func(ui.Page) templ.Component
}

func staffReader(p *ui.Page) { p.Me.Desk = ui.DeskStaff; p.Section = "todo" }

var tales = []tale{
	{"home", func(p *ui.Page) { p.Section = ui.Home }, inShell(storyHome)},
	{"home-visitor", func(p *ui.Page) { p.Section = ui.Home; p.Me = ui.Me{} }, inShell(storyHome)},
	{"say", func(p *ui.Page) { p.Section = ui.Say }, inShell(storySay)},
	{"services", func(p *ui.Page) { p.Section = ui.Services }, inShell(storyServices)},
	{"form", func(p *ui.Page) { p.Back = link(p.T("shell.back"), "/") }, inShell(storyForm)},
	{"form-errors", nil, inShell(storyFormErrors)},
	{"check-answers", nil, inShell(storyCheck)},
	{"receipt", func(p *ui.Page) { p.Section = ui.Mine }, inShell(storyReceipt)},
	{"matter", func(p *ui.Page) {
		p.Section = ui.Wishes
		p.Flash = say(p.Lang, "已收到您的补充。", "We have your addition.")
	}, inShell(storyMatter)},
	{"list", func(p *ui.Page) { p.Section = ui.Wishes }, inShell(storyList)},
	{"empty", func(p *ui.Page) { p.Section = ui.Activities }, inShell(storyEmpty)},
	{"notices", nil, inShell(storyNotices)},
	{"charts", func(p *ui.Page) { p.Section = ui.Figures }, inShell(storyCharts)},
	{"problem", func(p *ui.Page) { p.Me = ui.Me{} }, inShell(storyProblem)},
	{"workbench", staffReader, inStaffShell(storyWorkbench)},
	{"import-errors", staffReader, inStaffShell(storyImport)},
	{"slip", func(p *ui.Page) { p.Back = link(p.T("shell.back"), "/") }, inPaper(storySlip)},
	{"wall", func(p *ui.Page) { p.Title = say(p.Lang, "公开看板", "Open figures") }, inScreen(storyWall)},
}

type part func(ui.Page) templ.Component

func inShell(body part) func(ui.Page) templ.Component      { return within(ui.Layout, body) }
func inStaffShell(body part) func(ui.Page) templ.Component { return within(ui.StaffLayout, body) }
func inPaper(body part) func(ui.Page) templ.Component      { return within(ui.PrintLayout, body) }
func inScreen(body part) func(ui.Page) templ.Component     { return within(ui.ScreenLayout, body) }

func within(shell, body part) func(ui.Page) templ.Component {
	return func(p ui.Page) templ.Component {
		return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			return shell(p).Render(templ.WithChildren(ctx, body(p)), w)
		})
	}
}

// say picks the words of a story by language.
func say(lang, chinese, english string) string {
	if text.Normal(lang) == text.English {
		return english
	}
	return chinese
}

func pick(p ui.Page, chinese, english string) string { return say(p.Lang, chinese, english) }

func link(label, address string) ui.Link { return ui.Link{Label: label, URL: address} }

func tag(state, label string, tone ui.Tone) ui.Tag {
	return ui.Tag{State: state, Label: label, Tone: tone}
}

func storySteps(p ui.Page) []ui.Step {
	return []ui.Step{
		{Label: pick(p, "已提交", "Sent"), When: pick(p, "5月3日", "3 May"), State: ui.StepDone},
		{Label: pick(p, "认领中", "Claiming"), When: pick(p, "还有 2 天", "2 days left"), State: ui.StepHere},
		{Label: pick(p, "送到", "Delivered"), When: pick(p, "预计 5月9日", "by 9 May"), State: ui.StepAhead},
		{Label: pick(p, "您来确认", "You confirm"), When: "", State: ui.StepAhead},
	}
}

func storyBar(p ui.Page) *ui.Progress {
	return &ui.Progress{Label: pick(p, "已认领", "Claimed"), Done: 600, Total: 7000, Unit: pick(p, "斤", "jin")}
}

func storyActions(p ui.Page) []ui.Action {
	return []ui.Action{
		{Do: "claim", Label: pick(p, "认领", "Claim"), Enabled: true, Primary: true, URL: "/wishes/1/claim", OpID: "op-1", Version: 3, Fields: []ui.Field{
			{Name: "amount", Label: pick(p, "认领多少", "How much"), Type: ui.NumberField, Min: "1", Max: "6400", Unit: pick(p, "斤", "jin"), Required: true, Hint: pick(p, "还剩 6,400 斤", "6,400 jin left")},
		}},
		{Do: "note", Label: pick(p, "补充", "Add something"), Enabled: true, URL: "/wishes/1/note", OpID: "op-2", Version: 3, Fields: []ui.Field{
			{Name: "note", Label: pick(p, "想补充什么", "What to add"), Type: ui.AreaField, MaxLen: 2000, Required: true},
			{Name: "photos", Label: pick(p, "照片", "Photographs"), Type: ui.PhotoField},
		}},
		{Do: "urge", Label: pick(p, "催办", "Urge"), Reason: pick(p, "今天已经催过一次，明天还可以再催。", "You urged once today; you can do so again tomorrow.")},
		{Do: "withdraw", Label: pick(p, "撤回", "Withdraw"), Enabled: true, Danger: true, URL: "/wishes/1/withdraw", OpID: "op-3", Version: 3},
	}
}

func storyClaim(p ui.Page) ui.Claim {
	return ui.Claim{
		Level: pick(p, "现在向社会组织和共建单位征求认领", "Social organisations and partner units are asked now"),
		Rises: pick(p, "5月8日 18:00 起扩大认领范围，由街道兜底", "From 8 May 18:00 the street is asked too"),
		Lead:  pick(p, "洲岛家园社区党支部", "洲岛家园社区党支部"),
		Bar:   &ui.Progress{Label: pick(p, "已送到", "Delivered"), Done: 600, Total: 7000, Held: 1400, HeldName: pick(p, "已认领未送", "claimed, on the way"), Unit: pick(p, "斤", "jin")},
		Rows: []ui.ClaimRow{
			{Who: pick(p, "第一中学食堂", "No. 1 School canteen"), What: pick(p, "600 斤", "600 jin"), Tag: tag("delivered", pick(p, "已送到", "Delivered"), ui.Good)},
			{Who: pick(p, "社区卫生服务中心食堂", "Health centre canteen"), What: pick(p, "1,400 斤", "1,400 jin"), Tag: tag("held", pick(p, "已认领", "Claimed"), ui.Busy), Until: pick(p, "5月9日 12:00 前送到", "by 9 May 12:00"), Mine: true, Lead: true},
		},
		Action: &storyActions(p)[0],
		Settle: pick(p, "价款由双方当面结清，平台不收付。", "Both sides settle the price in person; the platform handles no money."),
	}
}

func storyCards(p ui.Page) []ui.Card {
	return []ui.Card{
		{Title: pick(p, "老张住院了，田里七千多斤青菜急着卖", "Mr Zhang is in hospital; over 7,000 jin of greens must be sold"), URL: "/wishes/1", Tag: tag("open", pick(p, "认领中", "Open"), ui.Wait), Bar: storyBar(p), Facts: []string{pick(p, "解难纾困", "Hardship"), pick(p, "三组田头", "Group 3 fields")}, Due: pick(p, "5月9日 周六前要", "wanted by Sat 9 May")},
		{Title: pick(p, "想请人教我用手机挂号", "Please teach me to book a doctor on my phone"), URL: "/wishes/2", Tag: tag("claimed", pick(p, "有人认领", "Claimed"), ui.Busy), Steps: storySteps(p), Due: pick(p, "预计 周四 18:00 前答复", "answer by Thu 18:00")},
		{Title: pick(p, "3幢楼道灯修好了", "The lamp in building 3 works again"), URL: "/wishes/3", Text: pick(p, "物业已更换感应灯，居民现场确认。", "The property company replaced it; a resident confirmed on the spot."), Tag: tag("fulfilled", pick(p, "已解决", "Solved"), ui.Good), Facts: []string{pick(p, "环境设施", "Facilities"), pick(p, "3幢 2单元", "Building 3, unit 2"), pick(p, "满意", "satisfied")}},
	}
}

func storyFields(p ui.Page) []ui.Field {
	return []ui.Field{
		{Name: "title", Label: pick(p, "一句话说说是什么事", "Say it in one sentence"), Required: true, MaxLen: 80, Hint: pick(p, "比如：想请人陪我去医院复查", "For example: someone to go with me to the hospital")},
		{Name: "body", Label: pick(p, "再说详细一点", "Tell us more"), Type: ui.AreaField, Required: true, MaxLen: 5000, Value: pick(p, "周四上午，在社区医院。", "Thursday morning at the community hospital.")},
		{Name: "place", Label: pick(p, "在哪里", "Where"), Type: ui.RadioField, Required: true, Value: "home", Options: []ui.Option{
			{Value: "home", Label: pick(p, "我家", "My home"), Hint: pick(p, "3幢 2单元，门牌号只给帮您的人看", "Building 3, unit 2; only your helper sees the door number"), Icon: "home"},
			{Value: "estate", Label: pick(p, "小区里", "In the estate"), Icon: "place"},
			{Value: "none", Label: pick(p, "说不清，或跟地点无关", "Hard to say, or no place")},
		}},
		{Name: "category", Label: pick(p, "哪一类", "Category"), Type: ui.SelectField, Required: true, Options: []ui.Option{
			{Value: "", Label: pick(p, "请选择", "Please choose")}, {Value: "扶老护幼", Label: pick(p, "扶老护幼", "Old and young")}, {Value: "环境设施", Label: pick(p, "环境设施", "Facilities")},
		}},
		{Name: "amount", Label: pick(p, "数量", "Quantity"), Type: ui.NumberField, Unit: pick(p, "斤", "jin")},
		{Name: "wanted_by", Label: pick(p, "什么时候要", "Wanted by"), Type: ui.DateField},
		{Name: "skills", Label: pick(p, "需要会什么", "Skills needed"), Type: ui.ChecksField, Values: []string{"drive"}, Options: []ui.Option{
			{Value: "drive", Label: pick(p, "会开车", "Driving")}, {Value: "dialect", Label: pick(p, "会说本地话", "Local dialect")}, {Value: "phone", Label: pick(p, "会用手机", "Smartphone")}, {Value: "strong", Label: pick(p, "有力气", "Strength")},
		}},
		{Name: "photos", Label: pick(p, "照片", "Photographs"), Type: ui.PhotoField, Hint: pick(p, "最多 6 张，尽量不要拍到人脸", "Up to 6; avoid faces")},
		{Name: "private", Label: pick(p, "不公开，只有社区和帮我的人能看到", "Keep private: only the community and my helper see it"), Type: ui.CheckField},
	}
}

func storyFaulty(p ui.Page) []ui.Field {
	fields := storyFields(p)
	fields[0].Error = pick(p, "请写一句话，好让社区知道是什么事", "Write one sentence so that the community knows what it is")
	fields[1].Value = ""
	fields[1].Error = pick(p, "请再说详细一点", "Please tell us more")
	fields[2].Value = ""
	fields[2].Error = pick(p, "请选一个地点", "Please choose a place")
	return fields
}

func storyFigures(p ui.Page) []chart.Chart {
	months := []string{pick(p, "1月", "Jan"), pick(p, "2月", "Feb"), pick(p, "3月", "Mar"), pick(p, "4月", "Apr"), pick(p, "5月", "May")}
	source := pick(p, "办理记录，按日更新", "case records, updated daily")
	return []chart.Chart{
		{ID: "bars", Title: pick(p, "洲岛家园社区本月实现的心愿最多", "洲岛家园社区 fulfilled most wishes this month"), Unit: pick(p, "件", "wishes"), Period: pick(p, "2026年4月", "April 2026"), Source: source, CSV: "/stats.csv",
			Labels: []string{"洲岛家园社区", "洲泰社区", "永定社区", "白鹭社区"}, Series: []chart.Series{{Values: []float64{1284, 960, 431, 88}}}},
		{ID: "lines", Title: pick(p, "受理在涨，办结跟得上", "More comes in, and more gets done"), Unit: pick(p, "件", "matters"), Period: pick(p, "2026年1–5月", "January to May 2026"), Source: source,
			Labels: months, Series: []chart.Series{{Name: pick(p, "受理", "Accepted"), Values: []float64{410, 380, 520, 610, 640}}, {Name: pick(p, "办结", "Settled"), Values: []float64{390, 372, 498, 600, 622}}}},
		{ID: "shares", Title: pick(p, "十件里有九件群众满意或基本满意", "Nine in ten are satisfied or fairly satisfied"), Unit: pick(p, "件", "answers"), Period: pick(p, "2026年4月", "April 2026"), Source: source,
			Labels: []string{pick(p, "满意", "Satisfied"), pick(p, "基本满意", "Fairly"), pick(p, "不满意", "Not"), pick(p, "暂不评价", "No answer")}, Tones: []ui.Tone{ui.Good, ui.Busy, ui.Bad, ui.Off}, Series: []chart.Series{{Values: []float64{612, 204, 61, 23}}}},
	}
}

func storyTable(p ui.Page) ui.Table {
	return ui.Table{
		Caption: pick(p, "待办工单", "Matters to handle"), Hidden: true, Select: "id", FormID: "batch",
		Columns: []ui.Column{{Label: pick(p, "事项", "Matter")}, {Label: pick(p, "状态", "State")}, {Label: pick(p, "到期", "Due"), Sort: "/staff/matters?sort=due", Sorted: "ascending"}, {Label: pick(p, "催办", "Urged"), Number: true}},
		Rows: []ui.Row{
			{ID: "1", Tone: ui.Bad, Cells: []ui.Cell{{Text: pick(p, "3幢电梯困人后一直没修", "Lift in building 3 still broken"), URL: "/staff/matters/1"}, {Body: ui.StateTag(tag("late", pick(p, "已超期", "Late"), ui.Bad))}, {Text: pick(p, "昨天 18:00", "yesterday 18:00")}, {Text: "2"}}},
			{ID: "2", Tone: ui.Warn, Cells: []ui.Cell{{Text: pick(p, "菜场门口积水", "Water at the market gate"), URL: "/staff/matters/2"}, {Body: ui.StateTag(tag("signed", pick(p, "办理中", "In progress"), ui.Busy))}, {Text: pick(p, "今天 18:00", "today 18:00")}, {Text: "0"}}},
			{ID: "3", Cells: []ui.Cell{{Text: pick(p, "想办一张老年卡", "An elder's card"), URL: "/staff/matters/3"}, {Body: ui.StateTag(tag("review", pick(p, "待签收", "To sign"), ui.Wait))}, {Text: pick(p, "5月8日 18:00", "8 May 18:00")}, {Text: "0"}}},
		},
	}
}
