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

// drawn is a building in a grid.
type drawn struct {
	Grid     string `db:"grid"`
	Building string `db:"building"`
}

// gridsOf lists which building of a community lies in which grid at a moment.
func gridsOf(ctx context.Context, q db.Queryer, community string, at int64) (ds []drawn, err error) {
	return ds, q.Select(ctx, &ds, `SELECT grid, building FROM grid_buildings WHERE grid >= ? AND grid < ? AND from_at <= ? AND (to_at = 0 OR to_at > ?) ORDER BY grid, building`,
		community, community+":", at, at)
}

// redraw ends what a grid was made of, and what these buildings belonged to, and begins anew.
func redraw(ctx context.Context, tx *db.Tx, grid string, buildings []string, now int64) error {
	if _, err := tx.Exec(ctx, `UPDATE grid_buildings SET to_at = ? WHERE grid = ? AND (to_at = 0 OR to_at > ?)`, now, grid, now); err != nil {
		return err
	}
	for _, b := range buildings {
		if _, err := tx.Exec(ctx, `UPDATE grid_buildings SET to_at = ? WHERE building = ? AND (to_at = 0 OR to_at > ?)`, now, b, now); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO grid_buildings (grid, building, from_at) VALUES (?, ?, ?)
			ON CONFLICT (grid, building, from_at) DO UPDATE SET to_at = 0`, grid, b, now)
		if err != nil {
			return err
		}
	}
	return nil
}
