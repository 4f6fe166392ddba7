package e2e_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linli/e2e/browser"
)

var phone = browser.Options{Width: 390, Height: 844, Mobile: true}

// asked goes through the ask flow as a person does and returns the address of
// the wish. say fills the first page; the questions that follow are answered.
func asked(t *testing.T, p *browser.Page, say func(), answers map[string]func()) string {
	t.Helper()
	say()
	p.Click("下一步")
	for step := 0; !p.Has("提交给洲岛家园社区"); step++ {
		if step == 8 {
			t.Fatalf("the flow does not end: %s", p.Text("main"))
		}
		answered := false
		for heading, answer := range answers {
			if p.Text("h1") == heading {
				answer()
				answered = true
				break
			}
		}
		if !answered {
			t.Fatalf("an unexpected question: %s", p.Text("main"))
		}
	}
	p.Click("提交给洲岛家园社区")
	if p.Status() != http.StatusOK || !strings.HasSuffix(p.URL(), "/receipt") {
		t.Fatalf("no receipt at %s (%d): %s", p.URL(), p.Status(), p.Text("main"))
	}
	return strings.TrimSuffix(p.URL(), "/receipt")
}

// TestAskInFourTaps: a simple wish is filed by four taps from home, with one
// thing that must be written.
func TestAskInFourTaps(t *testing.T) {
	s := theSite(t)
	p := s.visit(t, "demo-resident", phone)
	p.Open(s.URL + "/wishes")
	p.Click("nav.tabbar >> 我要说")
	p.Click("#say-sheet >> 提心愿/求助")
	if n := browser.Eval[int](p, `document.querySelectorAll("main [required]").length`); n > 4 {
		t.Errorf("%d required inputs", n)
	}
	p.Fill("一句话说说", "想借一把长柄剪刀修树枝")
	p.Click("下一步")
	p.Click("提交给洲岛家园社区")
	if !strings.HasSuffix(p.URL(), "/receipt") || !p.Has("已提交给洲岛家园社区") {
		t.Fatalf("%s: %s", p.URL(), p.Text("main"))
	}
	for _, want := range []string{"受理编号", "接下来", "025-86821234"} {
		if !p.Has(want) {
			t.Errorf("the receipt lacks %s", want)
		}
	}
	p.Click("打印")
	shoot(p, "slip")
	if !p.Has("想借一把长柄剪刀修树枝") {
		t.Errorf("the slip: %s", p.Text())
	}
}

// TestAskWithoutScript goes through every question with scripts off: danger
// first, money refused inline, 改 from the check, a private wish.
func TestAskWithoutScript(t *testing.T) {
	s := theSite(t)
	o := phone
	o.NoScript = true
	p := s.visit(t, "demo-neighbour", o)
	p.Open(s.URL + "/wishes/new")
	p.Click("下一步")
	if p.Status() != http.StatusUnprocessableEntity || !p.Has(".errors") {
		t.Fatalf("an empty wish: %d", p.Status())
	}
	p.Fill("一句话说说", "厨房煤气味很重，想请人看看灶具")
	p.Fill("说说情况", "修好了可以扫我的收款码给钱。")
	p.Click("下一步")
	if p.Status() != http.StatusUnprocessableEntity || !p.Has("收款方式或卡号") {
		t.Fatalf("money words: %d %s", p.Status(), p.Text("main"))
	}
	if got := browser.Eval[string](p, `document.querySelector("[name=title]").value`); got != "厨房煤气味很重，想请人看看灶具" {
		t.Errorf("the input was not kept: %q", got)
	}
	p.Fill("说说情况", "灶具用了八年。")
	p.Click("下一步")
	if !p.Has("现在有危险吗？") || !p.Has(`a[href="tel:119"]`) {
		t.Fatalf("no word of danger: %s", p.Text("main"))
	}
	shoot(p, "ask-danger")
	p.Click("现在没有危险，继续提交")
	if !p.Has("请核对") {
		t.Fatalf("not at the check: %s", p.Text("main"))
	}
	shoot(p, "ask-check")
	p.Click(`button[value=where]`)
	p.Fill("place", "洲岛家园3幢")
	p.Fill("location_note", "1单元302")
	shoot(p, "ask-where")
	p.Click("下一步")
	p.Click(`button[value=who]`)
	shoot(p, "ask-who")
	p.Click("只给社区工作人员和帮办人看")
	p.Click("下一步")
	for _, want := range []string{"洲岛家园3幢", "1单元302", "只给社区工作人员和帮办人看", "灶具用了八年"} {
		if !p.Has(want) {
			t.Errorf("the check lacks %s: %s", want, p.Text("main"))
		}
	}
	p.Click("提交给洲岛家园社区")
	wish := strings.TrimSuffix(p.URL(), "/receipt")
	if wish == p.URL() {
		t.Fatalf("no receipt: %s", p.Text("main"))
	}
	stranger := s.visit(t, "demo-volunteer", o)
	stranger.Open(wish)
	if stranger.Status() != http.StatusNotFound {
		t.Errorf("a private wish answers a stranger with %d", stranger.Status())
	}
	p.Open(wish)
	p.Click("撤回")
	p.Click("#do-withdraw >> 撤回")
	if !p.Has("已撤回") {
		t.Errorf("not withdrawn: %s", p.Text("main"))
	}
}

// TestAskWithPhotographs: photographs are on their way as soon as they are
// chosen; one that does not arrive can be tried again, one can be taken back,
// and without scripts they go with the form.
func TestAskWithPhotographs(t *testing.T) {
	s := theSite(t)
	files := make([]string, 3)
	for i := range files {
		var b bytes.Buffer
		img := image.NewGray(image.Rect(0, 0, 300+i, 200))
		if err := jpeg.Encode(&b, img, nil); err != nil {
			t.Fatal(err)
		}
		files[i] = filepath.Join(t.TempDir(), fmt.Sprintf("lamp%d.jpg", i))
		if err := os.WriteFile(files[i], b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	send := func(p *browser.Page, title string, most int) {
		t.Helper()
		wish := asked(t, p, func() { p.Fill("一句话说说", title) }, map[string]func(){"是这一件吗？": func() { p.Click("都不是，继续") }})
		p.Open(wish)
		shown := browser.Eval[[]string](p, `[...document.querySelectorAll('main img')].map((i) => i.src).filter((s) => s.includes("/files/"))`)
		if len(shown) != most {
			t.Errorf("%d photographs on the page of the wish, want %d: %s", len(shown), most, p.Text("main"))
		}
		for _, src := range shown {
			if p.Open(src); p.Status() != http.StatusOK {
				t.Errorf("%s answers %d", src, p.Status())
			}
		}
	}

	p := s.visit(t, "demo-resident", phone)
	p.Open(s.URL + "/wishes/new")
	browser.Eval[bool](p, `(() => { // the first that is sent gets lost on its way
		const send = XMLHttpRequest.prototype.send;
		XMLHttpRequest.prototype.send = function (body) {
			XMLHttpRequest.prototype.send = send;
			this.abort();
			this.dispatchEvent(new ProgressEvent("loadend"));
		};
		return true;
	})()`)
	p.Upload("照片", files...)
	p.Wait("没有传上去")
	p.Wait("已传好")
	shoot(p, "ask-photographs")
	p.Click("再试一次")
	p.Wait(".previews li:nth-child(1) span:not(:empty)")
	if strings.Contains(p.Text(".previews"), "没有传上去") {
		t.Errorf("trying again does not help: %s", p.Text(".previews"))
	}
	p.Click(".previews li:nth-child(3) >> 去掉这张")
	if left := browser.Eval[int](p, `document.querySelector("input[type=file]").files.length`); left != 0 {
		t.Errorf("%d photographs would be sent twice", left)
	}
	send(p, "楼下路灯一闪一闪，附照片", 2)

	o := phone
	o.NoScript = true
	q := s.visit(t, "demo-neighbour", o)
	q.Open(s.URL + "/wishes/new")
	q.Upload("照片", files[0], files[1])
	send(q, "楼道扶手松动，附照片", 2)
}

// TestWishPagesForAll holds the pages to the numbers of UX: axe without
// violations, targets, text sizes and reflow, in both languages and modes.
func TestWishPagesForAll(t *testing.T) {
	s := theSite(t)
	maker := s.visit(t, "demo-neighbour", phone)
	maker.Open(s.URL + "/wishes/new")
	wish := asked(t, maker, func() {
		maker.Fill("一句话说说", "想请人教我用社区的打印机")
		maker.Click("数量、日期、费用（可不填）")
		maker.Fill("quantity.total", "3")
		maker.Fill("quantity.unit", "次")
	},
		map[string]func(){"是这一件吗？": func() { maker.Click("都不是，继续") }})
	path := strings.TrimPrefix(wish, s.URL)
	for _, lang := range []string{"zh-CN", "en"} {
		for _, care := range []bool{false, true} {
			name := lang + map[bool]string{true: "/care", false: "/standard"}[care]
			t.Run(name, func(t *testing.T) {
				o := phone
				o.Lang, o.Care = lang, care
				resident, unit := s.visit(t, "demo-neighbour", o), s.visit(t, "demo-unit3", o)
				staff := s.visit(t, "demo-community", o)
				check := func(p *browser.Page, what string) {
					t.Helper()
					shoot(p, strings.ReplaceAll(name, "/", "-")+"-"+what)
					for _, v := range p.Axe() {
						t.Errorf("%s: %v", what, v)
					}
					least := map[bool]float64{true: 60, false: 44}[care]
					for _, v := range p.TargetSizes(least) {
						t.Errorf("%s: %v", what, v)
					}
					if care {
						for _, v := range p.SmallText(18) {
							t.Errorf("%s: %s", what, v)
						}
					}
					if !p.ReflowOK(320) {
						t.Errorf("%s scrolls sideways at 320 px", what)
					}
					for _, v := range p.Problems() {
						t.Errorf("%s: %s", what, v)
					}
				}
				for what, at := range map[string]string{"list": "/wishes", "wish": path, "receipt": path + "/receipt", "slip": path + "/slip"} {
					resident.Open(s.URL + at)
					check(resident, what)
				}
				resident.Open(s.URL + "/wishes/new")
				check(resident, "say")
				next := map[string]string{"zh-CN": "下一步", "en": "Next"}[lang]
				resident.Fill("title", "想请人教我用社区打印机")
				resident.Click(next)
				if !resident.Has("想请人教我用社区的打印机") {
					t.Errorf("the one that is alike is not shown: %s", resident.Text("main"))
				}
				check(resident, "similar")
				resident.Open(s.URL + "/wishes/new")
				resident.Fill("title", "煤气味重，家里老人高血压，想请人看看灶具")
				resident.Click(next)
				check(resident, "danger")
				resident.Click("form.form >> button:not([name])")
				check(resident, "privacy")
				resident.Click("input[value=yes]")
				resident.Click(next)
				check(resident, "check")
				for _, step := range []string{"where", "who"} {
					resident.Click("button[value=" + step + "]")
					check(resident, step)
					resident.Click(next)
				}
				unit.Open(s.URL + path)
				check(unit, "claim")
				unit.Open(s.URL + "/wishes/record")
				check(unit, "record")
				staff.Open(s.URL + "/staff/wishes")
				check(staff, "staff")
				staff.Open(s.URL + "/wishes/new")
				staff.Fill("title", "帮三单元的老人换灯泡")
				staff.Click("input[name=_helping]")
				staff.Click(next)
				check(staff, "behalf")
			})
		}
	}
}
