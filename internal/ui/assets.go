package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

//go:embed css/*.css js/*.js img/*.svg
var files embed.FS

// sheets says which files make up a style sheet, in order: one request instead of one a file.
var sheets = map[string][]string{
	"app.css":    {"css/tokens.css", "css/base.css", "css/shell.css", "css/form.css", "css/matter.css", "css/data.css", "css/print.css"},
	"staff.css":  {"css/staff.css"},
	"screen.css": {"css/screen.css"},
}

type asset struct {
	url, kind  string
	plain, zip []byte
}

// shelf holds the assets by logical name ("app.css") and by address. Features add to it while the program starts.
var shelf = struct {
	sync.RWMutex
	byName, byURL map[string]*asset
}{byName: map[string]*asset{}, byURL: map[string]*asset{}}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".json": "application/json", ".png": "image/png", ".woff2": "font/woff2",
}

func init() {
	source := map[string][]byte{}
	for name, parts := range sheets {
		var b bytes.Buffer
		for _, part := range parts {
			b.Write(must(files.ReadFile(part)))
		}
		source[name] = b.Bytes()
	}
	for _, dir := range []string{"js", "img"} {
		for _, e := range must(files.ReadDir(dir)) {
			source[e.Name()] = must(files.ReadFile(dir + "/" + e.Name()))
		}
	}
	put(source)
}

// AddAssets puts every .css, .js, .svg, .png, .json and .woff2 file found in the top folder of fsys on the shelf under its base
// name, so that a feature may list "wish.css" in Page.CSS. It panics on an unreadable file and on a name already taken
// by other content; both are mistakes of the programmer. Call it while the program starts.
func AddAssets(fsys fs.FS) {
	source := map[string][]byte{}
	for _, e := range must(fs.ReadDir(fsys, ".")) {
		if _, known := kinds[path.Ext(e.Name())]; known && !e.IsDir() {
			source[e.Name()] = must(fs.ReadFile(fsys, e.Name()))
		}
	}
	put(source)
}

func put(source map[string][]byte) {
	shelf.Lock()
	defer shelf.Unlock()
	open := map[string]bool{}
	for name := range source {
		shelve(name, source, open)
	}
}

// reference finds what one asset says about another: import "./draft.js", import("./draft.js"), url("./eaves.svg").
var reference = regexp.MustCompile(`"\./([a-z0-9-]+\.[a-z0-9]+)"`)

var comment = regexp.MustCompile(`(?s)/\*.*?\*/`)

// shelve hashes one asset after those it refers to, whose names in it become their hashed addresses.
func shelve(name string, source map[string][]byte, open map[string]bool) *asset {
	body, fresh := source[name]
	if !fresh {
		if a := shelf.byName[name]; a != nil {
			return a
		}
		panic("ui: no asset " + name)
	}
	if open[name] {
		panic("ui: assets refer to each other in a circle: " + name)
	}
	open[name] = true
	defer delete(open, name)

	kind := kinds[path.Ext(name)]
	if strings.HasPrefix(kind, "text/") {
		body = reference.ReplaceAllFunc(body, func(ref []byte) []byte {
			other := string(reference.FindSubmatch(ref)[1])
			return []byte(strconv.Quote(shelve(other, source, open).url))
		})
	}
	if path.Ext(name) == ".css" {
		body = comment.ReplaceAll(body, nil)
	}
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	a := &asset{
		url:   fmt.Sprintf("/assets/%s.%s%s", strings.TrimSuffix(name, ext), hex.EncodeToString(sum[:6]), ext),
		kind:  kind,
		plain: body,
	}
	var zip bytes.Buffer
	w := must(gzip.NewWriterLevel(&zip, gzip.BestCompression))
	must(w.Write(body))
	if err := w.Close(); err != nil {
		panic(err)
	}
	if zip.Len() < len(body) {
		a.zip = zip.Bytes()
	}
	if old := shelf.byName[name]; old != nil && old.url != a.url {
		panic("ui: two different assets are called " + name)
	}
	shelf.byName[name], shelf.byURL[a.url] = a, a
	return a
}

// Asset returns the address of an asset by its logical name: Asset("app.css") is "/assets/app.1f3c….css". The address
// changes with the content. It panics on a name nobody added.
func Asset(name string) string {
	shelf.RLock()
	defer shelf.RUnlock()
	a := shelf.byName[name]
	if a == nil {
		panic("ui: no asset " + name)
	}
	return a.url
}

// AssetSize returns the size in bytes of an asset as it is sent, compressed where that helps; 0 for an unknown name.
func AssetSize(name string) int {
	shelf.RLock()
	defer shelf.RUnlock()
	a := shelf.byName[name]
	switch {
	case a == nil:
		return 0
	case a.zip != nil:
		return len(a.zip)
	default:
		return len(a.plain)
	}
}

// Assets serves everything on the shelf under /assets/. An address holds the hash of its content, so browsers keep it
// for a year without asking again; an address nobody gave out is 404.
var Assets http.Handler = http.HandlerFunc(serveAsset)

func serveAsset(w http.ResponseWriter, r *http.Request) {
	shelf.RLock()
	a := shelf.byURL[r.URL.Path]
	shelf.RUnlock()
	if a == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	if a.zip != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = a.zip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the reader may have gone; there is nobody left to tell
	}
}

// acceptsGzip reports whether an Accept-Encoding header names gzip without refusing it by q=0.
func acceptsGzip(header string) bool {
	for _, part := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			weight, err := strconv.ParseFloat(q, 64)
			return !found || (err == nil && weight > 0)
		}
	}
	return false
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("ui: " + err.Error())
	}
	return v
}
