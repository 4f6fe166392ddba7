package project

import (
	"linli/internal/core/event"
	"linli/internal/core/flow"
)

type (
	move  = flow.Move[*Project]
	guard = flow.Guard[*Project]
)

// Life is everything that can happen to a project. Change the rules here and
// nowhere else; who the actors are and what the conditions mean stands in rules.go.
var Life = &flow.Table[*Project]{
	Name:  "project",
	Start: Proposed,
	Ends:  []flow.State{Merged, Referred, Deferred, Done},
	Moves: []move{
		// Screening 受理
		{Do: "screen", From: flow.In(Proposed), By: screener, Takes: screenFields, Effect: screen, To: Screened,
			Then: branches{refused(Referred, hasWhere), refused(Returned, always), ok(Study, studied)}, Tells: supporters, Primary: true},
		{Do: "resubmit", From: flow.In(Returned), To: Proposed, By: owner.Or(staff), Takes: resubmitFields, Effect: resubmit, Tells: staffActs, Primary: true},
		{Do: "merge", From: flow.In(Proposed, Study, Screened, Council), To: Merged, By: staff, Takes: mergeFields, Effect: merge, Tells: supporters},
		{Do: "complete", From: flow.In(Proposed, Returned, Study, Screened, Council, Summarised), By: staff.Or(owner), Takes: completeFields, Effect: complete},
		{Do: "study", From: flow.In(Study), To: Screened, By: party, Takes: studyFields, Effect: studyIt, Then: branches{{Name: "not", When: notStudied, To: Returned}}, Tells: supportersAndStaff, Primary: true},

		// Online council 网上议事会
		{Do: "discuss", From: flow.In(Screened, Deferred), To: Council, By: staff, Takes: []flow.Field{flow.Note()}, Effect: anew, Tells: supporters, Primary: true},
		{Do: "position", From: flow.In(Council), By: resident, Takes: positionFields, Effect: position, Tells: authorOnly, Primary: true},
		{Do: "answer", From: flow.In(Council, Notice), By: staff, Takes: answerFields, Effect: answer, Tells: answered},
		{Do: "summarise", From: flow.In(Council), To: Summarised, By: staff, If: []guard{allAnswered}, Takes: summaryFields, Effect: summarise, Tells: supporters},

		// Poll and public notice 投票与公示
		{Do: "poll", From: flow.In(Summarised), To: Polling, By: staff, If: []guard{ownedByOwners, ownershipKnown, consentGiven, fundKnown, upkeepKnown, costKnown},
			Takes: pollFields, Effect: polled, Tells: supporters, Primary: true},
		{Do: "notice", From: flow.In(Polling), To: Notice, By: staff.Or(byTime), Effect: noticed, Tells: supporters},
		{Do: "object", From: flow.In(Notice), By: resident, Takes: []flow.Field{flow.Reason()}, Effect: object, Tells: staffActs},
		{Do: "select", From: flow.In(Notice), To: Selected, By: byTime, Effect: selected, Tells: supporters},
		{Do: "panel", From: flow.In(Notice), To: Panel, By: byTime, Effect: toPanel, Tells: supportersAndStreet},

		// Expert panel 专家评审（集中会诊）
		{Do: "panel", From: flow.In(Panel), By: street, If: []guard{notConvened}, Takes: panelFields, Effect: convene, Tells: experts, Primary: true},
		{Do: "opinion", From: flow.In(Panel), By: expert, Takes: opinionFields, Effect: opine, Primary: true},
		{Do: "decide", From: flow.In(Panel), By: street, If: []guard{heardEnough}, Takes: decideFields, Effect: decide, To: Selected,
			Then: branches{decided(Referred, Refer), decided(Deferred, Defer)}, Tells: supporters, Primary: true},
		{Do: "remind", From: flow.In(Panel, Building, Acceptance), By: byTime, Effect: remind, Tells: above},

		// Building 实施
		{Do: "plan", From: flow.In(Selected), To: Building, By: staff, Takes: planFields, Effect: plan, Tells: supporters, Primary: true},
		{Do: "milestone", From: flow.In(Building), By: staff, Takes: milestoneFields, Effect: milestone, Then: branches{{Name: "all reached", When: allReached, To: Acceptance}}, Tells: supportersAndJury, Primary: true},
		{Do: "delay", From: flow.In(Building), By: staff, Takes: delayFields, Effect: delay, Tells: supporters},
		{Do: "spend", From: flow.In(Building, Acceptance, Accepted), By: staff, Takes: spendFields, Effect: spend, Tells: staffActs},
		{Do: "countersign", From: flow.In(Building, Acceptance, Accepted), By: staff, If: []guard{spendingWaits}, Takes: countersignFields, Effect: countersign},

		// Acceptance and rating 验收与评价
		{Do: "accept", From: flow.In(Acceptance), By: juror, Takes: acceptFields, Effect: accept,
			Then: branches{{Name: "accepted", When: isAccepted, To: Accepted}, {Name: "to be mended", When: isRefused, To: Building}}, Tells: verdictTold, Primary: true},
		{Do: "ask", From: flow.In(Accepted), By: byTime, Effect: askForRatings, Tells: supporters},
		{Do: "rate", From: flow.In(Accepted), By: resident, If: []guard{ratingOpen}, Takes: rateFields, Effect: rate, Primary: true},
		{Do: "finish", From: flow.In(Accepted), To: Done, By: byTime, Tells: supporters},
	},
	Deadlines: []flow.Deadline[*Project]{
		{In: flow.In(Notice), At: selectAt, Do: "select"},
		{In: flow.In(Notice), At: panelAt, Do: "panel"},
		{In: flow.In(Panel), At: panelLate, Do: "remind"},
		{In: flow.In(Building), At: buildingLate, Do: "remind"},
		{In: flow.In(Acceptance), At: acceptanceLate, Do: "remind"},
		{In: flow.In(Accepted), At: askAt, Do: "ask"},
		{In: flow.In(Accepted), At: finishAt, Do: "finish"},
	},
	Audience: func(p *Project) string {
		if p.Shown {
			return event.Public
		}
		return event.Private
	},
}
