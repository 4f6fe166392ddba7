package ui

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

var (
	token = regexp.MustCompile(`(--[a-z0-9-]+): (#[0-9a-f]{6});`)
	pair  = regexp.MustCompile(`pair: (--[a-z0-9-]+) on (--[a-z0-9-]+) (text|control)`)
)

// TestContrast reckons the WCAG 2.2 ratio of every pair of colours that tokens.css declares.
func TestContrast(t *testing.T) {
	css := string(must(files.ReadFile("css/tokens.css")))
	colours := map[string]float64{}
	for _, m := range token.FindAllStringSubmatch(css, -1) {
		colours[m[1]] = luminance(t, m[2])
	}
	pairs := pair.FindAllStringSubmatch(css, -1)
	if len(pairs) < 30 {
		t.Fatalf("only %d pairs are declared", len(pairs))
	}
	for _, m := range pairs {
		a, known := colours[m[1]]
		b, known2 := colours[m[2]]
		if !known || !known2 {
			t.Errorf("%s: no such colour", m[0])
			continue
		}
		want := 4.5
		if m[3] == "control" {
			want = 3
		}
		if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < want {
			t.Errorf("%s: contrast %.2f, want %g", m[0], got, want)
		}
	}
	if got := (luminance(t, "#ffffff") + 0.05) / (luminance(t, "#07c160") + 0.05); got >= 4.5 {
		t.Errorf("WeChat green on white passes with %.2f: the reckoning is wrong", got)
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	part := func(shift int) float64 {
		c := float64(v>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// TestColoursAreTokens keeps colours out of the other style sheets, where the contrast test would not see them.
func TestColoursAreTokens(t *testing.T) {
	colour := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b`)
	for _, name := range []string{"base", "shell", "form", "matter", "data", "staff", "screen"} {
		css := comment.ReplaceAll(must(files.ReadFile("css/"+name+".css")), nil)
		for _, c := range colour.FindAll(css, -1) {
			t.Errorf("%s.css: colour %s is no token", name, c)
		}
	}
}

func TestAsset(t *testing.T) {
	for _, name := range []string{"app.css", "staff.css", "screen.css", "app.js", "draft.js", "logo.svg", "roofs.svg"} {
		address := Asset(name)
		req := httptest.NewRequest(http.MethodGet, address, nil)
		req.Header.Set("Accept-Encoding", "br, gzip;q=0.8")
		rec := httptest.NewRecorder()
		Assets.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK || !strings.Contains(rec.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, Cache-Control %q", address, rec.Code, rec.Header().Get("Cache-Control"))
		}
		body := rec.Body.Bytes()
		if rec.Header().Get("Content-Encoding") == "gzip" {
			r, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		plain := httptest.NewRecorder()
		req.Header.Set("Accept-Encoding", "gzip;q=0")
		Assets.ServeHTTP(plain, req)
		if plain.Header().Get("Content-Encoding") != "" || !bytes.Equal(plain.Body.Bytes(), body) {
			t.Errorf("%s: the plain and the compressed body differ", name)
		}
		if strings.HasSuffix(name, ".css") || strings.HasSuffix(name, ".js") {
			for _, ref := range reference.FindAll(body, -1) {
				t.Errorf("%s still refers to %s", name, ref)
			}
		}
	}
	for _, address := range []string{"/assets/app.css", "/assets/", "/assets/../ui.go", "/assets/app.000000000000.css"} {
		rec := httptest.NewRecorder()
		Assets.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, address, nil))
		if rec.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", address, rec.Code)
		}
	}
	rec := httptest.NewRecorder()
	Assets.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, Asset("app.css"), nil))
	if rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", rec.Code)
	}
}

// TestWeight holds what a phone fetches for its first page. The limit of the whole is 150 KB.
func TestWeight(t *testing.T) {
	sum := 0
	for _, name := range []string{"app.css", "app.js", "draft.js", "photos.js", "voice.js", "handy.js", "logo.svg", "eaves.svg", "lattice.svg", "roofs.svg"} {
		size := AssetSize(name)
		if size == 0 {
			t.Errorf("no asset %s", name)
		}
		sum += size
	}
	t.Logf("%d bytes compressed", sum)
	if sum > 30_000 {
		t.Errorf("style, scripts and pictures weigh %d bytes, want at most 30,000", sum)
	}
}

func TestAddAssets(t *testing.T) {
	AddAssets(fstest.MapFS{
		"test-a.css":  {Data: []byte(`a { background: url("./test-b.svg") } /* gone */`)},
		"test-b.svg":  {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		"notes.txt":   {Data: []byte("no asset")},
		"test-c.json": {Data: []byte(`{}`)},
	})
	a := shelf.byURL[Asset("test-a.css")]
	if want := fmt.Sprintf("url(%q)", Asset("test-b.svg")); !strings.Contains(string(a.plain), want) || strings.Contains(string(a.plain), "gone") {
		t.Errorf("test-a.css is %s, want it to hold %s and no comment", a.plain, want)
	}
	if shelf.byName["notes.txt"] != nil {
		t.Error("a text file became an asset")
	}
	for what, bad := range map[string]fstest.MapFS{
		"a taken name":    {"test-a.css": {Data: []byte("b{}")}},
		"a lost referee":  {"test-d.css": {Data: []byte(`a{background:url("./nobody.svg")}`)}},
		"a circle of two": {"test-e.js": {Data: []byte(`import "./test-f.js"`)}, "test-f.js": {Data: []byte(`import "./test-e.js"`)}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", what)
				}
			}()
			AddAssets(bad)
		}()
	}
}

func TestProgress(t *testing.T) {
	for _, c := range []struct{ done, total, want int64 }{
		{0, 7000, 0}, {1, 7000, 1}, {600, 7000, 8}, {3500, 7000, 50}, {6999, 7000, 99}, {7000, 7000, 100}, {8000, 7000, 100},
		{5, 0, 0}, {-3, 10, 0}, {1, 3, 33}, {math.MaxInt64 - 1, math.MaxInt64, 99},
	} {
		if got := percent(c.done, c.total); got != c.want {
			t.Errorf("percent(%d, %d) = %d, want %d", c.done, c.total, got, c.want)
		}
	}
	b := Progress{Done: 6000, Held: 5000, Total: 7000, Unit: "斤"}
	if b.figures() != "6,000 / 7,000 斤" || b.held() != "15" {
		t.Errorf("figures %q, held %s", b.figures(), b.held())
	}
}

// TestFieldIDs proves that two actions that both ask for a note have fields of their own.
func TestFieldIDs(t *testing.T) {
	one := Action{Do: "return", Fields: []Field{{Name: "note"}}}
	two := Action{Do: "close", Fields: []Field{{Name: "note"}}}
	if a, b := one.fields()[0].id(), two.fields()[0].id(); a == b {
		t.Errorf("both fields are %q", a)
	}
	if one.Fields[0].ID != "" {
		t.Error("the caller's fields were changed")
	}
}

func TestLinks(t *testing.T) {
	for address, want := range map[string]string{
		"/wishes?state=open":  "/wishes?state=open",
		"tel:02586001234":     "tel:02586001234",
		"javascript:alert(1)": "about:invalid#TemplFailedSanitizationURL",
		"":                    "",
	} {
		if got := string(url(address)); got != want {
			t.Errorf("url(%q) = %q, want %q", address, got, want)
		}
	}
	if got := (Community{Phone: "025-8600 1234 转 8"}).dial(); got != "tel:025860012348" {
		t.Errorf("dial = %q", got)
	}
}

func TestIconsAreDrawn(t *testing.T) {
	p := Page{Look: Look{Lang: "zh-CN", Community: Community{Phone: "110"}}}
	var used []string
	for _, list := range [][]NavItem{publicNav(p), TabNav(p), staffNav(p), CareNav(p)} {
		for _, item := range list {
			used = append(used, item.Icon)
		}
	}
	for _, c := range SayNav(p) {
		used = append(used, c.Icon)
	}
	for _, s := range ServiceNav(p) {
		used = append(used, s.Icon)
	}
	for _, tone := range []Tone{Plain, Busy, Wait, Good, Warn, Bad, Off} {
		used = append(used, tone.icon())
	}
	for _, name := range used {
		var b bytes.Buffer
		if err := Icon(name).Render(context.Background(), &b); err != nil || b.Len() == 0 {
			t.Errorf("no picture called %q (%v)", name, err)
		}
	}
}
