// Package workbench is the desk of staff (工作台): what waits for them across all
// kinds with its four numbers, the list of wishes with views they keep and
// moves for many at once, and the poster of a place. What may be done is what
// each kind's own lifecycle allows.
package workbench

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/activity"
	"linli/internal/feature/award"
	"linli/internal/feature/ballot"
	"linli/internal/feature/place"
	"linli/internal/feature/project"
	"linli/internal/feature/wish"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// Service is the workbench.
type Service struct {
	Journal    *journal.Journal
	Places     *place.Service
	Wishes     *wish.Service
	Projects   *project.Service
	Polls      *ballot.Service
	Activities *activity.Service
	Awards     *award.Service
	Page       ui.Shell

	desks []Desk
}

// DeskOf is the workbench of an actor, a ui.Desk… constant; "" for who has none.
func DeskOf(a actor.Actor) string {
	for _, d := range [][2]string{{actor.Staff, ui.DeskStaff}, {actor.GridWorker, ui.DeskGrid}, {actor.Admin, ui.DeskAdmin}, {actor.Auditor, ui.DeskAuditor}} {
		if a.Holds(d[0]) {
			return d[1]
		}
	}
	return ""
}

// Task is something that waits for a member of staff.
type Task struct {
	Title    string
	URL      string
	Place    string
	Next     string // text key of what is to be done
	Due      int64  // UTC ms, 0 for no day
	Risen    bool   // late whatever its day: the level below let it pass
	CallBack bool   // a person is to be called back
	Count    int    // when one row stands for several, 0 for one
}

// Waits is what waits for one member of staff in one feature, counted.
type Waits struct {
	Sign, Soon, Late, CallBack int
	URL                        string
}

// Desk is a feature's part of the workbench. Name is a text key, URL its own
// list. A feature whose work has lists of its own gives numbers only.
type Desk struct {
	Name  string
	URL   string
	Tasks func(ctx context.Context, a actor.Actor, now int64) ([]Task, error)
	Waits func(ctx context.Context, a actor.Actor, now int64) (Waits, error)
}

// On adds a feature to the four numbers.
func (s *Service) On(d Desk) { s.desks = append(s.desks, d) }

// taskSoon is how long before its day a task counts as 快到期.
const taskSoon = int64(24 * 3600 * 1000)

// The four numbers of the workbench.
const (
	deskSign     = "sign"     // 待签收
	deskSoon     = "soon"     // 快到期
	deskLate     = "late"     // 已超期
	deskCallBack = "callback" // 待回访
)

var deskNumbers = []string{deskSign, deskSoon, deskLate, deskCallBack}

// of reports whether a task belongs to one of the four numbers. What is late
// or due soon also waits to be taken on, or for a call.
func (t Task) of(number string, now int64) bool {
	late := t.Risen || t.Due != 0 && t.Due <= now
	switch number {
	case deskSign:
		return !t.CallBack
	case deskCallBack:
		return t.CallBack
	case deskLate:
		return late
	case deskSoon:
		return !late && t.Due != 0 && t.Due-now <= taskSoon
	}
	return true
}

func count(ts []Task, number string, now int64) int {
	n := 0
	for _, t := range ts {
		if t.of(number, now) {
			n += max(t.Count, 1)
		}
	}
	return n
}

// tasks are those of a desk; of one that gives numbers only, a row a number.
func (d Desk) tasks(c *web.Call) ([]Task, error) {
	if d.Tasks != nil {
		return d.Tasks(c.Context(), c.Actor, c.Now())
	}
	w, err := d.Waits(c.Context(), c.Actor, c.Now())
	if err != nil {
		return nil, err
	}
	var out []Task
	add := func(n int, t Task) {
		if n > 0 {
			t.Title, t.URL, t.Count = c.T("desk.several", "what", c.T(d.Name), "n", n), w.URL, n
			out = append(out, t)
		}
	}
	add(w.Sign, Task{Next: "desk.sign"})
	add(w.Soon, Task{Next: "desk.soon", Due: c.Now() + taskSoon})
	add(w.Late, Task{Next: "desk.late", Risen: true})
	add(w.CallBack, Task{Next: "desk.callback", CallBack: true})
	return out, nil
}

// taskMost bounds what one desk reads of each state.
const taskMost = 100

// tasksOf lists matters of a kind in which the next word is the actor's: one
// of the moves is open to them, and it is not one that staff of a level below
// could make as well, for whom it then waits.
func tasksOf[T flow.Matter](s *Service, k *matter.Kind[T], title func(T) string, states []flow.State, moves ...string) func(context.Context, actor.Actor, int64) ([]Task, error) {
	return func(ctx context.Context, a actor.Actor, now int64) ([]Task, error) {
		at, err := staffPlace(a)
		if err != nil {
			return nil, nil
		}
		life := k.Machine.Life
		var out []Task
		for _, state := range states {
			list, err := k.List(ctx, s.Journal.DB, matter.View{Actor: a, Now: now, Brief: true}, flow.Input{"place": at, "state": string(state)}, page.Ask{Limit: taskMost})
			if err != nil {
				return nil, err
			}
			for _, m := range list[:min(len(list), taskMost)] {
				m, err = k.Machine.Read(ctx, s.Journal.DB, a, m.Header().ID, now)
				if fault.Is(err, fault.NotFound) {
					continue
				}
				if err != nil {
					return nil, err
				}
				head := m.Header()
				below := actor.Actor{ID: "below", Level: actor.V3, Roles: []actor.Role{{Name: actor.Staff, Place: head.Scope()}}}
				i := slices.IndexFunc(moves, func(do string) bool {
					if _, err := life.May(m, a, do, now); err != nil {
						return false
					}
					_, err := life.May(m, below, do, now)
					return err != nil || len(head.Scope()) <= len(at)
				})
				if i >= 0 {
					out = append(out, Task{Title: title(m), URL: "/" + k.Plural + "/" + head.ID, Place: head.Place, Next: life.Name + ".do." + moves[i], Due: head.DueAt})
				}
			}
		}
		return out, nil
	}
}

// Matters puts the kinds with a lifecycle on the workbench.
func (s *Service) Matters() {
	s.On(Desk{Name: "nav.projects", URL: "/staff/projects", Tasks: tasksOf(s, s.Projects.Kind, func(p *project.Project) string { return p.Title },
		[]flow.State{project.Proposed, project.Screened, project.Council, project.Summarised, project.Panel, project.Selected, project.Building, project.Accepted},
		"countersign", "screen", "discuss", "summarise", "poll", "panel", "decide", "plan", "milestone")})
	s.On(Desk{Name: "poll.kind", URL: "/polls", Tasks: s.pollTasks})
	s.On(Desk{Name: "nav.activities", URL: "/staff/activities", Tasks: tasksOf(s, s.Activities.Kind, func(m *activity.Activity) string { return m.Title },
		[]flow.State{activity.Draft, activity.Finished}, "publish", "confirm_hours")})
	s.On(Desk{Name: "award.kind", URL: "/awards", Tasks: tasksOf(s, s.Awards.Kind, func(w *award.Award) string { return w.Title },
		[]flow.State{award.Review, award.Notice}, "review", "publish", "confirm")})
}

// pollTasks are polls to be opened, and papers that wait for a second person.
func (s *Service) pollTasks(ctx context.Context, a actor.Actor, now int64) ([]Task, error) {
	question := func(p *ballot.Poll) string { return p.Question }
	out, err := tasksOf(s, s.Polls.Kind, question, []flow.State{ballot.Draft}, "open")(ctx, a, now)
	if err != nil {
		return nil, err
	}
	open, err := tasksOf(s, s.Polls.Kind, question, []flow.State{ballot.Open}, "close")(ctx, a, now)
	if err != nil {
		return nil, err
	}
	for _, t := range open {
		papers, err := s.Polls.PapersWaiting(ctx, t.URL[len("/polls/"):])
		if err != nil {
			return nil, err
		}
		if len(papers) > 0 {
			t.URL, t.Next, t.Count = t.URL+"/paper", "desk.papers", len(papers)
			out = append(out, t)
		}
	}
	return out, nil
}

// staffPage is the workbench's home: four numbers over all features, each a
// link, then each feature by itself.
func (s *Service) staffPage(c *web.Call) (any, error) {
	if DeskOf(c.Actor) == "" {
		return nil, fault.Absent()
	}
	p := s.Page(c, c.T("desk.title"), ui.Staff)
	p.Section, p.NoIndex = "todo", true
	t := ui.Table{Caption: c.T("desk.by_kind"), Columns: []ui.Column{{Label: c.T("desk.kind")}}}
	for _, number := range deskNumbers {
		t.Columns = append(t.Columns, ui.Column{Label: c.T("desk." + number), Number: true})
	}
	sums := map[string]int{}
	for _, d := range s.desks {
		ts, err := d.tasks(c)
		if err != nil {
			return nil, err
		}
		cells := []ui.Cell{{Text: c.T(d.Name), URL: "/staff/todo?" + url.Values{"kind": {d.Name}}.Encode()}}
		for _, number := range deskNumbers {
			n := count(ts, number, c.Now())
			sums[number] += n
			cell := ui.Cell{Text: text.Number(int64(n)), Idle: n == 0}
			if n > 0 {
				cell.URL = "/staff/todo?" + url.Values{"kind": {d.Name}, "why": {number}}.Encode()
			}
			cells = append(cells, cell)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: cells})
	}
	return ui.Bench(p, ui.Heading(c.T("desk.hello", "name", p.Me.Name), c.T("desk.lead")), ui.StatRow(p, deskStats(c, sums, "")), ui.DataTable(p, t)), nil
}

// deskStats are the four numbers, each the way to what it counts.
func deskStats(c *web.Call, sums map[string]int, kind string) []ui.Stat {
	tones := map[string]ui.Tone{deskSign: ui.Wait, deskSoon: ui.Warn, deskLate: ui.Bad, deskCallBack: ui.Busy}
	var out []ui.Stat
	for _, number := range deskNumbers {
		q := url.Values{"why": {number}}
		if kind != "" {
			q.Set("kind", kind)
		}
		s := ui.Stat{Label: c.T("desk." + number), Value: text.Number(int64(sums[number])), Tone: tones[number], URL: "/staff/todo?" + q.Encode()}
		if sums[number] == 0 {
			s.Tone = ui.Plain
		}
		out = append(out, s)
	}
	return out
}

var todoFields = []flow.Field{{Name: "why", Kind: flow.Enum, Values: deskNumbers}, {Name: "kind", Kind: flow.Text, Max: 40}}

// todoPage lists what waits across all kinds, soonest due first: all of it, or
// what one of the four numbers counts.
func (s *Service) todoPage(c *web.Call) (any, error) {
	if DeskOf(c.Actor) == "" {
		return nil, fault.Absent()
	}
	in, err := c.Query()
	if err != nil {
		in = flow.Input{} // an address typed by hand shows all
	}
	why, kind := in.Text("why"), in.Text("kind")
	type row struct {
		Task
		desk Desk
	}
	var rows []row
	sums := map[string]int{}
	var own templ.Component = ui.Nothing
	p := s.Page(c, c.T("desk.todo"), ui.Staff)
	p.Section, p.NoIndex = "todo", true
	tabs := []ui.Tab{{Label: c.T("desk.all"), URL: "/staff/todo?" + url.Values{"why": {why}}.Encode(), Here: kind == ""}}
	for _, d := range s.desks {
		ts, err := d.tasks(c)
		if err != nil {
			return nil, err
		}
		if n := count(ts, why, c.Now()); n > 0 || kind == d.Name {
			tabs = append(tabs, ui.Tab{Label: c.T(d.Name), URL: "/staff/todo?" + url.Values{"kind": {d.Name}, "why": {why}}.Encode(), Count: n, Here: kind == d.Name})
		}
		if kind != "" && kind != d.Name {
			continue
		}
		if kind == d.Name && d.URL != "" {
			own = ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("desk.own_list", "kind", c.T(d.Name)), URL: d.URL}, true))
		}
		for _, number := range deskNumbers {
			sums[number] += count(ts, number, c.Now())
		}
		for _, t := range ts {
			if t.of(why, c.Now()) {
				rows = append(rows, row{t, d})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(rank(a.Task), rank(b.Task)), cmp.Compare(a.Due, b.Due))
	})
	title := c.T("desk.todo")
	if why != "" {
		title = c.T("desk." + why)
	}
	parts := []templ.Component{ui.Heading(title, c.T("desk.todo_lead")), ui.StatRow(p, deskStats(c, sums, kind)), ui.Tabs(p, c.T("desk.kind"), tabs)}
	p.Back = ui.Link{Label: c.T("desk.title"), URL: "/staff"}
	if len(rows) == 0 {
		return ui.Bench(p, append(parts, ui.EmptyState(p, ui.Empty{Title: c.T("desk.nothing"), Reason: c.T("desk.nothing_why"), Next: p.Back}), own)...), nil
	}
	t := ui.Table{Caption: title, Hidden: true, Columns: []ui.Column{
		{Label: c.T("workbench.title")}, {Label: c.T("workbench.category")}, {Label: c.T("desk.next")}, {Label: c.T("workbench.place"), Short: true}, {Label: c.T("workbench.due")},
	}}
	for _, r := range rows {
		lamp := ui.Lamp(p, r.Due, c.Now(), taskSoon, c.T("desk.no_day"))
		if r.Risen && !(r.Due != 0 && r.Due <= c.Now()) {
			lamp = ui.Tag{State: "late", Label: c.T("desk.late"), Tone: ui.Bad}
		}
		where := "—"
		if r.Place != "" {
			where = s.Places.Name(r.Place)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: r.Title, URL: r.URL}, {Text: c.T(r.desk.Name)}, {Text: c.T(r.Next)}, {Text: where}, {Body: ui.StateTag(lamp)}}})
	}
	return ui.Bench(p, append(parts, ui.DataTable(p, t), own)...), nil
}

// rank puts what is late by rising first and what has no day last.
func rank(t Task) int {
	switch {
	case t.Risen:
		return 0
	case t.Due != 0:
		return 1
	}
	return 2
}
