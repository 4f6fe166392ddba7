package activity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"linli/internal/platform/db"
	"linli/internal/platform/web"
)

// One phone that checks in many people is worth a look (docs/adr/0008). The
// browser that checks in gets a random mark for a day; of it only a keyed hash
// together with the activity is kept, so that two activities cannot be laid
// side by side, nor anything be learnt of the device.
const (
	deviceCookie = "door"
	deviceMost   = 2 // people of one household on one phone are nothing unusual
)

type deviceKey struct{}

// device marks the browser of a check-in and returns a context that knows the
// mark of this activity. A program that keeps no cookies has none.
func (s *Service) device(c *web.Call, activity string) context.Context {
	mark := ""
	if ck, err := c.R.Cookie(deviceCookie); err == nil && len(ck.Value) == 32 {
		mark = ck.Value
	} else if !strings.HasPrefix(c.R.URL.Path, "/api/") {
		b := make([]byte, 16)
		rand.Read(b) // never fails (crypto/rand)
		mark = hex.EncodeToString(b)
		http.SetCookie(c.W, &http.Cookie{
			Name: deviceCookie, Value: mark, Path: "/activities", MaxAge: 24 * 60 * 60, HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Secure: strings.HasPrefix(c.Base(), "https:"),
		})
	}
	if mark == "" {
		return c.Context()
	}
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte("linli activity device\x00" + activity + "\x00" + mark))
	return context.WithValue(c.Context(), deviceKey{}, hex.EncodeToString(h.Sum(nil)[:16]))
}

func deviceFrom(ctx context.Context) string {
	d, _ := ctx.Value(deviceKey{}).(string)
	return d
}

// OneDevice is an activity at which one browser checked in more people than
// share a phone; At is when it did last, in UTC ms.
type OneDevice struct {
	Activity string `db:"activity"`
	Title    string `db:"title"`
	People   int64  `db:"n"`
	At       int64  `db:"at"`
}

// SameDevice lists them below a place since a moment, the latest first.
func (s *Service) SameDevice(ctx context.Context, q db.Queryer, place string, since int64) ([]OneDevice, error) {
	return sameDevice(ctx, q, place, since)
}
