package search

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"linli/internal/core/bigram"
	"linli/internal/core/event"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

// Bounds of finding what reads alike.
const (
	// weighed is how many of the newest candidates are compared. It bounds the time, whatever the text.
	weighed = 1000
	// asked is how many pairs of characters of a text are looked for.
	asked = 32
)

// Where is a condition on the SQL expression id, for lists of a kind, and its values. It holds for matters that anybody
// may read and that have all words of the query. The condition is empty when nothing in the query can be searched; such a
// query finds nothing. The list still asks who may see what: a matter may have been withdrawn a moment ago.
func (s *Service) Where(kind, id, query string) (cond string, args []any) {
	x := s.wanted(query, kind)
	if x == "" {
		return "", nil
	}
	return subjects(id), []any{x}
}

// Search finds what anybody may read by all words of the query, newest first, below a place and of a kind; "" is
// everywhere and every kind. A page may hold fewer than asked though more follow. A query in which nothing can be
// searched, a place that is none and a kind without source find nothing.
func (s *Service) Search(ctx context.Context, q db.Queryer, query, place, kind string, ask page.Ask) (page.Of[Hit], error) {
	none := page.Of[Hit]{Items: []Hit{}}
	var scope []string
	if kind != "" {
		if _, ok := s.sources[kind]; !ok {
			return none, nil
		}
		scope = append(scope, kind)
	}
	if place != "" {
		if !digits(place) {
			return none, nil
		}
		scope = append(scope, place)
	}
	x := s.wanted(query, scope...)
	if x == "" {
		return none, nil
	}
	rows, err := find(ctx, q, x, ask)
	if err != nil {
		return none, err
	}
	cut := page.Cut(rows, ask, func(r row) string { return r.Subject })
	if cut.Items, err = s.current(ctx, q, cut.Items); err != nil {
		return none, err
	}
	return page.Map(cut, s.hit), nil
}

// current asks the source again about rows that changed since they were indexed, and leaves out what is not public any more.
func (s *Service) current(ctx context.Context, q db.Queryer, rows []row) ([]row, error) {
	kept := rows[:0]
	for _, r := range rows {
		if r.Stale {
			d, err := s.read(ctx, q, r.Kind, r.Subject)
			if err != nil {
				return nil, err
			}
			if d == nil {
				continue
			}
			r.Title, r.Place = d.title, d.place
		}
		kept = append(kept, r)
	}
	return kept, nil
}

func (s *Service) hit(r row) Hit {
	plural := s.sources[r.Kind].plural
	return Hit{
		Kind: plural, ID: r.Subject, Title: r.Title, Place: r.Place, PlaceName: s.places.Name(r.Place),
		At: time.UnixMilli(r.At).UTC(), URL: "/" + plural + "/" + r.Subject,
	}
}

// Similar returns the ids of up to limit matters of a kind, at or below a place, whose titles read like the first line of
// text, most alike first. They were readable by anybody when they were indexed, a moment ago, and may be in any state: the
// caller reads them and leaves out what does not fit.
//
// Candidates are the newest matters that share a pair of characters; both engines' own ranking would read every document
// that has one of the pairs, and each would rank otherwise. A popular subject is answered by the first few candidates.
func (s *Service) Similar(ctx context.Context, q db.Queryer, kind, place, text string, limit int) ([]string, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	pairs := pairsOf(first)
	if len(pairs) == 0 || limit < 1 || place != "" && !digits(place) {
		return nil, nil
	}
	scope := []string{kind}
	if place != "" {
		scope = append(scope, place)
	}
	expression := s.anyOf(pairs, scope...)
	var ids []string
	for _, n := range []int{4 * limit, weighed} {
		rows, err := newest(ctx, q, expression, n)
		if err != nil {
			return nil, err
		}
		titles := make([]string, len(rows))
		for i, r := range rows {
			titles[i] = r.Title
		}
		ids = nil
		for _, i := range bigram.Closest(first, titles, limit) {
			ids = append(ids, rows[i].Subject)
		}
		if len(ids) == limit || len(rows) < n {
			break
		}
	}
	return ids, nil
}

// pairsOf lists the tokens of a text that tell something about it: pairs of characters and words, no single character.
func pairsOf(text string) []string {
	var out []string
	for token := range strings.FieldsSeq(bigram.Document(text)) {
		if utf8.RuneCountInString(token) > 1 && !slices.Contains(out, token) {
			if out = append(out, token); len(out) == asked {
				break
			}
		}
	}
	return out
}

// apply brings the index up to date with what happened.
func (s *Service) apply(ctx context.Context, tx *db.Tx, events []event.Event) error {
	last := map[string]int{} // subject → index of its last event here
	for i, e := range events {
		last[e.Subject] = i
	}
	for i, e := range events {
		if last[e.Subject] != i || !id.Valid(e.Subject) {
			continue
		}
		if err := s.put(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) put(ctx context.Context, tx *db.Tx, e event.Event) error {
	d, err := s.read(ctx, tx, e.Kind, e.Subject)
	if err != nil {
		return err
	}
	old, there, err := get(ctx, tx, e.Subject)
	switch {
	case err != nil:
		return err
	case d == nil && there:
		return remove(ctx, tx, old.Doc)
	case d == nil:
		return nil
	case there:
		return update(ctx, tx, old, d, e.Version)
	}
	return insert(ctx, tx, d, e.Version)
}
