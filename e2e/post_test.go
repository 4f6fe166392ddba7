package e2e_test

import (
	"strings"
	"testing"

	"linli/e2e/browser"
	"linli/internal/app/demo"
)

// TestPostByHand writes a post without scripts, is stopped by the gate, mends
// it, publishes it, and reads it as a neighbour who comments.
func TestPostByHand(t *testing.T) {
	s := theSite(t)
	desk := s.visit(t, "demo-community", browser.Options{NoScript: true})
	desk.Open(s.URL + "/staff/posts")
	shoot(desk, "post-desk")
	desk.Click("写一篇")
	shoot(desk, "post-new")
	desk.Fill("标题", "招领：菜场东门拾到钱包")
	desk.Fill("正文", "请失主打 13912345678，**“特征相符”**即可领取。")
	desk.Click("保存草稿")
	if !desk.Has("招领：菜场东门拾到钱包") {
		t.Fatalf("no draft: %s", desk.Text("main"))
	}
	post := desk.URL()
	shoot(desk, "post-draft")
	desk.Click("#do-publish >> 发布")
	if desk.Status() != 422 || !desk.Has("139****5678") {
		t.Fatalf("the gate let it pass (%d): %s", desk.Status(), desk.Text("main"))
	}
	shoot(desk, "post-stopped")
	desk.Open(post + "/edit")
	desk.Fill("正文", "请失主到社区服务站，**“特征相符”**即可领取。")
	desk.Click("保存修改")
	desk.Click("#do-publish >> 发布")
	if !desk.Has("已发布") && desk.Status() != 200 {
		t.Fatalf("not published (%d): %s", desk.Status(), desk.Text("main"))
	}
	reader := s.visit(t, "demo-neighbour", phone)
	reader.Open(post)
	if strings.Contains(reader.Text("article"), "**") || !reader.Has("特征相符") {
		t.Errorf("the emphasis is not read: %s", reader.Text("article"))
	}
	reader.Fill("写评论", "好像是我家老人的，马上来。")
	reader.Click("发表评论")
	if !reader.Has("好像是我家老人的，马上来。") {
		t.Errorf("the comment is not there: %s", reader.Text("main"))
	}
	shoot(reader, "post-comment")
	desk.Open(post)
	desk.Click("撤回")
	desk.Click("#do-retract >> 撤回")
	reader.Open(post)
	if reader.Status() != 404 {
		t.Errorf("a retracted post answers %d", reader.Status())
	}
}

// TestPostPages holds the pages of posts to UX's numbers.
func TestPostPages(t *testing.T) {
	s := theSite(t)
	posts, err := s.House.Post.Latest(t.Context(), demo.CommunityA, 1)
	if err != nil || len(posts) == 0 {
		t.Fatalf("the demo has no posts: %v", err)
	}
	for _, lang := range []string{"zh-CN", "en"} {
		for _, care := range []bool{false, true} {
			o := phone
			o.Lang, o.Care = lang, care
			p := s.visit(t, "", o)
			for name, path := range map[string]string{"channel": "/posts", "post": posts[0].URL, "disclosure": "/disclosure", "log": "/posts/moderation"} {
				p.Open(s.URL + path)
				label := name + " " + lang
				if care {
					label += " care"
				}
				shoot(p, "posts-"+strings.ReplaceAll(label, " ", "-"))
				for _, v := range p.Axe() {
					t.Errorf("%s: %v", label, v)
				}
				least := 44.0
				if care {
					least = 60
				}
				for _, v := range p.TargetSizes(least) {
					t.Errorf("%s: small: %v", label, v)
				}
				if care {
					for _, v := range p.SmallText(18) {
						t.Errorf("%s: small text: %v", label, v)
					}
				}
				if !p.ReflowOK(320) {
					t.Errorf("%s: does not reflow", label)
				}
				if w := p.Weight(); w > 150<<10 {
					t.Errorf("%s: %d bytes", label, w)
				}
				if got := append(p.Problems(), p.Strangers()...); len(got) > 0 {
					t.Errorf("%s: %q", label, got)
				}
			}
		}
	}
}
