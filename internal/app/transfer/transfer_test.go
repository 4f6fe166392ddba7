package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/app/transfer"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/sheet"
	"linli/internal/ui/text"
)

// house is a house with helpers for tables.
type house struct{ *apptest.House }

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, h *apptest.House) { f(t, &house{h}) })
}

func (h *house) ok(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatal(err)
	}
}

func (h *house) read(kind, name, body string) (transfer.Batch, transfer.Receipt, error) {
	h.T.Helper()
	k, ok := transfer.KindOf(kind)
	if !ok {
		h.T.Fatal(kind)
	}
	return h.Transfer.Read(context.Background(), k, transfer.Source{Name: name, Body: strings.NewReader(body)})
}

func (h *house) number(query string, args ...any) (n int) {
	h.T.Helper()
	h.ok(h.DB.Get(context.Background(), &n, query, args...))
	return n
}

// table is a register of n people without a fault.
func table(n int) [][]string {
	rows := [][]string{{"姓名", "手机", "社区代码", "出生日期", "核验程度", "邮箱", "能收到消息"}}
	for i := range n {
		rows = append(rows, []string{fmt.Sprintf("居民%04d", i), fmt.Sprintf("159%08d", i), demo.CommunityA, "1960-02-03", "身份已核验", "", "是"})
	}
	return rows
}

func csv(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.Join(r, ",") + "\n")
	}
	return b.String()
}

func excel(t *testing.T, rows [][]string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := sheet.NewWriter(&b, sheet.XLSX, "people")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		var cells []any
		for _, c := range r {
			cells = append(cells, c)
		}
		if err := w.Write(cells...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A register of 5,000 with seven planted faults: all seven are named by row and
// column and nothing is written; corrected, it is in within ten seconds; taken
// back, nobody of it is left.
func TestFiveThousandPeople(t *testing.T) {
	ctx := context.Background()
	each(t, func(t *testing.T, h *house) {
		rows := table(5000)
		planted := []struct {
			row         int
			column, key string
			cell, now   string
		}{
			{17, "B", "transfer.bad_phone", "15900x", ""},
			{450, "C", "transfer.no_place", "320105999999", ""},
			{1203, "A", "fault.required", "", ""},
			{2004, "D", "transfer.bad_day", "2090-01-01", ""},
			{3111, "E", "transfer.bad_person_level", "重点", ""},
			{4000, "B", "transfer.twice", "15900000000", ""},
			{5001, "F", "transfer.bad_email", "nobody", ""},
		}
		good := map[int][]string{}
		for _, p := range planted {
			good[p.row-1] = slices.Clone(rows[p.row-1])
			rows[p.row-1][p.column[0]-'A'] = p.cell
		}
		before := h.number(`SELECT count(*) FROM accounts`)
		for name, body := range map[string]string{"people.csv": csv(rows), "people.xlsx": excel(t, rows)} {
			_, _, err := h.read("people", name, body)
			var faults sheet.Errors
			if !errors.As(err, &faults) || len(faults) != len(planted) {
				t.Fatalf("%s: %v", name, err)
			}
			for i, p := range planted {
				if f := faults[i]; f.Row != p.row || f.Column != p.column || f.Key != p.key || !text.Has("zh-CN", f.Key) {
					t.Errorf("%s: %+v, want %+v", name, f, p)
				}
			}
		}
		if n := h.number(`SELECT count(*) FROM accounts`) + h.number(`SELECT count(*) FROM imports`); n != before {
			t.Fatalf("a dry run wrote %d rows", n-before)
		}
		for i, r := range good {
			rows[i] = r
		}
		begun := time.Now()
		batch, r, err := h.read("people", "people.csv", csv(rows))
		h.ok(err)
		heard := 0
		r, err = h.Transfer.Take(ctx, batch, r, func(done, all int) {
			if done <= heard || all != 5000 {
				t.Errorf("progress %d of %d after %d", done, all, heard)
			}
			heard = done
		})
		h.ok(err)
		took := time.Since(begun)
		t.Logf("5,000 people in %v", took)
		if took > 10*time.Second || heard != 5000 || r.ID == "" || r.Rows != 5000 {
			t.Errorf("took %v, progress %d, receipt %+v", took, heard, r)
		}
		if n := h.number(`SELECT count(*) FROM accounts`); n != before+5000 {
			t.Fatalf("%d accounts came", n-before)
		}
		if n := h.number(`SELECT count(*) FROM import_people WHERE real_name <> '' OR phone <> ''`); n > 0 {
			t.Errorf("%d names stay behind in the staging table", n)
		}
		if _, faults, err := h.Journal.Verify(ctx); err != nil || len(faults) > 0 {
			t.Fatal(err, faults[:min(3, len(faults))])
		}
		if _, _, err := h.read("people", "people.csv", csv(rows)); err == nil {
			t.Error("the same people were taken twice")
		}
		n, err := h.Transfer.Undo(ctx, "", r.ID)
		h.ok(err)
		if left := h.number(`SELECT count(*) FROM accounts WHERE state = 'active'`); n != 5000 || left != before {
			t.Errorf("%d taken back, %d left", n, left-before)
		}
		if _, err := h.Transfer.Undo(ctx, "", r.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("taken back twice: %v", err)
		}
		if _, faults, err := h.Journal.Verify(ctx); err != nil || len(faults) > 0 {
			t.Fatal(err, faults[:min(3, len(faults))])
		}
	})
}

// A failing switch leaves nothing: here somebody registers in between.
func TestAllOrNothing(t *testing.T) {
	ctx := context.Background()
	each(t, func(t *testing.T, h *house) {
		batch, r, err := h.read("people", "people.csv", csv(table(250)))
		h.ok(err)
		h.ok(h.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE accounts SET phone = '15900000249' WHERE name = 'demo-newcomer'`)
			return err
		}))
		before := h.number(`SELECT count(*) FROM accounts`)
		if _, err := h.Transfer.Take(ctx, batch, r, nil); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
		if n := h.number(`SELECT count(*) FROM accounts`); n != before {
			t.Errorf("%d of 250 came in", n-before)
		}
		if rs, err := h.Transfer.Receipts(ctx, 10); err != nil || len(rs) != 0 {
			t.Errorf("%+v %v", rs, err)
		}
		h.Clock.Advance(2 * time.Hour) // the next import drops what the last one left
		batch, r, err = h.read("people", "people.csv", csv(table(200)))
		h.ok(err)
		r, err = h.Transfer.Take(ctx, batch, r, nil)
		h.ok(err)
		if n := h.number(`SELECT count(*) FROM import_people WHERE batch <> ?`, r.ID); n != 0 {
			t.Errorf("%d rows are left over", n)
		}
		h.ok(h.DB.Write(ctx, func(tx *db.Tx) error { // one of them changes
			_, err := tx.Exec(ctx, `UPDATE accounts SET version = 2 WHERE phone = '15900000007'`)
			return err
		}))
		if _, err := h.Transfer.Undo(ctx, "", r.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("taken back though one has changed: %v", err)
		}
	})
}

// What is given out can be taken in again, and people are masked.
func TestRoundTrip(t *testing.T) {
	ctx := context.Background()
	each(t, func(t *testing.T, h *house) {
		for _, kind := range []string{"places", "groups", "wishes", "people"} {
			k, _ := transfer.KindOf(kind)
			for _, format := range []sheet.Kind{sheet.CSV, sheet.XLSX} {
				var b bytes.Buffer
				h.ok(transfer.Template(&b, k, format))
				if kind != "places" && kind != "groups" { // the examples of these exist
					if _, _, err := h.Transfer.Read(ctx, k, transfer.Source{Name: "a." + string(format), Body: &b}); err != nil && !strings.Contains(fmt.Sprint(err), "twice") {
						t.Errorf("template of %s.%s: %v", kind, format, err)
					}
				}
				b.Reset()
				n, err := h.Transfer.Write(ctx, &b, k, format, transfer.Outgoing{Place: demo.District})
				h.ok(err)
				if kind == "places" {
					batch, r, err := h.Transfer.Read(ctx, k, transfer.Source{Name: "a." + string(format), Body: bytes.NewReader(b.Bytes())})
					h.ok(err)
					_, err = h.Transfer.Take(ctx, batch, r, nil)
					h.ok(err)
					if batch.Size() != n || h.Place.Name(demo.CommunityA) != "洲岛家园社区" {
						t.Errorf("%d of %d places came back", batch.Size(), n)
					}
				}
				if kind == "people" && format == sheet.CSV && (n < 30 || strings.Contains(b.String(), "13800000001") || !strings.Contains(b.String(), "138****0001")) {
					t.Errorf("%d people, unmasked: %.200s", n, b.String())
				}
			}
		}
	})
}

// Every fault of the tables other than people, by its key.
func TestFaultsOfTables(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, c := range []struct{ kind, body, want string }{
			{"places", "代码,级别,名称\n32010500400x,community,某地\n", "transfer.bad_code"},
			{"places", "代码,级别,名称\n320105004009,street,某地\n", "transfer.bad_level"},
			{"places", "代码,级别,名称,上级代码\n320105004099,community,某地,320105001\n", "transfer.bad_parent"},
			{"places", "代码,级别,名称\n320105004099,community,某地\n320105004099,community,某地\n", "transfer.twice"},
			{"groups", "名称,类别,地点代码\n某社,gang,320105004004\n", "transfer.bad_kind"},
			{"groups", "名称,类别,地点代码\n江心洲好邻居公益服务社,society,320105004004\n", "transfer.twice"},
			{"wishes", "心愿,说明,类别,地点代码\n修灯,路灯坏了,没有,320105004004\n", "fault.enum"},
			{"wishes", "心愿,说明,类别\n修灯,路灯坏了,其他\n", "sheet.column_missing"},
			{"people", "姓名,社区代码\n=1+1,320105004004\n", "sheet.formula"},
			{"people", "姓名,社区代码\n", "sheet.empty"},
		} {
			_, _, err := h.read(c.kind, "a.csv", c.body)
			var faults sheet.Errors
			if !errors.As(err, &faults) || !slices.ContainsFunc(faults, func(f sheet.CellError) bool {
				return f.Key == c.want || c.want == "fault.enum" && strings.HasPrefix(f.Key, "fault.")
			}) {
				t.Errorf("%s %q: %v, want %s", c.kind, c.body, err, c.want)
			}
			for _, f := range faults {
				if !text.Has("zh-CN", f.Key) || !text.Has("en", f.Key) {
					t.Errorf("no text for %s", f.Key)
				}
			}
		}
	})
}

// A table cannot bring a watch list: no column for a label, a score, an ID
// number or a remark about a person, in any spelling, and no such number in a
// cell that is there.
func TestNoWatchListComesIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, column := range []string{
			"标签", "备注", "重点人员", "信访", "前科", "精神状况", "身份证号", "积分", "评分", "风险等级", "投诉次数", "tag", "score", "note", "remark",
			"id_number", "watch", "petitioner", "信仰", "民族", "关系人",
		} {
			for _, kind := range transfer.Kinds() {
				if !kind.ComesIn() {
					if _, _, err := h.read(kind.Name, "list.csv", column+"\n是\n"); err == nil {
						t.Errorf("%s came in", kind.Name)
					}
					continue
				}
				var head, row []string
				for i, c := range kind.Columns {
					head = append(head, c.Synonyms[0])
					row = append(row, fmt.Sprint(kind.Example[i]))
				}
				body := strings.Join(append(head, column), ",") + "\n" + strings.Join(append(row, "是"), ",") + "\n"
				_, _, err := h.read(kind.Name, "list.csv", body)
				var faults sheet.Errors
				if !errors.As(err, &faults) || !slices.ContainsFunc(faults, func(f sheet.CellError) bool { return f.Key == "transfer.unknown_column" && f.Title == column }) {
					t.Errorf("%s takes a column %s: %v", kind.Name, column, err)
				}
			}
		}
		if _, _, err := h.read("people", "a.csv", "姓名,社区代码\n11010519491231002X,320105004004\n"); err == nil {
			t.Error("an ID number came in as a name")
		}
		// nor is there anything to give out that counts what a person did
		for _, kind := range transfer.Kinds() {
			for _, c := range kind.Columns {
				for _, word := range []string{"tag", "score", "count", "complain", "times", "wishes", "requests", "author", "watch", "label", "risk"} {
					if strings.Contains(c.Name, word) {
						t.Errorf("%s gives out %s", kind.Name, c.Name)
					}
				}
			}
		}
	})
}
