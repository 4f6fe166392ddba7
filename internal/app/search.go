package app

import (
	"context"
	"strings"

	"linli/internal/feature/award"
	"linli/internal/feature/ballot"
	"linli/internal/platform/db"
)

// pollsFound lets polls be found by their question and their options.
type pollsFound struct{ *ballot.Service }

// Document implements search.Source.
func (f pollsFound) Document(ctx context.Context, q db.Queryer, id string) (title, text, place string, at int64, public bool, err error) {
	p, err := f.Machine.Store.Load(ctx, q, id, "")
	if err != nil {
		return "", "", "", 0, false, err
	}
	lines := []string{p.Question, p.Basis}
	for _, o := range p.Options {
		lines = append(lines, o.Title)
	}
	return p.Question, strings.Join(lines, "\n"), p.Place, p.CreatedAt, true, nil
}

// awardsFound lets award rounds be found by title and criteria. Who was
// nominated is not looked for: no search leads to a person.
type awardsFound struct{ *award.Service }

// Document implements search.Source.
func (f awardsFound) Document(ctx context.Context, q db.Queryer, id string) (title, text, place string, at int64, public bool, err error) {
	w, err := f.Machine.Store.Load(ctx, q, id, "")
	if err != nil {
		return "", "", "", 0, false, err
	}
	return w.Title, strings.Join([]string{w.Title, w.Criteria, w.Issuer}, "\n"), w.Place, w.CreatedAt, true, nil
}
