package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// Violation is one rule of axe that the page breaks.
type Violation struct {
	Rule   string `json:"rule"`   // axe's id, "color-contrast" for example
	Impact string `json:"impact"` // minor, moderate, serious or critical
	Help   string `json:"help"`
	// Incomplete: axe could not decide and leaves it to a person.
	Incomplete bool     `json:"incomplete"`
	Nodes      []string `json:"nodes"` // selector and fault of each element
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", v.Rule, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
}

// Axe tells which rules of axe-core the page breaks: all that are on by
// default, and target-size. What axe could not decide is left out.
func (p *Page) Axe() []Violation {
	p.t.Helper()
	var broken []Violation
	for _, v := range p.axe() {
		if !v.Incomplete {
			broken = append(broken, v)
		}
	}
	return broken
}

// Contrast tells which text has less than the contrast of WCAG 2.2 AA, and
// which axe could not judge because it stands on a picture or gradient.
func (p *Page) Contrast() []Violation {
	p.t.Helper()
	return p.axe("color-contrast")
}

// axe runs all rules, or only the named ones. Its callbacks need scripts, so
// they are on meanwhile; the page's own are not started by that.
func (p *Page) axe(only ...string) []Violation {
	p.t.Helper()
	source, err := axeSource()
	if err != nil {
		p.t.Fatal(err)
	}
	if p.options.NoScript {
		p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { return p.allowScripts(ctx, t, true) }))
		defer p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { return p.allowScripts(ctx, t, false) }))
	}
	if !Eval[bool](p, "typeof axe === 'object'") {
		p.do(chromedp.Evaluate[chromedp.Void](source))
	}
	if only == nil {
		only = []string{}
	}
	found, ok := tell[[]Violation](p, "axeRun", only)
	if !ok {
		p.t.Fatal("the page was left while axe looked at it")
	}
	return found
}

// axeSource reads the copy of axe-core in e2e/testdata, above the directory
// that the test runs in.
var axeSource = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "e2e", "testdata", "axe.min.js"))
		if err == nil {
			return string(text), nil
		}
		up := filepath.Dir(dir)
		if up == dir || !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("axe-core is not where the tests keep it: %w", err)
		}
		dir = up
	}
})

// ReflowOK tells whether the page can be read in a window this wide, in CSS
// pixels, without scrolling sideways and without anything cut off; if not, the
// test's log says what is too wide. 320 is WCAG's number; half the width of a
// window is what a zoom of 200 % leaves. Tables may scroll in a box of their own.
func (p *Page) ReflowOK(width int) bool {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { return p.resize(ctx, t, width, p.options.Height) }))
	defer p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		return p.resize(ctx, t, p.options.Width, p.options.Height)
	}))
	p.twoFrames()
	faults, ok := tell[[]string](p, "overflow")
	for _, f := range faults {
		p.t.Logf("%s at %d px: %s", p.URL(), width, f)
	}
	return ok && len(faults) == 0
}

// Target is something to press.
type Target struct {
	What   string  `json:"what"`
	Width  float64 `json:"width"` // CSS pixels, as a finger finds it
	Height float64 `json:"height"`
}

func (g Target) String() string { return fmt.Sprintf("%s is %g × %g px", g.What, g.Width, g.Height) }

// TargetSizes lists what is smaller than min × min CSS pixels. Links within a
// sentence, disabled and hidden things are excepted; the label of a box is
// part of it.
func (p *Page) TargetSizes(min float64) []Target {
	p.t.Helper()
	small, _ := tell[[]Target](p, "targets", min)
	return small
}

// SmallText lists visible text smaller than min CSS pixels.
func (p *Page) SmallText(min float64) []string {
	p.t.Helper()
	small, _ := tell[[]string](p, "smallText", min)
	return small
}
