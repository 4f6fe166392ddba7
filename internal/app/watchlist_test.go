package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"mime/multipart"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linli/internal/app/apptest"
	"linli/internal/app/demo"
	"linli/internal/core/flow"
	"linli/internal/feature/member"
	"linli/migrations"
)

// This suite tries to build a watch list and must fail (PRODUCT.md, "What Linli
// refuses"): by a tag on a person, a search saved by person, an export of
// frequent complainants, an import of such a list, and joins through the API.

// A person has no place for a label, a score, a belief or a remark: not in any
// table that is about accounts.
func TestSchemaHasNoPlaceForALabelOfAPerson(t *testing.T) {
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	table := regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	column := regexp.MustCompile(`(?m)^ {4}(\w+) +`)
	refused := regexp.MustCompile(`^(tags?|labels?|scores?|risk|ratings?|remarks?|watch\w*|list\w*|petition\w*|record|criminal\w*|belief|religion|ethnic\w*|mental\w*|sentiment|faces?|plate|id_?number|id_?card|complain\w*|times|frequency)$`)
	// What a name of these says of something else than a person.
	harmless := map[string]string{
		"tokens.label":   "what the owner calls the token",
		"passkeys.label": "what the owner calls the key",
	}
	persons, used := 0, map[string]bool{}
	for _, f := range files {
		raw, err := fs.ReadFile(migrations.Files, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range table.FindAllStringSubmatch(string(raw), -1) {
			var columns []string
			for _, c := range column.FindAllStringSubmatch(m[2], -1) {
				columns = append(columns, c[1])
			}
			about := m[1] == "accounts" || slices.ContainsFunc(columns, func(c string) bool {
				return c == "account" || c == "person" || c == "subject" || c == "helped" || c == "ward"
			})
			if !about {
				continue
			}
			persons++
			for _, c := range columns {
				if refused.MatchString(c) {
					if used[m[1]+"."+c] = true; harmless[m[1]+"."+c] == "" {
						t.Errorf("%s: table %s has a column %s about a person", f, m[1], c)
					}
				}
			}
		}
	}
	if persons < 8 {
		t.Errorf("only %d tables about persons were looked at", persons)
	}
	for name := range harmless {
		if !used[name] {
			t.Errorf("%s is excused but is not there", name)
		}
	}
}

// No list can be narrowed to one person, and none can be saved so: a list, a
// feed or a calendar takes no person as its parameter, and no form takes a
// label of one.
func TestNoDoorTakesAPersonOrALabel(t *testing.T) {
	person := regexp.MustCompile(`^(author|account|person|reporter|complainant|user|member|by|phone|name|real_name|helped)$`)
	label := regexp.MustCompile(`^(tags?|labels?|scores?|risk|watch\w*|petition\w*|belief|religion|mental\w*|frequency|complain\w*)$`)
	// Parameters that name a person but narrow nothing else's list.
	harmless := map[string]string{
		"/me/points":            "one's own book, whichever account the address names",
		"/api/v1/points/ledger": "one's own ledger, or one's group's; points asks who may read it",
	}
	// Labels of things: what an owner calls a key.
	ownKey := []string{"/api/v1/passkeys", "/api/v1/signin/passkey"}
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		var walk func(path string, fields []flow.Field)
		walk = func(path string, fields []flow.Field) {
			for _, f := range fields {
				if label.MatchString(f.Name) && !slices.Contains(ownKey, path) {
					t.Errorf("%s takes %s", path, f.Name)
				}
				walk(path, f.Fields)
			}
		}
		seen := 0
		for _, r := range h.Web.Routes() {
			seen++
			walk(r.Path, r.Query)
			walk(r.Path, r.Body)
			for _, f := range r.Query {
				if person.MatchString(f.Name) && harmless[r.Path] == "" {
					t.Errorf("%s %s can be narrowed to a person by %s", r.Method, r.Path, f.Name)
				}
			}
		}
		if seen < 30 {
			t.Fatalf("%d routes", seen)
		}
		resident := h.Account("demo-resident").ID
		for _, as := range []string{"demo-community", "demo-street", "demo-district", "demo-auditor", "demo-admin"} {
			for _, q := range []string{"author=" + resident, "account=" + resident, "person=" + resident, "group_by=author", "sort=count", "count=author"} {
				h.Must(422, "GET", "/api/v1/wishes?"+q, as, nil)
				h.Must(422, "GET", "/api/v1/stats?"+q, as, nil)
			}
		}
		for _, path := range []string{"/api/v1/accounts", "/api/v1/people", "/api/v1/residents", "/api/v1/members", "/api/v1/accounts/" + resident, "/api/v1/people/" + resident + "/tag", "/api/v1/reporters"} {
			h.Must(404, "GET", path, "demo-district", nil)
			h.Must(404, "POST", path, "demo-district", object{"tag": "重点"})
		}
	})
}

// Whoever reads all that the API tells cannot tell who asked for what: nothing
// that is one person's alone joins two matters, and no count is of persons.
func TestNothingJoinsAPersonsMatters(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		for range 4 {
			h.FileWish("demo-resident", object{"title": "楼道灯又坏了"})
		}
		h.FileWish("demo-neighbour", nil)
		if err := h.Work(context.Background()); err != nil {
			t.Fatal(err)
		}
		who := h.Account("demo-resident")
		for _, as := range []string{"", "demo-outsider", "demo-volunteer", "demo-grid", "demo-community", "demo-street", "demo-district", "demo-auditor", "demo-admin"} {
			for _, path := range []string{
				"/api/v1/wishes", "/api/v1/wishes?place=" + demo.CommunityA, "/api/v1/stats?place=" + demo.CommunityA, "/api/v1/stats",
				"/stats?place=" + demo.CommunityA, "/stats.csv?chart=places", "/stats.csv?chart=categories", "/api/v1/search?q=楼道",
			} {
				r := h.Do("GET", strings.ReplaceAll(path, "楼道", url.QueryEscape("楼道")), as, nil)
				for what, v := range map[string]string{"id": who.ID, "account name": who.Name, "phone": who.Phone, "real name": who.RealName} {
					if v != "" && strings.Contains(r.Body, v) {
						t.Errorf("%s tells %q the %s of who asked", path, as, what)
					}
				}
			}
			for _, name := range []string{who.PublicName, who.Phone, who.Name} {
				r := h.Do("GET", "/api/v1/search?q="+url.QueryEscape(name), as, nil)
				var found struct{ Items []any }
				if json.Unmarshal([]byte(r.Body), &found) == nil && len(found.Items) > 0 {
					t.Errorf("%q finds matters by the person %s", as, name)
				}
			}
		}
	})
}

// A list of names with a mark on each is refused as a whole, at the page too,
// and nobody but staff and the operator has the tool.
func TestNoWatchListComesInByThePage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		list := "姓名,手机,社区代码,重点人员\n王某,15912345678," + demo.CommunityA + ",信访\n"
		for as, want := range map[string]int{"": 401, "demo-resident": 403, "demo-grid": 403, "demo-admin": 403, "demo-community": 422} {
			if got := sendList(h, as, "people", "list.csv", list, ""); got.Status != want && !(as == "" && got.Status == 303) {
				t.Errorf("%q: %d, want %d", as, got.Status, want)
			}
		}
		var n int
		if err := h.DB.Get(context.Background(), &n, `SELECT count(*) FROM accounts WHERE phone = '15912345678'`); err != nil || n != 0 {
			t.Errorf("%d of the list came in (%v)", n, err)
		}
		clean := "姓名,手机,社区代码\n王某,15912345678," + demo.CommunityA + "\n"
		r := sendList(h, "demo-community", "people", "list.csv", clean, "")
		sum := regexp.MustCompile(`name="sum" value="([0-9a-f]{64})"`).FindStringSubmatch(r.Body)
		if r.Status != 200 || sum == nil {
			t.Fatalf("a plain register is not checked: %d %.600s", r.Status, r.Body)
		}
		if err := h.DB.Get(context.Background(), &n, `SELECT count(*) FROM accounts WHERE phone = '15912345678'`); err != nil || n != 0 {
			t.Error("the check wrote something")
		}
		if r := sendList(h, "demo-community", "people", "list.csv", list, sum[1]); r.Status != 422 {
			t.Errorf("another file under the sum of the checked one: %d", r.Status)
		}
		if r := sendList(h, "demo-community", "people", "list.csv", clean, sum[1]); r.Status != 200 {
			t.Errorf("%d %.600s", r.Status, r.Body)
		}
		if err := h.DB.Get(context.Background(), &n, `SELECT count(*) FROM accounts WHERE phone = '15912345678'`); err != nil || n != 1 {
			t.Errorf("%d accounts came in (%v)", n, err)
		}
		if r := sendList(h, "demo-community-b", "people", "list.csv", strings.ReplaceAll(clean, "15912345678", "15912345679"), ""); r.Status != 422 {
			t.Errorf("staff of another community: %d", r.Status)
		}
	})
}

// sendList sends a table as the page does.
func sendList(h *apptest.House, as, kind, name, body, sum string) apptest.Reply {
	h.T.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("kind", kind)
	if sum != "" {
		w.WriteField("sum", sum)
	}
	f, _ := w.CreateFormFile("file", name)
	io.WriteString(f, body)
	w.Close()
	return h.Do("POST", "/staff/import", as, b.Bytes(), "Content-Type", w.FormDataContentType())
}

// An export is masked, or has a reason that each person reads; its link works
// once, for its owner, and dies with the role.
func TestExportIsMaskedOnceAndSeen(t *testing.T) {
	apptest.Each(t, func(t *testing.T, h *apptest.House) {
		who := h.Account("demo-resident")
		ask := func(as string, form url.Values) apptest.Reply { return h.Do("POST", "/staff/export", as, form) }
		token := func(r apptest.Reply) string {
			t.Helper()
			_, tok, ok := strings.Cut(r.Header.Get("Location"), "ready=")
			if r.Status != 303 || !ok {
				t.Fatalf("%d %s %.300s", r.Status, r.Header.Get("Location"), r.Body)
			}
			return tok
		}
		masked := url.Values{"kind": {"people"}, "format": {"csv"}, "_op": {"00000000-0000-4000-8000-000000000001"}}
		tok := token(ask("demo-community", masked))
		if r := h.Do("POST", "/staff/export/"+tok, "demo-community2", url.Values{}); r.Status != 404 {
			t.Errorf("somebody else took it: %d", r.Status)
		}
		r := h.Do("POST", "/staff/export/"+tok, "demo-community", url.Values{})
		if r.Status != 200 || strings.Contains(r.Body, who.Phone) || !strings.Contains(r.Body, "****") {
			t.Errorf("%d %.300s", r.Status, r.Body)
		}
		if r := h.Do("POST", "/staff/export/"+tok, "demo-community", url.Values{}); r.Status != 404 {
			t.Errorf("taken twice: %d", r.Status)
		}
		full := url.Values{"kind": {"people"}, "format": {"csv"}, "fields": {"true"}, "_op": {"00000000-0000-4000-8000-000000000002"}}
		if r := ask("demo-community", full); r.Status != 422 {
			t.Errorf("unmasked without a reason: %d", r.Status)
		}
		full.Set("reason", "入户送体检通知")
		full.Set("_op", "00000000-0000-4000-8000-000000000003")
		tok = token(ask("demo-community", full))
		if r := h.Do("POST", "/staff/export/"+tok, "demo-community", url.Values{}); r.Status != 200 || !strings.Contains(r.Body, who.Phone) {
			t.Errorf("%d %.300s", r.Status, r.Body)
		}
		looks, err := h.Member.LooksAt(context.Background(), h.DB, who.ID, 0, 10)
		if err != nil || !slices.ContainsFunc(looks, func(l member.Look) bool { return l.Field == "export" && l.Reason == "入户送体检通知" }) {
			t.Errorf("the person does not see it: %+v %v", looks, err)
		}
		for _, as := range []string{"demo-resident", "demo-admin", "demo-auditor", "demo-grid"} {
			if r := ask(as, masked); r.Status != 403 {
				t.Errorf("%s: %d", as, r.Status)
			}
		}
		if r := ask("demo-community-b", url.Values{"kind": {"people"}, "format": {"csv"}, "place": {demo.CommunityA}}); r.Status != 422 {
			t.Errorf("another community's people: %d", r.Status)
		}
	})
}
