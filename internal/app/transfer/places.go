package transfer

import (
	"context"
	"slices"

	"linli/internal/core/actor"
	"linli/internal/feature/group"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/sheet"
)

// places is the directory of places 地点.
var places = Kind{
	Name: "places",
	Columns: []sheet.Column{
		{Name: "code", Synonyms: []string{"代码", "code", "区划代码"}, Required: true},
		{Name: "level", Synonyms: []string{"级别", "level"}, Required: true},
		{Name: "name", Synonyms: []string{"名称", "name"}, Required: true},
		{Name: "parent", Synonyms: []string{"上级代码", "parent"}},
		{Name: "phone", Synonyms: []string{"电话", "phone"}},
		{Name: "hours", Synonyms: []string{"接听时间", "hours"}},
		{Name: "boundary", Synonyms: []string{"边界", "boundary"}},
		{Name: "valid_from", Synonyms: []string{"启用日期", "valid_from"}},
		{Name: "valid_to", Synonyms: []string{"停用日期", "valid_to"}},
	},
	Example: []any{"320105004004", "community", "洲岛家园社区", "320105004", "025-86821234", "8:30–20:00", "", "2019-06-01", ""},
	take:    takePlaces, give: givePlaces,
}

type placeBatch struct {
	s      *Service
	places []place.Place
}

func (b placeBatch) Size() int { return len(b.places) }

func (b placeBatch) Write(ctx context.Context, r Receipt, tell func(done, all int)) error {
	if err := b.s.Places.Put(ctx, r.By, b.places...); err != nil {
		return err
	}
	tell(len(b.places), len(b.places))
	return b.s.keep(ctx, r)
}

func takePlaces(_ context.Context, s *Service, in Incoming) (Batch, error) {
	b := placeBatch{s: s}
	seen := map[string]bool{}
	for _, row := range in.rows {
		p := place.Place{
			Code: place.Trim(in.get(row, "code")), Level: in.get(row, "level"), Name: place.OwnName(in.get(row, "level"), in.text(row, "name", 80, true)),
			Phone: in.text(row, "phone", 20, false), Hours: in.text(row, "hours", 80, false), Boundary: in.get(row, "boundary"),
		}
		p.Parent = place.ParentOf(p.Code)
		p.ValidFrom, p.ValidTo = in.day(row, "valid_from"), in.day(row, "valid_to")
		if p.ValidTo != 0 && p.ValidTo <= p.ValidFrom {
			in.fault(row, "valid_to", "place.ends_before")
		}
		switch parent := place.Trim(in.get(row, "parent")); {
		case place.LevelOf(p.Code) == "":
			in.fault(row, "code", "transfer.bad_code", "code", p.Code)
		case place.LevelOf(p.Code) != p.Level:
			in.fault(row, "level", "transfer.bad_level", "level", p.Level)
		case seen[p.Code]:
			in.fault(row, "code", "transfer.twice", "value", p.Code)
		case parent != "" && parent != p.Parent:
			in.fault(row, "parent", "transfer.bad_parent", "code", parent)
		case in.within != "":
			in.fault(row, "code", "transfer.operator_only")
		}
		seen[p.Code] = true
		if old, err := s.Places.Get(p.Code); err == nil { // what the table has no column for stays
			p.Look = old.Look
			if !in.head.Has("valid_from") {
				p.ValidFrom = old.ValidFrom
			}
			if !in.head.Has("valid_to") {
				p.ValidTo = old.ValidTo
			}
			keep := func(column, was string, v *string) {
				if !in.head.Has(column) {
					*v = was
				}
			}
			keep("phone", old.Phone, &p.Phone)
			keep("hours", old.Hours, &p.Hours)
			keep("boundary", old.Boundary, &p.Boundary)
		}
		b.places = append(b.places, p)
	}
	return b, nil
}

func givePlaces(_ context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
	list := s.Places.All(ask.Place, "")
	for _, p := range list {
		if err := w.Write(p.Code, p.Level, p.Name, p.Parent, p.Phone, p.Hours, p.Boundary, date(p.ValidFrom), date(p.ValidTo)); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// groups is the directory of organisations 组织.
var groups = Kind{
	Name: "groups",
	Columns: []sheet.Column{
		{Name: "name", Synonyms: []string{"名称", "name"}, Required: true},
		{Name: "kind", Synonyms: []string{"类别", "kind"}, Required: true},
		{Name: "place", Synonyms: []string{"地点代码", "place"}, Required: true},
		{Name: "registered", Synonyms: []string{"登记号", "registered", "备案号"}},
		{Name: "phone", Synonyms: []string{"公开电话", "phone"}},
		{Name: "about", Synonyms: []string{"简介", "about"}},
	},
	Example: []any{"江心洲好邻居公益服务社", actor.Society, "320105004004", "备2024-江-017", "", "助老与亲子活动"},
	take:    takeGroups, give: giveGroups,
}

type groupBatch struct {
	s      *Service
	groups []group.Group
}

func (b groupBatch) Size() int { return len(b.groups) }

func (b groupBatch) Write(ctx context.Context, r Receipt, tell func(done, all int)) error {
	err := b.s.Journal.DB.Write(ctx, func(tx *db.Tx) error {
		for i := range b.groups {
			g := b.groups[i]
			if err := b.s.Groups.Put(ctx, tx, r.By, &g); err != nil {
				return err
			}
		}
		return insertReceipt(ctx, tx, r)
	})
	tell(len(b.groups), len(b.groups))
	return err
}

// groupsMost bounds a table of groups, which is written in one go.
const groupsMost = 1000

func takeGroups(_ context.Context, s *Service, in Incoming) (Batch, error) {
	b := groupBatch{s: s}
	seen := map[string]bool{}
	for i, row := range in.rows {
		g := group.Group{
			Name: in.text(row, "name", 80, true), Kind: in.get(row, "kind"), Place: in.place(s, row, "place", 6),
			Registered: in.text(row, "registered", 80, false), Phone: in.text(row, "phone", 20, false), About: in.text(row, "about", 2000, false),
		}
		if !slices.Contains(group.Kinds, g.Kind) {
			in.fault(row, "kind", "transfer.bad_kind", "kind", g.Kind)
		}
		if there := s.Groups.At(g.Place, g.Kind); seen[g.Place+g.Name] || slices.ContainsFunc(there, func(o group.Group) bool { return o.Name == g.Name }) {
			in.fault(row, "name", "transfer.twice", "value", g.Name)
		}
		if i == groupsMost {
			in.fault(row, "name", "transfer.too_many", "max", groupsMost)
		}
		seen[g.Place+g.Name] = true
		b.groups = append(b.groups, g)
	}
	return b, nil
}

func giveGroups(_ context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
	list := s.Groups.At(ask.Place, "")
	for _, g := range list {
		if err := w.Write(g.Name, g.Kind, g.Place, g.Registered, g.Phone, g.About); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}
