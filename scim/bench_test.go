package scim

import "testing"

const typical = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"2a69c9a6-1708-45b7-acbe-a7b4c8fb102a","userName":"anna.aalto@acme.test","active":true,"displayName":"Anna Aalto","name":{"familyName":"Aalto","givenName":"Anna"},"emails":[{"type":"work","value":"anna.aalto@acme.test","primary":true}],"addresses":[{"type":"work","country":"Finland","locality":"Helsinki","region":"Uusimaa"}],"title":"Engineer","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Research","organization":"Acme","manager":{"value":"0198c2f0-0000-7000-8000-000000000001"}}}`

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := UserType.Parse([]byte(typical)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAppend(b *testing.B) {
	b.ReportAllocs()
	dst := make([]byte, 0, 4096)
	for b.Loop() {
		r, err := UserType.Parse([]byte(typical))
		if err != nil {
			b.Fatal(err)
		}
		dst = UserType.Append(dst[:0], r.Object())
	}
}

func BenchmarkParseFilter(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseFilter(UserType, `userName eq "anna.aalto@acme.test"`); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVersion(b *testing.B) {
	data := []byte(`{"id":"1","userName":"anna@acme.test","emails":[{"value":"anna@acme.test"}],"meta":{"version":"W/\"42\""}}`)
	b.ReportAllocs()
	for b.Loop() {
		if ResourceFromJSON(data).Version() != `W/"42"` {
			b.Fatal("no version")
		}
	}
}

func BenchmarkApply(b *testing.B) {
	r, _ := UserType.Parse([]byte(typical))
	p, err := ParsePatch([]byte(`{"Operations":[{"op":"Replace","path":"title","value":"x"}]}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		UserType.Apply(r.Object(), p)
	}
}

func BenchmarkMatch(b *testing.B) {
	r, _ := UserType.Parse([]byte(typical))
	f, err := ParseFilter(UserType, `name.familyName co "Aal" and active eq true`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !f.Match(r.Object()) {
			b.Fatal("no match")
		}
	}
}
