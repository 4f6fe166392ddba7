package volunteer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/ui/text"
	"linli/migrations"
)

const communityA, communityB = "320105004004", "320105004005"

func sample() []actor.Actor {
	role := func(name, place, group string) actor.Role { return actor.Role{Name: name, Place: place, Group: group} }
	return []actor.Actor{
		{}, {ID: "helper", Level: actor.V3}, {ID: "owner", Level: actor.V3}, {ID: "stranger", Level: actor.V3},
		{ID: "agent", Roles: []actor.Role{role(actor.Agent, "", "g")}}, {ID: "staff", Roles: []actor.Role{role(actor.Staff, communityA, "")}},
		{ID: "street", Roles: []actor.Role{role(actor.Staff, "320105004", "")}}, {ID: "helper", Roles: []actor.Role{role(actor.Staff, communityA, "")}},
	}
}

// Hours are confirmed by others than who served, whoever that is.
func TestNobodyConfirmsOwnHours(t *testing.T) {
	if err := Life.Check(); err != nil {
		t.Fatal(err)
	}
	r := &Record{Owner: "owner", Host: "g"}
	r.ID, r.State, r.Author = "r", Stated, "helper"
	r.Locate(communityA)
	for i, a := range sample() {
		_, err := Life.May(r, a, "confirm", 0)
		want := a.ID != "helper" && a.ID != "" && a.ID != "stranger"
		if (err == nil) != want {
			t.Errorf("actor %d (%s) confirms: %v", i, a.ID, err)
		}
	}
	for _, state := range []flow.State{Confirmed, Refused, Revoked} {
		r.State = state
		if _, err := Life.May(r, sample()[2], "confirm", 0); err == nil {
			t.Errorf("confirmed once more from %s", state)
		}
	}
}

// TestSeesSQL: what a list gives is what Sees says.
func TestSeesSQL(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		d, err := db.Open(ctx, url, clock.System{})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if _, err := d.Migrate(ctx, migrations.Files); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 2))
		var all []*Record
		err = d.Write(ctx, func(tx *db.Tx) error {
			all = nil
			for i := range 80 {
				v := &Record{Source: fmt.Sprint("visit:", i), Owner: []string{"", "owner", "other"}[r.IntN(3)], Host: []string{"", "g", "h"}[r.IntN(3)]}
				v.ID, v.State, v.Author = fmt.Sprintf("00000000-0000-7000-8000-%012d", i), Stated, []string{"helper", "else"}[r.IntN(2)]
				v.Locate([]string{communityA, communityB}[r.IntN(2)])
				all = append(all, v)
				if err := (store{}).Insert(ctx, tx, v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range sample() {
			got, err := list(ctx, d, a, filter{}, page.Ask{Limit: 100}, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range all {
				if listed := slices.ContainsFunc(got, func(o *Record) bool { return o.ID == v.ID }); listed != Sees(a, v) {
					t.Errorf("%s: helper %s, owner %s, host %s at %s: Sees %v, listed %v", a.ID, v.Author, v.Owner, v.Host, v.Place, Sees(a, v), listed)
				}
			}
		}
	})
}

func TestOnCall(t *testing.T) {
	p := Profile{Place: communityA + "001", Radius: "community", Skills: "扶老护幼 医疗健康", Free: "6am 7eve"}
	for radius, want := range map[string]string{"building": communityA + "001", "community": communityA, "street": "320105004", "district": "320105"} {
		p.Radius = radius
		if got := p.reach(); got != want {
			t.Errorf("%s reaches %s", radius, got)
		}
	}
	if !p.suits("医疗健康") || p.suits("文化体育") || !(Profile{}).suits("文化体育") {
		t.Error("skills")
	}
	saturday := time.Date(2026, 11, 21, 9, 0, 0, 0, clock.China)
	if !p.freeAt(saturday.UnixMilli()) || p.freeAt(saturday.Add(5*time.Hour).UnixMilli()) || !p.freeAt(saturday.Add(35*time.Hour).UnixMilli()) {
		t.Error("free times")
	}
}

func TestMaskName(t *testing.T) {
	for name, want := range map[string]string{"张三": "张*", "欧阳娜娜": "欧***", "王": "王*", "": "*", "Maria Schmidt": "M***"} {
		if got := MaskName(name); got != want {
			t.Errorf("%q is masked as %q, want %q", name, got, want)
		}
	}
}

func TestTexts(t *testing.T) {
	text.Add(texts)
	unknown, err := text.Unknown(os.DirFS("."))
	unknown = slices.DeleteFunc(unknown, func(k string) bool { return !strings.HasPrefix(k, "service.") && !strings.HasPrefix(k, "volunteer.") })
	if err != nil || len(unknown) > 0 {
		t.Errorf("%v %v", unknown, err)
	}
	var keys []string
	for _, s := range Life.States() {
		keys = append(keys, "service.state."+string(s))
	}
	for _, do := range Life.Names() {
		keys = append(keys, "service.do."+do)
		for _, f := range Life.Fields(do) {
			keys = append(keys, "service.field."+f.Name)
		}
	}
	for _, f := range slices.Concat(stateFields, listFields, certificateFields) {
		keys = append(keys, "service.field."+f.Name)
	}
	for _, k := range keys {
		for _, lang := range text.Languages() {
			if !text.Has(lang, k) {
				t.Errorf("%s has no %s", lang, k)
			}
		}
	}
}
