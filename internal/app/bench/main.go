// Command bench measures what Linli adds to the work nobody can avoid. Each
// line is measured in turns with its floor, in one process: the bare query or
// insert through database/sql on the same engine with a page appended by hand,
// and a page from memory. Ratios, not times, are what to compare between
// machines. Run it with `make bench`.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"linli/internal/app"
	"linli/internal/app/demo"
	"linli/internal/core/clock"
)

var (
	wishes = flag.Int("wishes", 100_000, "wishes in the list")
	rounds = flag.Int("rounds", 7, "turns of each line and its floor")
	each   = flag.Duration("each", 300*time.Millisecond, "length of one turn")
	dbURL  = flag.String("db", "", "postgres://… instead of SQLite")
	only   = flag.String("run", "", "only the lines whose name contains this")
	cpuOut = flag.String("cpuprofile", "", "write a CPU profile of the lines to this file")
)

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "linli-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := app.Config{Data: dir, DB: *dbURL, Clock: clock.System{}, BaseURL: "http://bench"}
	if err := fill(ctx, c, *wishes); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	h, err := app.Open(ctx, c)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Journal.StartTail(ctx); err != nil {
		return err
	}
	f, err := newFloors(ctx, h)
	if err != nil {
		return err
	}
	h.Web.Unlimited = true
	site := h.Handler()
	in := demo.CommunityA
	list, json, one := "/wishes?place="+in, "/api/v1/wishes?place="+in, "/wishes/"+f.wish
	get := func(h http.Handler, path, as string) func() error {
		return func() error { return ask(h, "GET", path, as, "") }
	}
	post := func(h http.Handler) func() error {
		return func() error {
			return ask(h, "POST", "/api/v1/wishes", "demo-resident", fmt.Sprintf(
				`{"title":"想请人帮忙修纱窗","body":"厨房的纱窗破了，自己修不好，想请一位师傅来看看。","place":"%s","category":"家政清洁"}`, in))
		}
	}
	lines := []line{
		{"list page, 20 of many, signed in", 1, get(site, list, "demo-resident"), get(bare(f.listPage), list, "demo-resident")},
		{"list JSON, 20 of many, signed in", 1, get(site, json, "demo-resident"), get(bare(f.listJSON), json, "demo-resident")},
		{"wish page, signed in", 1, get(site, one, "demo-resident"), get(bare(f.wishPage), one, "demo-resident")},
		{"list page, anonymous, cached", 1, get(site, list, ""), get(bare(f.memory), list, "")},
		{"create, durable, 16 callers", 16, post(site), post(bare(f.insert))},
		{"claim, durable, 16 callers", 16, f.claim(site), post(bare(f.insert))},
	}
	if err := indexed(ctx, h, f.plain); err != nil {
		return fmt.Errorf("search index: %w", err)
	}
	fmt.Printf("%s, %d CPUs, %s, %d wishes, %d turns of %s\n\n", runtime.Version(), runtime.NumCPU(), h.DB.Engine, *wishes, *rounds, *each)
	fmt.Printf("%-34s %9s %9s %9s %9s | %9s %9s | %6s %6s\n", "", "CPU µs", "req/s", "p50 µs", "p99 µs", "floor µs", "floor/s", "CPU ×", "req/s ×")
	if *cpuOut != "" {
		file, err := os.Create(*cpuOut)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for _, l := range lines {
		if !strings.Contains(l.name, *only) {
			continue
		}
		if err := l.measure(); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	if err := searches(h, site, f.plain); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	if err := services(ctx, c, h, site, f.plain); err != nil {
		return fmt.Errorf("activities: %w", err)
	}
	fmt.Printf("\nRSS %d MiB\n", rss())
	return nil
}

// line is one thing measured against its floor.
type line struct {
	name    string
	callers int
	ours    func() error
	floor   func() error
}

type sample struct {
	cpu   float64 // µs a request
	rate  float64 // requests a second
	times []time.Duration
}

func (l line) measure() error {
	var ours, floor []sample
	for i := range *rounds + 1 {
		a, err := turn(l.callers, l.ours)
		if err != nil {
			return err
		}
		b, err := turn(l.callers, l.floor)
		if err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		if i > 0 { // the first turn warms up
			ours, floor = append(ours, a), append(floor, b)
		}
	}
	var cpuRatios, rateRatios []float64
	var times []time.Duration
	for i := range ours {
		cpuRatios = append(cpuRatios, ours[i].cpu/floor[i].cpu)
		rateRatios = append(rateRatios, ours[i].rate/floor[i].rate)
		times = append(times, ours[i].times...)
	}
	slices.Sort(times)
	fmt.Printf("%-34s %9.0f %9.0f %9d %9d | %9.0f %9.0f | %6.2f %6.2f\n", l.name,
		median(pick(ours, func(s sample) float64 { return s.cpu })), median(pick(ours, func(s sample) float64 { return s.rate })),
		times[len(times)/2].Microseconds(), times[len(times)*99/100].Microseconds(),
		median(pick(floor, func(s sample) float64 { return s.cpu })), median(pick(floor, func(s sample) float64 { return s.rate })),
		median(cpuRatios), median(rateRatios))
	return nil
}

// turn runs f from a number of callers for the length of a turn.
func turn(callers int, f func() error) (sample, error) {
	var mu sync.Mutex
	var s sample
	var fault atomic.Pointer[error]
	began, cpu := time.Now(), cpuTime()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			var mine []time.Duration
			for time.Since(began) < *each && fault.Load() == nil {
				t := time.Now()
				if err := f(); err != nil {
					fault.Store(&err)
					return
				}
				mine = append(mine, time.Since(t))
			}
			mu.Lock()
			s.times = append(s.times, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	if e := fault.Load(); e != nil {
		return s, *e
	}
	n := float64(len(s.times))
	s.cpu = float64((cpuTime() - cpu).Microseconds()) / n
	s.rate = n / time.Since(began).Seconds()
	return s, nil
}

func ask(h http.Handler, method, path, as, body string) error {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1"
	if as != "" {
		r.Header.Set("Authorization", "Bearer "+as)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key())
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 300 {
		return fmt.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return nil
}

var keys atomic.Int64

func key() string { return fmt.Sprintf("bench-%d", keys.Add(1)) }

func pick(ss []sample, f func(sample) float64) []float64 {
	out := make([]float64, len(ss))
	for i, s := range ss {
		out[i] = f(s)
	}
	return out
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rss is the resident memory of this process in MiB, 0 where unknown.
func rss() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	fmt.Sscan(string(b), &size, &resident)
	return resident * int64(os.Getpagesize()) >> 20
}
