package directory

import (
	"testing"
	"time"
)

func TestAppendTime(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Date(2026, 11, 24, 14, 5, 6, 7_890_123, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(12026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(987, 6, 5, 4, 3, 2, 0, time.UTC),
	} {
		if got, want := string(appendTime(nil, at.UnixMicro())), at.UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
