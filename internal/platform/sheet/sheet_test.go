package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func readRows(t testing.TB, data []byte, kind Kind, limits Limits) ([]Row, error) {
	t.Helper()
	r, err := Open(bytes.NewReader(data), kind, limits)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var rows []Row
	for {
		row, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
}

func show(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%d%q", r.Number, r.Cells)
	}
	return b.String()
}

func faultOf(t testing.TB, err error) CellError {
	t.Helper()
	var fault CellError
	if !errors.As(err, &fault) {
		t.Fatalf("%v is no CellError", err)
	}
	return fault
}

func TestCSVEncodings(t *testing.T) {
	const text = "姓名,数量\r\n\r\n张三,\"7000\r\n斤\"\r\n李四, ５ \r\n"
	const want = `1["姓名" "数量"]3["张三" "7000\n斤"]4["李四" "５"]`
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	le, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(text, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	be, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"UTF-8": text, "with mark": "\ufeff" + text, "GBK": gbk, "UTF-16LE, tabs": le, "UTF-16BE": be, "semicolons": strings.ReplaceAll(text, ",", ";"),
	} {
		rows, err := readRows(t, []byte(data), CSV, Limits{})
		if err != nil || show(rows) != want {
			t.Errorf("%s: %s, %v", name, show(rows), err)
		}
	}
}

func TestRefusedCSV(t *testing.T) {
	for name, tt := range map[string]struct {
		text   string
		limits Limits
		want   CellError
	}{
		"empty":       {" \r\n", Limits{}, CellError{Key: "sheet.empty"}},
		"bytes":       {"a,b", Limits{Bytes: 2}, CellError{Key: "sheet.too_big"}},
		"rows":        {"a\n\n\nb", Limits{Rows: 3}, CellError{Row: 4, Key: "sheet.too_many_rows"}},
		"columns":     {"a,b,c", Limits{Columns: 2}, CellError{Row: 1, Column: "C", Key: "sheet.too_many_columns"}},
		"cell":        {"a,长长长", Limits{Cell: 2}, CellError{Row: 1, Column: "B", Key: "sheet.cell_too_long"}},
		"nul":         {"a\nb,\x00", Limits{}, CellError{Row: 2, Column: "B", Key: "sheet.nul"}},
		"formula":     {"a\n\n, =1+1", Limits{}, CellError{Row: 3, Column: "B", Key: "sheet.formula"}},
		"full width":  {"＝1+1", Limits{}, CellError{Row: 1, Column: "A", Key: "sheet.formula"}},
		"plus":        {"+SUM(A1)", Limits{}, CellError{Row: 1, Column: "A", Key: "sheet.formula"}},
		"dde":         {"@x|' /C calc'!A1", Limits{}, CellError{Row: 1, Column: "A", Key: "sheet.formula"}},
		"quotes":      {"a\nb,\"c\"d\n", Limits{}, CellError{Row: 2, Key: "sheet.quotes"}},
		"encoding":    {"\xff\x30\x81", Limits{}, CellError{Key: "sheet.encoding"}},
		"an XLSX":     {"PK\x03\x04rest", Limits{}, CellError{Key: "sheet.kind"}},
		"odd UTF-16":  {"\xff\xfea", Limits{}, CellError{Key: "sheet.encoding"}},
		"bad after 毛": {"\ufeff毛\xff", Limits{}, CellError{Key: "sheet.encoding"}},
	} {
		_, err := readRows(t, []byte(tt.text), CSV, tt.limits)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		got := faultOf(t, err)
		got.Args = nil
		if got.Row != tt.want.Row || got.Column != tt.want.Column || got.Key != tt.want.Key {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	harmless := "+86(025)83301234,-5,－,@张三,- 无（暂时）,-1(备注)\n"
	if rows, err := readRows(t, []byte(harmless), CSV, Limits{}); err != nil || len(rows) != 1 || rows[0].Cell(0) != "+86(025)83301234" {
		t.Errorf("harmless cells: %s, %v", show(rows), err)
	}
}

// workbook makes an XLSX; edit may change the file before it is written.
func workbook(t testing.TB, edit func(f *excelize.File) error) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	if err := edit(f); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// repack rewrites an archive's entries.
func repack(t testing.TB, data []byte, edit func(name string, part []byte) (string, []byte)) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, entry := range archive.File {
		in, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		name, part := edit(entry.Name, part)
		w, err := out.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestXLSX(t *testing.T) {
	style := 0
	data := workbook(t, func(f *excelize.File) (err error) {
		if style, err = f.NewStyle(&excelize.Style{NumFmt: 14}); err != nil {
			return err
		}
		err = errors.Join(
			f.SetSheetName("Sheet1", "封面"), f.SetCellStr("封面", "A1", "不看"),
			f.SetSheetRow("封面", "A9", &[]any{"x"}),
		)
		if _, e := f.NewSheet("名册"); e != nil {
			return e
		}
		return errors.Join(err,
			f.SetSheetRow("名册", "A2", &[]any{" 姓名 ", "日期", "电话", "数量"}),
			f.SetSheetRow("名册", "A5", &[]any{"张三", time.Date(2026, 3, 4, 15, 30, 0, 0, time.UTC), 13812345678, 2.5}),
			f.SetSheetRow("名册", "A6", &[]any{"李四", "2026年3月4日", 1.3812345678e10, true}),
			f.SetCellStyle("名册", "B5", "B5", style),
			func() error { f.SetActiveSheet(1); return f.SetSheetVisible("封面", false) }(),
		)
	})
	rows, err := readRows(t, data, XLSX, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[0].Number != 2 || rows[1].Number != 5 || !slices.Equal(rows[0].Cells, []string{"姓名", "日期", "电话", "数量"}) {
		t.Fatalf("rows %s", show(rows))
	}
	if rows[1].Cell(2) != "13812345678" || rows[2].Cell(2) != "13812345678" || rows[1].Cell(3) != "2.5" || rows[1].Cell(99) != "" {
		t.Errorf("rows %s", show(rows))
	}
	if got, ok := rows[1].Time(1, time.UTC); !ok || !got.Equal(time.Date(2026, 3, 4, 15, 30, 0, 0, time.UTC)) {
		t.Errorf("date cell %q read as %v", rows[1].Cell(1), got)
	}
	if got, ok := rows[2].Time(1, time.UTC); !ok || !got.Equal(time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("date text %q read as %v", rows[2].Cell(1), got)
	}
	if _, ok := rows[1].Time(0, time.UTC); ok {
		t.Error("张三 was read as a date")
	}
	if _, ok := (Row{Cells: []string{"46085"}}).Time(0, time.UTC); ok {
		t.Error("a number of a CSV was read as a date")
	}
}

func TestRefusedXLSX(t *testing.T) {
	plain := workbook(t, func(f *excelize.File) error { return f.SetSheetRow("Sheet1", "A1", &[]any{"a", "b"}) })
	formula := workbook(t, func(f *excelize.File) error {
		return errors.Join(f.SetCellFormula("Sheet1", "B3", "1+1"), f.SetCellStr("Sheet1", "A1", "a"))
	})
	bomb := repack(t, plain, func(name string, part []byte) (string, []byte) {
		if name == "xl/worksheets/sheet1.xml" {
			part = bytes.Replace(part, []byte("</sheetData>"), append(bytes.Repeat([]byte(" "), 4<<20), "</sheetData>"...), 1)
		}
		return name, part
	})
	for name, tt := range map[string]struct {
		data   []byte
		limits Limits
		want   CellError
	}{
		"formula": {formula, Limits{}, CellError{Row: 3, Column: "B", Key: "sheet.formula"}},
		"formula in a renamed part": {repack(t, formula, func(name string, part []byte) (string, []byte) {
			if name == "xl/worksheets/sheet1.xml" {
				return "xl/other.bin", part
			}
			return name, bytes.ReplaceAll(part, []byte("worksheets/sheet1.xml"), []byte("other.bin"))
		}), Limits{}, CellError{Row: 3, Column: "B", Key: "sheet.formula"}},
		"text like a formula": {workbook(t, func(f *excelize.File) error { return f.SetCellStr("Sheet1", "A1", "=1+1") }), Limits{}, CellError{Row: 1, Column: "A", Key: "sheet.formula"}},
		"macros": {repack(t, plain, func(name string, part []byte) (string, []byte) {
			if strings.HasPrefix(name, "docProps/core") {
				return "xl/vbaProject.bin", part
			}
			return name, part
		}), Limits{}, CellError{Key: "sheet.macros"}},
		"bomb":     {bomb, Limits{Unpacked: 1 << 20}, CellError{Key: "sheet.too_big"}},
		"entries":  {plain, Limits{Entries: 3}, CellError{Key: "sheet.too_big"}},
		"far row":  {workbook(t, func(f *excelize.File) error { return f.SetCellStr("Sheet1", "A1048576", "x") }), Limits{}, CellError{Row: 1048576, Key: "sheet.too_many_rows"}},
		"far cell": {workbook(t, func(f *excelize.File) error { return f.SetCellStr("Sheet1", "XFD1", "x") }), Limits{}, CellError{Row: 1, Column: "XFD", Key: "sheet.too_many_columns"}},
		"old xls":  {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Limits{}, CellError{Key: "sheet.kind"}},
		"no zip":   {[]byte("hello"), Limits{}, CellError{Key: "sheet.unreadable"}},
		"cut":      {plain[:len(plain)/2], Limits{}, CellError{Key: "sheet.unreadable"}},
	} {
		_, err := readRows(t, tt.data, XLSX, tt.limits)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		got := faultOf(t, err)
		if got.Row != tt.want.Row || got.Column != tt.want.Column || got.Key != tt.want.Key {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	if _, err := readRows(t, bomb, XLSX, Limits{}); err != nil {
		t.Errorf("within the bounds: %v", err)
	}
}

// What is written neutralised reads as it was, in both formats, and a spreadsheet program sees no formula.
func TestWriteAndReadAgain(t *testing.T) {
	texts := []string{"=1+1", "+1", "-无", "@张三", "＝1", "'=x", "''=x", "'引号'", "普通，\"文字\"", "a\nb", "+cmd|' /C calc'!A0"}
	for _, kind := range []Kind{CSV, XLSX} {
		var b bytes.Buffer
		w, err := NewWriter(&b, kind, "名册")
		if err != nil {
			t.Fatal(err)
		}
		row := make([]any, len(texts))
		for i, text := range texts {
			row[i] = text
		}
		if err := errors.Join(w.Write(row...), w.Write("x", -5, int64(7000), 2.5, nil, true, time.Date(2026, 3, 4, 15, 30, 59, 0, time.UTC)), w.Close()); err != nil {
			t.Fatal(err)
		}
		if kind == CSV {
			if !strings.HasPrefix(b.String(), "\ufeff'=1+1,'+1,'-无,'@张三,'＝1,''=x,'''=x,'引号',") {
				t.Errorf("written %q", b.String())
			}
		}
		rows, err := readRows(t, b.Bytes(), kind, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if !slices.Equal(rows[0].Cells, texts) {
			t.Errorf("%s: read %q, written %q", kind, rows[0].Cells, texts)
		}
		trueText := map[Kind]string{CSV: "true", XLSX: "1"}[kind]
		if want := []string{"x", "-5", "7000", "2.5", "", trueText, "2026-03-04 15:30"}; !slices.Equal(rows[1].Cells, want) {
			t.Errorf("%s: read %q, want %q", kind, rows[1].Cells, want)
		}
		if err := w.Write(strings.Repeat("x", 32767)); err == nil {
			t.Errorf("%s: a text beyond a cell was written", kind)
		}
		if err := w.Write(struct{}{}); err == nil {
			t.Errorf("%s: a struct was written", kind)
		}
	}
}

func TestHeader(t *testing.T) {
	columns := []Column{
		{Name: "name", Synonyms: []string{"姓名", "居民姓名"}, Required: true},
		{Name: "phone", Synonyms: []string{"手机", "电话", "手机号"}},
		{Name: "since", Synonyms: []string{"起始日期"}},
	}
	open := func(text string) Reader {
		r, err := Open(strings.NewReader(text), CSV, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := open("洲岛家园社区居民名册\n填表日期：2026-03-04\n*姓　名（必填）,ＰＨＯＮＥ,起始 日期,备注\n张三,138,2026/3/4,x\n")
	h, err := ReadHeader(r, columns)
	if err != nil || h.Row.Number != 3 || !slices.Equal(h.Unknown, []string{"备注"}) || !h.Has("phone") {
		t.Fatalf("%+v, %v", h, err)
	}
	row, err := r.Next()
	if err != nil || h.Get(row, "name") != "张三" || h.Get(row, "phone") != "138" || h.Get(row, "none") != "" {
		t.Errorf("%+v, %v", row, err)
	}
	if got, ok := h.Time(row, "since", time.UTC); !ok || got.Day() != 4 {
		t.Errorf("since %v", got)
	}
	if got := h.Fault(row, "phone", "member.phone_bad", "138"); got.Row != 4 || got.Column != "B" || got.Title != "ＰＨＯＮＥ" || got.Error() != "row 4 column B: member.phone_bad [138]" {
		t.Errorf("%+v: %v", got, got)
	}
	for text, want := range map[string]string{
		"电话,备注\n138,x\n":   "row 1: sheet.column_missing [姓名]",
		"姓名,手机,电话\n":       "row 1 column C: sheet.column_twice [B]",
		"姓名,居民姓名,手机,手机号\n": "row 1 column B: sheet.column_twice [A] and 1 more",
	} {
		if _, err := ReadHeader(open(text), columns); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	for n, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA", 16383: "XFD"} {
		if got := Letters(n); got != want {
			t.Errorf("Letters(%d) = %s, want %s", n, got, want)
		}
	}
	for name, want := range map[string]Kind{"名册.XLSX": XLSX, "a.b.csv": CSV, "x.pdf": PDF, "x.xls": "", "csv": ""} {
		if got, ok := KindOf(name); got != want || ok != (want != "") {
			t.Errorf("KindOf(%s) = %q, %v", name, got, ok)
		}
	}
}
