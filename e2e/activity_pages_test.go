package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"linli/e2e/browser"
	"linli/internal/app/demo"
)

// keys are names of texts that should never reach a page.
var serviceKeys = regexp.MustCompile(`\b(activity|service|volunteer|points|pointsbatch|award|calendar)\.[a-z_.]+\b`)

// servicePages are those about activities, hours, points and awards, by who
// reads them; ACTIVITY, DONE, and AWARD stand for ids.
var servicePages = map[string][]string{
	"":               {"/activities", "/activities/ACTIVITY", "/certificates", "/points", "/points/hand", "/awards", "/awards/AWARD", "/honours"},
	"demo-volunteer": {"/activities/DONE", "/activities?show=mine", "/me/service", "/me/points", "/me/calendar", "/volunteer/on-call", "/services/new", "/awards/AWARD"},
	"demo-community": {"/activities/new", "/activities/ACTIVITY/organise", "/activities/DONE/organise", "/staff/activities", "/staff/points", "/points/hand", "/awards/new", "/awards/AWARD"},
}

// TestServicePagesForAll holds the pages to the numbers of UX in both languages
// and modes; the workbench has no care mode of its own.
func TestServicePagesForAll(t *testing.T) {
	s := theSite(t)
	first := func(path string) string {
		items, _ := s.asks(t, http.StatusOK, "GET", path, "demo-community", nil)["items"].([]any)
		if len(items) == 0 {
			t.Fatalf("%s: nothing there", path)
		}
		return items[0].(map[string]any)["id"].(string)
	}
	ids := strings.NewReplacer(
		"ACTIVITY", first("/api/v1/activities?state=published&place="+demo.CommunityA),
		"DONE", first("/api/v1/activities?state=closed&place="+demo.CommunityA), "AWARD", first("/api/v1/awards"),
	)
	for _, mode := range []browser.Options{{Lang: "zh-CN"}, {Lang: "zh-CN", Care: true}, {Lang: "en"}, {Lang: "en", Care: true}} {
		mode.Width, mode.Height, mode.Mobile = 390, 844, true
		name := mode.Lang + map[bool]string{true: "/care", false: "/standard"}[mode.Care]
		t.Run(name, func(t *testing.T) {
			for who, pages := range servicePages {
				if mode.Care && who == "demo-community" {
					continue
				}
				p := s.visit(t, who, mode)
				for i, path := range pages {
					if (mode.Care == (mode.Lang == "en")) == (i%2 == 0) { // each page in one of either language and mode, not in every pair
						continue
					}
					p.Open(s.URL + ids.Replace(path))
					if p.Status() != http.StatusOK {
						t.Errorf("%s as %q: %d", path, who, p.Status())
						continue
					}
					shoot(p, strings.NewReplacer("/", "-", "?", "-").Replace(name+who+path))
					for _, v := range p.Axe() {
						t.Errorf("%s: %v", path, v)
					}
					for _, v := range p.TargetSizes(map[bool]float64{true: 60, false: 44}[mode.Care]) {
						t.Errorf("%s: %v", path, v)
					}
					if mode.Care {
						for _, v := range p.SmallText(18) {
							t.Errorf("%s: %s", path, v)
						}
					}
					if !p.ReflowOK(320) {
						t.Errorf("%s scrolls sideways at 320 px", path)
					}
					for _, v := range append(p.Problems(), p.Strangers()...) {
						t.Errorf("%s: %s", path, v)
					}
					if said := serviceKeys.FindString(p.Text("main")); said != "" {
						t.Errorf("%s shows the key %s instead of words", path, said)
					}
				}
			}
		})
	}
}
