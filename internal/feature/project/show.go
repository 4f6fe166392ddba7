package project

import (
	"context"
	"time"

	"linli/internal/feature/file"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
)

// JSON is a project as the API and the pages know it, for one viewer. Money is 分.
type JSON struct {
	ID         string          `json:"id"`
	Number     string          `json:"number"`
	Title      string          `json:"title"`
	Body       string          `json:"body"`
	Place      string          `json:"place"`
	PlaceName  string          `json:"place_name"`
	Cost       int64           `json:"cost"`
	Ownership  string          `json:"ownership"`
	Fund       string          `json:"fund"`
	Upkeep     string          `json:"upkeep"`
	Consent    string          `json:"consent"`
	Serves     string          `json:"serves"`
	Wish       string          `json:"wish"`
	Request    string          `json:"request"`
	State      string          `json:"state"`
	Version    int64           `json:"version"`
	DueAt      *time.Time      `json:"due_at"`
	CreatedAt  time.Time       `json:"created_at"`
	Author     string          `json:"author" doc:"public name"`
	Mine       bool            `json:"mine"`
	Reason     string          `json:"reason" doc:"of the last screening or decision"`
	ReferTo    string          `json:"refer_to"`
	MergedInto string          `json:"merged_into"`
	Poll       string          `json:"poll"`
	Support    *Support        `json:"support" doc:"how it fared in the poll, from the public notice on"`
	BuildBy    *time.Time      `json:"build_by" doc:"by when it is built"`
	URL        string          `json:"url"`
	Council    *CouncilJSON    `json:"council,omitempty"`
	Objections []VoiceJSON     `json:"objections,omitzero"`
	Panel      *PanelJSON      `json:"panel,omitempty"`
	Plan       *PlanJSON       `json:"plan,omitempty"`
	Acceptance *AcceptanceJSON `json:"acceptance,omitempty"`
	Ratings    *RatingsJSON    `json:"ratings,omitempty"`
	Photos     []file.Meta     `json:"photos,omitempty"`
	Actions    []matter.Action `json:"actions,omitzero"`
}

// Location is the address of a created project.
func (j JSON) Location() string { return "/api/v1/projects/" + j.ID }

// Support is the outcome of the poll for one project.
type Support struct {
	Votes    int64 `json:"votes"`
	Voters   int64 `json:"voters"`
	Roll     int64 `json:"roll"`
	Selected bool  `json:"selected"`
	Line     int   `json:"line" doc:"percent of voters that is enough"`
	Enough   bool  `json:"enough"`
}

// VoiceJSON is what one person said.
type VoiceJSON struct {
	ID     string    `json:"id"`
	By     string    `json:"by"`
	Text   string    `json:"text"`
	Answer string    `json:"answer" doc:"adopted, partly, not"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	Mine   bool      `json:"mine"`
}

// CouncilJSON is the online council 网上议事会, its positions side by side.
type CouncilJSON struct {
	For     []VoiceJSON `json:"for"`
	Worry   []VoiceJSON `json:"worry"`
	Suggest []VoiceJSON `json:"suggest"`
	Heard   string      `json:"heard"`
	Doing   string      `json:"doing"`
}

// PanelJSON is the expert panel 专家评审.
type PanelJSON struct {
	ConvenedAt *time.Time    `json:"convened_at"`
	Called     []string      `json:"called"`
	Opinions   []OpinionJSON `json:"opinions"`
	Verdict    string        `json:"verdict"`
	Reason     string        `json:"reason"`
	Alone      bool          `json:"alone" doc:"fewer than three kinds of experts spoke; the street decided"`
}

// OpinionJSON is one expert's published opinion.
type OpinionJSON struct {
	By       string `json:"by"`
	Post     string `json:"post"`
	Verdict  string `json:"verdict"`
	Text     string `json:"text"`
	Interest string `json:"interest" doc:"declared; empty declares none"`
}

// PlanJSON is the building of a project.
type PlanJSON struct {
	Budget     int64           `json:"budget"`
	Spent      int64           `json:"spent"`
	Pending    int64           `json:"pending"`
	Contractor string          `json:"contractor"`
	Warranty   string          `json:"warranty"`
	Milestones []MilestoneJSON `json:"milestones"`
	Spending   []SpendingJSON  `json:"spending"`
}

// MilestoneJSON is one step.
type MilestoneJSON struct {
	N      int        `json:"n"`
	Title  string     `json:"title"`
	DoneAt *time.Time `json:"done_at"`
	Note   string     `json:"note"`
}

// SpendingJSON is one payment.
type SpendingJSON struct {
	ID     string    `json:"id"`
	Amount int64     `json:"amount"`
	What   string    `json:"what"`
	Signed bool      `json:"signed" doc:"countersigned by a second person"`
	At     time.Time `json:"at"`
}

// AcceptanceJSON is the acceptance by drawn residents and the supervision committee.
type AcceptanceJSON struct {
	Seed      string     `json:"seed"`
	Drawn     []WordJSON `json:"drawn"`
	Oversight *WordJSON  `json:"oversight"`
	At        *time.Time `json:"at"`
}

// WordJSON is the word of one who accepts.
type WordJSON struct {
	By      string `json:"by"`
	Verdict string `json:"verdict" doc:"yes, no, or empty for none yet"`
	Note    string `json:"note"`
	Mine    bool   `json:"mine"`
}

// RatingsJSON counts the ratings after three months.
type RatingsJSON struct {
	Yes    int    `json:"yes"`
	Fairly int    `json:"fairly"`
	No     int    `json:"no"`
	Mine   string `json:"mine"`
}

func (s *Service) show(ctx context.Context, q db.Queryer, p *Project, v matter.View) (any, error) {
	return s.json(ctx, q, p, v)
}

func (s *Service) json(ctx context.Context, q db.Queryer, p *Project, v matter.View) (JSON, error) {
	j := JSON{
		ID: p.ID, Number: p.Number(), Title: p.Title, Body: p.Body, Place: p.Place, PlaceName: s.Places.Name(p.Place), Cost: p.Cost,
		Ownership: p.Ownership, Fund: p.Fund, Upkeep: p.Upkeep, Consent: p.Consent, Serves: p.Serves, Wish: p.Wish, Request: p.Request,
		State: string(p.State), Version: p.Version, DueAt: matter.TimeOrNull(p.DueAt), CreatedAt: matter.Time(p.CreatedAt),
		Mine: p.owner(v.Actor), Reason: p.VerdictText, ReferTo: p.ReferTo, MergedInto: p.MergedInto, Poll: p.Poll,
		BuildBy: matter.TimeOrNull(p.Due), URL: "/projects/" + p.ID,
	}
	if p.Roll > 0 {
		j.Support = &Support{p.Votes, p.Voters, p.Roll, p.Chosen, p.Line, p.Enough()}
	}
	var err error
	if j.Author, err = s.Members.PublicName(ctx, q, p.Author); err != nil || v.Brief {
		return j, err
	}
	r := &reading{s: s, ctx: ctx, q: q, v: v}
	j.Council = &CouncilJSON{For: r.voices(p, For), Worry: r.voices(p, Worry), Suggest: r.voices(p, Suggest), Heard: p.Heard, Doing: p.Doing}
	j.Objections = r.voices(p, Object)
	if p.State == Panel || len(p.of(Opinion)) > 0 || p.ConvenedAt > 0 {
		j.Panel = r.panel(p)
	}
	if p.Budget > 0 {
		j.Plan = planOf(p)
	}
	if len(p.of(Juror)) > 0 {
		j.Acceptance = r.acceptance(p)
	}
	if p.Asked {
		j.Ratings = ratings(p, v.Actor.ID)
	}
	if r.err != nil {
		return j, r.err
	}
	if j.Photos, err = s.Files.Of(ctx, q, p.ID); err != nil {
		return j, err
	}
	j.Actions = s.Kind.Actions(p, v)
	return j, nil
}

// reading gathers what needs names, and the first error of it.
type reading struct {
	s   *Service
	ctx context.Context
	q   db.Queryer
	v   matter.View
	err error
}

func (r *reading) name(account string) string {
	n, err := r.s.Members.PublicName(r.ctx, r.q, account)
	if err != nil && r.err == nil {
		r.err = err
	}
	return n
}

func (r *reading) voices(p *Project, kind string) []VoiceJSON {
	out := []VoiceJSON{}
	for _, v := range p.of(kind) {
		out = append(out, VoiceJSON{v.ID, r.name(v.Account), v.Body, v.Answer, v.Reason, matter.Time(v.At), v.Account == r.v.Actor.ID})
	}
	return out
}

func (r *reading) panel(p *Project) *PanelJSON {
	j := &PanelJSON{ConvenedAt: matter.TimeOrNull(p.ConvenedAt), Called: []string{}, Opinions: []OpinionJSON{}, Alone: p.Alone}
	for _, a := range p.convened() {
		j.Called = append(j.Called, r.name(a))
	}
	for _, v := range p.of(Opinion) {
		j.Opinions = append(j.Opinions, OpinionJSON{r.name(v.Account), v.Post, v.Verdict, v.Body, v.Interest})
	}
	if p.State != Panel {
		j.Verdict, j.Reason = p.Verdict, p.VerdictText
	}
	return j
}

func planOf(p *Project) *PlanJSON {
	j := &PlanJSON{Budget: p.Budget, Contractor: p.Contractor, Warranty: p.Warranty, Milestones: []MilestoneJSON{}, Spending: []SpendingJSON{}}
	j.Spent, j.Pending = p.Spent()
	for _, m := range p.Milestones {
		j.Milestones = append(j.Milestones, MilestoneJSON{m.N, m.Title, matter.TimeOrNull(m.DoneAt), m.Note})
	}
	for _, s := range p.Spending {
		j.Spending = append(j.Spending, SpendingJSON{s.ID, s.Amount, s.What, s.Signed != "", matter.Time(s.At)})
	}
	return j
}

func (r *reading) acceptance(p *Project) *AcceptanceJSON {
	j := &AcceptanceJSON{Seed: p.Seed, Drawn: []WordJSON{}, At: matter.TimeOrNull(p.AcceptedAt)}
	for _, v := range p.of(Juror) {
		j.Drawn = append(j.Drawn, WordJSON{r.name(v.Account), v.Verdict, v.Body, v.Account == r.v.Actor.ID})
	}
	if p.Oversight != "" {
		j.Oversight = &WordJSON{By: r.s.Groups.Name(p.Oversight), Mine: r.v.Actor.Belongs(p.Oversight)}
		for _, v := range p.of(Overseer) {
			j.Oversight.Verdict, j.Oversight.Note = v.Verdict, v.Body
		}
	}
	return j
}

func ratings(p *Project, account string) *RatingsJSON {
	j := &RatingsJSON{}
	for _, v := range p.of(RatingFor) {
		switch v.Verdict {
		case "yes":
			j.Yes++
		case "fairly":
			j.Fairly++
		case "no":
			j.No++
		}
		if v.Account == account {
			j.Mine = v.Verdict
		}
	}
	return j
}
