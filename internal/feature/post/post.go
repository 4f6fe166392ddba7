// Package post is 微平台: what district, street and community publish (news,
// policy, volunteering, livelihood, lost and found, anti-fraud), the disclosure
// columns 党务公开, 政务公开 and 居务公开 with their due dates, and the
// comments of readers. Read lifecycle.go first: it is everything that can
// happen to a post.
//
// A post is pushed down by itself: what a district or street publishes is read
// in every community below. A good post of a community is lifted up (上推) with
// the consent of the level above and then reaches as far as that level's own.
//
// Nothing is published past the gate (发布闸门): identity numbers, bank cards
// and phones in text and attachments stop it, unless a second person takes the
// responsibility with a reason.
package post

import (
	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/feature/channel"
)

// States of a post.
const (
	Draft     flow.State = "draft"     // 草稿
	Submitted flow.State = "submitted" // 待发布: waits for a publisher, or for its hour
	Published flow.State = "published" // 已发布
	Retracted flow.State = "retracted" // 已撤回
)

// Channels of the three levels. Each has the three columns of disclosure beside
// it; see package channel.
const (
	OfDistrict  = "district"
	OfStreet    = "street"
	OfCommunity = "community"
)

// Channels lists all channels.
var Channels = append([]string{OfDistrict, OfStreet, OfCommunity}, channel.Columns...)

// Topics of posts 栏目.
var Topics = []string{"news", "policy", "volunteering", "livelihood", "lost_found", "anti_fraud"}

// Post is one post. Times are UTC ms, 0 for none.
type Post struct {
	flow.Head
	Title       string `db:"title"`
	Body        string `db:"body"`    // Markdown
	Summary     string `db:"summary"` // the first plain words of Body, for cards
	Channel     string `db:"channel"`
	Heading     string `db:"heading"` // of a disclosure column, "" for others
	Topic       string `db:"topic"`
	Reach       string `db:"reach"`        // read at this place and everywhere below; above Place once lifted
	LiftTo      string `db:"lift_to"`      // the place above that is asked to lift it
	PublishAt   int64  `db:"publish_at"`   // the hour it is to go out
	PublishedAt int64  `db:"published_at"` // when it went out
	ShownAt     int64  `db:"shown_at"`     // what lists are sorted by: PublishedAt, before that CreatedAt
	Pinned      bool   `db:"pinned"`
	Publisher   string `db:"publisher"` // account that released it; set while it waits for its hour
	Returned    string `db:"returned"`  // why it was returned last; staff and author see it
	Likes       int64  `db:"likes"`
	Dislikes    int64  `db:"dislikes"`
	Comments    int64  `db:"comments"` // shown ones

	// TwoPersons is the setting of the post's place: its author never publishes it.
	TwoPersons bool `db:"-"`
}

// levelOf is the channel of the level at which a place stands.
func levelOf(place string) string {
	switch {
	case len(place) >= access.Community:
		return OfCommunity
	case len(place) >= access.Street:
		return OfStreet
	}
	return OfDistrict
}

// above is the place one level up, "" above the district.
func above(place string) string {
	switch {
	case len(place) > access.Street:
		return access.Up(place, access.Street)
	case len(place) > access.District:
		return access.Up(place, access.District)
	}
	return ""
}

// released reports whether the post only waits for its hour.
func (p *Post) released() bool { return p.State == Submitted && p.Publisher != "" }

// editor reports whether the actor may work on the post: its author and the staff of its place.
func (p *Post) editor(a actor.Actor) bool {
	return a.Known() && (a.ID == p.Author || a.StaffReaching(p.Place))
}

// Sees is the one rule of who may know of a post; store.go says the same in SQL.
func Sees(a actor.Actor, p *Post) bool { return p.State == Published || p.editor(a) }
