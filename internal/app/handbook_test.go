package app_test

import (
	"path/filepath"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/core/clock"
	"linli/internal/platform/golden"
	"linli/internal/ui/text"
)

// TestHandbook holds docs/handbook to the lifecycle tables, in both languages.
// `make handbook` writes it anew.
func TestHandbook(t *testing.T) {
	h := apptest.Serve(t, apptest.Config(t, "", clock.NewFake(apptest.Noon)))
	for _, lang := range text.Languages() {
		for _, p := range h.Parts() {
			for _, life := range p.Lives {
				page := life.Handbook(func(key string) string { return text.T(lang, key) })
				golden.Check(t, filepath.Join("..", "..", "docs", "handbook", lang, life.Kind()+".md"), page)
			}
		}
	}
}
