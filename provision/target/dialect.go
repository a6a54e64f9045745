package target

import (
	"context"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// dialect writes messages as a server wants them that does not keep to the
// standard.
type dialect struct {
	scim.ServiceProvider
	profile Profile
}

func (d dialect) Patch(ctx context.Context, typ, id string, p *scim.Patch, v scim.Version) (*scim.Resource, error) {
	spoken := &scim.Patch{Operations: make([]scim.Operation, len(p.Operations))}
	for i, op := range p.Operations {
		spoken.Operations[i] = d.operation(op)
	}
	return d.ServiceProvider.Patch(ctx, typ, id, spoken, d.version(v))
}

func (d dialect) Replace(ctx context.Context, typ, id string, r *scim.Resource, v scim.Version) (*scim.Resource, error) {
	return d.ServiceProvider.Replace(ctx, typ, id, r, d.version(v))
}

func (d dialect) Delete(ctx context.Context, typ, id string, v scim.Version) error {
	return d.ServiceProvider.Delete(ctx, typ, id, d.version(v))
}

func (d dialect) operation(op scim.Operation) scim.Operation {
	if d.profile.CapitalOps && op.Op != "" {
		op.Op = strings.ToUpper(op.Op[:1]) + op.Op[1:]
	}
	if d.profile.StringBooleans {
		op.Value = withStringBooleans(op.Value)
	}
	return op
}

func (d dialect) version(v scim.Version) scim.Version {
	if d.profile.NoETag {
		return ""
	}
	return v
}

// withStringBooleans is a copy of v with "True" and "False" for its booleans.
func withStringBooleans(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return "True"
		}
		return "False"
	case scim.Object:
		o := make(scim.Object, len(v))
		for name, inner := range v {
			o[name] = withStringBooleans(inner)
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = withStringBooleans(inner)
		}
		return list
	}
	return v
}
