package demo

import (
	"fmt"
	"strconv"
	"time"

	"linli/internal/core/actor"
)

// tell begins one story; its number decides which, so that all kinds occur.
func (y *wishYear) tell(n int) error {
	author := pickOf(y.rnd, y.authors)
	home := y.homeOf(author)
	switch n % 25 {
	case 3, 11, 19: // on behalf of somebody without a phone
		return y.onBehalf(y.text(plain))
	case 6:
		return y.private(author, home)
	case 8, 17:
		return y.shared(author, home)
	case 14:
		return y.onSpot()
	}
	t := y.text(plain)
	in := y.fields(t, home)
	if a, _, err := y.h.Member.Actor(y.ctx, y.ids[author]); err != nil {
		return err
	} else if a.Level < actor.V3 || n%25 == 21 || n%13 == 7 {
		delete(in, "wanted_by") // these take their time
	}
	id, err := y.h.Wish.File(y.as(author), in)
	if err != nil {
		return fmt.Errorf("%s: %w", t.title, err)
	}
	open, err := y.review(author, home, id, n)
	if err != nil || !open {
		return err
	}
	switch n % 25 {
	case 21: // nobody comes
	case 23:
		y.after(5, 40, func() error {
			return y.move(author, id, "withdraw", map[string]any{"note": "家里人回来帮忙弄好了，谢谢大家。"})
		})
	default:
		y.help(author, id, n)
	}
	return nil
}

// review plays what staff does with a wish of somebody not yet verified: passed,
// returned and completed, or left lying until the street looks at it.
func (y *wishYear) review(author, home, id string, n int) (open bool, err error) {
	a, _, err := y.h.Member.Actor(y.ctx, y.ids[author])
	if err != nil || a.Level >= actor.V3 {
		return err == nil, err
	}
	staff := "demo-community2"
	if home == CommunityB {
		staff = "demo-community-b"
	}
	switch n % 4 {
	case 0: // too late for the community
		y.after(26, 40, func() error {
			y.help(author, id, n)
			return y.move("demo-street", id, "approve", map[string]any{"note": "街道代为审核。"})
		})
	case 1:
		y.after(3, 20, func() error {
			y.after(4, 50, func() error {
				y.after(2, 20, func() error { y.help(author, id, n); return y.move(staff, id, "approve", nil) })
				return y.move(author, id, "resubmit", map[string]any{"note": "补充：平时晚上七点以后在家，周末全天都行。"})
			})
			return y.move(staff, id, "return", map[string]any{"reason": "请补充方便的时间，不用写电话。"})
		})
	default:
		y.after(2, 20, func() error {
			y.help(author, id, n)
			return y.move(staff, id, "approve", map[string]any{"note": "情况属实，请大家帮忙。"})
		})
	}
	return false, nil
}

var (
	thanks = []string{"来得很快，谢谢！", "师傅很耐心，弄好了还帮着打扫。", "太感谢了，邻居就是亲。", "解决了大问题。", "很满意，下次我也来帮别人。", "", "", ""}
	brings = []string{"已上门办好，老人很高兴。", "东西送到了，一起试过没问题。", "陪着去的，顺利办完。", "用了半个多小时，弄好了。", "带了工具，修好了。", "", ""}
)

// help plays claim, delivery and the resident's word.
func (y *wishYear) help(author, id string, n int) {
	helper := pickOf(y.rnd, y.helpers)
	for helper == author {
		helper = pickOf(y.rnd, y.helpers)
	}
	switch {
	case n%9 == 4:
		helper = pickOf(y.rnd, []string{"demo-society", "demo-party", fmt.Sprintf("demo-unit%d", 1+y.rnd.IntN(13))})
	case n%13 == 7: // the street steps in after the circles
		y.after(24*20, 24*24, func() error {
			y.deliver(author, "demo-street", id, n)
			return y.move("demo-street", id, "claim", map[string]any{"note": "街道协调专人上门。"})
		})
		return
	}
	y.after(1, 44, func() error {
		if n%17 == 5 { // cannot come after all
			y.after(4, 40, func() error {
				y.after(2, 30, func() error {
					y.deliver(author, "demo-party", id, n)
					return y.move("demo-party", id, "claim", map[string]any{"note": "党员志愿者接着办。"})
				})
				return y.move(helper, id, "release", map[string]any{"note": "临时出差，实在来不了，抱歉。"})
			})
		} else if n%19 != 6 { // 6: forgets it, and the lease runs out
			y.deliver(author, helper, id, n)
		}
		return y.move(helper, id, "claim", nil)
	})
}

func (y *wishYear) deliver(author, helper, id string, n int) {
	y.after(5, 70, func() error {
		y.word(author, helper, id, n)
		return y.move(helper, id, "deliver", map[string]any{"note": pickOf(y.rnd, brings)})
	})
}

// word plays what the resident says: mostly yes; sometimes nothing at all, and
// sometimes that it did not help.
func (y *wishYear) word(author, helper, id string, n int) {
	switch {
	case n%11 == 9: // says nothing: 逾期未确认
	case n%22 == 10:
		y.after(4, 60, func() error {
			y.after(8, 30, func() error {
				y.after(24, 70, func() error {
					y.after(3, 40, func() error {
						return y.move(author, id, "confirm", map[string]any{"solved": "yes", "satisfied": "fairly", "note": "第二次弄好了。"})
					})
					return y.move(helper, id, "deliver", map[string]any{"note": "重新上门，换了配件。"})
				})
				return y.move(author, id, "dispute", map[string]any{"reason": "才过一天又不行了，请再看看。"})
			})
			return y.move(author, id, "confirm", map[string]any{"solved": "no", "satisfied": "no"})
		})
	default:
		in := map[string]any{"solved": "yes", "satisfied": "yes", "note": pickOf(y.rnd, thanks)}
		switch n % 10 {
		case 2:
			in["solved"], in["satisfied"] = "partly", "fairly"
		case 6:
			in["satisfied"] = "none"
		}
		y.after(2, 90, func() error { return y.move(author, id, "confirm", in) })
	}
}

// onBehalf: the grid worker files for somebody without a phone and confirms by phone.
func (y *wishYear) onBehalf(t wishText) error {
	in := y.fields(t, CommunityA)
	who := pickOf(y.rnd, []string{"住一楼的李大爷", "独居的赵奶奶", "腿脚不便的老孙", "八十六岁的钱奶奶", "盲人王师傅"})
	in["on_behalf_of"] = map[string]any{"name": who, "phone": fmt.Sprintf("1370000%04d", y.rnd.IntN(9000)+1), "consent_how": pickOf(y.rnd, []string{"spoken", "phone", "guardian"})}
	id, err := y.h.Wish.File(y.as("demo-grid"), in)
	if err != nil {
		return fmt.Errorf("%s: %w", t.title, err)
	}
	helper := pickOf(y.rnd, y.helpers)
	y.after(2, 30, func() error {
		y.after(5, 60, func() error {
			y.after(5, 60, func() error {
				return y.move("demo-community", id, "confirm", map[string]any{"solved": "yes", "satisfied": pickOf(y.rnd, []string{"yes", "fairly"}), "channel": "phone", "note": "电话里说很满意。"})
			})
			return y.move(helper, id, "deliver", map[string]any{"note": pickOf(y.rnd, brings)})
		})
		return y.move(helper, id, "claim", nil)
	})
	return nil
}

func (y *wishYear) private(author, home string) error {
	t := y.text(func(t wishText) bool { return t.priv })
	id, err := y.h.Wish.File(y.as(author), y.fields(t, home))
	if err != nil {
		return fmt.Errorf("%s: %w", t.title, err)
	}
	if a, _, err := y.h.Member.Actor(y.ctx, y.ids[author]); err != nil || a.Level < actor.V3 {
		return err // stays with the reviewers
	}
	staff := "demo-community"
	if home == CommunityB {
		staff = "demo-community-b"
	}
	helper := pickOf(y.rnd, []string{"demo-volunteer", "demo-volunteer2", "demo-society"})
	y.after(3, 30, func() error {
		y.after(2, 20, func() error { y.deliver(author, helper, id, 1); return y.move(helper, id, "claim", nil) })
		return y.move(staff, id, "offer", map[string]any{"to": y.ids[helper]})
	})
	return nil
}

func (y *wishYear) onSpot() error {
	t := y.text(plain)
	_, err := y.h.Wish.Record(y.as(pickOf(y.rnd, []string{"demo-grid", "demo-volunteer", "demo-community2"})), map[string]any{
		"title": t.title, "body": "巡访时遇到，当场办好。", "category": t.category, "place": CommunityA,
		"on_behalf_of": map[string]any{"name": pickOf(y.rnd, []string{"三单元的奶奶", "门卫老张", "带孩子的妈妈"})},
	})
	return err
}

// shared: a quantity that several units bring together; one brings less than
// it said, and what is missing opens again.
func (y *wishYear) shared(author, home string) error {
	t := y.text(func(t wishText) bool { return t.total > 0 })
	in := y.fields(t, home)
	delete(in, "wanted_by")
	id, err := y.h.Wish.File(y.as(author), in)
	if err != nil {
		return fmt.Errorf("%s: %w", t.title, err)
	}
	if a, _, err := y.h.Member.Actor(y.ctx, y.ids[author]); err != nil || a.Level < actor.V3 {
		return err
	}
	units := y.rnd.Perm(13)[:2+y.rnd.IntN(3)]
	left, short := t.total, y.rnd.IntN(3) == 0
	for i, u := range units {
		unit, part := fmt.Sprintf("demo-unit%d", u+1), left/int64(len(units)-i)
		left -= part
		bring := part
		if short && i == 0 && part > 1 {
			bring = part - 1 - part/5
		}
		y.after(6+8*i, 10+8*i, func() error {
			y.after(30, 60, func() error {
				return y.move(unit, id, "deliver", map[string]any{"amount": strconv.FormatInt(bring, 10)})
			})
			return y.move(unit, id, "claim", map[string]any{"amount": strconv.FormatInt(part, 10)})
		})
	}
	y.at(y.year.Now().Add(100*time.Hour), func() error {
		if !short || t.total/int64(len(units)) < 2 {
			y.word(author, "", id, 1)
			return nil
		}
		y.deliver(author, "demo-party", id, 1)
		return y.move("demo-party", id, "claim", map[string]any{"note": "还差的一点，支部补上。"})
	})
	return nil
}

// disputed: it did not help, and the next level has it now.
func (y *wishYear) disputed() error {
	id, err := y.h.Wish.File(y.as("demo-neighbour"), map[string]any{
		"title": "单元门口的声控灯修了又不亮", "body": "晚上回来要摸黑找钥匙，老人孩子都不方便。", "place": CommunityA + "003", "category": "环境设施"})
	if err != nil {
		return err
	}
	y.after(3, 10, func() error { return y.move("demo-volunteer2", id, "claim", nil) })
	y.after(20, 30, func() error {
		return y.move("demo-volunteer2", id, "deliver", map[string]any{"note": "换了灯头，试过亮的。"})
	})
	y.after(48, 60, func() error {
		return y.move("demo-neighbour", id, "confirm", map[string]any{"solved": "no", "satisfied": "no", "note": "亮了一晚又不亮了。"})
	})
	y.after(64, 80, func() error {
		return y.move("demo-neighbour", id, "dispute", map[string]any{"reason": "应该是线路的问题，想请街道安排电工看一看。"})
	})
	return nil
}

// returned: staff has asked the author for more.
func (y *wishYear) returned() error {
	id, err := y.h.Wish.File(y.as("demo-newcomer"), map[string]any{
		"title": "想借个梯子用一下", "body": "换个东西。", "place": CommunityA, "category": "家政清洁"})
	if err != nil {
		return err
	}
	y.after(2, 8, func() error {
		return y.move("demo-community", id, "return", map[string]any{"reason": "请写一下要多高的梯子、哪天用，方便邻居准备。"})
	})
	return nil
}

// underWay gives demo-resident matters of her own for today: one that waits for
// her word, and one that somebody has taken.
func (y *wishYear) underWay() error {
	begun := y.year.Now()
	file := func(title, body, category string) (string, error) {
		return y.h.Wish.File(y.as("demo-resident"), map[string]any{"title": title, "body": body, "category": category, "place": CommunityA + "005"})
	}
	phone, err := file("想学在手机上缴燃气费", "以前都去营业厅排队，孩子不在身边，想请人教两遍。", "扶老护幼")
	if err != nil {
		return err
	}
	tap, err := file("厨房水龙头滴水，想请人换个垫圈", "垫圈已经买好了，自己拧不动。", "家政清洁")
	if err != nil {
		return err
	}
	y.at(begun.Add(4*time.Hour), func() error { return y.move("demo-volunteer", phone, "claim", nil) })
	y.at(begun.Add(26*time.Hour), func() error {
		return y.move("demo-volunteer", phone, "deliver", map[string]any{"note": "教了两遍，步骤写在纸上贴在冰箱门上了。"})
	})
	y.at(begun.Add(45*time.Hour), func() error {
		return y.move("demo-volunteer2", tap, "claim", map[string]any{"note": "明天下午带扳手过来。"})
	})
	return nil
}

// vegetables is the literature's own case: a resident in hospital, 7,000 斤 in
// the field, the party branch leads and thirteen canteens buy.
func (y *wishYear) vegetables() error {
	id, err := y.h.Wish.File(y.as("demo-grid"), map[string]any{
		"title": "老张住院了，地里七千斤青菜急着找销路", "body": "人在医院，菜不等人。青菜、包菜都能收了，五天内不收就老在地里。可以自己来拉，也可以帮忙送。",
		"place": CommunityA, "category": "解难纾困", "location_note": "洲尾三组田头，拖拉机能到", "price_note": "按当天市场批发价，当面称重结清",
		"quantity": map[string]any{"total": "7000", "unit": "斤"}, "wanted_by": y.year.Now().AddDate(0, 0, 6).Format(time.RFC3339),
		"on_behalf_of": map[string]any{"name": "老张", "phone": "13700008888", "consent_how": "phone", "consent_by": "老张本人"},
	})
	if err != nil {
		return err
	}
	y.at(y.year.Now().Add(2*time.Hour), func() error {
		return y.move("demo-party", id, "claim", map[string]any{"lead": true, "note": "支部牵头，联系共建单位食堂，每天一车。"})
	})
	parts := []int64{900, 800, 700, 600, 600, 500, 500, 500, 400, 400, 400, 400, 300}
	for i, n := range parts {
		unit := fmt.Sprintf("demo-unit%d", i+1)
		y.at(y.year.Now().Add(time.Duration(4+2*i)*time.Hour), func() error {
			y.after(20, 44, func() error { return y.move(unit, id, "deliver", map[string]any{"note": "已过磅装车。"}) })
			return y.move(unit, id, "claim", map[string]any{"amount": strconv.FormatInt(n, 10)})
		})
	}
	y.at(y.year.Now().Add(100*time.Hour), func() error {
		return y.move("demo-community", id, "confirm", map[string]any{"solved": "yes", "satisfied": "yes", "channel": "phone", "note": "老张在病床上说：谢谢大家，菜一棵没烂在地里。"})
	})
	return nil
}
