package search

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"linli/internal/core/bigram"
	"linli/internal/core/id"
	"linli/internal/core/page"
	"linli/internal/platform/db"
	"linli/internal/platform/dbtest"
)

var (
	needs   = strings.Fields("路灯不亮 水管漏水 借一辆轮椅 教老人用手机 代买降压药 陪护去医院 修一修门锁 想学书法 找人下棋 孩子课后辅导 清理楼道杂物 下水道堵塞 电动车充电 安装扶手 旧衣回收 理发上门 磨刀 补鞋 缝裤脚 广场舞场地 加装晾衣架 石凳换防腐木 蔬菜滞销 量血压 白内障筛查 法律咨询 调解邻里噪音 垃圾分类宣传 消防通道被占 健身器材损坏")
	reasons = strings.Fields("家里只有老人一个人住 白天要上班没有时间 已经好几天了 晚上出门很不方便 孩子放学没有人接 身体不好走不动 希望有热心的志愿者帮忙 请社区尽快来看一看 物业说要等通知 邻居们也都遇到了 谢谢大家 时间可以商量 价钱当面结清 就在小区北门旁边 电梯口左手第二家")
	opening = strings.Fields("请问 麻烦 希望 想要 需要 急 能不能 您好")
)

// fill writes posts and wishes of 170 communities of ten streets, always the
// same, straight into the index. Words follow a long tail: the first need comes
// thirty times as often as the last.
func fill(tb testing.TB, r *rig, posts, wishes int) {
	tb.Helper()
	rnd, seed := rand.New(rand.NewPCG(20, 26)), rand.NewChaCha8([32]byte{20, 26})
	zipf := rand.NewZipf(rnd, 1.1, 1, uint64(len(needs)-1))
	ctx := context.Background()
	pg := r.journal.DB.Engine == db.Postgres
	step := func(text string) {
		if err := r.journal.DB.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec(ctx, text); return err }); err != nil {
			tb.Fatal(err)
		}
	}
	if pg {
		step(`DROP INDEX search_docs_words`)
	}
	for at := 0; at < posts+wishes; {
		err := r.journal.DB.Write(ctx, func(tx *db.Tx) error {
			for end := min(at+5000, posts+wishes); at < end; at++ {
				need := needs[zipf.Uint64()]
				d := &document{kind: "wish", at: start.UnixMilli() + int64(at), place: fmt.Sprintf("320105%03d%03d", 1+at%10, 1+rnd.IntN(17))}
				if at%((posts+wishes)/posts) == 0 {
					d.kind = "post"
				}
				if rnd.IntN(20) == 0 {
					d.place = home // the community people look at
				}
				d.title = opening[rnd.IntN(len(opening))] + need
				var body []string
				for range 2 + rnd.IntN(4) {
					body = append(body, reasons[rnd.IntN(len(reasons))])
				}
				d.text = d.title + "\n" + fmt.Sprintf("%d幢%d室，", 1+rnd.IntN(60), 101+rnd.IntN(900)) + strings.Join(body, "，") + "。"
				if at%997 == 0 {
					d.text += "会吹口琴"
				}
				var err error
				if d.subject, err = id.At(start.Add(time.Duration(at)*time.Second), seed); err != nil {
					return err
				}
				if err := insert(ctx, tx, d, 1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	if pg {
		step(`CREATE INDEX search_docs_words ON search_docs USING gin (words) WITH (fastupdate = off)`)
		step(`ANALYZE search_docs`)
	}
}

// BenchmarkSearch compares a search, as the API answers it, with the bare
// indexed query through database/sql on the same rows, and prints the ratio.
// 10,000 posts and 100,000 wishes; the target is 3.
func BenchmarkSearch(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			var r *rig
			var plain *sql.DB
			var err error
			if engine == "sqlite" {
				url := dbtest.SQLiteFromTemplate(b, "migrated", migrated)
				r = open(b, url)
				plain, err = sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")+"?_pragma=query_only(on)&_pragma=cache_size(-16384)")
			} else {
				url := dbtest.PostgresFromTemplate(b, "migrated", migrated)
				r = open(b, url)
				plain, err = sql.Open("pgx", url)
			}
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { plain.Close() })
			begun := time.Now()
			fill(b, r, 10_000, 100_000)
			b.Logf("%s filled in %v", engine, time.Since(begun).Round(time.Millisecond))
			for _, c := range []struct{ name, query, place, kind string }{
				{"rare", "口琴", "", ""}, {"frequent", "轮椅", "", ""}, {"everywhere", "老人", "", ""},
				{"community", "轮椅", home, "wish"}, {"one_character", "椅", "", ""}, {"phrase", "学书法", "", ""}, {"nothing", "飞机", "", ""},
			} {
				b.Run(c.name, func(b *testing.B) { compare(b, r, plain, c.query, c.place, c.kind) })
			}
			b.Run("similar", func(b *testing.B) {
				for b.Loop() {
					if ids, err := r.Similar(b.Context(), r.journal.DB, "wish", home, "想借一辆轮椅\n老人出院要用两周", 3); err != nil || len(ids) == 0 {
						b.Fatal(ids, err)
					}
				}
			})
			b.Run("list", func(b *testing.B) {
				cond, args := r.Where("wish", "d.subject", "轮椅")
				for b.Loop() {
					var ids []string
					if err := r.journal.DB.Select(b.Context(), &ids, `SELECT d.subject FROM search_docs d WHERE `+cond+` ORDER BY d.subject DESC LIMIT 21`, args...); err != nil || len(ids) != 21 {
						b.Fatal(len(ids), err)
					}
				}
			})
		})
	}
}

func compare(b *testing.B, r *rig, plain *sql.DB, query, place, kind string) {
	text, x := `SELECT d.kind, d.subject, d.place, d.title, d.at FROM search_fts CROSS JOIN search_docs d ON d.doc = search_fts.rowid
		WHERE search_fts MATCH ? ORDER BY search_fts.rowid DESC LIMIT 21`, "words : ("+bigram.Match(query)+")"
	if r.journal.DB.Engine == db.Postgres {
		text, x = `SELECT d.kind, d.subject, d.place, d.title, d.at FROM search_docs d WHERE d.words @@ $1::tsquery ORDER BY d.doc DESC LIMIT 21`, bigram.TSQuery(query)
	}
	if kind != "" { // the bare query has the same scope
		x = r.wanted(query, kind, place)
	}
	st, err := plain.Prepare(text)
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	bare := func() (n int) {
		rows, err := st.Query(x)
		if err != nil {
			b.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var kind, subject, place, title string
			var at int64
			if err := rows.Scan(&kind, &subject, &place, &title, &at); err != nil {
				b.Fatal(err)
			}
			n++
		}
		return n
	}
	ours := func() int {
		p, err := r.Search(b.Context(), r.journal.DB, query, place, kind, page.Ask{Limit: 20})
		if err != nil {
			b.Fatal(err)
		}
		if err := json.NewEncoder(io.Discard).Encode(p); err != nil {
			b.Fatal(err)
		}
		return len(p.Items)
	}
	if n, m := bare(), ours(); min(n, 20) != m {
		b.Fatalf("bare %d, ours %d", n, m)
	}
	var base, own time.Duration
	for b.Loop() { // by turns, so that both meet the same load of the machine
		t := time.Now()
		bare()
		base += time.Since(t)
		t = time.Now()
		ours()
		own += time.Since(t)
	}
	n := float64(b.N)
	b.ReportMetric(float64(base.Microseconds())/n, "bare-µs/op")
	b.ReportMetric(float64(own.Microseconds())/n, "ours-µs/op")
	b.ReportMetric(float64(own)/float64(base), "ratio")
	b.ReportMetric(0, "ns/op")
}
