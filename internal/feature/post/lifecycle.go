package post

import (
	"linli/internal/core/event"
	"linli/internal/core/flow"
)

type (
	move  = flow.Move[*Post]
	guard = flow.Guard[*Post]
)

// Life is everything that can happen to a post. Change the rules here and
// nowhere else; who the actors are and what the conditions mean stands in rules.go.
var Life = &flow.Table[*Post]{
	Name:  "post",
	Start: Draft,
	Ends:  []flow.State{Published, Retracted},
	Moves: []move{
		// Writing 编辑
		{Do: "edit", From: flow.In(Draft, Submitted, Retracted), To: Draft, By: editor, Takes: editFields, Effect: edit},
		{Do: "submit", From: flow.In(Draft), To: Submitted, By: editor, Takes: []flow.Field{flow.Note()}, Effect: submit, Tells: staffActs},

		// Publishing 发布
		{Do: "publish", From: flow.In(Draft, Submitted), To: Published, By: publisher, Takes: publishFields, Effect: publish, Then: later, Tells: readers, Primary: true},
		{Do: "publish", From: flow.In(Submitted), To: Published, By: byTime, Effect: goOut, Tells: readers},
		{Do: "return", From: flow.In(Submitted), To: Draft, By: staff, Takes: []flow.Field{reasonField, flow.Note()}, Effect: sendBack, Tells: authorActs},

		// While it is public
		{Do: "pin", From: flow.In(Published), By: pinner, If: []guard{notPinned}, Effect: pin(true)},
		{Do: "unpin", From: flow.In(Published), By: pinner, If: []guard{pinnedNow}, Effect: pin(false)},
		{Do: "lift", From: flow.In(Published), By: staffAbove, If: []guard{notAtTop}, Takes: []flow.Field{flow.Note()}, Effect: lift, Tells: readers},
		{Do: "lift", From: flow.In(Published), By: staff, If: []guard{notAtTop, notAskedYet}, Takes: []flow.Field{flow.Note()}, Effect: askToLift, Tells: aboveActs},
		{Do: "retract", From: flow.In(Published), To: Retracted, By: staff, Takes: []flow.Field{reasonField, flow.Note()}, Effect: retract, Tells: author},
	},
	Deadlines: []flow.Deadline[*Post]{
		{In: flow.In(Submitted), At: itsHour, Do: "publish"},
	},
	Audience: func(p *Post) string {
		if p.State == Published || p.State == Retracted {
			return event.Public
		}
		return event.Staff
	},
}
