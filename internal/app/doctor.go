package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linli/internal/core/calendar"
	"linli/internal/core/clock"
	"linli/internal/platform/blob"
	"linli/internal/platform/db"
	"linli/internal/platform/outbound"
)

// Finding is one line of `linli doctor`: what was looked at, what it says, and
// a remedy when there is something to do.
type Finding struct {
	Name   string `json:"name"`
	Says   string `json:"says"`
	Bad    bool   `json:"bad"`
	Remedy string `json:"remedy"`
}

// Doctor checks configuration, clock, disk, database durability and demo
// accounts. It writes nothing but a probe file in the data folder.
func Doctor(ctx context.Context, c Config) []Finding {
	var out []Finding
	say := func(name, says string) { out = append(out, Finding{Name: name, Says: says}) }
	note := func(name, says, remedy string) {
		out = append(out, Finding{Name: name, Says: says, Remedy: remedy})
	}
	bad := func(name, says, remedy string) {
		out = append(out, Finding{Name: name, Says: strings.Join(strings.Fields(says), " "), Bad: true, Remedy: remedy}) // one line
	}
	probe := filepath.Join(c.Data, ".doctor")
	if err := os.WriteFile(probe, []byte("x"), 0o600); err != nil {
		bad("data folder", err.Error(), "make "+c.Data+" a folder this user can write, or name another with --data")
		return out
	}
	os.Remove(probe)
	say("data folder", c.Data+" can be written")
	if free, ok := freeBytes(c.Data); ok {
		if free < 1<<30 {
			bad("disk", fmt.Sprintf("%d MiB free", free>>20), "free at least 1 GiB before the disk is full")
		} else {
			say("disk", fmt.Sprintf("%d GiB free", free>>30))
		}
	}
	if now := (clock.System{}).Now(); now.Year() < 2026 {
		bad("clock", now.Format(time.RFC3339), "set the machine's clock; it lies before this program was written")
	} else {
		say("clock", now.Format(time.RFC3339))
	}
	if _, err := blob.Open(c.blobConfig(), outbound.Policy{}); err != nil {
		bad("files", err.Error(), "check LINLI_BLOB")
		return out
	}
	h, err := Open(ctx, c)
	if err != nil {
		bad("database", err.Error(), "check --db or LINLI_DB, and that the server runs and takes this user")
		return out
	}
	defer h.Close()
	say("database", string(h.DB.Engine)+" answers")
	out = append(out, durability(ctx, h.DB)...)
	if pending, err := h.Pending(ctx); err != nil {
		bad("schema", err.Error(), "run linli migrate")
		return out
	} else if pending {
		bad("schema", "older than this program", "run linli migrate")
		return out
	}
	say("schema", "current")
	if _, n, err := h.Member.Count(ctx); err != nil {
		bad("accounts", err.Error(), "run linli verify")
	} else if n > 0 {
		note("accounts", fmt.Sprintf("%d demo accounts with a known password", n), "never open a demo to the outside; use linli setup for a real installation")
	} else {
		say("accounts", "no demo accounts")
	}
	year := h.Config.Clock.Now().In(clock.China).Year()
	for _, y := range []int{year, year + 1} {
		if !calendar.China().Known(y) {
			note("calendar", fmt.Sprintf("no public holidays known for %d; Monday to Friday count as working days", y), "enter them once the State Council has announced them")
		}
	}
	if strings.HasPrefix(c.BaseURL, "http://") && !strings.Contains(c.BaseURL, "127.0.0.1") && !strings.Contains(c.BaseURL, "localhost") {
		note("base URL", c.BaseURL+" is not encrypted", "serve behind HTTPS and set LINLI_BASE_URL to the https address")
	}
	return out
}

// durability refuses settings under which an acknowledged write can be lost.
func durability(ctx context.Context, d *db.DB) []Finding {
	var out []Finding
	if d.Engine == db.SQLite {
		var level int
		if err := d.Handle().QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level); err != nil || level < 2 {
			return []Finding{{Name: "durability", Says: "SQLite does not wait for the disk", Bad: true, Remedy: "this build opens it otherwise; report it"}}
		}
		return []Finding{{Name: "durability", Says: "SQLite waits for the disk (synchronous=FULL, WAL)"}}
	}
	for _, s := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var v string
		if err := d.Get(ctx, &v, "SELECT current_setting(?)", s); err != nil {
			out = append(out, Finding{Name: "durability", Says: err.Error(), Bad: true, Remedy: "check the database"})
		} else if v == "off" {
			out = append(out, Finding{Name: "durability", Says: s + " is off", Bad: true, Remedy: "set " + s + " = on in postgresql.conf; with it off an acknowledged write can be lost"})
		}
	}
	if len(out) == 0 {
		out = append(out, Finding{Name: "durability", Says: "fsync, synchronous_commit and full_page_writes are on"})
	}
	return out
}
