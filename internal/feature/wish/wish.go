// Package wish is 微心愿: a resident publishes a wish online, helpers claim it
// online, whole or in parts, serve offline, and the resident confirms and
// rates. Read lifecycle.go first: it is everything that can happen to a wish.
//
// A wish may be for oneself or, with consent on record, for somebody without
// a phone (代办). Circles say who is asked, not who may help: volunteers, then
// organisations and partner units, then the street (街道兜底). Linli never
// touches money: 价款由双方当面结清，平台不收付.
package wish

import (
	"slices"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/core/clock"
	"linli/internal/core/flow"
)

// States of a wish.
const (
	Review    flow.State = "review"    // 待审核
	Open      flow.State = "open"      // 待认领
	Claimed   flow.State = "claimed"   // 已认领: nothing left to claim
	Delivered flow.State = "delivered" // 已送达, waiting for the resident's word
	Fulfilled flow.State = "fulfilled" // 已实现, solved yes or partly
	Disputed  flow.State = "disputed"  // 不认可
	Lapsed    flow.State = "lapsed"    // 逾期未确认, never counted as satisfied
	Returned  flow.State = "returned"  // 退回补充
	Withdrawn flow.State = "withdrawn" // 已撤回
	Expired   flow.State = "expired"   // 到期未认领
	Converted flow.State = "converted" // 已转办
)

// Shown lists the states in which a public wish is anybody's to read.
var Shown = []flow.State{Open, Claimed, Delivered, Fulfilled, Disputed, Lapsed, Expired, Converted}

// Categories are the eight kinds of service and two of wishes' own.
var Categories = []string{"政策宣传", "医疗健康", "家政清洁", "扶老护幼", "解难纾困", "文化体育", "矛盾调处", "治安巡逻", "环境设施", "其他"}

// Visibility of a wish.
const (
	Public  = "public"
	Private = "private"
)

// Ranks: the level of government that looks after a wish now.
const (
	AtCommunity = "community"
	AtStreet    = "street"
	AtDistrict  = "district"
)

// Wish is one wish with its claims. Times are UTC ms, 0 for none.
type Wish struct {
	flow.Head
	Title        string `db:"title"`
	Body         string `db:"body"`
	Category     string `db:"category"`
	LocationNote string `db:"location_note"` // 田头, 3幢门口; shown to helpers who claimed
	PriceNote    string `db:"price_note"`
	Total        int64  `db:"total"` // 0: a wish without a quantity, claimed whole
	Unit         string `db:"unit"`
	Taken        int64  `db:"claimed"`   // held and delivered; 1 for a wish without a quantity
	Done         int64  `db:"delivered"` // delivered
	Visibility   string `db:"visibility"`
	WantedBy     int64  `db:"wanted_by"`
	Tier         int    `db:"tier"`    // who is asked: 1 volunteers, 2 + organisations, 3 + street
	TierAt       int64  `db:"tier_at"` // since when
	Rank         string `db:"rank"`
	OfferedTo    string `db:"offered_to"`   // account staff gave it to
	Helped       string `db:"helped"`       // account of the person helped, when it is not the author
	HelpedName   string `db:"helped_name"`  // of a person without an account
	HelpedPhone  string `db:"helped_phone"` //
	ConsentHow   string `db:"consent_how"`  // spoken, phone, written, guardian
	ConsentBy    string `db:"consent_by"`   // who gave it
	ConsentAt    int64  `db:"consent_at"`
	Outcome      string `db:"outcome"`   // solved: yes, partly, no
	Satisfied    string `db:"satisfied"` // yes, fairly, no, none
	Channel      string `db:"channel"`   // self, family, phone, desk
	Disputes     int    `db:"disputes"`
	OnSpot       bool   `db:"on_spot"`   // 当场办好
	SameHand     bool   `db:"same_hand"` // 同一人办理
	Reviewer     string `db:"reviewer"`
	UrgedAt      int64  `db:"urged_at"`
	Origin       string `db:"origin"` // "project:ID": where it came from
	Became       string `db:"became"` // "activity:ID": what became of it

	Claims []*Claim `db:"-"`

	bare bool // filed this moment without photographs: nothing to look up
}

// Claim is a helper's word to bring an amount until a day.
type Claim struct {
	ID        string `db:"id"`
	Wish      string `db:"wish"`
	Account   string `db:"account"`
	Group     string `db:"grp"` // in whose name, "" for the person's own
	Amount    int64  `db:"amount"`
	Delivered int64  `db:"delivered"`
	State     string `db:"state"`
	Lead      bool   `db:"lead"` // 牵头: a lead may hold an amount of nothing
	Until     int64  `db:"until"`
	At        int64  `db:"at"`
}

// States of a claim.
const (
	Held     = "held"
	Brought  = "delivered"
	Released = "released"
	Missed   = "lapsed"
)

// Whole is how much there is to claim: 1 for a wish without a quantity.
func (w *Wish) Whole() int64 { return max(w.Total, 1) }

// Left is how much nobody has claimed yet.
func (w *Wish) Left() int64 { return w.Whole() - w.Taken }

// recount derives the sums from the claims.
func (w *Wish) recount() {
	w.Taken, w.Done = 0, 0
	for _, c := range w.Claims {
		switch c.State {
		case Held:
			w.Taken += c.Amount
		case Brought:
			w.Taken += c.Delivered
			w.Done += c.Delivered
		}
	}
}

// claim returns a claim by its id.
func (w *Wish) claim(id string) *Claim {
	i := slices.IndexFunc(w.Claims, func(c *Claim) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return w.Claims[i]
}

// live reports whether the claim still counts.
func (c *Claim) live() bool { return c.State == Held || c.State == Brought }

// by reports whether the claim is the actor's own or of a group it belongs to.
func (c *Claim) by(a actor.Actor) bool { return c.Account == a.ID || a.Belongs(c.Group) }

// mine reports whether the actor may act on the claim.
func (c *Claim) mine(a actor.Actor) bool { return c.Account == a.ID || a.ActsFor(c.Group) }

// lead returns the claim that leads, nil when nobody does.
func (w *Wish) lead() *Claim {
	i := slices.IndexFunc(w.Claims, func(c *Claim) bool { return c.Lead && c.live() })
	if i < 0 {
		return nil
	}
	return w.Claims[i]
}

// claimedBy reports whether the actor, or a group it belongs to, has a live claim on the wish.
func (w *Wish) claimedBy(a actor.Actor) bool {
	return a.Known() && slices.ContainsFunc(w.Claims, func(c *Claim) bool { return c.live() && c.by(a) })
}

// OnBehalf reports whether the wish is somebody else's than its author's.
func (w *Wish) OnBehalf() bool { return w.Helped != "" || w.HelpedName != "" }

// benefits reports whether the wish is for the actor itself.
func (w *Wish) benefits(a actor.Actor) bool {
	return a.Known() && (a.ID == w.Helped || a.ID == w.Author && !w.OnBehalf())
}

// owner reports whether the actor is the person the wish is for, its author,
// or guardian of either.
func (w *Wish) owner(a actor.Actor) bool {
	return a.Known() && (a.ID == w.Author || a.ID == w.Helped || a.Guards(w.Author) || a.Guards(w.Helped))
}

// Followed reports whether the actor follows the wish from its author's side
// or as staff, and may read its receipt.
func (w *Wish) Followed(a actor.Actor) bool { return w.owner(a) || w.staff(a) }

// Number is the receipt number 受理编号 to say on the phone: the day and the
// last six characters of the id.
func (w *Wish) Number() string {
	return time.UnixMilli(w.CreatedAt).In(clock.China).Format("060102") + "-" + strings.ToUpper(w.ID[len(w.ID)-6:])
}
