package ask

import (
	"embed"

	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/feature/wish"
	"linli/internal/platform/db"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

//go:embed locale
var texts embed.FS

//go:embed ask.css
var assets embed.FS

// Service is the flow; it keeps nothing of its own.
type Service struct {
	DB      *db.DB
	Wishes  *wish.Service
	Members *member.Service
	Places  *place.Service
	Page    ui.Shell
}

// New returns the flow that ends in a wish; Page is wired by app.
func New(w *wish.Service) *Service {
	return &Service{DB: w.Journal.DB, Wishes: w, Members: w.Members, Places: w.Places}
}

// Part is what the flow hands to the house.
func (s *Service) Part() part.Part {
	return part.Part{Name: "ask", Texts: texts, Assets: assets, Routes: []web.Route{
		{Method: "GET", Path: "/wishes/new", Name: "page-ask", Summary: "Ask 提心愿", Query: query, Do: s.page},
		{Method: "POST", Path: "/wishes/new", Name: "page-ask-step", Summary: "The next question", SignedIn: true, Do: s.step},
		{Method: "POST", Path: "/wishes", Name: "page-ask-send", Summary: "File a wish", SignedIn: true, Do: s.send,
			After: func(out any) string { return out.(wish.JSON).URL + "/receipt" }},
		{Method: "POST", Path: "/api/v1/wishes/record", Name: "record-wish", Summary: "Record a wish met on the spot 当场办好",
			Body: wish.RecordFields, Out: wish.JSON{}, Status: 201, SignedIn: true, Do: func(c *web.Call) (any, error) { return s.Wishes.CreateOnSpot(c.Context(), c) }},
		{Method: "GET", Path: "/wishes/record", Name: "page-record", Summary: "Record a wish met on the spot 即办即记", SignedIn: true, Do: s.recordPage},
		{Method: "POST", Path: "/wishes/record", Name: "page-record-send", Summary: "Record a wish met on the spot", SignedIn: true, Do: s.recordSend,
			After: func(out any) string { return out.(wish.JSON).URL }},
		{Method: "GET", Path: "/wishes/{id}/receipt", Name: "page-wish-receipt", Summary: "Receipt 受理回执", Do: func(c *web.Call) (any, error) { return s.receipt(c, false) }},
		{Method: "GET", Path: "/wishes/{id}/slip", Name: "page-wish-slip", Summary: "Receipt to print in large type", Do: func(c *web.Call) (any, error) { return s.receipt(c, true) }},
	}}
}
