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
	return s.Similar(ctx, strings.TrimSpace(title), access.Up(place.Trim(code), access.Community), "")
}

// alikeAmong is how many of the newest open wishes of a place are compared: a
// community has about thirty.
const alikeAmong = 64

// Similar finds up to alikeMost open wishes at or below a place that anybody
// may read and whose titles are like this one; none when that cannot be asked
// just now.
func (s *Service) Similar(ctx context.Context, title, code, but string) []Alike {
	if title == "" {
		return nil
	}
	open, err := openTitles(ctx, s.Journal.DB, code, but, s.Journal.DB.Clock().Now().UnixMilli(), alikeAmong)
	if err != nil {
		s.Journal.Log.Warn("similar wishes", "err", err)
	}
	titles := make([]string, len(open))
	for i, a := range open {
		titles[i] = a.Title
	}
	var out []Alike
	for _, i := range bigram.Closest(title, titles, alikeMost) {
		out = append(out, open[i])
	}
	return out
}
