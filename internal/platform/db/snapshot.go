package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Snapshot reads the database as it stood at one moment, while others write.
// It is a Queryer, for one caller at a time.
type Snapshot struct {
	db *DB
	tx *sqlx.Tx
}

// Snapshot calls fn with the database as it stands now.
func (d *DB) Snapshot(ctx context.Context, fn func(s *Snapshot) error) error {
	var o *sql.TxOptions
	if d.Engine == Postgres {
		o = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := d.read.BeginTxx(ctx, o)
	if err != nil {
		return outage(err)
	}
	defer tx.Rollback() // nothing was written
	s := &Snapshot{d, tx}
	var any int // the moment is that of the first reading
	if err := s.Get(ctx, &any, `SELECT count(*) FROM {{sqlite sqlite_schema}}{{pg pg_namespace}}`); err != nil {
		return err
	}
	return fn(s)
}

// Get reads one row.
func (s *Snapshot) Get(ctx context.Context, dest any, query string, args ...any) error {
	return outage(s.tx.GetContext(ctx, dest, s.db.text(query), args...))
}

// Select reads all rows.
func (s *Snapshot) Select(ctx context.Context, dest any, query string, args ...any) error {
	return outage(s.tx.SelectContext(ctx, dest, s.db.text(query), args...))
}

// Kinds of columns that both engines have; anything else is OtherColumn.
const (
	TextColumn  = "text"
	IntColumn   = "int"
	FloatColumn = "float"
	BytesColumn = "bytes"
	OtherColumn = "other"
)

// Column is a column of a table. Event is true when it holds the number of an
// event, by a foreign key.
type Column struct {
	Name  string `json:"name" db:"name"`
	Kind  string `json:"kind" db:"kind"`
	Event bool   `json:"event,omitempty"`
}

// Table is a table and its columns.
type Table struct {
	Name    string
	Columns []Column
	after   []string // tables its rows refer to
}

func (t Table) names() string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, quoted(c.Name))
	}
	return strings.Join(names, ", ")
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Tables lists the tables of rows (no virtual tables, nothing of the engine's
// or the migrations' own), each after those it refers to.
func Tables(ctx context.Context, q Queryer) ([]Table, error) {
	var columns []struct {
		Table string `db:"tab"`
		Name  string `db:"name"`
		Kind  string `db:"kind"`
	}
	err := q.Select(ctx, &columns, `{{sqlite SELECT t.name AS tab, c.name AS name, lower(c.type) AS kind FROM pragma_table_list t JOIN pragma_table_info(t.name) c
		WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND t.name <> 'goose_db_version' ORDER BY t.name, c.cid}}
		{{pg SELECT c.table_name::text AS tab, c.column_name::text AS name, c.data_type::text AS kind FROM information_schema.columns c
		JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
		WHERE c.table_schema = current_schema() AND c.table_name <> 'goose_db_version' ORDER BY c.table_name COLLATE "C", c.ordinal_position}}`)
	if err != nil {
		return nil, err
	}
	var refs []struct {
		Table  string `db:"tab"`
		Column string `db:"col"`
		To     string `db:"target"`
	}
	err = q.Select(ctx, &refs, `{{sqlite SELECT t.name AS tab, k."from" AS col, k."table" AS target FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) k WHERE t.schema = 'main' AND t.type = 'table'}}
		{{pg SELECT c.relname::text AS tab, a.attname::text AS col, f.relname::text AS target FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
		JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace}}`)
	if err != nil {
		return nil, err
	}
	kinds := map[string]string{"text": TextColumn, "integer": IntColumn, "bigint": IntColumn, "smallint": IntColumn,
		"blob": BytesColumn, "bytea": BytesColumn, "real": FloatColumn, "double precision": FloatColumn}
	var all []Table
	for _, c := range columns {
		if len(all) == 0 || all[len(all)-1].Name != c.Table {
			all = append(all, Table{Name: c.Table})
		}
		t := &all[len(all)-1]
		column := Column{Name: c.Name, Kind: kinds[c.Kind]}
		if column.Kind == "" {
			column.Kind = OtherColumn
		}
		for _, r := range refs {
			if r.Table == c.Table && r.Column == c.Name {
				t.after = append(t.after, r.To)
				column.Event = column.Event || r.To == "events"
			}
		}
		t.Columns = append(t.Columns, column)
	}
	var sorted []Table
	for len(all) > 0 {
		i := slices.IndexFunc(all, func(t Table) bool {
			return !slices.ContainsFunc(all, func(o Table) bool { return o.Name != t.Name && slices.Contains(t.after, o.Name) })
		})
		if i < 0 {
			return nil, fmt.Errorf("tables refer to each other in a circle: %s", all[0].Name)
		}
		sorted = append(sorted, all[i])
		all = slices.Delete(all, i, i+1)
	}
	return sorted, nil
}

// Count counts the rows of t.
func (s *Snapshot) Count(ctx context.Context, t Table) (n int64, err error) {
	err = s.Get(ctx, &n, "SELECT count(*) FROM "+quoted(t.Name))
	return n, err
}

// Rows calls fn for each row of t, in no particular order. Values are int64,
// float64, string, []byte or nil; the slice is used again for the next row.
func (s *Snapshot) Rows(ctx context.Context, t Table, fn func(values []any) error) error {
	rows, err := s.tx.QueryContext(ctx, "SELECT "+t.names()+" FROM "+quoted(t.Name))
	if err != nil {
		return outage(err)
	}
	defer rows.Close()
	values, into := make([]any, len(t.Columns)), make([]any, len(t.Columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return outage(err)
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok && t.Columns[i].Kind == TextColumn {
				values[i] = string(b)
			}
		}
		if err := fn(values); err != nil {
			return err
		}
	}
	return outage(rows.Err())
}

// loadMost bounds the rows, and loadValues the values, of one statement of Load.
const (
	loadMost   = 100
	loadValues = 30000
)

// Load inserts rows until next answers nil. The rows it gets are kept until
// they are written.
func (t *Tx) Load(ctx context.Context, table Table, next func() ([]any, error)) (rows int64, err error) {
	most := max(1, min(loadMost, loadValues/len(table.Columns)))
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(table.Columns)), ", ") + ")"
	head := "INSERT INTO " + quoted(table.Name) + " (" + table.names() + ") VALUES "
	var args []any
	n := 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		_, err := t.Exec(ctx, head+strings.TrimSuffix(strings.Repeat(one+", ", n), ", "), args...)
		rows += int64(n)
		args, n = args[:0], 0
		return err
	}
	for {
		values, err := next()
		if err != nil {
			return rows, err
		}
		if values == nil {
			return rows, flush()
		}
		args = append(args, values...)
		if n++; n == most {
			if err := flush(); err != nil {
				return rows, err
			}
		}
	}
}

// Clear empties a table before Load.
func (t *Tx) Clear(ctx context.Context, table Table) error {
	_, err := t.Exec(ctx, `DELETE FROM `+quoted(table.Name))
	return err
}

// Continue sets the growing key of a table, if it has one, behind its greatest value, after Load.
func (t *Tx) Continue(ctx context.Context, table Table) error {
	if t.db.Engine == SQLite {
		return nil // AUTOINCREMENT follows what is inserted
	}
	var keys []string
	err := t.Select(ctx, &keys, `SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ? AND is_identity = 'YES'`, table.Name)
	for _, k := range keys {
		if err == nil {
			_, err = t.Exec(ctx, `SELECT setval(pg_get_serial_sequence(?, ?), coalesce(max(`+quoted(k)+`), 0) + 1, false) FROM `+quoted(table.Name), quoted(table.Name), k)
		}
	}
	return err
}

// Version returns the number of the newest migration that ran, 0 for none.
func (d *DB) Version(ctx context.Context, list fs.FS) (int64, error) {
	p, err := d.provider(list)
	if err != nil {
		return 0, err
	}
	return p.GetDBVersion(ctx)
}

// MigrateTo is Migrate up to a version and no further.
func (d *DB) MigrateTo(ctx context.Context, list fs.FS, version int64) error {
	p, err := d.provider(list)
	if err != nil {
		return err
	}
	_, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if version > newest {
		return fmt.Errorf("schema %d is newer than this program, which knows %d", version, newest)
	}
	_, err = p.UpTo(ctx, version)
	return err
}
