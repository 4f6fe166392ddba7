package webhook_test

import (
	"testing"

	"linli/internal/app"
	"linli/internal/app/apptest"
)

type object = apptest.Object

// house is a house with helpers for webhooks.
type house struct{ *apptest.House }

// plan lets calls go to the test's own servers.
var plan = apptest.Plan{Config: func(c *app.Config) { c.Private = true }}

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	plan.Each(t, func(t *testing.T, h *apptest.House) { f(t, &house{h}) })
}

// read lets the subscriptions follow the log and sends what is due.
func (h *house) read() {
	h.T.Helper()
	h.Read("webhook")
	if err := h.Webhook.Work(h.T.Context()); err != nil {
		h.T.Fatal(err)
	}
}
