// Package outbound is the one way out of the house (对外请求): every call that
// Linli makes to another machine (web push, SMS, WeChat, webhooks, S3, mail)
// is dialled here.
//
// The address that is really dialled is checked, after the name was resolved,
// so a name that answers with another address the second time (DNS rebinding)
// gains nothing. Only public addresses are reached unless a network is named
// in the configuration. No redirect is followed, no proxy of the environment
// is used, and time, headers and body are bounded.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Defaults of a Policy.
const (
	Timeout  = 10 * time.Second // of a whole exchange
	MaxBytes = 1 << 20          // of a reply's body
)

// Faults of a call that never left, or whose reply is not taken.
var (
	ErrAddress = errors.New("outbound: the address is not a public one")
	ErrHost    = errors.New("outbound: the host is not on the list")
	ErrScheme  = errors.New("outbound: only https is allowed")
	ErrTooLong = errors.New("outbound: the reply is longer than allowed")
)

// Policy says where calls may go and how much they may take. The zero Policy
// reaches any public address over https.
type Policy struct {
	Private  []netip.Prefix // networks that are not public and may be reached all the same
	Hosts    []string       // names that may be called, "*.example.org" for all below; nil for any
	Plain    bool           // http is allowed beside https
	Timeout  time.Duration  // of a whole exchange, 0 for the default
	MaxBytes int64          // of a reply's body, 0 for the default
	Resolver *net.Resolver  // nil for the system's
}

// ParsePrivate reads networks divided by commas or spaces, such as
// "10.1.0.0/16, 192.168.3.7", for Policy.Private.
func ParsePrivate(s string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(f)
		if err != nil {
			a, aerr := netip.ParseAddr(f)
			if aerr != nil || a.Zone() != "" {
				return nil, fmt.Errorf("network %q: want an address or ADDRESS/BITS", f)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Addresses that IANA's special-purpose registries (RFC 6890 and successors)
// do not route on the public Internet, or that only carry another address.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// global is the only part of IPv6 that holds public addresses (RFC 4291,
// IANA: Global Unicast); NAT64, unique local, link-local and mapped lie outside.
var global = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Public reports whether a is an address of the public Internet.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if a.Is6() && !global.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Allows reports whether the policy lets a be dialled.
func (p Policy) Allows(a netip.Addr) bool {
	if Public(a) {
		return true
	}
	a = a.Unmap()
	return slices.ContainsFunc(p.Private, func(n netip.Prefix) bool { return n.Contains(a) })
}

// AllowsHost reports whether the policy lets the name be called.
func (p Policy) AllowsHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return p.Hosts == nil || slices.ContainsFunc(p.Hosts, func(h string) bool {
		if below, ok := strings.CutPrefix(h, "*."); ok {
			return strings.HasSuffix(host, "."+below)
		}
		return host == h
	})
}

// Check reports why the policy refuses an address written as a URL, before
// anything is dialled: scheme, host, or an address given as a number.
func (p Policy) Check(u *url.URL) error {
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !p.Plain):
		return ErrScheme
	case u.Hostname() == "" || !p.AllowsHost(u.Hostname()):
		return fmt.Errorf("%w: %s", ErrHost, u.Hostname())
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !p.Allows(a) {
		return fmt.Errorf("%w: %s", ErrAddress, a)
	}
	return nil
}

// Dial connects to addr and checks each address it tries at the moment of
// dialling. It is for protocols that are not HTTP.
func (p Policy) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: p.timeout(), Resolver: p.Resolver, ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
		if !strings.HasPrefix(network, "tcp") {
			return fmt.Errorf("%w: %s", ErrAddress, network)
		}
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !p.Allows(ap.Addr()) {
			return fmt.Errorf("%w: %s", ErrAddress, address)
		}
		return nil
	}}
	return d.DialContext(ctx, network, addr)
}

func (p Policy) timeout() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return Timeout
}

// Client returns an HTTP client that keeps the policy. A redirect comes back
// as the reply it is. Each client has connections of its own: keep it.
func (p Policy) Client() *http.Client {
	return &http.Client{
		Transport:     p.Transport(),
		Timeout:       p.timeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Transport is the part of Client for libraries that bring their own client.
// It bounds everything but the time of a whole exchange, and follows nothing.
func (p Policy) Transport() http.RoundTripper {
	return &transport{policy: p, next: &http.Transport{
		DialContext:            p.Dial,
		TLSHandshakeTimeout:    p.timeout(),
		ResponseHeaderTimeout:  p.timeout(),
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           16,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        time.Minute,
		ForceAttemptHTTP2:      true,
	}}
}

type transport struct {
	policy Policy
	next   http.RoundTripper
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.policy.Check(r.URL); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	most := t.policy.MaxBytes
	if most <= 0 {
		most = MaxBytes
	}
	if resp.ContentLength > most {
		resp.Body.Close()
		return nil, ErrTooLong
	}
	resp.Body = &bounded{ReadCloser: resp.Body, left: most}
	return resp, nil
}

// bounded ends in ErrTooLong where the body is longer than left.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		return int(b.left), ErrTooLong
	}
	b.left -= int64(n)
	return n, err
}

// Plainly strips the address from an error of net/http: addresses of some
// services carry a secret, which must not reach a log.
func Plainly(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s: %w", strings.ToLower(u.Op), u.Err)
	}
	return err
}

// Permanent marks err as an answer that another try cannot change: the number
// does not exist, the subscription has ended, the content is refused.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// IsPermanent reports whether trying again is useless.
func IsPermanent(err error) bool {
	return errors.As(err, new(permanent)) || errors.Is(err, ErrHost) || errors.Is(err, ErrScheme)
}
