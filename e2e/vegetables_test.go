package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"linli/e2e/browser"
	"linli/internal/platform/dbtest"
)

// canteens is what each of the thirteen partner units takes of 7,000 斤.
var canteens = []int{900, 800, 700, 600, 600, 500, 500, 500, 400, 400, 400, 400, 300}

// TestVegetables is the literature's case from page to page, on both engines:
// a grid worker files for a resident in hospital, the party branch leads,
// thirteen canteens take parts until nothing is left, who asks for more is
// told what is left, all bring theirs, and the resident confirms by phone. And
// the same filed by the resident, with nobody leading.
func TestVegetables(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		s, err := serveDemo(t.TempDir(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.close)
		t.Run("led", func(t *testing.T) { ledByTheBranch(t, s) })
		t.Run("without_lead", func(t *testing.T) { withoutLead(t, s) })
	})
}

func ledByTheBranch(t *testing.T, s *site) {
	grid := s.visit(t, "demo-grid", phone)
	grid.Open(s.URL + "/wishes/new")
	shoot(grid, "ask-say")
	wish := asked(t, grid, func() {
		grid.Fill("一句话说说", "老张住院了，七千斤青菜急着卖")
		grid.Fill("说说情况", "菜在地里等不得，可以自己来拉。")
		grid.Click("我在帮别人提交（代办）")
		grid.Click("数量、日期、费用（可不填）")
		grid.Fill("quantity.total", "7000")
		grid.Fill("quantity.unit", "斤")
	}, map[string]func(){
		"帮谁提交？": func() {
			shoot(grid, "ask-behalf")
			grid.Click("下一步") // nothing said: both things to mend are named
			if n := strings.Count(grid.Text(".errors"), "请"); n < 3 {
				t.Errorf("the summary says only %s", grid.Text(".errors"))
			}
			grid.Fill("on_behalf_of.name", "老张")
			grid.Fill("on_behalf_of.phone", "13700008888")
			grid.Click("电话同意")
			grid.Click("下一步")
		},
		"有些内容，公开时隐去吗？": func() {
			shoot(grid, "ask-privacy")
			grid.Click("不用隐去，照原样公开")
			grid.Click("下一步")
		},
		"是这一件吗？": func() { grid.Click("都不是，继续") },
	})
	shoot(grid, "receipt")
	path := strings.TrimPrefix(wish, s.URL)

	party := grid
	s.become(party, "demo-party", path)
	party.Click("牵头认领")
	shoot(party, "wish-party")
	party.Click("#do-claim >> 认领")
	if !party.Has("牵头：中共洲岛家园社区委员会") {
		t.Fatalf("nobody leads: %s", party.Text("main"))
	}
	unit := s.visit(t, "", phone)
	takeAndBring(t, s, unit, path)
	if unit.Has("#do-confirm") {
		t.Error("a claimer is offered to confirm")
	}

	desk := s.visit(t, "demo-community", browser.Options{})
	desk.Open(wish)
	shoot(desk, "wish-confirm")
	desk.Click("#do-confirm >> 确认并评价") // nothing chosen: both questions are asked for
	if desk.Status() != http.StatusUnprocessableEntity {
		t.Errorf("an empty confirmation: %d", desk.Status())
	}
	desk.Click("已解决")
	desk.Click("满意")
	desk.Click("电话")
	desk.Click("#do-confirm >> 确认并评价")
	shoot(desk, "wish-fulfilled")
	tells(t, desk, "已解决 · 满意（电话）", "牵头认领", "提交心愿")
	if anyone := s.visit(t, "", phone); true {
		anyone.Open(wish)
		if anyone.Has("13700008888") || anyone.Has("老张（") || !anyone.Has("已实现") {
			t.Errorf("what anybody sees: %s", anyone.Text("main"))
		}
	}
}

func withoutLead(t *testing.T, s *site) {
	resident := s.visit(t, "demo-resident", phone)
	resident.Open(s.URL + "/wishes/new")
	wish := asked(t, resident, func() {
		resident.Fill("一句话说说", "自家七千斤萝卜找销路")
		resident.Click("数量、日期、费用（可不填）")
		resident.Fill("quantity.total", "7000")
		resident.Fill("quantity.unit", "斤")
	}, map[string]func(){"是这一件吗？": func() { resident.Click("都不是，继续") }})
	path := strings.TrimPrefix(wish, s.URL)
	takeAndBring(t, s, s.visit(t, "", phone), path)
	resident.Open(wish)
	resident.Click("已解决")
	resident.Click("基本满意")
	resident.Click("#do-confirm >> 确认并评价")
	tells(t, resident, "已解决 · 基本满意", "提交心愿")
	if strings.Contains(resident.Text(".timeline"), "牵头") {
		t.Errorf("nobody led, but the story says so: %s", resident.Text(".timeline"))
	}
}

// takeAndBring has the thirteen units claim and deliver a wish of 7,000 斤 in
// one browser. The last asks for too much first; whoever comes after all is
// taken finds nothing to claim.
func takeAndBring(t *testing.T, s *site, p *browser.Page, path string) {
	t.Helper()
	left := 7000
	for i, n := range canteens {
		s.become(p, fmt.Sprintf("demo-unit%d", i+1), path)
		if i == len(canteens)-1 {
			p.Fill("#f-claim-amount", fmt.Sprint(left+1))
			p.Click("#do-claim >> 认领")
			if !p.Has(fmt.Sprintf("只剩 %d 斤", left)) || p.Status() != http.StatusConflict {
				t.Errorf("too much was not refused with what is left (%d): %s", p.Status(), p.Text("main"))
			}
			shoot(p, "wish-refused")
		}
		p.Fill("#f-claim-amount", fmt.Sprint(n))
		p.Click("#do-claim >> 认领")
		left -= n
		if i == 2 {
			if !p.Has("2,400 / 7,000 斤") {
				t.Errorf("the bar does not say it: %s", p.Text(".claim"))
			}
			shoot(p, "wish-claimed")
		}
	}
	if !p.Has("7,000 / 7,000 斤") || left != 0 {
		t.Fatalf("not all is claimed: %s", p.Text(".claim"))
	}
	s.become(p, "demo-volunteer", path)
	if p.Has("#do-claim >> 认领") {
		t.Errorf("all is taken, but a claim is offered: %s", p.Text("main"))
	}
	for i := range canteens {
		s.become(p, fmt.Sprintf("demo-unit%d", i+1), path)
		p.Click("#do-deliver >> 登记送达")
	}
	if !p.Has("已送达，待确认") {
		t.Fatalf("not delivered: %s", p.Text("main"))
	}
}

// tells demands that a wish's story has every claim and delivery, and the lines.
func tells(t *testing.T, p *browser.Page, lines ...string) {
	t.Helper()
	story := p.Text(".timeline")
	for _, n := range canteens {
		lines = append(lines, fmt.Sprintf("认领 %d 斤", n), fmt.Sprintf("送达 %d 斤", n))
	}
	for _, line := range lines {
		if !strings.Contains(story, line) {
			t.Errorf("the story does not tell %q:\n%s", line, story)
		}
	}
}
