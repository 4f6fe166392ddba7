package demo

import (
	"context"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"linli/internal/app"
	"linli/internal/core/actor"
	"linli/internal/core/clock"
)

// postTexts are what the channels publish, one a line: channel, topic or column
// with heading, months, title, body. Months are numbers, * for each, q for each
// quarter, h for each half year.
//
//go:embed posts.txt
var postTexts string

// A post to come.
type postPlan struct {
	at                           time.Time
	writer, place, channel, what string // what: topic, or "column heading"
	title, body                  string
}

var postChannels = map[string]struct{ place, channel, writer string }{
	"区": {District, "district", "demo-district"}, "街": {Street, "street", "demo-street"},
	"社": {CommunityA, "community", "demo-community"}, "和": {CommunityB, "community", "demo-community-b"},
}

// postSlots are words that differ from one notice to the next.
var postSlots = map[string][]string{
	"{骗}": {"冒充客服退款", "“百万保障”到期扣费", "虚假投资理财群", "网购低价手机", "冒充公检法", "游戏账号交易", "ETC 失效短信", "代办信用卡", "网络交友借钱", "假冒水电缴费链接", "保健品以旧换新", "“明星粉丝群”返现"},
	"{物}": {"钥匙一串", "老花镜一副", "儿童水壶一个", "公交老年卡一张", "蓝色雨伞一把", "毛线帽一顶", "助听器一只", "电动车头盔一个", "小学课本一册", "银色手镯一只", "保温饭盒一个", "充电宝一个"},
	"{处}": {"活动室", "3 幢门口", "菜场东门", "儿童滑梯旁", "快递柜边", "议事亭", "健身步道", "北门岗亭"},
}

// Posts makes a year of the three levels' channels: notices, disclosure,
// comments and a few likes, each published at a working hour of its month.
func Posts(ctx context.Context, h *app.House, year *clock.Fake, rnd *rand.Rand) error {
	start := year.Now()
	end := start.AddDate(1, 0, 0)
	people := map[string]context.Context{}
	as := func(name string) (context.Context, error) {
		if c, ok := people[name]; ok {
			return c, nil
		}
		acc, err := h.Member.Find(ctx, h.DB, name)
		if err != nil {
			return nil, err
		}
		a, _, err := h.Member.Actor(ctx, acc.ID)
		people[name] = actor.With(ctx, a)
		return people[name], err
	}
	for _, name := range []string{"demo-resident", "demo-neighbour"} {
		who, err := as(name)
		if err != nil {
			return err
		}
		if err := h.Post.FollowChannel(who, CommunityA, true); err != nil {
			return err
		}
	}
	pinned := 0
	for _, p := range postPlans(start, end, rnd) {
		year.Set(p.at)
		who, err := as(p.writer)
		if err != nil {
			return err
		}
		raw := map[string]any{"title": p.title, "body": p.body, "channel": p.channel, "place": p.place}
		if column, heading, ok := strings.Cut(p.what, " "); ok {
			raw["channel"], raw["heading"] = column, heading
		} else {
			raw["topic"] = p.what
		}
		id, err := h.Post.Write(who, raw)
		if err != nil {
			return fmt.Errorf("post %s: %w", p.title, err)
		}
		if rnd.IntN(40) == 0 { // some stay drafts, or wait for a second look
			if rnd.IntN(2) == 0 {
				if err := h.Post.Do(who, id, "submit", nil); err != nil {
					return err
				}
			}
			continue
		}
		if err := h.Post.Do(who, id, "publish", nil); err != nil {
			return fmt.Errorf("publish %s: %w", p.title, err)
		}
		if end.Sub(p.at) < 20*24*time.Hour && pinned < 1 && p.place == CommunityA && (p.what == "livelihood" || p.what == "news") {
			pinned++
			if err := h.Post.Do(who, id, "pin", nil); err != nil {
				return err
			}
		}
		if err := postTalk(h, as, year, rnd, p, id); err != nil {
			return err
		}
	}
	return nil
}

// postTalk lets neighbours comment on and like a post, and sometimes lifts it.
func postTalk(h *app.House, as func(string) (context.Context, error), year *clock.Fake, rnd *rand.Rand, p postPlan, id string) error {
	say := []string{"收到，谢谢社区！", "请问周末也能办吗？", "上次说的路灯修好了，点个赞。", "已转给楼上的老人看了。", "建议字再大一点，老人看不清。", "志愿者辛苦了！", "能不能多设几个点？", "我来报名。", "这件事办得好。", "希望坚持下去。"}
	answers := []string{"可以的，服务站周六上午也开。", "收到您的建议，马上改。", "谢谢！欢迎常来。", "已经记下，下月答复。"}
	likers := []string{"demo-resident", "demo-neighbour", "demo-newcomer", "demo-outsider", "demo-volunteer", "demo-volunteer2", "demo-party"}
	rnd.Shuffle(len(likers), func(i, j int) { likers[i], likers[j] = likers[j], likers[i] })
	for _, name := range likers[:rnd.IntN(3)] {
		who, err := as(name)
		if err != nil {
			return err
		}
		year.Set(year.Now().Add(time.Duration(1+rnd.IntN(50)) * time.Minute))
		if err := h.Post.Like(who, id, true); err != nil {
			return err
		}
		if rnd.IntN(3) > 0 {
			continue
		}
		first, err := h.Post.Comment(who, id, "", say[rnd.IntN(len(say))])
		if err != nil {
			return err
		}
		if rnd.IntN(2) == 0 {
			staff, err := as(p.writer)
			if err != nil {
				return err
			}
			if _, err := h.Post.Comment(staff, id, first, answers[rnd.IntN(len(answers))]); err != nil {
				return err
			}
		}
	}
	if p.place == CommunityA && p.what == "news" && rnd.IntN(4) == 0 {
		up, err := as("demo-street")
		if err != nil {
			return err
		}
		return h.Post.Do(up, id, "lift", nil)
	}
	return nil
}

// postPlans spreads the texts over the year, oldest first.
func postPlans(start, end time.Time, rnd *rand.Rand) []postPlan {
	var out []postPlan
	for line := range strings.Lines(postTexts) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 5 {
			if len(f) > 5 { // a table in the body
				f = append(f[:4], strings.Join(f[4:], "|"))
			} else {
				continue
			}
		}
		ch := postChannels[strings.TrimSuffix(f[0], "公")]
		for m := time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, clock.China); m.Before(end); m = m.AddDate(0, 1, 0) {
			month := int(m.Month())
			switch f[2] {
			case "*":
			case "q":
				if month%3 != 1 {
					continue
				}
			case "h":
				if month%6 != 1 {
					continue
				}
			default:
				if f[2] != strconv.Itoa(month) {
					continue
				}
			}
			at := m.AddDate(0, 0, rnd.IntN(27)).Add(time.Duration(8*60+30+rnd.IntN(9*60)) * time.Minute)
			if !at.After(start) || !at.Before(end.Add(-time.Hour)) {
				continue
			}
			fill := postFill(m, rnd)
			out = append(out, postPlan{at, ch.writer, ch.place, ch.channel, f[1], fill.Replace(f[3]), strings.ReplaceAll(fill.Replace(f[4]), "¶", "\n")})
		}
	}
	slices.SortStableFunc(out, func(a, b postPlan) int { return a.at.Compare(b.at) })
	return out
}

// postFill are the words of one month.
func postFill(m time.Time, rnd *rand.Rand) *strings.Replacer {
	last := m.AddDate(0, -3, 0) // a quarter is told after its end
	filed := 20 + rnd.IntN(30)
	pairs := []string{
		"{月}", strconv.Itoa(int(m.Month())), "{年}", strconv.Itoa(m.Year()), "{季}", strconv.Itoa((int(last.Month())-1)/3 + 1), "{社}", "洲岛家园社区",
		"{件}", strconv.Itoa(filed), "{成}", strconv.Itoa(filed - 2 - rnd.IntN(6)),
	}
	for _, slot := range []string{"{骗}", "{物}", "{处}"} {
		words := postSlots[slot]
		pairs = append(pairs, slot, words[(int(m.Month())-1+len(slot))%len(words)])
	}
	return strings.NewReplacer(pairs...)
}
