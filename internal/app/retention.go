package app

import (
	"strings"
	"time"

	"linli/internal/feature/place"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// ownWorks are the works of the house itself.
func (h *House) ownWorks() []part.Work {
	return []part.Work{
		{Name: "old operation keys", Every: time.Hour, Do: h.Journal.ForgetActs, Removes: []part.Removal{{What: "retention.operations", After: "24h"}}},
		{Name: "old sessions", Every: time.Hour, Do: h.Session.Sweep, Removes: []part.Removal{{What: "retention.sessions", After: "30d"}}},
	}
}

// retentionPage is 数据保存期限: what is removed by itself and after how long,
// read from the works that remove it, and what stays and why.
func (h *House) retentionPage(c *web.Call) (any, error) {
	p := h.page(c, c.T("retention.title"), ui.Services)
	t := ui.Table{Caption: p.Title, Hidden: true, Columns: []ui.Column{{Label: c.T("retention.what")}, {Label: c.T("retention.after")}, {Label: c.T("retention.every")}}}
	works := h.ownWorks()
	for _, one := range h.parts {
		works = append(works, one.Works...)
	}
	for _, w := range works {
		for _, r := range w.Removes {
			after := r.After
			if strings.Contains(after, ".") {
				after = h.Place.Text(p.Community.Code, after)
			}
			t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: c.T(r.What)}, {Text: place.Words(p, "span", after)}, {Text: place.Words(p, "span", hours(w.Every))}}})
		}
	}
	return ui.Whole(p, ui.Heading(p.Title, c.T("retention.lead")), ui.DataTable(p, t),
		ui.With(ui.Block(c.T("retention.stays"), ui.Link{}), ui.With(ui.Prose(), ui.Paragraph(c.T("retention.stays_text")), ui.Paragraph(c.T("retention.backup")))),
		ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("retention.mine"), URL: "/me/data"}, true))), nil
}

// hours writes how often a work is done as a span.
func hours(every time.Duration) string { return strings.TrimSuffix(every.String(), "0m0s") }
