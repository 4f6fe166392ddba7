package web

import (
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

func TestLocalPath(t *testing.T) {
	for _, good := range []string{"/", "/wishes", "/wishes?place=320105&state=open", "/wishes/new#note", "/%5cevil.example", "/a//b", "/人"} {
		if got := LocalPath(good); got != good {
			t.Errorf("LocalPath(%q) = %q", good, got)
		}
	}
	for _, bad := range []string{
		"", "wishes", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "https://evil.example/", "http:/evil.example", "javascript:alert(1)",
		"/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", "/\x00", "mailto:a@b", "/a%zz", "?next=/", ".//evil.example", " //evil.example",
	} {
		if got := LocalPath(bad); got != "/" {
			t.Errorf("LocalPath(%q) = %q", bad, got)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	f.Add("/wishes?place=1")
	f.Add("//evil.example/%2f..")
	f.Fuzz(func(t *testing.T, p string) {
		got := LocalPath(p)
		if got != p && got != "/" {
			t.Fatalf("%q becomes %q", p, got)
		}
		base, _ := url.Parse("https://linli.example/a/b")
		u, err := base.Parse(got)
		if err != nil || u.Host != "linli.example" || u.Scheme != "https" || u.User != nil {
			t.Fatalf("%q leads to %v, %v", p, u, err)
		}
		if strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\r\n\t\\\x00") || !path.IsAbs(got) {
			t.Fatalf("%q passes", got)
		}
	})
}

func TestLimitsRefillAndForget(t *testing.T) {
	var l limits
	l.init()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	take := func(at time.Time, key string, n int) (passed int) {
		for range n {
			if l.takeAt(at, key, 50, 300) == 0 {
				passed++
			}
		}
		return passed
	}
	if n := take(now, "a", 400); n != 300 {
		t.Errorf("%d at once", n)
	}
	if wait := l.takeAt(now, "a", 50, 300); wait <= 0 || wait > time.Second {
		t.Errorf("told to wait %v", wait)
	}
	if n := take(now.Add(time.Second), "a", 400); n != 50 {
		t.Errorf("%d after a second", n)
	}
	if n := take(now, "b", 10); n != 10 {
		t.Errorf("another account: %d", n)
	}
	if n := take(now.Add(time.Hour), "b", 1); n != 1 || len(l.buckets) != 1 {
		t.Errorf("%d buckets are kept", len(l.buckets))
	}
	if n := l.takeAt(now, "c", rate.Every(time.Minute), 1); n != 0 {
		t.Error("a fresh limit refuses")
	}
}

func TestClientPrefix(t *testing.T) {
	proxies := []string{"10.0.0.0/8", "nonsense", "::1/128"}
	for _, c := range []struct {
		remote, forwarded, prefix string
		loopback                  bool
	}{
		{"203.0.113.9:4000", "", "203.0.113.0/24", false},
		{"203.0.113.9:4000", "127.0.0.1", "203.0.113.0/24", false}, // not a trusted peer: what it says is nothing
		{"127.0.0.1:4000", "", "127.0.0.0/24", true},
		{"[2001:db8:0:1234::5]:4000", "", "2001:db8:0:1200::/56", false},
		{"10.1.1.1:4000", "198.51.100.7", "198.51.100.0/24", false},
		{"10.1.1.1:4000", "127.0.0.1, 198.51.100.7", "198.51.100.0/24", false}, // the last was added by our own proxy
		{"10.1.1.1:4000", "garbage", "10.1.1.0/24", false},
		{"[::1]:4000", "198.51.100.7", "198.51.100.0/24", false},
		{"[::ffff:203.0.113.9]:1", "", "203.0.113.0/24", false},
		{"@", "", "@", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if p, lo := clientPrefix(r, proxies); p != c.prefix || lo != c.loopback {
			t.Errorf("%s via %q: %s %v", c.remote, c.forwarded, p, lo)
		}
	}
}

func TestPreferences(t *testing.T) {
	for _, c := range []struct {
		header, cookie, agent string
		lang                  string
		care                  bool
		size                  string
	}{
		{"", "", "", "zh-CN", false, "standard"},
		{"en-GB,en;q=0.9", "", "", "en", false, "standard"},
		{"zh-TW", "", "", "zh-CN", false, "standard"},
		{"fr", "", "", "zh-CN", false, "standard"},
		{"en", "lang=zh-CN; care=1; size=largest", "", "zh-CN", true, "largest"},
		{"", "lang=xx; size=huge; care=0", "WeChatCareMode", "zh-CN", false, "standard"},
		{"", "", "MicroMessenger WeChatCareMode", "zh-CN", true, "standard"},
		{";;;=", "", "", "zh-CN", false, "standard"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", c.header)
		r.Header.Set("Cookie", c.cookie)
		r.Header.Set("User-Agent", c.agent)
		if lang, care, size := preferences(r); lang != c.lang || care != c.care || size != c.size {
			t.Errorf("%+v: %s %v %s", c, lang, care, size)
		}
	}
}

func TestIfNoneMatch(t *testing.T) {
	for header, want := range map[string]bool{`"a"`: true, `W/"a"`: true, `"x", W/"a"`: true, `*`: true, `"b"`: false, ``: false, `a`: false} {
		if matches(header, `"a"`) != want {
			t.Errorf("%s: %v", header, !want)
		}
	}
}
