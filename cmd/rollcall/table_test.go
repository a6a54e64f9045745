package main

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestTable(t *testing.T) {
	table := newTable("NAME", "N").numbers("N")
	table.add("Malmö", "7")
	table.add("x\x1b[31m", "12")
	var b strings.Builder
	table.write(&b)
	want := "NAME     N\nMalmö    7\nx�[31m  12\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	table := newTable("A", "B")
	table.add(strings.Repeat("a", 10), strings.Repeat("b", 100))
	widths := table.widths(40)
	if total(widths) != 40 || widths[0] != 10 {
		t.Errorf("widths %v", widths)
	}
	if s := cut(strings.Repeat("ä", 9), 5); utf8.RuneCountInString(s) != 5 || !strings.HasSuffix(s, "…") {
		t.Errorf("cut to %q", s)
	}
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	for s, want := range map[string]time.Time{
		"90d":        now.AddDate(0, 0, 90),
		"12h":        now.Add(12 * time.Hour),
		"2026-12-31": time.Date(2026, 12, 31, 23, 59, 59, 0, time.Local),
	} {
		if got, err := expiry(s, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "d", "90", "tomorrow", "2026-13-01"} {
		if got, err := expiry(s, now); err == nil {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

func TestCutAttribute(t *testing.T) {
	for arg, want := range map[string][2]string{
		"department=Sales":  {"department", "Sales"},
		"title=":            {"title", ""},
		"title=a=b":         {"title", "a=b"},
		`x[a eq "b=c"].v=d`: {`x[a eq "b=c"].v`, "d"},
	} {
		name, value, ok := cutAttribute(arg)
		if !ok || name != want[0] || value != want[1] {
			t.Errorf("%s: %q %q %v", arg, name, value, ok)
		}
	}
	for _, arg := range []string{"department", "=x", `x[a="b"`} {
		if _, _, ok := cutAttribute(arg); ok {
			t.Errorf("%s is taken for an attribute", arg)
		}
	}
}

func TestShownDatabase(t *testing.T) {
	for url, want := range map[string]string{
		"sqlite:rollcall.db":                              "sqlite:rollcall.db",
		"postgres://u:secret@db:5432/rollcall?password=x": "postgres://db:5432/rollcall",
		"postgres:///rollcall?host=/run&password=secret":  "postgres",
	} {
		if got := shownDatabase(url); got != want {
			t.Errorf("%s is shown as %s, want %s", url, got, want)
		}
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "@x": "'@x", "Anna": "Anna", "": "", "-": "'-"} {
		if got := cell(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
