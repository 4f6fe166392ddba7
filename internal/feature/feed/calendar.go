package feed

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/google/uuid"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/feature/activity"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

//go:embed locale
var texts embed.FS

// Activities gives what a calendar shows; the activity feature implements it.
type Activities interface {
	// OfAccount lists what an account signed up for that ends after since.
	OfAccount(ctx context.Context, q db.Queryer, account string, since int64) ([]*activity.Activity, error)
	// From lists what anybody may see of a place, "" for all, that starts from a moment on, the soonest first.
	From(ctx context.Context, q db.Queryer, place string, from, now int64, most int) ([]*activity.Activity, error)
	// Read is the activity of the path, as the caller may see it.
	Read(c *web.Call) (*activity.Activity, error)
}

// Calendar gives activities as iCalendar: of a place, of one, and of a person
// by a secret address.
type Calendar struct {
	Page   ui.Shell
	Secret []byte // of the installation; keys the addresses

	journal    *journal.Journal
	members    *member.Service
	places     *place.Service
	activities Activities
}

// NewCalendar returns the service; Page and Secret are wired by app.
func NewCalendar(j *journal.Journal, members *member.Service, places *place.Service, activities Activities) *Calendar {
	return &Calendar{journal: j, members: members, places: places, activities: activities}
}

// Part is what calendars hand to the house.
func (s *Calendar) Part() part.Part {
	public := []string{"activity", "place"}
	return part.Part{Name: "calendar", Texts: texts, Routes: []web.Route{
		{Method: "GET", Path: "/activities.ics", Name: "calendar-place", Summary: "Calendar of a place", Public: public,
			Query: []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}}, Do: s.at},
		{Method: "GET", Path: "/activities/{id}/calendar.ics", Name: "calendar-activity", Summary: "Calendar of one activity", Public: public, Do: s.one},
		{Method: "GET", Path: "/calendar/{token}", Name: "calendar-person", Summary: "Calendar of a person, by a secret address", Do: s.mine},
		{Method: "GET", Path: "/me/calendar", Name: "page-calendar", SignedIn: true, Do: s.page},
		{Method: "POST", Path: "/me/calendar", Name: "page-calendar-renew", SignedIn: true, Do: s.renew},
	}}
}

const icsType = "text/calendar; charset=utf-8"

func (s *Calendar) at(c *web.Call) (any, error) {
	in, err := c.Query()
	if err != nil {
		return nil, err
	}
	b, err := s.CalendarAt(c.Context(), s.journal.DB, place.Trim(in.Text("place")), c.Base(), c.Now())
	return web.Raw{Type: icsType, Body: b, Header: map[string]string{"Cache-Control": "public, max-age=300"}}, err
}

func (s *Calendar) one(c *web.Call) (any, error) {
	m, err := s.activities.Read(c)
	if err != nil {
		return nil, err
	}
	b := s.calendar(m.Title, c.Base(), []*activity.Activity{m}, c.Now())
	return web.Raw{Type: icsType, Body: b, Header: map[string]string{"Content-Disposition": `attachment; filename="activity.ics"`}}, nil
}

func (s *Calendar) mine(c *web.Call) (any, error) {
	b, err := s.CalendarOf(c.Context(), s.journal.DB, c.Path("token"), c.Base(), c.Now())
	return web.Raw{Type: icsType, Body: b}, err
}

func (s *Calendar) page(c *web.Call) (any, error) {
	n, err := secretOf(c.Context(), s.journal.DB, c.Actor.ID)
	if err != nil {
		return nil, err
	}
	p := s.Page(c, c.T("calendar.title"), ui.Mine)
	p.Back = ui.Link{Label: c.T("nav.me"), URL: "/me"}
	p.NoIndex = true
	address := ""
	if n > 0 {
		address = c.Base() + "/calendar/" + s.secret(c.Actor.ID, n) + ".ics"
	}
	return calendarScreen(p, address, ui.NewOperation()), nil
}

func (s *Calendar) renew(c *web.Call) (any, error) {
	err := s.journal.Write(c.Context(), func(tx *db.Tx) (any, error) {
		a, err := s.members.Fresh(c.Context(), tx, actor.From(c.Context()))
		if err != nil {
			return nil, err
		}
		_, err = renewSecret(c.Context(), tx, a.ID)
		return web.Redirect("/me/calendar"), err
	})
	return web.Redirect("/me/calendar"), err
}

// calendarMost bounds how many activities a calendar by place holds.
const calendarMost = 200

// secret is the key in an account's calendar address: the account and a MAC of
// it with a number; raising the number revokes every address given out before.
func (s *Calendar) secret(account string, number int64) string {
	u, err := uuid.Parse(account)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(u[:], s.secretMAC(account, number)...))
}

func (s *Calendar) secretMAC(account string, number int64) []byte {
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte("linli calendar\x00" + account + "\x00"))
	_ = binary.Write(h, binary.BigEndian, number) // a hash never fails
	return h.Sum(nil)[:16]
}

// CalendarOf answers a calendar address; Absent when it was revoked or never given out.
func (s *Calendar) CalendarOf(ctx context.Context, q db.Queryer, token, base string, now int64) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimSuffix(token, ".ics"))
	if err != nil || len(raw) != 32 {
		return nil, fault.Absent()
	}
	account := uuid.UUID(raw[:16]).String()
	number, err := secretOf(ctx, q, account)
	if err != nil {
		return nil, err
	}
	if number == 0 || !hmac.Equal(raw[16:], s.secretMAC(account, number)) {
		return nil, fault.Absent()
	}
	if _, _, err := s.members.Actor(ctx, account); err != nil { // closed in the meantime
		if fault.Is(err, fault.SignIn) {
			return nil, fault.Absent()
		}
		return nil, err
	}
	ms, err := s.activities.OfAccount(ctx, q, account, now-90*24*3600*1000)
	if err != nil {
		return nil, err
	}
	return s.calendar("我的活动", base, ms, now), nil
}

// CalendarAt is the calendar of a place: what starts from a month ago on.
func (s *Calendar) CalendarAt(ctx context.Context, q db.Queryer, code, base string, now int64) ([]byte, error) {
	if code != "" && !s.places.Known(code) {
		return nil, fault.Absent()
	}
	ms, err := s.activities.From(ctx, q, code, now-30*24*3600*1000, now, calendarMost)
	if err != nil {
		return nil, err
	}
	name := "活动"
	if code != "" {
		name = s.places.Name(code) + "活动"
	}
	return s.calendar(name, base, ms, now), nil
}

// calendar writes iCalendar (RFC 5545): times in UTC, a UID that stays, a
// SEQUENCE that grows with every change of time or place, CANCELLED told.
func (s *Calendar) calendar(name, base string, ms []*activity.Activity, now int64) []byte {
	cal := ics.NewCalendarFor("Linli")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(name)
	cal.SetXWRTimezone("Asia/Shanghai")
	cal.SetRefreshInterval("PT1H")
	cal.SetXPublishedTTL("PT1H")
	host := "linli"
	if u, err := url.Parse(base); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	for _, m := range ms {
		e := cal.AddEvent(m.ID + "@" + host)
		changed := time.UnixMilli(max(m.ChangedAt, m.CreatedAt)).UTC()
		e.SetDtStampTime(changed)
		e.SetModifiedAt(changed)
		e.SetCreatedTime(time.UnixMilli(m.CreatedAt).UTC())
		e.SetStartAt(time.UnixMilli(m.Starts).UTC())
		e.SetEndAt(time.UnixMilli(m.Ends).UTC())
		e.SetSequence(int(m.Sequence))
		e.SetSummary(oneLine(m.Title))
		where := s.places.Path(m.Place)
		if m.LocationNote != "" {
			where += " " + m.LocationNote
		}
		e.SetLocation(oneLine(where))
		if text := description(m); text != "" {
			e.SetDescription(text)
		}
		e.SetProperty(ics.ComponentPropertyCategories, m.Kind)
		if base != "" {
			e.SetURL(base + "/activities/" + m.ID)
		}
		e.SetStatus(ics.ObjectStatusConfirmed)
		if m.State == activity.Cancelled {
			e.SetStatus(ics.ObjectStatusCancelled)
		}
	}
	return []byte(cal.Serialize(ics.WithNewLineWindows))
}

func description(m *activity.Activity) string {
	var lines []string
	if m.Body != "" {
		lines = append(lines, m.Body)
	}
	if m.Bring != "" {
		lines = append(lines, "请带："+m.Bring)
	}
	if m.Insurance != "" {
		lines = append(lines, "保险："+m.Insurance)
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, strings.Join(lines, "\n"))
}

// oneLine leaves no control character in a value.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
}
