package source

import (
	"context"
	"encoding/csv"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table is one CSV file: its columns, how it is written and, once it was
// verified, how many rows it has and which of them share a key.
type table struct {
	columns
	path      string
	encoding  string
	delimiter rune
	rows      int
	seed      maphash.Seed
	twice     map[string][]int // key -> lines of all rows that have it
}

// openTable reads the header.
func (c Config) openTable(path, typ string) (*table, error) {
	t := &table{columns: columns{c: c, typ: typ, where: filepath.Base(path)}, path: path, seed: maphash.MakeSeed()}
	if err := t.findForm(); err != nil {
		return nil, err
	}
	err := t.scan(context.Background(), func(int, []string) error { return io.EOF })
	if err != nil && err != io.EOF {
		return nil, err
	}
	if err := t.name(t.header); err != nil || typ == "" {
		return t, err
	}
	return t, t.findKeys(anchors[typ])
}

// anchors are the columns that are looked for where the configuration names
// none.
var anchors = map[string][]string{
	User:  {"objectId", "employeeId", "id", "userPrincipalName"},
	Group: {"objectId", "id", "displayName"},
}

func (t *table) findForm() (err error) {
	said := encodingOf(t.c.Encoding)
	if t.encoding = said; said != utf8Text && said != windows1252 {
		if t.encoding, err = findEncoding(t.path); err != nil {
			return fmt.Errorf("source: %w", err)
		}
		if said != "" && t.encoding != utf16Big {
			t.encoding = said // UTF-16 without any sign of it
		}
	}
	if t.c.Delimiter != "" {
		t.delimiter = delimiterOf(t.c.Delimiter)
		return nil
	}
	t.delimiter, err = findDelimiter(t.path, t.encoding)
	return err
}

// scan reads the file from its start and calls fn for each row with its line.
// What shows that the file is not complete is an error. The cells are only
// valid during the call.
func (t *table) scan(ctx context.Context, fn func(line int, cells []string) error) error {
	f, err := os.Open(t.path)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer f.Close()
	end := &ending{Reader: decoded(f, t.encoding)}
	r := csv.NewReader(end)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = t.delimiter, -1, true
	rows, trailer, line := 0, -1, 0
	for n := 0; ; n++ {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("source: %s: %w; look at the quotes around that line, and whether the file is complete", t.where, err)
		}
		line, _ = r.FieldPos(0)
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case n == 0 && strings.HasPrefix(cells[0], "sep="):
			n-- // Excel's first line; the header is still to come
		case n == 0:
			t.header = trimmedCells(cells)
		case trailer >= 0:
			return fmt.Errorf("source: %s line %d comes after the trailer; a file ends with it", t.where, line)
		case t.isTrailer(cells):
			if trailer, err = t.readTrailer(line, cells); err != nil {
				return err
			}
		default:
			if err := t.checkRow(line, cells); err != nil {
				return err
			}
			rows++
			if err := fn(line, cells); err != nil {
				return err
			}
		}
	}
	return t.checkEnd(rows, trailer, line, end.last)
}

func trimmedCells(cells []string) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = strings.TrimSpace(c)
	}
	return out
}

func (t *table) isTrailer(cells []string) bool {
	return t.c.Trailer != "" && strings.TrimSpace(cells[0]) == t.c.Trailer
}

func (t *table) readTrailer(line int, cells []string) (int, error) {
	if len(cells) > 1 {
		if n, err := strconv.Atoi(strings.TrimSpace(cells[1])); err == nil && n >= 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("source: %s line %d: after %s comes the number of rows, as in %s%c1234", t.where, line, t.c.Trailer, t.c.Trailer, t.delimiter)
}

func (t *table) checkRow(line int, cells []string) error {
	if len(cells) != len(t.header) {
		return fmt.Errorf("source: %s line %d has %d fields and the header %d: the file is not complete, or a field with a %s in it has no quotes", t.where, line, len(cells), len(t.header), delimiterName(t.delimiter))
	}
	for i, c := range cells {
		if !utf8.ValidString(c) {
			return fmt.Errorf("source: %s line %d: %s is not %s; set encoding to what the file is written in", t.where, line, t.header[i], t.encoding)
		}
	}
	return nil
}

// checkEnd wants the end that a complete file has.
func (t *table) checkEnd(rows, trailer, line int, last byte) error {
	switch {
	case t.header == nil:
		return fmt.Errorf("source: %s is empty: its first line must name the columns", t.where)
	case t.c.Trailer != "" && trailer < 0:
		return fmt.Errorf("source: %s has no last line %s%cNUMBER: it is not complete", t.where, t.c.Trailer, t.delimiter)
	case trailer >= 0 && trailer != rows:
		return fmt.Errorf("source: %s has %d rows and its last line says %d: it is not complete", t.where, rows, trailer)
	case rows == 0:
		return fmt.Errorf("source: %s has no rows: that is taken for a file that is not complete, because everybody would be deleted. Write the file again", t.where)
	case t.typ == User && rows < t.c.MinRows:
		return fmt.Errorf("source: %s has %d rows, and min-rows is %d: it is not complete, or min-rows is to be lowered", t.where, rows, t.c.MinRows)
	case trailer < 0 && last != '\n':
		return fmt.Errorf("source: %s line %d is the last and does not end with a line break: the file is not complete. End it with one, or set trailer", t.where, line)
	}
	return nil
}

func delimiterName(d rune) string {
	return map[rune]string{',': "comma", ';': "semicolon", '\t': "tab", '|': "pipe"}[d]
}

func (t *table) String() string {
	what := map[string]string{User: "people", Group: "groups", "": "memberships"}[t.typ]
	key := ""
	if t.typ != "" {
		key = " by " + t.header[t.anchor]
	}
	return fmt.Sprintf("%s: %d %s%s (%s, %s)", t.where, t.rows, what, key, t.encoding, delimiterName(t.delimiter))
}
