// Package provision is the provisioning service: what an enterprise application
// does in Entra ID. An application reads people and groups from a source,
// decides who is in scope, maps and matches them, makes a plan, and carries the
// plan out at any SCIM 2.0 server, keeping a log with a reason for everything.
//
// Pure functions decide (scope.go, mapping.go, plan.go); the Engine acts. The
// invariants I1 to I9 that it keeps are tests by those names.
package provision
