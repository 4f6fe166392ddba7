package volunteer

import (
	"net/url"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// CertificateJSON is a certificate as its holder knows it.
type CertificateJSON struct {
	Serial   string     `json:"serial"`
	Code     string     `json:"code"`
	Minutes  int64      `json:"minutes"`
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	IssuedAt time.Time  `json:"issued_at"`
	Revoked  *time.Time `json:"revoked_at"`
	URL      string     `json:"url"`
}

// Location is the address of an issued certificate.
func (j CertificateJSON) Location() string { return j.URL }

func certificateJSON(c Certificate) CertificateJSON {
	return CertificateJSON{
		Serial: c.Serial, Code: c.Code, Minutes: c.Minutes, From: matter.Time(c.From), To: matter.Time(c.To), IssuedAt: matter.Time(c.IssuedAt),
		Revoked: matter.TimeOrNull(c.RevokedAt), URL: "/certificates/" + c.Serial,
	}
}

func (s *Service) issue(c *web.Call) (any, error) {
	var out CertificateJSON
	err := s.Journal.Write(c.Context(), func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(c.Context(), tx, actor.From(c.Context()))
		if err != nil {
			return nil, err
		}
		in, err := c.Body(certificateFields)
		if err != nil {
			return nil, err
		}
		cert, err := s.Issue(c.Context(), tx, a, in)
		if err != nil {
			return nil, err
		}
		out = certificateJSON(cert)
		return out, nil
	})
	return out, err
}

func (s *Service) issuePage(c *web.Call) (any, error) {
	if form := c.Form(); form.Get("to") != "" && len(form.Get("to")) == len("2006-01-02") {
		form.Set("to", form.Get("to")+"T23:59") // a day is meant whole
	}
	out, err := s.issue(c)
	if err != nil {
		if f := fault.Of(err); f.Kind == fault.Invalid || f.Kind == fault.Conflict || f.Kind == fault.Malformed {
			if pg, perr := s.mine(c, &ui.Sent{Do: "issue", Values: c.Form(), Fault: f}, ""); perr == nil {
				return pg, err
			}
		}
		return nil, err
	}
	return out, nil
}

func (s *Service) revoke(c *web.Call) (any, error) {
	var out CertificateJSON
	err := s.Journal.Write(c.Context(), func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(c.Context(), tx, actor.From(c.Context()))
		if err != nil {
			return nil, err
		}
		in, err := c.Body([]flow.Field{flow.Reason()})
		if err != nil {
			return nil, err
		}
		cert, err := s.Revoke(c.Context(), tx, a, c.Path("serial"), in.Text("reason"))
		out = certificateJSON(cert)
		return out, err
	})
	return out, err
}

func (s *Service) verify(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	return s.Verify(c.Context(), s.Journal.DB, c.Path("serial"), in.Text("code"))
}

// pageLookup is where a stranger types what stands on the paper.
func (s *Service) pageLookup(c *web.Call) (any, error) {
	in, err := c.Query()
	if err == nil && in.Text("serial") != "" {
		return web.Redirect("/certificates/" + url.PathEscape(strings.ToUpper(in.Text("serial"))) + "?code=" + url.QueryEscape(in.Text("code"))), nil
	}
	p := s.Page(c, c.T("service.verify"), ui.Honours)
	return s.lookupScreen(p), nil
}

// certView is what the page of a certificate shows.
type certView struct {
	V       Verified
	Whole   bool // the reader is its holder: may print
	Staff   bool
	Code    string
	OpID    string
	Address string
}

// facts are what is verified; the holder reads the code to hand on as well.
func (v certView) facts(p ui.Page) []ui.Fact {
	out := verifiedFacts(p, v.V)
	if v.Whole {
		out = append(out, ui.Fact{Label: p.T("service.code"), Value: v.Code})
	}
	return out
}

func (s *Service) pageVerify(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		in = flow.Input{}
	}
	v := certView{OpID: ui.NewOperation(), Code: in.Text("code")}
	cert, err := certificate(c.Context(), s.Journal.DB, strings.ToUpper(c.Path("serial")), "")
	if err == nil && s.holds(c.Actor, cert) {
		v.Whole, v.Staff, v.Code = true, c.Actor.StaffReaching(cert.Place), cert.Code
	}
	if v.V, err = s.Verify(c.Context(), s.Journal.DB, c.Path("serial"), v.Code); err != nil {
		return nil, err
	}
	v.Address = c.Base() + "/certificates/" + v.V.Serial + "?code=" + v.Code
	p := s.Page(c, c.T("service.certificate"), ui.Honours)
	p.Back = ui.Link{Label: c.T("service.verify"), URL: "/certificates"}
	p.NoIndex = true
	return s.certificateScreen(p, v), nil
}

// paper is a certificate on paper; the document number lives in this reply only.
type paper struct {
	V              Verified
	Name, Document string
	C              Certificate
	Address        string
}

// pagePrint shows the paper with the document number typed just now. Nothing
// of it is written anywhere: no move, no log, no draft (its name holds "code").
func (s *Service) pagePrint(c *web.Call) (any, error) {
	cert, err := certificate(c.Context(), s.Journal.DB, c.Path("serial"), "")
	if err != nil || !s.holds(c.Actor, cert) {
		return nil, fault.Absent()
	}
	if cert.RevokedAt != 0 {
		return nil, fault.New(fault.Conflict, "service.reason.revoked")
	}
	in, err := c.Body([]flow.Field{{Name: "document_code", Kind: flow.Text, Max: 40}})
	if err != nil {
		return nil, err
	}
	v, err := s.Verify(c.Context(), s.Journal.DB, cert.Serial, cert.Code)
	if err != nil {
		return nil, err
	}
	name := s.Groups.Name(cert.Group)
	if cert.Account != "" {
		if name, err = s.holder(c.Context(), s.Journal.DB, cert); err != nil {
			return nil, err
		}
	}
	p := s.Page(c, c.T("service.certificate"), ui.Honours)
	p.NoIndex = true
	p.Path = "/certificates/" + cert.Serial
	return s.paperScreen(p, paper{V: v, Name: name, Document: in.Text("document_code"), C: cert, Address: c.Base() + "/certificates/" + cert.Serial + "?code=" + cert.Code}), nil
}

// issueFor asks whose certificate it is of who acts for a group or a child, and
// of a group's of which project; all others have theirs alone.
func (s *Service) issueFor(p ui.Page, a actor.Actor, sent *ui.Sent) []ui.Field {
	groups := a.Agencies()
	if len(groups) == 0 {
		return nil
	}
	fs := ui.FieldsOf(p, "service", certificateFields[3:], sent)
	fs[0].Type, fs[0].Options = ui.SelectField, []ui.Option{{Value: "", Label: p.T("service.for_me")}}
	for _, r := range groups {
		fs[0].Options = append(fs[0].Options, ui.Option{Value: r.Group, Label: s.Groups.Name(r.Group)})
	}
	fs[1].Hint = p.T("service.hint.project")
	return fs
}

// nameOf says for whom a certificate in a list is.
func (s *Service) nameOf(p ui.Page, c Certificate) string {
	name := p.T("service.for_me")
	if c.Group != "" {
		name = s.Groups.Name(c.Group)
	}
	if c.Project != "" {
		name += "（" + c.Project + "）"
	}
	return name
}
