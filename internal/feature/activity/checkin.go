package activity

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"

	"linli/internal/core/door"
	"linli/internal/core/fault"
	"linli/internal/platform/web"
)

// QRCode is the code in the QR of a moment (UTC ms).
func (s *Service) QRCode(activity string, at int64) string { return door.QR(s.Secret, activity, at) }

// SpokenCode is the six digits to say aloud at a moment.
func (s *Service) SpokenCode(activity string, at int64) string {
	return door.Spoken(s.Secret, activity, at)
}

// checkCode tells which code it is; any but this activity's present ones is
// refused in plain words.
func (s *Service) checkCode(m *Activity, account, code string, at int64) (how string, err error) {
	if wait := s.tries.Left(account, at); wait > 0 {
		return "", &fault.Error{Kind: fault.Limited, Key: "activity.reason.too_many_tries", Retry: wait}
	}
	if how = door.Which(s.Secret, m.ID, code, at); how == "" {
		s.tries.Wrong(account, at)
		return "", fault.New(fault.Conflict, "activity.reason.code")
	}
	return how, nil
}

// One phone that checks in many people is worth a look (docs/adr/0008). The
// browser that checks in gets a random mark for a day, of which only a hash
// with the activity is kept.
const (
	deviceCookie = "door"
	deviceMost   = 2 // people of one household on one phone are nothing unusual
)

type deviceKey struct{}

// device marks the browser of a check-in and returns a context that knows the
// mark of this activity. A program that keeps no cookies has none.
func (s *Service) device(c *web.Call, activity string) context.Context {
	browser := ""
	if ck, err := c.R.Cookie(deviceCookie); err == nil && len(ck.Value) == 32 {
		browser = ck.Value
	} else if !strings.HasPrefix(c.R.URL.Path, "/api/") {
		b := make([]byte, 16)
		rand.Read(b) // never fails (crypto/rand)
		browser = hex.EncodeToString(b)
		http.SetCookie(c.W, &http.Cookie{
			Name: deviceCookie, Value: browser, Path: "/activities", MaxAge: 24 * 60 * 60, HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Secure: strings.HasPrefix(c.Base(), "https:"),
		})
	}
	if browser == "" {
		return c.Context()
	}
	return context.WithValue(c.Context(), deviceKey{}, door.Mark(s.Secret, activity, browser))
}

// OneDevice is an activity at which one browser checked in more people than
// share a phone; At is when it did last, in UTC ms.
type OneDevice struct {
	Activity string `db:"activity"`
	Title    string `db:"title"`
	People   int64  `db:"n"`
	At       int64  `db:"at"`
}
