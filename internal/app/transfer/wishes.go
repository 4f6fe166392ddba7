package transfer

import (
	"context"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/wish"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
	"linli/internal/platform/sheet"
)

// wishes are public wishes 心愿, as a community collects them on paper.
var wishes = Kind{
	Name: "wishes",
	Columns: []sheet.Column{
		{Name: "title", Synonyms: []string{"心愿", "title"}, Required: true},
		{Name: "body", Synonyms: []string{"说明", "body"}, Required: true},
		{Name: "category", Synonyms: []string{"类别", "category"}, Required: true},
		{Name: "place", Synonyms: []string{"地点代码", "place"}, Required: true},
		{Name: "total", Synonyms: []string{"数量", "total"}},
		{Name: "unit", Synonyms: []string{"单位", "unit"}},
		{Name: "state", Synonyms: []string{"状态", "state"}},
		{Name: "created_at", Synonyms: []string{"提交时间", "created_at"}},
	},
	Example: []any{"窗户擦一次", "周末上午都方便", "家政清洁", "320105004004", "", "", "", ""},
	Undo:    "withdraw",
	take:    takeWishes, give: giveWishes,
}

// wishesMost bounds a table of wishes, which is written in one go.
const wishesMost = 1000

type wishBatch struct {
	s      *Service
	wishes []*wish.Wish
	lines  []int
}

func (b wishBatch) Size() int { return len(b.wishes) }

func (b wishBatch) Write(ctx context.Context, r Receipt, tell func(done, all int)) error {
	by := actor.From(ctx)
	err := b.s.Journal.DB.Write(ctx, func(tx *db.Tx) error {
		if err := insertReceipt(ctx, tx, r); err != nil {
			return err
		}
		for i, w := range b.wishes {
			v := *w
			v.Author = r.By
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			c := &flow.Change{Actor: by, At: now}
			c.Code("category", v.Category)
			v.TierAt = now
			if err := b.s.Wishes.Machine.Born(ctx, tx, &v, wish.Open, c); err != nil {
				return err
			}
			if err := keepMatter(ctx, tx, r.ID, b.lines[i], v.ID); err != nil {
				return err
			}
		}
		return nil
	})
	tell(len(b.wishes), len(b.wishes))
	return err
}

func takeWishes(_ context.Context, s *Service, in Incoming) (Batch, error) {
	b := wishBatch{s: s}
	for i, row := range in.rows {
		w := &wish.Wish{Title: in.get(row, "title"), Body: in.get(row, "body"), Category: in.get(row, "category"), Visibility: wish.Public, Rank: wish.AtCommunity, Tier: 1}
		raw := map[string]any{"title": w.Title, "body": w.Body, "category": w.Category, "place": in.place(s, row, "place", 6)}
		if n := in.get(row, "total"); n != "" {
			raw["quantity"] = map[string]any{"total": n, "unit": in.get(row, "unit")}
		}
		fields, err := flow.Decode(wish.CreateFields, raw)
		for _, f := range fieldsOf(err) {
			in.fault(row, columnOf(f.Name), f.Key, pairs(f.Args)...)
		}
		if q := fields.Object("quantity"); q != nil {
			w.Total, _ = q.Int("total")
			w.Unit, w.Tier = q.Text("unit"), 2
		}
		var money fault.Fields
		wish.MoneyFaults(&money, map[string]string{"title": w.Title, "body": w.Body})
		for _, f := range fieldsOf(money.Err()) {
			in.fault(row, f.Name, f.Key, pairs(f.Args)...)
		}
		if i == wishesMost {
			in.fault(row, "title", "transfer.too_many", "max", wishesMost)
		}
		w.Locate(raw["place"].(string))
		b.wishes, b.lines = append(b.wishes, w), append(b.lines, row.Number)
	}
	return b, nil
}

func giveWishes(ctx context.Context, s *Service, w *sheet.Writer, out Outgoing) (int, error) {
	n := 0
	for ask, view := (page.Ask{Limit: 100}), (matter.View{Now: s.Journal.DB.Clock().Now().UnixMilli(), Brief: true}); ; {
		list, err := s.Wishes.Kind.List(ctx, s.Journal.DB, view, flow.Input{"place": out.Place}, ask) // as anybody sees them
		if err != nil {
			return 0, err
		}
		cut := page.Cut(list, ask, func(v *wish.Wish) string { return v.ID })
		for _, v := range cut.Items {
			var total any
			if v.Total > 0 {
				total = v.Total
			}
			if err := w.Write(v.Title, v.Body, v.Category, v.Place, total, v.Unit, string(v.State), time.UnixMilli(v.CreatedAt).In(clock.China)); err != nil {
				return 0, err
			}
			ask.After = v.ID
			n++
		}
		if cut.Next == nil {
			return n, nil
		}
	}
}

// fieldsOf lists what fields a fault names.
func fieldsOf(err error) []fault.Field {
	if err == nil {
		return nil
	}
	return fault.Of(err).Fields
}

// columnOf is the column that a field of the API stands in.
func columnOf(field string) string {
	_, last, nested := strings.Cut(field, ".")
	if nested {
		return last
	}
	if field == "quantity" {
		return "total"
	}
	return field
}

func pairs(args fault.Args) []any {
	var out []any
	for k, v := range args {
		out = append(out, k, v)
	}
	return out
}
