package place_test

import (
	"net/url"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
)

func TestSettingsAndPlaces(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		set := func(by, place, key, value string) int {
			return h.Do("POST", "/staff/settings/"+place+"/"+key, by, url.Values{"value": {value}}).Status
		}
		for _, c := range []struct {
			by, place, key, value string
			want                  int
		}{
			{"demo-community", demo.CommunityA, "wish.tier_span", "3wd", 303}, {"demo-community", demo.CommunityA, "wish.tier_span", "soon", 422},
			{"demo-community", demo.CommunityB, "wish.tier_span", "3wd", 404}, {"demo-resident", demo.CommunityA, "wish.tier_span", "3wd", 404},
			{"demo-community", demo.CommunityA, "signin.second_factor", "false", 404}, {"demo-admin", demo.District, "signin.second_factor", "true", 303},
			{"demo-community", demo.CommunityA, "site.demo", "false", 404}, {"demo-admin", demo.District, "site.demo", "false", 404},
		} {
			if got := set(c.by, c.place, c.key, c.value); got != c.want {
				t.Errorf("%v: %d", c, got)
			}
		}
		if h.Place.Text(demo.CommunityA, "wish.tier_span") != "3wd" || h.Place.Text(demo.CommunityB, "wish.tier_span") != "2wd" {
			t.Error("a setting reaches where it must not, or not where it must")
		}
		h.Must(303, "POST", "/staff/places/"+demo.CommunityA+"/grids", "demo-community", url.Values{"grid": {demo.CommunityA + "901"}, "buildings": {demo.CommunityA + "001", demo.CommunityA + "002"}})
		h.Must(422, "POST", "/staff/places/"+demo.CommunityA+"/grids", "demo-community", url.Values{"grid": {demo.CommunityB + "901"}})
		h.Must(303, "POST", "/staff/places/"+demo.CommunityA+"/parts", "demo-community", url.Values{"level": {"building"}, "code": {"010"}, "name": {"洲岛家园10幢"}})
		h.Must(422, "POST", "/staff/places/"+demo.CommunityA+"/parts", "demo-community", url.Values{"level": {"grid"}, "code": {"011"}, "name": {"错的网格"}})
		h.Must(303, "POST", "/staff/calendar/"+demo.CommunityA, "demo-community", url.Values{"date": {"2026-11-19"}, "day": {"off"}, "occasion": {"社区停电"}})
		if h.Place.Calendar(demo.CommunityA).IsWorkday(apptest.Noon.AddDate(0, 0, 1)) || !h.Place.Calendar(demo.CommunityB).IsWorkday(apptest.Noon.AddDate(0, 0, 1)) {
			t.Error("the day off is not laid over the calendar of its place alone")
		}
		h.Sound()
	})
}
