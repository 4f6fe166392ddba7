package main

import (
	"net"

	"linli/internal/app"
)

type serveCommand struct {
	where
	listen
	NoMigrate bool `name:"no-migrate" help:"Do not bring the schema to the newest version first."`
}

func (s *serveCommand) Run() error {
	ctx, stop := signals()
	defer stop()
	c, err := s.config()
	if err != nil {
		return err
	}
	if err := s.listen.into(&c); err != nil {
		return err
	}
	h, err := app.Open(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	if !s.NoMigrate {
		n, err := h.Migrate(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			c.Log.Info("schema is current", "migrations", n)
		}
	}
	if err := migrated(ctx, h); err != nil { // --no-migrate
		return err
	}
	return h.Run(ctx, func(a net.Addr) { c.Log.Info("serving", "address", address(a)) })
}
