// Package chart draws simple figures (图表) as SVG on the server: bars, lines and shares. Each chart has a sentence as its
// title, its unit, period and source, a description for readers of the screen, and the same figures as a table.
//
// Places are percentages and heights are in em, so a chart fills the width there is while its words keep the size of
// text the reader chose.
package chart

import (
	"math"
	"strconv"
	"strings"

	"linli/internal/ui"
	"linli/internal/ui/text"
)

// Chart is a set of figures. Its title is a sentence that says what the figures show.
type Chart struct {
	ID     string    // unique on the page
	Title  string    // the finding, as a sentence
	Unit   string    // 件, 人
	Period string    // 2026年4月
	Source string    // where the figures come from
	Labels []string  // one a figure: the communities, the months
	Series []Series  // one for Bars and Shares, up to four for Lines
	Tones  []ui.Tone // of the parts of Shares, where they are good or bad news; may be empty
	CSV    string    // address of the figures as CSV; none when empty
}

// Series is a named row of figures, one for each label of its chart. Negative figures are drawn as zero.
type Series struct {
	Name   string
	Values []float64
}

const (
	rowHeight   = 2.75 // em, of a bar with its name
	plotLeft    = 14.0 // percent: room for the figures of the axis
	plotRight   = 96.0
	plotTop     = 9.0
	plotBottom  = 86.0
	maxLines    = 4  // more cannot be told apart
	insideShare = 20 // percent: a smaller part has no room for its figure
	palette     = 6
)

func percent(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) + "%"
}

func em(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) + "em" }

// figure writes a value with its thousands apart and at most two decimals.
func figure(v float64) string {
	v = math.Round(v*100) / 100
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	whole, rest := math.Modf(v)
	s := sign + text.Number(int64(whole))
	if rest >= 0.005 {
		s += strings.TrimPrefix(strconv.FormatFloat(math.Round(rest*100)/100, 'f', -1, 64), "0")
	}
	return s
}

// scale returns the end of an axis, a round number at or above top, and the step between its lines: at most six lines.
func scale(top float64) (end, step float64) {
	if !(top > 0) || math.IsInf(top, 0) {
		return 1, 1
	}
	power := math.Pow(10, math.Floor(math.Log10(top)))
	step = power
	for _, part := range []float64{0.2, 0.5, 1, 2} {
		if top/(power*part) <= 5 {
			step = power * part
			break
		}
	}
	if step < 1 && top == math.Trunc(top) {
		step = 1 // counts have no halves
	}
	return math.Ceil(top/step-1e-9) * step, step
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

// value is the i-th figure of a series as it is drawn: not below zero, zero where it is missing.
func (c Chart) value(series, i int) float64 {
	if series < len(c.Series) && i < len(c.Series[series].Values) {
		return math.Max(c.Series[series].Values[i], 0)
	}
	return 0
}

// said is the i-th figure of a series in words: "—" where it is missing.
func (c Chart) said(series, i int) string {
	if i < len(c.Series[series].Values) {
		return figure(c.Series[series].Values[i])
	}
	return "—"
}

type bar struct{ Label, Value, TextY, Y, Width string }

func (c Chart) bars() []bar {
	top := c.top()
	var out []bar
	for i, label := range c.Labels {
		width := 0.0
		if top > 0 {
			width = c.value(0, i) / top * 100
		}
		y := float64(i) * rowHeight
		out = append(out, bar{Label: label, Value: c.said(0, i), TextY: em(y + 1.15), Y: em(y + 1.55), Width: percent(width)})
	}
	return out
}

func (c Chart) barsHeight() string { return em(float64(len(c.Labels)) * rowHeight) }

type (
	dot     struct{ X, Y string }
	segment struct{ X1, Y1, X2, Y2 string }
	line    struct {
		Name, Class, Last string
		Dots              []dot
		Segments          []segment
	}
)

func (c Chart) lines() []line {
	end, _ := scale(c.top())
	var out []line
	for n, s := range c.Series[:min(len(c.Series), maxLines)] {
		l := line{Name: s.Name, Class: "series-" + strconv.Itoa(n+1)}
		for i := range c.Labels {
			d := dot{X: percent(c.across(i)), Y: percent(up(c.value(n, i), end))}
			if i > 0 {
				last := l.Dots[i-1]
				l.Segments = append(l.Segments, segment{last.X, last.Y, d.X, d.Y})
			}
			l.Dots = append(l.Dots, d)
			l.Last = c.said(n, i)
		}
		out = append(out, l)
	}
	return out
}

// across is where the i-th label stands, in percent of the width.
func (c Chart) across(i int) float64 {
	if len(c.Labels) < 2 {
		return (plotLeft + plotRight) / 2
	}
	return plotLeft + float64(i)*(plotRight-plotLeft)/float64(len(c.Labels)-1)
}

// up is where a figure stands, in percent of the height from above.
func up(v, end float64) float64 { return plotBottom - v/end*(plotBottom-plotTop) }

type gridLine struct{ Y, Value string }

func (c Chart) grid() []gridLine {
	end, step := scale(c.top())
	var out []gridLine
	for i := 0; i <= int(math.Round(end/step)); i++ {
		v := float64(i) * step
		out = append(out, gridLine{Y: percent(up(v, end)), Value: figure(v)})
	}
	return out
}

type tick struct {
	X, Label string
	Minor    bool // left out where there is little room
}

func (c Chart) ticks() []tick {
	last := len(c.Labels) - 1
	every := max((last+6)/6, 1) // at most seven labels on a wide page
	var out []tick
	for i, l := range c.Labels {
		if i%every != 0 && i != last {
			continue
		}
		if i != last && last-i < every && i != 0 {
			continue // too near to the last
		}
		out = append(out, tick{X: percent(c.across(i)), Label: l, Minor: i != 0 && i != last})
	}
	return out
}

type share struct{ Label, Value, Percent, Round, X, Width, Middle, Class string }

func (c Chart) shares() []share {
	total := 0.0
	for i := range c.Labels {
		total += c.value(0, i)
	}
	var out []share
	x := 0.0
	for i, label := range c.Labels {
		part := 0.0
		if total > 0 {
			part = c.value(0, i) / total * 100
		}
		s := share{
			Label: label, Value: c.said(0, i), Percent: strconv.FormatFloat(part, 'f', 1, 64) + "%",
			Round: strconv.FormatFloat(part, 'f', 0, 64) + "%", X: percent(x), Width: percent(math.Max(part-0.4, 0)),
			Class: "part-" + strconv.Itoa(i%palette+1),
		}
		if i < len(c.Tones) && c.Tones[i] != ui.Plain {
			s.Class = "part-" + string(c.Tones[i])
		}
		if part >= insideShare {
			s.Middle = percent(x + part/2)
		}
		x += part
		out = append(out, s)
	}
	return out
}

// spoken is the chart as sentences for readers of the screen.
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
			b.WriteString(strings.TrimSpace(l + " " + c.said(n, i) + " " + c.Unit))
		}
		b.WriteString(p.T("chart.stop"))
	}
	return b.String()
}

func (c Chart) table(p ui.Page) ui.Table {
	t := ui.Table{Caption: c.Title, Hidden: true, Columns: []ui.Column{{Label: p.T("chart.item")}}}
	for _, s := range c.Series {
		label := s.Name
		switch {
		case label == "":
			label = c.Unit
		case c.Unit != "":
			label += " (" + c.Unit + ")"
		}
		t.Columns = append(t.Columns, ui.Column{Label: label, Number: true})
	}
	for i, l := range c.Labels {
		r := ui.Row{Cells: []ui.Cell{{Text: l}}}
		for n := range c.Series {
			r.Cells = append(r.Cells, ui.Cell{Text: c.said(n, i)})
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}
