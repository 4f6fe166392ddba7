package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linli/internal/app"
	"linli/internal/core/clock"
)

// Line is one line of the list of accounts that `linli demo` prints.
type Line struct{ Accounts, Is string }

// Guide lists the demo accounts for people.
func Guide() []Line {
	return []Line{
		{"demo-resident demo-neighbour", "洲岛家园社区居民 residents of community A"},
		{"demo-newcomer demo-outsider", "手机已验证的新居民；和园社区居民 a newcomer; a resident of B"},
		{"demo-volunteer demo-volunteer2", "志愿者 volunteers"},
		{"demo-society demo-unit1 … 13", "社会组织、共建单位经办人 organisations"},
		{"demo-party", "社区党组织书记 secretary of the party branch"},
		{"demo-grid", "网格员 grid worker"},
		{"demo-community demo-community2 demo-community-b", "社工 community staff"},
		{"demo-street demo-district", "街道、区工作人员 street and district staff"},
		{"demo-water demo-roads", "职能部门 departments"},
		{"demo-expert1 … 5", "专家 experts"},
		{"demo-auditor demo-admin", "审计、系统管理员 auditor, administrator"},
	}
}

// Fill makes the demo in an empty place, serves an existing demo as it is, and
// refuses anything else.
func Fill(ctx context.Context, c app.Config, seed uint64) error {
	start := clock.System{}.Now().AddDate(-1, 0, 0)
	year := clock.NewFake(start)
	c.Clock, c.Fill = year, true
	h, err := app.Open(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := h.Migrate(ctx); err != nil {
		return err
	}
	var seen int
	if err := h.DB.Get(ctx, &seen, "SELECT count(*) FROM places"); err != nil {
		return err
	}
	if seen > 0 {
		if !h.Demo() {
			return errors.New("this place holds data that is not a demo: name another folder with --data, or use linli serve")
		}
		return nil
	}
	if err := People(ctx, h); err != nil {
		return fmt.Errorf("fill people: %w", err)
	}
	if err := Year(ctx, h, year, seed); err != nil {
		return fmt.Errorf("fill the year: %w", err)
	}
	year.Set(clock.System{}.Now().Add(-time.Second))
	if err := h.Work(ctx); err != nil {
		return err
	}
	return h.DB.Settle(ctx)
}
