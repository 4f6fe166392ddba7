package wish

import (
	"context"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/ui/text"
)

// Erase takes the words of a person's wishes out, in the transaction of the
// person's erasure. What happened stays; its event makes search forget too.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, account string) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	gone, err := blank(ctx, tx, account, text.T(text.Chinese, "wish.erased"))
	for i := 0; i < len(gone) && err == nil; i++ {
		w := gone[i]
		c := &flow.Change{Do: "erase", Actor: actor.Actor{ID: account}, At: now, From: w.State, To: w.State}
		err = s.Journal.Append(ctx, tx, Life.Name, &w.Head, c, Life.Audience(w))
	}
	return err
}
