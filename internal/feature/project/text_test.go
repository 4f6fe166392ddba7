package project_test

import (
	"os"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/core/flow"
	"linli/internal/feature/project"
	"linli/internal/ui/text"
)

// TestTexts: every key that is written down or built from the table has its words in both languages.
func TestTexts(t *testing.T) {
	apptest.SQLite(t) // brings all texts
	unknown, err := text.Unknown(os.DirFS("."))
	if err != nil || len(unknown) > 0 {
		t.Errorf("%v %v", unknown, err)
	}
	for _, lang := range text.Languages() {
		for _, s := range project.Life.States() {
			text.T(lang, "project.state."+string(s))
		}
		for _, m := range project.Life.Moves {
			text.T(lang, "project.do."+m.Do)
			for _, g := range m.If {
				text.T(lang, g.Reason)
			}
			for _, f := range m.Takes {
				text.T(lang, "project.field."+f.Name)
				if f.Kind == flow.Enum {
					for _, v := range f.Values {
						text.T(lang, "project."+f.Name+"."+v)
					}
				}
			}
		}
	}
	if missing := text.Missing(); len(missing) > 0 {
		t.Errorf("missing: %v", missing)
	}
}
