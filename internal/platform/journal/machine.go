package journal

import (
	"context"
	"errors"
	"fmt"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
)

// Store is what a feature's store gives the machine.
type Store[T flow.Matter] interface {
	// Load reads a matter whole; suffix is Tx.Lock() or "". db.ErrNoRows when absent.
	Load(ctx context.Context, q db.Queryer, id, suffix string) (T, error)
	Insert(ctx context.Context, tx *db.Tx, m T) error
	// Save writes the matter if its version in the database is still was.
	Save(ctx context.Context, tx *db.Tx, m T, was int64) (bool, error)
	// Due lists matters whose due_at has passed, oldest first.
	Due(ctx context.Context, q db.Queryer, now int64, limit int) ([]string, error)
}

// Machine runs the lifecycle of one kind of matter.
type Machine[T flow.Matter] struct {
	Journal *Journal
	Life    *flow.Table[T]
	Store   Store[T]
	// Sees is the rule of visibility; what it hides is absent.
	Sees func(a actor.Actor, m T) bool
	// Prepare may look things up before a move's effect, such as whether a
	// group exists, and put them into the change. nil when nothing is needed.
	Prepare func(ctx context.Context, tx *db.Tx, m T, c *flow.Change) error
	// Done may write what follows from a move elsewhere, in its transaction.
	Done func(ctx context.Context, tx *db.Tx, m T, c *flow.Change) error
}

// Request is a move as a caller asks for it.
type Request struct {
	ID, Do  string
	IfMatch int64 // version the caller saw, 0 for any
	// Read decodes the move's fields; it runs last, after right and state.
	Read func(fields []flow.Field) (flow.Input, error)
}

// Reading returns a Request.Read over an already decoded object.
func Reading(raw map[string]any) func([]flow.Field) (flow.Input, error) {
	return func(fields []flow.Field) (flow.Input, error) { return flow.Decode(fields, raw) }
}

// Born inserts a new matter in state start ("" for the table's own) with its
// first event, inside tx.
func (m *Machine[T]) Born(ctx context.Context, tx *db.Tx, v T, start flow.State, c *flow.Change) error {
	h := v.Header()
	if h.ID == "" {
		h.ID = id.New()
	}
	if c.At == 0 {
		var err error
		if c.At, err = tx.Now(ctx); err != nil {
			return err
		}
	}
	m.Life.Born(v, start, c, m.Journal.Spans)
	if err := m.Store.Insert(ctx, tx, v); err != nil {
		return err
	}
	if err := m.Journal.Append(ctx, tx, m.Life.Name, h, c, m.Life.Audience(v)); err != nil {
		return err
	}
	if m.Done != nil {
		return m.Done(ctx, tx, v, c)
	}
	return nil
}

// Do makes a move for the actor of ctx in a transaction of its own. out
// renders the reply inside it.
func (m *Machine[T]) Do(ctx context.Context, r Request, out func(tx *db.Tx, v T, a actor.Actor, now int64) (any, error)) (any, error) {
	var reply any
	err := m.Journal.write(ctx, func(tx *db.Tx, earlier func() error) (any, error) {
		a, err := m.Journal.Actors.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		v, err := m.lock(ctx, tx, r.ID)
		if err != nil {
			return nil, err
		}
		was := v.Header().Version
		now, done, err := m.now(ctx, tx, v)
		if err != nil {
			return nil, err
		}
		if !m.Sees(a, v) {
			return nil, fault.Absent()
		}
		if err := earlier(); err != nil {
			return nil, err
		}
		c, err := m.move(ctx, tx, v, a, r, was, now, done)
		if err != nil {
			return nil, err
		}
		reply, err = out(tx, v, a, c.At)
		return reply, err
	})
	return reply, err
}

// Step makes a move inside a transaction that is already under way, for the
// given actor, without asking for visibility: one matter moves another.
func (m *Machine[T]) Step(ctx context.Context, tx *db.Tx, a actor.Actor, r Request) (T, error) {
	v, err := m.lock(ctx, tx, r.ID)
	if err != nil {
		return v, err
	}
	if r.Read == nil {
		r.Read = Reading(nil)
	}
	was := v.Header().Version
	now, done, err := m.now(ctx, tx, v)
	if err != nil {
		return v, err
	}
	_, err = m.move(ctx, tx, v, a, r, was, now, done)
	return v, err
}

func (m *Machine[T]) lock(ctx context.Context, tx *db.Tx, matter string) (T, error) {
	var none T
	if !id.Valid(matter) {
		return none, fault.Absent()
	}
	v, err := m.Store.Load(ctx, tx, matter, tx.Lock())
	if errors.Is(err, db.ErrNoRows) {
		return none, fault.Absent()
	}
	return v, err
}

// now brings a locked matter to this moment: what is overdue is settled before
// anybody is asked whether they see it.
func (m *Machine[T]) now(ctx context.Context, tx *db.Tx, v T) (now int64, done []*flow.Change, err error) {
	if now, err = tx.Now(ctx); err != nil {
		return 0, nil, err
	}
	done, err = m.settle(ctx, tx, v, now)
	return now, done, err
}

// move makes the row's change on a matter of version was in the database, on
// which done was settled at now.
func (m *Machine[T]) move(ctx context.Context, tx *db.Tx, v T, a actor.Actor, r Request, was, now int64, done []*flow.Change) (*flow.Change, error) {
	h := v.Header()
	row, err := m.Life.May(v, a, r.Do, now)
	if err != nil {
		return nil, err
	}
	if r.IfMatch != 0 && r.IfMatch != h.Version {
		return nil, fault.New(fault.Conflict, "fault.version", "version", h.Version)
	}
	in, err := r.Read(row.Takes)
	if err != nil {
		return nil, err
	}
	c := &flow.Change{Do: r.Do, Actor: a, At: now, In: in}
	if m.Prepare != nil {
		if err := m.Prepare(ctx, tx, v, c); err != nil {
			return nil, err
		}
	}
	if err := m.Life.Apply(v, row, c, m.Journal.Spans); err != nil {
		return nil, err
	}
	if err := m.record(ctx, tx, v, c, h.Version); err != nil {
		return nil, err
	}
	return c, m.save(ctx, tx, v, was, append(done, c))
}

// settle makes overdue moves in memory and writes their events.
func (m *Machine[T]) settle(ctx context.Context, tx *db.Tx, v T, now int64) ([]*flow.Change, error) {
	h := v.Header()
	first := h.Version
	done, err := m.Life.Settle(v, now, m.Journal.Spans)
	if err != nil {
		return nil, err
	}
	for i, c := range done {
		if err := m.record(ctx, tx, v, c, first+int64(i)+1); err != nil {
			return nil, err
		}
	}
	return done, nil
}

func (m *Machine[T]) record(ctx context.Context, tx *db.Tx, v T, c *flow.Change, version int64) error {
	h := *v.Header()
	h.Version = version
	return m.Journal.Append(ctx, tx, m.Life.Name, &h, c, m.Life.Audience(v))
}

func (m *Machine[T]) save(ctx context.Context, tx *db.Tx, v T, was int64, done []*flow.Change) error {
	ok, err := m.Store.Save(ctx, tx, v, was)
	if err != nil {
		return err
	}
	if !ok {
		return db.Repeat(fault.New(fault.Conflict, "fault.version", "version", was))
	}
	if m.Done != nil {
		for _, c := range done {
			if err := m.Done(ctx, tx, v, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// Sweep writes the moves that are overdue now and returns how many matters it
// moved. Nodes may sweep at once: the lock and the version decide. A matter
// that fails does not keep the others waiting; its error is among those returned.
func (m *Machine[T]) Sweep(ctx context.Context) (int, error) {
	due, err := m.Store.Due(ctx, m.Journal.DB, m.Journal.DB.Clock().Now().UnixMilli(), 200)
	if err != nil {
		return 0, err
	}
	var errs []error
	moved := 0
	for _, matter := range due {
		did := false
		err := m.Journal.DB.Write(ctx, func(tx *db.Tx) error {
			did = false
			v, err := m.lock(ctx, tx, matter)
			if err != nil {
				return err
			}
			was := v.Header().Version
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			done, err := m.settle(ctx, tx, v, now)
			if err != nil || len(done) == 0 {
				return err
			}
			did = true
			return m.save(ctx, tx, v, was, done)
		})
		switch {
		case fault.Is(err, fault.Unavailable) || ctx.Err() != nil:
			return moved, errors.Join(append(errs, err)...)
		case err != nil && !fault.Is(err, fault.NotFound):
			errs = append(errs, fmt.Errorf("sweep %s %s: %w", m.Life.Name, matter, err))
		case did && err == nil:
			moved++
		}
	}
	return moved, errors.Join(errs...)
}

// Read loads a matter for showing, as it stands at now with what is overdue
// settled in memory; nothing is written. What a may not see is absent.
func (m *Machine[T]) Read(ctx context.Context, q db.Queryer, a actor.Actor, matter string, now int64) (T, error) {
	var none T
	if !id.Valid(matter) {
		return none, fault.Absent()
	}
	v, err := m.Store.Load(ctx, q, matter, "")
	if errors.Is(err, db.ErrNoRows) {
		return none, fault.Absent()
	}
	if err != nil {
		return none, err
	}
	if _, err := m.Life.Settle(v, now, m.Journal.Spans); err != nil {
		return none, err
	}
	if !m.Sees(a, v) {
		return none, fault.Absent()
	}
	return v, nil
}
