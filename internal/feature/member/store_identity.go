package member

import (
	"context"
	"errors"
	"slices"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// SaveTOTP keeps the sealed secret of an authenticator, "" for none.
func (s *Service) SaveTOTP(ctx context.Context, tx *db.Tx, account, sealed string, step int64) error {
	_, err := tx.Exec(ctx, `UPDATE accounts SET totp = ?, totp_step = ? WHERE id = ?`, sealed, step, account)
	return err
}

// SaveTarget sets the phone or e-mail address of an account; a duplicate belongs to somebody else.
func (s *Service) SaveTarget(ctx context.Context, tx *db.Tx, account, what, target string) error {
	query := `UPDATE accounts SET phone = ?, has_channel = 1 WHERE id = ?`
	if what == "email" {
		query = `UPDATE accounts SET email = ?, has_channel = 1 WHERE id = ?`
	}
	_, err := tx.Exec(ctx, query, target, account)
	return err
}

// SavePassword sets the hash of a password.
func (s *Service) SavePassword(ctx context.Context, tx *db.Tx, account, hash string) error {
	_, err := tx.Exec(ctx, `UPDATE accounts SET password = ? WHERE id = ?`, hash, account)
	return err
}

func savePublicName(ctx context.Context, tx *db.Tx, account, name string) error {
	_, err := tx.Exec(ctx, `UPDATE accounts SET public_name = ? WHERE id = ?`, name, account)
	return err
}

// SessionsFrom voids the sessions begun before a moment.
func (s *Service) SessionsFrom(ctx context.Context, tx *db.Tx, account string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE accounts SET sessions_from = ? WHERE id = ?`, now, account)
	return err
}

func consentsOf(ctx context.Context, q db.Queryer, account string) (cs []Consent, err error) {
	return cs, q.Select(ctx, &cs, `SELECT id, account, purpose, party, how, by_whom, given_at, ended_at FROM consents WHERE account = ? ORDER BY given_at DESC, id`, account)
}

func insertConsent(ctx context.Context, tx *db.Tx, k Consent) error {
	_, err := tx.Exec(ctx, `INSERT INTO consents (id, account, purpose, party, how, by_whom, given_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		k.ID, k.Account, k.Purpose, k.Party, k.How, k.By, k.GivenAt)
	return err
}

func endConsent(ctx context.Context, tx *db.Tx, account, id string, now int64) (k Consent, ok bool, err error) {
	err = tx.Get(ctx, &k, `UPDATE consents SET ended_at = ? WHERE id = ? AND account = ? AND ended_at = 0
		RETURNING id, account, purpose, party, how, by_whom, given_at, ended_at`, now, id, account)
	if errors.Is(err, db.ErrNoRows) {
		return k, false, nil
	}
	return k, err == nil, err
}

func endConsents(ctx context.Context, tx *db.Tx, account, purpose string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE consents SET ended_at = ? WHERE account = ? AND purpose = ? AND ended_at = 0`, now, account, purpose)
	return err
}

// wardsOf lists whom an account acts for at a moment; at 0, whom it ever acted for.
func wardsOf(ctx context.Context, q db.Queryer, account string, at int64) (ws []Ward, err error) {
	return ws, q.Select(ctx, &ws, `SELECT g.account, g.ward, g.how, g.from_at, g.to_at, a.public_name AS name FROM guardians g JOIN accounts a ON a.id = g.ward
		WHERE g.account = ? AND (CAST(? AS bigint) = 0 OR g.from_at <= ? AND (g.to_at = 0 OR g.to_at > ?)) ORDER BY g.from_at, g.ward`, account, at, at, at)
}

func guardiansOf(ctx context.Context, q db.Queryer, ward string, at int64) (ws []Ward, err error) {
	return ws, q.Select(ctx, &ws, `SELECT g.account, g.ward, g.how, g.from_at, g.to_at, a.public_name AS name FROM guardians g JOIN accounts a ON a.id = g.account
		WHERE g.ward = ? AND g.from_at <= ? AND (g.to_at = 0 OR g.to_at > ?) ORDER BY g.from_at, g.account`, ward, at, at)
}

// endGuard ends acting for a ward and the consent it stood on.
func endGuard(ctx context.Context, tx *db.Tx, guardian, ward string, now int64) error {
	if _, err := tx.Exec(ctx, `UPDATE guardians SET to_at = ? WHERE account = ? AND ward = ? AND (to_at = 0 OR to_at > ?)`, now, guardian, ward, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE consents SET ended_at = ? WHERE account = ? AND purpose = 'guardian' AND party = ? AND ended_at = 0`, now, ward, guardian)
	return err
}

const askColumns = `id, kind, account, target, place, data, state, asked_by, asked_at, decided_by, decided_at`

func insertAsk(ctx context.Context, tx *db.Tx, r Request) error {
	_, err := tx.Exec(ctx, `INSERT INTO asks (`+askColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Kind, r.Account, r.Target, r.Place, r.Data, r.State, r.AskedBy, r.AskedAt, r.DecidedBy, r.DecidedAt)
	return err
}

func openAsks(ctx context.Context, q db.Queryer, kind, account string) (rs []Request, err error) {
	return rs, q.Select(ctx, &rs, `SELECT `+askColumns+` FROM asks WHERE account = ? AND kind = ? AND state = 'open' ORDER BY id`, account, kind)
}

// asksFor lists the requests to the holder of a phone.
func asksFor(ctx context.Context, q db.Queryer, phone string) (rs []Request, err error) {
	if phone == "" {
		return nil, nil
	}
	return rs, q.Select(ctx, &rs, `SELECT `+askColumns+` FROM asks WHERE target = ? AND state = 'open' ORDER BY id LIMIT 20`, phone)
}

// asksAt lists what waits for a second person at or below a place.
func asksAt(ctx context.Context, q db.Queryer, place string) (rs []Request, err error) {
	return rs, q.Select(ctx, &rs, `SELECT `+askColumns+` FROM asks WHERE place >= ? AND place < ? AND state = 'open' AND kind <> 'guardian' ORDER BY place, id LIMIT 200`, place, place+":")
}

func lockAsk(ctx context.Context, tx *db.Tx, ask string) (r Request, ok bool, err error) {
	err = tx.Get(ctx, &r, `SELECT `+askColumns+` FROM asks WHERE id = ?`+tx.Lock(), ask)
	if errors.Is(err, db.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

func decideAsk(ctx context.Context, tx *db.Tx, ask, by string, yes bool, now int64) error {
	state := "refused"
	if yes {
		state = "done"
	}
	_, err := tx.Exec(ctx, `UPDATE asks SET state = ?, decided_by = ?, decided_at = ? WHERE id = ? AND state = 'open'`, state, by, now, ask)
	return err
}

func saveLevel(ctx context.Context, tx *db.Tx, account string, level int, home, dwelling, realName string) error {
	_, err := tx.Exec(ctx, `UPDATE accounts SET level = CASE WHEN level < ? THEN ? ELSE level END, home = ?,
		dwelling = CASE WHEN ? = '' THEN dwelling ELSE ? END, real_name = CASE WHEN ? = '' THEN real_name ELSE ? END WHERE id = ?`,
		level, level, home, dwelling, dwelling, realName, realName, account)
	return err
}

func saveRealName(ctx context.Context, tx *db.Tx, account, name string) error {
	_, err := tx.Exec(ctx, `UPDATE accounts SET real_name = ? WHERE id = ?`, name, account)
	return err
}

const grantColumns = `id, account, role, place, grp, post, letter, from_at, to_at, granted_by`

func grantsOf(ctx context.Context, q db.Queryer, account string) (gs []Grant, err error) {
	return gs, q.Select(ctx, &gs, `SELECT `+grantColumns+` FROM roles WHERE account = ? ORDER BY from_at, id`, account)
}

// Held is a role with the public name of who holds it.
type Held struct {
	Grant
	Name  string `db:"name"`
	Login string `db:"login"` // the account's name, of [heldAt] only
}

// heldAt lists roles held now at or below a place, and in groups there.
func heldAt(ctx context.Context, q db.Queryer, place string, now int64) (hs []Held, err error) {
	return hs, q.Select(ctx, &hs, `SELECT r.id, r.account, r.role, r.place, r.grp, r.post, r.letter, r.from_at, r.to_at, r.granted_by, a.public_name AS name, a.name AS login
		FROM roles r JOIN accounts a ON a.id = r.account
		WHERE r.place >= ? AND r.place < ? AND r.role <> 'volunteer' AND r.role <> 'party_member' AND r.from_at <= ? AND (r.to_at = 0 OR r.to_at > ?)
		ORDER BY r.place, r.role, r.from_at, r.id LIMIT 500`, place, place+":", now, now)
}

// heldIn lists roles held now in a group.
func heldIn(ctx context.Context, q db.Queryer, group string, now int64) (hs []Held, err error) {
	return hs, q.Select(ctx, &hs, `SELECT r.id, r.account, r.role, r.place, r.grp, r.post, r.letter, r.from_at, r.to_at, r.granted_by, a.public_name AS name
		FROM roles r JOIN accounts a ON a.id = r.account
		WHERE r.grp = ? AND r.from_at <= ? AND (r.to_at = 0 OR r.to_at > ?) ORDER BY r.from_at, r.id LIMIT 500`, group, now, now)
}

func grantByID(ctx context.Context, q db.Queryer, id string) (g Grant, err error) {
	return g, q.Get(ctx, &g, `SELECT `+grantColumns+` FROM roles WHERE id = ?`, id)
}

func endGrantByID(ctx context.Context, tx *db.Tx, id string, now int64) error {
	_, err := tx.Exec(ctx, `UPDATE roles SET to_at = ? WHERE id = ? AND (to_at = 0 OR to_at > ?)`, now, id, now)
	return err
}

// Found is a person found by name.
type Found struct {
	ID         string `db:"id"`
	PublicName string `db:"public_name"`
	RealName   string `db:"real_name"`
	Level      int    `db:"level"`
}

// findPeople finds people of one community by a part of a name.
func findPeople(ctx context.Context, q db.Queryer, home, name string) (fs []Found, err error) {
	named, args := db.Contains(name, "public_name", "real_name")
	return fs, q.Select(ctx, &fs, `SELECT id, public_name, real_name, level FROM accounts
		WHERE home = ? AND state = 'active' AND `+named+` ORDER BY public_name, id LIMIT 30`, append([]any{home}, args...)...)
}

// insertLookNow writes a look with its reason at once: what was revealed is
// noted before it is shown.
func insertLookNow(ctx context.Context, tx *db.Tx, l Look) error {
	_, err := tx.Exec(ctx, `INSERT INTO looks (viewer, subject, field, matter, reason, at) VALUES (?, ?, ?, ?, ?, ?)`, l.Viewer, l.Subject, l.Field, l.Matter, l.Reason, l.At)
	return err
}

// actRow is one thing a person did, for the person's own copy.
type actRow struct {
	At      int64  `db:"at" json:"at"`
	Kind    string `db:"kind" json:"kind"`
	Subject string `db:"subject" json:"subject"`
	Do      string `db:"move" json:"do"`
	Words   string `db:"words" json:"words"`
}

func actsOf(ctx context.Context, q db.Queryer, account string) (rows []actRow, err error) {
	return rows, q.Select(ctx, &rows, `SELECT e.at, e.kind, e.subject, e.move, coalesce(w.words, '') AS words FROM events e
		LEFT JOIN event_words w ON w.seq = e.seq WHERE e.actor = ? ORDER BY e.seq`, account)
}

// wordsBy lists the events whose words a person wrote.
func wordsBy(ctx context.Context, q db.Queryer, account string) (seqs []int64, err error) {
	return seqs, q.Select(ctx, &seqs, `SELECT e.seq FROM events e JOIN event_words w ON w.seq = e.seq WHERE e.actor = ? AND w.erased = 0 ORDER BY e.seq`, account)
}

// eraseWords empties words; the event keeps their hash, which tells nothing without the salt.
func eraseWords(ctx context.Context, tx *db.Tx, seqs []int64, now int64) error {
	for _, seq := range seqs {
		if _, err := tx.Exec(ctx, `UPDATE event_words SET words = '', salt = '', erased = ? WHERE seq = ?`, now, seq); err != nil {
			return err
		}
	}
	return nil
}

// eraseAccount empties everything of an account but its id and its place in the story.
func eraseAccount(ctx context.Context, tx *db.Tx, account string, now int64) error {
	for _, query := range []string{
		`DELETE FROM tokens WHERE account = ?`,
		`DELETE FROM drafts WHERE account = ?`, `DELETE FROM looks WHERE subject = ?`, `DELETE FROM consents WHERE account = ?`,
		`DELETE FROM acts WHERE account = ?`,
	} {
		if _, err := tx.Exec(ctx, query, account); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM asks WHERE account = ? OR target <> '' AND target = (SELECT phone FROM accounts WHERE id = ?)`, account, account); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE roles SET to_at = ? WHERE account = ? AND (to_at = 0 OR to_at > ?)`, now, account, now); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE guardians SET to_at = ? WHERE (account = ? OR ward = ?) AND (to_at = 0 OR to_at > ?)`, now, account, account, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE accounts SET name = 'erased-' || id, public_name = '', real_name = '', phone = '', email = '', level = 0, home = '',
		dwelling = '', password = '', totp = '', totp_step = 0, born = 0, has_channel = 0, demo = 0, sessions_from = ?, state = 'erased' WHERE id = ?`, now, account)
	return err
}

func purgeLooks(ctx context.Context, tx *db.Tx, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM looks WHERE at < ?`, before)
	return err
}

// DraftRow is a form kept for a person.
type DraftRow struct {
	Operation string `db:"operation"`
	Path      string `db:"path"`
	At        int64  `db:"at"`
}

// Drafts lists the forms kept for an account, the latest first.
func (s *Service) Drafts(ctx context.Context, q db.Queryer, account string) (ds []DraftRow, err error) {
	return ds, q.Select(ctx, &ds, `SELECT operation, path, at FROM drafts WHERE account = ? ORDER BY at DESC, operation LIMIT 20`, account)
}

// PostsAt lists who serves at a place, for everybody to read: staff, grid
// workers and building heads, by public name.
func (s *Service) PostsAt(ctx context.Context, q db.Queryer, place string, now int64) ([]Held, error) {
	held, err := heldAt(ctx, q, place, now)
	return slices.DeleteFunc(held, func(h Held) bool {
		return h.Role != actor.Staff && h.Role != actor.GridWorker && h.Role != actor.BuildingHead
	}), err
}

// WithPhone returns the active account of a phone; Absent when there is none.
func (s *Service) WithPhone(ctx context.Context, q db.Queryer, phone string) (Account, error) {
	a, err := byPhone(ctx, q, phone)
	if errors.Is(err, db.ErrNoRows) || err == nil && a.State != "active" {
		return Account{}, fault.Absent()
	}
	return a, err
}

// ByID returns an account; ErrNoRows when there is none.
func (s *Service) ByID(ctx context.Context, q db.Queryer, account string) (Account, error) {
	return byID(ctx, q, account)
}

// Touch raises an account's version and tells what was done to it.
func (s *Service) Touch(ctx context.Context, tx *db.Tx, now int64, by, account, do string) error {
	return s.touch(ctx, tx, now, by, account, do)
}

// UseStep moves the last used step of an authenticator on; false when it was used before.
func (s *Service) UseStep(ctx context.Context, tx *db.Tx, account string, step int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE accounts SET totp_step = ? WHERE id = ? AND totp_step < ?`, step, account, step)
	return n == 1, err
}
