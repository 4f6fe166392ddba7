package apptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Reply is an answer read whole.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// JSON decodes the body as an object.
func (r Reply) JSON(t testing.TB) Object {
	t.Helper()
	var o Object
	if err := json.Unmarshal([]byte(r.Body), &o); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, r.Body)
	}
	return o
}

// Do sends a request as an account, "" for nobody, and follows no redirect. A
// string is a body of JSON, url.Values are a form, bytes are sent as they are,
// anything else goes as JSON. Header is pairs of name and value. A request that
// fails marks the test and answers with status 0.
func (h *House) Do(method, path, as string, body any, header ...string) Reply {
	h.T.Helper()
	var r io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
		kind = ""
	case string:
		r = strings.NewReader(b)
	case []byte:
		r, kind = bytes.NewReader(b), ""
	case url.Values:
		r, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		j, err := json.Marshal(b)
		if err != nil {
			h.T.Error(err)
			return Reply{}
		}
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, h.URL+path, r)
	if err != nil {
		h.T.Error(err)
		return Reply{}
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if as != "" {
		req.Header.Set("Authorization", "Bearer "+as)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := h.client.Do(req)
	reply, err := read(res, err)
	if err != nil {
		h.T.Errorf("%s %s as %q: %v", method, path, as, err)
	}
	return reply
}

// Text sends a request, fails unless the status is want, and returns the body.
func (h *House) Text(want int, method, path, as string, body any, header ...string) string {
	h.T.Helper()
	r := h.Do(method, path, as, body, header...)
	if r.Status != want {
		h.T.Fatalf("%s %s as %q: %d, want %d\n%s", method, path, as, r.Status, want, r.Body)
	}
	return r.Body
}

// Must is Text for the object that the API answers with; nil on a page.
func (h *House) Must(want int, method, path, as string, body any, header ...string) Object {
	h.T.Helper()
	text := h.Text(want, method, path, as, body, header...)
	if text == "" || !strings.HasPrefix(path, "/api/") {
		return nil
	}
	return Reply{Body: text}.JSON(h.T)
}

// stay makes a client follow no redirect.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func read(res *http.Response, err error) (Reply, error) {
	if err != nil {
		return Reply{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return Reply{res.StatusCode, res.Header, string(b)}, err
}
