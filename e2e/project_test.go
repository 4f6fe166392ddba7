package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linli/e2e/browser"
	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/feature/member"
	"linli/internal/feature/project"
	"linli/internal/platform/db"
)

// timed is a demo district of its own whose clock the test moves: a project
// takes months.
type timed struct {
	site
	t     *testing.T
	clock *clock.Fake
}

func timedSite(t *testing.T) *timed {
	t.Helper()
	ctx := context.Background()
	now := clock.NewFake(clock.System{}.Now())
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	h, err := app.Open(ctx, app.Config{Data: t.TempDir(), BaseURL: base, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := demo.People(ctx, h); err != nil {
		t.Fatal(err)
	}
	h.Web.Identity = named{h.Member, h.DB}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /e2e/as/{name}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "e2e_as", Value: r.PathValue("name"), Path: "/"})
		http.Redirect(w, r, "/projects", http.StatusSeeOther)
	})
	mux.Handle("/", h.Handler())
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(func() {
		server.Close()
		h.Close()
	})
	return &timed{site{URL: base, House: h}, t, now}
}

// named knows people by a cookie that holds their name: sessions end by the
// real clock, which stands still while months go by here.
type named struct {
	members *member.Service
	db      *db.DB
}

// Identify implements web.Identity.
func (n named) Identify(ctx context.Context, r *http.Request) (actor.Actor, error) {
	ck, err := r.Cookie("e2e_as")
	if err != nil {
		return actor.Actor{}, nil
	}
	acc, err := n.members.Find(ctx, n.db, ck.Value)
	if err != nil {
		return actor.Actor{}, err
	}
	a, _, err := n.members.Actor(ctx, acc.ID)
	return a, err
}

// later moves the clock on and lets the house do what is due.
func (s *timed) later(d time.Duration) {
	s.t.Helper()
	s.clock.Advance(d)
	for range 2 {
		if err := s.House.Work(context.Background()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// as opens a page as an account.
func (s *timed) as(p *browser.Page, name, path string) {
	s.t.Helper()
	p.Open(s.URL + "/e2e/as/" + name)
	p.Open(s.URL + path)
	if p.Status() != http.StatusOK {
		s.t.Fatalf("%s as %s: %d\n%s", path, name, p.Status(), p.Text())
	}
}

// act makes a move by its form: it opens it, fills what is named and sends it.
func act(p *browser.Page, do string, fields ...string) {
	form := "#do-" + do
	if browser.Eval[bool](p, `!!document.querySelector("details:not([open]):has(`+form+`)")`) {
		p.Click("details:has(" + form + ") > summary")
	}
	for i := 0; i < len(fields); i += 2 {
		name, value := fields[i], fields[i+1]
		if choice := form + ` input[name="` + name + `"][value="` + value + `"]`; p.Has(choice) {
			p.Click(choice)
		} else {
			p.Fill(form+` [name="`+name+`"]`, value)
		}
	}
	p.Click(form + " button[type=submit]")
}

func (s *timed) state(p *browser.Page, want string) {
	s.t.Helper()
	if got := browser.Eval[string](p, `document.querySelector("main .tag").dataset.state`); got != want {
		s.t.Fatalf("%s: the project is %s, want %s\n%s", p.URL(), got, want, p.Text("main"))
	}
}

// vote lets residents vote who are no browser: the first yes ones for the
// first option, the others for the second.
func (s *timed) vote(poll string, yes, no int) {
	s.t.Helper()
	ctx := context.Background()
	for i := range yes + no {
		var a member.Account
		err := s.House.DB.Write(ctx, func(tx *db.Tx) (err error) {
			a, err = s.House.Member.Find(ctx, tx, fmt.Sprint("voter", i))
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
		choice := "1"
		if i >= yes {
			choice = "2"
		}
		if _, err := s.House.Ballot.Vote(actor.With(ctx, actor.Actor{ID: a.ID}), poll, func() (any, error) { return []string{choice}, nil }); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *timed) residents(n int) {
	s.t.Helper()
	ctx := context.Background()
	err := s.House.DB.Write(ctx, func(tx *db.Tx) error {
		for i := range n {
			a := member.Account{Name: fmt.Sprint("voter", i), PublicName: fmt.Sprintf("居民%d号", i), Level: actor.V3, Home: demo.CommunityA}
			if err := s.House.Member.Create(ctx, tx, "", &a); err != nil {
				return err
			}
		}
		a := member.Account{Name: "overseer", PublicName: "监督委员老宋", Level: actor.V2, Home: demo.CommunityB}
		g := s.House.Group.At(demo.CommunityA, actor.Oversight)[0]
		return s.House.Member.Create(ctx, tx, "", &a, member.Grant{Role: actor.Agent, Group: g.ID, Post: "主任"})
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// propose proposes by the page and returns the project's path.
func (s *timed) propose(p *browser.Page, title, body string) string {
	s.t.Helper()
	p.Open(s.URL + "/projects/new")
	p.Fill("项目名称", title)
	p.Fill("想解决什么问题", body)
	p.Click("提交提议")
	if p.Has("不是同一件，继续提交") {
		p.Click("不是同一件，继续提交")
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(p.URL(), s.URL), "?")
	return path
}

// screened takes a proposal to an open council.
func (s *timed) screened(staff, party *browser.Page, path string) {
	s.t.Helper()
	s.as(staff, "demo-community", path)
	act(staff, "complete", "ownership", "public", "fund", "服务群众经费", "upkeep", "社区和物业", "cost", "68,000")
	act(staff, "screen", "ok", "true", "reason", "现场看过，确有需要，属于微实事")
	s.state(staff, "study")
	s.as(party, "demo-party", path)
	act(party, "study", "result", "support", "note", "支委会研究同意")
	staff.Open(s.URL + path)
	act(staff, "discuss")
	s.state(staff, "council")
}

// keys fills the ballot by the keyboard alone: Tab to it, Space to choose,
// Tab on to the button, Enter, and Enter again on the page that checks.
func keys(t *testing.T, p *browser.Page, want string) {
	t.Helper()
	until := func(name string) {
		t.Helper()
		for range 120 {
			if strings.Contains(p.Focused(), name) {
				return
			}
			p.Press("Tab")
		}
		t.Fatalf("the keyboard does not reach %q on %s", name, p.URL())
	}
	until(want)
	p.Press("Space")
	until("核对选票")
	p.Press("Enter")
	p.Wait("请核对您的选票")
	until("提交选票")
	p.Press("Enter")
	p.Wait("您的票已投入票箱")
}

// TestProjectWay goes the whole way in a browser: a wish becomes a project, is
// discussed, voted on (by keyboard alone, in care mode, without scripts), built,
// accepted and rated; another is behind in votes and goes to the panel.
func TestProjectWay(t *testing.T) {
	s := timedSite(t)
	s.residents(30)
	wide := browser.Options{}
	resident, staff, party := s.visit(t, "demo-resident", phone), s.visit(t, "demo-community", wide), s.visit(t, "demo-party", wide)

	// A wish that many share becomes a project.
	ctx := context.Background()
	var wishID string
	{
		s.as(resident, "demo-resident", "/wishes/new")
		at := asked(t, resident, func() { resident.Fill("一句话说说", "3幢门口想修一个坡道") }, map[string]func(){
			"有些内容，公开时隐去吗？": func() { resident.Click("下一步") },
		})
		wishID = at[strings.LastIndex(at, "/")+1:]
	}
	s.as(staff, "demo-community", "/wishes/"+wishID)
	act(staff, "convert", "to", "project")
	var became string
	if err := s.House.DB.Get(ctx, &became, `SELECT became FROM wishes WHERE id = ?`, wishID); err != nil {
		t.Fatal(err)
	}
	path := "/projects/" + strings.TrimPrefix(became, "project:")
	s.screened(staff, party, path)

	// The council.
	neighbour := s.visit(t, "demo-neighbour", phone)
	neighbour.Open(s.URL + path)
	act(neighbour, "position", "kind", "for", "text", "我父亲就住 3 幢，支持")
	act(neighbour, "position", "kind", "suggest", "text", "扶手装两侧")
	shoot(neighbour, "project-council")
	staff.Open(s.URL + path)
	if !staff.Has("还有建议没有答复") {
		t.Errorf("staff is not told that a suggestion waits:\n%s", staff.Text("main"))
	}
	voice := browser.Eval[string](staff, `[...document.querySelectorAll("#do-answer select[name=voice] option")].find(o => o.value).value`)
	act(staff, "answer", "voice", voice, "verdict", "adopted", "reason", "两侧都装")
	act(staff, "summarise", "heard", "大家支持，建议两侧扶手", "doing", "坡度不超过 1:12，两侧扶手")
	act(staff, "poll")
	s.state(staff, "polling")
	poll := browser.Eval[string](staff, `document.querySelector('a[href^="/polls/"]').getAttribute("href")`)

	// Voting: by keyboard alone; in care mode; with scripts off.
	board := s.visit(t, "demo-volunteer", wide)
	board.Open(s.URL + poll)
	keys(t, board, "3幢门口")
	first := board.Text("#receipt-number")
	elder := s.visit(t, "demo-neighbour", browser.Options{Width: 390, Height: 844, Mobile: true, Care: true})
	elder.Open(s.URL + poll)
	elder.Click(".card-choice:has([value='1']) label")
	elder.Click("核对选票")
	elder.Click("提交选票")
	elder.Wait("您的票已投入票箱")
	shoot(elder, "ballot-receipt-care")
	plain := s.visit(t, "demo-resident", browser.Options{Width: 390, Height: 844, Mobile: true, NoScript: true})
	plain.Open(s.URL + poll)
	plain.Click("核对选票") // nothing chosen
	if plain.Status() != 422 || !plain.Has("请至少选一项") {
		t.Errorf("an empty ballot: %d\n%s", plain.Status(), plain.Text("main"))
	}
	plain.Click(".card-choice:has([value='2']) label")
	plain.Click("核对选票")
	plain.Click("回去改")
	plain.Click(".card-choice:has([value='2']) label")
	plain.Click(".card-choice:has([value='1']) label")
	plain.Click("核对选票")
	plain.Click("提交选票")
	if !plain.Has("您的票已投入票箱") {
		t.Errorf("without scripts: %s", plain.Text("main"))
	}
	plain.Open(s.URL + poll + "/result")
	if strings.HasSuffix(plain.URL(), "/result") {
		t.Error("a result before the close")
	}
	board.Open(s.URL + poll) // changed once more, the receipt stays
	board.Click("核对选票")
	board.Click("提交选票")
	if again := board.Text("#receipt-number"); again != first {
		t.Errorf("the receipt was %s, now %s", first, again)
	}
	s.vote(strings.TrimPrefix(poll, "/polls/"), 20, 4)

	// The result, checked by a voter.
	s.later(8 * 24 * time.Hour)
	s.as(board, "demo-volunteer", poll+"/result")
	board.Fill("回执编号", first)
	board.Click("查找")
	if !board.Has("找到了，这张票已计入结果") {
		t.Errorf("the ballot is not found:\n%s", board.Text("main"))
	}
	shoot(board, "ballot-result")
	s.as(staff, "demo-community", path)
	s.state(staff, "notice")
	s.later(12 * 24 * time.Hour)
	s.as(staff, "demo-community", path)
	s.state(staff, "selected")

	// Building, with money signed by two.
	due := s.clock.Now().In(clock.China).AddDate(0, 2, 0).Format("2006-01-02T15:04")
	act(staff, "plan", "budget", "60,000", "due", due, "milestones", "拆除旧台阶\n浇筑坡道、安装扶手", "contractor", "江心洲市政工程队")
	s.state(staff, "building")
	act(staff, "spend", "amount", "20000", "what", "首付款")
	second := s.visit(t, "demo-community2", wide)
	second.Open(s.URL + path)
	act(second, "countersign")
	staff.Open(s.URL + path) // what a colleague has done since is seen first
	act(staff, "milestone", "note", "旧台阶已拆")
	act(staff, "milestone", "note", "坡度 1:13")
	s.state(staff, "acceptance")
	shoot(staff, "project-acceptance")

	// Acceptance by those who were drawn and the supervision committee.
	p, err := s.House.Project.Machine.Read(ctx, s.House.DB, actor.Actor{}, strings.TrimPrefix(path, "/projects/"), s.clock.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, v := range p.Voices {
		if v.Kind != project.Juror || said == 3 {
			continue
		}
		acc, err := s.House.Member.Find(ctx, s.House.DB, v.Account)
		if err != nil {
			t.Fatal(err)
		}
		s.as(resident, acc.Name, path)
		act(resident, "accept", "ok", "true")
		said++
	}
	s.as(resident, "overseer", path)
	act(resident, "accept", "ok", "true", "note", "与报价和合同相符")
	s.state(resident, "accepted")

	// Three months later.
	s.later(91 * 24 * time.Hour)
	s.as(neighbour, "demo-neighbour", path)
	act(neighbour, "rate", "satisfied", "yes")
	shoot(neighbour, "project-rated")
	for _, step := range []string{"心愿：", "提出这个项目", "网上议事开始", "投票开始，名册确定", "立项，走快速通道", "完成一步", "居民评价"} {
		if !neighbour.Has(step) {
			t.Errorf("the one page does not tell of %q", step)
		}
	}

	s.behind(t, resident, staff, party)
	for _, part := range s.House.Parts() {
		for _, c := range part.Checks {
			if faults, err := c.Do(ctx, s.House.DB); (part.Name == "project" || part.Name == "ballot") && (err != nil || len(faults) > 0) {
				t.Errorf("%s: %v %v", c.Name, faults, err)
			}
		}
	}
}

// behind takes another project to the expert panel.
func (s *timed) behind(t *testing.T, resident, staff, party *browser.Page) {
	s.as(resident, "demo-resident", "/projects/new")
	path := s.propose(resident, "给流浪猫修一排木屋", "冬天太冷，想在绿地边上修一排木屋。")
	s.screened(staff, party, path)
	act(staff, "summarise", "heard", "意见不一", "doing", "交给大家投票")
	act(staff, "poll")
	poll := browser.Eval[string](staff, `document.querySelector('a[href^="/polls/"]').getAttribute("href")`)
	s.vote(strings.TrimPrefix(poll, "/polls/"), 2, 22)
	s.later(20 * 24 * time.Hour)
	street := s.visit(t, "demo-street", browser.Options{})
	s.later(20 * 24 * time.Hour)
	s.as(street, "demo-street", path)
	s.state(street, "panel")
	for _, word := range []string{"落选", "否决", "驳回"} {
		if strings.Contains(street.Text(), word) {
			t.Errorf("the page says %s", word)
		}
	}
	for i := 1; i <= 3; i++ {
		s.as(resident, fmt.Sprint("demo-expert", i), path)
		act(resident, "opinion", "verdict", "defer", "text", "先把绿地养护好，再考虑木屋")
	}
	street.Open(s.URL + path)
	act(street, "decide", "verdict", "defer", "reason", "明年绿地改造完工后再议")
	s.state(street, "deferred")
	shoot(street, "project-panel")
	if !street.Has("明年绿地改造完工后再议") || !street.Has("声明没有利害关系") {
		t.Errorf("the decision with its reason is not on the page:\n%s", street.Text("main"))
	}
}

// tab presses Tab until the element with the focus fulfils a condition on el.
func tab(p *browser.Page, t *testing.T, what, holds string) {
	t.Helper()
	for range 150 {
		if browser.Eval[bool](p, `(el => !!(el && (`+holds+`)))(document.activeElement)`) {
			return
		}
		p.Press("Tab")
	}
	t.Fatalf("the keyboard does not reach %s on %s, it stands at %q", what, p.URL(), p.Focused())
}

// byKeys makes a move by its form like act, with the keyboard alone.
func byKeys(p *browser.Page, t *testing.T, form string, fields ...string) {
	t.Helper()
	if at, _, told := strings.Cut(p.URL(), "#"); told { // where the last move led to
		p.Open(at)
	}
	if browser.Eval[bool](p, `document.activeElement === document.body`) { // past the head of the page, as keyboards do
		p.Press("Tab", "Enter")
	}
	if browser.Eval[bool](p, `!!document.querySelector("details:not([open]):has(`+form+`)")`) {
		tab(p, t, form, `el.matches("summary") && el.parentElement.querySelector("`+form+`")`)
		p.Press("Enter")
	}
	for i := 0; i < len(fields); i += 2 {
		name, value := fields[i], fields[i+1]
		tab(p, t, name, `el.name === "`+name+`" && el.closest("`+form+`")`)
		switch browser.Eval[string](p, `document.activeElement.type`) {
		case "radio", "select-one":
			for range 20 {
				if browser.Eval[bool](p, `document.activeElement.value === "`+value+`" && (document.activeElement.checked ?? true)`) {
					break
				}
				if browser.Eval[bool](p, `document.activeElement.value === "`+value+`"`) {
					p.Press("Space")
				} else {
					p.Press("ArrowDown")
				}
			}
			if got := browser.Eval[string](p, `document.activeElement.value`); got != value {
				t.Fatalf("the keyboard chooses %s for %s, not %s", got, name, value)
			}
		default:
			p.Press(value)
		}
	}
	tab(p, t, "the button", `el.type === "submit" && el.closest("`+form+`")`)
	p.Press("Enter")
}

// TestProjectByKeyboardInCareMode goes a project's whole way with the keyboard
// alone, residents in care mode; photographs and quotes are shown and kept on file.
func TestProjectByKeyboardInCareMode(t *testing.T) {
	s := timedSite(t)
	s.residents(30)
	care := browser.Options{Width: 390, Height: 844, Mobile: true, Care: true}
	resident, neighbour := s.visit(t, "demo-resident", care), s.visit(t, "demo-neighbour", care)
	staff, party := s.visit(t, "demo-community", browser.Options{}), s.visit(t, "demo-party", browser.Options{})

	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 320, 200)), nil); err != nil {
		t.Fatal(err)
	}
	photo := filepath.Join(t.TempDir(), "step.jpg")
	if err := os.WriteFile(photo, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	resident.Open(s.URL + "/projects/new")
	resident.Upload("照片", photo)
	byKeys(resident, t, "#new-project", "title", "Ramp 3", "body", "Three steps")
	path, _, _ := strings.Cut(strings.TrimPrefix(resident.URL(), s.URL), "?")
	pictures := func(p *browser.Page, want int) {
		t.Helper()
		p.Open(s.URL + path)
		shown := browser.Eval[[]string](p, `[...document.querySelectorAll("main img")].map(i => i.src).filter(s => s.includes("/files/"))`)
		if len(shown) != want {
			t.Errorf("%d photographs on the page, want %d", len(shown), want)
		}
		for _, at := range shown {
			if p.Open(at); p.Status() != http.StatusOK {
				t.Errorf("%s: %d", at, p.Status())
			}
		}
		p.Open(s.URL + path)
	}
	pictures(resident, 1)
	shoot(resident, "project-care-proposed")

	staff.Open(s.URL + path)
	byKeys(staff, t, "#do-complete", "ownership", "unit", "fund", "street fund", "upkeep", "estate", "cost", "68000")
	byKeys(staff, t, "#do-screen", "ok", "true", "reason", "needed")
	party.Open(s.URL + path)
	byKeys(party, t, "#do-study", "result", "support")
	staff.Open(s.URL + path)
	byKeys(staff, t, "#do-discuss")
	neighbour.Open(s.URL + path)
	byKeys(neighbour, t, "#do-position", "kind", "for", "text", "good")
	shoot(neighbour, "project-care-council")
	staff.Open(s.URL + path)
	byKeys(staff, t, "#do-summarise", "heard", "all for it", "doing", "vote")
	if staff.Has("#do-poll") || !staff.Has("请先补上权属单位的同意") {
		t.Errorf("what a unit owns goes to the vote without its consent:\n%s", staff.Text("main"))
	}
	byKeys(staff, t, "#do-complete", "consent", "letter of the school, 3 May")
	byKeys(staff, t, "#do-poll")
	s.state(staff, "polling")
	poll := browser.Eval[string](staff, `document.querySelector('a[href^="/polls/"]').getAttribute("href")`)
	neighbour.Open(s.URL + poll)
	keys(t, neighbour, "Ramp 3")
	s.vote(strings.TrimPrefix(poll, "/polls/"), 20, 2)
	s.later(8 * 24 * time.Hour)
	s.later(12 * 24 * time.Hour)

	s.as(staff, "demo-community", path)
	s.state(staff, "selected")
	staff.Fill(`#do-plan [name="due"]`, s.clock.Now().In(clock.China).AddDate(0, 2, 0).Format("2006-01-02T15:04"))
	quote := filepath.Join(t.TempDir(), "quote.pdf")
	if err := os.WriteFile(quote, []byte("%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	staff.Upload(`#do-plan [name="quotes"]`, quote)
	byKeys(staff, t, "#do-plan", "budget", "60000", "milestones", "build")
	s.state(staff, "building")
	staff.Open(s.URL + path)
	staff.Upload(`#do-milestone [name="photos"]`, photo)
	byKeys(staff, t, "#do-milestone", "note", "done")
	s.state(staff, "acceptance")
	pictures(staff, 2)
	if !staff.Has("quote.pdf") {
		t.Errorf("the quote is not on file:\n%s", staff.Text("main"))
	}
	staff.Click("抽签可以核对")
	if !staff.Has("抽中：名单最前面的 5 行") {
		t.Errorf("the page does not say how to draw again:\n%s", staff.Text("main"))
	}
	ctx := context.Background()
	p, err := s.House.Project.Machine.Read(ctx, s.House.DB, actor.Actor{}, strings.TrimPrefix(path, "/projects/"), s.clock.Now().UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, v := range p.Voices {
		if v.Kind != project.Juror || said == 3 {
			continue
		}
		acc, err := s.House.Member.Find(ctx, s.House.DB, v.Account)
		if err != nil {
			t.Fatal(err)
		}
		s.as(resident, acc.Name, path)
		byKeys(resident, t, "#do-accept", "ok", "true")
		said++
	}
	s.as(resident, "overseer", path)
	byKeys(resident, t, "#do-accept", "ok", "true", "note", "as quoted")
	s.state(resident, "accepted")
	s.later(91 * 24 * time.Hour)
	s.as(neighbour, "demo-neighbour", path)
	byKeys(neighbour, t, "#do-rate", "satisfied", "fairly")
	shoot(neighbour, "project-care-rated")
	if !neighbour.Has("居民评价") {
		t.Errorf("the rating is not in the story:\n%s", neighbour.Text("main"))
	}
}

// covered scrolls through a ballot and tells which option lies, wherever the
// voter stops, under something else that can be tapped; their order and height
// differ by voter, so no single look can tell.
const covered = `(() => {
	const options = [...document.querySelectorAll("#ballot .card-choice")], found = [];
	if (options.length < 2) return ["there is no ballot"];
	const others = [...document.querySelectorAll("a, button, input, select, textarea, summary")].filter((o) => !o.closest(".card-choice"));
	for (let y = 0; y <= document.documentElement.scrollHeight; y += 7) {
		scrollTo({ top: y, behavior: "instant" });
		for (const c of options) {
			const a = c.getBoundingClientRect();
			for (const o of others) {
				const b = o.getBoundingClientRect();
				if (b.width && b.height && getComputedStyle(o).visibility !== "hidden" && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
					found.push("at " + y + " px " + o.outerHTML.slice(0, 80) + " lies over " + c.textContent.trim());
			}
		}
	}
	scrollTo(0, 0);
	return found.slice(0, 3);
})()`

// TestProjectPagesForAll holds the pages of projects and polls to the numbers
// of UX, in both languages and modes.
func TestProjectPagesForAll(t *testing.T) {
	s := timedSite(t)
	s.residents(30)
	resident, staff, party := s.visit(t, "demo-resident", phone), s.visit(t, "demo-community", browser.Options{}), s.visit(t, "demo-party", browser.Options{})
	path := s.propose(resident, "北门加装非机动车充电棚", "飞线充电危险，想在北门建一排充电棚。")
	s.screened(staff, party, path)
	resident.Open(s.URL + path)
	act(resident, "position", "kind", "worry", "text", "离窗户太近会不会吵")
	staff.Open(s.URL + path)
	act(staff, "summarise", "heard", "支持，担心噪声", "doing", "离楼十米以上")
	act(staff, "poll")
	poll := browser.Eval[string](staff, `document.querySelector('a[href^="/polls/"]').getAttribute("href")`)
	fresh := s.propose(resident, "中心花园条凳换防腐木", "条凳坏了三条。")
	least := map[bool]float64{true: 60, false: 44}
	for _, lang := range []string{"zh-CN", "en"} {
		for _, care := range []bool{false, true} {
			name := lang + map[bool]string{true: "/care", false: "/standard"}[care]
			t.Run(name, func(t *testing.T) {
				o := phone
				o.Lang, o.Care = lang, care
				people := map[string]*browser.Page{"demo-neighbour": s.visit(t, "demo-neighbour", o), "demo-community": s.visit(t, "demo-community", o)}
				for _, at := range [][2]string{
					{"demo-neighbour", "/projects"}, {"demo-neighbour", "/projects/new"}, {"demo-neighbour", path}, {"demo-neighbour", "/polls"}, {"demo-neighbour", poll},
					{"demo-community", fresh}, {"demo-community", "/staff/projects"}, {"demo-community", "/polls/new"}, {"demo-community", poll + "/paper"},
				} {
					p := people[at[0]]
					p.Open(s.URL + at[1])
					shoot(p, strings.ReplaceAll(name+at[1], "/", "-"))
					for _, v := range p.Axe() {
						t.Errorf("%s: %v", at[1], v)
					}
					for _, v := range p.TargetSizes(least[care]) {
						t.Errorf("%s: %v", at[1], v)
					}
					if care {
						for _, v := range p.SmallText(18) {
							t.Errorf("%s: %s", at[1], v)
						}
					}
					if !p.ReflowOK(320) {
						t.Errorf("%s scrolls sideways at 320 px", at[1])
					}
					for _, v := range p.Problems() {
						t.Errorf("%s: %s", at[1], v)
					}
					if at[1] == poll && at[0] == "demo-neighbour" {
						for _, v := range browser.Eval[[]string](p, covered) {
							t.Errorf("%s: %s", at[1], v)
						}
					}
				}
			})
		}
	}
}
