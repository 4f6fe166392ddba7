package member

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// argon is the cost of a password: 19 MiB, two passes (OWASP).
var argon = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// working bounds how many passwords are hashed at once: 19 MiB each.
var working = make(chan struct{}, 4)

// HashPassword returns the stored form of a password.
func HashPassword(password string) (string, error) {
	working <- struct{}{}
	defer func() { <-working }()
	return argon2id.CreateHash(password, argon)
}

// absent is checked when there is no account, so that the time taken tells nothing.
const absent = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$6lzEcs7Zt0Fm5h5V0H1nFPLY3JZ4Yl3wC0o3mD1uQ1E"

// ByPassword returns the account whose name and password these are. Any
// mismatch is the same fault: whether an account exists is nobody's news.
func (s *Service) ByPassword(ctx context.Context, name, password string) (Account, error) {
	wrong := fault.New(fault.Invalid, "member.wrong_sign_in")
	a, err := byName(ctx, s.journal.DB, name)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return a, err
	}
	hash := a.Password
	if err != nil || hash == "" {
		hash = absent
	}
	if len(password) > 200 {
		return a, wrong
	}
	working <- struct{}{}
	ok, herr := argon2id.ComparePasswordAndHash(password, hash)
	<-working
	if err != nil || herr != nil || !ok || a.Password == "" || a.State != "active" {
		return Account{}, wrong
	}
	return a, nil
}

// ByPhone returns the account of a phone whose code was just used, making one
// at V1 when there is none yet.
func (s *Service) ByPhone(ctx context.Context, phone, home string) (Account, error) {
	a, err := byPhone(ctx, s.journal.DB, phone)
	if err == nil && a.State == "active" {
		return a, nil
	}
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return a, err
	}
	a = Account{Phone: phone, Level: actor.V1, Home: home, PublicName: "邻居" + phone[len(phone)-4:], HasChannel: true}
	err = s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		a.ID = ""
		return s.Create(ctx, tx, "", &a)
	})
	if db.Duplicate(err) { // the same person beside us
		return byPhone(ctx, s.journal.DB, phone)
	}
	return a, err
}

// PasswordLeast is the least length of a password, in characters.
const PasswordLeast = 12

// NewPassword checks the old password, where there is one, and hashes the new.
func NewPassword(hash, old, fresh string) (string, error) {
	if hash != "" {
		working <- struct{}{}
		ok, err := argon2id.ComparePasswordAndHash(old, hash)
		<-working
		if err != nil || !ok {
			return "", fault.Field1("old_password", "member.wrong_password")
		}
	}
	if utf8.RuneCountInString(fresh) < PasswordLeast {
		return "", fault.Field1("new_password", "member.short_password", "n", PasswordLeast)
	}
	return HashPassword(fresh)
}
