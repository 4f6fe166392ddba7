// Package tlog is the machinery of the public ledger (公开账本): an append-only
// Merkle tree whose every state is signed, so that anyone can check that
// nothing was quietly changed, removed or slipped in.
//
// It follows C2SP: tiles and entry bundles (c2sp.org/tlog-tiles), checkpoints
// (c2sp.org/tlog-checkpoint) signed as notes with Ed25519
// (c2sp.org/signed-note), and proofs as text (c2sp.org/tlog-proof). Hashes are
// those of RFC 6962 with SHA-256, computed by golang.org/x/mod/sumdb/tlog.
//
// The package does no I/O of its own: it reads and writes named resources
// through an interface. The names are the paths a log serves below its prefix,
// so an offline checker reads a copied directory or a web server alike.
package tlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	merkle "golang.org/x/mod/sumdb/tlog"
)

// Bounds of the format.
const (
	Width     = 256   // hashes of a full tile, entries of a full bundle
	EntryMost = 65535 // bytes of one entry
	levelMost = 63
	height    = 8 // of a tile: 2^8 = Width
)

// CheckpointPath names the signed head.
const CheckpointPath = "checkpoint"

// Faults.
var (
	ErrAbsent  = errors.New("tlog: no such resource")          // what a Reader answers
	ErrChanged = errors.New("tlog: it is not what was signed") // the log contradicts itself
	ErrForked  = errors.New("tlog: not a continuation of what was signed before")
	ErrEntry   = fmt.Errorf("tlog: an entry has at most %d bytes", EntryMost)
)

// Hash is a node of the tree.
type Hash = merkle.Hash

// Tree is a state of the log: how many entries, and the root over them.
type Tree struct {
	Size int64
	Root Hash
}

// Empty is the state before the first entry.
var Empty = Tree{Root: emptyRoot()}

func emptyRoot() Hash {
	h, _ := merkle.TreeHash(0, nil) // reads nothing
	return h
}

// Reader reads resources of a log by their path; ErrAbsent when there is none.
type Reader interface {
	Read(ctx context.Context, path string) ([]byte, error)
}

// Storage keeps the resources of one log. Tiles and bundles are never written
// with other content; the checkpoint is replaced.
type Storage interface {
	Reader
	Write(ctx context.Context, path string, data []byte) error
}

// Path is the parsed name of a tile or an entry bundle.
type Path struct {
	Entries bool // an entry bundle, whose Level is 0
	Level   int
	N       int64
	Width   int // 1–256; below 256 it is partial
}

// String is the name as it is served: tile/0/x001/234.p/17, tile/entries/005.
func (p Path) String() string {
	var b strings.Builder
	b.WriteString("tile/")
	if p.Entries {
		b.WriteString("entries/")
	} else {
		b.WriteString(strconv.Itoa(p.Level) + "/")
	}
	n := p.N
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	b.WriteString(name)
	if p.Width < Width {
		b.WriteString(".p/" + strconv.Itoa(p.Width))
	}
	return b.String()
}

// ParsePath reads the name of a tile or bundle, in its one canonical form.
func ParsePath(s string) (Path, error) {
	bad := fmt.Errorf("tlog: %q is not the name of a tile", s)
	rest, ok := strings.CutPrefix(s, "tile/")
	if !ok || len(s) > 64 {
		return Path{}, bad
	}
	p := Path{Width: Width}
	kind, rest, ok := strings.Cut(rest, "/")
	if !ok {
		return Path{}, bad
	}
	if kind == "entries" {
		p.Entries = true
	} else if l, err := strconv.Atoi(kind); err != nil || l < 0 || l > levelMost {
		return Path{}, bad
	} else {
		p.Level = l
	}
	if name, w, partial := strings.Cut(rest, ".p/"); partial {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 || n >= Width {
			return Path{}, bad
		}
		p.Width, rest = n, name
	}
	for part := range strings.SplitSeq(rest, "/") {
		d, err := strconv.ParseUint(strings.TrimPrefix(part, "x"), 10, 10)
		if err != nil || d > 999 || p.N > (1<<63-1-int64(d))/1000 {
			return Path{}, bad
		}
		p.N = p.N*1000 + int64(d)
	}
	if p.String() != s { // signs, missing zeroes, an x too many or too few
		return Path{}, bad
	}
	return p, nil
}

// tileAt is the tile n of a level as it stands in a tree of the size: full or
// partial; Width 0 when the tree does not reach it.
func tileAt(level int, n, size int64) Path {
	have := int64(0)
	if level*height < 63 {
		have = size >> (level * height)
	}
	return Path{Level: level, N: n, Width: int(max(0, min(Width, have-n*Width)))}
}

// Paths lists what a log of the size serves beside its checkpoint: its tiles,
// then its bundles.
func Paths(size int64) []Path {
	var all []Path
	for _, t := range merkle.NewTiles(height, 0, size) {
		all = append(all, Path{Level: t.L, N: t.N, Width: t.W})
	}
	for n := int64(0); n*Width < size; n++ {
		b := tileAt(0, n, size)
		b.Entries = true
		all = append(all, b)
	}
	return all
}

// Superseded lists the prefixes of partial tiles and bundles that are no
// longer needed once a log that had before entries has now: their full tile
// is there. A log may delete all resources below them.
func Superseded(before, now int64) []string {
	var out []string
	for level := 0; level*height < 63; level++ {
		for n := before >> (level * height) / Width; n < now>>(level*height)/Width; n++ {
			full := Path{Level: level, N: n, Width: Width}
			out = append(out, full.String()+".p/")
			if level == 0 {
				full.Entries = true
				out = append(out, full.String()+".p/")
			}
		}
	}
	return out
}

// AppendEntry adds an entry to the end of a bundle.
func AppendEntry(bundle, entry []byte) ([]byte, error) {
	if len(entry) > EntryMost {
		return bundle, ErrEntry
	}
	bundle = append(bundle, byte(len(entry)>>8), byte(len(entry)))
	return append(bundle, entry...), nil
}

// ParseBundle returns the entries of a bundle, which must be exactly width.
func ParseBundle(b []byte, width int) ([][]byte, error) {
	entries := make([][]byte, 0, min(max(width, 0), Width))
	for len(b) > 0 {
		if len(b) < 2 {
			return nil, errors.New("tlog: a bundle ends in the middle of a length")
		}
		n := int(b[0])<<8 | int(b[1])
		if len(b) < 2+n {
			return nil, errors.New("tlog: a bundle ends in the middle of an entry")
		}
		entries = append(entries, b[2:2+n:2+n])
		b = b[2+n:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("tlog: a bundle has %d entries, not %d", len(entries), width)
	}
	return entries, nil
}

// EntryHash is the leaf of an entry (RFC 6962: SHA-256 over 0x00 and the entry).
func EntryHash(entry []byte) Hash { return merkle.RecordHash(entry) }

// Partials lists the partial tiles and bundles of a log of the size: those
// that it alone needs.
func Partials(size int64) []Path {
	var out []Path
	for level := 0; level*height < 63 && size>>(level*height) > 0; level++ {
		p := tileAt(level, size>>(level*height)/Width, size)
		if p.Width == 0 {
			continue
		}
		out = append(out, p)
		if level == 0 {
			p.Entries = true
			out = append(out, p)
		}
	}
	return out
}

// Within reports whether a log of the size has the tile or bundle.
func (p Path) Within(size int64) bool { return p.Width <= tileAt(p.Level, p.N, size).Width }
