package stats

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/clock"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
)

// Figures are what is known of a place over a time. A figure that counts
// persons is null where it would tell of too few.
type Figures struct {
	Place     string       `json:"place"`
	PlaceName string       `json:"place_name"`
	From      string       `json:"from"` // days, inclusive
	To        string       `json:"to"`
	Rates     []Rate       `json:"rates"`
	Kinds     []KindCount  `json:"kinds"`
	Months    []MonthCount `json:"months"`
	Words     []WordCount  `json:"answers"` // what residents said of their wishes
	Places    []PlaceCount `json:"places"`  // the next level below, by code
	Residents *int64       `json:"residents"`
	Least     int64        `json:"least"` // no figure that counts persons tells of fewer
}

// Rate is one of the three honest figures. The definition is published on the
// dashboard: numerator and denominator count what happened in the time shown,
// so that a closed period never changes; no answer is in the denominator and
// never in the numerator; percent is null when there is nothing to divide by.
type Rate struct {
	Name        string   `json:"name"` // response, solved, satisfied
	Numerator   int64    `json:"numerator"`
	Denominator int64    `json:"denominator"`
	NoAnswer    int64    `json:"no_answer"`
	Excluded    int64    `json:"excluded"`
	Percent     *float64 `json:"percent"`
}

// KindCount is what happened to the matters of a kind.
type KindCount struct {
	Kind       string           `json:"kind"`
	Published  int64            `json:"published"`
	Moves      map[string]int64 `json:"moves"`
	Reached    map[string]int64 `json:"reached"` // how many came to a state
	Now        map[string]int64 `json:"now"`     // how many are in it
	Categories map[string]int64 `json:"categories"`
}

// MonthCount is one month of wishes and of everything else.
type MonthCount struct {
	Month     string `json:"month"`
	Published int64  `json:"published"`
	Fulfilled int64  `json:"fulfilled"`
	Others    int64  `json:"others"` // published matters of other kinds
}

// WordCount is how often residents gave an answer.
type WordCount struct {
	Question string `json:"question"` // solved, satisfied
	Answer   string `json:"answer"`   // … and "unsaid" for those that lapsed
	N        int64  `json:"n"`
}

// PlaceCount is a place below.
type PlaceCount struct {
	Place     string `json:"place"`
	Name      string `json:"name"`
	Published int64  `json:"published"`
	Fulfilled int64  `json:"fulfilled"`
	Residents *int64 `json:"residents"`
	boundary  string
}

// Wish is the kind whose rates are told.
const wishKind = "wish"

// Figures reckons the figures of a place from day to day, inclusive. Staff of
// the place see cells of persons from 5 on, others from 10.
func (s *Service) Figures(ctx context.Context, code, from, to string, staff bool) (*Figures, error) {
	ask := question{code, from, to, staff}
	now := s.journal.DB.Clock().Now()
	s.mu.Lock()
	kept, ok := s.kept[ask]
	s.mu.Unlock()
	if ok && now.Before(kept.until) && !now.Before(kept.until.Add(-keptFor)) {
		return kept.figures, nil
	}
	f, err := s.reckon(ctx, s.journal.DB, ask)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= keptMost {
		clear(s.kept)
	}
	s.kept[ask] = answer{f, now.Add(keptFor)}
	return f, nil
}

func (s *Service) reckon(ctx context.Context, q db.Queryer, ask question) (*Figures, error) {
	f := &Figures{
		Place: ask.place, PlaceName: s.places.Name(ask.place), From: ask.from, To: ask.to, Least: LeastPublic,
		Kinds: []KindCount{}, Months: months(ask.from, ask.to), Words: []WordCount{}, Places: []PlaceCount{},
	}
	if ask.staff {
		f.Least = LeastStaff
	}
	rows, err := sums(ctx, q, ask.place, ask.from, ask.to)
	if err != nil {
		return nil, err
	}
	f.sort(rows)
	if err := s.below(ctx, q, f); err != nil {
		return nil, err
	}
	return f, s.residents(ctx, q, f)
}

// sort puts the sums where they belong.
func (f *Figures) sort(rows []sum) {
	wish := map[string]int64{}
	for _, r := range rows {
		if r.Kind == people {
			continue
		}
		if r.Kind == wishKind {
			wish[r.What] += r.N
		}
		k := f.kind(r.Kind)
		name, value, _ := strings.Cut(r.What, ":")
		switch name {
		case "published":
			k.Published += r.N
		case "do":
			k.Moves[value] += r.N
		case "in":
			k.Reached[value] += r.N
		case "now":
			if r.N != 0 {
				k.Now[value] += r.N
			}
		case "category":
			k.Categories[value] += r.N
		}
		i, found := slices.BinarySearchFunc(f.Months, r.Month, func(m MonthCount, month string) int { return strings.Compare(m.Month, month) })
		if !found {
			continue
		}
		switch m := &f.Months[i]; {
		case r.What == "published" && r.Kind == wishKind:
			m.Published += r.N
		case r.What == "published":
			m.Others += r.N
		case r.Kind == wishKind && r.What == "in:fulfilled":
			m.Fulfilled += r.N
		}
	}
	f.Kinds = slices.DeleteFunc(f.Kinds, func(k KindCount) bool { return len(k.Moves) == 0 && len(k.Now) == 0 })
	f.Rates = rates(wish)
	for _, w := range []struct {
		question string
		answers  []string
	}{{"solved", []string{"yes", "partly", "no"}}, {"satisfied", []string{"yes", "fairly", "no", "none"}}} {
		for _, a := range w.answers {
			f.Words = append(f.Words, WordCount{w.question, a, wish[w.question+":"+a]})
		}
		f.Words = append(f.Words, WordCount{w.question, "unsaid", wish["in:lapsed"]})
	}
}

func (f *Figures) kind(name string) *KindCount {
	i := slices.IndexFunc(f.Kinds, func(k KindCount) bool { return k.Kind == name })
	if i < 0 {
		f.Kinds = append(f.Kinds, KindCount{Kind: name, Moves: map[string]int64{}, Reached: map[string]int64{}, Now: map[string]int64{}, Categories: map[string]int64{}})
		i = len(f.Kinds) - 1
	}
	return &f.Kinds[i]
}

// Kind returns what happened to the matters of a kind, nothing when there are none.
func (f *Figures) Kind(name string) KindCount {
	i := slices.IndexFunc(f.Kinds, func(k KindCount) bool { return k.Kind == name })
	if i < 0 {
		return KindCount{Kind: name}
	}
	return f.Kinds[i]
}

// rates are 响应率 (taken up, of those taken up or run out), 解决率 (solved, of
// those residents spoke on or were asked about in vain) and 满意率 (content or
// fairly content, of the same).
func rates(w map[string]int64) []Rate {
	unsaid := w["in:lapsed"]
	rs := []Rate{
		{Name: "response", Numerator: w["answered"], Denominator: w["answered"] + w["unanswered"], Excluded: w["do:convert"]},
		{
			Name: "solved", Numerator: w["solved:yes"], Denominator: w["solved:yes"] + w["solved:partly"] + w["solved:no"] + unsaid,
			NoAnswer: unsaid, Excluded: w["do:record"],
		},
		{
			Name: "satisfied", Numerator: w["satisfied:yes"] + w["satisfied:fairly"],
			Denominator: w["satisfied:yes"] + w["satisfied:fairly"] + w["satisfied:no"] + w["satisfied:none"] + unsaid,
			NoAnswer:    w["satisfied:none"] + unsaid, Excluded: w["do:record"],
		},
	}
	for i := range rs {
		if d := rs[i].Denominator; d > 0 {
			tenths := (rs[i].Numerator*1000 + d/2) / d // to a tenth, so that what is shown is what is told
			p := float64(tenths) / 10
			rs[i].Percent = &p
		}
	}
	return rs
}

// below counts the places of the next level that is counted.
func (s *Service) below(ctx context.Context, q db.Queryer, f *Figures) error {
	level := map[int]string{access.District: place.Street, access.Street: place.Community}[len(f.Place)]
	if level == "" {
		return nil
	}
	published, err := spread(ctx, q, wishKind, "published", f.Place, f.From, f.To)
	if err != nil {
		return err
	}
	fulfilled, err := spread(ctx, q, wishKind, "in:fulfilled", f.Place, f.From, f.To)
	if err != nil {
		return err
	}
	for _, p := range s.places.Below(f.Place, level) {
		f.Places = append(f.Places, PlaceCount{Place: p.Code, Name: p.Name, Published: published[p.Code], Fulfilled: fulfilled[p.Code], boundary: p.Boundary})
	}
	return nil
}

// residents tells how many persons registered, where it tells of enough. The
// whole tree decides what is hidden, whichever place was asked for; and as of
// the end of last month, so that no two days can be compared.
func (s *Service) residents(ctx context.Context, q db.Queryer, f *Figures) error {
	first := s.journal.DB.Clock().Now().In(clock.China)
	last := time.Date(first.Year(), first.Month(), 0, 0, 0, 0, 0, clock.China).Format(time.DateOnly)
	root := access.Up(f.Place, access.District)
	if root == "" {
		return nil
	}
	came, err := spread(ctx, q, people, "came", root, "0", last)
	if err != nil {
		return err
	}
	shown := tell(came, f.Least)
	f.Residents = shown[f.Place]
	for i := range f.Places {
		f.Places[i].Residents = shown[f.Places[i].Place]
	}
	return nil
}

// tell turns counts of persons by place into what may be told of them.
func tell(by map[string]int64, least int64) map[string]*int64 {
	var codes []string
	for c := range by {
		codes = append(codes, c)
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	index, rest := map[string]int{}, make([]int64, len(codes))
	tree := make([]Node, 0, 2*len(codes))
	for i, c := range codes {
		parent := -1
		for _, l := range []int{access.Street, access.District} {
			if up := access.Up(c, l); up != "" && up != c && parent < 0 {
				if j, ok := index[up]; ok {
					parent = j
					rest[j] -= by[c]
				}
			}
		}
		index[c] = i
		rest[i] += by[c]
		tree = append(tree, Node{Parent: parent, N: by[c]})
	}
	for i, n := range rest { // persons registered at the parent itself are a part too
		if n > 0 && n != tree[i].N {
			tree = append(tree, Node{Parent: i, N: n})
		}
	}
	hidden := Suppress(tree, least)
	out := map[string]*int64{}
	for i, c := range codes {
		if n := tree[i].N; !hidden[i] {
			out[c] = &n
		}
	}
	return out
}

// months lists the months of a time.
func months(from, to string) []MonthCount {
	out := []MonthCount{}
	at, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return out
	}
	for at = at.AddDate(0, 0, 1-at.Day()); ; at = at.AddDate(0, 1, 0) {
		m := at.Format("2006-01")
		if m > to[:7] {
			return out
		}
		out = append(out, MonthCount{Month: m})
	}
}
