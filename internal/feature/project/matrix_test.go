package project_test

import (
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/feature/project"
	"linli/internal/platform/golden"
)

// TestMatrix holds who may do what in each state; a change of rules is a
// change of this text.
func TestMatrix(t *testing.T) {
	now := apptest.Noon.UnixMilli()
	var matters []flow.Sample[*project.Project]
	for _, s := range project.Life.States() {
		p := &project.Project{Head: flow.Head{ID: "p", State: s, Author: "resident", Version: 1}, Shown: true, Ownership: project.PublicOwned,
			Fund: "专项", Upkeep: "社区", Cost: 1, Budget: 100, Oversight: "overseers", Asked: s == project.Accepted}
		p.Locate(demo.CommunityA)
		p.Voices = []*project.Voice{{ID: "v", Kind: project.Juror, Account: "juror"}}
		if s == project.Building {
			p.Spending = []*project.Spending{{ID: "s", Amount: 1, Keyed: "x"}}
		}
		matters = append(matters, flow.Sample[*project.Project]{Name: string(s), Value: p})
	}
	person := func(id string, level actor.Level, home string, roles ...actor.Role) flow.Sample[actor.Actor] {
		return flow.Sample[actor.Actor]{Name: id, Value: actor.Actor{ID: id, Level: level, Home: home, Roles: roles}}
	}
	staff := func(place string) actor.Role { return actor.Role{Name: actor.Staff, Place: place} }
	actors := []flow.Sample[actor.Actor]{
		{Name: "anonymous"},
		person("resident", actor.V3, demo.CommunityA), person("neighbour", actor.V1, demo.CommunityA), person("outsider", actor.V3, demo.CommunityB),
		person("juror", actor.V3, demo.CommunityA), person("overseer", actor.V2, "", actor.Role{Name: actor.Member, Group: "overseers"}),
		person("party", actor.V3, demo.CommunityA, actor.Role{Name: actor.Agent, Group: "branch", GroupKind: actor.Party}),
		person("community", actor.V3, demo.CommunityA, staff(demo.CommunityA)), person("community-b", actor.V3, demo.CommunityB, staff(demo.CommunityB)),
		person("street", actor.V3, demo.CommunityA, staff(demo.Street)), person("district", actor.V3, demo.CommunityB, staff(demo.District)),
		person("expert", actor.V2, demo.CommunityB, actor.Role{Name: actor.Expert, Place: demo.District}),
		person("auditor", actor.V2, "", actor.Role{Name: actor.Auditor, Place: demo.District}), person("admin", actor.V2, "", actor.Role{Name: actor.Admin, Place: demo.District}),
	}
	golden.Check(t, "testdata/matrix.txt", project.Life.Matrix(matters, actors, now))
}
