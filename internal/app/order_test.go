package app_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/feature/stats"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// Of two moves that touch one matter on PostgreSQL the later may be made by the
// transaction that began first. Whoever reads the log still hears of them in
// their order: nothing is asked any more that the later move has answered,
// nothing is told that it took back, and figures show where the matter stands.
func TestTheLaterMoveIsHeardLater(t *testing.T) {
	h := apptest.Postgres(t)
	ctx := t.Context()
	// overtaken commits first while a transaction is open that then goes on.
	overtaken := func(first func(), then func(tx *db.Tx) error) {
		t.Helper()
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			var id int64
			if err := tx.Get(ctx, &id, `SELECT pg_current_xact_id()::text::bigint`); err != nil {
				return err
			}
			first()
			return then(tx)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	inbox := func(as string) (badge int, said string) {
		t.Helper()
		h.Read()
		h.Read() // what a reader said, the inbox reads
		if err := h.Notify.Work(ctx); err != nil {
			t.Fatal(err)
		}
		o := h.Must(200, "GET", "/api/v1/inbox?limit=100", as, nil)
		for _, i := range o["items"].([]any) {
			said += i.(apptest.Object)["text"].(string) + "\n"
		}
		return int(o["badge"].(float64)), said
	}

	t.Run("an ask", func(t *testing.T) {
		var id string
		overtaken(func() { id = h.FileWish("demo-newcomer", nil) }, func(tx *db.Tx) error {
			_, err := h.Wish.Machine.Step(ctx, tx, h.Actor("demo-community"), journal.Request{ID: id, Do: "approve"})
			return err
		})
		for _, as := range []string{"demo-community", "demo-community2"} {
			if badge, said := inbox(as); badge != 0 {
				t.Errorf("%s is asked to review what was reviewed: %d %s", as, badge, said)
			}
		}
		var f stats.Figures
		if err := json.Unmarshal([]byte(h.Text(200, "GET", "/api/v1/stats?place="+demo.CommunityA, "", nil)), &f); err != nil {
			t.Fatal(err)
		}
		if n := f.Kind("wish").Now["open"]; n != 1 {
			t.Errorf("figures show %d open wishes", n)
		}
	})

	t.Run("a call", func(t *testing.T) {
		h.Must(303, "POST", "/volunteer/on-call", "demo-volunteer", url.Values{"on_call": {"true"}, "skills": {"扶老护幼"}, "radius": {"street"}})
		var id string
		overtaken(func() { id = h.FileWish("demo-resident", apptest.Object{"category": "扶老护幼"}) }, func(tx *db.Tx) error {
			_, err := h.Wish.Machine.Step(ctx, tx, h.Actor("demo-resident"), journal.Request{ID: id, Do: "withdraw"})
			return err
		})
		if badge, said := inbox("demo-volunteer"); badge != 0 {
			t.Errorf("a volunteer is asked for a wish that was withdrawn: %d %s", badge, said)
		}
	})

	t.Run("what followers hear", func(t *testing.T) {
		h.Text(303, "POST", "/channels/"+demo.CommunityA+"/follow", "demo-neighbour", url.Values{"on": {"true"}})
		id := h.Must(201, "POST", "/api/v1/posts", "demo-community", apptest.Object{"title": "周六义诊", "body": "请大家看一看。", "channel": "community", "place": demo.CommunityA})["id"].(string)
		overtaken(func() { h.Text(200, "POST", "/api/v1/posts/"+id+"/publish", "demo-community", apptest.Object{}) }, func(tx *db.Tx) error {
			_, err := h.Post.Machine.Step(ctx, tx, h.Actor("demo-community"), journal.Request{ID: id, Do: "retract", Read: journal.Reading(map[string]any{"reason": "日期有误"})})
			return err
		})
		inbox("demo-neighbour")
		var told int
		if err := h.DB.Get(ctx, &told, `SELECT count(*) FROM inbox WHERE subject = ? AND target LIKE 'follow:%'`, id); err != nil || told != 0 {
			t.Errorf("%d followers are told of a post that was taken back, %v", told, err)
		}
	})
	h.Sound()
}
