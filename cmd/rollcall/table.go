package main

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// table is text in columns for people to read.
type table struct {
	head []string
	rows [][]string
	// right are the columns of numbers.
	right map[int]bool
}

const (
	columnGap     = 2
	narrowestCell = 8
)

func newTable(head ...string) *table { return &table{head: head, right: map[int]bool{}} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// numbers sets the columns of that name to the right.
func (t *table) numbers(names ...string) *table {
	for i, h := range t.head {
		for _, n := range names {
			if h == n {
				t.right[i] = true
			}
		}
	}
	return t
}

// write fits the table to the terminal: the widest column gives way. Where the
// output is no terminal nothing is cut.
func (t *table) write(w io.Writer) {
	widths := t.widths(widthOf(w))
	if t.head != nil {
		t.line(w, t.head, widths)
	}
	for _, row := range t.rows {
		t.line(w, row, widths)
	}
}

func (t *table) widths(limit int) []int {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for limit > 0 && total(widths) > limit {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowestCell {
			break
		}
		widths[widest]--
	}
	return widths
}

func total(widths []int) int {
	n := columnGap * (len(widths) - 1)
	for _, w := range widths {
		n += w
	}
	return n
}

func (t *table) line(w io.Writer, cells []string, widths []int) {
	var b strings.Builder
	for i, cell := range cells {
		cell = cut(printable(cell), widths[i])
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if i > 0 {
			b.WriteString(strings.Repeat(" ", columnGap))
		}
		if t.right[i] {
			cell, pad = pad, cell
		}
		b.WriteString(cell + pad)
	}
	io.WriteString(w, strings.TrimRight(b.String(), " ")+"\n")
}

func cut(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}

// printable keeps what an IdP sent from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '�'
		}
		return r
	}, s)
}

// widthOf is a terminal's width; 0 for what is none.
func widthOf(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}

// isTerminal says whether somebody is looking.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// withJSON gives a command the flag --json.
func withJSON(c *cobra.Command) *cobra.Command {
	c.Flags().Bool("json", false, "print JSON, for programs")
	return c
}

// show prints value as JSON where --json asks for it, else what text writes.
func show(c *cobra.Command, value any, text func(io.Writer)) error {
	if asJSON, _ := c.Flags().GetBool("json"); asJSON {
		b, err := json.Marshal(value, json.Deterministic(true), jsontext.WithIndent("  "))
		if err == nil {
			_, err = c.OutOrStdout().Write(append(b, '\n'))
		}
		return err
	}
	text(c.OutOrStdout())
	return nil
}
