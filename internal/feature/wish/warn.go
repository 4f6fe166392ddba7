package wish

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"linli/internal/core/gate"
	"linli/internal/feature/place"
	"linli/internal/platform/matter"
)

// Warning is something the author should know that does not stop the wish.
type Warning struct {
	Code    string `json:"code" doc:"danger, illness, personal or similar"`
	Message string `json:"message"`
}

// Alike is another open wish that reads like the one being filed.
type Alike struct{ ID, Title string }

// alikeMost is how many similar wishes an author is asked about.
const alikeMost = 3

func warnings(w *Wish, alike []Alike, say matter.Say) []Warning {
	out := []Warning{}
	text := w.Title + "\n" + w.Body
	if hits := gate.Danger(text); len(hits) > 0 {
		out = append(out, Warning{"danger", say("wish.warn.danger", "number", hits[0].Number)})
	}
	if w.Visibility == Public {
		if hits := gate.Illness(text); len(hits) > 0 {
			out = append(out, Warning{"illness", say("wish.warn.illness", "word", hits[0].Word)})
		}
		if found := gate.Scan(text); len(found) > 0 {
			out = append(out, Warning{"personal", say("wish.warn.personal", "word", found[0].Masked)})
		}
	}
	for _, a := range alike {
		out = append(out, Warning{"similar", say("wish.warn.similar", "title", a.Title)})
	}
	return out
}

// similarTo finds open wishes that read like one about to be filed. It asks
// before the write, so that a search never holds up the writer.
func (s *Service) similarTo(ctx context.Context, raw map[string]any) []Alike {
	title, _ := raw["title"].(string)
	code, _ := raw["place"].(string)
	return s.Similar(ctx, strings.TrimSpace(title), place.Trim(code), "")
}

// Similar finds up to alikeMost open wishes at or below a place that anybody
// may read; none when searching is not possible just now.
func (s *Service) Similar(ctx context.Context, title, code, but string) []Alike {
	if s.Finder == nil || title == "" {
		return nil
	}
	ids, err := s.Finder.Similar(ctx, s.Journal.DB, "wish", code, title, 4*alikeMost)
	var out []Alike
	if err == nil && len(ids) > 0 {
		out, err = stillOpen(ctx, s.Journal.DB, ids, s.Journal.DB.Clock().Now().UnixMilli())
	}
	if err != nil {
		s.Journal.Log.Warn("similar wishes", "err", err)
	}
	out = slices.DeleteFunc(out, func(a Alike) bool { return a.ID == but })
	slices.SortFunc(out, func(a, b Alike) int { return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)) })
	return out[:min(alikeMost, len(out))]
}
