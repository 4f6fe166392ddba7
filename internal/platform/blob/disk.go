package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// leftover is the age from which a temporary file belongs to nobody any more.
const leftover = time.Hour

// Disk keeps blobs in a directory: DIR/ab/cd/KEY, where abcd begins the
// SHA-256 of the key. A file holds the content and, in its last 32 bytes, the
// content's SHA-256, so that both come and go in one rename; viewers of images
// pass over the tail.
type Disk struct{ dir string }

// OpenDisk opens or creates the directory and clears away what a crash left
// half-written.
func OpenDisk(dir string) (*Disk, error) {
	if dir == "" {
		return nil, errors.New("blobs: no directory given")
	}
	d := &Disk{dir: dir}
	if err := os.MkdirAll(d.tmp(), 0o700); err != nil {
		return nil, err
	}
	old, err := os.ReadDir(d.tmp())
	if err != nil {
		return nil, err
	}
	for _, e := range old {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > leftover {
			os.Remove(filepath.Join(d.tmp(), e.Name())) // the next start tries again
		}
	}
	return d, nil
}

func (d *Disk) tmp() string { return filepath.Join(d.dir, "tmp") }

func (d *Disk) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	h := hex.EncodeToString(sum[:2])
	return filepath.Join(d.dir, h[:2], h[2:4], key)
}

// Put writes a temporary file, makes it durable, renames it into place and
// makes the rename durable.
func (d *Disk) Put(ctx context.Context, key string, r io.Reader) (err error) {
	if !Valid(key) {
		return ErrKey
	}
	f, err := os.CreateTemp(d.tmp(), "put-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	sum := sha256.New()
	if _, err = io.Copy(io.MultiWriter(f, sum), &limited{ctx, r, MaxBytes}); err != nil {
		return err
	}
	if _, err = f.Write(sum.Sum(nil)); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	to := d.path(key)
	if err = d.makeShard(filepath.Dir(to)); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// makeShard creates the two levels below the directory, durably.
func (d *Disk) makeShard(dir string) error {
	for _, at := range []string{filepath.Dir(dir), dir} {
		switch err := os.Mkdir(at, 0o700); {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return err
		}
		if err := syncDir(filepath.Dir(at)); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Get opens a blob.
func (d *Disk) Get(_ context.Context, key string) (io.ReadCloser, error) {
	if !Valid(key) {
		return nil, ErrAbsent
	}
	f, err := os.Open(d.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrAbsent
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	size := info.Size() - sha256.Size
	want := make([]byte, sha256.Size)
	if size < 0 {
		f.Close()
		return nil, ErrCorrupt
	}
	if _, err := f.ReadAt(want, size); err != nil {
		f.Close()
		return nil, err
	}
	return newVerified(io.LimitReader(f, size), f, size, want), nil
}

// Delete removes a blob.
func (d *Disk) Delete(_ context.Context, key string) error {
	if !Valid(key) {
		return nil
	}
	path := d.path(key)
	switch err := os.Remove(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Walk lists the files of all shards.
func (d *Disk) Walk(ctx context.Context, fn func(Info) error) error {
	return filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != d.dir {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.IsDir() {
			if path == d.tmp() {
				return fs.SkipDir
			}
			return nil
		}
		if !Valid(e.Name()) || d.path(e.Name()) != path {
			return nil // not ours
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return fn(Info{Key: e.Name(), Bytes: max(0, info.Size()-sha256.Size), Modified: info.ModTime()})
	})
}
