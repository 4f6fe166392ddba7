package activity

import (
	"linli/internal/core/event"
	"linli/internal/core/flow"
)

type (
	move  = flow.Move[*Activity]
	guard = flow.Guard[*Activity]
)

// Life is everything that can happen to an activity. Change the rules here and
// nowhere else; who the actors are and what the conditions mean stands in rules.go.
var Life = &flow.Table[*Activity]{
	Name:  "activity",
	Start: Draft,
	Ends:  []flow.State{Closed, Cancelled},
	Moves: []move{
		// Before 筹备
		{Do: "publish", From: flow.In(Draft), To: Published, By: publisher, If: []guard{notOver}, Effect: publish, Tells: called, Primary: true},
		{Do: "amend", From: flow.In(Draft, Published, Running), By: organiser, Takes: amendFields, Effect: amend},
		{Do: "cancel", From: flow.In(Draft, Published, Running), To: Cancelled, By: organiser, Takes: cancelFields, Effect: cancel},

		// Signing up 报名
		{Do: "sign_up", From: flow.In(Published, Running), By: person, If: []guard{notOver, notYetIn}, Takes: signUpFields, Effect: signUp, Tells: signed, Primary: true},
		{Do: "withdraw", From: flow.In(Published, Running), By: participant, If: []guard{beforeCutoff}, Takes: forFields, Effect: withdraw, Tells: promoted},
		{Do: "promote", From: flow.In(Published, Running), By: offeredOne, Takes: forFields, Effect: acceptOffer, Tells: promoted, Primary: true},
		{Do: "promote", From: flow.In(Published, Running), By: organiser, If: []guard{somebodyWaits}, Effect: promoteNext, Tells: promoted},
		{Do: "enter", From: flow.In(Published, Running), By: organiser, If: []guard{notOver}, Takes: enterFields, Effect: enter, Tells: promoted},
		{Do: "remove", From: flow.In(Published, Running), By: organiser, Takes: removeFields, Effect: remove, Tells: removed},
		{Do: "lapse", From: flow.In(Published, Running), By: byTime, Effect: lapseOffers, Tells: promoted},

		// The day 当天
		{Do: "call_up", From: flow.In(Published), By: byTime, Effect: callUp},
		{Do: "begin", From: flow.In(Published), To: Running, By: byTime},
		{Do: "check_in", From: flow.In(Published, Running), By: comer, If: []guard{doorsOpen, notCheckedIn}, Takes: checkInFields, Effect: checkIn, Primary: true},
		{Do: "mark", From: flow.In(Published, Running, Finished), By: organiser, If: []guard{doorsOpen}, Takes: markFields, Effect: mark},
		{Do: "check_out", From: flow.In(Published, Running, Finished), By: participant, If: []guard{checkedIn}, Takes: forFields, Effect: checkOut, Primary: true},
		{Do: "finish", From: flow.In(Published, Running), To: Finished, By: organiser, If: []guard{doorsOpen}, Effect: finish, Then: nobodyCame(Closed)},
		{Do: "finish", From: flow.In(Running), To: Finished, By: byTime, Effect: finish, Then: nobodyCame(Closed)},

		// Hours 时长
		{Do: "confirm_hours", From: flow.In(Finished), By: organiser, Takes: hoursFields, Effect: confirmHours, Then: allConfirmed(Closed), Tells: served, Primary: true},
		{Do: "confirm_hours", From: flow.In(Closed), By: organiser, If: []guard{somebodyCame}, Takes: correctFields, Effect: correctHours, Tells: served},
		{Do: "remind", From: flow.In(Finished), By: byTime, Effect: remind, Tells: reminded},
	},
	Deadlines: []flow.Deadline[*Activity]{
		{In: flow.In(Published, Running), At: firstOffer, Do: "lapse"},
		{In: flow.In(Published), At: dayBefore, Do: "call_up"},
		{In: flow.In(Published), At: begins, Do: "begin"},
		{In: flow.In(Running), At: finishes, Do: "finish"},
		{In: flow.In(Finished), At: reminds, Do: "remind"},
	},
	Audience: func(m *Activity) string {
		if m.State == Draft {
			return event.Private
		}
		return event.Public
	},
}
