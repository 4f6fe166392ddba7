package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"linli/internal/feature/tally"
)

// countCommand counts a file by itself; it takes --data and --db because every
// command does.
type countCommand struct {
	where
	File      string `arg:"" type:"existingfile" help:"A Pabulib .pb file."`
	Rule      string `required:"" help:"greedy_cost greedy_card mes_cost mes_card mes_cost_u mes_cost_add1 mes_cost_add1_plain mes_cost_add1u phragmen schulze irv; also approval knapsack score."`
	Increment int64  `default:"1" help:"Currency units per voter and step of add1."`
	JSON      bool   `name:"json" help:"Also order, cost and shares."`
}

// Validate lets a wrong flag be a fault of usage.
func (c *countCommand) Validate() error {
	if c.Increment < 1 {
		return errors.New("--increment: at least 1")
	}
	if !slices.Contains(tally.Rules(), tally.Rule(c.Rule)) {
		return fmt.Errorf("--rule: %w %q", tally.ErrRule, c.Rule)
	}
	return nil
}

func (c *countCommand) Run() error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return tally.Run(os.Stdout, f, c.Rule, c.Increment, c.JSON)
}
