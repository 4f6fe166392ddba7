// Package session keeps people signed in: alexedwards/scs over our own
// database, the token stored as a hash, renewed at sign-in and at every change
// of privilege. last_seen is written at most every ten minutes.
package session

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"linli/internal/platform/db"
)

// Kept is how long a session lasts without signing in again.
const Kept = 30 * 24 * time.Hour

// Manager reads and writes sessions.
type Manager struct {
	scs *scs.SessionManager
	db  *db.DB
}

// New returns a manager; secure marks the cookie for HTTPS only.
func New(d *db.DB, secure bool) *Manager {
	m := scs.New()
	m.Store = &store{d}
	m.HashTokenInStore = true
	m.Lifetime = Kept
	m.Cookie.Name = "linli_session"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = secure
	m.Cookie.Path = "/"
	return &Manager{scs: m, db: d}
}

// Middleware loads the session of requests that carry a cookie and saves it
// when it was changed.
func (m *Manager) Middleware(next http.Handler) http.Handler {
	load := m.scs.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		load.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), foundKey{}, new(string))))
	})
}

// foundKey is where a request keeps the stored token it came with, so that the
// store tells a session that is new from one that was ended meanwhile.
type foundKey struct{}

// Account is whose session it is, "" for none, and when that person signed in (UTC ms).
func (m *Manager) Account(ctx context.Context) (account string, begun int64) {
	account = m.scs.GetString(ctx, "account")
	if now := m.db.Clock().Now().UnixMilli(); account != "" && now-m.scs.GetInt64(ctx, "seen") > seenEvery.Milliseconds() {
		m.scs.Put(ctx, "seen", now)
	}
	return account, m.scs.GetInt64(ctx, "begun")
}

// Begin signs a person in: a new token, so that one planted before is worthless.
func (m *Manager) Begin(ctx context.Context, account string, now int64) error {
	if err := m.scs.RenewToken(ctx); err != nil {
		return err
	}
	m.scs.Put(ctx, "account", account)
	m.scs.Put(ctx, "begun", now)
	m.scs.Put(ctx, "seen", m.db.Clock().Now().UnixMilli())
	return nil
}

// End signs out and forgets everything of the session.
func (m *Manager) End(ctx context.Context) error { return m.scs.Destroy(ctx) }

// Put, Get and Take keep small values across requests, such as the state of a
// sign-in under way. Take removes what it returns.
func (m *Manager) Put(ctx context.Context, key, value string) { m.scs.Put(ctx, key, value) }

// Get returns a kept value, "" for none.
func (m *Manager) Get(ctx context.Context, key string) string { return m.scs.GetString(ctx, key) }

// Take returns a kept value and forgets it.
func (m *Manager) Take(ctx context.Context, key string) string { return m.scs.PopString(ctx, key) }

// Renew gives the session a new token after a change of privilege.
func (m *Manager) Renew(ctx context.Context) error { return m.scs.RenewToken(ctx) }

// Sweep drops sessions that have expired.
func (m *Manager) Sweep(ctx context.Context) error {
	return m.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE expiry < ?`, m.db.Clock().Now().UnixMilli())
		return err
	})
}

// store is scs's store over our database.
type store struct{ db *db.DB }

func (s *store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data string
	err := s.db.Get(ctx, &data, `SELECT data FROM sessions WHERE token = ? AND expiry > ?`, token, s.db.Clock().Now().UnixMilli())
	if errors.Is(err, db.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if found, ok := ctx.Value(foundKey{}).(*string); ok {
		*found = token
	}
	b, err := base64.StdEncoding.DecodeString(data)
	return b, err == nil, err
}

func (s *store) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	account, agent := "", ""
	if _, values, err := (scs.GobCodec{}).Decode(b); err == nil {
		account, _ = values["account"].(string)
		agent, _ = values["agent"].(string)
	}
	data, seen := base64.StdEncoding.EncodeToString(b), s.db.Clock().Now().UnixMilli()
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if found, ok := ctx.Value(foundKey{}).(*string); ok && *found == token {
			_, err := tx.Exec(ctx, `UPDATE sessions SET data = ?, account = ?, agent = ?, seen = ?, expiry = ? WHERE token = ?`,
				data, account, agent, seen, expiry.UnixMilli(), token)
			return err // none to update: ended while the request was under way, and it stays ended
		}
		_, err := tx.Exec(ctx, `INSERT INTO sessions (token, data, account, agent, seen, expiry) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, account = excluded.account, agent = excluded.agent, seen = excluded.seen, expiry = excluded.expiry`,
			token, data, account, agent, seen, expiry.UnixMilli())
		return err
	})
}

func (s *store) DeleteCtx(ctx context.Context, token string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM sessions WHERE token = ?`, token)
		return err
	})
}

func (s *store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s *store) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

func (s *store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
