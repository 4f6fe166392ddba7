package vote

import (
	"slices"

	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// facts say when, by which rule, on what basis and by whom a poll is decided.
func facts(v polled) []ui.Fact {
	o := v.Poll
	out := []ui.Fact{
		{Label: v.T("poll.field.opens"), Value: text.Moment(v.Lang, matter.Time(o.Opens), v.Now)},
		{Label: v.T("poll.field.closes"), Value: text.Moment(v.Lang, matter.Time(o.Closes), v.Now)},
		{Label: v.T("poll.field.rule"), Value: v.T("poll.rule." + string(o.Rule))},
		{Label: v.T("poll.field.roll"), Value: v.T("poll.roll_words", "place", v.Place, "level", v.T("poll.level."+o.RollLevel.String()))},
	}
	if o.Budget > 0 {
		out = append(out, ui.Fact{Label: v.T("poll.budget"), Value: text.Money(o.Budget)})
	}
	if o.Basis != "" {
		out = append(out, ui.Fact{Label: v.T("poll.field.basis"), Value: o.Basis})
	}
	if o.RollSize > 0 {
		out = append(out, ui.Fact{Label: v.T("poll.roll_size"), Value: v.T("poll.people", "n", text.Number(o.RollSize))},
			ui.Fact{Label: v.T("poll.roll_hash"), Value: o.RollHash})
	}
	if o.Corrected > 0 {
		out = append(out, ui.Fact{Label: v.T("poll.corrections"), Value: v.T("poll.corrections_n", "n", o.Corrected)})
	}
	return out
}

// dress lets staff choose among the corrections of the roll that wait. Who is
// named in them is shown to staff alone, and the look is written down.
func (s *Service) dress(c *web.Call, v *polled) error {
	if v.Poll.Asked == 0 { // two doors that lead nowhere need no place on the page
		v.Moves = slices.DeleteFunc(v.Moves, func(a ui.Action) bool { return a.Do == "countersign" || a.Do == "drop" })
	}
	for i := range v.Moves {
		if v.Moves[i].Do == "correct" {
			v.Moves[i].Hint = v.T("poll.correct_hint")
		}
		for j := range v.Moves[i].Fields {
			f := &v.Moves[i].Fields[j]
			if f.Name != "correction" || v.Poll.Asked == 0 {
				continue
			}
			waiting, err := s.Corrections(c.Context(), v.Poll.ID)
			if err != nil {
				return err
			}
			f.Type = ui.SelectField
			for _, w := range waiting {
				name, err := s.Members.PublicName(c.Context(), s.Journal.DB, w.Voter)
				if err != nil {
					return err
				}
				by, err := s.Members.PublicName(c.Context(), s.Journal.DB, w.AskedBy)
				if err != nil {
					return err
				}
				s.Members.Looked(c.Actor.ID, w.Voter, "name", "poll:"+v.Poll.ID, c.Now())
				f.Options = append(f.Options, ui.Option{Value: w.ID, Label: v.T("poll.correction_words", "change", v.T("poll.change."+w.Change),
					"name", name, "at", text.Moment(v.Lang, matter.Time(w.AskedAt), v.Now), "by", by)})
			}
		}
	}
	return nil
}

func ballotTitle(v polled) string {
	if v.Voted {
		return v.T("poll.change_title")
	}
	return v.T("poll.ballot_title")
}

// summary names what is wrong with the ballot that came back.
func summary(v polled) []ui.FieldError {
	if v.Fault == "" {
		for _, a := range v.Moves {
			if es := ui.Errors(a.Fields); len(es) > 0 {
				return es
			}
		}
		return nil
	}
	return []ui.FieldError{{ID: "f-choices", Message: v.Fault}}
}

func paperErrors(v paperView) []ui.FieldError {
	es := ui.Errors(v.Fields)
	switch {
	case v.Fault != "":
		es = append(es, ui.FieldError{ID: "f-choices", Message: v.Fault})
	case len(es) == 0 && v.Message != "":
		es = []ui.FieldError{{ID: "f-voter", Message: v.Message}}
	}
	return es
}

func mineField(v resulted) ui.Field {
	f := ui.Field{Name: "receipt", Label: v.T("poll.field.receipt"), Required: true, Complete: "off", Wide: true}
	if v.Mine != nil {
		f.Value, f.Error = v.Mine.Receipt, v.Mine.Fault
	}
	return f
}

func story(v polled) []ui.Entry {
	var out []ui.Entry
	for i := len(v.Timeline) - 1; i >= 0; i-- {
		it := v.Timeline[i]
		out = append(out, ui.Entry{At: it.At, Title: v.T("poll.did." + it.Do), Who: it.By, Note: it.Note})
	}
	return out
}
