package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"linli/internal/app"
	"linli/internal/core/clock"
	"linli/internal/ui/text"
)

// TestHandbook holds docs/handbook to the lifecycle tables, in both languages.
// `make handbook` writes it anew.
func TestHandbook(t *testing.T) {
	h, err := app.Open(t.Context(), config(t.TempDir(), "", clock.NewFake(noon)))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, lang := range text.Languages() {
		dir := filepath.Join("..", "..", "docs", "handbook", lang)
		if *update {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range h.Parts() {
			for _, life := range p.Lives {
				name := life.Kind() + ".md"
				page := life.Handbook(func(key string) string { return text.T(lang, key) })
				file := filepath.Join(dir, name)
				if *update {
					if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
						t.Fatal(err)
					}
					continue
				}
				was, err := os.ReadFile(file)
				if err != nil || string(was) != page {
					t.Errorf("docs/handbook/%s/%s is not what the table says; run make handbook", lang, name)
				}
			}
		}
	}
}
