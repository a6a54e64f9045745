package expression

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxDepth bounds nested calls.
const maxDepth = 100

type parser struct {
	text       []rune
	pos        int
	depth      int
	attributes []string
	functions  []string
}

func (p *parser) parse() (node, *SyntaxError) {
	if len(p.text) > MaxLength {
		return nil, syntaxErrorf(MaxLength, "an expression has at most %d characters; this has %d", MaxLength, len(p.text))
	}
	root, err := p.operand()
	if err != nil {
		return nil, err
	}
	switch c := p.next(); {
	case strings.ContainsRune("=<>", c):
		return nil, p.strayComparison()
	case c != end:
		return nil, p.unexpected("the expression ends here")
	}
	return root, nil
}

// end is what next answers behind the text.
const end rune = -1

// next skips white space and is the character that follows.
func (p *parser) next() rune {
	for p.pos < len(p.text) && unicode.IsSpace(p.text[p.pos]) {
		p.pos++
	}
	if p.pos == len(p.text) {
		return end
	}
	return p.text[p.pos]
}

func (p *parser) operand() (node, *SyntaxError) {
	switch c := p.next(); {
	case c == '[':
		return p.attribute()
	case c == '"':
		return p.quoted()
	case c >= '0' && c <= '9', c == '-', c == '&':
		return p.number()
	case isWord(c):
		return p.named()
	}
	return nil, p.unexpected(`a function, an [attribute], a "text" or a number belongs here`)
}

func (p *parser) unexpected(want string) *SyntaxError {
	switch c := p.next(); c {
	case end:
		return syntaxErrorf(p.pos, "the expression is cut off: %s", want)
	case '“', '”', '„', '‘', '’', '\'', '`':
		return syntaxErrorf(p.pos, `%c does not enclose a text; use the plain "`, c)
	default:
		return syntaxErrorf(p.pos, "unexpected %q: %s", c, want)
	}
}

// attribute reads [name]; brackets in the name come in pairs, as in
// [emails[type eq "work"].value].
func (p *parser) attribute() (node, *SyntaxError) {
	start, open := p.pos, 0
	for ; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case '[':
			open++
		case ']':
			open--
		}
		if open == 0 {
			break
		}
	}
	if p.pos == len(p.text) {
		return nil, syntaxErrorf(start, "the attribute's name lacks its closing ]")
	}
	name := strings.TrimSpace(string(p.text[start+1 : p.pos]))
	p.pos++
	if name == "" {
		return nil, syntaxErrorf(start, "the brackets hold no attribute's name")
	}
	if !slices.Contains(p.attributes, name) {
		p.attributes = append(p.attributes, name)
	}
	return attribute(name), nil
}

// quoted reads a text. A backslash before anything but a quotation mark or a
// backslash stands for itself, so that a pattern's \d is right also when it is
// not written \\d.
func (p *parser) quoted() (node, *SyntaxError) {
	start := p.pos
	var b strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		c := p.text[p.pos]
		if c == '"' {
			p.pos++
			return constant(Text(b.String())), nil
		}
		if c == '\\' && p.pos+1 < len(p.text) && strings.ContainsRune(`"\`, p.text[p.pos+1]) {
			p.pos++
			c = p.text[p.pos]
		}
		b.WriteRune(c)
	}
	return nil, syntaxErrorf(start, `the text lacks its closing "`)
}

// number reads 12, -1.5 or &HF7.
func (p *parser) number() (node, *SyntaxError) {
	start := p.pos
	for p.pos++; p.pos < len(p.text) && (isWord(p.text[p.pos]) || p.text[p.pos] == '.'); p.pos++ {
	}
	text := string(p.text[start:p.pos])
	if digits, ok := strings.CutPrefix(strings.ToUpper(text), "&H"); ok {
		n, err := strconv.ParseUint(digits, 16, 63)
		if err != nil {
			return nil, syntaxErrorf(start, "%s is not a hexadecimal number such as &HF7", text)
		}
		return constant(Text(strconv.FormatUint(n, 10))), nil
	}
	if !isNumber(text) {
		return nil, syntaxErrorf(start, `%s is not a number; a text stands in "quotation marks"`, text)
	}
	return constant(Text(text)), nil
}

func isWord(c rune) bool {
	return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c)
}

// named reads a call, or one of the two names that InStr knows.
func (p *parser) named() (node, *SyntaxError) {
	start := p.pos
	for p.pos < len(p.text) && isWord(p.text[p.pos]) {
		p.pos++
	}
	name := string(p.text[start:p.pos])
	if p.next() == '(' {
		return p.call(name, start)
	}
	if name == textCompare || name == binaryCompare {
		return constant(Text(name)), nil
	}
	return nil, syntaxErrorf(start, `%s stands bare: write "%[1]s" for a text, [%[1]s] for an attribute or %[1]s(...) for a function`, name)
}

func (p *parser) call(name string, start int) (node, *SyntaxError) {
	fn := functionsByName[name]
	if fn == nil {
		return nil, syntaxErrorf(start, "unknown function %s%s", name, suggestion(name))
	}
	if p.depth >= maxDepth {
		return nil, syntaxErrorf(start, "calls are nested more than %d deep", maxDepth)
	}
	if fn.top && p.depth > 0 {
		return nil, syntaxErrorf(start, "%s cannot be an argument of another function: put it around the whole expression", name)
	}
	if !slices.Contains(p.functions, name) {
		p.functions = append(p.functions, name)
	}
	p.depth++
	defer func() { p.depth-- }()
	c := &call{fn: fn, pos: start}
	if err := p.arguments(c); err != nil {
		return nil, err
	}
	return c, c.bind()
}

// arguments reads from the opening parenthesis to behind the closing one.
func (p *parser) arguments(c *call) *SyntaxError {
	p.pos++
	if p.next() == ')' {
		p.pos++
		return nil
	}
	for {
		if err := p.argument(c); err != nil {
			return err
		}
		switch p.next() {
		case ',':
			p.pos++
		case ')':
			p.pos++
			return nil
		default:
			return p.afterArgument(c)
		}
	}
}

func (p *parser) argument(c *call) *SyntaxError {
	first := p.next()
	c.at = append(c.at, p.pos)
	if first == ',' || first == ')' {
		c.args = append(c.args, missing{})
		return nil
	}
	arg, err := p.operand()
	if err != nil {
		return err
	}
	if strings.ContainsRune("=<>", p.next()) {
		if c.fn.parameter(len(c.args)).Kind != kindCondition {
			return p.strayComparison()
		}
		if arg, err = p.comparison(arg); err != nil {
			return err
		}
	}
	c.args = append(c.args, arg)
	return nil
}

func (p *parser) strayComparison() *SyntaxError {
	return syntaxErrorf(p.pos, "only the condition of IIF and what CBool holds can compare: write CBool(... %c ...)", p.next())
}

func (p *parser) comparison(left node) (node, *SyntaxError) {
	operator := string(p.next())
	p.pos++
	if p.pos < len(p.text) && slices.Contains([]string{"<>", "<=", ">="}, operator+string(p.text[p.pos])) {
		operator += string(p.text[p.pos])
		p.pos++
	}
	right, err := p.operand()
	if err != nil {
		return nil, err
	}
	dates := kindOf(left) == kindDate || kindOf(right) == kindDate
	return &comparison{left, right, operator, dates}, nil
}

// afterArgument says what is wrong where neither a comma nor a parenthesis is.
func (p *parser) afterArgument(c *call) *SyntaxError {
	rest := strings.ToUpper(string(p.text[p.pos:min(p.pos+4, len(p.text))]))
	switch {
	case strings.HasPrefix(rest, "AND "), strings.HasPrefix(rest, "&&"):
		return syntaxErrorf(p.pos, "there is no AND: put a second IIF where the first has its value for true")
	case strings.HasPrefix(rest, "OR "), strings.HasPrefix(rest, "||"):
		return syntaxErrorf(p.pos, "there is no OR: put a second IIF where the first has its value for false")
	case p.next() == '&', p.next() == '+':
		return syntaxErrorf(p.pos, `%c does not join texts: use Append or Join`, p.next())
	}
	return p.unexpected(c.fn.Name + " needs a comma or its closing ) here")
}
