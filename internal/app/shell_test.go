package app_test

import (
	"regexp"
	"testing"
)

var (
	aroundPage = regexp.MustCompile(`(?s)<header class="masthead".*?</header>|<nav class="rail".*?</nav>|<footer class="footer".*?</footer>|<nav class="tabbar".*?</nav>`)
	localLink  = regexp.MustCompile(`href="(/[^"]*)"`)
)

// Nothing around a page leads its reader to a closed door.
func TestTheShellLeadsToOpenDoors(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for as, office := range map[string]string{
			"": "/", "demo-resident": "/", "demo-grid": "/staff", "demo-community": "/staff", "demo-street": "/staff", "demo-district": "/staff",
			"demo-admin": "/staff", "demo-auditor": "/staff",
		} {
			home, page := s.do("GET", "/", as, nil), s.do("GET", office, as, nil)
			if office != "/" && !regexp.MustCompile(`<a href="/staff"`).Match(home.Body) {
				t.Errorf("%s finds no way to the workbench", as)
			}
			links := map[string]bool{}
			for _, part := range aroundPage.FindAll(append(home.Body, page.Body...), -1) {
				for _, l := range localLink.FindAllSubmatch(part, -1) {
					links[string(l[1])] = true
				}
			}
			if len(links) < 8 {
				t.Errorf("%s: only %d links around the pages", as, len(links))
			}
			for l := range links {
				if r := s.do("GET", l, as, nil); r.Status != 200 && !(as == "" && r.Status == 303) {
					t.Errorf("%s is led to %s: %d", as, l, r.Status)
				}
			}
		}
	})
}
