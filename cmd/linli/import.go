package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linli/internal/app"
	"linli/internal/app/transfer"
	"linli/internal/core/actor"
	"linli/internal/platform/sheet"
	"linli/internal/ui/text"
)

type importCommand struct {
	where
	Kind     string `arg:"" help:"What the file holds: places, groups, people, roll, wishes, activities, posts, or pb: a Pabulib election, taken in as a poll that is over."`
	File     string `arg:"" optional:"" type:"path" help:"CSV or XLSX, by extension; a .pb file for pb."`
	DryRun   bool   `name:"dry-run" help:"Only say what is wrong, by row and column."`
	As       string `help:"Account in whose name wishes, activities, posts, corrections of a roll and polls are filed; one of the staff without it."`
	Poll     string `help:"The poll whose roll is corrected." placeholder:"ID"`
	Place    string `help:"Of an imported poll; where the account is staff without it." placeholder:"CODE"`
	Rule     string `help:"By which an imported poll is counted; as its file says without it."`
	Template bool   `help:"Write an empty table with its headings to FILE instead."`
	Undo     string `help:"Take back the import of people, wishes or activities with this receipt." placeholder:"ID"`
	JSON     bool   `name:"json" help:"The receipt, or the faults, as JSON."`
}

// Validate refuses what no file could mend: it is wrong usage.
func (i *importCommand) Validate() error {
	kind, err := kindNamed(i.Kind, func(k transfer.Kind) bool { return k.ComesIn() })
	switch {
	case err != nil:
		return err
	case i.File == "" && i.Undo == "":
		return errors.New("name a FILE")
	case i.Kind == pabulib && (i.Template || i.Undo != ""):
		return errors.New("a Pabulib election has no template and is not taken back")
	case i.Template || i.Undo != "":
		return nil
	case kind.Poll && i.As == "":
		return errors.New("a correction needs one of the staff who asks for it: --as ACCOUNT")
	case kind.Poll && i.Poll == "":
		return errors.New("name the poll: --poll ID")
	}
	return nil
}

// pabulib is the kind that is no table: an election, see pb.go.
const pabulib = "pb"

// named reports whether what comes in is filed in somebody's name.
func named(kind string) bool {
	return !slices.Contains([]string{"places", "groups", "people"}, kind)
}

// kindNamed finds a kind that can be asked for.
func kindNamed(name string, may func(transfer.Kind) bool) (transfer.Kind, error) {
	if kind, ok := transfer.KindOf(name); ok && may(kind) || name == pabulib {
		return kind, nil
	}
	if name == "requests" || name == "opinions" || name == "meetings" {
		return transfer.Kind{}, fmt.Errorf("%s come with release 2", name)
	}
	var all []string
	for _, k := range transfer.Kinds() {
		if may(k) {
			all = append(all, k.Name)
		}
	}
	all = append(all, pabulib)
	return transfer.Kind{}, fmt.Errorf("%q is none of %s", name, strings.Join(all, ", "))
}

func (i *importCommand) Run() error {
	ctx := context.Background()
	if i.Kind == pabulib {
		return i.importPoll(ctx)
	}
	kind, _ := transfer.KindOf(i.Kind) // Validate has checked it
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
		fmt.Printf("%d %s taken back\n", n, i.Kind)
		return nil
	}
	src := transfer.Source{Name: filepath.Base(i.File), Poll: i.Poll}
	if named(i.Kind) {
		a, err := i.author(ctx, h)
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

// author is in whose name matters are filed: the account given, else the
// first of the staff of the place that pages open with, or of those around it.
func (i *importCommand) author(ctx context.Context, h *app.House) (a actor.Actor, err error) {
	if i.As != "" {
		acc, err := h.Member.Find(ctx, h.DB, i.As)
		if err != nil {
			return a, fmt.Errorf("there is no account %q", i.As)
		}
		a, _, err = h.Member.Actor(ctx, acc.ID)
		return a, err
	}
	staff, err := h.Member.StaffAround(ctx, h.DB, h.Default(), h.DB.Clock().Now().UnixMilli())
	if err != nil {
		return a, err
	}
	for _, id := range staff {
		one, _, err := h.Member.Actor(ctx, id)
		if err != nil {
			return a, err
		}
		if a.ID == "" || one.StaffOf(h.Default()) && !a.StaffOf(h.Default()) {
			a = one
		}
	}
	if a.ID == "" {
		return a, fmt.Errorf("%s are filed in somebody's name, and there is no staff yet: --as ACCOUNT", i.Kind)
	}
	return a, nil
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
