package signin

import (
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/member"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// What a sign-in under way keeps in the session.
const (
	keyPhone   = "signin_phone" // a code was sent to it
	keyShown   = "signin_code"  // the code itself, on a demo only
	keyPending = "pending"      // account that still owes its second factor
)

var (
	phoneFields    = []flow.Field{text("phone", 20, true)}
	codeFields     = []flow.Field{text("code", 10, true)}
	passwordFields = []flow.Field{text("name", 60, true), {Name: "password", Kind: flow.Text, Max: 200, Required: true, Silent: true}}
)

var dress = map[string]ui.Field{
	"phone":    {Type: ui.PhoneField, Complete: "tel"},
	"code":     {Type: ui.CodeField, Complete: "one-time-code"},
	"name":     {Complete: "username"},
	"password": {Type: ui.PasswordField, Complete: "current-password"},
}

func (s *Service) signInRoutes() []web.Route {
	rs := []web.Route{
		{Method: "GET", Path: "/signin", Name: "page-signin", Do: s.signInPage},
		{Method: "POST", Path: "/signin/code", Name: "send-signin-code", Guard: "signin", Do: s.sendCode},
		{Method: "GET", Path: "/signin/code", Name: "page-signin-code", Do: s.codePage},
		{Method: "POST", Path: "/signin", Name: "signin", Guard: "signin", Do: s.signInByCode},
		{Method: "POST", Path: "/signin/password", Name: "signin-password", Guard: "signin", Do: s.signInByPassword},
		{Method: "GET", Path: "/signin/second", Name: "page-signin-second", Do: s.secondPage},
		{Method: "POST", Path: "/signin/second", Name: "signin-second", Guard: "signin", Do: s.signInSecond},
		{Method: "POST", Path: "/signout", Name: "signout", Do: s.signOut},
		{Method: "GET", Path: "/drafts/{operation}", Name: "page-draft", Do: s.draftPage},
	}
	return append(rs, s.providerRoutes()...)
}

// nextOf is the local path to go to after signing in.
func nextOf(c *web.Call) string {
	next := c.R.URL.Query().Get("next")
	if next == "" {
		next = c.Form().Get(nextField)
	}
	if next = web.LocalPath(next); strings.HasPrefix(next, "/signin") || strings.HasPrefix(next, "/signout") {
		next = "/"
	}
	return next
}

func at(path, next string) string {
	if next == "/" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}

func (s *Service) signInPage(c *web.Call) (any, error) {
	if c.Actor.Known() {
		return web.Redirect(s.arrive(c, nextOf(c))), nil
	}
	if c.R.URL.Query().Get("by") == "password" {
		return s.passwordForm(c, nil), nil
	}
	return s.phoneForm(c, nil), nil
}

// frame is the page around a step of signing in.
func (s *Service) frame(c *web.Call, by string, sent *ui.Sent, sheet ui.Sheet, before ...templ.Component) templ.Component {
	return s.framed(c, by, sent, sheet, false, before...)
}

// framed is frame, with the way to a spare recovery code below the form.
func (s *Service) framed(c *web.Call, by string, sent *ui.Sent, sheet ui.Sheet, spare bool, before ...templ.Component) templ.Component {
	p := s.page(c, "member.signin")
	p.Back = ui.Link{}
	if s.passkeys() != nil {
		p.JS = []string{"passkey.js"}
	}
	next := nextOf(c)
	sheet.Kind, sheet.Sent, sheet.Dress = "member", sent, dress
	sheet.Hidden = append(sheet.Hidden, ui.Option{Label: nextField, Value: next})
	summary, form := sheet.Draw(p)
	parts := []templ.Component{summary, ui.Heading(p.Title, c.T("member.signin_lead."+by))}
	if next != "/" {
		parts = append(parts, ui.With(ui.Inset(), ui.Paragraph(c.T("member.signin_next"))))
	}
	if by != "second" {
		parts = append(parts, ui.Tabs(p, c.T("member.signin_ways"), []ui.Tab{
			{Label: c.T("member.by_phone"), URL: at("/signin", next), Here: by == "phone" || by == "code"},
			{Label: c.T("member.by_password"), URL: with(at("/signin", next), "by", "password"), Here: by == "password"},
		}))
	}
	parts = append(parts, before...)
	parts = append(parts, form)
	if spare {
		parts = append(parts, ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("member.recovery_use"), URL: at("/signin/recovery", next)}, true)))
	}
	if by == "phone" || by == "password" {
		parts = append(parts, s.otherWays(c, p, next))
	}
	if p.Demo && by != "second" {
		parts = append(parts, ui.With(ui.Notice(ui.Plain, c.T("member.demo_accounts")), ui.Paragraph(c.T("member.demo_accounts_text"))))
	}
	return ui.Whole(p, parts...)
}

func (s *Service) otherWays(c *web.Call, p ui.Page, next string) templ.Component {
	var links []templ.Component
	for _, o := range s.Providers {
		links = append(links, ui.ButtonLink(p, ui.Link{Label: c.T("member.with." + o.Name()), URL: at("/signin/"+o.Name(), next)}, true))
	}
	if s.passkeys() != nil {
		links = append(links, passkeyButton(c.T("member.with_passkey"), "signin", next))
	}
	switch {
	case len(links) == 0:
		return ui.Nothing
	case len(s.Providers) == 0: // without scripts there is nothing to see
		return ui.With(ui.Buttons(), links...)
	}
	return ui.With(ui.Block(c.T("member.other_ways"), ui.Link{}), ui.With(ui.Buttons(), links...))
}

func (s *Service) phoneForm(c *web.Call, sent *ui.Sent) templ.Component {
	return s.frame(c, "phone", sent, ui.Sheet{Action: "/signin/code", Fields: phoneFields, Button: c.T("member.send_code")})
}

func (s *Service) passwordForm(c *web.Call, sent *ui.Sent) templ.Component {
	return s.frame(c, "password", sent, ui.Sheet{Action: "/signin/password", Fields: passwordFields, Button: c.T("member.signin")})
}

func (s *Service) codeForm(c *web.Call, phone, shown string, sent *ui.Sent) templ.Component {
	before := []templ.Component{ui.With(ui.Inset(), ui.Paragraph(c.T("member.code_sent", "phone", member.Mask(phone))))}
	if shown != "" {
		before = append(before, ui.With(ui.Notice(ui.Good, c.T("member.demo_code", "code", shown)), ui.Paragraph(c.T("member.demo_code_text"))))
	}
	return s.frame(c, "code", sent, ui.Sheet{Action: "/signin", Fields: codeFields, Button: c.T("member.signin")}, before...)
}

// sendCode sends a one-time code to a phone; whether it has an account is not told.
func (s *Service) sendCode(c *web.Call) (any, error) {
	in, err := c.Body(phoneFields)
	phone, good := member.Mobile(in.Text("phone"))
	if err == nil && !good {
		err = fault.Field1("phone", "member.bad_phone")
	}
	shown := ""
	if err == nil {
		shown, err = s.send(c.Context(), phone, "signin")
	}
	if err != nil {
		return s.phoneForm(c, ui.Back(c, "", err)), err
	}
	s.session.Put(c.Context(), keyPhone, phone)
	s.session.Put(c.Context(), keyShown, shown)
	return web.Redirect(at("/signin/code", nextOf(c))), nil
}

func (s *Service) codePage(c *web.Call) (any, error) {
	phone := s.session.Get(c.Context(), keyPhone)
	if phone == "" {
		return web.Redirect(at("/signin", nextOf(c))), nil
	}
	return s.codeForm(c, phone, s.session.Get(c.Context(), keyShown), nil), nil
}

func (s *Service) signInByCode(c *web.Call) (any, error) {
	phone := s.session.Get(c.Context(), keyPhone)
	if phone == "" {
		return web.Redirect(at("/signin", nextOf(c))), nil
	}
	in, err := c.Body(codeFields)
	if err == nil {
		err = s.limit("try", phone)
	}
	if err == nil {
		err = s.UseCode(c.Context(), phone, "signin", strings.TrimSpace(in.Text("code")))
	}
	if err != nil {
		return s.codeForm(c, phone, s.session.Get(c.Context(), keyShown), ui.Back(c, "", err)), err
	}
	a, err := s.members.ByPhone(c.Context(), phone, s.homeOf(c))
	if err != nil {
		return nil, err
	}
	return s.enter(c, a, nextOf(c))
}

// homeOf is the community a newcomer is looking at.
func (s *Service) homeOf(c *web.Call) string {
	return access.Up(s.Page(c, "", "").Community.Code, access.Community)
}

func (s *Service) signInByPassword(c *web.Call) (any, error) {
	in, err := c.Body(passwordFields)
	var a member.Account
	if err == nil {
		err = s.limit("try", in.Text("name"))
	}
	if err == nil {
		a, err = s.members.ByPassword(c.Context(), in.Text("name"), in.Text("password"))
	}
	if err != nil {
		return s.passwordForm(c, ui.Back(c, "", err)), err
	}
	return s.enter(c, a, nextOf(c))
}

// enter signs an account in whose first factor was good: at once, or after its second.
func (s *Service) enter(c *web.Call, a member.Account, next string) (any, error) {
	ctx := c.Context()
	if a.State != "active" || member.Child(a.Born, c.Now()) {
		return nil, fault.New(fault.Denied, "member.not_alone")
	}
	for _, k := range []string{keyPhone, keyShown} {
		s.session.Take(ctx, k)
	}
	owes, err := s.owesSecond(ctx, a)
	if err != nil {
		return nil, err
	}
	if owes {
		if err := s.session.Renew(ctx); err != nil {
			return nil, err
		}
		s.session.Put(ctx, keyPending, a.ID)
		return web.Redirect(at("/signin/second", next)), nil
	}
	return s.begin(c, a.ID, next)
}

func (s *Service) begin(c *web.Call, account, next string) (any, error) {
	ctx := c.Context()
	s.session.Take(ctx, keyPending)
	if err := s.session.Begin(ctx, account, c.Now()); err != nil {
		return nil, err
	}
	s.session.Put(ctx, "agent", agentName(c.R.UserAgent()))
	a, _, err := s.members.Actor(ctx, account)
	if err != nil {
		return nil, err
	}
	if next == "/" && a.Holds(actor.Staff) {
		next = "/staff"
	}
	c.Actor = a
	return web.Redirect(s.arrive(c, next)), nil
}

// arrive is where a person goes who has just signed in: to the form that was
// kept, if there is one, else to next.
func (s *Service) arrive(c *web.Call, next string) string {
	u, err := url.Parse(next)
	if err != nil {
		return "/"
	}
	op := u.Query().Get("draft")
	if op == "" {
		return next
	}
	if _, _, err := s.members.Draft(c.Context(), c.Actor.ID, op); err != nil {
		return next
	}
	return at("/drafts/"+url.PathEscape(op), next)
}

func (s *Service) signOut(c *web.Call) (any, error) {
	if _, err := c.Body(nil); err != nil {
		return nil, err
	}
	if err := s.session.End(c.Context()); err != nil {
		return nil, err
	}
	return web.Redirect("/"), nil
}

// draftPage gives a kept form back: what was written, and one button to send
// it where it was going.
func (s *Service) draftPage(c *web.Call) (any, error) {
	path, form, err := s.members.Draft(c.Context(), c.Actor.ID, c.Path("operation"))
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(form)
	if err != nil || web.LocalPath(path) != path {
		return nil, fault.Absent()
	}
	p := s.page(c, "member.draft")
	f := ui.Form{Action: path, OpID: c.Path("operation")}
	var rows []ui.Answer
	for _, name := range sorted(values) {
		if name == web.OperationField {
			continue
		}
		for _, v := range values[name] {
			f.Hidden = append(f.Hidden, ui.Option{Label: name, Value: v})
			if label := s.label(p, path, name); label != "" && strings.TrimSpace(v) != "" {
				rows = append(rows, ui.Answer{Label: label, Value: v})
			}
		}
	}
	parts := []templ.Component{ui.Heading(p.Title, c.T("member.draft_lead")), ui.CheckAnswers(p, rows)}
	if !c.Actor.Known() {
		parts = append(parts, ui.ButtonLink(p, ui.Link{Label: c.T("member.signin"), URL: at("/signin", "/drafts/"+url.PathEscape(c.Path("operation")))}, false))
		return ui.Whole(p, parts...), nil
	}
	parts = append(parts, ui.With(ui.FormFor(p, f), ui.With(ui.Buttons(), ui.SubmitButton(p, ui.Button{Label: c.T("member.draft_send")}))))
	if next := nextOf(c); next != "/" {
		parts = append(parts, ui.ButtonLink(p, ui.Link{Label: c.T("member.draft_back"), URL: next}, true))
	}
	return ui.Whole(p, parts...), nil
}

// label finds the words for a field of another feature's form, "" for hidden ones.
func (s *Service) label(p ui.Page, path, name string) string {
	if strings.HasPrefix(name, "_") {
		return ""
	}
	kind := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 2)[0]
	for _, k := range []string{kind, strings.TrimSuffix(kind, "s"), strings.TrimSuffix(kind, "es"), strings.TrimSuffix(kind, "ies") + "y", "member"} {
		if key := k + ".field." + name; p.Has(key) {
			return p.T(key)
		}
	}
	return ""
}

// owesSecond reports whether a person must show a second factor: who has one
// always, and staff, auditors and administrators where the installation says so.
func (s *Service) owesSecond(ctx context.Context, a member.Account) (bool, error) {
	if a.TOTP != "" {
		return true, nil
	}
	keys, err := passkeysOf(ctx, s.journal.DB, a.ID)
	if err != nil || len(keys) > 0 {
		return len(keys) > 0, err
	}
	who, _, err := s.members.Actor(ctx, a.ID)
	if err != nil {
		return false, err
	}
	for _, r := range who.Roles {
		if (r.Name == actor.Staff || r.Name == actor.Auditor || r.Name == actor.Admin) && s.places.Bool(r.Place, "signin.second_factor") {
			return true, nil
		}
	}
	return false, nil
}
