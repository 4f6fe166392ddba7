// Package fault is the vocabulary of what can go wrong for a caller: a few
// kinds, a text key for people, and a cause for the log. Every error that
// reaches a client is one of these; anything else is Internal and never shown.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of fault it is; platform/web maps each to one HTTP status.
type Kind uint8

const (
	Internal    Kind = iota // ours; the text is never shown
	Malformed               // the request cannot be read at all
	SignIn                  // who are you?
	Denied                  // you may see it, you may not do it
	NotFound                // absent, or not for your eyes: the same answer
	Conflict                // the state, or what is left, no longer fits
	Late                    // the time for it has passed
	TooLarge                // more bytes than the door takes
	Unsupported             // a media type the door does not take
	Invalid                 // readable, but fields are wrong
	Limited                 // too often; see Retry
	Unavailable             // come again; nothing was done
)

// Args fill the named places of a text: "还剩 {left} {unit}".
type Args map[string]any

// Error is a fault. Key names a text of the catalogue.
type Error struct {
	Kind   Kind
	Key    string
	Args   Args
	Fields []Field
	Retry  time.Duration // for Limited and Unavailable
	Cause  error         // for the log only
}

// Field is a fault of one input field.
type Field struct {
	Name string
	Key  string
	Args Args
}

func (e *Error) Error() string {
	s := e.Key
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s: %s]", f.Name, f.Key)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// New returns a fault of kind k with the text key and pairs of argument name and value.
func New(k Kind, key string, pairs ...any) *Error {
	return &Error{Kind: k, Key: key, Args: args(pairs)}
}

// Absent is the one answer for what is not there and for what one may not see.
func Absent() *Error { return New(NotFound, "fault.not_found") }

// Field1 returns an Invalid fault of one field.
func Field1(name, key string, pairs ...any) *Error {
	return &Error{Kind: Invalid, Key: "fault.invalid", Fields: []Field{{Name: name, Key: key, Args: args(pairs)}}}
}

// Fields collects field faults; Err is nil while there is none.
type Fields []Field

// Add notes a fault of the field called name.
func (f *Fields) Add(name, key string, pairs ...any) {
	*f = append(*f, Field{Name: name, Key: key, Args: args(pairs)})
}

// Err returns all noted faults as one Invalid error, or nil.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Key: "fault.invalid", Fields: f}
}

// Of returns err as a fault; what is not one becomes Internal.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Key: "fault.internal", Cause: err}
}

// Is reports whether err is a fault of kind k.
func Is(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

func args(pairs []any) Args {
	if len(pairs) == 0 {
		return nil
	}
	a := make(Args, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		a[pairs[i].(string)] = pairs[i+1]
	}
	return a
}
