package db_test

import (
	"strings"
	"testing"

	"linli/internal/platform/db"
)

// A text is found as it stands, whatever it means to LIKE, and A to Z as a to z.
func TestContains(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for _, c := range []struct {
			text, title, body string
			want              bool
		}{
			{"纱窗", "想修纱窗", "", true},
			{"纱窗", "", "厨房的纱窗破了", true},
			{"纱窗", "想理发", "楼道灯", false},
			{"wifi", "WiFi 断了", "", true},
			{"WIFI", "wifi 断了", "", true},
			{"100%", "满意 100%", "", true},
			{"100%", "满意 1000", "", false},
			{"a_b", "a_b", "", true},
			{"a_b", "axb", "", false},
			{"好!", "好!", "", true},
			{"好!", "好", "", false},
			{`\`, `a\b`, "", true},
			{"'; --", "x'; --y", "", true},
		} {
			cond, args := db.Contains(c.text, "title", "body")
			var n int
			err := d.Get(t.Context(), &n, `SELECT count(*) FROM (SELECT cast(? AS text) AS title, cast(? AS text) AS body) x WHERE `+cond,
				append([]any{c.title, c.body}, args...)...)
			if err != nil || (n == 1) != c.want {
				t.Errorf("%q in %q and %q: %d %v", c.text, c.title, c.body, n, err)
			}
			if strings.Count(cond, "?") != len(args) {
				t.Errorf("%q takes %d values", cond, len(args))
			}
		}
	})
}
