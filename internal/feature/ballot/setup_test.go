package ballot_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

type object = apptest.Object

// house is a house with helpers for polls.
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

// poll makes a poll of community A that is open unless more says otherwise.
func (h *house) poll(more object) string {
	h.T.Helper()
	body := object{
		"question": "先修哪一样？", "rule": "approval", "options": []any{"防腐条凳", "晾衣架", "路灯"}, "place": demo.CommunityA,
		"opens": apptest.Noon.Add(-time.Hour), "closes": apptest.Noon.Add(24 * time.Hour), "roll": object{"place": demo.CommunityA, "level": "V3"},
	}
	for k, v := range more {
		body[k] = v
	}
	return h.Must(201, "POST", "/api/v1/polls", "demo-community", body)["id"].(string)
}

// residents makes n more residents at V3 in community A and returns their ids.
func (h *house) residents(n int, change func(i int, a *member.Account)) []string {
	h.T.Helper()
	ids := make([]string, n)
	for from := 0; from < n; from += 200 {
		err := h.DB.Write(context.Background(), func(tx *db.Tx) error {
			for i := from; i < min(n, from+200); i++ {
				a := member.Account{PublicName: fmt.Sprintf("居民%d", i), Level: actor.V3, Home: demo.CommunityA}
				if change != nil {
					change(i, &a)
				}
				if err := h.Member.Create(context.Background(), tx, "", &a); err != nil {
					return err
				}
				ids[i] = a.ID
			}
			return nil
		})
		if err != nil {
			h.T.Fatal(err)
		}
	}
	return ids
}

// as is a context in which a resident acts.
func as(account string) context.Context {
	return actor.With(context.Background(), actor.Actor{ID: account})
}
