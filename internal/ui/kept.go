package ui

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"

	"github.com/a-h/templ"
)

// Frame is what the pages of one installation have in common.
type Frame struct {
	// Serves reports whether there is a page at a path; nil says yes to all.
	Serves func(path string) bool

	mu    sync.RWMutex
	drawn map[drawing][]string
}

// drawing is a part of the shell in a look. What is drawn is kept without the page's path, which differs from page to
// page, as the pieces before, between and after its places.
type drawing struct {
	part string
	look Look
}

// drawnMost bounds the drawings kept; beyond it all are forgotten at once.
const drawnMost = 4000

// anyPath stands for the path in a drawing. No text of the database holds a NUL.
const anyPath = "\x00"

func (f *Frame) serves(path string) bool { return f == nil || f.Serves == nil || f.Serves(path) }

// kept is a part of the shell, drawn before where it could be. The part is given nothing of the page but its look and
// its path, so that no reader is shown what was drawn for another.
func kept(p Page, name string, part func(Page) templ.Component) templ.Component {
	if p.Frame == nil {
		return part(p)
	}
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		pieces, err := p.Frame.pieces(drawing{name, p.Look}, part)
		if err != nil {
			return err
		}
		for i, piece := range pieces {
			if i > 0 {
				if _, err := io.WriteString(w, templ.EscapeString(p.here())); err != nil {
					return err
				}
			}
			if _, err := io.WriteString(w, piece); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *Frame) pieces(d drawing, part func(Page) templ.Component) ([]string, error) {
	f.mu.RLock()
	pieces, ok := f.drawn[d]
	f.mu.RUnlock()
	if ok {
		return pieces, nil
	}
	var b bytes.Buffer
	if err := part(Page{Look: d.look, Path: anyPath, Frame: f}).Render(context.Background(), &b); err != nil {
		return nil, err
	}
	pieces = strings.Split(b.String(), anyPath)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.drawn == nil || len(f.drawn) >= drawnMost {
		f.drawn = map[drawing][]string{}
	}
	f.drawn[d] = pieces
	return pieces, nil
}
