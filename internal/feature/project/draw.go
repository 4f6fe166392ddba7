package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
)

// The draw 抽签 of the residents who accept what was built. Each of the pool
// stands in it as the hash of the seed and the own id; the list in order of the
// hashes is published, and its first are drawn. Whoever has the list checks the
// draw, whoever knows an own id finds it in the list, and nobody learns the
// others. The seed follows from an event that was public before.

// lot is how a resident stands in a draw.
func lot(seed, account string) string {
	sum := sha256.Sum256([]byte(seed + " " + account))
	return hex.EncodeToString(sum[:])
}

// lots puts the pool into the order of the draw.
func lots(seed string, pool []string) []string {
	out := make([]string, len(pool))
	for i, a := range pool {
		out[i] = lot(seed, a)
	}
	slices.Sort(out)
	return out
}

// Draw draws size of the pool.
func Draw(seed string, pool []string, size int) []string {
	drawn := slices.Clone(pool)
	slices.SortFunc(drawn, func(a, b string) int { return strings.Compare(lot(seed, a), lot(seed, b)) })
	return drawn[:min(size, len(drawn))]
}

// seedOf makes the seed of a draw from an event that was public before it, so
// that nobody can choose whom it draws.
func seedOf(project, eventHash string) string {
	sum := sha256.Sum256([]byte(project + " " + eventHash))
	return hex.EncodeToString(sum[:])
}

func poolHash(lots []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lots, "\n")))
	return hex.EncodeToString(sum[:])
}

// pool draws up who may be drawn to accept: residents of the place who are
// neither staff nor of the supervision committee and have not proposed it.
func (s *Service) pool(ctx context.Context, tx *db.Tx, p *Project, c *flow.Change) error {
	es, err := s.Members.Electors(ctx, tx, p.Scope(), actor.V3, c.At)
	if err != nil {
		return err
	}
	p.Oversight = ""
	if gs := s.Groups.At(p.Scope(), actor.Oversight); len(gs) > 0 {
		p.Oversight = gs[0].ID
	}
	official, err := s.Members.StaffAround(ctx, tx, p.Scope(), c.At)
	if err != nil {
		return err
	}
	overseers, err := s.Members.InGroup(ctx, tx, p.Oversight, c.At)
	if err != nil {
		return err
	}
	official = append(official, overseers...)
	var pool []string
	for _, e := range es {
		if e.ID != p.Author && !slices.Contains(official, e.ID) {
			pool = append(pool, e.ID)
		}
	}
	hash, err := lastHash(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	p.Seed = seedOf(p.ID, hash)
	size, all := s.number(p.Place, "project.jury"), lots(p.Seed, pool)
	c.Code("pool", pool)
	c.Code("pool_hash", poolHash(all))
	c.Code("jury", size)
	return insertDraw(ctx, tx, draw{Project: p.ID, Version: p.Version + 1, Seed: p.Seed, Size: size, Pool: strings.Join(all, "\n")})
}

// draw is the row of a draw; Version is the project's by the event that drew.
type draw struct {
	Project string `db:"project"`
	Version int64  `db:"version"`
	Seed    string `db:"seed"`
	Size    int    `db:"size"`
	Pool    string `db:"pool"`
}

// DrawJSON is all that is needed to draw again.
type DrawJSON struct {
	Project  string      `json:"project"`
	Seed     string      `json:"seed" doc:"hex SHA-256 of the project's id, a space and seed_from"`
	SeedFrom string      `json:"seed_from" doc:"hash of the project's last event before the draw"`
	Jury     int         `json:"jury" doc:"how many are drawn: the first of the pool"`
	PoolHash string      `json:"pool_hash" doc:"hex SHA-256 of the pool, joined by line feeds, as published in the event of the draw"`
	Pool     []string    `json:"pool" doc:"hex SHA-256 of the seed, a space and a resident's id; in order"`
	Drawn    []DrawnJSON `json:"drawn"`
	Mine     string      `json:"mine" doc:"the caller's own entry, empty when not in the pool"`
}

// DrawnJSON is one who was drawn.
type DrawnJSON struct {
	Lot string `json:"lot"`
	By  string `json:"by"`
}

// drawPage publishes the last draw of a project.
func (s *Service) drawPage(c *web.Call) (any, error) {
	p, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	ctx, q := c.Context(), s.Journal.DB
	ds, err := drawsOf(ctx, q, p.ID)
	if err != nil {
		return nil, err
	}
	if len(ds) == 0 {
		return nil, fault.New(fault.Conflict, "project.reason.no_draw")
	}
	d := ds[len(ds)-1]
	all := strings.Fields(d.Pool)
	j := DrawJSON{Project: p.ID, Seed: d.Seed, Jury: d.Size, PoolHash: poolHash(all), Pool: all, Drawn: []DrawnJSON{}}
	if j.SeedFrom, _, err = eventAt(ctx, q, p.ID, d.Version-1); err != nil {
		return nil, err
	}
	for _, v := range p.of(Juror) {
		name, err := s.Members.PublicName(ctx, q, v.Account)
		if err != nil {
			return nil, err
		}
		j.Drawn = append(j.Drawn, DrawnJSON{lot(d.Seed, v.Account), name})
	}
	if mine := lot(d.Seed, c.Actor.ID); c.Actor.Known() && slices.Contains(all, mine) {
		j.Mine = mine
	}
	return j, nil
}

// drawFaults draws again: seed, pool and hash of every draw against the
// project's events, and those drawn last against the first of the pool.
func drawFaults(ctx context.Context, q db.Queryer) (faults []string, err error) {
	ps, err := drawn(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, id := range ps {
		ds, err := drawsOf(ctx, q, id)
		if err != nil {
			return nil, err
		}
		p, err := store{}.Load(ctx, q, id, "")
		if err != nil {
			return nil, err
		}
		for i, d := range ds {
			before, _, err := eventAt(ctx, q, id, d.Version-1)
			if err != nil {
				return nil, err
			}
			_, data, err := eventAt(ctx, q, id, d.Version)
			if err != nil {
				return nil, err
			}
			var e struct {
				Codes struct {
					Seed     string `json:"seed"`
					Pool     int    `json:"pool"`
					Jury     int    `json:"jury"`
					PoolHash string `json:"pool_hash"`
				} `json:"codes"`
			}
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				return nil, fmt.Errorf("event %d of project %s: %w", d.Version, id, err)
			}
			all := strings.Fields(d.Pool)
			if d.Seed != seedOf(id, before) || e.Codes.Seed != d.Seed || e.Codes.Pool != len(all) || e.Codes.Jury != d.Size || e.Codes.PoolHash != poolHash(all) || !slices.IsSorted(all) {
				faults = append(faults, "project "+id+": the draw is not the one published")
				continue
			}
			if i < len(ds)-1 {
				continue
			}
			var got []string
			for _, v := range p.of(Juror) {
				got = append(got, lot(d.Seed, v.Account))
			}
			slices.Sort(got)
			if !slices.Equal(got, all[:min(d.Size, len(all))]) {
				faults = append(faults, "project "+id+": others accept than were drawn")
			}
		}
	}
	return faults, nil
}
