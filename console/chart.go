package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// chart is a picture of what came in: a bar for each hour or day, in layers.
// Lengths are in the units of its viewBox.
type chart struct {
	Title  string
	Told   string // the picture in words
	Local  string // how the script says its moments in the reader's zone; "" for days, which are UTC's
	Width  float64
	Height float64
	Bars   []chartBar
	Most   int
	Empty  bool
}

type chartBar struct {
	X, Width float64
	At       time.Time
	Label    string // under the bar, in UTC until the reader's zone is known; "" where there is no room
	Told     string
	Layers   []chartLayer
}

type chartLayer struct {
	Y, Height float64
	Class     string
}

const (
	chartWidth  = 600.0
	chartHeight = 120.0
)

// bucket is what came in during one bar's time.
type bucket struct {
	from time.Time
	sum  directory.Counts
}

// drawn makes the picture of buckets in a row. every says which bars have a
// label.
func drawn(title, local string, buckets []bucket, format string, every int) chart {
	c := chart{Title: title, Local: local, Width: chartWidth, Height: chartHeight, Most: 1, Empty: true}
	total := directory.Counts{}
	for _, b := range buckets {
		c.Most = max(c.Most, b.sum.Sum())
		total = plus(total, b.sum)
	}
	c.Empty = total.Sum() == 0
	c.Told = title + ": " + inWords(total)
	step := chartWidth / float64(len(buckets))
	for i, b := range buckets {
		bar := chartBar{X: float64(i)*step + step*.12, Width: step * .76, At: b.from, Told: b.from.Format(format) + " UTC: " + inWords(b.sum)}
		if i%every == 0 {
			bar.Label = b.from.Format(format)
		}
		y := chartHeight
		for _, l := range []struct {
			n     int
			class string
		}{{b.sum.Updated, "soft"}, {b.sum.Created, "accent"}, {b.sum.Removed, "warn"}, {b.sum.Refused, "bad"}} {
			if l.n == 0 {
				continue
			}
			h := max(2, float64(l.n)/float64(c.Most)*(chartHeight-4))
			y -= h
			bar.Layers = append(bar.Layers, chartLayer{y, h, l.class})
		}
		c.Bars = append(c.Bars, bar)
	}
	return c
}

func plus(a, b directory.Counts) directory.Counts {
	return directory.Counts{Created: a.Created + b.Created, Updated: a.Updated + b.Updated, Removed: a.Removed + b.Removed, Refused: a.Refused + b.Refused}
}

// inWords says what came in, without what did not.
func inWords(c directory.Counts) string {
	var words []string
	for _, w := range []struct {
		n    int
		what string
	}{{c.Created, "created"}, {c.Updated, "updated"}, {c.Removed, "removed"}, {c.Refused, "refused"}} {
		if w.n > 0 {
			words = append(words, fmt.Sprintf("%s %s", number(w.n), w.what))
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// buckets spreads traffic over so many bars of that length, the last of which
// ends at the hour or day of now.
func buckets(traffic []directory.TrafficHour, now time.Time, size time.Duration, n int) []bucket {
	end := now.UTC().Truncate(size).Add(size)
	out := make([]bucket, n)
	for i := range out {
		out[i].from = end.Add(time.Duration(i-n) * size)
	}
	for _, h := range traffic {
		if i := int(h.Start.Sub(out[0].from) / size); !h.Start.Before(out[0].from) && i < n {
			out[i].sum = plus(out[i].sum, h.Counts)
		}
	}
	return out
}
