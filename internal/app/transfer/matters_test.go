package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"linli/internal/app/demo"
	"linli/internal/app/transfer"
	"linli/internal/core/actor"
	"linli/internal/feature/ballot"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/sheet"
)

func (h *house) as(name string) (context.Context, string) {
	h.T.Helper()
	acc, err := h.Member.Find(context.Background(), h.DB, name)
	h.ok(err)
	a, _, err := h.Member.Actor(context.Background(), acc.ID)
	h.ok(err)
	return actor.With(context.Background(), a), a.ID
}

func kindOf(t *testing.T, name string) transfer.Kind {
	t.Helper()
	k, ok := transfer.KindOf(name)
	if !ok {
		t.Fatal(name)
	}
	return k
}

const season = "活动,类别,地点代码,开始,结束,名额\n" +
	"周六义诊,医疗健康,320105004004,2030-05-11 09:00,2030-05-11 11:30,30\n" +
	"清洁日,家政清洁,320105004004,2030-05-18 09:00,2030-05-18 11:30,20\n"

// Activities and posts come in as drafts by their features' own rules: what a
// form would refuse is named by row and column, and nothing is written.
func TestMattersComeInWholeOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, me := h.as("demo-community")
		before := h.number(`SELECT count(*) FROM events`)
		bad := season + "坏的,没有这类,320105004004,明天,2030-05-11 11:30,0\n" + "外边的,医疗健康,320105999999,2030-05-11 09:00,2030-05-11 08:00,3\n"
		_, _, err := h.Transfer.Read(ctx, kindOf(t, "activities"), transfer.Source{Name: "a.csv", Body: strings.NewReader(bad), By: me})
		var got []string
		for _, f := range asErrors(t, err) {
			got = append(got, f.Column+string(rune('0'+f.Row))+" "+f.Key)
		}
		for _, want := range []string{"B4 fault.one_of", "D4 transfer.bad_moment", "F4 fault.between", "C5 transfer.no_place", "E5 activity.ends_first"} {
			if !strings.Contains(strings.Join(got, "\n"), want) {
				t.Errorf("%s is not named: %q", want, got)
			}
		}
		if n := h.number(`SELECT count(*) FROM events`); n != before {
			t.Errorf("a dry run wrote %d events", n-before)
		}
		b, r, err := h.Transfer.Read(ctx, kindOf(t, "activities"), transfer.Source{Name: "a.csv", Body: strings.NewReader(season), By: me})
		h.ok(err)
		if n := h.number(`SELECT count(*) FROM activities`); n != 0 {
			t.Errorf("a dry run left %d activities", n)
		}
		r, err = h.Transfer.Take(ctx, b, r, nil)
		h.ok(err)
		if n := h.number(`SELECT count(*) FROM activities WHERE state = 'draft'`); n != 2 || r.Rows != 2 {
			t.Errorf("%d drafts, receipt of %d", n, r.Rows)
		}
		if n, err := h.Transfer.Undo(ctx, me, r.ID); err != nil || n != 2 {
			t.Errorf("taken back: %d, %v", n, err)
		}
		if n := h.number(`SELECT count(*) FROM activities WHERE state = 'cancelled'`); n != 2 {
			t.Errorf("%d are cancelled", n)
		}
		if _, err := h.Transfer.Undo(ctx, me, r.ID); err == nil {
			t.Error("taken back twice")
		}
		// One that went on keeps the table.
		b, r, err = h.Transfer.Read(ctx, kindOf(t, "activities"), transfer.Source{Name: "a.csv", Body: strings.NewReader(season), By: me})
		h.ok(err)
		r, err = h.Transfer.Take(ctx, b, r, nil)
		h.ok(err)
		var one string
		h.ok(h.DB.Get(ctx, &one, `SELECT subject FROM import_matters WHERE batch = ? ORDER BY line LIMIT 1`, r.ID))
		h.ok(h.Activity.Do(ctx, one, "publish", nil))
		if _, err := h.Transfer.Undo(ctx, me, r.ID); err == nil {
			t.Error("a published activity was taken back with its table")
		}
		b, r, err = h.Transfer.Read(ctx, kindOf(t, "posts"), transfer.Source{Name: "p.csv", By: me,
			Body: strings.NewReader("标题,正文,栏目,地点代码\n清洁日,周六上午八点,community,320105004004\n")})
		h.ok(err)
		_, err = h.Transfer.Take(ctx, b, r, nil)
		h.ok(err)
		if n := h.number(`SELECT count(*) FROM posts WHERE state = 'draft'`); n != 1 {
			t.Errorf("%d drafts of posts", n)
		}
		// What nobody may see does not go out; what is public does.
		var out bytes.Buffer
		n, err := h.Transfer.Write(context.Background(), &out, kindOf(t, "activities"), sheet.CSV, transfer.Outgoing{Place: demo.CommunityA})
		h.ok(err)
		if n != 1 && n != 3 || !strings.Contains(out.String(), "2030-05-11 09:00") || strings.Contains(out.String(), "draft") {
			t.Errorf("%d out: %s", n, out.String())
		}
		_, faults, err := h.Journal.Verify(context.Background())
		if err != nil || len(faults) > 0 {
			t.Error(faults, err)
		}
	})
}

// A roll goes out without anybody's name, and a table of corrections changes
// nothing until a second person has made them.
func TestRolls(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, me := h.as("demo-community")
		var poll string
		h.ok(h.DB.Write(ctx, func(tx *db.Tx) error {
			p, err := h.Ballot.Make(ctx, tx, actor.From(ctx), map[string]any{
				"question": "先办哪几件", "rule": "approval", "options": []any{"晾衣架", "石凳换面"}, "place": demo.CommunityA, "roll": map[string]any{"place": demo.CommunityA},
				"opens": "2030-01-01T00:00:00Z", "closes": "2030-01-09T00:00:00Z",
			})
			if err == nil {
				poll = p.ID
			}
			return err
		}))
		_, err := h.Ballot.Machine.Do(ctx, journal.Request{ID: poll, Do: "open", Read: journal.Reading(nil)},
			func(*db.Tx, *ballot.Poll, actor.Actor, int64) (any, error) { return nil, nil })
		h.ok(err)
		resident, _ := h.as("demo-resident")
		who := actor.From(resident).ID
		var out bytes.Buffer
		n, err := h.Transfer.Write(context.Background(), &out, kindOf(t, "roll"), sheet.CSV, transfer.Outgoing{Poll: poll})
		h.ok(err)
		if n == 0 || n != h.number(`SELECT roll_size FROM polls WHERE id = ?`, poll) || strings.Contains(out.String(), who) {
			t.Errorf("a roll of %d went out as %s", n, out.String())
		}
		b, r, err := h.Transfer.Read(ctx, kindOf(t, "roll"), transfer.Source{Name: "r.csv", By: me, Poll: poll, Body: strings.NewReader("更正,账号,理由\n移出,demo-resident,已搬走\n")})
		h.ok(err)
		_, err = h.Transfer.Take(ctx, b, r, nil)
		h.ok(err)
		if waiting, left := h.number(`SELECT count(*) FROM poll_corrections WHERE poll = ? AND signed_at = 0`, poll), h.number(`SELECT count(*) FROM poll_roll WHERE poll = ?`, poll); waiting != 1 || left != n {
			t.Errorf("%d corrections wait, %d on the roll: one person's table changed it", waiting, left)
		}
		_, _, err = h.Transfer.Read(ctx, kindOf(t, "roll"), transfer.Source{Name: "r.csv", By: me, Poll: poll, Body: strings.NewReader("更正,账号,理由\n加入,nobody-here,漏登\n划掉,demo-resident,x\n")})
		if got := asErrors(t, err); len(got) == 0 {
			t.Error("a correction of nobody was taken")
		}
	})
}

func asErrors(t *testing.T, err error) sheet.Errors {
	t.Helper()
	var faults sheet.Errors
	if !errors.As(err, &faults) {
		t.Fatalf("%v names no faults", err)
	}
	return faults
}
