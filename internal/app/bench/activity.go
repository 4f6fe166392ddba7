package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/app/generate"
	"linli/internal/core/clock"
	"linli/internal/feature/activity"
	"linli/internal/feature/points"
	"linli/internal/platform/db"
)

// The reference district: its people and its activities of nearly three years.
var (
	people     = flag.Int("people", 170_000, "people for the lines about activities and points")
	activities = flag.Int("activities", 4_000, "activities, with sign-ups, hours and points")
)

// listMark is how many times its bare query a list may cost.
const listMark = 3.0

// services generates activities by their own rules and compares the list of a
// day and place, and the ledger of who served most, with the bare query and its
// rows as JSON.
func services(ctx context.Context, c app.Config, h *app.House, site http.Handler, plain *sql.DB) error {
	lines := []string{"activities of a day and place", "coming activities of a place", "my ledger of points"}
	if !slices.ContainsFunc(lines, func(name string) bool { return strings.Contains(name, *only) }) {
		return nil
	}
	done, err := generate.Fill(ctx, c, generate.Size{People: *people, Activities: *activities, Seed: 1, Until: clock.System{}.Now().In(clock.China)}, nil)
	if err != nil {
		return err
	}
	if h.DB.Engine == db.Postgres {
		if _, err := plain.ExecContext(ctx, `VACUUM ANALYZE`); err != nil {
			return err
		}
	}
	fmt.Printf("\n%d people and %d activities generated, %d rows in %.1f s; a list may cost %.0f × the bare query\n", done.People, done.Activities, done.Rows, done.Took.Seconds(), listMark)
	var who struct{ Account string }
	if err := h.DB.Get(ctx, &who, `SELECT account FROM points_balances WHERE book = 'residents' AND account <> 'residents:source' ORDER BY received DESC, account LIMIT 1`); err != nil {
		return err
	}
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		return h.Member.KeepToken(ctx, tx, strings.TrimPrefix(who.Account, points.Residents+":"), "bench", "bench-volunteer", 0)
	})
	if err != nil {
		return err
	}
	var busy struct{ Starts int64 } // of a street, the hour at which most is on
	if err := h.DB.Get(ctx, &busy, `SELECT starts FROM activities WHERE street = ? GROUP BY starts ORDER BY count(*) DESC, starts LIMIT 1`, demo.Street); err != nil {
		return err
	}
	me, err := h.Member.Find(ctx, h.DB, "demo-resident")
	if err != nil {
		return err
	}
	t := time.UnixMilli(busy.Starts).In(clock.China)
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, clock.China)
	for i, l := range []struct {
		path, as, query string
		args            []any
		rows            func(*sql.Rows) (any, error)
	}{
		{"/api/v1/activities?place=" + demo.Street + "&day=" + day.Format(time.DateOnly), "demo-resident", dayQuery, []any{me.ID, demo.Street, day.UnixMilli(), day.AddDate(0, 0, 1).UnixMilli(), 21}, activityRow},
		{"/api/v1/activities?place=" + demo.CommunityA, "demo-resident", newestQuery, []any{me.ID, demo.CommunityA, 21}, activityRow},
		{"/api/v1/points/ledger", "bench-volunteer", ledgerQuery, []any{who.Account, 21}, lineRow},
	} {
		bare := func() (int, error) { return asJSON(plain, l.query, l.args, l.rows) }
		if err := versus(lines[i], func() error { return ask(site, "GET", l.path, l.as, "") }, bare); err != nil {
			return fmt.Errorf("%s: %w", lines[i], err)
		}
	}
	return nil
}

// The queries of the lists, written out.
const (
	activityFields = `SELECT a.id, a.state, a.version, a.due_at, a.place, a.created_at, a.title, a.body, a.kind, a.location_note, a.starts, a.ends, a.cutoff,
	a.capacity, a.reserved, a.taken, a.kept, a.waiting, a.came, a.minimum_age, a.audience, a.skills, a.insurance, a.bring, a.series, a.origin, a.author
	FROM activities a WHERE (a.state <> 'draft' OR a.author = $1) AND `

	dayQuery    = activityFields + `a.street = $2 AND a.starts >= $3 AND a.starts < $4 ORDER BY a.id DESC LIMIT $5`
	newestQuery = activityFields + `a.community = $2 ORDER BY a.id DESC LIMIT $3`

	ledgerQuery = `SELECT e.id, e.payer, e.payee, e.amount, e.at, e.kind, e.cause, e.version, e.rule, e.rule_version, e.minutes, e.keyed_by, e.agreed_by, e.batch, e.reverses,
	coalesce((SELECT r.id FROM points_entries r WHERE r.reverses = e.id AND r.reverses <> ''), '')
	FROM points_entries e WHERE e.payee = $1 ORDER BY e.at DESC, e.id DESC LIMIT $2`
)

func activityRow(r *sql.Rows) (any, error) {
	var a activity.JSON
	var due, created, starts, ends, cutoff, kept int64
	err := r.Scan(&a.ID, &a.State, &a.Version, &due, &a.Place, &created, &a.Title, &a.Body, &a.Kind, &a.LocationNote, &starts, &ends, &cutoff, &a.Capacity,
		&a.Reserved, &a.Taken, &kept, &a.Waiting, &a.Came, &a.MinimumAge, &a.Audience, &a.Skills, &a.Insurance, &a.Bring, &a.Series, &a.Origin, &a.Author)
	a.Starts, a.Ends, a.Cutoff, a.CreatedAt = time.UnixMilli(starts).UTC(), time.UnixMilli(ends).UTC(), time.UnixMilli(cutoff).UTC(), time.UnixMilli(created).UTC()
	return a, err
}

func lineRow(r *sql.Rows) (any, error) {
	var l points.LineJSON
	var at int64
	err := r.Scan(&l.ID, &l.Other, &l.Account, &l.Amount, &at, &l.Kind, &l.Cause, &l.Version, &l.Rule, &l.RuleVersion, &l.Minutes, &l.KeyedBy, &l.AgreedBy, &l.Batch, &l.Reverses, &l.ReversedBy)
	l.At = time.UnixMilli(at).UTC()
	return l, err
}

// asJSON runs a query and encodes its rows.
func asJSON(plain *sql.DB, query string, args []any, row func(*sql.Rows) (any, error)) (int, error) {
	rows, err := plain.Query(query, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var out []any
	for rows.Next() {
		v, err := row(rows)
		if err != nil {
			return 0, err
		}
		out = append(out, v)
	}
	if err := json.NewEncoder(io.Discard).Encode(out); err != nil {
		return 0, err
	}
	return len(out), rows.Err()
}

// versus measures ours and the bare query in turns, under the same load.
func versus(name string, ours func() error, bare func() (int, error)) error {
	var base, own []time.Duration
	n := 0
	for begun := time.Now(); len(own) < 30 || time.Since(begun) < time.Duration(*rounds)**each/2; {
		t := time.Now()
		var err error
		if n, err = bare(); err != nil {
			return err
		}
		base = append(base, time.Since(t))
		t = time.Now()
		if err := ours(); err != nil {
			return err
		}
		own = append(own, time.Since(t))
	}
	slices.Sort(base)
	slices.Sort(own)
	a, b := own[len(own)/2], base[len(base)/2]
	ratio := float64(a) / float64(b)
	verdict := "ok"
	if ratio > listMark {
		verdict = "OVER"
	}
	fmt.Printf("%-34s %9s %9s %9d %9d | %9d %9s | %6.2f × %s (%d rows)\n", name, "", "", a.Microseconds(), own[len(own)*99/100].Microseconds(), b.Microseconds(), "", ratio, verdict, n)
	return nil
}
