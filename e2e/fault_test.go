package e2e_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linli/internal/platform/dbtest"
)

// eachPlace runs the test on an empty place of both engines. PostgreSQL is a
// server of the test's own with its data on disk.
func eachPlace(t *testing.T, f func(t *testing.T, p place, server *dbtest.Server)) {
	t.Run("sqlite", func(t *testing.T) { f(t, place{t: t, data: t.TempDir()}, nil) })
	t.Run("postgres", func(t *testing.T) {
		s := dbtest.OwnServer(t, dbtest.Options{Disk: true})
		f(t, place{t: t, data: t.TempDir(), db: s.URL("postgres")}, s)
	})
}

// TestKilled kills the program, and on PostgreSQL once the database too, in
// the middle of fifty writers and starts it again.
func TestKilled(t *testing.T) {
	eachPlace(t, func(t *testing.T, p place, server *dbtest.Server) {
		l := &load{t: t}
		n := p.start("demo")
		for i, enough := range []int64{60, 150, 240} {
			l.run(enough, func(func()) {
				if server != nil && i == 1 {
					if err := server.Stop("immediate"); err != nil {
						t.Error(err)
					}
				}
				n.kill()
			}, n)
			if server != nil && i == 1 {
				if err := server.Start(); err != nil {
					t.Fatal(err)
				}
			}
			n = p.start("serve")
			l.settle(n)
		}
		l.settle(n)
		l.once(n)
		n.stop()
		p.sound()
	})
}

// TestStoppedUnderLoad: SIGTERM answers what is under way and ends in time.
func TestStoppedUnderLoad(t *testing.T) {
	eachPlace(t, func(t *testing.T, p place, _ *dbtest.Server) {
		l := &load{t: t}
		n := p.start("demo")
		l.run(150, func(func()) { n.stop() }, n)
		n = p.start("serve")
		l.settle(n)
		l.once(n)
		n.stop()
		p.sound()
	})
}

// TestTwoNodesOneKilled: two nodes on one database; what the killed one left
// open is answered by the other.
func TestTwoNodesOneKilled(t *testing.T) {
	s := dbtest.OwnServer(t, dbtest.Options{Disk: true})
	p := place{t: t, data: t.TempDir(), db: s.URL("postgres")}
	l := &load{t: t}
	a := p.start("demo")
	b := p.start("serve")
	l.run(150, func(halt func()) {
		a.kill()
		halt()
	}, a, b)
	l.settle(b)
	l.once(b)
	b.stop()
	p.sound()
}

// TestPortTaken: one line that names the address, and exit 1.
func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := place{t: t, data: t.TempDir()}
	code, out := p.run("serve", "--log", "error", "--addr", taken.Addr().String())
	if code != 1 || !strings.Contains(out, taken.Addr().String()) || strings.Count(out, "\n") != 1 {
		t.Errorf("exit %d, said %q", code, out)
	}
}

// TestBadConfiguration: one clear line, exit 1 for what cannot work, 2 for
// what is not understood; nothing is made.
func TestBadConfiguration(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		env  string
		code int
		says string
	}{
		{"unknown database", []string{"--db", "mysql://localhost/linli"}, "", 1, "postgres://"},
		{"no server there", []string{"--db", "postgres://linli:geheim@127.0.0.1:1/linli?connect_timeout=5"}, "", 1, "127.0.0.1"},
		{"unknown blobs", nil, "LINLI_BLOB=ftp://somewhere", 1, "file:DIR"},
		{"short secret", nil, "LINLI_SECRET=short", 1, "LINLI_SECRET"},
		{"secret of no file", nil, "LINLI_SECRET_FILE=/nowhere/secret", 1, "LINLI_SECRET_FILE"},
		{"blobs of no file", nil, "LINLI_BLOB_FILE=/nowhere/blob", 1, "LINLI_BLOB_FILE"},
		{"no address of the site", nil, "LINLI_BASE_URL=linli", 1, "LINLI_BASE_URL"},
		{"no metrics there", nil, "LINLI_METRICS_ADDR=nowhere", 1, "metrics"},
		{"no mail there", nil, "LINLI_SMTP=linli", 1, "smtp://"},
		{"unknown level", nil, "LINLI_LOG=loud", 2, "debug"},
		{"bad address", []string{"--addr", "nowhere"}, "", 1, "nowhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			built(t)
			p := place{t: t, data: filepath.Join(t.TempDir(), "data")}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			cmd := p.command(ctx, append([]string{"serve"}, c.args...)...)
			cmd.Env = append(cmd.Env, "LINLI_LOG=error")
			if c.env != "" {
				cmd.Env = append(cmd.Env, c.env)
			}
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != c.code || !strings.Contains(string(out), c.says) {
				t.Errorf("%v, said %q", err, out)
			}
			if strings.Contains(string(out), "geheim") || strings.Contains(string(out), "goroutine") {
				t.Errorf("says too much: %q", out)
			}
			if strings.Count(string(out), "linli: ") != 1 || c.code == 1 && strings.Count(string(out), "\n") != 1 {
				t.Errorf("not one fault: %q", out)
			}
		})
	}
}

// TestMigrationKilled kills migrate ever later until it comes to its end; the
// next one always finishes the work.
func TestMigrationKilled(t *testing.T) {
	eachPlace(t, func(t *testing.T, p place, _ *dbtest.Server) {
		built(t)
		killed := 0
		for after := 5 * time.Millisecond; ; after += after / 2 {
			ctx, cancel := context.WithTimeout(context.Background(), after)
			err := p.command(ctx, "migrate").Run()
			cancel()
			if err == nil {
				break
			}
			killed++
			if after > patience {
				t.Fatal("migrate never ends")
			}
		}
		if killed == 0 {
			t.Error("no migration was killed")
		}
		p.must("migrate")
		p.sound()
		n := p.start("demo") // an empty place in good order can be filled
		n.stop()
	})
}

// TestDataFolderNotWritable: doctor says so, serve ends with a line.
func TestDataFolderNotWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("in the way"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := place{t: t, data: file}
	for _, c := range []string{"doctor", "serve", "migrate", "verify"} {
		if code, out := p.run(c); code != 1 || !strings.Contains(out, file) {
			t.Errorf("%s: exit %d, said %q", c, code, out)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "in the way" {
		t.Errorf("the file in the way: %q, %v", b, err)
	}
}

// TestBackupUnderLoad: a backup taken in the middle of fifty writers is of one
// moment, can be verified as a file, and lives on the other engine.
func TestBackupUnderLoad(t *testing.T) {
	server := dbtest.OwnServer(t, dbtest.Options{})
	for _, c := range []struct{ from, to string }{{"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			p, other := place{t: t, data: t.TempDir()}, place{t: t, data: t.TempDir()}
			if c.from == "postgres" {
				p.db = dbtest.PostgresURL(t)
			} else {
				other.db = server.URL("postgres")
			}
			l := &load{t: t}
			n := p.start("demo")
			file := filepath.Join(t.TempDir(), "backup.zip")
			l.run(100, func(halt func()) {
				p.must("backup", file)
				p.must("verify") // it too reads one moment
				halt()
			}, n)
			n.stop()
			p.sound()
			checked := place{t: t, data: filepath.Join(t.TempDir(), "untouched")}
			checked.must("verify", file)
			if _, err := os.Stat(checked.data); err == nil {
				t.Error("verify FILE made a data folder")
			}
			other.must("restore", file)
			other.sound()
			if code, out := other.run("restore", file); code != 1 || !strings.Contains(out, "not empty") {
				t.Errorf("a second restore: exit %d %s", code, out)
			}
			// What was written before the backup answers alike, what came after is
			// done now; both places have each write once.
			m := other.start("serve")
			l.again(m)
			l.once(m)
			m.stop()
			other.sound()
			if b, err := os.ReadFile(file); err != nil {
				t.Error(err)
			} else {
				b[len(b)/3] ^= 1
				if err := os.WriteFile(file, b, 0o600); err != nil {
					t.Error(err)
				}
				if code, out := checked.run("verify", file); code != 1 {
					t.Errorf("a flipped byte: exit %d %s", code, out)
				}
			}
		})
	}
}
