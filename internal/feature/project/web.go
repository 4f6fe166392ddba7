package project

import "linli/internal/platform/web"

// routes are all doors of projects.
func (s *Service) routes() []web.Route {
	return append(append(s.Kind.API(), s.pages()...),
		web.Route{Method: "GET", Path: "/api/v1/projects/{id}/draw", Name: "project-draw", Summary: "All that is needed to draw the residents who accept again",
			Out: DrawJSON{}, Do: s.drawPage})
}
