package provision

import "github.com/rollcall-scim/rollcall/scim"

import "maps"

// knowledge is what is known of an object at the target: Object.Written. The
// values are those that the target holds, by mapped path. Two more things are
// remembered, so that what cannot be had is not asked for again and again, and
// what was changed by hand is not taken for ours.
type knowledge struct {
	values map[string]any
	// sent is what the target made something else of, or ignored: a path's value
	// as it was sent.
	sent map[string]any
	// drifted is what was written before somebody else changed it.
	drifted map[string]any
}

// beside is the key in Object.Written that is no path.
const beside = ""

func knowledgeOf(written string) knowledge {
	k := knowledge{values: decode(written)}
	more, _ := k.values[beside].(map[string]any)
	delete(k.values, beside)
	k.sent, _ = more["sent"].(map[string]any)
	k.drifted, _ = more["drifted"].(map[string]any)
	if k.sent == nil {
		k.sent = map[string]any{}
	}
	if k.drifted == nil {
		k.drifted = map[string]any{}
	}
	return k
}

func (k knowledge) encode() string {
	all, more := maps.Clone(k.values), map[string]any{}
	if len(k.sent) > 0 {
		more["sent"] = k.sent
	}
	if len(k.drifted) > 0 {
		more["drifted"] = k.drifted
	}
	if len(more) > 0 {
		all[beside] = more
	}
	return encode(all)
}

// settled says that the value was sent, that the target holds something else,
// and that this has been accepted: it made it so, or an admin did.
func (k knowledge) settled(path string, want any) bool {
	for _, known := range []map[string]any{k.sent, k.drifted} {
		if v, ok := known[path]; ok && sameKnown(v, want) {
			return true
		}
	}
	return false
}

func sameKnown(a, b any) bool { return scim.Present(a) == scim.Present(b) && sameValue(a, b) }

// meet takes in what the target holds now, members left out, and answers what
// had been written before somebody else changed it. That is remembered, unless it
// is to be put back: then it is simply not what is wanted.
func (k *knowledge) meet(now map[string]any, repair bool) (drifted map[string]any) {
	next := maps.Clone(now)
	for _, path := range k.paths() {
		was := k.values[path]
		if path == membersPath || sameValue(was, now[path]) {
			if was != nil {
				next[path] = was
			}
			continue
		}
		ours, ok := k.drifted[path]
		if !ok {
			if ours, ok = k.sent[path]; !ok {
				ours = was
			}
		}
		delete(k.sent, path)
		delete(k.drifted, path)
		if !sameKnown(ours, now[path]) {
			k.drifted[path] = ours
		}
	}
	k.values, drifted = next, k.drifted
	if repair {
		k.drifted = map[string]any{}
	}
	return drifted
}

// sameWritten says that everything that was written is there still, members left
// out. What the target has beside is its own.
func sameWritten(written, now map[string]any) bool {
	for path, v := range written {
		if path != membersPath && !sameValue(v, now[path]) {
			return false
		}
	}
	return true
}

func (k *knowledge) paths() (paths []string) {
	seen := map[string]bool{}
	for _, m := range []map[string]any{k.values, k.sent, k.drifted} {
		for path := range m {
			if !seen[path] {
				seen[path] = true
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// wrote takes in what was written, and what the target answered; nil when it
// answered nothing. It says of which paths the target made something else.
func (k *knowledge) wrote(values, answer map[string]any) (differently []string) {
	for path, v := range values {
		delete(k.sent, path)
		delete(k.drifted, path)
		k.set(path, v)
		if answer != nil && path != membersPath && !sameValue(v, answer[path]) {
			k.set(path, answer[path])
			k.sent[path] = v
			differently = append(differently, path)
		}
	}
	for path, v := range answer {
		if _, known := k.values[path]; !known && path != membersPath {
			if _, ours := values[path]; !ours {
				k.values[path] = v // what the target gave of its own accord
			}
		}
	}
	return differently
}

func (k *knowledge) set(path string, v any) {
	if v == nil {
		delete(k.values, path)
		return
	}
	k.values[path] = v
}

// changedValues are the values of after that before has not, and nil for those
// that are to be gone: what an operation will have taught, for Op.After.
func changedValues(before, after map[string]any) map[string]any {
	changed := map[string]any{}
	for path, v := range after {
		if was, ok := before[path]; !ok || encode(was) != encode(v) {
			changed[path] = v
		}
	}
	for path := range before {
		if _, ok := after[path]; !ok && path != membersPath {
			changed[path] = nil
		}
	}
	return changed
}
