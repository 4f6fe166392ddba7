package e2e_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// writers is how many write at once.
const writers = 50

var (
	// authors are residents whose wishes are open at once.
	authors = []string{"demo-resident", "demo-neighbour", "demo-volunteer", "demo-volunteer2", "demo-society", "demo-party", "demo-outsider"}
	// helpers claim them for their units.
	helpers = []string{"demo-unit1", "demo-unit2", "demo-unit3", "demo-unit4", "demo-unit5", "demo-unit6", "demo-unit7",
		"demo-unit8", "demo-unit9", "demo-unit10", "demo-unit11", "demo-unit12", "demo-unit13"}
)

// write is one wish asked and claimed, and what the program said of it.
type write struct {
	name           string // the title, and the beginning of its operation keys
	author, helper string
	wish           string // its id once acknowledged
	claimed        bool   // acknowledged
}

// attempt asks and claims where that is not acknowledged yet; where it is, it
// asks again under the same keys and demands the first reply. An error means
// that nothing is known of the last request.
func (w *write) attempt(n *node, acknowledged func()) error {
	body := map[string]any{"title": w.name, "body": "故障演练：请人帮忙看一下。", "place": "320105004004", "category": "其他"}
	status, reply, err := n.ask("POST", "/api/v1/wishes", w.author, w.name, body)
	if err != nil {
		return err
	}
	wish, _ := reply["id"].(string)
	if status != 201 || w.wish != "" && wish != w.wish {
		return fmt.Errorf("asking %s: %d, wish %q before, now %v", w.name, status, w.wish, reply)
	}
	if w.wish == "" {
		w.wish = wish
		acknowledged()
	}
	status, reply, err = n.ask("POST", "/api/v1/wishes/"+w.wish+"/claim", w.helper, w.name+"-claim", map[string]any{})
	if err != nil {
		return err
	}
	if status != 200 {
		return fmt.Errorf("claiming %s: %d %v", w.name, status, reply)
	}
	if !w.claimed {
		w.claimed = true
		acknowledged()
	}
	return nil
}

// load is what many writers have sent.
type load struct {
	t     *testing.T
	round atomic.Int64
	mu    sync.Mutex
	all   []*write
}

// run lets the writers write to the nodes in turn. Once enough writes are
// acknowledged it calls then, beside them; they go on until their node does
// not answer or then calls halt.
func (l *load) run(enough int64, then func(halt func()), nodes ...*node) {
	var acknowledged atomic.Int64
	reached, halted := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	round := l.round.Add(1)
	for i := range writers {
		wg.Go(func() {
			n := nodes[i%len(nodes)]
			for k := 0; ; k++ {
				select {
				case <-halted:
					return
				default:
				}
				w := &write{name: fmt.Sprintf("故障演练-%d-%d-%d", round, i, k), author: authors[(i+k)%len(authors)], helper: helpers[(i+k)%len(helpers)]}
				l.mu.Lock()
				l.all = append(l.all, w)
				l.mu.Unlock()
				err := w.attempt(n, func() {
					if acknowledged.Add(1) == enough {
						close(reached)
					}
				})
				if err != nil {
					return // the node is gone; what it did is asked of the next
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	select {
	case <-reached:
		then(func() { once.Do(func() { close(halted) }) })
	case <-ended:
		l.t.Errorf("the writers ended after %d acknowledged writes", acknowledged.Load())
	}
	<-ended
}

// settle asks again for every write under its keys: what was acknowledged must
// be answered alike, what was not known must be done now, once.
func (l *load) settle(n *node) {
	l.t.Helper()
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for k := i; k < len(l.all); k += writers {
				if err := l.all[k].attempt(n, func() {}); err != nil {
					l.t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// once demands that each write is there exactly once, and nothing besides.
func (l *load) once(n *node) {
	l.t.Helper()
	ids := map[string]string{}
	for path := "/api/v1/wishes?place=320105&limit=100"; path != ""; {
		status, reply, err := n.ask("GET", path, "", "", nil)
		if err != nil || status != 200 {
			l.t.Fatalf("%s: %d %v %v", path, status, err, reply)
		}
		path = ""
		for _, item := range reply["items"].([]any) {
			o := item.(map[string]any)
			title, id := o["title"].(string), o["id"].(string)
			if len(title) < len("故障演练") || title[:len("故障演练")] != "故障演练" {
				continue
			}
			if other, twice := ids[title]; twice {
				l.t.Errorf("%s is there twice: %s, %s", title, other, id)
			}
			ids[title] = id
			if next, ok := reply["next"].(string); ok {
				path = "/api/v1/wishes?place=320105&limit=100&cursor=" + next
			}
		}
	}
	if len(ids) != len(l.all) {
		l.t.Errorf("%d wishes for %d asked", len(ids), len(l.all))
	}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for k := i; k < len(l.all); k += writers {
				w := l.all[k]
				if ids[w.name] != w.wish {
					l.t.Errorf("%s: acknowledged as %s, there as %q", w.name, w.wish, ids[w.name])
					continue
				}
				status, reply, err := n.ask("GET", "/api/v1/wishes/"+w.wish+"/timeline", w.author, "", nil)
				if err != nil || status != 200 {
					l.t.Errorf("%s: timeline %d %v", w.name, status, err)
					continue
				}
				story := ""
				for _, e := range reply["items"].([]any) {
					story += e.(map[string]any)["do"].(string) + " "
				}
				if story != "create claim " {
					l.t.Errorf("%s: its story is %q", w.name, story)
				}
			}
		})
	}
	wg.Wait()
}

// again asks for every write under its keys in a place that knows of some of
// them only: those it knows must be the same, the others are new there.
func (l *load) again(n *node) {
	l.t.Helper()
	known := 0
	for _, w := range l.all {
		was := w.wish
		w.wish, w.claimed = "", false
		if err := w.attempt(n, func() {}); err != nil {
			l.t.Error(err)
			return
		}
		if was != "" && was == w.wish {
			known++
		}
	}
	if known < 30 || known == len(l.all) {
		l.t.Errorf("of %d writes the backup has %d", len(l.all), known)
	}
}
