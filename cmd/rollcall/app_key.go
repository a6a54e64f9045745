package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
)

// withKeyFile gives a command the flag --key-file.
func withKeyFile(c *cobra.Command) *cobra.Command {
	c.Flags().String("key-file", "", "file with the key that seals the secrets of applications; default with SQLite: the database's path and .key, made when it is needed")
	alsoEnvironment(c.Flags(), "key-file")
	return c
}

// keyFile is a directory.Directory.Key that reads the key from a file. With
// SQLite it is beside the database where no path is given, and made on first
// need; with PostgreSQL several machines must have the same, so that whoever
// installs it has to give it.
func keyFile(database, path string) func(make bool) ([]byte, error) {
	own := false
	if file, sqlite := strings.CutPrefix(database, "sqlite:"); path == "" && sqlite {
		path, own = file+".key", true
	}
	return func(make bool) ([]byte, error) {
		if path == "" {
			return nil, errors.New("secrets of applications are sealed with a key that is not in the database: make one with head -c 32 /dev/urandom | base64 > rollcall.key and name the file with --key-file (or ROLLCALL_KEY_FILE), for every server and command on this database")
		}
		key, err := readKey(path)
		if errors.Is(err, fs.ErrNotExist) && own && make {
			if err := makeKey(path); err != nil {
				return nil, err
			}
			return readKey(path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no key file %s; bring it back from where it is kept, or name it with --key-file. Without it secrets must be given again", path)
		}
		return key, err
	}
}

func readKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the key file: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != directory.KeySize {
		return nil, fmt.Errorf("the key file %s does not hold %d bytes in base64; make one with: head -c %[2]d /dev/urandom | base64", path, directory.KeySize)
	}
	return key, nil
}

// makeKey makes the file whole or not at all: of two processes that need it at
// the same time one makes it, and both read the same.
func makeKey(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("cannot make the key file: %w", err)
	}
	defer os.Remove(f.Name())
	key := make([]byte, directory.KeySize)
	_, _ = rand.Read(key) // never fails
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot make the key file: %w", err)
	}
	return nil
}
