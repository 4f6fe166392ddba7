// Package qr draws QR codes (二维码) as SVG: for receipts, door signs, posters and check-in.
package qr

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"rsc.io/qr"
)

// Quiet is the white margin around the code in modules, as ISO/IEC 18004 asks.
const Quiet = 4

// ErrTooLong is returned for a text that no QR code of the chosen level holds.
var ErrTooLong = errors.New("qr: the text is too long for a QR code")

// SVG draws text, UTF-8 of at most 2,331 bytes, as a QR code of level M (15 % of it may be damaged), size CSS pixels wide
// and high with its margin. The picture is one black path on a white square, without style or script, so it suits a strict
// content security policy and prints sharply at any size. It has the role img and title as its name for screen readers; an
// empty title makes it decoration. It fails with [ErrTooLong], or on an empty text, invalid UTF-8 or a size below 1.
func SVG(text string, size int, title string) (string, error) {
	if text == "" || !utf8.ValidString(text) || size < 1 {
		return "", errors.New("qr: no text, no UTF-8 or no size")
	}
	if len(text) > 2331 {
		return "", ErrTooLong
	}
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrTooLong, err)
	}
	side := strconv.Itoa(code.Size + 2*Quiet)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %s %s" shape-rendering="crispEdges"`, size, size, side, side)
	if title == "" {
		b.WriteString(` aria-hidden="true">`)
	} else {
		var escaped bytes.Buffer
		if err := xml.EscapeText(&escaped, []byte(title)); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, ` role="img"><title>%s</title>`, escaped.String())
	}
	fmt.Fprintf(&b, `<rect width="%s" height="%s" fill="#fff"/><path fill="#000" d="`, side, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+Quiet, y+Quiet, x-from, x-from)
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}
