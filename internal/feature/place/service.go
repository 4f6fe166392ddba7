package place

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"linli/internal/core/calendar"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/platform/db"
)

// Put writes places in one transaction, each with its event. By is the account
// that did it, "" for an import by the operator.
func (s *Service) Put(ctx context.Context, by string, places ...Place) error {
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		for _, p := range places {
			if err := s.put(ctx, tx, by, now, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) put(ctx context.Context, tx *db.Tx, by string, now int64, p Place) error {
	if p.Look == "" {
		p.Look = "{}"
	}
	version, err := save(ctx, tx, p)
	if err != nil {
		return err
	}
	do := "create"
	if version > 1 {
		do = "change"
	}
	return s.say(ctx, tx, now, by, p.Code, version, do, "")
}

// Set changes a setting of a place. The value is checked against its kind.
func (s *Service) Set(ctx context.Context, by, place, key, value string) error {
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error { return s.set(ctx, tx, by, place, key, value) })
}

func (s *Service) set(ctx context.Context, tx *db.Tx, by, place, key, value string) error {
	def, ok := s.defaults[key]
	if !ok {
		return fault.Field1("key", "fault.unknown_field")
	}
	switch def.Kind {
	case "span":
		if _, err := calendar.ParseSpan(value); err != nil && value != "never" {
			return fault.Field1("value", "place.bad_span")
		}
	case "bool":
		if value != "true" && value != "false" {
			return fault.Field1("value", "fault.bool")
		}
	case "int":
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < 0 {
			return fault.Field1("value", "fault.number")
		}
	case "place":
		if value != "" && !s.Known(value) {
			return fault.Field1("value", "place.bad_place")
		}
	}
	if len(def.Values) > 0 && !slices.Contains(def.Values, value) {
		return fault.Field1("value", "fault.one_of", "values", strings.Join(def.Values, " "))
	}
	if err := saveSetting(ctx, tx, place, key, value); err != nil {
		return err
	}
	return s.changed(ctx, tx, by, place, key, value)
}

// SetDay lays a day off, or a make-up working day, over the calendar of a place.
func (s *Service) SetDay(ctx context.Context, by, place string, r calendar.Row) error {
	if _, err := calendar.New([]calendar.Row{r}); err != nil {
		return fault.Field1("date", "fault.moment")
	}
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		if err := saveDay(ctx, tx, place, r); err != nil {
			return err
		}
		return s.changedDay(ctx, tx, by, place, r)
	})
}

func (s *Service) changedDay(ctx context.Context, tx *db.Tx, by, place string, r calendar.Row) error {
	value := "off"
	if r.Work {
		value = "work"
	}
	return s.changed(ctx, tx, by, place, "day "+r.Date, value+" "+r.Occasion)
}

// changed tells which rule of a place is another now, with the hash of what it
// says: enough for the public ledger to show that a rule was not changed quietly.
func (s *Service) changed(ctx context.Context, tx *db.Tx, by, place, rule, value string) error {
	now, err := tx.Now(ctx)
	if err != nil {
		return err
	}
	version, err := bump(ctx, tx, place)
	if errors.Is(err, db.ErrNoRows) {
		return fault.Absent()
	}
	if err != nil {
		return err
	}
	data, err := json.Marshal(event.Payload{Codes: map[string]any{"setting": rule, "value_hash": ValueHash(rule, value)}})
	if err != nil {
		return err
	}
	return s.say(ctx, tx, now, by, place, version, "settings", string(data))
}

// site is the subject of events about the installation itself.
const site = "site"

// ValueHash is hex SHA-256 over a rule's name and its value, each on a line.
func ValueHash(rule, value string) string {
	h := sha256.Sum256([]byte(rule + "\n" + value + "\n"))
	return hex.EncodeToString(h[:])
}

func (s *Service) say(ctx context.Context, tx *db.Tx, now int64, by, code string, version int64, do, data string) error {
	subject := code
	if code == "" {
		subject = site
	}
	return s.journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "place", Subject: subject, Version: version, Do: do, Actor: by, Place: code, Audience: event.Public, Data: data,
	}, nil)
}

// OwnName turns the register's 洲岛家园社区居委会 into the place's own name
// 洲岛家园社区: the 居委会 is a group, not the place.
func OwnName(level, name string) string {
	name = strings.TrimSpace(name)
	if level == Community {
		for _, tail := range []string{"居民委员会", "居委会", "村民委员会", "村委会"} {
			if cut, ok := strings.CutSuffix(name, tail); ok && cut != "" {
				return cut
			}
		}
	}
	return name
}
