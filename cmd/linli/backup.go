package main

import (
	"context"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"linli/internal/app/archive"
)

type backupCommand struct {
	where
	File string `arg:"" type:"path" help:"A new file; it holds the secret and all that is private."`
}

func (b *backupCommand) Run() error {
	ctx, stop := signals()
	defer stop()
	h, err := b.current(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	m, faults, err := archive.Backup(ctx, h, b.File, bar("backup"))
	if err != nil {
		return err
	}
	rows := int64(0)
	for _, t := range m.Tables {
		rows += t.Rows
	}
	fmt.Printf("%s: %d rows of %d tables, %d files, schema %d\n", b.File, rows, len(m.Tables), len(m.Files), m.Schema)
	for _, f := range faults {
		fmt.Println("     ", f)
	}
	if len(faults) > 0 {
		return errFound
	}
	return nil
}

type restoreCommand struct {
	where
	File string `arg:"" type:"existingfile" help:"A backup of either engine."`
}

func (r *restoreCommand) Run() error {
	ctx := context.Background()
	a, err := archive.Open(r.File)
	if err != nil {
		return err
	}
	defer a.Close()
	c, err := r.config()
	if err != nil {
		return err
	}
	if err := archive.Restore(ctx, c, a, bar("restore")); err != nil {
		return err
	}
	fmt.Printf("%s is restored. Next: linli verify, then linli serve.\n", r.File)
	return nil
}

// bar draws progress on a terminal and nothing elsewhere.
func bar(name string) archive.Progress {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return nil
	}
	b := progressbar.NewOptions64(1, progressbar.OptionSetDescription(name), progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	return func(done, total int64) {
		b.ChangeMax64(total)
		_ = b.Set64(done) // a bar that cannot be drawn is no fault
	}
}
