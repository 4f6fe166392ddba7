package app_test

import (
	"strings"
	"testing"

	"linli/internal/app"
	"linli/internal/app/apptest"
	"linli/internal/core/clock"
	"linli/internal/ui/text"
)

// TestSettingsHaveWords: every rule that a place may set otherwise has a name
// and an explanation, in both languages.
func TestSettingsHaveWords(t *testing.T) {
	h, err := app.Open(t.Context(), apptest.Config(t, "", clock.NewFake(apptest.Noon)))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	defined := h.Place.Defined()
	if len(defined) < 20 {
		t.Fatalf("%d settings", len(defined))
	}
	for _, d := range defined {
		key := d.Key
		if key == "site.demo" { // no place sets it
			continue
		}
		about, _, _ := strings.Cut(key, ".")
		for _, lang := range text.Languages() {
			for _, k := range []string{"setting." + key, "setting." + key + ".hint", "setting.group." + about} {
				if !text.Has(lang, k) || text.T(lang, k) == "" {
					t.Errorf("%s: no text %s", lang, k)
				}
			}
		}
	}
}
