package transfer

import (
	"context"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/gate"
	"linli/internal/core/id"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
	"linli/internal/platform/sheet"
)

// people is the register of residents 居民. These are all its columns.
var people = Kind{
	Name: "people",
	Columns: []sheet.Column{
		{Name: "real_name", Synonyms: []string{"姓名", "real_name"}, Required: true},
		{Name: "public_name", Synonyms: []string{"公开称呼", "public_name"}},
		{Name: "phone", Synonyms: []string{"手机", "phone", "手机号", "手机号码"}},
		{Name: "email", Synonyms: []string{"邮箱", "email"}},
		{Name: "place", Synonyms: []string{"社区代码", "place"}, Required: true},
		{Name: "dwelling", Synonyms: []string{"楼栋单元房号代码", "dwelling"}},
		{Name: "born", Synonyms: []string{"出生日期", "born"}},
		{Name: "level", Synonyms: []string{"核验程度", "level"}},
		{Name: "channel", Synonyms: []string{"能收到消息", "channel"}},
	},
	Example: []any{"李芳", "李阿姨", "13800000000", "", "320105004004", "32010500400400101", "1955-03-04", "身份已核验", "是"},
	take:    takePeople, give: givePeople,
}

// levels as they are called on screen, and by their code.
var levels = map[string]actor.Level{
	"": actor.V1, "未登录": actor.V0, "手机已验证": actor.V1, "身份已核验": actor.V2, "住址已核实": actor.V3,
	"V1": actor.V1, "V2": actor.V2, "V3": actor.V3,
}

var levelNames = map[actor.Level]string{actor.V0: "未登录", actor.V1: "手机已验证", actor.V2: "身份已核验", actor.V3: "住址已核实"}

// person is one row, with the event that will tell of it.
type person struct {
	member.Account
	line int
}

type peopleBatch struct {
	s    *Service
	rows []person
}

func (b peopleBatch) Size() int { return len(b.rows) }

var mobile = regexp.MustCompile(`^1[3-9][0-9]{9}$`)

func takePeople(ctx context.Context, s *Service, in Incoming) (Batch, error) {
	b := peopleBatch{s: s, rows: make([]person, 0, len(in.rows))}
	phones, emails, err := taken(ctx, s.Journal.DB)
	if err != nil {
		return nil, err
	}
	today := s.Journal.DB.Clock().Now()
	for _, row := range in.rows {
		p := person{line: row.Number}
		p.RealName, p.PublicName = in.text(row, "real_name", 40, true), in.text(row, "public_name", 40, false)
		if p.PublicName == "" && p.RealName != "" {
			p.PublicName = string([]rune(p.RealName)[:1]) + "*"
		}
		p.Home = in.place(s, row, "place", access.Community)
		if len(p.Home) > access.Community {
			p.Home = access.Up(p.Home, access.Community)
		}
		if p.Dwelling = in.text(row, "dwelling", 40, false); p.Dwelling != "" && (!strings.HasPrefix(p.Dwelling, p.Home) || !code(p.Dwelling)) {
			in.fault(row, "dwelling", "transfer.bad_dwelling", "code", p.Dwelling)
		}
		if p.Phone = strings.NewReplacer(" ", "", "-", "").Replace(in.get(row, "phone")); p.Phone != "" {
			switch {
			case !mobile.MatchString(p.Phone):
				in.fault(row, "phone", "transfer.bad_phone")
			case phones[p.Phone]:
				in.fault(row, "phone", "transfer.twice", "value", gate.Mask(p.Phone))
			}
			phones[p.Phone] = true
		}
		if p.Email = strings.ToLower(in.get(row, "email")); p.Email != "" {
			if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email {
				in.fault(row, "email", "transfer.bad_email")
			} else if emails[p.Email] {
				in.fault(row, "email", "transfer.twice", "value", "…"+p.Email[strings.Index(p.Email, "@"):])
			}
			emails[p.Email] = true
		}
		if in.get(row, "born") != "" {
			if day, ok := in.head.Time(row, "born", clock.China); !ok || day.After(today) {
				in.fault(row, "born", "transfer.bad_day", "value", in.get(row, "born"))
			} else {
				p.Born = day.UnixMilli()
			}
		}
		level, ok := levels[in.get(row, "level")]
		if !ok {
			in.fault(row, "level", "transfer.bad_person_level", "value", in.get(row, "level"))
		}
		p.Level = level
		switch in.get(row, "channel") {
		case "", "是", "yes", "true":
			p.HasChannel = p.Phone != "" || p.Email != ""
		case "否", "no", "false":
		default:
			in.fault(row, "channel", "transfer.bad_yes", "value", in.get(row, "channel"))
		}
		b.rows = append(b.rows, p)
	}
	return b, nil
}

func code(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '-' }) < 0
}

// leftover is when an import that did not come to its end is given up.
const leftover = time.Hour

// slice is how many people one transaction lays ready.
const slice = 200

// Write lays the people ready in slices and lets them in by one switch.
func (b peopleBatch) Write(ctx context.Context, r Receipt, tell func(done, all int)) error {
	d := b.s.Journal.DB
	now := d.Clock().Now().UnixMilli()
	if r.ID == "" {
		r.ID = id.New()
	}
	r.At, r.State, r.Rows = now, "staged", len(b.rows)
	if err := d.Write(ctx, func(tx *db.Tx) error {
		if err := dropLeftovers(ctx, tx, now-leftover.Milliseconds()); err != nil {
			return err
		}
		return insertReceipt(ctx, tx, r)
	}); err != nil {
		return err
	}
	for i := range b.rows {
		b.rows[i].ID = id.New()
	}
	done := 0
	for part := range slices.Chunk(b.rows, slice) {
		if err := d.Write(ctx, func(tx *db.Tx) error { return stage(ctx, tx, r, part) }); err != nil {
			return err
		}
		done += len(part)
		tell(done, len(b.rows))
	}
	return d.Write(ctx, func(tx *db.Tx) error {
		if err := letIn(ctx, tx, r); db.Duplicate(err) {
			return fault.New(fault.Conflict, "transfer.met") // somebody registered with one of the numbers meanwhile
		} else if err != nil {
			return err
		}
		b.s.Journal.Wake(tx, "member")
		return nil
	})
}

// eventOf tells that a person came by an import, in no other words than the
// member feature's own.
func eventOf(r Receipt, p person) event.Event {
	e := event.Event{
		At: r.At, Kind: "member", Subject: p.ID, Version: 1, Do: "create", Actor: r.By, Place: p.Home, Audience: event.Private, Data: "{}",
	}
	e.Hash = e.Sum()
	return e
}

// givePeople lists residents of a place by id. Names, phones and addresses are
// masked unless the export was given a reason.
func givePeople(ctx context.Context, s *Service, w *sheet.Writer, ask Outgoing) (int, error) {
	n := 0
	for after, more := "", true; more; {
		rows, err := residents(ctx, s.Journal.DB, ask.Place, after, 1000)
		if err != nil {
			return 0, err
		}
		more = len(rows) == 1000
		for _, a := range rows {
			after = a.ID
			born, channel := "", "否"
			if a.HasChannel {
				channel = "是"
			}
			if a.Born != 0 {
				born = time.UnixMilli(a.Born).In(clock.China).Format(time.DateOnly)
			}
			if !ask.Open {
				a.RealName, a.Email, a.Dwelling, born = maskName(a.RealName), maskMail(a.Email), "", ""
				if a.Phone != "" {
					a.Phone = gate.Mask(a.Phone)
				}
			}
			if err := w.Write(a.RealName, a.PublicName, a.Phone, a.Email, a.Home, a.Dwelling, born, levelNames[a.Level], channel); err != nil {
				return 0, err
			}
			n++
		}
	}
	return n, nil
}

func maskName(name string) string {
	if name == "" {
		return ""
	}
	return string([]rune(name)[:1]) + "*"
}

func maskMail(address string) string {
	i := strings.IndexByte(address, '@')
	if i < 1 {
		return ""
	}
	return address[:1] + "***" + address[i:]
}
