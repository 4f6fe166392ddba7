package generate

import (
	"context"
	"strconv"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/flow"
	"linli/internal/feature/post"
	"linli/internal/platform/db"
)

// written is what a channel publishes on each topic; # is the number of the post.
var written = map[string][]string{
	"news":         {"社区议事会议定：东门增设休息座椅", "第#期社区工作简报", "楼道飞线整治完成"},
	"policy":       {"居民医保缴费第#次提醒", "老旧小区加装电梯补贴办法问答", "高龄津贴申领须知"},
	"volunteering": {"第#批志愿者授马甲", "志愿服务时长怎么记", "护学岗招募邻居"},
	"livelihood":   {"停水通知（第#号）", "电梯年检安排", "便民服务日本周六举行"},
	"lost_found":   {"拾到钥匙一串，请来认领", "拾到老花镜一副（第#号）", "寻找走失的橘猫"},
	"anti_fraud":   {"冒充客服退款，不要信（第#案）", "“百万保障”到期扣费是骗局", "刷单返利都是诈骗"},
}

// makePosts invents posts of the channels, published within hours.
func (m *maker) makePosts(ctx context.Context) error {
	type released struct {
		posts []*post.Post
		told
	}
	return assemble(ctx, m.size.Posts, slice, func(from, to int) (b released, err error) {
		for i := from; i < to; i++ {
			p, changes, err := m.post(i)
			if err != nil {
				return b, err
			}
			b.posts = append(b.posts, p)
			b.rows++
			if err := b.tell(post.Life.Name, p.Head, post.Life.Audience(p), changes); err != nil {
				return b, err
			}
		}
		return b, nil
	}, func(b released) error {
		err := m.house.DB.Write(ctx, func(tx *db.Tx) error {
			for _, p := range b.posts {
				if err := m.house.Post.Machine.Store.Insert(ctx, tx, p); err != nil {
					return err
				}
			}
			return m.house.Journal.AppendAll(ctx, tx, b.events)
		})
		m.count(len(b.posts), b.rows)
		return err
	})
}

func (m *maker) post(i int) (*post.Post, []step, error) {
	r := m.rnd
	at := m.moment(i, m.size.Posts)
	key, err := m.id(at)
	if err != nil {
		return nil, nil, err
	}
	where, channel := pick(r, m.places).Code, post.OfCommunity
	switch r.IntN(8) {
	case 0:
		where, channel = access.Up(where, access.District), post.OfDistrict
	case 1:
		where, channel = access.Up(where, access.Street), post.OfStreet
	}
	p := &post.Post{Channel: channel, Topic: pick(r, post.Topics), Reach: where, ShownAt: at.UnixMilli()}
	p.Title = strings.ReplaceAll(pick(r, written[p.Topic]), "#", strconv.Itoa(i+1))
	p.Summary = "各位邻居：" + p.Title + "。有疑问请打社区电话，或到服务大厅来。"
	p.Body = p.Summary
	boss := m.staffOf(where)
	p.ID, p.Author = key, boss.ID
	p.Locate(where)
	s := &story[*post.Post]{life: post.Life, matter: p, spans: m.house.Place}
	born := &flow.Change{Actor: boss, At: at.UnixMilli()}
	born.Code("channel", p.Channel)
	post.Life.Born(p, post.Draft, born, s.spans)
	born.Audience = post.Life.Audience(p)
	s.note(born)
	if r.IntN(60) > 0 { // else it stays a draft
		out := at.UnixMilli() + int64(r.IntN(6))*hour
		if err := s.move(&flow.Change{Do: "publish", Actor: boss, At: out, In: flow.Input{}}); err != nil {
			return nil, nil, err
		}
	}
	return p, s.changes, s.settle(m.size.Until.UnixMilli())
}
