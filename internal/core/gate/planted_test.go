package gate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// digits are random ones of the given number.
func digits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(10))
	}
	return string(b)
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// harmless writes what communities really write with numbers in it, none of which is a person's.
func harmless(r *rand.Rand) string {
	parts := []func() string{
		func() string { return fmt.Sprintf("订单号：%s", digits(r, 8+r.IntN(13))) },
		func() string {
			return fmt.Sprintf("快递单号 %s%s", pick(r, "SF", "JD", "YT", "", "7"), digits(r, 12+r.IntN(3)))
		},
		func() string {
			return fmt.Sprintf("受理编号%d%02d%02d%s", 2023+r.IntN(4), 1+r.IntN(12), 1+r.IntN(28), digits(r, 4+r.IntN(7)))
		},
		func() string {
			return fmt.Sprintf("%d-%02d-%02d %02d:%02d", 2020+r.IntN(8), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60))
		},
		func() string {
			return fmt.Sprintf("%d年%d月%d日上午%d点", 2020+r.IntN(8), 1+r.IntN(12), 1+r.IntN(28), 8+r.IntN(4))
		},
		func() string {
			return fmt.Sprintf("%d%02d%02d—%d%02d%02d", 2020+r.IntN(8), 1+r.IntN(12), 1+r.IntN(28), 2020+r.IntN(8), 1+r.IntN(12), 1+r.IntN(28))
		},
		func() string {
			return fmt.Sprintf("%d斤%s，每斤%d.%02d元", 10+r.IntN(9990), pick(r, "青菜", "土豆", "西瓜"), r.IntN(20), r.IntN(100))
		},
		func() string {
			return fmt.Sprintf("共计%d元，余%d.%02d元", r.IntN(100_000_000), r.IntN(1_000_000), r.IntN(100))
		},
		func() string { return fmt.Sprintf("%d,%03d,%03d.00元", 1+r.IntN(99), r.IntN(1000), r.IntN(1000)) },
		func() string { return fmt.Sprintf("%d幢%d单元%d", 1+r.IntN(40), 1+r.IntN(6), 101+r.IntN(2800)) },
		func() string { return fmt.Sprintf("%d-%d-%d室", 1+r.IntN(40), 1+r.IntN(6), 101+r.IntN(2800)) },
		func() string { return fmt.Sprintf("社区代码320105%s", digits(r, 6)) },
		func() string { return fmt.Sprintf("建政发〔%d〕%d号", 2015+r.IntN(12), 1+r.IntN(200)) },
		func() string {
			return "服务热线" + pick(r, "12345", "110", "119", "120", "96345", "400-800-8820", "95588", "4008308300")
		},
		func() string { return fmt.Sprintf("苏A%s", digits(r, 5)) },
		func() string {
			return fmt.Sprintf("坐标118.%s,31.%s", digits(r, 4+r.IntN(4)), digits(r, 4+r.IntN(4)))
		},
		func() string {
			return fmt.Sprintf("%d 户 %d 人 %d 票 %d%%", r.IntN(5000), r.IntN(20000), r.IntN(9000), r.IntN(101))
		},
		func() string { return fmt.Sprintf("电表读数 %s 水表读数 %s", digits(r, 6), digits(r, 5)) },
		func() string { return fmt.Sprintf("统一社会信用代码91320105MA%s", digits(r, 8)) },
		func() string { return fmt.Sprintf("会议号 %s %s %s", digits(r, 3), digits(r, 3), digits(r, 3)) },
		func() string {
			return fmt.Sprintf("得分 %d %d %d %d %d", r.IntN(101), r.IntN(101), r.IntN(101), r.IntN(101), r.IntN(101))
		},
		func() string {
			return fmt.Sprintf("预算%d %d %d %d", 1000+r.IntN(9000), 1000+r.IntN(9000), 1000+r.IntN(9000), 1000+r.IntN(9000))
		},
		func() string {
			return fmt.Sprintf("尺寸%d×%d×%d", 100+r.IntN(3000), 100+r.IntN(3000), 100+r.IntN(3000))
		},
		func() string { return fmt.Sprintf("编号%s", digits(r, 10+r.IntN(9))) },
	}
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(pick(r, "楼道灯坏了，", "明天搬家，", "请大家注意：", "通知 ", "蔬菜滞销，", "（附）", "\n"))
		b.WriteString(parts[r.IntN(len(parts))]())
		b.WriteString(pick(r, "。", "，谢谢！", "；", " ", "\n"))
	}
	return b.String()
}

// plant writes one number of a kind as people do.
func plant(r *rand.Rand) (Kind, string) {
	space := func(s string, sizes ...int) string {
		by := pick(r, "", " ", "-", "　", "－")
		var parts []string
		for _, n := range sizes {
			parts = append(parts, s[:n])
			s = s[n:]
		}
		return strings.Join(append(parts, s), by)
	}
	var kind Kind
	var s string
	switch r.IntN(4) {
	case 0:
		kind = ResidentID
		s = pick(r, "320105", "110108", "340122", "510104") + fmt.Sprintf("%d%02d%02d", 1930+r.IntN(90), 1+r.IntN(12), 1+r.IntN(28)) + digits(r, 3)
		// The weights as GB 11643 prints them, to check the scan by other means than its own.
		sum := 0
		for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
			sum += w * int(s[i]-'0')
		}
		s = space(s+string("10X98765432"[sum%11]), 6, 8)
	case 1:
		kind = BankCard
		s = pick(r, "622202", "621700", "622848", "625912") + digits(r, pickInt(r, 9, 12))
		for d := range 10 {
			if check := fmt.Sprint(d); luhn(s + check) {
				s = space(s+check, 4, 4, 4)
				break
			}
		}
		if strings.ContainsAny(s, " -　－") { // the rest after three fours has up to seven digits: cut it, too
			s = regroup(s)
		}
	case 2:
		kind = Mobile
		s = space("1"+string("3456789"[r.IntN(7)])+digits(r, 9), 3, 4)
	default:
		kind = Landline
		s = pick(r, "025-", "010-", "(025)", "025 ", "025") + string("2345678"[r.IntN(7)]) + digits(r, 7)
	}
	if r.IntN(4) == 0 {
		s = strings.Map(func(c rune) rune {
			if c >= '0' && c <= '9' {
				return c + '０' - '0'
			}
			return c
		}, s)
	}
	return kind, s
}

func pickInt(r *rand.Rand, of ...int) int { return of[r.IntN(len(of))] }

// regroup writes the digits of s in fours.
func regroup(s string) string {
	d := onlyDigits(s)
	var parts []string
	for ; len(d) > 4; d = d[4:] {
		parts = append(parts, d[:4])
	}
	return strings.Join(append(parts, d), " ")
}

func TestFalseAlarms(t *testing.T) {
	r := rand.New(rand.NewPCG(2026, 2))
	alarms := 0
	for range 1000 {
		text := harmless(r)
		if found := Scan(text); len(found) > 0 {
			alarms++
			t.Logf("%q: %+v", text, found)
		}
	}
	if alarms > 10 {
		t.Errorf("%d false alarms in 1,000 harmless texts, at most 10 wanted", alarms)
	}
}

func TestPlantedNumbersAreFound(t *testing.T) {
	r := rand.New(rand.NewPCG(2026, 3))
	missed := 0
	for range 1000 {
		kind, number := plant(r)
		before, after := harmless(r)+pick(r, "联系", "：", "找张三 ", "\n", "我的是"), pick(r, "。", "，", "\n", "谢谢")+harmless(r)
		text := before + number + after
		ok := false
		for _, f := range Scan(text) {
			ok = ok || f.Kind == kind && onlyDigits(text[f.Start:f.End]) == onlyDigits(number)
		}
		if !ok {
			missed++
			t.Errorf("%s %q is missed in %q: %+v", kind, number, text, Scan(text))
		}
	}
}
