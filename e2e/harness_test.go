// Package e2e_test (整机测试) runs the real program, as an operator does, and
// does to it what happens to machines: it is killed, stopped under load,
// started twice, started wrongly. Every acknowledged write must be there
// exactly once afterwards, and `linli verify` and `linli doctor` clean.
package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds the start of a program and every request to it.
const patience = 60 * time.Second

// scratch holds the program; TestMain removes it.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "linli-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// program builds linli, once.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "linli")
	build := exec.Command("go", "build", "-o", path, "linli/cmd/linli")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building linli: %v\n%s", err, out)
	}
	return path, nil
})

// built builds linli outside the time that a command may take: on a busy machine
// it takes longer.
func built(t *testing.T) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// place is an installation: its data folder and, on PostgreSQL, its database.
type place struct {
	t    *testing.T
	data string
	db   string // "" for SQLite
}

func (p place) command(ctx context.Context, args ...string) *exec.Cmd {
	p.t.Helper()
	path := built(p.t)
	args = append(args, "--data", p.data)
	if p.db != "" {
		args = append(args, "--db", p.db)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "LINLI_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	return cmd
}

// run runs a command to its end and returns its exit code and output.
func (p place) run(args ...string) (code int, out string) {
	p.t.Helper()
	built(p.t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	b, err := p.command(ctx, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() < 0) {
		p.t.Fatalf("linli %v: %v\n%s", args, err, b)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return code, string(b)
}

// must runs a command that has to succeed.
func (p place) must(args ...string) string {
	p.t.Helper()
	code, out := p.run(args...)
	if code != 0 {
		p.t.Fatalf("linli %v: exit %d\n%s", args, code, out)
	}
	return out
}

// sound demands that verify and doctor find nothing.
func (p place) sound() {
	p.t.Helper()
	for _, c := range []string{"verify", "doctor"} {
		if code, out := p.run(c); code != 0 {
			p.t.Errorf("linli %s: exit %d\n%s", c, code, out)
		}
	}
}

// node is a running program.
type node struct {
	t     *testing.T
	cmd   *exec.Cmd
	url   string
	said  *said
	ended chan struct{}
}

var address = regexp.MustCompile(`(?:Open +|address=)(http://127\.0\.0\.1:\d+)`)

// said keeps what a program prints and tells when it says where it serves.
type said struct {
	mu    sync.Mutex
	all   bytes.Buffer
	found chan string
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.Write(b)
	if m := address.FindSubmatch(s.all.Bytes()); m != nil && s.found != nil {
		s.found <- string(m[1])
		s.found = nil
	}
	return len(b), nil
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

// start starts demo or serve and returns once it takes requests.
func (p place) start(command string) *node {
	p.t.Helper()
	found := make(chan string, 1)
	n := &node{t: p.t, cmd: p.command(context.Background(), command, "--addr", "127.0.0.1:0"), said: &said{found: found}, ended: make(chan struct{})}
	n.cmd.Stdout, n.cmd.Stderr = n.said, n.said
	if err := n.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		n.cmd.Wait() // how it ended stands in ProcessState
		close(n.ended)
	}()
	p.t.Cleanup(n.kill)
	select {
	case n.url = <-found:
	case <-n.ended:
		p.t.Fatalf("linli %s ended: %v\n%s", command, n.cmd.ProcessState, n.said)
	case <-time.After(patience):
		p.t.Fatalf("linli %s does not serve\n%s", command, n.said)
	}
	if status, _, err := n.ask("GET", "/readyz", "", "", nil); err != nil || status != 200 {
		p.t.Fatalf("/readyz: %d, %v\n%s", status, err, n.said)
	}
	return n
}

// kill ends the program as a power cut does.
func (n *node) kill() {
	n.cmd.Process.Kill() // an error means that it has ended already
	<-n.ended
}

// stop ends it as an operator does.
func (n *node) stop() {
	n.t.Helper()
	n.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.ended:
	case <-time.After(patience):
		n.t.Fatalf("SIGTERM: still there after %s\n%s", patience, n.said)
	}
	if code := n.cmd.ProcessState.ExitCode(); code != 0 {
		n.t.Errorf("SIGTERM: exit %d\n%s", code, n.said)
	}
}

var client = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// ask sends a request as an account under an operation key. An error means
// that the outcome is not known.
func (n *node) ask(method, path, as, key string, body any) (status int, reply map[string]any, err error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, n.url+path, r)
	if err != nil {
		return 0, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+as)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(b, &reply); err != nil {
			return 0, nil, err
		}
	}
	return res.StatusCode, reply, nil
}
