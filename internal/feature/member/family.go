package member

import (
	"context"
	"encoding/json"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	when "linli/internal/ui/text"
)

// Relations between a guardian and the person acted for.
var relations = []string{"child", "parent", "spouse", "sibling", "other"}

var (
	elderFields = []flow.Field{text("phone", 20, true), {Name: "relation", Kind: flow.Enum, Values: relations, Required: true}}
	childFields = []flow.Field{text("public_name", 20, true), text("born", 10, true)}
)

// Ward is a person somebody acts for, or the guardian of one.
type Ward struct {
	Account string `db:"account"`
	Ward    string `db:"ward"`
	How     string `db:"how"`
	FromAt  int64  `db:"from_at"`
	ToAt    int64  `db:"to_at"`
	Name    string `db:"name"` // public name of the other one
}

// Request is what one person asks and another decides.
type Request struct {
	ID        string `db:"id"`
	Kind      string `db:"kind"`
	Account   string `db:"account"`
	Target    string `db:"target"`
	Place     string `db:"place"`
	Data      string `db:"data"`
	State     string `db:"state"`
	AskedBy   string `db:"asked_by"`
	AskedAt   int64  `db:"asked_at"`
	DecidedBy string `db:"decided_by"`
	DecidedAt int64  `db:"decided_at"`
}

// Asked is what a request's data holds: ids and codes, never words.
type Asked struct {
	Level    int    `json:"level,omitempty"`
	How      string `json:"how,omitempty"` // kind of document seen, relation
	Dwelling string `json:"dwelling,omitempty"`
	Role     string `json:"role,omitempty"`
	Group    string `json:"group,omitempty"`
	Post     string `json:"post,omitempty"`
	Until    int64  `json:"until,omitempty"`
}

// Asked decodes what is asked.
func (r Request) Asked() (a Asked) {
	_ = json.Unmarshal([]byte(r.Data), &a) // written by ourselves; what is broken asks for nothing
	return a
}

func encodeAsked(a Asked) string {
	b, _ := json.Marshal(a) // numbers and texts always encode
	return string(b)
}

func (s *Service) familyRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/me/family", Name: "page-family", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.familyPage(c, nil) }},
		{Method: "POST", Path: "/me/family", Name: "ask-family", SignedIn: true, Do: s.askFamily},
		{Method: "POST", Path: "/me/family/child", Name: "add-child", SignedIn: true, Do: s.addChild},
		{Method: "POST", Path: "/me/family/{id}/agree", Name: "agree-family", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.answerFamily(c, true) }},
		{Method: "POST", Path: "/me/family/{id}/refuse", Name: "refuse-family", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.answerFamily(c, false) }},
		{Method: "POST", Path: "/me/family/{id}/end", Name: "end-family", SignedIn: true, Do: s.endFamily},
	}
}

func (s *Service) familyPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	ctx, q := c.Context(), s.journal.DB
	p := s.page(c, "member.family")
	wards, err := wardsOf(ctx, q, c.Actor.ID, c.Now())
	if err != nil {
		return nil, err
	}
	guardians, err := guardiansOf(ctx, q, c.Actor.ID, c.Now())
	if err != nil {
		return nil, err
	}
	me, err := byID(ctx, q, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	waiting, err := asksFor(ctx, q, me.Phone)
	if err != nil {
		return nil, err
	}
	mine, err := openAsks(ctx, q, "guardian", c.Actor.ID)
	if err != nil {
		return nil, err
	}
	here := func(do string) *ui.Sent {
		if sent != nil && sent.Do == do {
			return sent
		}
		return nil
	}
	sum1, elder := ui.Sheet{Kind: "member", ID: "elder", Action: "/me/family", Button: c.T("member.button.family"), Fields: elderFields, Sent: here("elder"), Dress: map[string]ui.Field{"phone": {Type: ui.PhoneField, Complete: "tel"}}}.Draw(p)
	sum2, kid := ui.Sheet{
		Kind: "member", ID: "kid", Action: "/me/family/child", Button: c.T("member.button.child"), Fields: childFields, Sent: here("kid"),
		Dress: map[string]ui.Field{"born": {Type: ui.DateField}, "public_name": {Label: c.T("member.child_name"), Hint: c.T("member.child_name_hint")}},
	}.Draw(p)
	parts := []templ.Component{sum1, sum2, head(p, c.T("member.family_lead"))}
	for _, r := range waiting {
		who, err := s.PublicName(ctx, q, r.Account)
		if err != nil {
			return nil, err
		}
		parts = append(parts, ui.With(ui.Notice(ui.Wait, c.T("member.family_asks", "who", who)), ui.Paragraph(c.T("member.family_asks_text")),
			ui.Press(p, "/me/family/"+r.ID+"/agree", c.T("member.agree"), who), ui.Press(p, "/me/family/"+r.ID+"/refuse", c.T("member.refuse"), who)))
	}
	var rows []templ.Component
	for _, w := range wards {
		rows = append(rows, ui.Line(c.T("member.ward_line", "who", w.Name, "how", c.T("member.how."+w.How), "day", when.Date(p.Lang, time.UnixMilli(w.FromAt))),
			ui.Press(p, "/me/family/"+w.Ward+"/end", c.T("member.family_end"), w.Name)))
	}
	for _, r := range mine {
		rows = append(rows, ui.Line(c.T("member.family_waits", "phone", Mask(r.Target)), ui.Nothing))
	}
	if len(rows) == 0 {
		rows = append(rows, ui.Paragraph(c.T("member.wards_none")))
	}
	parts = append(parts, ui.With(ui.Block(c.T("member.wards"), ui.Link{}), rows...))
	rows = nil
	for _, w := range guardians {
		rows = append(rows, ui.Line(c.T("member.guardian_line", "who", w.Name, "day", when.Date(p.Lang, time.UnixMilli(w.FromAt))),
			ui.Press(p, "/me/family/"+w.Account+"/end", c.T("member.family_end"), w.Name)))
	}
	if len(rows) > 0 {
		parts = append(parts, ui.With(ui.Block(c.T("member.guardians"), ui.Link{}), rows...))
	}
	parts = append(parts, ui.With(ui.Block(c.T("member.family_add"), ui.Link{}), ui.With(ui.Details(c.T("member.family_elder")), ui.Paragraph(c.T("member.family_elder_text")), elder),
		ui.With(ui.Details(c.T("member.family_child")), ui.Paragraph(c.T("member.family_child_text")), kid)))
	return ui.Whole(p, parts...), nil
}

// askFamily asks the person of a phone to be acted for. Whether the phone has
// an account is not told; the person finds the request when signing in.
func (s *Service) askFamily(c *web.Call) (any, error) {
	out, err := s.Act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		in, err := c.Body(elderFields)
		if err != nil {
			return "", err
		}
		phone, good := Mobile(in.Text("phone"))
		if !good {
			return "", fault.Field1("phone", "member.bad_phone")
		}
		mine, err := openAsks(ctx, tx, "guardian", a.ID)
		if err != nil {
			return "", err
		}
		if len(mine) >= 5 {
			return "", fault.New(fault.Conflict, "member.family_enough")
		}
		for _, r := range mine {
			if r.Target == phone {
				return "/me/family?done=family_asked", nil
			}
		}
		r := Request{ID: id.New(), Kind: "guardian", Account: a.ID, Target: phone, Data: encodeAsked(Asked{How: in.Text("relation")}), State: "open", AskedBy: a.ID, AskedAt: now}
		if err := insertAsk(ctx, tx, r); err != nil {
			return "", err
		}
		if ward, err := byPhone(ctx, tx, phone); err == nil && ward.ID != a.ID {
			return "/me/family?done=family_asked", s.ask(ctx, tx, now, a.ID, ward.ID, "family_asked")
		}
		return "/me/family?done=family_asked", nil
	})
	return s.again(c, out, err, func(sent *ui.Sent) (templ.Component, error) { sent.Do = "elder"; return s.familyPage(c, sent) })
}

// ask writes an event on account that asks the person for an act.
func (s *Service) ask(ctx context.Context, tx *db.Tx, now int64, by, account, do string) error {
	version, home, err := bump(ctx, tx, account)
	if err != nil {
		return err
	}
	b, _ := json.Marshal(event.Payload{Tell: []event.Tell{event.Asks(event.ToAccount(account, do))}})
	return s.journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "member", Subject: account, Version: version, Do: do, Actor: by, Place: home, Audience: event.Private, Data: string(b),
	}, nil)
}

// answerFamily is the elder's word.
func (s *Service) answerFamily(c *web.Call, agree bool) (any, error) {
	return s.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		me, err := byID(ctx, tx, a.ID)
		if err != nil {
			return "", err
		}
		r, err := s.openAsk(ctx, tx, c.Path("id"))
		if err != nil {
			return "", err
		}
		if r.Kind != "guardian" || r.Target != me.Phone || me.Phone == "" || r.AskedBy == a.ID {
			return "", fault.Absent()
		}
		if err := decideAsk(ctx, tx, r.ID, a.ID, agree, now); err != nil {
			return "", err
		}
		if agree {
			if err := s.Guard(ctx, tx, r.Account, a.ID, "agreed", a.ID, now, 0); err != nil {
				return "", err
			}
		}
		return "/me/family?done=family", s.touch(ctx, tx, now, a.ID, r.Account, "family")
	})
}

func (s *Service) openAsk(ctx context.Context, tx *db.Tx, ask string) (Request, error) {
	r, ok, err := lockAsk(ctx, tx, ask)
	if err == nil && (!ok || r.State != "open") {
		err = fault.Absent()
	}
	return r, err
}

// Guard lets guardian act for ward, with the ward's consent on record.
func (s *Service) Guard(ctx context.Context, tx *db.Tx, guardian, ward, how, by string, now, to int64) error {
	if guardian == ward {
		return fault.New(fault.Conflict, "member.own_guardian")
	}
	if err := guard(ctx, tx, guardian, ward, how, by, now, to); err != nil {
		return err
	}
	if err := s.consent(ctx, tx, ward, "guardian", guardian, how, by, now); err != nil {
		return err
	}
	return s.touch(ctx, tx, now, by, ward, "family")
}

// addChild makes an account without phone for a child, who acts through the
// guardian alone until 14 and with the guardian until 18.
func (s *Service) addChild(c *web.Call) (any, error) {
	out, err := s.Act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		in, err := c.Body(childFields)
		if err != nil {
			return "", err
		}
		born, err := time.ParseInLocation(time.DateOnly, in.Text("born"), clock.China)
		if err != nil {
			return "", fault.Field1("born", "member.bad_day")
		}
		grown := born.AddDate(18, 0, 0).UnixMilli()
		if born.UnixMilli() > now || grown <= now {
			return "", fault.Field1("born", "member.no_child")
		}
		wards, err := wardsOf(ctx, tx, a.ID, now)
		if err != nil {
			return "", err
		}
		if len(wards) >= 10 {
			return "", fault.New(fault.Conflict, "member.family_enough")
		}
		k := Account{PublicName: in.Text("public_name"), Level: actor.V1, Home: a.Home, Born: born.UnixMilli()}
		if err := s.Create(ctx, tx, a.ID, &k); err != nil {
			return "", err
		}
		if err := s.Guard(ctx, tx, a.ID, k.ID, "parent", a.ID, now, grown); err != nil {
			return "", err
		}
		return "/me/family?done=child", s.touch(ctx, tx, now, a.ID, a.ID, "family")
	})
	return s.again(c, out, err, func(sent *ui.Sent) (templ.Component, error) { sent.Do = "kid"; return s.familyPage(c, sent) })
}

// endFamily ends acting for somebody, from either side.
func (s *Service) endFamily(c *web.Call) (any, error) {
	return s.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		other := c.Path("id")
		if err := endGuard(ctx, tx, a.ID, other, now); err != nil {
			return "", err
		}
		if err := endGuard(ctx, tx, other, a.ID, now); err != nil {
			return "", err
		}
		return "/me/family?done=family_end", s.touch(ctx, tx, now, a.ID, a.ID, "family")
	})
}

// Unguard ends acting for a ward; by took it back for the ward.
func (s *Service) Unguard(ctx context.Context, tx *db.Tx, guardian, ward, by string, now int64) error {
	if err := endGuard(ctx, tx, guardian, ward, now); err != nil {
		return err
	}
	return s.touch(ctx, tx, now, by, ward, "family_end")
}

// Child reports whether a person is under 14, who acts through a guardian only.
func Child(born, now int64) bool {
	return born != 0 && time.UnixMilli(born).AddDate(14, 0, 0).UnixMilli() > now
}
