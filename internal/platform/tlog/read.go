package tlog

import (
	"context"
	"errors"
	"fmt"

	merkle "golang.org/x/mod/sumdb/tlog"
)

// tiles gives the Merkle code its tiles from a Reader and remembers them for
// the time of one call. What it hands out is checked there against the root.
type tiles struct {
	ctx  context.Context
	r    Reader
	seen map[Path][]byte
}

// hashes returns a reader of the tree's nodes that checks all it reads.
func hashes(ctx context.Context, r Reader, at Tree) merkle.HashReader {
	return merkle.TileHashReader(merkle.Tree{N: at.Size, Hash: at.Root}, &tiles{ctx, r, map[Path][]byte{}})
}

func (t *tiles) Height() int { return height }

func (t *tiles) SaveTiles([]merkle.Tile, [][]byte) {}

func (t *tiles) ReadTiles(want []merkle.Tile) ([][]byte, error) {
	out := make([][]byte, len(want))
	for i, w := range want {
		p := Path{Level: w.L, N: w.N, Width: w.W}
		b, ok := t.seen[p]
		if !ok {
			var err error
			if b, err = resource(t.ctx, t.r, p); err != nil {
				return nil, err
			}
			if len(b) < p.Width*merkle.HashSize {
				return nil, fmt.Errorf("%w: %s is too short", ErrChanged, p)
			}
			b = b[:p.Width*merkle.HashSize]
			t.seen[p] = b
		}
		out[i] = b
	}
	return out, nil
}

// resource reads a tile or bundle; where a partial one is gone, the full one
// that followed it, which begins with the same.
func resource(ctx context.Context, r Reader, p Path) ([]byte, error) {
	b, err := r.Read(ctx, p.String())
	if errors.Is(err, ErrAbsent) && p.Width < Width {
		full := p
		full.Width = Width
		if b, ferr := r.Read(ctx, full.String()); ferr == nil {
			return cut(b, p), nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	return b, nil
}

// cut shortens a full resource to the partial one it grew from.
func cut(b []byte, p Path) []byte {
	if !p.Entries {
		return b[:min(len(b), p.Width*merkle.HashSize)]
	}
	end := 0
	for range p.Width {
		if len(b)-end < 2 {
			return b
		}
		end += 2 + int(b[end])<<8 + int(b[end+1])
		if end > len(b) {
			return b
		}
	}
	return b[:end]
}

// contradiction turns what the Merkle code says of wrong tiles into ErrChanged.
func contradiction(err error) error {
	if err == nil || errors.Is(err, ErrAbsent) || errors.Is(err, ErrChanged) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrChanged, err)
}

// Entry returns the entry at index of the tree, checked against its root.
func Entry(ctx context.Context, r Reader, at Tree, index int64) ([]byte, error) {
	if index < 0 || index >= at.Size {
		return nil, ErrAbsent
	}
	p := tileAt(0, index/Width, at.Size)
	p.Entries = true
	b, err := resource(ctx, r, p)
	if err != nil {
		return nil, err
	}
	entries, err := ParseBundle(b, p.Width)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrChanged, p, err)
	}
	leaf, err := hashes(ctx, r, at).ReadHashes([]int64{merkle.StoredHashIndex(0, index)})
	if err != nil {
		return nil, contradiction(err)
	}
	entry := entries[index%Width]
	if leaf[0] != EntryHash(entry) {
		return nil, fmt.Errorf("%w: %s, entry %d", ErrChanged, p, index)
	}
	return entry, nil
}

// Inclusion proves that the entry at index stands in the tree: the hashes from
// its leaf's sibling up to a child of the root (RFC 6962, 2.1.1).
func Inclusion(ctx context.Context, r Reader, at Tree, index int64) ([]Hash, error) {
	if index < 0 || index >= at.Size {
		return nil, ErrAbsent
	}
	p, err := merkle.ProveRecord(at.Size, index, hashes(ctx, r, at))
	return p, contradiction(err)
}

// CheckInclusion reports why the proof does not show that leaf stands at index
// in the tree, or nil.
func CheckInclusion(proof []Hash, at Tree, index int64, leaf Hash) error {
	if index < 0 || index >= at.Size {
		return fmt.Errorf("%w: entry %d of %d", ErrChanged, index, at.Size)
	}
	return contradiction(merkle.CheckRecord(proof, at.Size, at.Root, index, leaf))
}

// Consistency proves that the tree begins with the first size entries of an
// older one (RFC 6962, 2.1.2). Against an empty tree there is nothing to prove.
func Consistency(ctx context.Context, r Reader, at Tree, size int64) ([]Hash, error) {
	if size < 0 || size > at.Size {
		return nil, ErrAbsent
	}
	if size == 0 {
		return nil, nil
	}
	p, err := merkle.ProveTree(at.Size, size, hashes(ctx, r, at))
	return p, contradiction(err)
}

// CheckConsistency reports why the proof does not show that the newer tree
// continues the older one, or nil.
func CheckConsistency(proof []Hash, older, newer Tree) error {
	switch {
	case older.Size < 0 || older.Size > newer.Size:
		return fmt.Errorf("%w: %d entries, then %d", ErrForked, older.Size, newer.Size)
	case older.Size == 0:
		if older.Root != Empty.Root || len(proof) != 0 {
			return ErrForked
		}
		return nil
	}
	if err := merkle.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("%w: %w", ErrForked, err)
	}
	return nil
}
