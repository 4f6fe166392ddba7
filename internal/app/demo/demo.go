// Package demo fills an empty place with a demo district: real places
// (建邺区 320105), invented people and matters, a year of them from one seed,
// made by the same use-cases that people use, on a clock that runs through
// the year.
package demo

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"linli/internal/app"
	"linli/internal/core/actor"
	"linli/internal/feature/group"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
)

// nanjing is the division codes of Nanjing (Administrative-divisions-of-China, WTFPL).
//
//go:embed nanjing.csv
var nanjing []byte

// The demo's places.
const (
	District   = "320105"
	Street     = "320105004"
	CommunityA = "320105004004" // 洲岛家园社区
	CommunityB = "320105004005" // 洲岛和园社区
)

// Password is the one password of all demo accounts.
const Password = "linli-demo"

// An account of the demo.
type person struct {
	name, public string
	level        actor.Level
	home         string
	roles        []member.Grant
}

// People makes places, groups and the accounts of CONTRACT §2 as ordinary rows.
func People(ctx context.Context, h *app.House) error {
	if err := places(ctx, h); err != nil {
		return err
	}
	groups, err := parties(ctx, h)
	if err != nil {
		return err
	}
	hash, err := member.HashPassword(Password)
	if err != nil {
		return err
	}
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		for i, p := range people(groups) {
			a := member.Account{
				Name: p.name, PublicName: p.public, Level: p.level, Home: p.home, Password: hash, Demo: true, HasChannel: true,
				Phone: fmt.Sprintf("1380000%04d", i+1),
			}
			if err := h.Member.Create(ctx, tx, "", &a, p.roles...); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if err := h.Member.KeepToken(ctx, tx, a.ID, "demo", p.name, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

func places(ctx context.Context, h *app.House) error {
	var real []place.Place
	for _, line := range strings.Split(string(nanjing), "\n") { // code,level,name,parent
		if f := strings.Split(strings.TrimSpace(line), ","); strings.HasPrefix(line, District) {
			real = append(real, place.Place{Code: f[0], Level: f[1], Name: place.OwnName(f[1], f[2]), Parent: place.ParentOf(f[0])})
		}
	}
	if err := h.Place.Put(ctx, "", real...); err != nil {
		return err
	}
	var more []place.Place
	for code, phone := range map[string]string{District: "025-87770000", Street: "025-86820000", CommunityA: "025-86821234", CommunityB: "025-86825678"} {
		p, err := h.Place.Get(code)
		if err != nil {
			return err
		}
		p.Phone, p.Hours = phone, "8:30–20:00"
		more = append(more, p)
	}
	var buildings []string
	for i, name := range []string{"1幢", "2幢", "3幢", "5幢", "6幢", "7幢", "8幢", "9幢"} {
		code := fmt.Sprintf("%s%03d", CommunityA, i+1)
		buildings = append(buildings, code)
		more = append(more, place.Place{Code: code, Parent: CommunityA, Level: place.Building, Name: "洲岛家园" + name})
	}
	more = append(more,
		place.Place{Code: CommunityA + "901", Parent: CommunityA, Level: place.Grid, Name: "洲岛家园第一网格"},
		place.Place{Code: CommunityA + "902", Parent: CommunityA, Level: place.Grid, Name: "洲岛家园第二网格"})
	if err := h.Place.Put(ctx, "", more...); err != nil {
		return err
	}
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		if err := h.Place.Draw(ctx, tx, "", CommunityA+"901", buildings[:4], now); err != nil {
			return err
		}
		return h.Place.Draw(ctx, tx, "", CommunityA+"902", buildings[4:], now)
	})
	if err != nil {
		return err
	}
	for key, value := range map[string]string{"site.demo": "true", "site.place": CommunityA, "signin.second_factor": "false"} {
		if err := h.Place.Set(ctx, "", "", key, value); err != nil {
			return err
		}
	}
	return h.Place.Set(ctx, "", District, "wish.review", "unverified")
}

func parties(ctx context.Context, h *app.House) (map[string]string, error) {
	ids := map[string]string{}
	list := []group.Group{
		{Kind: actor.Party, Name: "中共洲岛家园社区委员会", Place: CommunityA},
		{Kind: actor.Committee, Name: "洲岛家园社区居民委员会", Place: CommunityA},
		{Kind: actor.Oversight, Name: "洲岛家园社区居务监督委员会", Place: CommunityA},
		{Kind: actor.Council, Name: "洲岛家园议事协调委员会", Place: CommunityA},
		{Kind: actor.Owners, Name: "洲岛家园业主委员会", Place: CommunityA},
		{Kind: actor.Property, Name: "洲岛物业服务中心", Place: CommunityA},
		{Kind: actor.Society, Name: "江心洲好邻居公益服务社", Place: CommunityA, Registered: "备2024-江-017"},
		{Kind: actor.Committee, Name: "洲岛和园社区居民委员会", Place: CommunityB},
		{Kind: actor.Department, Name: "建邺区水务局", Place: District},
		{Kind: actor.Department, Name: "建邺区市政设施管理中心", Place: District},
	}
	for i, name := range []string{
		"区机关食堂", "江心洲中心小学食堂", "青奥中学食堂", "街道办事处食堂", "岛上派出所食堂", "卫生服务中心食堂", "生态科技公司食堂",
		"消防救援站食堂", "公交场站食堂", "建设工地一食堂", "建设工地二食堂", "养老院食堂", "酒店员工食堂",
	} {
		list = append(list, group.Group{Kind: actor.Unit, Name: name, Place: CommunityA, Registered: fmt.Sprintf("共建协议2025-%02d", i+1)})
	}
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		for i := range list {
			g := list[i]
			g.About = "演示单位，名称与事务均为虚构"
			if err := h.Group.Put(ctx, tx, "", &g); err != nil {
				return err
			}
			ids[g.Name] = g.ID
			if g.Kind == actor.Unit {
				ids[fmt.Sprintf("unit%d", i-9)] = g.ID
			}
		}
		return nil
	})
	return ids, err
}

func people(groups map[string]string) []person {
	agent := func(name, post string) member.Grant {
		return member.Grant{Role: actor.Agent, Group: groups[name], Post: post}
	}
	on := func(role, place string) member.Grant { return member.Grant{Role: role, Place: place} }
	a, b := CommunityA, CommunityB
	ps := []person{
		{name: "demo-resident", public: "李阿姨", level: actor.V3, home: a},
		{name: "demo-neighbour", public: "张先生", level: actor.V3, home: a},
		{name: "demo-newcomer", public: "小周", level: actor.V1, home: a},
		{name: "demo-outsider", public: "王女士", level: actor.V3, home: b},
		{name: "demo-volunteer", public: "热心的小陈", level: actor.V3, home: a, roles: []member.Grant{on(actor.Volunteer, a)}},
		{name: "demo-volunteer2", public: "刘师傅", level: actor.V3, home: a, roles: []member.Grant{on(actor.Volunteer, a)}},
		{name: "demo-society", public: "好邻居小吴", level: actor.V3, home: a, roles: []member.Grant{agent("江心洲好邻居公益服务社", "经办人")}},
		{name: "demo-party", public: "周书记", level: actor.V3, home: a, roles: []member.Grant{agent("中共洲岛家园社区委员会", "书记"), on(actor.PartyMember, a)}},
		{name: "demo-grid", public: "网格员小孙", level: actor.V3, home: a, roles: []member.Grant{on(actor.GridWorker, a+"901")}},
		{name: "demo-community", public: "社工小赵", level: actor.V3, home: a, roles: []member.Grant{on(actor.Staff, a)}},
		{name: "demo-community2", public: "社工小钱", level: actor.V3, home: a, roles: []member.Grant{on(actor.Staff, a)}},
		{name: "demo-community-b", public: "社工小郑", level: actor.V3, home: b, roles: []member.Grant{on(actor.Staff, b)}},
		{name: "demo-street", public: "街道小冯", level: actor.V3, home: a, roles: []member.Grant{on(actor.Staff, Street)}},
		{name: "demo-district", public: "区里小蒋", level: actor.V3, home: b, roles: []member.Grant{on(actor.Staff, District)}},
		{name: "demo-water", public: "水务小沈", level: actor.V2, home: b, roles: []member.Grant{agent("建邺区水务局", "联络员")}},
		{name: "demo-roads", public: "市政小韩", level: actor.V2, home: b, roles: []member.Grant{agent("建邺区市政设施管理中心", "联络员")}},
		{name: "demo-auditor", public: "审计小杨", level: actor.V2, home: b, roles: []member.Grant{on(actor.Auditor, District)}},
		{name: "demo-admin", public: "系统管理员", level: actor.V2, home: b, roles: []member.Grant{on(actor.Admin, District)}},
	}
	for i := 1; i <= 13; i++ {
		ps = append(ps, person{name: fmt.Sprintf("demo-unit%d", i), public: fmt.Sprintf("共建单位经办人%d", i), level: actor.V2, home: a,
			roles: []member.Grant{{Role: actor.Agent, Group: groups[fmt.Sprintf("unit%d", i)], Post: "经办人"}}})
	}
	for i, post := range []string{"人大代表", "政协委员", "部门负责人", "规划师", "律师"} {
		ps = append(ps, person{name: fmt.Sprintf("demo-expert%d", i+1), public: post + fmt.Sprintf("（专家%d）", i+1), level: actor.V2, home: b,
			roles: []member.Grant{{Role: actor.Expert, Place: District, Post: post}}})
	}
	return ps
}
