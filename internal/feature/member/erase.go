package member

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
	"linli/internal/platform/web"
	"linli/internal/ui"
	when "linli/internal/ui/text"
)

var eraseFields = []flow.Field{{Name: "sure", Kind: flow.Bool}}

func (s *Service) dataPage(c *web.Call, sent *ui.Sent) (templ.Component, error) {
	p := s.page(c, "member.data")
	summary, form := ui.Sheet{Kind: "member", Action: "/me/erase", Button: c.T("member.button.erase"), Fields: eraseFields, Sent: sent, Danger: true}.Draw(p)
	return ui.Whole(p, summary, head(p, c.T("member.data_lead")),
		ui.With(ui.Block(c.T("member.export"), ui.Link{}), ui.Paragraph(c.T("member.export_text")),
			ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("member.export_get"), URL: "/me/data.zip"}, false))),
		ui.With(ui.Block(c.T("member.erase"), ui.Link{}), ui.With(ui.Notice(ui.Warn, c.T("member.erase_what")), ui.Paragraph(c.T("member.erase_text")), ui.Paragraph(c.T("member.erase_stays"))), form),
		ui.With(ui.Buttons(), ui.ButtonLink(p, ui.Link{Label: c.T("member.retention"), URL: "/retention"}, true))), nil
}

// accountJSON is what the platform holds of a person, as that person gets it.
// Secrets (password, second factor) are told as being there.
type accountJSON struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	PublicName string    `json:"public_name"`
	RealName   string    `json:"real_name"`
	Phone      string    `json:"phone"`
	Email      string    `json:"email"`
	Level      string    `json:"level"`
	Home       string    `json:"home"`
	Dwelling   string    `json:"dwelling"`
	Born       string    `json:"born"`
	Password   bool      `json:"has_password"`
	TOTP       bool      `json:"has_second_factor"`
	CreatedAt  time.Time `json:"created_at"`
}

// Export is everything held of a person, by the name of a JSON file.
func (s *Service) Export(ctx context.Context, account string) (map[string]any, error) {
	q := s.journal.DB
	a, err := byID(ctx, q, account)
	if err != nil {
		return nil, err
	}
	born := ""
	if a.Born != 0 {
		born = time.UnixMilli(a.Born).In(when.Zone).Format(time.DateOnly)
	}
	out := map[string]any{"account": accountJSON{
		a.ID, a.Name, a.PublicName, a.RealName, a.Phone, a.Email, a.Level.String(), a.Home, a.Dwelling, born, a.Password != "", a.TOTP != "", time.UnixMilli(a.CreatedAt).UTC(),
	}}
	read := func(name string, v any, err error) error { out[name] = v; return err }
	roles, err := grantsOf(ctx, q, account)
	if err := read("roles", roles, err); err != nil {
		return nil, err
	}
	looks, err := looksAt(ctx, q, account, 0, 100_000)
	if err := read("looks", looks, err); err != nil {
		return nil, err
	}
	consents, err := consentsOf(ctx, q, account)
	if err := read("consents", consents, err); err != nil {
		return nil, err
	}
	wards, err := wardsOf(ctx, q, account, 0)
	if err := read("wards", wards, err); err != nil {
		return nil, err
	}
	acts, err := actsOf(ctx, q, account)
	if err := read("acts", acts, err); err != nil {
		return nil, err
	}
	for name, f := range s.Exports {
		v, err := f(ctx, q, account)
		if err := read(name, v, err); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) exportMe(c *web.Call) (any, error) {
	files, err := s.Export(c.Context(), c.Actor.ID)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name + ".json")
		if err != nil {
			return nil, err
		}
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(files[name]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return web.Raw{Type: "application/zip", Body: b.Bytes(), NoStore: true, Header: map[string]string{
		"Content-Disposition": `attachment; filename="linli-my-data.zip"`, "Cache-Control": "private, no-store",
	}}, nil
}

func (s *Service) eraseMe(c *web.Call) (any, error) {
	in, err := c.Body(eraseFields)
	if err == nil && !in.Bool("sure") {
		err = fault.Field1("sure", "member.erase_sure")
	}
	if err == nil {
		err = s.Erase(c.Context(), c.Actor)
	}
	if err != nil {
		return s.again(c, nil, err, func(sent *ui.Sent) (templ.Component, error) { return s.dataPage(c, sent) })
	}
	if err := s.session.End(c.Context()); err != nil {
		return nil, err
	}
	return web.Redirect("/?erased=1"), nil
}

// Erase takes a person out: what the person wrote on events, the account's
// own fields, ways to sign in, consents and family. Matters and events stay,
// without a name. Who holds an office hands it over first.
func (s *Service) Erase(ctx context.Context, a actor.Actor) error {
	seqs, err := wordsBy(ctx, s.journal.DB, a.ID)
	if err != nil {
		return err
	}
	// Words first, in slices: should the power fail in between, the account is
	// still there to ask again.
	for part := range slices.Chunk(seqs, 500) {
		err := s.journal.DB.Write(ctx, func(tx *db.Tx) error {
			if err := s.mayErase(ctx, tx, a); err != nil {
				return err
			}
			now, err := tx.Now(ctx)
			if err != nil {
				return err
			}
			return eraseWords(ctx, tx, part, now)
		})
		if err != nil {
			return err
		}
	}
	return s.journal.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.mayErase(ctx, tx, a); err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		for _, f := range s.Erasers {
			if err := f(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		if err := s.session.EndAll(ctx, tx, a.ID); err != nil {
			return err
		}
		if err := eraseAccount(ctx, tx, a.ID, now); err != nil {
			return err
		}
		return s.touch(ctx, tx, now, a.ID, a.ID, "erase")
	})
}

func (s *Service) mayErase(ctx context.Context, tx *db.Tx, a actor.Actor) error {
	a, err := s.Fresh(ctx, tx, a)
	if err != nil {
		return err
	}
	for _, r := range a.Roles {
		if powerful(r.Name) || r.Name == actor.Agent || r.Name == actor.GridWorker {
			return fault.New(fault.Conflict, "member.hand_over_first")
		}
	}
	return nil
}
