package stats

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/access"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/feature/place"
	"linli/internal/platform/web"
	"linli/internal/ui"
	"linli/internal/ui/chart"
	"linli/internal/ui/text"
)

// dashboard is the public dashboard 公开看板. What is wrong with an address
// typed by hand is said above the form; the page then shows the usual time.
func (s *Service) dashboard(c *web.Call) (any, error) {
	p := s.Page(c, c.T("stats.title"), ui.Figures)
	p.CSS = append(p.CSS, "stats.css")
	in, err := c.Query()
	var f *Figures
	if err == nil {
		f, err = s.figures(c, in)
	}
	var wrong []ui.FieldError
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			return nil, err
		}
		for _, e := range fault.Of(err).Fields {
			wrong = append(wrong, ui.FieldError{ID: "f-" + e.Name, Message: c.TextOf(e.Key, e.Args)})
		}
		var usual error
		if f, usual = s.figures(c, nil); usual != nil {
			return nil, usual
		}
	}
	p.Description = c.T("stats.lead", "place", f.PlaceName)
	parts := []templ.Component{
		ui.ErrorSummary(p, wrong),
		ui.Heading(c.T("stats.head", "place", f.PlaceName), c.T("stats.lead", "place", f.PlaceName)),
		ui.FilterForm(p, s.filter(p, f, in.Text("from") != "" || in.Text("to") != "" || in.Text("place") != "")),
		ui.StatRow(p, s.counts(c, f)),
		ui.With(ui.Block(c.T("stats.rates"), ui.Link{}), ui.StatRow(p, s.rates(c, f)), ui.With(ui.Details(c.T("stats.how")), definitions(c))),
	}
	var charts []templ.Component
	for _, ch := range s.charts(c, f) {
		charts = append(charts, draw(p, ch))
	}
	parts = append(parts, ui.With(ui.Block(c.T("stats.charts"), ui.Link{}), ui.With(chart.Grid(), charts...)))
	if len(f.Places) > 0 {
		parts = append(parts, ui.With(ui.Block(c.T("stats.places"), ui.Link{}), s.mapOf(c, f), ui.DataTable(p, s.table(c, f)), ui.Paragraph(c.T("stats.least", "n", f.Least))))
	}
	parts = append(parts, ui.With(ui.Buttons(),
		ui.ButtonLink(p, ui.Link{Label: c.T("stats.screen"), URL: "/screen?" + f.query().Encode()}, true),
		ui.ButtonLink(p, ui.Link{Label: c.T("stats.data"), URL: "/api/v1/stats?" + f.query().Encode()}, true)))
	return ui.Whole(p, parts...), err
}

// screen is the wall display 大屏, 1920 × 1080; it fetches itself anew each minute.
func (s *Service) screen(c *web.Call) (any, error) {
	f, err := s.answer(c)
	if err != nil {
		return nil, err
	}
	c.W.Header().Set("Refresh", "60")
	p := s.Page(c, c.T("stats.head", "place", f.PlaceName), ui.Figures)
	p.CSS = append(p.CSS, "stats.css")
	p.Community = ui.Community{Name: s.places.Path(f.Place), Code: f.Place} // the wall belongs to the place it shows
	counts := s.counts(c, f)
	for i := range counts {
		counts[i].Unit, counts[i].URL = "", "" // read from afar, by nobody who could follow a link
	}
	parts := []templ.Component{ui.StatRow(p, append(counts, s.rates(c, f)...))}
	for _, ch := range firsts(s.charts(c, f)) {
		if ch.as == asBars {
			n := min(len(ch.Labels), screenBars)
			ch.Labels, ch.Series[0].Values = ch.Labels[:n], ch.Series[0].Values[:n]
		}
		parts = append(parts, draw(p, ch))
	}
	return ui.With(ui.ScreenLayout(p), parts...), nil
}

// What a wall display has room for.
const (
	screenCharts = 3
	screenBars   = 6
)

func firsts(ds []drawing) []drawing { return ds[:min(len(ds), screenCharts)] }

func (f *Figures) query() url.Values {
	return url.Values{"place": {f.Place}, "from": {f.From}, "to": {f.To}}
}

func (s *Service) filter(p ui.Page, f *Figures, set bool) ui.Filter {
	var places []ui.Option
	for _, level := range []string{place.District, place.Street, place.Community} {
		for _, pl := range s.places.Below("", level) {
			if level != place.Community || strings.HasPrefix(pl.Code, access.Up(cmp.Or(access.Up(f.Place, access.Street), access.Up(p.Community.Code, access.Street), "-"), access.Street)) {
				places = append(places, ui.Option{Value: pl.Code, Label: s.places.Path(pl.Code)})
			}
		}
	}
	filter := ui.Filter{Action: "/stats", Fields: []ui.Field{
		{Name: "place", Label: p.T("stats.where"), Type: ui.SelectField, Value: f.Place, Options: places},
		{Name: "from", Label: p.T("stats.from"), Type: ui.DateField, Value: f.From},
		{Name: "to", Label: p.T("stats.to"), Type: ui.DateField, Value: f.To},
	}}
	if set {
		filter.Clear = "/stats"
	}
	return filter
}

// counts are the large figures.
func (s *Service) counts(c *web.Call, f *Figures) []ui.Stat {
	wish := f.Kind(wishKind)
	unit := c.T("stats.unit")
	stats := []ui.Stat{
		{Label: c.T("stats.published"), Value: text.Number(wish.Published), Unit: unit, URL: "/wishes?place=" + f.Place},
		{Label: c.T("stats.fulfilled"), Value: text.Number(wish.Reached["fulfilled"]), Unit: unit, Tone: ui.Good, Note: c.T("stats.on_spot", "n", wish.Moves["record"])},
		{Label: c.T("stats.open"), Value: text.Number(wish.Now["open"]), Unit: unit, URL: "/wishes?state=open&place=" + f.Place, Note: c.T("stats.now")},
	}
	for _, kind := range []struct{ name, unit string }{{"activity", "stats.unit_times"}, {"project", "stats.unit"}, {"post", "stats.unit_posts"}} {
		if k := f.Kind(kind.name); k.Published > 0 {
			stats = append(stats, ui.Stat{Label: c.T("stats.kind." + kind.name), Value: text.Number(k.Published), Unit: c.T(kind.unit)})
		}
	}
	residents := ui.Stat{Label: c.T("stats.residents"), Value: "—", Note: c.T("stats.last_month")}
	if f.Residents != nil {
		residents.Value, residents.Unit = text.Number(*f.Residents), c.T("stats.unit_people")
	}
	return append(stats, residents)
}

func (s *Service) rates(c *web.Call, f *Figures) []ui.Stat {
	var out []ui.Stat
	for _, r := range f.Rates {
		st := ui.Stat{Label: c.T("stats.rate." + r.Name), Value: "—", Note: c.T("stats.rate_note", "num", r.Numerator, "den", r.Denominator, "none", r.NoAnswer, "out", r.Excluded)}
		if r.Percent != nil {
			st.Value, st.Unit = decimal(*r.Percent), "%"
		}
		out = append(out, st)
	}
	return out
}

func definitions(c *web.Call) templ.Component {
	var facts []ui.Fact
	for _, name := range []string{"response", "solved", "satisfied"} {
		facts = append(facts, ui.Fact{Label: c.T("stats.rate." + name), Value: c.T("stats.def." + name)})
	}
	return ui.FactList(append(facts, ui.Fact{Label: c.T("stats.def"), Value: c.T("stats.def.all")}))
}

// What a chart's figures are drawn as.
const (
	asLines  = "lines"
	asBars   = "bars"
	asShares = "shares"
)

type drawing struct {
	chart.Chart
	as string
}

func draw(p ui.Page, d drawing) templ.Component {
	switch d.as {
	case asLines:
		return chart.Lines(p, d.Chart)
	case asShares:
		return chart.Shares(p, d.Chart)
	}
	return chart.Bars(p, d.Chart)
}

// charts are at most six, each with a sentence that says what it shows.
func (s *Service) charts(c *web.Call, f *Figures) []drawing {
	period := c.T("stats.period", "from", f.From, "to", f.To)
	base := func(id, unit string) chart.Chart {
		q := f.query()
		q.Set("chart", id)
		return chart.Chart{ID: id, Unit: c.T(unit), Period: period, Source: c.T("stats.source"), CSV: "/stats.csv?" + q.Encode()}
	}
	wish := f.Kind(wishKind)
	out := []drawing{s.byMonth(c, f, base("months", "stats.unit"))}
	if len(wish.Categories) > 0 {
		out = append(out, byCategory(c, wish, base("categories", "stats.unit")))
	}
	for _, question := range []string{"satisfied", "solved"} {
		if d, ok := byWord(c, f, question, base(question, "stats.unit_times")); ok {
			out = append(out, d)
		}
	}
	if d, ok := byPlace(c, f, base("places", "stats.unit")); ok {
		out = append(out, d)
	}
	if d, ok := others(c, f, base("others", "stats.unit")); ok {
		out = append(out, d)
	}
	return out
}

func (s *Service) byMonth(c *web.Call, f *Figures, ch chart.Chart) drawing {
	published, fulfilled := chart.Series{Name: c.T("stats.published")}, chart.Series{Name: c.T("stats.fulfilled")}
	var all, done int64
	for _, m := range f.Months {
		ch.Labels = append(ch.Labels, m.Month)
		published.Values, fulfilled.Values = append(published.Values, float64(m.Published)), append(fulfilled.Values, float64(m.Fulfilled))
		all, done = all+m.Published, done+m.Fulfilled
	}
	ch.Series = []chart.Series{published, fulfilled}
	ch.Title = c.T("stats.say.months", "published", all, "fulfilled", done)
	return drawing{ch, asLines}
}

func byCategory(c *web.Call, wish KindCount, ch chart.Chart) drawing {
	names := slices.SortedFunc(maps.Keys(wish.Categories), func(a, b string) int {
		return cmp.Or(cmp.Compare(wish.Categories[b], wish.Categories[a]), cmp.Compare(a, b))
	})
	var values []float64
	for _, n := range names {
		ch.Labels = append(ch.Labels, c.T("wish.category."+n))
		values = append(values, float64(wish.Categories[n]))
	}
	ch.Series = []chart.Series{{Values: values}}
	ch.Title = c.T("stats.say.categories", "category", ch.Labels[0], "n", wish.Categories[names[0]])
	return drawing{ch, asBars}
}

func byWord(c *web.Call, f *Figures, question string, ch chart.Chart) (drawing, bool) {
	var values []float64
	var all, good int64
	for _, w := range f.Words {
		if w.Question != question {
			continue
		}
		ch.Labels = append(ch.Labels, c.T("stats.word."+question+"."+w.Answer))
		ch.Tones = append(ch.Tones, map[string]ui.Tone{"yes": ui.Good, "fairly": ui.Busy, "partly": ui.Busy, "no": ui.Bad}[w.Answer])
		values = append(values, float64(w.N))
		all += w.N
		if w.Answer == "yes" || w.Answer == "fairly" {
			good += w.N
		}
	}
	ch.Series = []chart.Series{{Values: values}}
	ch.Title = c.T("stats.say."+question, "all", all, "good", good)
	return drawing{ch, asShares}, all > 0
}

// barsMost is how many bars are drawn; the table below the map has all places.
const barsMost = 10

func byPlace(c *web.Call, f *Figures, ch chart.Chart) (drawing, bool) {
	places := slices.Clone(f.Places)
	slices.SortStableFunc(places, func(a, b PlaceCount) int { return cmp.Compare(b.Fulfilled, a.Fulfilled) })
	var values []float64
	for _, p := range places[:min(len(places), barsMost)] {
		if p.Fulfilled > 0 {
			ch.Labels = append(ch.Labels, p.Name)
			values = append(values, float64(p.Fulfilled))
		}
	}
	if len(values) < 2 {
		return drawing{}, false // nothing to compare
	}
	ch.Series = []chart.Series{{Values: values}}
	ch.Title = c.T("stats.say.places", "place", places[0].Name, "n", places[0].Fulfilled)
	return drawing{ch, asBars}, true
}

func others(c *web.Call, f *Figures, ch chart.Chart) (drawing, bool) {
	var values []float64
	var all int64
	for _, k := range f.Kinds {
		if k.Kind != wishKind && k.Published > 0 {
			ch.Labels = append(ch.Labels, kindName(c, k.Kind))
			values = append(values, float64(k.Published))
			all += k.Published
		}
	}
	ch.Series = []chart.Series{{Values: values}}
	ch.Title = c.T("stats.say.others", "n", all)
	return drawing{ch, asBars}, len(values) > 0
}

// kindName is the kind's own name, as its feature calls it.
func kindName(c *web.Call, kind string) string {
	if text.Has(text.Chinese, kind+".kind") {
		return c.T(kind + ".kind")
	}
	return kind
}

func (s *Service) table(c *web.Call, f *Figures) ui.Table {
	t := ui.Table{Caption: c.T("stats.places"), Hidden: true, Columns: []ui.Column{
		{Label: c.T("stats.where")}, {Label: c.T("stats.published"), Number: true}, {Label: c.T("stats.fulfilled"), Number: true},
		{Label: c.T("stats.residents"), Number: true},
	}}
	for _, p := range f.Places {
		people := "—"
		if p.Residents != nil {
			people = text.Number(*p.Residents)
		}
		q := f.query()
		q.Set("place", p.Place)
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: p.Name, URL: "/stats?" + q.Encode()}, {Text: text.Number(p.Published)}, {Text: text.Number(p.Fulfilled)}, {Text: people},
		}})
	}
	return t
}

// Trust is the trust line of the home page: this month's wishes, how many came
// true, and how content people were, each with what it is reckoned from.
func (s *Service) Trust(ctx context.Context, p ui.Page, code string) ([]ui.Stat, error) {
	today := s.journal.DB.Clock().Now().In(clock.China)
	place := cmp.Or(access.Up(code, access.Community), access.Up(code, access.Street), access.Up(code, access.District), s.whole())
	f, err := s.Figures(ctx, place, today.Format("2006-01")+"-01", today.Format(time.DateOnly), false)
	if err != nil {
		return nil, err
	}
	wish := f.Kind(wishKind)
	content := f.Rates[len(f.Rates)-1]
	last := ui.Stat{Label: p.T("stats.rate." + content.Name), Value: "—", Note: p.T("stats.trust_of", "n", content.Denominator), URL: "/stats?place=" + place}
	if content.Percent != nil {
		last.Value, last.Unit = decimal(*content.Percent), "%"
	}
	return []ui.Stat{
		{Label: p.T("stats.trust_published"), Value: text.Number(wish.Published), Unit: p.T("stats.unit"), URL: "/stats?place=" + place},
		{Label: p.T("stats.trust_fulfilled"), Value: text.Number(wish.Reached["fulfilled"]), Unit: p.T("stats.unit"), URL: "/stats?place=" + place},
		last,
	}, nil
}
