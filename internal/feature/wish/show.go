package wish

import (
	"context"
	"slices"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/gate"
	"linli/internal/feature/file"
	"linli/internal/platform/db"
	"linli/internal/platform/matter"
)

// JSON is a wish as the API and the pages know it, for one viewer.
type JSON struct {
	ID           string          `json:"id"`
	Number       string          `json:"number"`
	Title        string          `json:"title"`
	Body         string          `json:"body"`
	Category     string          `json:"category"`
	Place        string          `json:"place"`
	PlaceName    string          `json:"place_name"`
	LocationNote string          `json:"location_note"`
	PriceNote    string          `json:"price_note"`
	Visibility   string          `json:"visibility"`
	State        string          `json:"state"`
	Version      int64           `json:"version"`
	DueAt        *time.Time      `json:"due_at"`
	CreatedAt    time.Time       `json:"created_at"`
	WantedBy     *time.Time      `json:"wanted_by"`
	Quantity     *Quantity       `json:"quantity"`
	Tier         int             `json:"tier"`
	Author       string          `json:"author" doc:"public name"`
	OnBehalf     bool            `json:"on_behalf"`
	OnSpot       bool            `json:"on_spot"`
	SameHand     bool            `json:"same_hand"`
	Mine         bool            `json:"mine"`
	Lead         *Lead           `json:"lead,omitempty"` // a list does not tell
	Outcome      string          `json:"outcome"`
	Satisfied    string          `json:"satisfied"`
	Channel      string          `json:"channel"`
	Origin       string          `json:"origin"`
	Became       string          `json:"became"`
	URL          string          `json:"url"`
	Photos       []file.Meta     `json:"photos,omitempty"`
	Contact      *Contact        `json:"contact,omitempty"`
	Claims       []ClaimJSON     `json:"claims,omitzero"`
	Actions      []matter.Action `json:"actions,omitzero"`
	Warnings     []Warning       `json:"warnings,omitzero"`
}

// Location is the address of a created wish.
func (j JSON) Location() string { return "/api/v1/wishes/" + j.ID }

// Quantity is how much is wished for and how far it is.
type Quantity struct {
	Total     int64  `json:"total"`
	Unit      string `json:"unit"`
	Claimed   int64  `json:"claimed"`
	Delivered int64  `json:"delivered"`
}

// Lead is who leads 牵头.
type Lead struct {
	Name string `json:"name"`
}

// Contact is how to reach the person helped: whole for who claimed, masked for staff.
type Contact struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// ClaimJSON is one claim.
type ClaimJSON struct {
	ID        string     `json:"id"`
	Amount    int64      `json:"amount"`
	Delivered int64      `json:"delivered"`
	State     string     `json:"state"`
	As        string     `json:"as" doc:"name of the group or the person's public name"`
	Lead      bool       `json:"lead"`
	Until     *time.Time `json:"until"`
	Mine      bool       `json:"mine"`
}

// json shows a wish to one viewer: each field to its own audience.
func (s *Service) json(ctx context.Context, q db.Queryer, w *Wish, v matter.View) (JSON, error) {
	j := JSON{
		ID: w.ID, Number: w.Number(), Title: w.Title, Body: w.Body, Category: w.Category, Place: w.Place, PlaceName: s.Places.Name(w.Place),
		PriceNote: w.PriceNote, Visibility: w.Visibility, State: string(w.State), Version: w.Version, DueAt: matter.TimeOrNull(w.DueAt),
		CreatedAt: matter.Time(w.CreatedAt), WantedBy: matter.TimeOrNull(w.WantedBy), Tier: w.Tier, OnBehalf: w.OnBehalf(), OnSpot: w.OnSpot,
		SameHand: w.SameHand, Mine: w.owner(v.Actor), Outcome: w.Outcome, Satisfied: w.Satisfied, Channel: w.Channel,
		Origin: w.Origin, Became: w.Became, URL: "/wishes/" + w.ID,
	}
	if w.Total > 0 {
		j.Quantity = &Quantity{w.Total, w.Unit, w.Taken, w.Done}
	}
	var err error
	if j.Author, err = s.Members.PublicName(ctx, q, w.Author); err != nil {
		return j, err
	}
	near := w.owner(v.Actor) || w.claimedBy(v.Actor) || w.staff(v.Actor)
	if near {
		j.LocationNote = w.LocationNote
	}
	if v.Brief {
		return j, nil
	}
	if near {
		if j.Contact, err = s.contact(ctx, q, w, v.Actor, v.Now); err != nil {
			return j, err
		}
	}
	if !w.bare {
		if j.Photos, err = s.Files.Of(ctx, q, w.ID); err != nil {
			return j, err
		}
	}
	j.Claims = []ClaimJSON{}
	for _, c := range w.Claims {
		name, err := s.claimer(ctx, q, c)
		if err != nil {
			return j, err
		}
		if c.Lead && c.live() {
			j.Lead = &Lead{name}
		}
		if near || c.by(v.Actor) {
			j.Claims = append(j.Claims, ClaimJSON{c.ID, c.Amount, c.Delivered, c.State, name, c.Lead, matter.TimeOrNull(c.Until), c.mine(v.Actor)})
		}
	}
	j.Actions = slices.DeleteFunc(s.Kind.Actions(w, v), func(a matter.Action) bool {
		return a.Do == "convert" && len(s.Converters) == 0 // nothing to turn it into yet
	})
	return j, nil
}

func (s *Service) claimer(ctx context.Context, q db.Queryer, c *Claim) (string, error) {
	if c.Group != "" {
		return s.Groups.Name(c.Group), nil
	}
	return s.Members.PublicName(ctx, q, c.Account)
}

// contact is shown to who claimed; staff see it masked, and every look of
// somebody else than the owner is written down for the person to read.
func (s *Service) contact(ctx context.Context, q db.Queryer, w *Wish, a actor.Actor, now int64) (*Contact, error) {
	c := &Contact{w.HelpedName, w.HelpedPhone}
	subject := w.Helped
	if subject == "" && !w.OnBehalf() {
		subject = w.Author
	}
	if subject == a.ID { // nobody needs to be told her own number
		return nil, nil
	}
	if subject != "" {
		acc, err := s.Members.Find(ctx, q, subject)
		if err != nil {
			return nil, err
		}
		c.Name, c.Phone = acc.PublicName, acc.Phone
	}
	if w.owner(a) {
		return c, nil
	}
	holds := slices.ContainsFunc(w.Claims, func(k *Claim) bool { return k.State == Held && k.mine(a) })
	if !holds {
		if c.Phone == "" {
			return c, nil
		}
		c.Phone = gate.Mask(c.Phone)
	}
	if subject != "" && c.Phone != "" {
		s.Members.Looked(a.ID, subject, "phone", "wish:"+w.ID, now)
	}
	return c, nil
}
