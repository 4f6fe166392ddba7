// Package markdown turns what staff write (Markdown 文本) into HTML that is
// safe to show, and into plain text for cards, search and messages.
//
// Whatever is written, the result holds only the elements of running text: no
// script, style, form, frame or foreign picture. Titles begin at h2, because a
// page has one h1 of its own.
package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	render "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// The parser and the policy are read only once made and serve all callers.
// Raw HTML is left out by goldmark already; the policy is the second lock.
var (
	md = goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.NewLinkify(extension.WithLinkifyAllowedProtocols([]string{"http:", "https:"}))),
		goldmark.WithParserOptions(
			parser.WithInlineParsers(util.Prioritized(emphasis{}, 450)), // before goldmark's own at 500
			parser.WithASTTransformers(util.Prioritized(titles{}, 100)),
		),
		goldmark.WithRendererOptions(render.WithHardWraps()), // people press Enter for a new line
	)
	policy = newPolicy()
)

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "strong", "em", "del", "blockquote", "ul", "ol", "li", "pre", "code",
		"table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").Matching(ours).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	p.RequireNoReferrerOnFullyQualifiedLinks(true)
	return p
}

// Render returns safe HTML.
func Render(source string) string {
	var b bytes.Buffer
	if err := md.Convert([]byte(source), &b); err != nil { // a buffer takes everything
		return "<p>" + html.EscapeString(source) + "</p>"
	}
	return policy.SanitizeReader(&b).String()
}

var (
	breaks = regexp.MustCompile(`(?i)<br ?/?>|</(p|li|h[1-6]|tr|blockquote|pre)>|<hr ?/?>`)
	blanks = regexp.MustCompile(`\n{3,}`)
	strict = bluemonday.StrictPolicy()
)

// Plain returns the words alone, a line for each paragraph, list item and row,
// for cards, search and messages that know no markup.
func Plain(source string) string {
	s := breaks.ReplaceAllString(Render(source), "$0\n")
	s = html.UnescapeString(strict.Sanitize(s))
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.TrimSpace(blanks.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}

// ours is the address of a picture kept here; others would tell a stranger who reads.
var ours = regexp.MustCompile(`^/files/[0-9a-f-]{36}(/thumbnail)?$`)

// titles moves every title one level down (# is h2) and leaves of a foreign
// picture its description.
type titles struct{}

func (titles) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var foreign []*ast.Image
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Heading:
			if entering {
				n.Level = min(n.Level+1, 6)
			}
		case *ast.Image:
			if entering && !ours.Match(n.Destination) {
				foreign = append(foreign, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, img := range foreign {
		up := img.Parent()
		for c := img.FirstChild(); c != nil; c = img.FirstChild() {
			up.InsertBefore(up, img, c)
		}
		up.RemoveChild(up, img)
	}
}
