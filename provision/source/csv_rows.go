package source

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
)

// tables are the files of one reading; groups and members may be nil.
type tables struct{ users, groups, members *table }

func (ts tables) all() (out []*table) {
	for _, t := range []*table{ts.users, ts.groups, ts.members} {
		if t != nil {
			out = append(out, t)
		}
	}
	return out
}

// verify reads all files to their ends and notes in r what cannot be given out.
func (s *csvSource) verify(ctx context.Context, f files, r *Reading) (ts tables, err error) {
	c := s.c
	for _, one := range []struct {
		path, typ string
		to        **table
	}{{f.users, User, &ts.users}, {f.groups, Group, &ts.groups}, {f.members, "", &ts.members}} {
		if one.path == "" {
			continue
		}
		t, err := c.openTable(one.path, one.typ)
		if err != nil {
			return ts, err
		}
		c = t.c
		if err := t.verify(ctx, r); err != nil {
			return ts, err
		}
		*one.to = t
		r.Notes = append(r.Notes, t.String())
	}
	return ts, nil
}

// verify reads the file to its end and finds the keys that come twice. Of each
// key it remembers 64 bits: enough that among a million keys two different ones
// look alike once in thirty million files.
func (t *table) verify(ctx context.Context, r *Reading) error {
	first := map[uint64]int32{}
	t.rows, t.twice = 0, map[string][]int{}
	var keyless []int
	err := t.scan(ctx, func(line int, cells []string) error {
		t.rows++
		if t.typ == "" {
			return nil
		}
		key := strings.TrimSpace(cells[t.anchor])
		if key == "" {
			keyless = append(keyless, line)
			return nil
		}
		h := maphash.String(t.seed, key)
		if at, ok := first[h]; ok {
			if t.twice[key] == nil {
				t.twice[strings.Clone(key)] = []int{int(at)}
			}
			t.twice[key] = append(t.twice[key], line)
		} else {
			first[h] = int32(line)
		}
		return nil
	})
	if err != nil {
		return err
	}
	t.report(keyless, r)
	return nil
}

// report tells what will be left out. A row without a key could be anybody's, so
// with one the reading is no longer full: nobody is deleted because of it.
func (t *table) report(keyless []int, r *Reading) {
	for key, lines := range t.twice {
		where := make([]string, len(lines))
		for i, line := range lines {
			where[i] = fmt.Sprintf("%s line %d", t.where, line)
		}
		why := twins(key, where) + "; none of them is provisioned until each has a key of its own"
		r.Faulty = append(r.Faulty, Fault{Type: t.typ, Anchor: key, Why: why})
		r.Notes = append(r.Notes, why)
	}
	slices.SortFunc(r.Faulty, func(a, b Fault) int { return strings.Compare(a.Type+a.Anchor, b.Type+b.Anchor) })
	slices.Sort(r.Notes)
	if len(keyless) > 0 {
		r.Full = false
		r.Notes = append(r.Notes, fmt.Sprintf("%s has no %s in %s; they were left out, and nobody is taken for deleted until that is mended",
			t.where, t.header[t.anchor], linesOf(keyless)))
	}
}

// linesOf names the first ten.
func linesOf(lines []int) string {
	var named []string
	for _, l := range lines[:min(10, len(lines))] {
		named = append(named, fmt.Sprint(l))
	}
	more := ""
	if n := len(lines) - len(named); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return "line " + strings.Join(named, ", ") + more
}

// records gives out the rows of a verified table, but for those that share
// their key or have none.
func (t *table) records(ctx context.Context, each func(Record) error) error {
	return t.scan(ctx, func(_ int, cells []string) error {
		key := strings.TrimSpace(cells[t.anchor])
		if key == "" || t.twice[key] != nil {
			return nil
		}
		return each(t.record(strings.Clone(key), cells))
	})
}

func (t *table) record(key string, cells []string) Record {
	values := make([]expression.Value, len(cells))
	for i, cell := range cells {
		if cell = strings.TrimSpace(cell); cell != "" {
			values[i] = t.value(t.named[i].attribute(), strings.Clone(cell))
		}
	}
	return t.columns.record(key, values)
}

// value reads a cell. By itself a cell is cut into a list only where Entra has
// no single-valued attribute of that name: the separator may be part of it.
func (t *table) value(name, cell string) expression.Value {
	separator, said := t.c.MultiSep, t.c.MultiSep != ""
	if !said {
		separator = "|"
		if t.delimiter == '|' {
			separator = ";"
		}
	}
	entra, _ := Spelling(name)
	if !isList(name) && (!strings.Contains(cell, separator) || !said && entra != "") {
		return expression.Text(cell)
	}
	var parts []string
	for part := range strings.SplitSeq(cell, separator) {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return expression.List(parts...)
}
