package place

import (
	"linli/internal/core/flow"
	"linli/internal/platform/web"
)

// Routes are the doors of places; all of them are public.
func (s *Service) Routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/api/v1/places", Name: "list-places", Summary: "Places at or below a code, by code", Public: []string{"place"},
			Query: []flow.Field{
				{Name: "place", Kind: flow.Text, Max: 20},
				{Name: "level", Kind: flow.Enum, Values: []string{District, Street, Community, Grid, Building, Unit}},
			},
			Out: Listing{}, Do: s.list},
		{Method: "GET", Path: "/api/v1/places/{code}", Name: "read-place", Summary: "One place", Public: []string{"place"}, Out: Place{},
			Do: func(c *web.Call) (any, error) { return s.Get(c.Path("code")) }},
	}
}

// Listing is places in order of their codes, whole: a district has few.
type Listing struct {
	Items []Place `json:"items"`
	Next  *string `json:"next"`
}

func (s *Service) list(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	items := s.Below(in.Text("place"), in.Text("level"))
	if items == nil {
		items = []Place{}
	}
	return Listing{Items: items}, nil
}
