package scimhttp

import (
	"encoding/json/v2"

	"github.com/rollcall-scim/rollcall/scim"
)

// patchBody is the PatchOp message (RFC 7644 section 3.5.2). Only remove has no
// value; elsewhere null clears, and is said.
func patchBody(p *scim.Patch) ([]byte, error) {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path,omitempty"`
		Value *any   `json:"value,omitzero"`
	}
	message := struct {
		Schemas    []string    `json:"schemas"`
		Operations []operation `json:"Operations"`
	}{Schemas: []string{scim.PatchOpURN}, Operations: []operation{}}
	for _, o := range p.Operations {
		sent := operation{Op: o.Op, Path: o.Path}
		if o.Op != "remove" || o.Value != nil {
			sent.Value = &o.Value
		}
		message.Operations = append(message.Operations, sent)
	}
	return json.Marshal(message, json.Deterministic(true))
}
