package project

import (
	"slices"
	"strings"

	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
)

// MaxMoney bounds an amount: a hundred million yuan.
const MaxMoney = 100_000_000_00

// Verdicts and answers.
var (
	Verdicts  = []string{Build, Adjust, Refer, Defer}
	Answers   = []string{"adopted", "partly", "not"}
	Ownership = []string{PublicOwned, OwnersOwned, UnitOwned, Unclear}
)

func long(name string, most int64, required bool) flow.Field {
	return flow.Field{Name: name, Kind: flow.Long, Max: most, Required: required}
}

var (
	costField      = flow.Field{Name: "cost", Kind: flow.Int, Max: MaxMoney}
	ownershipField = flow.Field{Name: "ownership", Kind: flow.Enum, Values: Ownership}
	fundField      = flow.Field{Name: "fund", Kind: flow.Text, Max: 200}
	upkeepField    = flow.Field{Name: "upkeep", Kind: flow.Text, Max: 200}
	consentField   = flow.Field{Name: "consent", Kind: flow.Text, Max: 200}
	servesField    = flow.Field{Name: "serves", Kind: flow.Text, Max: 200}

	screenFields      = []flow.Field{{Name: "ok", Kind: flow.Bool, Required: true}, flow.Reason(), {Name: "to", Kind: flow.Text, Max: 200}}
	resubmitFields    = []flow.Field{{Name: "title", Kind: flow.Text, Max: 80, Silent: true}, {Name: "body", Kind: flow.Long, Max: 5000, Silent: true}, costField, flow.Note()}
	mergeFields       = []flow.Field{{Name: "into", Kind: flow.Ref, Required: true}, flow.Note()}
	completeFields    = []flow.Field{ownershipField, fundField, upkeepField, consentField, servesField, costField}
	studyFields       = []flow.Field{{Name: "result", Kind: flow.Enum, Required: true, Values: []string{"support", "adjust", "not"}}, {Name: "date", Kind: flow.Moment}, flow.Note()}
	positionFields    = []flow.Field{{Name: "kind", Kind: flow.Enum, Required: true, Values: []string{For, Worry, Suggest}}, long("text", 2000, true)}
	answerFields      = []flow.Field{{Name: "voice", Kind: flow.Ref, Required: true}, {Name: "verdict", Kind: flow.Enum, Required: true, Values: Answers}, flow.Reason()}
	summaryFields     = []flow.Field{long("heard", 2000, true), long("doing", 2000, true)}
	pollFields        = []flow.Field{{Name: "poll", Kind: flow.Ref}, {Name: "opens", Kind: flow.Moment}, {Name: "closes", Kind: flow.Moment}}
	panelFields       = []flow.Field{{Name: "experts", Kind: flow.Refs, Max: 20}, {Name: "date", Kind: flow.Moment}, flow.Note()}
	opinionFields     = []flow.Field{long("text", 2000, true), {Name: "verdict", Kind: flow.Enum, Required: true, Values: Verdicts}, long("interest", 200, false)}
	decideFields      = []flow.Field{{Name: "verdict", Kind: flow.Enum, Required: true, Values: Verdicts}, flow.Reason(), {Name: "to", Kind: flow.Text, Max: 200}}
	milestonesField   = flow.Field{Name: "milestones", Kind: flow.Refs, Required: true, Max: 20}
	planFields        = []flow.Field{{Name: "budget", Kind: flow.Int, Required: true, Min: 1, Max: MaxMoney}, {Name: "due", Kind: flow.Moment, Required: true}, milestonesField, {Name: "contractor", Kind: flow.Text, Max: 200}, {Name: "warranty", Kind: flow.Text, Max: 200}, flow.Note(), {Name: "quotes", Kind: flow.Files, Max: 9}}
	milestoneFields   = []flow.Field{{Name: "milestone", Kind: flow.Int, Min: 1, Max: 20}, flow.Note(), {Name: "photos", Kind: flow.Files, Max: 9}}
	delayFields       = []flow.Field{{Name: "until", Kind: flow.Moment, Required: true}, flow.Reason()}
	spendFields       = []flow.Field{{Name: "amount", Kind: flow.Int, Required: true, Min: 1, Max: MaxMoney}, {Name: "what", Kind: flow.Text, Required: true, Max: 200}, {Name: "receipts", Kind: flow.Files, Max: 9}}
	countersignFields = []flow.Field{{Name: "spending", Kind: flow.Ref}}
	acceptFields      = []flow.Field{{Name: "ok", Kind: flow.Bool, Required: true}, flow.Note(), {Name: "photos", Kind: flow.Files, Max: 9}}
	rateFields        = []flow.Field{{Name: "satisfied", Kind: flow.Enum, Required: true, Values: []string{"yes", "fairly", "no"}}, flow.Note()}
)

// screen takes a proposal in, gives it back to be mended, or says where it belongs.
func screen(p *Project, c *flow.Change) error {
	p.Verdict, p.ReferTo, p.Shown = "yes", "", true
	if !c.In.Bool("ok") {
		p.Verdict, p.ReferTo = "no", c.In.Text("to")
	}
	p.VerdictText = c.In.Text("reason")
	return nil
}

func resubmit(p *Project, c *flow.Change) error {
	if v := c.In.Text("title"); v != "" {
		p.Title = v
	}
	if v := c.In.Text("body"); v != "" {
		p.Body = v
	}
	if n, given := c.In.Int("cost"); given {
		p.Cost = n
	}
	p.Verdict, p.VerdictText = "", ""
	return noMoney(p.Title, p.Body)
}

func merge(p *Project, c *flow.Change) error {
	p.MergedInto, p.Shown = c.In.Text("into"), true // Prepare has looked at it
	return nil
}

func complete(p *Project, c *flow.Change) error {
	if len(c.In) == 0 {
		return fault.Field1("ownership", "fault.required")
	}
	set := func(to *string, name string) {
		if v := c.In.Text(name); v != "" {
			*to = v
		}
	}
	set(&p.Ownership, "ownership")
	set(&p.Fund, "fund")
	set(&p.Upkeep, "upkeep")
	set(&p.Consent, "consent")
	set(&p.Serves, "serves")
	if n, given := c.In.Int("cost"); given {
		p.Cost = n
	}
	return nil
}

func studyIt(p *Project, c *flow.Change) error {
	p.Verdict = c.In.Text("result")
	if at := c.In.Moment("date"); at > c.At {
		return fault.Field1("date", "project.fault.future")
	}
	if p.Verdict == "not" && c.In.Text("note") == "" {
		return fault.Field1("note", "fault.required")
	}
	return nil
}

// anew opens the council; a project that was put off begins again.
func anew(p *Project, _ *flow.Change) error {
	p.Poll, p.Votes, p.Voters, p.Roll, p.Chosen, p.Verdict, p.VerdictText, p.Experts, p.ConvenedAt = "", 0, 0, 0, false, "", "", "", 0
	p.Reminded, p.Alone = 0, false
	p.Voices = slices.DeleteFunc(p.Voices, func(v *Voice) bool { return v.Kind == Object || v.Kind == Opinion })
	return nil
}

func (p *Project) say(c *flow.Change, v Voice) *Voice {
	v.ID, v.Project, v.Account, v.At = id.New(), p.ID, c.Actor.ID, c.At
	p.Voices = append(p.Voices, &v)
	c.Code("voice", v.ID)
	return &v
}

// positionsMost is how many positions one person may take in a council.
const positionsMost = 5

func position(p *Project, c *flow.Change) error {
	n := 0
	for _, v := range p.of(For, Worry, Suggest) {
		if v.Account == c.Actor.ID {
			n++
		}
	}
	if n >= positionsMost {
		return fault.New(fault.Conflict, "project.reason.positions", "n", positionsMost)
	}
	p.say(c, Voice{Kind: c.In.Text("kind"), Body: c.In.Text("text")})
	return noMoney(c.In.Text("text"), "")
}

func answer(p *Project, c *flow.Change) error {
	v := p.voice(c.In.Text("voice"))
	want := Suggest
	if p.State == Notice {
		want = Object
	}
	if v == nil || v.Kind != want && !(p.State == Council && v.Kind == Worry) {
		return fault.Field1("voice", "project.fault.voice")
	}
	v.Answer, v.Reason = c.In.Text("verdict"), c.In.Text("reason")
	if want == Object {
		v.At = c.At // the notice does not end before its answer
	}
	return nil
}

func summarise(p *Project, c *flow.Change) error {
	p.Heard, p.Doing = c.In.Text("heard"), c.In.Text("doing")
	return nil
}

func polled(p *Project, c *flow.Change) error {
	p.Poll = c.In.Text("poll") // Prepare has made it, or a poll has taken the project in
	return nil
}

// noticed publishes how the project fared; Prepare has asked the poll.
func noticed(p *Project, c *flow.Change) error {
	p.Reminded = 0
	c.Code("votes", p.Votes)
	c.Code("voters", p.Voters)
	c.Code("enough", p.Enough())
	return nil
}

func object(p *Project, c *flow.Change) error {
	if p.by(c.Actor.ID, Object) != nil {
		return fault.New(fault.Conflict, "project.reason.objected")
	}
	p.say(c, Voice{Kind: Object, Body: c.In.Text("reason")})
	return nil
}

func selected(p *Project, c *flow.Change) error {
	p.Due = c.Spans.After(p.Scope(), "project.fast_span", c.At)
	c.Code("due", p.Due)
	p.Reminded = 0
	return nil
}

func toPanel(p *Project, c *flow.Change) error {
	p.Reminded, p.ConvenedAt, p.Experts = 0, 0, ""
	c.Code("publish_by", c.Spans.After(p.Scope(), "project.publish_span", c.At))
	return nil
}

func convene(p *Project, c *flow.Change) error {
	p.Experts, p.ConvenedAt = strings.Join(c.In.List("experts"), " "), c.At // Prepare has turned names into ids
	return nil
}

func opine(p *Project, c *flow.Change) error {
	post, _ := c.Codes["post"].(string) // Prepare has looked it up
	v := p.by(c.Actor.ID, Opinion)
	if v == nil {
		v = p.say(c, Voice{Kind: Opinion})
	}
	v.Body, v.Verdict, v.Interest, v.Post, v.At = c.In.Text("text"), c.In.Text("verdict"), c.In.Text("interest"), post, c.At
	return nil
}

func decide(p *Project, c *flow.Change) error {
	p.Verdict, p.VerdictText, p.ReferTo = c.In.Text("verdict"), c.In.Text("reason"), c.In.Text("to")
	if p.Verdict == Refer && p.ReferTo == "" {
		return fault.Field1("to", "fault.required")
	}
	if p.Alone = p.kinds() < PanelKinds; p.Alone {
		c.Code("alone", true)
	}
	if p.Verdict == Build || p.Verdict == Adjust {
		return selected(p, c)
	}
	return nil
}

func remind(p *Project, c *flow.Change) error {
	p.Reminded++
	if p.State == Panel && p.ConvenedAt != 0 {
		p.Reminded = 2
	}
	c.Code("reminded", p.Reminded)
	return nil
}

func plan(p *Project, c *flow.Change) error {
	p.Budget, _ = c.In.Int("budget")
	p.Due, p.Contractor, p.Warranty, p.Reminded = c.In.Moment("due"), c.In.Text("contractor"), c.In.Text("warranty"), 0
	if p.Due <= c.At {
		return fault.Field1("due", "project.fault.past")
	}
	p.Milestones = nil
	for i, title := range c.In.List("milestones") {
		p.Milestones = append(p.Milestones, &Milestone{Project: p.ID, N: i + 1, Title: title})
	}
	return nil
}

// milestone notes a step as reached; with the last one residents are drawn to accept.
func milestone(p *Project, c *flow.Change) error {
	m := p.next()
	if n, given := c.In.Int("milestone"); given {
		i := slices.IndexFunc(p.Milestones, func(m *Milestone) bool { return m.N == int(n) })
		if i < 0 || p.Milestones[i].DoneAt != 0 {
			return fault.Field1("milestone", "project.fault.milestone")
		}
		m = p.Milestones[i]
	}
	m.DoneAt, m.Note = c.At, c.In.Text("note")
	c.Code("milestone", m.N)
	if p.next() != nil {
		return nil
	}
	p.Reminded = 0
	p.Voices = slices.DeleteFunc(p.Voices, func(v *Voice) bool { return v.Kind == Juror || v.Kind == Overseer })
	pool, _ := c.Codes["pool"].([]string) // Prepare has drawn up who may be drawn
	size, _ := c.Codes["jury"].(int)
	delete(c.Codes, "pool")
	for _, a := range Draw(p.Seed, pool, size) {
		p.Voices = append(p.Voices, &Voice{ID: id.New(), Project: p.ID, Kind: Juror, Account: a, At: c.At})
	}
	c.Code("seed", p.Seed)
	c.Code("pool", len(pool))
	return nil
}

func delay(p *Project, c *flow.Change) error {
	if c.In.Moment("until") <= max(c.At, p.Due) {
		return fault.Field1("until", "project.fault.past")
	}
	c.Code("was", p.Due)
	p.Due, p.Reminded = c.In.Moment("until"), 0
	return nil
}

func spend(p *Project, c *flow.Change) error {
	n, _ := c.In.Int("amount")
	spent, pending := p.Spent()
	if left := p.Budget - spent - pending; n > left {
		return fault.New(fault.Conflict, "project.reason.over_budget", "left", left/100)
	}
	s := &Spending{ID: id.New(), Project: p.ID, Amount: n, What: c.In.Text("what"), Keyed: c.Actor.ID, At: c.At}
	p.Spending = append(p.Spending, s)
	c.Code("spending", s.ID)
	return nil
}

// countersign makes a payment count: never by who keyed it.
func countersign(p *Project, c *flow.Change) error {
	ref := c.In.Text("spending")
	own := false
	for _, s := range p.Spending {
		if s.Signed != "" || ref != "" && s.ID != ref {
			continue
		}
		if s.Keyed == c.Actor.ID {
			own = true
			continue
		}
		s.Signed = c.Actor.ID
		c.Code("spending", s.ID)
		c.Code("amount", s.Amount)
		return nil
	}
	if own {
		return fault.New(fault.Denied, "project.reason.own_spending")
	}
	return fault.Field1("spending", "project.fault.spending")
}

// accept takes the word of one who was drawn, or of the supervision committee.
func accept(p *Project, c *flow.Change) error {
	verdict := "no"
	if c.In.Bool("ok") {
		verdict = "yes"
	} else if c.In.Text("note") == "" {
		return fault.Field1("note", "project.fault.why")
	}
	v := p.by(c.Actor.ID, Juror)
	if v == nil {
		if vs := p.of(Overseer); len(vs) > 0 {
			v = vs[0]
		} else {
			v = p.say(c, Voice{Kind: Overseer})
		}
		v.Account = c.Actor.ID
	}
	v.Verdict, v.Body, v.At = verdict, c.In.Text("note"), c.At
	c.Code("verdict", verdict)
	switch {
	case isAccepted(p):
		p.AcceptedAt, p.Reminded = c.At, 0
	case isRefused(p): // the last step is to be done again
		p.Milestones[len(p.Milestones)-1].DoneAt, p.Reminded = 0, 0
		p.Due = max(p.Due, c.Spans.After(p.Scope(), "project.accept_span", c.At))
	}
	return nil
}

func askForRatings(p *Project, _ *flow.Change) error {
	p.Asked = true
	return nil
}

// rate keeps one rating of a resident, the last.
func rate(p *Project, c *flow.Change) error {
	v := p.by(c.Actor.ID, RatingFor)
	if v == nil {
		v = p.say(c, Voice{Kind: RatingFor})
	}
	v.Verdict, v.Body, v.At = c.In.Text("satisfied"), c.In.Text("note"), c.At
	return nil
}
