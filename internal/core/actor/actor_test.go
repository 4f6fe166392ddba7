package actor

import (
	"context"
	"testing"
)

const (
	community = "320105004004"
	street    = "320105004"
)

func TestRolesReachWhereTheyAreHeld(t *testing.T) {
	a := Actor{ID: "a", Level: V3, Roles: []Role{{Name: Staff, Place: street}, {Name: Agent, Group: "g1", GroupKind: Unit}, {Name: Member, Group: "g2"}}, Wards: []string{"kid"}}
	for _, c := range []struct {
		what string
		got  bool
		want bool
	}{
		{"staff there", a.Has(Staff, street), true},
		{"staff below", a.StaffReaching(community), true},
		{"staff above", a.Has(Staff, "320105"), false},
		{"staff beside", a.Has(Staff, "320105005"), false},
		{"staff nowhere", a.Has(Staff, ""), false},
		{"staff of exactly", a.StaffOf(street), true},
		{"not of what is below", a.StaffOf(community), false},
		{"staff of nothing", Actor{Roles: []Role{{Name: Staff}}}.StaffOf(""), false},
		{"a role without place reaches nothing", a.Has(Agent, street), false},
		{"holds", a.Holds(Agent), true},
		{"does not hold", a.Holds(Admin), false},
		{"acts for", a.ActsFor("g1"), true},
		{"a member does not act", a.ActsFor("g2"), false},
		{"no group", a.ActsFor(""), false},
		{"belongs", a.Belongs("g2"), true},
		{"belongs to no group", a.Belongs(""), false},
		{"guards", a.Guards("kid"), true},
		{"guards nobody", a.Guards(""), false},
		{"known", a.Known(), true},
		{"unknown", Actor{}.Known(), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v", c.what, c.got)
		}
	}
	if ag := a.Agencies(); len(ag) != 1 || ag[0].Group != "g1" {
		t.Errorf("agencies %v", ag)
	}
}

func TestContext(t *testing.T) {
	if From(context.Background()).Known() {
		t.Error("an empty context knows somebody")
	}
	if got := From(With(context.Background(), Actor{ID: "a"})); got.ID != "a" {
		t.Errorf("%v", got)
	}
	if V0.String() != "V0" || V3.String() != "V3" {
		t.Error(V0, V3)
	}
}
