package generate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"linli/internal/core/actor"
	"linli/internal/feature/member"
	"linli/internal/platform/db"
)

var (
	surnames = strings.Split("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆汪范", "")
	given    = strings.Split("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红波辉建国志梅鑫婷宇浩文斌慧丹莉雪晨欣怡然子涵思远", "")
)

// rowsPerson are an account and its event.
const rowsPerson = 2

// makePeople invents residents, most of them confirmed at their address, one
// in twenty a volunteer.
func (m *maker) makePeople(ctx context.Context) error {
	n := m.size.People
	for from := 0; from < n; from += slice {
		to := min(n, from+slice)
		m.clock.Set(m.moment(from, n)) // the accounts of a slice come at one moment
		batch := make([]member.Account, 0, to-from)
		for i := from; i < to; i++ {
			a, err := m.person(i)
			if err != nil {
				return err
			}
			batch = append(batch, a)
		}
		rows := int64(0)
		err := m.house.DB.Write(ctx, func(tx *db.Tx) error {
			rows = 0
			for i := range batch {
				var roles []member.Grant
				if volunteers(from + i) {
					roles = []member.Grant{{Role: actor.Volunteer, Place: batch[i].Home}}
				}
				if err := m.house.Member.Create(ctx, tx, "", &batch[i], roles...); err != nil {
					return err
				}
				rows += rowsPerson + int64(len(roles))
			}
			return nil
		})
		if err != nil {
			return err
		}
		for i, a := range batch {
			m.people[a.Home] = append(m.people[a.Home], a.ID)
			if volunteers(from + i) {
				m.volunteers[a.Home] = append(m.volunteers[a.Home], a.ID)
				m.everyone = append(m.everyone, a.ID)
			}
		}
		m.count(len(batch), rows)
	}
	return nil
}

// volunteers reports whether the i-th person serves.
func volunteers(i int) bool { return i%20 == 0 }

func (m *maker) person(i int) (member.Account, error) {
	at := m.clock.Now()
	key, err := m.id(at)
	if err != nil {
		return member.Account{}, err
	}
	home := pick(m.rnd, m.places).Code
	family := pick(m.rnd, surnames)
	a := member.Account{
		ID: key, Name: fmt.Sprintf("g%d-%d", m.size.Seed, i), PublicName: family + pick(m.rnd, []string{"先生", "女士", "阿姨", "师傅", "*"}),
		RealName: family + name(m.rnd), Home: home, Level: level(m.rnd), HasChannel: m.rnd.IntN(12) > 0, CreatedAt: at.UnixMilli(),
		Phone: fmt.Sprintf("170%08d", (m.size.Seed*uint64(MostPeople)+uint64(i))%100_000_000),
	}
	a.Dwelling = fmt.Sprintf("%s%03d%02d%02d%02d", home, 1+m.rnd.IntN(30), 1+m.rnd.IntN(4), 1+m.rnd.IntN(18), 1+m.rnd.IntN(2))
	if !a.HasChannel {
		a.Phone = ""
	}
	a.Born = time.Date(1935+m.rnd.IntN(74), time.Month(1+m.rnd.IntN(12)), 1+m.rnd.IntN(28), 0, 0, 0, 0, at.Location()).UnixMilli()
	return a, nil
}

func name(r *rand.Rand) string {
	if r.IntN(3) == 0 {
		return pick(r, given)
	}
	return pick(r, given) + pick(r, given)
}

func level(r *rand.Rand) actor.Level {
	switch n := r.IntN(10); {
	case n < 6:
		return actor.V3
	case n < 8:
		return actor.V2
	}
	return actor.V1
}
