package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

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
	q := c.R.URL.Query()
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
		return c.formObject()
	}
	if len(bytes.TrimSpace(c.body)) == 0 {
		return map[string]any{}, nil
	}
	return DecodeObject(c.body)
}

// DecodeObject reads one JSON object strictly: numbers kept as written, no
// name twice, nothing behind it.
func DecodeObject(b []byte) (map[string]any, error) {
	malformed := func(err error) error {
		return &fault.Error{Kind: fault.Malformed, Key: "fault.malformed", Cause: err}
	}
	if err := doubled(b); err != nil {
		return nil, malformed(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, malformed(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, malformed(errors.New("text behind the object"))
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, malformed(errors.New("not an object"))
	}
	return o, nil
}

// doubled reports a name that stands twice in one object, and depth beyond reason.
func doubled(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	type level struct {
		object, key bool
		names       map[string]bool
	}
	var stack []level
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch v := t.(type) {
		case json.Delim:
			switch v {
			case '{', '[':
				if len(stack) == 32 {
					return errors.New("nested too deep")
				}
				stack = append(stack, level{object: v == '{', key: v == '{', names: map[string]bool{}})
				continue
			default:
				stack = stack[:len(stack)-1]
			}
		case string:
			if n := len(stack); n > 0 && stack[n-1].object && stack[n-1].key {
				if stack[n-1].names[v] {
					return errors.New("name twice: " + v)
				}
				stack[n-1].names[v] = true
				stack[n-1].key = false
				continue
			}
		}
		if n := len(stack); n > 0 && stack[n-1].object {
			stack[n-1].key = true
		}
	}
}

// formObject turns a form into an object: dots nest, empty inputs are absent,
// repeated names and files become lists, files being kept first.
func (c *Call) formObject() (map[string]any, error) {
	o := map[string]any{}
	put := func(name string, v any) {
		at := o
		parts := strings.Split(name, ".")
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
	for name, vs := range c.form {
		if strings.HasPrefix(name, "_") {
			continue
		}
		vs = slices.DeleteFunc(slices.Clone(vs), func(s string) bool { return strings.TrimSpace(s) == "" })
		switch len(vs) {
		case 0:
		case 1:
			put(name, vs[0])
		default:
			put(name, vs)
		}
	}
	for name, heads := range c.files {
		var ids []string
		for _, h := range heads {
			if h.Size == 0 && h.Filename == "" {
				continue
			}
			f, err := h.Open()
			if err != nil {
				return nil, err
			}
			id, err := c.web.Files.Keep(c.Context(), c.Actor, h.Filename, f)
			f.Close()
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		if len(ids) > 0 {
			put(name, append(c.form[name], ids...))
			c.form[name] = append(c.form[name], ids...)
		}
	}
	c.files = nil
	return o, nil
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
	kind, params, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
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
		return c.readMultipart(max(most, 64<<20))
	case "application/x-www-form-urlencoded", "":
		if err := c.readAll(most); err != nil {
			return err
		}
		form, err := url.ParseQuery(string(c.body))
		if err != nil {
			return &fault.Error{Kind: fault.Malformed, Key: "fault.malformed", Cause: err}
		}
		c.form = form
		return nil
	}
	_ = params
	return fault.New(fault.Unsupported, "fault.media_type", "want", "application/x-www-form-urlencoded")
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
		for n, heads := range c.files {
			for _, f := range heads {
				h.Write([]byte(n + f.Filename + strconv.FormatInt(f.Size, 10)))
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
