package place

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/calendar"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

var (
	placeFields = []flow.Field{
		{Name: "name", Kind: flow.Text, Max: 40, Required: true}, {Name: "phone", Kind: flow.Text, Max: 30}, {Name: "hours", Kind: flow.Text, Max: 40},
		{Name: "valid_to", Kind: flow.Moment},
	}
	partFields = []flow.Field{
		{Name: "level", Kind: flow.Enum, Values: []string{Building, Grid}, Required: true}, {Name: "code", Kind: flow.Text, Max: 3, Required: true},
		{Name: "name", Kind: flow.Text, Max: 40, Required: true},
	}
	gridFields = []flow.Field{{Name: "grid", Kind: flow.Ref, Required: true}, {Name: "buildings", Kind: flow.Refs, Max: 200}}
	dayFields  = []flow.Field{
		{Name: "date", Kind: flow.Text, Max: 10, Required: true}, {Name: "day", Kind: flow.Enum, Values: []string{"off", "work"}, Required: true},
		{Name: "occasion", Kind: flow.Text, Max: 20, Required: true},
	}
	atField = []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}, {Name: "year", Kind: flow.Int, Min: 2000, Max: 2100}}
)

func (s *Service) pages() []web.Route {
	get := func(path, name string, do func(c *web.Call) (any, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Name: name, SignedIn: true, Query: atField, Do: do}
	}
	post := func(path, name string, do func(c *web.Call) (any, error)) web.Route {
		return web.Route{Method: "POST", Path: path, Name: name, SignedIn: true, Do: do}
	}
	return []web.Route{
		{Method: "GET", Path: "/places", Name: "page-places", Public: []string{"place"}, Do: s.choosePage},
		get("/staff/places", "page-staff-places", func(c *web.Call) (any, error) { return s.placesPage(c, nil) }),
		post("/staff/places/{code}", "change-place", s.changePlace),
		post("/staff/places/{code}/parts", "add-part", s.addPart),
		post("/staff/places/{code}/grids", "draw-grid", s.drawGrid),
		get("/staff/settings", "page-settings", func(c *web.Call) (any, error) { return s.settingsPage(c, nil) }),
		post("/staff/settings/{code}/{key}", "change-setting", s.changeSetting),
		get("/staff/calendar", "page-working-days", func(c *web.Call) (any, error) { return s.calendarPage(c, nil) }),
		post("/staff/calendar/{code}", "set-day", s.changeDay),
	}
}

// choosePage lists the communities by street; choosing one is a preference
// kept in a cookie, not a fact about a person.
func (s *Service) choosePage(c *web.Call) (any, error) {
	p := s.Page(c, c.T("place.choose"), "")
	var parts []templ.Component
	district := access.Up(s.Text("", "site.place"), access.District)
	for _, street := range s.Below(district, Street) {
		var buttons []templ.Component
		for _, m := range s.Below(street.Code, Community) {
			buttons = append(buttons, ui.SubmitButton(p, ui.Button{Label: m.Name, Name: "place", Value: m.Code, Quiet: true}))
		}
		if len(buttons) == 0 {
			continue
		}
		form := ui.With(ui.FormFor(p, ui.Form{Action: "/prefs", Hidden: []ui.Option{{Label: "next", Value: "/"}}}), ui.With(ui.Buttons(), buttons...))
		if access.Covers(street.Code, p.Community.Code) {
			parts = append([]templ.Component{ui.With(ui.Block(street.Name, ui.Link{}), form)}, parts...)
			continue
		}
		parts = append(parts, ui.With(ui.Details(street.Name), form))
	}
	return ui.Whole(p, append([]templ.Component{ui.Heading(p.Title, c.T("place.choose_lead"))}, parts...)...), nil
}

// keeps reports whether an actor keeps a place in order: its staff, those above, its administrator.
func keeps(a actor.Actor, code string) bool { return a.StaffReaching(code) || a.Has(actor.Admin, code) }

// scope is the place a page of the workbench is about: the one asked for, else
// that of the first role. Absent for who keeps none.
func (s *Service) scope(c *web.Call) (Place, error) {
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	code := in.Text("place")
	if code == "" {
		for _, r := range c.Actor.Roles {
			if (r.Name == actor.Staff || r.Name == actor.Admin) && r.Place != "" {
				code = r.Place
				break
			}
		}
	}
	if code == "" || !keeps(c.Actor, code) {
		return Place{}, fault.Absent()
	}
	return s.Get(code)
}

func (s *Service) frame(c *web.Call, key, section string) ui.Page {
	p := s.Page(c, c.T(key), section)
	p.NoIndex = true
	if done := c.R.URL.Query().Get("done"); p.Has("place.done." + done) {
		p.Flash = c.T("place.done." + done)
	}
	return p
}

// choicesMost bounds a list to choose from; a longer one is no help.
const choicesMost = 400

// Choices are the places at and below one, of the levels named, to choose from by name; nil when they are too many,
// and the code is typed.
func (s *Service) Choices(code string, levels ...string) []ui.Option {
	var out []ui.Option
	for _, p := range s.Below(code, "") {
		if slices.Contains(levels, p.Level) {
			out = append(out, ui.Option{Value: p.Code, Label: p.Name})
		}
	}
	if len(out) > choicesMost {
		return nil
	}
	return out
}

func sentOf(sent *ui.Sent, do string) *ui.Sent {
	if sent != nil && sent.Do == do {
		return sent
	}
	return nil
}

// placesPage is 网格与楼栋: a place's phone and hours, its buildings, and which
// of them make up which grid.
func (s *Service) placesPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	at, err := s.scope(c)
	if err != nil {
		return nil, err
	}
	p := s.frame(c, "place.places", "people")
	parts := []templ.Component{}
	sum, form := ui.Sheet{Kind: "place", ID: "place", Action: "/staff/places/" + at.Code, Button: c.T("place.save"), Fields: placeFields, Sent: sentOf(sent, "place"), Quiet: true,
		Dress: map[string]ui.Field{"name": {Value: at.Name}, "phone": {Value: at.Phone, Type: ui.PhoneField}, "hours": {Value: at.Hours}, "valid_to": {Value: day(at.ValidTo), Type: ui.DateField}}}.Draw(p)
	parts = append(parts, sum, ui.Heading(at.Name, c.T("place.places_lead")), ui.PeopleTabs(p, "places"),
		ui.FactList([]ui.Fact{{Label: c.T("place.code"), Value: at.Code}, {Label: c.T("place.field.phone"), Value: at.Phone}, {Label: c.T("place.field.hours"), Value: at.Hours}}),
		ui.With(ui.Details(c.T("place.change")), form))
	if at.ValidTo != 0 {
		parts = append(parts, ui.Paragraph(c.T("place.ends", "day", text.Day(p.Lang, time.UnixMilli(at.ValidTo)))))
	}
	if at.Level != Community {
		t := ui.Table{Caption: c.T("place.below"), Columns: []ui.Column{{Label: c.T("place.field.name")}, {Label: c.T("place.code")}, {Label: c.T("place.field.phone")}}}
		for _, b := range s.Below(at.Code, map[string]string{District: Street, Street: Community}[at.Level]) {
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: b.Name, URL: "/staff/places?place=" + b.Code}, {Text: b.Code}, {Text: b.Phone}}})
		}
		return ui.Bench(p, append(parts, ui.DataTable(p, t))...), nil
	}
	drawn, err := gridsOf(c.Context(), s.journal.DB, at.Code, c.Now())
	if err != nil {
		return nil, err
	}
	gridOf := map[string]string{}
	for _, g := range drawn {
		gridOf[g.Building] = g.Grid
	}
	buildings, grids := s.Below(at.Code, Building), s.Below(at.Code, Grid)
	t := ui.Table{Caption: c.T("place.level.building"), Columns: []ui.Column{{Label: c.T("place.field.name")}, {Label: c.T("place.code")}, {Label: c.T("place.level.grid")}}}
	var boxes []ui.Option
	for _, b := range buildings {
		grid := c.T("place.no_grid")
		if g := gridOf[b.Code]; g != "" {
			grid = s.Name(g)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: b.Name}, {Text: b.Code}, {Text: grid}}})
		boxes = append(boxes, ui.Option{Value: b.Code, Label: b.Name})
	}
	var choices []ui.Option
	for _, g := range grids {
		choices = append(choices, ui.Option{Value: g.Code, Label: g.Name})
	}
	parts = append(parts, ui.DataTable(p, t))
	sum, form = ui.Sheet{Kind: "place", ID: "part", Action: "/staff/places/" + at.Code + "/parts", Button: c.T("place.add"), Fields: partFields, Sent: sentOf(sent, "part"), Quiet: true}.Draw(p)
	parts[0] = templ.Join(parts[0], sum)
	parts = append(parts, ui.With(ui.Details(c.T("place.add_part")), form))
	if len(grids) > 0 && len(buildings) > 0 {
		sum, form = ui.Sheet{Kind: "place", ID: "grid", Action: "/staff/places/" + at.Code + "/grids", Button: c.T("place.draw"), Fields: gridFields, Sent: sentOf(sent, "grid"), Quiet: true,
			Dress: map[string]ui.Field{"grid": {Type: ui.SelectField, Options: choices}, "buildings": {Type: ui.ChecksField, Options: boxes}}}.Draw(p)
		parts[0] = templ.Join(parts[0], sum)
		parts = append(parts, ui.With(ui.Details(c.T("place.draw_grid")), ui.Paragraph(c.T("place.draw_text")), form))
	}
	return ui.Bench(p, parts...), nil
}

// day writes a moment as a date input wants it, "" for none.
func day(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(clock.China).Format(time.DateOnly)
}

// keep runs a change of a place by who keeps it, and answers the form.
func (s *Service) keep(c *web.Call, do, code string, fields []flow.Field, to string, fn func(tx *db.Tx, in flow.Input, now int64) error, page func(c *web.Call, sent *ui.Sent) (templ.Component, error)) (any, error) {
	if code != "" && !keeps(c.Actor, code) || code == "" && !c.Actor.Holds(actor.Admin) {
		return nil, fault.Absent()
	}
	ctx := c.Context()
	err := s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.journal.Actors.Fresh(ctx, tx, c.Actor)
		if err != nil {
			return nil, err
		}
		if code != "" && !keeps(a, code) || code == "" && !a.Holds(actor.Admin) {
			return nil, fault.Absent()
		}
		in, err := c.Body(fields)
		if err != nil {
			return nil, err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		return web.Redirect(to), fn(tx, in, now)
	})
	if err == nil {
		return web.Redirect(to), nil
	}
	if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
		return nil, err
	}
	body, perr := page(c, ui.Back(c, do, err))
	if perr != nil {
		return nil, perr
	}
	return body, err
}

func (s *Service) changePlace(c *web.Call) (any, error) {
	code := c.Path("code")
	return s.keep(c, "place", code, placeFields, "/staff/places?place="+code+"&done=saved", func(tx *db.Tx, in flow.Input, now int64) error {
		p, err := s.Get(code)
		if err != nil {
			return err
		}
		p.Name, p.Phone, p.Hours, p.ValidTo = in.Text("name"), in.Text("phone"), in.Text("hours"), in.Moment("valid_to")
		if p.ValidTo != 0 && p.ValidTo <= p.ValidFrom {
			return fault.Field1("valid_to", "place.ends_before")
		}
		return s.put(c.Context(), tx, c.Actor.ID, now, p)
	}, s.placesPage)
}

// addPart adds a building or a grid under a community.
func (s *Service) addPart(c *web.Call) (any, error) {
	code := c.Path("code")
	return s.keep(c, "part", code, partFields, "/staff/places?place="+code+"&done=saved", func(tx *db.Tx, in flow.Input, now int64) error {
		part := code + in.Text("code")
		if len(code) != access.Community || LevelOf(part) != in.Text("level") {
			return fault.Field1("code", "place.bad_code")
		}
		if _, err := s.Get(part); err == nil {
			return fault.Field1("code", "place.code_taken")
		}
		return s.put(c.Context(), tx, c.Actor.ID, now, Place{Code: part, Parent: code, Level: in.Text("level"), Name: in.Text("name")})
	}, s.placesPage)
}

func (s *Service) drawGrid(c *web.Call) (any, error) {
	code := c.Path("code")
	return s.keep(c, "grid", code, gridFields, "/staff/places?place="+code+"&done=saved", func(tx *db.Tx, in flow.Input, now int64) error {
		grid := in.Text("grid")
		if LevelOf(grid) != Grid || !access.Covers(code, grid) || !s.Known(grid) {
			return fault.Field1("grid", "place.bad_code")
		}
		buildings := in.List("buildings")
		for _, b := range buildings {
			if LevelOf(b) != Building || !access.Covers(code, b) || !s.Known(b) {
				return fault.Field1("buildings", "place.bad_code")
			}
		}
		return s.Draw(c.Context(), tx, c.Actor.ID, grid, buildings, now)
	}, s.placesPage)
}

// Draw says which buildings a grid is made of from now on; what was before
// stays on record with its dates, and nothing is renamed.
func (s *Service) Draw(ctx context.Context, tx *db.Tx, by, grid string, buildings []string, now int64) error {
	if err := redraw(ctx, tx, grid, buildings, now); err != nil {
		return err
	}
	return s.changed(ctx, tx, by, grid, "grid", strings.Join(slices.Sorted(slices.Values(buildings)), " "))
}

// ours lists the settings a place may change: those of the installation are
// the administrator's alone.
func (s *Service) ours(a actor.Actor, code string) []string {
	var keys []string
	for _, d := range s.Defined() {
		house := strings.HasPrefix(d.Key, "site.") || strings.HasPrefix(d.Key, "signin.") || strings.HasPrefix(d.Key, "member.")
		if d.Key != "site.demo" && (!house || a.Has(actor.Admin, code)) {
			keys = append(keys, d.Key)
		}
	}
	return keys
}

// calendarPage is the working days of a place: the State Council's, and what
// the place lays over them.
func (s *Service) calendarPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	at, err := s.scope(c)
	if err != nil {
		return nil, err
	}
	p := s.frame(c, "place.calendar", "settings")
	year := time.UnixMilli(c.Now()).In(clock.China).Year()
	if in, err := c.Query(); err == nil {
		if y, ok := in.Int("year"); ok {
			year = int(y)
		}
	}
	cal := s.Calendar(at.Code)
	t := ui.Table{Caption: c.T("place.calendar_of", "year", strconv.Itoa(year)), Columns: []ui.Column{{Label: c.T("place.field.date")}, {Label: c.T("place.field.day")}, {Label: c.T("place.field.occasion")}}}
	var last calendar.Row
	var end time.Time
	for _, r := range cal.Rows() {
		at, err := time.ParseInLocation(time.DateOnly, r.Date, clock.China)
		if err != nil || at.Year() != year {
			continue
		}
		if n := len(t.Rows); n > 0 && r.Work == last.Work && r.Occasion == last.Occasion && at.Equal(end.AddDate(0, 0, 1)) { // days in a row are one line
			from, _, _ := strings.Cut(t.Rows[n-1].Cells[0].Text, "–")
			t.Rows[n-1].Cells[0].Text = from + "–" + text.Day(p.Lang, at)
		} else {
			day := c.T("place.day.off")
			if r.Work {
				day = c.T("place.day.work")
			}
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: text.Day(p.Lang, at)}, {Text: day}, {Text: r.Occasion}}})
		}
		last, end = r, at
	}
	sum, form := ui.Sheet{Kind: "place", ID: "day", Action: "/staff/calendar/" + at.Code, Button: c.T("place.save"), Fields: dayFields, Sent: sent, Dress: map[string]ui.Field{"date": {Type: ui.DateField}}}.Draw(p)
	parts := []templ.Component{sum, ui.Heading(p.Title, c.T("place.calendar_lead", "place", at.Name)), ui.SettingTabs(p, "calendar")}
	if !cal.Known(year) {
		parts = append(parts, ui.With(ui.Notice(ui.Warn, c.T("place.calendar_unknown", "year", strconv.Itoa(year))), ui.Paragraph(c.T("place.calendar_unknown_text"))))
	}
	if len(t.Rows) > 0 {
		parts = append(parts, ui.DataTable(p, t))
	}
	return ui.Bench(p, append(parts, ui.With(ui.Block(c.T("place.day_add"), ui.Link{}), form))...), nil
}

func (s *Service) changeDay(c *web.Call) (any, error) {
	code := c.Path("code")
	return s.keep(c, "day", code, dayFields, "/staff/calendar?place="+code+"&done=saved", func(tx *db.Tx, in flow.Input, now int64) error {
		r := calendar.Row{Date: in.Text("date"), Work: in.Text("day") == "work", Occasion: in.Text("occasion")}
		if _, err := calendar.New([]calendar.Row{r}); err != nil {
			return fault.Field1("date", "fault.moment")
		}
		if err := saveDay(c.Context(), tx, code, r); err != nil {
			return err
		}
		return s.changedDay(c.Context(), tx, c.Actor.ID, code, r)
	}, s.calendarPage)
}
