package story

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"linli/e2e/browser"
	"linli/internal/ui"
)

// policy is as strict as the product's own.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'"

// serve shows each story at /s/NAME and answers every form.
func serve(t *testing.T) string { return serveAssets(t, ui.Assets) }

func serveAssets(t *testing.T, assets http.Handler) string {
	pages := map[string]Story{}
	for _, s := range Stories() {
		pages[s.Name] = s
	}
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", assets)
	mux.HandleFunc("GET /s/", func(w http.ResponseWriter, r *http.Request) {
		s, ok := pages[strings.TrimPrefix(r.URL.Path, "/s/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", policy)
		if err := s.Component.Render(r.Context(), w); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { // what comes after a form was sent
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><html lang="zh-CN"><head><title>t</title><link rel="icon" href="data:,"></head><body><h1>收到了</h1><script type="module" src="` + ui.Asset("app.js") + `"></script></body></html>`))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestKeyPages looks at the pages a resident meets most with the eyes of axe, at the width of a phone.
func TestKeyPages(t *testing.T) {
	site := serve(t)
	p := browser.New(t, browser.Options{Width: 390, Height: 844, Mobile: true})
	for _, name := range []string{"zh-CN/standard/home", "zh-CN/care/home", "en/care/form-errors", "zh-CN/standard/matter", "en/standard/charts", "zh-CN/standard/workbench"} {
		p.Open(site + "/s/" + name)
		for _, v := range p.Axe() {
			t.Errorf("%s: %v", name, v)
		}
		least := 44.0
		if strings.Contains(name, "/care/") {
			least = 60
		}
		for _, v := range p.TargetSizes(least) {
			t.Errorf("%s: %v", name, v)
		}
		if strings.Contains(name, "/care/") {
			for _, v := range p.SmallText(18) {
				t.Errorf("%s: under 18 px: %v", name, v)
			}
		}
		browser.Eval[string](p, `document.documentElement.dataset.size = "largest"`)
		if !p.ReflowOK(320) {
			t.Errorf("%s scrolls sideways at 320 px in the largest text", name)
		}
		for _, v := range p.Problems() {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestSaySheet(t *testing.T) {
	p := browser.New(t, browser.Options{Width: 390, Height: 844, Mobile: true})
	p.Open(serve(t) + "/s/zh-CN/standard/home")
	p.Click(".tabbar a[data-say]")
	if !browser.Eval[bool](p, `document.getElementById("say-sheet").open`) {
		t.Fatal("＋ does not open the sheet")
	}
	for _, v := range p.Axe() {
		t.Errorf("%v", v)
	}
	p.Press("Escape")
	if browser.Eval[bool](p, `document.getElementById("say-sheet").open`) {
		t.Error("Escape does not close the sheet")
	}
}

func TestWithoutScripts(t *testing.T) {
	p := browser.New(t, browser.Options{Width: 390, Height: 844, Mobile: true, NoScript: true})
	p.Open(serve(t) + "/s/zh-CN/standard/home")
	p.Click(".tabbar a[data-say]")
	if got := p.URL(); !strings.HasSuffix(got, "/say") {
		t.Errorf("＋ leads to %s", got)
	}
}

func TestDraft(t *testing.T) {
	page := serve(t) + "/s/zh-CN/standard/form"
	p := browser.New(t, browser.Options{})
	p.Open(page)
	p.Wait("form[data-draft=ready]") // the script comes after the page
	p.Fill("#f-body", "周四上午陪我去医院")
	p.Click("label[for=f-place-2]")
	// The draft is written a moment after the last key.
	if !browser.Eval[bool](p, `new Promise((done) => setTimeout(() => done(localStorage.length === 1), 500))`) {
		t.Fatal("nothing is kept")
	}
	p.Open(page)
	p.Wait("form[data-draft=ready]") // the script comes after the page
	if got := browser.Eval[string](p, `document.getElementById("f-body").value + document.querySelector("[name=place]:checked").value`); got != "周四上午陪我去医院estate" {
		t.Errorf("after coming back the form holds %q", got)
	}
	if kept := browser.Eval[string](p, `localStorage.getItem(localStorage.key(0))`); strings.Contains(kept, "op-0") {
		t.Errorf("the operation id is kept: %s", kept)
	}
	p.Click("下一步")
	if n := browser.Eval[int](p, `localStorage.length`); n != 0 {
		t.Errorf("after sending %d drafts are left", n)
	}
	p.Open(page)
	p.Wait("form[data-draft=ready]") // the script comes after the page
	p.Fill("#f-body", "不要了")
	browser.Eval[bool](p, `new Promise((done) => setTimeout(() => done(true), 500))`)
	p.Open(page)
	p.Wait("form[data-draft=ready]") // the script comes after the page
	p.Click(".draft button")
	if n := browser.Eval[int](p, `localStorage.length`); n != 0 {
		t.Errorf("after discarding %d drafts are left", n)
	}
}

// TestQuickerThanTheScript: on a slow line people type and choose photographs
// before the scripts for it have come; nothing of it is lost.
func TestQuickerThanTheScript(t *testing.T) {
	come := make(chan struct{})
	page := serveAssets(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == ui.Asset("draft.js") || r.URL.Path == ui.Asset("photos.js") {
			<-come
		}
		ui.Assets.ServeHTTP(w, r)
	})) + "/s/zh-CN/standard/form"
	arrive := sync.OnceFunc(func() { close(come) })
	t.Cleanup(arrive)
	p := browser.New(t, browser.Options{})
	p.Open(page)
	browser.Eval[bool](p, `(() => { // what was kept another day
		localStorage.setItem("draft:" + location.pathname + "#wish", JSON.stringify({ at: Date.now(), sent: false, values: { body: ["上周写的"], title: ["上周的题"], place: ["estate"], skills: ["phone"] } }));
		return true;
	})()`)
	p.Fill("#f-body", "今天写的")
	p.Click(`input[name="place"][value="none"]`)
	photo := filepath.Join(t.TempDir(), "lamp.png")
	if err := os.WriteFile(photo, []byte("not looked at here"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Upload("#wish input[type=file]", photo)
	arrive()
	p.Wait("form[data-draft=ready]")
	p.Wait(".previews li")
	if got := browser.Eval[string](p, `document.getElementById("f-body").value`); got != "今天写的" {
		t.Errorf("what was typed has become %q", got)
	}
	if got := browser.Eval[string](p, `[...new FormData(document.getElementById("wish")).entries()].filter(([name]) => ["title", "place", "skills"].includes(name)).join(" ")`); got != "title,上周的题 place,none skills,phone" {
		t.Errorf("of the draft and what was chosen there is %q", got)
	}
}

func TestSentOnce(t *testing.T) {
	p := browser.New(t, browser.Options{})
	p.Open(serve(t) + "/s/zh-CN/standard/form")
	sent := browser.Eval[int](p, `(() => {
		let sent = 0;
		const form = document.getElementById("wish");
		form.addEventListener("submit", (e) => { if (!e.defaultPrevented) sent++; e.preventDefault(); });
		form.querySelector("button.button").click();
		form.querySelector("button.button").click();
		return sent;
	})()`)
	if sent != 1 {
		t.Errorf("two taps send the form %d times", sent)
	}
}
