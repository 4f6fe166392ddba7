package project

import (
	"net/url"

	"linli/internal/ui"
)

func tabs(v listView) []ui.Tab {
	var out []ui.Tab
	for _, w := range views {
		q := url.Values{"view": {w.Name}}
		if v.Text != "" {
			q.Set("q", v.Text)
		}
		out = append(out, ui.Tab{Label: v.T("project.view." + w.Name), URL: "/projects?" + q.Encode(), Here: w.Name == v.View})
	}
	return out
}

// unfiltered leads back to the list without a search.
func unfiltered(v listView) string {
	if v.Text == "" {
		return ""
	}
	return "/projects?view=" + v.View
}

// seen says that the similar proposals were shown.
func seen(v creation) []ui.Option {
	if len(v.Similar) == 0 {
		return nil
	}
	return []ui.Option{{Label: "_seen", Value: "1"}}
}
