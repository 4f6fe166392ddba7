package markdown

import (
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// emphasis reads * as CommonMark does, but for Chinese: there words stand
// without spaces, so that by CommonMark's rule **“引号”**后 would stay as typed.
// A run of stars beside a punctuation mark opens or closes also when the other
// side is a Chinese character (the amendment of github.com/tats-u/markdown-cjk-friendly).
type emphasis struct{}

func (emphasis) Trigger() []byte { return []byte{'*'} }

func (e emphasis) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	d := parser.ScanDelimiter(line, before, 1, e)
	if d == nil {
		return nil
	}
	after := ' '
	if d.OriginalLength < len(line) {
		after = util.ToRune(line, d.OriginalLength)
	}
	if chinese(before) && !util.IsSpaceRune(after) {
		d.CanOpen = true
	}
	if chinese(after) && !util.IsSpaceRune(before) {
		d.CanClose = true
	}
	d.Segment = segment.WithStop(segment.Start + d.OriginalLength)
	block.Advance(d.OriginalLength)
	pc.PushDelimiter(d)
	return d
}

// chinese reports whether r is written without spaces around it: Han, kana,
// hangul, bopomofo and their punctuation in full width.
func chinese(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) ||
		r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF
}

func (emphasis) IsDelimiter(b byte) bool { return b == '*' }
func (emphasis) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char
}
func (emphasis) OnMatch(consumes int) ast.Node { return ast.NewEmphasis(consumes) }
