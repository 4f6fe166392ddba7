// Package golden (金样) holds texts that are a rule of the product, such as who
// may do what in which state, to a file beside the test: a change of rules shows
// as a change of text to review.
//
//	golden.Check(t, "testdata/matrix.txt", text)
//
// `go test -run NAME -update` writes the files anew.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// Check fails if the file at path, seen from the folder of the test, does not
// hold text, and says which lines are gone and which are new.
func Check(t testing.TB, path, text string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) == text {
		return
	}
	was, is := strings.Split(string(b), "\n"), strings.Split(text, "\n")
	for _, l := range was {
		if !slices.Contains(is, l) {
			t.Errorf("%s: gone: %s", path, l)
		}
	}
	for _, l := range is {
		if !slices.Contains(was, l) {
			t.Errorf("%s: new: %s", path, l)
		}
	}
	t.Errorf("%s has changed; if that is meant, run with -update and review the difference", path)
}
