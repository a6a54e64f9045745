package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// csvSource reads a file of people, or a folder with users.csv and, where they
// are, groups.csv and members.csv. It reads twice: first all of it is verified,
// then objects are given out, so that nobody acts on the first half of a file
// whose second half is missing.
type csvSource struct {
	c    Config
	now  func() time.Time
	wait func(context.Context, time.Duration) error // tests have no time for it
}

var _ interface {
	Source
	Watching
} = (*csvSource)(nil)

func openCSV(c Config, env Environment) (Source, error) {
	return &csvSource{c: c, now: env.Now, wait: pause}, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Read always reads all.
func (s *csvSource) Read(ctx context.Context, since string, each func(Record) error) (Reading, error) {
	files, err := s.files()
	if err != nil {
		return Reading{}, err
	}
	stamp, err := s.settled(ctx, files)
	if err != nil {
		return Reading{}, err
	}
	if err := stillThere(since, stamp); err != nil {
		return Reading{}, err
	}
	r := Reading{Full: true, Next: stamp}
	set, err := s.verify(ctx, files, &r)
	if err != nil {
		return Reading{}, err
	}
	if err := s.give(ctx, set, each); err != nil {
		return Reading{}, err
	}
	if after, err := stampOf(files); err != nil || after != stamp {
		return Reading{}, errWriting(s.c.Path)
	}
	return r, nil
}

func (s *csvSource) give(ctx context.Context, set tables, each func(Record) error) error {
	if err := set.users.records(ctx, each); err != nil {
		return err
	}
	return set.giveGroups(ctx, each)
}

// Find reads the files.
func (s *csvSource) Find(ctx context.Context, typ, name string) (found []Record, err error) {
	_, err = s.Read(ctx, "", func(r Record) error {
		if r.Type == typ && r.isCalled(name) {
			found = append(found, r)
		}
		return nil
	})
	return found, err
}

// Test verifies the files.
func (s *csvSource) Test(ctx context.Context) (string, error) {
	files, err := s.files()
	if err != nil {
		return "", err
	}
	if _, err := s.settled(ctx, files); err != nil {
		return "", err
	}
	set, err := s.verify(ctx, files, &Reading{})
	if err != nil {
		return "", err
	}
	var found []string
	for _, t := range set.all() {
		found = append(found, t.String())
	}
	return strings.Join(found, "; "), nil
}

// Changed compares sizes and times.
func (s *csvSource) Changed(_ context.Context, since string) (bool, error) {
	files, err := s.files()
	if err != nil {
		return false, err
	}
	stamp, err := stampOf(files)
	return stamp != since, err
}

func (s *csvSource) Close() error { return nil }

// files are the paths of users, groups and members; empty for one that is not
// there.
type files struct{ users, groups, members string }

func (s *csvSource) files() (f files, err error) {
	info, err := os.Stat(s.c.Path)
	if err != nil {
		return f, fmt.Errorf("source: path: %w; name a CSV file that the server can read, or a folder with users.csv", err)
	}
	if !info.IsDir() {
		return files{users: s.c.Path}, nil
	}
	for name, path := range map[string]*string{"users.csv": &f.users, "groups.csv": &f.groups, "members.csv": &f.members} {
		full := filepath.Join(s.c.Path, name)
		if _, err := os.Stat(full); err == nil {
			*path = full
		} else if !errors.Is(err, os.ErrNotExist) {
			return f, err
		}
	}
	if f.users == "" {
		return f, fmt.Errorf("source: the folder %s has no users.csv; put it there, or name the file itself in path", s.c.Path)
	}
	if f.members != "" && f.groups == "" {
		return f, fmt.Errorf("source: the folder %s has members.csv and no groups.csv: put the groups there, or take members.csv away", s.c.Path)
	}
	return f, nil
}

func (f files) paths() (paths []string) {
	for _, p := range []string{f.users, f.groups, f.members} {
		if p != "" {
			paths = append(paths, p)
		}
	}
	return paths
}

// stampOf is a line for each file: its name, size and time.
func stampOf(f files) (string, error) {
	var lines []string
	for _, p := range f.paths() {
		info, err := os.Stat(p)
		if err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprintf("%s\t%d\t%d", filepath.Base(p), info.Size(), info.ModTime().UnixNano()))
	}
	return strings.Join(lines, "\n"), nil
}

// Files that were written so lately are looked at again after settleTime.
const (
	lately     = 5 * time.Second
	settleTime = time.Second
)

// settled is the stamp of files that nobody writes any more.
func (s *csvSource) settled(ctx context.Context, f files) (string, error) {
	stamp, err := stampOf(f)
	if err != nil {
		return "", err
	}
	fresh := false
	for _, p := range f.paths() {
		info, err := os.Stat(p)
		fresh = fresh || err != nil || s.now().Sub(info.ModTime()) < lately
	}
	if !fresh {
		return stamp, nil
	}
	if err := s.wait(ctx, settleTime); err != nil {
		return "", err
	}
	if again, err := stampOf(f); err != nil || again != stamp {
		return "", errWriting(s.c.Path)
	}
	return stamp, nil
}

func errWriting(path string) error {
	return fmt.Errorf("source: %s is still being written; nothing was taken from it, and the next cycle tries again. Have it written under another name and renamed when it is complete", path)
}

// stillThere refuses a folder that has lost a file since: without groups.csv
// every group would look deleted.
func stillThere(since, stamp string) error {
	for line := range strings.Lines(since) {
		name, _, ok := strings.Cut(line, "\t")
		if ok && !strings.HasPrefix(stamp, name+"\t") && !strings.Contains(stamp, "\n"+name+"\t") {
			return fmt.Errorf("source: %s was there and is gone; put it back. If it is to stay away, restart the application", name)
		}
	}
	return nil
}
