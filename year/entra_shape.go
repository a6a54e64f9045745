package year

// What Entra ID sends, as interop/cases/entra*.yaml have it.

// newUser is the POST of the default mapping; in every other company objectId is
// the externalId, as most guides advise.
func (e *entra) newUser(a *account) obj {
	return obj{
		"schemas", list{userURN, enterpriseURN},
		"externalId", a.external,
		"userName", a.UserName,
		"active", true,
		"addresses", list{obj{"type", "work", "country", a.Country, "locality", a.City}},
		"displayName", a.display(),
		"emails", list{obj{"type", "work", "value", a.UserName, "primary", true}},
		"meta", obj{"resourceType", "User"},
		"name", obj{"familyName", a.Family, "givenName", a.Given},
		"title", a.Title,
		enterpriseURN, obj{"department", a.Department, "employeeNumber", a.Employee},
	}
}

// field is an attribute of the mapping: its path, what it is to be and where
// to find it in an answer.
type field struct {
	path  string
	want  string
	at    []string
	value bool // its path has a filter: such are never folded into one operation
}

func fieldsOf(a *account) []field {
	return []field{
		{"displayName", a.display(), []string{"displayName"}, false},
		{`emails[type eq "work"].value`, a.UserName, []string{"emails", "value"}, true},
		{"name.givenName", a.Given, []string{"name", "givenName"}, false},
		{"name.familyName", a.Family, []string{"name", "familyName"}, false},
		{"title", a.Title, []string{"title"}, false},
		{`addresses[type eq "work"].country`, a.Country, []string{"addresses", "country"}, true},
		{`addresses[type eq "work"].locality`, a.City, []string{"addresses", "locality"}, true},
		{enterpriseURN + ":department", a.Department, []string{enterpriseURN, "department"}, false},
		{enterpriseURN + ":employeeNumber", a.Employee, []string{enterpriseURN, "employeeNumber"}, false},
	}
}

// changes are the operations that make the server's object the source's. Of who
// is out only his name in the recycle bin and active are sent.
func (e *entra) changes(a *account, r *remembered, there map[string]any) (ops []change) {
	if isActive(there) != a.live() {
		ops = append(ops, change{"Replace", "active", e.boolean(a.live()), false})
	}
	if !a.live() && a.deleted == never {
		return ops
	}
	if want := e.userName(a); text(there, "userName") != want || r.name != "" && r.name != want {
		ops = append(ops, change{"Replace", "userName", want, false})
	}
	if !a.live() {
		return ops
	}
	if have := text(there, "externalId"); have != a.external {
		ops = append(ops, change{verb(have), "externalId", a.external, false})
	}
	for _, f := range fieldsOf(a) {
		if have := text(there, f.at...); have != f.want {
			ops = append(ops, change{verb(have), f.path, f.want, f.value})
		}
	}
	if e.flag {
		return folded(ops)
	}
	return ops
}

// change is one operation of a PATCH.
type change struct {
	op, path string
	value    any
	filtered bool
}

// verb is Add where there was nothing.
func verb(have string) string {
	if have == "" {
		return "Add"
	}
	return "Replace"
}

// boolean is text without the flag.
func (e *entra) boolean(b bool) any {
	switch {
	case e.flag:
		return b
	case b:
		return "True"
	}
	return "False"
}

// folded is the flag's form: small letters, and all that has no filter in one
// operation without a path (entra-patch-attr-004).
func folded(ops []change) (out []change) {
	var together obj
	for _, op := range ops {
		switch {
		case op.path == "active":
			out = append(out, change{"replace", "active", op.value, false})
		case op.filtered:
			out = append(out, change{"replace", op.path, op.value, true})
		default:
			together = append(together, op.path, op.value)
		}
	}
	if len(together) > 0 {
		out = append(out, change{"replace", "", together, false})
	}
	return out
}

// patch is a PatchOp message.
func patch(ops []change) obj {
	var all list
	for _, op := range ops {
		o := obj{"op", op.op}
		if op.path != "" {
			o = append(o, "path", op.path)
		}
		if op.value != nil {
			o = append(o, "value", op.value)
		}
		all = append(all, o)
	}
	return obj{"schemas", list{patchURN}, "Operations", all}
}
