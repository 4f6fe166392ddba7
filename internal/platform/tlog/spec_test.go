package tlog

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func spec(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block returns the n-th fenced block of a text.
func block(text string, n int) string {
	all := regexp.MustCompile("(?s)```\n(.*?)```\n").FindAllStringSubmatch(text, -1)
	return all[n][1]
}

func TestSpecSignedNote(t *testing.T) {
	text := spec(t, "signed-note.md")
	vkey := regexp.MustCompile(`example\.com/foo\+[0-9a-f]{8}\+\S+`).FindString(text)
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open([]byte(block(text, 1)), note.VerifierList(v))
	if err != nil || n.Text != "This is an example message.\n" {
		t.Errorf("%v %v", n, err)
	}
}

func TestSpecCheckpoint(t *testing.T) {
	text, _, _ := strings.Cut(block(spec(t, "tlog-checkpoint.md"), 0), "\n\n")
	c, err := ParseCheckpoint(text + "\n")
	if err != nil || c.Origin != "example.com/behind-the-sofa" || c.Size != 20852163 ||
		c.Root.String() != "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=" || c.Text() != text+"\n" {
		t.Errorf("%+v %v", c, err)
	}
}

func TestSpecProof(t *testing.T) {
	text := block(spec(t, "tlog-proof.md"), 0)
	// The text's extra data is cut for print and no base64; the rest is whole.
	text = regexp.MustCompile(`extra .*`).ReplaceAllString(text, "extra ZXh0cmE=")
	p, err := ParseProof(text)
	if err != nil || p.Index != 73894 || len(p.Hashes) != 5 || string(p.Extra) != "extra" || p.Hashes[0].String() != "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=" ||
		!bytes.HasPrefix(p.Checkpoint, []byte("example.com/fancylog\n109482\n")) || p.Text() != text {
		t.Errorf("%+v %v", p, err)
	}
}

func TestSpecTiles(t *testing.T) {
	if !strings.Contains(spec(t, "tlog-tiles.md"), "1234067 will be encoded as\n`x001/x234/067`") {
		t.Fatal("the text no longer has the example")
	}
	for p, want := range map[Path]string{
		{N: 1234067, Width: Width}:                          "tile/0/x001/x234/067",
		{Entries: true, N: 1234067, Width: 255}:             "tile/entries/x001/x234/067.p/255",
		{Level: 63, Width: 1}:                               "tile/63/000.p/1",
		{N: 5, Width: Width}:                                "tile/0/005",
		{Entries: true, N: 1000, Width: Width}:              "tile/entries/x001/000",
		{Level: 2, N: 999, Width: Width}:                    "tile/2/999",
		{N: 1<<63 - 1, Width: Width}:                        "tile/0/x009/x223/x372/x036/x854/x775/807",
		{Level: 1, N: 12_345, Width: 17, Entries: false}:    "tile/1/x012/345.p/17",
		{Entries: true, Level: 0, N: 100_000_000, Width: 9}: "tile/entries/x100/x000/000.p/9",
	} {
		if got := p.String(); got != want {
			t.Errorf("%+v: %s", p, got)
		}
		if got, err := ParsePath(want); got != p || err != nil {
			t.Errorf("%s: %+v %v", want, got, err)
		}
	}
	for _, bad := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/5", "tile/0/0005", "tile/0/x000/005", "tile/0/001/005", "tile/0/x001", "tile/0/x001/x005",
		"tile/64/005", "tile/-1/005", "tile/+1/005", "tile/00/005", "tile/01/005", "tile/0/-05", "tile/0/+05", "tile/0/005.p/0", "tile/0/005.p/256", "tile/0/005.p/01",
		"tile/0/005.p/", "tile/0/005.p", "tile/0/005/", "tile/entries/0/005", "tile/8/0/005", "/tile/0/005", "tile/0/../005", "tile/0/xx05", "tile/0/x009/x223/x372/x036/x854/x775/808",
		"tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/005.p/1/2", "tile/0/0 5", "tile/0/0\x005", "checkpoint",
	} {
		if p, err := ParsePath(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, p)
		}
	}
	// "a tree of size 70,000 will be represented by 273 full level 0 tiles, …"
	count := map[string]int{}
	for _, p := range Paths(70_000) {
		count[fmt.Sprint(p.Entries, " ", p.Level, " ", p.Width)]++
	}
	if want := map[string]int{"false 0 256": 273, "false 0 112": 1, "false 1 256": 1, "false 1 17": 1, "false 2 1": 1, "true 0 256": 273, "true 0 112": 1}; !maps.Equal(count, want) {
		t.Errorf("70,000: %v", count)
	}
	if got := fmt.Sprint(Paths(256)); got != "[tile/0/000 tile/1/000.p/1 tile/entries/000]" {
		t.Errorf("256: %s", got)
	}
	if len(Paths(0)) != 0 {
		t.Error("an empty log has tiles")
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"tile/0/x001/x234/067", "tile/entries/005.p/17", "tile/63/000.p/1", "tile/0/x009/x223/x372/x036/x854/x775/807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err == nil && (p.String() != s || p.N < 0 || p.Width < 1 || p.Width > Width || p.Level > levelMost) {
			t.Errorf("%q is %+v, %s", s, p, p)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
	f.Add("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\next\n")
	f.Add("o\n007\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCheckpoint(s); err == nil && (c.Text() != s || c.Size < 0 || c.Origin == "") {
			t.Errorf("%q is %+v", s, c)
		}
	})
}

func FuzzParseProof(f *testing.F) {
	f.Add("c2sp.org/tlog-proof@v1\nextra ZXh0cmE=\nindex 7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\no\n8\nh\n\n— o sig\n")
	f.Add("c2sp.org/tlog-proof@v1\nindex 0\n\no\n")
	f.Add("c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParseProof(s); err == nil && p.Text() != s {
			t.Errorf("%q became %q", s, p.Text())
		}
	})
}
