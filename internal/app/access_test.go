package app_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linli/internal/core/id"
)

var update = flag.Bool("update", false, "write golden files anew")

// demoActors are the columns of the matrix; "" is anonymous.
var demoActors = []string{
	"", "demo-newcomer", "demo-resident", "demo-neighbour", "demo-outsider", "demo-volunteer", "demo-society", "demo-unit1", "demo-party",
	"demo-grid", "demo-community", "demo-community-b", "demo-street", "demo-district", "demo-water", "demo-expert1", "demo-auditor", "demo-admin",
}

// samples makes matters for {id} by the first path segment of their kind.
func samples(s *site) map[string][]string {
	return map[string][]string{
		"wishes": {
			"public " + s.wish("demo-resident", nil),
			"private " + s.wish("demo-resident", object{"visibility": "private"}),
			"review " + s.wish("demo-newcomer", nil),
		},
	}
}

// TestAccess asks every door as every demo actor and compares the statuses
// with a golden table, so that a new route or rule shows as a change of text.
// Bodies hold an unknown field: who may act gets 422 and nothing happens.
func TestAccess(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		made := samples(s)
		var lines []string
		for _, r := range s.Web.Routes() {
			ids := []string{""}
			if strings.Contains(r.Path, "{id}") {
				kind := strings.Split(strings.TrimPrefix(r.Path, "/api/v1"), "/")[1]
				ids = append([]string{"absent " + id.New()}, made[kind]...)
			}
			for _, sample := range ids {
				label, matter, _ := strings.Cut(sample, " ")
				path := strings.ReplaceAll(r.Path, "{id}", matter)
				for strings.Contains(path, "{") {
					i, j := strings.Index(path, "{"), strings.Index(path, "}")
					path = path[:i] + "none" + path[j+1:]
				}
				line := fmt.Sprintf("%-4s %-46s %-8s", r.Method, r.Path, label)
				for _, a := range demoActors {
					var body any
					if r.Method != "GET" {
						body = url.Values{"no_such_field": {"x"}}
						if r.API() {
							body = object{"no_such_field": 1}
						}
					}
					line += fmt.Sprintf(" %d", s.do(r.Method, path, a, body).Status)
				}
				lines = append(lines, line)
			}
		}
		slices.Sort(lines)
		head := "# Status of every route for: anonymous " + strings.Join(demoActors[1:], " ") + "\n"
		golden(t, "access.txt", head+strings.Join(lines, "\n")+"\n")
	})
}

// golden compares text with a file of testdata; -update writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == text {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(text, "\n")
	for _, l := range a {
		if !slices.Contains(b, l) {
			t.Errorf("%s: gone: %s", name, l)
		}
	}
	for _, l := range b {
		if !slices.Contains(a, l) {
			t.Errorf("%s: new:  %s", name, l)
		}
	}
	t.Logf("if the change of rules is meant: go test ./internal/app -run %s -update", t.Name())
}
