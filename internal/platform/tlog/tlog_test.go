package tlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	merkle "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// shelf keeps a log in memory.
type shelf map[string][]byte

func (s shelf) Read(_ context.Context, path string) ([]byte, error) {
	b, ok := s[path]
	if !ok {
		return nil, ErrAbsent
	}
	return bytes.Clone(b), nil
}

func (s shelf) Write(_ context.Context, path string, data []byte) error {
	if old, ok := s[path]; ok && path != CheckpointPath && !bytes.Equal(old, data) {
		return fmt.Errorf("%s was written with other content", path)
	}
	s[path] = bytes.Clone(data)
	return nil
}

const origin = "linli.example/ledger"

func newLog(t interface{ Fatal(...any) }) (*Log, shelf) {
	key, err := NewKey(origin, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := shelf{}
	return &Log{Origin: origin, Key: key, Storage: s}, s
}

func entry(i int64) []byte { return fmt.Appendf(nil, "entry %d", i) }

func grow(t interface{ Fatal(...any) }, l *Log, at Tree, n int64) Tree {
	var es [][]byte
	for i := at.Size; i < at.Size+n; i++ {
		es = append(es, entry(i))
	}
	at, err := l.Append(context.Background(), at, es)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// naive is RFC 6962's recursive definition, 2.1.
func naive(leaves []Hash) Hash {
	switch n := len(leaves); n {
	case 0:
		return Empty.Root
	case 1:
		return leaves[0]
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		return merkle.NodeHash(naive(leaves[:k]), naive(leaves[k:]))
	}
}

func TestBundles(t *testing.T) {
	var b []byte
	es := [][]byte{[]byte("a"), {}, bytes.Repeat([]byte("x"), EntryMost)}
	for _, e := range es {
		var err error
		if b, err = AppendEntry(b, e); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.HasPrefix(b, []byte("\x00\x01a\x00\x00\xff\xffxxx")) {
		t.Errorf("%q", b[:10])
	}
	got, err := ParseBundle(b, 3)
	if err != nil || !slices.EqualFunc(got, es, bytes.Equal) {
		t.Errorf("%v", err)
	}
	for name, bad := range map[string][]byte{"short": b[:len(b)-1], "half a length": append(bytes.Clone(b), 0), "one more": append(bytes.Clone(b), 0, 0), "none": nil} {
		if _, err := ParseBundle(bad, 3); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := AppendEntry(nil, make([]byte, EntryMost+1)); !errors.Is(err, ErrEntry) {
		t.Errorf("%v", err)
	}
}

// TestLog: whatever the batches, the log has RFC 6962's roots and C2SP's
// files, every prefix is consistent, every entry is proved, and an audit agrees.
func TestLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		l, s := newLog(t)
		at := Empty
		var leaves []Hash
		trees := []Tree{Empty}
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			n := int64(rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(200, 600)).Draw(t, "entries"))
			at = grow(t, l, at, n)
			for i := int64(len(leaves)); i < at.Size; i++ {
				leaves = append(leaves, EntryHash(entry(i)))
			}
			if at.Root != naive(leaves) {
				t.Fatalf("root of %d entries", at.Size)
			}
			if _, err := l.Publish(ctx, at); err != nil {
				t.Fatal(err)
			}
			trees = append(trees, at)
		}
		for _, p := range Paths(at.Size) {
			if b, ok := s[p.String()]; !ok || !p.Entries && len(b) != 32*p.Width {
				t.Fatalf("%s has %d bytes, %v", p, len(b), ok)
			}
		}
		for _, older := range trees {
			for _, newer := range trees {
				if older.Size > newer.Size {
					continue
				}
				proof, err := Consistency(ctx, s, newer, older.Size)
				if err != nil || CheckConsistency(proof, older, newer) != nil {
					t.Fatalf("%d is no prefix of %d: %v", older.Size, newer.Size, err)
				}
				if older.Size > 0 {
					forged := older
					forged.Root[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
					if err := CheckConsistency(proof, forged, newer); !errors.Is(err, ErrForked) {
						t.Fatalf("another history passes: %v", err)
					}
				}
			}
		}
		for name := range s { // a log may delete what grew full
			for _, prefix := range Superseded(0, at.Size) {
				if strings.HasPrefix(name, prefix) {
					delete(s, name)
				}
			}
		}
		for _, older := range trees {
			if older.Size == 0 {
				continue
			}
			i := rapid.Int64Range(0, older.Size-1).Draw(t, "index")
			proof, err := Inclusion(ctx, s, older, i)
			if err != nil || CheckInclusion(proof, older, i, leaves[i]) != nil {
				t.Fatalf("entry %d of %d: %v", i, older.Size, err)
			}
			if e, err := Entry(ctx, s, older, i); err != nil || !bytes.Equal(e, entry(i)) {
				t.Fatalf("entry %d of %d: %q %v", i, older.Size, e, err)
			}
			for _, wrong := range []struct {
				i    int64
				leaf Hash
			}{{i, EntryHash([]byte("forged"))}, {i + 1, leaves[i]}, {i - 1, leaves[i]}, {older.Size, leaves[i]}, {-1, leaves[i]}} {
				if err := CheckInclusion(proof, older, wrong.i, wrong.leaf); err == nil {
					t.Fatalf("entry %d of %d proves %d", i, older.Size, wrong.i)
				}
			}
		}
		next := int64(0)
		c, err := Audit(ctx, s, origin, func(i int64, e []byte) error {
			if i != next || !bytes.Equal(e, entry(i)) {
				return fmt.Errorf("entry %d is %q", i, e)
			}
			next++
			return nil
		}, l.Key.verifier)
		if err != nil || c.Tree != at || next != at.Size {
			t.Fatalf("audit: %+v, %d entries, %v", c, next, err)
		}
	})
}

// TestTampering: a changed byte anywhere in what the log serves is found and
// named, and nothing is built or signed upon it.
func TestTampering(t *testing.T) {
	ctx := t.Context()
	l, good := newLog(t)
	at := grow(t, l, Empty, 700)
	if _, err := l.Publish(ctx, at); err != nil {
		t.Fatal(err)
	}
	audit := func(s shelf) error {
		_, err := Audit(ctx, s, origin, nil, l.Key.verifier)
		return err
	}
	if err := audit(good); err != nil {
		t.Fatal(err)
	}
	names := []string{CheckpointPath}
	for _, p := range Paths(at.Size) {
		names = append(names, p.String())
	}
	for _, name := range names {
		for _, pos := range []int{0, len(good[name]) / 2, len(good[name]) - 1} {
			s := maps.Clone(good)
			s[name] = bytes.Clone(s[name])
			s[name][pos] ^= 1
			err := audit(s)
			entries := strings.HasPrefix(name, "tile/entries/")
			if err == nil || name != CheckpointPath && !errors.Is(err, ErrChanged) || name != CheckpointPath && !entries && !strings.HasSuffix(err.Error(), name) {
				t.Errorf("%s, byte %d: %v", name, pos, err)
			}
		}
		for what, change := range map[string]func(b []byte) []byte{
			"longer": func(b []byte) []byte { return append(bytes.Clone(b), 0) }, "shorter": func(b []byte) []byte { return b[:len(b)-1] },
		} {
			s := maps.Clone(good)
			s[name] = change(s[name])
			if err := audit(s); err == nil {
				t.Errorf("%s %s passes", name, what)
			}
		}
		s := maps.Clone(good)
		delete(s, name)
		if err := audit(s); !errors.Is(err, ErrAbsent) || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s missing: %v", name, err)
		}
	}
	for _, name := range []string{"tile/0/002.p/188", "tile/1/000.p/2"} { // the right edge, on which the log grows
		s := maps.Clone(good)
		s[name] = bytes.Clone(s[name])
		s[name][5] ^= 1
		bad := *l
		bad.Storage = s
		if _, err := bad.Append(ctx, at, [][]byte{[]byte("x")}); !errors.Is(err, ErrChanged) {
			t.Errorf("grew on a changed %s: %v", name, err)
		}
	}
	if _, err := Entry(ctx, good, Tree{at.Size, Hash{1}}, 3); !errors.Is(err, ErrChanged) {
		t.Errorf("under another root: %v", err)
	}
}

func TestPublishNeverForks(t *testing.T) {
	ctx := t.Context()
	l, s := newLog(t)
	early := grow(t, l, Empty, 10)
	at := grow(t, l, early, 300)
	first, err := l.Publish(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.Publish(ctx, at); err != nil || !bytes.Equal(again, first) {
		t.Errorf("again: %v", err)
	}
	if _, err := l.Publish(ctx, early); !errors.Is(err, ErrForked) {
		t.Errorf("shorter: %v", err)
	}
	other, os := newLog(t)
	fork, err := other.Append(ctx, Empty, slices.Repeat([][]byte{[]byte("other")}, 400))
	if err != nil {
		t.Fatal(err)
	}
	os[CheckpointPath] = s[CheckpointPath]
	for _, tree := range []Tree{fork, {at.Size, fork.Root}} {
		if _, err := other.Publish(ctx, tree); err == nil {
			t.Errorf("another history of %d entries was signed", tree.Size)
		}
	}
	if !bytes.Equal(os[CheckpointPath], first) {
		t.Error("the checkpoint was replaced")
	}
	s[CheckpointPath][0] ^= 1
	if _, err := l.Publish(ctx, at); err == nil {
		t.Error("signed over a broken checkpoint")
	}
}

func TestAppendMayBeRepeated(t *testing.T) {
	ctx := t.Context()
	l, s := newLog(t)
	at := grow(t, l, Empty, 250)
	es := [][]byte{[]byte("a"), []byte("b"), bytes.Repeat([]byte("c"), 9)}
	once, err := l.Append(ctx, at, es)
	if err != nil {
		t.Fatal(err)
	}
	n := len(s)
	twice, err := l.Append(ctx, at, es)
	if err != nil || once != twice || len(s) != n {
		t.Errorf("%v %v %v", once, twice, err)
	}
	if _, err := l.Append(ctx, at, [][]byte{make([]byte, EntryMost+1)}); !errors.Is(err, ErrEntry) {
		t.Errorf("%v", err)
	}
	if same, err := l.Append(ctx, at, nil); err != nil || same != at {
		t.Errorf("%v %v", same, err)
	}
}

func TestProofFile(t *testing.T) {
	ctx := t.Context()
	l, _ := newLog(t)
	at := grow(t, l, Empty, 300)
	if _, err := l.Prove(ctx, 0, nil); !errors.Is(err, ErrAbsent) {
		t.Errorf("before the first checkpoint: %v", err)
	}
	if _, err := l.Publish(ctx, at); err != nil {
		t.Fatal(err)
	}
	p, err := l.Prove(ctx, 123, []byte("receipt"))
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseProof(p.Text())
	if err != nil || read.Text() != p.Text() {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(l.Key.Public)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := read.Check(entry(123), origin, v); err != nil || c.Tree != at {
		t.Errorf("%v %v", c, err)
	}
	stranger, _ := NewKey(origin, bytes.Repeat([]byte{8}, 32))
	index := read
	index.Index++
	for name, err := range map[string]error{
		"other entry":  second(read.Check(entry(124), origin, v)),
		"other index":  second(index.Check(entry(123), origin, v)),
		"other origin": second(read.Check(entry(123), "linli.example/other", v)),
		"other key":    second(read.Check(entry(123), origin, stranger.verifier)),
		"no key":       second(read.Check(entry(123), origin)),
	} {
		if err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if _, err := l.Prove(ctx, 300, nil); !errors.Is(err, ErrAbsent) {
		t.Errorf("beyond the end: %v", err)
	}
}

func second[A any](_ A, err error) error { return err }

func TestKeys(t *testing.T) {
	a, err := NewKey(origin, bytes.Repeat([]byte{1}, 32))
	b, _ := NewKey(origin, bytes.Repeat([]byte{1}, 32))
	if err != nil || a.Public != b.Public || !strings.HasPrefix(a.Public, origin+"+") {
		t.Errorf("%v %v %v", a.Public, b.Public, err)
	}
	for _, bad := range []string{"", "a b", "a+b"} {
		if _, err := NewKey(bad, make([]byte, 32)); err == nil {
			t.Errorf("origin %q was taken", bad)
		}
	}
	if _, err := NewKey(origin, make([]byte, 31)); err == nil {
		t.Error("a short seed was taken")
	}
}

func BenchmarkAppend(b *testing.B) {
	l, _ := newLog(b)
	at := Empty
	for b.Loop() {
		at = grow(b, l, at, 64)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(at.Size), "ns/entry")
}
