package group

import (
	"embed"

	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
)

//go:embed locale
var texts embed.FS

// Part is what groups hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{Name: "group", Texts: texts, Routes: append(s.routes(), s.pages()...)}
}

// Listing is the groups of a place, by name.
type Listing struct {
	Items []Group `json:"items"`
	Next  *string `json:"next"`
}

func (s *Service) routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/api/v1/groups", Name: "list-groups", Summary: "Groups at or below a place, by name", Public: []string{"group"},
			Query: []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}, {Name: "kind", Kind: flow.Enum, Values: Kinds}}, Out: Listing{},
			Do: func(c *web.Call) (any, error) {
				in, err := c.Query()
				if err != nil {
					return nil, err
				}
				l := Listing{Items: s.At(in.Text("place"), in.Text("kind"))}
				if l.Items == nil {
					l.Items = []Group{}
				}
				return l, nil
			}},
		{Method: "GET", Path: "/api/v1/groups/{id}", Name: "read-group", Summary: "One group", Public: []string{"group"}, Out: Group{},
			Do: func(c *web.Call) (any, error) {
				g, ok := s.Get(c.Path("id"))
				if !ok || g.State == "applied" || g.State == "refused" {
					return nil, fault.Absent()
				}
				return g, nil
			}},
	}
}
