package console

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	goldtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/docs"
)

// helpPage is a page of docs as people read it.
type helpPage struct {
	docs.Page
	Title    string
	Sections []helpSection
	HTML     template.HTML
}

// helpSection is a heading to jump to.
type helpSection struct{ ID, Title string }

// helpPages are rendered once: they do not change while the program runs.
var helpPages = sync.OnceValue(func() map[string]*helpPage {
	out := map[string]*helpPage{}
	for _, p := range docs.Pages {
		out[p.Name] = renderHelp(p)
	}
	return out
})

// errorCode begins the heading of an error's entry, and an anchor as GitHub makes
// it: "400.76 Group does not exist", "#40076-group-does-not-exist".
var (
	errorCode   = regexp.MustCompile(`^\d{3}\.\d+`)
	errorAnchor = regexp.MustCompile(`^(\d{3})(\d+)-`)
	notInSlug   = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

func renderHelp(p docs.Page) *helpPage {
	source, _ := docs.Text(p.Name)
	h := &helpPage{Page: p}
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(h, 100))))
	var b bytes.Buffer
	if err := md.Convert(source, &b); err != nil {
		panic(fmt.Sprintf("docs/%s.md: %v", p.Name, err)) // a file of ours
	}
	h.HTML = template.HTML(b.String())
	return h
}

// Transform takes the title out of a page, names its headings, and turns links
// between our files into links between pages of Help.
func (h *helpPage) Transform(doc *ast.Document, reader goldtext.Reader, _ parser.Context) {
	source := reader.Source()
	var titles []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			title := string(n.Lines().Value(source))
			title = strings.NewReplacer("`", "", "*", "").Replace(title)
			if n.Level == 1 {
				h.Title = title
				titles = append(titles, n)
				return ast.WalkSkipChildren, nil
			}
			id := slug(title)
			n.SetAttributeString("id", []byte(id))
			if n.Level == 2 {
				h.Sections = append(h.Sections, helpSection{id, title})
			}
		case *ast.Link:
			n.Destination = []byte(helpLink(string(n.Destination)))
		}
		return ast.WalkContinue, nil
	})
	for _, n := range titles {
		doc.RemoveChild(doc, n)
	}
}

// slug is a heading's anchor: an error's code, else as GitHub makes it.
func slug(title string) string {
	if code := errorCode.FindString(title); code != "" {
		return code
	}
	return strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

// helpLink leads to the page of Help that a file has become; files that are none
// are for those who have the sources.
func helpLink(to string) string {
	file, anchor, _ := strings.Cut(to, "#")
	if m := errorAnchor.FindStringSubmatch(anchor); m != nil {
		anchor = m[1] + "." + m[2]
	}
	if anchor != "" {
		anchor = "#" + anchor
	}
	name, isPage := strings.CutSuffix(file, ".md")
	switch {
	case file == "":
		return anchor
	case !isPage:
		return to
	}
	if _, ok := docs.Text(name); !ok {
		return "/help/"
	}
	return "/help/" + name + anchor
}

// helpHit is a section in which all words that were looked for stand.
type helpHit struct {
	Page, ID, Title, Excerpt string
}

// findHelp looks for words in the sections of all pages.
func findHelp(query string) (hits []helpHit) {
	words := strings.Fields(strings.ToLower(query))
	for _, p := range docs.Pages {
		source, _ := docs.Text(p.Name)
		title, id := p.For, ""
		for section := range strings.SplitSeq("\n"+string(source), "\n## ") {
			head, rest, _ := strings.Cut(section, "\n")
			if head != "" {
				title, id = strings.NewReplacer("`", "", "*", "").Replace(head), slug(head)
			}
			if len(words) > 0 && holdsAll(strings.ToLower(title+" "+rest), words) {
				hits = append(hits, helpHit{p.Name, id, title, excerpt(rest, words[0])})
			}
		}
	}
	return hits
}

func holdsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// excerpt is some of the text around the word.
func excerpt(text, word string) string {
	const before, length = 60, 220
	text = strings.Join(strings.Fields(strings.NewReplacer("`", "", "*", "", "|", " ", "#", "").Replace(text)), " ")
	runes := []rune(text)
	at := strings.Index(strings.ToLower(text), word)
	start := 0
	if at > 0 {
		start = max(0, len([]rune(text[:min(at, len(text))]))-before)
	}
	end := min(len(runes), start+length)
	out := string(runes[start:end])
	if start > 0 {
		out = "… " + out
	}
	if end < len(runes) {
		out += " …"
	}
	return out
}

type helpIndex struct {
	Query string
	Pages []docs.Page
	Hits  []helpHit
}

// showHelpIndex and showHelp can be read by whoever cannot sign in.
func (c *Console) showHelpIndex(w http.ResponseWriter, r *http.Request) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	c.open(w, r, "help.html", "Help", helpIndex{Query: q, Pages: docs.Pages, Hits: findHelp(q)})
}

func (c *Console) showHelp(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("page"), ".md")
	p := helpPages()[name]
	if p == nil {
		c.refuse(w, r, http.StatusNotFound, "No such page", "There is no such page of Help. Look through the list at /help/.")
		return
	}
	c.open(w, r, "help_page.html", p.Title, p)
}

// open shows a page that needs nobody to be signed in; who is, keeps the
// navigation.
func (c *Console) open(w http.ResponseWriter, r *http.Request, name, title string, data any) {
	v, err := c.visit(w, r)
	p := &page{Title: title, Path: r.URL.Path, Wide: true, Data: data, Me: directory.Self{}}
	if err == nil {
		if p, err = v.page(title, data); err != nil {
			c.fail(w, r, nil, err)
			return
		}
	}
	if err := c.write(w, r, http.StatusOK, name, p); err != nil {
		c.fail(w, r, nil, err)
	}
}
