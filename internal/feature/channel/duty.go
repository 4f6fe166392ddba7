package channel

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/calendar"
	"linli/internal/ui"
	"linli/internal/ui/text"
)

// The columns of disclosure, which each level has.
const (
	PartyAffairs      = "party_affairs"      // 党务公开
	GovernmentAffairs = "government_affairs" // 政务公开
	ResidentsAffairs  = "residents_affairs"  // 居务公开
)

// Columns lists them.
var Columns = []string{PartyAffairs, GovernmentAffairs, ResidentsAffairs}

// Heading is what a disclosure column must hold, and how often.
type Heading struct {
	Column string
	Name   string
	Every  calendar.Span
}

// Headings reads the rule of a place, its setting post.disclosure: a line
// each, "column heading span". Lines that cannot be read are passed over.
func (s *Service) Headings(code string) []Heading {
	var out []Heading
	for line := range strings.SplitSeq(s.places.Text(code, "post.disclosure"), "\n") {
		f := strings.Fields(line)
		if len(f) != 3 || !slices.Contains(Columns, f[0]) {
			continue
		}
		if span, err := calendar.ParseSpan(f[2]); err == nil {
			out = append(out, Heading{f[0], f[1], span})
		}
	}
	return out
}

// Disclosed is the last post under a heading of a place.
type Disclosed struct {
	Channel     string `db:"channel"`
	Heading     string `db:"heading"`
	ID          string `db:"id"`
	PublishedAt int64  `db:"published_at"` // UTC ms
}

// Duty is one heading of one place with what was last disclosed under it.
type Duty struct {
	Heading
	Place  string
	PostID string // "" when nothing was disclosed yet
	Last   int64  // UTC ms
	Due    int64  // when the next is due; 0 when nothing was disclosed yet, which is overdue
}

// Overdue reports whether the duty is late at a moment.
func (d Duty) Overdue(now int64) bool { return d.Due <= now }

// Duties lists every heading of a place in the order of its rule, given what
// was last disclosed there.
func (s *Service) Duties(code string, last []Disclosed) []Duty {
	cal := s.places.Calendar(code)
	var out []Duty
	for _, h := range s.Headings(code) {
		d := Duty{Heading: h, Place: code}
		for _, r := range last {
			if r.Channel == h.Column && r.Heading == h.Name {
				d.PostID, d.Last = r.ID, r.PublishedAt
				d.Due = cal.Add(time.UnixMilli(r.PublishedAt), h.Every).UnixMilli()
			}
		}
		out = append(out, d)
	}
	return out
}

// DutyTable lists headings with their due dates; with places, of which place.
func (s *Service) DutyTable(p ui.Page, ds []Duty, now int64, places bool) templ.Component {
	if len(ds) == 0 {
		return ui.Paragraph(p.T("post.nothing_overdue"))
	}
	t := ui.Table{Caption: p.T("post.disclosure"), Hidden: true}
	for _, k := range []string{"heading", "last", "due", "standing"} {
		t.Columns = append(t.Columns, ui.Column{Label: p.T("post.duty." + k)})
	}
	if places {
		t.Columns = append(t.Columns, ui.Column{Label: p.T("post.field.place")})
	}
	for _, d := range ds {
		last, due, tag := ui.Cell{Text: p.T("post.duty.never")}, p.T("post.duty.now"), ui.Tag{Label: p.T("post.duty.overdue"), Tone: ui.Bad}
		if d.PostID != "" {
			last = ui.Cell{Text: text.Date(p.Lang, time.UnixMilli(d.Last)), URL: "/posts/" + d.PostID}
			due = text.Date(p.Lang, time.UnixMilli(d.Due))
			if !d.Overdue(now) {
				tag = ui.Tag{Label: p.T("post.duty.kept"), Tone: ui.Good}
			}
		}
		name := d.Name
		if places {
			name = p.T("post.channel."+d.Column) + " · " + d.Name
		}
		write := ""
		if places && d.Overdue(now) {
			write = "/posts/new?" + url.Values{"place": {d.Place}, "channel": {d.Column}, "heading": {d.Name}}.Encode()
		}
		row := ui.Row{Cells: []ui.Cell{{Text: name, URL: write}, last, {Text: due}, {Body: ui.StateTag(tag)}}}
		if places {
			row.Cells = append(row.Cells, ui.Cell{Text: s.places.Name(d.Place)})
		}
		t.Rows = append(t.Rows, row)
	}
	return ui.DataTable(p, t)
}
