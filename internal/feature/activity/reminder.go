package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
)

// remindAll tells everybody who comes of the day before. It is a story of its
// own, one for each day, because it names people: the activity's is everybody's to read.
func (s *Service) remindAll(ctx context.Context, tx *db.Tx, m *Activity, c *flow.Change) error {
	ids, err := accountsOf(ctx, tx, m.ID, In, Offered)
	if err != nil || len(ids) == 0 {
		return err
	}
	var p event.Payload
	for _, id := range ids {
		p.Tell = append(p.Tell, event.ToAccount(id, "participant"))
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return s.Journal.AppendEvent(ctx, tx, event.Event{
		At: c.At, Kind: "activity_day", Subject: fmt.Sprintf("day:%s:%d", m.ID, m.Version), Version: 1, Do: "call_up", Actor: actor.Clock.ID, Place: m.Place, Audience: event.Private, Data: string(data),
	}, nil)
}

// Days gives the title and page of what reminders are about. It implements
// what the inbox asks of a kind.
type Days struct{ *Service }

// Title is the activity's.
func (d Days) Title(ctx context.Context, q db.Queryer, subject string) (string, error) {
	title, _, _, _, _, err := d.Document(ctx, q, strings.Split(subject, ":")[1])
	return title, err
}

// Path is the activity's page.
func (d Days) Path(_ context.Context, _ db.Queryer, subject string) (string, error) {
	return "/activities/" + strings.Split(subject, ":")[1], nil
}
