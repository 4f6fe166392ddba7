// Package mail sends e-mail (电子邮件) through the SMTP server of the
// installation. Which message, to whom and when to try again is for others to
// decide: one call is one try.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"linli/internal/platform/outbound"
)

// Message is one e-mail in plain text.
type Message struct {
	ID      string // of the delivery: the same message sent twice has the same Message-ID
	To      string // one address, without a name
	Subject string
	Text    string
}

// Sender sends a message. An error that outbound.IsPermanent knows will not
// pass; any other may.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// SMTP is a Sender. It is safe for concurrent use; each message has a
// connection of its own.
type SMTP struct {
	host, domain string
	port         int
	user, pass   string
	from         *netmail.Address
	tls          string
	net          outbound.Policy
	// Roots are the authorities trusted, nil for the system's.
	Roots *x509.CertPool
}

// New reads a configuration
//
//	smtp://USER:PASSWORD@HOST[:PORT]?from=ADDRESS[&tls=starttls|none]
//	smtps://USER:PASSWORD@HOST[:PORT]?from=ADDRESS
//
// With smtp the connection must be raised to TLS by STARTTLS (port 587) unless
// tls=none says that it stays open, which sends no password; smtps is TLS from
// the start (port 465). net says which private networks may be dialled.
func New(config string, net outbound.Policy) (*SMTP, error) {
	u, err := url.Parse(config)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("mail: want smtp://USER:PASSWORD@HOST?from=ADDRESS") // the text holds a password
	}
	s := &SMTP{host: u.Hostname(), port: 587, user: u.User.Username(), tls: "starttls", net: net}
	s.pass, _ = u.User.Password()
	if u.Scheme == "smtps" {
		s.port, s.tls = 465, "implicit"
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil {
			return nil, fmt.Errorf("mail: port %q", p)
		}
	}
	switch t := u.Query().Get("tls"); {
	case t == "":
	case s.tls == "starttls" && (t == "starttls" || t == "none"):
		s.tls = t
	default:
		return nil, fmt.Errorf("mail: tls=%s does not go with %s", t, u.Scheme)
	}
	if s.tls == "none" && s.user != "" {
		return nil, errors.New("mail: a password is not sent without TLS")
	}
	if s.from, err = netmail.ParseAddress(u.Query().Get("from")); err != nil {
		return nil, errors.New("mail: from= is not an address")
	}
	s.domain = s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
	return s, nil
}

// Send hands the message to the server and returns when it has taken it over.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	to, err := netmail.ParseAddress(m.To)
	if err != nil || to.Address != m.To || strings.ContainsAny(m.To, "\r\n") {
		return outbound.Permanent(errors.New("mail: the recipient is not an address"))
	}
	if strings.ContainsAny(m.Subject+m.ID, "\r\n<>") {
		return outbound.Permanent(errors.New("mail: line break or bracket in a header"))
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.FromFormat(s.from.Name, s.from.Address), msg.To(m.To)); err != nil {
		return outbound.Permanent(err)
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	c, err := s.client()
	if err != nil {
		return err
	}
	return classify(c.DialAndSendWithContext(ctx, msg))
}

func (s *SMTP) client() (*gomail.Client, error) {
	timeout := s.net.Timeout
	if timeout <= 0 {
		timeout = 3 * outbound.Timeout // servers that greet late on purpose are common
	}
	conf := &tls.Config{ServerName: s.host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	opts := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(timeout), gomail.WithHELO(s.domain), gomail.WithTLSConfig(conf), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := s.net.Dial(ctx, network, addr)
			if err != nil || s.tls != "implicit" {
				return conn, err
			}
			secure := tls.Client(conn, conf)
			if err := secure.HandshakeContext(ctx); err != nil {
				conn.Close()
				return nil, err
			}
			return secure, nil
		}),
	}
	switch s.tls {
	case "implicit":
		opts = append(opts, gomail.WithSSL())
	case "starttls":
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case "none":
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.user != "" {
		auth := gomail.SMTPAuthAutoDiscover
		if s.tls == "implicit" { // the library would not know that the connection is encrypted
			auth = gomail.SMTPAuthPlain
		}
		opts = append(opts, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.user), gomail.WithPassword(s.pass))
	}
	return gomail.NewClient(s.host, opts...)
}

// classify marks what the server refuses for good (5yz, RFC 5321) about this
// message; refusals before the message, such as a wrong password, are ours to
// mend and not the message's end.
func classify(err error) error {
	var se *gomail.SendError
	if errors.As(err, &se) && !se.IsTemp() && se.ErrorCode() >= 500 {
		return outbound.Permanent(err)
	}
	return err
}
