package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"linli/internal/app"
	"linli/internal/app/archive"
)

type verifyCommand struct {
	where
	File string `arg:"" optional:"" type:"existingfile" help:"A backup to verify, without touching any installation."`
	JSON bool   `name:"json" help:"Machine-readable."`
}

func (v *verifyCommand) Run() error {
	report, err := v.report(context.Background())
	if err != nil {
		return err
	}
	if v.JSON {
		for i := range report {
			if report[i].Faults == nil {
				report[i].Faults = []string{} // a list, never null
			}
		}
		if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
			return err
		}
	} else {
		for _, r := range report {
			fmt.Printf("%-4s %s (%d)\n", map[bool]string{true: "ok", false: "BAD"}[len(r.Faults) == 0], r.Name, r.Seen)
			for _, f := range r.Faults {
				fmt.Println("     ", f)
			}
		}
	}
	for _, r := range report {
		if len(r.Faults) > 0 {
			return errFound
		}
	}
	return nil
}

func (v *verifyCommand) report(ctx context.Context) ([]app.Report, error) {
	if v.File != "" {
		c, err := v.config()
		if err != nil {
			return nil, err
		}
		return archive.Verify(ctx, v.File, c.Log, bar("verify"))
	}
	h, err := v.current(ctx)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.Verify(ctx)
}
