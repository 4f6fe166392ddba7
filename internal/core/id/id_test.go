package id

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestNewIsValidAndGrows(t *testing.T) {
	last := ""
	for range 10_000 {
		n := New()
		if !Valid(n) || n <= last {
			t.Fatalf("%s after %s", n, last)
		}
		last = n
	}
}

func TestAtRepeatsWithItsSeedAndSortsByTime(t *testing.T) {
	seed := func() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }
	when := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	a, err := At(when, seed())
	if err != nil {
		t.Fatal(err)
	}
	b, _ := At(when, seed())
	later, _ := At(when.Add(time.Millisecond), seed())
	if a != b || later <= a || !Valid(a) || a[14] != '7' || !strings.ContainsRune("89ab", rune(a[19])) {
		t.Errorf("%s %s %s", a, b, later)
	}
	if _, err := At(when, strings.NewReader("short")); err == nil {
		t.Error("an id is made from too little randomness")
	}
}

func TestValid(t *testing.T) {
	good := "0192f0c1-2345-7abc-8def-0123456789ab"
	if !Valid(good) {
		t.Fatal(good)
	}
	for _, bad := range []string{"", good[1:], good + "0", strings.ToUpper(good), strings.Replace(good, "-", "0", 1), "0" + good[1:8] + "0" + good[9:],
		strings.Replace(good, "f", "g", 1), strings.Repeat("-", 36), strings.Replace(good, "a", "\x00", 1), "{" + good[1:]} {
		if Valid(bad) {
			t.Errorf("%q passes", bad)
		}
	}
}
