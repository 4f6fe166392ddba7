package journal

import (
	"context"
	"errors"
	"time"

	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// ActKept is how long an operation key is remembered.
const ActKept = 24 * time.Hour

// Act is one operation of one caller under its operation key (the form's
// hidden field or the Idempotency-Key header). Its scope is account, method
// and path; Body is a hash of what was sent.
type Act struct {
	Account, Method, Path, Key, Body string
	// Quiet keeps only that it happened: no body hash, no reply. For ballots.
	Quiet bool
	// Render makes the reply to remember from what the use-case returned.
	Render func(out any) (Reply, error)
}

// Reply is what a door answered.
type Reply struct {
	Status   int    `db:"status"`
	Location string `db:"location"`
	Body     string `db:"reply"`
}

// Replayed is returned instead of acting again: the act was done before, and
// this was the answer.
type Replayed struct{ Reply Reply }

func (*Replayed) Error() string { return "answered before" }

type actKey struct{}

// WithAct returns a context whose next write is remembered as act.
func WithAct(ctx context.Context, act *Act) context.Context {
	return context.WithValue(ctx, actKey{}, act)
}

func actFrom(ctx context.Context) *Act {
	a, _ := ctx.Value(actKey{}).(*Act)
	if a == nil || a.Key == "" {
		return nil
	}
	return a
}

// SetQuiet makes the act under way leave nothing but that it happened.
func SetQuiet(ctx context.Context) {
	if a := actFrom(ctx); a != nil {
		a.Quiet = true
	}
}

func (a *Act) earlier(ctx context.Context, tx *db.Tx) error {
	if a == nil {
		return nil
	}
	var was struct {
		Reply
		Was string `db:"body"`
	}
	err := tx.Get(ctx, &was, `SELECT body, status, location, reply FROM acts WHERE account = ? AND method = ? AND path = ? AND key = ?`,
		a.Account, a.Method, a.Path, a.Key)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return nil
	case err != nil:
		return err
	case was.Was != "" && was.Was != a.Body:
		return fault.New(fault.Invalid, "fault.key_reused")
	}
	return &Replayed{was.Reply}
}

func (a *Act) remember(ctx context.Context, tx *db.Tx, out any) error {
	if a == nil {
		return nil
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	r, body := Reply{}, ""
	if !a.Quiet {
		body = a.Body
		if r, err = a.Render(out); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO acts (account, method, path, key, body, status, location, reply, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.Account, a.Method, a.Path, a.Key, body, r.Status, r.Location, r.Body, now)
	if db.Duplicate(err) { // the same act ran beside this one and committed first
		return db.Repeat(err)
	}
	return err
}

// ForgetActs drops operation keys older than ActKept.
func (j *Journal) ForgetActs(ctx context.Context) error {
	return j.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM acts WHERE at < ?`, now-ActKept.Milliseconds())
		return err
	})
}
