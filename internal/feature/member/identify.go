package member

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// HashToken is the stored form of an API token.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Identify says who sends a request: the bearer of a token, else the person of
// the session cookie, else nobody. A token that is not good is a SignIn fault.
func (s *Service) Identify(ctx context.Context, r *http.Request) (actor.Actor, error) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, tok, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return actor.Actor{}, fault.New(fault.SignIn, "fault.token")
		}
		return s.bearer(ctx, strings.TrimSpace(tok))
	}
	account, begun := s.session.Account(ctx)
	if account == "" {
		return actor.Actor{}, nil
	}
	a, since, err := s.Actor(ctx, account)
	if fault.Is(err, fault.SignIn) || begun < since {
		return actor.Actor{}, nil
	}
	return a, err
}

func (s *Service) bearer(ctx context.Context, tok string) (actor.Actor, error) {
	wrong := fault.New(fault.SignIn, "fault.token")
	if tok == "" || len(tok) > 200 {
		return actor.Actor{}, wrong
	}
	hash := HashToken(tok)
	s.mu.Lock()
	s.fresh()
	t, ok := s.tokens[hash]
	gen := s.gen
	s.mu.Unlock()
	if !ok {
		account, expires, err := tokenByHash(ctx, s.journal.DB, hash)
		if errors.Is(err, db.ErrNoRows) {
			return actor.Actor{}, wrong
		}
		if err != nil {
			return actor.Actor{}, err
		}
		t = token{account, expires}
		s.mu.Lock()
		if s.fresh(); s.gen == gen {
			if len(s.tokens) >= memory {
				s.tokens = map[string]token{}
			}
			s.tokens[hash] = t
		}
		s.mu.Unlock()
	}
	if t.expires != 0 && t.expires <= s.journal.DB.Clock().Now().UnixMilli() {
		return actor.Actor{}, wrong
	}
	a, _, err := s.Actor(ctx, t.account)
	if fault.Is(err, fault.SignIn) {
		err = wrong
	}
	return a, err
}

// NewToken makes an API token for an account and returns it; only its hash is kept.
// expires is UTC ms, 0 for never.
func (s *Service) NewToken(ctx context.Context, tx *db.Tx, account, label string, expires int64) (string, error) {
	var b [32]byte
	rand.Read(b[:])
	tok := "linli_" + base64.RawURLEncoding.EncodeToString(b[:])
	return tok, s.KeepToken(ctx, tx, account, label, tok, expires)
}

// KeepToken stores a token that is known already: the demo's, which is the account's name.
func (s *Service) KeepToken(ctx context.Context, tx *db.Tx, account, label, tok string, expires int64) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if err := insertToken(ctx, tx, HashToken(tok), account, label, now, expires); err != nil {
		return err
	}
	return s.touch(ctx, tx, now, account, account, "token")
}
