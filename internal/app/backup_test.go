package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"linli/internal/app"
	"linli/internal/app/apptest"
	"linli/internal/app/archive"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/tlog"
)

// lived makes a place with matters, words, a claim and a photograph.
func lived(t *testing.T, h *apptest.House) (wish, file string) {
	t.Helper()
	file = h.Upload("demo-resident", "现场.png", photograph(t))
	wish = h.FileWish("demo-resident", object{"photos": []string{file}, "body": "引号\"、反斜杠\\、换行\n、emoji 🌾 都要原样回来。"})
	h.Must(200, "POST", "/api/v1/wishes/"+wish+"/claim", "demo-unit1", object{"note": "我们来"}, "Idempotency-Key", "claim-1")
	private := h.FileWish("demo-neighbour", object{"visibility": "private"})
	h.Must(200, "POST", "/api/v1/wishes/"+private+"/withdraw", "demo-neighbour", object{"note": "不用了"})
	if err := h.Place.Set(context.Background(), "", demo.CommunityA, "wish.review", "unverified"); err != nil { // a rule, which the ledger takes
		t.Fatal(err)
	}
	for range 2 { // the second time what was read is signed
		if err := h.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return wish, file
}

// photograph is a small picture.
func photograph(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// faultsOf runs verify and joins what it finds.
func faultsOf(t *testing.T, h *app.House) string {
	t.Helper()
	reports, err := h.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return joined(reports)
}

func joined(reports []app.Report) string {
	var all []string
	for _, r := range reports {
		for _, f := range r.Faults {
			all = append(all, r.Name+": "+f)
		}
	}
	return strings.Join(all, "\n")
}

func backup(t *testing.T, h *apptest.House) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.zip")
	_, faults, err := archive.Backup(context.Background(), h.House, path, nil)
	if err != nil || len(faults) > 0 {
		t.Fatalf("backup: %v %v", err, faults)
	}
	return path
}

// restored opens a place that was filled from a backup.
func restored(t *testing.T, path, url string) *apptest.House {
	t.Helper()
	a, err := archive.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	c := apptest.Config(t, url, clock.NewFake(apptest.Noon))
	if err := archive.Restore(context.Background(), c, a, nil); err != nil {
		t.Fatalf("restore: %v", err)
	}
	if err := archive.Restore(context.Background(), c, a, nil); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a second restore into the same place: %v", err)
	}
	return apptest.Serve(t, c)
}

// TestBackupMovesBetweenEngines: all that was there is there, on the other
// engine too, and life goes on.
func TestBackupMovesBetweenEngines(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		wish, file := lived(t, h)
		path := backup(t, h)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup: %v %v", info.Mode(), err)
		}
		if _, _, err := archive.Backup(context.Background(), h.House, path, nil); err == nil {
			t.Error("a backup was written over")
		}
		reports, err := archive.Verify(context.Background(), path, nil, nil)
		if err != nil || joined(reports) != "" {
			t.Errorf("verify FILE: %v %s", err, joined(reports))
		}
		was := h.Must(200, "GET", "/api/v1/wishes/"+wish, "demo-resident", nil)
		for engine, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": dbtest.PostgresURL} {
			t.Run("to "+engine, func(t *testing.T) {
				r := restored(t, path, url(t))
				if f := faultsOf(t, r.House); f != "" {
					t.Errorf("verify: %s", f)
				}
				is := r.Must(200, "GET", "/api/v1/wishes/"+wish, "demo-resident", nil)
				if a, b := fmt.Sprint(was), fmt.Sprint(is); a != b {
					t.Errorf("was %s\nis  %s", a, b)
				}
				if p := r.Do("GET", "/files/"+file, "demo-resident", nil); p.Status != 200 {
					t.Errorf("the photograph: %d", p.Status)
				}
				// An operation key that was used is used here too.
				r.Must(200, "POST", "/api/v1/wishes/"+wish+"/claim", "demo-unit1", object{"note": "我们来"}, "Idempotency-Key", "claim-1")
				next := r.FileWish("demo-resident", nil)
				r.Must(200, "POST", "/api/v1/wishes/"+next+"/claim", "demo-unit2", object{})
				if err := r.Work(context.Background()); err != nil {
					t.Fatal(err)
				}
				if f := faultsOf(t, r.House); f != "" {
					t.Errorf("verify after new matters: %s", f)
				}
				// The ledger goes on under another name; the one before stays as it was signed.
				old := h.Do("GET", "/ledger/checkpoint", "", nil)
				if kept := r.Do("GET", "/ledger/logs/1/checkpoint", "", nil); old.Status != 200 || kept.Body != old.Body {
					t.Errorf("the ledger before: %d %s, was %s", kept.Status, kept.Body, old.Body)
				}
				if err := r.Place.Set(context.Background(), "", demo.CommunityA, "wish.review", "unverified"); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if err := r.Work(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
				audited(t, r, "/ledger", func(entries []string) {
					if !strings.Contains(entries[0], "checkpoint") || !strings.Contains(entries[0], strings.Split(old.Body, "\n")[0]) {
						t.Errorf("the first entry: %s", entries[0])
					}
				})
				audited(t, r, "/ledger/logs/1", func(entries []string) {})
				var early int
				if err := r.DB.Get(context.Background(), &early, `SELECT count(*) FROM cursors c WHERE EXISTS (SELECT 1 FROM events e WHERE (e.xid, e.seq) > (c.xid, c.seq))`); err != nil || early != 0 {
					t.Errorf("%d readers are behind, %v", early, err)
				}
			})
		}
	})
}

// audited checks a ledger from outside, through its doors alone.
func audited(t *testing.T, h *apptest.House, prefix string, f func(entries []string)) {
	t.Helper()
	keys := h.Do("GET", "/ledger/key", "", nil)
	var vs []note.Verifier
	for _, line := range strings.Fields(keys.Body) {
		v, err := note.NewVerifier(line)
		if err != nil {
			t.Fatal(err)
		}
		vs = append(vs, v)
	}
	origin, _, _ := strings.Cut(h.Do("GET", prefix+"/checkpoint", "", nil).Body, "\n")
	var entries []string
	_, err := tlog.Audit(context.Background(), doors{h, prefix}, origin, func(_ int64, e []byte) error {
		entries = append(entries, string(e))
		return nil
	}, vs...)
	if err != nil || len(entries) == 0 {
		t.Fatalf("%s: %d entries, %v", prefix, len(entries), err)
	}
	f(entries)
}

// doors reads a ledger as anybody does.
type doors struct {
	house  *apptest.House
	prefix string
}

func (d doors) Read(_ context.Context, path string) ([]byte, error) {
	r := d.house.Do("GET", d.prefix+"/"+path, "", nil)
	if r.Status == 404 {
		return nil, tlog.ErrAbsent
	}
	if !strings.HasPrefix(r.Header.Get("Cache-Control"), "public") {
		d.house.T.Errorf("%s: %s", path, r.Header.Get("Cache-Control"))
	}
	return []byte(r.Body), nil
}

// TestLedgerDoors: the page in both languages, what is not there, and the
// entries of a matter with their proofs.
func TestLedgerDoors(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		if r := h.Do("GET", "/ledger", "", nil); r.Status != 200 || !strings.Contains(r.Body, "公开账本") {
			t.Errorf("before anything was signed: %d", r.Status)
		}
		lived(t, h)
		audited(t, h, "/ledger", func(entries []string) {
			for _, e := range entries {
				for _, personal := range []string{"李阿姨", "1380000", demo.CommunityA} {
					if strings.Contains(e, personal) {
						t.Errorf("%s tells %s", e, personal)
					}
				}
			}
		})
		for _, path := range []string{"/ledger/tile/0/000", "/ledger/tile/0/999", "/ledger/tile/x", "/ledger/logs/9/checkpoint", "/ledger/logs/01/checkpoint", "/ledger/logs/a/tile/0/000",
			"/ledger/proof/none", "/ledger/tile/0/000.p/255"} {
			if r := h.Do("GET", path, "", nil); r.Status != 404 {
				t.Errorf("%s: %d", path, r.Status)
			}
		}
		var group string
		if err := h.DB.Get(context.Background(), &group, `SELECT subject FROM events WHERE kind = 'group' ORDER BY seq LIMIT 1`); err != nil {
			t.Fatal(err)
		}
		page := h.Do("GET", "/ledger?matter="+group, "", nil, "Accept-Language", "en").Body
		_, hash, found := strings.Cut(page, `href="/ledger/proof/`)
		if !found || !strings.Contains(page, "Public ledger") {
			t.Fatalf("no proof offered: %s", page)
		}
		proof := h.Do("GET", "/ledger/proof/"+hash[:64], "", nil)
		if p, err := tlog.ParseProof(proof.Body); proof.Status != 200 || err != nil || !strings.Contains(string(p.Extra), hash[:64]) {
			t.Errorf("%d %v %s", proof.Status, err, proof.Body)
		}
		if r := h.Do("GET", "/ledger?matter=nothing", "", nil); r.Status != 200 || strings.Contains(r.Body, "/ledger/proof/") {
			t.Errorf("a matter that is not there: %d", r.Status)
		}
	})
}

// TestOverlappingTransactions: on PostgreSQL numbers and order differ; after a
// restore readers go on where they were, and miss or repeat nothing.
func TestOverlappingTransactions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		lived(t, h)
		// Give events transaction ids against the order of their numbers.
		ctx := context.Background()
		if h.DB.Engine != db.Postgres {
			return
		}
		change(t, h, `UPDATE events SET xid = 10 + (SELECT max(seq) FROM events) - seq WHERE subject IN (SELECT subject FROM events GROUP BY subject HAVING count(*) = 1)`)
		var before, after []string
		q := `SELECT hash FROM events ORDER BY xid, seq`
		if err := h.DB.Select(ctx, &before, q); err != nil {
			t.Fatal(err)
		}
		var seqs []string
		if err := h.DB.Select(ctx, &seqs, `SELECT hash FROM events ORDER BY seq`); err != nil || strings.Join(seqs, "") == strings.Join(before, "") {
			t.Fatalf("the test has nothing out of order: %v", err)
		}
		change(t, h, `INSERT INTO cursors (name, xid, seq) SELECT 'someone', e.xid, e.seq FROM events e ORDER BY e.xid, e.seq LIMIT 1 OFFSET 5`)
		r := restored(t, backup(t, h), "")
		if err := r.DB.Select(ctx, &after, q); err != nil || strings.Join(after, "") != strings.Join(before, "") {
			t.Errorf("the order is another: %v", err)
		}
		var at []string
		if err := r.DB.Select(ctx, &at, `SELECT DISTINCT e.hash FROM cursors c JOIN events e ON e.xid = c.xid AND e.seq = c.seq WHERE c.name = 'someone'`); err != nil || len(at) != 1 {
			t.Fatalf("%d, %v", len(at), err)
		}
		for _, h := range at {
			if h != before[5] {
				t.Errorf("a reader stands elsewhere")
			}
		}
		if f := faultsOf(t, r.House); strings.Contains(f, "words") {
			t.Errorf("words went astray: %s", f)
		}
	})
}

// change writes behind the program's back.
func change(t *testing.T, h *apptest.House, query string, args ...any) {
	t.Helper()
	err := h.DB.Write(context.Background(), func(tx *db.Tx) error {
		n, err := tx.Exec(context.Background(), query, args...)
		if err == nil && n == 0 {
			t.Errorf("%s changed nothing", query)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestVerifyNamesWhatWasChanged flips one byte in what is stored.
func TestVerifyNamesWhatWasChanged(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		wish, file := lived(t, h)
		if f := faultsOf(t, h.House); f != "" {
			t.Fatalf("before: %s", f)
		}
		for _, c := range []struct{ name, do, undo, names string }{
			{"an event", `UPDATE events SET at = at + 1 WHERE subject = '` + wish + `' AND version = 2`, `UPDATE events SET at = at - 1 WHERE subject = '` + wish + `' AND version = 2`, wish},
			{"its place", `UPDATE events SET place = '320105004005' WHERE subject = '` + wish + `' AND version = 1`, `UPDATE events SET place = '320105004004' WHERE subject = '` + wish + `' AND version = 1`, wish},
			{"words", `UPDATE event_words SET words = replace(words, '我们来', '我们去') WHERE words LIKE '%我们来%'`, `UPDATE event_words SET words = replace(words, '我们去', '我们来') WHERE words LIKE '%我们去%'`, wish},
			{"a state", `UPDATE wishes SET state = 'open' WHERE id = '` + wish + `'`, `UPDATE wishes SET state = 'claimed' WHERE id = '` + wish + `'`, wish},
			{"a leaf", `UPDATE ledger_leaves SET hash = replace(hash, 'a', 'b') WHERE idx = 1`, `UPDATE ledger_leaves SET hash = (SELECT e.hash FROM events e WHERE e.seq = ledger_leaves.seq) WHERE idx = 1`, "entry 1 "},
			{"a claim", `UPDATE wishes SET claimed = 0 WHERE id = '` + wish + `'`, `UPDATE wishes SET claimed = 1 WHERE id = '` + wish + `'`, wish},
		} {
			change(t, h, c.do)
			if f := faultsOf(t, h.House); !strings.Contains(f, c.names) {
				t.Errorf("%s was changed, verify says %q", c.name, f)
			}
			change(t, h, c.undo)
		}
		found := false
		err := filepath.WalkDir(filepath.Join(h.Config.Data, "blobs"), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.Contains(e.Name(), file) {
				return err
			}
			found = true
			flip(t, path, 10)
			return nil
		})
		if err != nil || !found {
			t.Fatalf("no blob of the file: %v", err)
		}
		if f := faultsOf(t, h.House); !strings.Contains(f, file) {
			t.Errorf("a blob was changed, verify says %q", f)
		}
	})
}

// flip changes one bit of a file.
func flip(t *testing.T, path string, at int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedBackup: a byte flipped anywhere, a cut end, an entry more or less
// is found, and nothing is restored from it.
func TestDamagedBackup(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		lived(t, h)
		good, err := os.ReadFile(backup(t, h))
		if err != nil {
			t.Fatal(err)
		}
		bad := filepath.Join(t.TempDir(), "bad.zip")
		broken := func(name string, b []byte) {
			t.Helper()
			if err := os.WriteFile(bad, b, 0o600); err != nil {
				t.Fatal(err)
			}
			a, err := archive.Open(bad)
			if err != nil {
				return
			}
			defer a.Close()
			if faults := a.Check(); len(faults) == 0 {
				t.Errorf("%s: not found", name)
				return
			}
			if err := archive.Restore(context.Background(), apptest.Config(t, "", clock.NewFake(apptest.Noon)), a, nil); err == nil {
				t.Errorf("%s: restored", name)
			}
		}
		// Times and other notes of the zip format that mean nothing are left out:
		// bits are flipped inside the entries' contents, but for the last byte, which
		// may end in bits without meaning.
		z, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
		if err != nil {
			t.Fatal(err)
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		for _, f := range z.File {
			from, err := f.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			if f.UncompressedSize64 == 0 {
				continue
			}
			b := bytes.Clone(good)
			b[from+rnd.Int64N(int64(f.CompressedSize64)-1)] ^= 1 << rnd.IntN(8)
			broken("a bit in "+f.Name, b)
		}
		broken("cut", good[:len(good)-100])
		broken("half", good[:len(good)/2])
		for _, drop := range []string{"tables/wishes.jsonl", "manifest.json"} {
			broken("without "+drop, repack(t, z, drop, ""))
		}
		broken("with one more", repack(t, z, "", "tables/extra.jsonl"))
	})
}

// repack copies a zip without one entry or with one more.
func repack(t *testing.T, z *zip.Reader, drop, add string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range z.File {
		if f.Name != drop {
			if err := w.Copy(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if add != "" {
		if _, err := w.Create(add); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSchemaIsPortable: both engines have the same tables and columns, and
// each can stand in a backup or is made anew.
func TestSchemaIsPortable(t *testing.T) {
	seen := map[string]string{}
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		tables, err := db.Tables(context.Background(), h.DB)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, table := range tables {
			if table.Name == "search_docs" {
				continue
			}
			for _, c := range table.Columns {
				if c.Kind == db.OtherColumn {
					t.Errorf("%s.%s cannot be moved", table.Name, c.Name)
				}
				if c.Name == "seq" && !slices.Contains([]string{"events", "event_words", "cursors", "inbox", "inbox_fanouts", "ledger_leaves", "looks", "webhook_deliveries"}, table.Name) {
					t.Errorf("%s.seq: if it is the number of an event, give it a foreign key or a line in eventNumbers of backup.go, and here", table.Name)
				}
				if c.Event != (table.Name == "event_words" && c.Name == "seq" || table.Name == "ledger_leaves" && c.Name == "seq") {
					t.Errorf("%s.%s refers to events: %v", table.Name, c.Name, c.Event)
				}
			}
			seen[table.Name] += string(h.DB.Engine) + " "
			all.WriteString(table.Name)
		}
		if i, j := strings.Index(all.String(), "events"), strings.Index(all.String(), "event_words"); i < 0 || j < i {
			t.Error("event_words come before events")
		}
	})
	for name, engines := range seen {
		if strings.Contains(engines, "postgres") && !strings.Contains(engines, "sqlite") {
			t.Errorf("%s is there on %s only", name, engines)
		}
	}
}
