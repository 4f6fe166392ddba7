package tally

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number: Unscaled / 10^Scale, with Scale from 0 to 18. The zero value is 0.
type Decimal struct {
	Unscaled int64
	Scale    uint8
}

// Int makes a Decimal of a whole number.
func Int(n int64) Decimal { return Decimal{Unscaled: n} }

var errNumber = errors.New("not a number")

var pow10 = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// ParseDecimal reads a number as found in Pabulib files: an optional sign, digits with a point or a comma before the decimals
// ("31850.00", "1000,5"), spaces or apostrophes between groups of digits, an exponent ("1e6"). A single comma or point is
// the decimal sign, as pabutools reads it; where several stand in one number, the last one of a kind that occurs once is
// ("1.234,50", "1,234.50") and repeated ones separate thousands ("1,234,567"). Numbers of more than 18 significant
// digits are refused, never rounded.
func ParseDecimal(s string) (Decimal, error) {
	text := strings.TrimSpace(s)
	neg := false
	if text != "" && (text[0] == '-' || text[0] == '+') {
		neg, text = text[0] == '-', text[1:]
	}
	exp := 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		n, err := strconv.Atoi(text[i+1:])
		if exp = n; err != nil || exp < -18 || exp > 18 {
			return Decimal{}, fmt.Errorf("%w: %q", errNumber, s)
		}
		text = text[:i]
	}
	point := decimalSign(text)
	var d Decimal
	digits, scale, pendingZeros, started := 0, 0, 0, false
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			started = true
			if i > point {
				scale++
			}
			// Zeros are put off until another digit follows: "31850.00" has five digits, not seven.
			if c == '0' {
				pendingZeros++
				continue
			}
			for ; pendingZeros > 0; pendingZeros-- {
				if d.Unscaled != 0 {
					if digits++; digits > 18 {
						return Decimal{}, fmt.Errorf("number of more than 18 digits: %q", s)
					}
					d.Unscaled *= 10
				}
			}
			if digits++; digits > 18 {
				return Decimal{}, fmt.Errorf("number of more than 18 digits: %q", s)
			}
			d.Unscaled = d.Unscaled*10 + int64(c-'0')
		case i == point, c == '.' || c == ',', (c == ' ' || c == '\u00a0' || c == '\u202f' || c == '\'') && started:
		default:
			return Decimal{}, fmt.Errorf("%w: %q", errNumber, s)
		}
	}
	if !started {
		return Decimal{}, fmt.Errorf("%w: %q", errNumber, s)
	}
	if d.Unscaled == 0 {
		return Decimal{}, nil
	}
	// The value is Unscaled · 10^(pendingZeros − scale + exp).
	e := pendingZeros - scale + exp
	for ; e > 0; e-- {
		if digits++; digits > 18 {
			return Decimal{}, fmt.Errorf("number of more than 18 digits: %q", s)
		}
		d.Unscaled *= 10
	}
	if e < -18 {
		return Decimal{}, fmt.Errorf("number of more than 18 decimals: %q", s)
	}
	d.Scale = uint8(-e)
	if neg {
		d.Unscaled = -d.Unscaled
	}
	return d, nil
}

// decimalSign gives the index of the decimal sign in the text, or its length when there is none.
func decimalSign(text string) int {
	dots, commas := strings.Count(text, "."), strings.Count(text, ",")
	dot, comma := strings.LastIndexByte(text, '.'), strings.LastIndexByte(text, ',')
	switch {
	case dots == 1 && commas == 1:
		return max(dot, comma)
	case dots == 1 && dot > comma:
		return dot
	case commas == 1 && comma > dot:
		return comma
	}
	return len(text)
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.Unscaled < 0:
		return -1
	case d.Unscaled > 0:
		return 1
	}
	return 0
}

// Rat gives the number as a fraction.
func (d Decimal) Rat() *big.Rat { return big.NewRat(d.Unscaled, pow10[d.Scale]) }

// scaled gives the number times 10^scale; scale must not be below d.Scale.
func (d Decimal) scaled(scale uint8) *big.Int {
	n := big.NewInt(d.Unscaled)
	return n.Mul(n, big.NewInt(pow10[scale-d.Scale]))
}

// String writes the shortest exact form: "31850", "1000000.5".
func (d Decimal) String() string {
	for d.Scale > 0 && d.Unscaled%10 == 0 {
		d.Unscaled /= 10
		d.Scale--
	}
	if d.Scale == 0 {
		return fmt.Sprint(d.Unscaled)
	}
	sign, n := "", d.Unscaled
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%0*d", sign, n/pow10[d.Scale], int(d.Scale), n%pow10[d.Scale])
}

// money holds the budget and the costs of an election as whole numbers of one common fraction of the currency unit.
type money struct {
	scale     uint8
	budget    *big.Int
	cost      []*big.Int
	increment *big.Int // per voter and step
}

func newMoney(e *Election, increment Decimal) (*money, error) {
	if increment == (Decimal{}) {
		increment = Int(1)
	}
	if increment.Sign() < 0 {
		return nil, errors.New("the increment must be above zero")
	}
	if e.Budget.Sign() < 0 {
		return nil, errors.New("the budget is negative")
	}
	m := &money{scale: max(e.Budget.Scale, increment.Scale)}
	for i := range e.Projects {
		if e.Projects[i].Cost.Sign() < 0 {
			return nil, fmt.Errorf("project %q has a negative cost", e.Projects[i].ID)
		}
		m.scale = max(m.scale, e.Projects[i].Cost.Scale)
	}
	m.budget, m.increment = e.Budget.scaled(m.scale), increment.scaled(m.scale)
	for i := range e.Projects {
		m.cost = append(m.cost, e.Projects[i].Cost.scaled(m.scale))
	}
	return m, nil
}

// rat turns num/den, counted in the money's smallest unit, into currency units.
func (m *money) rat(num, den *big.Int) *big.Rat {
	return new(big.Rat).SetFrac(num, new(big.Int).Mul(den, big.NewInt(pow10[m.scale])))
}
