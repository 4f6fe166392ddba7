package app_test

import (
	"testing"

	"linli/internal/app"
	"linli/internal/app/apptest"
	"linli/internal/core/clock"
)

// TestOutward: what is not set up is not there, what is set up by half is said
// in words, and all nodes of an installation have one key for browsers.
func TestOutward(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(key string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == key {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	none := app.Config{}
	if err := none.Outward(env()); err != nil || none.Senders != (app.Senders{}) {
		t.Errorf("%+v %v", none.Senders, err)
	}
	for _, half := range [][]string{
		{"LINLI_SMTP", "nonsense"}, {"LINLI_SMS_NOTICE_TEMPLATE", "SMS_1"}, {"LINLI_WECHAT_NOTICE_TEMPLATE", "t"}, {"LINLI_PUSH_CONTACT", "mailto:a@example.org"},
	} {
		c := app.Config{BaseURL: "http://linli.test"}
		if err := c.Outward(env(half...)); err == nil {
			t.Errorf("%v is taken", half)
		}
	}
	key := ""
	for range 2 {
		c := apptest.Config(t, "", clock.NewFake(apptest.Noon))
		c.BaseURL = "https://linli.test"
		err := c.Outward(env("LINLI_PUSH_CONTACT", "mailto:a@example.org", "LINLI_SMTP", "smtps://u:p@mail.example.org?from=a@example.org",
			"LINLI_SMS", "aliyun://id:secret@dysmsapi.aliyuncs.com?sign=X", "LINLI_SMS_NOTICE_TEMPLATE", "SMS_1",
			"LINLI_WECHAT_APP", "wx1", "LINLI_WECHAT_SECRET", "s", "LINLI_WECHAT_NOTICE_TEMPLATE", "t"))
		if err != nil {
			t.Fatal(err)
		}
		h, err := app.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		var names []string
		for _, ch := range h.Notify.Channels {
			names = append(names, ch.Name())
		}
		if len(names) != 4 || h.Notify.PushKey == "" || key != "" && key != h.Notify.PushKey {
			t.Errorf("channels %v, key %q after %q", names, h.Notify.PushKey, key)
		}
		key = h.Notify.PushKey
		if h.Notify.PushTest("https://127.0.0.1/x", key, "AAAAAAAAAAAAAAAAAAAAAA") == nil {
			t.Error("an address that is no push service is taken")
		}
	}
}
