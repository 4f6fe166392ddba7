package stats

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"strings"

	"github.com/a-h/templ"

	"linli/internal/platform/web"
	"linli/internal/ui"
)

// ring is a closed line of a boundary, longitude and latitude in WGS-84.
type ring [][]float64

// rings reads a boundary: a GeoJSON geometry or feature with a polygon or
// several. Anything else is no boundary, and the list beside the map says all.
func rings(boundary string) []ring {
	var g struct {
		Type        string          `json:"type"`
		Geometry    json.RawMessage `json:"geometry"`
		Coordinates json.RawMessage `json:"coordinates"`
	}
	if json.Unmarshal([]byte(boundary), &g) != nil {
		return nil
	}
	var parts [][]ring
	switch g.Type {
	case "Feature":
		if g.Geometry == nil {
			return nil
		}
		return rings(string(g.Geometry))
	case "Polygon":
		parts = make([][]ring, 1)
		if json.Unmarshal(g.Coordinates, &parts[0]) != nil {
			return nil
		}
	case "MultiPolygon":
		if json.Unmarshal(g.Coordinates, &parts) != nil {
			return nil
		}
	}
	var out []ring
	for _, p := range parts {
		for _, r := range p {
			for _, point := range r {
				if len(point) < 2 {
					return nil
				}
			}
			if len(r) > 2 {
				out = append(out, r)
			}
		}
	}
	return out
}

// Size of the map's picture.
const (
	mapWidth  = 800.0
	mapHeight = 520.0
)

// mapOf draws the places that have a boundary, darker where more was fulfilled,
// each a link to its figures; nothing when none has one. No tiles are fetched.
func (s *Service) mapOf(c *web.Call, f *Figures) templ.Component {
	shapes := make([][]ring, len(f.Places))
	west, east, south, north := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	most := int64(1)
	any := false
	for i, p := range f.Places {
		shapes[i] = rings(p.boundary)
		for _, r := range shapes[i] {
			any = true
			for _, at := range r {
				west, east, south, north = min(west, at[0]), max(east, at[0]), min(south, at[1]), max(north, at[1])
			}
		}
		most = max(most, p.Fulfilled)
	}
	if !any || east <= west || north <= south {
		return ui.Nothing
	}
	flat := math.Cos((south + north) / 2 * math.Pi / 180) // a degree of longitude is shorter than one of latitude
	scale := min(mapWidth/((east-west)*flat), mapHeight/(north-south))
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		fmt.Fprintf(&b, `<svg class="stats-map" viewBox="-4 -4 %.0f %.0f" role="group" aria-label="%s">`, (east-west)*flat*scale+8, (north-south)*scale+8, html.EscapeString(c.T("stats.map")))
		for i, p := range f.Places {
			if len(shapes[i]) == 0 {
				continue
			}
			q := f.query()
			q.Set("place", p.Place)
			name := c.T("stats.map_place", "place", p.Name, "n", p.Fulfilled)
			fmt.Fprintf(&b, `<a href="/stats?%s" aria-label="%s"><path class="shade-%d" fill-rule="evenodd" d="`,
				html.EscapeString(q.Encode()), html.EscapeString(name), p.Fulfilled*4/most)
			for _, r := range shapes[i] {
				for j, at := range r {
					fmt.Fprintf(&b, "%c%.1f %.1f", "LM"[map[bool]int{true: 1}[j == 0]], (at[0]-west)*flat*scale, (north-at[1])*scale)
				}
				b.WriteByte('Z')
			}
			fmt.Fprintf(&b, `"><title>%s</title></path></a>`, html.EscapeString(name))
		}
		b.WriteString(`</svg>`)
		_, err := io.WriteString(w, b.String())
		return err
	})
}
