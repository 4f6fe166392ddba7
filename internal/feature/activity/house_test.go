package activity_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

// morning is where the clock of these tests stands: a working Wednesday.
var morning = time.Date(2026, 11, 18, 8, 0, 0, 0, clock.China)

type object = apptest.Object

// house is a house with helpers for activities.
type house struct{ *apptest.House }

const extra = 200

// plan is a house with two hundred residents more.
var plan = apptest.Plan{Name: "residents", Now: morning, Fill: func(ctx context.Context, h *app.House) error {
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		for i := range extra {
			a := member.Account{Name: fmt.Sprintf("r%03d", i), PublicName: fmt.Sprintf("居民%03d", i), Level: actor.V1, Home: demo.CommunityA, HasChannel: true}
			if err := h.Member.Create(ctx, tx, "", &a); err != nil {
				return err
			}
			if err := h.Member.KeepToken(ctx, tx, a.ID, "test", a.Name, 0); err != nil {
				return err
			}
		}
		return nil
	})
}}

func each(t *testing.T, f func(t *testing.T, h *house)) {
	t.Helper()
	plan.Each(t, func(t *testing.T, h *apptest.House) { f(t, &house{h}) })
}

// page reads a page and fails unless it is 200 and holds every text.
func (h *house) page(path, as string, want ...string) string {
	h.T.Helper()
	page := h.Text(200, "GET", path, as, nil)
	for _, w := range want {
		if !strings.Contains(page, w) {
			h.T.Errorf("GET %s as %q: no %q", path, as, w)
		}
	}
	return page
}

// drafted makes an activity the day after at nine and returns its path in the API.
func (h *house) drafted(as string, more object) string {
	h.T.Helper()
	start := h.Clock.Now().Add(25 * time.Hour)
	body := object{
		"title": "江边捡拾垃圾", "kind": "家政清洁", "place": demo.CommunityA, "starts": start.Format(time.RFC3339),
		"ends": start.Add(2 * time.Hour).Format(time.RFC3339), "capacity": 20,
	}
	for k, v := range more {
		body[k] = v
	}
	o := h.Must(201, "POST", "/api/v1/activities", as, body)
	return "/api/v1/activities/" + o["id"].(string)
}

// published makes and publishes one.
func (h *house) published(as string, more object) string {
	h.T.Helper()
	path := h.drafted(as, more)
	h.Must(200, "POST", path+"/publish", as, nil)
	return path
}

// roster counts entries by state and checks that the line is 1, 2, 3 ….
func (h *house) roster(path, as string) (map[string]int, []object) {
	h.T.Helper()
	items := h.Must(200, "GET", path+"/roster", as, nil)["items"].([]any)
	count := map[string]int{}
	var out []object
	line := 0.0
	for _, i := range items {
		o := i.(object)
		out = append(out, o)
		count[o["state"].(string)]++
		if n, ok := o["place_in_line"].(float64); ok {
			if line++; n != line {
				h.T.Errorf("place_in_line %v, want %v", n, line)
			}
		} else if o["state"] == "waiting" {
			h.T.Error("a waiting entry without its place in line")
		}
	}
	return count, out
}

func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}
