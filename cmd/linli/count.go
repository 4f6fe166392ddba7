package main

import (
	"os"

	"linli/internal/feature/tally"
)

type countCommand struct {
	File      string `arg:"" type:"existingfile" help:"A Pabulib .pb file."`
	Rule      string `required:"" help:"greedy_cost greedy_card mes_cost mes_card mes_cost_u mes_cost_add1 mes_cost_add1_plain mes_cost_add1u phragmen schulze irv."`
	Increment int64  `default:"1" help:"Currency units per voter and step of add1."`
	JSON      bool   `name:"json" help:"Also order, cost and shares."`
}

func (c *countCommand) Run() error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return tally.Run(os.Stdout, f, c.Rule, c.Increment, c.JSON)
}
