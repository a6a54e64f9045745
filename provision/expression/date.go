package expression

import (
	"errors"
	"math"
	"strings"
	"time"
)

// printedDate is how the language writes dates: M/d/yyyy h:mm:ss tt.
const printedDate = "1/2/2006 3:04:05 PM"

func dateValue(t time.Time) Value { return Text(t.UTC().Format(printedDate)) }

// Forms of dates, by what tells them apart. Z07:00 reads Z as well; fractions of
// seconds are read without being in a form.
var (
	isoForms = []string{
		"2006-01-02", "2006-01-02Z07:00",
		"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04",
		"2006-01-02T15:04:05Z0700",
	}
	americanForms = []string{
		printedDate, "1/2/2006", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006 3:04 PM", "1/2/2006 3:04:05 PM Z07:00",
	}
	// LDAP's GeneralizedTime (RFC 4517 section 3.3.13), which .NET does not know.
	generalizedForms = []string{"20060102150405Z0700", "200601021504Z0700"}
	// Names of zones but GMT are left out: whose EST it was nobody can tell.
	namedForms = []string{
		"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC1123Z, "2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006",
		"Monday, January 2, 2006", "2-Jan-2006",
	}
)

// parseDate reads a date of any of the forms; its result is a time.Time, in UTC.
// An offset is reckoned with; without one it is UTC already.
func parseDate(text string) (time.Time, error) {
	s := strings.TrimSpace(text)
	for _, form := range formsOf(s) {
		if t, err := time.Parse(form, s); err == nil && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, notA(text, "a date; FormatDateTime reads others than those of ISO 8601 and M/d/yyyy")
}

func formsOf(s string) []string {
	switch {
	case len(s) > 4 && s[4] == '-' && isDigits(s[:4]):
		return isoForms
	case strings.Contains(s, "/"):
		return americanForms
	case len(s) > 8 && isDigits(s[:8]):
		return generalizedForms
	}
	return namedForms
}

// onDate is a function of a date at argument i; of null and of "" it yields null.
func onDate(c *call, a []Value, i int, f func(time.Time) (Value, error)) (Value, error) {
	if a[i].IsEmpty() {
		return Null, nil
	}
	t, err := compiled[time.Time](c, i, a[i])
	if err != nil {
		return Null, err
	}
	return f(t)
}

func now(r *run, _ *call, _ []Value) (Value, error) { return dateValue(r.Now), nil }

func cDate(_ *run, c *call, a []Value) (Value, error) {
	return onDate(c, a, 0, func(t time.Time) (Value, error) { return dateValue(t), nil })
}

// An interval is a number of months or of seconds.
type interval struct {
	months  int64
	seconds int64
}

var intervals = map[string]interval{
	"yyyy": {months: 12}, "m": {months: 1},
	"ww": {seconds: week}, "d": {seconds: day}, "h": {seconds: 3600}, "n": {seconds: 60}, "s": {seconds: 1},
}

const (
	day  = 24 * 3600
	week = 7 * day
)

func intervalArgument(i int, text string) (any, error) {
	if i != 0 {
		return nil, nil
	}
	of, ok := intervals[text]
	if !ok {
		return nil, notA(text, "an interval: yyyy, m, ww, d, h, n (minutes) or s")
	}
	return of, nil
}

var errYears = errors.New("the date would lie outside the years 1 to 9999")

func dateAdd(_ *run, c *call, a []Value) (Value, error) {
	of, err := compiled[interval](c, 0, a[0])
	if err != nil {
		return Null, err
	}
	if a[1].IsEmpty() {
		return Null, nil
	}
	n, err := compiled[int64](c, 1, a[1])
	if err != nil {
		return Null, err
	}
	return onDate(c, a, 2, func(t time.Time) (Value, error) {
		if t, err = of.add(t, n); err != nil {
			return Null, err
		}
		return dateValue(t), nil
	})
}

func (of interval) add(t time.Time, n int64) (time.Time, error) {
	const most = 10_000 * 366 * day // seconds, and by far enough months
	if size := of.months + of.seconds; n > most/size || n < -most/size {
		return t, errYears
	}
	if of.months > 0 {
		t = addMonths(t, int(n*of.months))
	} else {
		t = time.Unix(t.Unix()+n*of.seconds, int64(t.Nanosecond())).UTC()
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return t, errYears
	}
	return t, nil
}

// addMonths ends on the last day of a month that is too short: a month after
// January 31 it is the end of February.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).AddDate(0, n, 0)
	return first.AddDate(0, 0, min(t.Day(), daysIn(first.Year(), first.Month()))-1)
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func dateDiff(_ *run, c *call, a []Value) (Value, error) {
	of, err := compiled[interval](c, 0, a[0])
	if err != nil {
		return Null, err
	}
	return onDate(c, a, 1, func(from time.Time) (Value, error) {
		return onDate(c, a, 2, func(to time.Time) (Value, error) {
			return numberValue(of.between(from, to)), nil
		})
	})
}

// between counts as Visual Basic does, by which the reference's examples come
// out: years and months by the calendar alone, weeks from Sunday to Sunday, and
// the others whole.
func (of interval) between(from, to time.Time) int64 {
	switch {
	case of.months > 0:
		months := int64(to.Year()-from.Year())*12 + int64(to.Month()-from.Month())
		if of.months == 12 {
			return int64(to.Year() - from.Year())
		}
		return months
	case of.seconds == week:
		from = from.AddDate(0, 0, -int(from.Weekday()))
		to = to.AddDate(0, 0, -int(to.Weekday()))
	}
	seconds := to.Unix() - from.Unix()
	if n := int64(to.Nanosecond() - from.Nanosecond()); seconds > 0 && n < 0 {
		seconds--
	} else if seconds < 0 && n > 0 {
		seconds++
	}
	return seconds / of.seconds
}

// Active Directory counts from 1601, so many seconds before 1970.
const (
	epoch1601      = 11_644_473_600
	ticksPerSecond = 10_000_000
)

// dateFromNum takes 0 and the greatest number, which in Active Directory mean
// never, for null.
func dateFromNum(_ *run, c *call, a []Value) (Value, error) {
	if a[0].IsEmpty() {
		return Null, nil
	}
	n, err := compiled[int64](c, 0, a[0])
	if err != nil || n == 0 || n == math.MaxInt64 {
		return Null, err
	}
	t := time.Unix(n/ticksPerSecond-epoch1601, n%ticksPerSecond*100).UTC()
	if n < 0 || t.Year() > 9999 {
		return Null, errYears
	}
	return dateValue(t), nil
}

func numFromDate(_ *run, c *call, a []Value) (Value, error) {
	return onDate(c, a, 0, func(t time.Time) (Value, error) {
		seconds := t.Unix() + epoch1601
		if seconds < 0 {
			return Null, errors.New("the count of Active Directory has no date before 1601")
		}
		return numberValue(seconds*ticksPerSecond + int64(t.Nanosecond()/100)), nil
	})
}
