package wish

import (
	"context"
	"slices"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// Whys a wish waits for staff.
const (
	WaitsReview   = "review"   // 待审核
	WaitsDispute  = "dispute"  // 不认可
	WaitsPrivate  = "private"  // a private wish without a helper
	WaitsStreet   = "street"   // 街道兜底: nobody else has taken it
	WaitsCallback = "callback" // delivered to somebody who has no account: confirm by phone
)

var whys = []string{WaitsReview, WaitsDispute, WaitsPrivate, WaitsStreet, WaitsCallback}

// soon is how long before its day a wish counts as 快到期.
const soon = day

// Task is a wish that waits for staff, and why.
type Task struct {
	Wish *Wish
	Why  string
}

// Waiting is what the workbench of one member of staff shows of wishes. A wish
// counts as Late when its day has passed or its review has missed a deadline.
type Waiting struct {
	Sign     int // 待签收: to review, settle or find a helper for
	Soon     int // 快到期: within a day
	Late     int // 已超期
	CallBack int // 待回访
	Items    []Task
}

// Waiting lists what an actor's own level has to act on, soonest due first, at
// most 500; nothing for who is not staff. now is UTC ms.
func (s *Service) Waiting(ctx context.Context, a actor.Actor, now int64) (Waiting, error) {
	var out Waiting
	ws, err := waiting(ctx, s.Journal.DB, a)
	if err != nil {
		return out, err
	}
	for _, w := range ws {
		t := Task{w, why(w)}
		if t.Why == WaitsCallback {
			out.CallBack++
		} else {
			out.Sign++
		}
		switch at := w.DueDay(); {
		case w.Late(now):
			out.Late++
		case at != 0 && at-now <= soon:
			out.Soon++
		}
		out.Items = append(out.Items, t)
	}
	return out, nil
}

func why(w *Wish) string {
	switch {
	case w.State == Review:
		return WaitsReview
	case w.State == Disputed:
		return WaitsDispute
	case w.State == Delivered:
		return WaitsCallback
	case w.Visibility == Private:
		return WaitsPrivate
	}
	return WaitsStreet
}

// DueDay is the day that counts for a wish: the one it is wanted by, while it
// is open, else when time moves it.
func (w *Wish) DueDay() int64 {
	if w.State == Open && w.WantedBy != 0 {
		return w.WantedBy
	}
	return w.DueAt
}

// Late: the day has passed, or the level below let the review's deadline pass.
func (w *Wish) Late(now int64) bool {
	at := w.DueDay()
	return at != 0 && at <= now || w.State == Review && w.Rank != AtCommunity && w.Community != ""
}

var staffQuery = []flow.Field{{Name: "why", Kind: flow.Enum, Values: whys}}

// staffPage lists what waits; who is no staff finds nothing here.
func (s *Service) staffPage(c *web.Call) (any, error) {
	if !c.Actor.Holds(actor.Staff) {
		return nil, fault.Absent()
	}
	in, err := c.Query()
	if err != nil {
		in = flow.Input{} // an address typed by hand shows all
	}
	p := s.Page(c, c.T("wish.staff"), "matters")
	p.NoIndex = true
	all, err := s.Waiting(c.Context(), c.Actor, c.Now())
	if err != nil {
		return nil, err
	}
	chosen := in.Text("why")
	tabs := []ui.Tab{{Label: p.T("wish.all"), URL: "/staff/wishes", Count: len(all.Items), Here: chosen == ""}}
	n := map[string]int{}
	for _, t := range all.Items {
		n[t.Why]++
	}
	for _, y := range whys {
		tabs = append(tabs, ui.Tab{Label: p.T("wish.why." + y), URL: "/staff/wishes?why=" + y, Count: n[y], Here: chosen == y})
	}
	stats := []ui.Stat{
		{Label: p.T("wish.sign"), Value: text.Number(int64(all.Sign)), Tone: ui.Wait},
		{Label: p.T("wish.soon"), Value: text.Number(int64(all.Soon)), Tone: ui.Warn},
		{Label: p.T("wish.late"), Value: text.Number(int64(all.Late)), Tone: ui.Bad},
		{Label: p.T("wish.callback"), Value: text.Number(int64(all.CallBack)), Tone: ui.Busy},
	}
	t := ui.Table{Caption: p.T("wish.staff"), Hidden: true, Columns: []ui.Column{
		{Label: p.T("wish.field.title")}, {Label: p.T("wish.fact.why")}, {Label: p.T("wish.fact.place"), Short: true}, {Label: p.T("wish.fact.category")}, {Label: p.T("wish.fact.due")},
	}}
	shown := slices.DeleteFunc(all.Items, func(t Task) bool { return chosen != "" && t.Why != chosen })
	for _, k := range shown {
		w := k.Wish
		t.Rows = append(t.Rows, ui.Row{ID: w.ID, Cells: []ui.Cell{
			{Text: w.Title, URL: "/wishes/" + w.ID}, {Text: p.T("wish.why." + k.Why)}, {Text: s.Places.Name(w.Place)},
			{Text: p.T("wish.category." + w.Category)}, {Body: ui.StateTag(lamp(p, w, matter.ViewOf(c).Now))},
		}})
	}
	return s.staffScreen(p, stats, tabs, t), nil
}

// lamp says how urgent a wish is; one that has risen is late whatever its day.
func lamp(p ui.Page, w *Wish, now int64) ui.Tag {
	if at := w.DueDay(); at > now && w.Late(now) {
		return ui.Tag{State: "late", Label: p.T("wish.risen"), Tone: ui.Bad}
	}
	return ui.Lamp(p, w.DueDay(), now, soon, p.T("wish.no_day"))
}
