package post

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/gate"
	"linli/internal/core/page"
	"linli/internal/feature/file"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/markdown"
	"linli/internal/platform/matter"
)

// JSON is a post as the API and the pages know it, for one viewer.
type JSON struct {
	ID          string          `json:"id"`
	Title       string          `json:"title"`
	Body        string          `json:"body" doc:"Markdown"`
	HTML        string          `json:"html,omitempty" doc:"the body rendered and sanitised"`
	Summary     string          `json:"summary"`
	Channel     string          `json:"channel"`
	Heading     string          `json:"heading"`
	Topic       string          `json:"topic"`
	Place       string          `json:"place"`
	PlaceName   string          `json:"place_name"`
	Reach       string          `json:"reach" doc:"read at this place and everywhere below"`
	State       string          `json:"state"`
	Version     int64           `json:"version"`
	DueAt       *time.Time      `json:"due_at"`
	CreatedAt   time.Time       `json:"created_at"`
	PublishAt   *time.Time      `json:"publish_at"`
	PublishedAt *time.Time      `json:"published_at"`
	Pinned      bool            `json:"pinned"`
	By          string          `json:"by" doc:"the unit that speaks"`
	Likes       int64           `json:"likes"`
	Dislikes    int64           `json:"dislikes"`
	Comments    int64           `json:"comments"`
	URL         string          `json:"url"`
	Mine        bool            `json:"mine"`
	Reaction    string          `json:"reaction,omitempty" doc:"like or dislike of the caller"`
	Following   bool            `json:"following,omitempty"`
	Returned    string          `json:"returned,omitempty" doc:"why it was returned, for its editors"`
	Attachments []file.Meta     `json:"attachments,omitempty"`
	Actions     []matter.Action `json:"actions,omitzero"`
	Warnings    []Warning       `json:"warnings,omitzero"`
}

// Location is the address of a created post.
func (j JSON) Location() string { return "/api/v1/posts/" + j.ID }

// Warning tells what the gate will stop.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (s *Service) show(ctx context.Context, q db.Queryer, p *Post, v matter.View) (any, error) {
	return s.json(ctx, q, p, v)
}

// summaryMost bounds the words of a card.
const summaryMost = 90

func summary(body string) string {
	s := markdown.Plain(body)
	if utf8.RuneCountInString(s) > summaryMost {
		s = string([]rune(s)[:summaryMost]) + "…"
	}
	return s
}

func (s *Service) json(ctx context.Context, q db.Queryer, p *Post, v matter.View) (JSON, error) {
	j := JSON{
		ID: p.ID, Title: p.Title, Body: p.Body, Summary: p.Summary, Channel: p.Channel, Heading: p.Heading, Topic: p.Topic,
		Place: p.Place, PlaceName: s.Places.Name(p.Place), Reach: p.Reach, State: string(p.State), Version: p.Version,
		DueAt: matter.TimeOrNull(p.DueAt), CreatedAt: matter.Time(p.CreatedAt), PublishAt: matter.TimeOrNull(p.PublishAt),
		PublishedAt: matter.TimeOrNull(p.PublishedAt), Pinned: p.Pinned, By: s.Look(p.Place).Name, Likes: p.Likes, Dislikes: p.Dislikes,
		Comments: p.Comments, URL: "/posts/" + p.ID, Mine: v.Actor.Known() && v.Actor.ID == p.Author,
	}
	if p.editor(v.Actor) {
		j.Returned = p.Returned
	}
	if v.Brief {
		return j, nil
	}
	j.HTML = markdown.Render(p.Body)
	var err error
	if j.Attachments, err = s.Files.Of(ctx, q, p.ID); err != nil {
		return j, err
	}
	if v.Actor.Known() {
		if j.Reaction, j.Following, err = mine(ctx, q, p.ID, v.Actor.ID); err != nil {
			return j, err
		}
	}
	j.Actions = s.Kind.Actions(p, v)
	return j, nil
}

// warnings tell the author early what the gate would stop.
func (s *Service) warnings(p *Post, say matter.Say) []Warning {
	out := []Warning{}
	allow := s.official(p.Place)
	for _, f := range append(find("title", p.Title, allow), find("body", p.Body, allow)...) {
		out = append(out, Warning{f.Kind, say("post.gate."+f.Kind, "masked", f.Masked, "line", f.Line)})
	}
	return out
}

// Latest lists the newest posts for the readers of a place, as anybody reads them.
func (s *Service) Latest(ctx context.Context, place string, n int) ([]JSON, error) {
	return s.brief(ctx, Filter{Place: place, State: string(Published)}, n)
}

// OfTopic is Latest for one topic, "" for all.
func (s *Service) OfTopic(ctx context.Context, place, topic string, n int) ([]JSON, error) {
	return s.brief(ctx, Filter{Place: place, Topic: topic, State: string(Published)}, n)
}

// Pinned lists the pinned posts for the readers of a place, newest first, at most pinnedMost.
func (s *Service) Pinned(ctx context.Context, place string) ([]JSON, error) {
	return s.brief(ctx, Filter{Place: place, Pinned: true, State: string(Published)}, pinnedMost)
}

// pinnedMost bounds what stands above a list.
const pinnedMost = 3

func (s *Service) brief(ctx context.Context, f Filter, n int) ([]JSON, error) {
	f.Place = place.Trim(f.Place)
	q := s.Journal.DB
	ps, err := list(ctx, q, actor.Actor{}, f, page.Ask{Limit: n})
	if err != nil {
		return nil, err
	}
	if len(ps) > n {
		ps = ps[:n]
	}
	out := make([]JSON, 0, len(ps))
	for _, p := range ps {
		j, err := s.json(ctx, q, p, matter.View{Brief: true})
		if err != nil {
			return nil, err
		}
		out = append(out, j)
	}
	return out, nil
}

func encode(tell []event.Tell) (string, error) {
	b, err := json.Marshal(event.Payload{Tell: event.Unique(tell)})
	return string(b), err
}

// personal reports what a reader must not write in a comment.
func personal(text string, allow []string) []gate.Finding { return gate.Scan(text, allow...) }
