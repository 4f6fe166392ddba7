// Package door is what lets people in at the door of an activity: codes to
// check in with (签到码) that change with time, the count of wrong guesses, and
// the mark of a browser that joins nothing else.
//
// Codes are HMACs of the activity and a step of time, so a node needs no table
// of them and two nodes agree. The QR code changes every 30 seconds and a
// picture of it passed on is refused a minute later; the spoken code lasts
// longer, because it is said aloud, and guesses are counted.
package door

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Steps of the codes and bounds of guessing, in ms.
const (
	QRStep     = 30 * 1000
	spokenStep = 5 * 60 * 1000
	tryWindow  = 10 * 60 * 1000
	tryMost    = 10 // wrong codes of an account in a window
)

// How somebody checked in.
const (
	ByQR     = "qr"
	BySpoken = "spoken"
)

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

func mac(secret []byte, use, activity string, step int64) []byte {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "linli activity check-in\x00%s\x00%s\x00", use, activity)
	_ = binary.Write(h, binary.BigEndian, step) // a hash never fails
	return h.Sum(nil)
}

// QR is the code in the QR of a moment (UTC ms).
func QR(secret []byte, activity string, at int64) string {
	return letters.EncodeToString(mac(secret, ByQR, activity, at/QRStep))[:20]
}

// Spoken is the six digits to say aloud at a moment.
func Spoken(secret []byte, activity string, at int64) string {
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(mac(secret, BySpoken, activity, at/spokenStep))%1_000_000)
}

// Which tells which code it is: of this activity, of the current step or the
// one before; "" for anything else. A whole address read from the QR will do.
func Which(secret []byte, activity, code string, at int64) (how string) {
	code = strings.ToUpper(strings.Join(strings.Fields(code), ""))
	if i := strings.LastIndex(code, "CODE="); i >= 0 {
		code = code[i+len("CODE="):]
	}
	for _, back := range []int64{0, 1} {
		if same(code, QR(secret, activity, at-back*QRStep)) {
			return ByQR
		}
		if same(code, Spoken(secret, activity, at-back*spokenStep)) {
			return BySpoken
		}
	}
	return ""
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Mark is a browser's random mark as it may be kept beside an entry: the same
// browser has another one at the next activity.
func Mark(secret []byte, activity, browser string) string {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte("linli activity device\x00" + activity + "\x00" + browser))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Tries counts wrong codes by account, in this node's memory: with ten in ten
// minutes a million spoken codes stay out of reach on any number of nodes. The
// zero value is ready to use.
type Tries struct {
	mu sync.Mutex
	by map[string]*tried
}

type tried struct {
	since int64
	count int
}

// Left is how long the account has to wait.
func (t *Tries) Left(account string, at int64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.by[account]
	if e == nil || at-e.since >= tryWindow || e.count < tryMost {
		return 0
	}
	return time.Duration(tryWindow-(at-e.since)) * time.Millisecond
}

// Wrong notes a wrong code.
func (t *Tries) Wrong(account string, at int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil || len(t.by) > 10_000 {
		t.by = map[string]*tried{}
	}
	e := t.by[account]
	if e == nil || at-e.since >= tryWindow {
		e = &tried{since: at}
		t.by[account] = e
	}
	e.count++
}
