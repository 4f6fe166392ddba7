// Package ask is how a wish is asked 提心愿: one thing after another, and a
// question that a default answers is a line of the check with 改. Danger comes
// before everything (110, 119, 120), illness in public is asked about, similar
// open wishes are shown, somebody else's wish needs consent on record. What was
// answered travels in the form, so every step works without scripts.
package ask

import (
	"net/url"
	"slices"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/gate"
	"linli/internal/feature/place"
	"linli/internal/feature/wish"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

// The questions of the ask flow, in their order. A question that a default
// answers is a line of the check with 改; only danger, illness in public, and
// similar wishes stop on their way there.
const (
	stepSay     = "say"     // 说说什么事
	stepDanger  = "danger"  // 110/119/120 first
	stepBehalf  = "behalf"  // 代办: for whom, with what consent
	stepPrivacy = "privacy" // 您写到了病情，公开时隐去吗？
	stepSimilar = "similar" // 是这一件吗？
	stepWhere   = "where"
	stepWho     = "who"
	stepCheck   = "check"
)

// Names of what the flow itself carries; a leading underscore keeps them out
// of the wish.
const (
	keyAt      = "_at"      // the question a form answers
	keyTo      = "_to"      // the question wanted next, "" for the next open one
	keyHelping = "_helping" // filed for somebody else
	keyCalm    = "_calm"    // danger words were read: nobody is in danger
	keyShown   = "_shown"   // similar wishes were shown
	keyHide    = "_hide"    // illness in public: yes, no, private
	keyAtHome  = "@home"    // the place is one's own dwelling
)

var query = []flow.Field{
	{Name: "category", Kind: flow.Enum, Values: wish.Categories},
	{Name: "title", Kind: flow.Text, Max: 80},
	{Name: "place", Kind: flow.Text, Max: 20},
	{Name: "draft", Kind: flow.Text, Max: 64},
}

// ask is one wish on its way to be filed: what was answered so far travels in
// the form, so that every step works without scripts and leaves nothing behind.
type ask struct {
	in    url.Values
	fault *fault.Error
	at    string
	alike []wish.Alike
}

func (q *ask) get(name string) string { return strings.TrimSpace(q.in.Get(name)) }

func (q *ask) text() string {
	if q.get("body") == q.get("title") {
		return q.get("title")
	}
	return q.get("title") + "\n" + q.get("body")
}

// asks lists which question asks for which field, to lead a fault back to it.
var asks = map[string][]string{
	stepSay:     {"title", "body", "category", "photos", "quantity.total", "quantity.unit", "wanted_by", "price_note"},
	stepWhere:   {"place", "location_note"},
	stepWho:     {"visibility"},
	stepBehalf:  {"on_behalf_of", "on_behalf_of.name", "on_behalf_of.account", "on_behalf_of.phone", "on_behalf_of.consent_how", "on_behalf_of.consent_by", "on_behalf_of.consent_at"},
	stepPrivacy: {keyHide},
}

// page begins the flow, or picks it up where signing in has interrupted it.
func (s *Service) page(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		in = flow.Input{} // an address typed by hand begins with an empty form
	}
	q := &ask{in: url.Values{}, at: stepSay}
	for _, name := range []string{"category", "title", "place"} {
		if v := in.Text(name); v != "" {
			q.in.Set(name, v)
		}
	}
	if op := in.Text("draft"); op != "" {
		if _, form, err := s.Members.Draft(c.Context(), c.Actor.ID, op); err == nil {
			if kept, err := url.ParseQuery(form); err == nil {
				q.in = kept
				q.in.Del("photos") // uploaded only for who is signed in
			}
		}
	}
	return s.show(c, q)
}

// step takes the answers of one question and shows the next.
func (s *Service) step(c *web.Call) (any, error) {
	q := &ask{in: c.Form()}
	if q.in == nil {
		q.in = url.Values{}
	}
	if photos, ok := q.in["photos"]; ok { // a browser sends an empty one where none was chosen
		q.in["photos"] = slices.DeleteFunc(photos, func(id string) bool { return id == "" })
	}
	at, to := q.get(keyAt), q.get(keyTo)
	if err := s.read(c, q, at); err != nil {
		q.fault, q.at = fault.Of(err), at
		page, perr := s.show(c, q)
		if perr != nil {
			return nil, err
		}
		return page, q.fault
	}
	if q.at = to; !slices.Contains([]string{stepSay, stepWhere, stepWho, stepBehalf}, to) {
		q.at = s.next(c, q)
	}
	return s.show(c, q)
}

// send files the wish; what is to be mended leads back to its question.
func (s *Service) send(c *web.Call) (any, error) {
	s.fill(c, &ask{in: c.Form()})
	out, err := s.Wishes.Create(c.Context(), c)
	if err == nil || wish.Replayed(err) {
		return out, err
	}
	q := &ask{in: c.Form(), fault: fault.Of(err), at: stepCheck}
	for _, f := range q.fault.Fields {
		for step, names := range asks {
			if slices.Contains(names, f.Name) {
				q.at = step
			}
		}
	}
	page, perr := s.show(c, q)
	if perr != nil {
		return nil, err
	}
	return page, err
}

// fill sets what nobody has to answer: the body from the title, the category
// 其他 (a reviewer completes it), the place from the home community.
func (s *Service) fill(c *web.Call, q *ask) {
	set := func(name, value string) {
		if q.get(name) == "" && value != "" {
			q.in.Set(name, value)
		}
	}
	set("body", q.get("title"))
	set("category", "其他")
	set("visibility", wish.Public)
	set("place", s.home(c))
	if q.get("quantity.total") == "" {
		q.in.Del("quantity.unit")
	}
	if q.get(keyHelping) == "" {
		for name := range q.in {
			if strings.HasPrefix(name, "on_behalf_of.") {
				q.in.Del(name)
			}
		}
	}
	// A day means until its end.
	if day := q.get("wanted_by"); len(day) == len("2006-01-02") {
		q.in.Set("wanted_by", day+"T23:59")
	}
}

// read checks the answers of one question.
func (s *Service) read(c *web.Call, q *ask, at string) error {
	var faults fault.Fields
	switch at {
	case stepSay:
		for _, name := range []string{keyCalm, keyShown, keyHide} { // a new text asks anew
			q.in.Del(name)
		}
		if q.get("title") == "" {
			faults.Add("title", "fault.required")
		}
	case stepBehalf:
		if q.get("on_behalf_of.name") == "" && q.get("on_behalf_of.account") == "" {
			faults.Add("on_behalf_of.name", "fault.required")
		}
		if q.get("on_behalf_of.consent_how") == "" {
			faults.Add("on_behalf_of.consent_how", "ask.consent_needed")
		}
	case stepPrivacy:
		switch q.get(keyHide) {
		case "yes":
			for _, name := range []string{"title", "body"} {
				q.in.Set(name, gate.Redact(q.get(name), gate.Personal(q.get(name))))
			}
		case "private":
			q.in.Set("visibility", wish.Private)
		case "no":
		default:
			faults.Add(keyHide, "ask.choose_one")
		}
	case stepWhere:
		if q.get("place") == keyAtHome {
			if err := s.atHome(c, q); err != nil {
				return err
			}
		}
	}
	if err := faults.Err(); err != nil {
		return err
	}
	return s.decode(c, q, at)
}

// decode decodes what was said so far as the wish itself would be, and
// reports only what the question at hand can mend.
func (s *Service) decode(c *web.Call, q *ask, at string) error {
	s.fill(c, q)
	in, err := c.Body(wish.CreateFields)
	var faults fault.Fields
	for _, f := range fault.Of(orNothing(err)).Fields {
		if slices.Contains(asks[at], f.Name) {
			faults = append(faults, f)
		}
	}
	switch at {
	case stepSay:
		wish.MoneyFaults(&faults, map[string]string{"title": q.get("title"), "body": q.get("body"), "price_note": q.get("price_note")})
		if by := in.Moment("wanted_by"); by != 0 && by <= c.Now() {
			faults.Add("wanted_by", "wish.past")
		}
	case stepWhere:
		wish.MoneyFaults(&faults, map[string]string{"location_note": q.get("location_note")})
		if code := place.Trim(q.get("place")); len(code) < access.District || !s.Places.Known(code) {
			faults.Add("place", "wish.no_place")
		}
	}
	if len(faults) == 0 && err != nil && len(fault.Of(err).Fields) == 0 {
		return err // the body as a whole: an upload that failed
	}
	return faults.Err()
}

func orNothing(err error) error {
	if err == nil {
		return &fault.Error{}
	}
	return err
}

// atHome takes the author's own dwelling: the community is public, the door is
// for who claims.
func (s *Service) atHome(c *web.Call, q *ask) error {
	acc, err := s.Members.Find(c.Context(), s.DB, c.Actor.ID)
	if err != nil {
		return err
	}
	q.in.Set("place", access.Up(acc.Dwelling, access.Community))
	if q.get("location_note") == "" {
		q.in.Set("location_note", strings.TrimPrefix(s.Places.Path(acc.Dwelling), s.Places.Path(access.Up(acc.Dwelling, access.Community))+" "))
	}
	return nil
}

// next is the next question that no default answers.
func (s *Service) next(c *web.Call, q *ask) string {
	switch {
	case q.get(keyCalm) == "" && len(gate.Danger(q.text())) > 0:
		return stepDanger
	case q.get(keyHelping) != "" && (q.get("on_behalf_of.name") == "" && q.get("on_behalf_of.account") == "" || q.get("on_behalf_of.consent_how") == ""):
		return stepBehalf
	case !s.Places.Known(place.Trim(q.get("place"))):
		return stepWhere
	case q.get("visibility") == wish.Public && q.get(keyHide) == "" && len(gate.Personal(q.text())) > 0:
		return stepPrivacy
	}
	if q.get(keyShown) == "" {
		if q.alike = s.Wishes.Similar(c.Context(), q.get("title"), access.Up(place.Trim(q.get("place")), access.Community), ""); len(q.alike) > 0 {
			return stepSimilar
		}
	}
	return stepCheck
}

// view is what one step shows.
type view struct {
	Step    string
	Title   string
	Lead    string
	Fields  []ui.Field
	More    []ui.Field // behind a line: quantity, day, costs
	Hidden  []ui.Option
	Errors  []ui.FieldError
	Alert   string
	Button  string
	Danger  []gate.Hit // one for each number to call
	Alike   []wish.Alike
	Preview string
	Answers []answer
	Op      string
}

// answer is a line of the check: a question, its answer, and the question 改 leads to.
type answer struct{ Label, Value, Step string }

func (s *Service) show(c *web.Call, q *ask) (any, error) {
	p := s.Page(c, c.T("ask.title"), ui.Say)
	p.Path, p.NoIndex, p.CSS = "/wishes/new", true, []string{"ask.css"}
	if q.at == "" || q.at == stepDanger && len(gate.Danger(q.text())) == 0 {
		q.at = stepSay
	}
	v := view{Step: q.at, Title: p.T("ask.step." + q.at), Button: p.T("ask.go_on"), Op: q.get(web.OperationField), Alike: q.alike}
	if p.Has("ask.lead." + q.at) {
		v.Lead = p.T("ask.lead." + q.at)
	}
	if v.Op == "" {
		v.Op = ui.NewOperation()
	}
	switch q.at {
	case stepSay:
		v.Fields, v.More = s.sayFields(p, c, q)
	case stepWhere:
		v.Fields = s.whereFields(p, c, q)
	case stepWho:
		v.Fields = []ui.Field{s.whoField(p, c, q)}
	case stepBehalf:
		v.Fields = s.behalfFields(p, c, q)
	case stepPrivacy:
		v.Preview = gate.Redact(q.text(), gate.Personal(q.text()))
		v.Fields = []ui.Field{{Name: keyHide, Label: p.T("ask.hide"), Type: ui.RadioField, Required: true, Options: []ui.Option{
			{Value: "yes", Label: p.T("ask.hide.yes")}, {Value: "no", Label: p.T("ask.hide.no")}, {Value: "private", Label: p.T("ask.hide.private")}}}}
	case stepDanger:
		v.Danger = dangers(q.text())
	case stepCheck:
		if err := s.checkLines(p, c, q, &v); err != nil {
			return nil, err
		}
	}
	if q.fault != nil {
		for _, fs := range [][]ui.Field{v.Fields, v.More} {
			for i := range fs {
				for _, f := range q.fault.Fields {
					if f.Name == fs[i].Name {
						fs[i].Error = p.TArgs(f.Key, f.Args)
					}
				}
			}
		}
		v.Errors = append(ui.Errors(v.Fields), ui.Errors(v.More)...)
		if len(v.Errors) == 0 {
			v.Alert = p.TArgs(q.fault.Key, q.fault.Args)
		}
	}
	v.Hidden = q.carried(v)
	return s.screen(p, v), nil
}

// carried are the answers of the other questions.
func (q *ask) carried(v view) []ui.Option {
	shown := []string{keyAt, keyTo, web.OperationField}
	for _, f := range append(slices.Clone(v.Fields), v.More...) {
		if f.Name != "photos" {
			shown = append(shown, f.Name)
		}
	}
	switch v.Step {
	case stepDanger:
		shown = append(shown, keyCalm)
	case stepSimilar:
		shown = append(shown, keyShown)
	}
	out := []ui.Option{{Label: keyAt, Value: v.Step}}
	names := make([]string, 0, len(q.in))
	for name := range q.in {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if slices.Contains(shown, name) {
			continue
		}
		for _, value := range q.in[name] {
			if strings.TrimSpace(value) != "" {
				out = append(out, ui.Option{Label: name, Value: value})
			}
		}
	}
	return out
}

// dangers keeps one hit for each emergency number.
func dangers(text string) []gate.Hit {
	var out []gate.Hit
	for _, h := range gate.Danger(text) {
		if !slices.ContainsFunc(out, func(o gate.Hit) bool { return o.Number == h.Number }) {
			out = append(out, h)
		}
	}
	return out
}
