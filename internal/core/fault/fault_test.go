package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestOf(t *testing.T) {
	absent := Absent()
	if got := Of(fmt.Errorf("loading: %w", absent)); got != absent {
		t.Errorf("a wrapped fault becomes %v", got)
	}
	plain := Of(io.ErrUnexpectedEOF)
	if plain.Kind != Internal || !errors.Is(plain, io.ErrUnexpectedEOF) {
		t.Errorf("a plain error becomes %v", plain)
	}
	if Is(io.EOF, Internal) || Is(nil, Internal) || !Is(absent, NotFound) {
		t.Error("Is takes what is no fault for one")
	}
}

func TestFieldsGatherAndTell(t *testing.T) {
	var f Fields
	if f.Err() != nil {
		t.Fatal("no fault is a fault")
	}
	f.Add("title", "fault.too_long", "max", 80)
	f.Add("place", "fault.required")
	e := Of(f.Err())
	if e.Kind != Invalid || len(e.Fields) != 2 || e.Fields[0].Args["max"] != 80 {
		t.Errorf("%+v", e)
	}
	if got := e.Error(); got != "fault.invalid [title: fault.too_long] [place: fault.required]" {
		t.Error(got)
	}
	if one := Field1("a", "k", "x", 1); one.Fields[0].Args["x"] != 1 || one.Kind != Invalid {
		t.Errorf("%+v", one)
	}
}
