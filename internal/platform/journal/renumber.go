package journal

import (
	"context"
	"slices"

	"linli/internal/platform/db"
)

// Renumber gives events numbers that follow the order in which readers read
// them: transaction ids mean nothing in another database, so a backup writes 0
// for them. They are the same numbers, dealt anew where transactions
// overlapped; only those that change are returned, old to new.
func Renumber(ctx context.Context, q db.Queryer) (map[int64]int64, error) {
	var read []int64
	if err := q.Select(ctx, &read, `SELECT seq FROM events ORDER BY xid, seq`); err != nil {
		return nil, err
	}
	sorted := slices.Sorted(slices.Values(read))
	renamed := map[int64]int64{}
	for i, seq := range read {
		if sorted[i] != seq {
			renamed[seq] = sorted[i]
		}
	}
	return renamed, nil
}
