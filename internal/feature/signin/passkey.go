package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/url"

	"github.com/a-h/templ"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
)

// keyPasskey keeps the challenge of a passkey under way.
const keyPasskey = "passkey"

// Passkey is a public key that a person's device keeps the secret of.
type Passkey struct {
	ID         string `db:"id"`
	Account    string `db:"account"`
	Credential string `db:"credential"` // webauthn.Credential as JSON
	Label      string `db:"label"`
	At         int64  `db:"at"`
	UsedAt     int64  `db:"used_at"`
}

// passkeys is the relying party, nil where the site has no name that a passkey
// could belong to: without a base URL, or with one of digits.
func (s *Service) passkeys() *webauthn.WebAuthn {
	u, err := url.Parse(s.Base)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil || u.Scheme != "https" && u.Hostname() != "localhost" {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Linli 邻里", RPOrigins: []string{u.Scheme + "://" + u.Host}})
	if err != nil {
		s.journal.Log.Error("passkeys", "err", err)
		return nil
	}
	return w
}

// holder is an account as webauthn knows it: by an opaque id.
type holder struct {
	member.Account
	keys []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return []byte(h.ID) }
func (h holder) WebAuthnName() string                       { return h.Name }
func (h holder) WebAuthnDisplayName() string                { return h.PublicName }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

func (s *Service) holder(ctx context.Context, q db.Queryer, account string) (holder, error) {
	a, err := s.members.ByID(ctx, q, account)
	if err != nil {
		return holder{}, err
	}
	rows, err := passkeysOf(ctx, q, account)
	h := holder{Account: a}
	for _, r := range rows {
		var k webauthn.Credential
		if err := json.Unmarshal([]byte(r.Credential), &k); err != nil {
			return h, err
		}
		h.keys = append(h.keys, k)
	}
	return h, err
}

var credentialFields = []flow.Field{{Name: "credential", Kind: flow.Object}, text("label", 40, false)}

// Challenge is what a browser needs to make or use a passkey.
type Challenge struct {
	Options any `json:"options"`
}

// Arrived says where to go after a passkey was taken.
type Arrived struct {
	Next string `json:"next"`
}

func (s *Service) passkeyRoutes() []web.Route {
	return []web.Route{
		{Method: "POST", Path: "/api/v1/passkeys/new", Name: "begin-passkey", Summary: "Challenge for a new passkey", SignedIn: true, Out: Challenge{}, Do: s.beginPasskey},
		{Method: "POST", Path: "/api/v1/passkeys", Name: "create-passkey", Summary: "Keep a new passkey", SignedIn: true, Body: credentialFields, Out: Arrived{}, Do: s.keepPasskey},
		{Method: "POST", Path: "/api/v1/signin/passkey/new", Name: "begin-signin-passkey", Summary: "Challenge to sign in by a passkey", Guard: "signin", Out: Challenge{}, Do: s.beginPasskeySignIn},
		{Method: "POST", Path: "/api/v1/signin/passkey", Name: "signin-passkey", Summary: "Sign in by a passkey", Guard: "signin", Body: credentialFields, Out: Arrived{}, Do: s.passkeySignIn},
	}
}

func (s *Service) beginPasskey(c *web.Call) (any, error) {
	w := s.passkeys()
	if w == nil {
		return nil, fault.New(fault.Conflict, "member.no_passkeys")
	}
	h, err := s.holder(c.Context(), s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	options, under, err := w.BeginRegistration(h, webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
		}), webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	return Challenge{options}, s.keepChallenge(c, under)
}

func (s *Service) keepChallenge(c *web.Call, under *webauthn.SessionData) error {
	b, err := json.Marshal(under)
	s.session.Put(c.Context(), keyPasskey, string(b))
	return err
}

// challenge takes the one challenge under way; each is good once.
func (s *Service) challenge(c *web.Call) (webauthn.SessionData, error) {
	var under webauthn.SessionData
	if err := json.Unmarshal([]byte(s.session.Take(c.Context(), keyPasskey)), &under); err != nil {
		return under, fault.New(fault.Conflict, "member.passkey_again")
	}
	return under, nil
}

// sentCredential is what the browser's authenticator answered, and the rest of the body.
func sentCredential(c *web.Call) (*bytes.Reader, map[string]any, error) {
	raw, err := c.Raw()
	if err != nil {
		return nil, nil, err
	}
	for name := range raw {
		if name != "credential" && name != "label" && name != "next" {
			return nil, nil, fault.Field1(name, "fault.unknown_field")
		}
	}
	if _, ok := raw["credential"].(map[string]any); !ok {
		return nil, nil, fault.Field1("credential", "fault.object")
	}
	b, err := json.Marshal(raw["credential"])
	return bytes.NewReader(b), raw, err
}

func (s *Service) keepPasskey(c *web.Call) (any, error) {
	w := s.passkeys()
	if w == nil {
		return nil, fault.New(fault.Conflict, "member.no_passkeys")
	}
	body, raw, err := sentCredential(c)
	if err != nil {
		return nil, err
	}
	under, err := s.challenge(c)
	if err != nil {
		return nil, err
	}
	answer, err := protocol.ParseCredentialCreationResponseBody(body)
	if err != nil {
		return nil, fault.Field1("credential", "member.passkey_again")
	}
	ctx := c.Context()
	h, err := s.holder(ctx, s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	k, err := w.CreateCredential(h, under, answer)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Invalid, Key: "member.passkey_again", Cause: err}
	}
	b, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	label, _ := raw["label"].(string)
	if label, _ = flow.Clean(label); label == "" || len(label) > 120 {
		label = agentName(c.R.UserAgent())
	}
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if err := insertPasskey(ctx, tx, Passkey{ID: keyID(k.ID), Account: c.Actor.ID, Credential: string(b), Label: label, At: now}); err != nil {
			return err
		}
		return s.members.Touch(ctx, tx, now, c.Actor.ID, c.Actor.ID, "second_factor")
	})
	if db.Duplicate(err) {
		return nil, fault.New(fault.Conflict, "member.passkey_again")
	}
	return Arrived{"/me/security?done=passkey"}, err
}

func (s *Service) beginPasskeySignIn(c *web.Call) (any, error) {
	w := s.passkeys()
	if w == nil {
		return nil, fault.New(fault.Conflict, "member.no_passkeys")
	}
	options, under, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, err
	}
	return Challenge{options}, s.keepChallenge(c, under)
}

// passkeySignIn signs in who answers the challenge: a passkey is both factors,
// as the device has asked for the person's own PIN or finger.
func (s *Service) passkeySignIn(c *web.Call) (any, error) {
	w := s.passkeys()
	if w == nil {
		return nil, fault.New(fault.Conflict, "member.no_passkeys")
	}
	body, raw, err := sentCredential(c)
	if err != nil {
		return nil, err
	}
	under, err := s.challenge(c)
	if err != nil {
		return nil, err
	}
	wrong := fault.New(fault.Invalid, "member.passkey_again")
	answer, err := protocol.ParseCredentialRequestResponseBody(body)
	if err != nil {
		return nil, wrong
	}
	ctx := c.Context()
	var who holder
	k, err := w.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
		var err error
		who, err = s.holder(ctx, s.journal.DB, string(handle))
		return who, err
	}, under, answer)
	if err != nil || who.State != "active" || k.Authenticator.CloneWarning {
		return nil, wrong
	}
	if pending := s.session.Get(ctx, keyPending); pending != "" && pending != who.ID {
		return nil, wrong
	}
	b, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return usedPasskey(ctx, tx, keyID(k.ID), who.ID, string(b), now)
	})
	if err != nil {
		return nil, err
	}
	next, _ := raw["next"].(string)
	to, err := s.begin(c, who.ID, web.LocalPath(next))
	if err != nil {
		return nil, err
	}
	return Arrived{string(to.(web.Redirect))}, nil
}

// passkeyButton shows itself only where scripts run and the browser has passkeys.
func passkeyButton(label, what, next string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<button type="button" class="button button-quiet" hidden data-passkey="`+what+`" data-next="`+templ.EscapeString(next)+`">`+templ.EscapeString(label)+`</button>`)
		return err
	})
}
