package project

import (
	"strconv"

	"linli/internal/core/flow"
	"linli/internal/platform/matter"
	"linli/internal/ui"
	words "linli/internal/ui/text"
)

// way is the stations of a project's life as people know them.
var way = []struct {
	Name   string
	States []flow.State
}{
	{"propose", flow.In(Proposed, Returned, Merged, Referred)},
	{"screen", flow.In(Study, Screened)},
	{"council", flow.In(Council, Summarised)},
	{"vote", flow.In(Polling, Notice, Panel, Deferred)},
	{"build", flow.In(Selected, Building)},
	{"accept", flow.In(Acceptance)},
	{"rate", flow.In(Accepted, Done)},
}

func (v viewed) steps() []ui.Step {
	here := 0
	for i, w := range way {
		for _, s := range w.States {
			if s == v.P.State {
				here = i
			}
		}
	}
	var out []ui.Step
	for i, w := range way {
		s := ui.Step{Label: v.T("project.way." + w.Name), State: ui.StepAhead}
		switch {
		case i < here || v.P.State == Done:
			s.State = ui.StepDone
		case i == here:
			s.State = ui.StepHere
			if v.P.DueAt > 0 {
				s.When = v.T("project.until", "at", words.Day(v.Lang, matter.Time(v.P.DueAt)))
			}
		}
		out = append(out, s)
	}
	return out
}

func (v viewed) facts() []ui.Fact {
	p := v.P
	out := []ui.Fact{
		{Label: v.T("project.number"), Value: p.Number()},
		{Label: v.T("project.field.place"), Value: v.J.PlaceName},
		{Label: v.T("project.field.ownership"), Value: v.T("project.ownership." + p.Ownership)},
	}
	add := func(key, value string) {
		if value != "" {
			out = append(out, ui.Fact{Label: v.T("project.field." + key), Value: value})
		}
	}
	if p.Cost > 0 {
		add("cost", words.Money(p.Cost))
	}
	add("fund", p.Fund)
	add("upkeep", p.Upkeep)
	add("consent", p.Consent)
	add("serves", p.Serves)
	out = append(out, ui.Fact{Label: v.T("project.author"), Value: v.J.Author})
	if p.Due > 0 {
		add("due", words.Date(v.Lang, matter.Time(p.Due)))
	}
	if p.Budget > 0 {
		add("contractor", p.Contractor)
		add("warranty", p.Warranty)
	}
	return out
}

func (v viewed) photos() []ui.Photo {
	var out []ui.Photo
	for _, f := range v.J.Photos {
		if f.Thumbnail != nil {
			out = append(out, ui.Photo{URL: *f.Thumbnail, Full: f.URL, Alt: v.T("project.photo_of", "title", v.P.Title)})
		}
	}
	return out
}

// documents are the quotes and receipts on file that are no photographs.
func (v viewed) documents() []ui.Link {
	var out []ui.Link
	for _, f := range v.J.Photos {
		if f.Thumbnail == nil {
			out = append(out, ui.Link{Label: f.Name, URL: f.URL})
		}
	}
	return out
}

// side is one column of the council.
type side struct {
	Kind   string
	Icon   string
	Voices []VoiceJSON
}

func (v viewed) sides() []side {
	return []side{{For, "done", v.J.Council.For}, {Worry, "alert", v.J.Council.Worry}, {Suggest, "bulb", v.J.Council.Suggest}}
}

// hasCouncil reports whether the council has begun.
func (v viewed) hasCouncil() bool {
	c := v.J.Council
	return v.P.State == Council || c.Heard != "" || len(c.For)+len(c.Worry)+len(c.Suggest) > 0
}

func (v viewed) support() ui.Progress {
	return ui.Progress{Label: v.T("project.votes_of_voters"), Done: v.P.Votes, Total: v.P.Voters, Unit: v.T("poll.unit_votes")}
}

// supportWords says in one sentence how the project fared and what follows.
func (v viewed) supportWords() string {
	if v.P.Enough() {
		return v.T("project.enough", "line", v.P.Line)
	}
	return v.T("project.behind", "line", v.P.Line)
}

func (v viewed) spending() ui.Table {
	t := ui.Table{Caption: v.T("project.spending_table"), Columns: []ui.Column{{Label: v.T("project.field.what")}, {Label: v.T("project.field.amount"), Number: true}, {Label: v.T("project.field.date")}, {Label: v.T("project.signed")}}}
	for _, s := range v.J.Plan.Spending {
		signed := v.T("project.signed_no")
		if s.Signed {
			signed = v.T("project.signed_yes")
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: s.What}, {Text: words.Money(s.Amount)}, {Text: words.Date(v.Lang, s.At)}, {Text: signed}}})
	}
	return t
}

// money shows what is spent of the budget, in whole yuan.
func (v viewed) money() ui.Progress {
	pl := v.J.Plan
	return ui.Progress{Label: v.T("project.spent"), Done: pl.Spent / 100, Total: pl.Budget / 100, Unit: v.T("project.yuan"), Held: pl.Pending / 100, HeldName: v.T("project.pending")}
}

func (v viewed) ratings() []ui.Stat {
	r := v.J.Ratings
	n := r.Yes + r.Fairly + r.No
	stat := func(key string, k int) ui.Stat {
		s := ui.Stat{Label: v.T("project.satisfied." + key), Value: strconv.Itoa(k), Unit: v.T("poll.unit_people"), Note: "—"}
		if n > 0 {
			s.Note = strconv.Itoa(k*100/n) + "%"
		}
		return s
	}
	return []ui.Stat{stat("yes", r.Yes), stat("fairly", r.Fairly), stat("no", r.No)}
}

func (v viewed) errors() []ui.FieldError {
	for _, a := range v.Moves {
		if es := ui.Errors(a.Fields); len(es) > 0 {
			return es
		}
	}
	if v.Message != "" {
		return []ui.FieldError{{ID: "main", Message: v.Message}}
	}
	return nil
}

func voiceWord(v viewed, verdict string) string {
	if verdict == "" {
		return v.T("project.word.none")
	}
	return v.T("project.word." + verdict)
}
