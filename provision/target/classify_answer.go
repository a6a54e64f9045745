package target

import (
	"fmt"
	"net/http"

	"github.com/rollcall-scim/rollcall/scim"
)

// meaning is what a status or a scimType stands for.
type meaning struct {
	class Class
	code  string
	text  string
	cure  string
}

// byType is RFC 7644 table 9 and RFC 9865 section 2.1. A scimType says more than
// the status that it comes with.
var byType = map[string]meaning{
	scim.InvalidFilter: {Incompatible, codeIncompatible, "The target does not understand the filter", "Match by an attribute that the target can filter by, such as userName, or set a profile."},
	scim.TooMany:       {Incompatible, codeIncompatible, "The target found too many to list", "Match by an attribute that is unique at the target."},
	scim.Uniqueness:    {Conflict, codeConflict, "The target has somebody with such a value already", "Find the other object at the target: link it by hand, match by this attribute, or change the value at the source."},
	scim.Mutability:    {Invalid, codeBadRequest, "The target does not let the attribute be changed", "Take the attribute out of the mapping, or map it only on create."},
	scim.InvalidSyntax: {Incompatible, codeIncompatible, "The target does not understand the request", "Look at the request in the log and set the profile that fits the target."},
	scim.InvalidPath:   {Incompatible, codeIncompatible, "The target does not know the attribute", "Compare the mapping with the target's schema."},
	scim.NoTarget:      {Invalid, codeBadRequest, "The target has no value where one was to be changed", "It is read again and planned anew. If it stays so, compare the mapping's path with what the target holds."},
	scim.InvalidValue:  {Invalid, codeBadRequest, "The target does not take the value", "Correct the value at the source, or the mapping that makes it."},
	scim.InvalidVers:   {Incompatible, codeIncompatible, "The target speaks another version of SCIM", "Use the target's address for SCIM 2.0."},
	scim.Sensitive:     {Invalid, codeBadRequest, "The target does not take the value in an address", "Match by another attribute."},
	scim.InvalidCursor: {Transient, codeIncompatible, "The target forgot where the list was", "The list is read again from its beginning by the next cycle."},
	scim.ExpiredCursor: {Transient, codeIncompatible, "The target forgot where the list was", "The list is read again from its beginning by the next cycle."},
	scim.InvalidCount:  {Incompatible, codeIncompatible, "The target does not give pages of this size", "Set a profile with a smaller page size."},
}

// byStatus is for answers without a scimType that says more. That an
// object is forbidden (403) concerns this object: servers refuse to touch an
// owner or an admin that way, and such a one must not stop the others. Where all
// are refused, the share of failures says so.
var byStatus = map[int]meaning{
	400: {Invalid, codeBadRequest, "The target refused the request", "Read what it said, and correct the value at the source or the mapping."},
	401: {Auth, "Unauthorized", "The target does not accept the secret token", "Make a new token at the target and put it into the application."},
	402: {Invalid, "LicenseLimitExceeded", "The target has no licence left", "Buy licences at the target, or take people out of scope."},
	403: {Invalid, "InsufficientRights", "The token may not do this", "Give the token's owner the right at the target, or protect the object from provisioning."},
	404: {NotFound, "InvalidAnchor", "The target does not have it", "It is matched again by itself. If everything is answered so, check the target's url."},
	405: {Incompatible, "MethodNotAllowed", "The target does not know this kind of request", "Set a profile that fits the target, such as okta-like, which changes users by PUT."},
	408: {Transient, "Timeout", "The target waited too long for the request", "It is tried again by itself."},
	409: {Conflict, codeConflict, "The target has such an object already", "Find the other object at the target: link it by hand, match by another attribute, or change the value at the source."},
	410: {NotFound, "InvalidAnchor", "The target does not have it any more", "It is matched again by itself."},
	412: {Conflict, "Conflict", "The object was changed at the target meanwhile", "It is read again and planned anew."},
	413: {Invalid, codeBadRequest, "The request is too large for the target", "Set a profile with fewer members in a request."},
	422: {Invalid, "UnprocessableEntity", "The target does not take the values", "Read what it said, and correct the value at the source or the mapping."},
	423: {Transient, "NotPermitted", "The object is locked at the target", "It is tried again by itself."},
	425: {Transient, "NotPermitted", "The target does not want the request yet", "It is tried again by itself."},
	429: {Throttled, "TooManyRequests", "The target is asked too often", "It is tried again when the target said. Limits of the application spare both sides the refusals."},
	451: {Invalid, "NotPermitted", "The target may not take it for legal reasons", "Take the object out of scope."},
	500: {Transient, codeInternal, "The target failed", "It is tried again by itself. If it stays so, show the target's operator the exchange in the log."},
	501: {Incompatible, "NotImplemented", "The target cannot do this", "Set a profile that fits the target."},
	502: {Transient, codeInternal, "The server before the target got no answer from it", "It is tried again by itself."},
	503: {Transient, codeInternal, "The target is not available now", "It is tried again by itself."},
	504: {Transient, "Timeout", "The target did not answer the server before it in time", "It is tried again by itself."},
	511: {Incompatible, codeProtocol, "The network wants a sign-in first", "Give this machine a way to the target without one."},
}

// noSCIM is scimhttp's code for an answer below 300 that cannot be read.
const noSCIM = "502.1"

func classifyAnswer(e *scim.Error) Failure {
	m := meaningOf(e)
	f := Failure{Class: m.class, Code: m.code, Status: e.Status, Cure: m.cure, RetryAfter: e.RetryAfter}
	f.Text = fmt.Sprintf("%s (%d).", m.text, e.Status)
	if e.Detail != "" {
		f.Text += " It said: " + e.Detail
	}
	f.Ambiguous = e.Status == http.StatusRequestTimeout || e.Status >= 500 && e.Status != http.StatusNotImplemented && m.class != Throttled
	if e.Code == noSCIM {
		f.Status = 0
		f.Text = m.text + ". " + e.Detail
	}
	return f
}

func meaningOf(e *scim.Error) meaning {
	if e.Code == noSCIM {
		return meaning{Incompatible, codeIncompatible, "The answer is no SCIM", "Check that the target's url is that of its SCIM server, and that nothing between changes answers."}
	}
	// Some servers throttle by these two, and say when to come back.
	if e.RetryAfter > 0 && (e.Status == http.StatusServiceUnavailable || e.Status == http.StatusForbidden) {
		return byStatus[http.StatusTooManyRequests]
	}
	if m, known := byType[e.Type]; known && saysMore(e.Status) {
		return m
	}
	if m, known := byStatus[e.Status]; known {
		return m
	}
	switch {
	case e.Status < 400:
		return meaning{Incompatible, codeProtocol, "The target sends us elsewhere", "Set the target's url to the address that it leads to."}
	case e.Status < 500:
		return meaning{Incompatible, codeIncompatible, "The target does not take such requests", "Set a profile that fits the target, and show its operator the exchange in the log."}
	}
	return byStatus[http.StatusInternalServerError]
}

// saysMore reports whether a scimType explains the status; these are plain by
// themselves, and servers put any scimType beside them.
func saysMore(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusGone, http.StatusPreconditionFailed, http.StatusTooManyRequests:
		return false
	}
	return status >= 400 && status < 500
}
