package year

import (
	"fmt"
	"html/template"
	"strings"
)

// The picture of the year: above a line for who should be in and one for who
// lives at the server, below a stripe a day for each of the three numbers.
const (
	pictureWidth = 960
	curveHeight  = 180
	rowHeight    = 26
	leftEdge     = 84
	topEdge      = 24
)

// picture draws the year as SVG, with classes for colours so that it follows the
// page's light or dark.
func (r *Report) picture() template.HTML {
	var b strings.Builder
	rows := []struct {
		kind Kind
		name string
	}{{Ghost, "ghosts"}, {Double, "doubles"}, {LockOut, "lock-outs"}}
	height := topEdge + curveHeight + 20 + len(rows)*rowHeight + 30
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="The year, day by day">`, pictureWidth, height)
	low, high := r.extent()
	y := func(n int) float64 {
		return topEdge + curveHeight*(1-float64(n-low)/float64(max(1, high-low)))
	}
	for _, n := range []int{low, (low + high) / 2, high} {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%d</text>`,
			leftEdge, pictureWidth, y(n), y(n), leftEdge-8, y(n)+4, n)
	}
	r.curve(&b, "should", y, func(d Day) int { return d.People })
	r.curve(&b, "living", y, func(d Day) int { return d.Living })
	for i, row := range rows {
		r.stripe(&b, row.kind, row.name, topEdge+curveHeight+20+i*rowHeight)
	}
	for month := 1; month <= r.Days; month += max(1, 30*max(1, r.Days/365)) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">day %d</text>`, r.x(month), height-8, month)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

func (r *Report) extent() (low, high int) {
	low = 1 << 30
	for _, d := range r.Calendar {
		low, high = min(low, d.People, d.Living), max(high, d.People, d.Living)
	}
	return max(0, min(low, high)-2), high + 2
}

func (r *Report) x(day int) float64 {
	return leftEdge + float64(pictureWidth-leftEdge)*float64(day-1)/float64(max(1, r.Days))
}

func (r *Report) curve(b *strings.Builder, class string, y func(int) float64, of func(Day) int) {
	fmt.Fprintf(b, `<polyline class="%s" points="`, class)
	for _, d := range r.Calendar {
		fmt.Fprintf(b, "%.1f,%.1f ", r.x(d.Day), y(of(d)))
	}
	b.WriteString(`"/>`)
}

// stripe is a mark for each day on which there was one, darker where there were
// more.
func (r *Report) stripe(b *strings.Builder, kind Kind, name string, top int) {
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect class="row" x="%d" y="%d" width="%d" height="%d" rx="3"/>`,
		leftEdge-8, top+15, name, leftEdge, top, pictureWidth-leftEdge, rowHeight-6)
	width := r.x(2) - r.x(1)
	for _, d := range r.Calendar {
		if n := d.Counts[kind]; n > 0 {
			fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d" opacity="%.2f"><title>day %d: %d %s</title></rect>`,
				kindClass[kind], r.x(d.Day), top, max(1.5, width), rowHeight-6, min(1, .45+.1*float64(n)), d.Day, n, name)
		}
	}
}
