package transfer

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/gate"
	"linli/internal/core/id"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/sheet"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// linkKept is how long a link to an export is good.
const linkKept = 15 * time.Minute

func (s *Service) routes() []web.Route {
	return []web.Route{
		{Method: "GET", Path: "/staff/import", Name: "page-import", SignedIn: true, Do: s.importPage},
		{Method: "POST", Path: "/staff/import", Name: "import", SignedIn: true, Type: "multipart/form-data", MaxBytes: maxBytes + 1<<20, Do: s.takeIn},
		{Method: "GET", Path: "/staff/import/{id}/progress", Name: "page-import-progress", SignedIn: true, Do: s.progressPage},
		{Method: "POST", Path: "/staff/import/{id}/undo", Name: "undo-import", SignedIn: true, Do: s.undo, After: func(any) string { return "/staff/import" }},
		{Method: "GET", Path: "/staff/import/{template}", Name: "page-import-template", SignedIn: true, Do: s.template},
		{Method: "GET", Path: "/staff/export", Name: "page-export", SignedIn: true, Do: s.exportPage},
		{Method: "POST", Path: "/staff/export", Name: "export", SignedIn: true, Do: s.prepare, After: func(out any) string { return "/staff/export?ready=" + out.(string) }},
		{Method: "POST", Path: "/staff/export/{token}", Name: "download-export", SignedIn: true, Do: s.download},
	}
}

// desk is the place a member of staff works for: the first of its roles.
func desk(a actor.Actor) (string, error) {
	for _, r := range a.Roles {
		if r.Name == actor.Staff && len(r.Place) >= access.District && len(r.Place) <= access.Community {
			return r.Place, nil
		}
	}
	return "", fault.New(fault.Denied, "transfer.staff_only")
}

// onPage reports whether staff take the kind in, or out, by themselves; places
// come in by the operator.
func (k Kind) onPage(in bool) bool {
	return !k.Operator && (!in || k.ComesIn() && k.Name != places.Name)
}

func offered(p ui.Page, in bool) []ui.Option {
	var out []ui.Option
	for _, k := range Kinds() {
		if k.onPage(in) {
			out = append(out, ui.Option{Value: k.Name, Label: p.T("transfer." + k.Name)})
		}
	}
	return out
}

type checked struct {
	kind, sum string
	rows      int
	faults    sheet.Errors
	fault     *fault.Error
	done      Receipt
}

func (s *Service) importPage(c *web.Call) (any, error) {
	return s.showImport(c, checked{kind: people.Name})
}

func (s *Service) showImport(c *web.Call, was checked) (any, error) {
	if _, err := desk(c.Actor); err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("transfer.import"), "reports")
	p.Back = ui.Link{Label: c.T("workbench.reports"), URL: "/staff/reports"}
	parts := []templ.Component{ui.Heading(c.T("transfer.import"), c.T("transfer.lead_import"))}
	button := ui.Button{Label: c.T("transfer.check")}
	hint := ""
	switch {
	case was.done.ID != "":
		parts = append(parts, ui.With(ui.Notice(ui.Good, c.T("transfer.done", "n", was.done.Rows, "id", was.done.ID))))
	case was.fault != nil:
		parts = append(parts, ui.FaultSummary(p, was.fault))
	case len(was.faults) > 0:
		var rows []ui.CellFault
		for _, f := range was.faults {
			rows = append(rows, ui.CellFault{Row: f.Row, Column: where(f), Message: c.T(f.Key, f.Args...)})
		}
		parts = append(parts, ui.With(ui.Notice(ui.Bad, c.T("transfer.bad", "n", len(rows)))), ui.ErrorTable(p, rows))
	case was.sum != "":
		parts = append(parts, ui.With(ui.Notice(ui.Good, c.T("transfer.good", "n", was.rows))))
		button.Label, hint = c.T("transfer.confirm", "n", was.rows), c.T("transfer.again")
	}
	form := ui.Form{ID: "import", Action: "/staff/import", Files: true}
	if was.sum != "" {
		form.Hidden = []ui.Option{{Label: "sum", Value: was.sum}}
	}
	parts = append(parts, ui.Ask(p, ui.Asking{Form: form, Button: button, Fields: []ui.Field{
		{Name: "kind", Label: c.T("transfer.kind"), Type: ui.SelectField, Value: was.kind, Options: offered(p, true), Required: true},
		{Name: "file", Label: c.T("transfer.file"), Hint: hint, Type: ui.FileField, Accept: ".csv,.xlsx", Required: true},
	}}))
	var links []templ.Component
	for _, o := range offered(p, true) {
		links = append(links, ui.ButtonLink(p, ui.Link{Label: c.T("transfer.template", "kind", o.Label), URL: "/staff/import/" + o.Value + ".xlsx"}, true))
	}
	parts = append(parts, ui.With(ui.Buttons(), links...))
	receipts, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	if len(receipts) > 0 {
		t := ui.Table{Caption: c.T("transfer.receipts"), Columns: []ui.Column{
			{Label: c.T("transfer.name")}, {Label: c.T("transfer.kind")}, {Label: c.T("transfer.rows"), Number: true}, {Label: c.T("transfer.at")}, {Label: c.T("transfer.state")},
		}}
		for _, r := range receipts {
			last := ui.Cell{Text: c.T("transfer.state." + r.State)}
			if k, ok := KindOf(r.Kind); ok && k.CanUndo() && r.State == "done" {
				last.Body = ui.Ask(p, ui.Asking{Form: ui.Form{ID: "undo-" + r.ID, Action: "/staff/import/" + r.ID + "/undo"}, Button: ui.Button{Label: c.T("transfer.undo"), Quiet: true}})
			}
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
				{Text: r.Name}, {Text: c.T("transfer." + r.Kind)}, {Text: text.Number(int64(r.Rows))}, {Text: text.Moment(p.Lang, time.UnixMilli(r.At), p.Now)}, last,
			}})
		}
		parts = append(parts, ui.DataTable(p, t))
	}
	return ui.Bench(p, parts...), nil
}

// where names a column as a spreadsheet does, with its heading.
func where(f sheet.CellError) string {
	switch {
	case f.Column != "" && f.Title != "":
		return f.Column + " " + f.Title
	case f.Column == "":
		return f.Title
	}
	return f.Column
}

// mine lists the receipts of the caller.
func (s *Service) mine(c *web.Call) ([]Receipt, error) {
	all, err := s.Receipts(c.Context(), 200)
	var out []Receipt
	for _, r := range all {
		if r.By == c.Actor.ID && len(out) < 20 {
			out = append(out, r)
		}
	}
	return out, err
}

// takeIn checks the file; with the sum of one that was checked it takes it in.
func (s *Service) takeIn(c *web.Call) (any, error) {
	within, err := desk(c.Actor)
	if err != nil {
		return nil, err
	}
	was := checked{kind: c.Form().Get("kind")}
	kind, ok := KindOf(was.kind)
	if !ok || !kind.onPage(true) {
		was.kind = people.Name
		return s.again(c, was, fault.Field1("kind", "fault.required"))
	}
	files := c.Uploads("file")
	if len(files) != 1 {
		return s.again(c, was, fault.Field1("file", "fault.required"))
	}
	f, err := files[0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	batch, r, err := s.Read(c.Context(), kind, Source{Name: files[0].Filename, Body: f, By: c.Actor.ID, Within: within})
	if errors.As(err, &was.faults) {
		page, err := s.showImport(c, was)
		if err != nil {
			return nil, err
		}
		return page, fault.New(fault.Invalid, "transfer.bad", "n", len(was.faults))
	}
	if err != nil {
		return nil, err
	}
	if sum := c.Form().Get("sum"); sum == "" || sum != r.SHA256 {
		if sum != "" {
			return s.again(c, was, fault.New(fault.Invalid, "transfer.changed"))
		}
		was.sum, was.rows = r.SHA256, r.Rows
		return s.showImport(c, was)
	}
	if kind.Name == people.Name && batch.Size() > atOnce {
		return s.start(c, batch, r)
	}
	if was.done, err = s.Take(c.Context(), batch, r, nil); err != nil {
		was.done = Receipt{}
		return s.again(c, was, err)
	}
	return s.showImport(c, was)
}

// atOnce is how many people come in while one waits; more of them go on by
// themselves, and one sees how far they are.
const atOnce = 200

// start lets a table of people in while the person may leave. It ends with this process:
// then nothing of it is in, and the page says so.
func (s *Service) start(c *web.Call, batch Batch, r Receipt) (any, error) {
	r.ID = id.New()
	ctx := context.WithoutCancel(c.Context())
	begun := make(chan struct{})
	var once sync.Once
	go func() {
		_, err := s.Take(ctx, batch, r, func(int, int) { once.Do(func() { close(begun) }) })
		if err != nil {
			s.failed.Store(r.ID, fault.Of(err))
		}
		once.Do(func() { close(begun) })
	}()
	<-begun // its receipt is written
	return web.Redirect("/staff/import/" + r.ID + "/progress"), nil
}

// stalled is how long an import may be quiet before it counts as given up.
const stalled = 2 * time.Minute

// progressPage says how far an import is and fetches itself anew until it is over.
func (s *Service) progressPage(c *web.Call) (any, error) {
	if _, err := desk(c.Actor); err != nil {
		return nil, err
	}
	if f, ok := s.failed.LoadAndDelete(c.Path("id")); ok {
		return s.showImport(c, checked{kind: people.Name, fault: f.(*fault.Error)})
	}
	r, ready, err := receiptOf(c.Context(), s.Journal.DB, c.Path("id"))
	if err != nil {
		return nil, err
	}
	if r.By != c.Actor.ID {
		return nil, fault.Absent()
	}
	if r.State != "staged" {
		return s.showImport(c, checked{kind: r.Kind, done: r})
	}
	if c.Now()-r.At > stalled.Milliseconds() && ready < r.Rows {
		return s.showImport(c, checked{kind: r.Kind, fault: fault.New(fault.Conflict, "transfer.stopped")})
	}
	c.W.Header().Set("Refresh", "1")
	p := s.Page(c, c.T("transfer.import"), "reports")
	p.Back = ui.Link{Label: c.T("workbench.reports"), URL: "/staff/reports"}
	return ui.Bench(p, ui.Heading(c.T("transfer.coming"), c.T("transfer.coming_lead")), ui.ProgressBar(p, ui.Progress{
		Label: c.T("transfer.laid_ready"), Done: int64(ready), Total: int64(r.Rows), Unit: c.T("transfer.unit"),
	}), ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("transfer.look_again"), URL: "/staff/import/" + r.ID + "/progress"}, true))), nil
}

func (s *Service) again(c *web.Call, was checked, err error) (any, error) {
	was.fault = fault.Of(err)
	page, fail := s.showImport(c, was)
	if fail != nil {
		return nil, fail
	}
	return page, err
}

func (s *Service) undo(c *web.Call) (any, error) {
	rs, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	for _, r := range rs {
		if r.ID == c.Path("id") {
			return s.Undo(c.Context(), c.Actor.ID, r.ID)
		}
	}
	return nil, fault.Absent()
}

func (s *Service) template(c *web.Call) (any, error) {
	if _, err := desk(c.Actor); err != nil {
		return nil, err
	}
	for _, k := range Kinds() {
		if c.Path("template") == k.Name+".xlsx" && k.onPage(true) {
			var b bytes.Buffer
			if err := Template(&b, k, sheet.XLSX); err != nil {
				return nil, err
			}
			return attachment(k.Name+"-template.xlsx", sheet.XLSX, b.Bytes()), nil
		}
	}
	return nil, fault.Absent()
}

func attachment(name string, format sheet.Kind, body []byte) web.Raw {
	media := "text/csv; charset=utf-8"
	if format == sheet.XLSX {
		media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return web.Raw{Type: media, Body: body, NoStore: true, Header: map[string]string{"Content-Disposition": `attachment; filename="` + name + `"`}}
}

var exportFields = []flow.Field{
	{Name: "kind", Kind: flow.Enum, Required: true, Values: names()},
	{Name: "format", Kind: flow.Enum, Required: true, Values: []string{string(sheet.XLSX), string(sheet.CSV)}},
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "fields", Kind: flow.Bool},
	{Name: "reason", Kind: flow.Long, Max: 200},
}

// names are the kinds that staff take out by themselves.
func names() (out []string) {
	for _, k := range Kinds() {
		if k.onPage(false) {
			out = append(out, k.Name)
		}
	}
	return out
}

func (s *Service) exportPage(c *web.Call) (any, error) { return s.showExport(c, nil) }

func (s *Service) showExport(c *web.Call, f *fault.Error) (any, error) {
	within, err := desk(c.Actor)
	if err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("transfer.export"), "reports")
	p.Back = ui.Link{Label: c.T("workbench.reports"), URL: "/staff/reports"}
	parts := []templ.Component{ui.Heading(c.T("transfer.export"), c.T("transfer.lead_export"))}
	if f != nil {
		parts = append(parts, ui.FaultSummary(p, f))
	}
	if token := c.R.URL.Query().Get("ready"); len(token) == 32 && f == nil {
		parts = append(parts, ui.With(ui.Notice(ui.Good, c.T("transfer.ready")), ui.Paragraph(c.T("transfer.ready_hint", "minutes", int(linkKept.Minutes()))),
			ui.Ask(p, ui.Asking{Form: ui.Form{ID: "download", Action: "/staff/export/" + token}, Button: ui.Button{Label: c.T("transfer.download")}})))
	}
	var where []ui.Option
	for _, l := range []string{place.District, place.Street, place.Community} {
		for _, pl := range s.Places.Below(within, l) {
			where = append(where, ui.Option{Value: pl.Code, Label: s.Places.Path(pl.Code)})
		}
	}
	form := c.Form()
	fields := []ui.Field{
		{Name: "kind", Label: c.T("transfer.kind"), Type: ui.SelectField, Value: form.Get("kind"), Options: offered(p, false), Required: true},
		{Name: "place", Label: c.T("transfer.place"), Type: ui.SelectField, Value: form.Get("place"), Options: where},
		{Name: "format", Label: c.T("transfer.format"), Type: ui.SelectField, Value: form.Get("format"), Options: []ui.Option{{Value: "xlsx", Label: "XLSX"}, {Value: "csv", Label: "CSV"}}},
		{Name: "fields", Label: c.T("transfer.fields"), Type: ui.CheckField},
		{Name: "reason", Label: c.T("transfer.reason"), Hint: c.T("transfer.reason_hint"), Type: ui.AreaField, Value: form.Get("reason"), MaxLen: 200},
	}
	if f != nil {
		for i := range fields {
			for _, e := range f.Fields {
				if e.Name == fields[i].Name {
					fields[i].Error = c.TextOf(e.Key, e.Args)
				}
			}
		}
	}
	parts = append(parts, ui.Ask(p, ui.Asking{Form: ui.Form{ID: "export", Action: "/staff/export"}, Fields: fields, Button: ui.Button{Label: c.T("transfer.export")}}))
	return ui.Bench(p, parts...), nil
}

// prepare makes the link to one export.
func (s *Service) prepare(c *web.Call) (any, error) {
	token, err := s.makeLink(c)
	if err == nil {
		return token, nil
	}
	page, fail := s.showExport(c, fault.Of(err))
	if fail != nil {
		return nil, fail
	}
	return page, err
}

func (s *Service) makeLink(c *web.Call) (string, error) {
	within, err := desk(c.Actor)
	if err != nil {
		return "", err
	}
	in, err := c.Body(exportFields)
	if err != nil {
		return "", err
	}
	l := Link{Account: c.Actor.ID, Kind: in.Text("kind"), Place: place.Trim(in.Text("place")), Format: in.Text("format"), Fields: in.Bool("fields"), Reason: in.Text("reason")}
	if l.Place == "" {
		l.Place = within
	}
	if !access.Covers(within, l.Place) || !s.Places.Known(l.Place) {
		return "", fault.Field1("place", "transfer.elsewhere", "code", l.Place)
	}
	if l.Fields && l.Reason == "" {
		return "", fault.Field1("reason", "fault.required")
	}
	if len(gate.Scan(l.Reason)) > 0 { // the persons read it
		return "", fault.Field1("reason", "transfer.secret_number", "masked", "***")
	}
	var b [16]byte
	rand.Read(b[:]) // never fails
	token := hex.EncodeToString(b[:])
	return token, s.Journal.Write(c.Context(), func(tx *db.Tx) (any, error) {
		now, err := tx.Now(c.Context())
		if err != nil {
			return nil, err
		}
		l.At, l.Expires = now, now+linkKept.Milliseconds()
		return token, insertLink(c.Context(), tx, hashOf(token), l)
	})
}

func hashOf(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

// download gives the table, once. What the caller may not do any more since
// the link was made is not given.
func (s *Service) download(c *web.Call) (any, error) {
	var l Link
	err := s.Journal.DB.Write(c.Context(), func(tx *db.Tx) error {
		a, err := s.Members.Fresh(c.Context(), tx, c.Actor)
		if err != nil {
			return err
		}
		now, err := tx.Now(c.Context())
		if err != nil {
			return err
		}
		if l, err = useLink(c.Context(), tx, hashOf(c.Path("token")), a.ID, now); err != nil {
			return err
		}
		if within, err := desk(a); err != nil || !access.Covers(within, l.Place) {
			return fault.Absent()
		}
		if l.Fields && l.Kind == people.Name { // who looked is written before the table leaves the house
			return lookedAtAll(c.Context(), tx, a.ID, l, now)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	kind, ok := KindOf(l.Kind)
	if !ok {
		return nil, fault.Absent()
	}
	var b bytes.Buffer
	if _, err := s.Write(c.Context(), &b, kind, sheet.Kind(l.Format), Outgoing{Place: l.Place, Open: l.Fields}); err != nil {
		return nil, err
	}
	return attachment(l.Kind+"-"+l.Place+"."+l.Format, sheet.Kind(l.Format), b.Bytes()), nil
}
