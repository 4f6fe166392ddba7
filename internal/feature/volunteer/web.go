package volunteer

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

var codeQuery = []flow.Field{{Name: "code", Kind: flow.Text, Max: 20}, {Name: "serial", Kind: flow.Text, Max: 30}}

// routes are all doors of volunteering.
func (s *Service) routes() []web.Route {
	mine := func(any) string { return "/me/service" }
	routes := append(s.Kind.API(),
		web.Route{Method: "POST", Path: "/api/v1/certificates", Name: "issue-certificate", Summary: "Issue a certificate over confirmed hours", Body: certificateFields,
			Out: CertificateJSON{}, Status: 201, SignedIn: true, Do: s.issue},
		web.Route{Method: "GET", Path: "/api/v1/certificates/{serial}", Name: "verify-certificate", Summary: "Verify a certificate by serial and code; the name is masked",
			Query: codeQuery, Out: Verified{}, Do: s.verify},
		web.Route{Method: "POST", Path: "/api/v1/certificates/{serial}/revoke", Name: "revoke-certificate", Summary: "Make a certificate void",
			Body: []flow.Field{flow.Reason()}, Out: CertificateJSON{}, SignedIn: true, Do: s.revoke},

		web.Route{Method: "GET", Path: "/certificates", Name: "page-certificates", Query: codeQuery, Do: s.pageLookup},
		web.Route{Method: "GET", Path: "/certificates/{serial}", Name: "page-certificate", Query: codeQuery, Do: s.pageVerify},
		web.Route{Method: "POST", Path: "/certificates", Name: "page-certificate-issue", SignedIn: true, Do: s.issuePage, After: func(out any) string { return out.(CertificateJSON).URL }},
		web.Route{Method: "POST", Path: "/certificates/{serial}/revoke", Name: "page-certificate-revoke", SignedIn: true, Do: s.revoke,
			After: func(out any) string { return out.(CertificateJSON).URL }},
		web.Route{Method: "POST", Path: "/certificates/{serial}/print", Name: "page-certificate-print", SignedIn: true, Do: s.pagePrint},
		web.Route{Method: "GET", Path: "/me/service", Name: "page-my-service", SignedIn: true, Do: s.pageMine},
		web.Route{Method: "POST", Path: "/services", Name: "page-service-state", SignedIn: true, Do: s.pageState, After: mine},
		web.Route{Method: "GET", Path: "/services/new", Name: "page-service-new", SignedIn: true, Query: []flow.Field{{Name: "wish", Kind: flow.Ref}}, Do: s.pageNew},
		web.Route{Method: "GET", Path: "/services/{id}", Name: "page-service", SignedIn: true, Do: func(c *web.Call) (any, error) {
			if _, err := s.Kind.Read(c); err != nil {
				return nil, err
			}
			return web.Redirect("/me/service"), nil
		}},
		web.Route{Method: "GET", Path: "/volunteer/on-call", Name: "page-on-call", SignedIn: true, Do: s.pageVolunteer},
		web.Route{Method: "POST", Path: "/volunteer/on-call", Name: "page-on-call-offer", SignedIn: true, Do: s.offer, After: func(any) string { return "/volunteer/on-call" }},
	)
	for _, do := range []string{"confirm", "refuse", "withdraw", "correct", "revoke"} {
		routes = append(routes, web.Route{Method: "POST", Path: "/services/{id}/" + do, Name: "page-service-" + do, SignedIn: true, After: mine,
			Do: func(c *web.Call) (any, error) {
				out, err := s.Kind.Move(c, do)
				if err == nil {
					return out, nil
				}
				if f := fault.Of(err); f.Kind == fault.Invalid || f.Kind == fault.Conflict || f.Kind == fault.Denied {
					if pg, perr := s.mine(c, &ui.Sent{Do: do, Values: c.Form(), Fault: f}, c.Path("id")); perr == nil {
						return pg, err
					}
				}
				return nil, err
			}})
	}
	return routes
}

// mineView is what 我的志愿服务 shows.
type mineView struct {
	Total, Year  int64
	Mine, Others []recordView
	Certificates []Certificate
	Issue        []ui.Field
	OpID         string
	Sent         *ui.Sent
	Errors       []ui.FieldError
}

type recordView struct {
	J     JSON
	Moves []ui.Action
}

func (s *Service) pageMine(c *web.Call) (any, error) { return s.mine(c, nil, "") }

func (s *Service) mine(c *web.Call, sent *ui.Sent, about string) (any, error) {
	p := s.Page(c, c.T("service.mine"), ui.Mine)
	p.Back = ui.Link{Label: c.T("nav.me"), URL: "/me"}
	p.NoIndex = true
	ctx, q, now := c.Context(), s.Journal.DB, c.Now()
	v := mineView{Sent: sent, OpID: ui.NewOperation()}
	var err error
	if v.Total, err = minutesOf(ctx, q, c.Actor.ID, 0); err != nil {
		return nil, err
	}
	year := time.UnixMilli(now).In(clock.China)
	if v.Year, err = minutesOf(ctx, q, c.Actor.ID, time.Date(year.Year(), 1, 1, 0, 0, 0, 0, clock.China).UnixMilli()); err != nil {
		return nil, err
	}
	view := matter.ViewOf(c)
	view.Brief = true
	read := func(f filter) ([]recordView, error) {
		rs, err := list(ctx, q, c.Actor, f, page.Ask{Limit: 30}, now)
		var out []recordView
		for _, r := range rs {
			j, err := s.json(ctx, q, r, view)
			if err != nil {
				return nil, err
			}
			var mine *ui.Sent
			if r.ID == about {
				mine = sent
			}
			out = append(out, recordView{j, ui.Moves(p, "service", "/services/"+r.ID, r.Version, Life.Actions(r, c.Actor, now), mine)})
		}
		return out, err
	}
	if v.Mine, err = read(filter{Mine: true}); err != nil {
		return nil, err
	}
	if v.Others, err = read(filter{ToConfirm: true}); err != nil {
		return nil, err
	}
	groups := c.Actor.Agencies()
	if v.Certificates, err = certificatesOf(ctx, q, c.Actor.ID, groups); err != nil {
		return nil, err
	}
	var issue *ui.Sent
	if sent != nil && sent.Do == "issue" {
		issue = sent
	}
	v.Issue = ui.FieldsOf(p, "service", certificateFields[:2], issue)
	for i := range v.Issue {
		v.Issue[i].Type = ui.DateField
		if v.Issue[i].Value == "" {
			v.Issue[i].Value = []string{strconv.Itoa(year.Year()) + "-01-01", year.Format("2006-01-02")}[i]
		}
	}
	v.Issue = append(v.Issue, s.issueFor(p, c.Actor, issue)...)
	v.Errors = ui.Errors(v.Issue)
	return s.mineScreen(p, v), nil
}

func (s *Service) pageNew(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, fault.Absent()
	}
	return s.stateForm(c, in.Text("wish"), nil)
}

func (s *Service) stateForm(c *web.Call, wish string, sent *ui.Sent) (any, error) {
	p := s.Page(c, c.T("service.state_hours"), ui.Mine)
	p.Back = ui.Link{Label: c.T("service.mine"), URL: "/me/service"}
	title := ""
	fields := stateFields
	if wish != "" {
		h, err := s.Wishes.Help(c.Context(), s.Journal.DB, c.Actor, wish)
		if err != nil {
			return nil, err
		}
		title = h.Title
		fields = slices.DeleteFunc(slices.Clone(fields), func(f flow.Field) bool { return f.Name == "title" || f.Name == "place" })
	}
	fields = slices.DeleteFunc(slices.Clone(fields), func(f flow.Field) bool { return f.Name == "wish" || f.Name == "place" })
	fs := ui.FieldsOf(p, "service", fields, sent)
	for i := range fs {
		if fs[i].Name == "title" {
			fs[i].Required = true
		}
	}
	message := ""
	if sent != nil {
		message = c.TextOf(sent.Fault.Key, sent.Fault.Args)
	}
	return s.stateScreen(p, wish, title, fs, message), nil
}

func (s *Service) pageState(c *web.Call) (any, error) {
	out, err := s.create(c.Context(), c)
	if err == nil {
		return out, nil
	}
	if f := fault.Of(err); f.Kind == fault.Invalid || f.Kind == fault.Conflict || f.Kind == fault.Denied {
		if pg, perr := s.stateForm(c, c.Form().Get("wish"), &ui.Sent{Values: c.Form(), Fault: f}); perr == nil {
			return pg, err
		}
	}
	return nil, err
}

func (s *Service) pageVolunteer(c *web.Call) (any, error) { return s.volunteer(c, nil) }

func (s *Service) volunteer(c *web.Call, sent *ui.Sent) (any, error) {
	p := s.Page(c, c.T("volunteer.title"), ui.Wishes)
	p.Back = ui.Link{Label: c.T("wish.list"), URL: "/wishes"}
	prof, err := profile(c.Context(), s.Journal.DB, c.Actor.ID)
	if err != nil {
		prof = Profile{Radius: "community"} // not registered yet
	}
	near, err := s.Near(c.Context(), s.Journal.DB, c.Actor, 6)
	if err != nil {
		return nil, err
	}
	fields := []ui.Field{
		{Name: "on_call", Type: ui.CheckField, Label: p.T("volunteer.field.on_call"), Value: map[bool]string{true: "true"}[prof.OnCall]},
		{Name: "skills", Type: ui.ChecksField, Label: p.T("volunteer.field.skills"), Values: strings.Fields(prof.Skills)},
		{Name: "free", Type: ui.ChecksField, Label: p.T("volunteer.field.free"), Values: strings.Fields(prof.Free), Thirds: true},
		{Name: "radius", Type: ui.RadioField, Label: p.T("volunteer.field.radius"), Value: prof.Radius},
	}
	for _, k := range Kinds {
		fields[1].Options = append(fields[1].Options, ui.Option{Value: k, Label: p.T("volunteer.kind." + k)})
	}
	for _, t := range Times {
		fields[2].Options = append(fields[2].Options, ui.Option{Value: t, Label: p.T("volunteer.day."+t[:1]) + p.T("volunteer.part."+t[1:])})
	}
	for _, r := range Radii {
		fields[3].Options = append(fields[3].Options, ui.Option{Value: r, Label: p.T("volunteer.radius." + r)})
	}
	message := ""
	if sent != nil {
		message = c.TextOf(sent.Fault.Key, sent.Fault.Args)
	}
	return s.volunteerScreen(p, fields, near, ui.NewOperation(), message), nil
}

func (s *Service) offer(c *web.Call) (any, error) {
	err := s.Journal.Write(c.Context(), func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(c.Context(), tx, actor.From(c.Context()))
		if err != nil {
			return nil, err
		}
		in, err := c.Body(profileFields)
		if err != nil {
			return nil, err
		}
		return s.Offer(c.Context(), tx, a, in)
	})
	if err != nil {
		if f := fault.Of(err); f.Kind == fault.Invalid || f.Kind == fault.Denied {
			if pg, perr := s.volunteer(c, &ui.Sent{Values: c.Form(), Fault: f}); perr == nil {
				return pg, err
			}
		}
		return nil, err
	}
	return web.Redirect("/volunteer/on-call"), nil
}

// hours writes minutes as people say them: 1 小时 30 分.
func hours(p ui.Page, n int64) string {
	if n%60 == 0 {
		return p.T("service.hours", "n", n/60)
	}
	return p.T("service.hours_minutes", "h", n/60, "m", n%60)
}

// figure is minutes in hours, as one number.
func figure(n int64) string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(n)/60, 'f', 1, 64), ".0")
}

func day10(p ui.Page, t time.Time) string { return text.Date(p.Lang, t) }

func recordTag(p ui.Page, j JSON) ui.Tag {
	tone := map[string]ui.Tone{"stated": ui.Wait, "confirmed": ui.Good, "refused": ui.Off, "withdrawn": ui.Off, "revoked": ui.Bad}[j.State]
	return ui.Tag{State: j.State, Label: p.T("service.state." + j.State), Tone: tone}
}

func lineTable(p ui.Page, ls []Line) ui.Table {
	t := ui.Table{Caption: p.T("service.lines"), Hidden: true, Columns: []ui.Column{
		{Label: p.T("service.when")}, {Label: p.T("service.what")}, {Label: p.T("service.length"), Number: true}, {Label: p.T("service.recorder")},
	}}
	for _, l := range ls {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: day10(p, time.UnixMilli(l.At))}, {Text: l.Title}, {Text: hours(p, l.Minutes)}, {Text: l.Recorder}}})
	}
	return t
}

func verifiedFacts(p ui.Page, v Verified) []ui.Fact {
	out := []ui.Fact{
		{Label: p.T("service.holder"), Value: v.Name},
		{Label: p.T("service.period"), Value: day10(p, v.From) + "–" + day10(p, v.To)},
		{Label: p.T("service.length"), Value: hours(p, v.Minutes)},
		{Label: p.T("service.issuer"), Value: v.Issuer},
		{Label: p.T("service.issued_at"), Value: day10(p, v.IssuedAt)},
		{Label: p.T("service.serial"), Value: v.Serial},
	}
	if v.Project != "" {
		out = append(out, ui.Fact{Label: p.T("service.project"), Value: v.Project})
	}
	if v.CodeState == "right" && v.Now != v.Minutes {
		out = append(out, ui.Fact{Label: p.T("service.now"), Value: hours(p, v.Now)})
	}
	return out
}

func paperFacts(p ui.Page, a paper) []ui.Fact {
	out := []ui.Fact{{Label: p.T("service.holder"), Value: a.Name}}
	if a.Document != "" {
		out = append(out, ui.Fact{Label: p.T("service.document"), Value: a.Document})
	}
	return append(out,
		ui.Fact{Label: p.T("service.period"), Value: day10(p, a.V.From) + "–" + day10(p, a.V.To)},
		ui.Fact{Label: p.T("service.length"), Value: hours(p, a.C.Minutes)},
		ui.Fact{Label: p.T("service.issuer"), Value: a.V.Issuer},
		ui.Fact{Label: p.T("service.in_charge"), Value: a.C.InCharge},
		ui.Fact{Label: p.T("service.handler"), Value: a.C.Handler},
		ui.Fact{Label: p.T("service.contact"), Value: a.C.Contact},
		ui.Fact{Label: p.T("service.serial"), Value: a.C.Serial},
		ui.Fact{Label: p.T("service.code"), Value: a.C.Code},
		ui.Fact{Label: p.T("service.issued_at"), Value: day10(p, a.V.IssuedAt)})
}
