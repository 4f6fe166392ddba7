package search

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

type nobody struct{}

func (nobody) Identify(context.Context, *http.Request) (actor.Actor, error) {
	return actor.Actor{}, nil
}

// site serves the doors of search.
func site(r *rig) func(path string, pairs ...string) (int, string) {
	text.Add(texts)
	r.Page = func(c *web.Call, title, section string) ui.Page {
		return ui.Page{Title: title, Path: c.R.URL.RequestURI(), Look: ui.Look{Section: section, Lang: c.Lang, Community: ui.Community{Name: "洲岛家园社区", Code: home}}}
	}
	s := &web.Server{
		Identity: nobody{}, Clock: clock.NewFake(start), Log: slog.New(slog.DiscardHandler),
		Text:       text.Filled,
		Fault:      func(*web.Call, *fault.Error, string) templ.Component { return templ.Raw("fault") },
		Generation: func(...string) uint64 { return 0 },
	}
	s.Handle(r.Part().Routes...)
	h := s.Handler()
	return func(path string, pairs ...string) (int, string) {
		q := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path+"?"+q.Encode(), nil))
		return w.Code, w.Body.String()
	}
}

func TestAPI(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		get := site(r)
		for i := range 5 {
			r.put([]string{"wish", "post"}[i%2], "", matter{title: "书法班", place: home, public: true})
		}
		r.put("wish", "", matter{title: "书法班，不公开", place: home})
		r.drain()
		seen := []string{}
		for cursor := ""; ; {
			pairs := []string{"q", "书法", "limit", "2", "place", island + "000", "kind", "wishes"}
			if cursor != "" {
				pairs = append(pairs, "cursor", cursor)
			}
			code, body := get("/api/v1/search", pairs...)
			var out struct {
				Items []map[string]any
				Next  *string
			}
			if err := json.Unmarshal([]byte(body), &out); err != nil || code != 200 {
				t.Fatalf("%d %s %v", code, body, err)
			}
			for _, h := range out.Items {
				seen = append(seen, h["id"].(string))
				if h["kind"] != "wishes" || h["at"] != "2026-11-21T06:00:00Z" || h["url"] != "/wishes/"+h["id"].(string) {
					t.Errorf("%v", h)
				}
			}
			if out.Next == nil {
				break
			}
			cursor = *out.Next
		}
		if len(seen) != 3 || !slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(b, a) }) {
			t.Errorf("%v", seen)
		}
		if code, body := get("/api/v1/search", "q", "飞机"); code != 200 || strings.TrimSpace(body) != `{"items":[],"next":null}` {
			t.Errorf("%d %s", code, body)
		}
		for _, bad := range [][]string{{}, {"q", strings.Repeat("书", 101)}, {"q", "a\x00"}, {"q", "书", "kind", "wish"}, {"q", "书", "kind", "people"}, {"q", "书", "limit", "0"}, {"q", "书", "limit", "101"}, {"q", "书", "cursor", "x"}, {"q", "书", "who", "x"}} {
			if code, body := get("/api/v1/search", bad...); code != 422 {
				t.Errorf("%v: %d %s", bad, code, body)
			}
		}
	})
}

func TestPage(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		get := site(r)
		for range 21 {
			r.put("wish", "", matter{title: "<b>轮椅</b>", place: other, public: true})
		}
		r.drain()
		show := func(want int, pairs ...string) *goquery.Document {
			t.Helper()
			code, body := get("/search", pairs...)
			doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
			if err != nil || code != want {
				t.Fatalf("%v: %d %v", pairs, code, err)
			}
			if doc.Find("h1").Length() != 1 || doc.Find("main #f-q").Length() != 1 || doc.Find("b").Length() > 0 {
				t.Errorf("%v: no page of search", pairs)
			}
			return doc
		}
		doc := show(200, "q", "轮椅", "place", other, "junk", "1")
		if n := doc.Find("main .card").Length(); n != 20 {
			t.Errorf("%d cards", n)
		}
		if v := doc.Find("#f-q").AttrOr("value", ""); v != "轮椅" {
			t.Errorf("the form says %q", v)
		}
		if v := doc.Find("#f-place option[selected]").AttrOr("value", ""); v != other {
			t.Errorf("the form is at %q", v)
		}
		next, err := url.Parse(doc.Find("a[rel=next]").AttrOr("href", ""))
		if err != nil || next.Path != "/search" {
			t.Fatal(next, err)
		}
		var pairs []string
		for k, v := range next.Query() {
			pairs = append(pairs, k, v[0])
		}
		if n := show(200, pairs...).Find("main .card").Length(); n != 1 {
			t.Errorf("%d cards on the second page", n)
		}
		if doc := show(200); doc.Find("main .card, main .empty").Length() != 0 {
			t.Error("an empty form finds something")
		}
		if doc := show(200, "q", `"><script>飞机`); doc.Find("main .empty").Length() != 1 || doc.Find("main script").Length() != 0 {
			t.Error("nothing found is not said")
		}
		long := strings.Repeat("轮", 101)
		if doc := show(422, "q", long); doc.Find(`.errors a[href="#f-q"]`).Length() != 1 || doc.Find("#f-q").AttrOr("value", "") != long {
			t.Error("what was typed is not kept beside what to mend")
		}
		show(422, "q", "轮椅", "kind", "people")
	})
}

func TestTexts(t *testing.T) {
	text.Add(texts)
	if missing, err := text.Unknown(os.DirFS(".")); err != nil || len(missing) > 0 {
		t.Errorf("%v, %v", missing, err)
	}
	keys := map[string][]string{}
	for _, lang := range text.Languages() {
		raw, err := fs.ReadFile(texts, "locale/"+lang+".json")
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]string{}
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatal(err)
		}
		for k, v := range words {
			if !strings.HasPrefix(k, "search.") || v == "" {
				t.Errorf("%s: %s", lang, k)
			}
			keys[lang] = append(keys[lang], k)
		}
		slices.Sort(keys[lang])
	}
	if !slices.Equal(keys[text.Chinese], keys[text.English]) {
		t.Errorf("the languages differ: %v", keys)
	}
}
