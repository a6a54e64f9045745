package source

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/go-ldap/ldap/v3"
)

// explainLDAP says what was attempted, why it failed and what to do. Whatever it
// was, the read is incomplete.
func explainLDAP(err error, doing string) error {
	var e *ldap.Error
	if !errors.As(err, &e) || e.ResultCode >= ldap.ErrorNetwork {
		return fmt.Errorf("LDAP: the connection broke off before the server had answered (%s); nothing was changed. Try again; if it stays, look into the server's log: %w", doing, err)
	}
	if e.ResultCode == ldap.LDAPResultInvalidCredentials {
		return fmt.Errorf("LDAP: could not %s: %s: %w", doing, refusedBind(err.Error()), err)
	}
	cure, ok := ldapCures[e.ResultCode]
	if !ok {
		cure = "nothing was changed; look into the server's log"
	}
	return fmt.Errorf("LDAP: could not %s: %s: %w", doing, cure, err)
}

var ldapCures = map[uint16]string{
	ldap.LDAPResultOperationsError:              "the server wants to know who asks; set bind-dn and password",
	ldap.LDAPResultTimeLimitExceeded:            "the server's time limit ended the read; raise it for the bind account (OpenLDAP: olcLimits time=unlimited), or narrow base",
	ldap.LDAPResultSizeLimitExceeded:            "the server's size limit ended the read before all was told; raise it for the bind account (OpenLDAP: olcLimits size.prtotal=unlimited size.soft=unlimited), or lower page-size below the server's own",
	ldap.LDAPResultStrongAuthRequired:           "the server wants an encrypted connection; use ldaps:// or start-tls: true",
	ldap.LDAPResultReferral:                     "the server does not hold this base and names another server; put that one into url, or correct base",
	ldap.LDAPResultAdminLimitExceeded:           "a limit of the server ended the read before all was told; raise it for the bind account, or index what the filter asks for",
	ldap.LDAPResultUnavailableCriticalExtension: "the server does not know what was asked of it; set changes: none",
	ldap.LDAPResultConfidentialityRequired:      "the server wants an encrypted connection; use ldaps:// or start-tls: true",
	ldap.LDAPResultNoSuchObject:                 "there is no such entry, or the bind account may not see it; correct base, or the account's rights",
	ldap.LDAPResultInvalidDNSyntax:              "the server does not take this for a distinguished name; correct base or bind-dn",
	ldap.LDAPResultInappropriateAuthentication:  "the server does not let this account in by password; set another bind-dn",
	ldap.LDAPResultInsufficientAccessRights:     "the bind account may not do that; give it the right to read",
	ldap.LDAPResultBusy:                         "the server is busy; nothing was changed, and the next cycle tries again",
	ldap.LDAPResultUnavailable:                  "the server is shutting down or starting; nothing was changed, and the next cycle tries again",
	ldap.LDAPResultUnwillingToPerform:           "the server refuses; its own words behind this say why",
}

// Active Directory tells the reason of a refused bind as a Windows error number
// behind the word data.
var (
	adReason  = regexp.MustCompile(`\bdata ([0-9a-f]+)`)
	adReasons = map[string]string{
		"525": "there is no account of that name; correct bind-dn",
		"52e": "the password is wrong; correct password",
		"530": "the account may not log on at this hour; change its logon hours",
		"531": "the account may not log on from this machine; change its list of workstations",
		"532": "the account's password has expired; set a new one, and in password too",
		"533": "the account is disabled; enable it",
		"568": "the account is in too many groups; take it out of some",
		"701": "the account has expired; give it a later end",
		"773": "the account must change its password at the next logon; set one that need not be changed",
		"775": "the account is locked after wrong passwords; unlock it, and correct password",
	}
)

// refusedBind is why credentials were not taken (result code 49), and the cure.
// Most servers tell an unknown account and a wrong password apart to nobody.
func refusedBind(diagnostic string) string {
	if m := adReason.FindStringSubmatch(diagnostic); m != nil {
		if cure, ok := adReasons[m[1]]; ok {
			return cure
		}
	}
	return "the account or the password is wrong; correct bind-dn or password"
}
