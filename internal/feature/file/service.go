package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/platform/blob"
	"linli/internal/platform/db"
)

// Keys of the blobs of a file. The prefix tells them from other blobs of the store.
const blobPrefix = "f-"

func fullKey(id string) string  { return blobPrefix + id }
func thumbKey(id string) string { return blobPrefix + id + ".t" }

// Upload takes a file in for the actor and remembers the reply under the
// caller's operation key. Faults: SignIn, TooLarge, Unsupported, Invalid,
// Limited when too much lies about unused.
func (s *Service) Upload(ctx context.Context, a actor.Actor, name string, r io.Reader) (Meta, error) {
	f, err := s.take(ctx, a, name, r)
	if err != nil {
		return Meta{}, err
	}
	err = s.journal.Write(ctx, func(tx *db.Tx) (any, error) { return f.Meta(), s.enter(ctx, tx, &f) })
	return f.Meta(), s.undo(ctx, f, err)
}

// Keep takes in a file that came with a page's form and returns its id. Unlike
// Upload it leaves the operation key to the act the form is for. It writes in a
// transaction of its own and therefore must not be called inside one.
func (s *Service) Keep(ctx context.Context, a actor.Actor, name string, r io.Reader) (string, error) {
	f, err := s.take(ctx, a, name, r)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error { return s.enter(ctx, tx, &f) })
	return f.ID, s.undo(ctx, f, err)
}

// take reads, checks and stores the bytes; the row comes after.
func (s *Service) take(ctx context.Context, a actor.Actor, name string, r io.Reader) (File, error) {
	if !a.Known() {
		return File{}, fault.New(fault.SignIn, "fault.sign_in")
	}
	n, err := loose(ctx, s.db, a.ID)
	if err != nil {
		return File{}, err
	}
	if n >= LooseMost {
		return File{}, tooLoose()
	}
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return File{}, &fault.Error{Kind: fault.Malformed, Key: "fault.malformed", Cause: err}
	case len(b) > MaxBytes:
		return File{}, fault.New(fault.TooLarge, "file.too_big", "max", MaxBytes>>20)
	case len(b) == 0:
		return File{}, fault.Field1("file", "file.empty")
	}
	f := File{ID: id.New(), Owner: a.ID}
	if f.Name, err = cleanName(name); err != nil {
		return File{}, err
	}
	if f.Media, err = classify(f.Name, b); err != nil {
		return File{}, err
	}
	if _, ok := decoders[f.Media]; ok {
		p, err := s.develop(ctx, f.Media, b)
		if err != nil {
			return File{}, err
		}
		b, f.Media, f.Width, f.Height, f.Name = p.full, p.media, p.width, p.height, rename(f.Name, p.ext)
		if err := s.put(ctx, thumbKey(f.ID), p.thumb); err != nil {
			return File{}, err
		}
	}
	sum := sha256.Sum256(b)
	f.Bytes, f.SHA256 = int64(len(b)), hex.EncodeToString(sum[:])
	return f, s.undo(ctx, f, s.put(ctx, fullKey(f.ID), b))
}

func tooLoose() error {
	return &fault.Error{Kind: fault.Limited, Key: "file.loose", Args: fault.Args{"max": LooseMost}, Retry: time.Hour}
}

func (s *Service) enter(ctx context.Context, tx *db.Tx, f *File) error {
	n, err := loose(ctx, tx, f.Owner)
	if err != nil {
		return err
	}
	if n >= LooseMost {
		return tooLoose()
	}
	if f.CreatedAt, err = tx.Now(ctx); err != nil {
		return err
	}
	return insert(ctx, tx, *f)
}

// undo takes the blobs back when the row did not come to be. What it cannot
// take back, Strays finds.
func (s *Service) undo(ctx context.Context, f File, err error) error {
	if err != nil && !fault.Is(err, fault.Unavailable) { // an unknown outcome may have left a row
		s.erase(context.WithoutCancel(ctx), f.ID)
	}
	return err
}

func (s *Service) erase(ctx context.Context, id string) {
	for _, key := range []string{fullKey(id), thumbKey(id)} {
		if err := s.blobs.Delete(ctx, key); err != nil {
			s.journal.Log.Warn("blob stays for the next sweep", "key", key, "err", err)
		}
	}
}

func (s *Service) put(ctx context.Context, key string, b []byte) error {
	return storage(key, s.blobs.Put(ctx, key, bytes.NewReader(b)))
}

// storage turns a fault of the blob store into one for callers: what is lost
// or changed is ours and stays so; anything else may pass.
func storage(key string, err error) error {
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, blob.ErrAbsent), errors.Is(err, blob.ErrCorrupt), errors.Is(err, blob.ErrKey):
		return fmt.Errorf("blob %s: %w", key, err)
	}
	return &fault.Error{Kind: fault.Unavailable, Key: "fault.unavailable", Retry: 5 * time.Second, Cause: err}
}

// Open returns a file and its bytes, or those of its thumbnail, if the actor
// may see it; else NotFound.
func (s *Service) Open(ctx context.Context, a actor.Actor, fileID string, thumb bool) (File, []byte, error) {
	f, _, err := s.see(ctx, a, fileID, thumb)
	if err != nil {
		return File{}, nil, err
	}
	b, err := s.read(ctx, f, thumb)
	return f, b, err
}

func (s *Service) read(ctx context.Context, f File, thumb bool) ([]byte, error) {
	key := fullKey(f.ID)
	if thumb {
		key = thumbKey(f.ID)
	}
	b, err := blob.Read(ctx, s.blobs, key)
	return b, storage(key, err)
}

// see answers the one question of access: the uploader sees the file always,
// others if they see what it belongs to. public says that anybody does.
func (s *Service) see(ctx context.Context, a actor.Actor, fileID string, thumb bool) (f File, public bool, err error) {
	if !id.Valid(fileID) {
		return File{}, false, fault.Absent()
	}
	f, err = load(ctx, s.db, fileID)
	if errors.Is(err, db.ErrNoRows) || err == nil && thumb && !f.Image() {
		return File{}, false, fault.Absent()
	}
	if err != nil {
		return File{}, false, err
	}
	v := s.viewers[f.SubjectKind]
	if v != nil {
		if public, err = v.MaySee(ctx, actor.Actor{}, f.Subject); err != nil {
			return File{}, false, err
		}
	}
	if public || a.Known() && a.ID == f.Owner {
		return f, public, nil
	}
	if v == nil || !a.Known() {
		return File{}, false, fault.Absent()
	}
	ok, err := v.MaySee(ctx, a, f.Subject)
	if err == nil && !ok {
		err = fault.Absent()
	}
	if err != nil {
		return File{}, false, err
	}
	return f, false, nil
}

// Attach ties files to a matter inside the transaction of the act that names
// them, in their order and behind those already there. Only the actor's own
// files that belong to nothing yet are taken, at most AttachMost; else Invalid
// on the field "photos" and nothing is attached.
func (s *Service) Attach(ctx context.Context, tx *db.Tx, a actor.Actor, ids []string, kind, subject string) error {
	return s.attach(ctx, tx, a, ids, kind, subject, false)
}

// AttachPhotos is Attach for photographs only.
func (s *Service) AttachPhotos(ctx context.Context, tx *db.Tx, a actor.Actor, ids []string, kind, subject string) error {
	return s.attach(ctx, tx, a, ids, kind, subject, true)
}

func (s *Service) attach(ctx context.Context, tx *db.Tx, a actor.Actor, ids []string, kind, subject string, photos bool) error {
	if len(ids) == 0 {
		return nil
	}
	if len(ids) > AttachMost {
		return fault.Field1("photos", "file.too_many", "max", AttachMost)
	}
	if !a.Known() || kind == "" || subject == "" {
		return fault.Field1("photos", "file.not_yours")
	}
	first, err := places(ctx, tx, subject)
	if err != nil {
		return err
	}
	for i, one := range ids {
		if !id.Valid(one) || slices.Contains(ids[:i], one) {
			return fault.Field1("photos", "file.not_yours")
		}
		ok, err := attach(ctx, tx, one, a.ID, kind, subject, first+i, photos)
		if err != nil {
			return err
		}
		if !ok {
			key := "file.not_yours"
			if f, err := load(ctx, tx, one); photos && err == nil && f.Owner == a.ID && f.Subject == "" {
				key = "file.not_photo"
			}
			return fault.Field1("photos", key)
		}
	}
	return nil
}

// Of lists the files of a matter in their order, [] for none. It does not ask
// who looks: the caller shows them only with the matter.
func (s *Service) Of(ctx context.Context, q db.Queryer, subject string) ([]Meta, error) {
	files, err := ofSubject(ctx, q, subject)
	metas := make([]Meta, len(files))
	for i, f := range files {
		metas[i] = f.Meta()
	}
	return metas, err
}

// Drop takes all files of a matter away, at once for every door; Purge erases
// their bytes.
func (s *Service) Drop(ctx context.Context, tx *db.Tx, subject string) error {
	if subject == "" {
		return nil
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	return drop(ctx, tx, subject, now)
}

// Purge throws away files that nobody attached within LooseFor and files that
// were dropped, and returns how many. The row goes first, so that no row is
// left without its bytes; nodes may purge at once.
func (s *Service) Purge(ctx context.Context) (int, error) {
	before := s.db.Clock().Now().Add(-LooseFor).UnixMilli()
	total := 0
	for {
		ids, err := gone(ctx, s.db, before, 100)
		if err != nil || len(ids) == 0 {
			return total, err
		}
		var removed []string
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			removed = removed[:0]
			for _, one := range ids {
				ok, err := remove(ctx, tx, one, before)
				if err != nil {
					return err
				}
				if ok {
					removed = append(removed, one)
				}
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		for _, one := range removed {
			s.erase(ctx, one)
		}
		total += len(removed)
	}
}

// Strays deletes blobs of files whose row is missing, which a crash between
// the two leaves behind, once they are older than LooseFor. It walks the whole
// store: once a day is enough.
func (s *Service) Strays(ctx context.Context) (int, error) {
	before := s.db.Clock().Now().Add(-LooseFor)
	n := 0
	err := s.blobs.Walk(ctx, func(i blob.Info) error {
		one, ours := strings.CutPrefix(i.Key, blobPrefix)
		if !ours || i.Modified.After(before) {
			return nil
		}
		there, err := exists(ctx, s.db, strings.TrimSuffix(one, ".t"))
		if err != nil || there {
			return err
		}
		n++
		return s.blobs.Delete(ctx, i.Key)
	})
	return n, err
}

// Verify reads every file and calls report for each whose bytes are lost or
// changed. It returns how many files it read.
func (s *Service) Verify(ctx context.Context, q db.Queryer, report func(file string, err error)) (int, error) {
	last, n := "", 0
	for {
		files, err := after(ctx, q, last, 200)
		if err != nil || len(files) == 0 {
			return n, err
		}
		for _, f := range files {
			n++
			b, err := blob.Read(ctx, s.blobs, fullKey(f.ID))
			if sum := sha256.Sum256(b); err == nil && (hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(b)) != f.Bytes) {
				err = blob.ErrCorrupt
			}
			if err == nil && f.Image() {
				_, err = blob.Read(ctx, s.blobs, thumbKey(f.ID))
			}
			if err != nil {
				report(f.ID, err)
			}
		}
		last = files[len(files)-1].ID
	}
}
