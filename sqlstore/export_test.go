package sqlstore

// DecodeFacts lets the consistency checker read rows as the store does.
var DecodeFacts = decodeFacts

// SetProvisionStep makes steps small enough for tests to need several, until
// the function that it returns is called.
func SetProvisionStep(n int) func() {
	was := stepSize
	stepSize = n
	return func() { stepSize = was }
}
