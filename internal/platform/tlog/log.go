package tlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	merkle "golang.org/x/mod/sumdb/tlog"
)

// Log writes one log. It keeps no state between calls; one writer at a time
// calls it, with the tree it reached last.
type Log struct {
	Origin  string
	Key     Key
	Storage Storage
}

// Append adds entries behind the tree at and returns the tree reached. All
// tiles and bundles are written before it returns, none is signed for: a call
// that failed may be repeated with the same entries, which writes the same.
// What it reads of the old tree is checked against its root.
func (l *Log) Append(ctx context.Context, at Tree, entries [][]byte) (Tree, error) {
	if len(entries) == 0 {
		return at, nil
	}
	fresh := map[int64]Hash{}
	old := hashes(ctx, l.Storage, at)
	read := merkle.HashReaderFunc(func(indexes []int64) ([]Hash, error) { return overlay(old, fresh, indexes) })
	size := at.Size
	for _, e := range entries {
		if len(e) > EntryMost {
			return at, ErrEntry
		}
		made, err := merkle.StoredHashes(size, e, read)
		if err != nil {
			return at, contradiction(err)
		}
		for i, h := range made {
			fresh[merkle.StoredHashIndex(0, size)+int64(i)] = h
		}
		size++
	}
	root, err := merkle.TreeHash(size, read)
	if err != nil {
		return at, contradiction(err)
	}
	if err := l.writeBundles(ctx, at, entries, size); err != nil {
		return at, err
	}
	for _, t := range merkle.NewTiles(height, at.Size, size) {
		data, err := merkle.ReadTileData(t, read)
		if err != nil {
			return at, contradiction(err)
		}
		if err := l.Storage.Write(ctx, Path{Level: t.L, N: t.N, Width: t.W}.String(), data); err != nil {
			return at, err
		}
	}
	return Tree{Size: size, Root: root}, nil
}

// overlay reads nodes from fresh where they are new, else from old.
func overlay(old merkle.HashReader, fresh map[int64]Hash, indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	var ask []int64
	var where []int
	for i, x := range indexes {
		if h, ok := fresh[x]; ok {
			out[i] = h
		} else {
			ask, where = append(ask, x), append(where, i)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	got, err := old.ReadHashes(ask)
	if err != nil {
		return nil, err
	}
	for i, h := range got {
		out[where[i]] = h
	}
	return out, nil
}

// writeBundles writes the last bundle of the old tree, grown, and those after it.
func (l *Log) writeBundles(ctx context.Context, at Tree, entries [][]byte, size int64) error {
	var b []byte
	if p := tileAt(0, at.Size/Width, at.Size); p.Width > 0 {
		p.Entries = true
		was, err := resource(ctx, l.Storage, p)
		if err != nil {
			return err
		}
		if _, err := ParseBundle(was, p.Width); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrChanged, p, err)
		}
		b = bytes.Clone(was)
	}
	for i := at.Size; i < size; i++ {
		var err error
		if b, err = AppendEntry(b, entries[i-at.Size]); err != nil {
			return err
		}
		if last := i + 1; last%Width == 0 || last == size {
			p := tileAt(0, i/Width, last)
			p.Entries = true
			if err := l.Storage.Write(ctx, p.String(), b); err != nil {
				return err
			}
			b = nil
		}
	}
	return nil
}

// Publish signs the tree and makes it the log's checkpoint, unless that would
// contradict the one published before: a log never signs two histories.
func (l *Log) Publish(ctx context.Context, at Tree) ([]byte, error) {
	before, signed, err := l.Head(ctx)
	switch {
	case errors.Is(err, ErrAbsent):
	case err != nil:
		return nil, err
	case before.Tree == at:
		return signed, nil
	default:
		proof, err := Consistency(ctx, l.Storage, at, before.Size)
		if errors.Is(err, ErrAbsent) && before.Size > at.Size {
			return nil, fmt.Errorf("%w: %d entries, then %d", ErrForked, before.Size, at.Size)
		}
		if err != nil {
			return nil, err
		}
		if err := CheckConsistency(proof, before.Tree, at); err != nil {
			return nil, err
		}
	}
	msg, err := l.Sign(at)
	if err != nil {
		return nil, err
	}
	return msg, l.Storage.Write(ctx, CheckpointPath, msg)
}

// Sign makes a checkpoint of the tree without publishing it.
func (l *Log) Sign(at Tree) ([]byte, error) {
	return Checkpoint{Origin: l.Origin, Tree: at}.Sign(l.Key.signer)
}

// Head reads the published checkpoint; ErrAbsent before the first.
func (l *Log) Head(ctx context.Context) (Checkpoint, []byte, error) {
	msg, err := l.Storage.Read(ctx, CheckpointPath)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	c, err := OpenCheckpoint(msg, l.Origin, l.Key.verifier)
	return c, msg, err
}

// Prove returns the proof of the entry at index under the published checkpoint.
func (l *Log) Prove(ctx context.Context, index int64, extra []byte) (Proof, error) {
	c, msg, err := l.Head(ctx)
	if err != nil {
		return Proof{}, err
	}
	p, err := Inclusion(ctx, l.Storage, c.Tree, index)
	return Proof{Extra: extra, Index: index, Hashes: p, Checkpoint: msg}, err
}
