package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"linli/internal/core/clock"
	"linli/internal/core/id"
	"linli/internal/feature/signin"
	"linli/internal/platform/mail"
	"linli/internal/platform/outbound"
	"linli/internal/platform/sms"
	"linli/internal/platform/wechat"
	"linli/internal/ui/text"
)

// SignIn fills in by what ways people may sign in and how codes reach them.
// get reads the environment: LINLI_OIDC_ISSUER, _CLIENT_ID, _SECRET and
// _NETWORK (networks that are not public and may be called), LINLI_WECHAT_APP
// and _SECRET, LINLI_SMS with LINLI_SMS_CODE_TEMPLATE, LINLI_SMTP. With none
// of them set, people sign in by password, and codes stand in the log.
func (c *Config) SignIn(get func(key string) string) error {
	if issuer := get("LINLI_OIDC_ISSUER"); issuer != "" {
		private, err := outbound.ParsePrivate(get("LINLI_OIDC_NETWORK"))
		if err != nil {
			return fmt.Errorf("LINLI_OIDC_NETWORK: %w", err)
		}
		if get("LINLI_OIDC_CLIENT_ID") == "" || c.BaseURL == "" {
			return errors.New("LINLI_OIDC_ISSUER: want LINLI_OIDC_CLIENT_ID and LINLI_BASE_URL too")
		}
		net := outbound.Policy{Private: private, Plain: len(private) > 0}
		c.Providers = append(c.Providers, &signin.OIDC{Issuer: issuer, ClientID: get("LINLI_OIDC_CLIENT_ID"), Secret: get("LINLI_OIDC_SECRET"), Client: net.Client()})
	}
	if app := get("LINLI_WECHAT_APP"); app != "" {
		w, err := wechat.New(app, get("LINLI_WECHAT_SECRET"), "", nil, outbound.Policy{}, clock.System{}) // signing in needs no token
		if err != nil {
			return err
		}
		c.Providers = append(c.Providers, WeChat{w})
	}
	var codes codes
	if s := get("LINLI_SMS"); s != "" {
		a, err := sms.New(s, outbound.Policy{}, clock.System{})
		if err != nil {
			return err
		}
		codes.sms, codes.template = a, get("LINLI_SMS_CODE_TEMPLATE")
		if codes.template == "" {
			return errors.New("LINLI_SMS: want LINLI_SMS_CODE_TEMPLATE, the template with the parameter code")
		}
	}
	if s := get("LINLI_SMTP"); s != "" {
		m, err := mail.New(s, outbound.Policy{})
		if err != nil {
			return err
		}
		codes.mail = m
	}
	if codes.sms != nil || codes.mail != nil {
		c.Codes = codes
	}
	return nil
}

// WeChat signs in who opens Linli inside WeChat 网页授权.
type WeChat struct {
	Client interface {
		AuthorizeURL(redirect, state string) string
		Exchange(ctx context.Context, code string) (wechat.Person, error)
	}
}

// Name implements signin.Provider.
func (WeChat) Name() string { return "wechat" }

// AuthURL implements signin.Provider.
func (w WeChat) AuthURL(_ context.Context, back string, try signin.Try) (string, error) {
	return w.Client.AuthorizeURL(back, try.State), nil
}

// Subject implements signin.Provider. WeChat knows neither nonce nor PKCE: the
// state alone ties the answer to this browser.
func (w WeChat) Subject(ctx context.Context, _, code string, _ signin.Try) (string, error) {
	p, err := w.Client.Exchange(ctx, code)
	return p.OpenID, err
}

// codes sends one-time codes by text message and by mail.
type codes struct {
	sms      sms.Sender
	template string
	mail     mail.Sender
}

// SendCode implements signin.CodeSender.
func (c codes) SendCode(ctx context.Context, target, code string) error {
	if strings.Contains(target, "@") {
		if c.mail == nil {
			return errors.New("no mail server is configured")
		}
		say := func(key string) string {
			return text.T(text.Chinese, key, "code", code) + "\n" + text.T(text.English, key, "code", code)
		}
		return c.mail.Send(ctx, mail.Message{ID: id.New(), To: target, Subject: text.T(text.Chinese, "signin.mail_subject"), Text: say("signin.mail_text")})
	}
	if c.sms == nil {
		return errors.New("no sender of text messages is configured")
	}
	return c.sms.Send(ctx, sms.Message{ID: id.New(), Phone: target, Template: c.template, Params: map[string]string{"code": code}})
}

// SendChanged tells an old address that it no longer counts. A phone is told
// by the inbox alone: a template for codes says nothing else.
func (c codes) SendChanged(ctx context.Context, target, what string) error {
	if c.mail == nil || !strings.Contains(target, "@") {
		return nil
	}
	return c.mail.Send(ctx, mail.Message{ID: id.New(), To: target, Subject: text.T(text.Chinese, "signin.changed_subject"),
		Text: text.T(text.Chinese, "signin.changed."+what) + "\n" + text.T(text.English, "signin.changed."+what)})
}
