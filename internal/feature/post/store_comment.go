package post

import (
	"context"
	"errors"

	"linli/internal/core/page"
	"linli/internal/platform/db"
)

const commentColumns = `k.id, k.post, k.parent, k.author, k.body, k.state, k.version, k.at, k.reports, k.moderator, k.reason, k.moderated_at,
	k.appeal, k.appeal_at, k.appeal_state`

func loadComment(ctx context.Context, q db.Queryer, post, id, suffix string) (*Comment, error) {
	k := &Comment{}
	return k, q.Get(ctx, k, `SELECT `+commentColumns+` FROM post_comments k WHERE k.id = ? AND k.post = ?`+suffix, id, post)
}

// postOf is the post a comment stands under; "" when there is no such comment.
func postOf(ctx context.Context, q db.Queryer, comment string) (post string, err error) {
	err = q.Get(ctx, &post, `SELECT post FROM post_comments WHERE id = ?`, comment)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return post, err
}

func comments(ctx context.Context, q db.Queryer, post string, limit int) (ks []*Comment, err error) {
	return ks, q.Select(ctx, &ks, `SELECT `+commentColumns+` FROM post_comments k WHERE k.post = ? ORDER BY k.id LIMIT ?`, post, limit)
}

func insertComment(ctx context.Context, tx *db.Tx, k *Comment) error {
	_, err := tx.Exec(ctx, `INSERT INTO post_comments (id, post, parent, author, body, state, version, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		k.ID, k.Post, k.Parent, k.Author, k.Body, k.State, k.Version, k.At)
	return err
}

func saveComment(ctx context.Context, tx *db.Tx, k *Comment) error {
	_, err := tx.Exec(ctx, `UPDATE post_comments SET state = ?, version = ?, reports = ?, moderator = ?, reason = ?, moderated_at = ?,
		appeal = ?, appeal_at = ?, appeal_state = ? WHERE id = ?`,
		k.State, k.Version, k.Reports, k.Moderator, k.Reason, k.ModeratedAt, k.Appeal, k.AppealAt, k.AppealState, k.ID)
	return err
}

func countComments(ctx context.Context, tx *db.Tx, post string, n int64) error {
	_, err := tx.Exec(ctx, `UPDATE posts SET comments = comments + ? WHERE id = ?`, n, post)
	return err
}

// keepReport notes a report; fresh is false when the account reported before.
func keepReport(ctx context.Context, tx *db.Tx, comment, account, reason string, now int64) (fresh bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO post_reports (comment, account, reason, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, comment, account, reason, now)
	return n == 1, err
}

func keepModeration(ctx context.Context, tx *db.Tx, m moderation) error {
	_, err := tx.Exec(ctx, `INSERT INTO post_moderations (id, comment, post, place, did, reason, account, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.Comment, m.Post, m.Place, m.Did, m.Reason, m.Account, m.At)
	return err
}

// moderations reads the log, of posts that are public now.
func moderations(ctx context.Context, q db.Queryer, place string, ask page.Ask) (ms []moderation, err error) {
	after := ask.After
	if after == "" {
		after = "g" // behind every id
	}
	return ms, q.Select(ctx, &ms, `SELECT m.id, m.comment, m.post, m.place, m.did, m.reason, m.account, m.at, p.title FROM post_moderations m
		JOIN posts p ON p.id = m.post AND p.state = 'published'
		WHERE m.place >= ? AND m.place < ? AND m.id < ? ORDER BY m.id DESC LIMIT ?`, place, place+":", after, ask.Limit+1)
}

// waitingComments lists comments that staff of a place have to look at: reported, or appealed.
func waitingComments(ctx context.Context, q db.Queryer, place string, limit int) (ks []*Comment, err error) {
	return ks, q.Select(ctx, &ks, `SELECT `+commentColumns+` FROM post_comments k JOIN posts p ON p.id = k.post
		WHERE (k.reports > 0 AND k.state = 'shown' OR k.appeal_state = 'open') AND p.place >= ? AND p.place < ? ORDER BY k.id LIMIT ?`, place, place+":", limit)
}

// react keeps one reaction of an account and moves the post's figures by the difference.
func react(ctx context.Context, tx *db.Tx, post, account string, value int) error {
	var was int
	err := tx.Get(ctx, &was, `SELECT value FROM post_reactions WHERE post = ? AND account = ?`, post, account)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return err
	}
	if was == value {
		return nil
	}
	if value == 0 {
		_, err = tx.Exec(ctx, `DELETE FROM post_reactions WHERE post = ? AND account = ?`, post, account)
	} else {
		_, err = tx.Exec(ctx, `INSERT INTO post_reactions (post, account, value) VALUES (?, ?, ?)
			ON CONFLICT (post, account) DO UPDATE SET value = excluded.value`, post, account, value)
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE posts SET likes = likes + ?, dislikes = dislikes + ? WHERE id = ?`,
		bit(value == 1)-bit(was == 1), bit(value == -1)-bit(was == -1), post)
	return err
}

// mine is what an account did with a post.
func mine(ctx context.Context, q db.Queryer, post, account string) (reaction string, following bool, err error) {
	var n int
	err = q.Get(ctx, &n, `SELECT coalesce((SELECT value FROM post_reactions WHERE post = ? AND account = ?), 0)`, post, account)
	if err != nil {
		return "", false, err
	}
	following, err = follows(ctx, q, post, account)
	return map[int]string{1: "like", -1: "dislike"}[n], following, err
}

func follows(ctx context.Context, q db.Queryer, target, account string) (bool, error) {
	var n int
	err := q.Get(ctx, &n, `SELECT count(*) FROM post_follows WHERE target = ? AND account = ?`, target, account)
	return n > 0, err
}

func follow(ctx context.Context, tx *db.Tx, target, account string, on bool, now int64) error {
	if !on {
		_, err := tx.Exec(ctx, `DELETE FROM post_follows WHERE target = ? AND account = ?`, target, account)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO post_follows (target, account, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, target, account, now)
	return err
}

func followers(ctx context.Context, q db.Queryer, target, after string, at int64, limit int) (ids []string, err error) {
	return ids, q.Select(ctx, &ids, `SELECT DISTINCT account FROM post_follows WHERE target >= ? AND target < ? AND account > ? AND at <= ?
		ORDER BY account LIMIT ?`, target, target+":", after, at, limit)
}

// counted reads a post's row again after its figures moved.
func counted(ctx context.Context, q db.Queryer, p *Post) error {
	return q.Get(ctx, p, `SELECT `+columns+` FROM posts p WHERE p.id = ?`, p.ID)
}
