package sms

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"linli/internal/core/clock"
	"linli/internal/platform/outbound"
)

// TestSignatureOfTheManual is the fixed example of Alibaba Cloud's page
// "Request syntax and signature method V3".
func TestSignatureOfTheManual(t *testing.T) {
	q := url.Values{"ImageId": {"win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}, "RegionId": {"cn-shanghai"}}
	r, err := http.NewRequest("POST", "https://ecs.cn-shanghai.aliyuncs.com/?"+canonicalQuery(q), nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(r, "YourAccessKeyId", "YourAccessKeySecret", "RunInstances", "2014-05-26", "2023-10-26T10:22:32Z", "3156853299f313e23d1673dc12e1703d")
	const want = "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version," +
		"Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	if got := r.Header.Get("Authorization"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCanonicalQuery(t *testing.T) {
	got := canonicalQuery(url.Values{"b": {"a b*c~d+e/"}, "a": {"验证码"}})
	if want := "a=%E9%AA%8C%E8%AF%81%E7%A0%81&b=a%20b%2Ac~d%2Be%2F"; got != want {
		t.Errorf("%s", got)
	}
}

// provider checks a request as the service does, from the wire alone.
type provider struct {
	t      *testing.T
	secret string
	status int
	reply  string
	seen   []url.Values
	nonces map[string]bool
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	auth := r.Header.Get("Authorization")
	head, got, ok := strings.Cut(auth, ",Signature=")
	_, names, _ := strings.Cut(head, "SignedHeaders=")
	canonical := r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.RawQuery + "\n"
	for name := range strings.SplitSeq(names, ";") {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		canonical += name + ":" + value + "\n"
	}
	canonical += "\n" + names + "\n" + r.Header.Get("X-Acs-Content-Sha256")
	sum := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(p.secret))
	fmt.Fprintf(mac, "ACS3-HMAC-SHA256\n%x", sum)
	nonce := r.Header.Get("X-Acs-Signature-Nonce")
	if !ok || got != hex.EncodeToString(mac.Sum(nil)) || p.nonces[nonce] || len(nonce) != 32 || r.Header.Get("X-Acs-Date") != "2026-05-03T10:00:00Z" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"Code":"SignatureDoesNotMatch","Message":"m"}`)
		return
	}
	p.nonces[nonce] = true
	p.seen = append(p.seen, r.URL.Query())
	w.WriteHeader(p.status)
	fmt.Fprint(w, p.reply)
}

var local = outbound.Policy{Plain: true, Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

func stub(t *testing.T, status int, reply string) (*provider, *Aliyun) {
	t.Helper()
	p := &provider{t: t, secret: "SECRET", status: status, reply: reply, nonces: map[string]bool{}}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	a, err := New("aliyun://KEY:SECRET@"+strings.TrimPrefix(srv.URL, "http://")+"?sign="+url.QueryEscape("邻里社区"), local, clock.NewFake(time.Date(2026, 5, 3, 10, 0, 0, 0, time.UTC)))
	if err != nil {
		t.Fatal(err)
	}
	return p, a
}

var code = Message{ID: "0197-delivery", Phone: "13800138000", Template: "SMS_1", Params: map[string]string{"code": "123456"}}

var _ Sender = (*Aliyun)(nil)

func TestSend(t *testing.T) {
	p, a := stub(t, 200, `{"Code":"OK","Message":"OK","BizId":"1","RequestId":"2"}`)
	for range 2 {
		if err := a.Send(t.Context(), code); err != nil {
			t.Fatal(err)
		}
	}
	q := p.seen[0]
	params := map[string]string{}
	json.Unmarshal([]byte(q.Get("TemplateParam")), &params)
	if len(p.seen) != 2 || q.Get("PhoneNumbers") != code.Phone || q.Get("SignName") != "邻里社区" || q.Get("TemplateCode") != "SMS_1" || q.Get("OutId") != code.ID || params["code"] != "123456" {
		t.Errorf("%v", p.seen)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		reply     string
		secret    string
		permanent bool
	}{
		"no such number": {200, `{"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"m"}`, "SECRET", true},
		"too often":      {200, `{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"m"}`, "SECRET", false},
		"no money":       {200, `{"Code":"isv.AMOUNT_NOT_ENOUGH","Message":"m"}`, "SECRET", false},
		"down":           {503, `busy`, "SECRET", false},
		"error with OK":  {500, `{"Code":"OK"}`, "SECRET", false},
		"redirect":       {302, `{}`, "SECRET", false},
		"wrong secret":   {200, `{"Code":"OK"}`, "OTHER", false},
		"endless":        {200, strings.Repeat(" ", 2<<20), "SECRET", false},
	} {
		p, a := stub(t, c.status, c.reply)
		p.secret = c.secret
		err := a.Send(t.Context(), code)
		if err == nil || outbound.IsPermanent(err) != c.permanent || strings.Contains(err.Error(), "123456") {
			t.Errorf("%s: permanent %v, %v", name, outbound.IsPermanent(err), err)
		}
	}
	_, a := stub(t, 200, `{"Code":"OK"}`)
	for _, phone := range []string{"", "12345", "+8613800138000", "13800138000,13900139000", "1380013800a"} {
		if err := a.Send(t.Context(), Message{Phone: phone}); !outbound.IsPermanent(err) {
			t.Errorf("%q: %v", phone, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Send(ctx, code); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "123456") {
		t.Errorf("a code in an error: %v", err)
	}
}

func TestConfiguration(t *testing.T) {
	for _, bad := range []string{"", "x", "aliyun://K:hush@", "aliyun://K:hush@host", "aliyun://K@host?sign=s", "aliyun://:hush@host?sign=s", "https://K:hush@host?sign=s", "aliyun://K:hush%zz@host?sign=s"} {
		if _, err := New(bad, outbound.Policy{}, clock.System{}); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	a, err := New("aliyun://K:S@dysmsapi.aliyuncs.com?sign=s", outbound.Policy{}, clock.System{})
	if err != nil || a.base.String() != "https://dysmsapi.aliyuncs.com/" {
		t.Errorf("%v %v", a, err)
	}
}
