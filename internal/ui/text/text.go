// Package text holds every word the product shows (文案): flat catalogues of key → sentence, one per language.
//
// Each package that shows words embeds a folder locale/ with zh-CN.json and en.json and registers it with Add. Code
// and faults carry keys; pages ask T for the sentence. Every key exists in both languages with the same placeholders;
// Missing lists what breaks that rule, and a test of the whole program expects it to be empty.
package text

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// The languages of the product. Simplified Chinese is the first and the fallback.
const (
	Chinese = "zh-CN"
	English = "en"
)

// Languages lists the languages, the fallback first.
func Languages() []string { return []string{Chinese, English} }

// one is the suffix of an English sentence used when the placeholder n equals 1, such as "wish.left_one".
const one = "_one"

type catalogue map[string]map[string]string // language → key → sentence

var (
	mu      sync.Mutex // guards writers of current and asked
	current atomic.Pointer[catalogue]
	asked   = map[string]bool{} // keys asked for that no catalogue has
)

// maxAsked bounds the memory an endless stream of made-up keys could take.
const maxAsked = 1000

// Add registers the catalogues locale/zh-CN.json and locale/en.json of folders: flat JSON objects of strings. It is
// called while the program starts, with all folders at once, because each call copies what is there. It panics on a
// missing or malformed file and on a key that another folder already gave different words, because both are mistakes
// of the programmer that no user should meet. Adding the same folder twice changes nothing.
func Add(folders ...fs.FS) {
	mu.Lock()
	defer mu.Unlock()
	next := catalogue{}
	for _, lang := range Languages() {
		all := map[string]string{}
		if old := current.Load(); old != nil {
			all = maps.Clone((*old)[lang])
		}
		for _, folder := range folders {
			addFile(all, folder, "locale/"+lang+".json")
		}
		next[lang] = all
	}
	current.Store(&next)
}

func addFile(all map[string]string, folder fs.FS, name string) {
	raw, err := fs.ReadFile(folder, name)
	if err != nil {
		panic(fmt.Sprintf("text: %v", err))
	}
	words := map[string]string{}
	if err := json.Unmarshal(raw, &words); err != nil {
		panic(fmt.Sprintf("text: %s: %v", name, err))
	}
	for k, v := range words {
		if old, ok := all[k]; ok && old != v {
			panic(fmt.Sprintf("text: %s: key %q already says %q", name, k, old))
		}
		all[k] = v
	}
}

// Normal maps any language tag to one of Languages: "en", "en-GB" … to English, everything else to Chinese.
func Normal(lang string) string {
	if lang == English || strings.HasPrefix(lang, "en-") {
		return English
	}
	return Chinese
}

// Has reports whether the catalogue of lang holds key.
func Has(lang, key string) bool {
	c := current.Load()
	if c == nil {
		return false
	}
	_, ok := (*c)[Normal(lang)][key]
	return ok
}

// T returns the sentence of key in lang with its placeholders filled: args are pairs of a name and a value, so
// T("en", "wish.left", "n", 3) fills {n}. When n is 1 and the key has a variant ending in "_one", that is used. A key
// the language lacks is answered from the Chinese catalogue, a key nobody has by the key itself; both are recorded
// for Missing. Placeholders without a value stay as they are. The result is plain text, not HTML.
func T(lang, key string, args ...any) string {
	lang = Normal(lang)
	s, ok := lookup(lang, key, args)
	if !ok {
		record(key)
		if s, ok = lookup(Chinese, key, args); !ok {
			return key
		}
	}
	if len(args) < 2 || !strings.Contains(s, "{") {
		return s
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		name, _ := args[i].(string)
		pairs = append(pairs, "{"+name+"}", value(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// Filled is T with its arguments in a map, as faults carry them.
func Filled(lang, key string, args map[string]any) string {
	pairs := make([]any, 0, 2*len(args))
	for k, v := range args {
		pairs = append(pairs, k, v)
	}
	return T(lang, key, pairs...)
}

func lookup(lang, key string, args []any) (string, bool) {
	c := current.Load()
	if c == nil {
		return "", false
	}
	words := (*c)[lang]
	if single(args) {
		if s, ok := words[key+one]; ok {
			return s, true
		}
	}
	s, ok := words[key]
	return s, ok
}

func single(args []any) bool {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "n" && value(args[i+1]) == "1" {
			return true
		}
	}
	return false
}

func value(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return Number(int64(v))
	case int64:
		return Number(v)
	default:
		return fmt.Sprint(v)
	}
}

// Number writes n with a comma between thousands, as Chinese and English readers both expect.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	digits := strings.TrimPrefix(s, "-")
	var b strings.Builder
	if len(digits) < len(s) {
		b.WriteByte('-')
	}
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func record(key string) {
	mu.Lock()
	defer mu.Unlock()
	if len(asked) < maxAsked {
		asked[key] = true
	}
}

var placeholder = regexp.MustCompile(`\{[a-z_0-9]+\}`)

// Missing lists, sorted, every fault of the catalogues: a key one language lacks, a pair of sentences whose
// placeholders differ, an empty sentence, and every key T was asked for in vain since the start.
func Missing() []string {
	mu.Lock()
	defer mu.Unlock()
	var out []string
	for key := range asked {
		out = append(out, "asked for but absent: "+key)
	}
	c := current.Load()
	if c == nil {
		return out
	}
	zh, en := (*c)[Chinese], (*c)[English]
	for key, s := range zh {
		other, ok := en[key]
		switch {
		case !ok:
			out = append(out, "en lacks "+key)
		case !slices.Equal(names(s), names(other)):
			out = append(out, "placeholders differ: "+key)
		case s == "" || other == "":
			out = append(out, "empty: "+key)
		}
	}
	for key := range en {
		base, plural := strings.CutSuffix(key, one)
		if _, ok := zh[key]; ok {
			continue
		}
		if _, ok := zh[base]; !ok || !plural {
			out = append(out, "zh-CN lacks "+key)
		}
	}
	sort.Strings(out)
	return out
}

func names(s string) []string {
	found := placeholder.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

var call = regexp.MustCompile(`\bT\((?:[a-zA-Z.]+, )?"([a-z0-9_-]+\.[a-z0-9_.-]+)"[,)]`)

// Unknown reads every .go and .templ file of fsys and lists, sorted, the keys written literally in a call of T (or of
// Page.T) that no catalogue holds. A feature's test calls it with os.DirFS(".").
func Unknown(fsys fs.FS) ([]string, error) {
	found := map[string]bool{}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		source := strings.HasSuffix(path, ".templ") || strings.HasSuffix(path, ".go")
		if !source || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return nil
		}
		raw, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		for _, m := range call.FindAllStringSubmatch(string(raw), -1) {
			if !Has(Chinese, m[1]) {
				found[m[1]] = true
			}
		}
		return nil
	})
	out := make([]string, 0, len(found))
	for key := range found {
		out = append(out, key)
	}
	sort.Strings(out)
	return out, err
}
