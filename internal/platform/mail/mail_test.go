package mail

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"linli/internal/platform/outbound"
)

// server is a small SMTP server that notes what it was told.
type server struct {
	t        *testing.T
	l        net.Listener
	tls      *tls.Config
	implicit bool
	noTLS    bool
	rcpt     string // the answer to RCPT, "" for yes

	mu       sync.Mutex
	auth     string
	secure   bool // when the message came
	from, to string
	data     string
}

func start(t *testing.T, s *server) (*server, *x509.CertPool) {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	web.Close()
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	s.t, s.tls = t, &tls.Config{Certificates: web.TLS.Certificates}
	var err error
	if s.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.l.Close() })
	go func() {
		for {
			c, err := s.l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s, pool
}

func (s *server) talk(c net.Conn) {
	defer func() { c.Close() }()
	secure := s.implicit
	if secure {
		c = tls.Server(c, s.tls)
	}
	r := bufio.NewReader(c)
	say := func(line string) { fmt.Fprintf(c, "%s\r\n", line) }
	say("220 stub")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, arg, _ := strings.Cut(line, " ")
		s.mu.Lock()
		switch strings.ToUpper(verb) {
		case "EHLO":
			say("250-stub")
			if !secure && !s.noTLS {
				say("250-STARTTLS")
			}
			if secure {
				say("250-AUTH PLAIN")
			}
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go")
			c = tls.Server(c, s.tls)
			r, secure = bufio.NewReader(c), true
		case "AUTH":
			s.auth = arg
			if strings.HasSuffix(arg, base64.StdEncoding.EncodeToString([]byte("\x00user\x00p@ss"))) {
				say("235 ok")
			} else {
				say("535 wrong")
			}
		case "MAIL":
			s.from, s.secure = arg, secure
			say("250 ok")
		case "RCPT":
			s.to = arg
			if s.rcpt != "" {
				say(s.rcpt)
			} else {
				say("250 ok")
			}
		case "DATA":
			say("354 go")
			var b strings.Builder
			for {
				l, err := r.ReadString('\n')
				if err != nil || l == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(l, "."))
			}
			s.data = b.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			s.mu.Unlock()
			return
		default:
			say("250 ok")
		}
		s.mu.Unlock()
	}
}

var local = outbound.Policy{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

func sender(t *testing.T, s *server, pool *x509.CertPool, scheme, user, query string) *SMTP {
	t.Helper()
	out, err := New(scheme+"://"+user+s.l.Addr().String()+"?from=%E9%82%BB%E9%87%8C%20%3Cno-reply@linli.example%3E"+query, local)
	if err != nil {
		t.Fatal(err)
	}
	out.Roots = pool
	return out
}

var letter = Message{ID: "0197-delivery", To: "ann@example.org", Subject: "您的微心愿有了进展", Text: "有人认领了您的心愿。\n.第二行以点开头\n"}

func TestSend(t *testing.T) {
	for name, c := range map[string]struct {
		srv                 *server
		scheme, user, query string
		secure              bool
	}{
		"starttls": {&server{}, "smtp", "user:p%40ss@", "", true},
		"implicit": {&server{implicit: true}, "smtps", "user:p%40ss@", "", true},
		"open":     {&server{noTLS: true}, "smtp", "", "&tls=none", false},
	} {
		t.Run(name, func(t *testing.T) {
			srv, pool := start(t, c.srv)
			if err := sender(t, srv, pool, c.scheme, c.user, c.query).Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
			srv.mu.Lock()
			defer srv.mu.Unlock()
			if srv.secure != c.secure || c.secure != (srv.auth != "") || !strings.HasPrefix(srv.from, "FROM:<no-reply@linli.example>") || !strings.HasPrefix(srv.to, "TO:<ann@example.org>") {
				t.Errorf("secure %v, auth %q, %s %s", srv.secure, srv.auth, srv.from, srv.to)
			}
			m, err := netmail.ReadMessage(strings.NewReader(srv.data))
			if err != nil {
				t.Fatal(err)
			}
			subject, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			from, _ := m.Header.AddressList("From")
			body, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
			if subject != letter.Subject || from[0].Name != "邻里" || m.Header.Get("Message-Id") != "<0197-delivery@linli.example>" || m.Header.Get("Auto-Submitted") != "auto-generated" ||
				strings.ReplaceAll(string(body), "\r\n", "\n") != letter.Text || m.Header.Get("User-Agent") != "" || m.Header.Get("Date") == "" {
				t.Errorf("%v %q", m.Header, body)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		srv       *server
		user      string
		change    func(*SMTP)
		msg       Message
		permanent bool
	}{
		"no mailbox":       {&server{rcpt: "550 5.1.1 no such user"}, "user:p%40ss@", nil, letter, true},
		"full for now":     {&server{rcpt: "452 4.2.2 mailbox full"}, "user:p%40ss@", nil, letter, false},
		"wrong password":   {&server{}, "user:other@", nil, letter, false},
		"no starttls":      {&server{noTLS: true}, "user:p%40ss@", nil, letter, false},
		"wrong authority":  {&server{}, "user:p%40ss@", func(s *SMTP) { s.Roots = x509.NewCertPool() }, letter, false},
		"not an address":   {&server{}, "user:p%40ss@", nil, Message{To: "ann"}, true},
		"name and address": {&server{}, "user:p%40ss@", nil, Message{To: "Ann <ann@example.org>"}, true},
		"header injection": {&server{}, "user:p%40ss@", nil, Message{To: "ann@example.org", Subject: "a\r\nBcc: all@example.org"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			srv, pool := start(t, c.srv)
			s := sender(t, srv, pool, "smtp", c.user, "")
			if c.change != nil {
				c.change(s)
			}
			err := s.Send(t.Context(), c.msg)
			if err == nil || outbound.IsPermanent(err) != c.permanent {
				t.Errorf("permanent %v: %v", outbound.IsPermanent(err), err)
			}
			srv.mu.Lock()
			defer srv.mu.Unlock()
			if srv.data != "" {
				t.Errorf("a message came through: %q", srv.data)
			}
		})
	}
}

func TestPrivateServerNeedsConfiguration(t *testing.T) {
	srv, pool := start(t, &server{})
	s := sender(t, srv, pool, "smtp", "", "")
	s.net = outbound.Policy{}
	if err := s.Send(t.Context(), letter); !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("%v", err)
	}
}

func TestConfiguration(t *testing.T) {
	for _, bad := range []string{
		"", "host", "http://host?from=a@b.c", "smtp://?from=a@b.c", "smtp://host", "smtp://host?from=nobody", "smtp://host?from=a@b.c&tls=maybe",
		"smtps://host?from=a@b.c&tls=none", "smtp://u:SECRET@host?from=a@b.c&tls=none", "smtp://u:SECRET%zz@host?from=a@b.c",
	} {
		if _, err := New(bad, outbound.Policy{}); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	s, err := New("smtps://u:p@mail.example.org?from=a@b.example", outbound.Policy{})
	if err != nil || s.port != 465 || s.domain != "b.example" {
		t.Errorf("%+v %v", s, err)
	}
}
