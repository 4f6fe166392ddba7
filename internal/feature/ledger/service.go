package ledger

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/tlog"
	"linli/internal/ui"
)

// Reader is the name of the ledger's place among the events.
const Reader = "ledger"

// Service is the feature: the only one that writes the ledger.
type Service struct {
	Page ui.Shell // wired by app

	journal *journal.Journal
	secret  []byte
	host    string
}

// New returns the feature. The signing key follows from the installation's
// secret and the log's origin, so that all nodes sign alike; the origin begins
// with the host of the address that people use.
func New(j *journal.Journal, secret []byte, baseURL string) *Service {
	s := &Service{journal: j, secret: secret, host: "linli"}
	if u, err := url.Parse(baseURL); err == nil && u.Host != "" {
		s.host = u.Host
	}
	return s
}

// Key is the key of a log.
func (s *Service) key(origin string) (tlog.Key, error) {
	seed, err := hkdf.Key(sha256.New, s.secret, nil, "linli ledger "+origin, 32)
	if err != nil {
		return tlog.Key{}, err
	}
	return tlog.NewKey(origin, seed)
}

// origin names a new log. No two are alike, so that a copy of a place never
// signs in the name of the one it was copied from.
func (s *Service) origin() string {
	var b [6]byte
	rand.Read(b[:])
	return s.host + "/ledger/" + hex.EncodeToString(b[:])
}

// Begin begins a new log after a restore, whose first entry will be the last
// checkpoint that is known of the one before.
func (s *Service) Begin(ctx context.Context, tx *db.Tx) error {
	was, err := last(ctx, tx, "")
	if errors.Is(err, db.ErrNoRows) {
		return nil // nothing was logged; the first begins with the first event
	}
	if err != nil {
		return err
	}
	return add(ctx, tx, row{Number: was.Number + 1, Origin: s.origin(), Before: was.Checkpoint, Root: tlog.Empty.Root.String()})
}

// reader follows all events: what does not enter is passed over there, so that
// a change of the rules has its exact place.
func (s *Service) reader() journal.Reader {
	return journal.Reader{Name: Reader, Batch: 256, Apply: s.apply, Reset: func(context.Context, *db.Tx) error {
		return errors.New("the ledger only grows; it is not made anew")
	}}
}

func (s *Service) apply(ctx context.Context, tx *db.Tx, events []event.Event) error {
	r, err := last(ctx, tx, tx.Lock())
	if errors.Is(err, db.ErrNoRows) {
		if err := add(ctx, tx, row{Number: 1, Origin: s.origin(), Root: tlog.Empty.Root.String()}); err != nil {
			return err
		}
		r, err = last(ctx, tx, tx.Lock())
	}
	if err != nil {
		return err
	}
	var entries [][]byte
	enter := func(e Entry, seq *int64) error {
		l := leaf{Log: r.Number, Idx: r.Size + int64(len(entries)), Seq: seq, Hash: e.Hash}
		entries = append(entries, e.encode())
		return keepLeaf(ctx, tx, l)
	}
	if r.Size == 0 && r.Before != "" {
		if err := enter(Entry{Type: typeCheckpoint, Checkpoint: r.Before}, nil); err != nil {
			return err
		}
	}
	now := rules(Enters)
	if text := now.text(); text != r.Rules {
		r.Rules = text
		if err := enter(Entry{Type: typeRules, Rules: []byte(text)}, &events[0].Seq); err != nil {
			return err
		}
	}
	for i := range events {
		rule, ok := now.find(events[i])
		if !ok {
			continue
		}
		e, err := entryOf(rule, events[i])
		if err == nil {
			err = enter(e, &events[i].Seq)
		}
		if err != nil {
			return fmt.Errorf("event %d: %w", events[i].Seq, err)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return s.append(ctx, tx, r, entries)
}

// append grows the tree and drops partial tiles that nobody can ask for: those
// of states that were never signed, and those that are full now.
func (s *Service) append(ctx context.Context, tx *db.Tx, r row, entries [][]byte) error {
	files := resources{q: tx, tx: tx, log: r.Number}
	at, err := r.tree()
	if err != nil {
		return err
	}
	log := tlog.Log{Origin: r.Origin, Storage: files}
	now, err := log.Append(ctx, at, entries)
	if err != nil {
		return err
	}
	r.Size, r.Root = now.Size, now.Root.String()
	if err := grow(ctx, tx, r); err != nil {
		return err
	}
	for _, prefix := range tlog.Superseded(at.Size, now.Size) {
		if err := files.dropAll(ctx, prefix); err != nil {
			return err
		}
	}
	if at.Size == r.Signed {
		return nil
	}
	signed, reached := tlog.Partials(r.Signed), tlog.Partials(now.Size)
	for _, p := range tlog.Partials(at.Size) {
		if !slices.Contains(signed, p) && !slices.Contains(reached, p) {
			if err := files.forget(ctx, p.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r row) tree() (tlog.Tree, error) {
	b, err := base64.StdEncoding.DecodeString(r.Root)
	if err != nil || len(b) != len(tlog.Hash{}) {
		return tlog.Tree{}, fmt.Errorf("ledger %d: its root is malformed", r.Number)
	}
	return tlog.Tree{Size: r.Size, Root: tlog.Hash(b)}, nil
}

// Publish signs what the log has reached, if that is more than was signed.
func (s *Service) Publish(ctx context.Context) error {
	r, err := last(ctx, s.journal.DB, "")
	if errors.Is(err, db.ErrNoRows) || err == nil && r.Size == r.Signed {
		return nil
	}
	if err != nil {
		return err
	}
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := last(ctx, tx, tx.Lock())
		if err != nil || r.Size == r.Signed {
			return err
		}
		key, err := s.key(r.Origin)
		if err != nil {
			return err
		}
		if r.Public != "" && r.Public != key.Public {
			return fmt.Errorf("ledger %s was begun with another secret; start with that one", r.Origin)
		}
		at, err := r.tree()
		if err != nil {
			return err
		}
		log := tlog.Log{Origin: r.Origin, Key: key, Storage: resources{q: tx, tx: tx, log: r.Number}}
		if _, err := log.Publish(ctx, at); err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		r.Public, r.Signed, r.SignedAt = key.Public, r.Size, now
		return sign(ctx, tx, r)
	})
}

// Proof is the proof that the event with this hash stands in the ledger, for
// whoever has the hash. Its extra is the entry itself. NotFound while it is not
// signed for.
func (s *Service) Proof(ctx context.Context, hash string) (tlog.Proof, error) {
	l, err := leafOf(ctx, s.journal.DB, hash)
	if errors.Is(err, db.ErrNoRows) {
		return tlog.Proof{}, fault.Absent()
	}
	if err != nil {
		return tlog.Proof{}, err
	}
	r, err := get(ctx, s.journal.DB, l.Log)
	if err != nil {
		return tlog.Proof{}, err
	}
	if r.Signed == 0 {
		return tlog.Proof{}, fault.Absent()
	}
	key, err := s.verifier(r)
	if err != nil {
		return tlog.Proof{}, err
	}
	files := resources{q: s.journal.DB, log: r.Number}
	msg := []byte(r.Checkpoint)
	c, err := tlog.OpenCheckpoint(msg, r.Origin, key)
	if err != nil {
		return tlog.Proof{}, err
	}
	entry, err := tlog.Entry(ctx, files, c.Tree, l.Idx)
	if errors.Is(err, tlog.ErrAbsent) {
		return tlog.Proof{}, fault.Absent()
	}
	if err != nil {
		return tlog.Proof{}, err
	}
	hashes, err := tlog.Inclusion(ctx, files, c.Tree, l.Idx)
	return tlog.Proof{Extra: entry, Index: l.Idx, Hashes: hashes, Checkpoint: msg}, err
}
