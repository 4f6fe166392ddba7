package dbtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// minVersion is the oldest PostgreSQL the product supports: the first whose
// databases can use ICU as their own locale provider.
const minVersion = 15

// Options say how a server of one's own is made. The zero value is the server
// the tests share.
type Options struct {
	// Disk keeps the data on a real disk (os.TempDir) although memory would
	// do: for measurements, where the time of an fsync is part of the result.
	// fsync and synchronous_commit are on in both cases, so killing processes
	// loses nothing that was acknowledged.
	Disk bool
	// Settings are further lines of postgresql.conf, name to value.
	Settings map[string]string
}

// Server is one PostgreSQL in a directory of its own, listening on a unix
// socket there and nowhere else. A watching child stops it and removes the
// directory when this process ends in whatever way.
type Server struct {
	bin   string
	dir   string
	attr  *syscall.SysProcAttr
	guard io.Closer // write end of the pipe whose closing wakes the guard
	watch *exec.Cmd
}

// NewServer makes a cluster whose databases sort by ICU's zh-CN rules and
// starts it. The error says in plain words what is missing on this machine.
func NewServer(o Options) (*Server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	base := os.TempDir()
	if !o.Disk && roomInMemory() {
		base = memoryDir
	}
	if s.dir, err = os.MkdirTemp(base, "linli-pg-"); err != nil {
		return nil, err
	}
	if s.attr, err = s.ownedByPostgres(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.startGuard(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.initialise(o.Settings); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.Start(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// URL names a database of this server, "postgres" being the one that always
// exists. Whoever needs the address itself (a proxy between program and
// database) finds it in Socket.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database,
		RawQuery: url.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode()}
	return u.String()
}

// Socket is the path of the unix socket the server listens on.
func (s *Server) Socket() string { return filepath.Join(s.dir, ".s.PGSQL.5432") }

// Start starts a stopped server and returns when it accepts connections.
func (s *Server) Start() error {
	if err := s.run("pg_ctl", "-D", s.data(), "-l", s.log(), "-s", "-w", "-t", "60", "start"); err != nil {
		text, _ := os.ReadFile(s.log())
		return fmt.Errorf("%w\n%s", err, tail(text, 2000))
	}
	return nil
}

// Stop ends the server and keeps its data. Mode is one of pg_ctl's: "smart"
// waits for clients, "fast" cuts them, "immediate" ends like a crash, so that
// the next Start recovers from the log.
func (s *Server) Stop(mode string) error {
	return s.run("pg_ctl", "-D", s.data(), "-s", "-w", "-t", "60", "-m", mode, "stop")
}

// Signal sends sig to the server's first process: SIGSTOP and SIGCONT to it
// pause new connections, not the running ones.
func (s *Server) Signal(sig syscall.Signal) error {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return fmt.Errorf("the server does not run: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return fmt.Errorf("postmaster.pid begins with %q", line)
	}
	return syscall.Kill(pid, sig)
}

// Close ends the server at once and removes its data. It does what the guard
// does at the end of the process, and waits for it.
func (s *Server) Close() error {
	s.guard.Close()
	return s.watch.Wait()
}

// initialise creates the cluster and writes its settings.
func (s *Server) initialise(settings map[string]string) error {
	err := s.run("initdb", "-D", s.data(), "-U", "postgres", "-E", "UTF8", "--auth=trust", "--no-sync", "--no-instructions",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=zh-CN")
	if err != nil {
		return fmt.Errorf("this PostgreSQL cannot make a cluster with ICU's zh-CN order, which the tests demand: %w", err)
	}
	var conf bytes.Buffer
	line := func(name, value string) {
		fmt.Fprintf(&conf, "%s = '%s'\n", name, strings.ReplaceAll(value, "'", "''"))
	}
	line("listen_addresses", "")
	line("unix_socket_directories", s.dir)
	line("port", "5432")
	line("max_connections", "300")
	line("timezone", "UTC")
	for name, value := range settings {
		line(name, value)
	}
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(conf.Bytes())
	return errors.Join(err, f.Close())
}

// startGuard starts the child that waits for its standard input to end, which
// happens when this process closes the pipe or dies, and then clears up. It
// holds none of our outputs, so `go test` does not wait for it, and it is a
// session of its own, so Ctrl-C does not reach it.
func (s *Server) startGuard() error {
	const script = `while read -r _; do :; done; "$0/pg_ctl" -D "$1/data" -s -m immediate stop; rm -rf "$1"`
	s.watch = exec.Command("sh", "-c", script, s.bin, s.dir)
	s.watch.Dir = "/"
	attr := *s.attr
	attr.Setsid = true
	s.watch.SysProcAttr = &attr
	in, err := s.watch.StdinPipe()
	if err != nil {
		return err
	}
	s.guard = in
	return s.watch.Start()
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.dir, "log") }

// run executes one of PostgreSQL's programs as the user who may.
func (s *Server) run(program string, args ...string) error {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = s.attr
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, tail(out, 2000))
	}
	return nil
}

// ownedByPostgres gives the directory to the user postgres and returns how to
// become that user, as PostgreSQL refuses to run as root. Everyone else runs
// it as himself.
func (s *Server) ownedByPostgres() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root and there is no user postgres: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(s.dir, uid, gid); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

// findBin looks where Debian puts the versions side by side, then on PATH.
func findBin() (string, error) {
	best, dir := 0, ""
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, path := range found {
			d := filepath.Dir(path)
			version, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(filepath.Dir(d)), "pgsql-"))
			if err == nil && version >= minVersion && version > best {
				best, dir = version, d
			}
		}
	}
	if dir != "" {
		return dir, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL %d or newer is not installed (on Debian: apt-get install postgresql)", minVersion)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	out, err := exec.Command(path, "--version").Output() // initdb (PostgreSQL) 17.2
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	fields := strings.Fields(string(out))
	if len(fields) < 3 {
		return "", fmt.Errorf("%s --version says %q", path, out)
	}
	major, _, _ := strings.Cut(fields[2], ".")
	if v, err := strconv.Atoi(major); err != nil || v < minVersion {
		return "", fmt.Errorf("PostgreSQL %s is installed, the tests need %d or newer", fields[2], minVersion)
	}
	return filepath.Dir(path), nil
}

// memoryDir is Linux's file system in memory.
const memoryDir = "/dev/shm"

// roomInMemory tells whether memoryDir can hold a test run's databases.
func roomInMemory() bool {
	const need = 2 << 30 // bytes; a full run used a tenth of it
	free, err := freeBytes(memoryDir)
	return err == nil && free >= need
}

func tail(text []byte, n int) string {
	text = bytes.TrimSpace(text)
	return string(text[max(0, len(text)-n):])
}
