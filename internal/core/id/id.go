// Package id makes the opaque ids of every row: UUIDv7 as text, so that ids
// sort by the time they were made and "newest first" is an index walk.
package id

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/google/uuid"
)

// New returns a fresh id. Ids of one process are strictly increasing.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// At returns an id made as if at t, with its random part drawn from r. It is
// for synthetic data, where a seed must give the same rows again.
func At(t time.Time, r io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(r, b[6:]); err != nil {
		return "", err
	}
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(t.UnixMilli()))
	copy(b[:6], ms[2:])
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	return uuid.UUID(b).String(), nil
}

// Valid reports whether s has the exact shape of an id. A malformed id is
// answered like an absent one, without asking the database.
func Valid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
