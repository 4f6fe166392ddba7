package member

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/alexedwards/argon2id"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// CodeKept is how long a one-time code is good.
const CodeKept = 5 * time.Minute

// codeTries is how often a code may be guessed before it is void.
const codeTries = 5

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

// NewCode makes a one-time code of six digits for a phone or address and a
// purpose; the one before is void. The caller sends it.
func (s *Service) NewCode(ctx context.Context, target, purpose string) (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	code := fmt.Sprintf("%06d", n)
	return code, s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return saveCode(ctx, tx, target, purpose, s.codeHash(target, purpose, code), now)
	})
}

// UseCode uses up a code; a wrong, old or used one is the same fault.
func (s *Service) UseCode(ctx context.Context, target, purpose, code string) error {
	wrong := fault.Field1("code", "member.wrong_code")
	good := false
	err := s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		good = false
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		good, err = useCode(ctx, tx, target, purpose, s.codeHash(target, purpose, code), now-CodeKept.Milliseconds(), codeTries)
		return err
	})
	if err == nil && !good {
		return wrong
	}
	return err
}

func (s *Service) codeHash(target, purpose, code string) string {
	m := hmac.New(sha256.New, s.Secret)
	fmt.Fprintf(m, "%d:%s%d:%s%s", len(target), target, len(purpose), purpose, code)
	return hex.EncodeToString(m.Sum(nil))
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
