// Package channel is how the channel of a district, street or community shows
// itself (频道的样子): its name, colour and picture, kept with the place. What
// is published there is the post feature's.
package channel

import (
	"context"
	"embed"
	"encoding/json"
	"errors"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/file"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

//go:embed locale
var texts embed.FS

// Service reads and keeps looks.
type Service struct {
	Page ui.Shell // wired by app

	journal *journal.Journal
	places  *place.Service
	files   *file.Service
}

// New returns the service.
func New(j *journal.Journal, places *place.Service, files *file.Service) *Service {
	return &Service{journal: j, places: places, files: files}
}

// Part is what channels hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{Name: "channel", Texts: texts, Routes: []web.Route{
		{Method: "GET", Path: "/channels/{place}/look", Name: "page-look", Summary: "The look of a channel", SignedIn: true, Do: func(c *web.Call) (any, error) { return s.lookPage(c, nil) }},
		{Method: "POST", Path: "/channels/{place}/look", Name: "page-look-send", Summary: "The look of a channel", SignedIn: true, Do: s.lookSend},
	}}
}

func colourOf(code string) string {
	switch {
	case len(code) >= access.Community:
		return "green"
	case len(code) >= access.Street:
		return "blue"
	}
	return "red"
}

// Look is how the channel of a place shows itself.
type Look struct {
	Name    string `json:"name"`
	Colour  string `json:"colour"`  // one of Colours
	Picture string `json:"picture"` // a file's address here, "" for none
}

// Colours of channels; each is a class "channel-COLOUR" of the post feature's style sheet, with proven contrast.
var Colours = []string{"red", "blue", "green", "amber", "violet"}

// Look reads the look of a place's channel. A place that says nothing has its
// own name and the colour of its level.
func (s *Service) Look(code string) Look {
	l := Look{Name: s.places.Name(code), Colour: colourOf(code)}
	p, err := s.places.Get(code)
	if err != nil {
		return l
	}
	var own Look
	if json.Unmarshal([]byte(p.Look), &own) != nil {
		return l
	}
	if own.Name != "" {
		l.Name = own.Name
	}
	for _, c := range Colours {
		if own.Colour == c {
			l.Colour = c
		}
	}
	l.Picture = own.Picture
	return l
}

// lookFields are what staff may choose for the channel of their place.
var lookFields = []flow.Field{
	{Name: "name", Kind: flow.Text, Max: 40},
	{Name: "colour", Kind: flow.Enum, Values: Colours},
	{Name: "picture", Kind: flow.Files, Max: 1},
}

// MaySee lets anybody see the picture of a channel: the service is the viewer
// of files of the kind "channel".
func (s *Service) MaySee(_ context.Context, _ actor.Actor, code string) (bool, error) {
	return s.places.Known(code), nil
}

// lookPage is the form for the look of a channel.
func (s *Service) lookPage(c *web.Call, sent *ui.Sent) (any, error) {
	code := c.Path("place")
	if !s.places.Known(code) || len(code) > access.Community || !c.Actor.StaffReaching(code) {
		return nil, fault.Absent()
	}
	p := s.Page(c, c.T("channel.look"), ui.Home)
	p.Path, p.Back = "/channels/"+code+"/look", ui.Link{Label: s.Look(code).Name, URL: "/posts?place=" + code}
	now := s.Look(code)
	sheet := ui.Sheet{Kind: "channel", Action: p.Path, Button: p.T("channel.keep"), Fields: lookFields, Sent: sent, Files: true,
		Dress: map[string]ui.Field{"name": {Value: now.Name}, "colour": {Value: now.Colour}}}
	summary, form := sheet.Draw(p)
	return ui.Bench(p, summary, ui.Heading(p.Title, p.T("channel.look_lead")), form), nil
}

// lookSend keeps the look of a channel. What is left empty stays as it is.
func (s *Service) lookSend(c *web.Call) (any, error) {
	out, err := s.keepLook(c)
	if err == nil || errors.As(err, new(*journal.Replayed)) {
		return out, err
	}
	if form, ferr := s.lookPage(c, ui.Back(c, "", err)); ferr == nil {
		return form, err
	}
	return nil, err
}

func (s *Service) keepLook(c *web.Call) (any, error) {
	ctx, code := c.Context(), c.Path("place")
	pl, err := s.places.Get(code)
	if err != nil || len(code) > access.Community || !c.Actor.StaffReaching(code) {
		return nil, fault.Absent()
	}
	in, err := c.Body(lookFields)
	if err != nil {
		return nil, err
	}
	var own Look
	_ = json.Unmarshal([]byte(pl.Look), &own) // a look that cannot be read is written anew
	if v := in.Text("name"); v != "" {
		own.Name = v
	}
	if v := in.Text("colour"); v != "" {
		own.Colour = v
	}
	to := web.Redirect("/posts?place=" + code)
	if ids := in.List("picture"); len(ids) > 0 {
		own.Picture = "/files/" + ids[0]
	}
	b, err := json.Marshal(own)
	if err != nil {
		return nil, err
	}
	pl.Look = string(b)
	err = s.journal.Write(ctx, func(tx *db.Tx) (any, error) {
		ids := in.List("picture")
		if len(ids) == 0 {
			return to, nil
		}
		if err := s.files.Drop(ctx, tx, code); err != nil { // the picture before
			return nil, err
		}
		return to, s.files.AttachPhotos(ctx, tx, c.Actor, ids, "channel", code)
	})
	if err != nil {
		return nil, err
	}
	return to, s.places.Put(ctx, c.Actor.ID, pl)
}
