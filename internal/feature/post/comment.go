package post

import (
	"context"
	"errors"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
)

// commentMost bounds a comment, in characters.
const commentMost = 500

// States of a comment and of an appeal against hiding it.
const (
	shown     = "shown"
	hidden    = "hidden"    // 已隐藏, by staff with a reason
	withdrawn = "withdrawn" // 已撤回, by its author

	appealOpen     = "open"
	appealUpheld   = "upheld"   // it stays hidden
	appealRestored = "restored" // it is shown again
)

// Comment is what a reader wrote under a post. Times are UTC ms.
type Comment struct {
	ID          string `db:"id"`
	Post        string `db:"post"`
	Parent      string `db:"parent"` // the comment it answers, "" for one of the first level
	Author      string `db:"author"`
	Body        string `db:"body"`
	State       string `db:"state"`
	Version     int64  `db:"version"`
	At          int64  `db:"at"`
	Reports     int64  `db:"reports"` // not yet looked at
	Moderator   string `db:"moderator"`
	Reason      string `db:"reason"` // why it was hidden, for its author and the log
	ModeratedAt int64  `db:"moderated_at"`
	Appeal      string `db:"appeal"`
	AppealAt    int64  `db:"appeal_at"`
	AppealState string `db:"appeal_state"`
}

// CommentJSON is a comment for one viewer. What is hidden has no body but for
// its author and staff.
type CommentJSON struct {
	ID      string        `json:"id"`
	Parent  string        `json:"parent,omitempty"`
	By      string        `json:"by" doc:"public name"`
	At      time.Time     `json:"at"`
	State   string        `json:"state"`
	Body    string        `json:"body"`
	Mine    bool          `json:"mine"`
	Reason  string        `json:"reason,omitempty" doc:"why it was hidden, for its author and staff"`
	Appeal  string        `json:"appeal,omitempty" doc:"open, upheld or restored"`
	May     []string      `json:"may" doc:"what the caller may do: report withdraw appeal hide keep restore uphold"`
	Replies []CommentJSON `json:"replies,omitempty"`
	Reports int64         `json:"reports,omitempty"`
	Said    string        `json:"appeal_text,omitempty"`

	post string
}

// The fields of what is done with comments.
var (
	commentFields = []flow.Field{{Name: "body", Kind: flow.Long, Required: true, Max: commentMost}, {Name: "parent", Kind: flow.Ref}}
	whyFields     = []flow.Field{{Name: "reason", Kind: flow.Long, Required: true, Max: 500}}
	appealFields  = []flow.Field{{Name: "text", Kind: flow.Long, Required: true, Max: 1000}}
)

// commentActs are the doors of one comment, with what each takes.
var commentActs = []struct {
	do     string
	fields []flow.Field
}{
	{"report", whyFields}, {"withdraw", nil}, {"appeal", appealFields},
	{"hide", whyFields}, {"keep", whyFields}, {"restore", whyFields}, {"uphold", whyFields},
}

// may says whether the actor may do something with a comment of the post; the
// key of the reason when not.
func (k *Comment) may(a actor.Actor, p *Post, do string) (reason string) {
	staff := a.StaffReaching(p.Place)
	own := a.Known() && a.ID == k.Author
	switch do {
	case "report":
		if own {
			return "post.reason.own_comment"
		}
		if k.State != shown {
			return "post.reason.comment_gone"
		}
		return ""
	case "withdraw":
		if !own {
			return "post.reason.not_own_comment"
		}
		if k.State != shown {
			return "post.reason.comment_gone"
		}
		return ""
	case "appeal":
		if !own {
			return "post.reason.not_own_comment"
		}
		if k.State != hidden {
			return "post.reason.comment_shown"
		}
		if k.AppealState != "" {
			return "post.reason.appealed"
		}
		return ""
	}
	if !staff {
		return "post.reason.staff_only"
	}
	switch do {
	case "hide":
		if own {
			return "post.reason.own_comment"
		}
		if k.State != shown {
			return "post.reason.comment_gone"
		}
	case "keep":
		if k.State != shown || k.Reports == 0 {
			return "post.reason.nothing_reported"
		}
	case "restore", "uphold":
		if k.State != hidden || do == "uphold" && k.AppealState != appealOpen {
			return "post.reason.comment_shown"
		}
		if k.AppealState == appealOpen && a.ID == k.Moderator { // an appeal is heard by another
			return "post.reason.other_hears"
		}
	}
	return ""
}

// lockPost locks the post that something is written under; absent for who may not see it.
func (s *Service) lockPost(ctx context.Context, tx *db.Tx, a actor.Actor, postID string) (*Post, error) {
	if !id.Valid(postID) {
		return nil, fault.Absent()
	}
	p, err := s.Machine.Store.Load(ctx, tx, postID, tx.Lock())
	if errors.Is(err, db.ErrNoRows) || err == nil && !Sees(a, p) {
		return nil, fault.Absent()
	}
	return p, err
}

// comment writes a comment or an answer to one.
func (s *Service) comment(c *web.Call) (any, error) {
	return s.commentBy(c.Context(), c.Path("id"), func() (flow.Input, error) { return c.Body(commentFields) })
}

// Comment writes a comment from plain values for the actor of ctx.
func (s *Service) Comment(ctx context.Context, post, parent, body string) (string, error) {
	raw := map[string]any{"body": body}
	if parent != "" {
		raw["parent"] = parent
	}
	out, err := s.commentBy(ctx, post, func() (flow.Input, error) { return flow.Decode(commentFields, raw) })
	return out.ID, err
}

func (s *Service) commentBy(ctx context.Context, post string, read func() (flow.Input, error)) (out CommentJSON, err error) {
	err = s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		p, err := s.lockPost(ctx, tx, a, post)
		if err != nil {
			return nil, err
		}
		switch {
		case p.State != Published:
			return nil, fault.New(fault.Conflict, "post.reason.not_public")
		case !s.Places.Bool(p.Place, "post.comments"):
			return nil, fault.New(fault.Conflict, "post.reason.comments_off")
		}
		in, err := read()
		if err != nil {
			return nil, err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		k := &Comment{ID: id.New(), Post: p.ID, Author: a.ID, Body: in.Text("body"), Parent: in.Text("parent"), State: shown, Version: 1, At: now}
		if found := personal(k.Body, s.official(p.Place)); len(found) > 0 {
			return nil, fault.Field1("body", "post.gate."+string(found[0].Kind), "masked", found[0].Masked, "line", 1)
		}
		tell := []event.Tell{event.ToAccount(p.Author, "post_author")}
		if k.Parent != "" {
			up, err := loadComment(ctx, tx, p.ID, k.Parent, "")
			if errors.Is(err, db.ErrNoRows) || err == nil && up.State != shown {
				return nil, fault.Field1("parent", "post.reason.comment_gone")
			}
			if err != nil {
				return nil, err
			}
			if up.Parent != "" { // two levels: an answer to an answer stands beside it
				k.Parent = up.Parent
			}
			tell = append(tell, event.ToAccount(up.Author, "answered"))
		}
		if err := insertComment(ctx, tx, k); err != nil {
			return nil, err
		}
		if err := countComments(ctx, tx, p.ID, 1); err != nil {
			return nil, err
		}
		tell = append(without(tell, a.ID), event.ToFollowers(p.ID))
		if err := s.say(ctx, tx, event.Event{At: now, Subject: k.ID, Version: 1, Do: "comment", ToState: shown, Actor: a.ID, Place: p.Place, Audience: event.Public}, tell, event.Words{"text": k.Body}); err != nil {
			return nil, err
		}
		out, err = s.commentJSON(ctx, tx, p, k, a)
		return out, err
	})
	return out, err
}

func without(tell []event.Tell, account string) []event.Tell {
	var out []event.Tell
	for _, t := range tell {
		if t.To != "account:"+account {
			out = append(out, t)
		}
	}
	return out
}

// act does something with a comment: report, withdraw, appeal, moderate.
func (s *Service) act(c *web.Call, do string, fields []flow.Field) (any, error) {
	return s.actBy(c.Context(), c.Path("id"), c.Path("comment"), do, func() (flow.Input, error) { return c.Body(fields) })
}

// Act is act from plain values for the actor of ctx.
func (s *Service) Act(ctx context.Context, post, comment, do string, raw map[string]any) error {
	for _, k := range commentActs {
		if k.do == do {
			_, err := s.actBy(ctx, post, comment, do, func() (flow.Input, error) { return flow.Decode(k.fields, raw) })
			return err
		}
	}
	return fault.Absent()
}

func (s *Service) actBy(ctx context.Context, post, comment, do string, read func() (flow.Input, error)) (out CommentJSON, err error) {
	err = s.Journal.Write(ctx, func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(ctx, tx, actor.From(ctx))
		if err != nil {
			return nil, err
		}
		p, err := s.lockPost(ctx, tx, a, post)
		if err != nil {
			return nil, err
		}
		if !id.Valid(comment) {
			return nil, fault.Absent()
		}
		k, err := loadComment(ctx, tx, p.ID, comment, tx.Lock())
		if errors.Is(err, db.ErrNoRows) {
			return nil, fault.Absent()
		}
		if err != nil {
			return nil, err
		}
		if reason := k.may(a, p, do); reason != "" {
			kind := fault.Denied
			if reason == "post.reason.comment_gone" || reason == "post.reason.comment_shown" || reason == "post.reason.appealed" || reason == "post.reason.nothing_reported" {
				kind = fault.Conflict
			}
			return nil, fault.New(kind, reason)
		}
		in, err := read()
		if err != nil {
			return nil, err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.apply(ctx, tx, p, k, a, do, in, now); err != nil {
			return nil, err
		}
		out, err = s.commentJSON(ctx, tx, p, k, a)
		return out, err
	})
	return out, err
}

// apply writes what was done with a comment, its event, and its line in the log.
func (s *Service) apply(ctx context.Context, tx *db.Tx, p *Post, k *Comment, a actor.Actor, do string, in flow.Input, now int64) error {
	was, reason := k.State, in.Text("reason")
	audience := event.Private
	words := event.Words{}
	var tell []event.Tell
	switch do {
	case "report":
		fresh, err := keepReport(ctx, tx, k.ID, a.ID, reason, now)
		if err != nil || !fresh { // once is enough
			return err
		}
		k.Reports++
		audience = event.Staff
		tell = []event.Tell{event.Asks(event.ToRole(actor.Staff, p.Scope(), "staff"))}
		words["reason"] = reason
	case "withdraw":
		k.State, audience = withdrawn, event.Public
	case "appeal":
		k.Appeal, k.AppealAt, k.AppealState = in.Text("text"), now, appealOpen
		tell = []event.Tell{event.Asks(event.ToRole(actor.Staff, p.Scope(), "staff"))}
		words["text"] = k.Appeal
	default: // hide, keep, restore, uphold
		switch do {
		case "hide":
			k.State = hidden
		case "restore":
			k.State = shown
			if k.AppealState == appealOpen {
				k.AppealState = appealRestored
			}
		case "uphold":
			k.AppealState = appealUpheld
		}
		k.Reports = 0
		if do == "hide" {
			k.Moderator, k.Reason = a.ID, reason
		}
		k.ModeratedAt, audience = now, event.Public
		if do != "keep" {
			tell = []event.Tell{event.ToAccount(k.Author, "author")}
		}
		words["reason"] = reason
		if err := keepModeration(ctx, tx, moderation{ID: id.New(), Comment: k.ID, Post: p.ID, Place: p.Place, Did: do, Reason: reason, Account: a.ID, At: now}); err != nil {
			return err
		}
	}
	k.Version++
	if err := saveComment(ctx, tx, k); err != nil {
		return err
	}
	if n := count(k.State) - count(was); n != 0 {
		if err := countComments(ctx, tx, p.ID, n); err != nil {
			return err
		}
	}
	return s.say(ctx, tx, event.Event{At: now, Subject: k.ID, Version: k.Version, Do: do, FromState: was, ToState: k.State, Actor: a.ID, Place: p.Place, Audience: audience}, tell, words)
}

func count(state string) int64 {
	if state == shown {
		return 1
	}
	return 0
}

func (s *Service) commentJSON(ctx context.Context, q db.Queryer, p *Post, k *Comment, a actor.Actor) (CommentJSON, error) {
	j := CommentJSON{post: p.ID, ID: k.ID, Parent: k.Parent, At: matter.Time(k.At), State: k.State, Mine: a.Known() && a.ID == k.Author, May: []string{}}
	var err error
	if j.By, err = s.Members.PublicName(ctx, q, k.Author); err != nil {
		return j, err
	}
	staff := a.StaffReaching(p.Place)
	if k.State == shown || k.State == hidden && (j.Mine || staff) {
		j.Body = k.Body
	}
	if j.Mine || staff {
		j.Appeal = k.AppealState
		if k.State == hidden {
			j.Reason, j.Said = k.Reason, k.Appeal
		}
	}
	if staff {
		j.Reports = k.Reports
	}
	if a.Known() {
		for _, act := range commentActs {
			if k.may(a, p, act.do) == "" {
				j.May = append(j.May, act.do)
			}
		}
	}
	return j, nil
}

// threadMost bounds the comments of one reading.
const threadMost = 200

// thread lists the comments of a post in two levels, oldest first. Hidden and
// withdrawn ones stand as a line without words, where they have answers.
func (s *Service) thread(ctx context.Context, q db.Queryer, p *Post, a actor.Actor) ([]CommentJSON, error) {
	ks, err := comments(ctx, q, p.ID, threadMost)
	if err != nil {
		return nil, err
	}
	out := []CommentJSON{}
	at := map[string]int{}
	for _, k := range ks {
		j, err := s.commentJSON(ctx, q, p, k, a)
		if err != nil {
			return nil, err
		}
		if k.Parent == "" {
			at[k.ID] = len(out)
			out = append(out, j)
		} else if i, ok := at[k.Parent]; ok && (k.State == shown || j.Body != "") {
			out[i].Replies = append(out[i].Replies, j)
		}
	}
	keep := out[:0]
	for _, j := range out {
		if j.Body != "" || len(j.Replies) > 0 {
			keep = append(keep, j)
		}
	}
	return keep, nil
}

// UnderPosts tells for messages under which post a comment stands.
func (s *Service) UnderPosts() Under { return Under{s} }

// Under names comments by their posts and finds them there.
type Under struct{ posts *Service }

// Title is that of the comment's post.
func (u Under) Title(ctx context.Context, q db.Queryer, comment string) (string, error) {
	post, err := postOf(ctx, q, comment)
	if err != nil || post == "" {
		return "", err
	}
	return u.posts.TitleOf(ctx, q, post)
}

// Path is the comment on the page of its post.
func (u Under) Path(ctx context.Context, q db.Queryer, comment string) (string, error) {
	post, err := postOf(ctx, q, comment)
	if err != nil || post == "" {
		return "", err
	}
	return "/posts/" + post + "#c-" + comment, nil
}

// moderation is a line of the public log.
type moderation struct {
	ID      string `db:"id" json:"id"`
	Comment string `db:"comment" json:"-"`
	Post    string `db:"post" json:"post"`
	Place   string `db:"place" json:"place"`
	Did     string `db:"did" json:"did"`
	Reason  string `db:"reason" json:"reason"`
	Account string `db:"account" json:"-"`
	At      int64  `db:"at" json:"-"`
	Title   string `db:"title" json:"title"`
}

// moderationLog lists what was done to comments at a place and below, newest first.
func (s *Service) moderationLog(ctx context.Context, q db.Queryer, place string, ask page.Ask) (page.Of[moderation], error) {
	rows, err := moderations(ctx, q, place, ask)
	if err != nil {
		return page.Of[moderation]{}, err
	}
	return page.Cut(rows, ask, func(m moderation) string { return m.ID }), nil
}
