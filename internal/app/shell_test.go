package app_test

import (
	"regexp"
	"testing"

	"linli/internal/app/apptest"
)

var (
	aroundPage = regexp.MustCompile(`(?s)<header class="masthead".*?</header>|<nav class="rail".*?</nav>|<footer class="footer".*?</footer>|<nav class="tabbar".*?</nav>`)
	localLink  = regexp.MustCompile(`href="(/[^"]*)"`)
)

// Nothing around a page leads its reader to a closed door.
func TestTheShellLeadsToOpenDoors(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		for as, office := range map[string]string{
			"": "/", "demo-resident": "/", "demo-grid": "/staff", "demo-community": "/staff", "demo-street": "/staff", "demo-district": "/staff",
			"demo-admin": "/staff", "demo-auditor": "/staff",
		} {
			home, page := h.Do("GET", "/", as, nil), h.Do("GET", office, as, nil)
			if office != "/" && !regexp.MustCompile(`<a href="/staff"`).MatchString(home.Body) {
				t.Errorf("%s finds no way to the workbench", as)
			}
			links := map[string]bool{}
			for _, part := range aroundPage.FindAllString(home.Body+page.Body, -1) {
				for _, l := range localLink.FindAllStringSubmatch(part, -1) {
					links[l[1]] = true
				}
			}
			if len(links) < 8 {
				t.Errorf("%s: only %d links around the pages", as, len(links))
			}
			for l := range links {
				if r := h.Do("GET", l, as, nil); r.Status != 200 && !(as == "" && r.Status == 303) {
					t.Errorf("%s is led to %s: %d", as, l, r.Status)
				}
			}
		}
	})
}
