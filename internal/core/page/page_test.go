package page

import (
	"encoding/json"
	"testing"

	"linli/internal/core/fault"
	"linli/internal/core/id"
)

func TestParse(t *testing.T) {
	row := id.New()
	for _, c := range []struct {
		limit  int
		cursor string
		want   Ask
		ok     bool
	}{
		{0, "", Ask{Limit: Default}, true},
		{1, Cursor(row), Ask{After: row, Limit: 1}, true},
		{Most, "", Ask{Limit: Most}, true},
		{Most + 1, "", Ask{}, false},
		{-1, "", Ask{}, false},
		{0, "not a cursor", Ask{}, false},
		{0, Cursor("x"), Ask{}, false},
		{0, Cursor("' OR 1=1; --"), Ask{}, false},
	} {
		got, err := Parse(c.limit, c.cursor)
		if (err == nil) != c.ok || c.ok && got != c.want || !c.ok && !fault.Is(err, fault.Invalid) {
			t.Errorf("Parse(%d, %q) = %v, %v", c.limit, c.cursor, got, err)
		}
	}
}

func TestCutWalksAListWithoutLossOrRepeat(t *testing.T) {
	var rows []string
	for range 23 {
		rows = append(rows, id.New())
	}
	var seen []string
	ask := Ask{Limit: 5}
	for pages := 0; ; pages++ {
		from := 0
		for from < len(rows) && ask.After != "" && rows[from] <= ask.After {
			from++
		}
		p := Cut(append([]string{}, rows[from:min(len(rows), from+ask.Limit+1)]...), ask, func(s string) string { return s })
		seen = append(seen, p.Items...)
		if p.Next == nil {
			if pages != 4 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
		var err error
		if ask, err = Parse(5, *p.Next); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != len(rows) {
		t.Errorf("saw %d of %d", len(seen), len(rows))
	}
	for i := range seen {
		if seen[i] != rows[i] {
			t.Fatalf("row %d is %s", i, seen[i])
		}
	}
}

func TestEmptyListsAreNotNull(t *testing.T) {
	for _, v := range []any{
		Cut[int](nil, Ask{Limit: 3}, nil),
		Map(Of[int]{}, func(int) string { return "" }),
	} {
		if b, _ := json.Marshal(v); string(b) != `{"items":[],"next":null}` {
			t.Errorf("%s", b)
		}
	}
}
