package ui

import (
	"strconv"
	"time"

	"linli/internal/ui/text"

	"github.com/a-h/templ"
)

// Tone says what kind of news a thing is. Each tone has its own icon, so colour is never the only sign.
type Tone string

// The tones.
const (
	Plain Tone = ""     // neither good nor bad
	Busy  Tone = "busy" // somebody is at work
	Wait  Tone = "wait" // somebody has to act
	Good  Tone = "ok"   // done
	Warn  Tone = "warn" // soon late, or needs attention
	Bad   Tone = "bad"  // late, refused or wrong
	Off   Tone = "off"  // ended without result
)

func (t Tone) icon() string {
	switch t {
	case Busy:
		return "clock"
	case Wait:
		return "wait"
	case Good:
		return "done"
	case Warn, Bad:
		return "alert"
	case Off:
		return "stop"
	}
	return "flag"
}

// Tag is the state of a matter in words.
type Tag struct {
	State string // the state's code, kept as data for tests and scripts
	Label string
	Tone  Tone
}

// Step is one station on the way of a matter.
type Step struct {
	Label string
	When  string // done when, or expected when
	State StepState
}

// StepState says where a step lies: behind, here or ahead.
type StepState string

// The step states.
const (
	StepDone    StepState = "done"
	StepHere    StepState = "here"
	StepAhead   StepState = "ahead"
	StepSkipped StepState = "skipped"
)

// Entry is one line of a matter's timeline.
type Entry struct {
	At       time.Time
	Title    string
	Who      string // the unit, never a private phone
	Note     string
	Tone     Tone
	Promised time.Time // what was promised, shown beside the actual time; zero when nothing was
	Internal bool      // staff only: tinted and marked 居民看不到
	Body     templ.Component
}

// Card is a matter in a list.
type Card struct {
	Title string
	URL   string
	Text  string
	Tag   Tag // none when its label is empty
	Image string
	Alt   string   // describes the image
	Facts []string // place, kind, number: short words in a row
	Icon  string   // before the first of the facts
	Kind  string   // what the icon is coloured by, where the page has colours for it
	Due   string   // "预计 周四 18:00 前答复"
	Bar   *Progress
	Steps []Step
	Pin   bool
	Level int // of the title: 3 inside a Block, otherwise 2
}

// Progress is a part of a whole, said in figures and drawn as a bar.
type Progress struct {
	Label    string // what is counted: 已认领
	Done     int64
	Total    int64
	Unit     string
	Held     int64 // a second, lighter part after Done: claimed but not delivered yet
	HeldName string
}

// Action is one possible move of a matter, as the lifecycle offers it.
type Action struct {
	Do      string
	Label   string
	Enabled bool
	Reason  string // why it is not possible, when it is not
	Primary bool
	Danger  bool
	Fields  []Field
	URL     string
	OpID    string
	Version int64
	Hint    string // what will happen
	Open    bool   // shown opened, as after an error
}

// Claim is the box by which a helper takes a wish or a part of it.
type Claim struct {
	Level    string // who is asked now: 现在向社会组织和共建单位开放
	Rises    string // when the circle widens
	Lead     string // who leads
	Bar      *Progress
	Rows     []ClaimRow
	Action   *Action // nil when the reader cannot claim at all
	Settle   string  // 价款由双方当面结清，平台不收付
	ReadOnly string  // what to read instead of the form
}

// ClaimRow is one claim of a part.
type ClaimRow struct {
	Who   string
	What  string // amount with unit
	Tag   Tag
	Until string
	Lead  bool
	Mine  bool
}

// Empty is what stands where nothing is: why, one next action, and the phone of the community.
type Empty struct {
	Title  string
	Reason string
	Next   Link
}

// Receipt proves that something was sent.
type Receipt struct {
	Title   string // 已提交给洲岛家园社区
	Name    string // of the number: 受理编号
	Number  string
	Next    string // what happens next
	Date    string // by when
	Code    templ.Component
	CodeAlt string // what the code leads to
	Links   []Link
	Print   string // address of the printable slip
}

// Fact is a line of a description list.
type Fact struct {
	Label string
	Value string
	Body  templ.Component // instead of Value
}

// Photo is a picture with a description.
type Photo struct {
	URL, Full string // thumbnail and large
	Alt       string
	Caption   string
}

// percent is the whole percentage of a part, between 0 and 100; a part above zero is at least 1, and one short of the
// whole at most 99, so that the bar never says more than the figures.
func percent(part, total int64) int64 {
	switch {
	case total <= 0 || part <= 0:
		return 0
	case part >= total:
		return 100
	}
	return min(max(int64(float64(part)/float64(total)*100), 1), 99)
}

func (b Progress) done() string { return strconv.FormatInt(percent(b.Done, b.Total), 10) }

func (b Progress) held() string {
	return strconv.FormatInt(min(percent(b.Held, b.Total), 100-percent(b.Done, b.Total)), 10)
}

func (b Progress) figures() string {
	s := text.Number(b.Done) + " / " + text.Number(b.Total)
	if b.Unit != "" {
		s += " " + b.Unit
	}
	return s
}

func (a Action) formID() string { return "do-" + a.Do }

// fields are the action's fields with ids of their own: two actions of a page may both ask for a note.
func (a Action) fields() []Field {
	out := make([]Field, len(a.Fields))
	for i, f := range a.Fields {
		if f.ID == "" {
			f.ID = a.formID() + "-" + f.Name
		}
		out[i] = f
	}
	return out
}

func (a Action) faulty() bool { return len(Errors(a.Fields)) > 0 }

func (a Action) version() string { return strconv.FormatInt(a.Version, 10) }

func (a Action) button() Button {
	return Button{Label: a.Label, Quiet: !a.Primary, Danger: a.Danger}
}

func (p Page) moment(t time.Time) string {
	now := p.Now
	if now.IsZero() {
		return text.Date(p.Lang, t) + " " + text.Clock(t)
	}
	return text.Moment(p.Lang, t, now)
}

func machine(t time.Time) string { return t.In(text.Zone).Format(time.RFC3339) }

func stepAttributes(s Step) templ.Attributes {
	if s.State != StepHere {
		return nil
	}
	return templ.Attributes{"aria-current": "step"}
}

func noticeIcon(t Tone) string {
	if t == Plain {
		return "info"
	}
	return t.icon()
}

func hasFiles(fields []Field) bool {
	for _, f := range fields {
		if f.kind() == FileField || f.kind() == PhotoField {
			return true
		}
	}
	return false
}

// hasText reports whether there is something typed that would be a pity to lose.
func hasText(fields []Field) bool {
	for _, f := range fields {
		if f.kind() == AreaField {
			return true
		}
	}
	return false
}
