package gate

import (
	"strings"
	"time"
	"unicode"
)

// judge tells whether groups read as one are a number of a kind, and its masked form.
func judge(groups []group) (kind Kind, masked string, ok bool) {
	size := 0
	for _, g := range groups {
		size += len(g.digits)
	}
	if size < 10 || size > 19 {
		return "", "", false
	}
	digits := join(groups)
	first, last := groups[0], groups[len(groups)-1]
	if last.tail || strings.IndexByte(digits, 'X') >= 0 && strings.IndexByte(digits, 'X') != 17 {
		return "", "", false
	}
	if residentID18(digits) {
		return ResidentID, digits[:3] + strings.Repeat("*", 13) + digits[16:], true
	}
	sizes := shape(groups)
	if (sizes == "15" || sizes == "6-6-3") && !first.letter && residentID15(digits) && !namedSerial(first.context) {
		return ResidentID, digits[:3] + strings.Repeat("*", 10) + digits[13:], true
	}
	// After a word such as 订单号 only the prefix of UnionPay still speaks for a card.
	if cardShape(groups) && bankCard(digits) && (strings.HasPrefix(digits, "62") || !namedSerial(first.context)) {
		return BankCard, digits[:4] + strings.Repeat("*", len(digits)-8) + digits[len(digits)-4:], true
	}
	if first.letter && !namesPhone(first.context) {
		return "", "", false
	}
	local, abroad := countryCode(groups)
	if len(local) == 0 {
		return "", "", false
	}
	digits, sizes = join(local), shape(local)
	dotted := false
	for _, g := range local[1:] {
		dotted = dotted || g.dot
	}
	if mobileShapes[sizes] && (!dotted || sizes == "3-4-4") && mobile(digits) {
		return Mobile, Mask(digits), !namedSerial(first.context)
	}
	if sizes == "12" && digits[0] == '0' && mobile(digits[1:]) { // 0138… as dialled from fixed lines once
		return Mobile, Mask(digits[1:]), !namedSerial(first.context)
	}
	if abroad && digits[0] != '0' {
		digits = "0" + digits
	}
	if n := areaCode(digits, local, abroad); n > 0 && !dotted {
		return Landline, digits[:n] + "****" + digits[len(digits)-4:], !namedSerial(first.context)
	}
	return "", "", false
}

// shape writes the sizes of groups: 3-4-4.
func shape(groups []group) string {
	var b strings.Builder
	for i, g := range groups {
		if i > 0 {
			b.WriteByte('-')
		}
		if n := len(g.digits); n >= 10 {
			b.WriteByte(byte('0' + n/10))
			b.WriteByte(byte('0' + n%10))
		} else {
			b.WriteByte(byte('0' + n))
		}
	}
	return b.String()
}

// provinces are the first two digits of an identity number, GB/T 2260, with 83 and 91 in use for residents of Taiwan and abroad.
const provinces = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91 "

func province(digits string) bool { return strings.Contains(provinces, " "+digits[:2]+" ") }

// residentID18 checks form, province, day of birth and the check character of GB 11643-1999 (ISO 7064, MOD 11-2).
func residentID18(digits string) bool {
	if len(digits) != 18 || !province(digits) {
		return false
	}
	born, err := time.Parse("20060102", digits[6:14])
	if err != nil || born.Year() < 1890 || born.Year() > 2090 {
		return false
	}
	sum := 0
	for i := range 17 {
		sum = (sum + int(digits[i]-'0')) * 2 % 11
	}
	return digits[17] == "0123456789X"[(12-sum)%11]
}

// residentID15 checks the form issued until 1999, which has no check character: province, prefecture and county other than
// 00, a day of birth in the 20th century.
func residentID15(digits string) bool {
	if len(digits) != 15 || !province(digits) || digits[2:4] == "00" || digits[4:6] == "00" {
		return false
	}
	_, err := time.Parse("20060102", "19"+digits[6:12])
	return err == nil
}

// issuers are the prefixes of cards met in China with their lengths; ISO/IEC 7812 and the issuers' public ranges.
var issuers = []struct {
	prefix string
	sizes  string
}{
	{"62", " 16 17 18 19 "}, {"81", " 16 17 18 19 "}, // UnionPay
	{"9558", " 16 19 "}, {"9559", " 19 "}, {"103", " 19 "}, {"4367", " 16 19 "}, {"60", " 16 17 18 19 "}, // banks' own, before UnionPay
	{"4", " 16 "}, {"51", " 16 "}, {"52", " 16 "}, {"53", " 16 "}, {"54", " 16 "}, {"55", " 16 "}, {"35", " 16 "}, // Visa, Mastercard, JCB
}

func bankCard(digits string) bool {
	known := false
	size := " 1" + string(rune('0'+len(digits)-10)) + " "
	if len(digits) < 16 || len(digits) > 19 {
		return false
	}
	for _, issuer := range issuers {
		known = known || strings.HasPrefix(digits, issuer.prefix) && strings.Contains(issuer.sizes, size)
	}
	return known && luhn(digits)
}

// luhn checks the check digit of ISO/IEC 7812.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if d > 9 { // X
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// cardShape tells the ways a card number is written: in one, in fours, six first, or each digit apart. Stops part amounts.
func cardShape(groups []group) bool {
	fours, ones := true, true
	for i, g := range groups {
		n, last := len(g.digits), i == len(groups)-1
		if g.dot && i > 0 {
			return false
		}
		fours = fours && (n == 4 || last && n < 4)
		ones = ones && n == 1
	}
	return len(groups) == 1 || fours || ones || len(groups) == 2 && len(groups[0].digits) == 6
}

// mobileShapes are the ways people write the eleven digits. Other sizes are more likely several numbers side by side.
var mobileShapes = map[string]bool{
	"11": true, "3-4-4": true, "3-8": true, "7-4": true, "3-3-5": true, "4-4-3": true, "4-3-4": true, "5-6": true, "3-2-3-3": true, "5-3-3": true,
	"1-1-1-1-1-1-1-1-1-1-1": true, "2-2-2-2-2-1": true, "1-2-2-2-2-2": true, "3-2-2-2-2": true,
}

func mobile(digits string) bool {
	return len(digits) == 11 && digits[0] == '1' && digits[1] >= '3' && digits[1] <= '9'
}

// countryCode takes +86, 0086 or 86 away.
func countryCode(groups []group) (local []group, abroad bool) {
	head := groups[0].digits
	if head == "86" || head == "0086" {
		return groups[1:], true
	}
	for _, code := range []string{"0086", "86"} {
		if rest, ok := strings.CutPrefix(head, code); ok && len(join(groups))-len(code) == 11 {
			local = append(local, groups...)
			local[0].digits = rest
			return local, true
		}
	}
	return groups, false
}

// areaCode is the length of the area code, with its 0, of a fixed line's number, and 0 when it is none. 010 and 02x have
// eight digits after it, others seven or eight; no local number begins with 0, 1 or 9.
func areaCode(digits string, groups []group, abroad bool) int {
	if len(digits) < 10 || digits[0] != '0' || strings.IndexByte(digits, 'X') >= 0 {
		return 0
	}
	n := 4
	switch {
	case digits[1] == '1' && digits[2] == '0', digits[1] == '2' && digits[2] != '6':
		n = 3
	case digits[1] < '3', digits[2] == '0':
		return 0
	}
	if rest := len(digits) - n; rest != 8 && (n == 3 || rest != 7) {
		return 0
	}
	if digits[n] < '2' || digits[n] > '8' {
		return 0
	}
	code := n
	if abroad && groups[0].digits[0] != '0' {
		code--
	}
	switch sizes := shape(groups); {
	case len(groups) == 1:
		return n
	case len(groups[0].digits) != code:
		return 0
	case len(groups) == 2, strings.HasSuffix(sizes, "-4-4"), strings.HasSuffix(sizes, "-3-4"):
		return n
	}
	return 0
}

// serials are words after which a number is no person's.
var serials = []string{
	"订单号", "订单编号", "单号", "流水号", "编号", "工单号", "受理号", "条码", "条形码", "发票号", "发票号码", "发票代码", "信用代码", "合同号", "案号",
	"序列号", "批号", "许可证号", "备案号", "注册号", "文号", "设备号", "表号", "户号", "imei", "sn",
}

// namedSerial tells whether the text before a number ends with such a word.
func namedSerial(before string) bool {
	before = strings.ToLower(strings.TrimRightFunc(before, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(":：为是#№.（(【[", r)
	}))
	for _, word := range serials {
		if strings.HasSuffix(before, word) {
			return true
		}
	}
	return false
}

// namesPhone tells whether the letters right before a number are a word for a phone, not a part of a serial number.
func namesPhone(before string) bool {
	before = strings.ToLower(before)
	for _, word := range []string{"tel", "phone", "mobile", "mob", "call", "vx", "wx"} {
		if head, ok := strings.CutSuffix(before, word); ok && (head == "" || !alphanumeric(rune(head[len(head)-1]))) {
			return true
		}
	}
	return false
}
