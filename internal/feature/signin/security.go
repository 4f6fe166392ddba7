package signin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	when "linli/internal/ui/text"
)

var (
	emailFields  = []flow.Field{text("email", 120, true)}
	changeFields = []flow.Field{
		{Name: "old_password", Kind: flow.Text, Max: 200, Silent: true},
		{Name: "new_password", Kind: flow.Text, Max: 200, Required: true, Silent: true},
	}
)

func (s *Service) securityRoutes() []web.Route {
	get := func(path, name string, do func(c *web.Call) (any, error)) web.Route {
		return web.Route{Method: "GET", Path: path, Name: name, SignedIn: true, Do: do}
	}
	post := func(path, name string, do func(c *web.Call) (any, error)) web.Route {
		return web.Route{Method: "POST", Path: path, Name: name, SignedIn: true, Do: do}
	}
	rs := []web.Route{
		get("/me/security", "page-security", func(c *web.Call) (any, error) { return s.securityPage(c, nil) }),
		post("/me/sessions/end", "end-other-sessions", s.endOthers),
		post("/me/sessions/{id}/end", "end-session", s.endSession),
		post("/me/password", "change-password", s.changePassword),
		post("/me/totp", "set-totp", s.turnOnTOTP),
		post("/me/totp/off", "end-totp", s.turnOffTOTP),
		post("/me/passkeys/{id}/end", "end-passkey", s.endPasskey),
		post("/me/ties/{provider}/end", "end-tie", s.endTie),
	}
	for _, what := range []string{"phone", "email"} {
		rs = append(rs,
			post("/me/"+what, "change-"+what, func(c *web.Call) (any, error) { return s.changeTarget(c, what) }),
			get("/me/"+what+"/code", "page-"+what+"-code", func(c *web.Call) (any, error) { return s.targetCodePage(c, what, nil) }),
			post("/me/"+what+"/code", "prove-"+what, func(c *web.Call) (any, error) { return s.proveTarget(c, what) }))
	}
	return rs
}

func (s *Service) securityPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	ctx := c.Context()
	p := s.page(c, "member.security")
	p.JS = []string{"passkey.js"}
	a, err := s.members.ByID(ctx, s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	keys, err := passkeysOf(ctx, s.journal.DB, a.ID)
	if err != nil {
		return nil, err
	}
	sessions, err := s.session.List(ctx, s.journal.DB, a.ID)
	if err != nil {
		return nil, err
	}
	here := func(do string) *ui.Sent {
		if sent != nil && sent.Do == do {
			return sent
		}
		return nil
	}
	sheet := func(do, action string, fields []flow.Field) (templ.Component, templ.Component) {
		return ui.Sheet{
			Kind: "member", ID: do, Action: action, Button: c.T("member.button." + do), Fields: fields, Sent: here(do), Quiet: true,
			Dress: map[string]ui.Field{
				"phone": dress["phone"], "email": {Type: ui.EmailField, Complete: "email"}, "code": dress["code"],
				"old_password": {Type: ui.PasswordField, Complete: "current-password"}, "new_password": {Type: ui.PasswordField, Complete: "new-password"},
			},
		}.Draw(p)
	}
	var summaries, body []templ.Component
	add := func(title string, parts ...templ.Component) {
		body = append(body, ui.With(ui.Block(title, ui.Link{}), parts...))
	}
	sum, form := sheet("phone", "/me/phone", phoneFields)
	summaries = append(summaries, sum)
	add(c.T("member.phone"), ui.FactList([]ui.Fact{{Label: c.T("member.now"), Value: orNone(c, member.Mask(a.Phone))}}), ui.With(ui.Details(c.T("member.change_phone")), form))
	sum, form = sheet("email", "/me/email", emailFields)
	summaries = append(summaries, sum)
	add(c.T("member.email"), ui.FactList([]ui.Fact{{Label: c.T("member.now"), Value: orNone(c, member.MaskMail(a.Email))}}), ui.With(ui.Details(c.T("member.change_email")), form))
	fields := changeFields
	if a.Password == "" {
		fields = fields[1:]
	}
	sum, form = sheet("password", "/me/password", fields)
	summaries = append(summaries, sum)
	add(c.T("member.password"), ui.Paragraph(c.T("member.password_hint", "n", member.PasswordLeast)), ui.With(ui.Details(c.T("member.change_password")), form))

	var second []templ.Component
	if a.TOTP != "" {
		sum, form = sheet("totp_off", "/me/totp/off", proofFields)
		second = append(second, ui.Paragraph(c.T("member.totp_on")), ui.With(ui.Details(c.T("member.button.totp_off")), form))
	} else {
		show, err := s.newTOTP(c, a)
		if err != nil {
			return nil, err
		}
		sum, form = sheet("totp", "/me/totp", codeFields)
		second = append(second, ui.Paragraph(c.T("member.totp_hint")), ui.With(ui.Details(c.T("member.totp_set")), show, form))
	}
	summaries = append(summaries, sum)
	for _, k := range keys {
		second = append(second, ui.Line(c.T("member.passkey_line", "label", k.Label, "day", when.Date(p.Lang, time.UnixMilli(k.At))),
			ui.Press(p, "/me/passkeys/"+k.ID+"/end", c.T("member.remove"), k.Label)))
	}
	if s.passkeys() != nil {
		second = append(second, passkeyButton(c.T("member.passkey_new"), "new", ""))
	}
	add(c.T("member.second"), second...)
	if a.TOTP != "" || len(keys) > 0 {
		sum, block, err := s.recoveryBlock(c, p, a, here("recovery"))
		if err != nil {
			return nil, err
		}
		summaries, body = append(summaries, sum), append(body, block)
	}
	if len(s.Providers) > 0 {
		ties, err := s.tiesBlock(c, p, a)
		if err != nil {
			return nil, err
		}
		add(c.T("member.ties"), ties...)
	}

	var list []templ.Component
	for _, i := range sessions {
		agent := i.Agent
		if agent == "" {
			agent = c.T("member.some_device")
		}
		words := c.T("member.session_line", "agent", agent, "at", when.Moment(p.Lang, time.UnixMilli(i.Seen), p.Now))
		if i.Here {
			list = append(list, ui.Line(words+c.T("member.session_here"), ui.Nothing))
			continue
		}
		list = append(list, ui.Line(words, ui.Press(p, "/me/sessions/"+i.ID+"/end", c.T("member.end_session"), i.Agent)))
	}
	if len(sessions) > 1 {
		list = append(list, ui.Press(p, "/me/sessions/end", c.T("member.end_others"), ""))
	}
	if len(list) == 0 {
		list = append(list, ui.Paragraph(c.T("member.no_sessions")))
	}
	add(c.T("member.sessions"), list...)
	return ui.Whole(p, append(append(summaries, ui.Heading(p.Title, c.T("member.security_lead"))), body...)...), nil
}

func (s *Service) endOthers(c *web.Call) (any, error) {
	return s.members.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, _ int64) (string, error) {
		return "/me/security?done=ended", s.session.EndOthers(ctx, tx, a.ID)
	})
}

func (s *Service) endSession(c *web.Call) (any, error) {
	return s.members.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, _ int64) (string, error) {
		return "/me/security?done=ended", s.session.EndOne(ctx, tx, a.ID, c.Path("id"))
	})
}

// keyTarget keeps a new phone or address until its code proves it.
const keyTarget = "new_target"

// changeTarget sends a code to a new phone or address.
func (s *Service) changeTarget(c *web.Call, what string) (any, error) {
	fields, read, bad := phoneFields, member.Mobile, "member.bad_phone"
	if what == "email" {
		fields, read, bad = emailFields, address, "member.bad_email"
	}
	in, err := c.Body(fields)
	target, good := read(in.Text(what))
	if err == nil && !good {
		err = fault.Field1(what, bad)
	}
	shown := ""
	if err == nil {
		shown, err = s.send(c.Context(), target, "change")
	}
	if err != nil {
		page, perr := s.securityPage(c, ui.Back(c, what, err))
		return page, errors.Join(perr, err)
	}
	s.session.Put(c.Context(), keyTarget, what+"\n"+target+"\n"+shown)
	return web.Redirect("/me/" + what + "/code"), nil
}

func (s *Service) target(c *web.Call, what string) (target, shown string) {
	kept := strings.Split(s.session.Get(c.Context(), keyTarget), "\n")
	if len(kept) != 3 || kept[0] != what {
		return "", ""
	}
	return kept[1], kept[2]
}

func (s *Service) targetCodePage(c *web.Call, what string, sent *ui.Sent) (any, error) {
	target, shown := s.target(c, what)
	if target == "" {
		return web.Redirect("/me/security"), nil
	}
	p := s.page(c, "member.prove")
	p.Back = ui.Link{Label: c.T("member.security"), URL: "/me/security"}
	summary, form := ui.Sheet{Kind: "member", Action: "/me/" + what + "/code", Button: c.T("member.confirm"), Fields: codeFields, Dress: dress, Sent: sent}.Draw(p)
	parts := []templ.Component{summary, ui.Heading(p.Title, c.T("member.prove_lead"))}
	if shown != "" {
		parts = append(parts, ui.With(ui.Notice(ui.Good, c.T("member.demo_code", "code", shown)), ui.Paragraph(c.T("member.demo_code_text"))))
	}
	return ui.Whole(p, append(parts, form)...), nil
}

// proveTarget takes the code, changes the phone or address, ends the other
// sessions and tells the old one. One that belongs to somebody else already
// fails like a wrong code: whose it is, is not told.
func (s *Service) proveTarget(c *web.Call, what string) (any, error) {
	ctx := c.Context()
	target, _ := s.target(c, what)
	if target == "" {
		return web.Redirect("/me/security"), nil
	}
	in, err := c.Body(codeFields)
	if err == nil {
		err = s.limit("try", target)
	}
	if err == nil {
		err = s.UseCode(ctx, target, "change", strings.TrimSpace(in.Text("code")))
	}
	var old string
	if err == nil {
		old, err = s.setTarget(ctx, c.Actor.ID, what, target)
	}
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			return nil, err
		}
		page, perr := s.targetCodePage(c, what, ui.Back(c, what, err))
		return page, errors.Join(perr, err)
	}
	s.session.Take(ctx, keyTarget)
	if old != "" {
		s.tellOld(ctx, old, what)
	}
	return s.renewed(c, "/me/security?done="+what)
}

// setTarget returns the old phone or address.
func (s *Service) setTarget(ctx context.Context, account, what, target string) (old string, err error) {
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		a, err := s.members.ByID(ctx, tx, account)
		if err != nil {
			return err
		}
		if old = a.Phone; what == "email" {
			old = a.Email
		}
		if err := s.members.SaveTarget(ctx, tx, account, what, target); err != nil {
			return err
		}
		return s.secured(ctx, tx, now, account, what)
	})
	if db.Duplicate(err) {
		return "", fault.Field1("code", "member.wrong_code")
	}
	return old, err
}

// secured ends every other session of an account whose way to sign in changed.
func (s *Service) secured(ctx context.Context, tx *db.Tx, now int64, account, do string) error {
	if err := s.session.EndOthers(ctx, tx, account); err != nil {
		return err
	}
	if err := s.members.SessionsFrom(ctx, tx, account, now); err != nil {
		return err
	}
	return s.members.Touch(ctx, tx, now, account, account, do)
}

// renewed begins the caller's own session anew after a change of privilege.
func (s *Service) renewed(c *web.Call, to string) (any, error) {
	a, err := s.members.ByID(c.Context(), s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	if mine, _ := s.session.Account(c.Context()); mine == c.Actor.ID { // not one who came by a token
		if err := s.session.Begin(c.Context(), c.Actor.ID, max(a.SessionsFrom, c.Now())); err != nil {
			return nil, err
		}
	}
	return web.Redirect(to), nil
}

// tellOld tells an old phone or address that it no longer counts. A sender
// that fails must not undo the change.
func (s *Service) tellOld(ctx context.Context, old, what string) {
	teller, ok := s.Codes.(interface {
		SendChanged(ctx context.Context, target, what string) error
	})
	if !ok {
		s.journal.Log.Info("changed", "what", what, "tell", old)
		return
	}
	if err := teller.SendChanged(ctx, old, what); err != nil {
		s.journal.Log.Error("tell the old address", "err", err)
	}
}

func (s *Service) changePassword(c *web.Call) (any, error) {
	ctx := c.Context()
	in, err := c.Body(changeFields)
	var a member.Account
	if err == nil {
		err = s.limit("try", c.Actor.ID)
	}
	if err == nil {
		a, err = s.members.ByID(ctx, s.journal.DB, c.Actor.ID)
	}
	hash := ""
	if err == nil {
		hash, err = member.NewPassword(a.Password, in.Text("old_password"), in.Text("new_password"))
	}
	if err == nil {
		err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			if err := s.members.SavePassword(ctx, tx, a.ID, hash); err != nil {
				return err
			}
			return s.secured(ctx, tx, now, a.ID, "password")
		})
	}
	if err != nil {
		page, perr := s.securityPage(c, ui.Back(c, "password", err))
		return page, errors.Join(perr, err)
	}
	for _, old := range []string{a.Phone, a.Email} {
		if old != "" {
			s.tellOld(ctx, old, "password")
		}
	}
	return s.renewed(c, "/me/security?done=password")
}

func (s *Service) turnOnTOTP(c *web.Call) (any, error) {
	ctx := c.Context()
	in, err := c.Body(codeFields)
	if err == nil {
		err = s.limit("second", c.Actor.ID)
	}
	var codes []string
	if secret := s.session.Get(ctx, keyTOTP); err == nil {
		if secret == "" {
			return web.Redirect("/me/security"), nil
		}
		codes, err = s.setTOTP(ctx, c.Actor.ID, secret, strings.ReplaceAll(in.Text("code"), " ", ""))
	}
	if err != nil {
		page, perr := s.securityPage(c, ui.Back(c, "totp", err))
		return page, errors.Join(perr, err)
	}
	s.session.Take(ctx, keyTOTP)
	to, err := s.renewed(c, "/me/security?done=totp")
	if err != nil {
		return nil, err
	}
	return s.recoveryPage(c, codes, string(to.(web.Redirect))), nil
}

func (s *Service) turnOffTOTP(c *web.Call) (any, error) {
	ctx := c.Context()
	in, err := c.Body(proofFields)
	if err == nil {
		err = s.limit("second", c.Actor.ID)
	}
	if err == nil {
		err = s.prove(ctx, c.Actor.ID, in.Text("proof"))
	}
	if err != nil {
		page, perr := s.securityPage(c, ui.Back(c, "totp_off", err))
		return page, errors.Join(perr, err)
	}
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if err := s.members.SaveTOTP(ctx, tx, c.Actor.ID, "", 0); err != nil {
			return err
		}
		keys, err := passkeysOf(ctx, tx, c.Actor.ID)
		if err != nil {
			return err
		}
		if len(keys) == 0 { // nothing is left to recover
			if err := forgetRecovery(ctx, tx, c.Actor.ID); err != nil {
				return err
			}
		}
		return s.secured(ctx, tx, now, c.Actor.ID, "second_factor")
	})
	if err != nil {
		return nil, err
	}
	return s.renewed(c, "/me/security?done=totp_off")
}

// tiesBlock lists the other houses by which the person signs in, and offers
// those there are beside.
func (s *Service) tiesBlock(c *web.Call, p ui.Page, a member.Account) ([]templ.Component, error) {
	ties, err := tiesOf(c.Context(), s.journal.DB, a.ID)
	if err != nil {
		return nil, err
	}
	var out []templ.Component
	for _, o := range s.Providers {
		name := c.T("member.provider." + o.Name())
		i := slices.IndexFunc(ties, func(t tie) bool { return t.Provider == o.Name() })
		if i < 0 {
			out = append(out, ui.Line(c.T("member.tie_none", "provider", name), ui.ButtonLink(p, ui.Link{Label: c.T("member.tie_new", "provider", name), URL: "/signin/" + o.Name()}, true)))
			continue
		}
		out = append(out, ui.Line(c.T("member.tie_line", "provider", name, "day", when.Date(p.Lang, time.UnixMilli(ties[i].At))), ui.Press(p, "/me/ties/"+o.Name()+"/end", c.T("member.tie_end"), name)))
	}
	return out, nil
}

// endTie lets a house vouch for the person no more. The last way in stays.
func (s *Service) endTie(c *web.Call) (any, error) {
	return s.members.Press(c, func(ctx context.Context, tx *db.Tx, me actor.Actor, now int64) (string, error) {
		a, err := s.members.ByID(ctx, tx, me.ID)
		if err != nil {
			return "", err
		}
		ties, err := tiesOf(ctx, tx, a.ID)
		if err != nil {
			return "", err
		}
		provider := c.Path("provider")
		if !slices.ContainsFunc(ties, func(t tie) bool { return t.Provider == provider }) {
			return "", fault.Absent()
		}
		if len(ties) == 1 && a.Phone == "" && a.Password == "" {
			return "", fault.New(fault.Conflict, "member.tie_last")
		}
		if err := deleteTie(ctx, tx, a.ID, provider); err != nil {
			return "", err
		}
		if err := s.tied(ctx, tx, provider, "", a.ID, now); err != nil {
			return "", err
		}
		return "/me/security?done=removed", s.members.Touch(ctx, tx, now, a.ID, a.ID, "identity_end")
	})
}

func (s *Service) endPasskey(c *web.Call) (any, error) {
	return s.members.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if err := deletePasskey(ctx, tx, a.ID, c.Path("id")); err != nil {
			return "", err
		}
		return "/me/security?done=removed", s.members.Touch(ctx, tx, now, a.ID, a.ID, "second_factor")
	})
}
