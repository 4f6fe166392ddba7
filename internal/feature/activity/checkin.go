package activity

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"linli/internal/core/fault"
)

// Check-in codes are HMACs of the activity and a step of time, so a node needs
// no table of them and two nodes agree. The QR code changes every 30 seconds
// and a picture of it passed on is refused a minute later; the spoken code
// lasts longer, because it is said aloud, and guesses are counted.
const (
	qrStep     = 30 * 1000      // ms
	spokenStep = 5 * 60 * 1000  // ms
	tryWindow  = 10 * 60 * 1000 // ms
	tryMost    = 10             // wrong codes of an account in a window
)

var codeLetters = base32.StdEncoding.WithPadding(base32.NoPadding)

func (s *Service) mac(use, activity string, step int64) []byte {
	h := hmac.New(sha256.New, s.Secret)
	fmt.Fprintf(h, "linli activity check-in\x00%s\x00%s\x00", use, activity)
	_ = binary.Write(h, binary.BigEndian, step) // a hash never fails
	return h.Sum(nil)
}

// QRCode is the code in the QR of a moment (UTC ms).
func (s *Service) QRCode(activity string, at int64) string {
	return codeLetters.EncodeToString(s.mac("qr", activity, at/qrStep))[:20]
}

// SpokenCode is the six digits to say aloud at a moment.
func (s *Service) SpokenCode(activity string, at int64) string {
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(s.mac("spoken", activity, at/spokenStep))%1_000_000)
}

// checkCode tells which code it is: of this activity, of the current step or
// the one before. Anything else is refused in plain words.
func (s *Service) checkCode(m *Activity, account, code string, at int64) (how string, err error) {
	if wait := s.tries.left(account, at); wait > 0 {
		return "", &fault.Error{Kind: fault.Limited, Key: "activity.reason.too_many_tries", Retry: wait}
	}
	code = strings.ToUpper(strings.Join(strings.Fields(code), ""))
	if i := strings.LastIndex(code, "CODE="); i >= 0 { // the whole address was read from the QR
		code = code[i+len("CODE="):]
	}
	for _, back := range []int64{0, 1} {
		if same(code, s.QRCode(m.ID, at-back*qrStep)) {
			return "qr", nil
		}
		if same(code, s.SpokenCode(m.ID, at-back*spokenStep)) {
			return "spoken", nil
		}
	}
	s.tries.wrong(account, at)
	return "", fault.New(fault.Conflict, "activity.reason.code")
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// tries counts wrong codes by account, in this node's memory: with ten in ten
// minutes a million spoken codes stay out of reach on any number of nodes.
type tries struct {
	mu sync.Mutex
	by map[string]*tried
}

type tried struct {
	since int64
	count int
}

// left is how long the account has to wait.
func (t *tries) left(account string, at int64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.by[account]
	if e == nil || at-e.since >= tryWindow || e.count < tryMost {
		return 0
	}
	return time.Duration(tryWindow-(at-e.since)) * time.Millisecond
}

func (t *tries) wrong(account string, at int64) {
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
