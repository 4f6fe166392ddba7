package signin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"

	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// CodeKept is how long a one-time code is good.
const CodeKept = 5 * time.Minute

// codeTries is how often a code may be guessed before it is void.
const codeTries = 5

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

// Purge drops one-time codes that are too old.
func (s *Service) Purge(ctx context.Context) error {
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return purge(ctx, tx, now-CodeKept.Milliseconds())
	})
}
