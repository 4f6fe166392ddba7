package gate

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Hit is a listed word or number in a text: text[Start:End], in bytes of the text handed in.
type Hit struct {
	Start, End int
	Word       string // as it is listed; for a card number its masked form
	Kind       string // danger: life, violence, fire, medical …; money: code, transfer, account, link, card; illness: illness
	Number     string // for danger: the emergency number to show, 110, 119 or 120; otherwise empty
}

// Key is the text key of what a person is told about the hit: danger.fire, money.code, illness.illness.
func (h Hit) Key() string {
	switch {
	case h.Number != "":
		return "danger." + h.Kind
	case h.Kind == "illness":
		return "illness.illness"
	}
	return "money." + h.Kind
}

//go:embed words/danger.txt
var dangerText string

//go:embed words/money.txt
var moneyText string

//go:embed words/illness.txt
var illnessText string

var (
	dangerWords  = mustList(dangerText, 2)
	moneyWords   = mustList(moneyText, 1)
	illnessWords = mustList(illnessText, 0)
)

// entry is a listed word. A harmless one covers the words within it.
type entry struct {
	letters  []rune // folded
	hit      Hit
	harmless bool
}

// list finds entries by their first letter, the longest first.
type list map[rune][]entry

// mustList reads a word list with the given number of columns before the words. The lists are part of the program, so a bad
// one panics at start.
func mustList(text string, columns int) list {
	l := list{}
	for n, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		hit, harmless := Hit{Kind: "illness"}, fields[0] == "!"
		switch {
		case harmless:
			fields = fields[1:]
		case len(fields) <= columns:
			panic(fmt.Sprintf("gate: word list, line %d: too short", n+1))
		default:
			if columns > 0 {
				hit.Kind = fields[columns-1]
			}
			if columns > 1 {
				hit.Number = fields[0]
			}
			fields = fields[columns:]
		}
		for _, word := range fields {
			e := entry{hit: hit, harmless: harmless}
			e.hit.Word = word
			for _, letter := range read(word) {
				e.letters = append(e.letters, letter.r)
			}
			l[e.letters[0]] = append(l[e.letters[0]], e)
		}
	}
	for _, entries := range l {
		slices.SortStableFunc(entries, func(a, b entry) int { return len(b.letters) - len(a.letters) })
	}
	return l
}

// letter is a character of a text, folded, and where it stands.
type letter struct {
	r          rune
	start, end int
}

// read folds width and case and leaves out spaces and invisible characters, except between two ASCII letters or digits,
// where a space parts words. So 收 款 码 reads as 收款码 and ＷＸＰ：／／ as wxp://.
func read(text string) []letter {
	letters := make([]letter, 0, len(text)/2)
	space := -1
	for i, r := range text {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == 'ㅤ' {
			space = i
			continue
		}
		size := utf8.RuneLen(r)
		if r == utf8.RuneError { // an invalid byte is one byte long
			_, size = utf8.DecodeRuneInString(text[i:])
		}
		if r >= utf8.RuneSelf {
			if folded := width.LookupRune(r).Folded(); folded != 0 {
				r = folded
			}
		}
		r = unicode.ToLower(r)
		if n := len(letters); space >= 0 && n > 0 && alphanumeric(r) && alphanumeric(letters[n-1].r) {
			letters = append(letters, letter{' ', space, space + 1})
		}
		space = -1
		letters = append(letters, letter{r, i, i + size})
	}
	return letters
}

func alphanumeric(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

// find gives the hits of a text from left to right, the longest at each place, none overlapping. A listed word that begins
// or ends with an ASCII letter must not have a further one beside it: hiv is not in archive.
func (l list) find(text string) []Hit {
	var hits []Hit
	letters := read(text)
	for i := 0; i < len(letters); {
		e, ok := l.at(letters, i)
		if !ok {
			i++
			continue
		}
		if !e.harmless {
			hit := e.hit
			hit.Start, hit.End = letters[i].start, letters[i+len(e.letters)-1].end
			hits = append(hits, hit)
		}
		i += len(e.letters)
	}
	return hits
}

func (l list) at(letters []letter, i int) (entry, bool) {
next:
	for _, e := range l[letters[i].r] {
		end := i + len(e.letters)
		if end > len(letters) {
			continue
		}
		for j, r := range e.letters {
			if letters[i+j].r != r {
				continue next
			}
		}
		if i > 0 && alphanumeric(letters[i].r) && alphanumeric(letters[i-1].r) ||
			end < len(letters) && alphanumeric(letters[end-1].r) && alphanumeric(letters[end].r) {
			continue
		}
		return e, true
	}
	return entry{}, false
}

// Danger finds words of danger (危险词) from left to right, each with the emergency number that comes before any wish:
// 110, 119 or 120. It is made to stop a person for a moment, so it rather finds too much than too little; it does not
// understand: 孩子想不开 in another wording is not found.
func Danger(text string) []Hit { return dangerWords.find(text) }

// Money finds collection codes, requests to pay, payment links and bank card numbers (收款码、转账、卡号) from left to right.
// A plain mention of a price is none.
func Money(text string) []Hit {
	hits := moneyWords.find(text)
	for _, f := range Scan(text) {
		if f.Kind == BankCard {
			hits = append(hits, Hit{Start: f.Start, End: f.End, Word: f.Masked, Kind: "card"})
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return a.Start - b.Start })
	return hits
}

// Illness finds names of illness and of states of health (疾病) from left to right.
func Illness(text string) []Hit { return illnessWords.find(text) }

// Redact replaces each hit's stretch of text by ＊＊. Hits may come from several scans of the same text, in any order, and
// may overlap; those that do not fit the text are passed over.
func Redact(text string, hits []Hit) string {
	cuts := make([]cut, 0, len(hits))
	for _, h := range hits {
		cuts = append(cuts, cut{h.Start, h.End, "＊＊"})
	}
	return replace(text, cuts)
}

type cut struct {
	start, end int
	by         string
}

// replace puts cut.by in place of each cut; what overlaps is merged into one, the first's.
func replace(text string, cuts []cut) string {
	cuts = slices.DeleteFunc(cuts, func(c cut) bool { return c.start < 0 || c.end > len(text) || c.start >= c.end })
	slices.SortStableFunc(cuts, func(a, b cut) int { return a.start - b.start })
	var b strings.Builder
	done := 0
	for _, c := range cuts {
		if c.start >= done {
			b.WriteString(text[done:c.start])
			b.WriteString(c.by)
		}
		done = max(done, c.end)
	}
	b.WriteString(text[done:])
	return b.String()
}
