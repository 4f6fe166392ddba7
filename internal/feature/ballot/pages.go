package ballot

import "linli/internal/platform/web"

// pages are the doors for people.
func (s *Service) pages() []web.Route { return nil }
