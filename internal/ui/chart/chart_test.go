package chart

import (
	"bytes"
	"context"
	"math"
	"strconv"
	"strings"
	"testing"

	"linli/internal/ui"

	"github.com/PuerkitoBio/goquery"
)

func TestScale(t *testing.T) {
	for _, c := range []struct{ top, end, step float64 }{
		{0, 1, 1}, {-5, 1, 1}, {math.Inf(1), 1, 1}, {math.NaN(), 1, 1},
		{1, 1, 1}, {3, 3, 1}, {7, 8, 2}, {10, 10, 2}, {11, 15, 5}, {640, 800, 200}, {100, 100, 20}, {999, 1000, 200}, {0.4, 0.4, 0.1}, {12345, 15000, 5000},
	} {
		end, step := scale(c.top)
		if math.Abs(end-c.end) > 1e-9 || math.Abs(step-c.step) > 1e-9 {
			t.Errorf("scale(%g) = %g, %g, want %g, %g", c.top, end, step, c.end, c.step)
		}
	}
	for top := 1.0; top < 5000; top += 7 {
		end, step := scale(top)
		if end < top || end/step > 6 {
			t.Errorf("scale(%g) = %g by %g", top, end, step)
		}
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1284: "1,284", 0.5: "0.5", 99.999: "100", -3.25: "-3.25", 12.1: "12.1", -0.4: "-0.4"} {
		if got := figure(v); got != want {
			t.Errorf("figure(%g) = %q, want %q", v, got, want)
		}
	}
}

var page = ui.Page{Look: ui.Look{Lang: "zh-CN"}}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.TrimRight(s, "%em"), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		t.Fatalf("%q is no place in a drawing", s)
	}
	return v
}

func TestBars(t *testing.T) {
	c := Chart{ID: "b", Title: "甲最多", Unit: "件", Labels: []string{"甲", "乙", "丙", "丁"}, Series: []Series{{Values: []float64{200, 50, -3}}}}
	var b bytes.Buffer
	if err := Bars(page, c).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	var widths []float64
	doc.Find(".chart-bar").Each(func(_ int, s *goquery.Selection) { widths = append(widths, number(t, s.AttrOr("width", ""))) })
	for i, want := range []float64{100, 25, 0, 0} {
		if widths[i] != want {
			t.Errorf("bar %d is %g %% wide, want %g", i, widths[i], want)
		}
	}
	if got := doc.Find("desc").Text(); got != "甲 200 件，乙 50 件，丙 -3 件，丁 — 件。" {
		t.Errorf("said: %q", got)
	}
	if got := doc.Find("tbody td").Text(); got != "20050-3—" {
		t.Errorf("table: %q", got)
	}
}

func TestLines(t *testing.T) {
	c := Chart{ID: "l", Labels: make([]string, 24), Series: []Series{{"甲", make([]float64, 24)}, {"乙", nil}, {"丙", nil}, {"丁", nil}, {"戊", nil}}}
	for i := range c.Labels {
		c.Labels[i] = strconv.Itoa(i + 1)
		c.Series[0].Values[i] = float64(i * i)
	}
	lines := c.lines()
	if len(lines) != maxLines || len(lines[0].Segments) != 23 {
		t.Fatalf("%d lines, %d segments", len(lines), len(lines[0].Segments))
	}
	for i := 1; i < 24; i++ {
		if number(t, lines[0].Dots[i].Y) >= number(t, lines[0].Dots[i-1].Y) {
			t.Errorf("the line does not rise at %d", i)
		}
	}
	ticks := c.ticks()
	if len(ticks) > 7 || ticks[0].Label != "1" || ticks[len(ticks)-1].Label != "24" || ticks[0].Minor || !ticks[1].Minor {
		t.Errorf("ticks: %v", ticks)
	}
	one := Chart{Labels: []string{"今天"}, Series: []Series{{Values: []float64{0}}}}
	if y := number(t, one.lines()[0].Dots[0].Y); y != plotBottom {
		t.Errorf("nothing is drawn at %g", y)
	}
}

func TestShares(t *testing.T) {
	c := Chart{Labels: []string{"满意", "不满意", "未评价"}, Series: []Series{{Values: []float64{75, 20, 5}}}, Tones: []ui.Tone{ui.Good, ui.Bad}}
	s := c.shares()
	if s[0].Percent != "75.0%" || s[0].Class != "part-ok" || s[1].X != "75%" || s[2].Class != "part-3" || s[2].Middle != "" || s[1].Middle != "85%" {
		t.Errorf("%+v", s)
	}
	c.Series[0].Values = []float64{0, 0, 0}
	for _, part := range c.shares() {
		number(t, part.Width)
		if part.Percent != "0.0%" {
			t.Errorf("an empty whole has a part of %s", part.Percent)
		}
	}
}

func TestNothing(t *testing.T) {
	var b bytes.Buffer
	if err := Lines(page, Chart{ID: "n", Title: "没有"}).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), page.T("chart.none")) || strings.Contains(b.String(), "chart-lines") {
		t.Error(b.String())
	}
}
