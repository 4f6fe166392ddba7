package tally

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const fixtures = "testdata/pabulib"

func readFixture(t testing.TB, name string) *Election {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Parse(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return e
}

// TestExpected counts three real elections by nine rules and compares with results that others computed.
func TestExpected(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(fixtures, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]struct {
		Budget    string              `json:"budget"`
		Increment int64               `json:"increment_per_voter"`
		Expect    map[string][]string `json:"expect"`
	}
	if err := json.Unmarshal(data, &files); err != nil {
		t.Fatal(err)
	}
	n := 0
	for file, want := range files {
		pb, err := os.ReadFile(filepath.Join(fixtures, file))
		if err != nil {
			t.Fatal(err)
		}
		if e := readFixture(t, file); e.Budget.String() != want.Budget || len(e.Warnings) != 0 {
			t.Errorf("%s: budget %s, want %s; warnings %v", file, e.Budget, want.Budget, e.Warnings)
		}
		for rule, ids := range want.Expect {
			var out bytes.Buffer
			if err := Run(&out, bytes.NewReader(pb), rule, want.Increment, false); err != nil {
				t.Errorf("%s %s: %v", file, rule, err)
				continue
			}
			if d := cmp.Diff(strings.Join(ids, "\n")+"\n", out.String()); d != "" {
				t.Errorf("%s %s: %s", file, rule, d)
			}
			n++
		}
	}
	if n != 27 {
		t.Errorf("compared %d results, want 27", n)
	}
}
