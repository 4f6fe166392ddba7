package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
)

// Provider is another house by which one may sign in: an OpenID provider of
// the city, or WeChat. It tells who somebody is, never what they may do here.
type Provider interface {
	Name() string // in addresses: "oidc"
	// AuthURL is where the browser goes; back is our address to return to.
	AuthURL(ctx context.Context, back string, try Try) (string, error)
	// Subject says who came back with a code.
	Subject(ctx context.Context, back, code string, try Try) (subject string, err error)
}

// Try is one attempt to sign in, kept in the session until the browser returns.
type Try struct{ State, Nonce, Verifier string }

// OIDC is an OpenID Connect relying party with PKCE, state and nonce.
type OIDC struct {
	Issuer, ClientID, Secret string
	Client                   *http.Client // outgoing calls; see platform/outbound

	mu       sync.Mutex
	provider *oidc.Provider
}

// Name implements Provider.
func (o *OIDC) Name() string { return "oidc" }

// discover asks the issuer for its description once; a failure is tried again at the next sign-in.
func (o *OIDC) discover(ctx context.Context) (*oidc.Provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider == nil {
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), o.Client), o.Issuer)
		if err != nil {
			return nil, err
		}
		o.provider = p
	}
	return o.provider, nil
}

func (o *OIDC) config(p *oidc.Provider, back string) oauth2.Config {
	return oauth2.Config{ClientID: o.ClientID, ClientSecret: o.Secret, Endpoint: p.Endpoint(), RedirectURL: back, Scopes: []string{oidc.ScopeOpenID}}
}

// AuthURL implements Provider.
func (o *OIDC) AuthURL(ctx context.Context, back string, try Try) (string, error) {
	p, err := o.discover(ctx)
	if err != nil {
		return "", err
	}
	c := o.config(p, back)
	return c.AuthCodeURL(try.State, oidc.Nonce(try.Nonce), oauth2.S256ChallengeOption(try.Verifier)), nil
}

// Subject implements Provider.
func (o *OIDC) Subject(ctx context.Context, back, code string, try Try) (string, error) {
	p, err := o.discover(ctx)
	if err != nil {
		return "", err
	}
	c := o.config(p, back)
	ctx = oidc.ClientContext(ctx, o.Client)
	tok, err := c.Exchange(ctx, code, oauth2.VerifierOption(try.Verifier))
	if err != nil {
		return "", err
	}
	raw, ok := tok.Extra("id_token").(string)
	if !ok {
		return "", errors.New("oidc: no id_token in the reply")
	}
	id, err := p.Verifier(&oidc.Config{ClientID: o.ClientID}).Verify(ctx, raw) // signature, issuer, audience, expiry
	if err != nil {
		return "", err
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(try.Nonce)) != 1 {
		return "", errors.New("oidc: the nonce is not ours")
	}
	return o.Issuer + " " + id.Subject, nil
}

// keyTry keeps an attempt in the session.
const keyTry = "signin_try"

func (s *Service) providerRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/signin/{provider}", Name: "signin-elsewhere", Guard: "signin", Do: s.elsewhere},
		{Method: "GET", Path: "/signin/{provider}/callback", Name: "signin-return", Guard: "signin", Do: s.returned},
	}
}

func (s *Service) providerOf(c *web.Call) (Provider, error) {
	for _, o := range s.Providers {
		if o.Name() == c.Path("provider") {
			return o, nil
		}
	}
	return nil, fault.Absent()
}

func (s *Service) back(o Provider) string {
	return strings.TrimSuffix(s.Base, "/") + "/signin/" + o.Name() + "/callback"
}

// elsewhere sends the browser to the provider.
func (s *Service) elsewhere(c *web.Call) (any, error) {
	o, err := s.providerOf(c)
	if err != nil {
		return nil, err
	}
	try := Try{random(), random(), oauth2.GenerateVerifier()}
	to, err := o.AuthURL(c.Context(), s.back(o), try)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Unavailable, Key: "member.elsewhere_down", Cause: err}
	}
	s.session.Put(c.Context(), keyTry, strings.Join([]string{o.Name(), try.State, try.Nonce, try.Verifier, nextOf(c)}, "\n"))
	return web.Redirect(to), nil
}

// returned takes the browser back. Whatever does not fit — state, code, nonce,
// issuer, signature — ends in one plain fault and no session.
func (s *Service) returned(c *web.Call) (any, error) {
	o, err := s.providerOf(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Context()
	wrong := func(cause error) error {
		return &fault.Error{Kind: fault.Malformed, Key: "member.elsewhere_failed", Cause: cause}
	}
	kept := strings.SplitN(s.session.Take(ctx, keyTry), "\n", 5)
	q := c.R.URL.Query()
	if len(kept) != 5 || kept[0] != o.Name() || kept[1] == "" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(kept[1])) != 1 {
		return nil, wrong(errors.New("the state is not ours"))
	}
	if q.Get("code") == "" {
		return nil, wrong(errors.New("no code: " + q.Get("error")))
	}
	subject, err := o.Subject(ctx, s.back(o), q.Get("code"), Try{kept[1], kept[2], kept[3]})
	if err != nil || subject == "" {
		s.journal.Log.Warn("sign-in elsewhere", "provider", o.Name(), "err", err)
		return nil, wrong(err)
	}
	a, err := s.byIdentity(ctx, o.Name(), subject, c.Actor.ID, s.homeOf(c))
	if err != nil {
		return nil, err
	}
	if a.ID == c.Actor.ID {
		return web.Redirect("/me/security?done=linked"), nil
	}
	return s.enter(c, a, web.LocalPath(kept[4]))
}

func random() string {
	var b [24]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// pseudonym stands for a provider's subject: the same every time, of no use elsewhere.
func (s *Service) pseudonym(provider, subject string) string {
	m := hmac.New(sha256.New, s.Secret)
	m.Write([]byte("identity\x00" + provider + "\x00" + subject))
	return hex.EncodeToString(m.Sum(nil))
}

// byIdentity returns the account of a provider's subject. A subject seen for
// the first time is tied to the account signed in, else to a new one at V1.
func (s *Service) byIdentity(ctx context.Context, provider, subject, mine, home string) (member.Account, error) {
	var a member.Account
	name := s.pseudonym(provider, subject)
	err := s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		a = member.Account{}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		account, err := identity(ctx, tx, provider, name)
		if err == nil {
			if mine != "" && account != mine {
				return fault.New(fault.Conflict, "member.linked_elsewhere")
			}
			if err := s.tied(ctx, tx, provider, subject, account, now); err != nil {
				return err
			}
			a, err = s.members.ByID(ctx, tx, account)
			return err
		}
		if !errors.Is(err, db.ErrNoRows) {
			return err
		}
		if account = mine; account == "" {
			a = member.Account{Level: actor.V1, Home: home, HasChannel: true}
			if err := s.members.Create(ctx, tx, "", &a); err != nil {
				return err
			}
			account = a.ID
		} else if a, err = s.members.ByID(ctx, tx, account); err != nil {
			return err
		}
		if err := insertIdentity(ctx, tx, provider, name, account, now); err != nil {
			if db.Duplicate(err) { // the same person beside us
				return db.Repeat(err)
			}
			return err
		}
		if err := s.tied(ctx, tx, provider, subject, account, now); err != nil {
			return err
		}
		return s.members.Touch(ctx, tx, now, account, account, "identity")
	})
	return a, err
}
