package scim

import (
	"strings"
)

// MaxOperations is how many operations one PATCH may hold.
const MaxOperations = 1000

// Patch is the body of a PATCH request (RFC 7644 section 3.5.2).
type Patch struct {
	Operations []Operation
}

// Operation is one operation of a Patch. Op is add, remove or replace; without
// a Path, Value is an object whose names are paths. A value that was not sent
// and null are the same.
type Operation struct {
	Op    string
	Path  string
	Value any
}

// ParsePatch reads the structure of a PATCH body: names and op in any case, no
// matter what schemas says (wso2-patch-001, generic-patch-012). Whether an
// operation can be applied, Apply finds out.
func ParsePatch(data []byte) (*Patch, error) {
	v, err := Decode(data)
	if err != nil {
		return nil, err
	}
	body, ok := v.(Object)
	if !ok {
		return nil, badMessage("the body is not an object")
	}
	list, ok := field(body, "Operations").([]any)
	if !ok {
		return nil, badMessage("Operations is missing or not a list")
	}
	if len(list) > MaxOperations {
		return nil, Errorf(413, "", "413.2", "Too many operations (413.2): %d in one request, at most %d are taken. Send several requests.", len(list), MaxOperations)
	}
	p := &Patch{Operations: make([]Operation, len(list))}
	for i, v := range list {
		if p.Operations[i], err = parseOperation(v); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func parseOperation(v any) (Operation, error) {
	o, ok := v.(Object)
	if !ok {
		return Operation{}, badMessage("an operation is not an object")
	}
	op, _ := field(o, "op").(string)
	path, isText := field(o, "path").(string)
	if field(o, "path") != nil && !isText {
		return Operation{}, badMessage("a path is not text")
	}
	switch op = strings.ToLower(strings.TrimSpace(op)); op {
	case "add", "remove", "replace":
		return Operation{op, strings.TrimSpace(path), field(o, "value")}, nil
	case "":
		return Operation{}, badMessage("an operation has no op")
	}
	return Operation{}, badMessage("there is no op " + quote(op))
}

func badMessage(why string) *Error {
	return BadRequest(InvalidSyntax, "400.17",
		"PATCH message has the wrong structure (400.17): %s. Send {\"schemas\":[\"%s\"],\"Operations\":[{\"op\":\"replace\",\"path\":\"title\",\"value\":\"...\"}]}.", why, PatchOpURN)
}

// field finds a member in any case.
func field(o Object, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	for n, v := range o {
		if strings.EqualFold(n, name) {
			return v
		}
	}
	return nil
}

// JSON is the Patch as it goes over the wire.
func (p *Patch) JSON() []byte {
	dst := append([]byte(nil), `{"schemas":["`+PatchOpURN+`"],"Operations":[`...)
	for i, op := range p.Operations {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(append(dst, `{"op":`...), op.Op)
		if op.Path != "" {
			dst = appendString(append(dst, `,"path":`...), op.Path)
		}
		if op.Value != nil || op.Op != "remove" {
			dst = appendValue(append(dst, `,"value":`...), op.Value)
		}
		dst = append(dst, '}')
	}
	return append(dst, `]}`...)
}
