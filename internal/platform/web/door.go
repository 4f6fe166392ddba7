package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/platform/journal"
)

// Redirect is what a page's handler returns to go elsewhere (303).
type Redirect string

// Raw is an answer that is neither JSON nor a page: a file, a feed, a calendar.
type Raw struct {
	Type    string
	Body    []byte
	Header  map[string]string
	NoStore bool
}

// Located is implemented by a created object to give its address.
type Located interface{ Location() string }

var kindStatus = map[fault.Kind]int{
	fault.Internal: 500, fault.Malformed: 400, fault.SignIn: 401, fault.Denied: 403, fault.NotFound: 404,
	fault.Conflict: 409, fault.Late: 409, fault.TooLarge: 413, fault.Unsupported: 415, fault.Invalid: 422,
	fault.Limited: 429, fault.Unavailable: 503,
}

// Status is the HTTP status of a fault kind.
func Status(k fault.Kind) int { return kindStatus[k] }

func (s *Server) call(w http.ResponseWriter, r *http.Request, route *Route) *Call {
	c := &Call{W: w, R: r, web: s, route: route}
	c.Lang, c.Care, c.Size = preferences(r)
	return c
}

// door is the outer adapter of every route.
func (s *Server) door(route *Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := s.call(w, r, route)
		started := time.Now()
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.refuse(c, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
			s.Metrics.observe(route, started)
		}()
		if route.unsafe() {
			sent := r.Body
			if err := c.read(); fault.Is(err, fault.Malformed) {
				c.late = err // who sent it is asked first
			} else if err != nil {
				drain(r, sent)
				s.refuse(c, err)
				return
			}
			defer func() {
				if r.MultipartForm != nil {
					r.MultipartForm.RemoveAll()
				}
			}()
		}
		a, err := s.Identity.Identify(r.Context(), r)
		if err == nil {
			c.Actor = a
		}
		if wait := s.limits.ask(c, s.Trusted); wait > 0 && !s.Unlimited {
			s.refuse(c, &fault.Error{Kind: fault.Limited, Key: "fault.limited", Retry: wait})
			return
		}
		if err != nil { // counted above: guessing tokens is limited too
			s.refuse(c, err)
			return
		}
		if strings.ContainsRune(r.URL.Path, 0) || !utf8.ValidString(r.URL.Path) {
			s.refuse(c, fault.Absent())
			return
		}
		if route.SignedIn && !a.Known() {
			s.signInFirst(c)
			return
		}
		if c.late != nil && (route.API() || c.form == nil) {
			s.refuse(c, c.late)
			return
		}
		if len(route.Public) > 0 && !a.Known() && r.Method == "GET" {
			s.cached(c)
			return
		}
		s.serve(c)
	})
}

// signInFirst answers who is not signed in: the API with 401, a page by the
// way to the sign-in form, keeping what was typed.
func (s *Server) signInFirst(c *Call) {
	if c.route.API() {
		s.refuse(c, fault.New(fault.SignIn, "fault.sign_in"))
		return
	}
	next := LocalPath(c.R.URL.RequestURI())
	if c.route.unsafe() {
		next = localReferer(c.R)
		if op := c.draft(); op != "" {
			if err := s.Drafts.Keep(c.Context(), "", op, c.R.URL.Path, c.form.Encode()); err == nil {
				next += draftSign(next) + "draft=" + queryEscape(op)
			}
		}
	}
	http.Redirect(c.W, c.R, "/signin?next="+queryEscape(next), http.StatusSeeOther)
}

// draft returns the operation id under which a form may be kept that could not
// be taken, "" when it must not: ballots, and forms that carry a password.
func (c *Call) draft() string {
	if c.web.Drafts == nil || c.route.Quiet || c.route.Guard != "" {
		return ""
	}
	for name := range c.form {
		if strings.Contains(name, "password") || strings.Contains(name, "code") {
			return ""
		}
	}
	op := c.form.Get(OperationField)
	if keyFault(op) != nil {
		return ""
	}
	return op
}

// keyFault says what is wrong with an operation key.
func keyFault(key string) error {
	switch {
	case len(key) > maxKey:
		return fault.Field1("Idempotency-Key", "fault.too_long", "max", maxKey)
	case strings.ContainsRune(key, 0):
		return fault.Field1("Idempotency-Key", "fault.nul")
	case !utf8.ValidString(key):
		return fault.Field1("Idempotency-Key", "fault.utf8")
	}
	return nil
}

// maxKey bounds an operation key, in bytes.
const maxKey = 200

func (s *Server) serve(c *Call) {
	ctx := actor.With(c.R.Context(), c.Actor)
	if c.route.unsafe() {
		key := c.R.Header.Get("Idempotency-Key")
		if key == "" {
			key = c.form.Get(OperationField)
		}
		if err := keyFault(key); err != nil {
			s.refuse(c, err)
			return
		}
		hash := c.bodyHash()
		if len(c.files) > 0 && !c.route.API() && c.route.Type == "" && c.Actor.Known() && s.Files != nil {
			c.keepFiles()
		}
		if key != "" {
			ctx = journal.WithAct(ctx, &journal.Act{
				Account: c.Actor.ID, Method: c.R.Method, Path: c.R.URL.Path, Key: key, Body: hash,
				Quiet: c.route.Quiet, Render: func(out any) (journal.Reply, error) { return s.reply(c, out) },
			})
		}
	}
	c.R = c.R.WithContext(ctx)
	out, err := c.route.Do(c)
	var before *journal.Replayed
	if errors.As(err, &before) {
		s.replay(c, before.Reply)
		return
	}
	if err != nil {
		if comp, ok := out.(templ.Component); ok && !c.route.API() {
			switch k := fault.Of(err).Kind; k {
			case fault.Malformed, fault.Denied, fault.Conflict, fault.Late, fault.Invalid:
				s.page(c, comp, Status(k)) // the form again, with what is wrong
				return
			}
		}
		s.refuse(c, err)
		return
	}
	s.answer(c, out)
}

// reply renders a success as it is remembered under an operation key.
func (s *Server) reply(c *Call, out any) (journal.Reply, error) {
	if !c.route.API() {
		to := ""
		if c.route.After != nil {
			to = c.route.After(out)
		} else if r, ok := out.(Redirect); ok {
			to = string(r)
		}
		return journal.Reply{Status: http.StatusSeeOther, Location: to}, nil
	}
	r := journal.Reply{Status: c.route.status()}
	if l, ok := out.(Located); ok && r.Status == http.StatusCreated {
		r.Location = l.Location()
	}
	b, err := encode(out)
	r.Body = string(b)
	return r, err
}

func (r *Route) status() int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}

func (s *Server) replay(c *Call, r journal.Reply) {
	h := c.W.Header()
	h.Set("Idempotency-Replayed", "true")
	h.Set("Cache-Control", "private, no-store")
	if r.Location != "" {
		h.Set("Location", r.Location)
	}
	if r.Status == 0 { // only that it happened is known
		if c.route.API() {
			r.Status, r.Body = http.StatusOK, "{}\n"
		} else {
			r.Status = http.StatusSeeOther
		}
	}
	if r.Status == http.StatusSeeOther && r.Location == "" {
		h.Set("Location", path.Dir(c.R.URL.EscapedPath())) // what the form belongs to
	}
	if c.route.API() {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	c.W.WriteHeader(r.Status)
	c.W.Write([]byte(r.Body))
}

func (s *Server) answer(c *Call, out any) {
	h := c.W.Header()
	switch v := out.(type) {
	case nil:
		return // the handler wrote by itself
	case Redirect:
		h.Set("Cache-Control", "private, no-store")
		h.Set("Location", string(v))
		c.W.WriteHeader(http.StatusSeeOther)
		return
	case Raw:
		h.Set("Content-Type", v.Type)
		for k, x := range v.Header {
			h.Set(k, x)
		}
		if h.Get("Cache-Control") == "" {
			h.Set("Cache-Control", "private, no-store")
		}
		h.Set("Content-Length", strconv.Itoa(len(v.Body)))
		c.W.WriteHeader(c.route.status())
		c.W.Write(v.Body)
		return
	}
	if !c.route.API() {
		if comp, ok := out.(templ.Component); ok {
			s.page(c, comp, c.route.status())
			return
		}
		r, err := s.reply(c, out)
		if err != nil {
			s.refuse(c, err)
			return
		}
		s.replayless(c, r)
		return
	}
	b, err := encode(out)
	if err != nil {
		s.refuse(c, err)
		return
	}
	if l, ok := out.(Located); ok && c.route.status() == http.StatusCreated {
		h.Set("Location", l.Location())
	}
	if c.Actor.Known() || c.route.unsafe() {
		h.Set("Cache-Control", "private, no-store")
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	c.W.WriteHeader(c.route.status())
	c.W.Write(b)
}

func (s *Server) replayless(c *Call, r journal.Reply) {
	c.W.Header().Set("Cache-Control", "private, no-store")
	if r.Location == "" {
		r.Location = path.Dir(c.R.URL.EscapedPath())
	}
	c.W.Header().Set("Location", r.Location)
	c.W.WriteHeader(r.Status)
}

// pages keeps the buffers that pages are rendered into: a page is written only
// when it is whole, and growing a buffer anew for each costs a tenth of it.
var pages = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 64<<10)) }}

func (s *Server) page(c *Call, comp templ.Component, status int) {
	b := pages.Get().(*bytes.Buffer)
	b.Reset()
	defer pages.Put(b)
	if err := comp.Render(c.R.Context(), b); err != nil {
		s.refuse(c, err)
		return
	}
	h := c.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-store")
	}
	c.W.WriteHeader(status)
	b.WriteTo(c.W)
}

// problem is RFC 9457 with the fields of the contract.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Code   string         `json:"code"`
	Errors []problemField `json:"errors"`
}

type problemField struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (s *Server) refuse(c *Call, err error) {
	f := fault.Of(err)
	if f.Kind == fault.Internal && c.R.Context().Err() != nil &&
		(errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		// Most likely nobody listens any more; if someone does, the silence of
		// an empty 200 would be a lie.
		c.W.Header().Set("Retry-After", "1")
		c.W.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.refuseStatus(c, f, kindStatus[f.Kind])
}

func (s *Server) refuseStatus(c *Call, f *fault.Error, status int) {
	if c.Lang == "" {
		c.Lang, c.Care, c.Size = preferences(c.R)
	}
	id := ""
	if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		id = incident()
		s.Log.Error("fault", "incident", id, "path", c.R.URL.Path, "route", c.route.Name, "err", f.Error())
		if !c.route.API() && c.route.unsafe() {
			if op := c.draft(); op != "" {
				if err := s.Drafts.Keep(context.WithoutCancel(c.R.Context()), c.Actor.ID, op, c.R.URL.Path, c.form.Encode()); err != nil {
					s.Log.Error("draft", "incident", id, "err", err)
				}
			}
		}
	}
	h := c.W.Header()
	h.Del("ETag")
	h.Set("Cache-Control", "private, no-store")
	if f.Kind == fault.SignIn {
		h.Set("WWW-Authenticate", `Bearer realm="linli"`)
	}
	if f.Retry > 0 || f.Kind == fault.Limited || f.Kind == fault.Unavailable {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(f.Retry.Seconds())))))
	}
	if !strings.HasPrefix(c.R.URL.Path, "/api/") {
		var b bytes.Buffer
		if err := s.Fault(c, f, id).Render(c.R.Context(), &b); err != nil {
			s.Log.Error("fault page", "err", err)
		}
		h.Set("Content-Type", "text/html; charset=utf-8")
		c.W.WriteHeader(status)
		b.WriteTo(c.W)
		return
	}
	p := problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: c.TextOf(f.Key, f.Args), Code: strings.TrimPrefix(f.Key, "fault."), Errors: []problemField{},
	}
	for _, e := range f.Fields {
		p.Errors = append(p.Errors, problemField{e.Name, c.TextOf(e.Key, e.Args)})
	}
	b, _ := encode(p)
	h.Set("Content-Type", "application/problem+json")
	c.W.WriteHeader(status)
	c.W.Write(b)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// incident names a fault for a person to quote and for the log to find.
func incident() string {
	var b [4]byte
	rand.Read(b[:])
	return strings.ToUpper(hex.EncodeToString(b[:]))
}
