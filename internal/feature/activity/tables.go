package activity

import (
	"strconv"
	"strings"

	"linli/internal/core/clock"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// facts are what a person needs to know before coming.
func facts(p ui.Page, j JSON) []ui.Fact {
	where := j.PlaceName
	if j.LocationNote != "" {
		where += " " + j.LocationNote
	}
	out := []ui.Fact{{Label: p.T("activity.when"), Value: when(p, j)}, {Label: p.T("activity.where"), Value: where}}
	add := func(key, value string) {
		if value != "" {
			out = append(out, ui.Fact{Label: p.T(key), Value: value})
		}
	}
	add("activity.field.audience", audience(p, j))
	add("activity.field.skills", j.Skills)
	add("activity.field.insurance", j.Insurance)
	add("activity.field.bring", j.Bring)
	add("activity.by", j.Author)
	return out
}

func audience(p ui.Page, j JSON) string {
	var parts []string
	switch j.Audience {
	case "":
	case Residents, Volunteers, Members:
		parts = append(parts, p.T("activity.audience."+j.Audience))
	default:
		parts = append(parts, j.Audience)
	}
	if j.MinimumAge > 0 {
		parts = append(parts, p.T("activity.from_age", "n", j.MinimumAge))
	}
	return strings.Join(parts, " · ")
}

func shiftTable(p ui.Page, j JSON) ui.Table {
	t := ui.Table{Caption: p.T("activity.shifts"), Hidden: true, Columns: []ui.Column{
		{Label: p.T("activity.field.shift")}, {Label: p.T("activity.when")}, {Label: p.T("activity.signed_up"), Number: true},
	}}
	for _, s := range j.Shifts {
		name := strconv.Itoa(s.Number)
		if s.Title != "" {
			name += " " + s.Title
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: name}, {Text: text.Clock(s.Starts.In(clock.China)) + "–" + text.Clock(s.Ends.In(clock.China))},
			{Text: strconv.FormatInt(s.Taken, 10) + " / " + strconv.FormatInt(s.Capacity, 10)},
		}})
	}
	return t
}

func hostFacts(p ui.Page, j JSON) []ui.Fact {
	var out []ui.Fact
	for i, h := range j.Hosts {
		part := h.Part
		if part == "" {
			part = p.T("activity.host")
			if i == 0 {
				part = p.T("activity.main_host")
			}
		}
		out = append(out, ui.Fact{Label: h.Name, Value: part})
	}
	return out
}

// rosterTable lists who comes, with a box to tick for those who are there.
func rosterTable(p ui.Page, v organiseView) ui.Table {
	t := ui.Table{Caption: p.T("activity.roster"), Hidden: true, Columns: []ui.Column{
		{Label: p.T("activity.name")}, {Label: p.T("activity.entry_state")}, {Label: p.T("activity.field.party"), Number: true},
		{Label: p.T("activity.checked_in")}, {Label: p.T("activity.minutes")},
	}}
	if a, ok := v.Acts["mark"]; ok && a.Enabled {
		t.Select, t.FormID = "persons", "mark"
	}
	for _, it := range v.Roster {
		if it.State == Left {
			continue
		}
		state := p.T("activity.entry." + it.State)
		if it.PlaceInLine != nil {
			state = p.T("activity.mine.waiting", "n", *it.PlaceInLine)
		}
		row := ui.Row{ID: it.ID, Cells: []ui.Cell{{Text: name(it)}, {Text: state}, {Text: strconv.FormatInt(it.Party, 10)}, {}, {}}}
		if it.CheckedIn != nil {
			row.Tone = ui.Good
			row.Cells[3].Text = text.Clock(it.CheckedIn.In(clock.China)) + " " + p.T("activity.how."+it.How)
			row.Cells[4].Text = minutes(p, it.Minutes)
			if it.Confirmed {
				row.Cells[4].Text += " " + p.T("activity.confirmed")
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func name(it RosterItem) string {
	if it.Names != "" && it.Names != it.Name {
		return it.Name + "（" + it.Names + "）"
	}
	return it.Name
}

func lines(body string) []string {
	var out []string
	for _, l := range strings.Split(body, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// originURL is the page of what the activity grew out of.
func originURL(ref string) string {
	kind, id, _ := strings.Cut(ref, ":")
	switch kind {
	case "wish":
		return "/wishes/" + id
	case "project":
		return "/projects/" + id
	}
	return "/"
}
