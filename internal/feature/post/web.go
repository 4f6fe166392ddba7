package post

import (
	"time"

	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/place"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
)

// Thread is the comments of a post.
type Thread struct {
	Items []CommentJSON `json:"items"`
}

// LogLine is a line of the public moderation log.
type LogLine struct {
	At     time.Time `json:"at"`
	Did    string    `json:"did"`
	Reason string    `json:"reason"`
	Post   string    `json:"post"`
	Title  string    `json:"title"`
	Place  string    `json:"place"`
}

// DutyJSON is one heading of a disclosure column and its due date.
type DutyJSON struct {
	Column  string     `json:"column"`
	Heading string     `json:"heading"`
	Place   string     `json:"place"`
	Last    *time.Time `json:"last"`
	Due     *time.Time `json:"due"`
	Overdue bool       `json:"overdue"`
	Post    string     `json:"post"`
}

var placeQuery = []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}}

// routes are all doors of posts.
func (s *Service) routes() []web.Route {
	rs := s.Kind.API()
	for i := range rs {
		if rs[i].Name == "publish-post" { // attachments are looked through before the transaction
			rs[i].Do = func(c *web.Call) (any, error) { return s.move(c, "publish") }
		}
	}
	base := "/api/v1/posts/{id}"
	rs = append(rs,
		web.Route{Method: "GET", Path: base + "/comments", Name: "list-comments", Summary: "Comments in two levels, oldest first", Out: Thread{}, Public: shownKinds,
			Do: func(c *web.Call) (any, error) {
				p, err := s.Kind.Read(c)
				if err != nil {
					return nil, err
				}
				items, err := s.thread(c.Context(), s.Journal.DB, p, c.Actor)
				return Thread{items}, err
			}},
		web.Route{Method: "POST", Path: base + "/comments", Name: "comment-post", Summary: "Comment, or answer a comment", Body: commentFields, Out: CommentJSON{}, Status: 201, SignedIn: true,
			Do: s.comment},
		web.Route{Method: "POST", Path: base + "/react", Name: "react-post", Summary: "Like or dislike; the last counts", Body: reactionFields, Out: JSON{}, SignedIn: true, Do: s.react},
		web.Route{Method: "POST", Path: base + "/follow", Name: "follow-post", Summary: "Follow, or with on=false no longer", Body: followFields, Out: JSON{}, SignedIn: true, Do: s.follow},
		web.Route{Method: "GET", Path: "/api/v1/moderation", Name: "moderation-log", Summary: "What was done to comments and why", Query: append(placeQuery, web.Paging()...),
			Out: page.Of[LogLine]{}, Public: shownKinds, Do: s.logLines},
		web.Route{Method: "GET", Path: "/api/v1/disclosure", Name: "disclosure", Summary: "Headings of 党务、政务、居务公开 with due dates", Query: placeQuery,
			Out: page.Of[DutyJSON]{}, Public: shownKinds, Do: s.dutyLines},
	)
	for _, k := range commentActs {
		rs = append(rs, web.Route{Method: "POST", Path: base + "/comments/{comment}/" + k.do, Name: k.do + "-comment", Summary: "Comment: " + k.do, Body: k.fields,
			Out: CommentJSON{}, SignedIn: true, Do: func(c *web.Call) (any, error) { return s.act(c, k.do, k.fields) }})
	}
	return append(rs, s.pages()...)
}

// move makes a move of a post; a publish is preceded by a look into its attachments.
func (s *Service) move(c *web.Call, do string) (any, error) {
	if do == "publish" {
		c.R = c.R.WithContext(s.inspect(c.Context(), c.Actor, c.Path("id")))
	}
	return s.Kind.Move(c, do)
}

func (s *Service) react(c *web.Call) (any, error) {
	return s.React(c.Context(), c.Path("id"), func() (flow.Input, error) { return c.Body(reactionFields) })
}

func (s *Service) follow(c *web.Call) (any, error) {
	return s.Follow(c.Context(), c.Path("id"), func() (flow.Input, error) { return c.Body(followFields) })
}

func (s *Service) logLines(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	ask, err := web.PageOf(in)
	if err != nil {
		return nil, err
	}
	rows, err := s.moderationLog(c.Context(), s.Journal.DB, place.Trim(in.Text("place")), ask)
	if err != nil {
		return nil, err
	}
	return page.Map(rows, func(m moderation) LogLine {
		return LogLine{matter.Time(m.At), m.Did, m.Reason, m.Post, m.Title, m.Place}
	}), nil
}

func (s *Service) dutyLines(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	ds, err := s.Duties(c.Context(), s.Journal.DB, place.Trim(in.Text("place")))
	if err != nil {
		return nil, err
	}
	out := page.Of[DutyJSON]{Items: []DutyJSON{}}
	for _, d := range ds {
		c.ShownUntil(ahead(d.Due, c.Now()))
		out.Items = append(out.Items, DutyJSON{d.Column, d.Name, d.Place, matter.TimeOrNull(d.Last), matter.TimeOrNull(d.Due), d.Overdue(c.Now()), d.PostID})
	}
	return out, nil
}

// ahead is at when it is still to come, else 0.
func ahead(at, now int64) int64 {
	if at > now {
		return at
	}
	return 0
}
