package member

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	when "linli/internal/ui/text"
)

// PlaceRoles are the roles held on a place, as the workbench gives them.
var PlaceRoles = []string{actor.GridWorker, actor.BuildingHead, actor.PartyMember, actor.Expert, actor.Staff, actor.Auditor, actor.Admin}

var (
	roleFields = []flow.Field{
		text("account", 60, true), {Name: "role", Kind: flow.Enum, Values: PlaceRoles, Required: true},
		text("place", 20, true), text("post", 20, false), text("until", 10, false),
	}
)

func (s *Service) roleRoutes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/staff/roles", Name: "page-roles", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.rolesPage(c, nil) }},
		{Method: "POST", Path: "/staff/roles", Name: "grant-role", SignedIn: true, Do: s.grantRole},
		{Method: "POST", Path: "/staff/roles/{id}/end", Name: "end-role", SignedIn: true, Do: s.endRole},
	}
}

// mayGrant: staff give the roles of everyday work at or below their place; the
// powerful ones come from above, or from an administrator of the place.
func mayGrant(a actor.Actor, role, place string) bool {
	if a.Has(actor.Admin, place) {
		return true
	}
	if !powerful(role) {
		return a.StaffReaching(place)
	}
	return role != actor.Admin && slices.ContainsFunc(a.Roles, func(r actor.Role) bool {
		return r.Name == actor.Staff && access.Covers(r.Place, place) && (len(r.Place) < len(place) || role == actor.Expert)
	})
}

func (s *Service) rolesPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	if !c.Actor.Holds(actor.Staff) && !c.Actor.Holds(actor.Admin) {
		return nil, fault.Absent()
	}
	ctx := c.Context()
	p := s.bench(c, "member.roles")
	place := ""
	t := ui.Table{Caption: c.T("member.roles"), Hidden: true, Columns: []ui.Column{{Label: c.T("member.people_name")}, {Label: c.T("member.field.role")},
		{Label: c.T("member.where")}, {Label: c.T("member.field.until")}, {Label: c.T("member.act")}}}
	seen := map[string]bool{}
	for _, r := range c.Actor.Roles {
		if r.Name != actor.Staff && r.Name != actor.Admin || r.Place == "" {
			continue
		}
		place = r.Place
		held, err := heldAt(ctx, s.journal.DB, r.Place, c.Now())
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			if seen[h.ID] {
				continue
			}
			seen[h.ID] = true
			until := c.T("member.open_end")
			if h.ToAt != 0 {
				until = when.Date(p.Lang, time.UnixMilli(h.ToAt))
			}
			end := ui.Cell{Text: "—"}
			if h.Account != c.Actor.ID && mayGrant(c.Actor, h.Role, h.Place) {
				end = ui.Cell{Body: ui.PressRow(p, "/staff/roles/"+h.ID+"/end", c.T("member.role_end"), h.Name)}
			}
			role := c.T("member.role." + h.Role)
			if h.Post != "" {
				role += " · " + h.Post
			}
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: h.Name}, {Text: role}, {Text: s.places.Name(h.Place)}, {Text: until}, end}})
		}
	}
	here := func(do string) *ui.Sent {
		if sent != nil && sent.Do == do {
			return sent
		}
		return nil
	}
	sum1, give := ui.Sheet{
		Kind: "member", ID: "role", Action: "/staff/roles", Button: c.T("member.button.role"), Fields: roleFields, Sent: here("role"),
		Dress: map[string]ui.Field{"until": {Type: ui.DateField}, "place": ui.Choose(place, s.places.Choices(place, "district", "street", "community", "grid"))},
	}.Draw(p)
	return ui.Bench(p, sum1, head(p, c.T("member.roles_lead")), ui.PeopleTabs(p, "roles"), ui.DataTable(p, t),
		ui.With(ui.Details(c.T("member.role_give")), ui.Paragraph(c.T("member.role_give_text")), give),
		ui.With(ui.Block(c.T("member.leave"), ui.Link{}), ui.Paragraph(c.T("member.leave_text")), ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("member.leave"), URL: "/staff/handovers"}, true)))), nil
}

// Colleagues are those who hold an office at or below the places now, to be
// suggested where an account's name is asked for.
func (s *Service) Colleagues(ctx context.Context, q db.Queryer, say func(string, ...any) string, now int64, places ...string) (out []ui.Option, err error) {
	for _, place := range places {
		held, err := heldAt(ctx, q, place, now)
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			if h.Login != "" && !slices.ContainsFunc(out, func(o ui.Option) bool { return o.Value == h.Login }) {
				out = append(out, ui.Option{Value: h.Login, Label: h.Name + " · " + say("member.role."+h.Role)})
			}
		}
	}
	return out, nil
}

// day reads a date as the last moment of that day; 0 for none.
func day(in flow.Input, name string, now int64) (int64, error) {
	if in.Text(name) == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, in.Text(name), clock.China)
	if err != nil {
		return 0, fault.Field1(name, "member.bad_day")
	}
	end := t.AddDate(0, 0, 1).UnixMilli()
	if end <= now {
		return 0, fault.Field1(name, "member.past_day")
	}
	return end, nil
}

// grantRole gives a role, or asks for a second person where the role is powerful.
func (s *Service) grantRole(c *web.Call) (any, error) {
	out, err := s.Act(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		if !a.Holds(actor.Staff) && !a.Holds(actor.Admin) {
			return "", fault.Absent()
		}
		in, err := c.Body(roleFields)
		if err != nil {
			return "", err
		}
		role, place := in.Text("role"), in.Text("place")
		if !s.places.Known(place) {
			return "", fault.Field1("place", "member.no_place")
		}
		if !mayGrant(a, role, place) {
			return "", fault.Field1("role", "member.not_yours_to_give")
		}
		acc, err := byName(ctx, tx, in.Text("account"))
		if errors.Is(err, db.ErrNoRows) || err == nil && acc.State != "active" {
			return "", fault.Field1("account", "member.no_account")
		}
		if err != nil {
			return "", err
		}
		if acc.ID == a.ID {
			return "", fault.Field1("account", "member.not_oneself")
		}
		until, err := day(in, "until", now)
		if err != nil {
			return "", err
		}
		if !powerful(role) {
			return "/staff/roles?done=role", s.Give(ctx, tx, a.ID, acc.ID, Grant{Role: role, Place: place, Post: in.Text("post"), ToAt: until})
		}
		return "/staff/checks?done=role_asked", s.askRole(ctx, tx, a.ID, acc.ID, place, Asked{Role: role, Post: in.Text("post"), Until: until}, now)
	})
	return s.again(c, out, err, func(sent *ui.Sent) (templ.Component, error) { sent.Do = "role"; return s.rolesPage(c, sent) })
}

func (s *Service) askRole(ctx context.Context, tx *db.Tx, by, account, place string, ask Asked, now int64) error {
	r := Request{ID: id.New(), Kind: "role", Account: account, Place: place, Data: encodeAsked(ask), State: "open", AskedBy: by, AskedAt: now}
	if err := insertAsk(ctx, tx, r); err != nil {
		return err
	}
	return s.touch(ctx, tx, now, by, account, "role_asked")
}

// endRole ends one role at once; ending needs one person.
func (s *Service) endRole(c *web.Call) (any, error) {
	return s.Press(c, func(ctx context.Context, tx *db.Tx, a actor.Actor, now int64) (string, error) {
		g, err := grantByID(ctx, tx, c.Path("id"))
		if errors.Is(err, db.ErrNoRows) || err == nil && !mayGrant(a, g.Role, g.Place) {
			return "", fault.Absent()
		}
		if err != nil {
			return "", err
		}
		if g.Account == a.ID {
			return "", fault.New(fault.Denied, "member.not_oneself")
		}
		return "/staff/roles?done=role_end", s.EndGrant(ctx, tx, a.ID, g)
	})
}

// EndGrant ends one role now.
func (s *Service) EndGrant(ctx context.Context, tx *db.Tx, by string, g Grant) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	if err := endGrantByID(ctx, tx, g.ID, now); err != nil {
		return err
	}
	return s.touch(ctx, tx, now, by, g.Account, "role_end")
}

// office are the roles of a worker, which end when the worker leaves; that
// somebody is a party member, a building head or a volunteer does not.
var office = []string{actor.GridWorker, actor.Staff, actor.Auditor, actor.Admin, actor.Expert, actor.Agent}

// HandOver is the leaving of a worker 离岗: the offices that a may give end now
// and pass to a successor ("" for none), the powerful ones once a second person
// agrees. It returns the offices that ended.
func (s *Service) HandOver(ctx context.Context, tx *db.Tx, a actor.Actor, account, successor string, now int64) ([]Grant, error) {
	grants, err := grantsOf(ctx, tx, account)
	if err != nil {
		return nil, err
	}
	grants = slices.DeleteFunc(grants, func(g Grant) bool {
		at := g.Place
		if g.Group != "" {
			at = s.groups.PlaceOf(g.Group)
		}
		return g.FromAt > now || g.ToAt != 0 && g.ToAt <= now || at == "" || !slices.Contains(office, g.Role) || !mayGrant(a, g.Role, at)
	})
	if len(grants) == 0 {
		return nil, fault.Field1("account", "member.nothing_to_end")
	}
	for _, g := range grants {
		if err := endGrantByID(ctx, tx, g.ID, now); err != nil {
			return nil, err
		}
		if successor == "" {
			continue
		}
		if err := s.pass(ctx, tx, a, g, successor, now); err != nil {
			return nil, err
		}
	}
	return grants, s.touch(ctx, tx, now, a.ID, account, "leave")
}

// pass gives an office that ended to a successor, or asks for a second person
// where it is powerful.
func (s *Service) pass(ctx context.Context, tx *db.Tx, a actor.Actor, g Grant, successor string, now int64) error {
	if powerful(g.Role) {
		return s.askRole(ctx, tx, a.ID, successor, g.Place, Asked{Role: g.Role, Post: g.Post}, now)
	}
	return s.Give(ctx, tx, a.ID, successor, Grant{Role: g.Role, Place: g.Place, Group: g.Group, Post: g.Post})
}

// Pass gives an office that ended with its holder's leaving to a successor.
func (s *Service) Pass(ctx context.Context, tx *db.Tx, a actor.Actor, ended, successor string, now int64) error {
	g, err := grantByID(ctx, tx, ended)
	if err != nil {
		return err
	}
	at := g.Place
	if g.Group != "" {
		at = s.groups.PlaceOf(g.Group)
	}
	if !mayGrant(a, g.Role, at) {
		return fault.New(fault.Denied, "member.not_yours_to_give")
	}
	return s.pass(ctx, tx, a, g, successor, now)
}

// HeldIn lists who holds which role in a group now, with public names.
func (s *Service) HeldIn(ctx context.Context, q db.Queryer, group string) ([]Held, error) {
	return heldIn(ctx, q, group, s.journal.DB.Clock().Now().UnixMilli())
}

// Grant returns a role by its id; ErrNoRows when there is none.
func (s *Service) Grant(ctx context.Context, q db.Queryer, id string) (Grant, error) {
	return grantByID(ctx, q, id)
}

// Named returns the active account with a name to sign in with; Absent when there is none.
func (s *Service) Named(ctx context.Context, q db.Queryer, name string) (Account, error) {
	a, err := byName(ctx, q, name)
	if errors.Is(err, db.ErrNoRows) || err == nil && a.State != "active" {
		return Account{}, fault.Absent()
	}
	return a, err
}

// powerful roles see or decide over other people's matters: two persons give
// them.
func powerful(role string) bool {
	return role == actor.Staff || role == actor.Auditor || role == actor.Admin || role == actor.Expert
}
