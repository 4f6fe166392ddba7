package gate

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestScan(t *testing.T) {
	for _, tt := range []struct {
		text  string
		kind  Kind // "" for none
		found string
		mask  string
	}{
		// The two examples of GB 11643 itself.
		{"身份证11010519491231002X，谢谢", ResidentID, "11010519491231002X", "110*************2X"},
		{"440524188001010014", "", "", ""}, // born 1880: nobody alive
		{"身份证号:110105 19491231 002x。", ResidentID, "110105 19491231 002x", "110*************2X"},
		{"１１０１０５１９４９１２３１００２Ｘ", ResidentID, "１１０１０５１９４９１２３１００２Ｘ", "110*************2X"},
		{"1101 0519 4912 3100 2X", ResidentID, "1101 0519 4912 3100 2X", "110*************2X"},
		{"110105-1949-1231-002 X", ResidentID, "110105-1949-1231-002 X", "110*************2X"},
		{"11010519491231\u200b002X", ResidentID, "11010519491231\u200b002X", "110*************2X"},
		{"110105194912310021", "", "", ""}, // wrong check character
		{"110105194913310028", "", "", ""}, // 31.13.
		{"11010519491231002XY", "", "", ""},
		{"旧证320105490101123到期", ResidentID, "320105490101123", "320**********23"},
		{"320105491301123", "", "", ""},
		{"订单号：320105490101123", "", "", ""},

		{"卡号6222 0212 3456 7890 128", BankCard, "6222 0212 3456 7890 128", "6222***********0128"},
		{"6222021234567890128", BankCard, "6222021234567890128", "6222***********0128"},
		{"4111-1111-1111-1111", BankCard, "4111-1111-1111-1111", "4111********1111"},
		{"6222021234567890129", "", "", ""}, // Luhn
		{"7111111111111111", "", "", ""},    // no issuer
		{"订单编号4111111111111111", "", "", ""},

		{"打13812345678找我", Mobile, "13812345678", "138****5678"},
		{"138-1234-5678", Mobile, "138-1234-5678", "138****5678"},
		{"138.1234.5678", Mobile, "138.1234.5678", "138****5678"},
		{"１３８ １２３４ ５６７８", Mobile, "１３８ １２３４ ５６７８", "138****5678"},
		{"1 3 8 1 2 3 4 5 6 7 8", Mobile, "1 3 8 1 2 3 4 5 6 7 8", "138****5678"},
		{"+86 138 1234 5678", Mobile, "86 138 1234 5678", "138****5678"},
		{"+8613812345678", Mobile, "8613812345678", "138****5678"},
		{"tel13812345678", Mobile, "13812345678", "138****5678"},
		{"13812345678@163.com", Mobile, "13812345678", "138****5678"},
		{"2 13812345678", Mobile, "13812345678", "138****5678"},
		{"JD13812345678", "", "", ""},
		{"138123456789", "", "", ""},
		{"12812345678", "", "", ""},
		{"单号 13812345678", "", "", ""},
		{"快递电话 13812345678", Mobile, "13812345678", "138****5678"},
		{"1772345678901", "", "", ""}, // milliseconds

		{"座机025-83301234", Landline, "025-83301234", "025****1234"},
		{"（025）8330 1234转801", Landline, "025）8330 1234", "025****1234"},
		{"02583301234", Landline, "02583301234", "025****1234"},
		{"0512-6512345", Landline, "0512-6512345", "0512****2345"},
		{"+86 25 8330 1234", Landline, "86 25 8330 1234", "025****1234"},
		{"025-12345", "", "", ""},
		{"400-812-3456", "", "", ""},
		{"110 119 120 12345 96345", "", "", ""},

		{"7000斤白菜3.5元一斤，共24500元", "", "", ""},
		{"2026-03-04 15:00至2026-03-05 18:30，3幢2单元501室", "", "", ""},
		{"2023 2024 2025 2026", "", "", ""},
		{"192.168.100.200 118.7361234 31.9781234", "", "", ""},
		{"91320105MA1XK2345N", "", "", ""},
	} {
		found := Scan(tt.text)
		if tt.kind == "" {
			if len(found) > 0 {
				t.Errorf("%q: found %+v", tt.text, found)
			}
			continue
		}
		if len(found) != 1 || found[0].Kind != tt.kind || tt.text[found[0].Start:found[0].End] != tt.found || found[0].Masked != tt.mask {
			t.Errorf("%q: %+v, want %s %q masked %s", tt.text, found, tt.kind, tt.found, tt.mask)
		}
	}
}

func TestScanSeveral(t *testing.T) {
	text := "张三 13812345678 11010519491231002X 6222021234567890128、025-83301234"
	var kinds []Kind
	found := Scan(text)
	for _, f := range found {
		kinds = append(kinds, f.Kind)
	}
	if want := []Kind{Mobile, ResidentID, BankCard, Landline}; !slices.Equal(kinds, want) {
		t.Errorf("found %v, want %v", kinds, want)
	}
	if got, want := MaskAll(text, found), "张三 138****5678 110*************2X 6222***********0128、025****1234"; got != want {
		t.Errorf("masked %q, want %q", got, want)
	}
}

func TestAllow(t *testing.T) {
	text := "居委会 025-83301234、８３３０１２３４；值班 138 1234 5678；张三 13900001111"
	if got := len(Scan(text)); got != 3 {
		t.Errorf("%d without allowance, want 3", got)
	}
	found := Scan(text, "8330-1234", "+86 13812345678", "13812345678", "110")
	if len(found) != 1 || found[0].Masked != "139****1111" {
		t.Errorf("with allowance: %+v", found)
	}
}

func TestMask(t *testing.T) {
	for phone, want := range map[string]string{
		"13812345678": "138****5678", "138-1234-5678": "138****5678", "+86 13812345678": "138****5678", "１３８１２３４５６７８": "138****5678",
		"02583301234": "025****1234", "83301234": "****1234", "12345": "****", "": "****", "张三": "****", "张三13812345678": "****",
	} {
		if got := Mask(phone); got != want {
			t.Errorf("Mask(%q) = %q, want %q", phone, got, want)
		}
	}
}

func words(hits []Hit) string {
	var all []string
	for _, h := range hits {
		all = append(all, h.Word+":"+h.Key()+h.Number)
	}
	return strings.Join(all, " ")
}

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		scan       func(string) []Hit
		text, want string
	}{
		{Danger, "楼下着火了，有人昏迷", "着火:danger.fire119 昏迷:danger.medical120"},
		{Danger, "她说不想活了", "不想活了:danger.life110"},
		{Danger, "燃 气 泄 漏！", "燃气泄漏:danger.gas119"},
		{Danger, "邻居家暴", "家暴:danger.violence110"},
		{Danger, "防溺水宣传和反家暴讲座，消除火灾隐患", ""},
		{Danger, "落水管堵了，一直被困扰", ""},
		{Danger, "有人落水，被困在河里", "落水:danger.water119 被困:danger.trapped119"},
		{Money, "请扫收款码，或转账到支付宝账号", "收款码:money.code 转账到:money.transfer 支付宝账号:money.account"},
		{Money, "ＷＸＰ：／／f2f0abc", "wxp://:money.link"},
		{Money, "https://QR.alipay.com/fkx123", "qr.alipay.com:money.link"},
		{Money, "打我卡里 6222021234567890128", "6222***********0128:money.card"},
		{Money, "白菜每斤3.5元，价款由双方当面结清，平台不收付", ""},
		{Money, "门卡号丢了，勿先付款", ""},
		{Illness, "家人患肺癌住院，有HIV", "癌:illness.illness 住院:illness.illness hiv:illness.illness"},
		{Illness, "archive cancers防癌讲座打骨折", ""},
		{Illness, "慢性病随访、白内障筛查", ""},
	} {
		if got := words(tt.scan(tt.text)); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestRedact(t *testing.T) {
	text := "母亲尿毒 症住院，卡号6222021234567890128"
	hits := append(Money(text), Illness(text)...)
	hits = append(hits, Hit{Start: 3, End: 999}, Hit{Start: -1, End: 3}, hits[0])
	if got, want := Redact(text, hits), "母亲＊＊＊＊，＊＊＊＊"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What a list says must be found where it stands alone, with the number it names; else a word was spoilt by folding or is
// covered by a harmless one.
func TestEveryListedWordIsFound(t *testing.T) {
	for name, l := range map[string]list{"danger": dangerWords, "money": moneyWords, "illness": illnessWords} {
		n := 0
		for _, entries := range l {
			for _, e := range entries {
				n++
				hits := l.find("有" + e.hit.Word + "。")
				if e.harmless != (len(hits) == 0) {
					t.Errorf("%s: %q gives %v", name, e.hit.Word, hits)
				}
				if name == "danger" && !e.harmless && e.hit.Number != "110" && e.hit.Number != "119" && e.hit.Number != "120" {
					t.Errorf("%s: %q has the number %q", name, e.hit.Word, e.hit.Number)
				}
			}
		}
		if n < 50 {
			t.Errorf("%s has only %d words", name, n)
		}
	}
}

func FuzzScans(f *testing.F) {
	for _, seed := range []string{
		"张三 13812345678 11010519491231002X", "X", "1X2X3", "12345678901234567 X", "０２５－８３３０１２３４", "\xff1\xfe3\x00", "+86 (025) 8330-1234",
		strings.Repeat("1 ", 200), "收\u200b款 码wxp：//", "86", "0086 0086", "8613812345678X", "86 0", "İſK",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		found := Scan(text)
		for _, x := range found {
			if x.Start < end || x.End <= x.Start || x.End > len(text) || x.Masked == "" || strings.Count(x.Masked, "*") < 4 {
				t.Fatalf("%q: %+v", text, found)
			}
			end = x.End
		}
		for _, scan := range []func(string) []Hit{Danger, Money, Illness} {
			hits := scan(text)
			for _, h := range hits {
				if h.Start < 0 || h.End <= h.Start || h.End > len(text) {
					t.Fatalf("%q: %+v", text, hits)
				}
			}
			if utf8.ValidString(text) && !utf8.ValidString(Redact(text, hits)) {
				t.Fatalf("%q: cut inside a character", text)
			}
		}
		if again := Scan(MaskAll(text, found)); len(again) > len(found) {
			t.Fatalf("masking brings up numbers: %q", MaskAll(text, found))
		}
	})
}

func BenchmarkScan(b *testing.B) {
	text := strings.Repeat("老人住院，家里7000斤蔬菜卖不掉，订单2026030412345，电话13812345678。", 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Scan(text)
		Danger(text)
		Money(text)
		Illness(text)
	}
}
