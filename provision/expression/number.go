package expression

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"
)

// isNumber says that a text is a decimal number such as 7, -1 or 2.50. Exponents
// and the like are left out: 1e5 is rather somebody's key.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, fraction, point := strings.Cut(s, ".")
	return isDigits(whole) && (!point || isDigits(fraction))
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// compareNumbers compares two that isNumber knows, exactly.
func compareNumbers(a, b string) int {
	m, errA := strconv.ParseInt(a, 10, 64)
	n, errB := strconv.ParseInt(b, 10, 64)
	if errA == nil && errB == nil {
		return cmp.Compare(m, n)
	}
	var x, y big.Rat
	if _, ok := x.SetString(a); !ok {
		return strings.Compare(a, b)
	}
	if _, ok := y.SetString(b); !ok {
		return strings.Compare(a, b)
	}
	return x.Cmp(&y)
}

func wholeNumber(s string) (any, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil, notA(s, "a whole number")
	}
	return n, nil
}

func numberValue(n int64) Value { return Text(strconv.FormatInt(n, 10)) }

// fromOne refuses numbers below 1 for the arguments listed, which count from 1.
func fromOne(arguments ...int) func(i int, text string) (any, error) {
	return func(i int, text string) (any, error) {
		for _, a := range arguments {
			if a == i {
				return atLeast(1, text)
			}
		}
		return nil, nil
	}
}

func atLeast(least int64, text string) (any, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least {
		return nil, notA(text, "a whole number of at least "+strconv.FormatInt(least, 10))
	}
	return n, nil
}

func bitAnd(_ *run, c *call, a []Value) (Value, error) {
	if a[0].IsEmpty() || a[1].IsEmpty() {
		return Null, nil
	}
	m, err := compiled[int64](c, 0, a[0])
	if err != nil {
		return Null, err
	}
	n, err := compiled[int64](c, 1, a[1])
	if err != nil {
		return Null, err
	}
	return numberValue(m & n), nil
}
