package sqlstore

// DecodeFacts lets the consistency checker read rows as the store does.
var DecodeFacts = decodeFacts
