package file

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"linli/internal/core/fault"
)

func zipOf(names ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		f, _ := w.Create(n)
		f.Write([]byte("<x/>"))
	}
	w.Close()
	return b.Bytes()
}

func TestClassify(t *testing.T) {
	ole := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...)
	svg := `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
	for _, c := range []struct {
		what, name string
		b          []byte
		media      string
		kind       fault.Kind
	}{
		{"pdf", "a.pdf", []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "application/pdf", 0},
		{"pdf by another name", "a.txt", []byte("%PDF-1.7\n"), "application/pdf", 0},
		{"docx", "a.docx", zipOf("[Content_Types].xml", "_rels/.rels", "word/document.xml"), docx, 0},
		{"xlsx", "a.xlsx", zipOf("_rels/.rels", "docProps/app.xml", "[Content_Types].xml", "xl/workbook.xml"), xlsx, 0},
		{"csv", "名单.csv", []byte("姓名,数量\n张三,3\n"), "text/csv", 0},
		{"csv in GB 18030", "a.CSV", []byte("\xd0\xd5\xc3\xfb,\xca\xfd\xc1\xbf\n"), "text/csv", 0},
		{"txt", "a.txt", []byte("一行文字\n"), "text/plain", 0},
		{"svg", "a.svg", []byte(svg), "", fault.Unsupported},
		{"svg as png", "a.png", []byte(`<?xml version="1.0"?>` + svg), "", fault.Unsupported},
		{"svg as txt", "a.txt", []byte(svg), "", fault.Unsupported},
		{"html as txt", "a.txt", []byte("  <!DOCTYPE html><script>alert(1)</script>"), "", fault.Unsupported},
		{"html as csv", "a.csv", []byte("<html><body>"), "", fault.Unsupported},
		{"text named html", "a.html", []byte("nothing of markup"), "", fault.Unsupported},
		{"script", "a.js", []byte("alert(1)"), "", fault.Unsupported},
		{"zip", "a.zip", zipOf("a.txt"), "", fault.Unsupported},
		{"zip named docx", "a.docx", zipOf("a.txt"), "", fault.Unsupported},
		{"macros", "a.docx", zipOf("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "", fault.Unsupported},
		{"broken zip", "a.docx", zipOf("[Content_Types].xml", "word/document.xml")[:80], "", fault.Unsupported},
		{"old office", "a.doc", ole, "", fault.Unsupported},
		{"program", "a.txt", []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00"), "", fault.Unsupported},
		{"NUL", "a.txt", []byte("a\x00b"), "", fault.Unsupported},
		{"noise", "a.csv", []byte("\xff\xff\xff\xff\xff\x80"), "", fault.Unsupported},
		{"heic", "a.heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "", fault.Unsupported},
	} {
		got, err := classify(c.name, c.b)
		if got != c.media || (c.kind == 0) != (err == nil) || err != nil && !fault.Is(err, c.kind) {
			t.Errorf("%s: %q, %v", c.what, got, err)
		}
	}
}

func TestArchiveBombIsRefusedUnopened(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range []string{"[Content_Types].xml", "xl/workbook.xml"} {
		f, _ := w.Create(n)
		f.Write([]byte("<x/>"))
	}
	f, _ := w.CreateRaw(&zip.FileHeader{Name: "xl/sheet.xml", Method: zip.Deflate, CompressedSize64: 10, UncompressedSize64: unpackedMost + 1})
	f.Write(make([]byte, 10))
	w.Close()
	if _, err := classify("a.xlsx", b.Bytes()); !fault.Is(err, fault.TooLarge) {
		t.Errorf("%v", err)
	}
	names := []string{"[Content_Types].xml", "xl/workbook.xml"}
	for range entriesMost {
		names = append(names, "x")
	}
	if _, err := classify("a.xlsx", zipOf(names...)); !fault.Is(err, fault.Unsupported) {
		t.Errorf("%v", err)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("长", 200)
	for in, want := range map[string]string{
		"photo.jpg": "photo.jpg", `C:\Users\x\照片.jpg`: "照片.jpg", "../../etc/passwd": "passwd", "": "file", "..": "file", "a/": "file",
		"a\nb\t.txt": "ab.txt", "evil\u202Egpj.exe": "evilgpj.exe", long + ".pdf": strings.Repeat("长", 96) + ".pdf", "e\u0301.txt": "é.txt",
	} {
		if got, err := cleanName(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, bad := range []string{"a\x00.txt", "\xff.txt"} {
		if _, err := cleanName(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for in, want := range map[[2]string]string{
		{"a.JPG", ".jpg"}: "a.JPG", {"a.jpeg", ".jpg"}: "a.jpeg", {"a.webp", ".jpg"}: "a.jpg", {"a.gif", ".png"}: "a.png", {"a.b", ".png"}: "a.b.png", {"a", ".jpg"}: "a.jpg",
	} {
		if got := rename(in[0], in[1]); got != want {
			t.Errorf("%v: %q", in, got)
		}
	}
}

func TestTexts(t *testing.T) {
	keys := map[string][]string{}
	for _, lang := range []string{"zh-CN", "en"} {
		raw, err := Locale.ReadFile("locale/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]string{}
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatal(err)
		}
		for k, v := range words {
			if !strings.HasPrefix(k, "file.") || v == "" {
				t.Errorf("%s: %s", lang, k)
			}
			if strings.Contains(v, "{max}") {
				k += " max"
			}
			keys[lang] = append(keys[lang], k)
		}
		slices.Sort(keys[lang])
	}
	if !slices.Equal(keys["en"], keys["zh-CN"]) {
		t.Errorf("the languages differ: %v %v", keys["en"], keys["zh-CN"])
	}
}
