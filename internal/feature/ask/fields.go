package ask

import (
	"slices"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
	"linli/internal/feature/place"
	"linli/internal/feature/wish"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

func (s *Service) sayFields(p ui.Page, c *web.Call, q *ask) (fields, more []ui.Field) {
	categories := []ui.Option{{Label: p.T("ask.unsure")}}
	for _, k := range wish.Categories {
		categories = append(categories, ui.Option{Value: k, Label: p.T("wish.category." + k)})
	}
	body := q.get("body")
	if body == q.get("title") {
		body = ""
	}
	fields = []ui.Field{
		{Name: "title", Label: p.T("ask.say_title"), Hint: p.T("ask.say_title_hint"), Value: q.get("title"), Required: true, MaxLen: 80, Wide: true},
		{Name: "body", Label: p.T("wish.field.body"), Hint: p.T("ask.say_body_hint"), Value: body, Type: ui.AreaField, MaxLen: 5000, Rows: 5},
		{Name: "photos", Label: p.T("wish.field.photos"), Hint: p.T("ask.say_photos_hint"), Type: ui.PhotoField},
		{Name: "category", Label: p.T("wish.field.category"), Type: ui.SelectField, Options: categories, Value: q.get("category")},
	}
	if n := len(q.in["photos"]); n > 0 {
		fields[2].Hint = p.T("ask.photos_kept", "n", n)
	}
	if wish.MayFile(c.Actor) || len(c.Actor.Wards) > 0 {
		fields = append(fields, ui.Field{Name: keyHelping, Label: p.T("ask.helping"), Hint: p.T("ask.helping_hint"), Type: ui.CheckField, Value: q.get(keyHelping)})
	}
	day := q.get("wanted_by")
	if len(day) > len("2006-01-02") {
		day = day[:len("2006-01-02")]
	}
	more = []ui.Field{
		{Name: "quantity.total", Label: p.T("wish.field.quantity.total"), Hint: p.T("ask.say_quantity_hint"), Type: ui.NumberField, Min: "1", Value: q.get("quantity.total")},
		{Name: "quantity.unit", Label: p.T("wish.field.quantity.unit"), Hint: p.T("ask.say_unit_hint"), MaxLen: 8, Value: q.get("quantity.unit")},
		{Name: "wanted_by", Label: p.T("wish.field.wanted_by"), Type: ui.DateField, Value: day, Min: p.Now.In(clock.China).Format(time.DateOnly)},
		{Name: "price_note", Label: p.T("wish.field.price_note"), Hint: p.T("wish.settle"), MaxLen: 200, Value: q.get("price_note"), Wide: true},
	}
	return fields, more
}

func (s *Service) whereFields(p ui.Page, c *web.Call, q *ask) []ui.Field {
	options := s.placeOptions(p, c, q.get("place"))
	if acc, err := s.Members.Find(c.Context(), s.DB, c.Actor.ID); err == nil && acc.Dwelling != "" {
		options = slices.Insert(options, 0, ui.Option{Value: keyAtHome, Label: p.T("ask.at_home")})
	}
	return []ui.Field{
		{Name: "place", Label: p.T("wish.field.place"), Hint: p.T("ask.where_hint"), Type: ui.SelectField, Value: place.Trim(q.get("place")), Options: options},
		{Name: "location_note", Label: p.T("wish.field.location_note"), Hint: p.T("ask.spot_hint"), Value: q.get("location_note"), MaxLen: 200, Wide: true},
	}
}

func (s *Service) whoField(p ui.Page, c *web.Call, q *ask) ui.Field {
	name, err := s.Members.PublicName(c.Context(), s.DB, c.Actor.ID)
	if err != nil {
		name = ""
	}
	return ui.Field{Name: "visibility", Label: p.T("wish.field.visibility"), Type: ui.RadioField, Required: true, Value: q.get("visibility"), Options: []ui.Option{
		{Value: wish.Public, Label: p.T("wish.visibility.public"), Hint: p.T("ask.public_hint", "name", name)},
		{Value: wish.Private, Label: p.T("wish.visibility.private"), Hint: p.T("ask.private_hint")},
	}}
}

func (s *Service) behalfFields(p ui.Page, c *web.Call, q *ask) []ui.Field {
	var out []ui.Field
	if len(c.Actor.Wards) > 0 {
		wards := []ui.Option{{Label: p.T("wish.choose")}}
		for _, id := range c.Actor.Wards {
			if name, err := s.Members.PublicName(c.Context(), s.DB, id); err == nil && name != "" {
				wards = append(wards, ui.Option{Value: id, Label: name})
			}
		}
		out = append(out, ui.Field{Name: "on_behalf_of.account", Label: p.T("ask.ward"), Type: ui.SelectField, Value: q.get("on_behalf_of.account"), Options: wards})
	}
	hows := []ui.Option{}
	for _, how := range []string{"spoken", "phone", "written", "guardian"} {
		hows = append(hows, ui.Option{Value: how, Label: p.T("wish.consent_how." + how)})
	}
	day := q.get("on_behalf_of.consent_at")
	if day == "" {
		day = p.Now.In(clock.China).Format(time.DateOnly)
	}
	return append(out,
		ui.Field{Name: "on_behalf_of.name", Label: p.T("wish.field.on_behalf_of.name"), Hint: p.T("ask.behalf_name_hint"), Value: q.get("on_behalf_of.name"), Required: len(out) == 0, MaxLen: 80},
		ui.Field{Name: "on_behalf_of.phone", Label: p.T("wish.field.on_behalf_of.phone"), Hint: p.T("ask.behalf_phone_hint"), Value: q.get("on_behalf_of.phone"), Type: ui.PhoneField, MaxLen: 20},
		ui.Field{Name: "on_behalf_of.consent_how", Label: p.T("wish.field.on_behalf_of.consent_how"), Type: ui.RadioField, Required: true, Value: q.get("on_behalf_of.consent_how"), Options: hows},
		ui.Field{Name: "on_behalf_of.consent_by", Label: p.T("wish.field.on_behalf_of.consent_by"), Hint: p.T("ask.consent_by_hint"), Value: q.get("on_behalf_of.consent_by"), MaxLen: 80},
		ui.Field{Name: "on_behalf_of.consent_at", Label: p.T("wish.field.on_behalf_of.consent_at"), Type: ui.DateField, Value: day, Max: p.Now.In(clock.China).Format(time.DateOnly)})
}

// checkLines are the answers to look over before sending.
func (s *Service) checkLines(p ui.Page, c *web.Call, q *ask, v *view) error {
	s.fill(c, q)
	code := place.Trim(q.get("place"))
	scope := access.Up(code, access.Community)
	if scope == "" {
		scope = code
	}
	v.Button = p.T("ask.send_to", "place", s.Places.Name(scope))
	add := func(label, value, step string) {
		if value != "" {
			v.Answers = append(v.Answers, answer{p.T(label), value, step})
		}
	}
	add("ask.say_title", q.get("title"), stepSay)
	if q.get("body") != q.get("title") {
		add("wish.field.body", q.get("body"), stepSay)
	}
	add("wish.field.category", p.T("wish.category."+q.get("category")), stepSay)
	if n := len(q.in["photos"]); n > 0 {
		add("wish.field.photos", p.T("ask.photos_n", "n", n), stepSay)
	}
	if t := q.get("quantity.total"); t != "" {
		add("wish.field.quantity", t+" "+q.get("quantity.unit"), stepSay)
	}
	if at, err := flow.ParseMoment(q.get("wanted_by")); err == nil {
		add("wish.field.wanted_by", text.Moment(p.Lang, at, p.Now), stepSay)
	}
	add("wish.field.price_note", q.get("price_note"), stepSay)
	where := s.Places.Name(code)
	if note := q.get("location_note"); note != "" {
		where += "\n" + p.T("ask.spot_line", "spot", note)
	}
	add("wish.field.place", where, stepWhere)
	who := p.T("wish.visibility." + q.get("visibility"))
	if q.get("visibility") == wish.Public {
		name, err := s.Members.PublicName(c.Context(), s.DB, c.Actor.ID)
		if err != nil {
			return err
		}
		who = p.T("ask.public_as", "name", name)
	}
	add("wish.field.visibility", who, stepWho)
	if q.get(keyHelping) != "" {
		name := q.get("on_behalf_of.name")
		if id := q.get("on_behalf_of.account"); id != "" && slices.Contains(c.Actor.Wards, id) {
			var err error
			if name, err = s.Members.PublicName(c.Context(), s.DB, id); err != nil {
				return err
			}
		}
		add("wish.field.on_behalf_of", p.T("ask.behalf_line", "name", name, "how", p.T("wish.consent_how."+q.get("on_behalf_of.consent_how"))), stepBehalf)
	}
	if s.Wishes.Reviews(c.Actor, code) {
		v.Lead = p.T("ask.check_review")
	}
	return nil
}

// form is the frame of a step: the last one files, the others ask on.
func form(v view) ui.Form {
	f := ui.Form{ID: "ask-" + v.Step, Action: "/wishes/new", Hidden: v.Hidden, Files: v.Step == stepSay, Draft: v.Step == stepSay}
	if v.Step == stepCheck {
		f.Action = "/wishes"
	}
	return f
}

// filled reports whether something is set, or to mend, behind the line.
func filled(fields []ui.Field) bool {
	return slices.ContainsFunc(fields, func(f ui.Field) bool { return f.Value != "" || f.Error != "" })
}
