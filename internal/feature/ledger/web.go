package ledger

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/tlog"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// routes are the doors of c2sp.org/tlog-tiles, for the present log below
// /ledger and for each log below /ledger/logs/N, and the page that explains it.
func (s *Service) routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/ledger", Name: "page-ledger", Query: []flow.Field{{Name: "matter", Kind: flow.Text, Max: 100}}, Do: s.show},
		{Method: "GET", Path: "/ledger/checkpoint", Name: "ledger-checkpoint", Summary: "Signed head of the public ledger", Do: s.checkpoint},
		{Method: "GET", Path: "/ledger/tile/{path...}", Name: "ledger-tile", Summary: "A tile or entry bundle of it", Do: s.tile},
		{Method: "GET", Path: "/ledger/logs/{log}/checkpoint", Name: "ledger-log-checkpoint", Summary: "Signed head of one log", Do: s.checkpoint},
		{Method: "GET", Path: "/ledger/logs/{log}/tile/{path...}", Name: "ledger-log-tile", Summary: "A tile or entry bundle of one log", Do: s.tile},
		{Method: "GET", Path: "/ledger/key", Name: "ledger-key", Summary: "Verifier keys of all logs, the newest last", Do: s.keys},
		{Method: "GET", Path: "/ledger/proof/{hash}", Name: "ledger-proof", Summary: "Proof that an event stands in the ledger", Do: s.proof},
	}
}

// which is the log that the address names, the present one by default.
func (s *Service) which(c *web.Call) (row, error) {
	var r row
	var err error
	if n := c.Path("log"); n == "" {
		r, err = last(c.Context(), s.journal.DB, "")
	} else if number, bad := strconv.ParseInt(n, 10, 64); bad != nil || strconv.FormatInt(number, 10) != n {
		return r, fault.Absent()
	} else {
		r, err = get(c.Context(), s.journal.DB, number)
	}
	if errors.Is(err, db.ErrNoRows) {
		return r, fault.Absent()
	}
	return r, err
}

func (s *Service) checkpoint(c *web.Call) (any, error) {
	r, err := s.which(c)
	if err != nil {
		return nil, err
	}
	if r.Checkpoint == "" {
		return nil, fault.Absent()
	}
	return plain(r.Checkpoint, "public, max-age=5"), nil
}

func plain(text, cache string) web.Raw {
	return web.Raw{Type: "text/plain; charset=utf-8", Body: []byte(text), Header: map[string]string{"Cache-Control": cache, "Access-Control-Allow-Origin": "*"}}
}

// tile serves what was signed for and nothing beyond; it never changes.
func (s *Service) tile(c *web.Call) (any, error) {
	p, err := tlog.ParsePath("tile/" + c.Path("path"))
	if err != nil {
		return nil, fault.Absent()
	}
	r, err := s.which(c)
	if err != nil {
		return nil, err
	}
	if !p.Within(r.Signed) {
		return nil, fault.Absent()
	}
	b, err := resources{q: s.journal.DB, log: r.Number}.Read(c.Context(), p.String())
	if errors.Is(err, tlog.ErrAbsent) {
		return nil, fault.Absent()
	}
	cache := "public, max-age=31536000, immutable"
	if c.Path("log") == "" {
		cache = "public, max-age=60" // a restore puts another log here
	}
	return web.Raw{Type: "application/octet-stream", Body: b, Header: map[string]string{"Cache-Control": cache, "Access-Control-Allow-Origin": "*"}}, err
}

func (s *Service) keys(c *web.Call) (any, error) {
	all, err := logs(c.Context(), s.journal.DB)
	var b strings.Builder
	for _, r := range all {
		if r.Public != "" {
			b.WriteString(r.Public + "\n")
		}
	}
	return plain(b.String(), "public, max-age=60"), err
}

func (s *Service) proof(c *web.Call) (any, error) {
	p, err := s.Proof(c.Context(), c.Path("hash"))
	if err != nil {
		return nil, err
	}
	out := plain(p.Text(), "no-store")
	out.Header["Content-Disposition"] = `attachment; filename="` + c.Path("hash")[:12] + `.tlog-proof"` // a hash that was found is hex
	return out, nil
}

// view is what the page shows.
type view struct {
	log    row
	signed string // when
	root   string
	matter string
	asked  bool
	lines  []told
}

// show is the page. A matter's entries are those that anybody may know of; a
// private matter answers like one that is not there.
func (s *Service) show(c *web.Call) (any, error) {
	p := s.Page(c, c.T("ledger.title"), "")
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	var v view
	if v.log, err = last(c.Context(), s.journal.DB, ""); err != nil && !errors.Is(err, db.ErrNoRows) {
		return nil, err
	}
	if v.log.SignedAt > 0 {
		v.signed = time.UnixMilli(v.log.SignedAt).In(clock.China).Format("2006-01-02 15:04:05")
		if parts := strings.SplitN(v.log.Checkpoint, "\n", 4); len(parts) == 4 {
			v.root = parts[2]
		}
	}
	if v.matter = strings.TrimSpace(in.Text("matter")); v.matter != "" {
		v.asked = true
		if id.Valid(v.matter) {
			if v.lines, err = leavesOf(c.Context(), s.journal.DB, v.matter); err != nil {
				return nil, err
			}
		}
	}
	return s.screen(p, v), nil
}

func (v view) table(p ui.Page) ui.Table {
	t := ui.Table{Caption: p.T("ledger.entries"), Columns: []ui.Column{{Label: p.T("ledger.entry")}, {Label: p.T("ledger.time")}, {Label: p.T("ledger.proof")}}}
	for _, l := range v.lines {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: l.Kind + " · " + l.Do},
			{Text: time.UnixMilli(l.At).In(clock.China).Format("2006-01-02 15:04")},
			{Text: p.T("ledger.download"), URL: "/ledger/proof/" + l.Hash},
		}})
	}
	return t
}

func (v view) facts(p ui.Page) []ui.Fact {
	return []ui.Fact{
		{Label: p.T("ledger.origin"), Value: v.log.Origin},
		{Label: p.T("ledger.size"), Value: strconv.FormatInt(v.log.Signed, 10)},
		{Label: p.T("ledger.root"), Value: v.root},
		{Label: p.T("ledger.signed"), Value: v.signed},
		{Label: p.T("ledger.key"), Value: v.log.Public},
	}
}
