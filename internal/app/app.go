// Package app puts the house together: database, journal, features and doors.
// features.go lists what the platform does.
package app

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/feature/signin"
	"linli/internal/platform/blob"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/outbound"
	"linli/internal/platform/part"
	"linli/internal/platform/session"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
	"linli/migrations"
)

//go:embed locale
var texts embed.FS

// Config is where things are. Flags and environment fill it; see cmd/linli.
type Config struct {
	Addr        string // to listen on
	Data        string // folder of blobs, the secret and SQLite's database
	DB          string // postgres://…; "" for SQLite in Data
	BaseURL     string // address people use; links in messages are built from it
	MetricsAddr string
	Blob        string // file:DIR or s3://…; "" for Data/blobs
	Trusted     []string
	Secret      []byte // "" for the one kept in Data
	Clock       clock.Clock
	Log         *slog.Logger
	Fill        bool // filling with synthetic data and nobody else at work: commits need not be durable one by one
	Private     bool // outgoing calls may go to private networks
	Dev         bool // also show the storybook of pages
	Site        ui.Site
	Providers   []signin.Provider // other houses to sign in with
	Senders     Senders           // ways out beside the inbox; see Outward
	Codes       signin.CodeSender // sends one-time codes; nil writes them to the log
}

// House is a running Linli.
type House struct {
	Config  Config
	DB      *db.DB
	Journal *journal.Journal
	Web     *web.Server
	Blobs   blob.Store
	Session *session.Manager
	Features

	parts     []part.Part
	doors     map[string]bool // paths of all GET routes
	doorsOnce sync.Once
	frame     ui.Frame // what all pages have in common
	metrics   *prometheus.Registry
}

// Open opens the database and wires the features. It changes no schema; see Migrate.
func Open(ctx context.Context, c Config) (*House, error) {
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if len(c.Secret) == 0 {
		var err error
		if c.Secret, err = keptSecret(c.Data); err != nil {
			return nil, err
		}
	}
	d, err := db.Open(ctx, c.databaseURL(), c.Clock)
	if err != nil {
		return nil, err
	}
	blobs, err := blob.Open(c.blobConfig(), outbound.Policy{})
	if err != nil {
		d.Close()
		return nil, err
	}
	h := &House{Config: c, DB: d, Journal: journal.New(d, c.Log), Blobs: blobs, metrics: prometheus.NewRegistry()}
	if c.Fill {
		h.Journal.Batch = 512
	}
	h.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	h.Session = session.New(d, strings.HasPrefix(c.BaseURL, "https://"))
	h.frame.Serves = h.serves
	h.wire()
	return h, nil
}

func (c Config) databaseURL() string {
	url := c.DB
	if url == "" {
		url = "sqlite:" + filepath.Join(c.Data, "linli.db")
	}
	if c.Fill {
		url = db.Loose(url)
	}
	return url
}

func (c Config) blobConfig() string {
	if c.Blob != "" {
		return c.Blob
	}
	return "file:" + filepath.Join(c.Data, "blobs")
}

// wire builds the features and collects their parts.
func (h *House) wire() {
	h.Web = &web.Server{
		Clock: h.Config.Clock, Log: h.Config.Log, BaseURL: h.Config.BaseURL, Trusted: h.Config.Trusted,
		Generation: h.Journal.Generation, Metrics: web.NewMetrics(h.metrics),
		Text:  text.Filled,
		Fault: h.faultPage,
	}
	h.build()
	words := []fs.FS{texts}
	for _, p := range h.parts {
		if p.Texts != nil {
			words = append(words, p.Texts)
		}
		if p.Assets != nil {
			ui.AddAssets(p.Assets)
		}
		for _, l := range p.Lives {
			if err := l.Check(); err != nil {
				panic(err)
			}
		}
		h.Web.Handle(p.Routes...)
	}
	text.Add(words...)
	h.Web.Handle(h.routes()...)
	h.Web.Handle(h.homeRoutes()...)
	h.Web.Mount("GET /assets/", ui.Assets)
}

// Migrate brings the schema to the newest version.
func (h *House) Migrate(ctx context.Context) (int, error) { return h.DB.Migrate(ctx, migrations.Files) }

// Pending reports whether the schema is older than this program.
func (h *House) Pending(ctx context.Context) (bool, error) {
	return h.DB.Pending(ctx, migrations.Files)
}

// Readers lists all event readers.
func (h *House) Readers() []journal.Reader {
	var rs []journal.Reader
	for _, p := range h.parts {
		rs = append(rs, p.Readers...)
	}
	return rs
}

// Parts lists the features' parts, for the handbook, verify and tests.
func (h *House) Parts() []part.Part { return h.parts }

// Run serves until ctx ends, then drains. ready is called with the address
// once requests are taken.
func (h *House) Run(ctx context.Context, ready func(addr net.Addr)) error {
	if err := h.Journal.StartTail(ctx); err != nil {
		return err
	}
	l, err := net.Listen("tcp", h.Config.Addr)
	if err != nil {
		return err
	}
	var ml net.Listener
	if h.Config.MetricsAddr != "" {
		if ml, err = net.Listen("tcp", h.Config.MetricsAddr); err != nil {
			l.Close()
			return fmt.Errorf("metrics: %w", err)
		}
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { h.Journal.Follow(work, h.Readers()...) })
	for _, p := range h.parts {
		for _, w := range p.Works {
			wg.Go(func() { h.repeat(work, w) })
		}
	}
	for _, w := range h.ownWorks() {
		wg.Go(func() { h.repeat(work, w) })
	}
	defer wg.Wait()
	defer stop()
	srv := &http.Server{
		Handler: h.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(h.Config.Log.Handler(), slog.LevelWarn),
	}
	var metrics *http.Server
	if ml != nil {
		m := http.NewServeMux()
		m.Handle("GET /metrics", promhttp.HandlerFor(h.metrics, promhttp.HandlerOpts{}))
		metrics = &http.Server{Handler: m, ReadHeaderTimeout: 5 * time.Second}
		go func() {
			if err := metrics.Serve(ml); err != nil && !errors.Is(err, http.ErrServerClosed) {
				h.Config.Log.Error("metrics", "err", err)
			}
		}()
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	ready(l.Addr())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if metrics != nil {
		metrics.Shutdown(drain)
	}
	return srv.Shutdown(drain)
}

// Handler is the whole site with sessions, for Run and for tests.
func (h *House) Handler() http.Handler { return h.Session.Middleware(h.Web.Handler()) }

// repeat does a work until ctx ends; one that fails is logged and tried again.
func (h *House) repeat(ctx context.Context, w part.Work) {
	t := time.NewTicker(w.Every)
	defer t.Stop()
	for {
		if err := w.Do(ctx); err != nil && ctx.Err() == nil {
			h.Config.Log.Error("work", "name", w.Name, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Work does every work once, for tests and for filling.
func (h *House) Work(ctx context.Context) error {
	for _, p := range h.parts {
		for _, w := range p.Works {
			if err := w.Do(ctx); err != nil {
				return fmt.Errorf("%s: %w", w.Name, err)
			}
		}
	}
	return h.Journal.Drain(ctx, h.Readers()...)
}

// Close closes the database.
func (h *House) Close() error { return h.DB.Close() }

func (h *House) faultPage(c *web.Call, f *fault.Error, incident string) templ.Component {
	title := c.T("fault.title.other")
	switch f.Kind {
	case fault.NotFound:
		title = c.T("fault.title.not_found")
	case fault.Internal, fault.Unavailable:
		title = c.T("fault.title.internal")
	}
	p := h.page(c, title, "")
	body := c.TextOf(f.Key, f.Args)
	for _, e := range f.Fields {
		body += " " + c.TextOf(e.Key, e.Args)
	}
	return inLayout(p, ui.Problem(p, title, body, incident))
}
