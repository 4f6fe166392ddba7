package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"
)

// query runs statements on either engine and returns the last one's first
// column of its first row, or "".
func query(t *testing.T, url string, statements ...string) string {
	t.Helper()
	var last string
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, s := range statements {
			last = ""
			if err := db.QueryRow(s).Scan(&last); err != nil && !errors.Is(err, sql.ErrNoRows) {
				t.Fatalf("%s: %v", s, err)
			}
		}
		return last
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, s := range statements {
		last = ""
		if err := conn.QueryRow(t.Context(), s).Scan(&last); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return last
}

func TestEachGivesAnEmptyDatabaseOnBothEngines(t *testing.T) {
	for range 2 { // the second sees nothing of the first
		Each(t, func(t *testing.T, url string) {
			query(t, url, `CREATE TABLE alone (a TEXT)`, `INSERT INTO alone VALUES ('x')`)
			if got := query(t, url, `SELECT count(*)||'' FROM alone`); got != "1" {
				t.Fatalf("%s rows, want 1", got)
			}
		})
	}
}

func TestTemplateIsPreparedOnceAndCopied(t *testing.T) {
	calls := map[string]int{}
	prepare := func(url string) error {
		engine, _, _ := strings.Cut(url, ":")
		calls[engine]++
		query(t, url, `CREATE TABLE word (a TEXT)`, `INSERT INTO word VALUES ('prepared')`)
		return nil
	}
	for range 2 {
		EachFrom(t, t.Name(), prepare, func(t *testing.T, url string) {
			if got := query(t, url, `SELECT a FROM word`); got != "prepared" {
				t.Fatalf("the copy holds %q", got)
			}
			query(t, url, `UPDATE word SET a = 'changed'`)
		})
	}
	for engine, n := range calls {
		if n != 1 {
			t.Errorf("%s was prepared %d times", engine, n)
		}
	}
	if calls["sqlite"] == 0 {
		t.Error("SQLite was not prepared")
	}
}

func TestTemplateTellsWhatPrepareSaid(t *testing.T) {
	want := errors.New("migration 7 failed")
	for range 2 { // the second is told the same without a second try
		_, err := once(&sqliteTemplates, t.Name(), func() (map[string][]byte, error) {
			return sqliteTemplate(func(string) error { return want })
		})
		if !errors.Is(err, want) {
			t.Fatalf("got %v", err)
		}
	}
	_, err := sqliteTemplate(func(string) error { return nil })
	if err == nil {
		t.Fatal("a template without a database was taken")
	}
}

func TestPostgresIsAsTheProductMeetsIt(t *testing.T) {
	url := PostgresURL(t)
	for statement, want := range map[string]string{
		`SELECT datlocprovider::text FROM pg_database WHERE datname = current_database()`:          "i",
		`SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()`: "UTF8",
		`SELECT current_setting('fsync')`:              "on",
		`SELECT current_setting('synchronous_commit')`: "on",
		// Pinyin order, which code-point order is not: 阿 U+963F, 波 U+6CE2.
		`SELECT string_agg(w, '' ORDER BY w) FROM (VALUES ('波'), ('阿')) AS x (w)`: "阿波",
	} {
		if got := query(t, url, statement); got != want {
			t.Errorf("%s is %q, want %q", statement, got, want)
		}
	}
}

func TestDatabasesAreGoneAfterTheTest(t *testing.T) {
	c := shared(t)
	var name string
	t.Run("uses one", func(t *testing.T) {
		// A connection left open does not keep it.
		conn, err := pgx.Connect(t.Context(), PostgresURL(t))
		if err != nil {
			t.Fatal(err)
		}
		name = conn.Config().Database
	})
	if got := query(t, c.url.String(), `SELECT count(*)||'' FROM pg_database WHERE datname = '`+name+`'`); got != "0" {
		t.Fatalf("%s is still there", name)
	}
}

func TestSweepDropsWhatDeadProcessesLeft(t *testing.T) {
	c := shared(t)
	dead := prefix + "dead_1"
	if err := c.exec("CREATE DATABASE " + quote(dead) + " TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	alive := PostgresURL(t)
	if err := c.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, c.url.String(), `SELECT count(*)||'' FROM pg_database WHERE datname = '`+dead+`'`); got != "0" {
		t.Error("the dead process's database is still there")
	}
	query(t, alive, `SELECT 'still there'`)
}

func TestOwnServerSurvivesACrash(t *testing.T) {
	s := OwnServer(t, Options{Settings: map[string]string{"max_connections": "20"}})
	url := s.URL("postgres")
	query(t, url, `CREATE TABLE kept (a TEXT)`, `INSERT INTO kept VALUES ('acknowledged')`)
	if err := s.Stop("immediate"); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Fatal("a stopped server answers")
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if got := query(t, url, `SELECT a FROM kept`); got != "acknowledged" {
		t.Fatalf("after the crash: %q", got)
	}
	if got := query(t, url, `SELECT current_setting('max_connections')`); got != "20" {
		t.Errorf("max_connections is %s", got)
	}
}

// TestServerEndsWithItsProcess kills a process that started a server, as a
// test time-out does, and sees the server and its directory go.
func TestServerEndsWithItsProcess(t *testing.T) {
	if os.Getenv("DBTEST_CHILD") == "1" {
		s, err := NewServer(Options{})
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("dir=" + s.dir + "\n")
		select {}
	}
	if _, err := findBin(); err != nil {
		leaveOut(t, err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestServerEndsWithItsProcess$")
	child.Env = append(os.Environ(), "DBTEST_CHILD=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	dir, ok := strings.CutPrefix(strings.TrimSpace(string(line[:n])), "dir=")
	if !ok {
		t.Fatalf("the child said %q", line[:n])
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); err != nil {
		t.Fatalf("the child's server does not run: %v", err)
	}
	child.Process.Kill()
	child.Wait()
	// Nothing tells of the end of another process's child: look now and then.
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s is still there", dir)
		}
	}
}

func BenchmarkPostgresURL(b *testing.B) {
	for b.Loop() {
		c := shared(b)
		name, err := c.create("template0")
		if err != nil {
			b.Fatal(err)
		}
		if err := c.exec("DROP DATABASE " + quote(name) + " WITH (FORCE)"); err != nil {
			b.Fatal(err)
		}
	}
}
