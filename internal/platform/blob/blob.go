// Package blob keeps the bytes that are too large for the database (附件存储):
// photographs, attachments and ledger tiles, under opaque keys, on this
// machine's disk or in an S3 bucket. What is read is what was written: each
// blob carries its SHA-256 and is checked against it on every reading.
package blob

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"linli/internal/platform/outbound"
)

// MaxBytes bounds one blob.
const MaxBytes = 64 << 20

// Faults of a store, apart from those of the disk or the network.
var (
	ErrAbsent  = errors.New("blob: there is none under this key")
	ErrCorrupt = errors.New("blob: its content is not what was written")
	ErrKey     = errors.New("blob: the key is not 1–128 characters of a–z, 0–9, dot, dash and underscore")
	ErrTooBig  = fmt.Errorf("blob: more than %d MiB", MaxBytes>>20)
)

// Info tells of one blob without reading it.
type Info struct {
	Key      string
	Bytes    int64
	Modified time.Time
}

// Store keeps blobs. It is safe for concurrent use by any number of nodes.
type Store interface {
	// Put writes r under key, replacing what is there in one step, and returns
	// when it is durable. After an error the old content, or none, stands.
	Put(ctx context.Context, key string, r io.Reader) error
	// Get opens a blob; ErrAbsent when there is none. Its bytes are good only
	// once Read has answered io.EOF: a changed blob ends in ErrCorrupt instead.
	Get(ctx context.Context, key string) (io.ReadCloser, error)
	// Delete removes a blob; one that is not there is no error.
	Delete(ctx context.Context, key string) error
	// Walk calls fn for every blob in no particular order until fn fails.
	// Blobs written or deleted meanwhile may or may not be told.
	Walk(ctx context.Context, fn func(Info) error) error
}

// Open opens the store a configuration names: "file:DIR" for this machine,
// "s3://KEY:SECRET@HOST[:PORT]/BUCKET[/PREFIX][?region=R&path=1&plain=1]" for
// S3 and what speaks like it. path=1 asks for path-style addresses, plain=1
// for http. net says which private networks may be dialled.
func Open(config string, net outbound.Policy) (Store, error) {
	switch {
	case strings.HasPrefix(config, "file:"):
		return OpenDisk(strings.TrimPrefix(strings.TrimPrefix(config, "file:"), "//"))
	case strings.HasPrefix(config, "s3:"):
		return openS3(config, net)
	}
	return nil, errors.New(`blobs: want "file:DIR" or "s3://KEY:SECRET@HOST/BUCKET"`)
}

// Read returns a whole blob, verified.
func Read(ctx context.Context, s Store, key string) ([]byte, error) {
	r, err := s.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Valid reports whether key may name a blob. Case is not used, because some
// disks do not tell it apart.
func Valid(key string) bool {
	if key == "" || len(key) > 128 || key[0] == '.' {
		return false
	}
	return !strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	})
}

// verified passes bytes on while hashing them and turns io.EOF into ErrCorrupt
// when they are not what want says.
type verified struct {
	r    io.Reader
	c    io.Closer
	sum  hash.Hash
	want []byte
	left int64
}

func newVerified(r io.Reader, c io.Closer, size int64, want []byte) *verified {
	return &verified{r: r, c: c, sum: sha256.New(), want: want, left: size}
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.r.Read(p)
	v.sum.Write(p[:n])
	v.left -= int64(n)
	if err == io.EOF && (v.left != 0 || subtle.ConstantTimeCompare(v.sum.Sum(nil), v.want) != 1) {
		err = ErrCorrupt
	}
	return n, err
}

func (v *verified) Close() error { return v.c.Close() }

// limited fails with ErrTooBig beyond MaxBytes and with the context's error
// when it ends.
type limited struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, ErrTooBig
	}
	return n, err
}
