package member

import (
	"embed"
	"time"

	"linli/internal/platform/part"
	"linli/internal/platform/web"
)

//go:embed locale
var texts embed.FS

// Part is what members hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "member", Texts: texts, Routes: s.routes(),
		Works: []part.Work{
			{Name: "who looked", Every: time.Second, Do: s.WriteLooks},
			{Name: "old drafts and looks", Every: time.Hour, Do: s.Purge, Removes: []part.Removal{{What: "member.kept.looks", After: "member.looks_kept"}, {What: "member.kept.drafts", After: "24h"}}},
		},
	}
}

// MeJSON is the caller as the API knows it.
type MeJSON struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Level string     `json:"level"`
	Roles []RoleJSON `json:"roles"`
	Home  HomeJSON   `json:"home"`
}

// RoleJSON is one role held now, on a place or in a group.
type RoleJSON struct {
	Role      string `json:"role"`
	Place     string `json:"place"`
	Group     string `json:"group"`
	GroupName string `json:"group_name"`
}

// HomeJSON is the community's code, never the dwelling.
type HomeJSON struct {
	Place string `json:"place"`
}

func (s *Service) me(c *web.Call) (any, error) {
	a := c.Actor
	name, err := s.PublicName(c.Context(), s.journal.DB, a.ID)
	if err != nil {
		return nil, err
	}
	m := MeJSON{ID: a.ID, Name: name, Level: a.Level.String(), Roles: []RoleJSON{}, Home: HomeJSON{a.Home}}
	for _, r := range a.Roles {
		m.Roles = append(m.Roles, RoleJSON{r.Name, r.Place, r.Group, s.groups.Name(r.Group)})
	}
	return m, nil
}
