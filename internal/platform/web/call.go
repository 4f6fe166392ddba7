package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/page"
)

// Names of the hidden fields of every form.
const (
	OperationField = "_op"      // operation id: a double tap acts once
	VersionField   = "_version" // the version the person saw
)

// Bounds of what a body may nest.
const (
	formDepth = 6  // names like "quantity.total"
	jsonDepth = 32 // objects and lists in each other
	formBytes = 64 << 20
)

// drainBytes is the most that is taken in of a body that is refused.
const drainBytes = 64 << 20

// Call is one request at one door.
type Call struct {
	W     http.ResponseWriter
	R     *http.Request
	Actor actor.Actor
	Lang  string // "zh-CN" or "en"
	Care  bool   // 长辈版
	Size  string // text size: standard, large, extra, largest

	web   *Server
	route *Route
	body  []byte
	form  url.Values
	files map[string][]*multipart.FileHeader
	late  error // what is wrong with a form's body or files, told when it is their turn
	until int64 // see ShownUntil
}

// Context carries the actor and the act of this call.
func (c *Call) Context() context.Context { return c.R.Context() }

// Path returns a path parameter.
func (c *Call) Path(name string) string { return c.R.PathValue(name) }

// Now is the node's time in UTC ms.
func (c *Call) Now() int64 { return c.web.Clock.Now().UnixMilli() }

// Base is the configured address of the site; links that leave the site are built from it.
func (c *Call) Base() string { return c.web.BaseURL }

// T resolves a text in the caller's language.
func (c *Call) T(key string, pairs ...any) string {
	args := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return c.web.Text(c.Lang, key, args)
}

// TextOf resolves a fault's text, or a field's.
func (c *Call) TextOf(key string, args fault.Args) string { return c.web.Text(c.Lang, key, args) }

// Query decodes the request's parameters by the route's declaration. Pages
// ignore parameters they do not know; the API refuses them.
func (c *Call) Query() (flow.Input, error) {
	q, err := url.ParseQuery(c.R.URL.RawQuery)
	if err != nil && c.route.API() {
		return nil, &fault.Error{Kind: fault.Malformed, Key: "fault.malformed", Cause: err}
	}
	raw := map[string]any{}
	for name, v := range q {
		i := slices.IndexFunc(c.route.Query, func(f flow.Field) bool { return f.Name == name })
		if i < 0 && !c.route.API() {
			continue
		}
		if i >= 0 && (c.route.Query[i].Kind == flow.Refs) {
			raw[name] = v
		} else {
			raw[name] = v[0]
		}
	}
	return flow.Decode(c.route.Query, raw)
}

// PageOf reads limit and cursor.
func PageOf(in flow.Input) (page.Ask, error) {
	limit, given := in.Int("limit")
	if given && limit == 0 {
		limit = -1
	}
	return page.Parse(int(limit), in.Text("cursor"))
}

// Paging is the parameters every list takes.
func Paging() []flow.Field {
	return []flow.Field{
		{Name: "limit", Kind: flow.Int, Max: 1 << 30},
		{Name: "cursor", Kind: flow.Text, Max: 200},
	}
}

// Body decodes the request's fields: a JSON object or a form. It is called
// when it is their turn, after right and state.
func (c *Call) Body(fields []flow.Field) (flow.Input, error) {
	raw, err := c.Raw()
	if err != nil {
		return nil, err
	}
	return flow.Decode(fields, raw)
}

// Raw returns the body as a decoded object, without checking its fields.
func (c *Call) Raw() (map[string]any, error) {
	if !c.route.API() {
		if c.late != nil {
			return nil, c.late
		}
		return c.formObject(), nil
	}
	if len(bytes.TrimSpace(c.body)) == 0 {
		return map[string]any{}, nil
	}
	return DecodeObject(c.body)
}

// DecodeObject reads one JSON object strictly: UTF-8, numbers kept as written,
// no name twice, nothing behind it, at most jsonDepth deep.
func DecodeObject(b []byte) (map[string]any, error) {
	o, err := decodeObject(b)
	if err != nil {
		return nil, &fault.Error{Kind: fault.Malformed, Key: "fault.malformed", Cause: err}
	}
	return o, nil
}

func decodeObject(b []byte) (map[string]any, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := decodeValue(d, 0)
	if err != nil {
		return nil, err
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("not an object")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text behind the object")
	}
	return o, nil
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth == jsonDepth {
		return nil, errors.New("nested too deep")
	}
	if open == '[' {
		list := []any{}
		for d.More() {
			v, err := decodeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	o := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("a name is not a text")
		}
		if _, twice := o[name]; twice {
			return nil, errors.New("name twice: " + name)
		}
		if o[name], err = decodeValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return o, err
}

// formObject turns a form into an object: dots nest, empty inputs are absent,
// repeated names become lists.
func (c *Call) formObject() map[string]any {
	o := map[string]any{}
	put := func(name string, v any) {
		at := o
		parts := strings.SplitN(name, ".", formDepth)
		for _, p := range parts[:len(parts)-1] {
			next, ok := at[p].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[p] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = v
	}
	for _, name := range slices.Sorted(maps.Keys(c.form)) { // in one order: "a" and "a.b" may both be there
		if strings.HasPrefix(name, "_") {
			continue
		}
		vs := slices.DeleteFunc(slices.Clone(c.form[name]), func(s string) bool { return strings.TrimSpace(s) == "" })
		switch len(vs) {
		case 0:
		case 1:
			put(name, vs[0])
		default:
			put(name, vs)
		}
	}
	return o
}

// keepFiles keeps the files of a page's form and puts their ids into it. It
// runs before the handler, for a handler decodes within a transaction, where
// nothing else may be written; and only for who is signed in.
func (c *Call) keepFiles() {
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		for _, h := range c.files[name] {
			if h.Size == 0 && h.Filename == "" || c.late != nil {
				continue
			}
			id, err := c.keepFile(h)
			if err != nil {
				c.late = err
				continue
			}
			c.form[name] = append(c.form[name], id)
		}
	}
	c.files = nil
}

func (c *Call) keepFile(h *multipart.FileHeader) (string, error) {
	f, err := h.Open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	return c.web.Files.Keep(actor.With(c.R.Context(), c.Actor), c.Actor, h.Filename, f)
}

// Form is what a page's form sent, for showing it again.
func (c *Call) Form() url.Values { return c.form }

// Version is the version the caller named, by If-Match or the form; 0 for none.
func (c *Call) Version() (int64, error) {
	s := strings.Trim(strings.TrimPrefix(c.R.Header.Get("If-Match"), "W/"), `"`)
	if s == "" || s == "*" {
		s = c.form.Get(VersionField)
	}
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 {
		return 0, fault.Field1("If-Match", "fault.number")
	}
	return n, nil
}

// read takes in the body within bounds and checks its media type.
func (c *Call) read() error {
	most := c.route.MaxBytes
	if most == 0 {
		most = 1 << 20
	}
	if c.R.ContentLength > most {
		return fault.New(fault.TooLarge, "fault.too_large", "max", most>>20)
	}
	kind, _, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
	want := c.route.Type
	if want == "" && c.route.API() {
		want = "application/json"
	}
	if want != "" {
		if kind != want && (c.R.ContentLength != 0 || c.R.Header.Get("Content-Type") != "") {
			return fault.New(fault.Unsupported, "fault.media_type", "want", want)
		}
		if want == "multipart/form-data" {
			return c.readMultipart(most)
		}
		return c.readAll(most)
	}
	switch kind {
	case "multipart/form-data":
		if c.route.SignedIn { // photos come with the form
			most = max(most, formBytes)
		}
		return c.readMultipart(most)
	case "application/x-www-form-urlencoded", "":
		if err := c.readAll(most); err != nil {
			return err
		}
		form, err := url.ParseQuery(string(c.body))
		if err != nil {
			c.late = &fault.Error{Kind: fault.Malformed, Key: "fault.malformed", Cause: err}
		}
		c.form = form
		return nil
	}
	return fault.New(fault.Unsupported, "fault.media_type", "want", "application/x-www-form-urlencoded")
}

// drain takes in the rest of a refused body, within bounds: many clients write
// all of it before they read the answer, and would find a broken pipe instead.
func drain(r *http.Request, body io.Reader) {
	if r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, body, drainBytes)
	}
}

func (c *Call) readAll(most int64) error {
	b, err := io.ReadAll(http.MaxBytesReader(c.W, c.R.Body, most))
	if errors.As(err, new(*http.MaxBytesError)) {
		return fault.New(fault.TooLarge, "fault.too_large", "max", most>>20)
	}
	c.body = b
	if err != nil {
		return &fault.Error{Kind: fault.Malformed, Key: "fault.malformed", Cause: err}
	}
	return nil
}

func (c *Call) readMultipart(most int64) error {
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, most)
	if err := c.R.ParseMultipartForm(8 << 20); err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			return fault.New(fault.TooLarge, "fault.too_large", "max", most>>20)
		}
		return &fault.Error{Kind: fault.Malformed, Key: "fault.malformed", Cause: err}
	}
	c.form = url.Values(c.R.MultipartForm.Value)
	c.files = c.R.MultipartForm.File
	return nil
}

// Uploads returns the uploaded files of a field.
func (c *Call) Uploads(field string) []*multipart.FileHeader { return c.files[field] }

// bodyHash covers what was sent, apart from the operation id.
func (c *Call) bodyHash() string {
	h := sha256.New()
	if c.body != nil && c.form == nil {
		h.Write(c.body)
	} else {
		names := make([]string, 0, len(c.form))
		for n := range c.form {
			if n != OperationField {
				names = append(names, n)
			}
		}
		slices.Sort(names)
		for _, n := range names {
			h.Write([]byte(n + "=" + strings.Join(c.form[n], "\x00") + "\x00\x00"))
		}
		for _, n := range slices.Sorted(maps.Keys(c.files)) {
			for _, f := range c.files[n] {
				h.Write([]byte(n + "\x00" + f.Filename + "\x00" + strconv.FormatInt(f.Size, 10) + "\x00"))
				if r, err := f.Open(); err == nil { // in memory or our own temporary file
					_, _ = io.Copy(h, r)
					r.Close()
				}
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
