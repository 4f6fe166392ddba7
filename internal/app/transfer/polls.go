package transfer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/feature/ballot"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/sheet"
)

// roll is the roll 名册 of one poll. In: corrections of an open poll, which a
// second person has to make. Out: a line a voter, none of whom can be told by
// it, so that anybody can count them; nobody learns from it who has voted.
var roll = Kind{
	Name: "roll",
	Columns: []sheet.Column{
		{Name: "change", Synonyms: []string{"更正", "change"}, Required: true},
		{Name: "voter", Synonyms: []string{"账号", "voter"}, Required: true},
		{Name: "reason", Synonyms: []string{"理由", "reason"}, Required: true},
	},
	Example:  []any{"加入", "li-fang", "上月已迁入，登记时漏了"},
	Operator: true,
	Poll:     true,
	take: func(ctx context.Context, s *Service, in Incoming) (Batch, error) {
		changes := map[string]string{"加入": ballot.Add, "移出": ballot.Remove, ballot.Add: ballot.Add, ballot.Remove: ballot.Remove}
		for _, r := range in.rows {
			if changes[in.get(r, "change")] == "" {
				in.fault(r, "change", "transfer.bad_change", "value", in.get(r, "change"))
			}
		}
		return in.matters(ctx, s, func(ctx context.Context, tx *db.Tx, a actor.Actor, raw map[string]any) (string, error) {
			given := map[string]any{}
			for k, v := range raw {
				given[k] = v
			}
			change, _ := given["change"].(string)
			given["change"] = changes[change]
			_, err := s.Polls.Machine.Step(ctx, tx, a, journal.Request{ID: in.poll, Do: "correct", Read: journal.Reading(given)})
			return in.poll, err
		}, nil)
	},
	give: func(ctx context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
		p, err := s.Polls.Machine.Store.Load(ctx, s.Journal.DB, ask.Poll, "")
		if errors.Is(err, db.ErrNoRows) {
			return 0, fault.Absent()
		}
		if err != nil {
			return 0, err
		}
		lines, err := s.Polls.Roll(ctx, p.ID)
		if err != nil {
			return 0, err
		}
		for i, l := range lines {
			if err := w.Write(i+1, blind(p.RollSalt, l.Voter), blind(p.RollSalt, cmp.Or(l.Household, l.Voter))); err != nil {
				return 0, err
			}
		}
		return len(lines), nil
	},
	heads: []any{"序号", "选民（散列）", "按户计的户（散列）"},
}

// blind names a voter so that the line can be counted and compared, but not
// traced: the roll's salt is never published.
func blind(salt, voter string) string {
	h := sha256.Sum256([]byte(salt + "\n" + voter))
	return hex.EncodeToString(h[:8])
}
