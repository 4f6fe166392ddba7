package event

import (
	"reflect"
	"testing"
)

func TestSumCoversEveryFieldButPosition(t *testing.T) {
	e := Event{Seq: 7, XID: 9, At: 1, Kind: "wish", Subject: "s", Version: 2, Do: "claim", FromState: "open", ToState: "claimed",
		Actor: "a", AsGroup: "g", Place: "320105", Audience: Public, Data: "{}", WordsHash: "h"}
	base := e.Sum()
	v := reflect.ValueOf(&e).Elem()
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		was := reflect.New(f.Type()).Elem()
		was.Set(f)
		if f.Kind() == reflect.Int64 {
			f.SetInt(f.Int() + 1)
		} else {
			f.SetString(f.String() + "x")
		}
		changed := e.Sum() != base
		if free := name == "Seq" || name == "XID" || name == "Hash"; changed == free {
			t.Errorf("a change of %s changes the hash: %v", name, changed)
		}
		f.Set(was)
	}
	a, b := e, e
	a.Do, a.FromState = "claimo", "pen"
	if a.Sum() == b.Sum() {
		t.Error("moving a letter to the next field keeps the hash")
	}
}

func TestWordsHash(t *testing.T) {
	text, hash := Words{"note": "<好>", "a": "b"}.Encode("salt")
	if text != `{"a":"b","note":"\u003c好\u003e"}` || hash != HashWords("salt", text) {
		t.Errorf("%s %s", text, hash)
	}
	if hash == HashWords("other", text) || hash == HashWords("salt", text+" ") {
		t.Error("the hash does not depend on salt and words")
	}
}

func TestUniqueKeepsOneTellPerTarget(t *testing.T) {
	got := Unique([]Tell{
		ToAccount("a", "author"), ToAccount("", "author"), ToGroup("", "x"), ToAccount("b", "claimer"),
		Asks(ToAccount("a", "must_confirm")), ToAccount("a", "late"), ToRole("staff", "320105", "staff"),
	})
	want := []Tell{Asks(ToAccount("a", "must_confirm")), ToAccount("b", "claimer"), ToRole("staff", "320105", "staff")}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if kind, rest := want[2].Target(); kind != "role" || rest != "staff:320105" {
		t.Errorf("target %s %s", kind, rest)
	}
}

func TestDecode(t *testing.T) {
	p, err := Event{Data: `{"tell":[{"to":"account:a","why":"author"}],"codes":{"n":1}}`}.Decode()
	if err != nil || len(p.Tell) != 1 || p.Codes["n"] != float64(1) {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := (Event{Data: "{"}).Decode(); err == nil {
		t.Error("a broken payload decodes")
	}
}
