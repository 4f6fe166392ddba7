package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"linli/internal/app"
)

// where says which installation a command is about.
type where struct {
	Data string `help:"Folder of blobs, the secret and the SQLite database." env:"LINLI_DATA" default:"data" type:"path"`
	DB   string `name:"db" help:"postgres://… instead of SQLite." env:"LINLI_DB"`
	Log  string `help:"debug, info, warn or error." env:"LINLI_LOG" default:"info" enum:"debug,info,warn,error"`
}

func (w where) config() (app.Config, error) {
	c := app.Config{Data: w.Data, DB: w.DB}
	var err error
	if c.DB == "" {
		if c.DB, err = env("LINLI_DB"); err != nil {
			return c, err
		}
	}
	secret, err := env("LINLI_SECRET")
	if err != nil {
		return c, err
	}
	if secret != "" {
		if len(secret) < 16 {
			return c, fmt.Errorf("LINLI_SECRET: want at least 16 characters")
		}
		c.Secret = []byte(secret)
	}
	if c.Blob, err = env("LINLI_BLOB"); err != nil {
		return c, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(w.Log)); err != nil {
		return c, err
	}
	c.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return c, nil
}

// open opens the installation as it stands, for commands that do not serve.
func (w where) open(ctx context.Context) (*app.House, error) {
	c, err := w.config()
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, c)
}

// current opens an installation whose schema is up to date, and says what to
// do about any other place.
func (w where) current(ctx context.Context) (*app.House, error) {
	h, err := w.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := migrated(ctx, h); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

func migrated(ctx context.Context, h *app.House) error {
	pending, err := h.Pending(ctx)
	if err == nil && pending {
		err = errors.New("there is no Linli here, or one with an older schema: run linli setup for a new place, linli migrate for an old one")
	}
	return err
}

// listen says where to serve.
type listen struct {
	Addr        string   `help:"Address to listen on." env:"LINLI_ADDR" default:"127.0.0.1:8080"`
	BaseURL     string   `name:"base-url" help:"Address people use; links in messages begin with it." env:"LINLI_BASE_URL"`
	MetricsAddr string   `name:"metrics-addr" help:"Listener of Prometheus metrics." env:"LINLI_METRICS_ADDR"`
	Trusted     []string `help:"Proxies whose X-Forwarded-For counts (CIDR)." env:"LINLI_TRUSTED"`
}

func (l listen) into(c *app.Config) error {
	c.Addr, c.BaseURL, c.MetricsAddr, c.Trusted = l.Addr, strings.TrimSuffix(l.BaseURL, "/"), l.MetricsAddr, l.Trusted
	if c.BaseURL == "" {
		c.BaseURL = "http://" + l.Addr
	} else if u, err := url.Parse(c.BaseURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("LINLI_BASE_URL: want https://HOST or http://HOST")
	}
	c.Site.Organiser, c.Site.ICP = os.Getenv("LINLI_SITE_ORGANISER"), os.Getenv("LINLI_SITE_ICP")
	c.Site.PoliceICP, c.Site.ComplaintsURL = os.Getenv("LINLI_SITE_POLICE_ICP"), os.Getenv("LINLI_SITE_COMPLAINTS")
	var failed error
	get := func(key string) string {
		v, err := env(key)
		if failed == nil {
			failed = err
		}
		return v
	}
	err := c.SignIn(get)
	if err == nil {
		err = c.Outward(get) // reads some settings of SignIn again
	}
	if failed != nil {
		return failed
	}
	return err
}

// env reads a setting of the environment, or the file named by KEY_FILE.
func env(key string) (string, error) {
	f := os.Getenv(key + "_FILE")
	if f == "" {
		return os.Getenv(key), nil
	}
	b, err := os.ReadFile(f)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", key, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// signals returns a context that ends at SIGTERM or an interrupt.
func signals() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
}

func address(a net.Addr) string { return "http://" + a.String() }
