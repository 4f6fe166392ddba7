// Package wechat speaks to the WeChat Official Accounts platform (微信公众平台):
// template messages 模板消息, subscription messages 订阅通知, and the sign-in of
// a person who opens Linli inside WeChat (网页授权).
//
// Every call carries an access_token that the account has one of. One node
// fetches it; all nodes find it in the TokenStore, which app keeps in the
// database. WeChat answers faults with status 200 and an errcode.
package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"linli/internal/core/clock"
	"linli/internal/platform/outbound"
)

// Base is the address of the platform.
const Base = "https://api.weixin.qq.com"

// Times of a token, which WeChat makes valid for two hours.
const (
	early = 5 * time.Minute  // renewed so long before it ends
	lease = 30 * time.Second // how long one node has the right to renew
)

// Token is an access_token and when it ends, UTC ms. The zero Token is none.
type Token struct {
	Value string
	Until int64
}

// TokenStore keeps the token of an app for all nodes.
type TokenStore interface {
	// Load returns the token kept, the zero Token when there is none.
	Load(ctx context.Context, app string) (Token, error)
	// Claim gives the caller alone the right to replace the token old until
	// the moment until (UTC ms). It is false when another holds an unexpired
	// right or when the token kept is no longer old.
	Claim(ctx context.Context, app, old string, now, until int64) (bool, error)
	// Save keeps a new token and ends the right to replace it.
	Save(ctx context.Context, app string, t Token) error
}

// ErrRenewing says that another node is fetching the token: come again.
var ErrRenewing = errors.New("wechat: the token is being renewed")

// Kind tells the two ways of a message apart.
type Kind uint8

const (
	Template     Kind = iota // 模板消息, to followers of the service account
	Subscription             // 订阅通知, to who agreed to this template
)

// Message is one message to one person.
type Message struct {
	ID       string // of the delivery; WeChat sends a template message of one ID once in ten minutes
	Kind     Kind
	To       string            // openid
	Template string            // template id
	URL      string            // where a tap leads, built from the configured base URL
	Data     map[string]string // the template's fields
}

// Sender sends a message. An error that outbound.IsPermanent knows will not
// pass; any other may.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Person is who signed in, as this account knows them.
type Person struct {
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid"` // "" unless the account belongs to an open platform
}

// Fault is WeChat's refusal.
type Fault struct {
	Code    int    `json:"errcode"`
	Message string `json:"errmsg"`
}

func (f *Fault) Error() string { return fmt.Sprintf("wechat: errcode %d: %s", f.Code, f.Message) }

// Codes of WeChat's manual 全局返回码.
var (
	staleToken = []int{40001, 40014, 42001}
	final      = []int{
		40003, // not an openid
		40029, // not an OAuth code
		40036, // not a template id
		40037, // not a template id
		40163, // the OAuth code was used
		42003, // the OAuth code is too old
		43004, // does not follow the account
		43101, // did not subscribe
		43116, // refused by who does not follow
		47003, // data does not fit the template
	}
)

// Client is a Sender for one account. It is safe for concurrent use.
type Client struct {
	app, secret string
	base        string
	tokens      TokenStore
	client      *http.Client
	clock       clock.Clock
}

// New returns a client of the account; base is "" for Base, or a relay of
// one's own. net says which private networks may be dialled.
func New(app, secret, base string, tokens TokenStore, net outbound.Policy, c clock.Clock) (*Client, error) {
	if base == "" {
		base = Base
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || app == "" || secret == "" {
		return nil, errors.New("wechat: app id, secret or address is missing")
	}
	net.Hosts = []string{u.Hostname()}
	return &Client{app: app, secret: secret, base: strings.TrimSuffix(base, "/"), tokens: tokens, client: net.Client(), clock: c}, nil
}

// Send hands the message to WeChat, which has taken it over when nil is
// returned. A token that WeChat no longer knows is renewed once.
func (c *Client) Send(ctx context.Context, m Message) error {
	path, body := c.message(m)
	token, err := c.token(ctx)
	if err != nil {
		return err
	}
	err = c.post(ctx, path+"?access_token="+url.QueryEscape(token), body, nil)
	var f *Fault
	if errors.As(err, &f) && slices.Contains(staleToken, f.Code) {
		if token, err = c.renew(ctx, Token{Value: token}, true); err != nil {
			return err
		}
		err = c.post(ctx, path+"?access_token="+url.QueryEscape(token), body, nil)
	}
	return err
}

func (c *Client) message(m Message) (path string, body any) {
	data := map[string]map[string]string{}
	for k, v := range m.Data {
		data[k] = map[string]string{"value": v}
	}
	b := map[string]any{"touser": m.To, "template_id": m.Template, "data": data}
	if m.Kind == Subscription {
		if m.URL != "" {
			b["page"] = m.URL
		}
		return "/cgi-bin/message/subscribe/bizsend", b
	}
	if m.URL != "" {
		b["url"] = m.URL
	}
	if m.ID != "" {
		b["client_msg_id"] = strings.ReplaceAll(m.ID, "-", "")
	}
	return "/cgi-bin/message/template/send", b
}

// token returns a token that is good now, renewing one that soon ends.
func (c *Client) token(ctx context.Context) (string, error) {
	t, err := c.tokens.Load(ctx, c.app)
	if err != nil {
		return "", err
	}
	if c.now()+early.Milliseconds() < t.Until {
		return t.Value, nil
	}
	return c.renew(ctx, t, false)
}

func (c *Client) now() int64 { return c.clock.Now().UnixMilli() }

// renew fetches a token in place of old if this node gets the right to;
// otherwise it takes what is kept, if that is good and newer or still valid.
func (c *Client) renew(ctx context.Context, old Token, force bool) (string, error) {
	now := c.now()
	mine, err := c.tokens.Claim(ctx, c.app, old.Value, now, now+lease.Milliseconds())
	if err != nil {
		return "", err
	}
	if !mine {
		t, err := c.tokens.Load(ctx, c.app)
		if err != nil {
			return "", err
		}
		if t.Until > now && (!force || t.Value != old.Value) {
			return t.Value, nil
		}
		return "", ErrRenewing
	}
	var got struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	// The stable interface gives every caller the same token while it is good,
	// so a node that renews too much takes nothing from the others.
	err = c.post(ctx, "/cgi-bin/stable_token", map[string]any{
		"grant_type": "client_credential", "appid": c.app, "secret": c.secret, "force_refresh": force,
	}, &got)
	if err != nil {
		return "", err
	}
	if got.Token == "" || got.Seconds <= 0 {
		return "", errors.New("wechat: an answer without a token")
	}
	return got.Token, c.tokens.Save(ctx, c.app, Token{got.Token, now + got.Seconds*1000})
}

// AuthorizeURL is where a browser inside WeChat is sent to sign in. state
// comes back and must be checked by the caller.
func (c *Client) AuthorizeURL(redirect, state string) string {
	q := url.Values{"appid": {c.app}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"snsapi_base"}, "state": {state}}
	return "https://open.weixin.qq.com/connect/oauth2/authorize?" + q.Encode() + "#wechat_redirect"
}

// Exchange trades the code of a sign-in, good once and for five minutes, for
// the person.
func (c *Client) Exchange(ctx context.Context, code string) (Person, error) {
	q := url.Values{"appid": {c.app}, "secret": {c.secret}, "code": {code}, "grant_type": {"authorization_code"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/sns/oauth2/access_token?"+q.Encode(), nil)
	if err != nil {
		return Person{}, err
	}
	var p Person
	if err := c.do(r, &p); err != nil {
		return Person{}, err
	}
	if p.OpenID == "" {
		return Person{}, errors.New("wechat: an answer without an openid")
	}
	return p, nil
}

func (c *Client) post(ctx context.Context, path string, body, out any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, &b)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	return c.do(r, out)
}

// do sends a request and reads the answer, in which an errcode other than 0 is
// a fault. No error shows the address, which carries secrets.
func (c *Client) do(r *http.Request, out any) error {
	resp, err := c.client.Do(r)
	if err != nil {
		return fmt.Errorf("wechat: %w", outbound.Plainly(err))
	}
	defer resp.Body.Close()
	var raw json.RawMessage
	if err := json.NewDecoder(resp.Body).Decode(&raw); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("wechat: status %d, readable: %v", resp.StatusCode, err == nil)
	}
	var f Fault
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("wechat: unreadable answer: %w", err)
	}
	if f.Code != 0 {
		if slices.Contains(final, f.Code) {
			return outbound.Permanent(&f)
		}
		return &f
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}
