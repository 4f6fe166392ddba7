package ballot_test

import (
	"os"
	"testing"

	"linli/internal/feature/ballot"
	"linli/internal/ui/text"
)

// TestTexts: every key that is written down or built from values has its words in both languages.
func TestTexts(t *testing.T) {
	one(t) // a house knows all texts
	unknown, err := text.Unknown(os.DirFS("."))
	if err != nil || len(unknown) > 0 {
		t.Errorf("%v %v", unknown, err)
	}
	for _, lang := range text.Languages() {
		for _, s := range ballot.Life.States() {
			text.T(lang, "poll.state."+string(s))
		}
		for _, do := range ballot.Life.Names() {
			text.T(lang, "poll.do."+do)
			text.T(lang, "poll.did."+do)
		}
		for _, r := range ballot.RuleNames() {
			text.T(lang, "poll.rule."+r)
			text.T(lang, "poll.rule_hint."+r)
		}
	}
	if missing := text.Missing(); len(missing) > 0 {
		t.Errorf("missing: %v", missing)
	}
}
