package access

import "testing"

func TestOrIsTheMoreGenerous(t *testing.T) {
	no := No("why")
	for _, c := range []struct{ a, b, want Decision }{
		{Hidden, no, no}, {no, Hidden, no}, {Yes, no, Yes}, {no, Yes, Yes}, {Hidden, Hidden, Hidden}, {no, No("other"), no},
		{When(true), Hidden, Yes}, {When(false), no, no},
	} {
		if got := c.a.Or(c.b); got != c.want {
			t.Errorf("%v or %v is %v", c.a, c.b, got)
		}
	}
	if no.OK() || Hidden.OK() || !Yes.OK() || (Decision{}) != Hidden {
		t.Error("what is not said is not hidden")
	}
}

func TestCoversIsThereOrBelow(t *testing.T) {
	for _, c := range []struct {
		place, code string
		want        bool
	}{
		{"320105", "320105", true}, {"320105", "320105004004901", true}, {"320105004", "320105004004", true},
		{"320105004004", "320105004", false}, {"320105004004", "320105004005", false}, {"320105", "320106", false},
		{"", "320105", false}, {"320105", "", false}, {"", "", false},
	} {
		if got := Covers(c.place, c.code); got != c.want {
			t.Errorf("Covers(%q, %q) = %v", c.place, c.code, got)
		}
	}
}

func TestUp(t *testing.T) {
	for _, c := range []struct {
		code  string
		level int
		want  string
	}{
		{"320105004004901", Community, "320105004004"}, {"320105004004", Community, "320105004004"},
		{"320105004", Community, ""}, {"320105004", Street, "320105004"}, {"320105", District, "320105"}, {"", District, ""},
	} {
		if got := Up(c.code, c.level); got != c.want {
			t.Errorf("Up(%q, %d) = %q", c.code, c.level, got)
		}
	}
}
