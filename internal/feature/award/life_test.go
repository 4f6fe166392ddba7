package award

import (
	"os"
	"slices"
	"strings"
	"testing"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/platform/golden"
	"linli/internal/ui/text"
)

const communityA = "320105004004"

func TestLife(t *testing.T) {
	if err := Life.Check(); err != nil {
		t.Fatal(err)
	}
	on := func(id string, roles ...actor.Role) actor.Actor {
		return actor.Actor{ID: id, Level: actor.V3, Home: communityA, Roles: roles}
	}
	actors := []flow.Sample[actor.Actor]{
		{Name: "anonymous"}, {Name: "resident", Value: on("resident")}, {Name: "nominee", Value: on("nominee")},
		{Name: "publisher", Value: on("publisher", actor.Role{Name: actor.Staff, Place: communityA})},
		{Name: "staff", Value: on("staff", actor.Role{Name: actor.Staff, Place: communityA})},
		{Name: "staff of B", Value: on("staffb", actor.Role{Name: actor.Staff, Place: "320105004005"})},
		{Name: "staff nominee", Value: on("staffnominee", actor.Role{Name: actor.Staff, Place: communityA})},
		{Name: "expert", Value: on("expert", actor.Role{Name: actor.Expert, Place: "320105"})},
		{Name: "clock", Value: actor.Clock},
	}
	made := func(state flow.State, nominees string, change func(w *Award)) *Award {
		w := &Award{Opens: 1, Closes: 10, NoticeUntil: 20, PublishedBy: "publisher"}
		w.ID, w.State = "w", state
		w.Locate(communityA)
		w.Nominees = []*Nominee{{ID: "n", Account: "nominee", State: nominees}, {ID: "m", Account: "staffnominee", State: nominees}}
		if change != nil {
			change(w)
		}
		return w
	}
	got := Life.Matrix([]flow.Sample[*Award]{
		{Name: "open, nobody", Value: made(Open, Nominated, func(w *Award) { w.Nominees = nil })}, {Name: "open", Value: made(Open, Nominated, nil)},
		{Name: "open with a vote", Value: made(Open, Nominated, func(w *Award) { w.AdvisoryVote = true })},
		{Name: "review", Value: made(Review, Nominated, nil)}, {Name: "review, passed", Value: made(Review, Passed, nil)},
		{Name: "notice", Value: made(Notice, Passed, nil)}, {Name: "notice runs", Value: made(Notice, Passed, func(w *Award) { w.NoticeUntil = 1000 })},
		{Name: "notice, objected", Value: made(Notice, Objected, nil)}, {Name: "confirmed", Value: made(Confirmed, Honoured, nil)}, {Name: "ended", Value: made(Ended, NotPassed, nil)},
	}, actors, 50)
	golden.Check(t, "testdata/matrix.txt", got)
}

// Official names need the number of a document; a community's own do not.
func TestNeedsBasis(t *testing.T) {
	for _, c := range []struct {
		title, basis string
		want         bool
	}{
		{"服务之星", "", false}, {"榜样人物", "", false}, {"先进个人", "", true}, {"优秀志愿者", "按上级要求", true}, {"优秀志愿者", "宁委〔2026〕5号", false},
		{"年度表彰", "建街发[2026] 12 号", false}, {"先进集体", "2026年", true},
	} {
		if got := needsBasis(c.title, c.basis); got != c.want {
			t.Errorf("%s with %q: %v", c.title, c.basis, got)
		}
	}
}

func TestTexts(t *testing.T) {
	text.Add(texts)
	unknown, err := text.Unknown(os.DirFS("."))
	unknown = slices.DeleteFunc(unknown, func(k string) bool { return !strings.HasPrefix(k, "award.") })
	if err != nil || len(unknown) > 0 {
		t.Errorf("%v %v", unknown, err)
	}
	var keys []string
	for _, s := range Life.States() {
		keys = append(keys, "award.state."+string(s))
	}
	for _, s := range []string{Nominated, Passed, NotPassed, Objected, Declined, Honoured} {
		keys = append(keys, "award.nominee."+s)
	}
	for _, do := range Life.Names() {
		keys = append(keys, "award.do."+do)
		for _, f := range Life.Fields(do) {
			keys = append(keys, "award.field."+f.Name)
		}
	}
	for _, f := range slices.Concat(createFields, listFields) {
		keys = append(keys, "award.field."+f.Name)
	}
	for _, k := range keys {
		for _, lang := range text.Languages() {
			if !text.Has(lang, k) {
				t.Errorf("%s has no %s", lang, k)
			}
		}
	}
}
