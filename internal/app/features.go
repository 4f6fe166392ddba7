package app

import (
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
	"linli/internal/platform/part"
)

// Features is what the platform does: one line a feature.
type Features struct {
	Place  *place.Service
	Group  *group.Service
	Member *member.Service
	SignIn *signin.Service

	Counter  *counter.Service
	Handover *handover.Service
	File     *file.Service
	Wish     *wish.Service
	Search   *search.Service
	Stats    *stats.Service

	Transfer  *transfer.Service
	Workbench *workbench.Service
	Ask       *ask.Service
	Ballot    *ballot.Service
	Vote      *vote.Service

	Project *project.Service

	Volunteer *volunteer.Service
	Activity  *activity.Service
	Points    *points.Service
	Award     *award.Service

	Ledger *ledger.Service

	Channel *channel.Service
	Post    *post.Service
	Feed    *feed.Service

	Calendar *feed.Calendar

	Notify  *notify.Service
	Webhook *webhook.Service
}

// build makes the features in the order of their tiers and wires what one
// needs of another through small interfaces.
func (h *House) build() {
	j := h.Journal
	h.Workbench = &workbench.Service{}
	h.Place = place.New(j)
	h.Group = group.New(j)
	h.Member = member.New(j, h.Group, h.Place, h.Session)
	j.Actors, j.Spans = h.Member, h.Place
	h.File = file.New(j, h.Blobs)
	h.wirePeople()
	h.Wish = wish.New(j, h.Member, h.Group, h.Place, h.File)
	h.Wish.Page = h.page
	h.File.View("wish", h.Wish)
	h.Search = search.New(j, h.Place)
	h.Search.Page = h.page
	h.Search.Register("wish", "wishes", h.Wish)
	h.Wish.Finder = h.Search
	h.Ask = ask.New(h.Wish)
	h.Ask.Page = h.page
	h.Ballot = ballot.New(j, h.Member, h.Place)
	h.Vote = vote.New(h.Ballot)
	h.Vote.Page = h.page
	h.Project = project.New(j, h.Member, h.Group, h.Place, h.File, h.Ballot)
	h.Project.Page, h.Project.Finder, h.Project.Wishes = h.page, h.Search, h.Wish
	h.File.View("project", h.Project)
	h.Search.Register("project", "projects", h.Project)
	h.Wish.Converters["project"] = projectFromWish{h.Project}
	h.Volunteer = volunteer.New(j, h.Member, h.Group, h.Place)
	h.Volunteer.Page, h.Volunteer.Wishes = h.page, wishesForVolunteers{h.Wish}
	h.Activity = activity.New(j, h.Member, h.Group, h.Place, h.Volunteer)
	h.Activity.Page, h.Activity.Secret, h.Activity.Finder = h.page, h.Config.Secret, h.Search
	h.Search.Register("activity", "activities", h.Activity)
	h.Search.Register("poll", "polls", pollsFound{h.Ballot})
	h.Wish.Converters["activity"] = activityFromWish{h.Activity}
	h.Points = points.New(j, h.Member, h.Place)
	h.Points.Page, h.Points.Wishes, h.Points.Activities = h.page, wishesForPoints{h.Wish}, h.Activity
	h.Award = award.New(j, h.Member, h.Group, h.Place, h.Volunteer)
	h.Search.Register("award", "awards", awardsFound{h.Award})
	h.Award.Page, h.Award.Wishes = h.page, h.Points
	h.wirePosts()
	h.wishesAtHome()
	h.todayAtHome()
	h.Workbench.Journal, h.Workbench.Page, h.Workbench.Places, h.Workbench.Wishes, h.Workbench.Projects = j, h.page, h.Place, h.Wish, h.Project
	h.Workbench.Polls, h.Workbench.Activities, h.Workbench.Awards = h.Ballot, h.Activity, h.Award
	h.Workbench.Matters()
	h.Member.Erasers = append(h.Member.Erasers, h.Wish.Erase)
	h.wireNotify()
	h.wireHandover()
	h.wireLedger()
	h.Stats = stats.New(j, h.Place)
	h.Stats.Page, h.Trust = h.page, h.Stats.Trust
	h.Transfer = &transfer.Service{Journal: j, Places: h.Place, Groups: h.Group, Members: h.Member, Wishes: h.Wish, Page: h.page,
		Activities: h.Activity, Posts: h.Post, Projects: h.Project, Polls: h.Ballot, Awards: h.Award}
	h.Web.Identity, h.Web.Files, h.Web.Drafts = h.Member, h.File, h.Member
	h.parts = []part.Part{
		h.Place.Part(), h.Group.Part(), h.Member.Part(), h.SignIn.Part(), h.Counter.Part(), h.Handover.Part(), h.File.Part(), h.Stats.Part(), h.Transfer.Part(),
		{Name: "workbench", Routes: h.Workbench.Routes()},
		h.Wish.Part(), h.Ask.Part(), h.Ballot.Part(), h.Vote.Part(), h.Project.Part(), h.Search.Part(),
		h.Volunteer.Part(), h.Activity.Part(), h.Points.Part(), h.Award.Part(),
		h.Channel.Part(), h.Post.Part(), h.Feed.Part(), h.Calendar.Part(),
		h.Notify.Part(), h.Webhook.Part(), h.Ledger.Part(),
	}
}
