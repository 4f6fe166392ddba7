// Package feed lets people and programs subscribe (订阅): Atom feeds (RFC 4287)
// of the posts of a place and topic. What is in a feed anybody may read; a
// retracted post is gone from the next reading on.
package feed

import (
	"context"
	"encoding/xml"
	"net/url"
	"strings"
	"time"

	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/channel"
	"linli/internal/feature/place"
	"linli/internal/feature/post"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
)

// entriesMost bounds a feed; readers fetch often enough.
const entriesMost = 30

// Posts gives what a feed tells; the post feature implements it.
type Posts interface {
	OfTopic(ctx context.Context, place, topic string, n int) ([]post.JSON, error)
	Look(place string) channel.Look
}

// Places knows places; the place feature implements it.
type Places interface {
	Known(code string) bool
}

// Service serves feeds.
type Service struct {
	posts  Posts
	places Places
	// Default is the place of a feed that names none; app wires it.
	Default func() string
	// HTML renders a post's body, safe to show.
	html func(body string) string
}

// New returns the service.
func New(posts Posts, places Places, html func(body string) string) *Service {
	return &Service{posts: posts, places: places, html: html, Default: func() string { return "" }}
}

// Part is what feeds hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{Name: "feed", Routes: []web.Route{{
		Method: "GET", Path: "/feeds/posts.atom", Name: "feed-posts", Summary: "Atom feed of the posts of a place and topic",
		Query:  []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}, {Name: "topic", Kind: flow.Enum, Values: post.Topics}},
		Public: []string{"post", "place"}, Do: s.serve,
	}}}
}

// The elements of RFC 4287 that are used.
type (
	atom struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string   `xml:"xml:lang,attr"`
		ID      string   `xml:"id"`
		Title   string   `xml:"title"`
		Updated string   `xml:"updated"`
		Author  person   `xml:"author"`
		Links   []link   `xml:"link"`
		Entries []entry  `xml:"entry"`
	}
	person struct {
		Name string `xml:"name"`
	}
	link struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	words struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
	term struct {
		Term string `xml:"term,attr"`
	}
	entry struct {
		ID         string `xml:"id"`
		Title      string `xml:"title"`
		Updated    string `xml:"updated"`
		Published  string `xml:"published"`
		Author     person `xml:"author"`
		Link       link   `xml:"link"`
		Categories []term `xml:"category"`
		Summary    words  `xml:"summary"`
		Content    words  `xml:"content"`
	}
)

func (s *Service) serve(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	code, topic := place.Trim(in.Text("place")), in.Text("topic")
	if code == "" {
		code = s.Default()
	}
	if !s.places.Known(code) {
		return nil, fault.Absent()
	}
	items, err := s.posts.OfTopic(c.Context(), code, topic, entriesMost)
	if err != nil {
		return nil, err
	}
	b, err := s.render(c.Base(), code, topic, items)
	return web.Raw{Type: "application/atom+xml; charset=utf-8", Body: b, Header: map[string]string{"Cache-Control": "no-cache"}}, err
}

// render writes the feed. Its ids are tag: URIs (RFC 4151) that stay the same
// when the site moves between paths, and change never.
func (s *Service) render(base, code, topic string, items []post.JSON) ([]byte, error) {
	look := s.posts.Look(code)
	query := url.Values{"place": {code}}
	if topic != "" {
		query.Set("topic", topic)
	}
	f := atom{
		Lang: "zh-CN", ID: tag(base, "posts/"+code+"/"+topic), Title: look.Name, Author: person{look.Name}, Updated: moment(time.Unix(0, 0)),
		Links: []link{
			{"self", "application/atom+xml", base + "/feeds/posts.atom?" + query.Encode()},
			{"alternate", "text/html", base + "/posts?" + query.Encode()},
		},
	}
	for _, j := range items {
		if j.PublishedAt == nil {
			continue
		}
		at := moment(*j.PublishedAt)
		f.Updated = max(f.Updated, at) // of one length and zone, so they compare as texts
		e := entry{
			ID: tag(base, "post/"+j.ID), Title: j.Title, Updated: at, Published: at, Author: person{j.By}, Link: link{"alternate", "text/html", base + j.URL},
			Summary: words{"text", j.Summary}, Content: words{"html", absolute(base, s.html(j.Body))},
		}
		for _, t := range []string{j.Topic, j.Heading} {
			if t != "" {
				e.Categories = append(e.Categories, term{t})
			}
		}
		f.Entries = append(f.Entries, e)
	}
	b, err := xml.MarshalIndent(f, "", " ")
	return append([]byte(xml.Header), b...), err
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tag names something for ever by the site's host.
func tag(base, name string) string {
	host := "linli.invalid"
	if u, err := url.Parse(base); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return "tag:" + host + ",2026:" + strings.TrimSuffix(name, "/")
}

// absolute completes local addresses: a feed is read elsewhere.
func absolute(base, html string) string {
	return strings.NewReplacer(`href="/`, `href="`+base+`/`, `src="/`, `src="`+base+`/`).Replace(html)
}
