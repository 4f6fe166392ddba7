package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"linli/internal/platform/outbound"
)

const (
	sumHeader = "Linli-Sha256" // user metadata that carries the content's hash
	s3Timeout = 2 * time.Minute
	s3Tries   = 3
)

// S3 keeps blobs as objects PREFIX/KEY of a bucket. The bucket must exist; its
// acknowledgement of a write is taken as durable.
type S3 struct {
	client *minio.Client
	bucket string
	prefix string // "" or ending in "/"
}

func openS3(config string, net outbound.Policy) (*S3, error) {
	u, err := url.Parse(config)
	if err != nil {
		return nil, errors.New("blobs: the s3 address cannot be read") // its text holds the secret
	}
	secret, ok := u.User.Password()
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if !ok || u.Host == "" || bucket == "" {
		return nil, errors.New("blobs: want s3://KEY:SECRET@HOST/BUCKET")
	}
	q := u.Query()
	net.Plain = net.Plain || q.Get("plain") == "1"
	net.Timeout, net.MaxBytes = s3Timeout, 2*MaxBytes
	lookup := minio.BucketLookupAuto
	if q.Get("path") == "1" {
		lookup = minio.BucketLookupPath
	}
	region := q.Get("region")
	if region == "" {
		region = "us-east-1" // what S3 look-alikes answer to; asking would cost a call at start
	}
	c, err := minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(u.User.Username(), secret, ""), Secure: q.Get("plain") != "1",
		Transport: net.Transport(), Region: region, BucketLookup: lookup, MaxRetries: s3Tries,
	})
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	s := &S3{client: c, bucket: bucket, prefix: prefix}
	if s.prefix != "" {
		s.prefix += "/"
	}
	return s, nil
}

// Put holds the content in memory, because its hash must stand in the header
// before it.
func (s *S3) Put(ctx context.Context, key string, r io.Reader) error {
	if !Valid(key) {
		return ErrKey
	}
	ctx, cancel := context.WithTimeout(ctx, s3Timeout)
	defer cancel()
	b, err := io.ReadAll(&limited{ctx, r, MaxBytes})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	_, err = s.client.PutObject(ctx, s.bucket, s.prefix+key, bytes.NewReader(b), int64(len(b)), minio.PutObjectOptions{
		ContentType: "application/octet-stream", DisableMultipart: true, SendContentMd5: true,
		UserMetadata: map[string]string{sumHeader: hex.EncodeToString(sum[:])},
	})
	return err
}

// Get opens an object. Its time is bounded until it is closed.
func (s *S3) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	if !Valid(key) {
		return nil, ErrAbsent
	}
	ctx, cancel := context.WithTimeout(ctx, s3Timeout)
	o, err := s.client.GetObject(ctx, s.bucket, s.prefix+key, minio.GetObjectOptions{})
	if err != nil {
		cancel()
		return nil, absent(err)
	}
	done := closer(func() error {
		defer cancel()
		return o.Close()
	})
	info, err := o.Stat()
	if err != nil {
		done.Close()
		return nil, absent(err)
	}
	want, err := hex.DecodeString(info.UserMetadata[sumHeader])
	if err != nil || len(want) != sha256.Size {
		done.Close()
		return nil, ErrCorrupt
	}
	return newVerified(o, done, info.Size, want), nil
}

type closer func() error

func (c closer) Close() error { return c() }

func absent(err error) error {
	if code := minio.ToErrorResponse(err).Code; code == "NoSuchKey" {
		return ErrAbsent
	}
	return err
}

// Delete removes an object.
func (s *S3) Delete(ctx context.Context, key string) error {
	if !Valid(key) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s3Timeout)
	defer cancel()
	err := absent(s.client.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}))
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	return err
}

// Walk lists the objects below the prefix.
func (s *S3) Walk(ctx context.Context, fn func(Info) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when fn fails
	for o := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix, Recursive: true}) {
		if o.Err != nil {
			return o.Err
		}
		key := strings.TrimPrefix(o.Key, s.prefix)
		if !Valid(key) {
			continue
		}
		if err := fn(Info{Key: key, Bytes: o.Size, Modified: o.LastModified}); err != nil {
			return err
		}
	}
	return ctx.Err()
}
