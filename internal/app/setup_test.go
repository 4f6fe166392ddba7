package app_test

import (
	"context"
	"testing"

	"linli/internal/app"
	"linli/internal/app/apptest"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/feature/place"
	"linli/internal/platform/dbtest"
)

// A setup that broke off is begun again, places may have come before it, and a
// place that has people is never set up anew.
func TestSetup(t *testing.T) {
	const password = "a long password indeed"
	dbtest.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		h, err := app.Open(ctx, apptest.Config(t, url, clock.NewFake(apptest.Noon)))
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if _, err := h.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		for _, bad := range [][2]string{{"32010", password}, {"320105001", password}, {"320105", "short"}} {
			if err := h.Setup(ctx, bad[0], "建邺区", "admin", bad[1]); err == nil {
				t.Errorf("%v is taken", bad)
			}
		}
		if err := h.Place.Put(ctx, "", place.Place{Code: "320105", Parent: "3201", Level: place.District, Name: "建邺区（导入）"}); err != nil {
			t.Fatal(err)
		}
		if err := h.Setup(ctx, "320105", "建邺区", "admin", password); err != nil {
			t.Fatal(err)
		}
		if got := h.Place.Name("320105"); got != "建邺区（导入）" {
			t.Errorf("the imported district became %q", got)
		}
		a, err := h.Member.Find(ctx, h.DB, "admin")
		if err != nil {
			t.Fatal(err)
		}
		if who, _, err := h.Member.Actor(ctx, a.ID); err != nil || !who.Holds(actor.Admin) {
			t.Errorf("%+v %v", who, err)
		}
		if err := h.Setup(ctx, "320106", "鼓楼区", "other", password); err == nil {
			t.Error("a place with people is set up again")
		}
		if h.Place.Known("320106") {
			t.Error("a refused setup left a district")
		}
	})
}
