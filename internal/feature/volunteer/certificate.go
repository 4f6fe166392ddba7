package volunteer

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/db"
)

// Certificate is a 志愿服务记录证明 of a person, or of a group by project and
// period, made of confirmed hours. It holds no document number: that is typed
// at printing and goes nowhere. Times are UTC ms.
type Certificate struct {
	Serial    string `db:"serial"`
	Code      string `db:"code"`    // to be named together with the serial
	Account   string `db:"account"` // "" for a group's
	Group     string `db:"grp"`
	Project   string `db:"project"`
	From      int64  `db:"from_at"`
	To        int64  `db:"to_at"`
	Minutes   int64  `db:"minutes"`
	Lines     string `db:"lines"` // JSON of []Line
	Place     string `db:"place"` // of the community that issues
	InCharge  string `db:"in_charge"`
	Handler   string `db:"handler"`
	Contact   string `db:"contact"`
	IssuedBy  string `db:"issued_by"`
	IssuedAt  int64  `db:"issued_at"`
	RevokedBy string `db:"revoked_by"`
	RevokedAt int64  `db:"revoked_at"`
	Version   int64  `db:"version"`
}

// Line is one service on a certificate.
type Line struct {
	Service  string `json:"service"`
	At       int64  `json:"at"`
	Title    string `json:"title"`
	Kind     string `json:"kind"`
	Minutes  int64  `json:"minutes"`
	Recorder string `json:"recorder"` // who recorded it
}

// Services returns the lines.
func (c Certificate) Services() ([]Line, error) {
	var ls []Line
	return ls, json.Unmarshal([]byte(c.Lines), &ls)
}

var certificateFields = []flow.Field{
	{Name: "from", Kind: flow.Moment, Required: true},
	{Name: "to", Kind: flow.Moment, Required: true},
	{Name: "person", Kind: flow.Ref},
	{Name: "group", Kind: flow.Ref},
	{Name: "project", Kind: flow.Text, Max: 80},
}

// letters of serials and codes: nothing that reads like something else.
var letters = base32.NewEncoding("23456789ABCDEFGHJKLMNPQRSTUVWXYZ").WithPadding(base32.NoPadding)

func drawn(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails (crypto/rand)
	return letters.EncodeToString(b)
}

// Issue makes a certificate: everybody for the own hours and those of a ward,
// staff of the person's community for others, agents and staff for a group.
func (s *Service) Issue(ctx context.Context, tx *db.Tx, a actor.Actor, in flow.Input) (Certificate, error) {
	now, err := tx.Now(ctx)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{
		Account: a.ID, Group: in.Text("group"), Project: in.Text("project"), From: in.Moment("from"), To: in.Moment("to"),
		Place: a.Home, IssuedBy: a.ID, IssuedAt: now, Version: 1,
	}
	if c.To <= c.From {
		return c, fault.Field1("to", "service.period")
	}
	c.To = min(c.To, now+1)
	switch person := in.Text("person"); {
	case c.Group != "":
		g, ok := s.Groups.Get(c.Group)
		if !ok || !a.ActsFor(c.Group) && !a.StaffReaching(g.Place) {
			return c, fault.Field1("group", "service.not_your_group")
		}
		c.Account, c.Place = "", g.Place
	case person != "" && person != a.ID:
		acc, err := s.Members.Find(ctx, tx, person)
		if err != nil || !a.StaffReaching(acc.Home) && !a.Guards(acc.ID) { // one answer for both: whether an account exists is nobody's business
			if err != nil && !fault.Is(err, fault.NotFound) {
				return c, err
			}
			return c, fault.Field1("person", "service.no_person")
		}
		c.Account, c.Place = acc.ID, acc.Home
	}
	records, err := confirmedOf(ctx, tx, c.Account, c.Group, c.Project, c.From, c.To)
	if err != nil {
		return c, err
	}
	if len(records) == 0 {
		return c, fault.New(fault.Conflict, "service.reason.nothing_confirmed")
	}
	lines := make([]Line, 0, len(records))
	for _, r := range records {
		who, err := s.Members.Label(ctx, tx, event.Event{Actor: r.ConfirmedBy}, func(key string, _ ...any) string { return key })
		if err != nil {
			return c, err
		}
		lines = append(lines, Line{r.ID, r.ServedAt, r.Title, r.Kind, r.Minutes, who})
		c.Minutes += r.Minutes
	}
	text, err := json.Marshal(lines)
	if err != nil {
		return c, err
	}
	c.Lines = string(text)
	c.InCharge = s.Places.Text(c.Place, "certificate.in_charge")
	if c.InCharge == "" {
		c.InCharge = s.Places.Name(c.Place)
	}
	if a.StaffReaching(c.Place) {
		if c.Handler, err = s.Members.PublicName(ctx, tx, a.ID); err != nil {
			return c, err
		}
	}
	c.Contact, _ = s.Places.Phone(c.Place)
	c.Serial = fmt.Sprintf("ZY%s-%s", time.UnixMilli(now).In(clock.China).Format("200601"), drawn(5))
	c.Code = drawn(5)
	if err := insertCertificate(ctx, tx, c); err != nil {
		return c, err
	}
	return c, s.sayCertificate(ctx, tx, c, "issue", a.ID, now, nil)
}

// Revoke makes a certificate void; the public page says so from then on.
func (s *Service) Revoke(ctx context.Context, tx *db.Tx, a actor.Actor, serial, reason string) (Certificate, error) {
	c, err := certificate(ctx, tx, serial, tx.Lock())
	if errors.Is(err, db.ErrNoRows) {
		return c, fault.Absent()
	}
	if err != nil {
		return c, err
	}
	switch {
	case !s.holds(a, c):
		return c, fault.Absent()
	case !a.StaffReaching(c.Place):
		return c, fault.New(fault.Denied, "service.reason.staff_revokes")
	case c.RevokedAt != 0:
		return c, fault.New(fault.Conflict, "service.reason.revoked")
	}
	now, err := tx.Now(ctx)
	if err != nil {
		return c, err
	}
	c.RevokedBy, c.RevokedAt = a.ID, now
	c.Version++
	if err := revokeCertificate(ctx, tx, c); err != nil {
		return c, err
	}
	return c, s.sayCertificate(ctx, tx, c, "revoke", a.ID, now, event.Words{"reason": reason})
}

func (s *Service) sayCertificate(ctx context.Context, tx *db.Tx, c Certificate, do, by string, now int64, words event.Words) error {
	data, err := json.Marshal(event.Payload{Tell: event.Unique([]event.Tell{event.ToAccount(c.Account, "certificate")}), Codes: map[string]any{"minutes": c.Minutes}})
	if err != nil {
		return err
	}
	return s.Journal.AppendEvent(ctx, tx, event.Event{
		At: now, Kind: "certificate", Subject: c.Serial, Version: c.Version, Do: do, Actor: by, Place: c.Place, Audience: event.Private, Data: string(data),
	}, words)
}

// holds reports whether the actor may see the certificate whole: the holder
// and guardians, who acts for the group, staff of the issuing place.
func (s *Service) holds(a actor.Actor, c Certificate) bool {
	return a.Known() && (a.ID == c.Account && c.Account != "" || a.Guards(c.Account) || a.ActsFor(c.Group) || a.StaffReaching(c.Place))
}

// Verified is what a stranger learns of a certificate.
type Verified struct {
	Serial   string    `json:"serial"`
	State    string    `json:"state"` // valid, revoked
	Name     string    `json:"name"`  // masked
	Group    bool      `json:"group"`
	Project  string    `json:"project"`
	Minutes  int64     `json:"minutes"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Issuer   string    `json:"issuer"`
	IssuedAt time.Time `json:"issued_at"`
	// With the right code only:
	CodeState string `json:"code_state"`  // none, right, wrong
	Now       int64  `json:"minutes_now"` // what still stands after corrections
	Lines     []Line `json:"lines"`
}

// Verify answers a stranger who holds a serial, and perhaps its code.
func (s *Service) Verify(ctx context.Context, q db.Queryer, serial, code string) (Verified, error) {
	c, err := certificate(ctx, q, strings.ToUpper(strings.TrimSpace(serial)), "")
	if errors.Is(err, db.ErrNoRows) {
		return Verified{}, fault.Absent()
	}
	if err != nil {
		return Verified{}, err
	}
	v := Verified{
		Serial: c.Serial, State: "valid", Project: c.Project, Minutes: c.Minutes, From: time.UnixMilli(c.From).UTC(), To: time.UnixMilli(c.To).UTC(),
		Issuer: s.Places.Name(c.Place), IssuedAt: time.UnixMilli(c.IssuedAt).UTC(), CodeState: "none", Lines: []Line{}, Now: c.Minutes,
	}
	if c.RevokedAt != 0 {
		v.State = "revoked"
	}
	if c.Group != "" {
		v.Name, v.Group = s.Groups.Name(c.Group), true
	} else {
		name, err := s.holder(ctx, q, c)
		if err != nil {
			return v, err
		}
		v.Name = MaskName(name)
	}
	if code == "" {
		return v, nil
	}
	if subtle.ConstantTimeCompare([]byte(strings.ToUpper(strings.TrimSpace(code))), []byte(c.Code)) != 1 {
		v.CodeState = "wrong"
		return v, nil
	}
	v.CodeState = "right"
	if v.Lines, err = c.Services(); err != nil {
		return v, err
	}
	v.Now = 0
	for _, l := range v.Lines {
		r, err := (store{}).Load(ctx, q, l.Service, "")
		if err != nil {
			return v, err
		}
		if r.State == Confirmed {
			v.Now += min(r.Minutes, l.Minutes)
		}
	}
	return v, nil
}

// holder is the name printed on a person's certificate.
func (s *Service) holder(ctx context.Context, q db.Queryer, c Certificate) (string, error) {
	acc, err := s.Members.Find(ctx, q, c.Account)
	if err != nil {
		return "", err
	}
	if acc.RealName != "" {
		return acc.RealName, nil
	}
	return acc.PublicName, nil
}

// MaskName leaves the first character of a name: 张*. A name already short
// shows nothing more than it must.
func MaskName(name string) string {
	rs := []rune(strings.TrimSpace(name))
	if len(rs) == 0 {
		return "*"
	}
	return string(rs[:1]) + strings.Repeat("*", max(1, min(len(rs)-1, 3)))
}

// certificateFaults recomputes every certificate from its own lines.
func certificateFaults(ctx context.Context, q db.Queryer) ([]string, error) {
	var faults []string
	for after := ""; ; {
		cs, err := afterCertificate(ctx, q, after)
		if err != nil || len(cs) == 0 {
			return faults, err
		}
		for _, c := range cs {
			var sum int64
			ls, err := c.Services()
			for _, l := range ls {
				sum += l.Minutes
			}
			if err != nil || sum != c.Minutes {
				faults = append(faults, "certificate "+c.Serial+": its minutes are not the sum of its lines")
			}
			after = c.Serial
		}
	}
}
