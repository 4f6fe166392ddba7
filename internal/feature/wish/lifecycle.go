package wish

import (
	"linli/internal/core/event"
	"linli/internal/core/flow"
)

type (
	move  = flow.Move[*Wish]
	guard = flow.Guard[*Wish]
)

// Life is everything that can happen to a wish. Change the rules here and
// nowhere else; who the actors are and what the conditions mean stands in rules.go.
var Life = &flow.Table[*Wish]{
	Name:  "wish",
	Start: Review,
	Ends:  []flow.State{Fulfilled, Lapsed, Withdrawn, Expired, Converted},
	Moves: []move{
		// Review 审核
		{Do: "approve", From: flow.In(Review), To: Open, By: reviewer, Takes: approveFields, Effect: approve, Tells: opened, Primary: true},
		{Do: "approve", From: flow.In(Disputed), To: Open, By: reviewer, Takes: approveFields, Effect: reopen, Tells: reopened},
		{Do: "return", From: flow.In(Review), To: Returned, By: reviewer, Takes: []flow.Field{flow.Reason()}, Effect: reviewed, Tells: authorActs},
		{Do: "resubmit", From: flow.In(Returned), To: Review, By: owner, Takes: resubmitFields, Effect: resubmit, Tells: reviewersAct, Primary: true},
		{Do: "raise", From: flow.In(Review), By: byTime, Effect: nextReviewer, Tells: reviewersAct},

		// Who is asked 扩大认领范围
		{Do: "raise", From: flow.In(Open), By: byTime, Effect: widenCircle, Tells: askedCircle},
		{Do: "offer", From: flow.In(Open), By: communityStaff, Takes: offerFields, Effect: offer, Tells: offered},

		// Claims 认领
		{Do: "claim", From: flow.In(Open, Claimed), By: helper, If: []guard{somethingLeft}, Takes: claimFields, Effect: claim, Then: full(Claimed), Tells: ownerAndLead, Primary: true},
		{Do: "release", From: flow.In(Open, Claimed), By: claimant.Or(communityStaff), If: []guard{heldPart}, Takes: claimRef, Effect: release, Then: some(Open), Tells: everyone},
		{Do: "amend", From: flow.In(Open, Claimed), By: owner.Or(communityStaff), If: []guard{hasQuantity}, Takes: amendFields, Effect: amend, Then: some(Open, allDelivered(Delivered, full(Claimed)...)...), Tells: everyone},
		{Do: "enough", From: flow.In(Open), By: owner.Or(communityStaff).Or(leader), If: []guard{hasQuantity, somethingTaken}, Effect: enough, To: Claimed, Then: allDelivered(Delivered), Tells: everyone},
		{Do: "lapse", From: flow.In(Open), By: byTime, Effect: lapseClaims, Tells: everyone},
		{Do: "lapse", From: flow.In(Claimed), By: byTime, Effect: lapseClaims, Then: some(Open), Tells: everyone},
		{Do: "expire", From: flow.In(Open), By: byTime, Effect: closeRest, To: Expired, Then: anyDelivered(Delivered), Tells: everyone},
		{Do: "expire", From: flow.In(Returned), To: Withdrawn, By: byTime, Tells: author}, // never published, so not shown as expired

		// Delivery 送达
		{Do: "deliver", From: flow.In(Open, Claimed), By: claimant, If: []guard{ownPart}, Takes: deliverFields, Effect: deliver, Then: allDelivered(Delivered, some(Open)...), Tells: ownerActs, Primary: true},
		{Do: "deliver", From: flow.In(Disputed), To: Delivered, By: claimer, Takes: deliverFields, Effect: redeliver, Tells: ownerActs},

		// The resident's word 确认与评价
		{Do: "confirm", From: flow.In(Delivered, Lapsed, Disputed), To: Fulfilled, By: confirmer, Takes: confirmFields, Effect: confirm, Then: notSolved(Disputed), Tells: everyone, Primary: true},
		{Do: "dispute", From: flow.In(Fulfilled, Lapsed, Disputed), To: Disputed, By: owner, If: []guard{notYetDisputed}, Takes: []flow.Field{flow.Reason()}, Effect: dispute, Tells: reviewersAct},
		{Do: "lapse", From: flow.In(Delivered), To: Lapsed, By: byTime, Tells: everyone},

		// Leaving 结束
		{Do: "withdraw", From: flow.In(Review, Returned, Open, Claimed, Disputed), To: Withdrawn, By: owner, Takes: []flow.Field{flow.Note()}, Effect: letGo, Tells: everyone},
		{Do: "convert", From: flow.In(Review, Open, Disputed), To: Converted, By: communityStaff, Takes: convertFields, Effect: convert, Tells: everyone},

		// Words in between
		{Do: "urge", From: flow.In(Review, Open, Claimed, Disputed), By: owner, If: []guard{notUrgedToday}, Effect: urge, Tells: urged},
		{Do: "add", From: flow.In(Review, Returned, Open, Claimed, Delivered, Disputed), By: owner.Or(claimer).Or(communityStaff), Takes: addFields, Tells: everyone},
	},
	Deadlines: []flow.Deadline[*Wish]{
		{In: flow.In(Review), After: "wish.review_span", From: reviewAskedAt, Do: "raise"},
		{In: flow.In(Open), At: risesAt, Do: "raise"},
		{In: flow.In(Open, Claimed), At: firstLease, Do: "lapse"},
		{In: flow.In(Open), At: expiresAt, Do: "expire"},
		{In: flow.In(Returned), After: "wish.mend_span", Do: "expire"},
		{In: flow.In(Delivered), After: "wish.confirm_span", Do: "lapse"},
	},
	Audience: func(w *Wish) string {
		if w.open() {
			return event.Public
		}
		return event.Private
	},
}
