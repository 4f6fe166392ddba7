package post

import "linli/internal/core/flow"

// Bounds of what is written, in characters.
const (
	titleMost = 80
	bodyMost  = 5000
)

// The fields of a create and of the moves.
var (
	titleField   = flow.Field{Name: "title", Kind: flow.Text, Max: titleMost, Required: true}
	bodyField    = flow.Field{Name: "body", Kind: flow.Long, Max: bodyMost, Required: true}
	topicField   = flow.Field{Name: "topic", Kind: flow.Enum, Values: Topics}
	hourField    = flow.Field{Name: "publish_at", Kind: flow.Moment}
	headingField = flow.Field{Name: "heading", Kind: flow.Text, Max: 40}
	filesField   = flow.Field{Name: "attachments", Kind: flow.Files, Max: 9}
	reasonField  = flow.Field{Name: "reason", Kind: flow.Long, Max: 2000}

	createFields = []flow.Field{
		titleField, bodyField,
		{Name: "channel", Kind: flow.Enum, Required: true, Values: Channels},
		{Name: "place", Kind: flow.Text, Required: true, Max: 20},
		topicField, headingField, hourField,
		{Name: "pinned", Kind: flow.Bool},
		filesField,
	}
	// An edit changes what is given. Words of a post are the post's own, not the event's.
	editFields = []flow.Field{
		silent(optional(titleField)), silent(optional(bodyField)), topicField, silent(headingField), hourField,
		{Name: "pinned", Kind: flow.Bool}, filesField, flow.Note(),
	}
	// override_reason takes a post past the gate; see gate.go.
	publishFields = []flow.Field{hourField, {Name: "override_reason", Kind: flow.Long, Max: 2000}, flow.Note()}
)

func optional(f flow.Field) flow.Field { f.Required = false; return f }
func silent(f flow.Field) flow.Field   { f.Silent = true; return f }

func edit(p *Post, c *flow.Change) error {
	if v := c.In.Text("title"); v != "" {
		p.Title = v
	}
	if v := c.In.Text("body"); v != "" {
		p.Body, p.Summary = v, summary(v)
	}
	if v := c.In.Text("topic"); v != "" {
		p.Topic = v
	}
	if v := c.In.Text("heading"); v != "" {
		p.Heading = v
	}
	if v := c.In.Moment("publish_at"); v != 0 {
		p.PublishAt = v
	}
	if c.In.Has("pinned") {
		p.Pinned = c.In.Bool("pinned")
	}
	p.unreleased()
	return nil
}

// unreleased takes a post back to where somebody has to publish it.
func (p *Post) unreleased() {
	p.Publisher, p.PublishedAt = "", 0
	p.ShownAt, p.Reach, p.LiftTo = p.CreatedAt, p.Place, ""
}

func submit(p *Post, _ *flow.Change) error {
	p.Returned = ""
	return nil
}

// publish sends a post out now, or releases it for its hour; one that waits
// for its hour goes out now.
func publish(p *Post, c *flow.Change) error {
	if v := c.In.Moment("publish_at"); v != 0 {
		p.PublishAt = v
	} else if p.released() {
		p.PublishAt = c.At // who presses again does not want to wait
	}
	p.Publisher, p.Returned = c.Actor.ID, ""
	if p.PublishAt > c.At {
		return nil
	}
	return goOut(p, c)
}

func goOut(p *Post, c *flow.Change) error {
	p.PublishedAt, p.ShownAt = c.At, c.At
	c.Code("reach", p.Reach)
	c.Code("channel", p.Channel)
	if p.Topic != "" {
		c.Code("topic", p.Topic)
	}
	return nil
}

func sendBack(p *Post, c *flow.Change) error {
	p.Returned = c.In.Text("reason")
	p.unreleased()
	return nil
}

func pin(on bool) func(*Post, *flow.Change) error {
	return func(p *Post, _ *flow.Change) error {
		p.Pinned = on
		return nil
	}
}

// lift lets a post reach one level further up, and from there everywhere below.
func lift(p *Post, c *flow.Change) error {
	p.Reach, p.LiftTo, p.Pinned = above(p.Reach), "", false
	c.Code("reach", p.Reach)
	return nil
}

func askToLift(p *Post, c *flow.Change) error {
	p.LiftTo = above(p.Reach)
	c.Code("lift_to", p.LiftTo)
	return nil
}

func retract(p *Post, _ *flow.Change) error {
	p.Pinned, p.Publisher = false, ""
	return nil
}
