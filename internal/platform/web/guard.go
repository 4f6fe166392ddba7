package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/time/rate"
)

// guard sets the headers every answer has.
func (s *Server) guard(next http.Handler) http.Handler {
	const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
		"manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), geolocation=(self), microphone=(self), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		if strings.HasPrefix(s.BaseURL, "https://") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		h.Add("Vary", "Accept-Language, Cookie, Authorization")
		next.ServeHTTP(w, r)
	})
}

var languages = language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})

// preferences reads language, care mode and text size: cookies first, then the
// browser's language, then WeChat's own care mode.
func preferences(r *http.Request) (lang string, care bool, size string) {
	lang, size = "zh-CN", "standard"
	if ck, err := r.Cookie("lang"); err == nil && (ck.Value == "en" || ck.Value == "zh-CN") {
		lang = ck.Value
	} else if al := r.Header.Get("Accept-Language"); al != "" {
		if tags, _, err := language.ParseAcceptLanguage(al); err == nil && len(tags) > 0 {
			if _, i, conf := languages.Match(tags...); i == 1 && conf > language.No {
				lang = "en"
			}
		}
	}
	if ck, err := r.Cookie("care"); err == nil {
		care = ck.Value == "1"
	} else {
		care = strings.Contains(r.UserAgent(), "WeChatCareMode") || strings.Contains(r.UserAgent(), "wxcaremode")
	}
	if ck, err := r.Cookie("size"); err == nil {
		switch ck.Value {
		case "large", "extra", "largest":
			size = ck.Value
		}
	}
	return lang, care, size
}

// limits are the contract's (§3): token buckets by account and by address prefix.
type limits struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	swept   time.Time
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

func (l *limits) init() { l.buckets = map[string]*bucket{} }

// ask takes one token for the call and returns how long to wait when there is none.
func (l *limits) ask(c *Call, trusted []string) time.Duration {
	prefix, loopback := clientPrefix(c.R, trusted)
	if c.route.Guard == "signin" && !loopback {
		if wait := l.take("signin "+prefix, rate.Every(time.Minute), 10); wait > 0 {
			return wait
		}
	}
	if c.Actor.Known() {
		if c.route.unsafe() {
			return l.take("account "+c.Actor.ID, 50, 300)
		}
		return 0
	}
	if loopback {
		return 0
	}
	return l.take("prefix "+prefix, 100, 200)
}

func (l *limits) take(key string, every rate.Limit, burst int) time.Duration {
	return l.takeAt(time.Now(), key, every, burst)
}

func (l *limits) takeAt(now time.Time, key string, every rate.Limit, burst int) time.Duration {
	l.mu.Lock()
	b, ok := l.buckets[key]
	if !ok {
		b = &bucket{Limiter: rate.NewLimiter(every, burst)}
		l.buckets[key] = b
	}
	b.used = now
	if now.Sub(l.swept) > time.Minute {
		for k, o := range l.buckets {
			if now.Sub(o.used) > 15*time.Minute {
				delete(l.buckets, k)
			}
		}
		l.swept = now
	}
	l.mu.Unlock()
	r := b.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// Allow takes a token of a named limit, for rules that count by account or
// installation inside a feature (sign-in, codes).
func (s *Server) Allow(key string, every time.Duration, burst int) time.Duration {
	return s.limits.take(key, rate.Every(every), burst)
}

// clientPrefix is the /24 or /56 the request comes from; loopback has no limit
// unless a trusted proxy names the client.
func clientPrefix(r *http.Request, trusted []string) (prefix string, loopback bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host, false
	}
	for _, t := range trusted {
		if p, err := netip.ParsePrefix(t); err == nil && p.Contains(addr.Unmap()) {
			parts := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
			if fwd, err := netip.ParseAddr(strings.TrimSpace(parts[len(parts)-1])); err == nil {
				addr = fwd
			}
		}
	}
	addr = addr.Unmap()
	bits := 24
	if addr.Is6() {
		bits = 56
	}
	p, _ := addr.Prefix(bits)
	return p.String(), addr.IsLoopback()
}

// LocalPath returns p if it is a path of this site, else "/": a redirect never leaves it.
func LocalPath(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\n\r\t") {
		return "/"
	}
	return p
}

func localReferer(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host {
		return "/"
	}
	return LocalPath(u.RequestURI())
}

func draftSign(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}

func queryEscape(s string) string { return url.QueryEscape(s) }
