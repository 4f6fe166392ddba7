package app

import (
	"strings"

	"linli/internal/app/transfer"
	"linli/internal/app/workbench"
	"linli/internal/feature/activity"
	"linli/internal/feature/ask"
	"linli/internal/feature/award"
	"linli/internal/feature/ballot"
	"linli/internal/feature/channel"
	"linli/internal/feature/counter"
	"linli/internal/feature/feed"
	"linli/internal/feature/file"
	"linli/internal/feature/group"
	"linli/internal/feature/handover"
	"linli/internal/feature/ledger"
	"linli/internal/feature/member"
	"linli/internal/feature/notify"
	"linli/internal/feature/place"
	"linli/internal/feature/points"
	"linli/internal/feature/post"
	"linli/internal/feature/project"
	"linli/internal/feature/search"
	"linli/internal/feature/signin"
	"linli/internal/feature/stats"
	"linli/internal/feature/volunteer"
	"linli/internal/feature/vote"
	"linli/internal/feature/webhook"
	"linli/internal/feature/wish"
	"linli/internal/platform/markdown"
	"linli/internal/platform/part"
	"linli/internal/ui"
)

// Features is what the platform does: one line a feature, tier by tier.
type Features struct {
	// Where and who.
	Place  *place.Service
	Group  *group.Service
	Member *member.Service
	File   *file.Service

	// Machines that others work with.
	SignIn    *signin.Service
	Counter   *counter.Service
	Ballot    *ballot.Service
	Channel   *channel.Service
	Volunteer *volunteer.Service
	Handover  *handover.Service

	// What people do.
	Wish     *wish.Service
	Ask      *ask.Service
	Post     *post.Service
	Project  *project.Service
	Vote     *vote.Service
	Activity *activity.Service
	Award    *award.Service

	// Who listens.
	Points   *points.Service
	Notify   *notify.Service
	Search   *search.Service
	Stats    *stats.Service
	Ledger   *ledger.Service
	Feed     *feed.Service
	Calendar *feed.Calendar
	Webhook  *webhook.Service

	// Desks over all kinds.
	Workbench *workbench.Service
	Transfer  *transfer.Service
}

// build makes the features, each on those of the tiers before it, joins them,
// and collects their parts.
func (h *House) build() {
	j := h.Journal
	h.Place = place.New(j)
	h.Group = group.New(j)
	h.Member = member.New(j, h.Group, h.Place, h.Session)
	h.File = file.New(j, h.Blobs)
	j.Actors, j.Spans = h.Member, h.Place

	h.SignIn = signin.New(j, h.Member, h.Place, h.Session)
	h.Counter = counter.New(j, h.Member, h.Place)
	h.Ballot = ballot.New(j, h.Member, h.Place)
	h.Channel = channel.New(j, h.Place, h.File)
	h.Volunteer = volunteer.New(j, h.Member, h.Group, h.Place)
	h.Handover = handover.New(j, h.Member, h.Place, h.Group)

	h.Wish = wish.New(j, h.Member, h.Group, h.Place, h.File)
	h.Ask = ask.New(h.Wish)
	h.Post = post.New(j, h.Member, h.Group, h.Place, h.File, h.Channel)
	h.Project = project.New(j, h.Member, h.Group, h.Place, h.File, h.Ballot)
	h.Vote = vote.New(h.Ballot)
	h.Activity = activity.New(j, h.Member, h.Group, h.Place, h.Volunteer)
	h.Award = award.New(j, h.Member, h.Group, h.Place, h.Volunteer)

	h.Points = points.New(j, h.Member, h.Place)
	h.Notify = notify.New(j, h.Member, h.Group, h.Place)
	h.Search = search.New(j, h.Place)
	h.Stats = stats.New(j, h.Place)
	h.Ledger = ledger.New(j, h.Config.Secret, h.Config.BaseURL)
	h.Feed = feed.New(h.Post, h.Place, markdown.Render)
	h.Calendar = feed.NewCalendar(j, h.Member, h.Place, h.Activity)
	h.Webhook = webhook.New(j, h.Member, h.Place, h.Config.Outbound())

	h.Workbench = &workbench.Service{Journal: j, Places: h.Place, Wishes: h.Wish, Projects: h.Project, Polls: h.Ballot, Activities: h.Activity, Awards: h.Award}
	h.Transfer = &transfer.Service{
		Journal: j, Places: h.Place, Groups: h.Group, Members: h.Member, Wishes: h.Wish, Activities: h.Activity, Posts: h.Post,
		Projects: h.Project, Polls: h.Ballot, Awards: h.Award,
	}

	h.join()
	h.atDesk()
	h.parts = []part.Part{
		h.Place.Part(), h.Group.Part(), h.Member.Part(), h.SignIn.Part(), h.Counter.Part(), h.Handover.Part(), h.File.Part(), h.Stats.Part(), h.Transfer.Part(),
		{Name: "workbench", Routes: h.Workbench.Routes()},
		h.Wish.Part(), h.Ask.Part(), h.Ballot.Part(), h.Vote.Part(), h.Project.Part(), h.Search.Part(),
		h.Volunteer.Part(), h.Activity.Part(), h.Points.Part(), h.Award.Part(),
		h.Channel.Part(), h.Post.Part(), h.Feed.Part(), h.Calendar.Part(),
		h.Notify.Part(), h.Webhook.Part(), h.Ledger.Part(),
	}
}

// join gives features what they need of others that they may not import: each
// declares a small interface, and here is who stands behind it.
func (h *House) join() {
	for _, page := range []*ui.Shell{
		&h.Place.Page, &h.Group.Page, &h.Member.Page, &h.SignIn.Page, &h.Counter.Page, &h.Channel.Page, &h.Volunteer.Page, &h.Handover.Page,
		&h.Wish.Page, &h.Ask.Page, &h.Post.Page, &h.Project.Page, &h.Vote.Page, &h.Activity.Page, &h.Award.Page, &h.Points.Page, &h.Notify.Page,
		&h.Search.Page, &h.Stats.Page, &h.Ledger.Page, &h.Calendar.Page, &h.Webhook.Page, &h.Workbench.Page, &h.Transfer.Page,
	} {
		*page = h.page
	}
	h.Web.Identity, h.Web.Files, h.Web.Drafts = h.Member, h.File, h.Member
	base := strings.TrimSuffix(h.Config.BaseURL, "/")

	h.Group.Posts, h.Group.Files, h.Group.Names = posts{h.Member}, h.File, h.Place
	h.SignIn.Secret, h.SignIn.Base, h.SignIn.Allow, h.SignIn.Demo = h.Config.Secret, h.Config.BaseURL, h.Web.Allow, h.Demo
	h.SignIn.Providers, h.SignIn.Codes, h.SignIn.Tied = h.Config.Providers, h.Config.Codes, h.tied
	h.Handover.Matters, h.Handover.Names = h.begun, h.Notify

	h.Volunteer.Wishes = wishesForVolunteers{h.Wish}
	h.Project.Wishes = h.Wish
	h.Points.Wishes, h.Points.Activities = wishesForPoints{h.Wish}, h.Activity
	h.Award.Wishes = h.Points
	h.Activity.Secret = h.Config.Secret
	h.Calendar.Secret = h.Config.Secret
	h.Feed.Default = h.Default
	h.Wish.Converters["project"] = projectFromWish{h.Project}
	h.Wish.Converters["activity"] = activityFromWish{h.Activity}

	h.Wish.Finder, h.Post.Finder, h.Project.Finder, h.Activity.Finder = h.Search, h.Search, h.Search, h.Search
	h.Search.Register("wish", "wishes", h.Wish)
	h.Search.Register("post", "posts", h.Post)
	h.Search.Register("project", "projects", h.Project)
	h.Search.Register("poll", "polls", pollsFound{h.Ballot})
	h.Search.Register("activity", "activities", h.Activity)
	h.Search.Register("award", "awards", awardsFound{h.Award})

	h.File.View("group", h.Group)
	h.File.View("wish", h.Wish)
	h.File.View("post", h.Post)
	h.File.View("channel", h.Channel)
	h.File.View("project", h.Project)

	h.Member.Erasers = append(h.Member.Erasers, h.Wish.Erase, h.Notify.Erase)
	h.Member.Exports["inbox"] = h.Notify.Export
	h.Webhook.Base, h.Webhook.Secret = base, h.Config.Secret
	h.Webhook.Kinds = []string{"activity", "award", "poll", "post", "project", "wish"}
	h.Notify.Base = base
	h.joinNotify()
}
