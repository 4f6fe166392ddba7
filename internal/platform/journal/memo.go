package journal

import (
	"context"
	"errors"
	"sync"
)

// memoMost bounds the keys a Memo holds; beyond it all is forgotten at once.
const memoMost = 10_000

// Memo keeps in memory what was read from the database, by key, until this
// node notices an event of its kinds. It is for what is asked often and
// changes seldom. Callers that ask at the same time share one reading.
type Memo[K comparable, V any] struct {
	journal *Journal
	kinds   []string
	read    func(ctx context.Context, key K) (V, error)

	mu   sync.Mutex
	kept map[K]*reading[V]
}

type reading[V any] struct {
	gen   uint64
	ended chan struct{} // closed when value and err stand
	value V
	err   error
}

// NewMemo returns a memory of what read returns, good until an event of one of
// the kinds.
func NewMemo[K comparable, V any](j *Journal, read func(ctx context.Context, key K) (V, error), kinds ...string) *Memo[K, V] {
	return &Memo[K, V]{journal: j, kinds: kinds, read: read, kept: map[K]*reading[V]{}}
}

// Get returns what stands under key. Callers share the value and leave it as
// it is. When it cannot be read now, what was read last comes with the error.
func (m *Memo[K, V]) Get(ctx context.Context, key K) (V, error) {
	gen := m.journal.Generation(m.kinds...)
	m.mu.Lock()
	r := m.kept[key]
	if r != nil && r.gen >= gen {
		m.mu.Unlock()
		<-r.ended
		return r.value, r.err
	}
	if len(m.kept) >= memoMost {
		m.kept = map[K]*reading[V]{}
	}
	last := r // nil or of an earlier generation
	r = &reading[V]{gen: gen, ended: make(chan struct{})}
	m.kept[key] = r
	m.mu.Unlock()

	r.err = errPanicked
	defer func() {
		if r.err != nil { // is not kept, or nobody would ask again
			m.mu.Lock()
			if m.kept[key] == r {
				m.kept[key] = last
			}
			m.mu.Unlock()
		}
		close(r.ended)
	}()
	// Others wait for it, so the first caller's leaving does not end it.
	r.value, r.err = m.read(context.WithoutCancel(ctx), key)
	if r.err != nil && last != nil {
		<-last.ended
		r.value = last.value
	}
	return r.value, r.err
}

var errPanicked = errors.New("reading into memory panicked")
