package transfer

import (
	"context"
	"errors"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/activity"
	"linli/internal/feature/award"
	"linli/internal/feature/ballot"
	"linli/internal/feature/post"
	"linli/internal/feature/project"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/sheet"
)

// mattersMost bounds a table of matters, which is written in one go.
const mattersMost = 1000

// activities are 微行动 as a community plans them for a season; they come in as drafts.
var activities = Kind{
	Name: "activities",
	Columns: []sheet.Column{
		{Name: "title", Synonyms: []string{"活动", "title"}, Required: true},
		{Name: "kind", Synonyms: []string{"类别", "kind"}, Required: true},
		{Name: "place", Synonyms: []string{"地点代码", "place"}, Required: true},
		{Name: "starts", Synonyms: []string{"开始", "starts"}, Required: true},
		{Name: "ends", Synonyms: []string{"结束", "ends"}, Required: true},
		{Name: "capacity", Synonyms: []string{"名额", "capacity"}, Required: true},
		{Name: "body", Synonyms: []string{"说明", "body"}},
		{Name: "location_note", Synonyms: []string{"集合地点", "location_note"}},
		{Name: "minimum_age", Synonyms: []string{"最小年龄", "minimum_age"}},
		{Name: "state", Synonyms: []string{"状态", "state"}},
	},
	Example: []any{"周六义诊", "医疗健康", "320105004004", "2030-05-11 09:00", "2030-05-11 11:30", 30, "量血压、测血糖，带上医保卡", "社区一楼大厅", "", ""},
	Undo:    "cancel",
	take: func(ctx context.Context, s *Service, in Incoming) (Batch, error) {
		return in.matters(ctx, s, func(ctx context.Context, tx *db.Tx, a actor.Actor, raw map[string]any) (string, error) {
			m, err := s.Activities.Enter(ctx, tx, a, func() (map[string]any, error) { return raw, nil })
			if err != nil {
				return "", err
			}
			return m.ID, nil
		}, map[string]string{"starts": moment, "ends": moment})
	},
	give: func(ctx context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
		return list(ctx, s, s.Activities.Kind, w, ask, func(m *activity.Activity) []any {
			return []any{m.Title, m.Kind, m.Place, m.Starts, m.Ends, m.Capacity, m.Body, m.LocationNote, positive(m.MinimumAge), string(m.State)}
		}, "starts", "ends")
	},
}

// posts come in as drafts of the channel; publishing stays with its editors and the gate.
var posts = Kind{
	Name: "posts",
	Columns: []sheet.Column{
		{Name: "title", Synonyms: []string{"标题", "title"}, Required: true},
		{Name: "body", Synonyms: []string{"正文", "body"}, Required: true},
		{Name: "channel", Synonyms: []string{"栏目", "channel"}, Required: true},
		{Name: "place", Synonyms: []string{"地点代码", "place"}, Required: true},
		{Name: "topic", Synonyms: []string{"主题", "topic"}},
		{Name: "publish_at", Synonyms: []string{"发布时间", "publish_at"}},
		{Name: "state", Synonyms: []string{"状态", "state"}},
	},
	Example: []any{"周六清洁日", "上午八点在南门集合，工具由社区准备。", "community", "320105004004", "volunteering", "", ""},
	take: func(ctx context.Context, s *Service, in Incoming) (Batch, error) {
		return in.matters(ctx, s, s.Posts.Enter, map[string]string{"publish_at": moment})
	},
	give: func(ctx context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
		return list(ctx, s, s.Posts.Kind, w, ask, func(p *post.Post) []any {
			return []any{p.Title, p.Body, p.Channel, p.Place, p.Topic, p.PublishedAt, string(p.State)}
		}, "publish_at")
	},
}

// What only goes out: their lives begin with a person's word, not with a table.
var (
	projects = Kind{
		Name:    "projects",
		Columns: columns("title 项目", "place 地点代码", "state 状态", "cost 预算（元）", "created_at 提出时间"),
		give: func(ctx context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
			return list(ctx, s, s.Projects.Kind, w, ask, func(p *project.Project) []any {
				return []any{p.Title, p.Place, string(p.State), yuan(p.Cost), p.CreatedAt}
			}, "created_at")
		},
	}
	polls = Kind{
		Name:    "polls",
		Columns: columns("question 投票", "place 地点代码", "rule 计票规则", "state 状态", "opens 开始", "closes 截止", "roll 名册人数", "voters 投票人数"),
		give: func(ctx context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
			return list(ctx, s, s.Polls.Kind, w, ask, func(p *ballot.Poll) []any {
				voters := any("")
				if p.Counted {
					voters = p.Voters
				}
				return []any{p.Question, p.Place, string(p.Rule), string(p.State), p.Opens, p.Closes, p.RollSize, voters}
			}, "opens", "closes")
		},
	}
	awards = Kind{
		Name:    "awards",
		Columns: columns("title 评选", "place 地点代码", "state 状态", "opens 开始", "closes 截止"),
		give: func(ctx context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
			return list(ctx, s, s.Awards.Kind, w, ask, func(a *award.Award) []any {
				return []any{a.Title, a.Place, string(a.State), a.Opens, a.Closes}
			}, "opens", "closes")
		},
	}
)

// columns are "name heading" pairs.
func columns(pairs ...string) (out []sheet.Column) {
	for _, p := range pairs {
		name, heading, _ := strings.Cut(p, " ")
		out = append(out, sheet.Column{Name: name, Synonyms: []string{heading, name}})
	}
	return out
}

// moment marks a column whose cells are a day and an hour in China.
const moment = "moment"

// positive leaves a number that says nothing out.
func positive(n int64) any {
	if n <= 0 {
		return ""
	}
	return n
}

func yuan(fen int64) any {
	if fen <= 0 {
		return ""
	}
	return float64(fen) / 100 // a cell of a spreadsheet, not an amount to reckon with
}

// list writes what anybody may see of a kind, newest first. The columns named
// are moments in UTC ms.
func list[T flow.Matter](ctx context.Context, s *Service, k *matter.Kind[T], w *sheet.Writer, out Outgoing, row func(T) []any, moments ...string) (int, error) {
	n := 0
	at := map[int]bool{}
	for i, c := range out.kind.Columns {
		for _, m := range moments {
			at[i] = at[i] || c.Name == m
		}
	}
	view := matter.View{Now: s.Journal.DB.Clock().Now().UnixMilli(), Brief: true}
	for ask := (page.Ask{Limit: page.Most}); ; {
		found, err := k.List(ctx, s.Journal.DB, view, flow.Input{"place": out.Place}, ask)
		if err != nil {
			return 0, err
		}
		cut := page.Cut(found, ask, func(v T) string { return v.Header().ID })
		for _, v := range cut.Items {
			cells := row(v)
			for i := range cells {
				if ms, ok := cells[i].(int64); ok && at[i] {
					cells[i] = any("")
					if ms > 0 {
						cells[i] = time.UnixMilli(ms).In(clock.China)
					}
				}
			}
			if err := w.Write(cells...); err != nil {
				return 0, err
			}
			ask.After = v.Header().ID
			n++
		}
		if cut.Next == nil {
			return n, nil
		}
	}
}

// enter makes one matter of a row, by its feature's own rules.
type enter func(ctx context.Context, tx *db.Tx, a actor.Actor, raw map[string]any) (string, error)

// row is a line of a table as the fields of a create.
type row struct {
	line sheet.Row
	raw  map[string]any
}

type matterBatch struct {
	s     *Service
	by    actor.Actor
	enter enter
	rows  []row
}

func (b matterBatch) Size() int { return len(b.rows) }

// errTried ends a trial: nothing of it is kept.
var errTried = errors.New("transfer: tried")

// matters checks rows by making the matters and taking all of it back. as says
// of a column that it is a moment.
func (in *Incoming) matters(ctx context.Context, s *Service, make enter, as map[string]string) (Batch, error) {
	b := matterBatch{s: s, by: actor.From(ctx), enter: make}
	for i, line := range in.rows {
		r := row{line, map[string]any{}}
		for _, c := range in.kind.Columns {
			v := in.get(line, c.Name)
			switch {
			case v == "" || c.Name == "state":
			case c.Name == "place":
				r.raw["place"] = in.place(s, line, "place", 6)
			case as[c.Name] == moment:
				if at, ok := in.head.Time(line, c.Name, clock.China); ok {
					r.raw[c.Name] = at.UTC().Format(time.RFC3339)
				} else {
					in.fault(line, c.Name, "transfer.bad_moment", "value", v)
				}
			default:
				r.raw[c.Name] = v
			}
		}
		if i == mattersMost {
			in.fault(line, in.kind.Columns[0].Name, "transfer.too_many", "max", mattersMost)
		}
		b.rows = append(b.rows, r)
	}
	if len(in.faults.all) > 0 && len(b.rows) > mattersMost {
		return b, nil
	}
	before := len(in.faults.all)
	err := s.Journal.DB.Write(ctx, func(tx *db.Tx) error {
		in.faults.all = in.faults.all[:before]
		for _, r := range b.rows {
			_, err := make(ctx, tx, b.by, r.raw)
			fields := fieldsOf(err)
			switch {
			case err == nil:
			case fault.Is(err, fault.Invalid) && len(fields) > 0:
				for _, f := range fields {
					if !in.faulty(r.line, columnOf(f.Name)) {
						in.fault(r.line, columnOf(f.Name), f.Key, pairs(f.Args)...)
					}
				}
			case fault.Is(err, fault.Denied), fault.Is(err, fault.Conflict), fault.Is(err, fault.Invalid), fault.Is(err, fault.NotFound):
				f := fault.Of(err)
				in.fault(r.line, in.kind.Columns[0].Name, f.Key, pairs(f.Args)...)
			default:
				return err
			}
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return nil, err
	}
	return b, nil
}

// faulty tells whether a cell is named already.
func (in *Incoming) faulty(line sheet.Row, column string) bool {
	want := in.head.Fault(line, column, "")
	for _, f := range in.faults.all {
		if f.Row == want.Row && f.Title == want.Title && f.Column == want.Column {
			return true
		}
	}
	return false
}

func (b matterBatch) Write(ctx context.Context, r Receipt, tell func(done, all int)) error {
	err := b.s.Journal.DB.Write(ctx, func(tx *db.Tx) error {
		if err := insertReceipt(ctx, tx, r); err != nil {
			return err
		}
		for i, row := range b.rows {
			subject, err := b.enter(ctx, tx, b.by, row.raw)
			if err != nil {
				return err
			}
			if err := keepMatter(ctx, tx, r.ID, row.line.Number, subject); err != nil {
				return err
			}
			if (i+1)%100 == 0 {
				tell(i+1, len(b.rows))
			}
		}
		return nil
	})
	if err == nil {
		tell(len(b.rows), len(b.rows))
	}
	return err
}

// undoMatters takes matters back by a move of their own, all or none: none of
// them may have gone on meanwhile.
func (s *Service) undoMatters(ctx context.Context, tx *db.Tx, r Receipt, kind Kind) (int, error) {
	subjects, err := mattersOf(ctx, tx, r.ID)
	if err != nil {
		return 0, err
	}
	by, _, err := s.Members.Actor(ctx, r.By)
	if err != nil {
		return 0, err
	}
	moved := 0
	for _, subject := range subjects {
		version, err := versionOf(ctx, tx, subject)
		if err != nil {
			return 0, err
		}
		if version != 1 {
			moved++
		}
	}
	if moved > 0 {
		return 0, fault.New(fault.Conflict, "transfer.moved", "n", moved)
	}
	raw := map[string]any{}
	if kind.Name == activities.Name {
		raw["reason"] = undoReason
	}
	for _, subject := range subjects {
		ask := journal.Request{ID: subject, Do: kind.Undo, Read: journal.Reading(raw)}
		if kind.Name == activities.Name {
			_, err = s.Activities.Machine.Step(ctx, tx, by, ask)
		} else {
			_, err = s.Wishes.Machine.Step(ctx, tx, by, ask)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(subjects), nil
}

// undoReason stands in the story of an activity that was taken back.
const undoReason = "整批导入撤回"
