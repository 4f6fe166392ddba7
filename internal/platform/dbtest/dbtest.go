// Package dbtest (测试数据库) gives every test a fresh, empty database of its
// own on both engines the product runs on.
//
// A test of a store or a service says
//
//	dbtest.Each(t, func(t *testing.T, url string) { … })
//
// and its body runs twice, as the subtests "sqlite" and "postgres", each with
// the URL of a database that did not exist before and is gone afterwards. With
// EachFrom a prepared database (migrated, say) is made once per process and
// copied for each test.
//
// PostgreSQL is started by the first test that asks for it and ends with the
// process. `make test` starts one server for all packages by
//
//	go run ./internal/platform/dbtest/pgserver -- go test ./...
//
// which says where it is in LINLI_TEST_POSTGRES. That variable may also hold
// the URL of a superuser on a server one already has; its databases named
// linli_test_… are ours. Where PostgreSQL is missing its tests are skipped and
// say so, unless LINLI_REQUIRE_POSTGRES=1 makes them fail.
package dbtest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// The variables that steer the tests.
const (
	// EnvServer is the URL of a superuser on the server to use.
	EnvServer = "LINLI_TEST_POSTGRES"
	// EnvRequire is 1 where tests on PostgreSQL must not be skipped.
	EnvRequire = "LINLI_REQUIRE_POSTGRES"
)

// Each runs the body once for each engine, as subtests "sqlite" and
// "postgres", with the URL of a fresh, empty database.
func Each(t *testing.T, body func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { body(t, SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { body(t, PostgresURL(t)) })
}

// EachFrom is Each with copies of the database that prepare made. Prepare is
// called once per process, engine and key; it must close its connections, for
// a database in use cannot be copied.
func EachFrom(t *testing.T, key string, prepare func(url string) error, body func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { body(t, SQLiteFromTemplate(t, key, prepare)) })
	t.Run("postgres", func(t *testing.T) { body(t, PostgresFromTemplate(t, key, prepare)) })
}

// SQLiteDir is an empty directory for a database and what lies beside it,
// removed when the test ends.
func SQLiteDir(t testing.TB) string {
	t.Helper()
	return t.TempDir()
}

// SQLiteURL names a database file that does not exist yet.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return sqliteURL(SQLiteDir(t))
}

func sqliteURL(dir string) string { return "sqlite:" + filepath.Join(dir, "linli.db") }

// PostgresURL names a fresh, empty database, dropped when the test ends
// together with every connection still open.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return fresh(t, shared(t), "template0")
}

// PostgresFromTemplate is PostgresURL with a copy of the database that prepare
// made; see EachFrom.
func PostgresFromTemplate(t testing.TB, key string, prepare func(url string) error) string {
	t.Helper()
	s := shared(t)
	name, err := once(&postgresTemplates, key, func() (string, error) { return s.template(prepare) })
	if err != nil {
		t.Fatalf("template %q on PostgreSQL: %v", key, err)
	}
	return fresh(t, s, name)
}

// SQLiteFromTemplate is SQLiteURL with a copy of the file that prepare made;
// see EachFrom.
func SQLiteFromTemplate(t testing.TB, key string, prepare func(url string) error) string {
	t.Helper()
	files, err := once(&sqliteTemplates, key, func() (map[string][]byte, error) { return sqliteTemplate(prepare) })
	if err != nil {
		t.Fatalf("template %q on SQLite: %v", key, err)
	}
	dir := SQLiteDir(t)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return sqliteURL(dir)
}

// sqliteTemplate keeps the prepared files in memory, so that nothing is left
// on disk when the process ends. The write-ahead log belongs to them where the
// last connection did not fold it in; the -shm file is rebuilt from it.
func sqliteTemplate(prepare func(url string) error) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "linli-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := prepare(sqliteURL(dir)); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range []string{"linli.db", "linli.db-wal"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case err == nil:
			files[name] = content
		case os.IsNotExist(err) && name != "linli.db":
		default:
			return nil, fmt.Errorf("prepare left no database: %w", err)
		}
	}
	return files, nil
}

// made is the outcome of one template, worked out by the first who asks.
type made[T any] struct {
	once  sync.Once
	value T
	err   error
}

var (
	sqliteTemplates   sync.Map // key to *made[map[string][]byte]
	postgresTemplates sync.Map // key to *made[string]
)

func once[T any](all *sync.Map, key string, make func() (T, error)) (T, error) {
	entry, _ := all.LoadOrStore(key, &made[T]{})
	m := entry.(*made[T])
	m.once.Do(func() {
		m.err = fmt.Errorf("preparing it ended in a panic")
		m.value, m.err = make()
	})
	return m.value, m.err
}
