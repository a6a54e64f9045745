package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a TLS certificate that is read again when its files change,
// so that a renewal needs no restart.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	seen    [2]time.Time // when the files were modified last
}

func loadCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	for _, file := range []struct{ flag, path string }{{"--tls-cert", certFile}, {"--tls-key", keyFile}} {
		if err := readable(file.path); err != nil {
			return nil, fmt.Errorf("%s: the file cannot be read (%v); check its path and its rights", file.flag, err)
		}
	}
	c, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s and --tls-key %s do not make a certificate (%v); both must be PEM, and the key must be the certificate's", certFile, keyFile, err)
	}
	return &c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.get() },
	}
}

// get looks at the files' times on every handshake, which costs two system
// calls. While a renewal is half written the old certificate goes on serving.
func (c *certificate) get() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := [2]time.Time{modified(c.certFile), modified(c.keyFile)}
	if c.current != nil && now == c.seen {
		return c.current, nil
	}
	next, err := loadCertificate(c.certFile, c.keyFile)
	if err == nil {
		if c.current != nil {
			c.logger.Info("the TLS certificate was renewed")
		}
		c.current, c.seen = next, now
		return next, nil
	}
	if c.current == nil {
		return nil, err
	}
	if now != c.seen {
		c.logger.Error("the TLS certificate's files have changed and cannot be used; the old one goes on serving", "error", err)
		c.seen = now
	}
	return c.current, nil
}

func modified(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
