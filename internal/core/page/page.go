// Package page is keyset paging: a list is read newest first, a cursor says
// after which row to go on, and nothing is ever counted.
package page

import (
	"encoding/base64"

	"linli/internal/core/fault"
	"linli/internal/core/id"
)

// Limits of a page.
const (
	Default = 20
	Most    = 100
)

// Of is one page of a list. Items is never null in JSON.
type Of[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next" doc:"cursor of the next page, null on the last"`
}

// Ask is where to begin and how many rows to give.
type Ask struct {
	After string // id of the last row seen, "" from the newest
	Limit int
}

// Parse checks a limit and cursor as they came from a client. limit 0 means Default.
func Parse(limit int, cursor string) (Ask, error) {
	var faults fault.Fields
	if limit == 0 {
		limit = Default
	}
	if limit < 1 || limit > Most {
		faults.Add("limit", "fault.between", "min", 1, "max", Most)
	}
	a := Ask{Limit: limit}
	if cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || !id.Valid(string(raw)) {
			faults.Add("cursor", "fault.cursor")
		} else {
			a.After = string(raw)
		}
	}
	return a, faults.Err()
}

// Cursor returns the opaque form of a row's id.
func Cursor(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// Cut makes a page of rows read with LIMIT ask.Limit+1; key gives a row's id.
func Cut[T any](rows []T, ask Ask, key func(T) string) Of[T] {
	if rows == nil {
		rows = []T{}
	}
	p := Of[T]{Items: rows}
	if len(rows) > ask.Limit {
		p.Items = rows[:ask.Limit]
		c := Cursor(key(p.Items[ask.Limit-1]))
		p.Next = &c
	}
	return p
}

// Map turns a page of rows into a page of what is shown.
func Map[T, U any](p Of[T], f func(T) U) Of[U] {
	out := Of[U]{Items: make([]U, len(p.Items)), Next: p.Next}
	for i, v := range p.Items {
		out.Items[i] = f(v)
	}
	return out
}
