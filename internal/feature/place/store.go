package place

import (
	"context"

	"linli/internal/core/calendar"
	"linli/internal/platform/db"
)

func load(ctx context.Context, q db.Queryer) (*directory, error) {
	d := &directory{places: map[string]Place{}, settings: map[[2]string]string{}, days: map[string][]calendar.Row{}}
	if err := q.Select(ctx, &d.order, `SELECT * FROM places ORDER BY code`); err != nil {
		return nil, err
	}
	for _, p := range d.order {
		d.places[p.Code] = p
	}
	var settings []struct{ Place, Key, Value string }
	if err := q.Select(ctx, &settings, `SELECT place, key, value FROM settings`); err != nil {
		return nil, err
	}
	for _, s := range settings {
		d.settings[[2]string{s.Place, s.Key}] = s.Value
	}
	var days []struct{ Place, Date, Day, Occasion string }
	if err := q.Select(ctx, &days, `SELECT place, date, day, occasion FROM calendar_days ORDER BY place, date`); err != nil {
		return nil, err
	}
	for _, r := range days {
		d.days[r.Place] = append(d.days[r.Place], calendar.Row{Date: r.Date, Work: r.Day == "work", Occasion: r.Occasion})
	}
	return d, nil
}

func save(ctx context.Context, tx *db.Tx, p Place) (version int64, err error) {
	err = tx.Get(ctx, &version, `INSERT INTO places (code, parent, level, name, phone, hours, look, boundary, valid_from, valid_to)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (code) DO UPDATE SET name = excluded.name, phone = excluded.phone, hours = excluded.hours, look = excluded.look,
			boundary = excluded.boundary, valid_from = excluded.valid_from, valid_to = excluded.valid_to, version = places.version + 1
		RETURNING version`,
		p.Code, p.Parent, p.Level, p.Name, p.Phone, p.Hours, p.Look, p.Boundary, p.ValidFrom, p.ValidTo)
	return version, err
}

func saveSetting(ctx context.Context, tx *db.Tx, place, key, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO settings (place, key, value) VALUES (?, ?, ?)
		ON CONFLICT (place, key) DO UPDATE SET value = excluded.value`, place, key, value)
	return err
}

// bump raises the version of a place, or of the installation itself ("").
func bump(ctx context.Context, tx *db.Tx, code string) (version int64, err error) {
	if code == "" {
		err = tx.Get(ctx, &version, `SELECT coalesce(max(version), 0) + 1 FROM events WHERE subject = ?`, site)
		return version, err
	}
	err = tx.Get(ctx, &version, `UPDATE places SET version = version + 1 WHERE code = ? RETURNING version`, code)
	return version, err
}

func saveDay(ctx context.Context, tx *db.Tx, place string, r calendar.Row) error {
	day := "off"
	if r.Work {
		day = "work"
	}
	_, err := tx.Exec(ctx, `INSERT INTO calendar_days (place, date, day, occasion) VALUES (?, ?, ?, ?)
		ON CONFLICT (place, date) DO UPDATE SET day = excluded.day, occasion = excluded.occasion`, place, r.Date, day, r.Occasion)
	return err
}
