package ask

import (
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/fault"
	"linli/internal/feature/place"
	"linli/internal/feature/wish"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

func (s *Service) recordPage(c *web.Call) (any, error) { return s.recordForm(c, nil) }

func (s *Service) recordSend(c *web.Call) (any, error) {
	out, err := s.Wishes.CreateOnSpot(c.Context(), c)
	if err == nil || wish.Replayed(err) {
		return out, err
	}
	form, ferr := s.recordForm(c, &ui.Sent{Values: c.Form(), Fault: fault.Of(err)})
	if ferr != nil {
		return nil, err
	}
	return form, err
}

// recordForm is one form and ten seconds: what was done, of which kind.
func (s *Service) recordForm(c *web.Call, sent *ui.Sent) (any, error) {
	if !wish.MayFile(c.Actor) {
		return nil, fault.New(fault.Denied, "wish.reason.volunteer_first")
	}
	p := s.Page(c, c.T("wish.record"), ui.Wishes)
	p.Path, p.Back = "/wishes/record", ui.Link{Label: p.T("wish.list"), URL: "/wishes"}
	var fields []ui.Field
	for _, f := range ui.FieldsOf(p, "wish", wish.RecordFields, sent) {
		switch f.Name {
		case "title":
			f.Label = p.T("wish.record_title")
		case "category":
			f.Type, f.Options = ui.SelectField, append([]ui.Option{{Label: p.T("wish.choose")}}, f.Options...)
		case "place":
			f.Type, f.Options = ui.SelectField, s.placeOptions(p, c, f.Value)
			if f.Value == "" {
				f.Value = s.home(c)
			}
		case "as":
			if !s.Wishes.AsField(p, c.Actor, &f, sent == nil) {
				continue
			}
		case "on_behalf_of.name":
			f.Label = p.T("wish.record_for")
		case "photos":
		default:
			continue
		}
		fields = append(fields, f)
	}
	fields = append(fields, wish.Kept(sent, "")...)
	return s.recordScreen(p, fields, wish.FaultOf(p, sent)), nil
}

// home is the place a matter is about when its author said nothing else.
func (s *Service) home(c *web.Call) string {
	if c.Actor.Home != "" {
		return c.Actor.Home
	}
	return s.Page(c, "", "").Community.Code
}

// placeOptions are the community and its buildings, and the one chosen elsewhere.
func (s *Service) placeOptions(p ui.Page, c *web.Call, chosen string) []ui.Option {
	home := access.Up(s.home(c), access.Community)
	if chosen = place.Trim(chosen); chosen != "" && !strings.HasPrefix(chosen, home) {
		home = access.Up(chosen, access.Community)
	}
	var out []ui.Option
	if home == "" { // a street's or district's staff: any community below
		for _, pl := range s.Places.Below(s.home(c), place.Community) {
			out = append(out, ui.Option{Value: pl.Code, Label: pl.Name})
		}
		return out
	}
	out = append(out, ui.Option{Value: home, Label: p.T("wish.whole_community", "name", s.Places.Name(home))})
	for _, pl := range s.Places.Below(home, place.Building) {
		out = append(out, ui.Option{Value: pl.Code, Label: pl.Name})
	}
	if up := access.Up(home, access.Street); up != "" { // a wish about a neighbouring community
		for _, pl := range s.Places.Below(up, place.Community) {
			if pl.Code != home {
				out = append(out, ui.Option{Value: pl.Code, Label: pl.Name})
			}
		}
	}
	return out
}
