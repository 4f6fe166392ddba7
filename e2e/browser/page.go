package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Page is one tab. Its methods end the test when they cannot do what they are
// asked, and wait for the page that an action loads. It is for one goroutine.
//
// Where a method takes a target, that is the text a person reads on the thing
// (of a link or button; for a field its label), or else a CSS selector. Exact
// text goes before a selector, a selector before a part of a text. More than
// one hit ends the test, unless all are links to the same place; narrow it
// with " >> ": "#claim-3 >> 认领".
type Page struct {
	t       testing.TB
	ctx     context.Context
	options Options
	careful bool          // care mode was turned on
	look    time.Duration // how long a target may take to appear

	mu        sync.Mutex // guards what hear writes
	frame     cdp.FrameID
	requested int  // navigations of the main frame so far
	loading   bool // the last of them is not done
	status    int
	weight    int64
	hosts     map[string]bool
	problems  []string
	changed   chan struct{} // closed and renewed by hear
}

// Open loads an address and waits until it is loaded.
func (p *Page) Open(address string) {
	p.t.Helper()
	p.mu.Lock()
	p.status, p.weight, p.hosts, p.problems = 0, 0, map[string]bool{}, nil
	p.mu.Unlock()
	p.do(chromedp.Navigate(address))
	if p.options.Care && !p.careful {
		p.careful = true
		p.Click("header button[name=care][value=on]")
		p.Open(address)
	}
}

// URL is the address of the page shown.
func (p *Page) URL() string { p.t.Helper(); return run(p, chromedp.Location()) }

// Status is the HTTP status of the document shown.
func (p *Page) Status() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Weight is what came over the wire since Open, in bytes, headers included and
// compressed as it came.
func (p *Page) Weight() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.weight
}

// Strangers are the hosts other than the page's own that were asked for
// something since Open.
func (p *Page) Strangers() []string {
	p.t.Helper()
	own, err := url.Parse(p.URL())
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var others []string
	for host := range p.hosts {
		if host != own.Host {
			others = append(others, host)
		}
	}
	slices.Sort(others)
	return others
}

// Problems are what the browser complained of since Open: errors of scripts,
// refusals by the content security policy, failed requests, dialogs.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

// Text is the text a person sees, of the whole page or of the first element
// that a selector finds.
func (p *Page) Text(selector ...string) string {
	p.t.Helper()
	if len(selector) == 0 {
		selector = []string{"body"}
	}
	text, ok := tell[*string](p, "text", selector[0])
	if !ok || text == nil {
		p.t.Fatalf("%s: nothing matches %s", p.URL(), selector[0])
	}
	return *text
}

// Has tells whether the page shows the text, or has a visible element of the
// selector, now.
func (p *Page) Has(target string) bool {
	p.t.Helper()
	found, _ := tell[bool](p, "has", target)
	return found
}

// Wait waits until Has is true: for what a script changes without loading.
func (p *Page) Wait(target string) {
	p.t.Helper()
	if !p.until(func() bool { return p.Has(target) }) {
		p.t.Fatalf("%s: %q did not appear. The page says:\n%s", p.URL(), target, p.Text())
	}
}

// spot is where page.js found something, or why it did not.
type spot struct {
	Fault     string  `json:"fault"`
	X         float64 `json:"x"`
	Y         float64 `json:"y"`
	Kind      string  `json:"kind"`      // of a field: text, choice, value or file
	Navigates bool    `json:"navigates"` // a plain link or a form that will be sent
}

// Click presses a link, button, label or other element with the mouse, and
// waits for the page it leads to. What lies hidden under something else cannot
// be clicked, as for a person.
func (p *Page) Click(target string) {
	p.t.Helper()
	at := p.still(target)
	before := p.navigations()
	p.do(chromedp.MouseClickXY(at.X, at.Y))
	p.settle(before, at.Navigates)
}

// still finds what is to be clicked once it has come to rest: scripts that come
// after the page may move what stands below them.
func (p *Page) still(target string) spot {
	p.t.Helper()
	at := p.find("click", target)
	for range 20 {
		if p.options.NoScript {
			break
		}
		p.twoFrames()
		was := at
		if at = p.find("click", target); at == was {
			break
		}
	}
	return at
}

// Fill gives a field its value: text is typed over what was there, a choice is
// taken by its text or value, a date is set. Checkboxes and radio buttons are
// clicked instead.
func (p *Page) Fill(target, value string) {
	p.t.Helper()
	at := p.find("fill", target, value)
	if at.Kind != "text" { // page.js has set it
		return
	}
	if value == "" {
		p.Press("Backspace")
		return
	}
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: value})
		return err
	}))
}

// Upload chooses files in a file field.
func (p *Page) Upload(target string, files ...string) {
	p.t.Helper()
	for i, f := range files {
		path, err := filepath.Abs(f)
		if err != nil {
			p.t.Fatal(err)
		}
		files[i] = path
	}
	p.find("upload", target)
	field := run(p, chromedp.Evaluate[*runtime.RemoteObject](library+".found()"))
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: field.ObjectID})
		return err
	}))
}

// keys are the names of the keys that are not characters.
var keys = map[string]string{
	"Tab": kb.Tab, "Enter": kb.Enter, "Escape": kb.Escape, "Backspace": kb.Backspace, "Space": " ",
	"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	"Home": kb.Home, "End": kb.End,
}

// Press presses keys one after another: names such as Tab, Shift+Tab, Enter,
// Space, ArrowDown, or characters. It waits for the page they lead to.
func (p *Page) Press(names ...string) {
	p.t.Helper()
	for _, name := range names {
		var options []chromedp.KeyOption
		if rest, ok := strings.CutPrefix(name, "Shift+"); ok {
			name = rest
			options = append(options, chromedp.KeyModifiers(chromedp.ModifierShift))
		}
		key, ok := keys[name]
		if !ok {
			key = name
		}
		before := p.navigations()
		if name == "Enter" || name == "Space" {
			tell[bool](p, "watch")
		}
		p.do(chromedp.KeyEvent(key, options...))
		p.settle(before, false)
	}
}

// Focused is the name of the element that the keyboard acts on, as a person
// hears it, or "" when there is none.
func (p *Page) Focused() string {
	p.t.Helper()
	name, _ := tell[string](p, "focused")
	return name
}

// Screenshot writes the whole page as a PNG, the part below the fold included.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	image := run(p, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, image, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// Eval computes a JavaScript expression in the page. It works in pages whose
// own scripts are off.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return run(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// library is page.js, an expression whose value is an object of functions.
//
//go:embed page.js
var library string

// tell calls a function of page.js. It is not ok when the page was left in the
// middle.
func tell[T any](p *Page, function string, args ...any) (T, bool) {
	p.t.Helper()
	list, err := json.Marshal(append([]any{}, args...)) // [], not null, without any
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](fmt.Sprintf("%s.%s(...%s)", library, function, list), chromedp.EvalAwaitPromise))
	if err != nil && leftThePage(err) {
		return v, false
	}
	if err != nil {
		p.t.Fatalf("page.js %s: %v", function, err)
	}
	return v, true
}

// find asks page.js until it has found the target, or gives its last reason.
func (p *Page) find(purpose, target string, args ...any) spot {
	p.t.Helper()
	var at spot
	done := p.until(func() bool {
		var ok bool
		at, ok = tell[spot](p, purpose, append([]any{target}, args...)...)
		return ok && at.Fault == ""
	})
	if !done {
		p.t.Fatalf("%s: %s %q: %s. The page says:\n%s", p.URL(), purpose, target, at.Fault, p.Text())
	}
	return at
}

// until tries for as long as a person would look at the page, and tells
// whether it came true.
func (p *Page) until(holds func() bool) bool {
	if holds() {
		return true
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(p.look); time.Now().Before(deadline); {
		<-tick.C
		if holds() {
			return true
		}
	}
	return false
}

// leftThePage tells the errors of a script whose page was replaced meanwhile.
func leftThePage(err error) bool {
	for _, text := range []string{"Execution context was destroyed", "Inspected target navigated or closed", "Cannot find context", "Promise was collected"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

func (p *Page) do(a chromedp.Action[chromedp.Void]) { p.t.Helper(); run(p, a) }

func run[T any](p *Page, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatalf("browser: %v", err)
	}
	return v
}

func (p *Page) navigations() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requested
}

// settle waits for the page that an action leads to. Without scripts a link or
// a form always leads to one. With them page.js has seen whether the browser
// goes there or a script has stopped it. What was stopped has a moment to lead
// somewhere all the same, anything else two frames' time, which is when scripts
// have done so.
func (p *Page) settle(before int, leads bool) {
	p.t.Helper()
	if !leads || !p.options.NoScript {
		p.twoFrames()
		if p.navigations() == before && !p.goes() && !(leads && p.asked(before)) {
			return
		}
	}
	deadline := time.After(Patience)
	for {
		p.mu.Lock()
		done, changed := p.requested > before && !p.loading, p.changed
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.t.Fatalf("%s: the page the action leads to does not load", p.URL())
		}
	}
}

// goes tells whether the browser is on its way to another page, though it may
// not have asked for it yet: on a busy machine that takes its time.
func (p *Page) goes() bool {
	p.t.Helper()
	if p.options.NoScript {
		return false
	}
	goes, ok := tell[bool](p, "goes")
	return goes || !ok
}

// moment is how long a script that stopped a click may take to lead elsewhere.
const moment = 500 * time.Millisecond

// asked waits a moment for the browser to ask for another page.
func (p *Page) asked(before int) bool {
	over := time.After(moment)
	for {
		p.mu.Lock()
		asked, changed := p.requested > before, p.changed
		p.mu.Unlock()
		if asked {
			return true
		}
		select {
		case <-changed:
		case <-over:
			return false
		}
	}
}

func (p *Page) twoFrames() {
	p.t.Helper()
	if !p.options.NoScript {
		tell[*bool](p, "twoFrames")
		return
	}
	// No callbacks without scripts; a screenshot is a frame too.
	for range 2 {
		run(p, chromedp.CaptureScreenshot())
	}
}

// hear notes what the browser tells of this page. It runs on the connection's
// goroutine and must not call the browser.
func (p *Page) hear(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameRequestedNavigation:
		if e.FrameID == p.frame {
			p.requested++
			p.loading = true
		}
	case *page.EventNavigatedWithinDocument:
		if e.FrameID == p.frame {
			p.loading = false
		}
	case *page.EventFrameStoppedLoading:
		if e.FrameID == p.frame {
			p.loading = false
		}
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" && p.hosts != nil {
			p.hosts[u.Host] = true
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument && e.FrameID == p.frame {
			p.status = int(e.Response.Status)
		}
	case *network.EventLoadingFinished:
		p.weight += int64(e.EncodedDataLength)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			p.problems = append(p.problems, strings.TrimSpace(e.Entry.Text+" "+e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil && x.Description != "" {
			text = x.Description
		}
		p.problems = append(p.problems, text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			var words []string
			for _, a := range e.Args {
				word := a.Description // of what is no plain value
				if json.Unmarshal(a.Value, &word) != nil && word == "" {
					word = string(a.Value)
				}
				words = append(words, word)
			}
			p.problems = append(p.problems, "console.error: "+strings.Join(words, " "))
		}
	case *page.EventJavascriptDialogOpening:
		p.problems = append(p.problems, "dialog: "+e.Message)
		go func() { // an open dialog stops the page
			ctx, cancel := context.WithTimeout(p.ctx, Patience)
			defer cancel()
			_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	default:
		return
	}
	close(p.changed)
	p.changed = make(chan struct{})
}
