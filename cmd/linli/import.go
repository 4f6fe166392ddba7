package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"linli/internal/app/transfer"
	"linli/internal/core/actor"
	"linli/internal/platform/sheet"
	"linli/internal/ui/text"
)

type importCommand struct {
	where
	Kind     string `arg:"" enum:"places,groups,people,wishes,pb" help:"What the file holds: places, groups, people, wishes, or pb: a Pabulib election, taken in as a poll that is over."`
	File     string `arg:"" optional:"" type:"path" help:"CSV or XLSX, by extension; a .pb file for pb."`
	DryRun   bool   `name:"dry-run" help:"Only say what is wrong, by row and column."`
	As       string `help:"Account in whose name wishes are filed, or one of the staff for pb."`
	Place    string `help:"Of an imported poll; where the account is staff without it."`
	Rule     string `help:"By which an imported poll is counted; as its file says without it."`
	Template bool   `help:"Write an empty table with its headings to FILE instead."`
	Undo     string `help:"Take back the import of people with this receipt." placeholder:"ID"`
	JSON     bool   `name:"json" help:"The receipt, or the faults, as JSON."`
}

func (i *importCommand) Run() error {
	ctx := context.Background()
	kind, _ := transfer.KindOf(i.Kind) // kong has checked it
	if i.File == "" && i.Undo == "" {
		return errors.New("name a FILE")
	}
	if i.Kind == "pb" {
		return i.importPoll(ctx)
	}
	if i.Template {
		return writeFile(i.File, func(f *os.File, format sheet.Kind) error { return transfer.Template(f, kind, format) })
	}
	h, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := h.Migrate(ctx); err != nil {
		return err
	}
	if i.Undo != "" {
		n, err := h.Transfer.Undo(ctx, "", i.Undo)
		if err != nil {
			return errors.New(said(err))
		}
		fmt.Printf("%d people taken back\n", n)
		return nil
	}
	src := transfer.Source{Name: filepath.Base(i.File)}
	if i.Kind == "wishes" {
		acc, err := h.Member.Find(ctx, h.DB, i.As)
		if err != nil {
			return fmt.Errorf("wishes need an author: --as ACCOUNT")
		}
		a, _, err := h.Member.Actor(ctx, acc.ID)
		if err != nil {
			return err
		}
		src.By, ctx = a.ID, actor.With(ctx, a)
	}
	f, err := os.Open(i.File)
	if err != nil {
		return err
	}
	defer f.Close()
	src.Body = f
	batch, receipt, err := h.Transfer.Read(ctx, kind, src)
	var faults sheet.Errors
	if errors.As(err, &faults) {
		return i.name(faults)
	}
	if err != nil {
		return errors.New(said(err))
	}
	if i.DryRun {
		fmt.Printf("%d %s can be imported; nothing was written\n", batch.Size(), i.Kind)
		return nil
	}
	receipt, err = h.Transfer.Take(ctx, batch, receipt, progress(batch.Size(), "importing"))
	if err != nil {
		return errors.New(said(err))
	}
	if i.JSON {
		return json.NewEncoder(os.Stdout).Encode(receipt)
	}
	fmt.Printf("%d %s imported, receipt %s\n", receipt.Rows, i.Kind, receipt.ID)
	return nil
}

// name prints each fault on a line of its own.
func (i *importCommand) name(faults sheet.Errors) error {
	type line struct {
		Row     int    `json:"row"`
		Column  string `json:"column"`
		Title   string `json:"title"`
		Message string `json:"message"`
	}
	for _, f := range faults {
		l := line{f.Row, f.Column, f.Title, text.T("en", f.Key, f.Args...)}
		if i.JSON {
			if err := json.NewEncoder(os.Stdout).Encode(l); err != nil {
				return err
			}
			continue
		}
		at := filepath.Base(i.File)
		if l.Row > 0 {
			at += fmt.Sprintf(": row %d", l.Row)
		}
		if l.Column != "" {
			at += ", column " + l.Column
		}
		if l.Title != "" {
			at += " (" + l.Title + ")"
		}
		fmt.Fprintln(os.Stderr, at+": "+l.Message)
	}
	fmt.Fprintf(os.Stderr, "%d faults, nothing was written\n", len(faults))
	return errFound
}
