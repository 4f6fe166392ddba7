package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"linli/internal/app/transfer"
	"linli/internal/core/fault"
	"linli/internal/platform/sheet"
	"linli/internal/ui/text"
)

type exportCommand struct {
	where
	Kind  string `arg:"" help:"What to write: places, groups, people, roll, wishes, activities, posts, projects, polls, awards or pb: a poll that is over as a Pabulib election."`
	File  string `arg:"" type:"path" help:"CSV or XLSX, by extension; a .pb file for pb."`
	Place string `help:"There or below; everywhere without it."`
	Poll  string `help:"Which poll, for roll and pb; of the latter the one closed last without it." placeholder:"ID"`
	Full  bool   `help:"Names, phones and addresses of people unmasked."`
}

// Validate refuses what is wrong usage.
func (e *exportCommand) Validate() error {
	kind, err := kindNamed(e.Kind, func(transfer.Kind) bool { return true })
	if err == nil && kind.Poll && e.Poll == "" {
		return errors.New("name the poll: --poll ID")
	}
	return err
}

func (e *exportCommand) Run() error {
	ctx := context.Background()
	if e.Kind == pabulib {
		return e.exportPoll(ctx)
	}
	kind, _ := transfer.KindOf(e.Kind) // Validate has checked it
	h, err := e.current(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	n := 0
	err = writeFile(e.File, func(f *os.File, format sheet.Kind) (err error) {
		n, err = h.Transfer.Write(ctx, f, kind, format, transfer.Outgoing{Place: e.Place, Open: e.Full, Poll: e.Poll})
		return err
	})
	if err != nil {
		return errors.New(said(err))
	}
	fmt.Printf("%d %s written to %s\n", n, e.Kind, e.File)
	return nil
}

// writeFile writes a table to a new file and leaves none that is half written.
func writeFile(name string, write func(f *os.File, format sheet.Kind) error) error {
	format, ok := sheet.KindOf(name)
	if !ok || format == sheet.PDF {
		return errors.New(text.T("en", "sheet.kind"))
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f, format), f.Close()); err != nil {
		os.Remove(name)
		return err
	}
	return nil
}

// said is a fault in words.
func said(err error) string {
	f := fault.Of(err)
	if f.Cause != nil {
		return f.Cause.Error()
	}
	return text.T("en", f.Key, pairsOf(f.Args)...)
}

func pairsOf(args fault.Args) []any {
	var out []any
	for k, v := range args {
		out = append(out, k, v)
	}
	return out
}
