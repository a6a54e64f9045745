package scim

import (
	"slices"
	"strings"
)

// Member is one member of a Group, as a client names him.
type Member struct {
	Value string // his id
	Type  string // "User", "Group" or whatever was sent; mostly empty
}

// MemberKind is what a MemberOp does.
type MemberKind uint8

// The kinds of MemberOp.
const (
	AddMembers       MemberKind = iota // those who are members already stay
	RemoveMembers                      // those who are no members do no harm
	ReplaceMembers                     // these and nobody else
	RemoveAllMembers                   // names nobody
)

// MemberOp is one change of a Group's members.
type MemberOp struct {
	Kind    MemberKind
	Members []Member // each id once
}

// Members are the members that a Group's body names, each once.
func (r *Resource) Members() []Member {
	list, _ := r.Object()[membersAttribute.Name].([]any)
	members, _ := membersIn(list)
	return members
}

var membersAttribute = find(groupAttributes, "members")

// SplitMembers takes what a PATCH of a Group does to its members out of it, so
// that they can be kept apart from the rest and changed one by one, however
// many there are. All ways to say it that rules 20 and 21 of the wire catalogue
// list are understood. Notes and faults are those of Apply.
func SplitMembers(p *Patch) (rest *Patch, ops []MemberOp, notes []string, faults []Fault) {
	s := memberSplitter{normaliser: normaliser{t: GroupType, patching: true}}
	rest = &Patch{}
	for _, op := range p.Operations {
		if left, ok := s.split(op); ok {
			rest.Operations = append(rest.Operations, left)
		}
	}
	return rest, s.ops, s.notes, s.faults
}

type memberSplitter struct {
	normaliser
	ops []MemberOp
}

// split returns what is left of an operation without its members; ok is false
// if that is nothing.
func (s *memberSplitter) split(op Operation) (left Operation, ok bool) {
	op.Op = strings.ToLower(op.Op)
	if op.Path == "" {
		return s.splitBody(op)
	}
	switch p, err := s.t.parsePath(op.Path); {
	case err != nil:
		return op, !s.unreadable(op.Path, err)
	case p.attr == membersAttribute:
		s.change(op.Op, p, op.Value)
		return op, false
	case p.attr == nil && p.ext == "":
		return s.splitBody(op)
	}
	return op, true
}

// unreadable reports whether a path is about members and cannot be read, which
// is said here: Apply would only repeat what it thinks of it.
func (s *memberSplitter) unreadable(path string, err error) bool {
	name, _, filtered := strings.Cut(path, "[")
	r, ok := s.t.lookup(strings.TrimSpace(name))
	e, isError := err.(*Error)
	if !filtered || !ok || r.attr != membersAttribute || !isError {
		return false
	}
	s.fault(path, e)
	return true
}

// splitBody is an operation without a path, whose names are paths.
func (s *memberSplitter) splitBody(op Operation) (left Operation, ok bool) {
	ms, isObject := membersOf(single(op.Value))
	if op.Op == "remove" || !isObject {
		return op, true
	}
	others := Object{}
	for _, m := range ms {
		if part, ok := s.split(Operation{op.Op, m.name, m.value}); ok {
			others[m.name] = part.Value
		}
	}
	op.Value = others
	return op, len(others) > 0 || len(ms) == 0
}

// change reads one operation on members.
func (s *memberSplitter) change(op string, p path, v any) {
	switch {
	case p.filter != nil:
		s.changeFiltered(op, p, v)
	case p.sub != nil && p.sub.Name == "value" && op == "add":
		s.add(AddMembers, s.named(v))
	case p.sub != nil:
		s.touchSub(p)
	case op == "remove" && !listed(v):
		s.ops = append(s.ops, MemberOp{Kind: RemoveAllMembers})
	case op == "remove":
		s.add(RemoveMembers, s.named(v))
	case op == "add":
		s.add(AddMembers, s.named(v))
	case empty(v):
		s.ops = append(s.ops, MemberOp{Kind: RemoveAllMembers})
	default:
		s.replace(v)
	}
}

// replace is the whole list. Names that nobody can read do not empty a group.
func (s *memberSplitter) replace(v any) {
	if named := s.named(v); len(named) > 0 {
		s.add(ReplaceMembers, named)
	} else if inner, ok := nested(v); ok && empty(inner) {
		s.ops = append(s.ops, MemberOp{Kind: RemoveAllMembers})
	}
}

// add keeps an operation that names somebody.
func (s *memberSplitter) add(kind MemberKind, named []Member) {
	if len(named) > 0 {
		s.ops = append(s.ops, MemberOp{kind, named})
	}
}

// changeFiltered is an operation on members[value eq "x"]: the filter names the
// member, and describes him where he is none yet (rule 18).
func (s *memberSplitter) changeFiltered(op string, p path, v any) {
	described, ok := p.filter.members()
	switch {
	case !ok:
		s.fault(p.String(), BadRequest(InvalidFilter, "400.22",
			"Filter cannot be used (400.22): members are found by their ids alone. Write members[value eq \"...\"]."))
	case p.sub != nil && (op == "remove" || empty(v)), p.sub != nil && p.sub.Name == "value":
		s.touchSub(p)
	case p.sub == nil && (op == "remove" || op == "replace" && empty(v)):
		s.add(RemoveMembers, described)
	case op == "replace" && p.sub == nil:
		s.exchange(described, s.named(v))
	default:
		s.add(AddMembers, described)
	}
}

// exchange puts others in the place of members; mostly they are the same.
func (s *memberSplitter) exchange(was, next []Member) {
	if len(next) == 0 {
		next = was
	}
	s.add(RemoveMembers, slices.DeleteFunc(was, func(m Member) bool {
		return slices.ContainsFunc(next, func(n Member) bool { return n.Value == m.Value })
	}))
	s.add(AddMembers, next)
}

// touchSub is an operation on a sub-attribute alone. A member is his id; what
// else is said of him, we know ourselves.
func (s *memberSplitter) touchSub(p path) {
	if p.sub.Name == "value" {
		s.fault(p.String(), BadRequest(Mutability, "400.32",
			"Attribute cannot be changed (400.32): %s is fixed once it is set. Remove the member and add another.", p.ref))
		return
	}
	s.note("skipped " + p.ref.String() + ": it follows from the member")
}

// named are the members that a value names: ids, objects, or a list of either.
func (s *memberSplitter) named(v any) []Member {
	if inner, ok := nested(v); ok {
		v = inner
	}
	named, nameless := membersIn(s.list(place{}, membersAttribute, v, true))
	if nameless {
		s.note("skipped members without value: a member is named by his id")
	}
	return named
}

// nested is the list in {"members": [...]} under the path members,
// salesforce-pgrp-001.
func nested(v any) (any, bool) {
	ms, ok := membersOf(single(v))
	if !ok || len(ms) != 1 || !strings.EqualFold(ms[0].name, membersAttribute.Name) {
		return nil, false
	}
	return ms[0].value, true
}

// membersIn reads normalised elements; nameless says that some name nobody.
func membersIn(list []any) (named []Member, nameless bool) {
	seen := make(map[string]bool, len(list))
	for _, v := range list {
		e, _ := v.(Object)
		value, _ := e["value"].(string)
		typ, _ := e["type"].(string)
		if ref, _ := e["$ref"].(string); value == "" {
			value = ref[strings.LastIndexByte(ref, '/')+1:]
		}
		switch {
		case value == "":
			nameless = true
		case !seen[value]:
			seen[value] = true
			named = append(named, Member{value, typ})
		}
	}
	return named, nameless
}

// members are those that a filter of value eq "x" terms, joined by or, each
// with a type perhaps, describes.
func (n *node) members() (named []Member, ok bool) {
	if n.kind == isOr {
		for _, sub := range n.nodes {
			some, ok := sub.members()
			if !ok {
				return nil, false
			}
			named = append(named, some...)
		}
		return named, true
	}
	e := Object{}
	if !n.describe(e) {
		return nil, false
	}
	named, _ = membersIn([]any{e})
	return named, len(named) > 0
}
