package ballot

import (
	"context"
	"time"

	"linli/internal/platform/db"
	"linli/internal/platform/matter"
)

// JSON is a poll as the API and the pages know it, for one viewer.
type JSON struct {
	ID         string          `json:"id"`
	Question   string          `json:"question"`
	Rule       string          `json:"rule"`
	Nature     string          `json:"nature"`
	Unit       string          `json:"unit"`
	Basis      string          `json:"basis"`
	Place      string          `json:"place"`
	PlaceName  string          `json:"place_name"`
	Options    []Option        `json:"options"`
	Opens      time.Time       `json:"opens"`
	Closes     time.Time       `json:"closes"`
	Budget     *Money          `json:"budget"`
	MaxChoices *int            `json:"max_choices"`
	Roll       Roll            `json:"roll"`
	State      string          `json:"state"`
	Version    int64           `json:"version"`
	DueAt      *time.Time      `json:"due_at"`
	CreatedAt  time.Time       `json:"created_at"`
	Early      bool            `json:"closed_early"`
	Turnout    *Turnout        `json:"turnout,omitempty"`
	Voted      bool            `json:"voted" doc:"the caller's ballot is in the box"`
	URL        string          `json:"url"`
	Actions    []matter.Action `json:"actions,omitzero"`
}

// Location is the address of a created poll.
func (j JSON) Location() string { return "/api/v1/polls/" + j.ID }

// Money is an amount in 分.
type Money struct {
	Amount int64 `json:"amount"`
}

// Roll says who may vote; size and hash stand from the opening on.
type Roll struct {
	Place string `json:"place"`
	Level string `json:"level"`
	Size  int64  `json:"size"`
	Hash  string `json:"hash"`

	Corrections int64 `json:"corrections" doc:"made since the opening, each by two persons"`
}

// Turnout is how many of the roll have voted.
type Turnout struct {
	Roll   int64 `json:"roll"`
	Voters int64 `json:"voters"`
}

// EligibilityJSON answers 我能投吗.
type EligibilityJSON struct {
	Eligible bool   `json:"eligible"`
	Reason   string `json:"reason"`
	Remedy   string `json:"remedy"`
}

// ReceiptJSON is the reply to a ballot.
type ReceiptJSON struct {
	Receipt string `json:"receipt"`
}

func (s *Service) show(ctx context.Context, q db.Queryer, p *Poll, v matter.View) (any, error) {
	return s.json(ctx, q, p, v)
}

// json shows a poll; nothing in it depends on what anybody has chosen.
func (s *Service) json(ctx context.Context, q db.Queryer, p *Poll, v matter.View) (JSON, error) {
	j := JSON{
		ID: p.ID, Question: p.Question, Rule: string(p.Rule), Nature: p.Nature, Unit: p.Unit, Basis: p.Basis, Place: p.Place,
		PlaceName: s.Places.Name(p.Place), Options: p.Options, Opens: matter.Time(p.Opens), Closes: matter.Time(p.Closes),
		Roll:  Roll{p.RollPlace, p.RollLevel.String(), p.RollSize, p.RollHash, p.Corrected},
		State: string(p.State), Version: p.Version, DueAt: matter.TimeOrNull(p.DueAt), CreatedAt: matter.Time(p.CreatedAt),
		Early: p.Early, URL: "/polls/" + p.ID,
	}
	if p.State == Draft {
		j.DueAt = matter.TimeOrNull(p.Opens)
	}
	if p.Budget > 0 {
		j.Budget = &Money{p.Budget}
	}
	if p.MaxChoices > 0 {
		j.MaxChoices = &p.MaxChoices
	}
	if v.Actor.Known() && p.State != Draft {
		l, err := rollLine(ctx, q, p.ID, v.Actor.ID)
		if err != nil {
			return j, err
		}
		j.Voted = l != nil && l.Voted
	}
	if v.Brief {
		return j, nil
	}
	var err error
	if j.Turnout, err = s.TurnoutOf(ctx, q, p); err != nil {
		return j, err
	}
	j.Actions = s.Kind.Actions(p, v)
	return j, nil
}

// TurnoutOf tells how many have voted; nil before the opening.
func (s *Service) TurnoutOf(ctx context.Context, q db.Queryer, p *Poll) (*Turnout, error) {
	if p.State == Draft {
		return nil, nil
	}
	t := &Turnout{Roll: p.RollSize, Voters: p.Voters}
	var err error
	if t.Voters == 0 {
		t.Voters, err = turnout(ctx, q, p.ID)
	}
	return t, err
}
