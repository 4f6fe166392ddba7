package file

import (
	"context"

	"linli/internal/platform/db"
)

const columns = `id, owner, name, media, bytes, sha256, width, height, created_at, subject, subject_kind, position, deleted`

func load(ctx context.Context, q db.Queryer, id string) (File, error) {
	var f File
	err := q.Get(ctx, &f, `SELECT `+columns+` FROM files WHERE id = ? AND deleted = 0`, id)
	return f, err
}

func insert(ctx context.Context, tx *db.Tx, f File) error {
	_, err := tx.Exec(ctx, `INSERT INTO files (`+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', 0, 0)`,
		f.ID, f.Owner, f.Name, f.Media, f.Bytes, f.SHA256, f.Width, f.Height, f.CreatedAt)
	return err
}

// loose counts what the account has uploaded and nobody attached.
func loose(ctx context.Context, q db.Queryer, owner string) (int, error) {
	var n int
	err := q.Get(ctx, &n, `SELECT count(*) FROM files WHERE subject = '' AND owner = ?`, owner)
	return n, err
}

func ofSubject(ctx context.Context, q db.Queryer, subject string) ([]File, error) {
	files := []File{}
	if subject == "" {
		return files, nil
	}
	err := q.Select(ctx, &files, `SELECT `+columns+` FROM files WHERE subject = ? AND deleted = 0 ORDER BY position, id`, subject)
	return files, err
}

// places counts all positions given out in a subject, deleted ones included.
func places(ctx context.Context, tx *db.Tx, subject string) (int, error) {
	var n int
	err := tx.Get(ctx, &n, `SELECT coalesce(max(position) + 1, 0) FROM files WHERE subject = ?`, subject)
	return n, err
}

// attach ties a loose file of the owner to a subject; the row count is the verdict.
func attach(ctx context.Context, tx *db.Tx, id, owner, kind, subject string, position int, photo bool) (bool, error) {
	least := 0
	if photo {
		least = 1
	}
	n, err := tx.Exec(ctx, `UPDATE files SET subject = ?, subject_kind = ?, position = ?
		WHERE id = ? AND owner = ? AND subject = '' AND deleted = 0 AND width >= ?`, subject, kind, position, id, owner, least)
	return n == 1, err
}

func drop(ctx context.Context, tx *db.Tx, subject string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE files SET deleted = ? WHERE subject = ? AND deleted = 0`, now, subject)
	return err
}

// gone lists what may be thrown away: loose since before, or deleted.
func gone(ctx context.Context, q db.Queryer, before int64, limit int) ([]string, error) {
	var ids []string
	if err := q.Select(ctx, &ids, `SELECT id FROM files WHERE subject = '' AND created_at < ? LIMIT ?`, before, limit); err != nil || len(ids) == limit {
		return ids, err
	}
	var more []string
	err := q.Select(ctx, &more, `SELECT id FROM files WHERE deleted > 0 AND subject <> '' LIMIT ?`, limit-len(ids))
	return append(ids, more...), err
}

// remove deletes the row if it still may be thrown away.
func remove(ctx context.Context, tx *db.Tx, id string, before int64) (bool, error) {
	n, err := tx.Exec(ctx, `DELETE FROM files WHERE id = ? AND (deleted > 0 OR (subject = '' AND created_at < ?))`, id, before)
	return n == 1, err
}

func exists(ctx context.Context, q db.Queryer, id string) (bool, error) {
	var n int
	err := q.Get(ctx, &n, `SELECT count(*) FROM files WHERE id = ?`, id)
	return n > 0, err
}

// after walks all rows in id order.
func after(ctx context.Context, q db.Queryer, id string, limit int) ([]File, error) {
	var files []File
	err := q.Select(ctx, &files, `SELECT `+columns+` FROM files WHERE id > ? AND deleted = 0 ORDER BY id LIMIT ?`, id, limit)
	return files, err
}
