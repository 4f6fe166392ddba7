package demo

import (
	"context"
	"fmt"
	"math/rand/v2"

	"linli/internal/app"
	"linli/internal/core/clock"
	"linli/internal/feature/group"
	"linli/internal/platform/db"
)

// duties are the lines of the demo's responsibility list 权责清单.
var duties = []struct{ group, place, category, part, basis string }{
	{"洲岛家园社区居民委员会", CommunityA, group.Every, group.Responsible, "《城市居民委员会组织法》第三条"},
	{"洲岛物业服务中心", CommunityA, "环境设施", group.Responsible, "物业服务合同"},
	{"洲岛物业服务中心", CommunityA, "治安巡逻", group.Supporting, "物业服务合同"},
	{"江心洲好邻居公益服务社", CommunityA, "扶老护幼", group.Supporting, "社区购买服务协议"},
	{"洲岛家园议事协调委员会", CommunityA, "矛盾调处", group.Responsible, "洲岛家园议事规则"},
	{"洲岛和园社区居民委员会", CommunityB, group.Every, group.Responsible, "《城市居民委员会组织法》第三条"},
	{"建邺区市政设施管理中心", District, "环境设施", group.Supporting, "街道职责准入清单"},
	{"建邺区水务局", District, "环境设施", group.Supporting, "街道职责准入清单"},
}

// Duties writes down who is responsible for what, from the first day of the year.
func Duties(ctx context.Context, h *app.House, _ *clock.Fake, _ *rand.Rand) error {
	groups := map[string]string{}
	for _, g := range h.Group.At(District, "") {
		groups[g.Name] = g.ID
	}
	return h.DB.Write(ctx, func(tx *db.Tx) error {
		for _, d := range duties {
			err := h.Group.AddDuty(ctx, tx, "", group.Duty{Group: groups[d.group], Place: d.place, Category: d.category, Part: d.part, Basis: d.basis})
			if err != nil {
				return fmt.Errorf("%s: %w", d.group, err)
			}
		}
		return nil
	})
}
