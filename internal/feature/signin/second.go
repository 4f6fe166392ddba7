package signin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"linli/internal/core/fault"
	"linli/internal/core/qr"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// keyTOTP keeps a secret that is being set up, until its first code proves it.
const keyTOTP = "totp_new"

// totpStep is how long one code of an authenticator holds, in seconds.
const totpStep = 30

// box seals what must be read again but not from a copy of the database.
func (s *Service) box() cipher.AEAD {
	key, err := hkdf.Key(sha256.New, s.Secret, nil, "linli second factor", 32)
	if err != nil {
		panic(err) // only for a length no hash can give
	}
	b, _ := aes.NewCipher(key) // 32 bytes are a key
	g, _ := cipher.NewGCM(b)
	return g
}

func (s *Service) seal(account, secret string) string {
	g := s.box()
	nonce := make([]byte, g.NonceSize())
	rand.Read(nonce)
	return base64.RawStdEncoding.EncodeToString(g.Seal(nonce, nonce, []byte(secret), []byte(account)))
}

func (s *Service) unseal(account, sealed string) (string, error) {
	g := s.box()
	b, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(b) < g.NonceSize() {
		return "", errors.New("member: the sealed secret is broken")
	}
	out, err := g.Open(nil, b[:g.NonceSize()], b[g.NonceSize():], []byte(account))
	return string(out), err
}

// stepOf finds the step of an authenticator whose code this is, within one
// step of now; ok is false when there is none.
func stepOf(secret, code string, now int64) (step int64, ok bool) {
	at := now / 1000 / totpStep
	for _, n := range []int64{at, at - 1, at + 1} {
		if good, err := hotp.ValidateCustom(code, uint64(n), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}); err == nil && good {
			return n, true
		}
	}
	return 0, false
}

// UseTOTP uses up a code of an account's authenticator: each step counts once.
func (s *Service) UseTOTP(ctx context.Context, account, code string) error {
	wrong := fault.Field1("code", "member.wrong_code")
	a, err := s.members.ByID(ctx, s.journal.DB, account)
	if err != nil {
		return err
	}
	if a.TOTP == "" {
		return wrong
	}
	secret, err := s.unseal(account, a.TOTP)
	if err != nil {
		return err
	}
	good := false
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		step, ok := stepOf(secret, code, now)
		if good = false; !ok {
			return nil
		}
		good, err = s.members.UseStep(ctx, tx, account, step)
		return err
	})
	if err == nil && !good {
		return wrong
	}
	return err
}

// secondPage asks for the second factor, or has the first one set up.
func (s *Service) secondPage(c *web.Call) (any, error) {
	account := s.session.Get(c.Context(), keyPending)
	if account == "" {
		return web.Redirect(at("/signin", nextOf(c))), nil
	}
	return s.secondForm(c, account, nil)
}

func (s *Service) secondForm(c *web.Call, account string, sent *ui.Sent) (templ.Component, error) {
	a, err := s.members.ByID(c.Context(), s.journal.DB, account)
	if err != nil {
		return nil, err
	}
	keys, err := passkeysOf(c.Context(), s.journal.DB, account)
	if err != nil {
		return nil, err
	}
	sheet := ui.Sheet{Action: "/signin/second", Fields: codeFields, Button: c.T("member.signin")}
	var before []templ.Component
	if a.TOTP == "" && len(keys) == 0 {
		show, err := s.newTOTP(c, a)
		if err != nil {
			return nil, err
		}
		before = append(before, ui.With(ui.Notice(ui.Warn, c.T("member.second_needed")), ui.Paragraph(c.T("member.second_needed_text"))), show)
	} else {
		before = append(before, ui.With(ui.Inset(), ui.Paragraph(c.T("member.second_hint"))))
	}
	if len(keys) > 0 && s.passkeys() != nil {
		before = append(before, passkeyButton(c.T("member.with_passkey"), "signin", nextOf(c)))
	}
	left, err := countRecovery(c.Context(), s.journal.DB, account)
	if err != nil {
		return nil, err
	}
	return s.framed(c, "second", sent, sheet, left > 0, before...), nil
}

func (s *Service) signInSecond(c *web.Call) (any, error) {
	ctx := c.Context()
	account := s.session.Get(ctx, keyPending)
	if account == "" {
		return web.Redirect(at("/signin", nextOf(c))), nil
	}
	in, err := c.Body(codeFields)
	code := strings.ReplaceAll(in.Text("code"), " ", "")
	if err == nil {
		err = s.limit("second", account)
	}
	var a member.Account
	var codes []string
	if err == nil {
		a, err = s.members.ByID(ctx, s.journal.DB, account)
	}
	if err == nil {
		if fresh := s.session.Get(ctx, keyTOTP); a.TOTP == "" && fresh != "" {
			codes, err = s.setTOTP(ctx, account, fresh, code)
		} else {
			err = s.UseTOTP(ctx, account, code)
		}
	}
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			return nil, err
		}
		form, ferr := s.secondForm(c, account, ui.Back(c, "", err))
		if ferr != nil {
			return nil, ferr
		}
		return form, err
	}
	s.session.Take(ctx, keyTOTP)
	to, err := s.begin(c, account, nextOf(c))
	if err != nil || codes == nil {
		return to, err
	}
	return s.recoveryPage(c, codes, string(to.(web.Redirect))), nil
}

// newTOTP shows a new secret for an authenticator as a QR code and as letters.
func (s *Service) newTOTP(c *web.Call, a member.Account) (templ.Component, error) {
	ctx := c.Context()
	secret := s.session.Get(ctx, keyTOTP)
	if secret == "" {
		key, err := totp.Generate(totp.GenerateOpts{Issuer: "Linli", AccountName: a.Name})
		if err != nil {
			return nil, err
		}
		secret = key.Secret()
		s.session.Put(ctx, keyTOTP, secret)
	}
	link := "otpauth://totp/" + url.PathEscape("Linli:"+a.Name) + "?secret=" + secret + "&issuer=Linli"
	svg, err := qr.SVG(link, 200, c.T("member.totp_qr"))
	if err != nil {
		return nil, err
	}
	return templ.Join(
		ui.Paragraph(c.T("member.totp_scan")), templ.Raw(svg),
		ui.FactList([]ui.Fact{{Label: c.T("member.totp_letters"), Value: spaced(secret)}}),
	), nil
}

// setTOTP keeps a secret whose first code was given, and makes the recovery
// codes that go with it.
func (s *Service) setTOTP(ctx context.Context, account, secret, code string) (codes []string, err error) {
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		step, ok := stepOf(secret, code, now)
		if !ok {
			return fault.Field1("code", "member.wrong_code")
		}
		if err := s.members.SaveTOTP(ctx, tx, account, s.seal(account, secret), step); err != nil {
			return err
		}
		if codes, err = s.newRecovery(ctx, tx, account, now); err != nil {
			return err
		}
		return s.members.Touch(ctx, tx, now, account, account, "second_factor")
	})
	return codes, err
}

// spaced sets letters in groups of four, to be typed over.
func spaced(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
