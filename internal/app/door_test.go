package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/core/id"
	"linli/internal/ui/text"
)

// TestAbsentIsAbsent: what one may not see answers byte for byte like what is
// not there, at every door of a wish, in JSON and HTML.
func TestAbsentIsAbsent(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		private := h.FileWish("demo-resident", object{"visibility": "private"})
		none := id.New()
		for _, who := range []string{"demo-neighbour", "demo-outsider", "demo-volunteer", "demo-street", "demo-admin", "demo-auditor", ""} {
			for _, door := range []string{"GET /api/v1/wishes/%s", "GET /api/v1/wishes/%s/timeline", "GET /wishes/%s", "GET /wishes/%s/receipt",
				"POST /api/v1/wishes/%s/claim", "POST /api/v1/wishes/%s/confirm", "POST /wishes/%s/claim"} {
				method, path, _ := strings.Cut(door, " ")
				if method == "POST" && who == "" {
					continue // asked to sign in first, whatever the id
				}
				var body any
				if method == "POST" {
					body = object{}
					if !strings.HasPrefix(path, "/api") {
						body = map[string][]string(nil)
						continue
					}
				}
				a := h.Do(method, fmt.Sprintf(path, private), who, body)
				b := h.Do(method, fmt.Sprintf(path, none), who, body)
				same := strings.ReplaceAll(a.Body, private, "") == strings.ReplaceAll(b.Body, none, "")
				if a.Status != 404 || b.Status != 404 || !same {
					t.Errorf("%s as %q: %d against %d, bodies equal: %v", door, who, a.Status, b.Status, same)
				}
			}
			list := h.Do("GET", "/api/v1/wishes?place=320105004004&limit=100", who, nil)
			if strings.Contains(list.Body, private) {
				t.Errorf("the list shows %q a private wish", who)
			}
		}
		malformed := h.Do("GET", "/api/v1/wishes/not-an-id", "demo-neighbour", nil)
		absent := h.Do("GET", "/api/v1/wishes/"+none, "demo-neighbour", nil)
		if malformed.Status != 404 || malformed.Body != absent.Body {
			t.Errorf("a malformed id: %d %s", malformed.Status, malformed.Body)
		}
		h.Must(200, "GET", "/api/v1/wishes/"+private, "demo-community", nil)
	})
}

// TestActsOnce: fifty identical posts act once and all get the first reply.
func TestActsOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		body := object{"title": "楼道灯不亮", "body": "三楼的灯坏了一个星期", "place": "320105004004", "category": "环境设施"}
		var mu sync.Mutex
		replies := map[string]int{}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				r := h.Do("POST", "/api/v1/wishes", "demo-resident", body, "Idempotency-Key", "one-and-the-same")
				mu.Lock()
				defer mu.Unlock()
				replies[fmt.Sprintf("%d %s %s", r.Status, r.Header.Get("Location"), r.Body)]++
			})
		}
		wg.Wait()
		if len(replies) != 1 {
			t.Fatalf("%d different replies: %v", len(replies), replies)
		}
		mine := h.Must(200, "GET", "/api/v1/wishes?mine=true", "demo-resident", nil)
		if n := len(mine["items"].([]any)); n != 1 {
			t.Errorf("%d wishes, want 1", n)
		}
		body["title"] = "另外一件事"
		if r := h.Do("POST", "/api/v1/wishes", "demo-resident", body, "Idempotency-Key", "one-and-the-same"); r.Status != 422 {
			t.Errorf("another body under the key: %d", r.Status)
		}
		// A refused form does not use its key up.
		bad := object{"title": "", "body": "x", "place": "320105004004", "category": "其他"}
		h.Must(422, "POST", "/api/v1/wishes", "demo-resident", bad, "Idempotency-Key", "mended")
		bad["title"] = "补上了"
		h.Must(201, "POST", "/api/v1/wishes", "demo-resident", bad, "Idempotency-Key", "mended")
	})
}

// TestOrderOfFaults walks the contract's order: the first fault answers.
func TestOrderOfFaults(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		open := h.FileWish("demo-resident", nil)
		private := h.FileWish("demo-resident", object{"visibility": "private"})
		claim := "/api/v1/wishes/" + open + "/claim"
		for _, c := range []struct {
			name, path, as string
			body           any
			header         []string
			want           int
		}{
			{"too large", claim, "nobody", strings.Repeat("x", 2<<20), nil, 413},
			{"media type", claim, "nobody", "a=b", []string{"Content-Type", "text/plain"}, 415},
			{"wrong token", claim, "nobody", object{}, nil, 401},
			{"no identity", claim, "", object{}, nil, 401},
			{"not visible", "/api/v1/wishes/" + private + "/claim", "demo-volunteer", "{", nil, 404},
			{"may not", claim, "demo-neighbour", "{", nil, 403},
			{"state", "/api/v1/wishes/" + open + "/confirm", "demo-resident", "{", nil, 409},
			{"malformed", claim, "demo-volunteer", "{", nil, 400},
			{"unknown field", claim, "demo-volunteer", object{"hat": 1}, nil, 422},
			{"NUL", claim, "demo-volunteer", object{"note": "a\x00b"}, nil, 422},
			{"bound", claim, "demo-volunteer", object{"amount": -1}, nil, 422},
			{"old version", claim, "demo-volunteer", object{}, []string{"If-Match", "99"}, 409},
			{"unknown move", "/api/v1/wishes/" + open + "/fly", "demo-volunteer", object{}, nil, 404},
			{"by the clock only", "/api/v1/wishes/" + open + "/raise", "demo-district", object{}, nil, 403},
		} {
			r := h.Do("POST", c.path, c.as, c.body, c.header...)
			if r.Status != c.want {
				t.Errorf("%s: %d, want %d\n%s", c.name, r.Status, c.want, r.Body)
			}
			var p struct {
				Status int    `json:"status"`
				Code   string `json:"code"`
				Detail string `json:"detail"`
				Errors []any  `json:"errors"`
			}
			if err := json.Unmarshal([]byte(r.Body), &p); err != nil || p.Status != c.want || p.Code == "" || p.Detail == "" || p.Errors == nil {
				t.Errorf("%s: not a problem of the contract: %s", c.name, r.Body)
			}
		}
		h.Must(405, "DELETE", "/api/v1/wishes/"+open, "demo-resident", nil)
		h.Must(200, "POST", claim, "demo-volunteer", object{}, "If-Match", "1")
	})
}

// TestTextsAreComplete: every key in both languages, none asked for in vain.
func TestTextsAreComplete(t *testing.T) {
	if missing := text.Missing(); len(missing) > 0 {
		t.Errorf("%d faults of the catalogues:\n%s", len(missing), strings.Join(missing, "\n"))
	}
}
