package place_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/core/calendar"
	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/migrations"
)

const (
	district  = "320105"
	street    = "320105004"
	community = "320105004004"
	grid      = "320105004004901"
	building  = "320105004004003"
)

type house struct {
	*place.Service
	db    *db.DB
	clock *clock.Fake
}

// each gives a test the directory 建邺区 → 江心洲街道 → 洲岛家园社区 with a grid and a building, on both engines.
func each(t *testing.T, f func(t *testing.T, h house)) {
	dbtest.EachFrom(t, "migrated", func(url string) error {
		d, err := db.Open(context.Background(), url, clock.System{})
		if err != nil {
			return err
		}
		defer d.Close()
		_, err = d.Migrate(context.Background(), migrations.Files)
		return err
	}, func(t *testing.T, url string) {
		now := clock.NewFake(time.Date(2026, 11, 18, 9, 0, 0, 0, clock.China))
		d, err := db.Open(t.Context(), url, now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		s := place.New(journal.New(d, slog.New(slog.NewTextHandler(io.Discard, nil))))
		s.Define(part.Setting{Key: "wish.review", Default: "unverified", Kind: "text"}, part.Setting{Key: "wish.confirm_span", Default: "7d", Kind: "span"},
			part.Setting{Key: "wish.switch", Default: "false", Kind: "bool"}, part.Setting{Key: "wish.most", Default: "3", Kind: "int"})
		h := house{s, d, now}
		h.put(t,
			place.Place{Code: district, Level: place.District, Name: "建邺区", Phone: "12345"},
			place.Place{Code: street, Parent: district, Level: place.Street, Name: "江心洲街道"},
			place.Place{Code: community, Parent: street, Level: place.Community, Name: "洲岛家园社区", Phone: "86821234", Hours: "8:30–20:00"},
			place.Place{Code: grid, Parent: community, Level: place.Grid, Name: "第一网格"},
			place.Place{Code: building, Parent: community, Level: place.Building, Name: "3幢"})
		f(t, h)
	})
}

func (h house) put(t *testing.T, ps ...place.Place) {
	t.Helper()
	if err := h.Put(t.Context(), "", ps...); err != nil {
		t.Fatal(err)
	}
}

func (h house) codes(code, level string) []string {
	var out []string
	for _, p := range h.Below(code, level) {
		out = append(out, p.Code)
	}
	return out
}

func TestCodes(t *testing.T) {
	for code, want := range map[string][2]string{ // level and the place above
		"": {"", ""}, "32": {place.Province, ""}, "3201": {place.City, "32"}, district: {place.District, "3201"}, street: {place.Street, district},
		community: {place.Community, street}, building: {place.Building, community}, grid: {place.Grid, community},
		"320105004004900": {place.Building, community}, "32010500400400301": {place.Unit, building}, "3201050040": {"", street}, "32010x": {"", "3201"},
	} {
		if got := place.LevelOf(code); got != want[0] {
			t.Errorf("%q is a %q, want %q", code, got, want[0])
		}
		if got := place.ParentOf(code); got != want[1] {
			t.Errorf("above %q is %q, want %q", code, got, want[1])
		}
	}
	for padded, want := range map[string]string{
		"320105000000": district, "320105004000": street, "320105000": district, community: community, building: building, "320105": district, "x": "x", "": "",
	} {
		if got := place.Trim(padded); got != want {
			t.Errorf("%q is %q, want %q", padded, got, want)
		}
	}
}

func TestOwnName(t *testing.T) {
	for in, want := range map[string]string{"洲岛家园社区居委会": "洲岛家园社区", "洲岛家园社区居民委员会 ": "洲岛家园社区", "新村村委会": "新村", "居委会": "居委会"} {
		if got := place.OwnName(place.Community, in); got != want {
			t.Errorf("%q is named %q, want %q", in, got, want)
		}
	}
	if got := place.OwnName(place.Street, "居委会街道办居委会"); got != "居委会街道办居委会" {
		t.Errorf("a street is renamed %q", got)
	}
}

func TestDirectory(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if got := h.Path(building); got != "建邺区 江心洲街道 洲岛家园社区 3幢" {
			t.Errorf("path %q", got)
		}
		if got := h.codes(street, ""); !slices.Equal(got, []string{street, community, building, grid}) {
			t.Errorf("below the street: %v", got)
		}
		if got := h.codes("", place.Grid); !slices.Equal(got, []string{grid}) {
			t.Errorf("grids: %v", got)
		}
		for code, want := range map[string]string{building: "86821234", street: "12345", "999999": ""} {
			if got, _ := h.Phone(code); got != want {
				t.Errorf("phone of %s: %q, want %q", code, got, want)
			}
		}
		if h.Name("999999") != "999999" || h.Known("999999") {
			t.Error("a place that is none is known")
		}
		if _, err := h.Get("999999"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a place that is none: %v", err)
		}
	})
}

// A place is in use from its first day until its last; afterwards it keeps its
// name for the matters it has.
func TestAPlaceBeginsAndEnds(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		begins, ends := time.Date(2027, 1, 1, 0, 0, 0, 0, clock.China), time.Date(2028, 1, 1, 0, 0, 0, 0, clock.China)
		merged := street + "009"
		h.put(t, place.Place{Code: merged, Parent: street, Level: place.Community, Name: "新岛社区", ValidFrom: begins.UnixMilli(), ValidTo: ends.UnixMilli()})
		for _, c := range []struct {
			at   time.Time
			used bool
		}{{begins.Add(-time.Millisecond), false}, {begins, true}, {ends.Add(-time.Millisecond), true}, {ends, false}} {
			h.clock.Set(c.at)
			if h.Known(merged) != c.used || slices.Contains(h.codes(street, ""), merged) != c.used {
				t.Errorf("%v: in use %v, want %v", c.at, h.Known(merged), c.used)
			}
			if h.Name(merged) != "新岛社区" || len(h.All(street, place.Community)) != 2 {
				t.Errorf("%v: its name is gone", c.at)
			}
		}
	})
}

func TestSettingsComeFromThePlaceAbove(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		is := func(code, want string) {
			t.Helper()
			if got := h.Text(code, "wish.review"); got != want {
				t.Errorf("at %q: %q, want %q", code, got, want)
			}
		}
		set := func(code, value string) {
			t.Helper()
			if err := h.Set(t.Context(), "ann", code, "wish.review", value); err != nil {
				t.Fatal(err)
			}
		}
		is(building, "unverified")
		set("", "all")
		is(building, "all")
		set(street, "none")
		is(building, "none")
		is(district, "all")
		set(community, "all")
		is(building, "all")
		is(street, "none")
	})
}

func TestSettingsAreChecked(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for _, c := range []struct {
			code, key, value string
			kind             fault.Kind
		}{
			{community, "wish.nonsense", "1", fault.Invalid}, {community, "wish.confirm_span", "soon", fault.Invalid}, {community, "wish.switch", "yes", fault.Invalid},
			{community, "wish.most", "-1", fault.Invalid}, {"", "site.place", "999999", fault.Invalid}, {"999999", "wish.most", "1", fault.NotFound},
		} {
			if err := h.Set(t.Context(), "ann", c.code, c.key, c.value); !fault.Is(err, c.kind) {
				t.Errorf("%s = %q at %s: %v", c.key, c.value, c.code, err)
			}
		}
		if h.Text("999999", "wish.most") != "3" {
			t.Error("a refused setting was kept")
		}
		if err := h.Set(t.Context(), "ann", community, "wish.confirm_span", "never"); err != nil {
			t.Fatal(err)
		}
		if at := h.After(community, "wish.confirm_span", 1); at != 0 {
			t.Errorf("never is %d", at)
		}
	})
}

// A day off that a street adds holds in its communities, not beside them.
func TestDaysOfAPlace(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.Set(t.Context(), "ann", district, "wish.confirm_span", "1wd"); err != nil {
			t.Fatal(err)
		}
		from := time.Date(2026, 11, 18, 10, 0, 0, 0, clock.China).UnixMilli() // a Wednesday
		before := h.After(community, "wish.confirm_span", from)
		if err := h.SetDay(t.Context(), "ann", street, calendar.Row{Date: "2026-11-19", Occasion: "社区搬迁"}); err != nil {
			t.Fatal(err)
		}
		if got, want := h.After(community, "wish.confirm_span", from)-before, (24 * time.Hour).Milliseconds(); got != want {
			t.Errorf("the day off moves the date by %d ms, want %d", got, want)
		}
		if h.After(district, "wish.confirm_span", from) != before {
			t.Error("the day off of a street holds in the district")
		}
		if err := h.SetDay(t.Context(), "ann", street, calendar.Row{Date: "2026-02-30"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("30 February: %v", err)
		}
	})
}

// A change of a rule says which rule and what hash its value has, for the
// public ledger; a change of a day likewise.
func TestAChangeOfARuleLeavesItsHash(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx := t.Context()
		last := func() (data string) {
			if err := h.db.Get(ctx, &data, `SELECT data FROM events WHERE kind = 'place' AND move = 'settings' ORDER BY seq DESC LIMIT 1`); err != nil {
				t.Fatal(err)
			}
			return data
		}
		if err := h.Set(ctx, "ann", community, "wish.review", "all"); err != nil {
			t.Fatal(err)
		}
		if got := last(); !strings.Contains(got, `"setting":"wish.review"`) || !strings.Contains(got, place.ValueHash("wish.review", "all")) {
			t.Error(got)
		}
		if err := h.SetDay(ctx, "ann", community, calendar.Row{Date: "2026-02-14", Work: true, Occasion: "春节"}); err != nil {
			t.Fatal(err)
		}
		if got := last(); !strings.Contains(got, `"setting":"day 2026-02-14"`) || !strings.Contains(got, place.ValueHash("day 2026-02-14", "work 春节")) {
			t.Error(got)
		}
	})
}
