package ui

import (
	"context"
	"io"
	"time"

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

func storyPage(lang string, care bool) Page {
	return Page{
		Lang: lang, Care: care, Path: "/dev/pages", Demo: true, NoIndex: true, Now: storyNow,
		Community: Community{Name: "洲岛家园社区", Code: "320105004004", Phone: "025-8600 1234", Hours: say(lang, "每天 8:30–20:00", "daily 8:30–20:00")},
		Me:        Me{SignedIn: true, Name: say(lang, "张先生", "Mr Zhang"), Badge: 2},
		Site:      Site{Organiser: "建邺区江心洲街道办事处", ICP: "苏ICP备00000000号-1", PoliceICP: "苏公网安备00000000000000号", ComplaintsURL: "/help#complaints"},
	}
}

type tale struct {
	name string
	set  func(*Page)
	show func(Page) templ.Component
}

func staffReader(p *Page) { p.Me.Staff = true; p.Section = "todo" }

var tales = []tale{
	{"home", func(p *Page) { p.Section = Home }, inShell(storyHome)},
	{"home-visitor", func(p *Page) { p.Section = Home; p.Me = Me{} }, inShell(storyHome)},
	{"say", func(p *Page) { p.Section = Say }, inShell(storySay)},
	{"services", func(p *Page) { p.Section = Services }, inShell(storyServices)},
	{"form", func(p *Page) { p.Back = Link{p.T("shell.back"), "/"} }, inShell(storyForm)},
	{"form-errors", nil, inShell(storyFormErrors)},
	{"check-answers", nil, inShell(storyCheck)},
	{"receipt", func(p *Page) { p.Section = Mine }, inShell(storyReceipt)},
	{"matter", func(p *Page) {
		p.Section = Wishes
		p.Flash = say(p.Lang, "已收到您的补充。", "We have your addition.")
	}, inShell(storyMatter)},
	{"list", func(p *Page) { p.Section = Wishes }, inShell(storyList)},
	{"empty", func(p *Page) { p.Section = Activities }, inShell(storyEmpty)},
	{"notices", nil, inShell(storyNotices)},
	{"charts", func(p *Page) { p.Section = Figures }, inShell(storyCharts)},
	{"problem", func(p *Page) { p.Me = Me{} }, inShell(storyProblem)},
	{"workbench", staffReader, inStaffShell(storyWorkbench)},
	{"import-errors", staffReader, inStaffShell(storyImport)},
	{"slip", func(p *Page) { p.Back = Link{p.T("shell.back"), "/"} }, inPaper(storySlip)},
	{"wall", func(p *Page) { p.Title = say(p.Lang, "公开看板", "Open figures") }, inScreen(storyWall)},
}

type part func(Page) templ.Component

func inShell(body part) func(Page) templ.Component      { return within(Layout, body) }
func inStaffShell(body part) func(Page) templ.Component { return within(StaffLayout, body) }
func inPaper(body part) func(Page) templ.Component      { return within(PrintLayout, body) }
func inScreen(body part) func(Page) templ.Component     { return within(ScreenLayout, body) }

func within(shell, body part) func(Page) templ.Component {
	return func(p Page) templ.Component {
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

func (p Page) say(chinese, english string) string { return say(p.Lang, chinese, english) }

func storySteps(p Page) []Step {
	return []Step{
		{p.say("已提交", "Sent"), p.say("5月3日", "3 May"), StepDone},
		{p.say("认领中", "Claiming"), p.say("还有 2 天", "2 days left"), StepHere},
		{p.say("送到", "Delivered"), p.say("预计 5月9日", "by 9 May"), StepAhead},
		{p.say("您来确认", "You confirm"), "", StepAhead},
	}
}

func storyBar(p Page) *Progress {
	return &Progress{Label: p.say("已认领", "Claimed"), Done: 600, Total: 7000, Unit: p.say("斤", "jin")}
}

func storyActions(p Page) []Action {
	return []Action{
		{Do: "claim", Label: p.say("认领", "Claim"), Enabled: true, Primary: true, URL: "/wishes/1/claim", OpID: "op-1", Version: 3, Fields: []Field{
			{Name: "amount", Label: p.say("认领多少", "How much"), Type: NumberField, Min: "1", Max: "6400", Unit: p.say("斤", "jin"), Required: true, Hint: p.say("还剩 6,400 斤", "6,400 jin left")},
		}},
		{Do: "note", Label: p.say("补充", "Add something"), Enabled: true, URL: "/wishes/1/note", OpID: "op-2", Version: 3, Fields: []Field{
			{Name: "note", Label: p.say("想补充什么", "What to add"), Type: AreaField, MaxLen: 2000, Required: true},
			{Name: "photos", Label: p.say("照片", "Photographs"), Type: PhotoField},
		}},
		{Do: "urge", Label: p.say("催办", "Urge"), Reason: p.say("今天已经催过一次，明天还可以再催。", "You urged once today; you can do so again tomorrow.")},
		{Do: "withdraw", Label: p.say("撤回", "Withdraw"), Enabled: true, Danger: true, URL: "/wishes/1/withdraw", OpID: "op-3", Version: 3},
	}
}

func storyClaim(p Page) Claim {
	return Claim{
		Level: p.say("现在向社会组织和共建单位征求认领", "Social organisations and partner units are asked now"),
		Rises: p.say("5月8日 18:00 起扩大认领范围，由街道兜底", "From 8 May 18:00 the street is asked too"),
		Lead:  p.say("洲岛家园社区党支部", "洲岛家园社区党支部"),
		Bar:   &Progress{Label: p.say("已送到", "Delivered"), Done: 600, Total: 7000, Held: 1400, HeldName: p.say("已认领未送", "claimed, on the way"), Unit: p.say("斤", "jin")},
		Rows: []ClaimRow{
			{Who: p.say("第一中学食堂", "No. 1 School canteen"), What: p.say("600 斤", "600 jin"), Tag: Tag{"delivered", p.say("已送到", "Delivered"), Good}},
			{Who: p.say("社区卫生服务中心食堂", "Health centre canteen"), What: p.say("1,400 斤", "1,400 jin"), Tag: Tag{"held", p.say("已认领", "Claimed"), Busy}, Until: p.say("5月9日 12:00 前送到", "by 9 May 12:00"), Mine: true, Lead: true},
		},
		Action: &storyActions(p)[0],
		Settle: p.say("价款由双方当面结清，平台不收付。", "Both sides settle the price in person; the platform handles no money."),
	}
}

func storyCards(p Page) []Card {
	return []Card{
		{Title: p.say("老张住院了，田里七千多斤青菜急着卖", "Mr Zhang is in hospital; over 7,000 jin of greens must be sold"), URL: "/wishes/1", Tag: Tag{"open", p.say("认领中", "Open"), Wait}, Bar: storyBar(p), Facts: []string{p.say("解难纾困", "Hardship"), p.say("三组田头", "Group 3 fields")}, Due: p.say("5月9日 周六前要", "wanted by Sat 9 May")},
		{Title: p.say("想请人教我用手机挂号", "Please teach me to book a doctor on my phone"), URL: "/wishes/2", Tag: Tag{"claimed", p.say("有人认领", "Claimed"), Busy}, Steps: storySteps(p), Due: p.say("预计 周四 18:00 前答复", "answer by Thu 18:00")},
		{Title: p.say("3幢楼道灯修好了", "The lamp in building 3 works again"), URL: "/wishes/3", Text: p.say("物业已更换感应灯，居民现场确认。", "The property company replaced it; a resident confirmed on the spot."), Tag: Tag{"fulfilled", p.say("已解决", "Solved"), Good}, Facts: []string{p.say("环境设施", "Facilities"), p.say("3幢 2单元", "Building 3, unit 2"), p.say("满意", "satisfied")}},
	}
}

func storyFields(p Page) []Field {
	return []Field{
		{Name: "title", Label: p.say("一句话说说是什么事", "Say it in one sentence"), Required: true, MaxLen: 80, Hint: p.say("比如：想请人陪我去医院复查", "For example: someone to go with me to the hospital")},
		{Name: "body", Label: p.say("再说详细一点", "Tell us more"), Type: AreaField, Required: true, MaxLen: 5000, Value: p.say("周四上午，在社区医院。", "Thursday morning at the community hospital.")},
		{Name: "place", Label: p.say("在哪里", "Where"), Type: RadioField, Required: true, Value: "home", Options: []Option{
			{Value: "home", Label: p.say("我家", "My home"), Hint: p.say("3幢 2单元，门牌号只给帮您的人看", "Building 3, unit 2; only your helper sees the door number"), Icon: "home"},
			{Value: "estate", Label: p.say("小区里", "In the estate"), Icon: "place"},
			{Value: "none", Label: p.say("说不清，或跟地点无关", "Hard to say, or no place")},
		}},
		{Name: "category", Label: p.say("哪一类", "Category"), Type: SelectField, Required: true, Options: []Option{
			{Value: "", Label: p.say("请选择", "Please choose")}, {Value: "扶老护幼", Label: p.say("扶老护幼", "Old and young")}, {Value: "环境设施", Label: p.say("环境设施", "Facilities")},
		}},
		{Name: "amount", Label: p.say("数量", "Quantity"), Type: NumberField, Unit: p.say("斤", "jin")},
		{Name: "wanted_by", Label: p.say("什么时候要", "Wanted by"), Type: DateField},
		{Name: "skills", Label: p.say("需要会什么", "Skills needed"), Type: ChecksField, Values: []string{"drive"}, Options: []Option{
			{Value: "drive", Label: p.say("会开车", "Driving")}, {Value: "dialect", Label: p.say("会说本地话", "Local dialect")}, {Value: "phone", Label: p.say("会用手机", "Smartphone")}, {Value: "strong", Label: p.say("有力气", "Strength")},
		}},
		{Name: "photos", Label: p.say("照片", "Photographs"), Type: PhotoField, Hint: p.say("最多 6 张，尽量不要拍到人脸", "Up to 6; avoid faces")},
		{Name: "private", Label: p.say("不公开，只有社区和帮我的人能看到", "Keep private: only the community and my helper see it"), Type: CheckField},
	}
}

func storyFaulty(p Page) []Field {
	fields := storyFields(p)
	fields[0].Error = p.say("请写一句话，好让社区知道是什么事", "Write one sentence so that the community knows what it is")
	fields[1].Value = ""
	fields[1].Error = p.say("请再说详细一点", "Please tell us more")
	fields[2].Value = ""
	fields[2].Error = p.say("请选一个地点", "Please choose a place")
	return fields
}

func storyCharts3(p Page) []Chart {
	months := []string{p.say("1月", "Jan"), p.say("2月", "Feb"), p.say("3月", "Mar"), p.say("4月", "Apr"), p.say("5月", "May")}
	source := p.say("办理记录，按日更新", "case records, updated daily")
	return []Chart{
		{ID: "bars", Title: p.say("洲岛家园社区本月实现的心愿最多", "洲岛家园社区 fulfilled most wishes this month"), Unit: p.say("件", "wishes"), Period: p.say("2026年4月", "April 2026"), Source: source, CSV: "/stats.csv",
			Labels: []string{"洲岛家园社区", "洲泰社区", "永定社区", "白鹭社区"}, Series: []Series{{Values: []float64{1284, 960, 431, 88}}}},
		{ID: "lines", Title: p.say("受理在涨，办结跟得上", "More comes in, and more gets done"), Unit: p.say("件", "matters"), Period: p.say("2026年1–5月", "January to May 2026"), Source: source,
			Labels: months, Series: []Series{{p.say("受理", "Accepted"), []float64{410, 380, 520, 610, 640}}, {p.say("办结", "Settled"), []float64{390, 372, 498, 600, 622}}}},
		{ID: "shares", Title: p.say("十件里有九件群众满意或基本满意", "Nine in ten are satisfied or fairly satisfied"), Unit: p.say("件", "answers"), Period: p.say("2026年4月", "April 2026"), Source: source,
			Labels: []string{p.say("满意", "Satisfied"), p.say("基本满意", "Fairly"), p.say("不满意", "Not"), p.say("暂不评价", "No answer")}, Series: []Series{{Values: []float64{612, 204, 61, 23}}}},
	}
}

func storyTable(p Page) Table {
	return Table{
		Caption: p.say("待办工单", "Matters to handle"), Hidden: true, Select: "id", FormID: "batch",
		Columns: []Column{{Label: p.say("事项", "Matter")}, {Label: p.say("状态", "State")}, {Label: p.say("到期", "Due"), Sort: "/staff/matters?sort=due", Sorted: "ascending"}, {Label: p.say("催办", "Urged"), Number: true}},
		Rows: []Row{
			{ID: "1", Tone: Bad, Cells: []Cell{{Text: p.say("3幢电梯困人后一直没修", "Lift in building 3 still broken"), URL: "/staff/matters/1"}, {Body: StateTag(Tag{"late", p.say("已超期", "Late"), Bad})}, {Text: p.say("昨天 18:00", "yesterday 18:00")}, {Text: "2"}}},
			{ID: "2", Tone: Warn, Cells: []Cell{{Text: p.say("菜场门口积水", "Water at the market gate"), URL: "/staff/matters/2"}, {Body: StateTag(Tag{"signed", p.say("办理中", "In progress"), Busy})}, {Text: p.say("今天 18:00", "today 18:00")}, {Text: "0"}}},
			{ID: "3", Cells: []Cell{{Text: p.say("想办一张老年卡", "An elder's card"), URL: "/staff/matters/3"}, {Body: StateTag(Tag{"review", p.say("待签收", "To sign"), Wait})}, {Text: p.say("5月8日 18:00", "8 May 18:00")}, {Text: "0"}}},
		},
	}
}
