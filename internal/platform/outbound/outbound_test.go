package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestPublic(t *testing.T) {
	for addr, want := range map[string]bool{
		"1.1.1.1": true, "223.5.5.5": true, "2400:3200::1": true, "2606:4700::1111": true, "::ffff:1.1.1.1": true,
		"127.0.0.1": false, "127.8.9.1": false, "0.0.0.0": false, "10.0.0.1": false, "172.16.5.4": false, "172.31.255.255": false,
		"192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "100.100.100.200": false, "198.18.0.1": false,
		"224.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false, "203.0.113.9": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "fd12::1": false, "ff02::1": false, "fec0::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001::1": false, "2001:db8::1": false, "100::1": false,
		"2606:4700::1111%eth0": false,
	} {
		if got := Public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Public(%s) = %v", addr, got)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestParsePrivate(t *testing.T) {
	got, err := ParsePrivate("10.1.2.3/16, 192.168.3.7 fd00::/8")
	if err != nil || fmt.Sprint(got) != "[10.1.0.0/16 192.168.3.7/32 fd00::/8]" {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"example.org", "10.0.0.0/40", "fe80::1%eth0"} {
		if _, err := ParsePrivate(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestHostsAndSchemes(t *testing.T) {
	p := Policy{Hosts: []string{"api.example.org", "*.push.example.com"}}
	for raw, want := range map[string]error{
		"https://api.example.org/x":           nil,
		"https://API.example.org./x":          nil,
		"https://a.b.push.example.com/":       nil,
		"https://push.example.com/":           ErrHost,
		"https://evilpush.example.com.evil/":  ErrHost,
		"https://api.example.org.evil/":       ErrHost,
		"https://api.example.org@evil.test/":  ErrHost,
		"https://evil.test/?api.example.org":  ErrHost,
		"http://api.example.org/":             ErrScheme,
		"file:///etc/passwd":                  ErrScheme,
		"gopher://api.example.org/":           ErrScheme,
		"https:///nothing":                    ErrHost,
		"https://xapi.example.org/":           ErrHost,
		"https://notpush.example.com/":        ErrHost,
		"https://a.push.example.com.:8443/ok": nil,
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(u); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", raw, err, want)
		}
	}
	for _, raw := range []string{"https://127.0.0.1/", "https://[::1]:443/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest"} {
		u, _ := url.Parse(raw)
		if err := (Policy{}).Check(u); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// nameServer answers A questions of any name with the addresses in turn, the
// last for ever, and AAAA questions with nothing.
func nameServer(t *testing.T, answers ...string) (*net.Resolver, *atomic.Int32) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	asked := new(atomic.Int32)
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			q := m.Questions[0]
			m.Header.Response, m.Additionals = true, nil
			if q.Type == dnsmessage.TypeA {
				i := min(int(asked.Add(1)), len(answers)) - 1
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: netip.MustParseAddr(answers[i]).As4()},
				}}
			}
			if b, err := m.Pack(); err == nil {
				conn.WriteTo(b, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}, asked
}

// TestRebinding: a name that is looked up as public first and then points home
// is refused, because the address dialled is the one that is judged.
func TestRebinding(t *testing.T) {
	hit := new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit.Add(1) }))
	defer srv.Close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(srv.URL, "http://"))
	res, asked := nameServer(t, "1.1.1.1", "127.0.0.1")
	ips, err := res.LookupIP(t.Context(), "ip4", "rebind.example.org") // what a careless check would see
	if err != nil || !Public(netip.MustParseAddr(ips[0].String())) {
		t.Fatalf("the first answer is %v, %v", ips, err)
	}
	c := Policy{Plain: true, Resolver: res}.Client()
	resp, err := c.Get("http://rebind.example.org:" + port + "/")
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, ErrAddress) || hit.Load() != 0 || asked.Load() < 2 {
		t.Errorf("err %v, %d requests came through, %d questions", err, hit.Load(), asked.Load())
	}
	// The same with the network configured goes through.
	c = Policy{Plain: true, Resolver: res, Private: loopback}.Client()
	resp, err = c.Get("http://rebind.example.org:" + port + "/")
	if err != nil || hit.Load() != 1 {
		t.Fatalf("configured: %v, %d", err, hit.Load())
	}
	resp.Body.Close()
}

func TestPrivateAddressIsNotDialled(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:1", "[::1]:1", "10.0.0.1:1", "169.254.169.254:80", "[::ffff:127.0.0.1]:1", "[fe80::1%lo]:1", "0.0.0.0:1"} {
		if _, err := (Policy{}).Dial(t.Context(), "tcp", addr); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: %v", addr, err)
		}
	}
	if _, err := (Policy{Private: loopback}).Dial(t.Context(), "udp", "127.0.0.1:1"); !errors.Is(err, ErrAddress) {
		t.Errorf("udp: %v", err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	hit := new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/secret" {
			hit.Add(1)
			return
		}
		http.Redirect(w, r, "/secret", http.StatusFound)
	}))
	defer srv.Close()
	resp, err := Policy{Plain: true, Private: loopback}.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusFound || hit.Load() != 0 {
		t.Errorf("status %d, followed %d times", resp.StatusCode, hit.Load())
	}
}

func TestReplyIsBounded(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/declared":
			w.Header().Set("Content-Length", "101")
			io.WriteString(w, strings.Repeat("x", 101))
		case "/streamed":
			for range 101 {
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
			}
		case "/fits":
			io.WriteString(w, strings.Repeat("x", 100))
		case "/headers":
			w.Header().Set("X-Long", strings.Repeat("x", 128<<10))
		}
	}))
	defer srv.Close()
	c := Policy{Plain: true, Private: loopback, MaxBytes: 100}.Client()
	read := func(path string) ([]byte, error) {
		resp, err := c.Get(srv.URL + path)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return io.ReadAll(resp.Body)
	}
	for _, path := range []string{"/declared", "/streamed"} {
		if b, err := read(path); !errors.Is(err, ErrTooLong) || len(b) > 100 {
			t.Errorf("%s: %d bytes, %v", path, len(b), err)
		}
	}
	if b, err := read("/fits"); err != nil || len(b) != 100 {
		t.Errorf("fits: %d bytes, %v", len(b), err)
	}
	if _, err := read("/headers"); err == nil {
		t.Error("endless headers were taken")
	}
}

func TestTimeIsBounded(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	_, err := Policy{Plain: true, Private: loopback, Timeout: 50 * time.Millisecond}.Client().Get(srv.URL)
	var ne net.Error
	if !errors.As(err, &ne) || !ne.Timeout() {
		t.Errorf("%v", err)
	}
}

func TestEnvironmentProxyIsIgnored(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	tr := Policy{}.Transport().(*transport).next.(*http.Transport)
	if tr.Proxy != nil {
		t.Error("a proxy would be dialled in place of the address that was checked")
	}
}

func TestErrorsForPeople(t *testing.T) {
	_, err := Policy{}.Client().Get("https://127.0.0.1/?access_token=SECRET")
	if err == nil || strings.Contains(Plainly(err).Error(), "SECRET") || !errors.Is(Plainly(err), ErrAddress) {
		t.Errorf("%v", Plainly(err))
	}
	if IsPermanent(errors.New("x")) || !IsPermanent(fmt.Errorf("y: %w", Permanent(errors.New("x")))) || Permanent(nil) != nil {
		t.Error("Permanent")
	}
}
