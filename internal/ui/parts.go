package ui

import (
	"context"
	"io"
	"strconv"

	"linli/internal/ui/text"

	"github.com/a-h/templ"
)

// Logo is the seal of the product: two houses under one roof line, cut into a vermilion seal.
func Logo() templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, logo)
		return err
	})
}

const logo = `<svg class="logo" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true" focusable="false">` +
	`<rect class="logo-seal" x="1" y="1" width="46" height="46" rx="11" fill="#B42318"/>` +
	`<g fill="none" stroke="#FFF8EE" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">` +
	`<path d="M6.5 25.500C12 23.5 16 19.5 18 13.500c2.4 4.5 4.4 7.3 7.3 9.5"/>` +
	`<path d="M22 27.500c4.4-1.8 7.6-4.8 9.3-9.3 2 4.8 5.2 7.8 10.2 9.3"/>` +
	`<path d="M11 25v12.500h26V27.5"/><path d="M21 37.500V31h6v6.5"/></g></svg>`

// current marks the place one is at in a navigation.
func current(here bool) templ.Attributes {
	if !here {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}

func pressed(on bool) string { return strconv.FormatBool(on) }

// langOfNames marks proper names, which stay Chinese on an English page, so that they are read aloud as Chinese.
func langOfNames(Page) string { return text.Chinese }

// ServiceItem is one entry of the page 办事.
type ServiceItem struct{ Label, Hint, URL, Icon string }

// ServiceNav is everything a resident can do here, in the order of use.
func ServiceNav(p Page) []ServiceItem {
	return []ServiceItem{
		{p.T("nav.wishes"), p.T("services.wishes"), "/wishes", "wish"},
		{p.T("nav.projects"), p.T("services.projects"), "/projects", "project"},
		{p.T("services.polls_label"), p.T("services.polls"), "/polls", "vote"},
		{p.T("nav.meetings"), p.T("services.meetings"), "/meetings", "meeting"},
		{p.T("services.posts_label"), p.T("services.posts"), "/posts", "post"},
		{p.T("nav.honours"), p.T("services.honours"), "/honours", "star"},
		{p.T("nav.stats"), p.T("services.stats"), "/stats", "chart"},
		{p.T("shell.search"), p.T("services.search"), "/search", "search"},
	}
}
