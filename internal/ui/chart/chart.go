// Package chart draws simple figures (图表) as SVG on the server: bars, lines and shares. Each chart has a sentence as its
// title, its unit, period and source, a description for readers of the screen, and the same figures as a table.
package chart

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"linli/internal/ui"
	"linli/internal/ui/text"
)

// Chart is a set of figures drawn as bars, lines or shares. Its title is a sentence that says what the figures show;
// the same figures stand below it as a table.
type Chart struct {
	ID     string   // unique on the page
	Title  string   // the finding, as a sentence
	Unit   string   // 件, 人
	Period string   // 2026年4月
	Source string   // where the figures come from
	Labels []string // one a figure: the communities, the months
	Series []Series // one for bars and shares, up to four for lines
	CSV    string   // address of the figures as CSV; none when empty
}

// Series is a named row of figures, one for each label of its chart.
type Series struct {
	Name   string
	Values []float64
}

// Drawing sizes in units of the SVG, which scales to the width there is.
const (
	chartWidth  = 640.0
	lineHeight  = 300.0
	plotLeft    = 56.0
	plotRight   = 16.0
	plotTop     = 16.0
	plotBottom  = 36.0
	barGap      = 38.0
	barThick    = 22.0
	barFirst    = 4.0
	charWidth   = 15.5 // of a Chinese character at the size labels are drawn
	labelChars  = 9
	valueRoom   = 84.0
	maxLines    = 4
	shareHeight = 44.0
)

type mark struct {
	X, Y, W, H     string
	Label, Value   string
	TextX, TextY   string
	ValueX, ValueY string
	Class          string
	Anchor         string
}

func coordinate(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// figure writes a value with its thousands apart and at most two decimals.
func figure(v float64) string {
	whole := math.Trunc(v)
	s := text.Number(int64(whole))
	if whole == 0 && v < 0 {
		s = "-0"
	}
	if rest := math.Round(math.Abs(v-whole)*100) / 100; rest > 0 && rest < 1 {
		s += strings.TrimPrefix(strconv.FormatFloat(rest, 'f', -1, 64), "0")
	}
	return s
}

// scale returns the end of an axis that is a round number at or above top, and the step between its lines.
func scale(top float64) (end, step float64) {
	if top <= 0 || math.IsInf(top, 0) || math.IsNaN(top) {
		return 1, 1
	}
	step = math.Pow(10, math.Floor(math.Log10(top)))
	for _, part := range []float64{0.2, 0.25, 0.5, 1} {
		if top/(step*part) <= 5 {
			step *= part
			break
		}
	}
	if step < 1 && top == math.Trunc(top) {
		step = 1 // counts have no halves
	}
	return math.Ceil(top/step-1e-9) * step, step
}

func (c Chart) first() []float64 {
	if len(c.Series) == 0 {
		return nil
	}
	return c.Series[0].Values
}

func (c Chart) top() float64 {
	top := 0.0
	for _, s := range c.Series {
		for _, v := range s.Values {
			top = math.Max(top, v)
		}
	}
	return top
}

func (c Chart) value(series, i int) float64 {
	if series < len(c.Series) && i < len(c.Series[series].Values) {
		return c.Series[series].Values[i]
	}
	return 0
}

// bars lays the figures of the first series out as horizontal bars: Chinese names stay level and readable.
func (c Chart) bars() []mark {
	longest := 0
	for _, l := range c.Labels {
		longest = max(longest, utf8.RuneCountInString(l))
	}
	left := float64(min(longest, labelChars))*charWidth + 12
	width := chartWidth - left - valueRoom
	top := math.Max(c.top(), 1e-9)
	var out []mark
	for i, label := range c.Labels {
		y := barFirst + float64(i)*barGap
		w := math.Max(c.value(0, i)/top*width, 0)
		out = append(out, mark{
			X: coordinate(left), Y: coordinate(y), W: coordinate(math.Max(w, 2)), H: coordinate(barThick),
			Label: shorten(label), TextX: coordinate(left - 10), TextY: coordinate(y + barThick/2 + 5),
			Value: figure(c.value(0, i)), ValueX: coordinate(left + w + 8), ValueY: coordinate(y + barThick/2 + 5),
		})
	}
	return out
}

func (c Chart) barsBox() string {
	return "0 0 " + coordinate(chartWidth) + " " + coordinate(float64(max(len(c.Labels), 1))*barGap)
}

func shorten(s string) string {
	r := []rune(s)
	if len(r) <= labelChars {
		return s
	}
	return string(r[:labelChars-1]) + "…"
}

type lineMark struct {
	Name, Points string
	Class        string
	Dots         []mark
	EndX, EndY   string
}

func (c Chart) lines() []lineMark {
	end, _ := scale(c.top())
	var out []lineMark
	for n, s := range c.Series {
		if n == maxLines {
			break
		}
		line := lineMark{Name: s.Name, Class: "series-" + strconv.Itoa(n+1)}
		var points []string
		for i := range c.Labels {
			x, y := c.spot(i, c.value(n, i), end)
			points = append(points, coordinate(x)+","+coordinate(y))
			line.Dots = append(line.Dots, mark{X: coordinate(x), Y: coordinate(y), Value: figure(c.value(n, i)), Label: c.Labels[i]})
			line.EndX, line.EndY = coordinate(x), coordinate(y-10)
		}
		line.Points = strings.Join(points, " ")
		out = append(out, line)
	}
	return out
}

func (c Chart) spot(i int, v, end float64) (x, y float64) {
	step := 0.0
	if len(c.Labels) > 1 {
		step = (chartWidth - plotLeft - plotRight - 24) / float64(len(c.Labels)-1)
	}
	x = plotLeft + 12 + float64(i)*step
	y = plotTop + (lineHeight-plotTop-plotBottom)*(1-v/end)
	return x, y
}

// grid is the horizontal lines of a line chart with their figures.
func (c Chart) grid() []mark {
	end, step := scale(c.top())
	var out []mark
	for v := 0.0; v <= end+step/2; v += step {
		_, y := c.spot(0, v, end)
		out = append(out, mark{Y: coordinate(y), TextY: coordinate(y + 5), Value: figure(v)})
	}
	return out
}

// ticks are the labels under a line chart, thinned so that they do not touch.
func (c Chart) ticks() []mark {
	longest := 1
	for _, l := range c.Labels {
		longest = max(longest, utf8.RuneCountInString(l))
	}
	room := (chartWidth - plotLeft - plotRight) / math.Max(float64(len(c.Labels)), 1)
	every := max(int(math.Ceil(float64(longest)*charWidth/room)), 1)
	var out []mark
	for i, l := range c.Labels {
		if i%every == 0 {
			x, _ := c.spot(i, 0, 1)
			out = append(out, mark{X: coordinate(x), Y: coordinate(lineHeight - 10), Label: l})
		}
	}
	return out
}

// shares lays the figures of the first series side by side in one bar; a part too small for its figure shows none,
// as the legend has it.
func (c Chart) shares() []mark {
	total := 0.0
	for _, v := range c.first() {
		total += math.Max(v, 0)
	}
	if total == 0 {
		return nil
	}
	var out []mark
	x := 0.0
	for i, label := range c.Labels {
		v := math.Max(c.value(0, i), 0)
		w := v / total * chartWidth
		m := mark{
			X: coordinate(x), W: coordinate(math.Max(w-2, 0)), H: coordinate(shareHeight), Label: label,
			Value: figure(c.value(0, i)), Class: "part-" + strconv.Itoa(i%6+1),
			TextX: coordinate(x + w/2), TextY: coordinate(shareHeight/2 + 6),
		}
		m.Anchor = strconv.FormatFloat(v/total*100, 'f', 1, 64) + "%"
		if w < 64 {
			m.TextX = ""
		}
		x += w
		out = append(out, m)
	}
	return out
}

// spoken is the chart in one sentence for readers of the screen.
func (c Chart) spoken(p ui.Page) string {
	var b strings.Builder
	for n, s := range c.Series {
		if s.Name != "" {
			b.WriteString(s.Name + p.T("chart.colon"))
		}
		for i, l := range c.Labels {
			if i > 0 {
				b.WriteString(p.T("chart.comma"))
			}
			b.WriteString(l + " " + figure(c.value(n, i)) + c.Unit)
		}
		b.WriteString(p.T("chart.stop"))
	}
	return b.String()
}

func (c Chart) table() ui.Table {
	t := ui.Table{Caption: c.Title, Hidden: true, Columns: []ui.Column{{Label: ""}}}
	for _, s := range c.Series {
		label := s.Name
		if c.Unit != "" {
			label = strings.TrimSpace(label + " (" + c.Unit + ")")
		}
		t.Columns = append(t.Columns, ui.Column{Label: label, Number: true})
	}
	for i, l := range c.Labels {
		r := ui.Row{Cells: []ui.Cell{{Text: l}}}
		for n := range c.Series {
			r.Cells = append(r.Cells, ui.Cell{Text: figure(c.value(n, i))})
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}
