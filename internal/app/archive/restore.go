package archive

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linli/internal/app"
	"linli/internal/platform/blob"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/migrations"
)

// Archive is an opened backup.
type Archive struct {
	Manifest Manifest
	zip      *zip.ReadCloser
	files    map[string]*zip.File
}

// manifestMost bounds the manifest that is read.
const manifestMost = 256 << 20

// Open opens a backup and reads its manifest.
func Open(path string) (*Archive, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s is not a whole backup: %w", path, err)
	}
	a := &Archive{zip: z, files: map[string]*zip.File{}}
	for _, f := range z.File {
		a.files[f.Name] = f
	}
	err = a.read(manifestName, func(r io.Reader) error {
		b, err := io.ReadAll(io.LimitReader(r, manifestMost))
		if err != nil {
			return err
		}
		return json.Unmarshal(b, &a.Manifest)
	})
	if err == nil && a.Manifest.Format != backupFormat {
		err = fmt.Errorf("its form is %d, this program reads %d", a.Manifest.Format, backupFormat)
	}
	if err != nil {
		z.Close()
		return nil, fmt.Errorf("%s is not a whole backup: %w", path, err)
	}
	return a, nil
}

// Close closes the file.
func (a *Archive) Close() error { return a.zip.Close() }

func (a *Archive) read(name string, fn func(r io.Reader) error) error {
	f := a.files[name]
	if f == nil {
		return fmt.Errorf("%s is missing", name)
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close()
	if err := fn(r); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Check reads the whole archive and names what is not as the manifest says.
func (a *Archive) Check() (faults []string) {
	listed := map[string]bool{manifestName: true}
	for _, f := range a.Manifest.Files {
		if listed[f.Name] {
			faults = append(faults, f.Name+": listed twice")
		}
		listed[f.Name] = true
		err := a.read(f.Name, func(r io.Reader) error {
			sum := sha256.New()
			n, err := io.Copy(sum, io.LimitReader(r, f.Bytes+1))
			if err == nil && (n != f.Bytes || hex.EncodeToString(sum.Sum(nil)) != f.SHA256) {
				err = errors.New("it is not what was backed up")
			}
			return err
		})
		if err != nil {
			faults = append(faults, err.Error())
		}
	}
	seen := map[string]bool{}
	for _, f := range a.zip.File {
		if !listed[f.Name] || seen[f.Name] {
			faults = append(faults, f.Name+": the manifest does not know of it")
		}
		seen[f.Name] = true
	}
	return faults
}

// Restore fills an empty place of either engine with a backup. What was cut
// off can be begun again.
func Restore(ctx context.Context, c app.Config, a *Archive, progress Progress) error {
	h, err := app.Open(ctx, c)
	if err != nil {
		return err
	}
	err = fill(ctx, h, a, progress)
	if err = errors.Join(err, h.Close()); err != nil {
		return err
	}
	if h, err = app.Open(ctx, c); err != nil { // with the secret and the places of the backup
		return err
	}
	defer h.Close()
	var rebuilt []journal.Reader
	for _, r := range h.Readers() {
		for _, name := range derived {
			if r.Name == name {
				rebuilt = append(rebuilt, r)
			}
		}
	}
	return h.Journal.Drain(ctx, rebuilt...)
}

// fill writes the blobs first, then all rows in one transaction, so that when
// it is cut off the place is as good as empty.
func fill(ctx context.Context, h *app.House, a *Archive, progress Progress) error {
	if faults := a.Check(); len(faults) > 0 {
		return fmt.Errorf("the backup is damaged: %s", strings.Join(faults, "; "))
	}
	version, err := h.DB.Version(ctx, migrations.Files)
	if err != nil {
		return err
	}
	if version == 0 {
		if err := h.DB.MigrateTo(ctx, migrations.Files, a.Manifest.Schema); err != nil {
			return err
		}
	} else if version != a.Manifest.Schema {
		return fmt.Errorf("this place has schema %d, the backup %d: restore into a place that was not migrated", version, a.Manifest.Schema)
	}
	if err := empty(ctx, h, a); err != nil {
		return err
	}
	w := &restoring{Archive: a, progress: progress}
	for _, t := range a.Manifest.Tables {
		w.total += t.Rows
	}
	if err := w.blobs(ctx, h.Blobs); err != nil {
		return err
	}
	if err := w.secret(h.Config.Data); err != nil {
		return err
	}
	err = h.DB.Write(ctx, func(tx *db.Tx) error {
		w.done = 0
		if err := w.tables(ctx, tx); err != nil || a.files["tables/ledger_logs.jsonl"] == nil {
			return err
		}
		return h.Ledger.Begin(ctx, tx)
	})
	if err != nil {
		return err
	}
	_, err = h.Migrate(ctx)
	return err
}

// seeded tables hold rows that a migration put there; a backup brings its own.
var seeded = []string{"points_rules"}

// empty demands that no table holds a row and that no blob is there but those
// of the backup, from a restore that was cut off.
func empty(ctx context.Context, h *app.House, a *Archive) error {
	err := h.DB.Snapshot(ctx, func(s *db.Snapshot) error {
		tables, err := db.Tables(ctx, s)
		if err != nil {
			return err
		}
		for _, t := range tables {
			n, err := s.Count(ctx, t)
			if err != nil {
				return err
			}
			if n > 0 && !slices.Contains(seeded, t.Name) {
				return fmt.Errorf("this place is not empty: %s has %d rows; restore into a new --data folder or database", t.Name, n)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return h.Blobs.Walk(ctx, func(i blob.Info) error {
		if a.files["blobs/"+i.Key] == nil {
			return fmt.Errorf("this place is not empty: there is a blob %s that is not of the backup", i.Key)
		}
		return nil
	})
}

type restoring struct {
	*Archive
	progress    Progress
	done, total int64
}

func (r *restoring) blobs(ctx context.Context, to blob.Store) error {
	for _, f := range r.Manifest.Files {
		key, ours := strings.CutPrefix(f.Name, "blobs/")
		if !ours {
			continue
		}
		if err := r.read(f.Name, func(b io.Reader) error { return to.Put(ctx, key, b) }); err != nil {
			return err
		}
	}
	return nil
}

// secret writes the secret of the backup over the one that this place made at
// its opening. One that is configured elsewhere stays.
func (r *restoring) secret(data string) error {
	path := filepath.Join(data, secretName)
	if _, err := os.Stat(path); r.files[secretName] == nil || err != nil {
		return nil
	}
	return r.read(secretName, func(s io.Reader) error {
		b, err := io.ReadAll(io.LimitReader(s, 4096))
		if err != nil {
			return err
		}
		if err := os.WriteFile(path+".part", b, 0o600); err != nil {
			return err
		}
		return os.Rename(path+".part", path)
	})
}

func (r *restoring) tables(ctx context.Context, tx *db.Tx) error {
	there, err := db.Tables(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range r.Manifest.Tables {
		i := slices.IndexFunc(there, func(o db.Table) bool { return o.Name == t.Name })
		if i < 0 {
			return fmt.Errorf("table %s: this program does not have it", t.Name)
		}
		for _, c := range t.Columns {
			if !slices.ContainsFunc(there[i].Columns, func(o db.Column) bool { return o.Name == c.Name }) {
				return fmt.Errorf("table %s: this program has no column %s", t.Name, c.Name)
			}
		}
		table := db.Table{Name: t.Name, Columns: t.Columns}
		if slices.Contains(seeded, t.Name) {
			if err := tx.Clear(ctx, table); err != nil {
				return err
			}
		}
		err := r.read("tables/"+t.Name+".jsonl", func(lines io.Reader) error {
			n, err := tx.Load(ctx, table, r.rows(lines, t))
			if err == nil && n != t.Rows {
				err = fmt.Errorf("%d rows of %d", n, t.Rows)
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := tx.Continue(ctx, table); err != nil {
			return err
		}
	}
	return nil
}

// rows reads the lines of a table one by one.
func (r *restoring) rows(lines io.Reader, t BackupTable) func() ([]any, error) {
	d := json.NewDecoder(lines)
	d.UseNumber()
	return func() ([]any, error) {
		var values []any
		if err := d.Decode(&values); err == io.EOF {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		if len(values) != len(t.Columns) {
			return nil, fmt.Errorf("a row has %d values for %d columns", len(values), len(t.Columns))
		}
		for i, v := range values {
			var err error
			if values[i], err = value(t.Columns[i], v); err != nil {
				return nil, err
			}
		}
		r.done++
		if r.progress != nil && (r.done%1000 == 0 || r.done == r.total) {
			r.progress(r.done, r.total)
		}
		return values, nil
	}
}

// value turns what JSON gives into what the column holds.
func value(c db.Column, v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case json.Number:
		switch c.Kind {
		case db.IntColumn:
			return x.Int64()
		case db.FloatColumn:
			return x.Float64()
		}
	case string:
		switch c.Kind {
		case db.TextColumn:
			return x, nil
		case db.BytesColumn:
			return base64.StdEncoding.DecodeString(x)
		}
	}
	return nil, fmt.Errorf("column %s holds %T", c.Name, v)
}
