// Package search finds matters by words (检索): 10,000 posts and 100,000 wishes by two Chinese characters, within a place
// and by kind, on both engines.
//
// Each kind of matter hands over a Source. A reader of events asks it for the matter's document after every change and
// keeps those that anybody may read; all others are taken out, so what lies in the index could be printed on a poster.
// What changed since the reader's last look is asked again before it is shown: the index is never a moment behind on what
// has been withdrawn.
//
// The package core/bigram splits text; here the tokens only get a scope beside them: the matter's kind and the places
// above it, so that "wishes of this street" is narrowed by the index itself. A document's number follows from its matter's
// id, so the index is walked newest first and stops at the end of the page, however common the word is.
package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/bigram"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/ui"
)

// Source gives the documents of one kind of matter. Its subjects are ids (package id).
type Source interface {
	// Document is what a matter is found by. public says whether anybody may read it, signed in or not; when it is false
	// the rest does not matter. Absent matters are ErrNoRows or NotFound. text is any length; what of it is indexed is
	// bounded by bigram.MaxTokens. at is UTC ms, place a code in significant digits.
	Document(ctx context.Context, q db.Queryer, id string) (title, text, place string, at int64, public bool, err error)
}

// Places names places; the place feature implements it.
type Places interface {
	Name(code string) string
}

// Service is the index: the only reader and writer of its tables.
type Service struct {
	Page ui.Shell // wired by app

	journal *journal.Journal
	places  Places
	sources map[string]source // by kind
}

type source struct {
	Source
	plural string
}

// New returns the index without sources.
func New(j *journal.Journal, places Places) *Service {
	return &Service{journal: j, places: places, sources: map[string]source{}}
}

// Register makes the matters of a kind findable. kind is that of their events ("wish"), plural that of their doors
// ("wishes"): they are read at /wishes/{id}. It is called while the program is put together, before Part. It panics on a
// kind that stands twice or is not of small letters.
func (s *Service) Register(kind, plural string, src Source) {
	if _, twice := s.sources[kind]; twice {
		panic("search: kind " + kind + " stands twice")
	}
	if kind == "" || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz") != "" {
		panic("search: kind " + kind + " is not of small letters")
	}
	s.sources[kind] = source{src, plural}
}

func (s *Service) kinds() []string { return slices.Sorted(maps.Keys(s.sources)) }

// kindOf is the kind behind the word used by doors; "" for "" and for what is unknown.
func (s *Service) kindOf(plural string) string {
	for kind, src := range s.sources {
		if src.plural == plural {
			return kind
		}
	}
	return ""
}

// Hit is one matter found.
type Hit struct {
	Kind      string    `json:"kind" doc:"as in the address of its list: wishes"`
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Place     string    `json:"place"`
	PlaceName string    `json:"place_name"`
	At        time.Time `json:"at"`
	URL       string    `json:"url" doc:"of its page"`
}

// document is a matter as the index knows it.
type document struct {
	kind, subject, title, text, place string
	at                                int64
}

// read asks the source of a kind; nil for what not everybody may read, and for what is not there.
func (s *Service) read(ctx context.Context, q db.Queryer, kind, subject string) (*document, error) {
	src, ok := s.sources[kind]
	if !ok {
		return nil, nil
	}
	title, text, place, at, public, err := src.Document(ctx, q, subject)
	switch {
	case errors.Is(err, db.ErrNoRows), fault.Is(err, fault.NotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !public:
		return nil, nil
	}
	if !strings.Contains(text, title) {
		text = title + "\n" + text
	}
	return &document{kind, subject, title, text, place, at}, nil
}

// sum changes with anything that is indexed or shown.
func (d *document) sum() string {
	h := sha256.New()
	for _, f := range []string{d.kind, d.title, d.text, d.place, strconv.FormatInt(d.at, 10)} {
		h.Write([]byte(strconv.Itoa(len(f)) + ":" + f))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// levels are the lengths of place codes, from the province to the unit.
var levels = []int{2, 4, access.District, access.Street, access.Community, 15, 17}

// scope lists the tokens of a document beside its words: its kind and the codes of all places it lies in.
func (d *document) scope() []string {
	tokens := []string{d.kind}
	for _, n := range levels {
		if len(d.place) >= n && digits(d.place) {
			tokens = append(tokens, d.place[:n])
		}
	}
	return tokens
}

func digits(code string) bool { return strings.Trim(code, "0123456789") == "" }

// expression writes a condition on words and scope in the engine's language: FTS5's MATCH or a tsquery. words is in that
// language already. Scope tokens are letters or digits only, so nothing needs quoting that is not quoted.
func expression(e db.Engine, words string, scope ...string) string {
	var b strings.Builder
	if e == db.SQLite {
		b.WriteString("words : (" + words + ")")
		for _, t := range scope {
			b.WriteString(` AND scope : "` + t + `"`)
		}
		return b.String()
	}
	b.WriteString("(" + words + ")")
	for _, t := range scope {
		b.WriteString(" & '" + scopeSign + t + "'")
	}
	return b.String()
}

// scopeSign sets scope apart from words in PostgreSQL's one vector; no token of a text has it.
const scopeSign = "@"

// wanted is a person's query as an expression; "" when nothing in it can be searched.
func (s *Service) wanted(query string, scope ...string) string {
	words := bigram.TSQuery(query)
	if s.journal.DB.Engine == db.SQLite {
		words = bigram.Match(query)
	}
	if words == "" {
		return ""
	}
	return expression(s.journal.DB.Engine, words, scope...)
}

// anyOf is an expression for documents that have at least one of the tokens.
func (s *Service) anyOf(tokens []string, scope ...string) string {
	if s.journal.DB.Engine == db.SQLite {
		return expression(db.SQLite, `"`+strings.Join(tokens, `" OR "`)+`"`, scope...)
	}
	return expression(db.Postgres, `'`+strings.Join(tokens, `' | '`)+`'`, scope...)
}
