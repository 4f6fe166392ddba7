package wish

import (
	"context"
	"strings"

	"linli/internal/core/actor"
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
	now := s.Journal.DB.Clock().Now().UnixMilli()
	ids, err := s.Finder.Similar(ctx, s.Journal.DB, "wish", code, title, 4*alikeMost)
	if err != nil {
		s.Journal.Log.Warn("similar wishes", "err", err)
		return nil
	}
	var out []Alike
	for _, id := range ids {
		if len(out) == alikeMost {
			break
		}
		w, err := s.Machine.Read(ctx, s.Journal.DB, actor.Actor{}, id, now)
		if err == nil && w.ID != but && w.State == Open {
			out = append(out, Alike{w.ID, w.Title})
		}
	}
	return out
}
