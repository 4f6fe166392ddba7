package member

import (
	"context"

	"linli/internal/platform/db"
)

// Reach is how a person can be reached. An account that is not there, or not
// active any more, reaches nobody: Active is false.
type Reach struct {
	ID         string `db:"id"`
	Name       string `db:"public_name"`
	Phone      string `db:"phone"`
	Email      string `db:"email"`
	Home       string `db:"home"`
	HasChannel bool   `db:"has_channel"`
	State      string `db:"state"`
}

// Active reports whether the account is in use.
func (r Reach) Active() bool { return r.State == "active" }

// AgentsOf lists the accounts that act for a group at a moment (UTC ms).
func (s *Service) AgentsOf(ctx context.Context, q db.Queryer, group string, at int64) ([]string, error) {
	return agentsOf(ctx, q, group, at)
}

// HoldersOf lists the accounts that hold a role on exactly the given place at
// a moment, in the order of their ids, those behind after, at most limit.
func (s *Service) HoldersOf(ctx context.Context, q db.Queryer, role, place, after string, at int64, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT DISTINCT account FROM roles WHERE role = ? AND place = ? AND account > ? AND from_at <= ? AND (to_at = 0 OR to_at > ?)
		ORDER BY account LIMIT ?`, role, place, after, at, at, limit)
}

// GuardiansOf lists the accounts that act for a person as family or guardian at a moment.
func (s *Service) GuardiansOf(ctx context.Context, q db.Queryer, account string, at int64) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT DISTINCT account FROM guardians WHERE ward = ? AND from_at <= ? AND (to_at = 0 OR to_at > ?) ORDER BY account`, account, at, at)
}

// Reach returns how to reach one account.
func (s *Service) Reach(ctx context.Context, q db.Queryer, account string) (Reach, error) {
	var rs []Reach
	if err := q.Select(ctx, &rs, `SELECT id, public_name, phone, email, home, has_channel, state FROM accounts WHERE id = ?`, account); err != nil || len(rs) == 0 {
		return Reach{ID: account}, err
	}
	return rs[0], nil
}
