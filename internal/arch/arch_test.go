package arch

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// faults runs a rule over sources and returns what it finds.
type rule func(all []source, bad func(format string, args ...any)) *rows

func arrows(all []source, bad func(string, ...any)) *rows {
	ok := exceptions("leftward", leftward)
	for _, s := range all {
		if s.dir == "internal/arch" {
			continue
		}
		from := layer(s.dir)
		if from < 0 {
			bad("%s: %s is in no layer of the drawing", s.path, s.dir)
			continue
		}
		for _, i := range s.imports {
			to := local(i)
			if to == "" || to == "internal/arch" {
				continue
			}
			switch at := layer(to); {
			case at < 0:
				bad("%s imports %s, which is in no layer", s.path, to)
			case at < from && !ok.has(s.dir+" "+to):
				bad("%s: %s (%s) must not import %s (%s)", s.path, s.dir, layers[from].name, to, layers[at].name)
			case onlyTests(to) && !onlyTests(s.dir):
				bad("%s: %s is for tests only", s.path, to)
			}
		}
	}
	return ok
}

// onlyTests reports whether a package is for tests only.
func onlyTests(dir string) bool {
	return slices.ContainsFunc(forTests, func(p string) bool { return under(dir, p) })
}

func featureTiers(all []source, bad func(string, ...any)) *rows {
	ok := exceptions("sameTier", sameTier)
	feature := func(dir string) string {
		rest, _ := strings.CutPrefix(dir, "internal/feature/")
		if rest == dir {
			return ""
		}
		return rest
	}
	for _, s := range all {
		f := feature(s.dir)
		if f == "" {
			continue
		}
		if strings.Contains(f, "/") {
			bad("%s: a feature is one flat folder", s.path)
			continue
		}
		if tiers[f] == 0 {
			bad("%s: the feature %s has no tier", s.path, f)
		}
		for _, i := range s.imports {
			g := feature(local(i))
			switch {
			case g == "" || g == f || tiers[g] == 0:
			case tiers[g] > tiers[f]:
				bad("%s: %s (tier %d) must not import %s (tier %d)", s.path, f, tiers[f], g, tiers[g])
			case tiers[g] == tiers[f] && !ok.has(f+" "+g):
				bad("%s: %s and %s are both of tier %d; use an id, an interface or an event, or say why in sameTier", s.path, f, g, tiers[f])
			}
		}
	}
	return ok
}

func pureCore(all []source, bad func(string, ...any)) *rows {
	for _, s := range all {
		if !under(s.dir, "internal/core") {
			continue
		}
		for _, i := range s.imports {
			first, _, _ := strings.Cut(i, "/")
			switch {
			case slices.Contains(doingIO, i):
				bad("%s: core does no I/O, but imports %s", s.path, i)
			case strings.Contains(first, ".") && !slices.ContainsFunc(pure, func(p string) bool { return strings.HasPrefix(i, p) }):
				bad("%s: core imports %s", s.path, i)
			}
		}
	}
	return nil
}

func names(all []source, bad func(string, ...any)) *rows {
	commented := map[string]bool{}
	for _, s := range all {
		if slices.Contains(forbiddenNames, s.pkg) || slices.Contains(forbiddenNames, path.Base(s.dir)) {
			bad("%s: a package called %s says nothing", s.path, s.pkg)
		}
		if s.pkg != "main" && s.doc != "" && !strings.HasPrefix(s.doc, "Package "+s.pkg+" ") && !strings.HasPrefix(s.doc, "Package "+s.pkg+"\n") {
			bad("%s: the package comment does not begin with Package %s", s.path, s.pkg)
		}
		commented[s.dir] = commented[s.dir] || s.doc != ""
	}
	for dir, ok := range commented {
		if !ok {
			bad("%s has no package comment", dir)
		}
	}
	return nil
}

func sizes(all []source, bad func(string, ...any)) *rows {
	total := map[string]int{}
	for _, s := range all {
		total[s.dir] += s.lines
		if s.lines > maxFile {
			bad("%s has %d lines, more than %d", s.path, s.lines, maxFile)
		}
	}
	for dir, n := range total {
		if n > maxPackage {
			bad("%s has %d lines, more than %d", dir, n, maxPackage)
		}
	}
	return nil
}

func sqlInStores(all []source, bad func(string, ...any)) *rows {
	ok := exceptions("sqlPlaces", sqlPlaces)
	for _, s := range all {
		file := path.Base(s.path)
		if len(s.sql) == 0 || under(s.dir, "internal/platform/dbtest") || s.dir == "internal/arch" ||
			under(s.dir, "internal/feature") && strings.HasPrefix(file, "store") || ok.has(s.dir) || ok.has(s.path) {
			continue
		}
		bad("%s: SQL lives in store.go of its feature and in platform/db", s.sql[0])
	}
	return ok
}

func driversBelowDB(all []source, bad func(string, ...any)) *rows {
	ok := exceptions("driverPlaces", driverPlaces)
	for _, s := range all {
		if s.dir == "internal/arch" {
			continue
		}
		for _, i := range s.imports {
			if slices.ContainsFunc(drivers, func(d string) bool { return under(i, d) }) && !ok.has(s.dir) {
				bad("%s imports %s; ask platform/db", s.path, i)
			}
		}
	}
	return ok
}

func oneClock(all []source, bad func(string, ...any)) *rows {
	ok := exceptions("clockFiles", clockFiles)
	for _, s := range all {
		if len(s.clock) > 0 && !ok.has(s.path) {
			bad("%s: the time comes from core/clock", s.clock[0])
		}
	}
	return ok
}

var rules = []struct {
	name string
	rule rule
}{
	{"arrows", arrows}, {"feature tiers", featureTiers}, {"pure core", pureCore}, {"names and comments", names},
	{"sizes", sizes}, {"SQL in stores", sqlInStores}, {"drivers below platform/db", driversBelowDB}, {"one clock", oneClock},
}

func TestTheHouseFollowsItsDrawing(t *testing.T) {
	all := sources(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if used := r.rule(all, t.Errorf); used != nil {
				used.check(t)
			}
		})
	}
}

func TestTemplatesAreShortToo(t *testing.T) {
	err := walk(".templ", func(p string, text []byte) {
		if n := strings.Count(string(text), "\n"); n > maxFile {
			t.Errorf("%s has %d lines, more than %d", p, n, maxFile)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A rule that finds nothing proves nothing until it has found something.
func TestEachRuleFindsItsFault(t *testing.T) {
	file := func(p, text string) source {
		s, err := parse(p, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	long := "// Package x is long.\npackage x\n" + strings.Repeat("\n", maxFile)
	for _, c := range []struct {
		rule  rule
		files []source
		want  string
	}{
		{arrows, []source{file("internal/core/x/x.go", `package x; import _ "linli/internal/platform/db"`)}, "(core) must not import internal/platform/db (platform)"},
		{arrows, []source{file("internal/ui/x.go", `package x; import _ "linli/internal/feature/wish"`)}, "(ui) must not import"},
		{arrows, []source{file("internal/feature/wish/x.go", `package x; import _ "linli/internal/app"`)}, "(feature) must not import"},
		{arrows, []source{file("lib/x.go", `package x`)}, "in no layer"},
		{arrows, []source{file("internal/app/x.go", `package x; import _ "linli/internal/platform/dbtest"`)}, "for tests only"},
		{arrows, []source{file("internal/app/x.go", `package x; import _ "linli/internal/app/apptest"`)}, "for tests only"},
		{featureTiers, []source{file("internal/feature/place/x.go", `package x; import _ "linli/internal/feature/wish"`)}, "place (tier 1) must not import wish (tier 3)"},
		{featureTiers, []source{file("internal/feature/wish/x.go", `package x; import _ "linli/internal/feature/project"`)}, "both of tier 3"},
		{featureTiers, []source{file("internal/feature/wish/sub/x.go", `package x`)}, "one flat folder"},
		{featureTiers, []source{file("internal/feature/weather/x.go", `package x`)}, "has no tier"},
		{pureCore, []source{file("internal/core/x/x.go", `package x; import _ "os"`)}, "does no I/O"},
		{pureCore, []source{file("internal/core/x/x.go", `package x; import _ "github.com/a-h/templ"`)}, "core imports github.com"},
		{names, []source{file("internal/core/x/x.go", "// Package util.\npackage util")}, "says nothing"},
		{names, []source{file("internal/core/x/x.go", "package x")}, "no package comment"},
		{names, []source{file("internal/core/x/x.go", "// The x.\npackage x")}, "does not begin with"},
		{sizes, []source{file("internal/core/x/x.go", long)}, "more than 500"},
		{sizes, slices.Repeat([]source{file("internal/core/x/x.go", long)}, 6), "more than 3000"},
		{sqlInStores, []source{file("internal/feature/wish/web.go", "package x; const q = `\n\tSELECT id FROM wishes`")}, "SQL lives in"},
		{sqlInStores, []source{file("internal/feature/wish/web.go", `package x; const q = "UPDATE wishes SET a = ?"`)}, "SQL lives in"},
		{driversBelowDB, []source{file("internal/feature/wish/web.go", `package x; import _ "database/sql"`)}, "ask platform/db"},
		{oneClock, []source{file("internal/feature/wish/x.go", `package x; import clk "time"; var a = clk.Now()`)}, "core/clock"},
		{oneClock, []source{file("internal/feature/wish/x.go", `package x; import "time"; var f = time.Since`)}, "core/clock"},
	} {
		var found []string
		c.rule(c.files, func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) })
		if !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%s: found %q, want %q", c.files[0].path, found, c.want)
		}
	}
	fine := []source{
		file("internal/feature/wish/store_find.go", "// Package wish is fine.\npackage wish; import _ \"linli/internal/feature/place\"; const q = `SELECT 1`"),
		file("internal/core/x/x.go", "// Package x is fine.\npackage x; import (_ \"golang.org/x/text/unicode/norm\"; \"time\"); const d = time.Hour; const say = \"SELECTED for you\""),
	}
	for _, r := range rules {
		r.rule(fine, func(format string, args ...any) { t.Errorf("%s: %s", r.name, fmt.Sprintf(format, args...)) })
	}
	unused := exceptions("table", map[string]string{"a": "reason", "b": ""})
	if !unused.has("a") || unused.has("b") || unused.has("c") {
		t.Error("a row without a reason counts, or one with a reason does not")
	}
}

// Each module the product leans on directly is listed with its reason.
func TestEveryDirectDependencyHasAReason(t *testing.T) {
	text, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("testdata/dependencies.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(list)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, _ := strings.Cut(line, " ")
		if reasons[name] != "" {
			t.Errorf("%s is listed twice", name)
		}
		reasons[name] = strings.TrimSpace(reason)
	}
	used := exceptions("testdata/dependencies.txt", reasons)
	for _, r := range mod.Require {
		tool := slices.ContainsFunc(mod.Tool, func(t *modfile.Tool) bool { return under(t.Path, r.Mod.Path) })
		if (!r.Indirect || tool) && !used.has(r.Mod.Path) {
			t.Errorf("%s is a new direct dependency: write a decision record in docs/adr and a row in internal/arch/testdata/dependencies.txt", r.Mod.Path)
		}
	}
	used.check(t)
	if len(mod.Replace) > 0 {
		t.Error("go.mod replaces a module; a newcomer's build would differ")
	}
}
