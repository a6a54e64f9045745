package source

// Config says where people are and how to read them. Every kind has its own
// keys; one that the kind does not know is an error.
type Config struct {
	Kind string `yaml:"kind"` // directory, ldap, csv, scim or sql

	// Attributes names Entra's attributes by the source's own, as in
	// {userPrincipalName: mail}; it goes before what the kind does by itself.
	Attributes map[string]string `yaml:"attributes,omitempty"`

	// csv: a file, or a folder with users.csv and groups.csv
	Path      string `yaml:"path,omitempty"`
	Delimiter string `yaml:"delimiter,omitempty"` // found out when empty
	Encoding  string `yaml:"encoding,omitempty"`  // utf-8, utf-16 or windows-1252; found out when empty
	Anchor    string `yaml:"anchor,omitempty"`    // the key column, of sql too; of ldap: the attribute
	Reference string `yaml:"reference,omitempty"` // the column that manager and members name people by; the anchor when empty; of sql too
	Trailer   string `yaml:"trailer,omitempty"`   // how the last line begins, with the number of rows after it
	MinRows   int    `yaml:"min-rows,omitempty"`
	MultiSep  string `yaml:"list-separator,omitempty"` // between the values of one cell; "|" when empty

	// ldap
	URL         string   `yaml:"url,omitempty"` // ldap:// or ldaps://; of scim: the base URL
	StartTLS    bool     `yaml:"start-tls,omitempty"`
	CAFile      string   `yaml:"ca-file,omitempty"`
	PlainText   bool     `yaml:"plain-text,omitempty"` // bind without TLS; only for a server on this machine otherwise
	BindDN      string   `yaml:"bind-dn,omitempty"`
	Password    string   `yaml:"password,omitempty"` // ${NAME}
	Base        []string `yaml:"base,omitempty"`
	UserFilter  string   `yaml:"user-filter,omitempty"`
	GroupFilter string   `yaml:"group-filter,omitempty"`
	PageSize    int      `yaml:"page-size,omitempty"` // 500 when 0
	Changes     string   `yaml:"changes,omitempty"`   // how changes are found: dirsync, usn, modify-timestamp or none; the best one when empty

	// scim
	Token string `yaml:"token,omitempty"` // ${NAME}

	// sql
	Database string `yaml:"database,omitempty"` // postgres://... or sqlite:PATH; ${NAME}
	Users    string `yaml:"users,omitempty"`    // a SELECT; its columns are the attributes
	Groups   string `yaml:"groups,omitempty"`
	Members  string `yaml:"members,omitempty"`  // two columns: the group's key, the member's
	Modified string `yaml:"modified,omitempty"` // the column that grows with every change
}
