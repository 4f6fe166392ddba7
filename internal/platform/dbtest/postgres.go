package dbtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// OwnServer starts a server for this test alone, to be stopped, crashed or
// paused at will; it is gone when the test ends. Where PostgreSQL is missing
// the test is skipped as with PostgresURL.
func OwnServer(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := NewServer(o)
	if err != nil {
		leaveOut(t, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the test's own PostgreSQL: %v", err)
		}
	})
	return s
}

// prefix begins the name of every database made here. After it come the
// process's random name and a number.
const prefix = "linli_test_"

// limit bounds each statement about databases; one takes about 50 ms.
const limit = time.Minute

// cluster is the server this process uses, as its superuser.
type cluster struct {
	url   *url.URL
	run   string // this process's own name, kept as application_name
	held  *pgx.Conn
	own   *Server // the one this process started: were it collected, its guard would stop it
	count atomic.Int64
}

var theCluster = sync.OnceValues(func() (*cluster, error) {
	if address := os.Getenv(EnvServer); address != "" {
		return connect(address)
	}
	s, err := NewServer(Options{})
	if err != nil {
		return nil, err
	}
	c, err := connect(s.URL("postgres"))
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	c.own = s
	return c, nil
})

// shared is the process's server, or the end of the test.
func shared(t testing.TB) *cluster {
	t.Helper()
	c, err := theCluster()
	if err != nil {
		leaveOut(t, err)
	}
	return c
}

// leaveOut skips the test with the reason, or fails it where PostgreSQL is
// demanded.
func leaveOut(t testing.TB, err error) {
	t.Helper()
	if os.Getenv(EnvRequire) == "1" {
		t.Fatalf("%s=1, but PostgreSQL cannot be used: %v", EnvRequire, err)
	}
	t.Skipf("left out on PostgreSQL: %v", err)
}

// connect opens the way to the server and drops what processes that were
// killed left behind there.
func connect(address string) (*cluster, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, fmt.Errorf("%s is not a postgres:// URL", EnvServer)
	}
	var random [6]byte
	rand.Read(random[:]) // never fails
	c := &cluster{url: u, run: prefix + hex.EncodeToString(random[:])}
	named := *u
	q := named.Query()
	q.Set("application_name", c.run)
	named.RawQuery = q.Encode()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	// This connection is held for good: by its name others see that this
	// process lives and leave its databases alone.
	if c.held, err = pgx.Connect(ctx, named.String()); err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", u.Redacted(), err)
	}
	var version int
	if err := c.held.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return nil, err
	}
	if version < minVersion*10000 {
		return nil, fmt.Errorf("the server in %s is version %d, the tests need %d or newer", EnvServer, version/10000, minVersion)
	}
	return c, c.sweep(ctx)
}

// sweep drops databases of processes that are gone.
func (c *cluster) sweep(ctx context.Context) error {
	rows, err := c.held.Query(ctx, `SELECT d.datname FROM pg_database d WHERE starts_with(d.datname, $1)
		AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE starts_with(a.application_name, $1)
			AND starts_with(d.datname, a.application_name || '_'))`, prefix)
	if err != nil {
		return err
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range left {
		if err := c.exec("DROP DATABASE IF EXISTS " + quote(name) + " WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

// create makes a database from a template, or from nothing when the template
// is template0: then in the order the product meets in China, whatever the
// server's default is.
func (c *cluster) create(template string) (string, error) {
	name := fmt.Sprintf("%s_%d", c.run, c.count.Add(1))
	statement := "CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(template)
	if template == "template0" {
		statement += " ENCODING 'UTF8' LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'zh-CN'"
	}
	if err := c.exec(statement); err != nil {
		return "", err
	}
	return name, nil
}

// template makes a database and has it prepared.
func (c *cluster) template(prepare func(url string) error) (string, error) {
	name, err := c.create("template0")
	if err != nil {
		return "", err
	}
	if err := prepare(c.at(name)); err != nil {
		return "", err
	}
	return name, c.idle(name)
}

// idle waits until the server has noticed that the connections to a database
// are closed, which it does some milliseconds after the client.
func (c *cluster) idle(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		var n int
		err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = $1`, name).Scan(&n)
		if err != nil || n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("prepare left %d connections open", n)
		case <-time.After(pause):
		}
	}
}

// fresh makes a database for the test and has it dropped at its end.
func fresh(t testing.TB, c *cluster, template string) string {
	t.Helper()
	name, err := c.create(template)
	if err != nil {
		t.Fatalf("making a database: %v", err)
	}
	t.Cleanup(func() {
		if err := c.exec("DROP DATABASE " + quote(name) + " WITH (FORCE)"); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	return c.at(name)
}

// at is the URL of one database of the server.
func (c *cluster) at(database string) string {
	u := *c.url
	u.Path = "/" + database
	return u.String()
}

// exec runs one statement on a connection of its own, so that parallel tests
// do not wait for each other.
func (c *cluster) exec(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
