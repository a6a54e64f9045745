package provision

import (
	"slices"
	"strings"
)

// diffContext is how many unchanged lines stand around a change.
const diffContext = 3

// Diff shows what makes b of a, line by line: "-" for lines of a that went, "+" for
// those that came, and a few around them. It is empty for equal documents.
func Diff(a, b []byte) string {
	lines := compareLines(splitLines(a), splitLines(b))
	var out strings.Builder
	last := -1
	for i, l := range lines {
		if !near(lines, i) {
			continue
		}
		if last >= 0 && i > last+1 || last < 0 && i > 0 {
			out.WriteString("  ...\n")
		}
		last = i
		out.WriteString(l + "\n")
	}
	return out.String()
}

func splitLines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// near says that a changed line is within the context of line i.
func near(lines []string, i int) bool {
	around := lines[max(0, i-diffContext):min(len(lines), i+diffContext+1)]
	return slices.ContainsFunc(around, func(l string) bool { return l[0] != ' ' })
}

// compareLines marks all lines of both by a longest common subsequence. What is the
// same at both ends is set aside first: few lines of a document change.
func compareLines(a, b []string) (out []string) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	mark := func(with string, lines []string) {
		for _, l := range lines {
			out = append(out, with+l)
		}
	}
	mark("  ", a[:head])
	out = append(out, align(a[head:len(a)-tail], b[head:len(b)-tail])...)
	mark("  ", a[len(a)-tail:])
	return out
}

func align(a, b []string) (out []string) {
	// common[i][j] is the length of the longest common subsequence of a[i:] and b[j:].
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out, i, j = append(out, "  "+a[i]), i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out, i = append(out, "- "+a[i]), i+1
		default:
			out, j = append(out, "+ "+b[j]), j+1
		}
	}
	return out
}
