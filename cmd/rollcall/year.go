package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/year"
)

// yearFlags are what a year is told.
type yearFlags struct {
	server        year.Server
	as, owner     string
	people, days  int
	seed          uint64
	html, address string
	story, short  string
	anyway        bool
}

func newYear() *cobra.Command {
	var y yearFlags
	c := &cobra.Command{
		Use:   "year URL",
		Short: "Play a year in the life of a company against any SCIM 2.0 server",
		Long: `Year plays the year of a company against a SCIM 2.0 server, this one or any other: people are
hired, leave, return, marry and move, answers are lost and requests come twice, and an
identity provider provisions all of it as it really behaves. At the end of every day the
server is read as a stranger would read it. Three numbers come out:

  ghosts     people who left, or are out of scope, and still have an account that lives
  doubles    people with two living accounts
  lock-outs  people who should be in and are not

Every finding is told with its day, the requests that led there and the clause. The same seed
is the same year, byte for byte.

It wants a server or tenant of its own, where nobody is but one person whom the token may
belong to. It takes away what it made. --owner makes that person one of the company: he is
matched, and leaves in the course of the year.

--shrink cuts a year with findings down to the shortest story that still shows the first of
them, and writes it to a file; --story plays a story from such a file.

Exit code 0: nothing was found. 2: something was found. 1: the year could not be played.`,
		Example: `  rollcall year https://scim.example.com/v2 --token SECRET
  rollcall year https://scim.example.com/v2 --token SECRET --as okta --people 200 --seed 7 --html year.html
  rollcall year https://scim.example.com/v2 --token SECRET --as entra+okta --token2 SECRET2`,
		Args:        arguments("URL"),
		Annotations: map[string]string{tellsChanges: "yes"},
		RunE: func(c *cobra.Command, args []string) error {
			y.address = args[0]
			if err := y.check(); err != nil {
				return usageOf(c, err)
			}
			return y.play(c)
		},
	}
	f := c.Flags()
	f.StringVar(&y.server.Token, "token", "", "the bearer token")
	f.StringVar(&y.server.Token2, "token2", "", "the token of the second identity provider of entra+okta; without one both use the first")
	f.StringVar(&y.server.Host, "host", "", "the Host header to send, where it differs from the URL's")
	f.StringVar(&y.as, "as", "entra", "the identity provider: "+strings.Join(year.IdPs, ", "))
	f.IntVar(&y.people, "people", 1000, "how many people the company has on the first day")
	f.Uint64Var(&y.seed, "seed", 7, "what all is drawn from")
	f.IntVar(&y.days, "days", 365, "how many days the year has")
	f.StringVar(&y.html, "html", "", "write the report as a page to this file as well")
	f.StringVar(&y.owner, "owner", "", "the userName of somebody who is there and shall be one of the company; he leaves in the course of the year")
	f.StringVar(&y.short, "shrink", "", "cut what was found down to a short story, and write it to this file")
	f.StringVar(&y.story, "story", "", "play the story in this file, instead of --as, --people, --days and --seed")
	f.BoolVar(&y.anyway, "beside-people", false, "also on a server that holds people")
	alsoEnvironment(f, "token", "token2")
	return withJSON(c)
}

// check reads the address and refuses what makes no year.
func (y *yearFlags) check() error {
	u, err := url.Parse(y.address)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.User != nil:
		return errors.New("the address is none of a SCIM server; write it like https://scim.example.com/v2")
	case !slices.Contains(year.IdPs, y.as):
		return fmt.Errorf("there is no identity provider %q; there are %s", y.as, strings.Join(year.IdPs, ", "))
	case y.people < 10 || y.people > 100_000:
		return errors.New("--people takes 10 to 100000")
	case y.days < 10 || y.days > 3650:
		return errors.New("--days takes 10 to 3650; much happens only after a month")
	}
	y.address = strings.TrimRight(y.address, "/")
	y.server.BaseURL = y.address
	y.server.Anyway = y.anyway
	y.server.HTTP = &http.Client{Timeout: time.Minute, Transport: localTransport()}
	return nil
}

func (y *yearFlags) play(c *cobra.Command) error {
	story, err := y.told()
	if err != nil {
		return err
	}
	report, left := y.once(c, story)
	if report == nil {
		return y.cannot(left)
	}
	report.Server = y.address
	if y.html != "" {
		if err := toFile(y.html, report.WriteHTML); err != nil {
			return err
		}
	}
	if err := show(c, report, func(w io.Writer) { report.WriteText(w) }); err != nil {
		return err
	}
	if left != nil || report.OK() {
		return left // what could not be taken away comes before what was found
	}
	if y.short != "" {
		if err := y.shrink(c, story, report.Findings[0].Kind); err != nil {
			return y.cannot(err)
		}
	}
	return exitChanges
}

// told is the story that is to be played.
func (y *yearFlags) told() (year.Story, error) {
	if y.story != "" {
		f, err := os.Open(y.story)
		if err != nil {
			return year.Story{}, err
		}
		defer f.Close()
		return year.ReadStory(f)
	}
	story := year.Draw(y.seed, y.as, y.people, y.days)
	if y.owner != "" {
		story.People[0].UserName = y.owner
		y.server.Owner = y.owner
	}
	return story, nil
}

func (y *yearFlags) once(c *cobra.Command, story year.Story) (*year.Report, error) {
	p := newProgress(c.ErrOrStderr(), "days")
	defer p.end()
	return (&year.Year{Story: story, Server: y.server, Progress: p.setWithTime}).Run(c.Context())
}

// mostTries is how often a story is played to make it short.
const mostTries = 200

// shrink plays shorter and shorter stories, tells the shortest and writes it down.
func (y *yearFlags) shrink(c *cobra.Command, story year.Story, kind year.Kind) error {
	p, tries := newProgress(c.ErrOrStderr(), "shorter stories played"), 0
	short, err := year.Shrink(story, mostTries, func(s year.Story) (bool, error) {
		tries++
		p.set(tries, mostTries)
		r, err := (&year.Year{Story: s, Server: y.server}).Run(c.Context())
		return err == nil && slices.ContainsFunc(r.Findings, func(f year.Finding) bool { return f.Kind == kind }), err
	})
	p.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "\nThe shortest story that shows a %s, also in %s:\n", kind, y.short)
	if err := short.WriteText(c.ErrOrStderr()); err != nil {
		return err
	}
	return toFile(y.short, short.WriteStory)
}

// cannot says why there was no year, and what to do.
func (y *yearFlags) cannot(err error) error {
	var peopled *year.Peopled
	switch {
	case errors.As(err, &peopled):
		return fmt.Errorf("%w. --beside-people plays it all the same, and touches nobody else", err)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; what the year made is taken away")
	}
	return err
}

// toFile writes a file whole or not at all.
func toFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".rollcall-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
