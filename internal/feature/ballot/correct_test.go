package ballot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/core/fault"
	"linli/internal/feature/member"
)

// TestRollIsCorrectedByTwo adds who was left out and takes off who should not
// be on the roll: asked for by one, made by another, published and counted.
func TestRollIsCorrectedByTwo(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		poll := h.poll(nil)
		base := "/api/v1/polls/" + poll
		late := h.residents(1, func(_ int, a *member.Account) { a.Name = "late" })[0]
		child := h.residents(1, func(_ int, a *member.Account) { a.Name, a.Born = "child", apptest.Noon.AddDate(-17, 0, 0).UnixMilli() })[0]
		roll := h.Must(200, "GET", base, "", nil)["roll"].(object)
		vote := func(want int, who string) {
			h.Must(want, "POST", base+"/ballots", who, object{"choices": []string{"1"}})
		}
		ask := func(want int, staff, change, voter string) {
			t.Helper()
			h.Must(want, "POST", base+"/correct", staff, object{"change": change, "voter": voter, "reason": "核对底册时发现"})
		}
		sign := func(want int, staff, move string, fields object) {
			t.Helper()
			h.Must(want, "POST", base+"/"+move, staff, fields)
		}
		vote(200, "demo-neighbour")
		if _, err := h.Ballot.Vote(as(late), poll, func() (any, error) { return []string{"1"}, nil }); !fault.Is(err, fault.Denied) {
			t.Errorf("who is not on the roll votes: %v", err)
		}
		sign(409, "demo-community2", "countersign", object{})
		ask(401, "", "add", "late")
		ask(403, "demo-resident", "add", "late")
		ask(403, "demo-community-b", "add", "late")
		ask(422, "demo-community", "add", "nobody-at-all")
		ask(422, "demo-community", "add", child)
		ask(422, "demo-community", "add", "demo-outsider")
		ask(422, "demo-community", "add", "demo-resident") // is on it
		ask(422, "demo-community", "remove", "demo-newcomer")
		ask(422, "demo-community", "remove", "demo-community")
		ask(200, "demo-community", "add", "late")
		ask(409, "demo-community2", "add", "late")
		if o := h.Must(200, "GET", base, "", nil); fmt.Sprint(o["roll"]) != fmt.Sprint(roll) {
			t.Errorf("one person's word corrects the roll: %v", o["roll"])
		}
		sign(403, "demo-community", "countersign", object{})
		sign(200, "demo-community2", "countersign", object{})
		if _, err := h.Ballot.Vote(as(late), poll, func() (any, error) { return []string{"2"}, nil }); err != nil {
			t.Error(err)
		}
		h.Sound("ballot")

		// Two wait: one is made, one dropped. Who is taken off takes her ballot along.
		ask(200, "demo-community", "remove", "demo-neighbour")
		ask(200, "demo-community2", "remove", "demo-resident")
		sign(422, "demo-street", "countersign", object{})
		waiting, err := h.Ballot.Corrections(context.Background(), poll)
		if err != nil || len(waiting) != 2 {
			t.Fatalf("%v %v", waiting, err)
		}
		sign(200, "demo-street", "countersign", object{"correction": waiting[0].ID})
		sign(422, "demo-street", "countersign", object{"correction": waiting[0].ID})
		sign(200, "demo-community", "drop", object{})
		vote(403, "demo-neighbour")
		vote(200, "demo-resident")
		o := h.Must(200, "GET", base, "", nil)
		r := o["roll"].(object)
		if r["size"] != roll["size"] || r["hash"] == roll["hash"] || r["corrections"] != 2.0 || o["turnout"].(object)["voters"] != 2.0 {
			t.Errorf("after two corrections: %v, before %v", o, roll)
		}
		story := ""
		for _, it := range h.Must(200, "GET", base+"/timeline", "", nil)["items"].([]any) {
			story += " " + it.(object)["do"].(string)
			if note := it.(object)["note"]; strings.Contains(fmt.Sprint(note), "居民") {
				t.Errorf("a name is in the story: %v", it)
			}
		}
		if story != " create open correct countersign correct correct countersign drop" {
			t.Errorf("timeline%s", story)
		}
		h.Sound("ballot")
		ask(200, "demo-community", "add", "demo-neighbour") // never signed: no correction

		h.Clock.Advance(48 * time.Hour)
		ask(409, "demo-community", "add", "late")
		res := h.Must(200, "GET", base+"/result", "", nil)
		if res["voters"] != 2.0 || res["corrections"] != 2.0 || res["roll"] != roll["size"] {
			t.Errorf("result %v", res)
		}
		if err := h.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.Sound("ballot")

		// A roll that is changed beside the corrections does not pass, nor does a hidden correction.
		for _, do := range []string{
			`UPDATE poll_corrections SET signed_at = 0 WHERE change = 'add'`,
			`UPDATE poll_corrections SET voter = 'x' WHERE change = 'add'`,
			`UPDATE poll_roll SET household = 'x' WHERE voter = '` + late + `'`,
		} {
			tx, err := h.DB.Handle().Begin()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(do); err != nil {
				t.Fatal(err)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			faults, err := h.Ballot.Part().Checks[0].Do(context.Background(), h.DB)
			if err != nil || len(faults) == 0 {
				t.Errorf("%s passes: %v", do, err)
			}
		}
	})
}
