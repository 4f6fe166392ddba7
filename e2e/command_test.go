package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUsage: what is wrong with a flag is told apart from what is wrong with the input.
func TestUsage(t *testing.T) {
	p := place{t: t, data: t.TempDir()}
	p.must("migrate")
	file := filepath.Join(t.TempDir(), "no.pb")
	if err := os.WriteFile(file, []byte("no election"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, code := range map[string]int{
		"count " + file + " --rule mes_cost":           1, // every command takes --data
		"count " + file + " --rule dice":               2,
		"token create --account nobody":                1,
		"token create --account nobody --expires 30d":  1,
		"token create --account nobody --expires soon": 2,
		"token create --account nobody --expires 0s":   2,
		"fly": 2,
	} {
		if got, out := p.run(strings.Fields(args)...); got != code {
			t.Errorf("%s: exit %d, want %d\n%s", args, got, code, out)
		}
	}
	if out := p.must("verify", "--json"); strings.Contains(out, "null") {
		t.Errorf("a list is null: %s", out)
	}
}
