package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"linli/internal/app"
	"linli/internal/platform/db"
)

type setupCommand struct {
	where
	District     string `help:"Code of the district, 6 digits." required:""`
	Name         string `help:"Its name." required:""`
	Admin        string `help:"Account name of the first administrator." default:"admin"`
	PasswordFile string `name:"password-file" help:"File that holds the password; asked for without it." type:"path"`
}

func (s *setupCommand) Run() error {
	ctx := context.Background()
	password, err := s.password()
	if err != nil {
		return err
	}
	h, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := h.Migrate(ctx); err != nil {
		return err
	}
	if err := h.Setup(ctx, s.District, s.Name, s.Admin, password); err != nil {
		return err
	}
	fmt.Printf("%s (%s) is set up. Sign in as %s. Next: linli import places FILE, then linli serve.\n", s.Name, s.District, s.Admin)
	return nil
}

func (s *setupCommand) password() (string, error) {
	if s.PasswordFile != "" {
		b, err := os.ReadFile(s.PasswordFile)
		return strings.TrimRight(string(b), "\r\n"), err
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", errors.New("no terminal to ask for the password: use --password-file")
	}
	fmt.Fprint(os.Stderr, "Password of the first administrator (at least 12 characters): ")
	b, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	return string(b), err
}

type migrateCommand struct{ where }

func (m *migrateCommand) Run() error {
	ctx := context.Background()
	h, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	n, err := h.Migrate(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("schema is current, %d migrations ran\n", n)
	return nil
}

type doctorCommand struct {
	where
	listen
	JSON bool `name:"json" help:"Machine-readable."`
}

func (d *doctorCommand) Run() error {
	ctx := context.Background()
	c, err := d.config()
	if err != nil {
		return err
	}
	if err := d.into(&c); err != nil {
		return err
	}
	found := app.Doctor(ctx, c)
	bad := false
	for _, f := range found {
		bad = bad || f.Bad
	}
	if d.JSON {
		if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			mark := "ok  "
			if f.Bad {
				mark = "BAD "
			} else if f.Remedy != "" {
				mark = "note"
			}
			fmt.Printf("%s %s: %s\n", mark, f.Name, f.Says)
			if f.Remedy != "" {
				fmt.Printf("     → %s\n", f.Remedy)
			}
		}
	}
	if bad {
		return errFound
	}
	return nil
}

type tokenCommand struct {
	Create tokenCreate `cmd:"" help:"Make a token, printed once."`
}

type tokenCreate struct {
	where
	Account string `help:"Account name." required:""`
	Label   string `help:"What it is for." default:"command line"`
	Expires string `help:"How long it is good, such as 30d or 12h; for ever without it."`
}

// Validate lets a wrong flag be a fault of usage.
func (t *tokenCreate) Validate() error {
	_, err := t.lasts()
	return err
}

// lasts is how long the token is good, 0 for ever.
func (t *tokenCreate) lasts() (time.Duration, error) {
	if t.Expires == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(t.Expires)
	if days, ok := strings.CutSuffix(t.Expires, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		return 0, errors.New("--expires: want a span such as 30d or 12h")
	}
	return d, nil
}

func (t *tokenCreate) Run() error {
	ctx := context.Background()
	h, err := t.current(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	var token string
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := h.Member.Find(ctx, tx, t.Account)
		if err != nil {
			return fmt.Errorf("no account %q", t.Account)
		}
		var until int64
		if span, _ := t.lasts(); span > 0 {
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			until = now + span.Milliseconds()
		}
		token, err = h.Member.NewToken(ctx, tx, a.ID, t.Label, until)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}
