package push

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"linli/internal/platform/outbound"
)

// browser is the other side: it has the keys and reads what a push service got.
type browser struct {
	t      *testing.T
	key    *ecdh.PrivateKey
	auth   []byte
	public string // of the installation, known since subscribe
	url    string
	status int
	header http.Header
	body   []byte
}

var b64 = base64.RawURLEncoding

func newBrowser(t *testing.T, public string) *browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, key: key, auth: []byte("0123456789abcdef"), public: public, status: 201}
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	b.url = srv.URL
	return b
}

func (b *browser) subscription() Subscription {
	return Subscription{Endpoint: b.url + "/secret-of-the-owner", P256dh: b64.EncodeToString(b.key.PublicKey().Bytes()), Auth: b64.EncodeToString(b.auth)}
}

func (b *browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sealed, err := io.ReadAll(r.Body)
	if err == nil && b.signed(r.Header.Get("Authorization")) {
		b.header, b.body = r.Header, b.open(sealed)
	}
	w.WriteHeader(b.status)
}

// signed checks the VAPID header (RFC 8292): ES256 over claims for this service.
func (b *browser) signed(header string) bool {
	token, key, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || key != b.public || len(parts) != 3 {
		b.t.Errorf("authorization %q", header)
		return false
	}
	point, _ := b64.DecodeString(key)
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		b.t.Error(err)
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	sig, _ := b64.DecodeString(parts[2])
	if len(sig) != 64 || !ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		b.t.Error("the signature is wrong")
		return false
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	raw, _ := b64.DecodeString(parts[1])
	json.Unmarshal(raw, &claims)
	if left := time.Until(time.Unix(claims.Exp, 0)); claims.Aud != b.url || claims.Sub != "mailto:help@linli.example" || left <= 0 || left > 24*time.Hour {
		b.t.Errorf("claims %s", raw)
	}
	return true
}

// open decrypts one aes128gcm record (RFC 8188) with the keys of RFC 8291.
func (b *browser) open(sealed []byte) []byte {
	salt, idLen := sealed[:16], int(sealed[20])
	sender, record := sealed[21:21+idLen], sealed[21+idLen:]
	peer, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		b.t.Error(err)
		return nil
	}
	shared, _ := b.key.ECDH(peer)
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(sender)
	ikm, _ := hkdf.Key(sha256.New, shared, b.auth, info, 32)
	key, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	block, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(block)
	text, err := gcm.Open(nil, nonce, record, nil)
	if err != nil {
		b.t.Error(err)
		return nil
	}
	return bytes.TrimSuffix(bytes.TrimRight(text, "\x00"), []byte{2})
}

var local = outbound.Policy{Plain: true, Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Hosts: []string{"127.0.0.1"}}

func sender(t *testing.T, net outbound.Policy) *Web {
	t.Helper()
	private, public, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(private, public, "help@linli.example", net)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var _ Sender = (*Web)(nil)

func TestSend(t *testing.T) {
	w := sender(t, local)
	b := newBrowser(t, w.Public())
	text := `{"title":"您的微心愿有了进展"}`
	if err := w.Send(t.Context(), Message{To: b.subscription(), Body: []byte(text), Topic: "wish", Keep: time.Hour, Urgent: true}); err != nil {
		t.Fatal(err)
	}
	if string(b.body) != text || b.header.Get("Ttl") != "3600" || b.header.Get("Topic") != "wish" || b.header.Get("Urgency") != "high" || b.header.Get("Content-Encoding") != "aes128gcm" {
		t.Errorf("%q %v", b.body, b.header)
	}
	if err := w.Send(t.Context(), Message{To: b.subscription(), Body: bytes.Repeat([]byte("x"), BodyMost)}); err != nil || len(b.body) != BodyMost {
		t.Errorf("longest: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	w := sender(t, local)
	for status, want := range map[int]struct{ gone, permanent bool }{
		404: {true, true}, 410: {true, true}, 400: {false, true}, 413: {false, true}, 401: {false, false}, 429: {false, false}, 503: {false, false}, 302: {false, false},
	} {
		b := newBrowser(t, w.Public())
		b.status = status
		err := w.Send(t.Context(), Message{To: b.subscription(), Body: []byte("x")})
		if err == nil || errors.Is(err, ErrGone) != want.gone || outbound.IsPermanent(err) != want.permanent {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestOnlyPushServicesAreCalled: a subscription is data from outside.
func TestOnlyPushServicesAreCalled(t *testing.T) {
	w := sender(t, outbound.Policy{})
	good := newBrowser(t, w.Public()).subscription()
	for endpoint, ok := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/x": true, "https://updates.push.services.mozilla.com/wpush/v2/x": true,
		"https://web.push.apple.com/x": true, "https://wns2-par02p.notify.windows.com/w/?token=x": true,
		"http://fcm.googleapis.com/x": false, "https://fcm.googleapis.com.evil.example/x": false, "https://evil.example/fcm.googleapis.com": false,
		"https://127.0.0.1/x": false, "https://localhost/x": false, "https://169.254.169.254/latest": false, "https://fcm.googleapis.com@evil.example/": false,
		"https://user@fcm.googleapis.com/": false, "file:///etc/passwd": false, "": false, "https://[::1]/": false, "https://notify.windows.com/": false,
	} {
		s := good
		s.Endpoint = endpoint
		if err := w.Check(s); (err == nil) != ok {
			t.Errorf("%s: %v", endpoint, err)
		}
		if !ok {
			if err := w.Send(t.Context(), Message{To: s, Body: []byte("x")}); !outbound.IsPermanent(err) {
				t.Errorf("%s: %v", endpoint, err)
			}
		}
	}
	good.Endpoint = "https://fcm.googleapis.com/x"
	for name, change := range map[string]func(*Subscription){
		"no key": func(s *Subscription) { s.P256dh = "" }, "not on the curve": func(s *Subscription) { s.P256dh = b64.EncodeToString(bytes.Repeat([]byte{4}, 65)) },
		"no auth": func(s *Subscription) { s.Auth = "" }, "short auth": func(s *Subscription) { s.Auth = "AAAA" }, "not base64": func(s *Subscription) { s.Auth = "!" },
	} {
		s := good
		change(&s)
		if err := w.Check(s); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestErrorsKeepTheEndpointSecret(t *testing.T) {
	w := sender(t, local)
	b := newBrowser(t, w.Public())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Send(ctx, Message{To: b.subscription(), Body: []byte("x")}); err == nil || strings.Contains(err.Error(), "secret-of-the-owner") {
		t.Errorf("%v", err)
	}
	if err := w.Send(t.Context(), Message{To: b.subscription(), Body: make([]byte, BodyMost+1)}); !outbound.IsPermanent(err) {
		t.Errorf("%v", err)
	}
}

func TestKeys(t *testing.T) {
	private, public, _ := NewKeys()
	_, other, _ := NewKeys()
	for name, c := range map[string][3]string{
		"strangers": {private, other, "a@b.c"}, "no private": {"", public, "a@b.c"}, "not base64": {"!", public, "a@b.c"}, "no contact": {private, public, ""},
	} {
		if _, err := New(c[0], c[1], c[2], outbound.Policy{}); err == nil {
			t.Errorf("%s were taken", name)
		}
	}
}
