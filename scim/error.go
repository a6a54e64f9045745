package scim

import "fmt"

// Error is a SCIM error: what the client's operator reads (RFC 7644 section
// 3.12). Detail says what to do; it never holds internals or secrets.
type Error struct {
	Status int
	Type   string // scimType, such as "uniqueness"; may be empty
	Code   string // our short code that docs/faq.md explains, such as "400.76"
	Detail string
	// Value is what in the request was refused, where many are refused for the
	// same and can be helped at once: a country without a group. It may be empty.
	Value string

	// RetryAfter, in seconds, asks the client to come back; 0 for none.
	RetryAfter int
}

func (e *Error) Error() string { return e.Detail }

// The scimType values of RFC 7644 table 9 and RFC 9865 section 2.1.
const (
	InvalidFilter = "invalidFilter"
	TooMany       = "tooMany"
	Uniqueness    = "uniqueness"
	Mutability    = "mutability"
	InvalidSyntax = "invalidSyntax"
	InvalidPath   = "invalidPath"
	NoTarget      = "noTarget"
	InvalidValue  = "invalidValue"
	InvalidVers   = "invalidVers"
	Sensitive     = "sensitive"
	InvalidCursor = "invalidCursor"
	ExpiredCursor = "expiredCursor"
	InvalidCount  = "invalidCount"
)

// Errorf makes an Error. Code is the entry of docs/faq.md that explains it;
// Detail ends up as "<text> (<code>)..." only if the text says so itself.
func Errorf(status int, scimType, code, format string, args ...any) *Error {
	return &Error{Status: status, Type: scimType, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// BadRequest is a 400 of the given scimType.
func BadRequest(scimType, code, format string, args ...any) *Error {
	return Errorf(400, scimType, code, format, args...)
}
