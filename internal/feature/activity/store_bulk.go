package activity

import (
	"context"
	"slices"
	"strings"

	"linli/internal/feature/volunteer"
	"linli/internal/platform/db"
)

// entriesAtOnce is how many entries one statement of Keep writes.
const entriesAtOnce = 40

const entryValues = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const intoEntries = `INSERT INTO activity_entries (id, activity, account, grp, names, party, shift, kept, state, line, until, in_at, out_at, how, device, confirmed, at) VALUES ` + entryValues

var manyEntries = intoEntries + strings.Repeat(", "+entryValues, entriesAtOnce-1)

// Keep stores activities that have lived in memory, with all their entries: for
// data to test under load. Their events are the caller's to write.
func (s *Service) Keep(ctx context.Context, tx *db.Tx, ms []*Activity) error {
	var all []*Entry
	for _, m := range ms {
		if err := (store{}).Insert(ctx, tx, m); err != nil {
			return err
		}
		all = append(all, m.Entries...)
	}
	for part := range slices.Chunk(all, entriesAtOnce) {
		each, query := [][]*Entry{part}, manyEntries
		if len(part) < entriesAtOnce { // two texts only: the database keeps them prepared
			each, query = slices.Collect(slices.Chunk(part, 1)), intoEntries
		}
		for _, es := range each {
			args := make([]any, 0, 17*len(es))
			for _, e := range es {
				args = append(args, e.ID, e.Activity, e.Account, e.Group, e.Names, e.Party, e.Shift, bit(e.Kept), e.State, e.Line, e.Until,
					e.InAt, e.OutAt, e.How, e.Device, bit(e.Confirmed), e.At)
			}
			if _, err := tx.Exec(ctx, query, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// Certified takes the records of the hours that the last move confirmed, one a
// person with an account; at is when it did.
func (m *Activity) Certified(at int64) []*volunteer.Record {
	todo := m.served
	m.served = nil
	var out []*volunteer.Record
	for _, v := range todo {
		if v.Account != "" && !v.Again { // who came without an account is counted, not certified
			out = append(out, m.record(v, at))
		}
	}
	return out
}

func (m *Activity) record(v *Served, at int64) *volunteer.Record {
	r := &volunteer.Record{
		Source: "activity:" + m.ID, Title: m.Title, Kind: m.Kind, Group: v.Group, ServedAt: min(m.Starts, at), Minutes: v.Minutes, Attended: v.Attended, Owner: m.Author,
	}
	r.Author = v.Account
	r.Locate(m.Place)
	if len(m.Hosts) > 0 {
		r.Host = m.Hosts[0].Group
	}
	return r
}
