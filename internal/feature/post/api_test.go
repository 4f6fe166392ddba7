package post_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
)

// planted numbers: an identity number and a card with right check digits, and a phone.
const (
	plantedID    = "11010519491231002X"
	plantedCard  = "6222021234567890128"
	plantedPhone = "13912345678"
)

// faultsOf are the fields a refused answer names, with their messages.
func faultsOf(o object) map[string]string {
	out := map[string]string{}
	list, _ := o["errors"].([]any)
	for _, e := range list {
		e := e.(object)
		out[e["field"].(string)] += e["message"].(string)
	}
	return out
}

func TestGate(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var table bytes.Buffer
		w := csv.NewWriter(&table)
		w.WriteAll([][]string{{"姓名", "身份证号"}, {"张三", plantedID}})
		book := excelize.NewFile()
		book.SetCellValue("Sheet1", "C7", plantedCard)
		var xlsx bytes.Buffer
		if err := book.Write(&xlsx); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, field, shown string
			more               object
			file               string
			bytes              []byte
		}{
			{name: "title", field: "title", shown: "139****5678", more: object{"title": "联系" + plantedPhone}},
			{name: "body", field: "body", shown: "110*************2X", more: object{"body": "第一行\n身份证 " + plantedID}},
			{name: "csv", field: "名单.csv", shown: "110*************2X", file: "名单.csv", bytes: table.Bytes()},
			{name: "xlsx", field: "账.xlsx", shown: "6222***********0128", file: "账.xlsx", bytes: xlsx.Bytes()},
			{name: "pdf", field: "公示.pdf", shown: "139****5678", file: "公示.pdf", bytes: pdfSaying("tel " + plantedPhone)},
			{name: "txt", field: "a.txt", shown: "139****5678", file: "a.txt", bytes: []byte("电话 " + plantedPhone)},
		} {
			more := object{}
			for k, v := range c.more {
				more[k] = v
			}
			if c.file != "" {
				more["attachments"] = []string{h.Upload("demo-community", c.file, c.bytes)}
			}
			id := h.draft("demo-community", more)
			publish := "/api/v1/posts/" + id + "/publish"
			faults := faultsOf(h.Must(422, "POST", publish, "demo-community", object{}))
			if !strings.Contains(faults[c.field], c.shown) || len(faults) != 1 {
				t.Errorf("%s: %v", c.name, faults)
			}
			// Past the gate only by another than the author, with a reason.
			faults = faultsOf(h.Must(422, "POST", publish, "demo-community", object{"override_reason": "本人同意公开"}))
			if faults["override_reason"] == "" {
				t.Errorf("%s: the author overrode: %v", c.name, faults)
			}
			if o := h.Must(200, "POST", publish, "demo-community2", object{"override_reason": "本人同意公开"}); o["state"] != "published" {
				t.Errorf("%s: %v", c.name, o["state"])
			}
			if raw := h.Do("GET", "/api/v1/posts/"+id+"/timeline", "", nil); strings.Contains(raw.Body, "本人同意公开") {
				t.Errorf("%s: the reason to override is told to everybody", c.name)
			}
		}
		// The community's own phone is no fault, nor is a harmless file.
		h.publish("demo-community", object{"body": "咨询 025-86821234，急事打 110。", "attachments": []string{h.Upload("demo-community", "表.csv", []byte("项目,金额\n路灯,30000\n"))}})
		// A warning comes early.
		o := h.Must(201, "POST", "/api/v1/posts", "demo-community", object{"title": "招领", "body": "电话 " + plantedPhone, "channel": "community", "place": demo.CommunityA})
		if ws, _ := o["warnings"].([]any); len(ws) != 1 {
			t.Errorf("warnings %v", o["warnings"])
		}
		// What cannot be read stops, too.
		id := h.draft("demo-community", object{"attachments": []string{h.Upload("demo-community", "扫描.pdf", []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF"))}})
		if f := faultsOf(h.Must(422, "POST", "/api/v1/posts/"+id+"/publish", "demo-community", object{})); !strings.Contains(f["扫描.pdf"], "读不出来") {
			t.Errorf("%v", f)
		}
	})
}

// pdfSaying is a PDF of one page with a line of text.
func pdfSaying(words string) []byte {
	var b bytes.Buffer
	var at []int
	b.WriteString("%PDF-1.4\n")
	content := "BT /F1 12 Tf 72 700 Td (" + words + ") Tj ET"
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(content), content),
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
	} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

func TestTwoPersonsAndReturn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if err := h.Place.Set(t.Context(), "", demo.CommunityA, "post.two_persons", "true"); err != nil {
			t.Fatal(err)
		}
		id := h.draft("demo-community", nil)
		at := "/api/v1/posts/" + id
		h.Must(404, "GET", at, "demo-resident", nil)
		h.Must(404, "GET", at, "demo-community-b", nil)
		h.Must(200, "GET", at, "demo-street", nil)
		h.Must(403, "POST", at+"/publish", "demo-community", object{})
		h.Must(200, "POST", at+"/submit", "demo-community", object{})
		h.Must(403, "POST", at+"/publish", "demo-community", object{})
		h.Must(200, "POST", at+"/return", "demo-community2", object{"reason": "补上联系电话"})
		if o := h.Must(200, "GET", at, "demo-community", nil); o["state"] != "draft" || o["returned"] != "补上联系电话" {
			t.Errorf("%v %v", o["state"], o["returned"])
		}
		h.Must(200, "POST", at+"/edit", "demo-community", object{"body": "请提前储水，电话 025-86821234。"})
		h.Must(200, "POST", at+"/submit", "demo-community", object{})
		h.Must(200, "POST", at+"/publish", "demo-community2", object{})
		if o := h.Must(200, "GET", at, "", nil); !strings.Contains(o["html"].(string), "025-86821234") {
			t.Errorf("%v", o["html"])
		}
		// A branch may write for its community; staff publish.
		own := h.draft("demo-party", nil)
		h.Must(403, "POST", "/api/v1/posts/"+own+"/publish", "demo-party", object{})
		h.Must(200, "POST", "/api/v1/posts/"+own+"/submit", "demo-party", object{})
		h.Must(200, "POST", "/api/v1/posts/"+own+"/publish", "demo-community", object{})
		h.Must(403, "POST", "/api/v1/posts", "demo-resident", object{"title": "x", "body": "y", "channel": "community", "place": demo.CommunityA})
		h.Must(403, "POST", "/api/v1/posts", "demo-community-b", object{"title": "x", "body": "y", "channel": "community", "place": demo.CommunityA})
		for name, bad := range map[string]object{
			"channel": {"channel": "radio"}, "place": {"place": "999999"}, "topic": {"topic": "gossip"}, "title": {"title": strings.Repeat("长", 81)}, "publish_at": {"publish_at": "soon"},
		} {
			body := object{"title": "x", "body": "y", "channel": "community", "place": demo.CommunityA}
			for k, v := range bad {
				body[k] = v
			}
			if f := faultsOf(h.Must(422, "POST", "/api/v1/posts", "demo-community", body)); f[name] == "" {
				t.Errorf("%s: %v", name, f)
			}
		}
		h.Must(422, "POST", "/api/v1/posts", "demo-district", object{"title": "x", "body": "y", "channel": "street", "place": demo.District})
		h.Sound("post")
	})
}

func TestGoesOutAtItsHour(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		hour := apptest.Noon.Add(2 * time.Hour)
		id := h.draft("demo-community", object{"publish_at": hour.Format(time.RFC3339), "pinned": true})
		o := h.Must(200, "POST", "/api/v1/posts/"+id+"/publish", "demo-community", object{})
		if o["state"] != "submitted" || o["due_at"] != hour.UTC().Format(time.RFC3339) {
			t.Fatalf("%v due %v", o["state"], o["due_at"])
		}
		h.Must(404, "GET", "/api/v1/posts/"+id, "demo-resident", nil)
		h.Clock.Set(hour.Add(time.Second))
		h.Must(200, "GET", "/api/v1/posts/"+id, "demo-resident", nil) // by settling on read
		if err := h.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !h.lists("/api/v1/posts?place="+demo.CommunityA, "", id) {
			t.Error("not listed after its hour")
		}
		o = h.Must(200, "GET", "/api/v1/posts/"+id, "", nil)
		if o["published_at"] != hour.UTC().Format(time.RFC3339) {
			t.Errorf("published %v", o["published_at"])
		}
		if pinned, err := h.Post.Pinned(t.Context(), demo.CommunityA); err != nil || len(pinned) != 1 || pinned[0].ID != id {
			t.Errorf("pinned %v %v", pinned, err)
		}
		h.Must(409, "POST", "/api/v1/posts/"+id+"/pin", "demo-community", object{})
		h.Must(200, "POST", "/api/v1/posts/"+id+"/unpin", "demo-community", object{})
		h.Sound("post")
	})
}

func TestCommentsAndModeration(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		id := h.publish("demo-community", nil)
		base := "/api/v1/posts/" + id + "/comments"
		say := func(as, body, parent string) string {
			o := object{"body": body}
			if parent != "" {
				o["parent"] = parent
			}
			return h.Must(201, "POST", base, as, o)["id"].(string)
		}
		h.Must(401, "POST", base, "", object{"body": "x"})
		h.Must(422, "POST", base, "demo-resident", object{"body": "打我电话 " + plantedPhone})
		first := say("demo-resident", "几点能恢复？", "")
		answer := say("demo-newcomer", "通知写了 12 点。", first)
		deep := say("demo-neighbour", "谢谢告知。", answer)
		items := h.Must(200, "GET", base, "", nil)["items"].([]any)
		if len(items) != 1 || len(items[0].(object)["replies"].([]any)) != 2 {
			t.Fatalf("two levels: %v", items)
		}
		bad := say("demo-outsider", "都是骗人的，别信！", "")
		at := base + "/" + bad
		h.Must(403, "POST", at+"/report", "demo-outsider", object{"reason": "自己"})
		for range 3 { // once counts
			h.Must(200, "POST", at+"/report", "demo-resident", object{"reason": "造谣"})
		}
		h.Must(403, "POST", at+"/hide", "demo-resident", object{"reason": "x"})
		h.Must(422, "POST", at+"/hide", "demo-community", object{})
		h.Must(200, "POST", at+"/hide", "demo-community", object{"reason": "与事实不符"})
		h.Must(409, "POST", at+"/hide", "demo-community2", object{"reason": "x"})
		if raw := h.Do("GET", base, "demo-neighbour", nil); strings.Contains(raw.Body, "骗人") {
			t.Error("a hidden comment is shown")
		}
		mine := h.Do("GET", base, "demo-outsider", nil)
		if !strings.Contains(mine.Body, "与事实不符") {
			t.Errorf("its author does not read why: %s", mine.Body)
		}
		log := h.Do("GET", "/api/v1/moderation?place="+demo.CommunityA, "", nil)
		if !strings.Contains(log.Body, "与事实不符") || strings.Contains(log.Body, "骗人") || strings.Contains(log.Body, "王女士") {
			t.Errorf("log: %s", log.Body)
		}
		h.Must(403, "POST", at+"/appeal", "demo-resident", object{"text": "x"})
		h.Must(200, "POST", at+"/appeal", "demo-outsider", object{"text": "我看错了日期，请恢复"})
		h.Must(409, "POST", at+"/appeal", "demo-outsider", object{"text": "再来"})
		h.Must(403, "POST", at+"/restore", "demo-community", object{"reason": "自己复核"}) // who hid it does not hear the appeal
		h.Must(200, "POST", at+"/restore", "demo-community2", object{"reason": "属误会"})
		if raw := h.Do("GET", base, "", nil); !strings.Contains(raw.Body, "骗人") {
			t.Error("not restored")
		}
		h.Must(200, "POST", base+"/"+deep+"/withdraw", "demo-neighbour", object{})
		if o := h.Must(200, "GET", "/api/v1/posts/"+id, "", nil); o["comments"] != 3.0 {
			t.Errorf("%v comments", o["comments"])
		}
		// Likes: the last word of each counts, however many taps at once.
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				h.Do("POST", "/api/v1/posts/"+id+"/react", []string{"demo-resident", "demo-neighbour"}[i%2], object{"value": "like"})
			})
		}
		wg.Wait()
		o := h.Must(200, "POST", "/api/v1/posts/"+id+"/react", "demo-neighbour", object{"value": "dislike"})
		if o["likes"] != 1.0 || o["dislikes"] != 1.0 || o["reaction"] != "dislike" {
			t.Errorf("%v %v %v", o["likes"], o["dislikes"], o["reaction"])
		}
		h.Must(200, "POST", "/api/v1/posts/"+id+"/follow", "demo-neighbour", object{})
		if ids, err := h.Post.FollowersOf(t.Context(), h.DB, id, "", h.DB.Clock().Now().UnixMilli(), 10); err != nil || len(ids) != 1 {
			t.Errorf("%v %v", ids, err)
		}
		h.Sound("post")
	})
}

func TestDisclosure(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		due := func() (n int) {
			for _, it := range h.Must(200, "GET", "/api/v1/disclosure?place="+demo.CommunityA, "", nil)["items"].([]any) {
				if it.(object)["overdue"].(bool) {
					n++
				}
			}
			return n
		}
		all := due()
		if all != 13 {
			t.Fatalf("%d headings overdue before anything was disclosed", all)
		}
		body := object{"title": "三季度财务收支", "body": "|项目|金额|\n|-|-|\n|公益金|3万|", "channel": "residents_affairs", "place": demo.CommunityA}
		if f := faultsOf(h.Must(422, "POST", "/api/v1/posts", "demo-community", body)); f["heading"] == "" {
			t.Errorf("%v", f)
		}
		h.publish("demo-community", object{"channel": "residents_affairs", "heading": "财务收支", "title": "三季度财务收支"})
		if n := due(); n != all-1 {
			t.Errorf("%d overdue, want %d", n, all-1)
		}
		h.Clock.Set(apptest.Noon.AddDate(0, 0, 91))
		if n := due(); n != all {
			t.Errorf("%d overdue after the term, want %d", n, all)
		}
		if r := h.Do("GET", "/disclosure?place="+demo.CommunityA, "", nil); r.Status != 200 || !strings.Contains(r.Body, "已到期") {
			t.Errorf("page %d", r.Status)
		}
		// The rule is data of the place.
		if err := h.Place.Set(t.Context(), "", demo.CommunityA, "post.disclosure", "residents_affairs 财务收支 365d"); err != nil {
			t.Fatal(err)
		}
		if n := due(); n != 0 {
			t.Errorf("%d overdue by the place's own rule", n)
		}
	})
}

func TestFeed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		news := h.publish("demo-community", object{"topic": "news", "title": "邻里节 <b>开幕</b> & 游园", "body": "**“欢迎”**大家，见[站内](/wishes)。"})
		h.publish("demo-community", object{"topic": "policy"})
		path := "/feeds/posts.atom?place=" + demo.CommunityA
		r := h.Do("GET", path, "", nil)
		var f struct {
			ID      string `xml:"id"`
			Updated string `xml:"updated"`
			Entries []struct {
				ID      string `xml:"id"`
				Title   string `xml:"title"`
				Updated string `xml:"updated"`
				Content string `xml:"content"`
				Link    struct {
					Href string `xml:"href,attr"`
				} `xml:"link"`
			} `xml:"entry"`
		}
		if err := xml.Unmarshal([]byte(r.Body), &f); err != nil || r.Status != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/atom+xml") {
			t.Fatalf("%d %v %s", r.Status, err, r.Body)
		}
		if len(f.Entries) != 2 || f.ID != "tag:linli.test,2026:posts/"+demo.CommunityA {
			t.Fatalf("%+v", f)
		}
		e := f.Entries[1]
		if e.ID != "tag:linli.test,2026:post/"+news || e.Title != "邻里节 <b>开幕</b> & 游园" || e.Link.Href != "http://linli.test/posts/"+news ||
			!strings.Contains(e.Content, "<strong>“欢迎”</strong>大家") || !strings.Contains(e.Content, `href="http://linli.test/wishes"`) {
			t.Errorf("%+v", e)
		}
		if tag := r.Header.Get("ETag"); tag == "" || h.Do("GET", path, "", nil, "If-None-Match", tag).Status != 304 {
			t.Errorf("ETag %q", tag)
		}
		if topic := h.Do("GET", path+"&topic=news", "", nil); strings.Count(topic.Body, "<entry>") != 1 {
			t.Errorf("%s", topic.Body)
		}
		if bad := h.Do("GET", "/feeds/posts.atom?place=999999", "", nil); bad.Status != 404 {
			t.Errorf("%d", bad.Status)
		}
	})
}

// TestPages walks the pages and forms without scripts.
func TestPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		form := url.Values{"title": {"失物招领：一串钥匙"}, "body": {"在 3 幢门口拾到，请到服务站领取。"}, "channel": {"community"}, "place": {demo.CommunityA}, "topic": {"lost_found"}, "_op": {"op-1"}}
		r := h.Do("POST", "/posts", "demo-community", form)
		at := r.Header.Get("Location")
		if r.Status != 303 || !strings.HasPrefix(at, "/posts/") {
			t.Fatalf("%d %q %s", r.Status, at, r.Body)
		}
		if again := h.Do("POST", "/posts", "demo-community", form); again.Header.Get("Location") != at {
			t.Errorf("a double tap made %q", again.Header.Get("Location"))
		}
		h.Must(404, "GET", at, "", nil)
		for _, p := range []string{at, at + "/edit", "/posts/new", "/staff/posts"} {
			h.Must(200, "GET", p, "demo-community", nil)
		}
		h.Must(403, "GET", "/posts/new", "demo-resident", nil)
		if r := h.Do("POST", "/posts", "demo-community", url.Values{"title": {"只有标题"}, "channel": {"community"}, "place": {demo.CommunityA}}); r.Status != 422 || !strings.Contains(r.Body, "只有标题") {
			t.Errorf("%d: the form did not come back", r.Status)
		}
		if r := h.Do("POST", at+"/edit", "demo-community", url.Values{"body": {"请到社区服务站领取。"}}); r.Status != 303 {
			t.Fatalf("edit %d %s", r.Status, r.Body)
		}
		if r := h.Do("POST", at+"/publish", "demo-community", url.Values{}); r.Status != 303 || r.Header.Get("Location") != at {
			t.Fatalf("publish %d %s", r.Status, r.Body)
		}
		for _, c := range []struct {
			path string
			form url.Values
		}{{"/comments", url.Values{"body": {"是我的，谢谢！"}}}, {"/react", url.Values{"value": {"like"}}}, {"/follow", url.Values{"on": {"true"}}}} {
			if r := h.Do("POST", at+c.path, "demo-resident", c.form); r.Status != 303 || !strings.HasPrefix(r.Header.Get("Location"), at) {
				t.Errorf("%s: %d %q", c.path, r.Status, r.Header.Get("Location"))
			}
		}
		if r := h.Do("POST", at+"/comments", "demo-resident", url.Values{"body": {"电话 " + plantedPhone}}); r.Status != 422 || !strings.Contains(r.Body, "139****5678") {
			t.Errorf("%d", r.Status)
		}
		if r := h.Do("POST", "/channels/"+demo.Street+"/follow", "demo-resident", url.Values{"on": {"true"}}); r.Status != 303 {
			t.Errorf("%d", r.Status)
		}
		for _, who := range []string{"", "demo-resident", "demo-community"} {
			r := h.Do("GET", at, who, nil)
			if r.Status != 200 || !strings.Contains(r.Body, "是我的，谢谢！") || !strings.Contains(r.Body, "【洲岛家园社区】失物招领") {
				t.Errorf("as %q: %d", who, r.Status)
			}
		}
		for _, p := range []string{"/posts", "/posts?topic=lost_found", "/posts?place=" + demo.Street, "/disclosure", "/posts/moderation"} {
			h.Must(200, "GET", p, "", nil)
		}
		h.Must(422, "GET", "/posts?topic=gossip", "", nil)
	})
}

// TestLook: the staff of a place choose how its channel looks, nobody else.
func TestLook(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		at := "/channels/" + demo.CommunityA + "/look"
		for _, who := range []string{"demo-resident", "demo-community-b", "demo-admin"} {
			h.Must(404, "GET", at, who, nil)
			h.Must(404, "POST", at, who, url.Values{"name": {"别人的"}})
		}
		h.Must(200, "GET", at, "demo-community", nil)
		h.Do("GET", "/posts", "", nil) // into the cache
		if r := h.Do("POST", at, "demo-community", url.Values{"name": {"洲岛家园好声音"}, "colour": {"violet"}}); r.Status != 303 {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
		if r := h.Do("GET", "/posts", "", nil); !strings.Contains(r.Body, "洲岛家园好声音") || !strings.Contains(r.Body, "channel-violet") {
			t.Error("the channel looks as before")
		}
		if r := h.Do("POST", at, "demo-community", url.Values{"colour": {"mauve"}}); r.Status != 422 {
			t.Errorf("%d", r.Status)
		}
	})
}
