package wish

import (
	"context"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/bigram"
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
type Alike struct {
	ID, Title string
	DueAt     int64 `db:"due_at"` // UTC ms, 0 for none
}

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

// similarTo finds open wishes like one about to be filed, before the write: no search holds up the writer.
func (s *Service) similarTo(ctx context.Context, raw map[string]any) []Alike {
	title, _ := raw["title"].(string)
	code, _ := raw["place"].(string)
	return s.Similar(ctx, strings.TrimSpace(title), access.Up(place.Trim(code), access.Community), "")
}

// alikeAmong is how many of the newest open wishes of a place are compared: a
// community has about thirty.
const alikeAmong = 64

// Similar finds up to alikeMost open wishes at or below a place that anybody
// may read and whose titles are like this one; none when that cannot be asked
// just now.
func (s *Service) Similar(ctx context.Context, title, code, but string) []Alike {
	among, err := s.open.Get(ctx, code)
	if err != nil {
		s.Journal.Log.Warn("similar wishes", "err", err)
	}
	now, titles := s.Journal.DB.Clock().Now().UnixMilli(), make([]string, len(among))
	for i, w := range among {
		if w.ID != but && (w.DueAt == 0 || w.DueAt > now) {
			titles[i] = w.Title // one left empty is like none
		}
	}
	var out []Alike
	for _, i := range bigram.Closest(title, titles, alikeMost) {
		out = append(out, among[i])
	}
	return out
}
