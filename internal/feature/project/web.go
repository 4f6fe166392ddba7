package project

import "linli/internal/platform/web"

// routes are all doors of projects.
func (s *Service) routes() []web.Route { return append(s.Kind.API(), s.pages()...) }
