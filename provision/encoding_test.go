package provision

import (
	"encoding/json/v2"
	"testing"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"pgregory.net/rapid"
)

// What is written by hand is what the encoder writes.
func TestEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "<&>", "\u2028\"\\\n\x00\x7f", "ä"}))
		var value *rapid.Generator[any]
		deep := rapid.Deferred(func() *rapid.Generator[any] { return value })
		value = rapid.OneOf(
			rapid.Just(any(nil)), rapid.Map(rapid.Bool(), toAny[bool]), rapid.Map(text, toAny[string]),
			rapid.Map(rapid.Float64(), toAny[float64]), rapid.Map(rapid.Int64(), toAny[int64]),
			rapid.Map(rapid.SliceOfN(text, 0, 3), toAny[[]string]), rapid.Map(rapid.SliceOfN(deep, 0, 3), toAny[[]any]),
			rapid.Map(rapid.MapOfN(text, deep, 0, 3), toAny[map[string]any]),
		)
		source := rapid.OneOf(rapid.Just(expression.Null), rapid.Map(text, expression.Text),
			rapid.Map(rapid.SliceOfN(text, 0, 3), func(l []string) expression.Value { return expression.List(l...) }))
		for _, v := range []any{
			value.Draw(t, "value"),
			rapid.MapOfN(text, source, 0, 3).Draw(t, "record"),
			[]Difference{{Path: text.Draw(t, "path"), Old: value.Draw(t, "old"), New: value.Draw(t, "new"), Redacted: rapid.Bool().Draw(t, "redacted")}},
		} {
			want, err := json.Marshal(v, json.Deterministic(true))
			if err != nil {
				t.Fatal(err)
			}
			if got := encode(v); got != string(want) {
				t.Fatalf("%#v\n%s, want\n%s", v, got, want)
			}
		}
	})
}

func toAny[T any](v T) any { return v }
