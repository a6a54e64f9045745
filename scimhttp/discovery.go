package scimhttp

import (
	"encoding/json/v2"
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// showConfig is GET /ServiceProviderConfig (RFC 7643 section 5, RFC 7644
// section 4): what this server can do.
func (x *exchange) showConfig() (answer, error) {
	type supported struct {
		Supported bool `json:"supported"`
	}
	type bulk struct {
		supported
		MaxOperations  int `json:"maxOperations"`
		MaxPayloadSize int `json:"maxPayloadSize"`
	}
	type filter struct {
		supported
		MaxResults int `json:"maxResults"`
	}
	type pagination struct {
		Cursor                  bool   `json:"cursor"`
		Index                   bool   `json:"index"`
		DefaultPaginationMethod string `json:"defaultPaginationMethod"`
		DefaultPageSize         int    `json:"defaultPageSize"`
		MaxPageSize             int    `json:"maxPageSize"`
		CursorTimeout           int    `json:"cursorTimeout"`
	}
	return x.showDocument("/ServiceProviderConfig", "ServiceProviderConfig", struct {
		Schemas               []string   `json:"schemas"`
		Patch                 supported  `json:"patch"`
		Bulk                  bulk       `json:"bulk"`
		Filter                filter     `json:"filter"`
		ChangePassword        supported  `json:"changePassword"`
		Sort                  supported  `json:"sort"`
		ETag                  supported  `json:"etag"`
		Pagination            pagination `json:"pagination"`
		AuthenticationSchemes []scheme   `json:"authenticationSchemes"`
	}{
		Schemas: []string{scim.ServiceProviderConfigURN},
		Patch:   supported{true},
		Bulk:    bulk{supported{true}, scim.MaxOperations, int(x.MaxBody) * manyTimes},
		Filter:  filter{supported{true}, maxCount},
		Sort:    supported{true},
		ETag:    supported{true},
		Pagination: pagination{
			Cursor: true, Index: true, DefaultPaginationMethod: "index",
			DefaultPageSize: defaultCount, MaxPageSize: maxCount, CursorTimeout: cursorTimeout,
		},
		AuthenticationSchemes: x.schemes(),
	})
}

// scheme is a way to authenticate (RFC 7643 section 5).
type scheme struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	SpecURI     string `json:"specUri"`
	Primary     bool   `json:"primary"`
}

func (x *exchange) schemes() []scheme {
	schemes := []scheme{{
		Type: "oauthbearertoken", Name: "Access token", Primary: true,
		Description: "An access token of the tenant in the Authorization header: Bearer, a blank, the token.",
		SpecURI:     "https://www.rfc-editor.org/info/rfc6750",
	}}
	if x.OAuth {
		schemes = append(schemes, scheme{
			Type: "oauth2", Name: "OAuth 2.0 client credentials",
			Description: "A client gets access tokens of a quarter of an hour at " + TokenPath + " of this host.",
			SpecURI:     "https://www.rfc-editor.org/info/rfc6749",
		})
	}
	return schemes
}

func (x *exchange) listTypes() (answer, error) {
	return listDocuments(x, x.offered(), x.typeDocument)
}

func (x *exchange) showType() (answer, error) {
	for _, t := range x.offered() {
		if strings.EqualFold(t.Name, x.ID) {
			return x.showOne(x.typeDocument(t))
		}
	}
	return answer{}, noSuch("resource type", "/ResourceTypes")
}

func (x *exchange) listSchemas() (answer, error) {
	return listDocuments(x, x.schemas(), x.schemaDocument)
}

// showSchema finds a schema by its URN, which RFC 8141 section 3.1 compares
// without regard to case.
func (x *exchange) showSchema() (answer, error) {
	for _, s := range x.schemas() {
		if strings.EqualFold(s.ID, x.ID) {
			return x.showOne(x.schemaDocument(s))
		}
	}
	return answer{}, noSuch("schema", "/Schemas")
}

func noSuch(what, list string) error {
	return scim.Errorf(http.StatusNotFound, "", "404.1",
		"No such %s (404.1): this server does not have it now. Read %s for those that it has.", what, list)
}

// offered are the types that the tenant's settings let be advertised; asked
// without a token, when no tenant is known, all.
func (x *exchange) offered() []*scim.ResourceType {
	var types []*scim.ResourceType
	for _, t := range x.Types {
		if x.offers(t) {
			types = append(types, t)
		}
	}
	return types
}

func (x *exchange) offers(t *scim.ResourceType) bool {
	o, decides := x.sp.(Offering)
	return !decides || o.Offers(t.Name)
}

// schemas are one for each URN in use (RFC 7643 section 7): those of resources,
// and those of the discovery documents themselves (keycloak-disc-001).
func (x *exchange) schemas() []*scim.Schema {
	return append(resourceSchemas(x.offered()), discoverySchemas...)
}

func (x *exchange) typeDocument(t *scim.ResourceType) ([]byte, error) {
	return x.document("/ResourceTypes/"+t.Name, "ResourceType", t)
}

func (x *exchange) schemaDocument(s *scim.Schema) ([]byte, error) {
	return x.document("/Schemas/"+s.ID, "Schema", s)
}

// document is v with the meta that only the answer knows.
func (x *exchange) document(path, typ string, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	b = append(b[:len(b)-1], `,"meta":{"resourceType":`...)
	b = append(quote(b, typ), `,"location":`...)
	b = quote(b, x.BaseURL+path)
	return append(b, "}}"...), nil
}

func (x *exchange) showDocument(path, typ string, v any) (answer, error) {
	return x.showOne(x.document(path, typ, v))
}

func (x *exchange) showOne(body []byte, err error) (answer, error) {
	if err == nil {
		err = x.refuseFilter()
	}
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: body}, nil
}

// listDocuments answers all at once: RFC 7644 section 4 has paging ignored
// here.
func listDocuments[T any](x *exchange, all []T, document func(T) ([]byte, error)) (answer, error) {
	if err := x.refuseFilter(); err != nil {
		return answer{}, err
	}
	b := openList(nil, len(all), 1, len(all))
	for i, one := range all {
		if i > 0 {
			b = append(b, ',')
		}
		d, err := document(one)
		if err != nil {
			return answer{}, err
		}
		b = append(b, d...)
	}
	return answer{status: http.StatusOK, body: append(b, "]}"...)}, nil
}

// refuseFilter is RFC 7644 section 4: these are read whole, and a client that
// filters must not take all of it for its matches.
func (x *exchange) refuseFilter() error {
	if x.params.filter == "" {
		return nil
	}
	return scim.Errorf(http.StatusForbidden, "", "403.3",
		"No filter here (403.3): schemas, resource types and the configuration are read whole. Ask again without filter.")
}
