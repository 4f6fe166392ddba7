// Package bigram makes Chinese text searchable on both engines (中文二元检索).
//
// Neither SQLite's nor PostgreSQL's own tokenizers split Chinese, and trigram indexes find nothing for the two characters a
// person usually types. So text is split here, into overlapping pairs of characters, and both engines only store and look up
// the tokens:
//
//	洲岛家园 3幢  →  洲岛 岛家 家园 园 3 幢
//
// The last character of a run of Chinese is a token too, so that each character begins some token and a query of one
// character finds by prefix. A longer run is found as a phrase of its pairs, which is exact: 岛家园 finds only texts in which
// the three stand side by side. Everything else is a word: letters by prefix (volun finds volunteers), numbers whole (50 does
// not find 501).
//
// Width, case, accents and compatibility forms are folded (NFKC): ＷｉＦｉ is wifi, ㎡ is m2, é is e. Signs, spaces and emoji
// separate. Simplified and traditional characters are different.
//
// Every token consists of a–z, 0–9 and common Chinese, kana and Hangul characters; any other character is written as z, its
// number in hexadecimal, z. So SQLite's unicode61 tokenizer keeps every token whole and a token needs no escaping anywhere;
// any input, of any bytes, gives a valid document, literal and query.
package bigram

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds. Documents and queries are cut in the same way, so a cut text is still found by what is kept.
const (
	// MaxTokens is how many tokens of a text are indexed; PostgreSQL knows no positions beyond 16,383.
	MaxTokens = 16_000
	// MaxWord is how many characters of one word count, so that no token comes near PostgreSQL's 2,046 bytes.
	MaxWord = 64
	// MaxQuery is how many tokens of a query are looked for.
	MaxQuery = 64
	// maxPositions is how often PostgreSQL keeps one token of a text.
	maxPositions = 255
)

// run is a stretch of a text without separator: Chinese and its like, or one word.
type run struct {
	chars []rune
	cjk   bool
	digit bool // a word that begins with a digit
}

// changes tells whether folding may change a character; of Chinese text and its signs it changes few.
func changes(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r < 'A' || r >= 0x4E00 && r <= 0x9FA5 || r >= 0x3001 && r <= 0x3003 || r == '，' || r == '！' || r == '？' || r == '：' || r == '；')
}

// runs splits normalised text. Chinese runs are unbounded, words are cut to MaxWord.
func runs(text string) []run {
	var all []run
	open := false
	for _, r := range fold(text) {
		cjk := isCJK(r)
		if !cjk && !unicode.IsLetter(r) && !unicode.IsNumber(r) && !(unicode.IsMark(r) && open) {
			open = false
			continue
		}
		if !open || all[len(all)-1].cjk != cjk {
			all = append(all, run{cjk: cjk, digit: r >= '0' && r <= '9'})
			open = true
		}
		last := &all[len(all)-1]
		if cjk || len(last.chars) < MaxWord {
			last.chars = append(last.chars, r)
		}
	}
	return all
}

// fold takes away width, case, compatibility forms and the accents of letters.
func fold(text string) string {
	if strings.IndexFunc(text, changes) < 0 {
		return text
	}
	decomposed := norm.NFKD.String(strings.ToValidUTF8(text, " "))
	bare := strings.Map(func(r rune) rune {
		if r >= 0x0300 && r <= 0x036F { // combining diacritical marks; kana and Hangul compose with others
			return -1
		}
		return unicode.ToLower(r)
	}, decomposed)
	return norm.NFKC.String(bare)
}

func isCJK(r rune) bool {
	if r < 0x1100 { // the first Hangul
		return false
	}
	if r >= 0x4E00 && r <= 0x9FA5 {
		return true
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) || r == 'ー'
}

// token writes characters so that both engines take them for one word, whichever Unicode version they know.
func token(chars ...rune) string {
	buf := make([]byte, 0, 16)
	for _, r := range chars {
		if plain(r) {
			buf = utf8.AppendRune(buf, r)
			continue
		}
		buf = append(buf, 'z')
		buf = strconv.AppendInt(buf, int64(r), 16)
		buf = append(buf, 'z')
	}
	return string(buf)
}

func plain(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9',
		r >= 0x4E00 && r <= 0x9FA5, r >= 0x3400 && r <= 0x4DB5, // Han of Unicode 3.0 and 1.1
		r >= 0x3041 && r <= 0x3094, r >= 0x30A1 && r <= 0x30FA, // kana
		r >= 0xAC00 && r <= 0xD7A3: // Hangul
		return true
	}
	return false
}

// tokens are the index entries of a text in order, at most MaxTokens.
func tokens(text string) []string {
	var all []string
	for _, r := range runs(text) {
		if !r.cjk {
			all = append(all, token(r.chars...))
			continue
		}
		for i := range r.chars {
			all = append(all, token(r.chars[i:min(i+2, len(r.chars))]...))
		}
		if len(all) >= MaxTokens {
			break
		}
	}
	return all[:min(len(all), MaxTokens)]
}

// Document is text as the content of an FTS5 column with the default tokenizer: its tokens with a space between. Empty
// when nothing in it can be searched.
func Document(text string) string { return strings.Join(tokens(text), " ") }

// TSVector is text as a literal of PostgreSQL's type tsvector, to be bound and cast: `$1::tsvector`.
func TSVector(text string) string {
	var order []string
	positions := map[string][]byte{}
	count := map[string]int{}
	for i, token := range tokens(text) {
		if count[token]++; count[token] > maxPositions {
			continue
		}
		at, seen := positions[token]
		if !seen {
			order = append(order, token)
		} else {
			at = append(at, ',')
		}
		positions[token] = strconv.AppendInt(at, int64(i+1), 10)
	}
	var b strings.Builder
	for i, token := range order {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte('\'')
		b.WriteString(token)
		b.WriteString("':")
		b.Write(positions[token])
	}
	return b.String()
}

// term is one condition of a query: tokens side by side, the last one perhaps a prefix.
type term struct {
	tokens []string
	prefix bool
}

func terms(query string) []term {
	var all []term
	left := MaxQuery
	for _, r := range runs(query) {
		if left <= 0 {
			break
		}
		t := term{}
		switch {
		case !r.cjk:
			t = term{[]string{token(r.chars...)}, !r.digit}
		case len(r.chars) == 1:
			t = term{[]string{token(r.chars...)}, true}
		default:
			for i := range min(len(r.chars)-1, left) {
				t.tokens = append(t.tokens, token(r.chars[i:i+2]...))
			}
		}
		left -= len(t.tokens)
		if !slices.ContainsFunc(all, func(u term) bool { return u.prefix == t.prefix && slices.Equal(u.tokens, t.tokens) }) {
			all = append(all, t)
		}
	}
	return all
}

// Match is a person's query as the right side of FTS5's MATCH: all of its runs and words must be found. It is empty when
// nothing in the query can be searched; the caller then leaves the condition away or finds nothing, as it means.
func Match(query string) string {
	var b strings.Builder
	for i, t := range terms(query) {
		if i > 0 {
			b.WriteString(" AND ")
		}
		b.WriteByte('"')
		b.WriteString(strings.Join(t.tokens, " "))
		b.WriteByte('"')
		if t.prefix {
			b.WriteByte('*')
		}
	}
	return b.String()
}

// TSQuery is a person's query as a literal of PostgreSQL's type tsquery, to be bound and cast: `v @@ $1::tsquery`. It finds
// what [Match] finds and is empty when that is.
func TSQuery(query string) string {
	var b strings.Builder
	for i, t := range terms(query) {
		if i > 0 {
			b.WriteString(" & ")
		}
		for j, token := range t.tokens {
			if j > 0 {
				b.WriteString(" <-> ")
			}
			b.WriteByte('\'')
			b.WriteString(token)
			b.WriteByte('\'')
		}
		if t.prefix {
			b.WriteString(":*")
		}
	}
	return b.String()
}

// alike is how much of two titles must agree for them to be taken for one matter: 路灯不亮 and 路灯坏了 share one pair of
// three.
const alike = 0.3

// Closest returns the indices of up to most of the titles that are alike to one, best first; of those equally alike the
// earlier first.
func Closest(to string, titles []string, most int) []int {
	like, much := like(to), make([]float64, len(titles))
	var close []int
	for i, t := range titles {
		if much[i] = like(t); much[i] >= alike {
			close = append(close, i)
		}
	}
	slices.SortStableFunc(close, func(i, j int) int { return cmp.Compare(much[j], much[i]) })
	return close[:min(most, len(close))]
}

// like tells how alike other titles are to one, asked one after another: from 0 (no pair of characters in common) to 1 (the
// same pairs and words), by Dice's coefficient, twice the shared share of both. Pairs that come several times count several
// times. It is 0 when either has nothing to compare. Its time grows with the product of the lengths.
func like(title string) func(other string) float64 {
	x := appendGrams(nil, title)
	var y []gram
	return func(other string) float64 {
		y = appendGrams(y[:0], other)
		if len(x) == 0 || len(y) == 0 {
			return 0
		}
		shared := 0
		for i, g := range y {
			if count(y[:i], g) < count(x, g) { // as often as y has had it, x must have it too
				shared++
			}
		}
		return 2 * float64(shared) / float64(len(x)+len(y))
	}
}

func count(all []gram, one gram) (n int) {
	for _, g := range all {
		if g == one {
			n++
		}
	}
	return n
}

// gram is a pair of characters, a character that stands alone, or a hash of a word: what two titles have in common.
type gram uint64

// appendGrams adds the grams of a text: its tokens without the last characters that only serve prefix queries.
func appendGrams(to []gram, text string) []gram {
	const start, prime = 14695981039346656037, 1099511628211 // FNV-1a
	var last rune                                            // of the run, 0 outside
	var cjk bool
	var word gram // the hash so far; of a Chinese run how many characters it has
	end := func() {
		if last != 0 && !cjk {
			to = append(to, word)
		} else if last != 0 && word == 1 {
			to = append(to, gram(last))
		}
		last, word = 0, 0
	}
	for _, r := range fold(text) {
		is := isCJK(r)
		if !is && !unicode.IsLetter(r) && !unicode.IsNumber(r) && !(unicode.IsMark(r) && last != 0) {
			end()
			continue
		}
		if last != 0 && is != cjk {
			end()
		}
		switch {
		case is && last != 0:
			to = append(to, gram(last)<<32|gram(r))
			word++
		case is:
			word = 1
		case last == 0:
			word = (start ^ gram(r)) * prime
		default:
			word = (word ^ gram(r)) * prime
		}
		last, cjk = r, is
	}
	end()
	return to
}
