// Package project is 微实事: livelihood projects that residents propose,
// deliberate on in an online council (网上议事会), rank by a poll, see built
// and accept. Read lifecycle.go first: it is everything that can happen to a
// project, from the first proposal to the rating three months after.
//
// Nothing is refused in silence: a proposal comes back with a reason, is merged
// or sent to where it belongs; one that is behind in votes goes to a panel of
// experts (专家评审, 集中会诊), whose opinions and the street's decision are
// published and told to everybody who supported it.
package project

import (
	"slices"
	"strings"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
)

// States of a project.
const (
	Proposed   flow.State = "proposed"   // 待受理
	Returned   flow.State = "returned"   // 退回补充
	Merged     flow.State = "merged"     // 已合并
	Referred   flow.State = "referred"   // 已转其他渠道
	Study      flow.State = "study"      // 党组织研究
	Screened   flow.State = "screened"   // 已受理
	Council    flow.State = "council"    // 网上议事
	Summarised flow.State = "summarised" // 议事已汇总
	Polling    flow.State = "polling"    // 投票中
	Notice     flow.State = "notice"     // 结果公示
	Panel      flow.State = "panel"      // 专家评审（集中会诊）
	Deferred   flow.State = "deferred"   // 暂缓（说明条件）
	Selected   flow.State = "selected"   // 已立项
	Building   flow.State = "building"   // 实施中
	Acceptance flow.State = "acceptance" // 验收中
	Accepted   flow.State = "accepted"   // 已验收
	Done       flow.State = "done"       // 已评价
)

// Whose it is 权属.
const (
	PublicOwned = "public"  // 公共
	OwnersOwned = "owners"  // 业主共有: decided by the owners, not here
	UnitOwned   = "unit"    // 单位
	Unclear     = "unclear" // 待查明
)

// Verdicts of experts and of the street.
const (
	Build  = "build"  // 建议实施
	Adjust = "adjust" // 调整后实施
	Refer  = "refer"  // 转其他渠道
	Defer  = "defer"  // 暂缓（说明条件）
)

// Project is one project with all that was said to it. Times are UTC ms, 0 for
// none; money is 分.
type Project struct {
	flow.Head
	Title       string `db:"title"`
	Body        string `db:"body"`
	Cost        int64  `db:"cost"`
	Ownership   string `db:"ownership"`
	Fund        string `db:"fund"`    // 资金来源
	Upkeep      string `db:"upkeep"`  // who looks after it later
	Consent     string `db:"consent"` // the owner's, how and when, where a unit owns it
	Serves      string `db:"serves"`  // whom it is for
	Wish        string `db:"wish"`    // where it came from
	Request     string `db:"request"` //
	Shown       bool   `db:"shown"`   // public: from a resident known by address, or screened
	Studied     bool   `db:"studied"` // the party organisation studies it before the council
	ReferTo     string `db:"refer_to"`
	MergedInto  string `db:"merged_into"`
	Heard       string `db:"heard"` // 听到了什么
	Doing       string `db:"doing"` // 怎么办
	Poll        string `db:"poll"`
	Votes       int64  `db:"votes"`
	Voters      int64  `db:"voters"`
	Roll        int64  `db:"roll"`
	Chosen      bool   `db:"chosen"`  // selected by the poll's rule
	Line        int    `db:"line"`    // percent of voters that is enough support, stated when the poll is made
	Experts     string `db:"experts"` // accounts convened, separated by spaces; "" for all of the place
	ConvenedAt  int64  `db:"convened_at"`
	Reminded    int    `db:"reminded"` // how often the present state was called late
	Verdict     string `db:"verdict"`
	VerdictText string `db:"verdict_text"`
	Alone       bool   `db:"alone"` // fewer than three kinds of experts spoke; the street decided by itself
	Due         int64  `db:"due"`   // by when it is built
	Budget      int64  `db:"budget"`
	Contractor  string `db:"contractor"`
	Warranty    string `db:"warranty"`
	Seed        string `db:"seed"`      // of the draw of residents who accept
	Oversight   string `db:"oversight"` // supervision committee that accepts too, "" where there is none
	AcceptedAt  int64  `db:"accepted_at"`
	Asked       bool   `db:"asked"` // for ratings

	Voices     []*Voice     `db:"-"`
	Milestones []*Milestone `db:"-"`
	Spending   []*Spending  `db:"-"`
	Backers    []string     `db:"-"` // authors of proposals merged into this one
}

// Voice is what one person said to a project.
type Voice struct {
	ID       string `db:"id"`
	Project  string `db:"project"`
	Kind     string `db:"kind"`
	Account  string `db:"account"`
	Body     string `db:"body"`
	Verdict  string `db:"verdict"`  // of an opinion; "yes" or "no" of who accepts; satisfaction of a rating
	Interest string `db:"interest"` // declared by an expert; "" declares none
	Post     string `db:"post"`     // kind of expert
	Answer   string `db:"answer"`   // to a suggestion or objection: adopted, partly, not
	Reason   string `db:"reason"`
	At       int64  `db:"at"`
}

// Kinds of voices.
const (
	For       = "for"
	Worry     = "worry"
	Suggest   = "suggest"
	Object    = "object"
	Opinion   = "opinion"
	Juror     = "juror"     // drawn to accept
	Overseer  = "oversight" // of the supervision committee 居务监督委员会
	RatingFor = "rating"
)

// Milestone is one step of building.
type Milestone struct {
	Project string `db:"project"`
	N       int    `db:"n"` // from 1
	Title   string `db:"title"`
	DoneAt  int64  `db:"done_at"`
	Note    string `db:"note"`
}

// Spending is one payment; it counts once another of the staff has countersigned.
type Spending struct {
	ID      string `db:"id"`
	Project string `db:"project"`
	Amount  int64  `db:"amount"`
	What    string `db:"what"`
	Keyed   string `db:"keyed"`
	Signed  string `db:"signed"`
	At      int64  `db:"at"`
}

// of returns the voices of some kinds, oldest first.
func (p *Project) of(kinds ...string) []*Voice {
	var out []*Voice
	for _, v := range p.Voices {
		if slices.Contains(kinds, v.Kind) {
			out = append(out, v)
		}
	}
	return out
}

// by returns the voice of one kind that an account raised, nil for none.
func (p *Project) by(account, kind string) *Voice {
	for _, v := range p.of(kind) {
		if v.Account == account {
			return v
		}
	}
	return nil
}

// voice returns a voice by its id.
func (p *Project) voice(id string) *Voice {
	i := slices.IndexFunc(p.Voices, func(v *Voice) bool { return v.ID == id })
	if i < 0 {
		return nil
	}
	return p.Voices[i]
}

// open lists what waits for an answer: suggestions in the council, objections to the result.
func (p *Project) unanswered(kind string) int {
	n := 0
	for _, v := range p.of(kind) {
		if v.Answer == "" {
			n++
		}
	}
	return n
}

// Enough reports whether the poll gave the project enough support for the fast track.
func (p *Project) Enough() bool { return p.Chosen && p.Votes*100 >= int64(p.Line)*p.Voters }

// convened lists the experts called by name.
func (p *Project) convened() []string { return strings.Fields(p.Experts) }

// kinds counts the different kinds of experts who gave an opinion.
func (p *Project) kinds() int {
	seen := map[string]bool{}
	for _, v := range p.of(Opinion) {
		seen[v.Post] = true
	}
	return len(seen)
}

// Spent is what has been paid and countersigned; Pending waits for a second person.
func (p *Project) Spent() (spent, pending int64) {
	for _, s := range p.Spending {
		if s.Signed != "" {
			spent += s.Amount
		} else {
			pending += s.Amount
		}
	}
	return spent, pending
}

// next is the first milestone not reached, nil when all are.
func (p *Project) next() *Milestone {
	for _, m := range p.Milestones {
		if m.DoneAt == 0 {
			return m
		}
	}
	return nil
}

// owner reports whether the actor proposed it, or acts for who did.
func (p *Project) owner(a actor.Actor) bool {
	return a.Known() && (a.ID == p.Author || a.Guards(p.Author))
}

// local reports whether the actor lives where the project is for.
func (p *Project) local(a actor.Actor) bool { return access.Covers(p.Scope(), a.Home) }

// Number is the receipt number to say on the phone.
func (p *Project) Number() string {
	return time.UnixMilli(p.CreatedAt).In(clock.China).Format("060102") + "-" + strings.ToUpper(p.ID[len(p.ID)-6:])
}
