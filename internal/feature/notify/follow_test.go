package notify_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/feature/notify"
	"linli/internal/ui/text"
)

// publish sends a post out and returns its id.
func (h *house) publish(as, channel, place, title string) string {
	h.T.Helper()
	h.Clock.Advance(time.Minute) // an inbox is in the order of moments
	id := h.Must(201, "POST", "/api/v1/posts", as, object{"title": title, "body": "请大家看一看。", "channel": channel, "place": place})["id"].(string)
	h.Text(200, "POST", "/api/v1/posts/"+id+"/publish", as, object{})
	return id
}

// TestFollowersAreTold: who follows a channel hears of what is published there
// and of what reaches it from above, once, and no more of what was taken back.
func TestFollowersAreTold(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		follow := func(as, place, on string) {
			t.Helper()
			h.Text(303, "POST", "/channels/"+place+"/follow", as, url.Values{"on": {on}})
		}
		follow("demo-neighbour", demo.CommunityA, "true")
		follow("demo-outsider", demo.CommunityB, "true")
		follow("demo-newcomer", demo.CommunityA, "true")
		follow("demo-newcomer", demo.CommunityA, "false")

		a := h.publish("demo-community", "community", demo.CommunityA, "周六义诊")
		d := h.publish("demo-district", "district", demo.District, "加装电梯补贴")
		h.read()
		const mine, theirs = "您关注的频道发布了「周六义诊」", "您关注的频道发布了「加装电梯补贴」"
		for _, c := range []struct {
			as   string
			want []string
		}{{"demo-neighbour", []string{theirs, mine}}, {"demo-outsider", []string{theirs}}, {"demo-newcomer", nil}, {"demo-resident", nil}} {
			if badge, texts := h.inbox(c.as); badge != 0 || !slices.Equal(texts, c.want) {
				t.Errorf("%s: %d %v, want %v", c.as, badge, texts, c.want)
			}
		}

		// Lifted to the street it reaches the next community; who was told is not told again.
		h.Text(200, "POST", "/api/v1/posts/"+a+"/lift", "demo-street", object{})
		h.read()
		if _, texts := h.inbox("demo-outsider"); !slices.Contains(texts, mine) {
			t.Errorf("lifted, and the follower next door has %v", texts)
		}
		if _, texts := h.inbox("demo-neighbour"); len(texts) != 2 {
			t.Errorf("told twice: %v", texts)
		}

		h.Text(200, "POST", "/api/v1/posts/"+d+"/retract", "demo-district", object{"reason": "数字有误"})
		h.read()
		for _, as := range []string{"demo-neighbour", "demo-outsider"} {
			if _, texts := h.inbox(as); slices.Contains(texts, theirs) {
				t.Errorf("%s still reads of a retracted post: %v", as, texts)
			}
		}
		h.verify()

		// A followed post tells of its comments, and leads to them.
		h.Text(200, "POST", "/api/v1/posts/"+a+"/follow", "demo-neighbour", object{})
		h.Clock.Advance(time.Minute)
		k := h.Must(201, "POST", "/api/v1/posts/"+a+"/comments", "demo-resident", object{"body": "几点开始？"})["id"].(string)
		h.read()
		first := h.Must(200, "GET", "/api/v1/inbox?limit=1", "demo-neighbour", nil)["items"].([]any)[0].(object)
		if first["text"] != "您关注的文章「周六义诊」有新评论" || first["url"] != "/posts/"+a+"#c-"+k {
			t.Errorf("%v", first)
		}
	})
}

// TestEverythingToldHasWords: in a year of the demo, whatever anybody was told
// says in words of its own what happened, and leads to a page the person may see.
func TestEverythingToldHasWords(t *testing.T) {
	c := apptest.Config(t, "", nil)
	if err := demo.Fill(t.Context(), c, 7); err != nil {
		t.Fatal(err)
	}
	h := apptest.Serve(t, c)
	var told []struct {
		Kind    string `db:"kind"`
		Do      string `db:"move"`
		ToState string `db:"to_state"`
		Why     string `db:"why"`
	}
	if err := h.DB.Select(t.Context(), &told, `SELECT DISTINCT kind, move, to_state, why FROM inbox`); err != nil || len(told) < 20 {
		t.Fatalf("%d kinds of messages, %v", len(told), err)
	}
	for _, r := range told {
		for _, lang := range text.Languages() {
			said := notify.Sentence(lang, r.Kind, r.Do, r.Why, r.ToState, "修纱窗")
			if said == text.T(lang, "notify.plain") || strings.Contains(said, "notify.") {
				t.Errorf("%s: %s %s to %s (%s) is told as %q", lang, r.Kind, r.Do, r.Why, r.ToState, said)
			}
		}
	}
	for _, as := range []string{"demo-resident", "demo-neighbour", "demo-newcomer", "demo-volunteer", "demo-society", "demo-unit1", "demo-party", "demo-community", "demo-street", "demo-district"} {
		seen := map[string]bool{}
		for _, it := range h.Must(200, "GET", "/api/v1/inbox?limit=100", as, nil)["items"].([]any) {
			i := it.(object)
			if key := fmt.Sprint(i["kind"], i["do"], i["why"]); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			path, _, _ := strings.Cut(i["url"].(string), "#")
			if status := h.Do("GET", path, as, nil).Status; status != 200 {
				t.Errorf("%s is told %q and led to %s: %d", as, i["text"], path, status)
			}
		}
	}
}

// TestInboxIsForgotten: what is old and asks for nothing is removed and stays
// removed when the inbox is made anew; what still asks for an act stays.
func TestInboxIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		w := h.FileWish("demo-resident", nil)
		h.Text(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		h.FileWish("demo-newcomer", object{"title": "等着审核的心愿"})
		h.read()
		h.Text(200, "POST", "/api/v1/inbox/read", "demo-resident", object{"upto": h.Must(200, "GET", "/api/v1/inbox?limit=1", "demo-resident", nil)["items"].([]any)[0].(object)["id"]})
		told := func() (int, int) {
			t.Helper()
			_, mine := h.inbox("demo-resident")
			badge, _ := h.inbox("demo-community")
			return len(mine), badge
		}
		if mine, badge := told(); mine != 1 || badge != 1 {
			t.Fatalf("%d %d", mine, badge)
		}
		h.Clock.Advance(364 * 24 * time.Hour)
		if err := h.Notify.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if mine, _ := told(); mine != 1 {
			t.Fatal("removed before its time")
		}
		h.Clock.Advance(2 * 24 * time.Hour)
		if err := h.Notify.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if mine, badge := told(); mine != 0 || badge != 1 {
			t.Errorf("after a year: %d told, %d open", mine, badge)
		}
		var marks int
		if err := h.DB.Get(t.Context(), &marks, `SELECT count(*) FROM inbox_reads`); err != nil || marks != 0 {
			t.Errorf("%d marks of reading are left, %v", marks, err)
		}
		h.verify()
		for _, r := range h.Readers() {
			if r.Name == "notify" {
				if err := h.Journal.Rebuild(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		if mine, badge := told(); mine != 0 || badge != 1 {
			t.Errorf("made anew: %d told, %d open", mine, badge)
		}
		h.verify()
		page := h.Text(200, "GET", "/retention", "", nil)
		for _, words := range []string{"收件箱里不用再处理的消息", "365", "730"} {
			if !strings.Contains(page, words) {
				t.Errorf("the list of what is removed lacks %s", words)
			}
		}
	})
}
