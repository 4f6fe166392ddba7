package handover

import (
	"context"
	"errors"

	"linli/internal/platform/db"
)

const columns = `h.id, h.account, h.place, h.by_whom, h.at, h.version`

func insert(ctx context.Context, tx *db.Tx, r Record) error {
	_, err := tx.Exec(ctx, `INSERT INTO handovers (id, account, place, by_whom, at, version) VALUES (?, ?, ?, ?, ?, ?)`, r.ID, r.Account, r.Place, r.By, r.At, r.Version)
	return err
}

func insertItem(ctx context.Context, tx *db.Tx, i Item) error {
	_, err := tx.Exec(ctx, `INSERT INTO handover_items (handover, kind, ref, role, place, grp, successor) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		i.Handover, i.Kind, i.Ref, i.Role, i.Place, i.Group, i.Successor)
	return err
}

func byID(ctx context.Context, q db.Queryer, record, suffix string) (r Record, ok bool, err error) {
	err = q.Get(ctx, &r, `SELECT `+columns+` FROM handovers h WHERE h.id = ?`+suffix, record)
	if errors.Is(err, db.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

func bump(ctx context.Context, tx *db.Tx, record string) (version int64, err error) {
	return version, tx.Get(ctx, &version, `UPDATE handovers SET version = version + 1 WHERE id = ? RETURNING version`, record)
}

// at lists the hand-overs at or below a place, newest first.
func at(ctx context.Context, q db.Queryer, place string, limit int) (rs []Record, err error) {
	return rs, q.Select(ctx, &rs, `SELECT `+columns+` FROM handovers h WHERE h.place >= ? AND h.place < ? ORDER BY h.id DESC LIMIT ?`, place, place+":", limit)
}

// mine lists the hand-overs in which something passed to an account.
func mine(ctx context.Context, q db.Queryer, account string, limit int) (rs []Record, err error) {
	return rs, q.Select(ctx, &rs, `SELECT `+columns+` FROM handovers h WHERE EXISTS (SELECT 1 FROM handover_items i WHERE i.handover = h.id AND i.successor = ?)
		ORDER BY h.id DESC LIMIT ?`, account, limit)
}

func itemsOf(ctx context.Context, q db.Queryer, record string) (is []Item, err error) {
	return is, q.Select(ctx, &is, `SELECT handover, kind, ref, role, place, grp, successor FROM handover_items WHERE handover = ? ORDER BY successor, kind, ref`, record)
}

// pass names the successor of what has none.
func pass(ctx context.Context, tx *db.Tx, record, successor string) error {
	_, err := tx.Exec(ctx, `UPDATE handover_items SET successor = ? WHERE handover = ? AND successor = ''`, successor, record)
	return err
}
