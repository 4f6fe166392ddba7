package wish_test

import (
	"encoding/json"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"linli/internal/app/demo"
	"linli/internal/core/flow"
	"linli/internal/feature/wish"
	"linli/internal/platform/web"
	"linli/internal/ui/text"
)

// hidden reads the values that a form carries along.
func hidden(body, formID string) url.Values {
	v := url.Values{}
	_, rest, ok := strings.Cut(body, `id="`+formID+`"`)
	if !ok {
		return v
	}
	rest, _, _ = strings.Cut(rest, "</form>")
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(rest, -1) {
		v.Add(m[1], m[2])
	}
	return v
}

// TestAskFlow: danger first, then illness, then the check; what is hidden stays
// hidden, and the same form twice files once.
func TestAskFlow(t *testing.T) {
	h := one(t)
	step := func(v url.Values, want int, heading string) string {
		t.Helper()
		r := h.Do("POST", "/wishes/new", "demo-resident", v)
		if r.Status != want || !strings.Contains(r.Body, "<h1>"+heading+"</h1>") {
			t.Fatalf("%d, want %d and %s\n%s", r.Status, want, heading, r.Body)
		}
		return r.Body
	}
	body := step(form("_at", "say", "title", "家里冒烟了", "body", "老人有高血压，电话13812345678", "photos", ""), 200, "现在有危险吗？")
	if !strings.Contains(body, `href="tel:119"`) {
		t.Error("no number to call")
	}
	v := hidden(body, "ask-danger")
	if v.Get("_calm") != "true" || v.Get("title") != "家里冒烟了" {
		t.Fatalf("carried: %v", v)
	}
	body = step(v, 200, "有些内容，公开时隐去吗？")
	v = hidden(body, "ask-privacy")
	step(v, 422, "有些内容，公开时隐去吗？") // no answer is chosen beforehand
	v.Set("_hide", "yes")
	body = step(v, 200, "请核对")
	v = hidden(body, "ask-check")
	if b := v.Get("body"); strings.Contains(b, "高血压") || strings.Contains(b, "13812345678") || !strings.Contains(b, "＊＊") {
		t.Errorf("hidden: %q", b)
	}
	v.Set("_to", "where")
	body = step(v, 200, "在哪里？")
	v = hidden(body, "ask-where")
	v.Set("place", "999999")
	step(v, 422, "在哪里？")
	v.Set("place", demo.CommunityA+"003")
	v.Set("location_note", "2单元301")
	v = hidden(step(v, 200, "请核对"), "ask-check")

	first := h.Do("POST", "/wishes", "demo-resident", v)
	again := h.Do("POST", "/wishes", "demo-resident", v)
	if first.Status != 303 || again.Status != 303 || first.Header.Get("Location") != again.Header.Get("Location") {
		t.Fatalf("twice: %d %s, %d %s", first.Status, first.Header.Get("Location"), again.Status, again.Header.Get("Location"))
	}
	receipt := h.Do("GET", first.Header.Get("Location"), "demo-resident", nil)
	for _, want := range []string{"受理编号", "025-86821234", "<svg", "已提交给洲岛家园社区"} {
		if !strings.Contains(receipt.Body, want) {
			t.Errorf("the receipt lacks %s", want)
		}
	}
	if r := h.Do("GET", first.Header.Get("Location"), "demo-volunteer", nil); r.Status != 404 {
		t.Errorf("another's receipt: %d", r.Status)
	}
	items := h.must(200, "GET", "/wishes?mine=true", "demo-resident", nil)["items"].([]any)
	if len(items) != 1 || items[0].(object)["place"] != demo.CommunityA+"003" || items[0].(object)["category"] != "其他" {
		t.Errorf("filed: %v", items)
	}
}

// TestAskKeepsWhatWasTyped: a fault at the last step leads back to its question.
func TestAskKeepsWhatWasTyped(t *testing.T) {
	h := one(t)
	r := h.Do("POST", "/wishes", "demo-resident", form("title", "想借梯子", "body", "付款扫我的收款码", "_op", "op-1"))
	if r.Status != 422 || !strings.Contains(r.Body, "收款方式或卡号") || !strings.Contains(r.Body, `value="想借梯子"`) {
		t.Errorf("%d\n%s", r.Status, r.Body)
	}
	if r := h.Do("POST", "/wishes/new", "", form("title", "想借梯子", "_op", "op-2")); r.Status != 303 || !strings.Contains(r.Header.Get("Location"), "draft") {
		t.Fatalf("not signed in: %d %s", r.Status, r.Header.Get("Location"))
	}
	if r := h.Do("GET", "/wishes/new?draft=op-2", "demo-resident", nil); !strings.Contains(r.Body, `value="想借梯子"`) {
		t.Error("the form is not there again after signing in")
	}
}

// TestBehalf needs consent on record, and a helper's role.
func TestBehalf(t *testing.T) {
	h := one(t)
	r := h.Do("POST", "/wishes/new", "demo-grid", form("_at", "say", "title", "想理个发", "_helping", "true"))
	if !strings.Contains(r.Body, "<h1>帮谁提交？</h1>") {
		t.Fatalf("no question for whom:\n%s", r.Body)
	}
	v := hidden(r.Body, "ask-behalf")
	v.Set("on_behalf_of.name", "李大爷")
	if r := h.Do("POST", "/wishes/new", "demo-grid", v); r.Status != 422 || !strings.Contains(r.Body, "请选怎样同意的") {
		t.Errorf("without consent: %d", r.Status)
	}
	v.Set("on_behalf_of.consent_how", "spoken")
	r = h.Do("POST", "/wishes/new", "demo-grid", v)
	if r.Status != 200 || !strings.Contains(r.Body, "李大爷（当面口头同意）") {
		t.Fatalf("%d\n%s", r.Status, r.Body)
	}
	r = h.Do("POST", "/wishes", "demo-grid", hidden(r.Body, "ask-check"))
	if r.Status != 303 {
		t.Fatalf("%d\n%s", r.Status, r.Body)
	}
	page := h.Do("GET", strings.TrimSuffix(r.Header.Get("Location"), "/receipt"), "demo-grid", nil)
	if !strings.Contains(page.Body, "网格员小孙（代办）") || !strings.Contains(page.Body, "李大爷") {
		t.Error("the page does not say on whose behalf")
	}
	h.must(422, "POST", "/wishes", "demo-resident", object{"title": "t", "body": "b", "place": demo.CommunityA, "category": "其他", "on_behalf_of": "李大爷"})
}

// TestLostRace: who comes too late is told by whom, and what else is open.
func TestLostRace(t *testing.T) {
	h := one(t)
	other := h.file("demo-neighbour", object{"title": "想请人换灯泡"})
	id := h.file("demo-resident", nil)
	h.move(200, "demo-volunteer", id, "claim", nil)
	r := h.Do("POST", "/wishes/"+id+"/claim", "demo-volunteer2", form("_op", "op-1", "_version", "1"))
	if r.Status != 409 || !strings.Contains(r.Body, "这件心愿刚刚被“热心的小陈”认领了") || !strings.Contains(r.Body, "/wishes/"+other) {
		t.Errorf("%d\n%s", r.Status, r.Body)
	}
}

// TestVersionOnPages: a claim in between does not spoil a claim, but a form
// about what has changed since is not taken.
func TestVersionOnPages(t *testing.T) {
	h := one(t)
	id := h.file("demo-resident", object{"quantity": object{"total": 10, "unit": "箱"}})
	h.move(200, "demo-unit1", id, "claim", object{"amount": 4})
	if r := h.Do("POST", "/wishes/"+id+"/claim", "demo-unit2", form("_version", "1", "amount", "4")); r.Status != 303 {
		t.Errorf("a claim after another: %d", r.Status)
	}
	if r := h.Do("POST", "/wishes/"+id+"/amend", "demo-resident", form("_version", "1", "quantity.total", "9")); r.Status != 409 {
		t.Errorf("an old form: %d", r.Status)
	}
}

// TestListPage filters, pages and says what is wrong with an address.
func TestListPage(t *testing.T) {
	h := one(t)
	for i := range 23 {
		h.file("demo-resident", object{"title": "愿望" + string(rune('甲'+i))})
	}
	h.file("demo-resident", object{"title": "路灯不亮", "category": "环境设施"})
	first := h.Do("GET", "/wishes", "", nil)
	if n := strings.Count(first.Body, `class="card-title"`); n != 20 {
		t.Errorf("%d cards", n)
	}
	next := regexp.MustCompile(`href="(/wishes\?cursor=[^"]+)"`).FindStringSubmatch(first.Body)
	if next == nil {
		t.Fatal("no way to the rest")
	}
	if r := h.Do("GET", next[1], "", nil); strings.Count(r.Body, `class="card-title"`) != 4 {
		t.Errorf("the rest: %d cards", strings.Count(r.Body, `class="card-title"`))
	}
	if r := h.Do("GET", "/wishes?category=环境设施&place="+demo.CommunityA, "", nil); strings.Count(r.Body, `class="card-title"`) != 1 {
		t.Error("category and place do not narrow")
	}
	if r := h.Do("GET", "/wishes?category=文化体育", "", nil); !strings.Contains(r.Body, "没有找到合适的心愿") {
		t.Error("no word about an empty list")
	}
	if r := h.Do("GET", "/wishes?state=nonsense", "", nil); r.Status >= 500 {
		t.Errorf("nonsense: %d", r.Status)
	}
	if r := h.Do("GET", "/wishes?mine=true", "", nil); r.Status != 303 {
		t.Errorf("mine, not signed in: %d", r.Status)
	}
	if r := h.Do("GET", "/staff/wishes", "demo-resident", nil); r.Status != 404 {
		t.Errorf("the workbench of wishes for a resident: %d", r.Status)
	}
}

// TestTexts: every word of the feature is there in both languages.
func TestTexts(t *testing.T) {
	one(t) // adds all catalogues
	for _, dir := range []string{".", "../ask"} {
		unknown, err := text.Unknown(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range unknown {
			t.Errorf("%s: no words for %s", dir, key)
		}
	}
	for _, key := range []string{"wish.do.", "wish.field."} {
		for _, do := range wish.Life.Names() {
			if key == "wish.do." && !text.Has(text.Chinese, key+do) {
				t.Errorf("no words for %s", key+do)
			}
			for _, f := range wish.Life.Fields(do) {
				if !text.Has(text.English, "wish.field."+f.Name) {
					t.Errorf("no words for the field %s", f.Name)
				}
			}
		}
	}
	for _, st := range wish.Life.States() {
		for _, key := range []string{"wish.state.", "wish.next."} {
			if !text.Has(text.Chinese, key+string(st)) {
				t.Errorf("no words for %s%s", key, st)
			}
		}
	}
	for _, fault := range text.Missing() {
		if strings.Contains(fault, "wish.") || strings.Contains(fault, "ask.") {
			t.Error(fault)
		}
	}
}

// FuzzFields: whatever a client sends, what is decoded keeps the bounds, and
// nothing panics.
func FuzzFields(f *testing.F) {
	f.Add(`{"title":"修灯","body":"b","place":"320105004004","category":"其他","quantity":{"total":7000,"unit":"斤"}}`)
	f.Add(`{"amount":1,"as":"self","lead":true,"note":"\u0000"}`)
	f.Add(`{"on_behalf_of":"demo-resident","wanted_by":"2026-12-01","photos":["a","b"]}`)
	f.Add(`{"quantity":{"total":-1}}`)
	f.Fuzz(func(t *testing.T, body string) {
		raw, err := web.DecodeObject([]byte(body))
		if err != nil {
			return
		}
		sets := [][]flow.Field{wish.CreateFields, wish.RecordFields}
		for _, do := range wish.Life.Names() {
			sets = append(sets, wish.Life.Fields(do))
		}
		for _, fields := range sets {
			in, err := flow.Decode(fields, raw)
			if err != nil {
				continue
			}
			for name, v := range in {
				if s, ok := v.(string); ok && (!utf8.ValidString(s) || strings.ContainsRune(s, 0) || utf8.RuneCountInString(s) > 5000) {
					t.Errorf("%s took %q", name, s)
				}
			}
			if q := in.Object("quantity"); q != nil {
				if n, _ := q.Int("total"); n < 1 || n > wish.MaxQuantity {
					t.Errorf("a quantity of %d", n)
				}
			}
			if b, err := json.Marshal(in); err != nil {
				t.Errorf("%s: %v", b, err)
			}
		}
	})
}

// FuzzCreate sends what comes to the real door: a client never makes a 5xx.
func FuzzCreate(f *testing.F) {
	f.Add(`{"title":"修灯","body":"b","place":"320105004004","category":"其他"}`)
	f.Add(`{"title":"t","body":"b","place":"320105","category":"其他","quantity":{"total":1},"visibility":"private","on_behalf_of":{"name":"x"}}`)
	f.Add(`{"title":["t"],"place":{}}`)
	f.Add(`[]`)
	var h *house
	f.Fuzz(func(t *testing.T, body string) {
		if h == nil || h.DB.Ping(t.Context()) != nil {
			h = one(t)
		}
		h.T = t
		for _, path := range []string{"/api/v1/wishes", "/api/v1/wishes/record"} {
			if r := h.Do("POST", path, "demo-volunteer", body); r.Status >= 500 {
				t.Errorf("%s %q: %d %s", path, body, r.Status, r.Body)
			}
		}
	})
}
