package expression

import (
	"slices"
	"strings"
)

func count(_ *run, _ *call, a []Value) (Value, error) {
	return numberValue(int64(len(a[0].texts))), nil
}

func item(_ *run, c *call, a []Value) (Value, error) {
	n, err := compiled[int64](c, 1, a[1])
	if err != nil {
		return Null, err
	}
	if n > int64(len(a[0].texts)) {
		return Null, nil
	}
	return Text(a[0].texts[n-1]), nil
}

// join leaves out what is empty, so that no separator stands beside nothing.
func join(_ *run, _ *call, a []Value) (Value, error) {
	separator := a[0].String()
	var b strings.Builder
	for _, v := range a[1:] {
		for _, s := range v.texts {
			if s == "" {
				continue
			}
			if b.Len() > 0 {
				b.WriteString(separator)
			}
			b.WriteString(s)
		}
	}
	if b.Len() == 0 {
		return Null, nil
	}
	return Text(b.String()), nil
}

func split(_ *run, _ *call, a []Value) (Value, error) {
	if a[0].IsNull() {
		return Null, nil
	}
	if a[1].IsEmpty() {
		return Null, notA("", "a delimiter")
	}
	var parts []string
	for _, s := range a[0].texts {
		for part := range strings.SplitSeq(s, a[1].String()) {
			if part = strings.TrimSpace(part); part != "" {
				parts = append(parts, part)
			}
		}
	}
	return List(parts...), nil
}

func checkSplit(c *call) *SyntaxError {
	if k, ok := c.args[1].(constant); ok && Value(k).IsEmpty() {
		return c.fault(1, "needs a delimiter that is not empty")
	}
	return nil
}

func removeDuplicates(_ *run, _ *call, a []Value) (Value, error) {
	if a[0].IsNull() {
		return Null, nil
	}
	var once []string
	for _, s := range a[0].texts {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return Value{texts: once, many: a[0].many}, nil
}
