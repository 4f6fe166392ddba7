package activity

import (
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/door"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/core/qr"
	"linli/internal/feature/place"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// pages are the doors for people.
func (s *Service) pages() []web.Route {
	public := []string{"activity", "member", "group", "place"}
	after := func(out any) string { return out.(JSON).URL }
	organise := func(out any) string { return out.(JSON).URL + "/organise" }
	routes := []web.Route{
		{Method: "GET", Path: "/activities", Name: "page-activities", Public: public, Query: pageFields, Do: s.pageList},
		{Method: "GET", Path: "/activities/new", Name: "page-activity-new", SignedIn: true, Do: s.pageNew},
		{Method: "POST", Path: "/activities", Name: "page-activity-create", SignedIn: true, Do: s.pageCreate, After: after},
		{Method: "GET", Path: "/activities/{id}", Name: "page-activity", Public: public, Do: s.pageOne},
		{Method: "GET", Path: "/activities/{id}/organise", Name: "page-activity-organise", SignedIn: true, Do: s.pageOrganise},
		{Method: "GET", Path: "/activities/{id}/here", Name: "page-activity-here", SignedIn: true, Query: []flow.Field{{Name: "code", Kind: flow.Text, Max: 80}}, Do: s.pageHere},
		{Method: "GET", Path: "/activities/{id}/door.svg", Name: "page-activity-door", SignedIn: true, Do: s.doorSVG},
		{Method: "GET", Path: "/activities/{id}/door.json", Name: "page-activity-spoken", SignedIn: true, Do: s.spoken},
		{Method: "GET", Path: "/staff/activities", Name: "page-staff-activities", SignedIn: true, Query: pageFields, Do: s.pageStaff},
	}
	for _, do := range Life.Names() {
		to := after
		if slices.Contains(organiserMoves, do) {
			to = func(out any) string {
				if out.(JSON).Organiser {
					return organise(out)
				}
				return after(out)
			}
		}
		routes = append(routes, web.Route{Method: "POST", Path: "/activities/{id}/" + do, Name: "page-activity-" + do, SignedIn: true, After: to,
			Do: func(c *web.Call) (any, error) { return s.pageMove(c, do, slices.Contains(organiserMoves, do)) }})
	}
	// One takes one's own place on the activity's page; for somebody else the organiser does it on hers.
	return append(routes, web.Route{Method: "POST", Path: "/activities/{id}/organise/promote", Name: "page-activity-promote-next", SignedIn: true, After: organise,
		Do: func(c *web.Call) (any, error) { return s.pageMove(c, "promote", true) }})
}

var pageFields = append([]flow.Field{
	{Name: "kind", Kind: flow.Enum, Values: Kinds},
	{Name: "day", Kind: flow.Moment},
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "within", Kind: flow.Enum, Values: Reaches},
	{Name: "show", Kind: flow.Enum, Values: []string{"free", "mine", "past"}},
	{Name: "q", Kind: flow.Text, Max: 100},
}, web.Paging()...)

func (s *Service) pageList(c *web.Call) (any, error) {
	return s.listing(c, "/activities", s.listScreen)
}

// pageStaff is the same list in the workbench.
func (s *Service) pageStaff(c *web.Call) (any, error) {
	if !mayCreate(c.Actor) {
		return nil, fault.Absent()
	}
	return s.listing(c, "/staff/activities", s.staffScreen)
}

func (s *Service) listing(c *web.Call, path string, screen func(ui.Page, listView) templ.Component) (any, error) {
	p := s.Page(c, c.T("activity.title"), ui.Activities)
	p.CSS = []string{"activity.css"}
	v, err := s.readList(c, &p, path)
	if err != nil {
		return nil, err
	}
	return screen(p, v), nil
}

func (s *Service) readList(c *web.Call, p *ui.Page, path string) (listView, error) {
	in, err := c.Query()
	if err != nil {
		in = flow.Input{} // a hand-typed address shows the list as it opens
	}
	ask, err := web.PageOf(in)
	if err != nil {
		ask = page.Ask{Limit: page.Default}
	}
	v := listView{in: in, Place: place.Trim(in.Text("place")), May: mayCreate(c.Actor), Path: path}
	if v.Place == "" {
		v.Place = p.Community.Code
	}
	f := Filter{Kind: in.Text("kind"), Soonest: true, From: c.Now() - 12*3600*1000}
	switch within := in.Text("within"); {
	case within != "":
		f.Place = around(v.Place, within)
	case len(v.Place) == access.Community:
		f.Home = v.Place
	default:
		f.Place = v.Place
	}
	switch in.Text("show") {
	case "free":
		f.Free = true
	case "mine":
		f.Mine, f.Home, f.Place, f.From, f.Soonest = true, "", "", 0, false
	case "past":
		f.From, f.To, f.Soonest = 0, c.Now(), false
	}
	if day := in.Moment("day"); day != 0 {
		f.From, f.To = dayOf(day)
	}
	if f.Mine && !c.Actor.Known() {
		return v, nil
	}
	if words := in.Text("q"); words != "" && s.Finder != nil {
		if f.Where, f.Args = s.Finder.Where("activity", "a.id", words); f.Where == "" {
			return v, nil
		}
	}
	ms, err := list(c.Context(), s.Journal.DB, c.Actor, f, ask, c.Now())
	if err != nil {
		return v, err
	}
	cut := page.Cut(ms, ask, func(m *Activity) string { return m.ID })
	view := matter.ViewOf(c)
	view.Brief = true
	for _, m := range cut.Items {
		c.ShownUntil(m.DueAt)
		j, err := s.json(c.Context(), s.Journal.DB, m, view)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, j)
	}
	if cut.Next != nil {
		q := c.R.URL.Query()
		q.Set("cursor", *cut.Next)
		v.Next = path + "?" + q.Encode()
	}
	return v, nil
}

func (s *Service) pageOne(c *web.Call) (any, error) {
	m, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	return s.one(c, m, nil)
}

// organiserMoves belong on the organiser's page.
var organiserMoves = []string{"mark", "enter", "remove", "confirm_hours", "finish"}

// pageMove makes a move; one that is refused comes back on the organiser's page
// if it was pressed there, else on the activity's.
func (s *Service) pageMove(c *web.Call, do string, organising bool) (any, error) {
	c.Form().Del(web.VersionField) // people come and go meanwhile: nobody loses a place for having read a moment ago
	out, err := s.move(c, do)
	if err == nil {
		return out, nil
	}
	f := fault.Of(err)
	if f.Kind == fault.NotFound || f.Kind == fault.Internal || f.Kind == fault.SignIn {
		return nil, err
	}
	m, rerr := s.Kind.Read(c)
	if rerr != nil {
		return nil, err
	}
	sent := &ui.Sent{Do: do, Values: c.Form(), Fault: f}
	var page any
	if organising && m.organiser(c.Actor) {
		page, rerr = s.organise(c, m, sent)
	} else {
		page, rerr = s.one(c, m, sent)
	}
	if rerr != nil {
		return nil, err
	}
	return page, err
}

func (s *Service) pageNew(c *web.Call) (any, error) {
	if !mayCreate(c.Actor) {
		return nil, fault.New(fault.Denied, "activity.reason.who_creates")
	}
	return s.newForm(c, nil), nil
}

func (s *Service) pageCreate(c *web.Call) (any, error) {
	form := c.Form()
	if form.Get("ends") == "" { // two hours are what most activities take
		if at, err := flow.ParseMoment(form.Get("starts")); err == nil {
			form.Set("ends", at.Add(2*time.Hour).Format(time.RFC3339))
		}
	}
	out, err := s.create(c.Context(), c)
	if err == nil {
		return out, nil
	}
	if f := fault.Of(err); f.Kind == fault.Invalid || f.Kind == fault.Malformed {
		return s.newForm(c, &ui.Sent{Values: form, Fault: f}), err
	}
	return nil, err
}

func (s *Service) organiserOnly(c *web.Call) (*Activity, error) {
	m, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	if !m.organiser(c.Actor) {
		return nil, fault.New(fault.Denied, "activity.reason.roster")
	}
	return m, nil
}

func (s *Service) pageOrganise(c *web.Call) (any, error) {
	m, err := s.organiserOnly(c)
	if err != nil {
		return nil, err
	}
	return s.organise(c, m, nil)
}

func (s *Service) organise(c *web.Call, m *Activity, sent *ui.Sent) (any, error) {
	p := s.Page(c, c.T("activity.organise"), ui.Activities)
	p.NoIndex = true
	p.Back = ui.Link{Label: m.Title, URL: "/activities/" + m.ID}
	p.CSS, p.JS = []string{"activity.css"}, []string{"activity.js"}
	j, err := s.json(c.Context(), s.Journal.DB, m, matter.ViewOf(c))
	if err != nil {
		return nil, err
	}
	v := organiseView{J: j, Acts: map[string]ui.Action{}, Sent: sent, OpID: ui.NewOperation()}
	if v.Roster, err = s.Roster(c.Context(), s.Journal.DB, m); err != nil {
		return nil, err
	}
	for _, a := range ui.Moves(p, "activity", j.URL, 0, Life.Actions(m, c.Actor, c.Now()), sent) {
		if a.Do == "promote" {
			if m.offeredTo(c.Actor) { // she answers for herself first
				continue
			}
			a.Label, a.URL = c.T("activity.promote_next"), j.URL+"/organise/promote"
		}
		if a.Do == "confirm_hours" || a.Do == "remove" {
			for i := range a.Fields {
				if a.Fields[i].Name == "person" {
					a.Fields[i].Type, a.Fields[i].Options = ui.SelectField, v.people(p, a)
				}
			}
		}
		v.Acts[a.Do] = a
	}
	if sent != nil {
		v.Errors = ui.Errors(v.Acts[sent.Do].Fields)
	}
	return s.organiseScreen(p, v), nil
}

// doorSVG is the QR code of this moment, for the organiser's screen.
func (s *Service) doorSVG(c *web.Call) (any, error) {
	m, err := s.organiserOnly(c)
	if err != nil {
		return nil, err
	}
	svg, err := qr.SVG(c.Base()+"/activities/"+m.ID+"/here?code="+s.QRCode(m.ID, c.Now()), 320, c.T("activity.qr"))
	return web.Raw{Type: "image/svg+xml", Body: []byte(svg), NoStore: true}, err
}

// spoken is the code to say aloud and how long the QR lasts, for the page's script.
func (s *Service) spoken(c *web.Call) (any, error) {
	m, err := s.organiserOnly(c)
	if err != nil {
		return nil, err
	}
	body := `{"spoken":"` + s.SpokenCode(m.ID, c.Now()) + `","left":` + strconv.FormatInt(door.QRStep-c.Now()%door.QRStep, 10) + `}`
	return web.Raw{Type: "application/json", Body: []byte(body), NoStore: true}, nil
}

// pageHere is what a phone opens from the QR: one button to check in.
func (s *Service) pageHere(c *web.Call) (any, error) {
	m, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	j, err := s.json(c.Context(), s.Journal.DB, m, matter.ViewOf(c))
	if err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("activity.do.check_in"), ui.Activities)
	p.NoIndex = true
	p.Back = ui.Link{Label: m.Title, URL: j.URL}
	return s.hereScreen(p, j, hereOf(p, j, in.Text("code"))), nil
}
