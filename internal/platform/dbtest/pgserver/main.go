// Command pgserver runs a command beside a PostgreSQL made for it: it starts a
// server, names it to the command in LINLI_TEST_POSTGRES, and ends it with the
// command. `make test` runs all packages' tests so.
//
//	go run ./internal/platform/dbtest/pgserver -- go test ./...
//
// It exits with the command's code. Where LINLI_TEST_POSTGRES is set already,
// the command uses that server. Where PostgreSQL is missing the command runs
// without one, unless LINLI_REQUIRE_POSTGRES=1.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"linli/internal/platform/dbtest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pgserver [--] COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	os.Exit(run(args))
}

// run is main with deferred clearing up; it returns the exit code.
func run(args []string) int {
	// Signals go on to the command, whose end is ours: from the terminal they
	// reach it anyway, and the server must outlive it.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)

	env := os.Environ()
	if os.Getenv(dbtest.EnvServer) == "" {
		s, err := dbtest.NewServer(dbtest.Options{})
		switch {
		case err == nil:
			defer s.Close()
			env = append(env, dbtest.EnvServer+"="+s.URL("postgres"))
		case os.Getenv(dbtest.EnvRequire) == "1":
			fmt.Fprintln(os.Stderr, "pgserver:", err)
			return 1
		default:
			fmt.Fprintln(os.Stderr, "pgserver: going on without PostgreSQL:", err)
		}
	}

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, env
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "pgserver:", err)
		return 1
	}
	go func() {
		for sig := range signals {
			cmd.Process.Signal(sig)
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	default:
		fmt.Fprintln(os.Stderr, "pgserver:", err)
		return 1
	}
}
