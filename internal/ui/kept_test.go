package ui

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/a-h/templ"
)

func drawn(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A page whose shell was drawn before is byte for byte the page drawn anew:
// for every reader, place and way of reading, and with its own path.
func TestWhatIsKeptLooksAsDrawnAnew(t *testing.T) {
	frame := &Frame{Serves: func(path string) bool { return path != "/meetings" }}
	bare := &Frame{Serves: frame.Serves}
	layouts := map[string]func(Page) templ.Component{"resident": Layout, "staff": StaffLayout}
	for range 2 { // the second time all is kept
		for _, lang := range []string{"zh-CN", "en"} {
			for _, care := range []bool{false, true} {
				for _, me := range []Me{{}, {SignedIn: true, Name: "张<先生>"}, {SignedIn: true, Name: "李", Badge: 3}, {SignedIn: true, Desk: DeskStaff}, {SignedIn: true, Desk: DeskAdmin}} {
					for _, place := range []Community{{}, {Name: "洲岛家园社区", Code: "320105004004", Phone: "025-8600 1234", Hours: "每天"}} {
						for _, path := range []string{"", "/wishes?q=a&b=\"<x>\"", "/staff"} {
							p := Page{Title: "t", Path: path, Look: Look{
								Lang: lang, Care: care, Section: Wishes, Me: me, Community: place, Demo: care, Scanned: place.Code,
								TextSize: SizeLarge, Site: Site{Organiser: "街道", ICP: "苏ICP", PoliceICP: "苏公网", ComplaintsURL: "/c"},
							}}
							for name, layout := range layouts {
								anew, kept := p, p
								bare.drawn = nil
								anew.Frame, kept.Frame = bare, frame
								if a, b := drawn(t, layout(anew)), drawn(t, layout(kept)); a != b {
									t.Fatalf("%s, %s, care %v, %+v, %q differs", name, lang, care, me, path)
								} else if path != "" && !strings.Contains(a, `name="next" value="`+templ.EscapeString(path)+`"`) {
									t.Fatalf("%s does not lead back to %q", name, path)
								}
							}
						}
					}
				}
			}
		}
	}
	if n := len(frame.drawn); n > 4*2*2*5*2 {
		t.Errorf("%d drawings: paths or titles are kept too", n)
	}
}

// A navigation leads to no door that is not there, and without a frame to all.
func TestNavigationLeadsToDoorsThatAreThere(t *testing.T) {
	p := Page{Look: Look{Lang: "en"}}
	all := len(p.nav())
	p.Frame = &Frame{Serves: func(path string) bool { return path != "/meetings" }}
	if got := len(p.nav()); got != all-1 {
		t.Errorf("%d of %d entries", got, all)
	}
}

// Looks are made by readers; their number is bounded.
func TestDrawingsAreBounded(t *testing.T) {
	f := &Frame{}
	blank := func(Page) templ.Component { return templ.Raw("x") }
	for n := range 2*drawnMost + 1 {
		drawn(t, kept(Page{Frame: f, Look: Look{Me: Me{Badge: n}}}, "part", blank))
		if len(f.drawn) > drawnMost {
			t.Fatal("unbounded")
		}
	}
}
