package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// Recovery codes 恢复码 let in, once each, who has lost the phone with the
// authenticator. They are shown when they are made and never again.
const (
	recoveryCodes  = 10
	recoveryLength = 10 // characters, of 29 each: 48 bits
)

// recoveryLetters leaves out what is read wrongly from paper: 0 O, 1 I L, U V.
const recoveryLetters = "23456789ABCDEFGHJKMNPQRSTWXYZ"

var (
	recoveryFields = []flow.Field{text("recovery", 20, true)}
	proofFields    = []flow.Field{text("proof", 20, true)}
)

func (s *Service) recoveryRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/signin/recovery", Name: "page-signin-recovery", Do: s.recoveryForm},
		{Method: "POST", Path: "/signin/recovery", Name: "signin-recovery", Guard: "signin", Do: s.signInRecovery},
		{Method: "POST", Path: "/me/recovery", Name: "renew-recovery", SignedIn: true, Do: s.renewRecovery},
	}
}

// readCode brings a recovery code as somebody typed it to its one form.
func readCode(typed string) string {
	return strings.NewReplacer(" ", "", "-", "", "－", "", "　", "").Replace(strings.ToUpper(typed))
}

func (s *Service) recoveryHash(account, code string) string {
	m := hmac.New(sha256.New, s.Secret)
	fmt.Fprintf(m, "recovery\x00%s\x00%s", account, code)
	return hex.EncodeToString(m.Sum(nil))
}

// prove uses up a code of the authenticator, or a recovery code in its place.
func (s *Service) prove(ctx context.Context, account, typed string) error {
	code := readCode(typed)
	if len(code) != recoveryLength {
		err := s.UseTOTP(ctx, account, code)
		if fault.Is(err, fault.Invalid) {
			return fault.Field1("proof", "member.wrong_code")
		}
		return err
	}
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		good, err := spendRecovery(ctx, tx, account, s.recoveryHash(account, code), now)
		if err == nil && !good {
			err = fault.Field1("proof", "member.wrong_recovery")
		}
		return err
	})
}

// newRecovery makes an account's recovery codes; those of before are void.
func (s *Service) newRecovery(ctx context.Context, tx *db.Tx, account string, now int64) ([]string, error) {
	if err := forgetRecovery(ctx, tx, account); err != nil {
		return nil, err
	}
	var codes []string
	for range recoveryCodes {
		var b strings.Builder
		for b.Len() < recoveryLength {
			var r [1]byte
			rand.Read(r[:])
			if n := int(r[0]); n < 256/len(recoveryLetters)*len(recoveryLetters) { // every letter is as likely
				b.WriteByte(recoveryLetters[n%len(recoveryLetters)])
			}
		}
		code := b.String()
		if err := keepRecovery(ctx, tx, account, s.recoveryHash(account, code), now); err != nil {
			return nil, err
		}
		codes = append(codes, code[:recoveryLength/2]+"-"+code[recoveryLength/2:])
	}
	return codes, nil
}

// recoveryPage shows new codes, the one time they can be read. next is where
// the person goes on.
func (s *Service) recoveryPage(c *web.Call, codes []string, next string) templ.Component {
	p := s.page(c, "member.recovery")
	p.Back, p.CSS = ui.Link{}, []string{"signin.css"}
	return ui.Whole(p, ui.Heading(p.Title, c.T("member.recovery_lead")), ui.With(ui.Notice(ui.Warn, c.T("member.recovery_once")), ui.Paragraph(c.T("member.recovery_once_text"))),
		recoveryList(codes), ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("member.recovery_kept"), URL: next}, false)))
}

func recoveryList(codes []string) templ.Component {
	var b strings.Builder
	b.WriteString(`<ol class="recovery">`)
	for _, code := range codes {
		b.WriteString("<li><code>" + code + "</code></li>")
	}
	b.WriteString("</ol>")
	return templ.Raw(b.String())
}

// recoveryForm asks who owes a second factor for a recovery code instead.
func (s *Service) recoveryForm(c *web.Call) (any, error) {
	if s.session.Get(c.Context(), keyPending) == "" {
		return web.Redirect(at("/signin", nextOf(c))), nil
	}
	return s.recoveryAsk(c, nil), nil
}

func (s *Service) recoveryAsk(c *web.Call, sent *ui.Sent) templ.Component {
	back := ui.Link{Label: c.T("member.recovery_back"), URL: at("/signin/second", nextOf(c))}
	p := s.page(c, "member.signin")
	return s.frame(c, "second", sent, ui.Sheet{Action: "/signin/recovery", Fields: recoveryFields, Button: c.T("member.signin")},
		ui.With(ui.Inset(), ui.Paragraph(c.T("member.recovery_hint"))), ui.With(ui.Buttons(), ui.ButtonLink(p, back, true)))
}

// signInRecovery uses up a recovery code in place of the second factor.
func (s *Service) signInRecovery(c *web.Call) (any, error) {
	ctx := c.Context()
	account := s.session.Get(ctx, keyPending)
	if account == "" {
		return web.Redirect(at("/signin", nextOf(c))), nil
	}
	in, err := c.Body(recoveryFields)
	if err == nil {
		err = s.limit("second", account)
	}
	good := false
	if err == nil {
		err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			if good, err = spendRecovery(ctx, tx, account, s.recoveryHash(account, readCode(in.Text("recovery"))), now); err != nil || !good {
				return err
			}
			return s.members.Touch(ctx, tx, now, account, account, "recovery")
		})
	}
	if err == nil && !good {
		err = fault.Field1("recovery", "member.wrong_recovery")
	}
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			return nil, err
		}
		return s.recoveryAsk(c, ui.Back(c, "", err)), err
	}
	if _, err := s.begin(c, account, "/"); err != nil {
		return nil, err
	}
	return web.Redirect("/me/security?done=recovery"), nil // where the lost phone is taken out
}

// renewRecovery makes new codes. Who has an authenticator proves it first, or
// gives one of the old codes.
func (s *Service) renewRecovery(c *web.Call) (any, error) {
	ctx := c.Context()
	a, err := s.members.ByID(ctx, s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	fields := proofFields
	if a.TOTP == "" {
		fields = nil
	}
	in, err := c.Body(fields)
	if err == nil {
		err = s.limit("second", c.Actor.ID)
	}
	if err == nil && a.TOTP != "" {
		err = s.prove(ctx, a.ID, in.Text("proof"))
	}
	if err != nil {
		page, perr := s.securityPage(c, ui.Back(c, "recovery", err))
		return page, errors.Join(perr, err)
	}
	var codes []string
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := s.members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if codes, err = s.newRecovery(ctx, tx, who.ID, now); err != nil {
			return err
		}
		return s.members.Touch(ctx, tx, now, who.ID, who.ID, "second_factor")
	})
	if err != nil {
		return nil, err
	}
	return s.recoveryPage(c, codes, "/me/security"), nil
}

// recoveryBlock tells how many codes are left and makes new ones.
func (s *Service) recoveryBlock(c *web.Call, p ui.Page, a member.Account, sent *ui.Sent) (summary, block templ.Component, err error) {
	left, err := countRecovery(c.Context(), s.journal.DB, a.ID)
	if err != nil {
		return nil, nil, err
	}
	fields := proofFields
	if a.TOTP == "" {
		fields = nil
	}
	summary, form := ui.Sheet{Kind: "member", ID: "recovery", Action: "/me/recovery", Button: c.T("member.button.recovery"), Fields: fields, Sent: sent, Quiet: true}.Draw(p)
	return summary, ui.With(ui.Block(c.T("member.recovery"), ui.Link{}), ui.Paragraph(c.T("member.recovery_left", "n", left)), ui.With(ui.Details(c.T("member.recovery_new")), ui.Paragraph(c.T("member.recovery_new_text")), form)), nil
}
