package ballot_test

import (
	"context"
	"encoding/csv"

	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// TestClosingSecond: thousands vote by two nodes while the poll closes. Every ballot that was acknowledged is counted, every other is told
// that it came late, and the tally is that of the published ballots.
func TestClosingSecond(t *testing.T) {
	voters := 5000
	if testing.Short() {
		voters = 500
	}
	eachHouse(t, func(t *testing.T, h *house) {
		nodes := []*apptest.House{h.House, h.Node()}
		people := h.residents(voters, nil)
		closes := apptest.Noon.Add(time.Hour)
		poll := h.poll(object{"closes": closes})
		h.Clock.Set(closes.Add(-time.Millisecond))

		var mu sync.Mutex
		receipts := map[string]string{} // acknowledged
		var late, sent atomic.Int64
		var wg sync.WaitGroup
		work := make(chan int)
		for w := range 64 {
			node := nodes[w%len(nodes)]
			wg.Go(func() {
				for i := range work {
					choice := fmt.Sprint(i%3 + 1)
					r, err := node.Ballot.Vote(as(people[i]), poll, func() (any, error) { return []string{choice}, nil })
					switch {
					case err == nil:
						mu.Lock()
						receipts[r] = choice
						mu.Unlock()
					case fault.Is(err, fault.Late):
						late.Add(1)
					default:
						t.Errorf("voter %d: %v", i, err)
					}
					sent.Add(1)
				}
			})
		}
		closer := make(chan error, len(nodes))
		for i := range people {
			if i == voters/2 { // the second strikes while ballots are under way
				h.Clock.Set(closes)
				for _, n := range nodes {
					go func() { closer <- n.Ballot.Work(context.Background()) }()
				}
			}
			work <- i
		}
		close(work)
		wg.Wait()
		for range nodes {
			if err := <-closer; err != nil {
				t.Error(err)
			}
		}
		if err := h.Ballot.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(receipts)+int(late.Load()) != voters || late.Load() == 0 || len(receipts) == 0 {
			t.Errorf("%d taken and %d late of %d", len(receipts), late.Load(), voters)
		}
		b := nodes[len(nodes)-1].Do("GET", "/api/v1/polls/"+poll+"/ballots.csv", "", nil).Body
		rows, err := csv.NewReader(strings.NewReader(b)).ReadAll()
		if err != nil || len(rows)-1 != len(receipts) {
			t.Fatalf("%d published, %d acknowledged, %v", len(rows)-1, len(receipts), err)
		}
		votes := map[string]int{}
		for _, r := range rows[1:] {
			if receipts[r[0]] != r[1] {
				t.Fatalf("receipt %s chose %q, published is %q", r[0], receipts[r[0]], r[1])
			}
			votes[r[1]]++
		}
		res := h.Must(200, "GET", "/api/v1/polls/"+poll+"/result", "", nil)
		for _, o := range res["options"].([]any) {
			o := o.(object)
			if o["votes"] != float64(votes[o["id"].(string)]) {
				t.Errorf("option %v, published are %v", o, votes)
			}
		}
		if res["voters"] != float64(len(receipts)) {
			t.Errorf("result %v", res)
		}
		h.Sound("ballot")
		t.Logf("%d taken, %d late", len(receipts), late.Load())
	})
}

// TestTwoNodesWithTheDatabasesClock: on PostgreSQL nodes go by the database's
// time, whatever their own; a poll closes for both at once.
func TestTwoNodesWithTheDatabasesClock(t *testing.T) {
	h := &house{apptest.Postgres(t)}
	var nodes []*app.House
	for range 2 {
		n, err := app.Open(context.Background(), apptest.Config(t, h.DB.URL, clock.System{}))
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		nodes = append(nodes, n)
	}
	people := h.residents(300, nil)
	now := clock.System{}.Now()
	h.Clock.Set(now)
	poll := h.poll(object{"opens": now.Add(-time.Hour), "closes": now.Add(time.Hour)})
	var wg, begun sync.WaitGroup
	var taken, late atomic.Int64
	for w, n := range []*app.House{nodes[0], nodes[1], nodes[0], nodes[1]} {
		begun.Add(1)
		first := sync.OnceFunc(begun.Done)
		wg.Go(func() {
			defer first()
			for i := w; ; i = (i + 4) % len(people) {
				_, err := n.Ballot.Vote(as(people[i]), poll, func() (any, error) { return []string{"1"}, nil })
				switch {
				case err == nil:
					taken.Add(1)
					first()
				case fault.Is(err, fault.Late):
					late.Add(1)
					return
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	begun.Wait() // however slow the machine is, the close comes while all four vote
	err := h.DB.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(context.Background(), `UPDATE polls SET closes = x.at, due_at = x.at FROM
			(SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 100 AS at) x WHERE id = ?`, poll)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	_, res, err := nodes[1].Ballot.ResultOf(context.Background(), poll, clock.System{}.Now().UnixMilli())
	if err != nil || res.Voters == 0 || res.Voters > 300 || res.Options[0].Votes != res.Voters || late.Load() != 4 {
		t.Errorf("%+v %v, %d late", res, err, late.Load())
	}
}

// random is what differs between two renderings of one thing: operation ids.
var random = regexp.MustCompile(`name="_op" value="[^"]*"`)

// TestNoDoorTellsBeforeTheClose walks all routes of the house as many actors,
// then lets every voter vote otherwise, and walks again: not a byte may differ.
// Nor may a row of any table but the box, so that no reader of the events (feed,
// ledger, search, figures, webhooks, inbox, export) can know.
func TestNoDoorTellsBeforeTheClose(t *testing.T) {
	h := one(t)
	people := h.residents(30, nil)
	project, poll := h.polledProject()
	vote := func(choice string) {
		for _, p := range people {
			if _, err := h.Ballot.Vote(as(p), poll, func() (any, error) { return []string{choice}, nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	walk := func() map[string]string {
		if err := h.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, r := range h.Web.Routes() {
			if r.Method != "GET" {
				continue
			}
			for _, id := range []string{poll, project} {
				path := strings.ReplaceAll(r.Path, "{$}", "")
				for strings.Contains(path, "{") {
					i, j := strings.Index(path, "{"), strings.Index(path, "}")
					path = path[:i] + id + path[j+1:]
				}
				for _, who := range []string{"", "demo-resident", "demo-community", "demo-street", "demo-district", "demo-admin", "demo-auditor", "demo-party"} {
					key := r.Method + " " + path + " as " + who
					if _, ok := seen[key]; !ok {
						r := h.Do("GET", path, who, nil)
						seen[key] = fmt.Sprint(r.Status, " ", random.ReplaceAllString(r.Body, ""))
					}
				}
			}
		}
		return seen
	}
	vote("1")
	walk() // what a walk itself leaves behind, such as who looked, is there before both
	once, before := walk(), walk()
	rows := h.rows()
	vote("2")
	for table, now := range h.rows() {
		if table != "poll_box" && now != rows[table] {
			i := differ(rows[table], now)
			t.Errorf("the table %s tells how people vote: …%.200s… against …%.200s…", table, rows[table][max(0, i-80):], now[max(0, i-80):])
		}
	}
	if len(rows) < 50 || h.rows()["poll_box"] == rows["poll_box"] {
		t.Fatalf("%d tables, or the box is as it was", len(rows))
	}
	after := walk()
	if len(before) < 200 {
		t.Fatalf("only %d doors", len(before))
	}
	for door, was := range before {
		if once[door] != was { // draws something at random at each look, such as a secret to sign in with
			if strings.Contains(after[door], poll) && !strings.Contains(door, poll) || strings.Contains(door, "/polls") {
				t.Errorf("%s differs at each look and knows of the poll", door)
			}
			continue
		}
		if i := differ(was, after[door]); i >= 0 {
			t.Errorf("%s tells how people vote: …%.200s… against …%.200s…", door, was[max(0, i-80):], after[door][max(0, i-80):])
		}
	}
	for _, table := range []string{"events", "event_words", "acts"} {
		var n int
		if err := h.DB.Get(context.Background(), &n, `SELECT count(*) FROM `+table+` WHERE `+map[string]string{
			"events": `subject = ? AND move NOT IN ('create', 'open')`, "event_words": `words LIKE '%' || ? || '%'`, "acts": `path LIKE '%' || ? || '%'`}[table], poll); err != nil || n != 0 {
			t.Errorf("%s holds %d rows about ballots, %v", table, n, err)
		}
	}
	h.Clock.Advance(8 * 24 * time.Hour)
	if _, r, err := h.Ballot.ResultOf(context.Background(), poll, h.Clock.Now().UnixMilli()); err != nil || r.Options[1].Votes != 30 || r.Changed != 30 {
		t.Errorf("%+v %v", r, err)
	}
}

// polledProject takes a project as far as its poll and returns both.
func (h *house) polledProject() (project, poll string) {
	h.T.Helper()
	id := h.Must(201, "POST", "/api/v1/projects", "demo-resident", object{"title": "门口装坡道", "body": "有三级台阶，轮椅进不去", "place": demo.CommunityA,
		"cost": 60_000_00, "ownership": "public", "fund": "微实事专项", "upkeep": "社区"})["id"].(string)
	for _, m := range []struct {
		who, do string
		in      object
	}{
		{"demo-community", "screen", object{"ok": true, "reason": "确有需要"}},
		{"demo-party", "study", object{"result": "support"}},
		{"demo-community", "discuss", object{}},
		{"demo-community", "summarise", object{"heard": "支持", "doing": "交给大家投票"}},
		{"demo-community", "poll", object{}},
	} {
		h.Must(200, "POST", "/api/v1/projects/"+id+"/"+m.do, m.who, m.in)
	}
	return id, h.Must(200, "GET", "/api/v1/projects/"+id, "", nil)["poll"].(string)
}

// rows is all that the database holds, by table.
func (h *house) rows() map[string]string {
	h.T.Helper()
	ctx := context.Background()
	var tables []string
	if err := h.DB.Select(ctx, &tables, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`); err != nil {
		h.T.Fatal(err)
	}
	out := map[string]string{}
	for _, table := range tables {
		rows, err := h.DB.Handle().Query(`SELECT * FROM "` + table + `" ORDER BY 1`)
		if err != nil {
			h.T.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			h.T.Fatal(err)
		}
		var b strings.Builder
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				h.T.Fatal(err)
			}
			for _, c := range cells {
				fmt.Fprint(&b, *c.(*any), " ")
			}
			b.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			h.T.Fatal(err)
		}
		rows.Close()
		out[table] = b.String()
	}
	return out
}

// differ is where two texts part, -1 when they are the same.
func differ(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}
