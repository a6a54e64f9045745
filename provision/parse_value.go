package provision

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// readable are values that people write in a form of their own.
type readable interface {
	read(text string) error
	takes() string
}

var readableType = reflect.TypeFor[readable]()

// ParseDuration reads 10m, 36h, 30d or 1d12h.
func ParseDuration(text string) (Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "", text
	}
	var total time.Duration
	if found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, errDuration
		}
		total = time.Duration(n) * 24 * time.Hour
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 || found && d >= 24*time.Hour {
			return 0, errDuration
		}
		total += d
	}
	if total <= 0 {
		return 0, errDuration
	}
	return Duration(total), nil
}

var errDuration = errors.New("takes a time such as 10m, 36h or 30d")

// String is the shortest text that ParseDuration reads as d.
func (d Duration) String() string {
	var b strings.Builder
	days, rest := d/day, time.Duration(d%day)
	if days > 0 {
		b.WriteString(strconv.FormatInt(int64(days), 10) + "d")
	}
	if rest > 0 || days == 0 {
		text := rest.String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		if strings.HasSuffix(text, "h0m") {
			text = strings.TrimSuffix(text, "0m")
		}
		b.WriteString(text)
	}
	return b.String()
}

func (d Duration) takes() string { return errDuration.Error() }

func (d Duration) read(text string) error {
	_, err := ParseDuration(text)
	return err
}

// UnmarshalYAML reads what ParseDuration reads.
func (d *Duration) UnmarshalYAML(n *yaml.Node) (err error) {
	*d, err = ParseDuration(n.Value)
	return err
}

// MarshalYAML writes the same.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

var errNested = errors.New("takes on, off or how many groups deep")

func parseNested(text string) (Nested, error) {
	switch text {
	case "on", "true":
		return Deep, nil
	case "off", "false":
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		return 0, errNested
	}
	return Nested(n), nil
}

func (n Nested) takes() string { return errNested.Error() }

func (n Nested) read(text string) error {
	_, err := parseNested(text)
	return err
}

// UnmarshalYAML reads on, off or a number.
func (n *Nested) UnmarshalYAML(node *yaml.Node) (err error) {
	*n, err = parseNested(node.Value)
	return err
}

// MarshalYAML writes the same.
func (n Nested) MarshalYAML() (any, error) {
	switch n {
	case Deep:
		return "on", nil
	case 0:
		return "off", nil
	}
	return int(n), nil
}

// IsZero leaves the default out of YAML.
func (n Nested) IsZero() bool { return n == Deep }

// UnmarshalYAML reads a mapping in its order; the word default is none.
func (m *Mappings) UnmarshalYAML(n *yaml.Node) error {
	*m = nil
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		one := Mapping{}
		if err := n.Content[i+1].Decode(&one); err != nil {
			return err
		}
		one.Target = n.Content[i].Value
		*m = append(*m, one)
	}
	return nil
}

// MarshalYAML writes one mapping in the order of m, a line each.
func (m Mappings) MarshalYAML() (any, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, one := range m {
		var key, value yaml.Node
		if err := errors.Join(key.Encode(one.Target), value.Encode(one)); err != nil {
			return nil, err
		}
		value.Style = yaml.FlowStyle
		n.Content = append(n.Content, &key, &value)
	}
	return n, nil
}

// IsZero leaves out of YAML what is not said.
func (m ObjectMapping) IsZero() bool {
	return m.Enabled && len(m.Actions) == 0 && len(m.Mappings) == 0
}

// MarshalYAML writes enabled only where it is false.
func (m ObjectMapping) MarshalYAML() (any, error) {
	var enabled *bool
	if !m.Enabled {
		enabled = &m.Enabled
	}
	return struct {
		Enabled  *bool    `yaml:"enabled,omitempty"`
		Actions  []string `yaml:"actions,omitempty,flow"`
		Mappings Mappings `yaml:"mappings,omitempty"`
	}{enabled, m.Actions, m.Mappings}, nil
}
