package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/id"
	"linli/internal/platform/db"
	"linli/internal/platform/golden"
)

// demoActors are the columns of the matrix; "" is anonymous.
var demoActors = []string{
	"", "demo-newcomer", "demo-resident", "demo-neighbour", "demo-outsider", "demo-volunteer", "demo-society", "demo-unit1", "demo-party",
	"demo-grid", "demo-community", "demo-community-b", "demo-street", "demo-district", "demo-water", "demo-expert1", "demo-auditor", "demo-admin",
}

// twins are the demo's other accounts: each may do what the one beside it may.
var twins = map[string]string{
	"demo-volunteer2": "demo-volunteer", "demo-unit2": "demo-unit1", "demo-unit13": "demo-unit1", "demo-community2": "demo-community",
	"demo-roads": "demo-water", "demo-expert5": "demo-expert1",
}

type object = apptest.Object

// samples makes matters for {id} by the first path segment of their kind: one
// that anybody may see and, where the kind has such, one that few may.
func samples(h *apptest.House) map[string][]string {
	at := func(hours int) string {
		return h.Clock.Now().Add(time.Duration(hours) * time.Hour).Format(time.RFC3339)
	}
	made := func(kind, as string, body object, moves ...string) string {
		h.T.Helper()
		id := h.Must(201, "POST", "/api/v1/"+kind, as, body)["id"].(string)
		for _, do := range moves {
			h.Must(200, "POST", "/api/v1/"+kind+"/"+id+"/"+do, as, object{})
		}
		return id
	}
	post := object{"title": "周六义诊", "body": "上午九点在广场。", "channel": "community", "place": demo.CommunityA}
	project := object{"title": "3幢门口加装坡道和扶手", "body": "六位坐轮椅的老人每天要过三级台阶。", "place": demo.CommunityA}
	poll := object{
		"question": "先修哪一样？", "rule": "approval", "options": []any{"防腐条凳", "晾衣架"}, "place": demo.CommunityA,
		"opens": at(1), "closes": at(48), "roll": object{"place": demo.CommunityA, "level": "V3"},
	}
	activity := object{"title": "江边捡拾垃圾", "kind": "家政清洁", "place": demo.CommunityA, "starts": at(25), "ends": at(27), "capacity": 20}
	award := object{"title": "2026年度服务之星", "place": demo.CommunityA, "criteria": "常年为邻里服务", "opens": at(0), "closes": at(240)}
	return map[string][]string{
		"wishes": {
			"public " + h.FileWish("demo-resident", nil),
			"private " + h.FileWish("demo-resident", object{"visibility": "private"}),
			"review " + h.FileWish("demo-newcomer", nil),
		},
		"posts":      {"draft " + made("posts", "demo-community", post), "public " + made("posts", "demo-community", post, "publish")},
		"projects":   {"public " + made("projects", "demo-resident", project)},
		"polls":      {"draft " + made("polls", "demo-community", poll), "open " + made("polls", "demo-community", poll, "open")},
		"activities": {"draft " + made("activities", "demo-society", activity), "public " + made("activities", "demo-society", activity, "publish")},
		"awards":     {"public " + made("awards", "demo-community", award)},
	}
}

// patient asks as a good client does: told to wait, it waits and asks again.
// There are more doors than an account has writes at once, and the limit goes
// by the real clock.
func patient(h *apptest.House, method, path, as string, body any) int {
	h.T.Helper()
	for {
		r := h.Do(method, path, as, body)
		wait, err := strconv.Atoi(r.Header.Get("Retry-After"))
		if r.Status != http.StatusTooManyRequests || err != nil || wait > 5 {
			return r.Status
		}
		<-time.After(time.Duration(wait) * time.Second)
	}
}

// TestAccess asks every door as every demo actor and compares the statuses
// with a golden table, so that a new route or rule shows as a change of text.
// Bodies hold an unknown field: who may act gets 422 and nothing happens.
func TestAccess(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		made := samples(h)
		var lines []string
		for _, r := range h.Web.Routes() {
			ids := []string{""}
			if strings.Contains(r.Path, "{id}") {
				kind := strings.Split(strings.TrimPrefix(r.Path, "/api/v1"), "/")[1]
				ids = append([]string{"absent " + id.New()}, made[kind]...)
			}
			for _, sample := range ids {
				label, matter, _ := strings.Cut(sample, " ")
				path := strings.ReplaceAll(r.Path, "{id}", matter)
				for strings.Contains(path, "{") {
					i, j := strings.Index(path, "{"), strings.Index(path, "}")
					path = path[:i] + "none" + path[j+1:]
				}
				line := fmt.Sprintf("%-4s %-46s %-8s", r.Method, r.Path, label)
				var body any
				if r.Method != "GET" {
					body = url.Values{"no_such_field": {"x"}}
					if r.API() {
						body = object{"no_such_field": 1}
					}
				}
				answers := map[string]int{}
				for _, a := range demoActors {
					answers[a] = patient(h, r.Method, path, a, body)
					line += fmt.Sprintf(" %d", answers[a])
				}
				lines = append(lines, line)
				if h.DB.Engine != db.SQLite { // once is enough
					continue
				}
				for twin, of := range twins {
					if got := patient(h, r.Method, path, twin, body); got != answers[of] {
						t.Errorf("%s %s %s answers %s with %d and %s with %d", r.Method, r.Path, label, of, answers[of], twin, got)
					}
				}
			}
		}
		slices.Sort(lines)
		head := "# Status of every route for: anonymous " + strings.Join(demoActors[1:], " ") + "\n"
		golden.Check(t, "testdata/access.txt", head+strings.Join(lines, "\n")+"\n")
	})
}
