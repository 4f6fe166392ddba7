package markdown

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

func TestRender(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"**“引号”**后", "<p><strong>“引号”</strong>后</p>"},
		{"请带**《居住证》**办理", "<p>请带<strong>《居住证》</strong>办理</p>"},
		{"时间**（周四）**不变", "<p>时间<strong>（周四）</strong>不变</p>"},
		{"**注意：**今晚停水", "<p><strong>注意：</strong>今晚停水</p>"},
		{"今晚**停水**，请*提前*储水", "<p>今晚<strong>停水</strong>，请<em>提前</em>储水</p>"},
		{"***“三会一课”***制度", "<p><em><strong>“三会一课”</strong></em>制度</p>"},
		{"**“甲”**和**“乙”**都来", "<p><strong>“甲”</strong>和<strong>“乙”</strong>都来</p>"},
		{"2 * 3 * 4", "<p>2 * 3 * 4</p>"},
		{"** 不是强调 **", "<p>** 不是强调 **</p>"},
		{"snake_case_名 和 a*b*c", "<p>snake_case_名 和 a<em>b</em>c</p>"},
		{"# 一级\n\n## 二级", "<h2>一级</h2>\n<h3>二级</h3>"},
		{"第一行\n第二行", "<p>第一行<br>\n第二行</p>"},
		{"1. 甲\n2. 乙", "<ol>\n<li>甲</li>\n<li>乙</li>\n</ol>"},
		{"|项目|金额|\n|-|-|\n|路灯|3万|", "<table>\n<thead>\n<tr>\n<th>项目</th>\n<th>金额</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>路灯</td>\n<td>3万</td>\n</tr>\n</tbody>\n</table>"},
		{"~~作废~~", "<p><del>作废</del></p>"},
		{"[政策](https://www.gov.cn/)", `<p><a href="https://www.gov.cn/" rel="nofollow noreferrer">政策</a></p>`},
		{"[站内](/wishes)", `<p><a href="/wishes">站内</a></p>`},
		{"[坏](javascript:alert(1))", "<p>坏</p>"},
		{"![图](https://evil.example/x.png)", `<p>图</p>`},
		{"<script>alert(1)</script>\n\n正文", "\n<p>正文</p>"},
		{"字<img src=x onerror=alert(1)>字", "<p>字字</p>"},
	} {
		if got := strings.TrimRight(Render(c.in), "\n"); strings.TrimSpace(got) != strings.TrimSpace(c.want) {
			t.Errorf("%q:\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestPlain(t *testing.T) {
	in := "# 通知\n\n**注意：**今晚 22 点停水 <b>x</b>\n请储水\n\n- 一楼 A&B\n- 二楼\n\n|甲|乙|\n|-|-|\n|1|2|"
	want := "通知\n\n注意：今晚 22 点停水 x\n\n请储水\n\n一楼 A&B\n\n二楼\n\n甲\n乙\n\n1\n2"
	if got := Plain(in); got != want {
		t.Errorf("%q", got)
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range []string{"**“引号”**后", "<a href='java\nscript:x'>", "![](javascript:1)", "[x]: <javascript:1>\n[x]", "`<script>`", "***a*b**c", "|a|\n|-|"} {
		f.Add(s)
	}
	allowed := " html head body p br hr h2 h3 h4 h5 h6 strong em del blockquote ul ol li pre code table thead tbody tr th td a img "
	f.Fuzz(func(t *testing.T, in string) {
		out := Render(in)
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		doc.Find("*").Each(func(_ int, s *goquery.Selection) {
			name := goquery.NodeName(s)
			if !strings.Contains(allowed, " "+name+" ") {
				t.Fatalf("%q gives <%s>: %s", in, name, out)
			}
			for _, a := range s.Nodes[0].Attr {
				if !strings.Contains(" href src alt start rel ", " "+a.Key+" ") || a.Key == "href" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript") {
					t.Fatalf("%q gives %s=%q", in, a.Key, a.Val)
				}
			}
		})
		Plain(in)
	})
}
