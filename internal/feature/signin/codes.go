package signin

import (
	"context"
	"strings"
	"time"

	"linli/internal/core/fault"
)

// CodeSender brings a one-time code to a phone or an e-mail address.
type CodeSender interface {
	SendCode(ctx context.Context, target, code string) error
}

// LogCodes writes codes to the log: the sender of an installation that has
// configured none, where the operator reads them out.
type LogCodes struct{ Info func(msg string, args ...any) }

// SendCode implements CodeSender.
func (l LogCodes) SendCode(_ context.Context, target, code string) error {
	l.Info("one-time code", "to", target, "code", code)
	return nil
}

// Limits of sign-in, codes and reset (CONTRACT §3): ten in ten minutes by
// account, and by installation as many as a district can need.
const (
	tries     = 10
	tryEvery  = time.Minute
	siteBurst = 600
	siteEvery = 200 * time.Millisecond
)

// limit takes a token of what is tried for a target, and of the installation.
// It counts what was typed, so that it tells nothing of accounts.
func (s *Service) limit(what, target string) error {
	wait := s.Allow("member "+what+" "+target, tryEvery, tries)
	if wait == 0 {
		wait = s.Allow("member "+what, siteEvery, siteBurst)
	}
	if wait > 0 {
		return &fault.Error{Kind: fault.Limited, Key: "fault.limited", Retry: wait}
	}
	return nil
}

// send makes a one-time code and sends it. On a demo it is also returned, to
// be shown on the page.
func (s *Service) send(ctx context.Context, target, purpose string) (shown string, err error) {
	if err := s.limit("code", target); err != nil {
		return "", err
	}
	code, err := s.NewCode(ctx, target, purpose)
	if err != nil {
		return "", err
	}
	if s.Demo() {
		return code, nil
	}
	sender := s.Codes
	if sender == nil {
		sender = LogCodes{s.journal.Log.Info}
	}
	if err := sender.SendCode(ctx, target, code); err != nil {
		return "", &fault.Error{Kind: fault.Unavailable, Key: "member.code_not_sent", Cause: err}
	}
	return "", nil
}

// address returns an e-mail address in lower case.
func address(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	name, host, ok := strings.Cut(s, "@")
	good := ok && name != "" && strings.Contains(host, ".") && !strings.HasSuffix(host, ".") && !strings.ContainsAny(s, " \t<>\"(),;:\\") && !strings.Contains(host, "@")
	return s, good && len(s) <= 120
}
