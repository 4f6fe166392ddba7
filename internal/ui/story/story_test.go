package story

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"linli/internal/ui"
	"linli/internal/ui/text"

	"github.com/PuerkitoBio/goquery"
)

func render(t *testing.T, s Story) *goquery.Document {
	t.Helper()
	var b bytes.Buffer
	if err := s.Component.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestStories(t *testing.T) {
	for _, s := range Stories() {
		t.Run(s.Name, func(t *testing.T) {
			for _, fault := range faults(render(t, s)) {
				t.Error(fault)
			}
		})
	}
}

// faults lists what is wrong with a page that a parser can see.
func faults(doc *goquery.Document) []string {
	var out []string
	say := func(what string, s *goquery.Selection) {
		html, _ := goquery.OuterHtml(s)
		if len(html) > 160 {
			html = html[:160]
		}
		out = append(out, what+": "+html)
	}
	ids := map[string]bool{}
	doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id := s.AttrOr("id", "")
		if ids[id] || id == "" || strings.ContainsAny(id, " \t") {
			say("id twice, empty or with a space", s)
		}
		ids[id] = true
	})
	doc.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, a := range s.Nodes[0].Attr {
			switch {
			case a.Key == "style", strings.HasPrefix(a.Key, "on"):
				say("inline "+a.Key, s)
			case a.Key == "for", a.Key == "form", a.Key == "aria-labelledby", a.Key == "aria-describedby", a.Key == "data-copy", a.Key == "data-count":
				for _, id := range strings.Fields(a.Val) {
					if !ids[id] {
						say(a.Key+" points nowhere", s)
					}
				}
			case a.Key == "href" && (a.Val == "" || strings.HasPrefix(a.Val, "javascript:") || strings.HasPrefix(a.Val, "about:")):
				say("link leads nowhere", s)
			case a.Key == "href" && strings.HasPrefix(a.Val, "#") && !ids[a.Val[1:]]:
				say("link within the page leads nowhere", s)
			}
		}
	})
	doc.Find("style, script:not([src])").Each(func(_ int, s *goquery.Selection) { say("inline style or script", s) })
	doc.Find("img").Each(func(_ int, s *goquery.Selection) {
		if alt, ok := s.Attr("alt"); !ok || alt == "" && s.Closest("a, figure").Length() > 0 {
			say("picture without words", s)
		}
	})
	doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, s *goquery.Selection) {
		labelled := s.Closest("label").Length() > 0
		if id, ok := s.Attr("id"); ok {
			label := doc.Find("label[for='" + id + "']")
			labelled = labelled || strings.TrimSpace(label.Text()) != ""
		}
		if !labelled {
			say("input without label", s)
		}
	})
	doc.Find("a, button, summary").Each(func(_ int, s *goquery.Selection) {
		if strings.TrimSpace(s.Text()) == "" && s.Find("img[alt]").Length() == 0 {
			say("nothing to read on a link or button", s)
		}
	})
	doc.Find("fieldset").Each(func(_ int, s *goquery.Selection) {
		if s.ChildrenFiltered("legend").Length() != 1 {
			say("fieldset without legend", s)
		}
	})
	doc.Find("nav").Each(func(_ int, s *goquery.Selection) {
		if s.AttrOr("aria-label", "") == "" {
			say("navigation without name", s)
		}
	})
	for selector, n := range map[string]int{"main": 1, "h1": 1, "title": -1, "html[lang]": 1} {
		if found := doc.Find(selector).Length(); n > 0 && found != n || found == 0 {
			out = append(out, selector+" is not there as often as it should")
		}
	}
	return out
}

// TestFaultsAreFound keeps the checker itself honest.
func TestFaultsAreFound(t *testing.T) {
	for name, bad := range map[string]string{
		"id twice":                     `<p id="a"></p><p id="a"></p>`,
		"inline style":                 `<p style="color:red"></p>`,
		"inline onclick":               `<p onclick="x()"></p>`,
		"inline style or script":       `<script>1</script>`,
		"picture without words":        `<img src="x">`,
		"input without label":          `<input id="b" name="b">`,
		"nothing to read":              `<a href="/x"><svg></svg></a>`,
		"fieldset without legend":      `<fieldset></fieldset>`,
		"navigation without name":      `<nav></nav>`,
		"points nowhere":               `<p aria-describedby="nobody"></p>`,
		"link within the page":         `<a href="#nobody">x</a>`,
		"h1 is not there as often":     `<h1>1</h1>`,
		"link leads nowhere":           `<a href="javascript:x">x</a>`,
		"html[lang] is not there":      ``,
		"main is not there as often a": `<main></main>`,
	} {
		page := `<html><head><title>t</title></head><body><main></main><h1>t</h1>` + bad + `</body></html>`
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		if found := strings.Join(faults(doc), "\n"); !strings.Contains(found, name) {
			t.Errorf("%q is not found in %s; found %s", name, bad, found)
		}
	}
}

// TestShellIsTheSame proves that the shell carries no byte that varies by request: no operation id, time or number.
func TestShellIsTheSame(t *testing.T) {
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		p := storyPage("zh-CN", false)
		p.Me = ui.Me{}
		if err := within(ui.Layout, storyProblem)(p).Render(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two renderings of one page differ")
	}
	doc, err := goquery.NewDocumentFromReader(&first)
	if err != nil {
		t.Fatal(err)
	}
	if n := doc.Find("[name=_op]").Length(); n != 0 {
		t.Errorf("the shell has %d operation ids", n)
	}
	if n := doc.Find("form[method=post]").Length(); n < 2 {
		t.Errorf("the shell has %d switches, want care mode and preferences", n)
	}
}

func TestTexts(t *testing.T) {
	for _, s := range Stories() {
		render(t, s)
	}
	for _, fault := range text.Missing() {
		t.Error(fault)
	}
	unknown, err := text.Unknown(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range unknown {
		t.Errorf("no words for %s", key)
	}
}
