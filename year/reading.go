package year

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Refused is a server that does not let the judge read.
type Refused struct {
	Path   string
	Status int
	Detail string
}

func (e *Refused) Error() string {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprintf("it does not take this token (%d). %s", e.Status, e.Detail)
	case http.StatusNotFound:
		return fmt.Sprintf("there is no SCIM endpoint: GET %s is answered 404. Check that the URL ends where /Users begins", e.Path)
	}
	return fmt.Sprintf("GET %s is answered %d. %s", e.Path, e.Status, e.Detail)
}

// list walks a list to its end.
func (j *judge) list(ctx context.Context, path string) (all []map[string]any, err error) {
	seen := map[string]bool{}
	for {
		body, err := j.page(ctx, path+"?startIndex="+strconv.Itoa(len(all)+1)+"&count=100")
		if err != nil {
			return nil, err
		}
		total, _ := dig(body, "totalResults").(float64)
		before := len(all)
		for _, r := range resources(body) {
			if id := text(r, "id"); !seen[id] {
				seen[id] = true
				all = append(all, r)
			}
		}
		if len(all) == before || len(all) >= int(total) && !j.toTheEnd {
			return all, nil
		}
	}
}

// confirmed reads again what a list does not show although somebody should be
// there: some servers count no further than a page, and a list that is wrong is
// not yet somebody who is locked out.
func (v *view) confirmed(ctx context.Context, users []map[string]any) ([]map[string]any, error) {
	missing := v.missing(users)
	if len(missing) == 0 {
		return users, nil
	}
	if !v.toTheEnd {
		v.toTheEnd = true
		whole, err := v.list(ctx, "/Users")
		if err != nil {
			return nil, err
		}
		if v.toTheEnd = len(whole) > len(users); v.toTheEnd {
			v.note(fmt.Sprintf("totalResults counted %d people where %d are: from day %d on the list is walked until a page is empty.", len(users), len(whole), v.day))
		}
		users = whole
	}
	for _, a := range v.missing(users) {
		u, err := v.page(ctx, userPath(v.idps[a.idp].id(a)))
		if err == nil && isActive(u) && text(u, "id") != "" {
			v.note(fmt.Sprintf("%s is in, by GET, and the list does not show it (day %d).", v.company.name(a.person), v.day))
			users = append(users, u)
		}
	}
	return users, nil
}

// missing are accounts that should be in and are in no list.
func (v *view) missing(users []map[string]any) (missing []*account) {
	listed := map[string]bool{}
	for _, u := range users {
		listed[text(u, "id")] = true
	}
	for _, a := range v.company.accounts {
		p := v.idps[a.idp]
		if owing, _ := p.owes(a); a.live() && !owing && p.id(a) != "" && !listed[p.id(a)] {
			missing = append(missing, a)
		}
	}
	return missing
}

// noted is how many notes of reading a report has.
const noted = 20

func (j *judge) note(text string) {
	if len(j.report.Notes) < noted {
		j.report.Notes = append(j.report.Notes, text)
	}
}

// page reads one page, with patience for a server that asks for it.
func (j *judge) page(ctx context.Context, path string) (map[string]any, error) {
	r := request{method: http.MethodGet, path: path, header: map[string]string{"Accept": "application/scim+json, application/json"}}
	for try := 0; ; try++ {
		j.report.Reads++
		status, header, body, err := j.Server.send(ctx, j.Server.Token, r)
		var answer map[string]any
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			if try < 3 {
				break
			}
			return nil, errors.Join(errors.New("no answer"), err)
		case status == http.StatusOK:
			if err := json.Unmarshal(body, &answer); err != nil {
				return nil, fmt.Errorf("GET %s: expected JSON: %w", path, err)
			}
			return answer, nil
		case status != http.StatusTooManyRequests && status < 500 || try >= 3:
			_ = json.Unmarshal(body, &answer)
			return nil, &Refused{Path: path, Status: status, Detail: text(answer, "detail")}
		}
		seconds, _ := strconv.Atoi(header.Get("Retry-After"))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(min(max(seconds, 1), 60)) * time.Second):
		}
	}
}

// cleanUp deletes what the year made: all that it heard of, and what it did not
// hear of because an answer was lost.
func (j *judge) cleanUp(ctx context.Context, wires []*wire) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	var left int
	j.index = j.company.index()
	groups, users := slices.Clone(j.company.idGroups), slices.Clone(j.company.order)
	if seen, err := j.list(ctx, "/Groups"); err == nil {
		groups = j.ours(groups, seen)
	}
	if seen, err := j.list(ctx, "/Users"); err == nil {
		users = j.ours(users, seen)
	}
	for _, path := range append(pathsOf("/Groups/", groups), pathsOf("/Users/", users)...) {
		if !j.delete(ctx, path, wires) {
			left++
		}
	}
	if left > 0 {
		return fmt.Errorf("%d people and groups of the year are left behind: the server did not delete them. Their addresses end in %s", left, j.Story.Domain)
	}
	return nil
}

func (j *judge) ours(ids []string, seen []map[string]any) []string {
	for _, r := range seen {
		if id := text(r, "id"); !j.strangers[id] && j.made(r) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// made says whether a person or group can only come from this year: others may
// come to the server while it is played.
func (j *judge) made(r map[string]any) bool {
	name, external := text(r, "userName"), text(r, "externalId")
	if strings.HasSuffix(strings.ToLower(name), j.Story.Domain) {
		return true
	}
	return external != "" && (j.index.byExternal[external] != nil ||
		slices.ContainsFunc(j.company.groups, func(g *group) bool { return g.object == external }))
}

func pathsOf(prefix string, ids []string) (paths []string) {
	for _, id := range ids {
		paths = append(paths, prefix+id)
	}
	return paths
}

// delete asks with each provider's token: what is one's may be out of another's
// sight. A server that asks for patience is given it.
func (j *judge) delete(ctx context.Context, path string, wires []*wire) (gone bool) {
	for _, w := range wires {
		a, err := w.once(ctx, request{method: http.MethodDelete, path: path})
		gone = gone || err == nil && (a.ok() || a.status == http.StatusNotFound || a.status == http.StatusGone)
	}
	return gone
}
