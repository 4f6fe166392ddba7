package notify_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/feature/notify"
	"linli/internal/ui/text"
)

// publish sends a post out and returns its id.
func (s *site) publish(as, channel, place, title string) string {
	s.t.Helper()
	s.clock.Advance(time.Minute) // an inbox is in the order of moments
	id := s.json(201, "POST", "/api/v1/posts", as, object{"title": title, "body": "请大家看一看。", "channel": channel, "place": place})["id"].(string)
	s.must(200, "POST", "/api/v1/posts/"+id+"/publish", as, object{})
	return id
}

// TestFollowersAreTold: who follows a channel hears of what is published there
// and of what reaches it from above, once, and no more of what was taken back.
func TestFollowersAreTold(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		follow := func(as, place, on string) {
			t.Helper()
			if status, body, _ := s.do("POST", "/channels/"+place+"/follow", as, url.Values{"on": {on}}); status != 303 {
				t.Fatalf("follow: %d %s", status, body)
			}
		}
		follow("demo-neighbour", demo.CommunityA, "true")
		follow("demo-outsider", demo.CommunityB, "true")
		follow("demo-newcomer", demo.CommunityA, "true")
		follow("demo-newcomer", demo.CommunityA, "false")

		a := s.publish("demo-community", "community", demo.CommunityA, "周六义诊")
		d := s.publish("demo-district", "district", demo.District, "加装电梯补贴")
		s.read()
		const mine, theirs = "您关注的频道发布了「周六义诊」", "您关注的频道发布了「加装电梯补贴」"
		for _, c := range []struct {
			as   string
			want []string
		}{{"demo-neighbour", []string{theirs, mine}}, {"demo-outsider", []string{theirs}}, {"demo-newcomer", nil}, {"demo-resident", nil}} {
			if badge, texts := s.inbox(c.as); badge != 0 || !slices.Equal(texts, c.want) {
				t.Errorf("%s: %d %v, want %v", c.as, badge, texts, c.want)
			}
		}

		// Lifted to the street it reaches the next community; who was told is not told again.
		s.must(200, "POST", "/api/v1/posts/"+a+"/lift", "demo-street", object{})
		s.read()
		if _, texts := s.inbox("demo-outsider"); !slices.Contains(texts, mine) {
			t.Errorf("lifted, and the follower next door has %v", texts)
		}
		if _, texts := s.inbox("demo-neighbour"); len(texts) != 2 {
			t.Errorf("told twice: %v", texts)
		}

		s.must(200, "POST", "/api/v1/posts/"+d+"/retract", "demo-district", object{"reason": "数字有误"})
		s.read()
		for _, as := range []string{"demo-neighbour", "demo-outsider"} {
			if _, texts := s.inbox(as); slices.Contains(texts, theirs) {
				t.Errorf("%s still reads of a retracted post: %v", as, texts)
			}
		}
		s.verify()

		// A followed post tells of its comments, and leads to them.
		s.must(200, "POST", "/api/v1/posts/"+a+"/follow", "demo-neighbour", object{})
		s.clock.Advance(time.Minute)
		k := s.json(201, "POST", "/api/v1/posts/"+a+"/comments", "demo-resident", object{"body": "几点开始？"})["id"].(string)
		s.read()
		first := s.json(200, "GET", "/api/v1/inbox?limit=1", "demo-neighbour", nil)["items"].([]any)[0].(object)
		if first["text"] != "您关注的文章「周六义诊」有新评论" || first["url"] != "/posts/"+a+"#c-"+k {
			t.Errorf("%v", first)
		}
	})
}

// TestEverythingToldHasWords: in a year of the demo, whatever anybody was told
// says in words of its own what happened, and leads to a page the person may see.
func TestEverythingToldHasWords(t *testing.T) {
	c := config(t.TempDir(), "", nil)
	if err := demo.Fill(t.Context(), c, 7); err != nil {
		t.Fatal(err)
	}
	h, err := app.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
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
	srv := httptest.NewServer(h.Handler())
	defer srv.Close()
	s := &site{House: h, t: t, url: srv.URL}
	for _, as := range []string{"demo-resident", "demo-neighbour", "demo-newcomer", "demo-volunteer", "demo-society", "demo-unit1", "demo-party", "demo-community", "demo-street", "demo-district"} {
		seen := map[string]bool{}
		for _, it := range s.json(200, "GET", "/api/v1/inbox?limit=100", as, nil)["items"].([]any) {
			i := it.(object)
			if key := fmt.Sprint(i["kind"], i["do"], i["why"]); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			path, _, _ := strings.Cut(i["url"].(string), "#")
			if status, _, _ := s.do("GET", path, as, nil); status != 200 {
				t.Errorf("%s is told %q and led to %s: %d", as, i["text"], path, status)
			}
		}
	}
}

// TestInboxIsForgotten: what is old and asks for nothing is removed and stays
// removed when the inbox is made anew; what still asks for an act stays.
func TestInboxIsForgotten(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.wish("demo-resident", nil)
		s.must(200, "POST", "/api/v1/wishes/"+w+"/claim", "demo-volunteer", object{})
		s.wish("demo-newcomer", object{"title": "等着审核的心愿"})
		s.read()
		s.must(200, "POST", "/api/v1/inbox/read", "demo-resident", object{"upto": s.json(200, "GET", "/api/v1/inbox?limit=1", "demo-resident", nil)["items"].([]any)[0].(object)["id"]})
		told := func() (int, int) {
			t.Helper()
			_, mine := s.inbox("demo-resident")
			badge, _ := s.inbox("demo-community")
			return len(mine), badge
		}
		if mine, badge := told(); mine != 1 || badge != 1 {
			t.Fatalf("%d %d", mine, badge)
		}
		s.clock.Advance(364 * 24 * time.Hour)
		if err := s.Notify.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if mine, _ := told(); mine != 1 {
			t.Fatal("removed before its time")
		}
		s.clock.Advance(2 * 24 * time.Hour)
		if err := s.Notify.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if mine, badge := told(); mine != 0 || badge != 1 {
			t.Errorf("after a year: %d told, %d open", mine, badge)
		}
		var marks int
		if err := s.DB.Get(t.Context(), &marks, `SELECT count(*) FROM inbox_reads`); err != nil || marks != 0 {
			t.Errorf("%d marks of reading are left, %v", marks, err)
		}
		s.verify()
		for _, r := range s.Readers() {
			if r.Name == "notify" {
				if err := s.Journal.Rebuild(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		if mine, badge := told(); mine != 0 || badge != 1 {
			t.Errorf("made anew: %d told, %d open", mine, badge)
		}
		s.verify()
		page := s.must(200, "GET", "/retention", "", nil)
		for _, words := range []string{"收件箱里不用再处理的消息", "365", "730"} {
			if !strings.Contains(page, words) {
				t.Errorf("the list of what is removed lacks %s", words)
			}
		}
	})
}
