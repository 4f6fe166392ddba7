package door

import (
	"strings"
	"testing"
	"time"
)

var secret = []byte("a secret of the tests")

const noon = int64(1_795_000_000_000)

// A code holds for its own step and the next, for its own activity and house.
func TestWhich(t *testing.T) {
	qr, spoken := QR(secret, "a", noon), Spoken(secret, "a", noon)
	for _, c := range []struct {
		name, activity, code string
		secret               []byte
		at                   int64
		want                 string
	}{
		{"fresh", "a", qr, secret, noon, ByQR},
		{"small letters, typed with spaces", "a", strings.ToLower(qr[:4]) + " " + qr[4:], secret, noon, ByQR},
		{"the whole address", "a", "https://linli.test/activities/a/here?code=" + qr, secret, noon, ByQR},
		{"30 seconds later", "a", qr, secret, noon + 30_000, ByQR},
		{"61 seconds later", "a", qr, secret, noon + 61_000, ""},
		{"of the future", "a", QR(secret, "a", noon+31_000), secret, noon, ""},
		{"another activity's", "b", qr, secret, noon, ""},
		{"another house's", "a", qr, []byte("else"), noon, ""},
		{"spoken", "a", spoken, secret, noon, BySpoken},
		{"spoken, five minutes later", "a", spoken, secret, noon + 300_000, BySpoken},
		{"spoken, eleven minutes later", "a", spoken, secret, noon + 660_000, ""},
		{"nothing", "a", "", secret, noon, ""},
	} {
		if got := Which(c.secret, c.activity, c.code, c.at); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if len(spoken) != 6 || strings.Trim(spoken, "0123456789") != "" || len(qr) != 20 {
		t.Errorf("codes %q and %q", spoken, qr)
	}
}

// Guesses run out for the account that guesses, until the window has passed.
func TestTries(t *testing.T) {
	var tries Tries
	for i := range tryMost {
		if tries.Left("one", noon) != 0 {
			t.Fatalf("blocked after %d", i)
		}
		tries.Wrong("one", noon+int64(i))
	}
	if got := tries.Left("one", noon+60_000); got != 9*time.Minute {
		t.Errorf("waits %v", got)
	}
	if tries.Left("two", noon) != 0 || tries.Left("one", noon+tryWindow) != 0 {
		t.Error("another account waits, or the window never ends")
	}
}

// One browser has another mark at each activity.
func TestMark(t *testing.T) {
	mark := Mark(secret, "a", "x")
	for _, c := range []struct {
		activity, browser string
		same              bool
	}{{"a", "x", true}, {"b", "x", false}, {"a", "y", false}} {
		if (Mark(secret, c.activity, c.browser) == mark) != c.same {
			t.Errorf("%s at %s", c.browser, c.activity)
		}
	}
}
