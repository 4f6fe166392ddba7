// Package access is the vocabulary of the one question every door asks: may
// this actor do this to this subject? The answer is yes, no with a reason, or
// "may not even know of it", which a caller cannot tell from absence.
package access

import "strings"

// Verdict is the answer's kind.
type Verdict uint8

const (
	Hide   Verdict = iota // answered as if the subject, or the act, did not exist
	Refuse                // seen, not allowed; the reason is shown
	Allow
)

// Decision is the answer. Reason is a text key and is shown to the caller.
type Decision struct {
	Verdict Verdict
	Reason  string
}

// Yes, and Hidden: the two answers without a reason.
var (
	Yes    = Decision{Verdict: Allow}
	Hidden = Decision{Verdict: Hide}
)

// No refuses with a reason that tells how to become eligible.
func No(reason string) Decision { return Decision{Verdict: Refuse, Reason: reason} }

// When is Yes if ok, else Hidden.
func When(ok bool) Decision {
	if ok {
		return Yes
	}
	return Hidden
}

// OK reports whether the act is allowed.
func (d Decision) OK() bool { return d.Verdict == Allow }

// Or returns the more generous of two decisions.
func (d Decision) Or(o Decision) Decision {
	if o.Verdict > d.Verdict {
		return o
	}
	return d
}

// Covers reports whether a role held on place reaches code: "there or below".
// Codes are significant digits only, so below is a prefix. The empty place
// reaches nothing.
func Covers(place, code string) bool { return place != "" && strings.HasPrefix(code, place) }

// Levels of places by the length of their significant digits
// (GB/T 2260: district 6; GB/T 10114: street 3, community 3; then local serials).
const (
	District  = 6
	Street    = 9
	Community = 12
)

// Up returns the place of the given level that code lies in, or "" when code is above it.
func Up(code string, level int) string {
	if len(code) < level {
		return ""
	}
	return code[:level]
}
