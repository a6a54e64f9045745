package source

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

var delimiters = []rune{',', ';', '\t', '|'}

// delimiterOf reads the configuration's word for it.
func delimiterOf(text string) rune {
	switch strings.ToLower(text) {
	case "tab", `\t`:
		return '\t'
	case "comma":
		return ','
	case "semicolon":
		return ';'
	case "pipe":
		return '|'
	}
	r, size := utf8.DecodeRuneInString(text)
	if size != len(text) {
		return utf8.RuneError
	}
	return r
}

const (
	utf8Text    = "UTF-8"
	utf16Little = "UTF-16 LE"
	utf16Big    = "UTF-16 BE"
	windows1252 = "windows-1252"
)

// encodingOf reads the configuration's word for it; "" for one that is not
// known. Which UTF-16 it is, the file says.
func encodingOf(text string) string {
	switch plain(text) {
	case "utf8":
		return utf8Text
	case "utf16", "utf16le":
		return utf16Little
	case "utf16be":
		return utf16Big
	case "windows1252", "cp1252", "latin1", "iso88591":
		return windows1252
	}
	return ""
}

// findEncoding looks at the bytes: a byte order mark, the zeros of UTF-16, and
// whether all of it is UTF-8. Text that is not is what Windows writes.
func findEncoding(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<16)
	head, err := r.Peek(4096)
	if err != nil && err != io.EOF {
		return "", err
	}
	if found := utf16In(head); found != "" {
		return found, nil
	}
	for {
		c, size, err := r.ReadRune()
		switch {
		case err == io.EOF:
			return utf8Text, nil
		case err != nil:
			return "", err
		case c == utf8.RuneError && size == 1:
			return windows1252, nil
		}
	}
}

func utf16In(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return utf16Little
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return utf16Big
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch quarter := len(head) / 4; {
	case zeros[1] > quarter:
		return utf16Little
	case zeros[0] > quarter:
		return utf16Big
	}
	return ""
}

// decoded reads the file as UTF-8 without a byte order mark.
func decoded(f io.Reader, encoding string) io.Reader {
	switch encoding {
	case utf16Little:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(f)
	case utf16Big:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Reader(f)
	case windows1252:
		return charmap.Windows1252.NewDecoder().Reader(f)
	}
	b := bufio.NewReader(f)
	if head, _ := b.Peek(3); string(head) == "\ufeff" {
		b.Discard(3)
	}
	return b
}

// findDelimiter takes the one that comes most often in the first line, outside
// quotes. A first line of "sep=;" is Excel's way to say it.
func findDelimiter(path, encoding string) (rune, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(decoded(f, encoding), 1<<16))
	if err != nil {
		return 0, fmt.Errorf("source: %s: %w", path, err)
	}
	line := firstLine(string(head))
	if said, ok := strings.CutPrefix(line, "sep="); ok && slices.Contains(delimiters, delimiterOf(said)) {
		return delimiterOf(said), nil
	}
	best, most := delimiters[0], 0
	for _, d := range delimiters {
		if n := countOutsideQuotes(line, d); n > most {
			best, most = d, n
		}
	}
	return best, nil
}

func firstLine(head string) string {
	quoted := false
	for i, r := range head {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '\n' && !quoted:
			return strings.TrimSuffix(head[:i], "\r")
		}
	}
	return head
}

func countOutsideQuotes(line string, d rune) (n int) {
	quoted := false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == d && !quoted:
			n++
		}
	}
	return n
}

// ending remembers the last byte that was read through it.
type ending struct {
	io.Reader
	last byte
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if n > 0 {
		e.last = p[n-1]
	}
	return n, err
}
