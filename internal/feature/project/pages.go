package project

import "linli/internal/platform/web"

func (s *Service) pages() []web.Route { return nil }
