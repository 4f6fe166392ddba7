// Package sms sends text messages (短信) through Alibaba Cloud's Short Message
// Service (阿里云短信服务, API version 2017-05-25, action SendSms).
//
// In China a text message is an approved template with parameters, never free
// text, and names its sender by an approved signature 短信签名. Requests are
// signed with ACS3-HMAC-SHA256 ("V3 请求体&签名机制"). Another provider is
// another type behind Sender.
package sms

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"linli/internal/core/clock"
	"linli/internal/platform/outbound"
)

// Message is one text message.
type Message struct {
	ID       string            // of the delivery, returned in the provider's reports; at most 256 bytes
	Phone    string            // mainland number, 11 digits
	Template string            // the provider's template code, such as SMS_123456
	Params   map[string]string // the template's parameters
}

// Sender sends a message. An error that outbound.IsPermanent knows will not
// pass; any other may.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Aliyun is a Sender. It is safe for concurrent use.
type Aliyun struct {
	key, secret, signature string
	base                   *url.URL
	client                 *http.Client
	clock                  clock.Clock
}

// New reads a configuration
//
//	aliyun://KEYID:SECRET@dysmsapi.aliyuncs.com?sign=SIGNATURE
//
// net says which private networks may be dialled; with net.Plain the call goes
// over http, for a relay inside one's own network.
func New(config string, net outbound.Policy, c clock.Clock) (*Aliyun, error) {
	u, err := url.Parse(config)
	if err != nil || u.Scheme != "aliyun" || u.Host == "" {
		return nil, errors.New("sms: want aliyun://KEYID:SECRET@HOST?sign=SIGNATURE") // the text holds a secret
	}
	a := &Aliyun{key: u.User.Username(), signature: u.Query().Get("sign"), base: &url.URL{Scheme: "https", Host: u.Host, Path: "/"}, clock: c}
	a.secret, _ = u.User.Password()
	if a.key == "" || a.secret == "" || a.signature == "" {
		return nil, errors.New("sms: key, secret or sign= is missing")
	}
	if net.Plain {
		a.base.Scheme = "http"
	}
	net.Hosts = []string{u.Hostname()}
	a.client = net.Client()
	return a, nil
}

var mobile = regexp.MustCompile(`^1[3-9][0-9]{9}$`)

// Codes of the provider after which another try makes no sense.
var final = []string{
	"isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT", "isv.TEMPLATE_MISSING_PARAMETERS", "isv.TEMPLATE_PARAMS_ILLEGAL", "isv.INVALID_PARAMETERS",
	"isv.INVALID_JSON_PARAM", "isv.PARAM_LENGTH_LIMIT", "isv.PARAM_NOT_SUPPORT_URL", "isv.BLACK_KEY_CONTROL_LIMIT", "isv.SMS_TEMPLATE_ILLEGAL",
	"isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_CONTENT_ILLEGAL", "isv.DENY_IP_RANGE",
}

// Send asks the provider to send the message; it has taken it over when nil
// is returned, not delivered it.
func (a *Aliyun) Send(ctx context.Context, m Message) error {
	if !mobile.MatchString(m.Phone) {
		return outbound.Permanent(errors.New("sms: not a mobile number"))
	}
	params, err := json.Marshal(m.Params)
	if err != nil {
		return outbound.Permanent(err)
	}
	q := url.Values{
		"PhoneNumbers": {m.Phone}, "SignName": {a.signature}, "TemplateCode": {m.Template}, "OutId": {m.ID},
	}
	if len(m.Params) > 0 {
		q.Set("TemplateParam", string(params))
	}
	r, err := a.request(ctx, "SendSms", "2017-05-25", q)
	if err != nil {
		return err
	}
	resp, err := a.client.Do(r)
	if err != nil {
		return fmt.Errorf("sms: %w", outbound.Plainly(err))
	}
	defer resp.Body.Close()
	var reply struct{ Code, Message string }
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		return fmt.Errorf("sms: status %d with an unreadable body: %w", resp.StatusCode, err)
	}
	if resp.StatusCode == http.StatusOK && reply.Code == "OK" {
		return nil
	}
	err = fmt.Errorf("sms: status %d, %s: %s", resp.StatusCode, reply.Code, reply.Message)
	if slices.Contains(final, reply.Code) {
		return outbound.Permanent(err)
	}
	return err
}

// request builds a signed RPC request: parameters in the query, no body.
func (a *Aliyun) request(ctx context.Context, action, version string, q url.Values) (*http.Request, error) {
	var nonce [16]byte
	rand.Read(nonce[:])
	u := *a.base
	u.RawQuery = canonicalQuery(q)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), nil)
	if err != nil {
		return nil, err
	}
	sign(r, a.key, a.secret, action, version, a.clock.Now().UTC().Format("2006-01-02T15:04:05Z"), hex.EncodeToString(nonce[:]))
	return r, nil
}

// sign sets the headers of ACS3-HMAC-SHA256 for a request without a body whose
// query is canonical already.
func sign(r *http.Request, key, secret, action, version, date, nonce string) {
	empty := sha256.Sum256(nil)
	h := [][2]string{ // in order
		{"host", r.URL.Host}, {"x-acs-action", action}, {"x-acs-content-sha256", hex.EncodeToString(empty[:])},
		{"x-acs-date", date}, {"x-acs-signature-nonce", nonce}, {"x-acs-version", version},
	}
	var headers, names strings.Builder
	for i, one := range h {
		headers.WriteString(one[0] + ":" + one[1] + "\n")
		if i > 0 {
			names.WriteByte(';')
			r.Header.Set(one[0], one[1])
		}
		names.WriteString(one[0])
	}
	canonical := strings.Join([]string{r.Method, "/", r.URL.RawQuery, headers.String(), names.String(), h[2][1]}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(sum[:])))
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+key+",SignedHeaders="+names.String()+",Signature="+hex.EncodeToString(mac.Sum(nil)))
}

// canonicalQuery is the query in order of names, percent-encoded after RFC 3986.
func canonicalQuery(q url.Values) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(q.Encode())
}
