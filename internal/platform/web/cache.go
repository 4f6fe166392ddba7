package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/sync/singleflight"

	"linli/internal/core/actor"
	"linli/internal/core/flow"
)

// Bounds of the cache of anonymous renderings.
const (
	cacheBytes = 64 << 20
	cacheKept  = time.Minute
)

// pageCache keeps anonymous renderings by path, known parameters, language and
// care mode, valid while no event of the kinds shown has happened and until the
// earliest due time on the page, a minute at most.
type pageCache struct {
	mu    sync.RWMutex
	pages map[string]*cachedPage
	bytes int

	flight singleflight.Group // renderings under way
}

type cachedPage struct {
	gen    uint64
	until  int64 // UTC ms
	etag   string
	kind   string
	status int
	header map[string]string
	body   []byte
}

// ShownUntil limits how long this rendering may be kept: until the earliest
// due time among what it shows. 0 says nothing.
func (c *Call) ShownUntil(at int64) {
	if at != 0 && (c.until == 0 || at < c.until) {
		c.until = at
	}
}

func (s *Server) cached(c *Call) {
	key := s.cacheKey(c)
	gen := s.Generation(c.route.Public...) // before rendering
	now := s.Clock.Now().UnixMilli()
	s.cache.mu.RLock()
	p := s.cache.pages[key]
	s.cache.mu.RUnlock()
	if p == nil || p.gen != gen || p.until <= now {
		if p = s.fill(c, key, gen, now); p == nil {
			return
		}
	}
	h := c.W.Header()
	for k, v := range p.header {
		h.Set(k, v)
	}
	h.Set("Content-Type", p.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", p.etag)
	if matches(c.R.Header.Get("If-None-Match"), p.etag) {
		c.W.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(p.body)))
	c.W.WriteHeader(p.status)
	c.W.Write(p.body)
}

// matches is the weak comparison of If-None-Match (RFC 9110 §13.1.2): a proxy
// that compresses makes our tag a weak one.
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// fill renders a page once for all who ask for it at the same time: after an
// event everybody does. nil when the answer was a fault, which each is told for
// herself, and is already sent.
func (s *Server) fill(c *Call, key string, gen uint64, now int64) *cachedPage {
	mine := false
	v, _, _ := s.cache.flight.Do(strconv.FormatUint(gen, 10)+" "+key, func() (any, error) {
		mine = true
		p := s.render(c, gen, now)
		if p != nil {
			s.cache.put(key, p)
		}
		return p, nil
	})
	p := v.(*cachedPage)
	if p == nil && !mine {
		p = s.render(c, gen, now)
	}
	return p
}

// render makes the page; nil when the answer was a fault and is already sent.
func (s *Server) render(c *Call, gen uint64, now int64) *cachedPage {
	c.R = c.R.WithContext(actor.With(c.R.Context(), c.Actor))
	out, err := c.route.Do(c)
	until := now + cacheKept.Milliseconds()
	if c.until != 0 {
		until = min(until, c.until)
	}
	if err != nil {
		s.refuse(c, err)
		return nil
	}
	p := &cachedPage{gen: gen, until: until, status: c.route.status(), kind: "text/html; charset=utf-8"}
	switch v := out.(type) {
	case templ.Component:
		var b bytes.Buffer
		if err := v.Render(c.R.Context(), &b); err != nil {
			s.refuse(c, err)
			return nil
		}
		p.body = b.Bytes()
	case Raw:
		if v.NoStore {
			s.answer(c, out)
			return nil
		}
		p.kind, p.body, p.header = v.Type, v.Body, v.Header
	default:
		if !c.route.API() {
			s.answer(c, out)
			return nil
		}
		if p.body, err = encode(out); err != nil {
			s.refuse(c, err)
			return nil
		}
		p.kind = "application/json; charset=utf-8"
	}
	sum := sha256.Sum256(p.body)
	p.etag = `"` + hex.EncodeToString(sum[:12]) + `"`
	return p
}

// cacheKey holds the path, the parameters the route knows, and how it is shown.
func (s *Server) cacheKey(c *Call) string {
	var b strings.Builder
	b.WriteString(c.R.URL.EscapedPath()) // escaped, or "/a%3Fb" would answer for "/a?b"
	b.WriteByte('?')
	if c.R.URL.RawQuery != "" {
		q, err := url.ParseQuery(c.R.URL.RawQuery)
		if !c.route.API() { // unknown parameters change nothing on a page
			for k := range q {
				if !slices.ContainsFunc(c.route.Query, func(f flow.Field) bool { return f.Name == k }) {
					q.Del(k)
				}
			}
		}
		b.WriteString(q.Encode())
		if err != nil && c.route.API() { // refused there, so it is no form of the same answer
			b.WriteString(" " + c.R.URL.RawQuery)
		}
	}
	b.WriteString(" " + c.Lang + " " + c.Size + " " + strconv.FormatBool(c.Care))
	if ck, err := c.R.Cookie("place"); err == nil {
		v := ck.Value
		if len(v) > 64 { // no place's code, but what the page makes of it is its own affair
			sum := sha256.Sum256([]byte(v))
			v = hex.EncodeToString(sum[:])
		}
		b.WriteString(" place=" + v)
	}
	return b.String()
}

func (pc *pageCache) put(key string, p *cachedPage) {
	if len(p.body) > cacheBytes/16 {
		return
	}
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.pages == nil {
		pc.pages = map[string]*cachedPage{}
	}
	if old := pc.pages[key]; old != nil {
		pc.bytes -= len(old.body) + len(key)
	}
	for pc.bytes > cacheBytes {
		for k, old := range pc.pages { // any will do: all are cheap to make again
			pc.bytes -= len(old.body) + len(k)
			delete(pc.pages, k)
			break
		}
	}
	pc.pages[key] = p
	pc.bytes += len(p.body) + len(key)
}
