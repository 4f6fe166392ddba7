package browser

import (
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// site serves testdata and tells in its pages what it was sent.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	strict := http.FileServer(http.Dir("testdata"))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/bad") { // the product's own policy
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'")
		}
		if _, err := os.Stat(filepath.Join("testdata", r.URL.Path)); err == nil {
			strict.ServeHTTP(w, r)
			return
		}
		say(w, http.StatusNotFound, r.URL.Path, r.Header.Get("Accept-Language"))
	})
	mux.HandleFunc("POST /prefs", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "care", Value: r.FormValue("care"), Path: "/"})
		http.Redirect(w, r, "/good.html", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /care", func(w http.ResponseWriter, r *http.Request) {
		care := "off"
		if c, err := r.Cookie("care"); err == nil {
			care = c.Value
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<meta charset="utf-8"><header><button name="care" value="on" formaction="/prefs" formmethod="post" form="f">长辈版</button></header><form id="f"></form><p>care is %s</p>`, care)
	})
	mux.HandleFunc("POST /wishes", func(w http.ResponseWriter, r *http.Request) {
		say(w, http.StatusCreated, r.FormValue("title"), r.FormValue("body"), r.FormValue("category"), r.FormValue("wanted_by"), r.FormValue("private"), r.FormValue("photos"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func say(w http.ResponseWriter, status int, words ...string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<!doctype html><html lang="zh-CN"><title>x</title><p>%s</p>`, strings.Join(words, "|"))
}

// TestAPersonsActs runs once with the page's scripts and once without.
func TestAPersonsActs(t *testing.T) {
	base := site(t)
	for _, o := range []Options{{Mobile: true, Width: 390, Height: 844}, {NoScript: true}} {
		t.Run(fmt.Sprintf("NoScript=%v", o.NoScript), func(t *testing.T) {
			p := New(t, o)
			p.Open(base + "/good.html")
			if p.Status() != 200 || !p.Has("提一个心愿") || !p.Has("#more") || p.Has("又来了三条") {
				t.Fatalf("status %d, page:\n%s", p.Status(), p.Text())
			}
			if w := p.Weight(); w < 1000 || w > 20000 {
				t.Errorf("the page weighs %d bytes", w)
			}
			p.Fill("标题", "过时的")
			p.Fill("标题（必填）", "要青菜 7000 斤")
			p.Fill("说一说", "要删掉的")
			p.Fill("body", "")
			p.Fill("#body", "住院了\n家里的菜")
			p.Fill("类别", "扶老护幼")
			p.Fill("哪天前要", "2026-11-30")
			p.Click("只给社区看")
			p.Upload("照片", "testdata/good.css")
			p.Click("提交")
			if got, want := tidy(p.Text()), "要青菜 7000 斤|住院了 家里的菜|care|2026-11-30|yes|good.css"; got != want || p.Status() != 201 {
				t.Errorf("sent %q with %d, want %q", got, p.Status(), want)
			}
			p.Open(base + "/good.html")
			p.Click("#b >> 认领")
			if got := p.URL(); got != base+"/claim/b" || p.Status() != 404 {
				t.Errorf("claimed at %s, %d", got, p.Status())
			}
			p.Open(base + "/good.html")
			p.Click("我的") // part of a text
			if got := p.URL(); got != base+"/me" {
				t.Errorf("went to %s", got)
			}
			p.Open(base + "/good.html")
			p.Click("提交") // the required title is missing: the browser stays
			if got := p.URL(); got != base+"/good.html" {
				t.Errorf("an unfinished form was sent to %s", got)
			}
			p.Click("再看一些")
			if !o.NoScript {
				p.Wait("又来了三条")
			} else if p.Has("又来了三条") {
				t.Error("the page's script ran")
			}
			if got := p.Problems(); len(got) > 0 {
				t.Errorf("problems: %q", got)
			}
			if got := p.Strangers(); len(got) > 0 {
				t.Errorf("strangers: %q", got)
			}
		})
	}
}

// TestWhereAClickGoes: page.js knows at once whether the browser leaves the
// page, before it has asked for the next one, and that it stays where a script
// or the browser itself stops it.
func TestWhereAClickGoes(t *testing.T) {
	base := site(t)
	p := New(t, Options{})
	for _, c := range []struct {
		name, does string
		goes       bool
	}{
		{"a link", `document.querySelector("p a").click()`, true},
		{"a link that a script stops", `(document.addEventListener("click", (e) => e.preventDefault()), document.querySelector("p a").click())`, false},
		{"a form", `document.querySelector("header form button").click()`, true},
		{"a form that lacks something", `document.querySelector("main form button").click()`, false},
		{"a form that a script stops", `(document.addEventListener("submit", (e) => e.preventDefault()), document.querySelector("header form button").click())`, false},
		{"a button of a script", `document.querySelector("#more").click()`, false},
	} {
		p.Open(base + "/good.html")
		before := p.navigations()
		if got := Eval[bool](p, `((page) => { page.watch(); `+c.does+`; return page.goes(); })(`+library+`)`); got != c.goes {
			t.Errorf("%s: goes is %v", c.name, got)
		}
		p.settle(before, c.goes)
		if moved := p.URL() != base+"/good.html"; moved != c.goes && c.name != "a form" { // the form comes back to where it was
			t.Errorf("%s: now at %s", c.name, p.URL())
		}
	}
}

func TestKeyboard(t *testing.T) {
	p := New(t, Options{})
	base := site(t)
	p.Open(base + "/good.html")
	p.Press("Tab")
	if got := p.Focused(); got != "跳到正文" {
		t.Fatalf("first is %q", got)
	}
	p.Press("Tab", "Tab", "Shift+Tab")
	if got := p.Focused(); got != "长辈版" {
		t.Fatalf("then %q", got)
	}
	p.Press("Tab", "Enter")
	if got := p.URL(); got != base+"/other" {
		t.Fatalf("Enter led to %s", got)
	}
}

func TestCareAndLanguage(t *testing.T) {
	base := site(t)
	p := New(t, Options{Care: true, Lang: "en"})
	p.Open(base + "/care")
	if !p.Has("care is on") {
		t.Errorf("care mode is not on:\n%s", p.Text())
	}
	p.Open(base + "/absent")
	if !p.Has("/absent|en") {
		t.Errorf("language: %s", p.Text())
	}
	other := New(t, Options{}) // has cookies and language of its own
	other.Open(base + "/care")
	if !other.Has("care is off") {
		t.Errorf("the other page: %s", other.Text())
	}
	other.Open(base + "/absent")
	if !other.Has("/absent|zh-CN") {
		t.Errorf("language: %s", other.Text())
	}
}

func TestAGoodPagePasses(t *testing.T) {
	base := site(t)
	for _, o := range []Options{{}, {Mobile: true, Width: 390, Height: 844}, {NoScript: true}} {
		p := New(t, o)
		p.Open(base + "/good.html")
		for _, v := range append(p.Axe(), p.Contrast()...) {
			t.Errorf("%+v: axe: %v", o, v)
		}
		for _, g := range p.TargetSizes(44) {
			t.Errorf("%+v: small: %v", o, g)
		}
		for _, s := range p.SmallText(18) {
			t.Errorf("%+v: small text: %v", o, s)
		}
		if !p.ReflowOK(320) {
			t.Errorf("%+v: does not reflow", o)
		}
		if got := Eval[int](p, "innerWidth"); got != p.options.Width {
			t.Errorf("after ReflowOK the window is %d px wide, was %d", got, p.options.Width)
		}
	}
}

func TestABadPageIsFound(t *testing.T) {
	base := site(t)
	for _, o := range []Options{{}, {NoScript: true}} {
		p := New(t, o)
		p.Open(base + "/bad.html")
		var rules []string
		for _, v := range p.Axe() {
			rules = append(rules, v.Rule)
		}
		for _, want := range []string{"color-contrast", "html-has-lang", "label", "image-alt", "target-size"} {
			if !slices.Contains(rules, want) {
				t.Errorf("%+v: axe missed %s, found %q", o, want, rules)
			}
		}
		v := p.Contrast() // what is pale, and what stands on a gradient
		if len(v) != 2 || v[0].Incomplete || !v[1].Incomplete || !strings.HasPrefix(v[0].Nodes[0], ".pale") || !strings.HasPrefix(v[1].Nodes[0], ".sky") {
			t.Errorf("contrast: %v", v)
		}
		var small []string
		for _, g := range p.TargetSizes(44) {
			small = append(small, g.What)
		}
		if got, want := strings.Join(small, "; "), `<button.small> “移除”; <button.small> “改动”; <a> “列表里的链接”; <a> “一”; <a> “二”; <input>`; got != want {
			t.Errorf("small targets: %s", got)
		}
		if got := p.SmallText(18); len(got) != 1 || !strings.Contains(got[0], "p.tiny") {
			t.Errorf("small text: %q", got)
		}
		if p.ReflowOK(320) {
			t.Error("content cut off at 320 px was not found")
		}
		if got := p.Strangers(); !slices.Equal(got, []string{"127.0.0.1:1"}) {
			t.Errorf("strangers: %q", got)
		}
		problems := strings.Join(p.Problems(), "\n")
		for _, want := range []string{"坏了", "nothing is not defined"} {
			if strings.Contains(problems, want) == o.NoScript {
				t.Errorf("%+v: problems: %s", o, problems)
			}
		}
	}
}

// fatal catches the end of a test, to see that a method ends it.
type fatal struct {
	testing.TB
	text string
}

func (f *fatal) Fatalf(format string, args ...any) {
	f.text = fmt.Sprintf(format, args...)
	panic(f)
}

func TestWhatCannotBeDoneEndsTheTest(t *testing.T) {
	p := New(t, Options{})
	p.look = 100 * time.Millisecond
	base := site(t)
	for _, c := range []struct {
		page, want string
		act        func()
	}{
		{"/good.html", "2 things match", func() { p.Click("认领") }},
		{"/good.html", "nothing matches", func() { p.Click("没有的") }},
		{"/good.html", "offers no 月亮", func() { p.Fill("类别", "月亮") }},
		{"/good.html", "not filled but clicked", func() { p.Fill("private", "yes") }},
		{"/bad.html", "covered by <div#lid>", func() { p.Click("盖住的") }},
	} {
		p.Open(base + c.page)
		f := &fatal{TB: t}
		p.t = f
		func() {
			defer func() { _ = recover() }()
			c.act()
		}()
		p.t = t
		if !strings.Contains(f.text, c.want) {
			t.Errorf("want %q, got %q", c.want, f.text)
		}
	}
}

func TestScreenshot(t *testing.T) {
	p := New(t, Options{Width: 390, Height: 300, Mobile: true})
	p.Open(site(t) + "/good.html")
	path := filepath.Join(t.TempDir(), "shots", "good.png")
	p.Screenshot(path)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if b := picture.Bounds(); b.Dx() != 780 || b.Dy() <= 600 {
		t.Errorf("the picture is %v, not the whole page at double density", b)
	}
	if keep := os.Getenv("LINLI_SCREENSHOTS"); keep != "" {
		p.Screenshot(filepath.Join(keep, "good.png"))
	}
}

func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }
