package generate_test

import (
	"context"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/generate"
	"linli/internal/core/clock"
	"linli/internal/platform/dbtest"
)

// day is the last day of the tests' data.
var day = time.Date(2026, 11, 18, 0, 0, 0, 0, clock.China)

func config(t testing.TB, url string) app.Config {
	return app.Config{Data: t.TempDir(), DB: url, Secret: []byte("a secret of the tests"), Clock: clock.NewFake(day)}
}

// What is invented is as clean as what people do: verify finds no fault, and
// every reader takes it in.
func TestGeneratedPlaceIsClean(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, url string) {
		c := config(t, url)
		size := generate.Size{People: 400, Wishes: 600, Activities: 90, Posts: 110, Seed: 7, Until: day}
		heard := 0
		done, err := generate.Fill(ctx, c, size, func(done, all int) {
			if done < heard || all != 1200 {
				t.Errorf("progress %d of %d after %d", done, all, heard)
			}
			heard = done
		})
		if err != nil || heard != 1200 {
			t.Fatalf("%+v, progress %d: %v", done, heard, err)
		}
		h, err := app.Open(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		var given int64
		if err := h.DB.Get(ctx, &given, `SELECT count(*) FROM points_entries WHERE rule = 'service'`); err != nil {
			t.Fatal(err)
		}
		if err := h.Work(ctx); err != nil {
			t.Fatal(err)
		}
		reports, err := h.Verify(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reports {
			if len(r.Faults) > 0 {
				t.Errorf("%s: %d faults, first %s", r.Name, len(r.Faults), r.Faults[0])
			}
		}
		var states []string
		if err := h.DB.Select(ctx, &states, `SELECT DISTINCT state FROM wishes ORDER BY state`); err != nil || len(states) < 6 {
			t.Errorf("wishes rest in %v only (%v)", states, err)
		}
		if err := h.DB.Select(ctx, &states, `SELECT DISTINCT state FROM activities ORDER BY state`); err != nil || len(states) < 3 {
			t.Errorf("activities rest in %v only (%v)", states, err)
		}
		// Hours that were confirmed gave points, and reading the log again gives none.
		var hours struct{ Minutes, Entries, Posts int64 }
		sums := `SELECT (SELECT sum(minutes) FROM services WHERE state = 'confirmed') AS minutes, (SELECT count(*) FROM points_entries WHERE rule = 'service') AS entries,
			(SELECT count(*) FROM posts WHERE state = 'published') AS posts`
		if err := h.DB.Get(ctx, &hours, sums); err != nil || hours.Minutes < 10_000 || hours.Entries < 100 || hours.Posts < 90 {
			t.Errorf("%+v (%v)", hours, err)
		}
		if hours.Entries != given {
			t.Errorf("%d entries for service, %d before the readers read", hours.Entries, given)
		}
		if _, err := generate.Fill(ctx, c, size, nil); err == nil {
			t.Error("the same seed was taken twice")
		}
	})
}

// One seed and day give the same matters again, another seed gives others.
func TestSeedDecides(t *testing.T) {
	ctx := context.Background()
	read := func(seed uint64) (lines []string) {
		c := config(t, dbtest.SQLiteURL(t))
		if _, err := generate.Fill(ctx, c, generate.Size{People: 60, Wishes: 80, Activities: 20, Posts: 20, Seed: seed, Until: day}, nil); err != nil {
			t.Fatal(err)
		}
		h, err := app.Open(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		for _, rows := range []string{
			`SELECT w.id || w.title || w.state || w.author || e.move || e.at FROM wishes w JOIN events e ON e.subject = w.id ORDER BY w.id, e.version`,
			`SELECT a.id || a.title || a.state || e.move || e.at FROM activities a JOIN events e ON e.subject = a.id ORDER BY a.id, e.version`,
			`SELECT id || account || state || in_at || confirmed FROM activity_entries ORDER BY id`,
			`SELECT id || author || minutes FROM services ORDER BY id`,
			`SELECT id || payee || amount FROM points_entries ORDER BY id`,
			`SELECT id || title || shown_at FROM posts ORDER BY id`,
		} {
			var some []string
			if err := h.DB.Select(ctx, &some, rows); err != nil || len(some) == 0 {
				t.Fatalf("%s: %v", rows, err)
			}
			lines = append(lines, some...)
		}
		return lines
	}
	a, again, other := read(3), read(3), read(4)
	if len(a) < 200 || len(a) != len(again) {
		t.Fatalf("%d and %d events", len(a), len(again))
	}
	for i := range a {
		if a[i] != again[i] {
			t.Fatalf("the same seed gave %s and %s", a[i], again[i])
		}
	}
	if len(other) == len(a) && other[0] == a[0] {
		t.Error("another seed gave the same data")
	}
}

// Invented people have no business in a real place.
func TestRefusesARealPlace(t *testing.T) {
	ctx := context.Background()
	c := config(t, dbtest.SQLiteURL(t))
	h, err := app.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.Setup(ctx, "320105", "建邺区", "admin", "a long password indeed"); err != nil {
		t.Fatal(err)
	}
	h.Close()
	if _, err := generate.Fill(ctx, c, generate.Size{People: 10, Seed: 1, Until: day}, nil); err == nil {
		t.Error("people were invented in a real place")
	}
	if _, err := generate.Fill(ctx, c, generate.Size{Wishes: 10, Seed: 1, Until: day}, nil); err == nil {
		t.Error("wishes without people")
	}
	if _, err := generate.Fill(ctx, c, generate.Size{Activities: 10, Seed: 1, Until: day}, nil); err == nil {
		t.Error("activities without people")
	}
}

// BenchmarkFill reports rows a second on SQLite; the contract asks for 20,000.
func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		done, err := generate.Fill(context.Background(), config(b, dbtest.SQLiteURL(b)), generate.Size{People: 2000, Wishes: 2000, Activities: 400, Posts: 400, Seed: 1, Until: day}, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(done.Rows)/done.Took.Seconds(), "rows/s")
	}
}
