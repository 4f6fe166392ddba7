package post

import (
	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/flow"
	"linli/internal/platform/part"
)

// Settings are the rules a community may set otherwise.
var Settings = []part.Setting{
	{Key: "post.two_persons", Default: "false", Kind: "bool"}, // who writes a post does not publish it
	{Key: "post.comments", Default: "true", Kind: "bool"},     // readers may comment
	// What must be disclosed and how often: a line each, "column heading span".
	// After 党务公开条例（试行） 2017, 政府信息公开条例 2019 and the customs of 居务公开.
	{Key: "post.disclosure", Kind: "text", Default: `party_affairs 组织设置与分工 365d
party_affairs 年度工作计划与总结 365d
party_affairs 党员发展 180d
party_affairs 党费收缴与使用 180d
government_affairs 惠民政策 90d
government_affairs 社会救助与补贴 90d
government_affairs 民生项目进展 90d
government_affairs 办事指南 365d
residents_affairs 财务收支 90d
residents_affairs 居民会议决议落实 180d
residents_affairs 公益金使用 180d
residents_affairs 物业与公共收益 180d
residents_affairs 工作计划与总结 365d`},
}

// Who acts.
var (
	byTime = flow.Time[*Post]()

	editor = flow.By("editor", func(a actor.Actor, p *Post) access.Decision { return access.When(p.editor(a)) })

	staff = flow.By("staff", func(a actor.Actor, p *Post) access.Decision { return access.When(a.StaffReaching(p.Place)) })

	// publisher is staff; where two persons are wanted never the author.
	publisher = flow.By("publisher", func(a actor.Actor, p *Post) access.Decision {
		if !a.StaffReaching(p.Place) {
			return access.Hidden
		}
		if p.TwoPersons && a.ID == p.Author {
			return access.No("post.reason.second_person")
		}
		return access.Yes
	})

	// pinner is staff of as far as the post reaches: a lifted post is pinned by who lifted it.
	pinner = flow.By("staff of its reach", func(a actor.Actor, p *Post) access.Decision { return access.When(a.StaffReaching(p.Reach)) })

	// staffAbove is staff of the level above the one the post reaches now, or higher.
	staffAbove = flow.By("staff above", func(a actor.Actor, p *Post) access.Decision {
		up := above(p.Reach)
		return access.When(up != "" && a.StaffReaching(up))
	})
)

// Conditions.
var (
	notPinned   = guard{Reason: "post.reason.pinned", OK: func(p *Post, _ actor.Actor, _ int64) bool { return !p.Pinned }}
	pinnedNow   = guard{Reason: "post.reason.not_pinned", OK: func(p *Post, _ actor.Actor, _ int64) bool { return p.Pinned }}
	notAtTop    = guard{Reason: "post.reason.top", OK: func(p *Post, _ actor.Actor, _ int64) bool { return above(p.Reach) != "" }}
	notAskedYet = guard{Reason: "post.reason.lift_asked", OK: func(p *Post, _ actor.Actor, _ int64) bool { return p.LiftTo == "" }}
)

// later keeps a post whose hour has not come.
var later = []flow.Branch[*Post]{{Name: "at its hour", When: func(p *Post) bool { return p.PublishedAt == 0 }, To: Submitted}}

// itsHour is when a released post goes out by itself.
func itsHour(p *Post, _ flow.Spans) int64 {
	if !p.released() {
		return 0
	}
	return p.PublishAt
}

// Who is told.

func author(p *Post, c *flow.Change) []event.Tell {
	if c.Actor.ID == p.Author {
		return nil
	}
	return []event.Tell{event.ToAccount(p.Author, "author")}
}

// readers are the author and, once the post is out, who follows a channel that
// it reaches.
func readers(p *Post, c *flow.Change) []event.Tell {
	tells := author(p, c)
	if p.PublishedAt != 0 {
		tells = append(tells, event.ToFollowers(p.Reach))
	}
	return tells
}

func authorActs(p *Post, _ *flow.Change) []event.Tell {
	return []event.Tell{event.Asks(event.ToAccount(p.Author, "author"))}
}

func staffActs(p *Post, _ *flow.Change) []event.Tell {
	return []event.Tell{event.Asks(event.ToRole(actor.Staff, p.Scope(), "staff"))}
}

func aboveActs(p *Post, _ *flow.Change) []event.Tell {
	return []event.Tell{event.Asks(event.ToRole(actor.Staff, p.LiftTo, "staff"))}
}
