// Package archive writes a whole place to one file and fills an empty place of
// either engine from it (备份与恢复).
package archive

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"linli/internal/app"
	"linli/internal/platform/blob"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/migrations"
)

// A backup is a zip that both engines and any later version of the program can
// read: tables/NAME.jsonl (a row a line, an array in the order of the columns),
// blobs/KEY as they are, secret when it is kept in the data folder, and last
// manifest.json with the SHA-256 of each. The rows are of one moment. Events
// stand in it with xid 0 and numbered as they are read.

// backupFormat is the version of that form.
const backupFormat = 1

const (
	manifestName = "manifest.json"
	secretName   = "secret"
)

// derived tables are made anew from events by a reader after a restore.
var derived = map[string]string{"search_docs": "search"}

// eventNumbers are columns that hold the number of an event without a foreign key.
var eventNumbers = map[string]string{"events": "seq", "cursors": "seq", "inbox": "seq", "inbox_fanouts": "seq", "webhook_deliveries": "seq"}

// fleeting tables are left out: who was signed in signs in again.
var fleeting = []string{"sessions", "codes", "drafts"}

// Manifest says what a backup holds.
type Manifest struct {
	Format int           `json:"format"`
	Schema int64         `json:"schema"` // the newest migration
	Engine db.Engine     `json:"engine"` // it was taken from
	At     int64         `json:"at"`     // UTC ms
	Tables []BackupTable `json:"tables"` // each after those it refers to
	Files  []BackupFile  `json:"files"`
}

// BackupTable is one table of a backup.
type BackupTable struct {
	Name    string      `json:"name"`
	Columns []db.Column `json:"columns"`
	Rows    int64       `json:"rows"`
}

// BackupFile is one entry of the archive.
type BackupFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Progress is told how many rows and blobs are done, and how many there are.
type Progress func(done, total int64)

// Backup writes an archive of the place to a new file while others write. It
// returns what is in it, and as faults the blobs that could not be read.
func Backup(ctx context.Context, h *app.House, path string, progress Progress) (m Manifest, faults []string, err error) {
	if _, err := os.Lstat(path); err == nil {
		return m, nil, fmt.Errorf("%s exists; a backup is written to a new file", path)
	}
	m = Manifest{Format: backupFormat, Engine: h.DB.Engine, At: h.Config.Clock.Now().UnixMilli()}
	if m.Schema, err = h.DB.Version(ctx, migrations.Files); err != nil {
		return m, nil, err
	}
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // it holds the secret and all that is private
	if err != nil {
		return m, nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	buffer := bufio.NewWriterSize(f, 1<<20)
	w := &writer{zip: zip.NewWriter(buffer), manifest: &m, progress: progress}
	if err = h.DB.Snapshot(ctx, func(s *db.Snapshot) error { return w.tables(ctx, s) }); err != nil {
		return m, nil, err
	}
	// After the rows: a file's bytes are there before its row.
	if faults, err = w.blobs(ctx, h.Blobs); err != nil {
		return m, nil, err
	}
	if err = w.secret(h.Config.Data); err != nil {
		return m, nil, err
	}
	body, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return m, nil, err
	}
	e, err := w.zip.Create(manifestName)
	if err != nil {
		return m, nil, err
	}
	if _, err = e.Write(body); err != nil {
		return m, nil, err
	}
	if err = errors.Join(w.zip.Close(), buffer.Flush(), f.Sync(), f.Close()); err != nil {
		return m, nil, err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return m, nil, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return m, nil, err
	}
	defer dir.Close()
	return m, faults, dir.Sync()
}

// writer writes the entries and notes them in the manifest.
type writer struct {
	zip         *zip.Writer
	manifest    *Manifest
	progress    Progress
	done, total int64
}

func (a *writer) step() {
	a.done++
	if a.progress != nil && (a.done%1000 == 0 || a.done >= a.total) {
		a.progress(a.done, max(a.done, a.total))
	}
}

// entry is one entry being written.
type entry struct {
	w    io.Writer
	sum  hash.Hash
	size int64
}

func (e *entry) Write(b []byte) (int, error) {
	e.sum.Write(b)
	e.size += int64(len(b))
	return e.w.Write(b)
}

func (a *writer) entry(name string, method uint16, write func(w io.Writer) error) error {
	w, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method})
	if err != nil {
		return err
	}
	e := &entry{w: w, sum: sha256.New()}
	err = write(e)
	a.manifest.Files = append(a.manifest.Files, BackupFile{Name: name, Bytes: e.size, SHA256: hex.EncodeToString(e.sum.Sum(nil))})
	return err
}

func (a *writer) tables(ctx context.Context, s *db.Snapshot) error {
	tables, err := db.Tables(ctx, s)
	if err != nil {
		return err
	}
	tables = slices.DeleteFunc(tables, func(t db.Table) bool { return derived[t.Name] != "" || slices.Contains(fleeting, t.Name) })
	for _, t := range tables {
		n, err := s.Count(ctx, t)
		if err != nil {
			return err
		}
		a.total += n
	}
	renamed, err := journal.Renumber(ctx, s)
	if err != nil {
		return err
	}
	for _, t := range tables {
		b := BackupTable{Name: t.Name, Columns: t.Columns}
		for _, c := range t.Columns {
			if c.Kind == db.OtherColumn {
				return fmt.Errorf("column %s of %s has a type that cannot be moved between the engines", c.Name, t.Name)
			}
		}
		err := a.entry("tables/"+t.Name+".jsonl", zip.Deflate, func(w io.Writer) error {
			return s.Rows(ctx, t, func(values []any) error {
				if !order(renamed).apply(t, values) {
					return nil
				}
				b.Rows++
				a.step()
				return writeRow(w, t, values)
			})
		})
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		a.manifest.Tables = append(a.manifest.Tables, b)
	}
	return nil
}

// writeRow writes a row as one line.
func writeRow(w io.Writer, t db.Table, values []any) error {
	line := []byte{'['}
	for i, v := range values {
		if i > 0 {
			line = append(line, ',')
		}
		var b []byte
		var err error
		switch x := v.(type) {
		case []byte:
			b, err = json.Marshal(base64.StdEncoding.EncodeToString(x))
		case string:
			if !utf8.ValidString(x) {
				return fmt.Errorf("column %s holds what is not UTF-8, in a row that begins with %v", t.Columns[i].Name, values[0])
			}
			b, err = json.Marshal(x)
		default:
			b, err = json.Marshal(x)
		}
		if err != nil {
			return err
		}
		line = append(line, b...)
	}
	_, err := w.Write(append(line, ']', '\n'))
	return err
}

// order is the new numbers of events, see journal.Renumber.
type order map[int64]int64

// apply renumbers a row and reports whether it belongs into a backup.
func (o order) apply(t db.Table, values []any) bool {
	renumber := func(i int) {
		if seq, ok := values[i].(int64); ok {
			if now, ok := o[seq]; ok {
				values[i] = now
			}
		}
	}
	for i, c := range t.Columns {
		switch {
		case c.Event, eventNumbers[t.Name] == c.Name:
			renumber(i)
		case (t.Name == "events" || t.Name == "cursors") && c.Name == "xid":
			values[i] = int64(0)
		case t.Name == "cursors" && c.Name == "name":
			for _, reader := range derived {
				if values[i] == reader {
					return false
				}
			}
		}
	}
	return true
}

func (a *writer) blobs(ctx context.Context, from blob.Store) (faults []string, err error) {
	err = from.Walk(ctx, func(i blob.Info) error {
		r, err := from.Get(ctx, i.Key)
		if errors.Is(err, blob.ErrAbsent) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		defer r.Close()
		a.step()
		err = a.entry("blobs/"+i.Key, zip.Store, func(w io.Writer) error {
			_, err := io.Copy(w, r)
			return err
		})
		if errors.Is(err, blob.ErrCorrupt) {
			faults = append(faults, fmt.Sprintf("blob %s is not what was written; it is in the backup as it is now", i.Key))
			return nil
		}
		return err
	})
	return faults, err
}

// secret adds the installation's secret where it is kept in the data folder:
// pseudonyms and calendar addresses hang on it.
func (a *writer) secret(data string) error {
	b, err := os.ReadFile(filepath.Join(data, secretName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.entry(secretName, zip.Deflate, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}
