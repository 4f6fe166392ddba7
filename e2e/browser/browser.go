// Package browser (浏览器测试) drives a real headless Chromium in tests: it opens
// pages, does what a person does with them, and measures what a person needs
// of them (contrast, size of targets, reflow, axe's rules).
//
//	p := browser.New(t, browser.Options{Width: 390, Height: 844, Mobile: true})
//	p.Open(server.URL + "/wishes")
//	p.Click("我要说")
//	p.Fill("标题", "想要一斤青菜")
//	p.Click("提交")
//	if v := p.Axe(); len(v) > 0 { t.Error(v) }
//
// One Chromium with an empty profile serves the whole test binary; each page
// has cookies of its own. It ends with the process. Where Chromium is missing
// the tests are skipped and say so, unless LINLI_REQUIRE_BROWSER=1 makes them
// fail.
package browser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// EnvRequire is 1 where browser tests must not be skipped.
const EnvRequire = "LINLI_REQUIRE_BROWSER"

// Patience bounds one action of a page, loading included.
const Patience = 30 * time.Second

// Options say what kind of browser the page is opened in. The zero value is a
// Chinese desktop of 1280 × 800.
type Options struct {
	Width, Height int    // in CSS pixels; 1280 × 800 when 0
	Mobile        bool   // a phone: viewport meta tag, touch, double pixel density
	NoScript      bool   // the page's own scripts do not run
	Lang          string // what Accept-Language asks for; "zh-CN" when empty
	Care          bool   // the first Open turns the care mode on by its switch
}

// New opens an empty page in a browser of its own cookies. It is closed when
// the test ends.
func New(t testing.TB, o Options) *Page {
	t.Helper()
	b, err := chromium()
	if err != nil {
		if os.Getenv(EnvRequire) == "1" {
			t.Fatalf("%s=1, but there is no browser: %v", EnvRequire, err)
		}
		t.Skipf("left out, no browser: %v", err)
	}
	if o.Width == 0 {
		o.Width = 1280
	}
	if o.Height == 0 {
		o.Height = 800
	}
	if o.Lang == "" {
		o.Lang = "zh-CN"
	}
	p := &Page{t: t, options: o, look: Patience, changed: make(chan struct{})}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p.ctx = ctx
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the page lives as long as this context
		t.Fatalf("opening a page: %v", err)
	}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Func(p.setUp))
	return p
}

// setUp makes the page the kind that the options ask for.
func (p *Page) setUp(ctx context.Context, t *chromedp.Target) error {
	tree, err := cdp.Call(ctx, t, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.frame = tree.FrameTree.Frame.ID
	p.mu.Unlock()
	agent, err := chromedp.Evaluate[string](`navigator.userAgent`)(ctx, t)
	if err != nil {
		return err
	}
	if p.options.Mobile {
		agent = "Mozilla/5.0 (Linux; Android 14; Phone) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"
	}
	_, err = cdp.Call(ctx, t, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: p.options.Lang})
	if err != nil {
		return err
	}
	if err := p.resize(ctx, t, p.options.Width, p.options.Height); err != nil {
		return err
	}
	return p.allowScripts(ctx, t, !p.options.NoScript)
}

func (p *Page) resize(ctx context.Context, t *chromedp.Target, width, height int) error {
	density := 1.0
	if p.options.Mobile {
		density = 2
	}
	_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(width), Height: int64(height), DeviceScaleFactor: density, Mobile: p.options.Mobile})
	if err != nil {
		return err
	}
	_, err = cdp.Call(ctx, t, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: p.options.Mobile})
	return err
}

func (p *Page) allowScripts(ctx context.Context, t *chromedp.Target, on bool) error {
	_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	return err
}

// chromium is the browser of this process, started by the first who asks.
var chromium = sync.OnceValues(start)

// running is a started Chromium.
type running struct {
	ctx   context.Context // pages are opened under it
	guard io.Closer       // write end of the pipe that the profile's remover waits at
}

func start() (*running, error) {
	path, err := findBrowser()
	if err != nil {
		return nil, err
	}
	profile, guard, err := emptyProfile()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // root may not have one
		chromedp.DisableGPU,
		// Without these it knocks at its maker's hosts all the time.
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		// Text is as wide on every machine.
		chromedp.Flag("font-render-hinting", "none"),
	)
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return &running{ctx: ctx, guard: guard}, nil
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium is installed (on Debian: apt-get install chromium fonts-noto-cjk)")
}

// emptyProfile makes a directory that a waiting child removes after this
// process has ended in whatever way, which closes the pipe. Chromium itself is
// killed by the kernel with its parent; its last children may still write for
// a moment, so the child tries until the directory stays away.
func emptyProfile() (string, io.Closer, error) {
	dir, err := os.MkdirTemp("", "linli-chromium-")
	if err != nil {
		return "", nil, err
	}
	const script = `while read -r _; do :; done
for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$0"; sleep 0.3; [ -e "$0" ] || exit 0; done`
	cmd := exec.Command("sh", "-c", script, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // out of reach of Ctrl-C
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	return dir, in, cmd.Start()
}
