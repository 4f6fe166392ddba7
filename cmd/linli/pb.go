package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"linli/internal/core/actor"
	"linli/internal/feature/ballot"
	"linli/internal/feature/tally"
	"linli/internal/platform/db"
)

// importPoll takes in a Pabulib election as a poll that is over, in the name of staff.
func (i *importCommand) importPoll(ctx context.Context) error {
	f, err := os.Open(i.File)
	if err != nil {
		return err
	}
	defer f.Close()
	e, err := tally.Parse(f)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(i.File), err)
	}
	h, err := i.open(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := h.Migrate(ctx); err != nil {
		return err
	}
	acc, err := h.Member.Find(ctx, h.DB, i.As)
	if err != nil {
		return errors.New("a poll needs one of the staff: --as ACCOUNT")
	}
	a, _, err := h.Member.Actor(ctx, acc.ID)
	if err != nil {
		return err
	}
	code := i.Place
	for _, r := range a.Roles {
		if r.Name == actor.Staff && code == "" {
			code = r.Place
		}
	}
	p, err := ballot.FromPabulib(e, tally.Rule(i.Rule), code, h.DB.Clock().Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(i.File), err)
	}
	if i.DryRun {
		fmt.Printf("%d projects and %d ballots can be imported, counted by %s; nothing was written\n", len(e.Projects), len(e.Ballots), p.Rule)
		return nil
	}
	if err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.Ballot.Import(ctx, tx, a, e, p) }); err != nil {
		return errors.New(said(err))
	}
	if err := h.Ballot.Work(ctx); err != nil {
		return err
	}
	fmt.Printf("%d projects and %d ballots imported as poll %s, counted by %s\n", len(e.Projects), len(e.Ballots), p.ID, p.Rule)
	return nil
}

// exportPoll writes a poll that is over as a Pabulib file.
func (e *exportCommand) exportPoll(ctx context.Context) error {
	h, err := e.current(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	id := e.Poll
	if id == "" {
		if id, err = h.Ballot.Newest(ctx); err != nil {
			return err
		}
		if id == "" {
			return errors.New("no poll is over with ballots enough to publish them")
		}
	}
	n, err := h.Ballot.Published(ctx, id, h.DB.Clock().Now().UnixMilli())
	if err != nil {
		return errors.New(said(err))
	}
	b, err := n.PB()
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.File, b, 0o600); err != nil {
		return err
	}
	fmt.Printf("%d ballots of poll %s written to %s\n", len(n.Ballots), id, e.File)
	return nil
}
