package app

import (
	"context"

	"linli/internal/app/workbench"
	"linli/internal/core/actor"
	"linli/internal/feature/wish"
)

// atDesk puts on the workbench what of each feature waits for staff.
func (h *House) atDesk() {
	w := h.Workbench
	w.On(workbench.Desk{Name: "counter.title", Waits: func(ctx context.Context, a actor.Actor, _ int64) (workbench.Waits, error) {
		n, err := h.Counter.Waits(ctx, a)
		return workbench.Waits{Sign: n, URL: "/staff/counter"}, err
	}})
	w.On(workbench.Desk{Name: "rail.posts", Waits: func(ctx context.Context, a actor.Actor, now int64) (workbench.Waits, error) {
		w, err := h.Post.Waiting(ctx, a, now)
		return workbench.Waits{Sign: w.Publish + w.Comments, Late: w.Overdue, URL: "/staff/posts"}, err
	}})
	w.On(workbench.Desk{Name: "nav.wishes", URL: "/staff/wishes", Tasks: h.wishTasks})
	w.Matters()
	w.On(workbench.Desk{Name: "notify.calls", Waits: func(ctx context.Context, a actor.Actor, _ int64) (workbench.Waits, error) {
		n, keeps, err := h.Notify.Waiting(ctx, a)
		if !keeps {
			return workbench.Waits{}, err
		}
		return workbench.Waits{CallBack: n, URL: "/staff/calls"}, err
	}})
}

func (h *House) wishTasks(ctx context.Context, a actor.Actor, now int64) ([]workbench.Task, error) {
	w, err := h.Wish.Waiting(ctx, a, now)
	var out []workbench.Task
	for _, t := range w.Items {
		out = append(out, workbench.Task{
			Title: t.Wish.Title, URL: "/wishes/" + t.Wish.ID, Place: t.Wish.Place, Next: "wish.why." + t.Why,
			Due: t.Wish.DueDay(), Risen: t.Wish.Late(now), CallBack: t.Why == wish.WaitsCallback,
		})
	}
	return out, err
}
