package app

import (
	"context"
	"errors"
	"unicode/utf8"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
)

// PasswordLeast is the least length of a staff password, in characters.
const PasswordLeast = 12

// Setup makes the district and the first administrator of a real
// installation; there is no default account and no default password. It
// refuses where there are accounts already. Places may have been imported
// before, and a setup that broke off is begun again.
func (h *House) Setup(ctx context.Context, district, name, admin, password string) error {
	if place.LevelOf(district) != place.District {
		return errors.New("--district: want the 6 digits of a district (GB/T 2260)")
	}
	if utf8.RuneCountInString(password) < PasswordLeast {
		return errors.New("password: want at least 12 characters")
	}
	if people, _, err := h.Member.Count(ctx); err != nil {
		return err
	} else if people > 0 {
		return errors.New("this place is set up already: it has accounts")
	}
	hash, err := member.HashPassword(password)
	if err != nil {
		return err
	}
	if !h.Place.Known(district) {
		p := place.Place{Code: district, Parent: place.ParentOf(district), Level: place.District, Name: name}
		if err := h.Place.Put(ctx, "", p); err != nil {
			return err
		}
	}
	if err := h.Place.Set(ctx, "", "", "site.place", access.Up(district, access.District)); err != nil {
		return err
	}
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		a := member.Account{Name: admin, PublicName: admin, Level: actor.V2, Password: hash, HasChannel: true}
		return h.Member.Create(ctx, tx, "", &a, member.Grant{Role: actor.Admin, Place: district})
	})
}
