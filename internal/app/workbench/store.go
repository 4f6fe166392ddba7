package workbench

import (
	"context"

	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// view is a view of the workbench that a member of staff keeps under a name.
type view struct {
	Account  string `db:"account"`
	Name     string `db:"name"`
	State    string `db:"state"`
	Category string `db:"category"`
	Place    string `db:"place"`
}

// viewsMost is how many views one keeps.
const viewsMost = 12

func (s *Service) keptViews(ctx context.Context, account string) (vs []view, err error) {
	return vs, s.Journal.DB.Select(ctx, &vs, `SELECT account, name, state, category, place FROM views WHERE account = ? ORDER BY name`, account)
}

func (s *Service) saveView(ctx context.Context, v view) error {
	return s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		var n int
		if err := tx.Get(ctx, &n, `SELECT count(*) FROM views WHERE account = ? AND name <> ?`, v.Account, v.Name); err != nil {
			return nil, err
		}
		if n >= viewsMost {
			return nil, fault.New(fault.Conflict, "workbench.too_many", "max", viewsMost)
		}
		_, err := tx.Exec(ctx, `INSERT INTO views (account, name, state, category, place) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (account, name) DO UPDATE SET state = excluded.state, category = excluded.category, place = excluded.place`,
			v.Account, v.Name, v.State, v.Category, v.Place)
		return "/staff/matters?" + v.query().Encode(), err
	})
}
