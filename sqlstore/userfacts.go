package sqlstore

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

// A user's facts are all of his row but id and document, in one text: its parts
// end with a line break that none of them can hold but teams and links, which
// are lines themselves and end with a record separator. Reading one column
// instead of thirteen is what makes a page of a hundred users cheap.
const (
	partEnd = "\n"
	listEnd = "\x1e"
)

func encodeFacts(u *directory.UserRow) string {
	b := make([]byte, 0, 256)
	enterprise := int64(0)
	if u.Enterprise {
		enterprise = 1
	}
	for _, n := range [...]int64{int64(u.State), int64(u.Role), enterprise, u.Created, u.Modified, u.Version, u.RemovedAt} {
		b = strconv.AppendInt(b, n, 10)
		b = append(b, partEnd...)
	}
	for _, s := range [...]string{u.Group, u.Owner, u.RemovedBy, u.Left} {
		b = append(b, s...)
		b = append(b, partEnd...)
	}
	b = append(b, u.Teams...)
	b = append(b, listEnd...)
	return string(append(b, u.Links...))
}

func decodeFacts(u *directory.UserRow, facts string) error {
	var numbers [7]int64
	var err error
	for i := range numbers {
		var part string
		part, facts, _ = strings.Cut(facts, partEnd)
		if numbers[i], err = strconv.ParseInt(part, 10, 64); err != nil {
			return fmt.Errorf("user %s: the row is damaged: %w", u.ID, err)
		}
	}
	u.State, u.Role, u.Enterprise = directory.State(numbers[0]), directory.Role(numbers[1]), numbers[2] == 1
	u.Created, u.Modified, u.Version, u.RemovedAt = numbers[3], numbers[4], numbers[5], numbers[6]
	for _, s := range [...]*string{&u.Group, &u.Owner, &u.RemovedBy, &u.Left} {
		*s, facts, _ = strings.Cut(facts, partEnd)
	}
	var whole bool
	if u.Teams, u.Links, whole = strings.Cut(facts, listEnd); !whole {
		return fmt.Errorf("user %s: the row is damaged: it ends too early", u.ID)
	}
	return nil
}
