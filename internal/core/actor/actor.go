// Package actor says who acts: an account with its identity level, its home
// community and the roles it holds now. An Actor is a value; the member
// feature builds it, every use-case reads it from the context.
package actor

import (
	"context"
	"slices"
	"strconv"

	"linli/internal/core/access"
)

// Level is how far an identity has been confirmed.
type Level int

const (
	V0 Level = iota // not signed in 未登录
	V1              // phone or WeChat confirmed 手机已验证
	V2              // name confirmed 身份已核验
	V3              // residence in the home community confirmed 住址已核实
)

func (l Level) String() string { return "V" + strconv.Itoa(int(l)) }

// Names of roles. A role is held on a place ("there or below") or in a group.
const (
	Staff        = "staff"         // 社工、街道、区工作人员, by the level of the place
	GridWorker   = "grid_worker"   // 网格员
	BuildingHead = "building_head" // 楼栋长
	Volunteer    = "volunteer"     // 志愿者
	PartyMember  = "party_member"  // 党员
	Agent        = "agent"         // 经办人: acts for the group
	Member       = "member"        // 组员: belongs to the group, does not act for it
	Expert       = "expert"        // 专家
	Auditor      = "auditor"       // 审计
	Admin        = "admin"         // 系统管理员: settings, never private matters
)

// Kinds of groups that rules speak of.
const (
	Party      = "party"      // 党组织
	Society    = "society"    // 社会组织
	Unit       = "unit"       // 共建单位
	Department = "department" // 职能部门
	Committee  = "committee"  // 居委会
	Owners     = "owners"     // 业委会
	Property   = "property"   // 物业公司
	Council    = "council"    // 议事协调委员会
	Oversight  = "oversight"  // 居务监督委员会
	Club       = "club"       // 文体队伍、志愿队
)

// Role is one role held now.
type Role struct {
	Name      string
	Place     string // code; "" for a role in a group without a place
	Group     string // id; "" for a role on a place
	GroupKind string
}

// Actor is who acts. The zero Actor is an anonymous visitor.
type Actor struct {
	ID    string
	Name  string // account name, not shown to others
	Level Level
	Home  string // community code, never the dwelling
	Roles []Role
	// Wards are the people this actor may act for as guardian 监护人/家人, by account id.
	Wards []string
}

// Clock is the actor of moves made by time itself.
var Clock = Actor{ID: "clock"}

// Known reports whether the actor is signed in.
func (a Actor) Known() bool { return a.ID != "" }

// Has reports whether the actor holds the role on place or above it.
func (a Actor) Has(role, place string) bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Name == role && access.Covers(r.Place, place) })
}

// Holds reports whether the actor holds the role anywhere.
func (a Actor) Holds(role string) bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Name == role })
}

// StaffOf reports whether the actor is staff of exactly the given place.
func (a Actor) StaffOf(place string) bool {
	return place != "" && slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Name == Staff && r.Place == place })
}

// StaffReaching reports whether the actor is staff of the community, or of the
// street or district above it.
func (a Actor) StaffReaching(place string) bool { return a.Has(Staff, place) }

// ActsFor reports whether the actor may act in the name of the group.
func (a Actor) ActsFor(group string) bool {
	return group != "" && slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Name == Agent && r.Group == group })
}

// Belongs reports whether the actor acts for the group or is its member.
func (a Actor) Belongs(group string) bool {
	return group != "" && slices.ContainsFunc(a.Roles, func(r Role) bool { return r.Group == group })
}

// Agencies returns the roles under which the actor acts for groups.
func (a Actor) Agencies() []Role {
	var rs []Role
	for _, r := range a.Roles {
		if r.Name == Agent {
			rs = append(rs, r)
		}
	}
	return rs
}

// Guards reports whether the actor is guardian or family, by consent, of the account.
func (a Actor) Guards(account string) bool { return account != "" && slices.Contains(a.Wards, account) }

type key struct{}

// With returns a context in which a acts.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From returns who acts in ctx; anonymous when nobody was named.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(key{}).(Actor)
	return a
}
