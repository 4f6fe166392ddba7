package clock

import (
	"sync"
	"testing"
	"time"
)

func TestFakeStandsUntilTold(t *testing.T) {
	at := time.Date(2026, 2, 28, 23, 59, 59, 999_999_999, China)
	f := NewFake(at)
	if got := f.Now(); !got.Equal(at.Truncate(time.Millisecond)) || got.Location() != time.UTC || f.Now() != got {
		t.Errorf("stands at %v", got)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { f.Advance(time.Minute) })
	}
	wg.Wait()
	if got := f.Now().Sub(at.Truncate(time.Millisecond)); got != 10*time.Minute {
		t.Errorf("ten minutes are %v", got)
	}
	f.Set(at.Add(-time.Hour))
	if !f.Now().Before(at) {
		t.Error("cannot be set back")
	}
}

func TestSystemGivesWholeMilliseconds(t *testing.T) {
	before := time.Now().Add(-time.Millisecond)
	got := System{}.Now()
	if got.Before(before) || got.Location() != time.UTC || got.Nanosecond()%int(time.Millisecond) != 0 {
		t.Errorf("%v", got)
	}
}
