package ballot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/tally"
)

// Bounds of a poll.
const (
	MaxOptions = 200
	MaxMoney   = 100_000_000_00 // 分: a hundred million yuan
	maxTitle   = 80
)

var CreateFields = []flow.Field{
	{Name: "question", Kind: flow.Text, Required: true, Max: maxTitle},
	{Name: "rule", Kind: flow.Enum, Required: true, Values: RuleNames()},
	{Name: "options", Kind: flow.Refs, Required: true, Max: MaxOptions, Fields: optionFields}, // see readOptions
	{Name: "place", Kind: flow.Text, Required: true, Max: 20},
	{Name: "opens", Kind: flow.Moment, Required: true},
	{Name: "closes", Kind: flow.Moment, Required: true},
	{Name: "roll", Kind: flow.Object, Required: true, Short: "place", Fields: []flow.Field{
		{Name: "place", Kind: flow.Text, Required: true, Max: 20},
		{Name: "level", Kind: flow.Enum, Values: []string{"V1", "V2", "V3"}},
	}},
	{Name: "nature", Kind: flow.Enum, Values: []string{Opinions, Ranking}},
	{Name: "unit", Kind: flow.Enum, Values: []string{Person, Household}},
	{Name: "basis", Kind: flow.Long, Max: 500},
	{Name: "budget", Kind: flow.Object, Short: "amount", Fields: []flow.Field{
		{Name: "amount", Kind: flow.Int, Required: true, Min: 1, Max: MaxMoney},
	}},
	{Name: "max_choices", Kind: flow.Int, Min: 1, Max: MaxOptions},
}

// RuleNames lists the counting rules a poll may have.
func RuleNames() []string {
	var out []string
	for _, r := range tally.Rules() {
		out = append(out, string(r))
	}
	return out
}

// readCreate decodes the fields of a new poll. Options are a list of texts and
// objects, which the decoder of fields does not know, so they are read here.
func readCreate(raw map[string]any) (flow.Input, []Option, error) {
	rest := map[string]any{}
	for k, v := range raw {
		rest[k] = v
	}
	list := rest["options"]
	delete(rest, "options")
	if roll, ok := rest["roll"].(map[string]any); ok {
		if n, ok := roll["level"].(json.Number); ok { // 3 is V3
			roll["level"] = "V" + n.String()
		}
	}
	fields := slices.DeleteFunc(slices.Clone(CreateFields), func(f flow.Field) bool { return f.Name == "options" })
	in, err := flow.Decode(fields, rest)
	var faults fault.Fields
	if err != nil {
		if fault.Of(err).Kind != fault.Invalid {
			return nil, nil, err
		}
		faults = fault.Of(err).Fields
	}
	options := readOptions(list, &faults)
	return in, options, faults.Err()
}

func readOptions(v any, faults *fault.Fields) []Option {
	var items []any
	switch l := v.(type) {
	case []any:
		items = l
	case []string:
		for _, s := range l {
			items = append(items, s)
		}
	case string: // a form's lines: 标题 | 费用（元）
		for line := range strings.SplitSeq(strings.ReplaceAll(l, "\r\n", "\n"), "\n") {
			if strings.TrimSpace(line) != "" {
				items = append(items, optionLine(line))
			}
		}
	case nil:
	default:
		faults.Add("options", "fault.list")
		return nil
	}
	switch {
	case len(items) == 0:
		faults.Add("options", "fault.required")
	case len(items) == 1:
		faults.Add("options", "poll.fault.two_options")
	case len(items) > MaxOptions:
		faults.Add("options", "fault.too_many", "max", MaxOptions)
		return nil
	}
	var out []Option
	for i, item := range items {
		o, ok := readOption(item, "options."+strconv.Itoa(i), faults)
		if ok {
			out = append(out, o)
		}
	}
	width := len(strconv.Itoa(len(out)))
	seen := map[string]bool{}
	for i := range out {
		out[i].ID = fmt.Sprintf("%0*d", width, i+1)
		if seen[out[i].Title] {
			faults.Add("options."+strconv.Itoa(i)+".title", "poll.fault.same_title")
		}
		seen[out[i].Title] = true
	}
	return out
}

// optionLine reads "修晾衣架 | 38000" with the cost in yuan.
func optionLine(line string) any {
	title, cost, found := strings.Cut(strings.ReplaceAll(line, "｜", "|"), "|")
	if !found {
		return title
	}
	return map[string]any{"title": title, "cost": Fen(cost)}
}

// Fen turns an amount in yuan as people write it, "38,000.50", into 分; what
// is no amount stays as it is, for the decoder to refuse.
func Fen(yuan string) any {
	s := strings.TrimSpace(strings.NewReplacer(",", "", "，", "", "元", "", "¥", "").Replace(yuan))
	whole, part, _ := strings.Cut(s, ".")
	if len(part) > 2 || s == "" {
		return yuan
	}
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil {
		return yuan
	}
	return n
}

var optionFields = []flow.Field{
	{Name: "title", Kind: flow.Text, Required: true, Max: maxTitle},
	{Name: "cost", Kind: flow.Int, Max: MaxMoney},
	{Name: "project", Kind: flow.Ref},
}

func readOption(item any, name string, faults *fault.Fields) (Option, bool) {
	o, ok := item.(map[string]any)
	if s, plain := item.(string); plain {
		o, ok = map[string]any{"title": s}, true
	}
	if !ok {
		faults.Add(name, "fault.object")
		return Option{}, false
	}
	in, err := flow.Decode(optionFields, o)
	if err != nil {
		for _, f := range fault.Of(err).Fields {
			f.Name = name + "." + f.Name
			*faults = append(*faults, f)
		}
		return Option{}, false
	}
	cost, _ := in.Int("cost")
	return Option{Title: in.Text("title"), Cost: cost, Project: in.Text("project")}, true
}

// poll makes the poll of checked fields; what does not fit together is a fault.
func newPoll(in flow.Input, options []Option, faults *fault.Fields) *Poll {
	p := &Poll{
		Question: in.Text("question"), Rule: tally.Rule(in.Text("rule")), Nature: in.Text("nature"), Unit: in.Text("unit"),
		Basis: in.Text("basis"), Opens: in.Moment("opens"), Closes: in.Moment("closes"), RollLevel: actor.V3, Options: options,
	}
	if p.Nature == "" {
		p.Nature = Ranking
	}
	if p.Unit == "" {
		p.Unit = Person
	}
	if b := in.Object("budget"); b != nil {
		p.Budget, _ = b.Int("amount")
	}
	if n, ok := in.Int("max_choices"); ok {
		p.MaxChoices = int(n)
	}
	if roll := in.Object("roll"); roll != nil {
		p.RollPlace = roll.Text("place")
		if l := roll.Text("level"); l != "" {
			p.RollLevel = actor.Level(l[1] - '0')
		}
	}
	p.check(faults)
	return p
}

// check names what does not fit together.
func (p *Poll) check(faults *fault.Fields) {
	if p.Closes <= p.Opens {
		faults.Add("closes", "poll.fault.closes")
	}
	if p.MaxChoices > len(p.Options) {
		faults.Add("max_choices", "fault.between", "min", 1, "max", len(p.Options))
	}
	if !budgeted(p.Rule) {
		return
	}
	if p.Budget == 0 {
		faults.Add("budget", "poll.fault.budget")
	}
	for i, o := range p.Options {
		if o.Cost == 0 {
			faults.Add("options."+strconv.Itoa(i)+".cost", "poll.fault.cost")
		}
	}
}

// Choice is one mark on a ballot. Points count in polls by score only; the
// order counts in ranked ones only.
type Choice struct {
	Option string
	Points int64
}

// readChoices reads a ballot: ids of options, best first where the order
// counts; by score "1:5" or {"id","points"}.
func readChoices(p *Poll, v any) ([]Choice, error) {
	var items []any
	switch l := v.(type) {
	case []any:
		items = l
	case []string:
		for _, s := range l {
			items = append(items, s)
		}
	case string:
		for _, s := range strings.Fields(l) {
			items = append(items, s)
		}
	case nil:
	default:
		return nil, fault.Field1("choices", "fault.list")
	}
	if len(items) > len(p.Options) {
		return nil, fault.Field1("choices", "fault.too_many", "max", len(p.Options))
	}
	var out []Choice
	var cost int64
	for _, item := range items {
		c, ok := ReadChoice(item, p.Scored())
		o := p.Option(c.Option)
		switch {
		case !ok || o == nil:
			return nil, fault.Field1("choices", "poll.fault.no_option")
		case slices.ContainsFunc(out, func(d Choice) bool { return d.Option == c.Option }):
			return nil, fault.Field1("choices", "poll.fault.twice")
		case p.Scored() && (c.Points < 0 || c.Points > MaxPoints):
			return nil, fault.Field1("choices", "poll.fault.points", "max", MaxPoints)
		case p.Scored() && c.Points == 0:
			continue
		}
		cost += o.Cost
		out = append(out, c)
	}
	switch {
	case len(out) == 0:
		return nil, fault.Field1("choices", "poll.fault.none")
	case p.MaxChoices > 0 && len(out) > p.MaxChoices:
		return nil, fault.Field1("choices", "poll.fault.too_many", "max", p.MaxChoices)
	case p.Rule == tally.Knapsack && cost > p.Budget:
		return nil, fault.Field1("choices", "poll.fault.over_budget")
	}
	if !p.Ranked() { // the order of the clicks is nobody's affair
		slices.SortFunc(out, func(a, b Choice) int { return strings.Compare(a.Option, b.Option) })
	}
	return out, nil
}

func ReadChoice(item any, scored bool) (Choice, bool) {
	switch v := item.(type) {
	case string:
		v, key := flow.Clean(v)
		if key != "" || utf8.RuneCountInString(v) > 40 {
			return Choice{}, false
		}
		id, points, found := strings.Cut(v, ":")
		if !found {
			return Choice{Option: v}, !scored
		}
		n, err := strconv.ParseInt(points, 10, 64)
		return Choice{id, n}, scored && err == nil
	case map[string]any:
		id, ok := v["id"].(string)
		if !ok {
			id, ok = v["option"].(string)
		}
		n, num := v["points"].(json.Number)
		points, err := strconv.ParseInt(n.String(), 10, 64)
		return Choice{id, points}, ok && len(v) == 2 && scored && num && err == nil
	}
	return Choice{}, false
}

// Encode is the stored and published form of a ballot: "1 3", or "1:5 3:2".
func Encode(cs []Choice) string {
	var b strings.Builder
	for i, c := range cs {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c.Option)
		if c.Points > 0 {
			b.WriteString(":" + strconv.FormatInt(c.Points, 10))
		}
	}
	return b.String()
}

// DecodeChoices reads what Encode wrote.
func DecodeChoices(s string) []Choice {
	var out []Choice
	for f := range strings.FieldsSeq(s) {
		id, points, _ := strings.Cut(f, ":")
		n, _ := strconv.ParseInt(points, 10, 64)
		out = append(out, Choice{id, n})
	}
	return out
}
