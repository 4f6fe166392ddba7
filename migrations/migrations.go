// Package migrations is the one numbered list of schema changes, rendered for
// each engine by platform/db. A migration that has landed is never edited.
package migrations

import "embed"

// Files holds NNNN_name.sql, applied in order.
//
//go:embed *.sql
var Files embed.FS
