package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linli/e2e/browser"
	"linli/internal/app/demo"
	"linli/internal/ui/text"
)

// held holds a page to UX's numbers; care says whether it is in care mode.
func held(t *testing.T, p *browser.Page, name string, care bool) {
	t.Helper()
	for _, v := range p.Axe() {
		t.Errorf("%s: %v", name, v)
	}
	least := 44.0
	if care {
		least = 60
	}
	for _, v := range p.TargetSizes(least) {
		t.Errorf("%s: small: %v", name, v)
	}
	if care {
		for _, v := range p.SmallText(18) {
			t.Errorf("%s: small text: %v", name, v)
		}
	}
	if !p.ReflowOK(320) {
		t.Errorf("%s: does not reflow", name)
	}
	if got := append(p.Problems(), p.Strangers()...); len(got) > 0 {
		t.Errorf("%s: %q", name, got)
	}
}

// eachMode runs for both languages, standard and in care mode.
func eachMode(t *testing.T, run func(t *testing.T, o browser.Options, mode string)) {
	for _, lang := range []string{"zh-CN", "en"} {
		for _, care := range []bool{false, true} {
			mode := lang
			if care {
				mode += "-care"
			}
			t.Run(mode, func(t *testing.T) { run(t, browser.Options{Lang: lang, Care: care}, mode) })
		}
	}
}

// TestStaffPages holds the pages that staff work with, and those that show
// figures and the ledger to everybody, to UX's numbers.
func TestStaffPages(t *testing.T) {
	s := theSite(t)
	eachMode(t, func(t *testing.T, o browser.Options, mode string) {
		look := func(p *browser.Page, path string) {
			p.Open(s.URL + path)
			name := mode + "-" + strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(path), "-")
			if p.Status() != 200 {
				t.Errorf("%s: %d", name, p.Status())
			}
			shoot(p, "staff-"+name)
			held(t, p, name, o.Care)
		}
		p := s.visit(t, "demo-community", o)
		for _, path := range []string{"/staff", "/staff/todo", "/staff/matters", "/staff/wishes", "/staff/reports", "/staff/import", "/staff/export", "/staff/webhooks"} {
			look(p, path)
		}
		o.Width, o.Height, o.Mobile = phone.Width, phone.Height, phone.Mobile
		p = s.visit(t, "", o)
		for _, path := range []string{"/stats?place=" + demo.CommunityA, "/stats?place=320105", "/search?q=老人", "/ledger", "/poster/" + demo.CommunityA} {
			look(p, path)
		}
	})
}

// TestFiveThousandInABrowser takes a register of 5,000 people in by hand: its
// seven planted errors are all named by row and column and nothing is written;
// corrected, one sees how far it is, without scripts too, and it is in within
// ten seconds.
func TestFiveThousandInABrowser(t *testing.T) {
	s := theSite(t)
	planted := map[int][2]string{ // row → column and the cell that is wrong
		17: {"B", "15900x"}, 450: {"C", "320105999999"}, 1203: {"A", ""}, 2004: {"D", "2090-01-01"}, 3111: {"E", "重点"}, 3500: {"F", "nobody"}, 4998: {"G", "maybe"},
	}
	table := func(prefix string, bad bool) string {
		var b strings.Builder
		b.WriteString("姓名,手机,社区代码,出生日期,核验程度,邮箱,能收到消息\n")
		for i := range 5000 {
			cells := []string{fmt.Sprintf("居民%04d", i), fmt.Sprintf("%s%07d", prefix, i), demo.CommunityA, "1960-02-03", "身份已核验", "", "是"}
			if p, ok := planted[i+2]; ok && bad {
				cells[p[0][0]-'A'] = p[1]
			}
			b.WriteString(strings.Join(cells, ",") + "\n")
		}
		name := filepath.Join(t.TempDir(), "people.csv")
		if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	count := func() (n int) {
		if err := s.House.DB.Get(t.Context(), &n, `SELECT count(*) FROM accounts`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i, mode := range []struct {
		name   string
		script bool
	}{{"without scripts", false}, {"with scripts", true}} {
		t.Run(mode.name, func(t *testing.T) {
			prefix := fmt.Sprintf("159%d", i)
			p := s.visit(t, "demo-community", browser.Options{NoScript: !mode.script})
			p.Open(s.URL + "/staff/import")
			p.Upload("文件（CSV 或 XLSX）", table(prefix, true))
			before := count()
			p.Click("检查，先不写入")
			for row, bad := range planted {
				found := false
				for _, line := range strings.Split(p.Text("main table"), "\n") {
					found = found || strings.Contains(line, "第 "+text.Number(int64(row))+" 行") && strings.Contains(line, bad[0]+" ")
				}
				if !found {
					t.Errorf("row %d, column %s is not named: %s", row, bad[0], p.Text("main table"))
				}
			}
			shoot(p, fmt.Sprintf("import-faults-%d", i))
			if count() != before {
				t.Error("a check wrote something")
			}
			p.Upload("文件（CSV 或 XLSX）", table(prefix, false))
			p.Click("检查，先不写入")
			p.Upload("文件（CSV 或 XLSX）", table(prefix, false))
			begun := time.Now()
			p.Click("确认导入 5,000 行")
			if !p.Has("正在导入") && !p.Has("已导入 5,000 行") {
				t.Fatalf("%d: %s", p.Status(), p.Text("main"))
			}
			if p.Has("正在导入") {
				shoot(p, fmt.Sprintf("import-progress-%d", i))
				if !p.Has(".progress-bar") {
					t.Error("there is no progress bar")
				}
			}
			p.Wait("已导入 5,000 行") // the page fetches itself anew
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if n := count() - before; n != 5000 {
				t.Errorf("%d people came in", n)
			}
			for _, v := range p.Axe() {
				t.Errorf("%v", v)
			}
		})
	}
}

// TestTheWallFitsItsScreen: a display of 1920 × 1080 has nothing below its edge,
// in neither language, and needs nobody to touch it.
func TestTheWallFitsItsScreen(t *testing.T) {
	s := theSite(t)
	for _, lang := range []string{"zh-CN", "en"} {
		p := s.visit(t, "", browser.Options{Width: 1920, Height: 1080, Lang: lang})
		p.Open(s.URL + "/screen?place=320105")
		shoot(p, "wall-"+lang)
		if tall := browser.Eval[int](p, "document.documentElement.scrollHeight"); tall > 1080 {
			t.Errorf("%s: %d px tall", lang, tall)
		}
		for _, v := range p.Axe() {
			t.Errorf("%s: %v", lang, v)
		}
		if p.Has("a, button") {
			t.Errorf("%s: something asks to be pressed", lang)
		}
	}
}

// What comes with a later release is said so; what is no kind is wrong usage.
func TestImportsOfAnotherRelease(t *testing.T) {
	p := place{t: t, data: t.TempDir()}
	for _, command := range []string{"import", "export"} {
		code, out := p.run(command, "requests", "x.csv")
		if code != 2 || !strings.Contains(out, "requests come with release 2") {
			t.Errorf("%s: exit %d, %s", command, code, out)
		}
		if code, out := p.run(command, "nonsense", "x.csv"); code != 2 || !strings.Contains(out, "none of places") {
			t.Errorf("%s: exit %d, %s", command, code, out)
		}
	}
}
