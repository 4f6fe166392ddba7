package wish_test

import (
	"context"
	"net/url"

	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// agent lets an account act for a further group.
func (h *house) agent(name, group string) {
	h.grant(name, member.Grant{Role: actor.Agent, Group: group})
}

// join makes an account a member of a group.
func (h *house) join(name, group string) {
	h.grant(name, member.Grant{Role: actor.Member, Group: group})
}

func (h *house) grant(name string, g member.Grant) {
	h.T.Helper()
	ctx := context.Background()
	id := h.Actor(name).ID
	if err := h.DB.Write(ctx, func(tx *db.Tx) error { return h.Member.Give(ctx, tx, "", id, g) }); err != nil {
		h.T.Fatal(err)
	}
}
