// Package gate finds in texts what must not leave the house (发布闸门): numbers of identity cards, bank cards and phones
// before something is published; and for wishes the safety and money guard (安全与收款守卫): words of danger, requests to
// pay, names of illness.
//
// All of it is plain reading of text, without memory and without judgement of the person who writes. It finds what people
// paste by mistake, in digits of any width with spaces and dashes between; it does not find numbers written in words or
// hidden on purpose, and says nothing about pictures.
//
// Positions are byte offsets into the text handed in, whatever was folded for reading.
package gate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Kind says what a [Finding] is. The values are words for JSON, too.
type Kind string

// The kinds.
const (
	ResidentID Kind = "resident_id" // 居民身份证号码, GB 11643: 18 characters with checksum, or the old form of 15 digits
	BankCard   Kind = "bank_card"   // a card number of 16 to 19 digits, by issuer's prefix and Luhn's check digit
	Mobile     Kind = "mobile"      // 手机号: 1[3-9] and 9 digits
	Landline   Kind = "landline"    // 固定电话 with area code
)

// Finding is a number in a text: text[Start:End], in bytes of the text handed in.
type Finding struct {
	Kind       Kind
	Start, End int
	Masked     string // what may be shown of it, see Mask
}

// group is a stretch of digits without anything between; an identity number's last X is part of it.
type group struct {
	digits     string
	start, end int
	link       bool // joined to the group before by a separator, so that both may be one number
	dot        bool // that separator has a full stop
	letter     bool // an ASCII letter stands directly before
	tail       bool // an ASCII letter stands directly after
	context    string
}

// maxGroups is how many groups one number may have: each digit of a card on its own.
const maxGroups = 19

// Scan finds identity numbers, bank cards and phone numbers from left to right, none overlapping. Phones in allow are passed
// over: the official ones of a community, as digits with any separators; an allowed number without area code allows it with
// every area code. Short service numbers such as 110, 119, 120 and 12345 are never found, nor are hotlines such as 400, 800
// and 955.
func Scan(text string, allow ...string) []Finding {
	official := make([]string, 0, len(allow))
	for _, number := range allow {
		if digits := onlyDigits(number); len(digits) >= 7 {
			official = append(official, digits)
		}
	}
	var found []Finding
	groups := split(text)
next:
	for i := 0; i < len(groups); i++ {
		// The longest reading first: an identity number may begin like a phone.
		last := i
		for last+1 < len(groups) && groups[last+1].link && last+1-i < maxGroups {
			last++
		}
		for j := last; j >= i; j-- {
			kind, masked, ok := judge(groups[i : j+1])
			if !ok {
				continue
			}
			f := Finding{Kind: kind, Start: groups[i].start, End: groups[j].end, Masked: masked}
			if (kind != Mobile && kind != Landline) || !allowed(join(groups[i:j+1]), official) {
				found = append(found, f)
			}
			i = j
			continue next
		}
	}
	return found
}

// Mask shows of a phone number only what tells its owner which one it is: 138****5678, 025****3456. Of anything with fewer
// than seven digits, or with letters, it shows nothing: ****.
func Mask(phone string) string {
	digits := onlyDigits(phone)
	for _, r := range phone {
		if unicode.IsLetter(r) {
			return "****"
		}
	}
	if len(digits) == 13 && strings.HasPrefix(digits, "86") {
		digits = digits[2:]
	}
	switch n := len(digits); {
	case n < 7:
		return "****"
	case n < 10:
		return "****" + digits[n-4:]
	default:
		return digits[:3] + "****" + digits[n-4:]
	}
}

// MaskAll replaces each finding of [Scan] by its masked form.
func MaskAll(text string, found []Finding) string {
	cuts := make([]cut, 0, len(found))
	for _, f := range found {
		cuts = append(cuts, cut{f.Start, f.End, f.Masked})
	}
	return replace(text, cuts)
}

// digit reads a digit of ASCII or full width.
func digit(r rune) (byte, bool) {
	if r >= '０' && r <= '９' {
		r -= '０' - '0'
	}
	return byte(r), r >= '0' && r <= '9'
}

func onlyDigits(text string) string {
	var b strings.Builder
	for _, r := range text {
		if d, ok := digit(r); ok {
			b.WriteByte(d)
		}
	}
	return b.String()
}

func isX(r rune) bool { return r == 'x' || r == 'X' || r == 'Ｘ' || r == 'ｘ' }

func asciiLetter(r rune) bool {
	if r >= utf8.RuneSelf {
		if folded := width.LookupRune(r).Folded(); folded != 0 {
			r = folded
		}
	}
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// separator tells which characters people put inside a number.
func separator(r rune) bool {
	switch r {
	case ' ', '\t', '\u00a0', '\u3000', '-', '－', '–', '—', '‐', '‑', '−', '.', '·', '・', '_', '(', ')', '（', '）', '+':
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// maxSeparators is how many of them, in characters, may stand at one place.
const maxSeparators = 3

// split finds the groups of digits of a text.
func split(text string) []group {
	var groups []group
	var digits []byte
	start, gap, dots := 0, -1, false // gap: separators since the last group, -1 when something else came
	var before rune
	letter := false
	flush := func(end int) {
		if len(digits) == 0 {
			return
		}
		groups = append(groups, group{
			digits: string(digits), start: start, end: end, link: len(groups) > 0 && gap >= 0 && gap <= maxSeparators, dot: dots, letter: letter,
			context: text[max(0, start-24):start],
		})
		digits, gap, dots = digits[:0], 0, false
	}
	for i, r := range text {
		d, ok := digit(r)
		switch {
		case ok:
			if len(digits) == 0 {
				start, letter = i, asciiLetter(before)
			}
			digits = append(digits, d)
		case isX(r) && len(digits) > 0:
			flush(i)
			g := &groups[len(groups)-1]
			size := utf8.RuneLen(r)
			next, _ := utf8.DecodeRuneInString(text[i+size:])
			if _, more := digit(next); !more && !asciiLetter(next) {
				g.digits, g.end = g.digits+"X", i+size
			} else {
				g.tail = true
			}
			gap = -1
		case isX(r) && gap >= 0 && gap <= maxSeparators && len(groups) > 0: // 12345 X
			next, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
			if _, more := digit(next); !more && !asciiLetter(next) {
				groups = append(groups, group{digits: "X", start: i, end: i + utf8.RuneLen(r), link: true})
			}
			gap = -1
		default:
			flush(i)
			switch {
			case separator(r):
				if gap >= 0 {
					gap++
				}
				dots = dots || r == '.'
			default:
				if gap == 0 && asciiLetter(r) && len(groups) > 0 {
					groups[len(groups)-1].tail = true
				}
				gap, dots = -1, false
			}
		}
		before = r
	}
	flush(len(text))
	return groups
}

func join(groups []group) string {
	if len(groups) == 1 {
		return groups[0].digits
	}
	var b strings.Builder
	for _, g := range groups {
		b.WriteString(g.digits)
	}
	return b.String()
}

func allowed(digits string, official []string) bool {
	for _, o := range official {
		if digits == o || strings.HasSuffix(digits, o) && len(digits)-len(o) <= 4 {
			return true
		}
	}
	return false
}
