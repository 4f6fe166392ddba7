package project_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/project"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
)

func TestLifeIsSound(t *testing.T) {
	if err := project.Life.Check(); err != nil {
		t.Error(err)
	}
}

// work lets the house do what is due.
func (h *house) work() {
	h.T.Helper()
	if err := h.Work(context.Background()); err != nil {
		h.T.Fatal(err)
	}
}

func (h *house) state(id string) string {
	h.T.Helper()
	return h.Must(200, "GET", "/api/v1/projects/"+id, "", nil)["state"].(string)
}

// voted puts a discussed project to the vote: yes and no are how many people of each.
func (h *house) voted(id string, yes, no int) object {
	h.T.Helper()
	poll := h.move(200, "demo-community", id, "poll", nil)["poll"].(string)
	options := h.Must(200, "GET", "/api/v1/polls/"+poll, "", nil)["options"].([]any)
	voters := []string{"demo-resident", "demo-neighbour", "demo-volunteer", "demo-volunteer2", "demo-society", "demo-party", "demo-grid", "demo-community", "demo-community2", "demo-street"}
	for i := range yes + no {
		o := options[0].(object)
		if i >= yes {
			o = options[1].(object)
		}
		h.Must(200, "POST", "/api/v1/polls/"+poll+"/ballots", voters[i], object{"choices": []any{o["id"]}})
	}
	h.move(409, "demo-community", id, "notice", nil) // nothing before the close
	h.Clock.Advance(8 * 24 * time.Hour)
	h.work()
	h.work()
	return h.Must(200, "GET", "/api/v1/projects/"+id, "", nil)
}

// TestFastTrack goes the whole way: proposal, study, council, poll, notice,
// building, acceptance, rating.
func TestFastTrack(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.proposal("demo-resident", nil)
		h.move(403, "demo-neighbour", id, "screen", object{"ok": true, "reason": "x"})
		h.move(422, "demo-community", id, "screen", object{"ok": true}) // never without a reason
		if s := h.move(200, "demo-community", id, "screen", object{"ok": true, "reason": "确有需要"})["state"]; s != "study" {
			t.Fatalf("screened to %v", s)
		}
		h.move(403, "demo-community", id, "study", object{"result": "support"})
		h.move(200, "demo-party", id, "study", object{"result": "support", "date": apptest.Noon.Add(-time.Hour)})
		h.move(200, "demo-community", id, "discuss", nil)

		h.move(403, "demo-outsider", id, "position", object{"kind": "for", "text": "支持"})
		h.move(200, "demo-neighbour", id, "position", object{"kind": "for", "text": "我父亲就住 3 幢，支持"})
		h.move(200, "demo-newcomer", id, "position", object{"kind": "worry", "text": "坡道会不会太陡？"})
		o := h.move(200, "demo-volunteer", id, "position", object{"kind": "suggest", "text": "扶手装两侧"})
		council := o["council"].(object)
		if len(council["for"].([]any)) != 1 || len(council["worry"].([]any)) != 1 || len(council["suggest"].([]any)) != 1 {
			t.Errorf("the council is %v", council)
		}
		h.move(409, "demo-community", id, "summarise", object{"heard": "a", "doing": "b"}) // a suggestion waits
		voice := council["suggest"].([]any)[0].(object)["id"]
		h.move(422, "demo-community", id, "answer", object{"voice": voice, "verdict": "not"})
		h.move(200, "demo-community", id, "answer", object{"voice": voice, "verdict": "adopted", "reason": "两侧都装"})
		h.move(422, "demo-community", id, "summarise", object{"heard": "大家支持"})
		h.move(200, "demo-community", id, "summarise", object{"heard": "支持，担心太陡", "doing": "坡度不超过 1:12"})

		o = h.voted(id, 6, 2)
		support := o["support"].(object)
		if o["state"] != "notice" || support["votes"] != 6.0 || support["voters"] != 8.0 || support["enough"] != true {
			t.Fatalf("after the poll: %v %v", o["state"], support)
		}
		o = h.move(200, "demo-neighbour", id, "object", object{"reason": "没有通知到 5 幢"})
		h.move(409, "demo-neighbour", id, "object", object{"reason": "再说一遍"})
		objection := o["objections"].([]any)[0].(object)["id"]
		h.Clock.Advance(20 * 24 * time.Hour)
		if s := h.state(id); s != "notice" {
			t.Errorf("an objection is not answered, yet it is %s", s)
		}
		h.move(200, "demo-community", id, "answer", object{"voice": objection, "verdict": "partly", "reason": "5 幢已补贴通知"})
		h.work()
		o = h.Must(200, "GET", "/api/v1/projects/"+id, "", nil)
		if o["state"] != "selected" || o["build_by"] == nil {
			t.Fatalf("after the notice: %v, built by %v", o["state"], o["build_by"])
		}

		h.move(422, "demo-community", id, "plan", object{"budget": 60_000_00, "due": h.Clock.Now().Add(-time.Hour), "milestones": []string{"甲"}})
		h.move(200, "demo-community", id, "plan", object{"budget": 60_000_00, "due": h.Clock.Now().Add(40 * 24 * time.Hour), "milestones": []string{"拆除旧台阶", "浇筑坡道", "安装扶手"},
			"contractor": "江心洲市政工程队", "warranty": "两年"})
		h.move(200, "demo-community", id, "spend", object{"amount": 20_000_00, "what": "首付款"})
		h.move(403, "demo-community", id, "countersign", nil) // never one's own
		o = h.move(200, "demo-community2", id, "countersign", nil)
		if p := o["plan"].(object); p["spent"] != 20_000_00.0 || p["pending"] != 0.0 {
			t.Errorf("spending: %v", p)
		}
		h.move(409, "demo-community", id, "spend", object{"amount": 40_000_01, "what": "尾款"}) // beyond the budget
		h.move(200, "demo-community", id, "delay", object{"until": h.Clock.Now().Add(60 * 24 * time.Hour), "reason": "连续阴雨"})
		h.move(200, "demo-community", id, "milestone", object{"note": "已拆除"})
		h.move(200, "demo-community", id, "milestone", object{"milestone": 3})
		h.move(422, "demo-community", id, "milestone", object{"milestone": 3})
		o = h.move(200, "demo-community", id, "milestone", nil)
		if o["state"] != "acceptance" {
			t.Fatalf("all steps are reached, it is %v", o["state"])
		}
		h.accepted(id)
		h.move(409, "demo-neighbour", id, "rate", object{"satisfied": "yes"})
		h.Clock.Advance(91 * 24 * time.Hour)
		h.move(200, "demo-neighbour", id, "rate", object{"satisfied": "yes"})
		h.move(200, "demo-neighbour", id, "rate", object{"satisfied": "fairly", "note": "再加一盏灯更好"})
		o = h.move(200, "demo-newcomer", id, "rate", object{"satisfied": "yes"})
		if r := o["ratings"].(object); r["yes"] != 1.0 || r["fairly"] != 1.0 {
			t.Errorf("one rating a resident, the last: %v", r)
		}
		h.Clock.Advance(60 * 24 * time.Hour)
		h.work()
		if s := h.state(id); s != "done" {
			t.Errorf("ends as %s", s)
		}
		h.Sound("ballot", "project")
	})
}

// accepted lets those who were drawn, and the supervision committee, accept.
func (h *house) accepted(id string) {
	h.T.Helper()
	p, err := h.Project.Machine.Read(context.Background(), h.DB, actor.Actor{}, id, h.Clock.Now().UnixMilli())
	if err != nil {
		h.T.Fatal(err)
	}
	names := map[string]string{}
	for _, n := range []string{"demo-resident", "demo-neighbour", "demo-volunteer", "demo-volunteer2", "demo-society", "demo-party", "demo-grid", "demo-community", "demo-street"} {
		names[h.Must(200, "GET", "/api/v1/me", n, nil)["id"].(string)] = n
	}
	var jury []string
	for _, v := range p.Voices {
		if v.Kind == project.Juror {
			jury = append(jury, names[v.Account])
		}
	}
	if len(jury) != 5 || slices.Contains(jury, "demo-resident") || slices.Contains(jury, "demo-community") || slices.Contains(jury, "demo-street") {
		h.T.Fatalf("drawn are %v: neither staff nor the author may be", jury)
	}
	h.drawnAgain(id)
	h.move(422, jury[0], id, "accept", object{"ok": false}) // a no says why
	h.move(403, "demo-resident", id, "accept", object{"ok": true})
	for _, who := range jury[:3] {
		h.move(200, who, id, "accept", object{"ok": true})
	}
	if s := h.state(id); s != "acceptance" {
		h.T.Errorf("the supervision committee has not spoken, it is %s", s)
	}
	h.overseer()
	if s := h.move(200, "overseer", id, "accept", object{"ok": true, "note": "与报价和合同相符"})["state"]; s != "accepted" {
		h.T.Errorf("accepted by all, it is %v", s)
	}
}

// TestBehindInVotes: a project with little support goes to the panel, and the
// decision is told with its reason to everybody who supported it.
func TestBehindInVotes(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.discussed(nil)
		if o := h.voted(id, 1, 7); o["support"].(object)["enough"] != false {
			t.Fatalf("%v", o["support"])
		}
		h.Clock.Advance(10 * 24 * time.Hour)
		h.work()
		if s := h.state(id); s != "panel" {
			t.Fatalf("behind in votes it is %s", s)
		}
		h.move(403, "demo-community", id, "panel", nil) // the street convenes
		h.move(422, "demo-street", id, "panel", object{"experts": []string{"demo-resident"}})
		h.move(200, "demo-street", id, "panel", object{"experts": []string{"demo-expert1", "demo-expert2", "demo-expert3"}})
		h.move(403, "demo-expert4", id, "opinion", object{"text": "x", "verdict": "build"})
		h.move(409, "demo-street", id, "decide", object{"verdict": "build", "reason": "x"}) // not before the experts
		for i, who := range []string{"demo-expert1", "demo-expert2", "demo-expert3"} {
			h.move(200, who, id, "opinion", object{"text": fmt.Sprint("意见", i), "verdict": "adjust", "interest": []string{"", "", "本人住 3 幢"}[i]})
		}
		h.move(403, "demo-community", id, "decide", object{"verdict": "build", "reason": "x"})
		h.move(422, "demo-street", id, "decide", object{"verdict": "build"})
		o := h.move(200, "demo-street", id, "decide", object{"verdict": "adjust", "reason": "先做 3 幢一侧"})
		panel := o["panel"].(object)
		if o["state"] != "selected" || panel["alone"] != false || len(panel["opinions"].([]any)) != 3 || panel["opinions"].([]any)[2].(object)["interest"] != "本人住 3 幢" {
			t.Errorf("%v %v", o["state"], panel)
		}
		// Who supported it is told.
		told := h.lastTold(id)
		for _, who := range []string{"demo-resident", "demo-neighbour"} {
			me := h.Must(200, "GET", "/api/v1/me", who, nil)["id"].(string)
			if !strings.Contains(told, "account:"+me) {
				t.Errorf("%s is not told of the decision: %s", who, told)
			}
		}
		h.Sound("ballot", "project")
	})
}

// TestFewExperts: the street decides with its own reason, openly, when fewer
// than three kinds spoke within the time.
func TestFewExperts(t *testing.T) {
	h := one(t)
	id := h.discussed(nil)
	h.voted(id, 1, 7)
	h.Clock.Advance(10 * 24 * time.Hour)
	h.work()
	h.move(200, "demo-expert1", id, "opinion", object{"text": "再等等", "verdict": "defer"})
	h.move(409, "demo-street", id, "decide", object{"verdict": "defer", "reason": "x"})
	h.Clock.Advance(40 * 24 * time.Hour)
	h.work()
	o := h.move(200, "demo-street", id, "decide", object{"verdict": "defer", "reason": "等管网改造完工后再议"})
	if o["state"] != "deferred" || o["panel"].(object)["alone"] != true {
		t.Errorf("%v %v", o["state"], o["panel"])
	}
	h.move(200, "demo-community", id, "discuss", nil) // taken up again
	h.Sound("ballot", "project")
}

func TestWhatMayBeVotedOn(t *testing.T) {
	h := one(t)
	for name, more := range map[string]object{
		"owners": {"ownership": "owners"}, "unclear": {"ownership": "unclear"}, "unit without consent": {"ownership": "unit"},
		"no fund": {"fund": nil}, "no upkeep": {"upkeep": nil}, "no cost": {"cost": nil},
	} {
		id := h.discussed(more)
		o := h.Must(200, "GET", "/api/v1/projects/"+id, "demo-community", nil)
		for _, a := range o["actions"].([]any) {
			if a := a.(object); a["do"] == "poll" && (a["enabled"] != false || a["reason"] == "") {
				t.Errorf("%s: offered as %v", name, a)
			}
		}
		h.move(409, "demo-community", id, "poll", nil)
		// Nor by the poll's own door.
		r := h.Do("POST", "/api/v1/polls", "demo-community", object{"question": "先办哪一件？", "rule": "approval", "place": demo.CommunityA,
			"options": []any{object{"title": "坡道", "project": id}, "别的"}, "opens": apptest.Noon, "closes": apptest.Noon.Add(time.Hour), "roll": object{"place": demo.CommunityA, "level": "V3"}})
		if r.Status != 409 {
			t.Errorf("%s: a poll is made of it, %d %s", name, r.Status, r.Body)
		}
	}
	id := h.discussed(object{"ownership": "unit"})
	h.move(200, "demo-community", id, "complete", object{"consent": "区园林所 11 月 3 日书面同意"})
	h.move(200, "demo-community", id, "poll", nil)
}

// TestOnePollForSeveral: projects are ranked against each other in one poll.
func TestOnePollForSeveral(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		a, b := h.discussed(nil), h.discussed(object{"title": "晾衣架二十组", "cost": 38_000_00})
		poll := h.Must(201, "POST", "/api/v1/polls", "demo-community", object{"question": "先办哪一件？", "rule": "greedy_cost", "budget": object{"amount": 70_000_00}, "place": demo.CommunityA,
			"options": []any{object{"title": "坡道", "cost": 68_000_00, "project": a}, object{"title": "晾衣架", "cost": 38_000_00, "project": b}},
			"opens":   h.Clock.Now(), "closes": h.Clock.Now().Add(time.Hour), "roll": object{"place": demo.CommunityA, "level": "V3"}})["id"].(string)
		if h.state(a) != "polling" || h.state(b) != "polling" {
			t.Fatalf("states %s %s", h.state(a), h.state(b))
		}
		for i, who := range []string{"demo-resident", "demo-neighbour", "demo-volunteer"} {
			h.Must(200, "POST", "/api/v1/polls/"+poll+"/ballots", who, object{"choices": []string{fmt.Sprint(i/2 + 1)}})
		}
		h.Clock.Advance(2 * time.Hour)
		h.work()
		h.work()
		h.Clock.Advance(15 * 24 * time.Hour)
		h.work()
		if h.state(a) != "selected" || h.state(b) != "panel" {
			t.Errorf("by votes within the budget: %s %s", h.state(a), h.state(b))
		}
		h.Sound("ballot", "project")
	})
}

// TestRefusedAcceptance: what those drawn do not accept goes back to be mended.
func TestRefusedAcceptance(t *testing.T) {
	h := one(t)
	id := h.toAcceptance()
	h.overseer()
	if s := h.move(200, "overseer", id, "accept", object{"ok": false, "note": "扶手松动"})["state"]; s != "building" {
		t.Errorf("not accepted, it is %v", s)
	}
	h.move(200, "demo-community", id, "milestone", object{"note": "扶手已加固"})
	h.accepted(id)
	h.Sound("ballot", "project")
}

// toAcceptance builds a project in one step, up to the draw of those who accept.
func (h *house) toAcceptance() string {
	h.T.Helper()
	id := h.discussed(nil)
	h.voted(id, 7, 0)
	h.Clock.Advance(10 * 24 * time.Hour)
	h.work()
	h.Must(409, "GET", "/api/v1/projects/"+id+"/draw", "", nil)
	h.move(200, "demo-community", id, "plan", object{"budget": 1_00, "due": h.Clock.Now().Add(400 * 24 * time.Hour), "milestones": []string{"一次做完"}})
	h.move(200, "demo-community", id, "milestone", nil)
	return id
}

func TestScreening(t *testing.T) {
	h := one(t)
	a := h.proposal("demo-newcomer", nil) // not public before somebody has looked at it
	h.Must(404, "GET", "/api/v1/projects/"+a, "", nil)
	h.Must(404, "GET", "/api/v1/projects/"+a, "demo-neighbour", nil)
	h.Must(200, "GET", "/api/v1/projects/"+a, "demo-newcomer", nil)
	if s := h.move(200, "demo-community", a, "screen", object{"ok": false, "reason": "请写明位置"})["state"]; s != "returned" {
		t.Errorf("returned as %v", s)
	}
	h.move(200, "demo-newcomer", a, "resubmit", object{"body": "在 3 幢东侧，离大门二十米。"})
	if o := h.move(200, "demo-community", a, "screen", object{"ok": false, "reason": "属于燃气公司", "to": "燃气公司 96077"}); o["state"] != "referred" || o["refer_to"] != "燃气公司 96077" {
		t.Errorf("referred: %v", o)
	}
	own := h.proposal("demo-community", nil)
	h.move(403, "demo-community", own, "screen", object{"ok": true, "reason": "自己提的"})
	b, c := h.proposal("demo-resident", nil), h.proposal("demo-neighbour", nil)
	h.move(422, "demo-community", c, "merge", object{"into": c})
	h.move(422, "demo-community", c, "merge", object{"into": "nothing"})
	if s := h.move(200, "demo-community", c, "merge", object{"into": b})["state"]; s != "merged" {
		t.Errorf("merged as %v", s)
	}
	if s := h.move(200, "demo-community", b, "screen", object{"ok": true, "reason": "确有需要"}); s["state"] != "study" {
		t.Errorf("%v", s["state"])
	}
	me := h.Must(200, "GET", "/api/v1/me", "demo-neighbour", nil)["id"].(string)
	if !strings.Contains(h.lastTold(b), me) {
		t.Error("who proposed the same is not told")
	}
	h.Sound("ballot", "project")
}

func TestAWishBecomesAProject(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		wish := func(more object) string {
			body := object{"title": "门口台阶太高", "body": "轮椅下不来，想修一个坡道。", "place": demo.CommunityA, "category": "环境设施"}
			for k, v := range more {
				body[k] = v
			}
			return h.Must(201, "POST", "/api/v1/wishes", "demo-resident", body)["id"].(string)
		}
		id := wish(nil)
		o := h.Must(200, "POST", "/api/v1/wishes/"+id+"/convert", "demo-community", object{"to": "project"})
		ref, ok := strings.CutPrefix(o["became"].(string), "project:")
		if !ok || o["state"] != "converted" {
			t.Fatalf("became %v", o["became"])
		}
		p := h.Must(200, "GET", "/api/v1/projects/"+ref, "", nil)
		if p["wish"] != id || p["title"] != "门口台阶太高" || p["author"] != "李阿姨" {
			t.Errorf("grew to %v", p)
		}
		private := wish(object{"visibility": "private"})
		o = h.Must(200, "POST", "/api/v1/wishes/"+private+"/convert", "demo-community", object{"to": "project"})
		ref, _ = strings.CutPrefix(o["became"].(string), "project:")
		h.Must(404, "GET", "/api/v1/projects/"+ref, "demo-neighbour", nil)                                                                       // as private as it was
		h.Must(422, "POST", "/api/v1/projects", "demo-resident", object{"title": "坡道", "body": "想修坡道", "place": demo.CommunityA, "request": id}) // there is no such request
	})
}

// TestOneObjectionEach and positions: a hundred at once keep the bounds.
func TestBoundsHoldAtOnce(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.proposal("demo-resident", nil)
		h.move(200, "demo-community", id, "screen", object{"ok": true, "reason": "确有需要"})
		h.move(200, "demo-party", id, "study", object{"result": "support"})
		h.move(200, "demo-community", id, "discuss", nil)
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				h.Do("POST", "/api/v1/projects/"+id+"/position", "demo-neighbour", object{"kind": "for", "text": fmt.Sprint("支持", i)})
			})
		}
		wg.Wait()
		o := h.Must(200, "GET", "/api/v1/projects/"+id, "", nil)
		if n := len(o["council"].(object)["for"].([]any)); n != 5 {
			t.Errorf("one person took %d positions", n)
		}
	})
}

// TestSeesSQL: the list shows exactly what Sees allows.
func TestSeesSQL(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		var ids []string
		for _, who := range []string{"demo-resident", "demo-newcomer", "demo-outsider", "demo-community-b", "demo-unit1"} {
			ids = append(ids, h.proposal(who, nil), h.proposal(who, object{"place": demo.CommunityB}), h.proposal(who, object{"place": demo.Street}))
		}
		ctx := context.Background()
		for _, name := range []string{"", "demo-resident", "demo-newcomer", "demo-outsider", "demo-unit1", "demo-community", "demo-community-b", "demo-street", "demo-district", "demo-admin", "demo-auditor", "demo-party"} {
			var a actor.Actor
			if name != "" {
				acc, err := h.Member.Find(ctx, h.DB, name)
				if err != nil {
					t.Fatal(err)
				}
				if a, _, err = h.Member.Actor(ctx, acc.ID); err != nil {
					t.Fatal(err)
				}
			}
			listed, err := h.Project.Kind.List(ctx, h.DB, matter.View{Actor: a, Now: apptest.Noon.UnixMilli()}, flow.Input{}, page.Ask{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				sees, err := h.Project.MaySee(ctx, a, id)
				if err != nil {
					t.Fatal(err)
				}
				if in := slices.ContainsFunc(listed, func(p *project.Project) bool { return p.ID == id }); in != sees {
					t.Errorf("%q: listed %v, sees %v", name, in, sees)
				}
			}
		}
	})
}

// drawnAgain draws as a stranger does, from what is published alone.
func (h *house) drawnAgain(id string) {
	h.T.Helper()
	d := h.Must(200, "GET", "/api/v1/projects/"+id+"/draw", "", nil)
	sum := func(text string) string { s := sha256.Sum256([]byte(text)); return hex.EncodeToString(s[:]) }
	var pool, drawn []string
	for _, x := range d["pool"].([]any) {
		pool = append(pool, x.(string))
	}
	for _, x := range d["drawn"].([]any) {
		drawn = append(drawn, x.(object)["lot"].(string))
	}
	slices.Sort(drawn)
	if seed := sum(id + " " + d["seed_from"].(string)); seed != d["seed"] || d["seed_from"] == "" {
		h.T.Errorf("the seed is %v, should be %s", d["seed"], seed)
	}
	if !slices.IsSorted(pool) || sum(strings.Join(pool, "\n")) != d["pool_hash"] || !slices.Equal(drawn, pool[:5]) || d["jury"] != 5.0 || d["mine"] != "" {
		h.T.Errorf("drawn %v of %v", drawn, d)
	}
	me := h.Must(200, "GET", "/api/v1/me", "demo-neighbour", nil)["id"].(string)
	if mine := h.Must(200, "GET", "/api/v1/projects/"+id+"/draw", "demo-neighbour", nil)["mine"]; mine != sum(d["seed"].(string)+" "+me) || !slices.Contains(pool, mine.(string)) {
		h.T.Errorf("a resident finds herself as %v", mine)
	}
	if mine := h.Must(200, "GET", "/api/v1/projects/"+id+"/draw", "demo-community", nil)["mine"]; mine != "" {
		h.T.Errorf("staff stand in the pool as %v", mine)
	}
}

// TestVerifyDrawsAgain: another pool, another juror or another seed does not pass.
func TestVerifyDrawsAgain(t *testing.T) {
	h := one(t)
	id := h.toAcceptance()
	check := h.Project.Part().Checks[1]
	if faults, err := check.Do(context.Background(), h.DB); err != nil || len(faults) > 0 {
		t.Fatal(faults, err)
	}
	for _, do := range []string{
		`UPDATE project_draws SET pool = substr(pool, 66)`,
		`UPDATE project_draws SET seed = 'x'`,
		`UPDATE project_voices SET account = 'x' WHERE id = (SELECT min(id) FROM project_voices WHERE kind = 'juror')`,
	} {
		undone := errors.New("undone")
		err := h.DB.Write(context.Background(), func(tx *db.Tx) error {
			if _, err := tx.Exec(context.Background(), do); err != nil {
				return err
			}
			if faults, err := check.Do(context.Background(), tx); err != nil || len(faults) != 1 || !strings.Contains(faults[0], id) {
				t.Errorf("%s passes: %v %v", do, faults, err)
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
	}
	if faults, err := check.Do(context.Background(), h.DB); err != nil || len(faults) > 0 {
		t.Error(faults, err)
	}
}

func TestDrawIsReproducible(t *testing.T) {
	pool := []string{"a", "b", "c", "d", "e", "f", "g"}
	if x, y := project.Draw("seed", pool, 3), project.Draw("seed", pool, 3); fmt.Sprint(x) != fmt.Sprint(y) || len(x) != 3 {
		t.Errorf("%v %v", x, y)
	}
	seen := map[string]int{}
	for i := range 700 {
		for _, a := range project.Draw(fmt.Sprint(i), pool, 3) {
			seen[a]++
		}
	}
	for _, a := range pool {
		if n := seen[a]; n < 230 || n > 370 { // 300 expected
			t.Errorf("%s is drawn %d times of 700", a, n)
		}
	}
	if got := project.Draw("s", pool[:2], 5); len(got) != 2 {
		t.Errorf("more are drawn than there are: %v", got)
	}
}
