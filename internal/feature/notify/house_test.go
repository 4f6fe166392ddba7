package notify_test

import (
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

type object = apptest.Object

// house is a house with helpers for messages.
type house struct{ *apptest.House }

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, h *apptest.House) { f(t, &house{h}) })
}

// read lets the inbox follow the log, spread and plan.
func (h *house) read() {
	h.T.Helper()
	h.Read("notify")
	if err := h.Notify.Work(h.T.Context()); err != nil {
		h.T.Fatal(err)
	}
}

// inbox returns the badge and the sentences, newest first.
func (h *house) inbox(as string) (badge int, texts []string) {
	h.T.Helper()
	o := h.Must(200, "GET", "/api/v1/inbox?limit=100", as, nil)
	for _, i := range o["items"].([]any) {
		texts = append(texts, i.(object)["text"].(string))
	}
	return int(o["badge"].(float64)), texts
}

// elder makes an account without a live channel, with family if named.
func (h *house) elder(name, family string) string {
	h.T.Helper()
	a := member.Account{PublicName: name, Level: actor.V3, Home: demo.CommunityA, Phone: "13912345678"}
	err := h.DB.Write(h.T.Context(), func(tx *db.Tx) error {
		if err := h.Member.Create(h.T.Context(), tx, "", &a); err != nil || family == "" {
			return err
		}
		return h.Member.Guard(h.T.Context(), tx, h.Account(family).ID, a.ID, "child", "", apptest.Noon.UnixMilli()-1, 0)
	})
	if err != nil {
		h.T.Fatal(err)
	}
	return a.ID
}

// volunteers makes accounts with the role in community A.
func (h *house) volunteers(n int) (ids []string) {
	h.T.Helper()
	err := h.DB.Write(h.T.Context(), func(tx *db.Tx) error {
		ids = nil
		for range n {
			a := member.Account{PublicName: "志愿者", Level: actor.V3, Home: demo.CommunityA, HasChannel: true}
			if err := h.Member.Create(h.T.Context(), tx, "", &a, member.Grant{Role: actor.Volunteer, Place: demo.CommunityA}); err != nil {
				return err
			}
			ids = append(ids, a.ID)
		}
		return nil
	})
	if err != nil {
		h.T.Fatal(err)
	}
	return ids
}

// rows lists who was told of a matter.
func (h *house) rows(subject string) (accounts []string) {
	h.T.Helper()
	if err := h.DB.Select(h.T.Context(), &accounts, `SELECT account FROM inbox WHERE subject = ?`, subject); err != nil {
		h.T.Fatal(err)
	}
	return accounts
}
