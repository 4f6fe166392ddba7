package transfer

import (
	"context"
	"errors"

	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/id"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
)

// keep writes the receipt of a table that is in.
func (s *Service) keep(ctx context.Context, r Receipt) error {
	return s.Journal.DB.Write(ctx, func(tx *db.Tx) error { return insertReceipt(ctx, tx, r) })
}

func insertReceipt(ctx context.Context, tx *db.Tx, r Receipt) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if r.ID == "" {
		r.ID = id.New()
	}
	if r.State == "" {
		r.State = "done"
	}
	if r.At == 0 {
		r.At = now
	}
	_, err = tx.Exec(ctx, `INSERT INTO imports (id, kind, name, sha256, by_whom, amount, state, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Kind, r.Name, r.SHA256, r.By, r.Rows, r.State, r.At)
	return err
}

// Receipts lists the newest tables taken in.
func (s *Service) Receipts(ctx context.Context, limit int) (rs []Receipt, err error) {
	return rs, s.Journal.DB.Select(ctx, &rs, `SELECT id, kind, name, sha256, by_whom, amount, state, at, undone FROM imports
		WHERE state <> 'staged' ORDER BY at DESC, id DESC LIMIT ?`, limit)
}

// receiptOf reads a receipt, and of one that is on its way how many rows lie ready.
func receiptOf(ctx context.Context, q db.Queryer, batch string) (r Receipt, ready int, err error) {
	err = q.Get(ctx, &r, `SELECT id, kind, name, sha256, by_whom, amount, state, at, undone FROM imports WHERE id = ?`, batch)
	if errors.Is(err, db.ErrNoRows) {
		return r, 0, fault.Absent()
	}
	if err != nil || r.State != "staged" {
		return r, r.Rows, err
	}
	return r, ready, q.Get(ctx, &ready, `SELECT count(*) FROM import_people WHERE batch = ?`, batch)
}

// taken reads the phones and addresses that belong to somebody.
func taken(ctx context.Context, q db.Queryer) (phones, emails map[string]bool, err error) {
	set := func(query string) map[string]bool {
		var list []string
		if err == nil {
			err = q.Select(ctx, &list, query)
		}
		m := make(map[string]bool, len(list))
		for _, v := range list {
			m[v] = true
		}
		return m
	}
	return set(`SELECT phone FROM accounts WHERE phone <> ''`), set(`SELECT email FROM accounts WHERE email <> ''`), err
}

// stage lays some people ready. What was left of an import that ended half-way is dropped.
func stage(ctx context.Context, tx *db.Tx, r Receipt, rows []person) error {
	for _, p := range rows {
		channel := 0
		if p.HasChannel {
			channel = 1
		}
		_, err := tx.Exec(ctx, `INSERT INTO import_people (batch, line, id, public_name, real_name, phone, email, level, home, dwelling, has_channel, born, hash)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.ID, p.line, p.ID, p.PublicName, p.RealName, p.Phone, p.Email, p.Level, p.Home, p.Dwelling, channel, p.Born, eventOf(r, p).Hash)
		if err != nil {
			return err
		}
	}
	return nil
}

// dropLeftovers empties what imports that ended half-way had laid ready.
func dropLeftovers(ctx context.Context, tx *db.Tx, before int64) error {
	for _, query := range []string{
		`DELETE FROM import_people WHERE batch IN (SELECT id FROM imports WHERE state = 'staged' AND at < ?)`,
		`DELETE FROM imports WHERE state = 'staged' AND at < ?`,
	} {
		if _, err := tx.Exec(ctx, query, before); err != nil {
			return err
		}
	}
	return nil
}

// letIn is the switch: all people of a batch, each with its event, or nobody.
// Of the batch only the ids stay, for taking it back.
func letIn(ctx context.Context, tx *db.Tx, r Receipt) error {
	n, err := tx.Exec(ctx, `INSERT INTO accounts (id, name, public_name, real_name, phone, email, level, home, dwelling, state, has_channel, born, version, created_at)
		SELECT id, 'u-' || id, public_name, real_name, phone, email, level, home, dwelling, 'active', has_channel, born, 1, CAST(? AS bigint)
		FROM import_people WHERE batch = ? ORDER BY line`, r.At, r.ID)
	if err != nil {
		return err
	}
	if n != int64(r.Rows) {
		return &fault.Error{Kind: fault.Internal, Key: "fault.internal", Cause: errors.New("import: rows went missing on the way")}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO events (xid, at, kind, subject, version, move, from_state, to_state, actor, as_group, place, audience, data, words_hash, hash)
		SELECT `+journal.XID+`, CAST(? AS bigint), 'member', id, 1, 'create', '', '', CAST(? AS text), '', home, 'private', '{}', '', hash
		FROM import_people WHERE batch = ? ORDER BY line`, r.At, r.By, r.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE import_people SET public_name = '', real_name = '', phone = '', email = '', dwelling = '', born = 0 WHERE batch = ?`, r.ID); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE imports SET state = 'done' WHERE id = ?`, r.ID)
	return err
}

// Undo takes a table back: accounts are closed and emptied, matters leave by a
// move of their own. It is all or nothing too: once a person has signed in to
// change something or was given a role, or a matter has gone on, the whole
// table stays. It returns how many left.
func (s *Service) Undo(ctx context.Context, by, batch string) (int, error) {
	n := 0
	err := s.Journal.DB.Write(ctx, func(tx *db.Tx) error {
		var r Receipt
		err := tx.Get(ctx, &r, `SELECT id, kind, name, sha256, by_whom, amount, state, at, undone FROM imports WHERE id = ?`+tx.Lock(), batch)
		if errors.Is(err, db.ErrNoRows) {
			return fault.Absent()
		}
		if err != nil {
			return err
		}
		kind, ok := KindOf(r.Kind)
		if !ok || !kind.CanUndo() || r.State != "done" {
			return fault.New(fault.Conflict, "transfer.no_undo")
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if r.Kind != people.Name {
			if n, err = s.undoMatters(ctx, tx, r, kind); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `UPDATE imports SET state = 'undone', undone = ? WHERE id = ?`, now, batch)
			return err
		}
		var who []struct {
			ID   string `db:"id"`
			Home string `db:"home"`
		}
		if err := tx.Select(ctx, &who, `SELECT a.id, a.home FROM accounts a JOIN import_people p ON p.id = a.id
			WHERE p.batch = ? AND a.version = 1 AND a.state = 'active' ORDER BY p.line`, batch); err != nil {
			return err
		}
		if len(who) != r.Rows {
			return fault.New(fault.Conflict, "transfer.touched", "n", r.Rows-len(who))
		}
		if _, err := tx.Exec(ctx, `UPDATE accounts SET state = 'closed', public_name = '', real_name = '', phone = '', email = '', dwelling = '', born = 0, version = 2
			WHERE id IN (SELECT id FROM import_people WHERE batch = ?)`, batch); err != nil {
			return err
		}
		var told []journal.Entry
		for _, w := range who {
			told = append(told, journal.Entry{Event: event.Event{
				At: now, Kind: "member", Subject: w.ID, Version: 2, Do: "close", Actor: by, Place: w.Home, Audience: event.Private,
			}})
		}
		if err := s.Journal.AppendAll(ctx, tx, told); err != nil {
			return err
		}
		n = len(who)
		_, err = tx.Exec(ctx, `UPDATE imports SET state = 'undone', undone = ? WHERE id = ?`, now, batch)
		return err
	})
	return n, err
}

// keepMatter notes a matter that a table brought.
func keepMatter(ctx context.Context, tx *db.Tx, batch string, line int, subject string) error {
	_, err := tx.Exec(ctx, `INSERT INTO import_matters (batch, line, subject) VALUES (?, ?, ?)`, batch, line, subject)
	return err
}

// mattersOf lists what a table brought, in the order of matters' locks.
func mattersOf(ctx context.Context, q db.Queryer, batch string) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT subject FROM import_matters WHERE batch = ? ORDER BY subject`, batch)
}

// versionOf is how many moves a matter has made.
func versionOf(ctx context.Context, q db.Queryer, subject string) (v int64, err error) {
	return v, q.Get(ctx, &v, `SELECT coalesce(max(version), 0) FROM events WHERE subject = ?`, subject)
}

// residents lists active accounts of a place by id, after one.
func residents(ctx context.Context, q db.Queryer, place, after string, limit int) (as []member.Account, err error) {
	where, args := ``, []any{after}
	if place != "" {
		where, args = ` AND home >= ? AND home < ?`, append(args, place, place+":")
	}
	return as, q.Select(ctx, &as, `SELECT id, public_name, real_name, phone, email, level, home, dwelling, has_channel, born FROM accounts
		WHERE id > ? AND state = 'active'`+where+` ORDER BY id LIMIT ?`, append(args, limit)...)
}

// Link is an export that waits for its owner: used once, and only until it expires.
type Link struct {
	Account string `db:"account"`
	Kind    string `db:"kind"`
	Place   string `db:"place"`
	Format  string `db:"format"`
	Fields  bool   `db:"fields"` // personal fields unmasked
	Reason  string `db:"reason"`
	At      int64  `db:"at"`
	Expires int64  `db:"expires"`
	Used    int64  `db:"used"`
}

func insertLink(ctx context.Context, tx *db.Tx, hash string, l Link) error {
	fields := 0
	if l.Fields {
		fields = 1
	}
	_, err := tx.Exec(ctx, `INSERT INTO exports (token, account, kind, place, format, fields, reason, at, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		hash, l.Account, l.Kind, l.Place, l.Format, fields, l.Reason, l.At, l.Expires)
	return err
}

// useLink takes a link: whose it is, still good, and not used before.
func useLink(ctx context.Context, tx *db.Tx, hash, account string, now int64) (l Link, err error) {
	n, err := tx.Exec(ctx, `UPDATE exports SET used = ? WHERE token = ? AND account = ? AND used = 0 AND expires > ?`, now, hash, account, now)
	if err != nil {
		return l, err
	}
	if n == 0 {
		return l, fault.Absent()
	}
	return l, tx.Get(ctx, &l, `SELECT account, kind, place, format, fields, reason, at, expires, used FROM exports WHERE token = ?`, hash)
}

// lookedAtAll notes for each resident of a place that an export showed the
// personal fields, and why; each reads it under 谁看过我.
func lookedAtAll(ctx context.Context, tx *db.Tx, viewer string, l Link, now int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO looks (viewer, subject, field, matter, reason, at)
		SELECT CAST(? AS text), id, 'export', '', CAST(? AS text), CAST(? AS bigint) FROM accounts WHERE home >= ? AND home < ? AND state = 'active' AND id <> ?`,
		viewer, l.Reason, now, l.Place, l.Place+":", viewer)
	return err
}
