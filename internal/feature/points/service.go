package points

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"slices"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/event"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
	"linli/internal/feature/activity"
	"linli/internal/feature/member"
	"linli/internal/feature/place"
	"linli/internal/platform/db"
	"linli/internal/platform/journal"
	"linli/internal/platform/matter"
	"linli/internal/platform/part"
	"linli/internal/platform/web"
	"linli/internal/ui"
)

//go:embed locale
var texts embed.FS

// Service is the use-cases of points and the only writer of the ledger.
type Service struct {
	Journal *journal.Journal
	Machine *journal.Machine[*Batch]
	Kind    *matter.Kind[*Batch]
	Members *member.Service
	Places  *place.Service
	Wishes  Wishes
	Page    ui.Shell

	Activities Activities
}

// Activities tells where one phone checked in many people; app wires the activity feature.
type Activities interface {
	SameDevice(ctx context.Context, q db.Queryer, place string, since int64) ([]activity.OneDevice, error)
}

// New returns the service; Wishes, Activities and Page are wired by app.
func New(j *journal.Journal, members *member.Service, places *place.Service) *Service {
	s := &Service{Journal: j, Members: members, Places: places}
	s.Machine = &journal.Machine[*Batch]{Journal: j, Life: Life, Store: batches{}, Sees: Sees, Done: s.book}
	s.Kind = &matter.Kind[*Batch]{
		Plural: "points-batches", Machine: s.Machine, Names: members, Fields: batchFields,
		Filter: []flow.Field{{Name: "place", Kind: flow.Text, Max: 20}, {Name: "state", Kind: flow.Enum, Values: []string{"proposed", "agreed", "refused", "withdrawn"}}},
		Create: s.propose, List: s.listBatches, Show: s.showBatch, Out: BatchJSON{}, Public: []string{"pointsbatch", "member", "place"},
	}
	return s
}

// Part is what points hand to the house.
func (s *Service) Part() part.Part {
	return part.Part{
		Name: "points", Texts: texts, Routes: s.routes(), Readers: []journal.Reader{s.Reader()}, Lives: []part.Life{Life},
		Checks: []part.Check{{Name: "points: Σ = 0, balances, reversals, causes", Do: faultsOf}},
	}
}

// MeJSON is what the caller holds.
type MeJSON struct {
	Balance  int64     `json:"balance" doc:"of the residents' book"`
	Accounts []Balance `json:"accounts"`
}

// Mine returns what a person holds: one account for everybody, a second for party members.
func (s *Service) Mine(ctx context.Context, q db.Queryer, a actor.Actor) (MeJSON, error) {
	m := MeJSON{Accounts: []Balance{}}
	for _, book := range Books {
		b, err := balance(ctx, q, Account(book, a.ID))
		if err != nil {
			return m, err
		}
		if book == Residents {
			m.Balance = b.Balance
		} else if b.Received == 0 && !a.Holds(actor.PartyMember) {
			continue
		}
		m.Accounts = append(m.Accounts, b)
	}
	return m, nil
}

// LineJSON is one line of a ledger.
type LineJSON struct {
	ID          string    `json:"id"`
	At          time.Time `json:"at"`
	Account     string    `json:"account"`
	Other       string    `json:"other" doc:"the account on the other side"`
	Amount      int64     `json:"amount" doc:"positive 来, negative 去"`
	Kind        string    `json:"kind" doc:"rule, hand, reversal"`
	Cause       string    `json:"cause" doc:"subject of the event that is the cause"`
	Version     int64     `json:"cause_version"`
	Rule        string    `json:"rule"`
	RuleVersion int64     `json:"rule_version"`
	Minutes     int64     `json:"minutes"`
	KeyedBy     string    `json:"keyed_by" doc:"who confirmed the cause or keyed the entry, as others may read it"`
	AgreedBy    string    `json:"agreed_by"`
	Batch       string    `json:"batch"`
	Reverses    string    `json:"reverses"`
	ReversedBy  string    `json:"reversed_by"`
}

// LedgerJSON is one page of a ledger with what the account holds.
type LedgerJSON struct {
	Balance
	Items []LineJSON `json:"items"`
	Next  *string    `json:"next"`
}

// Ledger reads the lines of an account: one's own, a ward's, or, for staff and
// auditors, of people whose home lies in their place. A source is everybody's.
func (s *Service) Ledger(ctx context.Context, q db.Queryer, a actor.Actor, account string, ask page.Ask, cursor string, say matter.Say) (LedgerJSON, error) {
	out := LedgerJSON{Items: []LineJSON{}}
	book, person := bookOf(account), personOf(account)
	if book != Residents && book != Party { // a plain account id means the residents' book
		book, person = Residents, account
		account = Account(book, person)
	}
	if person != "" && person != a.ID && !a.Guards(person) {
		acc, err := s.Members.Find(ctx, q, person)
		if fault.Is(err, fault.NotFound) || err == nil && !a.StaffReaching(acc.Home) && !a.Has(actor.Auditor, acc.Home) {
			return out, fault.Absent()
		}
		if err != nil {
			return out, err
		}
	}
	var err error
	if out.Balance, err = balance(ctx, q, account); err != nil {
		return out, err
	}
	var after Entry
	if cursor != "" {
		if after, err = entry(ctx, q, cursor); err != nil {
			if errors.Is(err, db.ErrNoRows) {
				return out, fault.Field1("cursor", "fault.cursor")
			}
			return out, err
		}
	}
	ls, err := ledger(ctx, q, out.Balance, ask, after)
	if err != nil {
		return out, err
	}
	if len(ls) > ask.Limit {
		ls = ls[:ask.Limit]
		next := ls[len(ls)-1].ID
		out.Next = &next
	}
	for _, l := range ls {
		j := LineJSON{
			ID: l.ID, At: matter.Time(l.At), Account: account, Other: l.Payer, Amount: l.Signed, Kind: l.Kind, Cause: l.Cause, Version: l.Version,
			Rule: l.Rule, RuleVersion: l.RuleVersion, Minutes: l.Minutes, Batch: l.Batch, Reverses: l.Reverses, ReversedBy: l.Reversed,
		}
		if l.Signed < 0 {
			j.Other = l.Payee
		}
		if person == "" { // whose account it was is not everybody's to read
			j.Other = book
		}
		if j.KeyedBy, err = s.label(ctx, q, l.KeyedBy, say); err != nil {
			return out, err
		}
		if j.AgreedBy, err = s.label(ctx, q, l.AgreedBy, say); err != nil {
			return out, err
		}
		if person == "" && l.Kind == ByRule {
			j.KeyedBy, j.Cause = "", ""
		}
		out.Items = append(out.Items, j)
	}
	return out, nil
}

func (s *Service) label(ctx context.Context, q db.Queryer, account string, say matter.Say) (string, error) {
	if account == "" {
		return "", nil
	}
	return s.Members.Label(ctx, q, event.Event{Actor: account}, say)
}

// RuleJSON is a rule with when it begins.
type RuleJSON struct {
	Rule
	From    *time.Time `json:"from"`
	InForce bool       `json:"in_force"`
}

// Rules lists every version of every rule.
func (s *Service) Rules(ctx context.Context, q db.Queryer, now int64) ([]RuleJSON, error) {
	all, err := rules(ctx, q)
	out := make([]RuleJSON, 0, len(all))
	for _, r := range all {
		j := RuleJSON{Rule: r, From: matter.TimeOrNull(r.FromAt)}
		for _, f := range inForce(all, r.Cause, now) {
			j.InForce = j.InForce || f.Book == r.Book && f.Code == r.Code && f.Version == r.Version
		}
		out = append(out, j)
	}
	return out, err
}

// Anomalies lists what is unusual in the last ninety days below a place, for
// its staff and auditors.
func (s *Service) Anomalies(ctx context.Context, q db.Queryer, a actor.Actor, where string, now int64) ([]Anomaly, error) {
	if where == "" || !a.StaffReaching(where) && !a.Has(actor.Auditor, where) {
		return nil, fault.New(fault.Denied, "points.reason.staff_looks")
	}
	const days90 = 90 * 24 * 3600 * 1000
	as, err := anomalies(ctx, q, where, now-days90)
	if err != nil {
		return nil, err
	}
	ds, err := s.Activities.SameDevice(ctx, q, where, now-days90)
	for _, d := range ds {
		as = append(as, Anomaly{Kind: "device", Other: "activity:" + d.Activity, Count: d.People, At: d.At, Title: d.Title})
	}
	slices.SortStableFunc(as, func(a, b Anomaly) int { return cmp.Compare(b.At, a.At) })
	if as == nil {
		as = []Anomaly{}
	}
	return as, err
}

func (s *Service) routes() []web.Route {
	public := []string{"points_rule", "pointsbatch", "points", "place"}
	ledgerQuery := append([]flow.Field{{Name: "account", Kind: flow.Text, Max: 80}}, web.Paging()...)
	routes := append(s.Kind.API(),
		web.Route{Method: "GET", Path: "/api/v1/points/me", Name: "points-me", Summary: "What I hold", SignedIn: true, Out: MeJSON{}, Do: func(c *web.Call) (any, error) {
			return s.Mine(c.Context(), s.Journal.DB, c.Actor)
		}},
		web.Route{Method: "GET", Path: "/api/v1/points/ledger", Name: "points-ledger", Summary: "Lines of an account, newest first", SignedIn: true, Query: ledgerQuery, Out: LedgerJSON{},
			Do: func(c *web.Call) (any, error) {
				in, err := c.Query()
				if err != nil {
					return nil, err
				}
				return s.ledgerOf(c, in)
			}},
		web.Route{Method: "GET", Path: "/api/v1/points/rules", Name: "points-rules", Summary: "Every version of every rule", Public: public,
			Out: struct {
				Items []RuleJSON `json:"items"`
			}{}, Do: func(c *web.Call) (any, error) {
				items, err := s.Rules(c.Context(), s.Journal.DB, c.Now())
				return map[string]any{"items": items}, err
			}},
		web.Route{Method: "POST", Path: "/api/v1/points/rules", Name: "points-rule-change", Summary: "A new version of a rule, from a day to come", SignedIn: true, Body: ruleFields,
			Status: 201, Out: Rule{}, Do: s.changeRule},
		web.Route{Method: "POST", Path: "/api/v1/points/rules/preview", Name: "points-rule-preview", Summary: "What a changed rule would have given last month", SignedIn: true, Body: ruleFields,
			Out: Preview{}, Do: s.previewRule},
		web.Route{Method: "GET", Path: "/api/v1/points/anomalies", Name: "points-anomalies", Summary: "What an auditor should look at", SignedIn: true,
			Query: []flow.Field{{Name: "place", Kind: flow.Text, Required: true, Max: 20}}, Out: struct {
				Items []Anomaly `json:"items"`
			}{}, Do: func(c *web.Call) (any, error) {
				in, err := c.Query()
				if err != nil {
					return nil, err
				}
				as, err := s.Anomalies(c.Context(), s.Journal.DB, c.Actor, place.Trim(in.Text("place")), c.Now())
				return map[string]any{"items": as}, err
			}},
	)
	return append(routes, s.pages()...)
}

func (s *Service) ledgerOf(c *web.Call, in flow.Input) (LedgerJSON, error) {
	cursor := in.Text("cursor")
	delete(in, "cursor") // an entry's id, not a matter's
	ask, err := web.PageOf(in)
	if err != nil {
		return LedgerJSON{Items: []LineJSON{}}, err
	}
	account := in.Text("account")
	if account == "" || account == "me" {
		account = Account(Residents, c.Actor.ID)
	}
	return s.Ledger(c.Context(), s.Journal.DB, c.Actor, account, ask, cursor, c.T)
}

func (s *Service) changeRule(c *web.Call) (any, error) {
	var out Rule
	err := s.Journal.Write(c.Context(), func(tx *db.Tx) (any, error) {
		a, err := s.Members.Fresh(c.Context(), tx, actor.From(c.Context()))
		if err != nil {
			return nil, err
		}
		if !governs(a) {
			return nil, fault.New(fault.Denied, "points.reason.who_rules")
		}
		in, err := c.Body(ruleFields)
		if err != nil {
			return nil, err
		}
		out, err = s.Change(c.Context(), tx, a, in)
		return out, err
	})
	return out, err
}

func (s *Service) previewRule(c *web.Call) (any, error) {
	if !governs(c.Actor) {
		return nil, fault.New(fault.Denied, "points.reason.who_rules")
	}
	in, err := c.Body(ruleFields)
	if err != nil {
		return nil, err
	}
	r, err := s.draft(c.Context(), s.Journal.DB, c.Actor, in, c.Now())
	if err != nil {
		return nil, err
	}
	return s.Try(c.Context(), s.Journal.DB, r, c.Now())
}
