package member

import (
	"strings"

	"linli/internal/core/flow"
	"linli/internal/platform/web"
)

var (
	profileFields = []flow.Field{text("public_name", 20, true)}
)

func orNone(c *web.Call, s string) string {
	if s == "" {
		return c.T("member.none")
	}
	return s
}

// Mask hides the middle of a phone: 138****5678.
func Mask(phone string) string {
	if len(phone) < 8 {
		return strings.Repeat("*", len(phone))
	}
	return phone[:3] + "****" + phone[len(phone)-4:]
}

// MaskMail hides the name of an e-mail address.
func MaskMail(mail string) string {
	name, host, ok := strings.Cut(mail, "@")
	if !ok || name == "" {
		return ""
	}
	return name[:1] + "***@" + host
}

// Mobile returns a mainland mobile number in its eleven digits.
func Mobile(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "-", "", "　", "").Replace(s)
	s = strings.TrimPrefix(strings.TrimPrefix(s, "+"), "86")
	if len(s) != 11 || s[0] != '1' || s[1] < '3' || strings.Trim(s, "0123456789") != "" {
		return "", false
	}
	return s, true
}
