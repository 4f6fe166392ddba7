package blob

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"linli/internal/platform/outbound"
)

// bucket is the small part of S3 the store uses, over HTTP.
type bucket struct {
	mu      sync.Mutex
	objects map[string]object
	t       *testing.T
}

type object struct {
	body []byte
	sum  string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=KEY/") {
		b.t.Errorf("%s %s is not signed: %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}
	key, inBucket := strings.CutPrefix(r.URL.Path, "/town/")
	if !inBucket {
		b.t.Errorf("asked for %s", r.URL)
	}
	fail := func(status int, code string) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", code)
	}
	switch {
	case r.Method == "PUT":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			b.t.Error(err)
		}
		if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") || r.Header.Get("X-Amz-Decoded-Content-Length") != "" {
			body = unchunk(b.t, body)
		}
		if want := r.Header.Get("Content-Md5"); want != "" {
			if got := md5.Sum(body); base64.StdEncoding.EncodeToString(got[:]) != want {
				fail(400, "BadDigest")
				return
			}
		}
		b.objects[key] = object{body, r.Header.Get("X-Amz-Meta-" + sumHeader)}
		w.Header().Set("ETag", `"e"`)
	case r.Method == "GET" && r.URL.Query().Has("list-type"):
		type content struct {
			Key          string
			Size         int
			LastModified string
		}
		var list struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Name     string
			Contents []content
		}
		for k, o := range b.objects {
			if strings.HasPrefix(k, r.URL.Query().Get("prefix")) {
				list.Contents = append(list.Contents, content{k, len(o.body), "2026-05-03T10:00:00.000Z"})
			}
		}
		xml.NewEncoder(w).Encode(list)
	case r.Method == "GET" || r.Method == "HEAD":
		o, ok := b.objects[key]
		if !ok {
			fail(404, "NoSuchKey")
			return
		}
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", "Sun, 03 May 2026 10:00:00 GMT")
		if o.sum != "" {
			w.Header().Set("X-Amz-Meta-"+sumHeader, o.sum)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(o.body))
	case r.Method == "DELETE":
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
	}
}

// unchunk reads the aws-chunked coding: SIZE;chunk-signature=…\r\nDATA\r\n.
func unchunk(t *testing.T, b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		head, rest, ok := bytes.Cut(b, []byte("\r\n"))
		var n int
		if _, err := fmt.Sscanf(string(head), "%x", &n); !ok || err != nil || n > len(rest) {
			t.Fatalf("bad chunk %q", head)
		}
		if n == 0 {
			break
		}
		out = append(out, rest[:n]...)
		b = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
	return out
}

var local = outbound.Policy{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

func fakeS3(t *testing.T) (*S3, *bucket) {
	t.Helper()
	b := &bucket{objects: map[string]object{}, t: t}
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	s, err := Open("s3://KEY:SECRET@"+strings.TrimPrefix(srv.URL, "http://")+"/town/files?plain=1&path=1", local)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*S3), b
}

func each(t *testing.T, body func(t *testing.T, s Store, spoil func(key string))) {
	t.Run("disk", func(t *testing.T) {
		s, err := Open("file:"+filepath.Join(t.TempDir(), "blobs"), outbound.Policy{})
		if err != nil {
			t.Fatal(err)
		}
		d := s.(*Disk)
		body(t, s, func(key string) {
			b, err := os.ReadFile(d.path(key))
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 1
			os.WriteFile(d.path(key), b, 0o600)
		})
	})
	t.Run("s3", func(t *testing.T) {
		s, b := fakeS3(t)
		body(t, s, func(key string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			o := b.objects["files/"+key]
			o.body = bytes.Clone(o.body)
			o.body[len(o.body)/2] ^= 1
			b.objects["files/"+key] = o
		})
	})
}

func TestStore(t *testing.T) {
	each(t, func(t *testing.T, s Store, spoil func(string)) {
		ctx := t.Context()
		big := bytes.Repeat([]byte("江心洲"), 100_000)
		for key, content := range map[string][]byte{"0197-a": []byte("one"), "0197-b.t": big, "empty": {}} {
			if err := s.Put(ctx, key, bytes.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			got, err := Read(ctx, s, key)
			if err != nil || !bytes.Equal(got, content) {
				t.Fatalf("%s: %d bytes, %v", key, len(got), err)
			}
		}
		if err := s.Put(ctx, "0197-a", strings.NewReader("two")); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(ctx, s, "0197-a"); err != nil || string(got) != "two" {
			t.Errorf("replaced: %q %v", got, err)
		}
		var keys []string
		err := s.Walk(ctx, func(i Info) error {
			keys = append(keys, fmt.Sprint(i.Key, " ", i.Bytes))
			if i.Modified.IsZero() {
				t.Errorf("%s without a time", i.Key)
			}
			return nil
		})
		slices.Sort(keys)
		if want := []string{"0197-a 3", fmt.Sprint("0197-b.t ", len(big)), "empty 0"}; err != nil || !slices.Equal(keys, want) {
			t.Errorf("walk: %v %v", keys, err)
		}
		stop := errors.New("enough")
		if err := s.Walk(ctx, func(Info) error { return stop }); err != stop {
			t.Errorf("walk was not stopped: %v", err)
		}
		spoil("0197-b.t")
		if _, err := Read(ctx, s, "0197-b.t"); !errors.Is(err, ErrCorrupt) {
			t.Errorf("a flipped bit: %v", err)
		}
		for range 2 {
			if err := s.Delete(ctx, "0197-a"); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Get(ctx, "0197-a"); !errors.Is(err, ErrAbsent) {
			t.Errorf("deleted: %v", err)
		}
		for _, bad := range []string{"", "../x", "a/b", "A", ".hidden", "a b", "é", "a\x00", strings.Repeat("a", 129)} {
			if err := s.Put(ctx, bad, strings.NewReader("x")); !errors.Is(err, ErrKey) {
				t.Errorf("key %q: %v", bad, err)
			}
			if _, err := s.Get(ctx, bad); !errors.Is(err, ErrAbsent) {
				t.Errorf("get %q: %v", bad, err)
			}
		}
	})
}

func TestFailedPutLeavesTheOld(t *testing.T) {
	each(t, func(t *testing.T, s Store, _ func(string)) {
		ctx := t.Context()
		if err := s.Put(ctx, "k", strings.NewReader("old")); err != nil {
			t.Fatal(err)
		}
		broken := errors.New("the line broke")
		if err := s.Put(ctx, "k", io.MultiReader(strings.NewReader("new"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
		if err := s.Put(ctx, "k", io.LimitReader(zeros{}, MaxBytes+1)); !errors.Is(err, ErrTooBig) {
			t.Errorf("%v", err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := s.Put(ended, "k", strings.NewReader("new")); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if got, err := Read(ctx, s, "k"); err != nil || string(got) != "old" {
			t.Errorf("%q %v", got, err)
		}
		if d, ok := s.(*Disk); ok {
			if left, _ := os.ReadDir(d.tmp()); len(left) != 0 {
				t.Errorf("%d temporary files are left", len(left))
			}
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestCrashLeavesNoTraceAndNoHarm(t *testing.T) {
	dir := t.TempDir()
	d, err := OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Put(t.Context(), "kept", strings.NewReader("kept")); err != nil {
		t.Fatal(err)
	}
	old, fresh := filepath.Join(d.tmp(), "put-old"), filepath.Join(d.tmp(), "put-now")
	for _, f := range []string{old, fresh} {
		if err := os.WriteFile(f, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-2 * leftover)
	os.Chtimes(old, long, long)
	os.WriteFile(filepath.Join(dir, "note.txt"), []byte("an operator's"), 0o600)
	if d, err = OpenDisk(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Error("the old temporary file is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("another node's file was taken away")
	}
	n := 0
	d.Walk(t.Context(), func(i Info) error { n++; return nil })
	if n != 1 {
		t.Errorf("walk told of %d blobs", n)
	}
	if err := os.Truncate(d.path("kept"), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Get(t.Context(), "kept"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("cut short: %v", err)
	}
}

func TestS3WithoutHash(t *testing.T) {
	s, b := fakeS3(t)
	b.objects["files/foreign"] = object{body: []byte("x")}
	if _, err := Read(t.Context(), s, "foreign"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v", err)
	}
}

// TestS3ReachesNoPrivateNetwork: the fake runs on loopback, which is not
// configured here.
func TestS3ReachesNoPrivateNetwork(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer srv.Close()
	s, err := Open("s3://KEY:SECRET@"+strings.TrimPrefix(srv.URL, "http://")+"/town?plain=1&path=1", outbound.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "k", strings.NewReader("x")); !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("%v", err)
	}
}

func TestConfiguration(t *testing.T) {
	for _, bad := range []string{"", "x", "file:", "s3://host/bucket", "s3://KEY:SECRET@host", "s3://KEY:SE%zzCRET@host/b", "http://x"} {
		if _, err := Open(bad, outbound.Policy{}); err == nil || strings.Contains(err.Error(), "SE") && strings.Contains(err.Error(), "zz") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
