package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"

	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// Class says what to do about an error.
type Class string

// The classes of errors.
const (
	Transient    Class = "transient"    // passes by itself: try again later
	Throttled    Class = "throttled"    // too much was asked: try again when told; no failure of the object
	Auth         Class = "auth"         // nothing will work before an admin acts: stop asking
	Conflict     Class = "conflict"     // somebody has the name, or changed it since: look again
	Invalid      Class = "invalid"      // this object is refused as it is: others are not concerned
	NotFound     Class = "not-found"    // it is not there any more: find it or make it again
	Incompatible Class = "incompatible" // the server does not do what is asked: the set-up has to change
)

// Failure is what an error of a target means.
type Failure struct {
	Class  Class
	Code   string // by Entra's names, such as EntryConflict
	Status int    // 0: no answer came
	Text   string // what happened, for people; with what the server said
	Cure   string // what to do
	// Ambiguous: had it been a write, it may have been done all the same.
	Ambiguous bool
	// RetryAfter, in seconds, is when the server wants to be asked again; 0: it did not
	// say.
	RetryAfter int
}

// entra begins the codes that Entra has for SCIM alone.
const entra = "SystemForCrossDomainIdentityManagement"

// Entra's codes that are used for more than one status.
const (
	codeBadRequest   = entra + "BadRequest"
	codeIncompatible = entra + "ServiceIncompatible"
	codeProtocol     = "WebExceptionProtocolError"
	codeInternal     = "InternalServerError"
	codeConflict     = "EntryConflict"

	// CodeMultiple is for whoever looks for one and is answered several.
	CodeMultiple = entra + "MultipleEntriesInResponse"
)

// Classify says what an error of a Target means. It never fails: an error that
// nobody foresaw is transient.
func Classify(err error) Failure {
	var answered *scim.Error
	var refused *refusedError
	switch {
	case err == nil:
		return Failure{}
	case errors.As(err, &refused):
		return refused.failure()
	case errors.As(err, &answered):
		return classifyAnswer(answered)
	}
	f := classifyNetwork(err)
	f.Text += ": " + err.Error()
	f.Ambiguous = mayHaveArrived(err)
	return f
}

// Ambiguous reports whether a write that ended in err may have been done. What is
// certain not to have been done may be sent again; of this the target has to be
// asked first (invariant I5).
func Ambiguous(err error) bool { return Classify(err).Ambiguous }

// classifyNetwork is about requests that were not answered.
func classifyNetwork(err error) Failure {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		expired   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		network   net.Error
		barred    *scimhttp.UnreachableError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return Failure{Class: Transient, Code: "Timeout", Text: "The request was given up", Cure: "Nothing: the next cycle tries again."}
	case errors.As(err, &barred):
		return Failure{Class: Incompatible, Code: codeProtocol, Text: "The target's address is out of reach for applications", Cure: "Use another address in the target's url, or ask whoever runs this server to allow it."}
	case errors.As(err, &dns) && dns.IsNotFound:
		return Failure{Class: Transient, Code: codeProtocol, Text: "The target's host name is not known", Cure: "Check the host in the target's url, and this machine's name servers."}
	case errors.As(err, &authority):
		return Failure{Class: Incompatible, Code: codeProtocol, Text: "The target's certificate is signed by nobody who is trusted here", Cure: "Set ca-file to the certificate of the authority that signed it, or have the target send the chain."}
	case errors.As(err, &host):
		return Failure{Class: Incompatible, Code: codeProtocol, Text: "The target's certificate is for another host", Cure: "Use the host name that the certificate names in the target's url."}
	case errors.As(err, &expired):
		return Failure{Class: Incompatible, Code: codeProtocol, Text: "The target's certificate is not valid", Cure: "Have the target's certificate renewed, and check this machine's clock."}
	case errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return Failure{Class: Incompatible, Code: codeProtocol, Text: "The target speaks no TLS that can be agreed on", Cure: "Check the port in the target's url; TLS 1.2 or later is needed."}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return Failure{Class: Transient, Code: "Timeout", Text: "The target did not answer in time", Cure: "It is tried again by itself. If it happens often, raise the target's timeout or lower parallel."}
	}
	return Failure{Class: Transient, Code: codeProtocol, Text: "The target could not be reached", Cure: "It is tried again by itself. If it stays so, check the target's url, the network between, and that the server runs."}
}

// mayHaveArrived is false only where it is certain that no server has seen the
// request: it waited for its turn, no connection was made, or the certificate
// was not trusted.
func mayHaveArrived(err error) bool {
	var (
		unsent       *unsentError
		op           *net.OpError
		dns          *net.DNSError
		verification *tls.CertificateVerificationError
		record       tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unsent), errors.As(err, &dns), errors.As(err, &verification), errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return false
	case errors.As(err, &op) && op.Op == "dial":
		return false
	}
	return true
}

// unsentError is about a request that was never sent.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }
