package expression

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// reading is a date being read by a layout: what is left of the text, and the
// parts found so far, -1 for those not found.
type reading struct {
	rest  string
	inner bool

	year, month, day     int
	hour, minute, second int
	nanosecond           int
	weekday, half        int           // half of the day: 0 am, 1 pm
	offset               time.Duration // to be taken off
}

// parse reads a text by the layout. What the layout does not have comes from
// today, as in .NET, or with noDate from January 1 of the year 1.
func (l layout) parse(text string, s styles, today time.Time) (time.Time, error) {
	r := reading{rest: text, inner: s.inner, year: -1, month: -1, day: -1, weekday: -1, half: -1}
	if s.leading {
		r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace)
	}
	if s.trailing {
		r.rest = strings.TrimRightFunc(r.rest, unicode.IsSpace)
	}
	for _, spec := range l {
		if !r.take(spec) {
			return time.Time{}, notA(text, "a date of the input format")
		}
	}
	t, ok := r.time(s.noDate, today)
	if !ok || r.rest != "" {
		return time.Time{}, notA(text, "a date of the input format")
	}
	return t, nil
}

func (r *reading) take(s specifier) bool {
	if r.inner {
		r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace)
	}
	switch s.kind {
	case literal:
		return r.literal(s.text)
	case 'd':
		if s.n > 2 {
			return r.name(&r.weekday, s, 0, 6)
		}
		return r.digits(&r.day, s.n, 2)
	case 'M':
		if s.n > 2 {
			return r.name(&r.month, s, 1, 12)
		}
		return r.digits(&r.month, s.n, 2)
	case 'y':
		return r.takeYear(s.n)
	case 'h', 'H':
		return r.digits(&r.hour, min(s.n, 2), 2)
	case 'm':
		return r.digits(&r.minute, min(s.n, 2), 2)
	case 's':
		return r.digits(&r.second, min(s.n, 2), 2)
	case 'f', 'F':
		return r.fraction(s)
	case 't':
		return r.takeHalf(min(s.n, 2))
	case 'z':
		return r.takeOffset(s.n)
	case 'K':
		return r.cut("Z") || r.rest == "" || r.takeOffset(3)
	}
	return r.cut("A.D.") || r.cut("AD") // 'g'
}

// cut takes a prefix, in any case.
func (r *reading) cut(prefix string) bool {
	if len(r.rest) < len(prefix) || !strings.EqualFold(r.rest[:len(prefix)], prefix) {
		return false
	}
	r.rest = r.rest[len(prefix):]
	return true
}

func (r *reading) literal(text string) bool {
	if r.inner && strings.TrimSpace(text) == "" {
		return true
	}
	rest, ok := strings.CutPrefix(r.rest, text)
	r.rest = rest
	return ok
}

// digits takes a number of least to most digits.
func (r *reading) digits(to *int, least, most int) bool {
	n := 0
	for n < min(most, len(r.rest)) && r.rest[n] >= '0' && r.rest[n] <= '9' {
		n++
	}
	if n < least {
		return false
	}
	*to, _ = strconv.Atoi(r.rest[:n])
	r.rest = r.rest[n:]
	return true
}

// takeYear puts years of two digits up to 49 into this century.
func (r *reading) takeYear(n int) bool {
	if n > 2 {
		return r.digits(&r.year, n, max(n, 4))
	}
	ok := r.digits(&r.year, n, 2)
	if r.year += 1900; r.year < 1950 {
		r.year += 100
	}
	return ok
}

func (r *reading) fraction(s specifier) bool {
	n := 0
	for n < min(s.n, len(r.rest)) && r.rest[n] >= '0' && r.rest[n] <= '9' {
		n++
	}
	if s.kind == 'f' && n < s.n {
		return false
	}
	r.nanosecond, _ = strconv.Atoi(r.rest[:n] + "000000000"[n:])
	r.rest = r.rest[n:]
	return true
}

// name takes the short or the long name of a day or month.
func (r *reading) name(to *int, s specifier, from, until int) bool {
	for i := from; i <= until; i++ {
		name := time.Month(i).String()
		if s.kind == 'd' {
			name = time.Weekday(i).String()
		}
		if s.n == 3 {
			name = name[:3]
		}
		if r.cut(name) {
			*to = i
			return true
		}
	}
	return false
}

func (r *reading) takeHalf(n int) bool {
	switch {
	case r.cut("AM"[:n]):
		r.half = 0
	case r.cut("PM"[:n]):
		r.half = 1
	default:
		return false
	}
	return true
}

// takeOffset takes an offset from UTC: of hours, with three letters also of
// minutes.
func (r *reading) takeOffset(n int) bool {
	if n >= 3 && r.cut("Z") {
		return true
	}
	negative := r.cut("-")
	if !negative && !r.cut("+") {
		return false
	}
	var hours, minutes int
	if !r.digits(&hours, min(n, 2), 2) {
		return false
	}
	if n >= 3 {
		r.cut(":")
		if !r.digits(&minutes, 2, 2) {
			return false
		}
	}
	if r.offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute; negative {
		r.offset = -r.offset
	}
	return hours <= 14 && minutes <= 59
}

// time puts the parts together; false when there is no such time.
func (r *reading) time(noDate bool, today time.Time) (time.Time, bool) {
	r.completeDate(noDate, today)
	if r.half >= 0 {
		if r.hour < 1 || r.hour > 12 {
			return time.Time{}, false
		}
		r.hour = r.hour%12 + 12*r.half
	}
	if r.year < 1 || r.year > 9999 || r.month < 1 || r.month > 12 || r.hour > 23 || r.minute > 59 || r.second > 59 {
		return time.Time{}, false
	}
	month := time.Month(r.month)
	if r.day < 1 || r.day > daysIn(r.year, month) {
		return time.Time{}, false
	}
	t := time.Date(r.year, month, r.day, r.hour, r.minute, r.second, r.nanosecond, time.UTC)
	if r.weekday >= 0 && r.weekday != int(t.Weekday()) {
		return time.Time{}, false
	}
	t = t.Add(-r.offset)
	return t, t.Year() >= 1 && t.Year() <= 9999
}

func (r *reading) completeDate(noDate bool, today time.Time) {
	if noDate {
		today = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if r.year < 0 && r.month < 0 && r.day < 0 {
		r.month, r.day = int(today.Month()), today.Day()
	}
	if r.year < 0 {
		r.year = today.Year()
	}
	if r.month < 0 {
		r.month = 1
	}
	if r.day < 0 {
		r.day = 1
	}
}
