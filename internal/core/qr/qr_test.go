package qr

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"rsc.io/qr"
)

// drawn is what an SVG reader sees.
type drawn struct {
	Width   int    `xml:"width,attr"`
	Height  int    `xml:"height,attr"`
	ViewBox string `xml:"viewBox,attr"`
	Role    string `xml:"role,attr"`
	Title   string `xml:"title"`
	Paths   []struct {
		D string `xml:"d,attr"`
	} `xml:"path"`
}

// modules paints the path on a grid; it understands only the commands the drawing uses.
func modules(t *testing.T, d string, side int) [][]bool {
	t.Helper()
	grid := make([][]bool, side)
	for i := range grid {
		grid[i] = make([]bool, side)
	}
	for _, part := range strings.SplitAfter(d, "z") {
		if part == "" {
			continue
		}
		var x, y, width, back int
		if _, err := fmt.Sscanf(part, "M%d %dh%dv1h-%dz", &x, &y, &width, &back); err != nil || width != back || width < 1 {
			t.Fatalf("path part %q: %v", part, err)
		}
		for i := range width {
			if grid[y][x+i] {
				t.Fatalf("module %d,%d is drawn twice", x+i, y)
			}
			grid[y][x+i] = true
		}
	}
	return grid
}

func TestSVGDrawsTheCode(t *testing.T) {
	for _, text := range []string{"1", "HTTPS://LINLI.EXAMPLE/W/42", "https://linli.example/wishes/0190f3c2?x=1&y=2", "洲岛家园3幢2单元", strings.Repeat("长", 777)} {
		svg, err := SVG(text, 240, `心愿 <42> & "收据"`)
		if err != nil {
			t.Fatalf("%.20q: %v", text, err)
		}
		var image drawn
		if err := xml.Unmarshal([]byte(svg), &image); err != nil {
			t.Fatalf("%.20q: %v", text, err)
		}
		code, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		side := code.Size + 2*Quiet
		if image.Width != 240 || image.Height != 240 || image.ViewBox != fmt.Sprintf("0 0 %d %d", side, side) || len(image.Paths) != 1 {
			t.Fatalf("%.20q: %+v", text, image)
		}
		if image.Title != `心愿 <42> & "收据"` || image.Role != "img" {
			t.Errorf("title %q, role %q", image.Title, image.Role)
		}
		for y, row := range modules(t, image.Paths[0].D, side) {
			for x, black := range row {
				// Black is false outside the code, so this holds the margin, too.
				if black != code.Black(x-Quiet, y-Quiet) {
					t.Fatalf("%.20q: module %d,%d is %v", text, x, y, black)
				}
			}
		}
	}
}

// The code itself is right where it does not depend on the text: the three finder patterns, timing and dark module.
func TestFixedPatterns(t *testing.T) {
	svg, err := SVG("linli", 100, "")
	if err != nil {
		t.Fatal(err)
	}
	var image drawn
	if err := xml.Unmarshal([]byte(svg), &image); err != nil {
		t.Fatal(err)
	}
	const size = 21 // version 1 holds 14 bytes at level M
	grid := modules(t, image.Paths[0].D, size+2*Quiet)
	at := func(x, y int) bool { return grid[y+Quiet][x+Quiet] }
	for _, corner := range [][2]int{{0, 0}, {size - 7, 0}, {0, size - 7}} {
		for y := range 7 {
			for x := range 7 {
				ring := x == 0 || y == 0 || x == 6 || y == 6
				core := x >= 2 && x <= 4 && y >= 2 && y <= 4
				if at(corner[0]+x, corner[1]+y) != (ring || core) {
					t.Errorf("finder at %v: module %d,%d is wrong", corner, x, y)
				}
			}
		}
	}
	for i := 8; i < size-8; i++ {
		if at(i, 6) != (i%2 == 0) || at(6, i) != (i%2 == 0) {
			t.Errorf("timing module %d is wrong", i)
		}
	}
	if !at(8, size-8) {
		t.Error("the dark module is white")
	}
}

func TestSVGHasNeitherStyleNorScript(t *testing.T) {
	svg, err := SVG("x", 100, "<script>")
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			if !strings.Contains(" svg title rect path ", " "+start.Name.Local+" ") {
				t.Errorf("element %s", start.Name.Local)
			}
			for _, a := range start.Attr {
				if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("attribute %s", a.Name.Local)
				}
			}
		}
	}
	if plain, err := SVG("x", 100, ""); err != nil || strings.Contains(plain, "title") || !strings.Contains(plain, `aria-hidden="true"`) {
		t.Errorf("without title: %s, %v", plain, err)
	}
}

func TestSVGRefuses(t *testing.T) {
	if _, err := SVG(strings.Repeat("x", 2332), 100, ""); !errors.Is(err, ErrTooLong) {
		t.Errorf("2,332 bytes: %v", err)
	}
	if _, err := SVG(strings.Repeat("x", 2331), 100, ""); err != nil {
		t.Errorf("2,331 bytes: %v", err)
	}
	for _, tt := range []struct {
		text string
		size int
	}{{"", 100}, {"\xff", 100}, {"x", 0}} {
		if svg, err := SVG(tt.text, tt.size, ""); err == nil {
			t.Errorf("%q at %d: %s", tt.text, tt.size, svg)
		}
	}
}
