package project_test

import (
	"context"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

type object = apptest.Object

// house is a house with helpers for projects.
type house struct{ *apptest.House }

func eachHouse(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, h *apptest.House) { f(t, &house{h}) })
}

// one is a house on SQLite alone, for what no engine can change.
func one(t *testing.T) *house {
	t.Helper()
	return &house{apptest.SQLite(t)}
}

// proposal proposes a project of community A and returns its id.
func (h *house) proposal(who string, more object) string {
	h.T.Helper()
	body := object{"title": "3幢门口加装坡道和扶手", "body": "3幢住着六位坐轮椅的老人，门口三级台阶，下雨天家人抬着走。", "place": demo.CommunityA,
		"cost": 68_000_00, "ownership": "public", "fund": "服务群众经费", "upkeep": "社区", "serves": "3幢 42 户"}
	for k, v := range more {
		body[k] = v
	}
	return h.Must(201, "POST", "/api/v1/projects", who, body)["id"].(string)
}

// move makes a move of a project and returns it.
func (h *house) move(want int, who, id, do string, body object) object {
	h.T.Helper()
	if body == nil {
		body = object{}
	}
	return h.Must(want, "POST", "/api/v1/projects/"+id+"/"+do, who, body)
}

// discussed takes a new project as far as a summarised council.
func (h *house) discussed(more object) string {
	h.T.Helper()
	id := h.proposal("demo-resident", more)
	h.move(200, "demo-community", id, "screen", object{"ok": true, "reason": "属于微实事，现场看过，确有需要"})
	h.move(200, "demo-party", id, "study", object{"result": "support", "note": "支委会研究同意"})
	h.move(200, "demo-community", id, "discuss", nil)
	h.move(200, "demo-neighbour", id, "position", object{"kind": "for", "text": "我父亲就住 3 幢，支持"})
	h.move(200, "demo-community", id, "summarise", object{"heard": "大家支持", "doing": "照此办理"})
	return id
}

// overseer makes an account that acts for A's supervision committee.
func (h *house) overseer() {
	h.T.Helper()
	ctx := context.Background()
	err := h.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := h.Member.Find(ctx, tx, "overseer"); err == nil {
			return nil
		}
		a := member.Account{Name: "overseer", PublicName: "监督委员", Level: actor.V3, Home: demo.CommunityA}
		g := h.Group.At(demo.CommunityA, actor.Oversight)[0]
		if err := h.Member.Create(ctx, tx, "", &a, member.Grant{Role: actor.Member, Group: g.ID, Post: "主任"}); err != nil {
			return err
		}
		return h.Member.KeepToken(ctx, tx, a.ID, "test", "overseer", 0)
	})
	if err != nil {
		h.T.Fatal(err)
	}
}

// lastTold is whom the last event of a project is told to.
func (h *house) lastTold(id string) string {
	h.T.Helper()
	var data string
	if err := h.DB.Get(context.Background(), &data, `SELECT data FROM events WHERE subject = ? ORDER BY version DESC LIMIT 1`, id); err != nil {
		h.T.Fatal(err)
	}
	return data
}
