package expression

import (
	"slices"
	"strings"
	"time"
)

// Arguments of FormatDateTime.
const (
	argStyles = iota + 1
	argInput
	argOutput
)

func formatArgument(i int, text string) (any, error) {
	switch i {
	case argStyles:
		return newStyles(text)
	case argInput, argOutput:
		return newLayout(text)
	}
	return nil, nil
}

// formatDateTime reads and writes in UTC: an offset in the source is reckoned
// with, as by a .NET service whose own zone is UTC.
func formatDateTime(r *run, c *call, a []Value) (Value, error) {
	read := defaultStyles
	var err error
	if !a[argStyles].IsNull() {
		if read, err = compiled[styles](c, argStyles, a[argStyles]); err != nil {
			return Null, err
		}
	}
	input, err := compiled[layout](c, argInput, a[argInput])
	if err != nil {
		return Null, err
	}
	output, err := compiled[layout](c, argOutput, a[argOutput])
	if err != nil || a[0].IsEmpty() {
		return Null, err
	}
	return each(a[0], func(s string) (string, error) {
		t, err := input.parse(s, read, r.Now.UTC())
		if err != nil {
			return "", err
		}
		return output.format(t), nil
	})
}

// styles are what .NET's DateTimeStyles change here. Those about zones change
// nothing where all dates are in UTC.
type styles struct {
	leading, inner, trailing bool // white space that is passed over
	noDate                   bool // a time alone is of January 1 of the year 1, not of today
}

// defaultStyles are RoundtripKind, AllowLeadingWhite and AllowTrailingWhite.
var defaultStyles = styles{leading: true, trailing: true}

var zoneStyles = []string{"None", "AdjustToUniversal", "AssumeLocal", "AssumeUniversal", "RoundtripKind"}

func newStyles(text string) (any, error) {
	if text == "" {
		return defaultStyles, nil
	}
	var s styles
	for name := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(", |", r) }) {
		switch name = strings.TrimPrefix(name, "DateTimeStyles."); name {
		case "AllowLeadingWhite":
			s.leading = true
		case "AllowInnerWhite":
			s.inner = true
		case "AllowTrailingWhite":
			s.trailing = true
		case "AllowWhiteSpaces":
			s.leading, s.inner, s.trailing = true, true, true
		case "NoCurrentDateDefault":
			s.noDate = true
		default:
			if !slices.Contains(zoneStyles, name) {
				return nil, notA(name, "one of .NET's DateTimeStyles, such as AllowWhiteSpaces or AssumeUniversal")
			}
		}
	}
	return s, nil
}

// format writes a time that is in UTC.
func (l layout) format(t time.Time) string {
	var b []byte
	for _, s := range l {
		b = s.append(b, t)
	}
	return string(b)
}

func (s specifier) append(b []byte, t time.Time) []byte {
	switch s.kind {
	case literal:
		return append(b, s.text...)
	case 'f', 'F':
		return s.appendFraction(b, t.Nanosecond())
	case 'y':
		if s.n <= 2 {
			return appendPadded(b, t.Year()%100, s.n)
		}
		return appendPadded(b, t.Year(), s.n)
	case 'z':
		return append(b, [...]string{"+0", "+00", "+00:00"}[min(s.n, 3)-1]...)
	case 'K':
		return append(b, 'Z')
	case 'g':
		return append(b, "A.D."...)
	case 't':
		return append(b, t.Format("PM")[:min(s.n, 2)]...)
	case 'd', 'M':
		if s.n > 2 {
			return t.AppendFormat(b, nameForms[s.kind][min(s.n, 4)-3])
		}
	}
	return appendPadded(b, s.number(t), min(s.n, 2))
}

// nameForms write the short and the long name of a day and of a month.
var nameForms = map[byte][2]string{'d': {"Mon", "Monday"}, 'M': {"Jan", "January"}}

func (s specifier) number(t time.Time) int {
	switch s.kind {
	case 'd':
		return t.Day()
	case 'M':
		return int(t.Month())
	case 'h':
		return (t.Hour()+11)%12 + 1
	case 'H':
		return t.Hour()
	case 'm':
		return t.Minute()
	}
	return t.Second()
}

func appendPadded(b []byte, n, width int) []byte {
	digits := numberValue(int64(n)).String()
	for range width - len(digits) {
		b = append(b, '0')
	}
	return append(b, digits...)
}

// appendFraction: F leaves out zeros at the end, and with all of them the point
// before.
func (s specifier) appendFraction(b []byte, nanoseconds int) []byte {
	digits := string(appendPadded(nil, nanoseconds, 9)[:s.n])
	if s.kind == 'F' {
		if digits = strings.TrimRight(digits, "0"); digits == "" && len(b) > 0 && b[len(b)-1] == '.' {
			return b[:len(b)-1]
		}
	}
	return append(b, digits...)
}
