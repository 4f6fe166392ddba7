package project

import (
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/page"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	words "linli/internal/ui/text"
)

// staffView is the projects that wait for staff.
type staffView struct {
	ui.Page
	Table ui.Table
}

// waits are the states in which staff has the next word.
var waits = []string{string(Proposed), string(Study), string(Screened), string(Council), string(Summarised), string(Notice), string(Panel), string(Selected), string(Building), string(Acceptance)}

// Waiting lists projects in which the actor's staff has the next word, newest first.
func (s *Service) Waiting(c *web.Call, limit int) ([]*Project, error) {
	var place string
	for _, r := range c.Actor.Roles {
		if r.Name == actor.Staff && (place == "" || len(r.Place) < len(place)) {
			place = r.Place
		}
	}
	if place == "" {
		return nil, nil
	}
	return list(c.Context(), s.Journal.DB, c.Actor, Filter{Place: place, States: waits}, page.Ask{Limit: limit}, c.Now())
}

func (s *Service) staffPage(c *web.Call) (any, error) {
	if !c.Actor.Holds(actor.Staff) {
		return nil, fault.New(fault.Denied, "project.reason.staff_only")
	}
	p := s.Page(c, c.T("project.staff_list"), "projects")
	ps, err := s.Waiting(c, 100)
	if err != nil {
		return nil, err
	}
	t := ui.Table{Caption: c.T("project.staff_list"), Hidden: true, Columns: []ui.Column{{Label: c.T("project.field.title")}, {Label: c.T("project.stage")}, {Label: c.T("project.field.place"), Short: true}, {Label: c.T("project.field.cost"), Number: true}, {Label: c.T("project.due")}}}
	for _, o := range ps {
		due := ui.Cell{}
		row := ui.Row{}
		if o.DueAt > 0 {
			due.Text = words.Left(p.Lang, matter.Time(o.DueAt), p.Now)
			if o.DueAt < c.Now()+3*24*3600*1000 {
				row.Tone = ui.Warn
			}
		}
		row.Cells = []ui.Cell{{Text: o.Title, URL: "/projects/" + o.ID}, {Text: c.T("project.state." + string(o.State))}, {Text: s.Places.Name(o.Scope())}, {Text: words.Money(o.Cost)}, due}
		t.Rows = append(t.Rows, row)
	}
	return staffPage(staffView{p, t}), nil
}
