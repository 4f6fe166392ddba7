package wish

import "linli/internal/platform/web"

// routes are all doors of wishes.
func (s *Service) routes() []web.Route {
	api := append(s.Kind.API(),
		web.Route{Method: "POST", Path: "/api/v1/wishes/record", Name: "record-wish", Summary: "Record a wish met on the spot 当场办好",
			Body: RecordFields, Out: JSON{}, Status: 201, SignedIn: true,
			Do: func(c *web.Call) (any, error) { return s.CreateOnSpot(c.Context(), c) }})
	return append(api, s.pages()...)
}
