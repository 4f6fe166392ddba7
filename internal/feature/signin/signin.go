// Package signin is how people come in (登录): by a phone and a one-time code,
// by account name and password, by another house (OpenID Connect, WeChat) or
// by a passkey; staff with a second factor. It keeps the ways in — passkeys
// and ties to other houses — and the pages on which a person changes them.
// Who somebody is and what they may do is the member feature's.
package signin

import (
	"context"
	"embed"
	"time"

	"linli/internal/core/flow"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/internal/platform/session"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

//go:embed passkey.js signin.css
var assets embed.FS

// Settings are the rules of signing in, with their defaults.
var Settings = []part.Setting{
	{Key: "signin.second_factor", Default: "true", Kind: "bool"}, // staff, auditors and administrators need one
}

// Places tells a place's settings.
type Places interface {
	Bool(place, key string) bool
	Define(defs ...part.Setting)
}

// Sessions keeps people signed in; platform/session implements it.
type Sessions interface {
	Account(ctx context.Context) (account string, begun int64)
	Begin(ctx context.Context, account string, now int64) error
	End(ctx context.Context) error
	Renew(ctx context.Context) error
	Put(ctx context.Context, key, value string)
	Get(ctx context.Context, key string) string
	Take(ctx context.Context, key string) string
	List(ctx context.Context, q db.Queryer, account string) ([]session.Info, error)
	EndOthers(ctx context.Context, tx *db.Tx, account string) error
	EndOne(ctx context.Context, tx *db.Tx, account, id string) error
}

// Service signs people in and out.
type Service struct {
	Page   ui.Shell
	Secret []byte // of the installation; seals second factors, keys pseudonyms
	// Allow takes a token of a named limit and says how long to wait when there is none.
	Allow func(key string, every time.Duration, burst int) time.Duration
	Codes CodeSender // sends one-time codes; nil writes them to the log
	// Demo reports whether this is a demo, where a code is shown on the page.
	Demo      func() bool
	Providers []Provider // other houses one may sign in with
	Base      string     // configured address of the site; passkeys belong to its host
	// Tied is told, in the transaction, that an account signs in as a subject of
	// a provider, and with subject "" that it does so no more. It may be nil.
	Tied func(ctx context.Context, tx *db.Tx, provider, subject, account string, now int64) error

	journal *journal.Journal
	members *member.Service
	places  Places
	session Sessions
}

// New returns the service; app wires the exported fields.
func New(j *journal.Journal, members *member.Service, places Places, sessions Sessions) *Service {
	places.Define(Settings...)
	members.Erasers = append(members.Erasers, erase)
	return &Service{
		journal: j, members: members, places: places, session: sessions, Demo: func() bool { return false },
		Allow: func(string, time.Duration, int) time.Duration { return 0 },
	}
}

// Part is what signing in hands to the house; its words stand with the member feature's.
func (s *Service) Part() part.Part {
	routes := append(s.signInRoutes(), s.passkeyRoutes()...)
	routes = append(append(routes, s.securityRoutes()...), s.recoveryRoutes()...)
	return part.Part{
		Name: "signin", Assets: assets, Routes: append(routes, s.tokenRoutes()...),
		Works: []part.Work{{Name: "old codes", Every: time.Hour, Do: s.Purge, Removes: []part.Removal{{What: "member.kept.codes", After: "5m"}}}},
	}
}

func (s *Service) tied(ctx context.Context, tx *db.Tx, provider, subject, account string, now int64) error {
	if s.Tied == nil {
		return nil
	}
	return s.Tied(ctx, tx, provider, subject, account, now)
}

// nextField carries where to go after a form; names with _ are no fields of a form.
const nextField = "_next"

// page is the frame of a page about signing in.
func (s *Service) page(c *web.Call, key string) ui.Page {
	p := s.Page(c, c.T(key), ui.Mine)
	p.NoIndex = true
	if done := c.R.URL.Query().Get("done"); done != "" && p.Has("member.done."+done) {
		p.Flash = c.T("member.done." + done)
	}
	if c.Actor.Known() {
		p.Back = ui.Link{Label: c.T("member.back_me"), URL: "/me"}
	}
	return p
}

// text declares a field of one line.
func text(name string, most int64, required bool) flow.Field {
	return flow.Field{Name: name, Kind: flow.Text, Max: most, Required: required}
}

func orNone(c *web.Call, s string) string {
	if s == "" {
		return c.T("member.none")
	}
	return s
}
