package place

import (
	"slices"
	"strings"

	"github.com/a-h/templ"

	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// settingFields are what is asked for a setting: a line, or a text where the
// default has more than one.
func settingFields(def part.Setting) []flow.Field {
	f := flow.Field{Name: "value", Kind: flow.Text, Max: 200}
	if strings.Contains(def.Default, "\n") {
		f.Kind, f.Max = flow.Long, 5000
	}
	return []flow.Field{f}
}

// label is a setting in plain words, the key itself where nobody wrote any.
func label(p ui.Page, key string) string {
	if p.Has("setting." + key) {
		return p.T("setting." + key)
	}
	return key
}

// settingsPage lists the rules of a place by what they are about, each with
// its value and, behind it, the form to change it.
func (s *Service) settingsPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	at, err := s.scope(c)
	if err != nil {
		return nil, err
	}
	p := s.frame(c, "place.settings", "settings")
	var summary templ.Component = ui.Nothing
	var about []string // in the order of the keys
	blocks := map[string][]templ.Component{}
	for _, key := range s.ours(c.Actor, at.Code) {
		def := s.defaults[key]
		value := s.Text(at.Code, key)
		d := ui.Field{Label: label(p, key), Value: value}
		if p.Has("setting." + key + ".hint") {
			d.Hint = p.T("setting." + key + ".hint")
		}
		switch def.Kind {
		case "bool":
			d.Type, d.Options = ui.RadioField, []ui.Option{{Value: "true", Label: p.T("place.yes")}, {Value: "false", Label: p.T("place.no")}}
		case "place":
			if options := s.Choices(at.Code, District, Street, Community); options != nil {
				d.Type, d.Options = ui.SelectField, options
			}
		case "span":
			d.Value, d.Hint = Words(p, "span", value), strings.TrimSpace(d.Hint+" "+p.T("place.span_hint"))
		}
		for _, v := range def.Values {
			d.Type, d.Options = ui.RadioField, append(d.Options, ui.Option{Value: v, Label: p.T("setting." + key + "." + v)})
		}
		shown := Words(p, def.Kind, value)
		if def.Kind == "place" && value != "" {
			shown = s.Name(value)
		}
		if slices.Contains(def.Values, value) {
			shown = p.T("setting." + key + "." + value)
		}
		words := p.T("place.setting_inherited", "value", inOneLine(p, shown))
		if s.own(at.Code, key) {
			words = p.T("place.setting_own", "value", inOneLine(p, shown))
		}
		sum, form := ui.Sheet{Kind: "place", ID: strings.ReplaceAll(key, ".", "-"), Action: "/staff/settings/" + at.Code + "/" + key, Button: p.T("place.save"), Fields: settingFields(def),
			Sent: sentOf(sent, key), Quiet: true, Dress: map[string]ui.Field{"value": d}}.Draw(p)
		if sentOf(sent, key) != nil {
			summary = sum
		}
		line := label(p, key) + " · " + inOneLine(p, shown)
		of, _, _ := strings.Cut(key, ".")
		if !slices.Contains(about, of) {
			about = append(about, of)
		}
		blocks[of] = append(blocks[of], ui.With(ui.Details(line), ui.Paragraph(words), form))
	}
	parts := []templ.Component{summary, ui.Heading(p.Title, p.T("place.settings_lead", "place", at.Name)), ui.SettingTabs(p, "settings")}
	for _, of := range about {
		title := of
		if p.Has("setting.group." + of) {
			title = p.T("setting.group." + of)
		}
		parts = append(parts, ui.With(ui.Block(title, ui.Link{}), blocks[of]...))
	}
	return ui.Bench(p, parts...), nil
}

// inOneLine is a value of one line, or how many lines it has.
func inOneLine(p ui.Page, s string) string {
	if n := strings.Count(s, "\n"); n > 0 {
		return p.T("place.lines", "n", n+1)
	}
	return s
}

// Words writes a setting's value as a person reads it: "24h" as 24 小时.
func Words(p ui.Page, kind, value string) string {
	switch {
	case kind == "bool" && value == "true":
		return p.T("place.yes")
	case kind == "bool":
		return p.T("place.no")
	case value == "never":
		return p.T("place.never")
	case value == "":
		return "—"
	case kind == "span":
		for _, unit := range []string{"wd", "wh", "d", "h", "m"} {
			if n, ok := strings.CutSuffix(value, unit); ok && strings.Trim(n, "0123456789") == "" {
				return p.T("place.span."+unit, "n", n)
			}
		}
	}
	return value
}

// spanWords are the units of a span as people write them, the longer before what they end with.
var spanWords = [...][2]string{
	{"个工作日", "wd"}, {"工作日", "wd"}, {"workingdays", "wd"}, {"workingday", "wd"},
	{"个工作小时", "wh"}, {"工作小时", "wh"}, {"workinghours", "wh"}, {"workinghour", "wh"},
	{"个小时", "h"}, {"小时", "h"}, {"hours", "h"}, {"hour", "h"}, {"天", "d"}, {"日", "d"}, {"days", "d"}, {"day", "d"},
}

// spanOf reads what a person wrote, 2 个工作日 or 24 hours, as a span; what it does not know stays as it is.
func spanOf(words string) string {
	w := strings.ReplaceAll(strings.ToLower(words), " ", "")
	switch w {
	case "不限", "不限时", "nolimit", "withoutlimit":
		return "never"
	}
	for _, u := range spanWords {
		if n, ok := strings.CutSuffix(w, u[0]); ok {
			return n + u[1]
		}
	}
	return w
}

func (s *Service) changeSetting(c *web.Call) (any, error) {
	code, key := c.Path("code"), c.Path("key")
	if !slices.Contains(s.ours(c.Actor, code), key) {
		return nil, fault.Absent()
	}
	return s.keep(c, key, code, settingFields(s.defaults[key]), "/staff/settings?place="+code+"&done=saved", func(tx *db.Tx, in flow.Input, now int64) error {
		value := in.Text("value")
		if s.defaults[key].Kind == "span" {
			value = spanOf(value)
		}
		return s.set(c.Context(), tx, c.Actor.ID, code, key, value)
	}, s.settingsPage)
}

// own reports whether a place has a value of its own.
func (s *Service) own(code, key string) bool {
	_, ok := s.now().settings[[2]string{code, key}]
	return ok
}
