package main

import (
	"log/slog"
	"regexp"
	"strings"
)

var remoteAddress = regexp.MustCompile(`(?:\[[0-9a-fA-F:.%a-z]+\]|\d+\.\d+\.\d+\.\d+):\d+`)

// withoutAddresses logs what net/http has to say, without the client's address.
type withoutAddresses struct{ logger *slog.Logger }

func (w withoutAddresses) Write(line []byte) (int, error) {
	w.logger.Warn(strings.TrimSpace(remoteAddress.ReplaceAllString(string(line), "a client")))
	return len(line), nil
}
