package main

import (
	"fmt"
	"net"
	"os"

	"linli/internal/app"
	"linli/internal/app/demo"
)

type demoCommand struct {
	Data string `help:"Folder to keep the demo in; a temporary one without it." env:"LINLI_DATA" type:"path"`
	DB   string `name:"db" help:"postgres://… instead of SQLite." env:"LINLI_DB"`
	Log  string `help:"debug, info, warn or error." env:"LINLI_LOG" default:"warn" enum:"debug,info,warn,error"`
	Seed uint64 `help:"Seed of the invented data." default:"1"`
	Dev  bool   `help:"Also show every page and partial under /dev/pages."`
	listen
}

func (d *demoCommand) Run() error {
	ctx, stop := signals()
	defer stop()
	w := where{Data: d.Data, DB: d.DB, Log: d.Log}
	if w.Data == "" {
		dir, err := os.MkdirTemp("", "linli-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		w.Data = dir
	}
	c, err := w.config()
	if err != nil {
		return err
	}
	if err := d.listen.into(&c); err != nil {
		return err
	}
	c.Dev = d.Dev
	if err := demo.Fill(ctx, c, d.Seed); err != nil {
		return err
	}
	h, err := app.Open(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	return h.Run(ctx, func(a net.Addr) {
		fmt.Printf("\n  邻里 Linli · 演示数据，人物与事项均为虚构 (demo data, people and matters are invented)\n\n")
		fmt.Printf("  Open      %s\n  Password  %s (for every account below)\n\n", address(a), demo.Password)
		for _, g := range demo.Guide() {
			fmt.Printf("  %-34s %s\n", g.Accounts, g.Is)
		}
		fmt.Printf("\n  API       curl -H 'Authorization: Bearer demo-resident' %s/api/v1/me\n  Stop      Ctrl-C\n\n", address(a))
	})
}
