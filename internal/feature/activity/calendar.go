package activity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/google/uuid"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/page"
	"linli/internal/platform/db"
)

// calendarMost bounds how many activities a calendar by place holds.
const calendarMost = 200

// secret is the key in an account's calendar address: the account and a MAC of
// it with a number; raising the number revokes every address given out before.
func (s *Service) secret(account string, number int64) string {
	u, err := uuid.Parse(account)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(u[:], s.secretMAC(account, number)...))
}

func (s *Service) secretMAC(account string, number int64) []byte {
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte("linli calendar\x00" + account + "\x00"))
	_ = binary.Write(h, binary.BigEndian, number) // a hash never fails
	return h.Sum(nil)[:16]
}

// CalendarOf answers a calendar address; Absent when it was revoked or never given out.
func (s *Service) CalendarOf(ctx context.Context, q db.Queryer, token, base string, now int64) ([]byte, error) {
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
	if _, _, err := s.Members.Actor(ctx, account); err != nil { // closed in the meantime
		if fault.Is(err, fault.SignIn) {
			return nil, fault.Absent()
		}
		return nil, err
	}
	ms, err := ofAccount(ctx, q, account, now-90*24*3600*1000)
	if err != nil {
		return nil, err
	}
	return s.calendar("我的活动", base, ms, now), nil
}

// CalendarAt is the calendar of a place: what starts from a month ago on.
func (s *Service) CalendarAt(ctx context.Context, q db.Queryer, code, base string, now int64) ([]byte, error) {
	if code != "" && !s.Places.Known(code) {
		return nil, fault.Absent()
	}
	f := Filter{Place: code, From: now - 30*24*3600*1000, Soonest: true}
	ms, err := list(ctx, q, actor.Actor{}, f, page.Ask{Limit: calendarMost}, now)
	if err != nil {
		return nil, err
	}
	name := "活动"
	if code != "" {
		name = s.Places.Name(code) + "活动"
	}
	return s.calendar(name, base, ms, now), nil
}

// calendar writes iCalendar (RFC 5545): times in UTC, a UID that stays, a
// SEQUENCE that grows with every change of time or place, CANCELLED told.
func (s *Service) calendar(name, base string, ms []*Activity, now int64) []byte {
	cal := ics.NewCalendarFor("Linli")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(name)
	cal.SetXWRTimezone("Asia/Shanghai")
	cal.SetRefreshInterval("PT1H", ics.WithValue("DURATION"))
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
		where := s.Places.Path(m.Place)
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
		if m.State == Cancelled {
			e.SetStatus(ics.ObjectStatusCancelled)
		}
	}
	return []byte(cal.Serialize(ics.WithNewLineWindows))
}

func description(m *Activity) string {
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
