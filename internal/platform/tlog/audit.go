package tlog

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	merkle "golang.org/x/mod/sumdb/tlog"
)

// Audit reads a whole log through r and checks that its checkpoint is signed
// and that every tile, every bundle and the root follow from the entries. The
// first resource that does not is named. visit, if not nil, gets each entry in
// order before the whole is known to be good. Memory does not grow with the log.
func Audit(ctx context.Context, r Reader, origin string, visit func(index int64, entry []byte) error, verifiers ...note.Verifier) (Checkpoint, error) {
	msg, err := r.Read(ctx, CheckpointPath)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%s: %w", CheckpointPath, err)
	}
	c, err := OpenCheckpoint(msg, origin, verifiers...)
	if err != nil {
		return Checkpoint{}, err
	}
	a := auditor{ctx: ctx, r: r, size: c.Size}
	for n := int64(0); n*Width < c.Size; n++ {
		p := tileAt(0, n, c.Size)
		p.Entries = true
		b, err := resource(ctx, r, p)
		if err != nil {
			return c, err
		}
		entries, err := ParseBundle(b, p.Width)
		if err != nil {
			return c, fmt.Errorf("%w: %s: %w", ErrChanged, p, err)
		}
		for i, e := range entries {
			if visit != nil {
				if err := visit(n*Width+int64(i), e); err != nil {
					return c, err
				}
			}
			if err := a.add(0, EntryHash(e)); err != nil {
				return c, err
			}
		}
	}
	root, err := a.end()
	if err != nil {
		return c, err
	}
	if root != c.Root {
		return c, fmt.Errorf("%w: %s: the entries have another root", ErrChanged, CheckpointPath)
	}
	return c, nil
}

// auditor rebuilds the tiles of all levels from the leaves, keeping only the
// last of each.
type auditor struct {
	ctx    context.Context
	r      Reader
	size   int64
	levels [][]Hash // the hashes of each level's last, unfinished tile
	done   []int64  // full tiles of each level so far
}

func (a *auditor) add(level int, h Hash) error {
	if level == len(a.levels) {
		a.levels, a.done = append(a.levels, nil), append(a.done, 0)
	}
	a.levels[level] = append(a.levels[level], h)
	if len(a.levels[level]) < Width {
		return nil
	}
	if err := a.compare(level); err != nil {
		return err
	}
	top := perfect(a.levels[level])
	a.levels[level] = a.levels[level][:0]
	a.done[level]++
	return a.add(level+1, top)
}

// compare holds the level's last tile against the stored one.
func (a *auditor) compare(level int) error {
	p := Path{Level: level, N: a.done[level], Width: len(a.levels[level])}
	b, err := resource(a.ctx, a.r, p)
	if err != nil {
		return err
	}
	var want bytes.Buffer
	for _, h := range a.levels[level] {
		want.Write(h[:])
	}
	if !bytes.Equal(b, want.Bytes()) {
		return fmt.Errorf("%w: %s", ErrChanged, p)
	}
	return nil
}

// end compares the partial tiles and returns the root: the perfect subtrees
// from the largest, leftmost to the smallest, folded from the right.
func (a *auditor) end() (Hash, error) {
	var subtrees []Hash
	for level := len(a.levels) - 1; level >= 0; level-- {
		hs := a.levels[level]
		if len(hs) > 0 {
			if err := a.compare(level); err != nil {
				return Hash{}, err
			}
		}
		for bit := Width / 2; bit > 0; bit /= 2 {
			if len(hs)&bit != 0 {
				at := len(hs) &^ (2*bit - 1)
				subtrees = append(subtrees, perfect(hs[at:at+bit]))
			}
		}
	}
	if len(subtrees) == 0 {
		return Empty.Root, nil
	}
	root := subtrees[len(subtrees)-1]
	for i := len(subtrees) - 2; i >= 0; i-- {
		root = merkle.NodeHash(subtrees[i], root)
	}
	return root, nil
}

// perfect is the root over a power of two of hashes.
func perfect(hs []Hash) Hash {
	level := append([]Hash(nil), hs...)
	for len(level) > 1 {
		for i := range len(level) / 2 {
			level[i] = merkle.NodeHash(level[2*i], level[2*i+1])
		}
		level = level[:len(level)/2]
	}
	return level[0]
}
