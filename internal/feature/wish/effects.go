package wish

import (
	"slices"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
)

// MaxQuantity bounds a quantity: nobody wishes for more than a hundred million.
const MaxQuantity = 100_000_000

// The fields each move takes.
var (
	quantityField = flow.Field{Name: "quantity", Kind: flow.Object, Fields: []flow.Field{
		{Name: "total", Kind: flow.Int, Required: true, Min: 1, Max: MaxQuantity},
		{Name: "unit", Kind: flow.Text, Max: 8},
	}}
	categoryField = flow.Field{Name: "category", Kind: flow.Enum, Values: Categories}
	wantedField   = flow.Field{Name: "wanted_by", Kind: flow.Moment}
	priceField    = flow.Field{Name: "price_note", Kind: flow.Text, Max: 200}

	approveFields  = []flow.Field{categoryField, quantityField, wantedField, priceField, flow.Note()}
	resubmitFields = []flow.Field{{Name: "title", Kind: flow.Text, Max: 80, Silent: true}, {Name: "body", Kind: flow.Long, Max: 5000, Silent: true}, flow.Note()}
	offerFields    = []flow.Field{{Name: "to", Kind: flow.Ref, Required: true}}
	claimFields    = []flow.Field{{Name: "amount", Kind: flow.Int, Max: MaxQuantity}, {Name: "as", Kind: flow.Ref}, {Name: "lead", Kind: flow.Bool}, flow.Note()}
	claimRef       = []flow.Field{{Name: "claim", Kind: flow.Ref}, flow.Note()}
	amendFields    = []flow.Field{required(quantityField), flow.Note()}
	deliverFields  = []flow.Field{{Name: "claim", Kind: flow.Ref}, {Name: "amount", Kind: flow.Int, Max: MaxQuantity}, flow.Note(), {Name: "photos", Kind: flow.Files, Max: 9}}
	confirmFields  = []flow.Field{
		{Name: "solved", Kind: flow.Enum, Required: true, Values: []string{"yes", "partly", "no"}},
		{Name: "satisfied", Kind: flow.Enum, Required: true, Values: []string{"yes", "fairly", "no", "none"}},
		{Name: "channel", Kind: flow.Enum, Values: []string{"self", "family", "phone", "desk"}},
		flow.Note(),
	}
	convertFields = []flow.Field{{Name: "to", Kind: flow.Enum, Required: true, Values: []string{"project", "activity"}}, flow.Note()}
	addFields     = []flow.Field{{Name: "note", Kind: flow.Long, Required: true, Max: 2000}, {Name: "photos", Kind: flow.Files, Max: 9}}
)

func required(f flow.Field) flow.Field { f.Required = true; return f }

// reviewed notes who reviewed, so that one who also confirms is marked 同一人办理.
func reviewed(w *Wish, c *flow.Change) error {
	w.Reviewer = c.Actor.ID
	return nil
}

// approve opens the wish and may complete what the author left out; the author
// is told what was changed.
func approve(w *Wish, c *flow.Change) error {
	_ = reviewed(w, c)
	changed := map[string]any{}
	if v := c.In.Text("category"); v != "" && v != w.Category {
		changed["category"], w.Category = []string{w.Category, v}, v
	}
	if q := c.In.Object("quantity"); q != nil {
		if err := w.setQuantity(q); err != nil {
			return err
		}
		changed["quantity"] = w.Total
	}
	if at := c.In.Moment("wanted_by"); at != 0 && at != w.WantedBy {
		if at <= c.At {
			return fault.Field1("wanted_by", "wish.past")
		}
		changed["wanted_by"], w.WantedBy = at, at
	}
	if v := c.In.Text("price_note"); v != "" && v != w.PriceNote {
		changed["price_note"], w.PriceNote = true, v
	}
	if len(changed) > 0 {
		c.Code("changed", changed)
	}
	w.ask(c.At)
	return nil
}

// ask begins the circles: volunteers first, with a quantity the organisations too.
func (w *Wish) ask(at int64) {
	w.Tier, w.TierAt = 1, at
	if w.Total > 0 {
		w.Tier = 2
	}
}

func (w *Wish) setQuantity(q flow.Input) error {
	total, _ := q.Int("total")
	if total < w.Taken {
		return fault.New(fault.Conflict, "wish.reason.below_taken", "taken", w.Taken, "unit", w.Unit)
	}
	w.Total = total
	if u := q.Text("unit"); u != "" {
		w.Unit = u
	}
	return nil
}

// reopen gives a disputed wish back to helpers: what was brought did not do.
func reopen(w *Wish, c *flow.Change) error {
	for _, k := range w.Claims {
		if k.live() {
			k.State, k.Delivered = Released, 0
		}
	}
	w.recount()
	w.Outcome, w.Satisfied, w.Channel = "", "", ""
	return approve(w, c)
}

func resubmit(w *Wish, c *flow.Change) error {
	if v := c.In.Text("title"); v != "" {
		w.Title = v
	}
	if v := c.In.Text("body"); v != "" {
		w.Body = v
	}
	w.TierAt, w.Rank = c.At, AtCommunity
	var faults fault.Fields
	MoneyFaults(&faults, map[string]string{"title": w.Title, "body": w.Body})
	return faults.Err()
}

// nextReviewer: nobody reviewed in time, so the level above is asked.
func nextReviewer(w *Wish, c *flow.Change) error {
	w.rise()
	w.TierAt = c.At
	c.Code("rank", w.Rank)
	return nil
}

func (w *Wish) rise() {
	if w.Rank == AtCommunity && w.Street != "" {
		w.Rank = AtStreet
	} else {
		w.Rank = AtDistrict
	}
}

func widenCircle(w *Wish, c *flow.Change) error {
	w.Tier++
	w.TierAt = c.At
	if w.Tier == 3 && w.Street != "" {
		w.Rank = AtStreet // 街道兜底
	}
	c.Code("tier", w.Tier)
	return nil
}

func offer(w *Wish, c *flow.Change) error {
	w.OfferedTo = c.In.Text("to") // Prepare has turned it into an account's id
	c.Code("to", w.OfferedTo)
	return nil
}

func claim(w *Wish, c *flow.Change) error {
	amount, given := c.In.Int("amount")
	lead := c.In.Bool("lead")
	left := w.Left()
	if !given {
		amount = left
		if lead && w.Total > 0 {
			amount = 0 // to lead is to organise; parts are taken by others
		}
	}
	switch {
	case given && amount == 0 && !lead, given && w.Total == 0 && amount > 1:
		return fault.Field1("amount", "fault.between", "min", 1, "max", left)
	case amount > left:
		return fault.New(fault.Conflict, "wish.reason.only_left", "left", left, "unit", w.unit())
	case lead && w.lead() != nil:
		return fault.New(fault.Conflict, "wish.reason.has_lead")
	}
	span := "wish.lease_span"
	if lead {
		if !mayLead(c.Actor, c.AsGroup) {
			return fault.Field1("lead", "wish.reason.who_leads")
		}
		span = "wish.lead_span"
	}
	k := &Claim{ID: id.New(), Wish: w.ID, Account: c.Actor.ID, Group: c.AsGroup, Amount: amount, State: Held, Lead: lead, At: c.At}
	k.Until = c.Spans.After(w.Scope(), span, c.At)
	w.Claims = append(w.Claims, k)
	w.recount()
	c.Code("claim", k.ID)
	c.Code("amount", amount)
	return nil
}

// mayLead: party organisations, residents' committees and the street lead 牵头.
func mayLead(a actor.Actor, group string) bool {
	return slices.ContainsFunc(a.Roles, func(r actor.Role) bool {
		return r.Name == actor.Agent && r.Group == group && (r.GroupKind == actor.Party || r.GroupKind == actor.Committee) ||
			r.Name == actor.Staff && len(r.Place) == access.Street
	})
}

func (w *Wish) unit() string {
	if w.Unit != "" {
		return w.Unit
	}
	return "件"
}

// own finds the claim a move is about: the one named, or the actor's only live one.
func (w *Wish) own(c *flow.Change, states ...string) (*Claim, error) {
	ref := c.In.Text("claim")
	staff := w.staff(c.Actor)
	var found []*Claim
	for _, k := range w.Claims {
		if ref != "" && k.ID == ref && (k.mine(c.Actor) || staff) || ref == "" && k.mine(c.Actor) && slices.Contains(states, k.State) {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 0 && ref != "":
		return nil, fault.Field1("claim", "wish.reason.no_claim")
	case len(found) == 0:
		return nil, fault.New(fault.Conflict, "wish.reason.no_claim")
	case len(found) > 1:
		return nil, fault.Field1("claim", "wish.reason.which_claim")
	case !slices.Contains(states, found[0].State):
		return nil, fault.New(fault.Conflict, "wish.reason.claim_done")
	}
	c.Code("claim", found[0].ID)
	if c.AsGroup == "" {
		c.AsGroup = found[0].Group
	}
	return found[0], nil
}

func release(w *Wish, c *flow.Change) error {
	k, err := w.own(c, Held)
	if err != nil {
		return err
	}
	k.State = Released
	c.Code("amount", k.Amount)
	w.recount()
	return nil
}

func amend(w *Wish, c *flow.Change) error {
	was := w.Total
	if err := w.setQuantity(c.In.Object("quantity")); err != nil {
		return err
	}
	c.Code("was", was)
	return nil
}

// enough closes early: what is taken is the whole.
func enough(w *Wish, c *flow.Change) error {
	c.Code("was", w.Total)
	w.Total = w.Taken
	return nil
}

func lapseClaims(w *Wish, c *flow.Change) error {
	var gone []string
	for _, k := range w.Claims {
		if k.State == Held && k.Until != 0 && k.Until <= c.At {
			k.State = Missed
			gone = append(gone, k.ID)
		}
	}
	c.Code("claims", gone)
	w.recount()
	return nil
}

// closeRest ends the waiting; with something brought, that is the whole.
func closeRest(w *Wish, _ *flow.Change) error {
	if w.Done > 0 {
		w.Total = w.Done
	}
	return letGo(w, nil)
}

// letGo releases what is still held.
func letGo(w *Wish, _ *flow.Change) error {
	for _, k := range w.Claims {
		if k.State == Held {
			k.State = Released
		}
	}
	w.recount()
	return nil
}

// deliver takes what a helper brought; a short delivery reopens the rest.
func deliver(w *Wish, c *flow.Change) error {
	k, err := w.own(c, Held)
	if err != nil {
		return err
	}
	amount, given := c.In.Int("amount")
	if !given {
		amount = k.Amount
	}
	if amount > k.Amount || given && amount == 0 && k.Amount > 0 {
		return fault.Field1("amount", "fault.between", "min", min(1, k.Amount), "max", k.Amount)
	}
	k.State, k.Delivered = Brought, amount
	c.Code("amount", amount)
	w.recount()
	return nil
}

// redeliver: a claimer has made good what was disputed.
func redeliver(w *Wish, c *flow.Change) error {
	if _, err := w.own(c, Brought); err != nil {
		return err
	}
	w.Outcome, w.Satisfied, w.Channel = "", "", ""
	return nil
}

// confirm takes the resident's word, and through whom it came: a resident says
// so in any way, family for family, others by phone or at the desk.
func confirm(w *Wish, c *flow.Change) error {
	a := c.Actor
	self := a.ID == w.Helped || a.ID == w.Author && !w.OnBehalf()
	family := a.Guards(w.Author) || a.Guards(w.Helped)
	channel := c.In.Text("channel")
	switch {
	case self && channel == "":
		channel = "self"
	case family && !self && channel == "":
		channel = "family"
	case channel == "":
		channel = "phone"
	case !self && channel == "self", !self && !family && channel == "family":
		return fault.Field1("channel", "wish.reason.channel")
	}
	c.Code("channel", channel)
	w.Outcome, w.Satisfied, w.Channel = c.In.Text("solved"), c.In.Text("satisfied"), channel
	if !self && (a.ID == w.Author || a.ID == w.Reviewer) {
		w.SameHand = true
		c.Code("same_hand", true)
	}
	return nil
}

// dispute goes to the next level, once.
func dispute(w *Wish, c *flow.Change) error {
	w.Disputes++
	w.rise()
	c.Code("rank", w.Rank)
	return nil
}

func convert(w *Wish, c *flow.Change) error {
	w.Became, _ = c.Codes["became"].(string) // Prepare has made what it became
	return letGo(w, c)
}

func urge(w *Wish, c *flow.Change) error {
	w.UrgedAt = c.At
	return nil
}
