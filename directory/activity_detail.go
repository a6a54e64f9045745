package directory

import (
	"context"
	"strconv"

	"github.com/rollcall-scim/rollcall/scim"
)

// ActivityDetail is one request with what was sent and what was answered, secrets
// struck out. After the retention time only the request's line is left.
type ActivityDetail struct {
	Activity
	Path   string // below the SCIM base URL; "" where it was not kept
	Sent   string
	Answer string
}

// ActivityByID finds one request. ErrNotFound when there is none.
func (t *Tenant) ActivityByID(ctx context.Context, id string) (ActivityDetail, error) {
	if err := t.mayWatch(ctx); err != nil {
		return ActivityDetail{}, err
	}
	row, err := t.r.ActivityByID(ctx, id)
	if err != nil {
		return ActivityDetail{}, err
	}
	if row == nil {
		return ActivityDetail{}, ErrNotFound
	}
	d := ActivityDetail{Activity: t.readActivity(*row)}
	kept, err := t.r.Detail(ctx, row.ID)
	if err != nil || kept == nil {
		return d, err
	}
	d.Path = kept.Path
	if d.Sent, d.Answer, err = unpack(kept.Exchange); d.Refused() {
		d.Answer = errorText(*row)
	}
	return d, err
}

// errorText is the body of a refusal, which the row tells whole.
func errorText(r ActivityRow) string {
	e := scim.Object{"schemas": []any{scim.ErrorURN}, "status": strconv.Itoa(r.Status), "detail": r.Detail}
	if r.ScimType != "" {
		e["scimType"] = r.ScimType
	}
	return changeJSON(e)
}
