package vote_test

import (
	"os"
	"testing"

	_ "linli/internal/feature/vote"
	"linli/internal/ui/text"
)

// TestTexts: every key written in these pages has its words, which are ballot's.
func TestTexts(t *testing.T) {
	text.Add(os.DirFS("../ballot"))
	unknown, err := text.Unknown(os.DirFS("."))
	if err != nil || len(unknown) > 0 {
		t.Errorf("%v %v", unknown, err)
	}
}
