package sheet

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestTextOfTables(t *testing.T) {
	data := workbook(t, func(f *excelize.File) error {
		if _, err := f.NewSheet("附表13900001111"); err != nil {
			return err
		}
		return errors.Join(
			f.SetCellRichText("Sheet1", "A1", []excelize.RichTextRun{{Text: "电话138", Font: &excelize.Font{Bold: true}}, {Text: "12345678"}}),
			f.SetCellValue("Sheet1", "B1", 13712345678), f.SetCellValue("Sheet1", "C1", 2),
			f.SetCellFormula("Sheet1", "D1", `"13612345678"`),
			f.AddComment("Sheet1", excelize.Comment{Cell: "A1", Author: "社工", Paragraph: []excelize.RichTextRun{{Text: "批注13512345678"}}}),
			f.SetSheetVisible("附表13900001111", false), f.SetCellStr("附表13900001111", "A1", "藏13412345678"),
			f.SetDocProps(&excelize.DocProperties{Title: "13312345678"}),
		)
	})
	text, err := Text(bytes.NewReader(data), XLSX, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"电话13812345678\n", "\n13712345678\n", "13612345678", "批注13512345678", "藏13412345678", "附表13900001111", "13312345678"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	if strings.Contains(text, "137123456782") {
		t.Error("cells ran together")
	}
	text, err = Text(strings.NewReader("姓名,电话\n\"张三\",138\"12345678"), CSV, Limits{})
	if err != nil || text != "姓名\n电话\n张三\n13812345678" {
		t.Errorf("CSV %q, %v", text, err)
	}
	for kind, data := range map[Kind]string{CSV: "\xff\x30\x81", XLSX: "PK\x03\x04", PDF: "hello"} {
		if text, err := Text(strings.NewReader(data), kind, Limits{}); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %q, %v", kind, text, err)
		}
	}
	if _, err := Text(bytes.NewReader(data), XLSX, Limits{Unpacked: 100}); faultOf(t, err).Key != "sheet.too_big" {
		t.Errorf("beyond the bound: %v", err)
	}
}

func TestTextOfChromiumPDF(t *testing.T) {
	data, err := os.ReadFile("testdata/chromium.pdf")
	if err != nil {
		t.Fatal(err)
	}
	text, err := Text(bytes.NewReader(data), PDF, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := "联系表\n张三，电话 13812345678，身份证 11010519491231002X。\n幢 单元 斤\n3 2 7000\n座机 025-83301234\n"
	// Chromium's blanks beside Chinese and its full-width comma, which the compatibility form folds, say nothing here.
	plain := func(s string) string { return strings.NewReplacer(" ", "", ",", "，").Replace(s) }
	if !strings.HasPrefix(plain(text), plain(want)) {
		t.Errorf("read %q, want %q", text, want)
	}
	for _, whole := range []string{"13812345678", "11010519491231002X", "025-83301234", "联系表", "3 2 7000", "居民联系表"} {
		if !strings.Contains(text, whole) {
			t.Errorf("%q is not whole in %q", whole, text)
		}
	}
}

// makePDF writes objects 1, 2, … as a file; the first is the catalogue.
func makePDF(objects ...string) string {
	var b strings.Builder
	b.WriteString("%PDF-1.7\n")
	for i, object := range objects {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	b.WriteString("trailer\n<< /Root 1 0 R >>\n%%EOF\n")
	return b.String()
}

func streamOf(dict, data string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(data), dict, data)
}

func deflate(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		panic(err) // a buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

const (
	catalogue = "<< /Type /Catalog /Pages 2 0 R >>"
	pageTree  = "<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >> >>"
	onePage   = "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>"
	helvetica = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
)

func TestTextOfPDF(t *testing.T) {
	const cmap = "1 beginbfchar <0001> <7535> endbfchar 1 beginbfrange <0010> <0019> <0030> endbfrange 1 beginbfrange <0020> <0021> [<8BDD> <D842DFB7>] endbfrange"
	image := streamOf("/Subtype /Image", "x")
	for name, tt := range map[string]struct {
		objects []string
		want    string
		fails   string // "" for none
	}{
		"plain": {[]string{catalogue, pageTree, onePage, streamOf("", `BT /F 10 Tf 1 0 0 1 10 700 Tm (138\0612345\(678\)) Tj 0 -12 Td <3131 30> Tj T* ET`), helvetica}, "13812345(678)\n110\n", ""},
		"deflated, in parts": {[]string{catalogue, pageTree, strings.Replace(onePage, "4 0 R", "[4 0 R 6 0 R]", 1), streamOf("/Filter /FlateDecode", deflate("BT /F 10 Tf (abc) Tj ET")), helvetica,
			streamOf("/Filter [/ASCIIHexDecode]", "4254202F462031302054662028646566 2920546A204554>")}, "abc def", ""},
		"kerning and columns": {[]string{catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf [(13) 20 (8) -60 (1) -900 (2)] TJ 60 0 Td (x) Tj ET"), "<< /Subtype /Type1 /FirstChar 48 /Widths [500 500 500 500 500 500 500 500 500 500] >>"}, "1381 2 x\n", ""},
		"map to Chinese":      {[]string{catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf <000100200021 00110013> Tj ET"), "<< /Subtype /Type0 /Encoding /Identity-H /ToUnicode 7 0 R >>", image, streamOf("", cmap)}, "电话𠮷13\n", ""},
		"named map":           {[]string{catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf <c1aacfb5> Tj ET"), "<< /Subtype /Type0 /Encoding /GBK-EUC-H >>"}, "联系\n", ""},
		"form": {[]string{catalogue, pageTree, onePage, streamOf("", "q 1 0 0 1 0 50 cm /X Do Q"), helvetica,
			streamOf("/Subtype /Form", "BT /F 10 Tf (110) Tj ET")}, "110\n", ""},
		"differences": {[]string{catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf <0102> Tj ET"), "<< /Subtype /Type1 /Encoding << /Differences [1 /one /two.oldstyle] >> >>"}, "12\n", ""},
		"packed objects": {[]string{catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf (1) Tj ET"), "null",
			streamOf("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", deflate("9 0 << /Subtype /Type1 /Note (x) /Contents (13812345678) >>"))}, "", "text without a font"},
		"notes and fields": {[]string{catalogue, pageTree, onePage, streamOf("", ""), helvetica, "<< /Subtype /Text /Contents <FEFF 7535 8BDD> >>", "<< /FT /Tx /V (13812345678) >>"}, "\n电话\n13812345678\n", ""},

		"unknown codes":     {[]string{catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf <0007> Tj ET"), "<< /Subtype /Type0 /Encoding /Identity-H >>"}, "", "character map"},
		"glyph numbers":     {[]string{catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf <01> Tj ET"), "<< /Subtype /Type1 /Encoding << /Differences [1 /g17] >> >>"}, "", "character map"},
		"embedded, unknown": {[]string{catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf (1) Tj ET"), "<< /Subtype /TrueType /FontDescriptor << /FontFile2 9 0 R >> >>"}, "", "character map"},
		"scan":              {[]string{catalogue, pageTree, onePage, streamOf("", "/X Do"), helvetica, image}, "", "picture without text"},
		"encrypted":         {[]string{catalogue, pageTree, onePage, streamOf("", ""), helvetica, streamOf("/Type /XRef /Encrypt 9 0 R", "")}, "", "encrypted"},
		"attachment":        {[]string{catalogue, pageTree, onePage, streamOf("", ""), helvetica, streamOf("/Type /EmbeddedFile", "x")}, "", "attachment"},
		"other filter":      {[]string{catalogue, pageTree, onePage, streamOf("/Filter /LZWDecode", "x"), helvetica}, "", "LZWDecode"},
		"broken stream":     {[]string{catalogue, pageTree, onePage, streamOf("/Filter /FlateDecode", deflate(strings.Repeat("abc", 99))[:15]), helvetica}, "", "EOF"},
		"no pages":          {[]string{"<< /Type /Catalog >>"}, "", "page"},
		"pages in a circle": {[]string{catalogue, "<< /Kids [2 0 R] >>"}, "", "no pages"},
		"no end":            {[]string{catalogue, pageTree, onePage, "<< /Length 9 >> stream\nabc"}, "", "damaged"},
	} {
		text, err := Text(strings.NewReader(makePDF(tt.objects...)), PDF, Limits{})
		if tt.fails == "" {
			if err != nil || strings.TrimSpace(text) != strings.TrimSpace(tt.want) {
				t.Errorf("%s: %q, %v, want %q", name, text, err, tt.want)
			}
		} else if !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%s: %q, %v, want %q", name, text, err, tt.fails)
		}
	}
	// A later version of an object, as editors append it, holds.
	edited := makePDF(catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf (old) Tj ET"), helvetica) + "4 0 obj\n" + streamOf("", "BT /F 10 Tf (new) Tj ET") + "\nendobj\n"
	if text, err := Text(strings.NewReader(edited), PDF, Limits{}); err != nil || strings.TrimSpace(text) != "new" {
		t.Errorf("edited: %q, %v", text, err)
	}
	bomb := makePDF(catalogue, pageTree, onePage, streamOf("/Filter /FlateDecode", deflate(strings.Repeat(" ", 2<<20))), helvetica)
	if _, err := Text(strings.NewReader(bomb), PDF, Limits{Unpacked: 1 << 20}); err == nil || faultOf(t, err).Key != "sheet.too_big" {
		t.Errorf("a bomb: %v", err)
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"姓名,数量\r\n张三,1\r\n", "\ufeffa;b\n\n\"x\ny\";2\n", "\xff\xfea\x00,\x00b\x00", "\xd0\xd5\xc3\xfb,1\n", "'=1,''=1,'\t\n", "a\n\"b\nc", "\r\n\r\n,\n", "\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := readRows(t, data, CSV, Limits{Rows: 1000})
		last := 0
		for _, row := range rows {
			if row.Number <= last || len(row.Cells) == 0 {
				t.Fatalf("row %d after %d with %q", row.Number, last, row.Cells)
			}
			last = row.Number
		}
		if err != nil {
			faultOf(t, err)
			return
		}
		// What was read can be written and read again; only empty rows go.
		var b bytes.Buffer
		w, err := NewWriter(&b, CSV, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			cells := make([]any, len(row.Cells))
			for i, cell := range row.Cells {
				cells[i] = strings.TrimSpace(strings.ReplaceAll(cell, "\r", ""))
			}
			if err := w.Write(cells...); err != nil {
				t.Skip("longer than a cell")
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			return
		}
		if _, err := readRows(t, b.Bytes(), CSV, Limits{}); err != nil {
			t.Fatalf("%v in %q", err, b.String())
		}
	})
}

func FuzzXLSX(f *testing.F) {
	plain := workbook(f, func(x *excelize.File) error { return x.SetSheetRow("Sheet1", "A1", &[]any{"姓名", 1, "'=x"}) })
	sheet := `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>`
	for _, seed := range []string{
		`<row r="1"><c r="A1"><v>1</v></c></row>`, `<row r="2"><c r="B2" t="s"><v>0</v></c><c t="inlineStr"><is><t>x</t></is></c></row>`,
		`<row r="-1"><c r="A0" t="s"><v>99</v></c></row>`, `<row><c r="ZZZZ1"/></row>`, `<row r="5"/><row r="3"><c r="A9"><f>1</f></c></row>`, `<row r="1"><c t="s"><v>-1</v></c>`,
	} {
		f.Add(fmt.Sprintf(sheet, seed))
	}
	f.Fuzz(func(t *testing.T, part string) {
		data := repack(t, plain, func(name string, old []byte) (string, []byte) {
			if name == "xl/worksheets/sheet1.xml" {
				return name, []byte(part)
			}
			return name, old
		})
		if _, err := readRows(t, data, XLSX, Limits{Rows: 1000}); err != nil {
			faultOf(t, err)
		}
		if _, err := Text(bytes.NewReader(data), XLSX, Limits{}); err != nil && !errors.Is(err, ErrUnreadable) {
			faultOf(t, err)
		}
	})
}

func FuzzPDF(f *testing.F) {
	f.Add([]byte(makePDF(catalogue, pageTree, onePage, streamOf("", "BT /F 10 Tf (1) Tj [(2) -3 <33>] TJ T* ' ET BI ID xx EI q Q"), helvetica)))
	f.Add([]byte(makePDF(catalogue, pageTree, onePage, streamOf("/Filter /FlateDecode", deflate("/X Do")), helvetica, streamOf("/Subtype /Form /Matrix [1 0 0 1 0 0]", "/X Do"))))
	f.Add([]byte(makePDF(catalogue, pageTree, onePage, streamOf("", "BT /F 1 Tf <00> Tj ET"), "<< /Subtype /Type0 /ToUnicode 6 0 R /DescendantFonts [<< /W [0 65535 1 2 [3]] >>] >>", streamOf("", "1 beginbfrange <0000> <ffff> <0000> endbfrange"))))
	f.Add([]byte("%PDF-1 0 obj [[[[<<(((\\1 >> ]"))
	f.Add([]byte("%PDF-1 0 obj 1 0 R endobj trailer << /Root 1 0 R >>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Text(bytes.NewReader(data), PDF, Limits{Unpacked: 1 << 20}); err != nil && !errors.Is(err, ErrUnreadable) {
			faultOf(t, err)
		}
	})
}

func BenchmarkReadXLSX(b *testing.B) {
	var out bytes.Buffer
	w, err := NewWriter(&out, XLSX, "名册")
	if err != nil {
		b.Fatal(err)
	}
	for i := range 10_000 {
		if err := w.Write("张三", "3幢2单元501", i, "心愿", 2.5, "建邺区洲岛家园社区"); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if rows, err := readRows(b, out.Bytes(), XLSX, Limits{}); err != nil || len(rows) != 10_000 {
			b.Fatal(len(rows), err)
		}
	}
}
