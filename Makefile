# One toolchain for everybody: go.mod names it, and an older Go fetches it.
export GOTOOLCHAIN := auto
# No C, in tests neither: they test what is shipped.
export CGO_ENABLED := 0
export GOFLAGS += -buildvcs=false

# The version is the one that Go reads from git. Where git does not answer, as in
# a container whose checkout belongs to another user, the build goes on without.
STAMP := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)
SOURCES := $(shell find . '(' -name '*.go' ! -name '*_test.go' ')' -o -name '*.sql' -o -name '*.yaml') $(shell find console/templates console/static -type f) go.mod go.sum

.PHONY: help build run demo test test-more bench screenshots conformance lint fuzz tools

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  ARGS is passed on, as in: make demo ARGS=--exit"

build: bin/rollcall ## bin/rollcall, one static binary

bin/rollcall: $(SOURCES)
	go build -trimpath -buildvcs=$(STAMP) -ldflags '-s -w' -o $@ ./cmd/rollcall

run: build ## serve bin/rollcall on 127.0.0.1:8080, with rollcall.db in this folder
	bin/rollcall serve $(ARGS)

demo: build ## provision a hundred people into a temporary directory, and watch
	bin/rollcall demo $(ARGS)

test: tools ## vet, every test on SQLite and PostgreSQL, five seconds of each fuzz target
	go vet ./...
	go test -timeout 20m ./...
	$(MAKE) --no-print-directory fuzz FUZZTIME=5s

test-more: tools ## the long suites, a minute of each fuzz target, and the race detector
	ROLLCALL_MORE=1 go test -count=1 -timeout 60m ./...
	$(MAKE) --no-print-directory fuzz FUZZTIME=1m
	@if command -v cc >/dev/null; then \
		set -x; CGO_ENABLED=1 go test -race -count=1 -timeout 40m ./...; \
	else \
		echo 'LEFT OUT: the race detector needs a C compiler (install the package gcc)'; \
		test "$$ROLLCALL_CI" != 1; \
	fi

bench: ## requests per second and latencies of a served Rollcall
	go run ./cmd/bench $(ARGS)
	@echo 'A member added to, and removed from, an IdP group of 10 and one of 100,000:'
	go test ./directory -run '^$$' -bench '^BenchmarkMember' -benchtime 2000x
	@echo 'A search as an admin types it, among 100,000 people:'
	go test ./directory -run '^$$' -bench '^BenchmarkFind' -benchtime 100x -timeout 30m

screenshots: tools ## pictures of every page of the console, of a tenant with PEOPLE=200, in screenshots/
	ROLLCALL_SCREENSHOTS=$(CURDIR)/screenshots ROLLCALL_SCREENSHOTS_PEOPLE=$(PEOPLE) go test -count=1 -timeout 30m -run '^TestScreenshots$$' -v ./cmd/rollcall

year: ## a year in the life of a hundred companies of 1,000 people, as Entra ID and as Okta: some two hours
	YEAR="entra 0 100 1000 365" go test -count=1 -timeout 0 -run '^TestYears$$' -v ./year
	YEAR="okta 0 100 1000 365" go test -count=1 -timeout 0 -run '^TestYears$$' -v ./year

conformance: ## what RFC 7643 and 7644 ask, and which test judges it
	@go test -count=1 -run '^TestConformanceTable$$' -v . | grep -v '^===\|^---\|^ok\|^PASS'

lint: ## gofmt, go vet and staticcheck
	@unformatted="$$("$$(go env GOROOT)/bin/gofmt" -l .)"; \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

PEOPLE ?= 200
FUZZTIME ?= 5s

# Only one target can be fuzzed at a time, so they are asked for by name.
fuzz:
	@set -e; for package in ./scim ./provision ./provision/expression; do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "go test -fuzz $$target -fuzztime $(FUZZTIME) $$package"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s $$package; \
		done; \
	done

tools:
	@scripts/install-test-tools
