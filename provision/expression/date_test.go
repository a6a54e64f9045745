package expression_test

import (
	"testing"
	"time"

	. "github.com/rollcall-scim/rollcall/provision/expression"
	"pgregory.net/rapid"
)

func TestDatesAreReadInManyForms(t *testing.T) {
	for text, want := range map[string]string{
		"2021-06-30":                    "6/30/2021 12:00:00 AM",
		"2021-06-30T13:05":              "6/30/2021 1:05:00 PM",
		"2021-06-30T13:05:06.789Z":      "6/30/2021 1:05:06 PM",
		"2021-06-30 23:59:59-08:00":     "7/1/2021 7:59:59 AM",
		" 2021-06-30T13:05:06+02:00 ":   "6/30/2021 11:05:06 AM",
		"6/3/2021":                      "6/3/2021 12:00:00 AM",
		"6/3/2021 1:02:03 PM":           "6/3/2021 1:02:03 PM",
		"06/03/2021 13:02":              "6/3/2021 1:02:00 PM",
		"20210603130203.0Z":             "6/3/2021 1:02:03 PM",
		"20210603130203+0200":           "6/3/2021 11:02:03 AM",
		"Thu, 03 Jun 2021 13:02:03 GMT": "6/3/2021 1:02:03 PM",
		"June 3, 2021":                  "6/3/2021 12:00:00 AM",
		"3 Jun 2021":                    "6/3/2021 12:00:00 AM",
	} {
		check(t, []row{{`CDate([x])`, attrs{"x": text}, want}})
	}
}

func TestDateAdd(t *testing.T) {
	check(t, []row{
		{`DateAdd("m", 1, "2021-01-31")`, nil, "2/28/2021 12:00:00 AM"},
		{`DateAdd("m", 1, "2020-01-31")`, nil, "2/29/2020 12:00:00 AM"},
		{`DateAdd("m", -11, "2021-01-31")`, nil, "2/29/2020 12:00:00 AM"},
		{`DateAdd("yyyy", -1, "2020-02-29")`, nil, "2/28/2019 12:00:00 AM"},
		{`DateAdd("h", 25, "2021-12-31")`, nil, "1/1/2022 1:00:00 AM"},
		{`DateAdd("n", -1, "2021-01-01")`, nil, "12/31/2020 11:59:00 PM"},
		{`DateAdd("s", 60, "2021-01-01")`, nil, "1/1/2021 12:01:00 AM"},
		{`DateFromNum(0)`, nil, null},
		{`DateFromNum(9223372036854775807)`, nil, null},
		{`DateDiff("ww", "2021-08-28", "2021-08-29")`, nil, "1"},
		{`DateDiff("d", "2021-08-28T23:00", "2021-08-29T22:00")`, nil, "0"},
		{`DateDiff("m", "2021-08-31", "2021-09-01")`, nil, "1"},
	})
}

func TestFormatDateTime(t *testing.T) {
	const moment = "2021-06-03 13:02:03.0450000"
	for format, want := range map[string]string{
		"d": "06/03/2021", "D": "Thursday, 03 June 2021", "f": "Thursday, 03 June 2021 13:02", "F": "Thursday, 03 June 2021 13:02:03",
		"g": "06/03/2021 13:02", "G": "06/03/2021 13:02:03", "m": "June 03", "y": "2021 June", "o": "2021-06-03T13:02:03.0450000Z",
		"R": "Thu, 03 Jun 2021 13:02:03 GMT", "s": "2021-06-03T13:02:03", "u": "2021-06-03 13:02:03Z", "t": "13:02", "T": "13:02:03",
		"M/d/yyyy h:mm:ss tt": "6/3/2021 1:02:03 PM", "yy-M-d H:m:s": "21-6-3 13:2:3", "%d": "3", "ddd dddd": "Thu Thursday",
		"MMM MMMM": "Jun June", "f ff fff fffffff": "0 04 045 0450000", "ss.FFF": "03.045", "ss.F": "03", "yyyyy": "02021",
		"hh t": "01 P", "z zz zzz": "+0 +00 +00:00", "K": "Z", "gg": "A.D.", `yyyy\y'year'`: "2021yyear", `HH"h"mm`: "13h02",
		"yyyyMMddHHmmss.fZ": "20210603130203.0Z", "dd. MM. yyyy": "03. 06. 2021",
	} {
		got := formatted(t, moment, "", "yyyy-MM-dd HH:mm:ss.fffffff", format)
		if got != want {
			t.Errorf("%s: %s; want %s", format, got, want)
		}
	}
}

// formatted evaluates FormatDateTime with all arguments from attributes, so that
// quotation marks need no escaping.
func formatted(t *testing.T, source, styles, input, output string) string {
	t.Helper()
	a := attrs{"source": source, "input": input, "output": output}
	if styles != "" {
		a["styles"] = styles
	}
	return eval(t, `FormatDateTime([source], [styles], [input], [output])`, a).String()
}

func TestFormatDateTimeReads(t *testing.T) {
	for _, r := range []struct{ source, styles, input, want string }{
		{"3/6/21", "", "d/M/yy", "2021-06-03 00:00:00"},
		{"03.06.1950", "", "dd.MM.yyyy", "1950-06-03 00:00:00"},
		{"1/1/50", "", "d/M/y", "1950-01-01 00:00:00"},
		{"12:30 AM", "", "hh:mm tt", "2021-08-25 00:30:00"},
		{"12:30 pm", "", "hh:mm tt", "2021-08-25 12:30:00"},
		{"12:30", "NoCurrentDateDefault", "HH:mm", "0001-01-01 12:30:00"},
		{"March 2021", "", "MMMM yyyy", "2021-03-01 00:00:00"},
		{"mar 4", "", "MMM d", "2021-03-04 00:00:00"},
		{"Thu 2021-06-03", "", "ddd yyyy-MM-dd", "2021-06-03 00:00:00"},
		{"2021-06-03T13:02:03+02:00", "", "yyyy-MM-ddTHH:mm:ssK", "2021-06-03 11:02:03"},
		{"2021-06-03T13:02:03Z", "AdjustToUniversal", "yyyy-MM-ddTHH:mm:ssK", "2021-06-03 13:02:03"},
		{"2021-06-03T13:02:03", "", "yyyy-MM-ddTHH:mm:ssK", "2021-06-03 13:02:03"},
		{"2021-06-03 -7", "", "yyyy-MM-dd z", "2021-06-03 07:00:00"},
		{"  2021-06-03  ", "", "yyyy-MM-dd", "2021-06-03 00:00:00"},
		{" 2021 - 06-03 ", "DateTimeStyles.AllowWhiteSpaces, DateTimeStyles.AssumeUniversal", "yyyy-MM-dd", "2021-06-03 00:00:00"},
		{"2021-06-03 13:02:03.12", "", "yyyy-MM-dd HH:mm:ss.FFFF", "2021-06-03 13:02:03"},
		{"Thu, 03 Jun 2021 13:02:03 GMT", "", "r", "2021-06-03 13:02:03"},
	} {
		if got := formatted(t, r.source, r.styles, r.input, "yyyy-MM-dd HH:mm:ss"); got != r.want {
			t.Errorf("%q by %s: %s; want %s", r.source, r.input, got, r.want)
		}
	}
}

func TestFormatDateTimeRefuses(t *testing.T) {
	e, err := Parse(`FormatDateTime([source], [styles], [input], "s")`)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct{ source, styles, input string }{
		{"2021-6-03", "", "yyyy-MM-dd"},
		{"2021-06-03x", "", "yyyy-MM-dd"},
		{"2021-06-31", "", "yyyy-MM-dd"},
		{"2021-13-01", "", "yyyy-MM-dd"},
		{"2021-00-01", "", "yyyy-MM-dd"},
		{"25:00", "", "HH:mm"},
		{"13:00 PM", "", "hh:mm tt"},
		{"Fri 2021-06-03", "", "ddd yyyy-MM-dd"},
		{" 2021-06-03", "AssumeUniversal", "yyyy-MM-dd"},
		{"2021-06-03+25:00", "", "yyyy-MM-ddzzz"},
		{"0001-01-01+08:00", "", "yyyy-MM-ddzzz"},
	} {
		a := attrs{"source": r.source, "input": r.input}
		if r.styles != "" {
			a["styles"] = r.styles
		}
		if v, err := e.Eval(a.input()); err == nil {
			t.Errorf("%q was read by %q with %q: %v", r.source, r.input, r.styles, v)
		}
	}
}

// TestDatesComeBack: what one format wrote it reads again, and FILETIME and date
// are two names of one second.
func TestDatesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(-11_644_473_599, 253_402_300_799).Draw(t, "seconds")
		text := time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05Z")
		format := rapid.SampledFrom([]string{"s", "u", "r", "F", "yyyyMMddHHmmss", "M/d/yyyy h:mm:ss tt", "dddd d MMMM yyyy H:m:s", "o"}).Draw(t, "format")
		for _, expression := range []string{
			`FormatDateTime(FormatDateTime([x], , "yyyy-MM-ddTHH:mm:ssK", [f]), , [f], "yyyy-MM-ddTHH:mm:ssZ")`,
			`FormatDateTime(DateFromNum(NumFromDate([x])), , "M/d/yyyy h:mm:ss tt", "yyyy-MM-ddTHH:mm:ssZ")`,
		} {
			e, err := Parse(expression)
			if err != nil {
				t.Fatal(err)
			}
			v, err := e.Eval(attrs{"x": text, "f": format}.input())
			if err != nil || v.String() != text {
				t.Fatalf("%s by %s became %v, %v", text, format, v, err)
			}
		}
	})
}
