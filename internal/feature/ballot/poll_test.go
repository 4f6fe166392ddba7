package ballot_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/ballot"
	"linli/internal/feature/member"
	"linli/internal/feature/tally"
	"linli/internal/platform/golden"
)

func TestLifeIsSound(t *testing.T) {
	if err := ballot.Life.Check(); err != nil {
		t.Error(err)
	}
}

// TestAPollFromAnnouncementToResult goes the whole way through the API.
func TestAPollFromAnnouncementToResult(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		poll := h.poll(object{"opens": apptest.Noon.Add(time.Hour), "max_choices": 2})
		base := "/api/v1/polls/" + poll
		if s := h.Must(200, "GET", base, "", nil)["state"]; s != "draft" {
			t.Fatalf("announced as %v", s)
		}
		for who, want := range map[string]bool{"demo-resident": true, "demo-newcomer": false, "demo-outsider": false, "": false} {
			e := h.Must(200, "GET", base+"/eligibility", who, nil)
			if e["eligible"] != want || want != (e["reason"] == "") || want != (e["remedy"] == "") {
				t.Errorf("before the opening %q is told %v", who, e)
			}
		}
		vote := func(want int, who string, choices ...any) object {
			t.Helper()
			return h.Must(want, "POST", base+"/ballots", who, object{"choices": choices})
		}
		vote(409, "demo-resident", "1")
		h.Clock.Advance(time.Hour) // a ballot need not wait for the sweeper
		first := vote(200, "demo-resident", "1", "3")["receipt"]
		if again := vote(200, "demo-resident", "2")["receipt"]; again != first || len(first.(string)) != 32 {
			t.Errorf("receipts %v and %v", first, again)
		}
		vote(200, "demo-neighbour", "2", "3")
		vote(403, "demo-outsider", "1")
		vote(403, "demo-newcomer", "1")
		vote(401, "", "1")
		for _, bad := range [][]any{{}, {"4"}, {"1", "1"}, {"1", "2", "3"}, {1}, {object{"id": "1", "points": 3}}, {nil}} {
			vote(422, "demo-resident", bad...)
		}
		h.Must(422, "POST", base+"/ballots", "demo-resident", object{"choices": []string{"1"}, "at": 1})
		o := h.Must(200, "GET", base, "demo-resident", nil)
		if o["state"] != "open" || o["voted"] != true || o["turnout"].(object)["voters"] != 2.0 {
			t.Errorf("while open: %v", o)
		}
		if r := o["roll"].(object); r["size"].(float64) < 10 || len(r["hash"].(string)) != 64 {
			t.Errorf("the roll is %v", r)
		}
		for _, door := range []string{"/result", "/ballots.csv", "/ballots.pb"} {
			for _, who := range []string{"", "demo-community", "demo-admin", "demo-auditor", "demo-resident"} {
				h.Must(409, "GET", base+door, who, nil)
			}
		}
		h.Clock.Set(apptest.Noon.Add(24 * time.Hour))
		vote(409, "demo-resident", "1")
		r := h.Must(200, "GET", base+"/result", "", nil)
		want := `[map[id:1 selected:false votes:0] map[id:2 selected:true votes:2] map[id:3 selected:true votes:1]]`
		if got := fmt.Sprint(r["options"]); got != want || r["voters"] != 2.0 || r["changed"] != 1.0 || r["paper"] != 0.0 || r["invalid"] != 0.0 {
			t.Errorf("result %v", r)
		}
		h.Must(409, "GET", base+"/ballots.csv", "", nil) // two ballots would tell whose they are
		if err := h.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		items := h.Must(200, "GET", base+"/timeline", "", nil)["items"].([]any)
		var does []string
		for _, it := range items {
			does = append(does, it.(object)["do"].(string))
		}
		if got := strings.Join(does, " "); got != "create open close count" {
			t.Errorf("timeline %s: a ballot leaves no event", got)
		}
		if again := h.Must(200, "GET", base+"/result", "", nil); fmt.Sprint(again) != fmt.Sprint(r) {
			t.Errorf("stored result %v differs from the computed one %v", again, r)
		}
		h.Sound("ballot")
	})
}

func TestWhoOpensAndCloses(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		body := object{"question": "先修哪一样？", "rule": "approval", "options": []string{"甲", "乙"}, "place": demo.CommunityA,
			"opens": apptest.Noon.Add(time.Hour), "closes": apptest.Noon.Add(2 * time.Hour), "roll": object{"place": demo.CommunityA, "level": "V3"}}
		for _, who := range []string{"demo-resident", "demo-grid", "demo-community-b", "demo-admin", "demo-auditor", "demo-party"} {
			h.Must(403, "POST", "/api/v1/polls", who, body)
		}
		h.Must(401, "POST", "/api/v1/polls", "", body)
		h.Must(201, "POST", "/api/v1/polls", "demo-street", body)
		body["roll"] = object{"place": demo.Street, "level": "V3"}
		h.Must(403, "POST", "/api/v1/polls", "demo-community", body) // not over its own residents
		poll := h.poll(object{"opens": apptest.Noon.Add(time.Hour)})
		base := "/api/v1/polls/" + poll
		h.Must(403, "POST", base+"/open", "demo-resident", object{})
		h.Must(409, "POST", base+"/close", "demo-community", object{"reason": "x"})
		if s := h.Must(200, "POST", base+"/open", "demo-community2", object{})["state"]; s != "open" {
			t.Errorf("opened to %v", s)
		}
		h.Must(200, "POST", base+"/open", "demo-community", object{}) // the same again is no fault
		h.Must(403, "POST", base+"/count", "demo-community", object{})
		h.Must(422, "POST", base+"/close", "demo-community", object{})
		o := h.Must(200, "POST", base+"/close", "demo-community", object{"reason": "题目写错了，改好后重新投"})
		if o["state"] != "closed" || o["closed_early"] != true {
			t.Errorf("closed early: %v", o)
		}
		items := h.Must(200, "GET", base+"/timeline", "", nil)["items"].([]any)
		if last := items[len(items)-1].(object); last["note"] != "题目写错了，改好后重新投" {
			t.Errorf("the reason is not published: %v", last)
		}
		h.Must(200, "GET", base+"/result", "", nil)
		h.Must(409, "POST", base+"/open", "demo-community", object{})
	})
}

func TestFieldsThatDoNotFit(t *testing.T) {
	h := one(t)
	for name, more := range map[string]object{
		"one option":          {"options": []string{"甲"}},
		"same titles":         {"options": []string{"甲", "甲"}},
		"no options":          {"options": nil},
		"options no list":     {"options": 3},
		"unknown in option":   {"options": []any{object{"title": "甲", "colour": "red"}, "乙"}},
		"negative cost":       {"options": []any{object{"title": "甲", "cost": -1}, "乙"}},
		"no budget":           {"rule": "mes_cost", "options": []any{object{"title": "甲", "cost": 1}, object{"title": "乙", "cost": 2}}},
		"no cost":             {"rule": "mes_cost", "budget": object{"amount": 5}},
		"closes before opens": {"closes": apptest.Noon.Add(-2 * time.Hour)},
		"closed already":      {"closes": apptest.Noon.Add(-time.Minute)},
		"too many choices":    {"max_choices": 4},
		"unknown rule":        {"rule": "dice"},
		"unknown nature":      {"nature": "居民会议表决"},
		"unknown unit":        {"unit": "flat"},
		"unknown place":       {"place": "999999999999"},
		"unknown roll":        {"roll": object{"place": "1", "level": "V3"}},
		"level 4":             {"roll": object{"place": demo.CommunityA, "level": "V4"}},
		"unknown field":       {"colour": "red"},
		"NUL":                 {"question": "a\x00b"},
	} {
		body := object{"question": "先修哪一样？", "rule": "approval", "options": []any{"甲", "乙", "丙"}, "place": demo.CommunityA,
			"opens": apptest.Noon, "closes": apptest.Noon.Add(time.Hour), "roll": object{"place": demo.CommunityA, "level": "V3"}}
		for k, v := range more {
			body[k] = v
		}
		if r := h.Do("POST", "/api/v1/polls", "demo-community", body); r.Status != 422 {
			t.Errorf("%s: %d\n%s", name, r.Status, r.Body)
		}
	}
}

// TestOneVoterAHundredTimes: whatever is sent at once, one ballot is counted
// and every reply names the same receipt.
func TestOneVoterAHundredTimes(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		poll := h.poll(nil)
		receipts := make([]string, 100)
		var wg sync.WaitGroup
		for i := range receipts {
			wg.Go(func() {
				var header []string
				if i%2 == 0 {
					header = []string{"Idempotency-Key", fmt.Sprint("k", i%10)}
				}
				o := h.Must(200, "POST", "/api/v1/polls/"+poll+"/ballots", "demo-resident", object{"choices": []string{fmt.Sprint(i%3 + 1)}}, header...)
				receipts[i], _ = o["receipt"].(string)
			})
		}
		wg.Wait()
		for _, r := range receipts {
			if r == "" || r != receipts[0] {
				t.Fatalf("receipts differ: %v", receipts)
			}
		}
		h.Clock.Advance(48 * time.Hour)
		r := h.Must(200, "GET", "/api/v1/polls/"+poll+"/result", "", nil)
		sum := 0.0
		for _, o := range r["options"].([]any) {
			sum += o.(object)["votes"].(float64)
		}
		if r["voters"] != 1.0 || sum != 1 {
			t.Errorf("one voter is counted as %v", r)
		}
		h.Sound("ballot")
	})
}

// TestAKeySentAgainDoesNotVoteAgain: a repeated request that comes late does
// not undo a change made since.
func TestAKeySentAgainDoesNotVoteAgain(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		poll := h.poll(nil)
		path := "/api/v1/polls/" + poll + "/ballots"
		a := h.Must(200, "POST", path, "demo-resident", object{"choices": []string{"1"}}, "Idempotency-Key", "a")
		h.Must(200, "POST", path, "demo-resident", object{"choices": []string{"2"}}, "Idempotency-Key", "b")
		again := h.Must(200, "POST", path, "demo-resident", object{"choices": []string{"1"}}, "Idempotency-Key", "a")
		if again["receipt"] != a["receipt"] {
			t.Errorf("receipts %v and %v", a, again)
		}
		var kept []struct{ Body, Reply string }
		if err := h.DB.Select(context.Background(), &kept, `SELECT body, reply FROM acts WHERE path = ?`, path); err != nil || len(kept) != 2 {
			t.Fatalf("%v %v", kept, err)
		}
		for _, k := range kept {
			if k.Body != "" || k.Reply != "" {
				t.Errorf("the key tells of the ballot: %+v", k)
			}
		}
		h.Clock.Advance(48 * time.Hour)
		r := h.Must(200, "GET", "/api/v1/polls/"+poll+"/result", "", nil)
		if o := r["options"].([]any)[1].(object); o["votes"] != 1.0 {
			t.Errorf("the late repetition took the change back: %v", r)
		}
	})
}

// TestTheBoxIsForgotten: after the close nothing ties a voter to a ballot, and
// the published list is in the order of the random receipts.
func TestTheBoxIsForgotten(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		people := h.residents(40, nil)
		poll := h.poll(nil)
		receipt := map[string]string{}
		for i, p := range people {
			r, err := h.Ballot.Vote(as(p), poll, func() (any, error) { return []string{fmt.Sprint(i%3 + 1)}, nil })
			if err != nil {
				t.Fatal(err)
			}
			receipt[r] = fmt.Sprint(i%3 + 1)
		}
		h.Clock.Advance(48 * time.Hour)
		if err := h.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"poll_box", "poll_papers", "poll_drafts"} {
			var n int
			if err := h.DB.Get(context.Background(), &n, `SELECT count(*) FROM `+table); err != nil || n != 0 {
				t.Errorf("%s holds %d rows after the close, %v", table, n, err)
			}
		}
		rows, err := csv.NewReader(strings.NewReader(h.Text(200, "GET", "/api/v1/polls/"+poll+"/ballots.csv", "", nil))).ReadAll()
		if err != nil || len(rows) != 41 {
			t.Fatalf("%v: %d rows", err, len(rows))
		}
		for i, r := range rows[1:] {
			if receipt[r[0]] != r[1] {
				t.Errorf("receipt %s is published with %q, it chose %q", r[0], r[1], receipt[r[0]])
			}
			if i > 0 && rows[i][0] >= r[0] {
				t.Error("the list is not in the order of receipts")
			}
		}
		pb := h.Text(200, "GET", "/api/v1/polls/"+poll+"/ballots.pb", "", nil)
		var out bytes.Buffer
		if err := tally.Run(&out, strings.NewReader(pb), "approval", 1, false); err != nil || strings.TrimSpace(out.String()) != "1" {
			t.Errorf("linli count gives %q, %v", out.String(), err)
		}
		h.Sound("ballot")
	})
}

// TestPaper: two staff enter the same; it blocks and is blocked by the online ballot.
func TestPaper(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		poll := h.poll(nil)
		enter := func(want int, who, voter string, choices ...string) object {
			t.Helper()
			return h.Must(want, "POST", "/api/v1/polls/"+poll+"/papers", who, object{"voter": voter, "choices": choices})
		}
		vote := func(want int, who string) {
			t.Helper()
			h.Must(want, "POST", "/api/v1/polls/"+poll+"/ballots", who, object{"choices": []string{"1"}})
		}
		enter(403, "demo-resident", "demo-neighbour", "1")
		enter(422, "demo-community", "demo-outsider", "1")
		enter(422, "demo-community", "demo-community", "1")
		enter(422, "demo-community", "demo-neighbour", "9")
		if e := enter(200, "demo-community", "demo-neighbour", "2"); e["done"] != false || e["receipt"] != "" {
			t.Errorf("one entry gives %v", e)
		}
		vote(409, "demo-neighbour") // from the first entry on
		enter(200, "demo-community", "demo-neighbour", "3")
		enter(409, "demo-community2", "demo-neighbour", "2")
		e := enter(200, "demo-community2", "demo-neighbour", "3")
		if e["done"] != true || len(e["receipt"].(string)) != 32 {
			t.Errorf("two entries give %v", e)
		}
		vote(409, "demo-neighbour")
		vote(200, "demo-resident")
		enter(409, "demo-community", "demo-resident", "3")
		x := h.Must(200, "POST", "/api/v1/polls/"+poll+"/papers", "demo-community", object{"voter": "demo-volunteer", "invalid": true})
		y := h.Must(200, "POST", "/api/v1/polls/"+poll+"/papers", "demo-street", object{"voter": "demo-volunteer", "invalid": true})
		if x["done"] != false || y["done"] != true {
			t.Errorf("a ballot that cannot be read: %v %v", x, y)
		}
		enter(200, "demo-community", "demo-volunteer2", "1") // never confirmed: no ballot
		h.Clock.Advance(48 * time.Hour)
		r := h.Must(200, "GET", "/api/v1/polls/"+poll+"/result", "", nil)
		if r["voters"] != 3.0 || r["paper"] != 2.0 || r["invalid"] != 1.0 {
			t.Errorf("result %v", r)
		}
		if err := h.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.Sound("ballot")
	})
}

func TestOneBallotAHousehold(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		people := h.residents(3, func(i int, a *member.Account) {
			if i < 2 {
				a.Dwelling = demo.CommunityA + "00101" + "0301" // 1幢1单元301室
			}
		})
		poll := h.poll(object{"unit": "household"})
		vote := func(who int) error {
			_, err := h.Ballot.Vote(as(people[who]), poll, func() (any, error) { return []string{"1"}, nil })
			return err
		}
		if err := vote(0); err != nil {
			t.Fatal(err)
		}
		if err := vote(1); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second ballot of one household: %v", err)
		}
		if err := vote(2); err != nil {
			t.Error(err)
		}
		h.Clock.Advance(48 * time.Hour)
		if r := h.Must(200, "GET", "/api/v1/polls/"+poll+"/result", "", nil); r["voters"] != 2.0 {
			t.Errorf("result %v", r)
		}
	})
}

func TestTheRollIsFrozen(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		child := h.residents(1, func(_ int, a *member.Account) { a.Born = apptest.Noon.AddDate(-17, 0, 0).UnixMilli() })[0]
		poll := h.poll(nil)
		late := h.residents(1, nil)[0]
		for _, who := range []string{child, late} {
			if _, err := h.Ballot.Vote(as(who), poll, func() (any, error) { return []string{"1"}, nil }); !fault.Is(err, fault.Denied) {
				t.Errorf("who is not on the roll votes: %v", err)
			}
		}
	})
}

// A refusal names the place it speaks of.
func TestARefusalIsWhole(t *testing.T) {
	h := one(t)
	r := h.Do("POST", "/api/v1/polls/"+h.poll(nil)+"/ballots", "demo-outsider", object{"choices": []string{"1"}})
	if r.Status != 403 || strings.Contains(r.Body, "{place}") {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

// TestEveryRuleCounts puts options to residents under every rule, with a
// budget and without, one of them wanted by nobody; the downloaded file and the
// command printed beside it give the same set.
func TestEveryRuleCounts(t *testing.T) {
	h := one(t)
	people := h.residents(24, nil)
	for _, rule := range tally.Rules() {
		for _, budget := range []any{object{"amount": 30_000_00}, nil} {
			more := object{"rule": string(rule), "max_choices": 3, "budget": budget, "options": []any{object{"title": "条凳", "cost": 3_000_00}, object{"title": "晾衣架", "cost": 5_000_00},
				object{"title": "路灯", "cost": 29_000_00}, object{"title": "没有人要的", "cost": 1_00}}}
			if budget == nil && h.status("POST", "/api/v1/polls", more) == 422 {
				continue // spends a budget
			}
			poll := h.poll(more)
			mark := ""
			if rule == tally.Score {
				mark = ":4"
			}
			for i, p := range people {
				choices := []string{"1" + mark, "2" + mark}
				if i%4 == 0 {
					choices = []string{"3" + mark}
				}
				if _, err := h.Ballot.Vote(as(p), poll, func() (any, error) { return choices, nil }); err != nil {
					t.Fatalf("%s: %v", rule, err)
				}
			}
			h.Must(200, "POST", "/api/v1/polls/"+poll+"/close", "demo-community", object{"reason": "试一试各种计票办法"})
			r := h.Must(200, "GET", "/api/v1/polls/"+poll+"/result", "", nil)
			options := r["options"].([]any)
			first, last := options[0].(object), options[3].(object)
			if first["selected"] != true || first["votes"] != 18.0 || last["selected"] != false {
				t.Errorf("%s: %v", rule, r)
			}
			page := h.Do("GET", "/polls/"+poll+"/result", "", nil).Body
			command := regexp.MustCompile(`linli count poll-[^<]*`).FindString(page)
			var args struct {
				rule      string
				increment int64
			}
			args.increment = 1
			fields := strings.Fields(command)
			for i, f := range fields {
				switch f {
				case "--rule":
					args.rule = fields[i+1]
				case "--increment":
					args.increment, _ = strconv.ParseInt(fields[i+1], 10, 64)
				}
			}
			pb := h.Do("GET", "/polls/"+poll+"/ballots.pb", "", nil).Body
			var out bytes.Buffer
			if err := tally.Run(&out, strings.NewReader(pb), args.rule, args.increment, false); err != nil || args.rule != string(rule) {
				t.Errorf("%s: %v\n%s\n%s", rule, err, command, pb)
			}
			var want []string
			for _, o := range options {
				if o.(object)["selected"] == true {
					want = append(want, o.(object)["id"].(string))
				}
			}
			if got := strings.Fields(out.String()); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s, budget %v: %s gives %v, the poll %v", rule, budget, command, got, want)
			}
		}
	}
	if err := h.Work(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.Sound("ballot")
}

// status is what a request to make a poll would answer.
func (h *house) status(method, path string, more object) int {
	body := object{"question": "先修哪一样？", "place": demo.CommunityA, "opens": apptest.Noon.Add(48 * time.Hour), "closes": apptest.Noon.Add(72 * time.Hour),
		"roll": object{"place": demo.CommunityA, "level": "V3"}}
	for k, v := range more {
		body[k] = v
	}
	status := h.Do(method, path, "demo-community", body).Status
	return status
}

// TestVerifyNamesWhatWasChanged: a changed ballot, mark or roll does not pass.
func TestVerifyNamesWhatWasChanged(t *testing.T) {
	h := one(t)
	people := h.residents(25, nil)
	poll := h.poll(nil)
	for _, p := range people {
		if _, err := h.Ballot.Vote(as(p), poll, func() (any, error) { return []string{"1"}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	h.Clock.Advance(48 * time.Hour)
	if err := h.Work(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.Sound("ballot")
	check := h.Ballot.Part().Checks[0]
	for do, undo := range map[string]string{
		`UPDATE poll_ballots SET choices = '2' WHERE receipt = (SELECT min(receipt) FROM poll_ballots)`: `UPDATE poll_ballots SET choices = '1'`,
		`UPDATE poll_roll SET voted = 0`:                                                 `UPDATE poll_roll SET voted = 1 WHERE voter IN (SELECT id FROM accounts WHERE public_name LIKE '居民%')`,
		`UPDATE poll_roll SET household = 'x'`:                                           `UPDATE poll_roll SET household = voter`,
		`UPDATE polls SET voters = voters - 1`:                                           `UPDATE polls SET voters = voters + 1`,
		`UPDATE poll_results SET result = replace(result, '"voters":25', '"voters":24')`: `UPDATE poll_results SET result = replace(result, '"voters":24', '"voters":25')`,
	} {
		if _, err := h.DB.Handle().Exec(do); err != nil {
			t.Fatal(err)
		}
		faults, err := check.Do(context.Background(), h.DB)
		if err != nil || len(faults) == 0 || !strings.Contains(faults[0], poll) {
			t.Errorf("%s passes: %v %v", do, faults, err)
		}
		if _, err := h.DB.Handle().Exec(undo); err != nil {
			t.Fatal(err)
		}
	}
	h.Sound("ballot")
}

func TestMatrix(t *testing.T) {
	now := apptest.Noon.UnixMilli()
	poll := func(s flow.State) *ballot.Poll {
		p := &ballot.Poll{Head: flow.Head{State: s}, RollPlace: demo.CommunityA, Closes: now + 1}
		p.Locate(demo.CommunityA)
		return p
	}
	staff := func(place string) actor.Actor {
		return actor.Actor{ID: "s", Roles: []actor.Role{{Name: actor.Staff, Place: place}}}
	}
	got := ballot.Life.Matrix(
		[]flow.Sample[*ballot.Poll]{{Name: "draft", Value: poll(ballot.Draft)}, {Name: "open", Value: poll(ballot.Open)}, {Name: "closed", Value: poll(ballot.Closed)}},
		[]flow.Sample[actor.Actor]{{Name: "anonymous"}, {Name: "resident", Value: actor.Actor{ID: "r", Level: actor.V3, Home: demo.CommunityA}},
			{Name: "community", Value: staff(demo.CommunityA)}, {Name: "community-b", Value: staff(demo.CommunityB)},
			{Name: "street", Value: staff(demo.Street)}, {Name: "admin", Value: actor.Actor{ID: "a", Roles: []actor.Role{{Name: actor.Admin, Place: demo.District}}}}}, now)
	golden.Check(t, "testdata/matrix.txt", got)
}
